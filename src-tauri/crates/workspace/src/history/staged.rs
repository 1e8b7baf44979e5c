//! A change of more records than one transaction takes. What is to be written is staged first: the record changes, with the values
//! that they expect. Then it is written batch by batch, each with how far it got; last comes the entry of the history. A process that
//! is killed meanwhile leaves the old records, or a change that is finished or reverted by whoever takes its lease.
//!
//! Working out what to change does not belong here.

use async_trait::async_trait;
use bson::Bson;
use serde::{Deserialize, Serialize};
use steward_domain::words::number;
use steward_domain::{ChangeKind, ChangeSet, Filter, RecordChange};
use steward_store::{Capability, Durability, Query, StoreErrorKind, WriteBatch, WriteOp, names, upsert};

use super::{Request, mark, operation, record_staged};
use crate::docs::{self, Change};
use crate::edit;
use crate::error::{Error, Result};
use crate::lease::{self, Lease};
use crate::progress::Progress;
use crate::workspace::{Workspace, new_id};

/// Up to so many changes are one transaction.
pub const AT_ONCE: usize = 10_000;
/// Changes that are read and written together.
const BATCH: usize = 1000;
/// Changes in the way that are named.
const NAMED: usize = 100;

/// Changes in batches, in the order in which they are made.
#[async_trait]
pub trait Changes: Send {
    /// The next ones, a thousand at most; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Change>>>;
}

/// How far a large change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// No record is changed yet.
    Staging,
    Writing,
    Reverting,
}

/// A large change that is not finished, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Staged {
    /// Of the entry that it will be.
    pub id: String,
    pub stage: Stage,
    pub kind: ChangeKind,
    pub collection: String,
    pub summary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// All of its changes.
    pub total: usize,
    /// The first change that is not written, or not reverted.
    pub next: usize,
    /// Records that were changed meanwhile, and that stay as they are.
    pub left: usize,
}

/// What became of a large change.
#[derive(Debug)]
pub enum Outcome {
    Written(Box<ChangeSet>),
    /// These records were changed since; nothing was written. A hundred at most.
    Conflict(Vec<RecordChange>),
}

/// Writes the changes of a request that come from `changes`; those in the request itself are none.
///
/// Errors: `Cancelled`, and everything is as it was; those of the store, and it can be resumed.
pub async fn write(workspace: &Workspace, request: Request, changes: &mut dyn Changes, progress: &dyn Progress) -> Result<Outcome> {
    let staged = Staged {
        id: new_id(),
        stage: Stage::Staging,
        kind: request.kind,
        collection: request.collection,
        summary: request.summary,
        reason: request.reason,
        undoes: request.undoes,
        total: 0,
        next: 0,
        left: 0,
    };
    let lease = Lease::take(workspace, &lease::of_change(&staged.id), progress).await?;
    let done = write_held(lease.workspace(), staged, changes, progress).await;
    lease.release().await;
    done
}

async fn write_held(held: &Workspace, mut staged: Staged, changes: &mut dyn Changes, progress: &dyn Progress) -> Result<Outcome> {
    save(held, &staged, Vec::new()).await?;
    let in_the_way = match stage(held, &mut staged, changes, progress).await {
        Ok(in_the_way) => in_the_way,
        Err(e) => {
            // What cannot be removed now is removed when the workspace is opened.
            let _ = discard(held, &staged).await;
            return Err(e);
        }
    };
    if !in_the_way.is_empty() {
        discard(held, &staged).await?;
        return Ok(Outcome::Conflict(in_the_way));
    }
    staged.stage = Stage::Writing;
    save(held, &staged, Vec::new()).await?;
    finish(held, staged, progress).await.map(|set| Outcome::Written(Box::new(set)))
}

/// Stores the changes; gives those in whose way a record is.
async fn stage(held: &Workspace, staged: &mut Staged, changes: &mut dyn Changes, progress: &dyn Progress) -> Result<Vec<RecordChange>> {
    progress.phase("Preparing the changes");
    let mut in_the_way = Vec::new();
    while let Some(batch) = changes.next().await? {
        progress.checkpoint()?;
        in_the_way.extend(edit::in_the_way(held, &batch, NAMED - in_the_way.len()).await?);
        if in_the_way.len() >= NAMED {
            break;
        }
        let docs = batch.iter().enumerate().map(|(n, change)| docs::change_to_doc(&staged.id, staged.total + n, change));
        let ops = docs.map(|doc| Ok(WriteOp::put(names::CHANGES, &doc)?)).collect::<Result<Vec<_>>>()?;
        held.store.write(WriteBatch::data(ops), Durability::Bulk).await?;
        staged.total += batch.len();
        progress.done(staged.total as u64);
    }
    Ok(in_the_way)
}

