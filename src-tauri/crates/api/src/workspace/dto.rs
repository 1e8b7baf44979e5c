//! The program itself, workspaces and connections.

use crate::dto::wire;

wire! {
    /// Where the interface runs.
    pub enum HostKind { Desktop, Web, Cli }

    /// What the program and its host can do.
    pub struct AppInfo {
        pub version: String,
        pub host: HostKind,
        /// Native file dialogs are available (`files.pickOpen`, `files.pickSave`).
        pub can_pick_files: bool,
        pub keyring: bool,
    }

    /// File or database.
    pub enum WorkspaceKind { File, Mongo }

    /// A workspace that is open.
    pub struct WorkspaceInfo {
        pub name: String,
        pub kind: WorkspaceKind,
        /// Path of the file, or the URI without its secrets.
        pub address: String,
        pub read_only: bool,
        /// Marked as production: destructive steps ask to type its name.
        pub production: bool,
        pub capabilities: Vec<String>,
        /// What cannot be done here, one sentence each.
        pub limits: Vec<String>,
        /// Plain sentences that a person should read once: recovered after a crash, missing permissions, …
        pub notices: Vec<String>,
        pub server: String,
    }

    /// What a workspace takes, and how long it keeps what undoing imports needs.
    pub struct Space {
        /// On the disk; absent where the server does not say.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub bytes: Option<i64>,
        /// Of these, free for reuse.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub free: Option<i64>,
        pub days: u32,
        pub records: i64,
        /// Runs that were discarded by this call.
        pub discarded: i64,
    }

    pub struct SetSpace {
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub days: Option<u32>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub records: Option<i64>,
    }

    /// What kind of work was interrupted.
    pub enum UnfinishedKind { Change, Import, UndoImport, Restore, UndoRestore }

    /// Work whose process ended before it did.
    pub struct UnfinishedWork {
        pub kind: UnfinishedKind,
        /// Of the change, the run or the restore.
        pub id: String,
        /// What it is and where it stopped, one sentence.
        pub message: String,
        /// Collections were being swapped: until it is finished or undone, they are read where they are now.
        pub swapping: bool,
        /// It can be rolled back; otherwise it can only be finished.
        pub can_go_back: bool,
    }

    /// Answer of `workspace.unfinished`.
    pub struct Unfinished { pub work: Vec<UnfinishedWork> }

    /// A workspace that was opened before.
    pub struct RecentWorkspace {
        pub id: String,
        pub name: String,
        pub kind: WorkspaceKind,
        pub address: String,
        /// RFC 3339, UTC.
        pub opened_at: String,
        pub exists: bool,
    }

    /// What to open.
    #[serde(tag = "by", rename_all_fields = "camelCase")]
    pub enum WorkspaceTarget {
        /// A file that was picked (`files.pickOpen` / `files.pickSave`); created when it does not exist.
        File { file: String },
        /// `password` where the keyring does not hold it; it goes there when `remember`.
        Recent {
            id: String,
            #[ts(optional)]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            password: Option<String>,
            #[ts(optional, as = "Option<bool>")]
            #[serde(default)]
            remember: bool,
        },
        /// A `mongodb://` or `mongodb+srv://` URI with a database name. The secret goes to the keyring when `remember`.
        Mongo { uri: String, remember: bool, production: bool },
        /// The default workspace in the user's data folder.
        Default,
    }

    pub struct OpenWorkspace { pub target: WorkspaceTarget }

    /// Answer of `workspace.current`.
    pub struct CurrentWorkspace {
        #[ts(optional)]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace: Option<WorkspaceInfo>,
    }

    pub struct RecentWorkspaces { pub workspaces: Vec<RecentWorkspace> }

    pub struct ForgetWorkspace { pub id: String }

    /// Marks the open workspace as production, or not.
    pub struct SetProduction { pub production: bool }

    /// Answer of `workspace.openSample`.
    pub struct SampleOpened {
        /// The job that loads the sample; absent where it was loaded before and nothing is written.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub job_id: Option<String>,
    }

    /// One step of connecting.
    pub enum StageName { Name, Network, Tls, Login, Permissions }

    pub enum StageOutcome { Passed, Failed, NotNeeded, NotReached }

    pub struct ConnectionStage {
        pub name: StageName,
        pub outcome: StageOutcome,
        /// What was found, one sentence.
        pub message: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hint: Option<String>,
        pub millis: i64,
    }

    pub struct TestConnection {
        pub uri: String,
        /// Where the address names a user without one.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub password: Option<String>,
    }

    pub struct ConnectionReport { pub ok: bool, pub stages: Vec<ConnectionStage>, pub server: String, pub permissions: Vec<Permission> }

    /// One thing the user may or may not do on the database.
    pub struct Permission { pub name: String, pub allowed: bool, pub needed_for: String }

    pub enum CheckOutcome { Ok, Warning, Failed }

    pub struct DoctorCheck {
        pub name: String,
        pub outcome: CheckOutcome,
        pub message: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub hint: Option<String>,
    }

    pub struct DoctorReport { pub checks: Vec<DoctorCheck> }

    pub struct CollectionInfo {
        pub name: String,
        pub records: i64,
        /// Field that identifies a record.
        pub key_field: String,
        /// Field shown as the record's name.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub title_field: Option<String>,
        /// `careers@1.0.0`, when a schema is assigned.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
        /// Rows waiting in quarantine.
        pub waiting: i64,
        pub indexed_fields: Vec<String>,
        pub text_fields: Vec<String>,
    }

    pub struct Collections { pub collections: Vec<CollectionInfo> }

    /// Assigns a schema to a collection, or takes it away.
    pub struct AssignSchema {
        pub collection: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
    }

    /// A saved view or preference of this workspace; `value` is the interface's own JSON.
    pub struct Setting {
        pub name: String,
        #[ts(type = "unknown")]
        pub value: serde_json::Value,
    }

    pub struct SettingsQuery { pub prefix: String }

    pub struct Settings { pub settings: Vec<Setting> }

    pub struct SettingName { pub name: String }

    /// What the interface receives without asking.
    #[serde(tag = "event", rename_all_fields = "camelCase")]
    pub enum AppEvent {
        Job { job: crate::dto::Job },
        /// Records, runs, quarantine or settings changed; refetch what shows them.
        Changed { topic: Topic, #[ts(optional)] #[serde(default, skip_serializing_if = "Option::is_none")] collection: Option<String> },
        WorkspaceChanged,
        /// Events were lost on the way: anything may have changed.
        Missed,
        /// Files were dropped on the window.
        FilesDropped { files: Vec<crate::dto::FileHandle> },
    }

    /// What an answer can depend on.
    pub enum Topic { Records, Quarantine, Runs, Changes, Collections, Quality, Settings, Schemas, Backups, Tasks }
}

impl Topic {
    pub const ALL: &'static [Self] = &[
        Self::Records,
        Self::Quarantine,
        Self::Runs,
        Self::Changes,
        Self::Collections,
        Self::Quality,
        Self::Settings,
        Self::Schemas,
        Self::Backups,
        Self::Tasks,
    ];
}
