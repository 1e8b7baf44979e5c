//! Restores: what was restored, from where, how far it came, and what it archived.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How restored records meet those that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RestoreMode {
    /// The collection becomes what it was in the backup.
    #[default]
    Clean,
    /// Records of the backup are added or restored; others stay.
    Merge,
}

/// State of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RestoreState {
    /// Records are loaded into staging next to the data, which is as it was.
    Loading,
    /// Everything is loaded and checked; collections are being swapped.
    Swapping,
    Done,
    /// Nothing was changed, or it was restored.
    Cancelled,
    Failed,
    /// Collections are being swapped again, back to what was there before.
    Undoing,
    Undone,
}

/// One collection of a restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RestoredCollection {
    /// In the backup.
    pub name: String,
    /// In the workspace.
    pub into: String,
    pub records: i64,
    /// There was a collection of this name before.
    pub existed: bool,
    /// It is a time-series collection, made by this definition: canonical Extended JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(skip)]
    pub series: Option<serde_json::Value>,
    /// The store refused it; the notes say why.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub left_out: bool,
}

/// One restore as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RestoreRecord {
    pub id: String,
    pub state: RestoreState,
    /// Id of the backup, or name of the archive or folder.
    pub backup: String,
    /// Place of the backup, as a person wrote it.
    pub from: String,
    /// When the backup was taken, RFC 3339 UTC; absent for other tools' archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub made_at: Option<String>,
    /// The point in time between two backups that was restored, RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub point_in_time: Option<String>,
    /// Changes that were made while the backup was dumped were done again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub replayed: bool,
    pub mode: RestoreMode,
    /// It was agreed that what cannot be restored is left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub leave_out: bool,
    pub collections: Vec<RestoredCollection>,
    /// History, quarantine, mappings and settings were restored too.
    pub own: bool,
    /// The backup that was taken just before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub safety: Option<String>,
    pub started_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub finished_at: Option<String>,
    pub actor: String,
    pub notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
    /// When what it archived was deleted, RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub discarded_at: Option<String>,
}

impl RestoreRecord {
    /// It has neither finished nor been undone.
    pub fn is_open(&self) -> bool {
        matches!(self.state, RestoreState::Loading | RestoreState::Swapping | RestoreState::Undoing)
    }

    pub fn can_be_undone(&self) -> bool {
        self.state == RestoreState::Done && self.discarded_at.is_none()
    }
}