/// Writes what is not written yet, then the entry.
async fn finish(held: &Workspace, mut staged: Staged, progress: &dyn Progress) -> Result<ChangeSet> {
    progress.phase("Changing records");
    progress.total(staged.total as u64);
    while staged.next < staged.total {
        if progress.is_cancelled() {
            revert(held, staged, progress).await?;
            return Err(Error::Cancelled);
        }
        let page = page(held, &staged.id, staged.next, staged.next + BATCH).await?;
        if page.is_empty() {
            return Err(Error::Damaged("The list of changes that are to be made"));
        }
        staged.next += page.len();
        let changes: Vec<&Change> = page.iter().map(|(_, change)| change).collect();
        let failed = write_batch(held, &staged, &changes).await?;
        if !failed.is_empty() {
            staged.left += failed.len();
            let gone = failed.iter().map(|n| remove(names::CHANGES, docs::change_id(&staged.id, page[*n].0).into())).collect();
            save(held, &staged, gone).await?;
        }
        progress.done(staged.next as u64);
    }
    conclude(held, &staged).await
}

/// Writes a batch together with how far it got; the changes that conflict with another write, by their place in it.
async fn write_batch(held: &Workspace, staged: &Staged, changes: &[&Change]) -> Result<Vec<usize>> {
    if held.store.capabilities().has(Capability::Transactions) {
        let mut ops = changes.iter().map(|change| operation(change)).collect::<Result<Vec<_>>>()?;
        ops.push(put(staged)?);
        match held.store.write(WriteBatch::data(ops), Durability::Full).await {
            Ok(_) => return Ok(Vec::new()),
            Err(e) if matches!(e.kind, StoreErrorKind::Conflict | StoreErrorKind::DuplicateKey) => {}
            Err(e) => return Err(e.into()),
        }
    }
    // One by one, as the records are now: where the new value is there already, a process that was killed has written it.
    let waiting: Vec<Change> = changes.iter().map(|change| (*change).clone()).collect();
    let now = edit::as_they_are(held, &waiting).await?;
    let mut failed = Vec::new();
    let mut open = Vec::new();
    for (n, (change, now)) in waiting.into_iter().zip(now).enumerate() {
        if edit::is_expected(&change, now.as_ref()) {
            open.push((n, change));
        } else if !edit::is_expected(&edit::inverted(&change), now.as_ref()) {
            failed.push(n);
        }
    }
    let (numbers, mut open): (Vec<usize>, Vec<Change>) = open.into_iter().unzip();
    super::as_they_stand(held, &mut open).await?;
    let ops = open.iter().map(operation).collect::<Result<Vec<_>>>()?;
    let report = held.store.write(WriteBatch::data(ops), Durability::Bulk).await?;
    failed.extend(report.failures.iter().filter_map(|failure| numbers.get(failure.index)));
    failed.sort_unstable();
    if failed.is_empty() {
        save(held, staged, Vec::new()).await?;
    }
    Ok(failed)
}

/// The entry, with the number of records that were really changed.
async fn conclude(held: &Workspace, staged: &Staged) -> Result<ChangeSet> {
    let written = staged.total - staged.left;
    if written == 0 {
        discard(held, staged).await?;
        return Err(Error::StalePlan);
    }
    let summary = match staged.left {
        0 => staged.summary.clone(),
        1 => format!("{} (1 record that changed meanwhile is left as it is)", staged.summary),
        left => format!("{} ({} records that changed meanwhile are left as they are)", staged.summary, number(left)),
    };
    let mut request = Request::new(staged.kind, &staged.collection, summary, Vec::new());
    request.reason.clone_from(&staged.reason);
    request.undoes.clone_from(&staged.undoes);
    request.also.push(remove(names::STAGED, staged.id.as_str().into()));
    if let Some(undone) = &staged.undoes {
        request.also.push(mark(undone, "undoneBy", Bson::from(staged.id.as_str())));
    }
    let hash = super::stored_hash(held, &staged.id).await?;
    record_staged(held, request, &staged.id, i64::try_from(written).unwrap_or(i64::MAX), hash).await
}

/// Gives the records that were changed their old values; those that were changed since stay. Nothing is in the history then.
async fn revert(held: &Workspace, mut staged: Staged, progress: &dyn Progress) -> Result<()> {
    progress.phase("Reverting the changes");
    staged.stage = Stage::Reverting;
    save(held, &staged, Vec::new()).await?;
    while staged.next > 0 {
        let from = staged.next.saturating_sub(BATCH);
        let page = page(held, &staged.id, from, staged.next).await?;
        let back: Vec<Change> = page.iter().map(|(_, change)| edit::inverted(change)).collect();
        staged.next = from;
        let changes: Vec<&Change> = back.iter().collect();
        if !write_batch(held, &staged, &changes).await?.is_empty() {
            save(held, &staged, Vec::new()).await?;
        }
        progress.done(staged.next as u64);
    }
    discard(held, &staged).await
}

