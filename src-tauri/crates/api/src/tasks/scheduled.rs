//! The tasks of the scheduler. Each does what a person could start manually, and as the same kind of job: it is seen in the job tray
//! and can be cancelled there.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use bson::doc;
use chrono::{DateTime, Utc};
use steward_backup::listing::ListedBackup;
use steward_backup::{create, timeline};
use steward_store::names;
use steward_workspace::schedule::{Schedule, time};
use steward_workspace::tasks::Task;
use steward_workspace::{Error, Result, Workspace, outbox};

use crate::app::App;
use crate::backups::catalog;
use crate::backups::increments;
use crate::backups::{pruning, taking, verifying};
use crate::dto::{BackupRef, BackupSecret, BackupSettings, CreateBackup, JobStarted, JobState, TakeIncrement, VerifyBackup};
use crate::error::ApiResult;
use crate::trust::agreement;

/// Tasks that read or write backups take turns.
const LEASE: &str = "backups";
/// Where the integrity check notes what it found.
const INTEGRITY: &str = "integrity";
/// Milliseconds by which an increment may come early: the scheduler looks once a minute, and not to the second.
const GRACE: i64 = 65_000;
/// A time of the night for what runs once a day whoever asks.
const NIGHTLY: &str = "30 3 * * *";

/// Every task there is.
pub(crate) fn all(app: &Arc<App>) -> Vec<Arc<dyn Task>> {
    let app = Arc::downgrade(app);
    vec![
        Arc::new(OfBackups { app: Weak::clone(&app), work: Backup }),
        Arc::new(OfBackups { app: Weak::clone(&app), work: Increment }),
        Arc::new(OfBackups { app, work: Verification }),
        Arc::new(Retention),
        Arc::new(Integrity),
    ]
}

/// A sentence for the ledger.
fn sentence(e: crate::error::ApiError) -> Error {
    Error::BadRequest(match e.hint {
        Some(hint) => format!("{} {hint}", e.message),
        None => e.message,
    })
}

/// What one of the backup tasks does. All of them take turns, report a failure, and wait until a person has agreed to the settings.
#[async_trait]
trait BackupWork: Send + Sync {
    const NAME: &'static str;
    const TITLE: &'static str;

    fn schedule(settings: BackupSettings) -> Result<Option<Schedule>>;

    /// When it was done last before the ledger knows of it: what a person started counts.
    fn done_last(_: &[ListedBackup]) -> Option<DateTime<Utc>> {
        None
    }

    async fn run(&self, app: &Arc<App>, workspace: &Workspace) -> ApiResult<String>;
}

/// A backup task of the scheduler.
struct OfBackups<W> {
    app: Weak<App>,
    work: W,
}

impl<W> OfBackups<W> {
    fn app(&self) -> Result<Arc<App>> {
        self.app.upgrade().ok_or(Error::Cancelled)
    }
}

#[async_trait]
impl<W: BackupWork> Task for OfBackups<W> {
    fn name(&self) -> &'static str {
        W::NAME
    }

    fn title(&self) -> &'static str {
        W::TITLE
    }

    fn lease(&self) -> &'static str {
        LEASE
    }

    fn reports_failure(&self) -> bool {
        true
    }

    /// What came with the workspace waits until a person on this machine has agreed to it.
    async fn may_run(&self, workspace: &Workspace) -> Result<bool> {
        let app = self.app()?;
        let settings = catalog::settings(&app, workspace).await.map_err(sentence)?;
        agreement::is_agreed(&app, workspace, &settings).await.map_err(sentence)
    }

    async fn schedule(&self, workspace: &Workspace) -> Result<Option<Schedule>> {
        let app = self.app()?;
        W::schedule(catalog::settings(&app, workspace).await.map_err(sentence)?)
    }

    async fn last_before_the_ledger(&self, workspace: &Workspace) -> Result<Option<DateTime<Utc>>> {
        let app = self.app()?;
        let (all, _) = catalog::ours(&app, workspace).await.map_err(sentence)?;
        Ok(W::done_last(&all))
    }

    async fn run(&self, workspace: &Workspace) -> Result<String> {
        let app = self.app()?;
        self.work.run(&app, workspace).await.map_err(sentence)
    }
}

/// Waits for a job, and gives its error.
async fn finish(app: &App, started: JobStarted) -> ApiResult<()> {
    loop {
        let job = app.jobs.get(&started.job_id)?;
        match (job.state, job.error) {
            (JobState::Running, _) => tokio::time::sleep(Duration::from_millis(200)).await,
            (JobState::Cancelled, _) => return Err(Error::Cancelled.into()),
            (_, Some(e)) => return Err(e),
            _ => return Ok(()),
        }
    }
}

/// Takes a backup, then deletes those that retention lets go.
struct Backup;

#[async_trait]
impl BackupWork for Backup {
    const NAME: &'static str = "backup";
    const TITLE: &'static str = "Backup";

    fn schedule(settings: BackupSettings) -> Result<Option<Schedule>> {
        settings.schedule.map(|text| Schedule::parse(&text)).transpose()
    }

    fn done_last(all: &[ListedBackup]) -> Option<DateTime<Utc>> {
        all.iter().find(|b| !b.is_increment()).and_then(|b| time(&b.manifest.made_at))
    }

