//! Which backups the rules of retention let go, and deleting them.

use std::sync::Arc;

use steward_backup::identity;
use steward_backup::listing::{self, ListedBackup};
use steward_backup::retention::{self, Retention};
use steward_workspace::Workspace;

use steward_workspace::Event;

use crate::app::App;
use crate::backups::catalog;
use crate::dto::{BackupRef, BackupRetention, BackupSettings, PrunePlan, PruneVerdict, Pruned};
use crate::error::{ApiResult, ErrorCode};

pub(crate) fn rules(of: &BackupRetention) -> Retention {
    Retention { last: of.last, daily: of.daily, weekly: of.weekly, monthly: of.monthly, yearly: of.yearly, days: of.days }
}

/// Which backups of this workspace go, place by place.
pub(crate) async fn decide(app: &App, workspace: &Workspace, settings: &BackupSettings) -> ApiResult<(PrunePlan, Vec<BackupRef>)> {
    let mark = identity::of(workspace).await?.workspace;
    let (all, notes) = catalog::all(app, workspace).await?;
    let mut plan = PrunePlan { plan_id: String::new(), keep: Vec::new(), remove: Vec::new(), bytes: 0, notes };
    let mut gone = Vec::new();
    for place in &settings.places {
        let here: Vec<ListedBackup> =
            all.iter().filter(|b| b.place == place.address && b.manifest.source.workspace == mark).cloned().collect();
        let decisions = retention::decide(&here, &rules(&settings.retention), workspace.clock.now());
        for (backup, decision) in here.iter().zip(decisions) {
            let bytes = i64::try_from(backup.manifest.file.bytes).unwrap_or(i64::MAX);
            let row = PruneVerdict {
                id: decision.id.clone(),
                place: backup.place.clone(),
                made_at: backup.manifest.made_at.clone(),
                bytes,
                why: decision.kept.unwrap_or_default().to_owned(),
            };
            if decision.kept.is_some() {
                plan.keep.push(row);
            } else {
                plan.remove.push(row);
                plan.bytes += bytes;
                gone.push(BackupRef { id: decision.id, place: Some(backup.place.clone()) });
            }
        }
    }
    Ok((plan, gone))
}

/// Removes backups that the rules still let go: what was verified or built upon since the plan stays.
pub(crate) async fn remove(app: &Arc<App>, workspace: &Workspace, planned: &[BackupRef]) -> ApiResult<Pruned> {
    let settings = catalog::settings(app, workspace).await?;
    let (_, gone) = decide(app, workspace, &settings).await?;
    let mut done = Pruned { removed: 0, bytes: 0, notes: Vec::new() };
    for place in &settings.places {
        listing::sweep(catalog::open(app, workspace, place).await?.as_ref()).await?;
    }
    for one in planned {
        if !gone.contains(one) {
            done.notes.push(format!("{} is kept: the rules now cover it.", one.id));
            continue;
        }
        let (target, listed) = match catalog::find(app, workspace, one).await {
            Err(e) if e.code == ErrorCode::NotFound => {
                done.notes.push(format!("{} is gone already.", one.id));
                continue;
            }
            found => found?,
        };
        listing::remove(target.as_ref(), &listed.manifest).await?;
        done.removed += 1;
        done.bytes += i64::try_from(listed.manifest.file.bytes).unwrap_or(i64::MAX);
    }
    workspace.events.emit(&Event::BackupsChanged);
    Ok(done)
}
