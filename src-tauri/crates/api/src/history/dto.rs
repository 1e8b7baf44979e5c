//! The history of the workspace, undo and redo.

use crate::dto::wire;
use steward_domain::{ChangeSet, ChangeState, RecordChange};

wire! {
    pub struct ListChanges {
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub collection: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before_seq: Option<i64>,
        pub limit: i64,
    }

    /// Newest first.
    pub struct Changes {
        pub changes: Vec<ChangeSet>,
        pub more: bool,
    }

    pub struct ChangeId { pub change_set: String }

    pub struct ChangeDetail {
        pub change_set: ChangeSet,
        /// The first hundred record changes.
        pub records: Vec<RecordChange>,
    }

    /// Takes a change set back by a new one. Undoing that one is the redo.
    pub struct UndoChange { pub change_set: String }

    /// A write that went through, or the records in the way of it.
    #[serde(tag = "status", rename_all_fields = "camelCase")]
    pub enum ChangeOutcome {
        Applied { change_set: ChangeSet },
        /// These records were changed since; nothing was written.
        Conflict { records: Vec<RecordChange> },
        /// It takes a while: the outcome is the job's.
        Started { job_id: String },
    }

    /// The hash chain of the history, recomputed.
    pub struct ChainReport {
        pub ok: bool,
        pub entries: i64,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub broken_at: Option<i64>,
        pub message: String,
        /// The end of the history, where everything is; kept somewhere else, a later check can be held against it.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub end: Option<HistoryEnd>,
    }

    /// Checks the history, also against its end as someone kept it.
    #[derive(Default)]
    pub struct VerifyChanges {
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub kept: Option<HistoryEnd>,
    }

    /// The newest entry of a workspace's history.
    pub struct HistoryEnd {
        /// Which workspace it is of, however that is reached.
        pub workspace: String,
        pub seq: i64,
        pub hash: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub state: Option<ChangeState>,
    }
}

impl From<steward_workspace::edit::Undone> for ChangeOutcome {
    fn from(undone: steward_workspace::edit::Undone) -> Self {
        match undone {
            steward_workspace::edit::Undone::Applied(change_set) => Self::Applied { change_set },
            steward_workspace::edit::Undone::Conflict(records) => Self::Conflict { records },
        }
    }
}