/// Removes what is stored of a change of which no record shows anything.
async fn discard(held: &Workspace, staged: &Staged) -> Result<()> {
    let changes = WriteOp::DeleteMany { collection: names::CHANGES.into(), filter: of_change(&staged.id) };
    held.store.write(WriteBatch::data(vec![changes]), Durability::Bulk).await?;
    held.store.write(WriteBatch::data(vec![remove(names::STAGED, staged.id.as_str().into())]), Durability::Full).await?;
    Ok(())
}

/// Large changes whose process has ended.
pub async fn unfinished(workspace: &Workspace) -> Result<Vec<Staged>> {
    let mut out = Vec::new();
    for doc in workspace.own_documents(names::STAGED, Filter::all(), "_id", 1000).await? {
        let staged: Staged = docs::from_document(&doc)?;
        let held = workspace.own_document(names::LEASES, &lease::of_change(&staged.id)).await?;
        if lease::is_over(workspace, held.as_ref()) {
            out.push(staged);
        }
    }
    Ok(out)
}

/// Removes what a process has left that was killed before it changed any record.
pub async fn tidy(workspace: &Workspace) -> Result<()> {
    for staged in unfinished(workspace).await?.into_iter().filter(|one| one.stage == Stage::Staging) {
        let Some(lease) = Lease::try_take(workspace, &lease::of_change(&staged.id)).await? else { continue };
        let done = match found(lease.workspace(), &staged.id).await {
            Ok(now) if now.stage == Stage::Staging => discard(lease.workspace(), &now).await,
            _ => Ok(()),
        };
        lease.release().await;
        done?;
    }
    Ok(())
}

/// Finishes a large change that was interrupted: writes the rest of it, or reverts the rest where reverting was interrupted.
///
/// Errors: `NotFound` where there is none of this id; `Conflict` where a process is at work on it.
pub async fn resume(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<Option<ChangeSet>> {
    let lease = Lease::take(workspace, &lease::of_change(id), progress).await?;
    let held = lease.workspace();
    let done = async {
        let staged = found(held, id).await?;
        match staged.stage {
            Stage::Staging => discard(held, &staged).await.map(|()| None),
            Stage::Writing => finish(held, staged, progress).await.map(Some),
            Stage::Reverting => revert(held, staged, progress).await.map(|()| None),
        }
    };
    let done = done.await;
    lease.release().await;
    done
}

/// Reverts a large change that was interrupted.
///
/// Errors: as [`resume`].
pub async fn go_back(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<()> {
    let lease = Lease::take(workspace, &lease::of_change(id), progress).await?;
    let held = lease.workspace();
    let done = async {
        let staged = found(held, id).await?;
        match staged.stage {
            Stage::Staging => discard(held, &staged).await,
            // The last batch may be written without its count on a server without transactions.
            Stage::Writing => revert(held, Staged { next: (staged.next + BATCH).min(staged.total), ..staged }, progress).await,
            Stage::Reverting => revert(held, staged, progress).await,
        }
    };
    let done = done.await;
    lease.release().await;
    done
}

async fn found(workspace: &Workspace, id: &str) -> Result<Staged> {
    let doc = workspace.own_document(names::STAGED, id).await?;
    docs::from_document(&doc.ok_or_else(|| Error::NotFound("This change is finished, or there is none of this id.".into()))?)
}

fn put(staged: &Staged) -> Result<WriteOp> {
    Ok(WriteOp::put(names::STAGED, &docs::to_document(&staged.id, staged)?)?)
}

async fn save(held: &Workspace, staged: &Staged, mut also: Vec<WriteOp>) -> Result<()> {
    also.push(put(staged)?);
    held.store.write(WriteBatch::data(also), Durability::Full).await?;
    Ok(())
}

fn remove(collection: &str, id: Bson) -> WriteOp {
    WriteOp::Delete { collection: collection.into(), id, expect: Vec::new() }
}

fn of_change(set: &str) -> Filter {
    super::changes_from(set, 0)
}

/// The stored changes of a set from one number up to another, with their numbers.
async fn page(workspace: &Workspace, set: &str, from: usize, to: usize) -> Result<Vec<(usize, Change)>> {
    let below =
        Filter::Compare { field: "_id".into(), cmp: steward_domain::Comparison::Lt, value: Bson::from(docs::change_id(set, to)).into() };
    let query = Query::new(super::changes_from(set, from).and(below), BATCH).sorted("_id", false);
    let found = workspace.store.find(names::CHANGES, &query).await?;
    found
        .records
        .iter()
        .map(|raw| {
            let doc = upsert::decode(raw)?;
            let number = doc.get_str("_id").ok().and_then(|id| id.rsplit(':').next()?.parse().ok());
            Ok((number.ok_or(Error::Damaged("An entry of the history"))?, docs::change_from_doc(&doc)?))
        })
        .collect()
}
