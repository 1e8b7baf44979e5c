//! What runs by itself: each task has a schedule and an entry in a ledger (when it ran last, when it runs next, how it ended). The
//! window and the daemon run the tasks of the workspace that they have open; several programs take turns by a lease. What was due
//! while nothing ran is made up once.
//!
//! Looking for due tasks costs one read: the ledger holds the next times. Whoever changes a schedule calls [`reschedule`].

use std::sync::Arc;

use async_trait::async_trait;
use bson::Document;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use steward_domain::Filter;
use steward_store::{Durability, WriteBatch, WriteOp, names};

use crate::error::{Error, Result};
use crate::events::Event;
use crate::lease::Lease;
use crate::schedule::{Schedule, time};
use crate::workspace::Workspace;
use crate::{docs, outbox};

/// A task that failed is tried again after this long, or at its next time if that is sooner.
const REST: chrono::Duration = chrono::Duration::minutes(10);
/// More tasks than there will ever be.
const MANY: usize = 1000;

/// Something that runs on a schedule.
#[async_trait]
pub trait Task: Send + Sync {
    /// Its id in the ledger and on the command line.
    fn name(&self) -> &'static str;

    /// What it does, for people.
    fn title(&self) -> &'static str;

    /// When it runs in this workspace; `None` where it does not run by itself.
    async fn schedule(&self, workspace: &Workspace) -> Result<Option<Schedule>>;

    /// The lease that it runs under: tasks that must not run at the same time share one.
    fn lease(&self) -> &'static str {
        self.name()
    }

    /// A failure is worth a notice to someone.
    fn reports_failure(&self) -> bool {
        false
    }

    /// Whether this program may run it in this workspace.
    async fn may_run(&self, _workspace: &Workspace) -> Result<bool> {
        Ok(true)
    }

    /// When the same work was done last without the scheduler; asked once, when a schedule is first noted.
    async fn last_before_the_ledger(&self, _workspace: &Workspace) -> Result<Option<DateTime<Utc>>> {
        Ok(None)
    }

    /// Does the work and gives a sentence on what came of it. `workspace` is fenced by the task's lease.
    async fn run(&self, workspace: &Workspace) -> Result<String>;
}

/// How the last run of a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Done,
    Failed,
}

/// A task's entry in the ledger. Times are RFC 3339, UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// As a person writes it: a cron expression or `every 15 min`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What came of it, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Failures since it last succeeded.
    #[serde(default)]
    pub failures: u32,
}

impl Entry {
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.next_at.as_deref().and_then(time).is_some_and(|next| next <= now)
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The ledger as it was read, by task.
pub struct Ledger(Vec<Document>);

impl Ledger {
    /// One read.
    pub async fn read(workspace: &Workspace) -> Result<Self> {
        Ok(Self(workspace.own_documents(names::TASKS, Filter::all(), "_id", MANY).await?))
    }

    /// The entry of a task; an empty one before its first run.
    pub fn entry(&self, task: &str) -> Result<Entry> {
        match self.0.iter().find(|doc| doc.get_str("_id").is_ok_and(|id| id == task)) {
            Some(doc) => docs::from_document(doc),
            None => Ok(Entry::default()),
        }
    }
}

/// Notes the schedules as they are now, and the next times by them. A task keeps its time where its schedule is the same.
pub async fn reschedule(workspace: &Workspace, tasks: &[Arc<dyn Task>]) -> Result<()> {
    let ledger = Ledger::read(workspace).await?;
    let now = workspace.clock.now();
    let mut ops = Vec::new();
    for task in tasks {
        let before = ledger.entry(task.name())?;
        let schedule = task.schedule(workspace).await?;
        let mut entry = Entry { schedule: schedule.as_ref().map(ToString::to_string), ..before.clone() };
        if entry.schedule != before.schedule || entry.next_at.is_none() {
            let last = match before.started_at.as_deref().and_then(time) {
                None if schedule.is_some() => task.last_before_the_ledger(workspace).await?,
                last => last,
            };
            entry.next_at = schedule.map(|schedule| match last {
                // The first run is due at once: what was never done is overdue.
                None => stamp(now),
                Some(last) => stamp(schedule.next(last).unwrap_or(now)),
            });
        }
        if entry != before {
            ops.push(WriteOp::put(names::TASKS, &docs::to_document(task.name(), &entry)?)?);
        }
    }
    if !ops.is_empty() {
        workspace.store.write(WriteBatch::data(ops), Durability::Full).await?;
    }
    Ok(())
}

/// Runs what is due, one after the other. Gives the names of the tasks that ran.
pub async fn run_due(workspace: &Workspace, tasks: &[Arc<dyn Task>]) -> Result<Vec<&'static str>> {
    let ledger = Ledger::read(workspace).await?;
    let mut ran = Vec::new();
    for task in tasks {
        // The clock is asked again: the task before may have taken an hour.
        let is_due = ledger.entry(task.name())?.is_due(workspace.clock.now());
        if is_due && task.may_run(workspace).await? && run(workspace, task.as_ref(), true).await? {
            ran.push(task.name());
        }
    }
    Ok(ran)
}

