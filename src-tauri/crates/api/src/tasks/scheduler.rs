//! Runs the tasks of the open workspace for as long as a window or the daemon runs, and delivers what waits in its outbox. Programs
//! that have the same workspace open take turns by leases in it.

use std::sync::Arc;
use std::time::Duration;

use steward_store::Store;
use steward_workspace::lease::Lease;
use steward_workspace::{Workspace, outbox, tasks};

use crate::app::App;
use crate::caller::Origin;
use crate::error::ApiResult;
use crate::tasks::scheduled;

/// The first look comes soon, so that a missed backup does not wait.
const FIRST: Duration = Duration::from_secs(3);
const EVERY: Duration = Duration::from_secs(60);
const OUTBOX: &str = "outbox";

/// Starts looking. Ends with the program.
pub fn start(app: &Arc<App>) -> tokio::task::JoinHandle<()> {
    let app = Arc::downgrade(app);
    tokio::spawn(async move {
        let mut known: Option<Arc<dyn Store>> = None;
        let mut pause = FIRST;
        loop {
            tokio::time::sleep(pause).await;
            let Some(app) = app.upgrade() else { return };
            if let Err(e) = look(&app, &mut known).await {
                tracing::warn!(error = %e, "the scheduled tasks could not be looked through");
            }
            pause = EVERY;
        }
    })
}

/// Does what is due now. `known` is the store whose schedules are in its ledger.
async fn look(app: &Arc<App>, known: &mut Option<Arc<dyn Store>>) -> ApiResult<()> {
    let Some(open) = app.current() else { return Ok(()) };
    let workspace = open.workspace.acting_as(&open.workspace.actor, Origin::Task);
    app.note_history().await;
    if !workspace.can_write() {
        return Ok(());
    }
    let tasks = scheduled::all(app);
    if !known.as_ref().is_some_and(|store| Arc::ptr_eq(store, &workspace.store)) {
        tasks::reschedule(&workspace, &tasks).await?;
        *known = Some(Arc::clone(&workspace.store));
    }
    tasks::run_due(&workspace, &tasks).await?;
    deliver(app, &workspace).await
}

/// Notes the schedules of the open workspace after someone changed them.
pub(crate) async fn reschedule(app: &Arc<App>, workspace: &Workspace) -> ApiResult<()> {
    if workspace.can_write() {
        tasks::reschedule(workspace, &scheduled::all(app)).await?;
    }
    Ok(())
}

