//! The list of commands. Desktop, web page, command line and the TypeScript client all come from it.
//!
//! To add one: a line here, its types in `dto`, its body in `handlers`. Nothing else needs to know.

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
            /// Version, host and what the host can do.
            Read app::info "app.info" (Empty) -> AppInfo, At("--version");
            /// What works here and what does not.
            Read app::doctor "app.doctor" (Empty) -> DoctorReport, At("doctor");

            /// The open workspace, if any.
            Read workspace::current "workspace.current" (Empty) -> CurrentWorkspace, At("doctor");
            /// What was cut off in this workspace and waits to be finished or undone.
            Read unfinished::list "workspace.unfinished" (Empty) -> Unfinished, At("doctor");
            /// What the workspace takes on the disk, and how long imports can be undone.
            Read space::get "workspace.space" (Empty) -> Space, At("workspace show");
            /// Changes how long imports can be undone, and discards what is kept beyond that.
            Write space::set "workspace.setSpace" (SetSpace) -> Space, At("workspace retention");
            /// Gives room that is free back to the system.
            Write space::compact "workspace.compact" (Empty) -> Space, At("workspace compact");
            /// Workspaces opened before, newest first.
            Local workspace::recent "workspace.recent" (Empty) -> RecentWorkspaces, None("the shell has its own history");
            /// Opens a workspace; a file is created when it does not exist.
            Local workspace::open "workspace.open" (OpenWorkspace) -> WorkspaceInfo, At("--workspace");
            /// Closes the workspace.
            Local workspace::close "workspace.close" (Empty) -> Empty, None("a command closes it at its end");
            /// Takes a workspace off the list of recent ones; the data stays.
            Local workspace::forget "workspace.forget" (ForgetWorkspace) -> RecentWorkspaces, None("the shell has its own history");
            /// Marks the workspace as production, or not.
            Local workspace::set_production "workspace.setProduction" (SetProduction) -> WorkspaceInfo, None("a mark for the window's confirmations");
            /// Loads the bundled sample: 361 careers.
            Write workspace::init_sample "workspace.initSample" (InitSample) -> JobStarted, At("init");
            /// Tries a MongoDB address stage by stage.
            Read workspace::test_connection "workspace.testConnection" (TestConnection) -> ConnectionReport, At("doctor");

            /// How the connection fares: pool, breaker, slow operations.
            Read connection::status "connection.status" (Empty) -> ConnectionStatus, At("connection status");
            /// Closes the breaker and forgets the slow operations.
            Local connection::reset "connection.reset" (Empty) -> ConnectionStatus, At("connection reset");

            /// Asks for files in a native dialog.
            Local files::pick_open "files.pickOpen" (PickOpen) -> PickedFiles, None("paths are arguments");
            /// Asks where to write in a native dialog.
            Local files::pick_save "files.pickSave" (PickSave) -> PickedFiles, None("paths are arguments");

            /// Collections with their counts and schemas.
            Read collections::list "collections.list" (Empty) -> Collections, At("records collections");
            /// Assigns a schema to a collection, with its key and indexes.
            Write collections::assign_schema "collections.assignSchema" (AssignSchema) -> CollectionInfo, At("schema assign");

            /// A page of records.
            Read records::find "records.find" (FindRecords) -> RecordPage, At("records find");
            /// How many records fit.
            Read records::count "records.count" (CountRecords) -> RecordCount, At("records count");
            /// Values of a field with their counts.
            Read records::facet "records.facet" (FacetQuery) -> Facet, At("records facet");
            /// One record with what is wrong with it.
            Read records::get "records.get" (RecordRef) -> RecordDetail, At("records get");
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
            Read records::history "records.history" (RecordRef) -> RecordHistory, At("records history");
            /// Brings a record back to before a change.
            Write records::revert "records.revert" (RevertRecord) -> EditOutcome, At("records revert");
            /// Writes records to a file.
            Read records::export "records.export" (ExportRecords) -> JobStarted, At("records export");

            /// Parses a written filter.
            Read filters::parse "filters.parse" (ParseFilter) -> ParsedFilter, At("records find");
            /// Writes a filter as text.
            Read filters::format "filters.format" (FormatFilter) -> ParsedFilter, None("the command line takes text already");

            /// The history of the workspace.
            Read changes::list "changes.list" (ListChanges) -> Changes, At("changes list");
            /// One change set with its records.
            Read changes::get "changes.get" (ChangeId) -> ChangeDetail, At("changes show");
            /// Takes a change set back.
            Write changes::undo "changes.undo" (UndoChange) -> ChangeOutcome, At("changes undo");
            /// Recomputes the hash chain of the history.
            Read changes::verify "changes.verify" (VerifyChanges) -> ChainReport, At("changes verify");

            /// Opens a MongoDB database elsewhere as a source of records.
            Local imports::connect "imports.connect" (ConnectSource) -> FileHandle, At("import");
            /// First rows of files, their format and schema.
            Read imports::preview "imports.preview" (PreviewImport) -> ImportPreview, At("import");
            /// Plans an import (a job whose outcome is the plan).
            Read imports::plan "imports.plan" (PlanImport) -> JobStarted, At("import");
            /// Runs a planned import.
            Write imports::apply "imports.apply" (ApplyPlan) -> JobStarted, At("import");
            /// Goes on with an interrupted run.
            Write imports::resume "imports.resume" (ResumeRun) -> JobStarted, At("import");
            /// Checks files against a schema without loading them (a job whose outcome is a plan).
            Read imports::validate "imports.validate" (ValidateFiles) -> JobStarted, At("validate");

            /// Mappings that were saved under a name.
            Read mappings::list "mappings.list" (Empty) -> SavedMappings, At("mapping list");
            /// One saved mapping.
            Read mappings::get "mappings.get" (MappingName) -> SavedMapping, At("mapping show");
            /// Saves a mapping under a name, or gives it another one.
            Write mappings::save "mappings.save" (SaveMapping) -> SavedMapping, At("mapping save");
            /// Removes a saved mapping; records and runs do not need it.
            Write mappings::remove "mappings.remove" (MappingName) -> Empty, At("mapping remove");
            /// Reads a mapping from a file.
            Read mappings::read "mappings.read" (MappingFile) -> ReadMapping, At("mapping save");
            /// Writes a mapping to a file.
            Local mappings::write "mappings.write" (WriteMapping) -> FileHandle, At("mapping show");
            /// What the columns of a file hold.
            Read mappings::profile "mappings.profile" (ProfileSource) -> ProfiledSource, At("mapping profile");
            /// A mapping to begin with, with a reason for each field.
            Read mappings::suggest "mappings.suggest" (SuggestMapping) -> SuggestedMapping, At("mapping suggest");
            /// What a mapping makes of the first rows; a mapping that cannot be used is an answer, too.
            Read mappings::attempt "mappings.try" (TryMapping) -> MappingTrial, None("import --dry-run tries it on every row");

            /// Names for the halves of a file.
            Read splits::split_names "imports.splitNames" (SplitSource) -> SplitNames, At("validate");
            /// Writes valid and invalid rows of a file as they came, each to a file.
            Read splits::split "imports.split" (SplitFile) -> JobStarted, At("validate");

            /// Import runs, newest first.
            Read runs::list "runs.list" (Empty) -> Runs, At("runs list");
            /// One run.
            Read runs::get "runs.get" (RunId) -> RunDetail, At("runs show");
            /// Plans to load the rows of a staged run into their collection (a job whose outcome is an import plan).
            Read runs::plan_promote "runs.planPromote" (PromoteRun) -> JobStarted, At("runs promote");
            /// Plans to take a run back.
            Read runs::plan_undo "runs.planUndo" (RunId) -> UndoRunPlan, At("runs undo");
            /// Takes a run back.
            Destructive runs::undo "runs.undo" (ApplyPlan) -> JobStarted, At("runs undo");
            /// Goes back from an undo of a replacement that was cut off, as long as the collections have not changed places.
            Write runs::go_back "runs.goBack" (RunId) -> RunDetail, At("runs go-back");
            /// Plans to give up the records that a run keeps.
            Read runs::plan_settle "runs.planSettle" (RunId) -> SettleRunPlan, At("runs settle");
            /// Gives up the records that a run keeps; a replacement cannot be taken back afterwards.
            Destructive runs::settle "runs.settle" (ApplyPlan) -> RunDetail, At("runs settle");

            /// Quarantined rows.
            Read quarantine::list "quarantine.list" (ListQuarantine) -> QuarantinePage, At("quarantine list");
            /// One quarantined row.
            Read quarantine::get "quarantine.get" (QuarantineId) -> QuarantineEntry, At("quarantine show");
            /// Figures of the quarantine.
            Read quarantine::stats "quarantine.stats" (Empty) -> QuarantineStats, At("quarantine stats");
            /// Errors that an edited row would still have.
            Read quarantine::validate "quarantine.validate" (ValidateQuarantine) -> Violations, At("quarantine edit");
            /// Corrects a quarantined row.
            Write quarantine::edit "quarantine.edit" (EditQuarantine) -> QuarantineEdited, At("quarantine edit");
            /// Tries rows again.
            Write quarantine::retry "quarantine.retry" (RetryQuarantine) -> JobStarted, At("quarantine retry");
            /// Sets rows aside for good, with a reason.
            Write quarantine::discard "quarantine.discard" (DiscardQuarantine) -> Discarded, At("quarantine discard");
            /// Brings discarded rows back.
            Write quarantine::restore "quarantine.restore" (RestoreQuarantine) -> Discarded, At("quarantine restore");
            /// Plans one fix for a field of many rows.
            Read fixes::plan_fix "quarantine.planFix" (PlanFix) -> FixPlan, At("quarantine fix");
            /// Applies a planned fix.
            Destructive fixes::apply_fix "quarantine.applyFix" (ApplyPlan) -> JobStarted, At("quarantine fix");
            /// Plans to bring a corrected table of rows back.
            Read fixes::plan_corrections "quarantine.planCorrections" (PlanCorrections) -> CorrectionsPlan, At("quarantine import-corrections");
            /// Applies the corrections of a planned table.
            Destructive fixes::apply_corrections "quarantine.applyCorrections" (ApplyPlan) -> JobStarted, At("quarantine import-corrections");
            /// Writes quarantined rows to a file.
            Read quarantine::export "quarantine.export" (ExportQuarantine) -> JobStarted, At("quarantine export");

            /// Schema packs.
            Read schemas::list "schemas.list" (Empty) -> Schemas, At("schema list");
            /// One schema with its fields and documents.
            Read schemas::get "schemas.get" (SchemaId) -> SchemaDetail, At("schema show");

            /// What a JSON Schema document would become as a pack of this workspace's own.
            Read schemas::inspect "schemas.inspect" (OfferedSchema) -> InspectedSchema, At("schema add");
            /// Adds a pack of the workspace's own.
            Write schemas::add "schemas.add" (OfferedSchema) -> AddedSchema, At("schema add");
            /// Removes a pack of the workspace's own that nothing uses.
            Write schemas::remove "schemas.remove" (SchemaId) -> Empty, At("schema remove");
            /// Runs examples against packs: accepted ones have to pass, refused ones to fail with the rules they name.
            Read schemas::test "schemas.test" (TestSchemas) -> SchemasTested, At("schema test");

            /// The last measurement of a collection.
            Read quality::last "quality.last" (QualityQuery) -> LastQuality, At("quality");
            /// Measures a collection now.
            Write quality::measure "quality.measure" (QualityQuery) -> JobStarted, At("quality");

            /// How this workspace is backed up.
            Read backups::setup "backups.setup" (Empty) -> BackupSetup, At("backup schedule");
            /// Changes how this workspace is backed up.
            Write backups::save "backups.save" (SaveBackupSettings) -> BackupSetup, At("backup schedule");
            /// Makes a key pair for encrypted backups; the identity goes into the keyring.
            Write backups::new_key "backups.newKey" (Empty) -> BackupKey, At("backup key");
            /// Backups at all places, newest first.
            Read backups::list "backups.list" (Empty) -> Backups, At("backup list");
            /// One backup.
            Read backups::get "backups.get" (BackupRef) -> Backup, At("backup show");
            /// Takes a backup.
            Write backups::create "backups.create" (CreateBackup) -> JobStarted, At("backup create");
            /// Takes an increment: what happened since the last one (a job).
            Write increments::take "backups.increment" (TakeIncrement) -> JobStarted, At("backup increment");
            /// Which moments can be reached, where the gaps are, and why.
            Read increments::timeline "backups.timeline" (Empty) -> BackupTimeline, At("backup timeline");
            /// Reads a backup to its end, or restores it into a scratch workspace, and notes the proof.
            Write backups::verify "backups.verify" (VerifyBackup) -> JobStarted, At("backup verify");
            /// Plans which backups go by the rules of retention.
            Read backups::plan_prune "backups.planPrune" (Empty) -> PrunePlan, At("backup prune");
            /// Removes the backups of a plan.
            Destructive backups::prune "backups.prune" (ApplyPlan) -> Pruned, At("backup prune");
            /// Records inside a backup, beside what stands now.
            Read lookups::browse "backups.browse" (BrowseBackup) -> BackupRecords, At("backup records");
            /// Brings one record of a backup back, or some of its fields.
            Write lookups::bring_back "backups.bringBack" (BringBack) -> EditOutcome, At("backup bring-back");
            /// What changed between two backups (a job).
            Read lookups::compare "backups.compare" (CompareBackups) -> JobStarted, At("backup compare");

            /// Restores of this workspace, newest first.
            Read restores::list "restores.list" (Empty) -> Restores, At("restores list");
            /// Brings a point in time together, to be restored into another workspace.
            Read restores::build_moment "restores.buildMoment" (BuildMoment) -> JobStarted, At("restore");
            /// Plans a restore (a job whose outcome is the plan).
            Read restores::plan "restores.plan" (PlanRestore) -> JobStarted, At("restore");
            /// Restores as planned, after a backup of what is there now.
            Destructive restores::apply "restores.apply" (ApplyRestore) -> JobStarted, At("restore");
            /// Goes on with a restore that was cut off.
            Write restores::resume "restores.resume" (ResumeRestore) -> JobStarted, At("restores resume");
            /// Undoes what a restore that was cut off has done so far.
            Write restores::clean_up "restores.cleanUp" (RestoreId) -> JobStarted, At("restores clean-up");
            /// Plans to take a restore back.
            Read restores::plan_undo "restores.planUndo" (RestoreId) -> UndoRestorePlan, At("restores undo");
            /// Takes a restore back: everything is as before it.
            Destructive restores::undo "restores.undo" (ApplyPlan) -> JobStarted, At("restores undo");
            /// Plans to give up what a restore put aside.
            Read restores::plan_settle "restores.planSettle" (RestoreId) -> SettleRestorePlan, At("restores settle");
            /// Gives up what a restore put aside; it cannot be taken back afterwards.
            Destructive restores::settle "restores.settle" (ApplyPlan) -> RestoreEntry, At("restores settle");

            /// What this workspace wants to do outside itself, and what of it was agreed to.
            Read trust::show "trust.show" (Empty) -> OutsideActs, At("trust show");
            /// Agrees to all of that, on this machine.
            Local trust::agree "trust.agree" (AgreeActs) -> OutsideActs, At("trust agree");
            /// Takes the agreement of this machine back.
            Local trust::withdraw "trust.withdraw" (Empty) -> OutsideActs, At("trust withdraw");

            /// Saved views and preferences of this workspace.
            Read settings::list "settings.list" (SettingsQuery) -> Settings, None("of the window only");
            /// Saves a view or preference.
            Write settings::set "settings.set" (Setting) -> Empty, None("of the window only");
            /// Removes a view or preference.
            Write settings::remove "settings.remove" (SettingName) -> Empty, None("of the window only");

            /// Running and finished jobs.
            Read jobs::list "jobs.list" (Empty) -> Jobs, None("a command waits for its own job");
            /// One job.
            Read jobs::get "jobs.get" (JobId) -> Job, None("a command waits for its own job");
            /// Asks a job to stop.
            Local jobs::cancel "jobs.cancel" (JobId) -> Job, None("Ctrl-C");
        }
    };
}

macro_rules! declare_specs {
    ($($(#[doc = $doc:literal])* $class:ident $module:ident::$function:ident $name:literal ($request:ident) -> $response:ident, $cli:ident($words:literal);)*) => {
        /// Every command there is.
        pub static COMMANDS: &[CommandSpec] = &[
            $(CommandSpec {
                name: $name,
                class: Class::$class,
                request: stringify!($request),
                response: stringify!($response),
                cli: Cli::$cli($words),
                doc: concat!($($doc),*),
            },)*
        ];
    };
}

for_each_command!(declare_specs);

/// The declaration of a command.
pub fn spec(name: &str) -> Option<&'static CommandSpec> {
    COMMANDS.iter().find(|c| c.name == name)
}
