//! Backups and proofs by the clock, as long as a window or the daemon runs. What was due while nothing ran is made up for
//! once. Programs that have the same workspace open take turns by a lease in it.

use std::sync::Arc;
use std::time::Duration;

use bson::doc;
use chrono::{DateTime, Utc};
use steward_backup::create;
use steward_backup::schedule::Schedule;
use steward_store::names;
use steward_workspace::Workspace;
use steward_workspace::lease::Lease;

use crate::app::App;
use crate::caller::{Call, Caller, Origin};
use crate::dto::{BackupSecret, CreateBackup, JobState, TakeIncrement, VerifyBackup};
use crate::error::ApiResult;
use crate::handlers::{backups, increments};
use crate::{due, shelves, trust};

/// The first look comes soon, so that a missed backup does not wait.
const FIRST: Duration = Duration::from_secs(3);
const EVERY: Duration = Duration::from_secs(60);
/// After a failure.
const REST: Duration = Duration::from_secs(600);
const LEASE: &str = "backups";
const TIDY: &str = "tidy";

/// Starts looking. Ends with the program.
pub fn start(app: &Arc<App>) -> tokio::task::JoinHandle<()> {
    let app = Arc::downgrade(app);
    tokio::spawn(async move {
        let mut pause = FIRST;
        loop {
            tokio::time::sleep(pause).await;
            let Some(app) = app.upgrade() else { return };
            if let Err(e) = tidy(&app).await {
                tracing::warn!(error = %e, "what old imports keep could not be discarded, or the workspace not be checked");
            }
            pause = match look(&app).await {
                Ok(()) => EVERY,
                Err(e) => {
                    tracing::warn!(error = %e, "a backup by the clock failed");
                    REST
                }
            };
        }
    })
}

/// Once a day: what old imports keep goes, and everything that is stored is looked through. What is damaged is told by every
/// opening from then on.
async fn tidy(app: &Arc<App>) -> ApiResult<()> {
    let Some(open) = app.current().filter(|open| open.workspace.can_write()) else { return Ok(()) };
    let workspace = open.workspace;
    let day = 24 * 3_600_000;
    let last = workspace.own_document(names::CATALOG, TIDY).await?.and_then(|doc| doc.get_i64("at").ok()).unwrap_or(0);
    if app.clock.now().timestamp_millis() - last < day {
        return Ok(());
    }
    let Some(lease) = Lease::try_take(&workspace, TIDY).await? else { return Ok(()) };
    let held = lease.workspace();
    let done = async {
        steward_import::retention::discard(held).await?;
        // Somebody may have removed backups by hand.
        due::forget(held).await?;
        let damages = held.store.damages().await?;
        let at = app.clock.now().timestamp_millis();
        held.put(names::CATALOG, &doc! { "_id": TIDY, "at": at, "damages": damages }).await?;
        Ok(())
    };
    let done: ApiResult<()> = done.await;
    lease.release().await;
    done
}

/// What the last look through everything found.
pub(crate) async fn known_damages(workspace: &Workspace) -> ApiResult<Vec<String>> {
    let doc = workspace.own_document(names::CATALOG, TIDY).await?;
    let list = doc.as_ref().and_then(|doc| doc.get_array("damages").ok()).map(Vec::as_slice).unwrap_or_default();
    Ok(list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc())
}

