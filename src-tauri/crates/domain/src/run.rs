//! Import runs: what was asked, how far it came, what became of each row.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a row meets a record that exists already. Same words as `mongoimport --mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ImportMode {
    /// Insert, or replace the record that has the same key.
    #[default]
    Upsert,
    /// Insert, or set only the fields that the row has.
    Merge,
    /// Insert only; a row whose key exists goes to quarantine.
    Insert,
    /// The rows take the place of all records of the collection, in one step at the end.
    Replace,
}

/// What happens to rows that share a key, within the files and with records that exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", tag = "keep")]
pub enum Duplicates {
    /// The first row is loaded; later ones wait in quarantine for a person.
    #[default]
    Ask,
    /// The first row is loaded; later ones are set aside.
    First,
    /// Later rows take the place of earlier ones.
    Last,
    /// The row or record whose date (or other value) in this field is greater stays; the others are set aside.
    Newest { field: String },
}

impl Duplicates {
    /// As written by people: `ask`, `first`, `last`, `newest:updated_at`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "ask" => Some(Self::Ask),
            None if text == "first" => Some(Self::First),
            None if text == "last" => Some(Self::Last),
            Some(("newest", field)) if !field.trim().is_empty() => Some(Self::Newest { field: field.trim().to_owned() }),
            _ => None,
        }
    }

    /// The field that says which one is newer.
    pub fn newest_by(&self) -> Option<&str> {
        match self {
            Self::Newest { field } => Some(field),
            Self::Ask | Self::First | Self::Last => None,
        }
    }

    /// Later rows of a key are loaded too.
    pub fn lets_later_in(&self) -> bool {
        matches!(self, Self::Last | Self::Newest { .. })
    }
}

/// Outcome per row, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunCounts {
    pub read: i64,
    pub inserted: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub quarantined: i64,
    /// Kept out, and waiting in quarantine already since an earlier import of the same source.
    #[serde(default)]
    #[ts(optional, as = "Option<i64>")]
    pub waiting_already: i64,
    /// Set aside because another row or record with the same key was kept, as the import was asked to.
    #[serde(default)]
    #[ts(optional, as = "Option<i64>")]
    pub set_aside: i64,
    /// Records that a replaced collection had and has no more.
    #[serde(default)]
    #[ts(optional, as = "Option<i64>")]
    pub removed: i64,
}

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RunState {
    Running,
    Done,
    Cancelled,
    Failed,
    /// Its process is gone: it can be resumed or undone.
    Interrupted,
    /// What it wrote is being undone.
    Undoing,
    /// The process that took it back is gone: the undo can be run again.
    HalfUndone,
    Undone,
}

/// One import run as the list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    pub id: String,
    pub state: RunState,
    pub collection: String,
    /// `careers@1.0.0`; empty when no schema was used.
    pub schema: String,
    /// Why it was this schema, in a few words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(optional, as = "Option<String>")]
    pub schema_reason: String,
    pub mode: ImportMode,
    pub key_field: String,
    pub files: Vec<RunFile>,
    pub counts: RunCounts,
    /// RFC 3339, UTC.
    pub started_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub finished_at: Option<String>,
    pub actor: String,
    /// Plain sentences: the file is truncated, a row is far too large, …
    pub notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
    /// Fields that the schema does not know, with how many rows have them.
    pub unknown_fields: Vec<UnknownField>,
    /// The mapping that was applied, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mapping: Option<String>,
    /// What was to happen to rows that share a key.
    #[serde(default)]
    #[ts(optional, as = "Option<Duplicates>")]
    pub duplicates: Duplicates,
    /// Change set that recorded the run in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub change_set: Option<String>,
    /// The collection holds these rows for review only: where they go when they are promoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub staging: Option<Staging>,
    /// The staged run whose rows this one loads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub promotes: Option<String>,
    /// Where the records are that this run replaced, until it is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub replaced: Option<String>,
    /// When what the run kept was deleted, RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub discarded_at: Option<String>,
    /// The change set of its undo, from when that begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(skip)]
    pub undo_set: Option<String>,
    /// What it was before its undo began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(skip)]
    pub undone_from: Option<RunState>,
    /// Earlier change sets of undoing it, and of undoing that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(skip)]
    pub undo_sets: Vec<String>,
    /// Bookkeeping that the counts include.
    #[serde(default)]
    #[ts(skip)]
    pub recorded: Recorded,
    /// The fencing number of the lease under which it was last written: a checkpoint of an earlier holder is refused by it.
    #[serde(default)]
    #[ts(skip)]
    pub lease: i64,
}

/// How far the bookkeeping of a run is confirmed: what is behind these numbers was written by a batch that was not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// Number of the next list of inserted records.
    pub inserts: i64,
    /// Number of the next change of a record.
    pub changes: i64,
    /// Records that the entries of the history speak of.
    #[serde(rename = "told")]
    pub reported: i64,
}

/// What becomes of staged rows once someone has looked at them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Staging {
    /// The collection that they are meant for.
    pub collection: String,
    pub mode: ImportMode,
    /// The run that promoted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub promoted_by: Option<String>,
}

/// One source file of a run and how far it was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunFile {
    pub name: String,
    /// Where it was read from: a file, or the address of a database without its secrets. Empty for this workspace itself.
    pub path: String,
    /// The collection that was read, where the source is a database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub collection: Option<String>,
    /// Of a collection: where reading goes on after the rows that are loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cursor: Option<String>,
    pub bytes: i64,
    /// SHA-256 of the content, hex; empty until it was read to the end.
    pub sha256: String,
    /// Rows that are safely loaded: the checkpoint that a resume goes on from.
    pub rows_done: i64,
    /// How it was read, where a person chose.
    #[serde(default, skip_serializing_if = "crate::SourceChoice::is_empty")]
    #[ts(optional, as = "Option<crate::SourceChoice>")]
    pub choice: crate::SourceChoice,
    /// What it was taken for, in one line: kind, encoding, separator, header, columns, what was skipped.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(optional, as = "Option<String>")]
    pub recognised: String,
}

/// A field that the schema does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UnknownField {
    pub field: String,
    pub rows: i64,
}
