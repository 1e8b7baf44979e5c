//! Increments, and the points in time that they lead to.

use crate::dto::{Backup, wire};

wire! {
    /// Takes an increment: what happened since the last one. Where none can build on what is there, a whole backup.
    #[derive(Default)]
    pub struct TakeIncrement {
        /// For encryption by passphrase; absent: that of the keyring.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub passphrase: Option<String>,
    }

    /// Changes between two points in time, RFC 3339 UTC.
    pub struct BackupIncrement {
        pub id: String,
        pub place: String,
        pub from: String,
        pub until: String,
        pub changes: i64,
        /// On disk.
        pub bytes: i64,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub damage: Option<String>,
    }

    pub struct BackupIncremented {
        /// Absent where nothing happened.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub increment: Option<BackupIncrement>,
        /// The whole backup that was taken instead, or as well.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub base: Option<Backup>,
        /// Why it was taken, where increments could not go on.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub why: Option<String>,
        /// The latest point in time that can be restored now.
        pub until: String,
        /// Places that do not have it, with why.
        pub failed: Vec<String>,
    }

    /// PointsInTime that can be restored, both ends included.
    pub struct TimelineRange { pub from: String, pub until: String }

    /// PointsInTime that cannot.
    pub struct TimelineGap { pub from: String, pub until: String, pub why: String }

    /// A whole backup that increments can build on.
    pub struct TimelineBase {
        pub id: String,
        pub place: String,
        pub at: String,
        pub verified: bool,
        /// The last verification found something wrong, or the file is damaged.
        pub failed: bool,
    }

    pub struct BackupTimeline {
        /// Oldest first, as everything here.
        pub ranges: Vec<TimelineRange>,
        pub gaps: Vec<TimelineGap>,
        pub bases: Vec<TimelineBase>,
        pub increments: Vec<BackupIncrement>,
        /// Minutes between two increments that are taken by themselves.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub every: Option<u32>,
        /// Why this workspace can have no increments.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub impossible: Option<String>,
        pub notes: Vec<String>,
    }
}
