//! Jobs: long work with progress, cancel and a kept outcome.

use crate::dto::{ImportPlan, RecordsExported, RetryOutcome, RunUndone, wire};
use crate::error::ApiError;
use steward_domain::RunRecord;
use steward_domain::quality::QualityReport;

wire! {
    pub enum JobState { Running, Done, Failed, Cancelled }

    pub enum JobKind { Plan, Import, UndoRun, Retry, Export, Quality, Sample, Bulk, Backup, Verification, Restore, Task, Search }

    pub enum JobUnit { Rows, Records, Bytes }

    pub struct Job {
        pub id: String,
        pub kind: JobKind,
        /// What is being done, for people: "Importing production_career_data.json".
        pub title: String,
        pub phase: String,
        pub state: JobState,
        pub done: i64,
        /// Absent while it is not known.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub total: Option<i64>,
        pub unit: JobUnit,
        /// Units per second, over the last seconds.
        pub rate: f64,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub seconds_left: Option<f64>,
        /// RFC 3339, UTC.
        pub started_at: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub finished_at: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub outcome: Option<JobOutcome>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub error: Option<ApiError>,
    }

    /// What a finished job left.
    #[serde(tag = "outcome", content = "value")]
    pub enum JobOutcome {
        Plan(ImportPlan),
        Run(RunRecord),
        RunUndone(RunUndone),
        Retried(RetryOutcome),
        Exported(RecordsExported),
        Quality(QualityReport),
        Found(crate::dto::RecordsFound),
        Changed(crate::dto::ChangeOutcome),
        /// A change that was interrupted is undone; the history has no entry of it.
        RolledBack(crate::dto::Empty),
        Split(crate::dto::RowsSplit),
        BackedUp(crate::dto::BackupMade),
        Incremented(crate::dto::BackupIncremented),
        Verified(crate::dto::BackupVerified),
        Compared(crate::dto::BackupsCompared),
        RestorePlan(crate::dto::RestorePlan),
        PointInTimeBuilt(crate::dto::BuiltPointInTime),
        Restored(crate::dto::RestoreDone),
        Task(crate::dto::TaskEntry),
    }

    /// A job was started; follow it by its events or `jobs.get`.
    pub struct JobStarted { pub job_id: String }

    pub struct JobId { pub job_id: String }

    pub struct Jobs { pub jobs: Vec<Job> }
}
