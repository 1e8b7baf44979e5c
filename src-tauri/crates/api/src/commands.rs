//! The list of commands. Desktop, web page, command line and the TypeScript client all come from it.
//!
//! To add one: a line here, its types in `dto`, its body in `handlers`. Nothing else needs to know.
//!
//! ```text
//! group {
//!     /// What it does.
//!     Class(Role) module::function "group.name" (Request) -> Response, At("words of the subcommand"), reads [Topics];
//! }
//! ```
//!
//! The role is left out where it is the usual one of the class, and `reads` where no event makes an answer old.

use crate::dto::Topic;

/// What a command does to the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Reads only.
    Read,
    /// Writes, and can be undone from the history.
    Write,
    /// Destroys or rewrites; takes a plan id and nothing else decides.
    Destructive,
    /// Concerns this machine only: dialogs, windows, preferences.
    Local,
}

/// What a person may do in a workspace. Each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Changes records and their quarantine.
    Editor,
    /// Backs up, restores, sets what concerns everybody.
    Admin,
}

impl Class {
    /// The role that a command of this class needs, unless its declaration names another one.
    const fn role(self) -> Role {
        match self {
            Self::Read | Self::Local => Role::Viewer,
            Self::Write | Self::Destructive => Role::Editor,
        }
    }
}