/// Does what is due now.
async fn look(app: &Arc<App>) -> ApiResult<()> {
    let Some(open) = app.current() else { return Ok(()) };
    let workspace = open.workspace;
    app.note_history().await;
    if !workspace.can_write() {
        return Ok(());
    }
    let settings = shelves::settings(app, &workspace).await?;
    if settings.schedule.is_none() && settings.proof_schedule.is_none() && settings.increments.is_none() {
        return Ok(());
    }
    // What came with the workspace waits for a person on this machine.
    if !trust::is_agreed(app, &workspace, &settings).await? {
        return Ok(());
    }
    let now = app.clock.now();
    let due = due::read(app, &workspace).await?;
    if let Some(expression) = &settings.schedule
        && Schedule::parse(expression)?.is_due(due.taken_at.as_deref().and_then(time), now)
        && let Some(lease) = Lease::try_take(&workspace, LEASE).await?
    {
        let making = backups::making(app, &workspace, CreateBackup::default(), create::ON_SCHEDULE).await?;
        finish(app, &backups::start(app, workspace.clone(), making, Vec::new()).job_id).await?;
        let (_, gone) = backups::judged(app, &workspace, &settings).await?;
        backups::remove(app, &workspace, &gone).await?;
        lease.release().await;
    }
    if let Some(minutes) = settings.increments
        && increments::is_due(due.until, now, minutes)
        && let Some(lease) = Lease::try_take(&workspace, LEASE).await?
    {
        finish(app, &increments::start(app, workspace.clone(), TakeIncrement::default(), create::ON_SCHEDULE).job_id).await?;
        lease.release().await;
    }
    let due = due::read(app, &workspace).await?;
    if let Some(expression) = &settings.proof_schedule
        && let Some(backup) = due.newest().filter(|_| !due.newest_restored)
        && Schedule::parse(expression)?.is_due(due.verified_at.as_deref().and_then(time), now)
        && let Some(lease) = Lease::try_take(&workspace, LEASE).await?
    {
        let request = VerifyBackup { backup, test_restore: true, secret: BackupSecret::default(), report: None };
        finish(app, &backups::verify(&Call::new(app, Caller::system_user(Origin::Task)), request).await?.job_id).await?;
        lease.release().await;
    }
    Ok(())
}

/// Waits for a job; what made it fail is passed on.
async fn finish(app: &App, job: &str) -> ApiResult<()> {
    loop {
        let job = app.jobs.get(job)?;
        match (job.state, job.error) {
            (JobState::Running, _) => tokio::time::sleep(Duration::from_millis(200)).await,
            (_, Some(e)) => return Err(e),
            _ => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::{BackupPlace, HostKind};
    use crate::host::PlainHost;
    use crate::open::Address;
    use crate::{shelves, trust};

    #[tokio::test]
    async fn what_came_with_a_workspace_runs_when_it_was_agreed_to_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::new(Arc::new(PlainHost(HostKind::Web)), folder.path().join("data")).unwrap();
        app.open(&Address::File(folder.path().join("sent.steward")), false).await.unwrap();
        let workspace = app.workspace().unwrap();
        let loot = folder.path().join("loot");
        let mut settings = shelves::settings(&app, &workspace).await.unwrap();
        settings.places = vec![BackupPlace { address: loot.display().to_string(), options: std::collections::BTreeMap::new() }];
        settings.schedule = Some("* * * * *".into());
        shelves::save(&workspace, &settings).await.unwrap();

        look(&app).await.unwrap();
        assert!(!loot.exists(), "nothing ran");

        let acts = trust::acts(&app, &workspace, &settings).await.unwrap();
        trust::agree(&app, &workspace, &acts).await.unwrap();
        look(&app).await.unwrap();
        assert!(loot.exists(), "what was agreed to runs");

        // Exactly that: another folder asks again.
        settings.places[0].address = folder.path().join("other").display().to_string();
        shelves::save(&workspace, &settings).await.unwrap();
        look(&app).await.unwrap();
        assert!(!folder.path().join("other").exists());
    }

    #[tokio::test]
    async fn what_is_due_is_listed_once_and_again_when_the_backups_are_others() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::new(Arc::new(PlainHost(HostKind::Web)), folder.path().join("data")).unwrap();
        app.open(&Address::File(folder.path().join("w.steward")), false).await.unwrap();
        let workspace = app.workspace().unwrap();
        let mut settings = shelves::settings(&app, &workspace).await.unwrap();
        settings.schedule = Some("0 3 * * *".into());
        shelves::save(&workspace, &settings).await.unwrap();
        trust::agree(&app, &workspace, &trust::acts(&app, &workspace, &settings).await.unwrap()).await.unwrap();
        look(&app).await.unwrap();
        let first = due::read(&app, &workspace).await.unwrap();
        assert!(first.taken_at.is_some());
        // Nobody lists what is noted: backups that are gone are not missed until the next day.
        std::fs::remove_dir_all(shelves::usual_place(&app)).unwrap();
        look(&app).await.unwrap();
        assert_eq!(due::read(&app, &workspace).await.unwrap(), first);
        assert!(!std::path::Path::new(&shelves::usual_place(&app)).exists());
        due::forget(&workspace).await.unwrap();
        assert_eq!(due::read(&app, &workspace).await.unwrap(), due::Due::default());
        look(&app).await.unwrap();
        assert!(due::read(&app, &workspace).await.unwrap().taken_at > first.taken_at);
    }
}
