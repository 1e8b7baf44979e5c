//! Plans wait here until they are applied by id, once, or until they are too old.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use steward_backup::read::Backup as Archive;
use steward_backup::restore::Choice;
use steward_import::import::ImportSpec;
use steward_import::quarantine::Correction;
use steward_workspace::bulk::Prepared;

use crate::dto::BackupRef;
use crate::error::{ApiError, ApiResult, ErrorCode};

/// How long a plan can be applied.
const VALID_FOR: Duration = Duration::from_secs(3600);

/// What a plan will do.
pub enum Plan {
    Import { spec: ImportSpec, stamps: Vec<FileStamp>, state: Option<CollectionStamp> },
    UndoRun { run: String },
    SettleRun { run: String },
    Bulk(Box<Prepared>),
    Fix(Box<steward_import::quarantine::fix::Prepared>),
    Corrections(Vec<Correction>),
    Prune(Vec<BackupRef>),
    Restore(Box<PlannedRestore>),
    UndoRestore { restore: String },
    SettleRestore { restore: String },
}

/// A restore that was looked at.
pub struct PlannedRestore {
    pub archive: Archive,
    /// Where the backup lies.
    pub from: String,
    pub choice: Choice,
    /// What was given to open the backup; it locks the one that is taken first.
    pub passphrase: Option<String>,
    /// Collections with their records and last change when the plan was made.
    pub before: Vec<(String, Option<u64>, Option<String>)>,
    /// Why it would be refused, as a sentence.
    pub impossible: Option<String>,
    /// What cannot come back, as sentences.
    pub lost: Vec<String>,
}

/// A file as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStamp {
    pub bytes: u64,
    pub modified: Option<std::time::SystemTime>,
}

impl FileStamp {
    pub fn of(path: &std::path::Path) -> Self {
        let meta = std::fs::metadata(path).ok();
        Self { bytes: meta.as_ref().map_or(0, std::fs::Metadata::len), modified: meta.and_then(|m| m.modified().ok()) }
    }
}

/// A collection as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionStamp {
    pub records: u64,
    pub last_change: Option<String>,
}

/// The plans of this process.
#[derive(Default)]
pub struct Plans {
    plans: Mutex<HashMap<String, (Instant, Plan)>>,
}

impl Plans {
    pub fn put(&self, plan: Plan) -> String {
        let id = steward_workspace::workspace::new_id();
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|_, (made, _)| made.elapsed() < VALID_FOR);
        plans.insert(id.clone(), (Instant::now(), plan));
        id
    }

    /// Takes a plan: it can be applied once.
    pub fn take(&self, id: &str) -> ApiResult<Plan> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        match plans.remove(id) {
            Some((made, plan)) if made.elapsed() < VALID_FOR => Ok(plan),
            _ => Err(stale()),
        }
    }

    /// Plans belong to a workspace: another one is opened.
    pub fn clear(&self) {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A plan that cannot be applied any more.
pub fn stale() -> ApiError {
    ApiError::new(ErrorCode::StalePlan, "This plan does not fit the data any more, or was applied already.")
        .hint("Make the plan again and look at it once more.")
}
