//! What is kept so that imports can be undone takes room: it goes when nobody will want it any more. So does what a process left
//! that was killed while it was loading.
//!
//! The history stays: who did what, when, and what edits changed.

use serde::{Deserialize, Serialize};
use steward_domain::{Filter, RunRecord, RunState};
use steward_store::{Durability, WriteBatch, WriteOp, names};

use crate::import::run_op;
use crate::runs;
use steward_workspace::{
    Result, Workspace, docs,
    lease::{self, Lease},
};

/// Where the setting is kept.
const SETTING: &str = "steward.undo";

/// How long an import can be undone, and an undone one be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Retention {
    /// Runs that ended this many days ago.
    pub days: u32,
    /// Records of all runs together, the newest first. The newest run always stays.
    pub records: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 30, records: 2_000_000 }
    }
}

/// What a look found to discard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Discarded {
    pub runs: u64,
    pub collections: u64,
}

/// The setting, or the default.
pub async fn retention(workspace: &Workspace) -> Result<Retention> {
    match workspace.own_document(names::SETTINGS, SETTING).await? {
        Some(doc) => docs::from_document(&doc),
        None => Ok(Retention::default()),
    }
}

pub async fn set_retention(workspace: &Workspace, retention: Retention) -> Result<()> {
    workspace.put(names::SETTINGS, &docs::to_document(SETTING, &retention)?).await
}

/// Discards what is kept for undoing old runs, and what killed processes left.
pub async fn discard(workspace: &Workspace) -> Result<Discarded> {
    let rules = retention(workspace).await?;
    let oldest = workspace.clock.now() - chrono::Duration::days(i64::from(rules.days));
    let mut discarded = Discarded::default();
    let mut records = 0;
    for (at, run) in runs::list(workspace).await?.into_iter().enumerate() {
        if !matches!(run.state, RunState::Done | RunState::Undone | RunState::Cancelled | RunState::Failed) || run.discarded_at.is_some() {
            continue;
        }
        records += run.counts.inserted + run.counts.updated + run.counts.removed;
        let ended = run.finished_at.as_deref().and_then(|at| chrono::DateTime::parse_from_rfc3339(at).ok());
        let old = ended.is_some_and(|ended| ended < oldest);
        if at > 0 && (old || records > rules.records) && is_complete(&run) {
            // Someone may be undoing it at this very moment: then it stays.
            let Some(lease) = Lease::try_take(workspace, &lease::of_run(&run.id)).await? else { continue };
            let now = runs::get(lease.workspace(), &run.id).await?;
            if is_complete(&now) {
                discard_run(lease.workspace(), RunRecord { lease: lease.number(), ..now }).await?;
                discarded.runs += 1;
            }
            lease.release().await;
        }
    }
    discarded.collections = discard_left_overs(workspace).await?;
    Ok(discarded)
}

/// A run that can go on keeps what it needs for that.
fn is_complete(run: &RunRecord) -> bool {
    matches!(run.state, RunState::Done | RunState::Undone)
}

/// Its lists of inserted records and its earlier values go, and those of its undo.
async fn discard_run(workspace: &Workspace, mut run: RunRecord) -> Result<()> {
    // First the word that it cannot be undone any more: killed here, the rest goes the next time manually.
    run.discarded_at = Some(workspace.clock.stamp());
    workspace.store.write(WriteBatch::data(vec![run_op(&run)?]), Durability::Full).await?;
    if let Some(kept) = runs::kept(workspace, &run).await? {
        workspace.forget(&kept.place).await?;
    }
    let sweep = |collection: &str, of: &str| WriteOp::DeleteMany { collection: collection.to_owned(), filter: runs::id_range(of) };
    let mut ops = vec![sweep(names::RUN_INSERTS, &run.id), sweep(names::CHANGES, &run.id)];
    ops.extend(run.undo_set.iter().chain(&run.undo_sets).map(|set| sweep(names::CHANGES, set)));
    let withdrawn = Filter::eq("runId", run.id.as_str()).and(Filter::eq("status", "withdrawn"));
    ops.push(WriteOp::DeleteMany { collection: names::QUARANTINE.to_owned(), filter: withdrawn });
    workspace.store.write(WriteBatch::data(ops), Durability::Bulk).await?;
    Ok(())
}

/// Collections that were loaded into staging next to the data by a process that is gone, for a run or restore that has ended.
async fn discard_left_overs(workspace: &Workspace) -> Result<u64> {
    let mut discarded = 0;
    for name in workspace.store.collections().await? {
        let beside = ["incoming.", "ready.", "gone."].iter().find_map(|kind| name.strip_prefix(names::PREFIX)?.strip_prefix(kind));
        let Some(owner) = beside.and_then(|part| part.split('.').next()) else { continue };
        if is_wanted(workspace, owner).await? {
            continue;
        }
        workspace.forget(&name).await?;
        discarded += 1;
    }
    Ok(discarded)
}

/// Someone is at work for this run or restore, or it can go on.
async fn is_wanted(workspace: &Workspace, owner: &str) -> Result<bool> {
    for name in [lease::of_run(owner), lease::of_restore(owner)] {
        let held = workspace.own_document(names::LEASES, &name).await?;
        if held.is_some() && !lease::is_over(workspace, held.as_ref()) {
            return Ok(true);
        }
    }
    if let Some(doc) = workspace.own_document(names::RUNS, owner).await? {
        let run: RunRecord = docs::from_document(&doc)?;
        return Ok(!is_complete(&run));
    }
    if let Some(doc) = workspace.own_document(names::RESTORES, owner).await? {
        let restore: steward_domain::RestoreRecord = docs::from_document(&doc)?;
        return Ok(restore.is_open());
    }
    // Nothing is known of it: its process died before it was written down.
    Ok(workspace.store.count(names::RUNS, &Filter::eq("_id", owner)).await? > 0)
}
