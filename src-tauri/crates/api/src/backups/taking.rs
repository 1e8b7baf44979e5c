//! Taking a backup, manually or on schedule.

use std::sync::Arc;

use steward_backup::create::{BackupRequest, BackupResult, create as take};
use steward_backup::listing::ListedBackup;
use steward_workspace::Workspace;

use steward_workspace::Event;

use crate::app::App;
use crate::backups::catalog;
use crate::backups::destinations;
use crate::dto::{BackupMade, BackupPlace, CreateBackup, JobKind, JobOutcome, JobStarted, JobUnit};
use crate::error::ApiResult;
use crate::jobs;
use crate::trust::agreement;

/// What a backup is made by: the request, else the settings.
pub(crate) async fn backup_request(app: &App, workspace: &Workspace, request: CreateBackup, reason: &str) -> ApiResult<BackupRequest> {
    let settings = catalog::settings(app, workspace).await?;
    let mut targets = Vec::with_capacity(settings.places.len().max(request.places.len()));
    if request.places.is_empty() {
        for place in &settings.places {
            targets.push(catalog::open(app, workspace, place).await?);
        }
    } else {
        agreement::require_named(app, workspace, &request.places).await?;
        for place in &request.places {
            targets.push(catalog::open_named(app, place).await?);
        }
    }
    if request.encryption.is_none() {
        agreement::require_encryption(app, workspace, &settings).await?;
    }
    let encryption = request.encryption.unwrap_or(settings.encryption);
    Ok(BackupRequest {
        targets,
        compression: catalog::as_compression(&request.compression.unwrap_or(settings.compression)),
        lock: catalog::lock(app, workspace, &encryption, request.passphrase).await?,
        collections: request.collections,
        own: request.own.unwrap_or(settings.own),
        reason: reason.to_owned(),
        gap: None,
    })
}

/// Starts the job that takes a backup. `by_hand`: the destinations that were named for it, to be remembered.
pub(crate) fn start(app: &Arc<App>, workspace: Workspace, backup_request: BackupRequest, mut by_hand: Vec<BackupPlace>) -> JobStarted {
    let owner = Arc::clone(app);
    jobs::start(app, JobKind::Backup, "Taking a backup", JobUnit::Records, move |progress| async move {
        let made = take(&workspace, &backup_request, progress.as_ref()).await?;
        by_hand.retain(|p| made.places.iter().any(|(place, why)| *place == p.address && why.is_none()));
        if !by_hand.is_empty() {
            destinations::remember(&owner, &made.manifest.source.workspace, &by_hand)?;
        }
        workspace.events.emit(&Event::BackupsChanged);
        Ok(JobOutcome::BackedUp(as_created(made)))
    })
}

/// A backup that was just taken, and where it could not be brought.
pub(crate) fn as_created(made: BackupResult) -> BackupMade {
    let mark = made.manifest.source.workspace.clone();
    let failed = made.places.iter().filter_map(|(place, why)| why.as_ref().map(|why| format!("{place}: {why}"))).collect();
    let mut there = made.places.iter().filter(|(_, why)| why.is_none()).map(|(place, _)| place.clone());
    let place = there.next().unwrap_or_default();
    let copies = there.collect();
    BackupMade { backup: catalog::shown(&ListedBackup::new(made.manifest, place), &mark, copies), failed }
}
