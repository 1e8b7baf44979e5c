//! Import: preview, plan, apply, resume; runs and their undo.

use crate::dto::{DiffSample, FileHandle, wire};
use steward_domain::run::UnknownField;
use steward_domain::{Duplicates, ImportMode, RunCounts, RunRecord, SourceChoice, Staging, Value, Violation};
use steward_mapping::Mapping;
use steward_sources::Examined;

wire! {
    /// Files, and how their rows become records; a part of every request about files.
    #[derive(Default)]
    pub struct Sources {
        pub files: Vec<String>,
        /// How to read each file, in their order; what is left out is recognised.
        #[ts(optional, as = "Option<Vec<SourceChoice>>")]
        #[serde(default)]
        pub choices: Vec<SourceChoice>,
        /// A mapping (see the guide on mappings); absent: columns go to the fields of their names.
        #[ts(optional, as = "Option<Mapping>")]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub mapping: Option<serde_json::Value>,
    }

    /// An external database whose records are to be imported; it can be used as a file then, with its collections as parts.
    pub struct ConnectSource {
        /// `mongodb://` or `mongodb+srv://`, with a database name.
        pub uri: String,
        /// Where the address names a user without one; absent: that of the keyring.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub password: Option<String>,
        /// Keep the password in the keyring.
        pub remember: bool,
    }

    pub struct PreviewImport {
        #[serde(flatten)]
        #[ts(flatten)]
        pub sources: Sources,
        /// `careers` or `careers@1.0.0`; detected when absent.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
    }

    /// Why a schema was recognised.
    pub struct Detection {
        pub schema: String,
        /// 0 to 1.
        pub confidence: f64,
        pub reason: String,
    }

    /// One row: what the source has, and the record that it becomes.
    pub struct PreviewRow {
        pub row_number: i64,
        /// The values of the source by column, where a mapping is tried; absent where the row cannot be read.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub source: Option<Value>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub document: Option<Value>,
        pub raw: String,
        /// Each points at its place in the record.
        pub violations: Vec<Violation>,
    }

    pub struct FilePreview {
        pub file: FileHandle,
        pub source: Examined,
        /// Best first; empty when nothing fits.
        pub detected: Vec<Detection>,
        pub fields: Vec<String>,
        pub rows: Vec<PreviewRow>,
        /// Things a person should know: truncated, empty, not text.
        pub notes: Vec<String>,
    }

    pub struct ImportPreview { pub files: Vec<FilePreview> }

    pub struct PlanImport {
        #[serde(flatten)]
        #[ts(flatten)]
        pub sources: Sources,
        /// Absent: detected; empty text: without a schema.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
        /// Absent: the schema's collection.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub collection: Option<String>,
        /// Absent: the schema's key.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub key_field: Option<String>,
        pub mode: ImportMode,
        /// What happens to rows that share a key. Absent: as the schema says, else `ask`.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub duplicates: Option<Duplicates>,
        /// Load into a staging collection, to be promoted after a review.
        #[ts(optional, as = "Option<bool>")]
        #[serde(default)]
        pub staged: bool,
        /// Read everything and compare it with what is there: exact counts and samples.
        /// Otherwise the plan only resolves schema, collection and key.
        pub full: bool,
    }

    pub struct ImportPlan {
        pub plan_id: String,
        pub files: Vec<FileHandle>,
        pub collection: String,
        pub key_field: String,
        pub schema: String,
        /// Why it is this schema, or none, in a few words.
        pub schema_reason: String,
        pub mode: ImportMode,
        /// Where the rows go once they are promoted; `collection` is the staging collection then.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub staging: Option<Staging>,
        /// Absent on a quick plan.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub counts: Option<RunCounts>,
        /// Records that will be updated, with their differences; the first ones.
        pub updates: Vec<DiffSample>,
        /// Rows that will go to quarantine; the first ones.
        pub rejected: Vec<RejectedRow>,
        /// Errors by rule and field, most frequent first.
        pub problems: Vec<ProblemCount>,
        pub unknown_fields: Vec<UnknownField>,
        pub notes: Vec<String>,
        /// What each file was taken for, in one line; empty on a quick plan.
        pub recognised: Vec<RecognisedFile>,
    }

    pub struct RecognisedFile { pub file: String, pub recognised: String }

    pub struct RejectedRow { pub file: String, pub row_number: i64, pub raw: String, pub errors: Vec<Violation> }

    pub struct ProblemCount { pub field: String, pub rule: String, pub message: String, pub rows: i64 }

    pub struct ResumeRun {
        pub run_id: String,
        /// The same files again, where they are not readable at their old place.
        pub files: Vec<String>,
    }

    pub struct RunId { pub run_id: String }

    pub struct Runs { pub runs: Vec<RunRecord> }

    pub struct RunDetail {
        pub run: RunRecord,
        pub problems: Vec<ProblemCount>,
        /// The first updates with their differences.
        pub updates: Vec<DiffSample>,
        /// Records that the run keeps next to the data, so that it can be undone as a whole.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub kept: Option<i64>,
        /// Its files are no longer where they were read: to go on, it has to be given them again.
        pub needs_files: bool,
        /// Its undo was interrupted and can be rolled back.
        pub can_go_back: bool,
    }

    /// What giving up the records that a run keeps will do.
    pub struct DiscardRunPlan {
        pub plan_id: String,
        pub run: RunRecord,
        /// Records that will be dropped.
        pub records: i64,
    }

    /// What undoing a run will do.
    pub struct UndoRunPlan {
        pub plan_id: String,
        pub run: RunRecord,
        /// Inserted records that will be removed.
        pub remove: i64,
        /// Updated records that will get their earlier values back.
        pub restore: i64,
        /// Quarantined rows that will be withdrawn.
        pub withdraw: i64,
        /// Rows released from its quarantine since: their records go, too.
        pub released: i64,
        /// Rows of its quarantine that a later import had as well: they wait on for that one.
        pub handed_on: i64,
        /// Records edited since the run: they are left as they are.
        pub edited_since: i64,
        pub samples: Vec<DiffSample>,
        /// Of a replaced collection with later edits: the collection that keeps what is undone.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub kept_as: Option<String>,
    }

    pub struct RunUndone {
        pub run: RunRecord,
        pub removed: i64,
        pub restored: i64,
        /// Rows that were withdrawn from quarantine.
        pub withdrawn: i64,
        /// Rows released from its quarantine whose records were undone, too.
        pub released: i64,
        pub kept: i64,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub kept_as: Option<String>,
        /// Of a promotion: the collection in which the staged rows are again.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub staged_in: Option<String>,
    }

    /// Asks for the plan of promoting a staged run.
    pub struct PromoteRun {
        pub run_id: String,
        /// Compare everything with what is there: exact counts and samples.
        pub full: bool,
    }

    /// Writes the valid and the invalid rows of a file, each with the bytes that they came with.
    pub struct SplitFile {
        pub source: SplitSource,
        /// Where the valid rows go; absent: they are not written.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub valid: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub invalid: Option<String>,
    }

    #[serde(tag = "of", rename_all_fields = "camelCase")]
    pub enum SplitSource {
        /// One file, read and checked as `imports.validate` does.
        File { check: ValidateFiles },
        /// A file of an import, read and checked as the import did; without a run the newest one that has the file.
        Run {
            #[ts(optional)]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            run_id: Option<String>,
            file: String,
        },
    }

    pub struct SplitNames { pub valid: String, pub invalid: String }

    pub struct RowsSplit {
        pub valid: i64,
        pub invalid: i64,
        pub files: Vec<FileHandle>,
    }

    pub struct ValidateFiles {
        #[serde(flatten)]
        #[ts(flatten)]
        pub sources: Sources,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
        /// Handle of a file that every error is written to: CSV, or NDJSON where its name ends in `.json` or `.ndjson`.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub report: Option<String>,
    }
}
