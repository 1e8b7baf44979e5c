//! Change sets: who changed what, when and why, with the value of each field before and after.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{FieldPath, RecordKey, Value};

/// One field of one record, before and after. Absent means the field was not there; null means null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    pub path: FieldPath,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::value::some")]
    #[ts(optional)]
    pub before: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::value::some")]
    #[ts(optional)]
    pub after: Option<Value>,
}

impl FieldChange {
    pub fn inverted(&self) -> Self {
        Self { path: self.path.clone(), before: self.after.clone(), after: self.before.clone() }
    }
}

/// What happened to one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RecordOp {
    Insert,
    Update,
    Delete,
}

/// One record's part in a change set. Inserts and deletes carry the whole record; updates carry fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecordChange {
    pub collection: String,
    pub key: RecordKey,
    pub op: RecordOp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// The whole record: what was inserted, or what was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub document: Option<Value>,
}

/// Why a change set exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    Edit,
    Create,
    Delete,
    Bulk,
    Import,
    Quarantine,
    Undo,
    Revert,
    Restore,
    /// Says what became of an entry that a crash had left open.
    Recovery,
}

/// Which way a call came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// The desktop window.
    Window,
    /// The web page.
    Page,
    CommandLine,
    /// The scheduler.
    Task,
}

/// State of a change set. On a store without transactions it is written as pending first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ChangeState {
    Pending,
    Confirmed,
    Failed,
}

/// State of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryState {
    pub id: String,
    pub state: ChangeState,
}

/// The light entry of the history. Its record changes are kept apart.
///
/// `hash` = SHA-256 over `previous_hash` and the entry's canonical text, so that the list is tamper-evident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSet {
    pub id: String,
    /// Position in the chain, from 1.
    pub seq: i64,
    /// RFC 3339, UTC.
    pub at: String,
    pub actor: String,
    /// Which way the call came in that wrote it. Absent in entries of programs that did not note it; part of the hash where it is
    /// there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub origin: Option<Origin>,
    pub kind: ChangeKind,
    pub state: ChangeState,
    pub collection: String,
    /// One sentence for the history list.
    pub summary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
    /// Records touched.
    pub records: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub run_id: Option<String>,
    /// The change set that this one undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub undoes: Option<String>,
    /// The change set that undid this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub undone_by: Option<String>,
    /// States of earlier entries when it was written: the one just before, and one that it says to have finished. Part of
    /// its hash, so that a state that is changed afterwards is noticed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(skip)]
    pub stood: Vec<EntryState>,
    /// SHA-256 over the record changes, hex.
    pub payload_hash: String,
    pub previous_hash: String,
    pub hash: String,
}
