//! Reading a backup to its end, or restoring it into a scratch workspace.

use std::path::PathBuf;
use std::sync::Arc;

use steward_backup::listing::{self, ListedBackup};
use steward_backup::read::Backup as Archive;
use steward_backup::{identity, verify as verifying};
use steward_workspace::{Error, Progress, Workspace};

use steward_workspace::Event;

use crate::app::App;
use crate::backups::catalog;
use crate::backups::drill;
use crate::backups::scratch;
use crate::dto::{BackupChecked, BackupVerified, JobKind, JobOutcome, JobStarted, JobUnit, VerifyBackup};
use crate::error::{ApiError, ApiResult};
use crate::jobs;

/// Starts the job that verifies a backup. `report`: where a dated report of a test restore is written.
pub(crate) fn start(app: &Arc<App>, workspace: Workspace, request: VerifyBackup, report: Option<PathBuf>) -> JobStarted {
    let owner = Arc::clone(app);
    let title = if request.test_restore { "Verifying a backup by a test restore" } else { "Reading a backup to its end" };
    jobs::start(app, JobKind::Verification, title, JobUnit::Records, move |progress| async move {
        let verified = verify_one(&owner, &workspace, &request, progress.as_ref()).await?;
        if let Some(path) = report {
            drill::write(&path, &verified).await?;
        }
        workspace.events.emit(&Event::BackupsChanged);
        Ok(JobOutcome::Verified(verified))
    })
}

async fn verify_one(app: &App, workspace: &Workspace, request: &VerifyBackup, progress: &dyn Progress) -> ApiResult<BackupVerified> {
    let (target, listed) = catalog::find(app, workspace, &request.backup).await?;
    if listed.is_increment() && request.test_restore {
        return Err(ApiError::bad_request("An increment cannot be restored by itself.")
            .hint("Read it to the end, or plan a restore to a point in time that it covers: this replays its changes in staging."));
    }
    let key = catalog::key(app, workspace, &request.secret).await?;
    let manifest = listed.manifest.clone();
    let opened = Archive::of_target(target.as_ref(), manifest.clone(), key, progress).await;
    let (verification, collections, notes) = match opened {
        // Without a key nothing was learned about the backup.
        Err(e @ Error::Locked(_)) => return Err(e.into()),
        Err(e) => (verifying::failed(workspace, &manifest, e)?, Vec::new(), Vec::new()),
        Ok(archive) => {
            let verified = match request.test_restore {
                false => verifying::verify(workspace, &archive, progress).await?,
                true => {
                    let place = scratch::make(app, workspace).await?;
                    let verified = verifying::test_restore(workspace, &archive, &place.workspace, progress).await;
                    place.remove().await;
                    verified?
                }
            };
            (verified.verification, verified.collections, verified.notes)
        }
    };
    listing::note_verification(target.as_ref(), &manifest, &verification).await?;
    let mark = identity::of(workspace).await?.workspace;
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let checked =
        |c: verifying::Checked| BackupChecked { name: c.name, records: count(c.records), schema: c.schema, invalid: c.invalid.map(count) };
    Ok(BackupVerified {
        verification: catalog::verification(&verification),
        backup: catalog::shown(&ListedBackup { verification: Some(verification), ..listed }, &mark, Vec::new()),
        collections: collections.into_iter().map(checked).collect(),
        notes,
    })
}
