//! The running program: its host, its open workspace, jobs, plans, files and listeners.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use steward_schema::Registry;
use steward_store::layers::Layered;
use steward_store::{Store, StoreErrorKind, names};
use steward_workspace::Event;
use steward_workspace::events::Listener;
use steward_workspace::secrets::Secrets;
use steward_workspace::{Clock, SystemClock, Workspace};
use tokio::sync::broadcast;

use crate::backups::points_in_time::Built;
use crate::dto::{AppEvent, Topic, WorkspaceInfo, WorkspaceKind};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::files::Files;
use crate::host::Host;
use crate::imports::samples::Samples;
use crate::jobs::Jobs;
use crate::plans::Plans;
use crate::records::signposts::Signposts;
use crate::workspace::open::{self, Address};
use crate::workspace::recent::Recent;

/// An open workspace.
#[derive(Clone)]
pub struct Open {
    pub workspace: Workspace,
    pub info: WorkspaceInfo,
    /// With its secrets: for opening a database next to it.
    address: Address,
    /// The same store as the workspace's, with its breaker and figures.
    pub layers: Arc<Layered>,
    follower: Arc<Follower>,
}

/// Stops following the change feed when the workspace is closed.
struct Follower(Option<tokio::task::JoinHandle<()>>);

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
        }
    }
}

/// Everything that commands work on.
pub struct App {
    pub host: Arc<dyn Host>,
    pub jobs: Jobs,
    pub files: Files,
    pub(crate) plans: Plans,
    pub(crate) built: Built,
    pub(crate) recent: Recent,
    pub(crate) samples: Samples,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Passwords, passphrases and credentials.
    pub secrets: Arc<dyn Secrets>,
    /// The user's data folder.
    pub data: PathBuf,
    open: RwLock<Option<Open>>,
    /// Turns what happens in the open workspace into what listeners see.
    listener: Arc<dyn Listener>,
    topics: Arc<crate::events::ToTopics>,
    /// The ways to far rows of what is looked at.
    pub(crate) signposts: Arc<Signposts>,
    events: broadcast::Sender<AppEvent>,
}

impl App {
    /// A program without a workspace yet. `data` is the user's data folder (see [`data_folder`]).
    pub fn new(host: Arc<dyn Host>, data: PathBuf) -> ApiResult<Arc<Self>> {
        Self::with_secrets(host, data, crate::keyring::usual())
    }

    /// As [`App::new`], with secrets from elsewhere.
    pub fn with_secrets(host: Arc<dyn Host>, data: PathBuf, secrets: Arc<dyn Secrets>) -> ApiResult<Arc<Self>> {
        let registry = Registry::builtin()
            .map_err(|e| ApiError::new(ErrorCode::Internal, "A built-in schema cannot be read.").details(e.to_string()))?;
        let events = broadcast::channel(512).0;
        let signposts = Arc::new(Signposts::default());
        let topics = Arc::new(crate::events::ToTopics { events: events.clone(), signposts: Arc::clone(&signposts) });
        Ok(Arc::new(Self {
            host,
            jobs: Jobs::default(),
            files: Files::default(),
            plans: Plans::default(),
            built: Built::default(),
            recent: Recent::new(&data),
            samples: Samples::default(),
            registry: Arc::new(registry),
            clock: Arc::new(SystemClock),
            secrets,
            data,
            open: RwLock::new(None),
            listener: Arc::<crate::events::ToTopics>::clone(&topics),
            topics,
            signposts,
            events,
        }))
    }

    /// Listens to events from now on. A slow listener loses the oldest ones and should refetch.
    pub fn listen(&self) -> broadcast::Receiver<AppEvent> {
        self.events.subscribe()
    }

    pub fn emit(&self, event: AppEvent) {
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }

    pub fn current(&self) -> Option<Open> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The open workspace, or the error that offers to open one.
    pub fn workspace(&self) -> ApiResult<Workspace> {
        self.current().map(|open| open.workspace).ok_or_else(none_open)
    }

