//! Restores: plan, apply, undo.

use steward_domain::{RestoreMode, RestoreRecord, Value};

use crate::dto::{BackupRef, BackupSecret, wire};

wire! {
    /// Where to restore from.
    #[serde(tag = "kind")]
    pub enum RestoreFrom {
        Backup(BackupRef),
        /// What increments lead to.
        PointInTime(RestorePointInTime),
        /// What `restores.buildPointInTime` has made, whichever workspace is open by now.
        Built(BuiltPointInTime),
        /// A manifest, an archive of Steward or mongodump, or a dump folder, as the host handed it over.
        File {
            file: String,
            #[ts(optional)]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            database: Option<String>,
            /// Do the changes again that were made while it was dumped.
            #[ts(optional, as = "Option<bool>")]
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            oplog: bool,
        },
    }

    /// A point in time between two backups: RFC 3339, or local time (`2026-11-22 14:05[:30]`).
    pub struct RestorePointInTime { pub at: String }

    pub struct BuildPointInTime {
        pub at: String,
        #[serde(flatten)]
        #[ts(flatten)]
        pub secret: BackupSecret,
    }

    /// A point in time that was assembled from a backup and its increments.
    pub struct BuiltPointInTime { pub id: String }

    pub struct RestoreName { pub name: String, pub into: String }

    pub struct PlanRestore {
        pub from: RestoreFrom,
        #[serde(flatten)]
        #[ts(flatten)]
        pub secret: BackupSecret,
        /// All under their own names where empty.
        #[ts(optional, as = "Option<Vec<RestoreName>>")]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub collections: Vec<RestoreName>,
        /// History, quarantine, saved mappings and settings too.
        pub own: bool,
        pub mode: RestoreMode,
    }

    pub struct RestoreSample {
        pub title: String,
        /// As it is now; absent where it would be added.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub now: Option<Value>,
        pub then: Value,
        pub changes: Vec<steward_domain::FieldChange>,
    }

    pub struct RestoreCollection {
        pub name: String,
        pub into: String,
        /// In the backup.
        pub records: i64,
        /// In the workspace; absent where there is no such collection.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub now: Option<i64>,
        pub added: i64,
        pub changed: i64,
        pub removed: i64,
        pub unchanged: i64,
        pub samples: Vec<RestoreSample>,
        /// Nothing in it can be restored; the note says why.
        pub left_out: bool,
        /// The restore would be refused because of it; the notes say why.
        pub impossible: bool,
        /// What does not come back as it was: ends of sentences that begin with its name.
        pub notes: Vec<String>,
        pub own: bool,
    }

    pub struct RestorePlan {
        pub plan_id: String,
        /// Id of the backup, or name of the file.
        pub backup: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub made_at: Option<String>,
        pub mode: RestoreMode,
        pub collections: Vec<RestoreCollection>,
        /// A backup of what is there now is taken first.
        pub safety: bool,
        /// About how long it will take.
        pub seconds: f64,
        pub notes: Vec<String>,
        /// What cannot be restored, as sentences: it has to be agreed that it is left out.
        pub lost: Vec<String>,
    }

    pub struct ApplyRestore {
        pub plan_id: String,
        /// What cannot be restored is left out; otherwise the restore is refused where there is something.
        #[ts(optional, as = "Option<bool>")]
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub leave_out: bool,
    }

    pub struct RestoreEntry {
        pub restore: RestoreRecord,
        /// It was going on and nobody goes on with it.
        pub interrupted: bool,
        pub can_undo: bool,
        /// It, or its undo, was interrupted and can be rolled back.
        pub can_go_back: bool,
    }

    pub struct Restores { pub restores: Vec<RestoreEntry> }

    pub struct RestoreId { pub restore_id: String }

    pub struct ResumeRestore {
        pub restore_id: String,
        #[serde(flatten)]
        #[ts(flatten)]
        pub secret: BackupSecret,
    }

    pub struct UndoRestoreCollection {
        pub collection: String,
        /// Records that come back; absent where there was no collection before.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub back: Option<i64>,
        pub away: i64,
        pub edited_since: i64,
        /// What was restored and edited since is kept under this name.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub kept_as: Option<String>,
    }

    pub struct UndoRestorePlan { pub plan_id: String, pub restore: RestoreRecord, pub collections: Vec<UndoRestoreCollection> }

    pub struct DiscardRestorePlan { pub plan_id: String, pub restore: RestoreRecord, pub records: i64 }

    pub struct RestoreDone {
        pub restore: RestoreRecord,
        /// Names under which something edited since is kept, after an undo.
        pub kept_as: Vec<String>,
    }
}
