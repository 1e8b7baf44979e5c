//! Quarantine: what was not let in, kept as it came, with every reason.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Value, Violation};

/// What became of a quarantined row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum QuarantineStatus {
    Waiting,
    Released,
    Discarded,
    /// Its run was undone; it is as it was once that is undone.
    Withdrawn,
}

/// One row that was kept out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QuarantineEntry {
    pub id: String,
    pub run_id: String,
    pub collection: String,
    pub source_file: String,
    /// SHA-256 of the source, hex; empty when it could not be read to its end.
    pub source_hash: String,
    /// Row in the source, from 1.
    pub row_number: i64,
    /// Byte offset of the row in the source.
    pub byte_offset: i64,
    /// The row as it came: text, or base64 where it is not UTF-8 (`raw_base64`).
    pub raw: String,
    pub raw_base64: bool,
    /// The record as it is now, after edits; absent where the row could not be parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub document: Option<Value>,
    pub errors: Vec<Violation>,
    pub schema: String,
    pub status: QuarantineStatus,
    /// RFC 3339, UTC.
    pub quarantined_at: String,
    pub edited: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resolved_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
    /// Key of the record that the row was imported as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub record_key: Option<Value>,
    /// What it was before it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(skip)]
    pub was: Option<QuarantineStatus>,
    /// What the row is known again by when its source is imported another time.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(skip)]
    pub fingerprint: String,
    /// Later runs that had the same row of the same source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub also_runs: Vec<String>,
    /// The ids that the row would have had there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(skip)]
    pub again: Vec<String>,
}