    /// Where the open workspace is.
    pub(crate) fn address(&self) -> Option<Address> {
        self.current().map(|open| open.address)
    }

    /// Breaker and figures of the open workspace.
    pub(crate) fn layers(&self) -> ApiResult<Arc<Layered>> {
        self.current().map(|open| open.layers).ok_or_else(none_open)
    }

    /// Opens an address; the one open before is closed.
    pub async fn open(self: &Arc<Self>, address: &Address, production: bool) -> ApiResult<WorkspaceInfo> {
        let layers = open::store(address).await?;
        let store: Arc<dyn Store> = Arc::<Layered>::clone(&layers);
        let packs = Arc::new(steward_workspace::packs::registry(store.as_ref(), &self.registry).await?);
        let workspace =
            Workspace::open_and_recover(Arc::clone(&store), packs, Arc::clone(&self.clock), crate::caller::system_user()).await?;
        workspace.events.listen(&self.listener);
        let mut info = open::describe(store.as_ref(), address, production).await?;
        if !crate::tasks::scheduled::known_damages(&workspace).await?.is_empty() {
            info.notices.push(
                "The last check found damage in this workspace. Run 'steward doctor' to see it, and restore from a backup.".to_owned(),
            );
        }
        for open in steward_workspace::swap::abandoned_swaps(&workspace).await? {
            info.notices.push(format!(
                "{} was interrupted while collections were being swapped. Run 'steward doctor' to see how to finish it or roll it back.",
                open.swap.title
            ));
        }
        let follower = Arc::new(Follower(follow(self, &workspace)));
        self.plans.clear();
        self.signposts.forget(None);
        let opened = Open { workspace, info: info.clone(), address: address.clone(), layers, follower };
        let workspace = opened.workspace.clone();
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        let info = match crate::trust::agreement::notice(self, &workspace).await? {
            Some(notice) => self.update_info(|info| info.notices.push(notice))?,
            None => info,
        };
        self.emit(AppEvent::WorkspaceChanged);
        Ok(info)
    }

    /// Puts the open workspace in front of the recent ones: for what the program opened by itself. A mark as production stays.
    pub fn list_as_recent(&self) -> ApiResult<()> {
        let Some(open) = self.current() else { return Ok(()) };
        let production = open.info.production || self.recent.is_production(&open.info.address);
        let info = self.update_info(|info| info.production = production)?;
        self.recent.remember(&info.name, info.kind, &info.address, info.production)
    }

    /// The workspace that was opened last, where it is a file that is still there.
    pub fn last_file(&self) -> Option<Address> {
        let last = self.recent.list().into_iter().next()?.workspace;
        (last.kind == WorkspaceKind::File && last.exists).then(|| Address::File(last.address.into()))
    }

    /// Notes how far the history goes, so that a later look can say whether its end was truncated. Best before [`App::close`].
    pub async fn note_history(&self) {
        let Ok(workspace) = self.workspace() else { return };
        if let Err(e) = crate::history::anchors::note(self, &workspace).await {
            tracing::warn!("the end of the history could not be recorded: {e}");
        }
    }

    pub fn close(&self) {
        let closed = self.open.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(closed);
        self.plans.clear();
        self.samples.clear();
        self.emit(AppEvent::WorkspaceChanged);
    }

    /// The packs that are known now: those of the open workspace, else the built-in ones.
    pub(crate) fn packs(&self) -> Arc<Registry> {
        self.current().map_or_else(|| Arc::clone(&self.registry), |open| open.workspace.registry)
    }

    /// Takes over the packs that are kept in the open workspace now.
    pub(crate) async fn reload_packs(&self) -> ApiResult<()> {
        let workspace = self.workspace()?;
        let reloaded = workspace.with_packs_of_now(&self.registry).await?;
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = open.as_mut().filter(|open| Arc::ptr_eq(&open.workspace.store, &workspace.store)) {
            open.workspace = reloaded;
        }
        drop(open);
        workspace.events.emit(&Event::SchemasChanged);
        Ok(())
    }

