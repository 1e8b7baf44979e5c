//! What runs on a schedule.

use crate::dto::wire;

wire! {
    /// How the last run of a task ended.
    #[derive(Copy, Eq)]
    pub enum TaskOutcome { Done, Failed }

    /// A task with its entry in the ledger. Times are RFC 3339, UTC.
    pub struct TaskEntry {
        pub name: String,
        pub title: String,
        /// A cron expression in local time, or `every 15 min`; without one it does not run by itself.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schedule: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next_at: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub started_at: Option<String>,
        /// Not there while it runs.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub finished_at: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub outcome: Option<TaskOutcome>,
        /// What came of it, or why it failed.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub message: Option<String>,
        /// Failures since it last succeeded.
        pub failures: u32,
    }

    pub struct Tasks {
        pub tasks: Vec<TaskEntry>,
    }

    /// Names the task to run now.
    pub struct RunTask {
        pub name: String,
    }
}