/// How a command is reached from the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cli {
    /// Words of the subcommand.
    At(&'static str),
    /// Not there, and why.
    None(&'static str),
}

/// One command.
#[derive(Debug, Clone, Copy)]
pub struct CommandSpec {
    pub name: &'static str,
    pub class: Class,
    /// Who may call it; checked in [`dispatch`](crate::dispatch::dispatch) and nowhere else.
    pub role: Role,
    /// What its answer depends on: a cached one is old once an event names one of these topics.
    pub reads: &'static [Topic],
    pub request: &'static str,
    pub response: &'static str,
    pub cli: Cli,
    pub doc: &'static str,
}

/// Calls `$then!` with the whole list.
#[macro_export]
macro_rules! for_each_command {
    ($then:ident) => {
        $then! {
            app {
                /// Version, host and what the host can do.
                Read app::info "app.info" (Empty) -> AppInfo, At("--version");
                /// What works here and what does not.
                Read app::doctor "app.doctor" (Empty) -> DoctorReport, At("doctor");
            }
            workspace {
                /// The open workspace, if any.
                Read workspace::current "workspace.current" (Empty) -> CurrentWorkspace, At("doctor");
                /// Interrupted work in this workspace that has to be finished or undone.
                Read unfinished::list "workspace.unfinished" (Empty) -> Unfinished, At("doctor"), reads [Runs, Backups];
                /// What the workspace takes on the disk, and how long imports can be undone.
                Read space::get "workspace.space" (Empty) -> Space, At("workspace show"), reads [Settings];
                /// Changes how long imports can be undone, and discards older data for undoing.
                Write(Admin) space::set "workspace.setSpace" (SetSpace) -> Space, At("workspace retention");
                /// Returns free space to the disk.
                Write(Admin) space::compact "workspace.compact" (Empty) -> Space, At("workspace compact");
                /// Workspaces opened before, newest first.
                Local workspace::recent "workspace.recent" (Empty) -> RecentWorkspaces, None("the shell has its own history");
                /// Opens a workspace; a file is created when it does not exist.
                Local(Admin) workspace::open "workspace.open" (OpenWorkspace) -> WorkspaceInfo, At("--workspace");
                /// Closes the workspace.
                Local(Admin) workspace::close "workspace.close" (Empty) -> Empty, None("a command closes it at its end");
                /// Takes a workspace off the list of recent ones; the data stays.
                Local(Admin) workspace::forget "workspace.forget" (ForgetWorkspace) -> RecentWorkspaces, None("the shell has its own history");
                /// Marks the workspace as production, or not.
                Local(Admin) workspace::set_production "workspace.setProduction" (SetProduction) -> WorkspaceInfo, None("a mark for the window's confirmations");
                /// Opens the sample in a workspace of its own; loads it only when that workspace is new.
                Write(Admin) workspace::open_sample "workspace.openSample" (Empty) -> SampleOpened, None("'init --sample' loads it into a workspace that is named");
                /// Loads the bundled sample into the open workspace: 361 careers.
                Write(Admin) workspace::init_sample "workspace.initSample" (Empty) -> JobStarted, At("init");
                /// Tries a MongoDB address stage by stage.
                Read(Admin) workspace::test_connection "workspace.testConnection" (TestConnection) -> ConnectionReport, At("doctor");
            }
            connection {
                /// The status of the connection: pool, breaker, slow operations.
                Read connection::status "connection.status" (Empty) -> ConnectionStatus, At("connection status");
                /// Closes the breaker and forgets the slow operations.
                Local(Admin) connection::reset "connection.reset" (Empty) -> ConnectionStatus, At("connection reset");
            }
            files {
                /// Asks for files in a native dialog.
                Local files::pick_open "files.pickOpen" (PickOpen) -> PickedFiles, None("paths are arguments");
                /// Asks where to write in a native dialog.
                Local files::pick_save "files.pickSave" (PickSave) -> PickedFiles, None("paths are arguments");
            }
            collections {
                /// Collections with their counts and schemas.
                Read collections::list "collections.list" (Empty) -> Collections, At("records collections"), reads [Records, Quarantine, Collections, Schemas];
                /// Assigns a schema to a collection, with its key and indexes.
                Write(Admin) collections::assign_schema "collections.assignSchema" (AssignSchema) -> CollectionInfo, At("schema assign");
            }
            records {
                /// A page of records.
                Read records::find "records.find" (FindRecords) -> RecordPage, At("records find"), reads [Records, Quality];
                /// How many records fit.
                Read records::count "records.count" (CountRecords) -> RecordCount, At("records count"), reads [Records, Quality];
                /// Looks for a text in all records, which no index serves.
                Read records::search_everywhere "records.searchEverywhere" (SearchEverywhere) -> JobStarted, At("records find");
                /// Values of a field with their counts.
                Read records::facet "records.facet" (FacetQuery) -> Facet, At("records facet"), reads [Records];
                /// One record with what is wrong with it.
                Read records::get "records.get" (RecordRef) -> RecordDetail, At("records get"), reads [Records];
                /// Rules that a record would break.
                Read records::validate "records.validate" (ValidateRecord) -> Violations, At("validate");
                /// Patches fields of a record.
                Write records::edit "records.edit" (EditRecord) -> EditOutcome, At("records set");
                /// Adds a record.
                Write records::create "records.create" (CreateRecord) -> EditOutcome, At("records add");
                /// Plans a change of many records.
                Read records::plan_bulk "records.planBulk" (PlanBulk) -> BulkPlan, At("records bulk");
                /// Applies a planned bulk change.
                Destructive records::apply_bulk "records.applyBulk" (ApplyPlan) -> JobStarted, At("records bulk");
                /// All changes of a record.
                Read records::history "records.history" (RecordRef) -> RecordHistory, At("records history"), reads [Records, Changes];
                /// Reverts a record to its state before a change.
                Write records::revert "records.revert" (RevertRecord) -> EditOutcome, At("records revert");
                /// Writes records to a file.
                Read records::export "records.export" (ExportRecords) -> JobStarted, At("records export");
            }
            filters {
                /// Parses a written filter.
                Read filters::parse "filters.parse" (ParseFilter) -> ParsedFilter, At("records find");
                /// Writes a filter as text.
                Read filters::format "filters.format" (FormatFilter) -> ParsedFilter, None("the command line takes text already");
            }
            history {
                /// The history of the workspace.
                Read changes::list "history.list" (ListChanges) -> Changes, At("history list"), reads [Changes];
                /// One change set with its records.
                Read changes::get "history.get" (ChangeId) -> ChangeDetail, At("history show"), reads [Changes];
                /// Undoes a change set.
                Write changes::undo "history.undo" (UndoChange) -> ChangeOutcome, At("history undo");
                /// Finishes a change of many records that was interrupted.
                Write changes::resume "history.resume" (ChangeId) -> JobStarted, At("history resume");
                /// Rolls back a change of many records that was interrupted.
                Write changes::go_back "history.goBack" (ChangeId) -> JobStarted, At("history roll-back");
                /// Recomputes the hash chain of the history.
                Read changes::verify "history.verify" (VerifyChanges) -> ChainReport, At("history verify");
            }
            imports {
                /// Opens an external MongoDB database as a source of records.
                Local(Editor) imports::connect "imports.connect" (ConnectSource) -> FileHandle, At("import");
                /// First rows of files, their format and schema.
                Read imports::preview "imports.preview" (PreviewImport) -> ImportPreview, At("import"), reads [Schemas];
                /// Plans an import (a job whose outcome is the plan).
                Read imports::plan "imports.plan" (PlanImport) -> JobStarted, At("import");
                /// Runs a planned import.
                Write imports::apply "imports.apply" (ApplyPlan) -> JobStarted, At("import");
                /// Continues an interrupted run.
                Write imports::resume "imports.resume" (ResumeRun) -> JobStarted, At("import");
                /// Checks files against a schema without loading them (a job whose outcome is a plan).
                Read imports::validate "imports.validate" (ValidateFiles) -> JobStarted, At("validate");
                /// Names for the halves of a file.
                Read splits::split_names "imports.splitNames" (SplitSource) -> SplitNames, At("validate");
                /// Writes valid and invalid rows of a file as they came, each to a file.
                Read splits::split "imports.split" (SplitFile) -> JobStarted, At("validate");
            }
            mappings {
                /// Mappings that were saved under a name.
                Read mappings::list "mappings.list" (Empty) -> SavedMappings, At("mapping list"), reads [Settings];
                /// One saved mapping.
                Read mappings::get "mappings.get" (MappingName) -> SavedMapping, At("mapping show"), reads [Settings];
                /// Saves a mapping under a name, or gives it another one.
                Write mappings::save "mappings.save" (SaveMapping) -> SavedMapping, At("mapping save");
                /// Removes a saved mapping; records and runs do not need it.
                Write mappings::remove "mappings.remove" (MappingName) -> Empty, At("mapping remove");
                /// Reads a mapping from a file.
                Read mappings::read "mappings.read" (MappingFile) -> ReadMapping, At("mapping save");
                /// Writes a mapping to a file.
                Local(Editor) mappings::write "mappings.write" (WriteMapping) -> FileHandle, At("mapping show");
                /// What the columns of a file hold.
                Read mappings::profile "mappings.profile" (ProfileSource) -> ProfiledSource, At("mapping profile");
                /// A mapping to begin with, with a reason for each field.
                Read mappings::suggest "mappings.suggest" (SuggestMapping) -> SuggestedMapping, At("mapping suggest");
                /// What a mapping makes of the first rows; a mapping that cannot be used is an answer, too.
                Read mappings::attempt "mappings.preview" (PreviewMapping) -> MappingPreview, None("import --dry-run tries it on every row");
            }
            runs {
                /// Import runs, newest first.
                Read runs::list "runs.list" (Empty) -> Runs, At("runs list"), reads [Runs];
                /// One run.
                Read runs::get "runs.get" (RunId) -> RunDetail, At("runs show"), reads [Runs];
                /// Plans to load the rows of a staged run into their collection (a job whose outcome is an import plan).
                Read runs::plan_promote "runs.planPromote" (PromoteRun) -> JobStarted, At("runs promote");
                /// Plans the undo of a run.
                Read runs::plan_undo "runs.planUndo" (RunId) -> UndoRunPlan, At("runs undo");
                /// Undoes a run.
                Destructive runs::undo "runs.undo" (ApplyPlan) -> JobStarted, At("runs undo");
                /// Rolls back an interrupted undo of a replacement, as long as the collections have not been swapped.
                Write runs::go_back "runs.goBack" (RunId) -> RunDetail, At("runs go-back");
                /// Plans to discard the records that a run retains for its undo.
                Read runs::plan_discard "runs.planDiscard" (RunId) -> DiscardRunPlan, At("runs discard");
                /// Discards the records that a run retains; a replacement cannot be undone afterwards.
                Destructive(Admin) runs::discard "runs.discard" (ApplyPlan) -> RunDetail, At("runs discard");
            }
            quarantine {
                /// Quarantined rows.
                Read quarantine::list "quarantine.list" (ListQuarantine) -> QuarantinePage, At("quarantine list"), reads [Quarantine];
                /// One quarantined row.
                Read quarantine::get "quarantine.get" (QuarantineId) -> QuarantineEntry, At("quarantine show"), reads [Quarantine];
                /// Figures of the quarantine.
                Read quarantine::stats "quarantine.stats" (QuarantineFilter) -> QuarantineStats, At("quarantine stats"), reads [Quarantine];
                /// Errors that an edited row would still have.
                Read quarantine::validate "quarantine.validate" (ValidateQuarantine) -> Violations, At("quarantine edit");
                /// Corrects a quarantined row.
                Write quarantine::edit "quarantine.edit" (EditQuarantine) -> QuarantineEdited, At("quarantine edit");
                /// Tries rows again.
                Write quarantine::retry "quarantine.retry" (RetryQuarantine) -> JobStarted, At("quarantine retry");
                /// Discards rows, with a reason.
                Write quarantine::discard "quarantine.discard" (DiscardQuarantine) -> Discarded, At("quarantine discard");
                /// Restores discarded rows.
                Write quarantine::restore "quarantine.restore" (RestoreQuarantine) -> Discarded, At("quarantine restore");
                /// Plans one fix for a field of many rows.
                Read fixes::plan_fix "quarantine.planFix" (PlanFix) -> FixPlan, At("quarantine fix"), reads [Quarantine];
                /// Applies a planned fix.
                Destructive fixes::apply_fix "quarantine.applyFix" (ApplyPlan) -> JobStarted, At("quarantine fix");
                /// Plans the import of a corrected table of rows.
                Read fixes::plan_corrections "quarantine.planCorrections" (PlanCorrections) -> CorrectionsPlan, At("quarantine import-corrections");
                /// Plans edits of cells of many rows.
                Read fixes::plan_edits "quarantine.planEdits" (PlanEdits) -> CorrectionsPlan, None("a table of corrections says the same: import-corrections"), reads [Quarantine];
                /// Applies planned corrections.
                Destructive fixes::apply_corrections "quarantine.applyCorrections" (ApplyPlan) -> JobStarted, At("quarantine import-corrections");
                /// Writes quarantined rows to a file.
                Read quarantine::export "quarantine.export" (ExportQuarantine) -> JobStarted, At("quarantine export");
            }
            schemas {
                /// Schema packs.
                Read schemas::list "schemas.list" (Empty) -> Schemas, At("schema list"), reads [Collections, Schemas];
                /// One schema with its fields and documents.
                Read schemas::get "schemas.get" (SchemaId) -> SchemaDetail, At("schema show"), reads [Schemas];
                /// What a JSON Schema document would become as a pack of this workspace's own.
                Read schemas::inspect "schemas.inspect" (OfferedSchema) -> InspectedSchema, At("schema add"), reads [Schemas];
                /// Adds a pack of the workspace's own.
                Write(Admin) schemas::add "schemas.add" (OfferedSchema) -> AddedSchema, At("schema add");
                /// Removes a pack of the workspace's own that nothing uses.
                Write(Admin) schemas::remove "schemas.remove" (SchemaId) -> Empty, At("schema remove");
                /// Runs examples against packs: accepted ones have to pass, refused ones to fail with the rules they name.
                Read schemas::test "schemas.test" (TestSchemas) -> SchemasTested, At("schema test");
            }
            quality {
                /// The last measurement of a collection.
                Read quality::last "quality.last" (QualityQuery) -> LastQuality, At("quality"), reads [Records, Quality];
                /// The figures of all measurements of a collection, oldest first.
                Read quality::history "quality.history" (QualityQuery) -> QualityHistory, At("quality"), reads [Quality];
                /// Measures a collection now.
                Write quality::measure "quality.measure" (QualityQuery) -> JobStarted, At("quality");
            }
            backups {
                /// How this workspace is backed up.
                Read backups::setup "backups.setup" (Empty) -> BackupSetup, At("backup schedule"), reads [Backups];
                /// Changes how this workspace is backed up.
                Write(Admin) backups::save "backups.save" (SaveBackupSettings) -> BackupSetup, At("backup schedule");
                /// Creates a key pair for encrypted backups; the identity goes into the keyring.
                Write(Admin) backups::new_key "backups.newKey" (Empty) -> BackupKey, At("backup key");
                /// Backups at all places, newest first.
                Read backups::list "backups.list" (Empty) -> Backups, At("backup list"), reads [Backups];
                /// One backup.
                Read backups::get "backups.get" (BackupRef) -> Backup, At("backup show"), reads [Backups];
                /// Takes a backup.
                Write(Admin) backups::create "backups.create" (CreateBackup) -> JobStarted, At("backup create");
                /// Takes an increment: what happened since the last one (a job).
                Write(Admin) increments::take "backups.increment" (TakeIncrement) -> JobStarted, At("backup increment");
                /// Which points in time can be restored, where the gaps are, and why.
                Read increments::timeline "backups.timeline" (Empty) -> BackupTimeline, At("backup timeline"), reads [Backups];
                /// Reads a backup to its end, or restores it into a scratch workspace, and notes the verification.
                Write(Admin) backups::verify "backups.verify" (VerifyBackup) -> JobStarted, At("backup verify");
                /// Plans which backups go by the rules of retention.
                Read backups::plan_prune "backups.planPrune" (Empty) -> PrunePlan, At("backup prune");
                /// Removes the backups of a plan.
                Destructive(Admin) backups::prune "backups.prune" (ApplyPlan) -> Pruned, At("backup prune");
                /// Records inside a backup, compared with the current ones.
                Read lookups::browse "backups.browse" (BrowseBackup) -> BackupRecords, At("backup records");
                /// Restores one record of a backup, or some of its fields.
                Write lookups::bring_back "backups.bringBack" (BringBack) -> EditOutcome, At("backup bring-back");
                /// What changed between two backups (a job).
                Read lookups::compare "backups.compare" (CompareBackups) -> JobStarted, At("backup compare");
            }
            restores {
                /// Restores of this workspace, newest first.
                Read restores::list "restores.list" (Empty) -> Restores, At("restores list"), reads [Backups];
                /// Brings a point in time together, to be restored into another workspace.
                Read restores::build_point_in_time "restores.buildPointInTime" (BuildPointInTime) -> JobStarted, At("restore");
                /// Plans a restore (a job whose outcome is the plan).
                Read restores::plan "restores.plan" (PlanRestore) -> JobStarted, At("restore");
                /// Restores as planned, after a backup of what is there now.
                Destructive(Admin) restores::apply "restores.apply" (ApplyRestore) -> JobStarted, At("restore");
                /// Continues a restore that was interrupted.
                Write(Admin) restores::resume "restores.resume" (ResumeRestore) -> JobStarted, At("restores resume");
                /// Undoes what an interrupted restore has done so far.
                Write(Admin) restores::clean_up "restores.cleanUp" (RestoreId) -> JobStarted, At("restores clean-up");
                /// Plans the undo of a restore.
                Read restores::plan_undo "restores.planUndo" (RestoreId) -> UndoRestorePlan, At("restores undo");
                /// Undoes a restore: everything is as before it.
                Destructive(Admin) restores::undo "restores.undo" (ApplyPlan) -> JobStarted, At("restores undo");
                /// Plans to discard the data that a restore retains for its undo.
                Read restores::plan_discard "restores.planDiscard" (RestoreId) -> DiscardRestorePlan, At("restores discard");
                /// Discards the data that a restore retains; it cannot be undone afterwards.
                Destructive(Admin) restores::discard "restores.discard" (ApplyPlan) -> RestoreEntry, At("restores discard");
            }
            trust {
                /// What this workspace wants to do outside itself, and what of it was agreed to.
                Read trust::show "trust.show" (Empty) -> OutsideActs, At("trust show"), reads [Backups];
                /// Agrees to all of that, on this machine.
                Local(Admin) trust::agree "trust.agree" (AgreeActs) -> OutsideActs, At("trust agree");
                /// Withdraws the agreement of this machine.
                Local(Admin) trust::withdraw "trust.withdraw" (Empty) -> OutsideActs, At("trust withdraw");
            }
            tasks {
                /// What runs on a schedule: when it ran last, when it runs next, how it ended.
                Read tasks::list "tasks.list" (Empty) -> Tasks, At("tasks list"), reads [Tasks];
                /// Runs a task now.
                Write(Admin) tasks::run "tasks.run" (RunTask) -> JobStarted, At("tasks run");
            }
            settings {
                /// Saved views and preferences of this workspace.
                Read settings::list "settings.list" (SettingsQuery) -> Settings, None("of the window only"), reads [Settings];
                /// Saves a view or preference.
                Write settings::set "settings.set" (Setting) -> Empty, None("of the window only");
                /// Removes a view or preference.
                Write settings::remove "settings.remove" (SettingName) -> Empty, None("of the window only");
            }
            jobs {
                /// Running and finished jobs.
                Read jobs::list "jobs.list" (Empty) -> Jobs, None("a command waits for its own job");
                /// One job.
                Read jobs::get "jobs.get" (JobId) -> Job, None("a command waits for its own job");
                /// Asks a job to stop.
                Local jobs::cancel "jobs.cancel" (JobId) -> Job, None("Ctrl-C");
            }
        }
    };
}

macro_rules! role {
    ($class:ident) => {
        Class::$class.role()
    };
    ($class:ident $role:ident) => {
        Role::$role
    };
}

macro_rules! declare_specs {
    ($($group:ident { $($(#[doc = $doc:literal])* $class:ident $(($role:ident))? $module:ident::$function:ident $name:literal ($request:ident) -> $response:ident, $cli:ident($words:literal) $(, reads [$($topic:ident),*])?;)* })*) => {
        /// Every command there is.
        pub static COMMANDS: &[CommandSpec] = &[
            $($(CommandSpec {
                name: $name,
                class: Class::$class,
                role: role!($class $($role)?),
                reads: &[$($(Topic::$topic),*)?],
                request: stringify!($request),
                response: stringify!($response),
                cli: Cli::$cli($words),
                doc: concat!($($doc),*),
            },)*)*
        ];

        $(
            #[doc = concat!("Commands of `", stringify!($group), ".*`, for callers in Rust.")]
            pub mod $group {
                $(::pastey::paste! {
                    $(#[doc = $doc])*
                    #[derive(Debug, Clone, Copy)]
                    pub struct [<$function:camel>];

                    impl super::Command for [<$function:camel>] {
                        const NAME: &'static str = $name;
                        type Request = super::types::$request;
                        type Response = super::types::$response;
                    }
                })*
            }
        )*
    };
}

mod types {
    pub use steward_domain::QuarantineEntry;

    pub use crate::dto::*;
}

/// A command with its types: `session.call(commands::records::Find, &request)`.
pub trait Command {
    const NAME: &'static str;
    type Request: serde::Serialize;
    type Response: serde::de::DeserializeOwned;
}

for_each_command!(declare_specs);

/// The declaration of a command.
pub fn spec(name: &str) -> Option<&'static CommandSpec> {
    COMMANDS.iter().find(|c| c.name == name)
}
