//! The list of restores, in the workspace.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use steward_domain::{Filter, RestoreRecord};
use steward_pipeline::{Error, Result, Workspace, alive, docs};
use steward_store::names;

/// How often a running restore shows that it lives, and how long a silence means that it does not.
const EVERY: Duration = Duration::from_secs(5);
const SILENCE_SECONDS: i64 = 30;
const LISTED: usize = 200;

pub(super) async fn put(workspace: &Workspace, record: &RestoreRecord) -> Result<()> {
    let record = RestoreRecord { heartbeat_at: workspace.clock.stamp(), process: alive::mark().to_owned(), ..record.clone() };
    workspace.put(names::RESTORES, &docs::to_document(&record.id, &record)?).await
}

/// Restores of this workspace, newest first.
pub async fn list(workspace: &Workspace) -> Result<Vec<RestoreRecord>> {
    let found = workspace.own_documents(names::RESTORES, Filter::all(), "_id", LISTED).await?;
    let mut found: Vec<RestoreRecord> = found.iter().map(docs::from_document).collect::<Result<_>>()?;
    // Ids of different programs tell the second only.
    found.sort_by(|a, b| b.started_at.cmp(&a.started_at));
    Ok(found)
}

pub async fn get(workspace: &Workspace, id: &str) -> Result<RestoreRecord> {
    let found = workspace.own_document(names::RESTORES, id).await?;
    docs::from_document(&found.ok_or_else(|| Error::NotFound(format!("There is no restore {id} in this workspace.")))?)
}

/// It was going on and nobody goes on with it.
pub fn interrupted(workspace: &Workspace, record: &RestoreRecord) -> bool {
    let beat = chrono::DateTime::parse_from_rfc3339(&record.heartbeat_at);
    let silent = || !beat.is_ok_and(|at| (workspace.clock.now() - at.to_utc()).num_seconds() < SILENCE_SECONDS);
    record.is_open() && (alive::has_ended(&record.process) || silent())
}

/// Shows now and then that a restore lives.
pub struct Beat {
    of: Option<(Workspace, RestoreRecord)>,
    last: Mutex<Instant>,
}

impl Beat {
    pub(super) fn new(workspace: &Workspace, record: &RestoreRecord) -> Self {
        Self { of: Some((workspace.clone(), record.clone())), last: Mutex::new(Instant::now()) }
    }

    /// For what nobody waits for.
    pub fn none() -> Self {
        Self { of: None, last: Mutex::new(Instant::now()) }
    }

    pub async fn show(&self) -> Result<()> {
        let Some((workspace, record)) = &self.of else {
            return Ok(());
        };
        {
            let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if last.elapsed() < EVERY {
                return Ok(());
            }
            *last = Instant::now();
        }
        put(workspace, record).await
    }
}