/// Runs a task now, whatever its schedule says.
///
/// Errors: `Conflict` while another process runs it; what the task failed with.
pub async fn run_now(workspace: &Workspace, task: &dyn Task) -> Result<String> {
    if !run(workspace, task, false).await? {
        return Err(Error::Conflict(format!("'{}' is running already.", task.name())));
    }
    let entry = Ledger::read(workspace).await?.entry(task.name())?;
    let message = entry.message.unwrap_or_default();
    match entry.outcome {
        Some(Outcome::Failed) => Err(Error::BadRequest(message)),
        _ => Ok(message),
    }
}

/// False where another process has the lease, or was quicker.
async fn run(workspace: &Workspace, task: &dyn Task, only_if_due: bool) -> Result<bool> {
    let Some(lease) = Lease::try_take(workspace, task.lease()).await? else { return Ok(false) };
    let held = lease.workspace();
    let result = run_held(held, task, only_if_due).await;
    lease.release().await;
    workspace.events.emit(&Event::TaskChanged { task: task.name().to_owned() });
    result
}

async fn run_held(workspace: &Workspace, task: &dyn Task, only_if_due: bool) -> Result<bool> {
    // Another process may have run it between the first look and the lease.
    let before = Ledger::read(workspace).await?.entry(task.name())?;
    let started = workspace.clock.now();
    if only_if_due && !before.is_due(started) {
        return Ok(false);
    }
    let schedule = task.schedule(workspace).await?;
    // Killed while it runs, it is not due again at once, but at its next time.
    let next = schedule.as_ref().and_then(|schedule| schedule.next(started));
    let running = Entry {
        schedule: schedule.as_ref().map(ToString::to_string),
        next_at: next.map(stamp),
        started_at: Some(stamp(started)),
        finished_at: None,
        outcome: None,
        message: None,
        failures: before.failures,
    };
    workspace.put(names::TASKS, &docs::to_document(task.name(), &running)?).await?;
    workspace.events.emit(&Event::TaskChanged { task: task.name().to_owned() });
    let result = task.run(workspace).await;
    let now = workspace.clock.now();
    let mut entry = Entry { finished_at: Some(stamp(now)), ..running };
    let mut ops = Vec::new();
    match result {
        Ok(message) => {
            entry.outcome = Some(Outcome::Done);
            entry.message = Some(message);
            entry.failures = 0;
        }
        Err(e) => {
            tracing::warn!(task = task.name(), error = %e, "a scheduled task failed");
            entry.outcome = Some(Outcome::Failed);
            entry.message = Some(e.to_string());
            entry.failures += 1;
            entry.next_at = schedule.and(next).map(|next| stamp(next.min(now + REST)));
            // One notice for a row of failures.
            if task.reports_failure() && entry.failures == 1 {
                let id = format!("task:{}:{}", task.name(), stamp(started));
                ops.push(outbox::put(workspace, &id, &format!("{} failed", task.title()), &e.to_string())?);
            }
        }
    }
    ops.push(WriteOp::put(names::TASKS, &docs::to_document(task.name(), &entry)?)?);
    workspace.store.write(WriteBatch::data(ops), Durability::Full).await?;
    Ok(true)
}