    /// Changes what is reported about the open workspace.
    pub(crate) fn update_info(&self, change: impl FnOnce(&mut WorkspaceInfo)) -> ApiResult<WorkspaceInfo> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = open.as_mut() else {
            return Err(ApiError::new(ErrorCode::NoWorkspace, "No workspace is open."));
        };
        change(&mut open.info);
        Ok(open.info.clone())
    }
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("info", &self.info).field("follows", &self.follower.0.is_some()).finish_non_exhaustive()
    }
}

fn none_open() -> ApiError {
    ApiError::new(ErrorCode::NoWorkspace, "No workspace is open.").hint("Open a file, connect to MongoDB, or load the sample.")
}

/// Tells listeners what others write: one event a collection, at most twice a second. The command line has no listener.
fn follow(app: &Arc<App>, workspace: &Workspace) -> Option<tokio::task::JoinHandle<()>> {
    let feeds = workspace.store.capabilities().has(steward_store::Capability::ChangeFeed);
    if !feeds || app.host.kind() == crate::dto::HostKind::Cli {
        return None;
    }
    let (app, store) = (Arc::downgrade(app), Arc::clone(&workspace.store));
    Some(tokio::spawn(async move {
        while let Some(()) = tell_changes(&app, store.as_ref()).await {
            // The feed broke off, as when a server restarts. What happened meanwhile is not reported again.
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        }
    }))
}

/// Tells of changes until the feed ends; `None` when nobody is left to tell.
async fn tell_changes(app: &std::sync::Weak<App>, store: &dyn Store) -> Option<()> {
    use futures::StreamExt;
    let stream = match store.changes(None).await {
        Ok(stream) => stream,
        Err(e) if matches!(e.kind, StoreErrorKind::Unreachable | StoreErrorKind::BreakerOpen | StoreErrorKind::Busy) => return Some(()),
        Err(_) => return None,
    };
    app.upgrade()?.emit(AppEvent::Missed);
    let mut chunks = std::pin::pin!(stream.ready_chunks(1000));
    while let Some(chunk) = chunks.next().await {
        let mut written: Vec<String> = chunk.into_iter().filter_map(|e| e.ok().map(|e| e.collection)).collect();
        written.sort();
        written.dedup();
        if written.is_empty() {
            break;
        }
        let app = app.upgrade()?;
        if written.iter().any(|name| name == names::SCHEMAS)
            && let Err(e) = app.reload_packs().await
        {
            tracing::warn!("the schemas of the workspace could not be read again: {e}");
        }
        for name in &written {
            app.topics.emit(&told_of(name), Some(name.as_str()).filter(|name| !names::is_own(name)));
        }
        drop(app);
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    Some(())
}

/// What may look different after something was written to a collection.
fn told_of(collection: &str) -> Vec<Topic> {
    match collection {
        names::SETTINGS | names::MAPPINGS => vec![Topic::Settings],
        names::SCHEMAS => vec![Topic::Schemas],
        names::TASKS => vec![Topic::Tasks],
        own if names::is_own(own) => vec![Topic::Runs, Topic::Quarantine, Topic::Changes],
        _ => vec![Topic::Records, Topic::Collections, Topic::Runs, Topic::Quarantine, Topic::Changes, Topic::Quality],
    }
}

/// `$STEWARD_DATA`, else the folder that the operating system has for a user's application data.
pub fn data_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("STEWARD_DATA").filter(|v| !v.is_empty()) {
        return PathBuf::from(folder);
    }
    directories::ProjectDirs::from("", "", "Steward").map_or_else(|| PathBuf::from("."), |dirs| dirs.data_dir().to_owned())
}