/// Hands the notices of the outbox to the notifiers of this program.
async fn deliver(app: &App, workspace: &Workspace) -> ApiResult<()> {
    let notifiers = app.host.notifiers();
    if notifiers.is_empty() || !outbox::is_waiting(workspace).await? {
        return Ok(());
    }
    if let Some(lease) = Lease::try_take(workspace, OUTBOX).await? {
        let delivered = outbox::deliver(lease.workspace(), &notifiers).await;
        lease.release().await;
        delivered?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backups::catalog;
    use crate::dto::{BackupPlace, HostKind};
    use crate::host::PlainHost;
    use crate::trust::agreement;
    use crate::workspace::open::Address;
    use steward_workspace::secrets::Environment;

    #[tokio::test]
    async fn what_came_with_a_workspace_runs_when_it_was_agreed_to_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::with_secrets(Arc::new(PlainHost(HostKind::Web)), folder.path().join("data"), Arc::new(Environment)).unwrap();
        app.open(&Address::File(folder.path().join("sent.steward")), false).await.unwrap();
        let workspace = app.workspace().unwrap();
        let loot = folder.path().join("loot");
        let mut settings = catalog::settings(&app, &workspace).await.unwrap();
        settings.places = vec![BackupPlace { address: loot.display().to_string(), options: std::collections::BTreeMap::new() }];
        settings.schedule = Some("* * * * *".into());
        catalog::save(&workspace, &settings).await.unwrap();

        look(&app, &mut None).await.unwrap();
        assert!(!loot.exists(), "nothing ran");

        let acts = agreement::acts(&app, &workspace, &settings).await.unwrap();
        agreement::agree(&app, &workspace, &acts).await.unwrap();
        look(&app, &mut None).await.unwrap();
        assert!(loot.exists(), "what was agreed to runs");

        // Exactly that: another folder asks again.
        settings.places[0].address = folder.path().join("other").display().to_string();
        catalog::save(&workspace, &settings).await.unwrap();
        look(&app, &mut None).await.unwrap();
        assert!(!folder.path().join("other").exists());
    }

    struct Recorder(std::sync::Mutex<Vec<String>>);

    #[async_trait::async_trait]
    impl outbox::Notifier for Recorder {
        fn name(&self) -> &str {
            "recorder"
        }

        async fn deliver(&self, notice: &outbox::Notice) -> Result<(), String> {
            let mut seen = self.0.lock().unwrap();
            seen.push(format!("{}: {}", notice.title, notice.text));
            if seen.len() == 1 { Err("nobody at home".to_owned()) } else { Ok(()) }
        }
    }

    struct RecordingHost(Arc<Recorder>);

    impl crate::host::Host for RecordingHost {
        fn kind(&self) -> HostKind {
            HostKind::Web
        }

        fn notifiers(&self) -> Vec<Arc<dyn outbox::Notifier>> {
            vec![Arc::<Recorder>::clone(&self.0)]
        }
    }

    #[tokio::test]
    async fn a_backup_that_fails_is_noticed_once_however_often_it_fails() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Arc::new(Recorder(std::sync::Mutex::default()));
        let app =
            App::with_secrets(Arc::new(RecordingHost(Arc::clone(&recorder))), folder.path().join("data"), Arc::new(Environment)).unwrap();
        app.open(&Address::File(folder.path().join("w.steward")), false).await.unwrap();
        let workspace = app.workspace().unwrap();
        let place = folder.path().join("in the way");
        std::fs::write(&place, "a file where a folder should be").unwrap();
        let mut settings = catalog::settings(&app, &workspace).await.unwrap();
        settings.places =
            vec![BackupPlace { address: place.join("backups").display().to_string(), options: std::collections::BTreeMap::new() }];
        settings.schedule = Some("0 2 * * *".into());
        catalog::save(&workspace, &settings).await.unwrap();
        agreement::agree(&app, &workspace, &agreement::acts(&app, &workspace, &settings).await.unwrap()).await.unwrap();

        look(&app, &mut None).await.unwrap();
        let entry = tasks::Ledger::read(&workspace).await.unwrap().entry("backup").unwrap();
        assert_eq!((entry.outcome, entry.failures), (Some(tasks::Outcome::Failed), 1));
        let next: chrono::DateTime<chrono::Utc> = entry.next_at.unwrap().parse().unwrap();
        assert!(next - app.clock.now() <= chrono::Duration::minutes(10), "it is tried again soon");
        let backup = scheduled::all(&app).into_iter().find(|task| task.name() == "backup").unwrap();
        tasks::run_now(&workspace, backup.as_ref()).await.unwrap_err();
        let notices = outbox::list(&workspace, 10).await.unwrap();
        assert_eq!(notices.len(), 1, "{notices:?}");
        // The first delivery failed: it waits for its time, and is not lost.
        assert_eq!((notices[0].attempts, notices[0].state), (1, outbox::State::Waiting));
        assert_eq!(recorder.0.lock().unwrap().len(), 1);
        look(&app, &mut None).await.unwrap();
        assert_eq!(recorder.0.lock().unwrap().len(), 1, "not before its time");

        // Once there is room for backups, the next run succeeds and says so.
        std::fs::remove_file(&place).unwrap();
        assert_eq!(tasks::run_now(&workspace, backup.as_ref()).await.unwrap(), "A backup was taken.");
        let entry = tasks::Ledger::read(&workspace).await.unwrap().entry("backup").unwrap();
        assert_eq!((entry.outcome, entry.failures), (Some(tasks::Outcome::Done), 0));
    }

    #[tokio::test]
    async fn a_task_that_was_missed_is_made_up_once() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::with_secrets(Arc::new(PlainHost(HostKind::Web)), folder.path().join("data"), Arc::new(Environment)).unwrap();
        app.open(&Address::File(folder.path().join("w.steward")), false).await.unwrap();
        let workspace = app.workspace().unwrap();
        let mut known = None;
        look(&app, &mut known).await.unwrap();
        let ran = |ledger: &tasks::Ledger| ledger.entry("integrity").unwrap();
        let first = ran(&tasks::Ledger::read(&workspace).await.unwrap());
        assert_eq!(first.message.as_deref(), Some("No damage was found."));
        look(&app, &mut known).await.unwrap();
        assert_eq!(ran(&tasks::Ledger::read(&workspace).await.unwrap()), first, "not due again");
        // Three nights without power.
        let mut doc = bson::doc! { "_id": "integrity" };
        let missed = tasks::Entry { next_at: Some("2020-01-01T03:30:00.000Z".into()), ..first.clone() };
        doc.extend(bson::serialize_to_document(&missed).unwrap());
        workspace.put(steward_store::names::TASKS, &doc).await.unwrap();
        assert_eq!(tasks::run_due(&workspace, &scheduled::all(&app)).await.unwrap(), ["integrity"]);
        assert_eq!(tasks::run_due(&workspace, &scheduled::all(&app)).await.unwrap(), Vec::<&str>::new());
    }
}