    async fn run(&self, app: &Arc<App>, workspace: &Workspace) -> ApiResult<String> {
        let backup_request = taking::backup_request(app, workspace, CreateBackup::default(), create::ON_SCHEDULE).await?;
        finish(app, taking::start(app, workspace.clone(), backup_request, Vec::new())).await?;
        let settings = catalog::settings(app, workspace).await?;
        let (_, gone) = pruning::decide(app, workspace, &settings).await?;
        Ok(match pruning::remove(app, workspace, &gone).await?.removed {
            0 => "A backup was taken.".to_owned(),
            1 => "A backup was taken, and an old one was deleted.".to_owned(),
            n => format!("A backup was taken, and {n} old ones were deleted."),
        })
    }
}

/// Takes an increment: what happened since the last one.
struct Increment;

#[async_trait]
impl BackupWork for Increment {
    const NAME: &'static str = "increment";
    const TITLE: &'static str = "Incremental backup";

    fn schedule(settings: BackupSettings) -> Result<Option<Schedule>> {
        Ok(settings.increments.map(Schedule::Every))
    }

    async fn run(&self, app: &Arc<App>, workspace: &Workspace) -> ApiResult<String> {
        let minutes = catalog::settings(app, workspace).await?.increments.unwrap_or(0);
        let (all, _) = catalog::ours(app, workspace).await?;
        let until = timeline::timeline(&all).ranges.last().map(|range| range.until);
        let age = until.map(|until| workspace.clock.now().timestamp_millis() - until);
        if age.is_some_and(|age| age < i64::from(minutes) * 60_000 - GRACE) {
            return Ok("An increment was taken meanwhile.".to_owned());
        }
        finish(app, increments::start(app, workspace.clone(), TakeIncrement::default(), create::ON_SCHEDULE)).await?;
        Ok("Changes since the last increment were backed up.".to_owned())
    }
}

/// Verifies the newest backup by a test restore.
struct Verification;

#[async_trait]
impl BackupWork for Verification {
    const NAME: &'static str = "verification";
    const TITLE: &'static str = "Test restore of the newest backup";

    fn schedule(settings: BackupSettings) -> Result<Option<Schedule>> {
        settings.verification_schedule.map(|text| Schedule::parse(&text)).transpose()
    }

    fn done_last(all: &[ListedBackup]) -> Option<DateTime<Utc>> {
        let verifications = all.iter().filter(|b| !b.is_increment()).filter_map(|b| b.verification.as_ref());
        verifications.filter(|p| p.restored).filter_map(|p| time(&p.at)).max()
    }

    async fn run(&self, app: &Arc<App>, workspace: &Workspace) -> ApiResult<String> {
        let (all, _) = catalog::ours(app, workspace).await?;
        let Some(newest) = all.iter().find(|b| !b.is_increment()) else {
            return Ok("There is no backup yet.".to_owned());
        };
        if newest.verification.as_ref().is_some_and(|p| p.restored) {
            return Ok("The newest backup is verified already.".to_owned());
        }
        let backup = BackupRef { id: newest.manifest.id.clone(), place: Some(newest.place.clone()) };
        let request = VerifyBackup { backup, test_restore: true, secret: BackupSecret::default(), report: None };
        finish(app, verifying::start(app, workspace.clone(), request, None)).await?;
        Ok(format!("{} was verified by a test restore.", newest.manifest.id))
    }
}

/// Discards what old imports retain for undo, and old notices.
struct Retention;

#[async_trait]
impl Task for Retention {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn title(&self) -> &'static str {
        "Retention of undo data"
    }

    async fn schedule(&self, _: &Workspace) -> Result<Option<Schedule>> {
        Schedule::parse(NIGHTLY).map(Some)
    }

    async fn run(&self, workspace: &Workspace) -> Result<String> {
        let discarded = steward_import::retention::discard(workspace).await?;
        outbox::forget_old(workspace).await?;
        Ok(match discarded.runs {
            0 => "There was nothing to discard.".to_owned(),
            1 => "The undo data of one import was discarded.".to_owned(),
            n => format!("The undo data of {n} imports was discarded."),
        })
    }
}

/// Reads everything that is stored and notes what is damaged: every opening reports it from then on.
struct Integrity;

#[async_trait]
impl Task for Integrity {
    fn name(&self) -> &'static str {
        INTEGRITY
    }

    fn title(&self) -> &'static str {
        "Integrity check"
    }

    fn reports_failure(&self) -> bool {
        true
    }

    async fn schedule(&self, _: &Workspace) -> Result<Option<Schedule>> {
        Schedule::parse(NIGHTLY).map(Some)
    }

    async fn run(&self, workspace: &Workspace) -> Result<String> {
        let damages = workspace.store.damages().await?;
        workspace.put(names::CATALOG, &doc! { "_id": INTEGRITY, "damages": damages.clone() }).await?;
        match damages.first() {
            None => Ok("No damage was found.".to_owned()),
            Some(first) => Err(Error::BadRequest(format!("Damage was found: {first} Run 'steward doctor', and restore from a backup."))),
        }
    }
}

/// What the last integrity check found.
pub(crate) async fn known_damages(workspace: &Workspace) -> ApiResult<Vec<String>> {
    let doc = workspace.own_document(names::CATALOG, INTEGRITY).await?;
    let list = doc.as_ref().and_then(|doc| doc.get_array("damages").ok()).map(Vec::as_slice).unwrap_or_default();
    Ok(list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
}
