//! Undoing a run: what it wrote goes, what was before comes back; what was edited since is left alone.

use std::borrow::Cow;
use std::collections::HashMap;

use bson::{Bson, Document};
use steward_domain::{ChangeKind, Filter, ImportMode, QuarantineStatus, RecordKey, RecordOp, RunRecord, RunState, Value};
use steward_store::{Durability, Query, Swap, WriteBatch, WriteOp, names, upsert};

use super::releases::{self, Quarantine};
use super::{get, id_range, list, names_of, staging, stored};
use crate::import::run_op;
use steward_workspace::Event;
use steward_workspace::{
    Error, Progress, Result,
    docs::{self, Change},
    edit,
    history::{self, Request},
    lease::{self, Lease},
    swap,
    workspace::{Workspace, new_id},
};

/// What undoing a run would do, or did.
#[derive(Debug, Clone, Default)]
pub struct UndoFindings {
    pub remove: i64,
    pub restore: i64,
    pub withdraw: i64,
    /// Rows that were released from its quarantine since, and go with it.
    pub released: i64,
    /// Rows of its quarantine that stay, for a later run that had them, too.
    pub handed_on: i64,
    /// Records that were changed since; they are left alone.
    pub edited_since: i64,
    pub samples: Vec<Change>,
    /// What a replacement swapped in was edited since: it is under this name afterwards.
    pub kept_as: Option<String>,
    /// Where staged rows are again whose promotion was undone.
    pub staged_in: Option<String>,
}

/// What a run keeps so that it can be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedCollection {
    /// Steward's own collection that holds it.
    pub place: String,
    pub records: u64,
}

/// What a run keeps next to the data: the records that it replaced, or the staged rows that it promoted.
pub async fn kept(workspace: &Workspace, record: &RunRecord) -> Result<Option<ArchivedCollection>> {
    let place = match &record.promotes {
        Some(staged) => staging::kept(staged),
        None => swap::replaced(&record.id),
    };
    if !swap::exists(workspace, &place).await? {
        return Ok(None);
    }
    let records = workspace.store.count(&place, &Filter::all()).await?;
    Ok(Some(ArchivedCollection { place, records }))
}

/// Gives up what a run keeps, which frees its room. A replacement cannot be undone afterwards.
///
/// Errors: the run is still going, was undone, or keeps nothing.
pub async fn discard_undo_data(workspace: &Workspace, id: &str) -> Result<RunRecord> {
    let mut record = undoable(workspace, id).await?;
    if record.state != RunState::Done {
        return Err(Error::Conflict("This run is not finished. Let it continue, or undo it.".into()));
    }
    let Some(kept) = kept(workspace, &record).await? else {
        return Err(Error::Conflict("This run keeps nothing that could be discarded.".into()));
    };
    record.discarded_at = Some(workspace.clock.stamp());
    workspace.store.write(WriteBatch::data(vec![run_op(&record)?]), Durability::Full).await?;
    workspace.forget(&kept.place).await?;
    announce(workspace, &record);
    Ok(record)
}

fn announce(workspace: &Workspace, record: &RunRecord) {
    workspace.events.emit(&Event::RunChanged { run: record.id.clone(), collection: record.collection.clone() });
}

/// Looks at what undoing a run would do.
pub async fn plan_undo(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<UndoFindings> {
    walk_undo(workspace, &undoable(workspace, id).await?, None, progress).await
}

async fn undoable(workspace: &Workspace, id: &str) -> Result<RunRecord> {
    let record = get(workspace, id).await?;
    may_undo(&record)?;
    match record.state {
        RunState::Running | RunState::Undoing => Err(Error::Conflict("This run is still going. Cancel it first.".into())),
        _ => Ok(record),
    }
}

fn may_undo(record: &RunRecord) -> Result<()> {
    match record.state {
        RunState::Undone => Err(Error::Conflict("This run was already undone.".into())),
        _ if record.discarded_at.is_some() => {
            Err(Error::Conflict("The data kept for undoing this run was discarded; it can no longer be undone.".into()))
        }
        _ => Ok(()),
    }
}

/// Undoes a run: removes what it inserted, restores what it updated, withdraws what it quarantined. Records that
/// were changed since are left alone. Killed in the middle, it can simply be run again.
pub async fn undo(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<(RunRecord, UndoFindings)> {
    let record = get(workspace, id).await?;
    may_undo(&record)?;
    if record.replaced.is_some() {
        swap::may_swap(workspace, "Undoing a replacement").await?;
    }
    let lease = Lease::take(workspace, &lease::of_run(id), progress).await?;
    let done = undo_held(&lease, id, progress).await;
    lease.release().await;
    announce(workspace, &record);
    done
}

async fn undo_held(lease: &Lease, id: &str, progress: &dyn Progress) -> Result<(RunRecord, UndoFindings)> {
    let workspace = lease.workspace();
    let mut record = stored(workspace, id).await?;
    record.lease = lease.number();
    may_undo(&record)?;
    let before = record.state;
    let undo_set = record.undo_set.get_or_insert_with(new_id).clone();
    if !matches!(before, RunState::Undoing | RunState::HalfUndone) {
        record.undone_from = Some(if before == RunState::Running { RunState::Interrupted } else { before });
    }
    record.state = RunState::Undoing;
    workspace.store.write(WriteBatch::data(vec![run_op(&record)?]), Durability::Full).await?;
    let walked = walk_undo(workspace, &record, Some(&undo_set), progress).await;
    let mut found = match walked {
        Err(Error::Cancelled) => {
            // Part of it may be back: what is left can be undone, or, where it had not finished, gone on with.
            record.state = record.undone_from.unwrap_or(before);
            workspace.store.write(WriteBatch::data(vec![run_op(&record)?]), Durability::Full).await?;
            return Err(Error::Cancelled);
        }
        other => other?,
    };
    record.state = RunState::Undone;
    let mut request =
        Request::new(ChangeKind::Undo, &record.collection, format!("Took back the import of {}", names_of(&record)), Vec::new());
    request.run_id = Some(record.id.clone());
    request.undoes.clone_from(&record.change_set);
    request.also.push(run_op(&record)?);
    for set in history::of_import(workspace, id).await? {
        request.also.push(history::mark(&set.id, "undoneBy", undo_set.as_str().into()));
    }
    history::record_bulk(workspace, request, &undo_set, found.remove + found.restore + found.released).await?;
    if let Some(staged) = &record.promotes {
        found.staged_in = staging::unpromoted(workspace, staged).await?;
    }
    Ok((record, found))
}

/// An undo that was interrupted can be rolled back where it undoes a replacement, until the collections have been swapped. Rows
/// that were undone one by one can only be undone to the end.
pub async fn can_go_back(workspace: &Workspace, record: &RunRecord) -> Result<bool> {
    if record.replaced.is_none() || !matches!(record.state, RunState::Undoing | RunState::HalfUndone) {
        return Ok(false);
    }
    let open = swap::cut_off(workspace, &format!("undo:{}", record.id)).await?.is_some();
    Ok(open || swap::exists(workspace, &swap::replaced(&record.id)).await?)
}

/// Goes back from an undo that was interrupted: what the run had swapped in is in effect again.
pub async fn go_back(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<RunRecord> {
    let lease = Lease::take(workspace, &lease::of_run(id), progress).await?;
    let done = go_back_held(&lease, id, progress).await;
    lease.release().await;
    if let Ok(record) = &done {
        announce(workspace, record);
    }
    done
}

async fn go_back_held(lease: &Lease, id: &str, progress: &dyn Progress) -> Result<RunRecord> {
    let workspace = lease.workspace();
    let mut record = stored(workspace, id).await?;
    record.lease = lease.number();
    if !can_go_back(workspace, &record).await? {
        return Err(Error::Conflict("There is nothing to go back from, or it has come too far. Run the undo again to finish it.".into()));
    }
    swap::swap_back(workspace, &format!("undo:{id}"), progress).await?;
    // A run that had not finished before its undo began can go on.
    record.state = if record.change_set.is_some() { RunState::Done } else { RunState::Interrupted };
    record.undo_set = None;
    workspace.store.write(WriteBatch::data(vec![run_op(&record)?]), Durability::Full).await?;
    Ok(record)
}

/// Goes through everything that the run wrote, chunk by chunk; writes the reverse when `undo_set` is given.
async fn walk_undo(workspace: &Workspace, record: &RunRecord, undo_set: Option<&str>, progress: &dyn Progress) -> Result<UndoFindings> {
    progress.phase(if undo_set.is_some() { "Taking back" } else { "Comparing" });
    progress.total(u64::try_from(record.counts.inserted + record.counts.updated).unwrap_or(0));
    let mut found = UndoFindings::default();
    let mut number = match undo_set {
        // An undo that was killed has written its part.
        Some(set) => usize::try_from(workspace.store.count(names::CHANGES, &id_range(set)).await?).unwrap_or(0),
        None => 0,
    };
    let mut quarantine = Quarantine { workspace, run: record, write: undo_set.is_some(), others: HashMap::new(), stay: 0 };
    if record.mode == ImportMode::Replace {
        // What was released went into the collection that goes as a whole.
        quarantine.withdraw(QuarantineStatus::Released, &mut found).await?;
        found = undo_replacement(workspace, record, undo_set.is_some(), found, progress).await?;
        quarantine.withdraw(QuarantineStatus::Waiting, &mut found).await?;
        return Ok(found);
    }
    let mut back = Ahead::default();
    releases::walk(&mut quarantine, undo_set, &mut number, &mut back, &mut found, progress).await?;
    for collection in [names::CHANGES, names::RUN_INSERTS] {
        let mut after = None;
        loop {
            progress.checkpoint()?;
            let limit = if collection == names::CHANGES { 1000 } else { 1 };
            // The newest first: what a run changed twice is undone in the reverse order.
            let query = Query::new(id_range(&record.id), limit).sorted("_id", true).after(after);
            let page = workspace.store.find(collection, &query).await?;
            let stored: Vec<Document> = page.records.iter().map(|r| upsert::decode(r)).collect::<std::result::Result<_, _>>()?;
            let changes = if collection == names::CHANGES {
                restorations(workspace, &stored, &back, &mut found).await?
            } else {
                removals(workspace, record, &stored, &back, &mut found).await?
            };
            if let Some(set) = undo_set {
                number = write_reverse(workspace, set, number, &changes).await?;
            }
            show(&mut found, changes);
            progress.done(u64::try_from(found.remove + found.restore + found.edited_since).unwrap_or(0));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    quarantine.withdraw(QuarantineStatus::Waiting, &mut found).await?;
    if undo_set.is_some() {
        // Someone may have released one at the last moment.
        releases::walk(&mut quarantine, undo_set, &mut number, &mut back, &mut found, progress).await?;
    }
    Ok(found)
}

/// Shows the first changes.
pub(super) fn show(found: &mut UndoFindings, changes: Vec<Change>) {
    let room = 20_usize.saturating_sub(found.samples.len());
    found.samples.extend(changes.into_iter().take(room));
}

/// Records as they will be when the releases are undone: a plan writes nothing, and what comes next is compared with them.
pub(super) type Ahead = HashMap<Vec<u8>, Document>;

/// What was before a replacement comes back as a whole.
async fn undo_replacement(
    workspace: &Workspace,
    record: &RunRecord,
    write: bool,
    mut found: UndoFindings,
    progress: &dyn Progress,
) -> Result<UndoFindings> {
    if record.replaced.is_some() {
        let later = |run: &RunRecord| {
            run.collection == record.collection
                && run.replaced.is_some()
                && run.state != RunState::Undone
                && run.started_at > record.started_at
        };
        if list(workspace).await?.iter().any(later) {
            return Err(Error::Conflict(format!("{} was replaced again since. Undo the later import first.", record.collection)));
        }
        found.remove = record.counts.inserted;
        found.restore = record.counts.updated + record.counts.removed;
        // What was released from its quarantine goes with it.
        let since = history::records_since(workspace, &record.collection, &record.id).await?;
        found.edited_since = (since - found.released).max(0);
        if found.edited_since > 0 && swap::exists(workspace, &swap::replaced(&record.id)).await? {
            found.kept_as = Some(workspace.free_name(&record.collection, ".undone").await?);
        }
    }
    if write {
        swap_back(workspace, record, found.kept_as.as_deref(), progress).await?;
    }
    Ok(found)
}

/// What the run had swapped in is dropped, or is called `aside` afterwards.
async fn swap_back(workspace: &Workspace, record: &RunRecord, aside: Option<&str>, progress: &dyn Progress) -> Result<()> {
    let (run, collection) = (record.id.as_str(), record.collection.as_str());
    let (kept, gone) = (swap::replaced(run), swap::gone(run));
    let id = format!("undo:{run}");
    swap::swap_back(workspace, run, progress).await?;
    let open = swap::cut_off(workspace, &id).await?;
    // An undo that was interrupted keeps the name that it had chosen.
    let chosen = open.as_ref().and_then(|open| open.swap.renames.iter().find(|step| step.from == gone)).map(|step| step.to.clone());
    let aside = chosen.as_deref().or(aside);
    if open.is_some() || swap::exists(workspace, &kept).await? {
        let mut renames = vec![swap::step(collection, &gone), swap::step(&kept, collection)];
        renames.extend(aside.map(|aside| swap::step(&gone, aside)));
        let swap = Swap { id, title: format!("Undoing the replacement of {collection}"), lease: lease::of_run(run), renames };
        swap::swap(workspace, &swap, &WriteBatch::default(), progress).await?;
    }
    for name in [swap::incoming(run), gone] {
        workspace.store.drop_collection(&name).await?;
    }
    workspace.move_settings(&kept, collection).await?;
    if let Some(aside) = aside {
        workspace.assign(aside, super::pack_of(workspace, &record.schema)?, Some(&record.key_field)).await?;
    }
    Ok(())
}

/// Records by `_id`.
pub(super) async fn by_id(workspace: &Workspace, collection: &str, ids: &[Bson]) -> Result<HashMap<Vec<u8>, bson::RawDocumentBuf>> {
    let mut out = HashMap::new();
    for chunk in ids.chunks(1000) {
        for raw in workspace.store.get_many(collection, "_id", chunk).await? {
            let id = steward_domain::order::key(raw.get("_id").ok().flatten());
            out.insert(id, raw);
        }
    }
    Ok(out)
}

/// Updates that can be undone: the values that the run wrote still apply.
async fn restorations(workspace: &Workspace, stored: &[Document], ahead: &Ahead, found: &mut UndoFindings) -> Result<Vec<Change>> {
    let changes: Vec<Change> = stored.iter().map(docs::change_from_doc).collect::<Result<_>>()?;
    restored(workspace, changes, ahead, found).await
}

/// [`restorations`] of updates of one collection.
pub(super) async fn restored(workspace: &Workspace, changes: Vec<Change>, ahead: &Ahead, found: &mut UndoFindings) -> Result<Vec<Change>> {
    let ids: Vec<Bson> = changes.iter().map(|c| c.id.clone()).collect();
    let collection = changes.first().map_or(String::new(), |c| c.record.collection.clone());
    let mut now = HashMap::new();
    for (id, raw) in by_id(workspace, &collection, &ids).await? {
        let document = match ahead.get(&id) {
            Some(document) => document.clone(),
            None => upsert::decode(&raw)?,
        };
        now.insert(id, document);
    }
    let mut out: Vec<Change> = Vec::new();
    let mut of_record: HashMap<Vec<u8>, usize> = HashMap::new();
    for change in changes {
        let id = steward_domain::order::key_of(&change.id);
        let Some(doc) = now.get_mut(&id) else {
            found.edited_since += 1;
            continue;
        };
        let is = |doc: &Document, f: &steward_domain::FieldChange, value: &Option<Value>| match (f.path.get(doc), value) {
            (None, None) => true,
            (Some(a), Some(b)) => steward_domain::value::same(a, &b.0),
            _ => false,
        };
        if change.record.fields.iter().all(|f| is(doc, f, &f.after)) {
            found.restore += 1;
            let back = edit::inverted(&change);
            revert(doc, &back);
            // A record that the run changed twice gets one patch: from what is to what was first.
            match of_record.get(&id) {
                Some(at) => combine(&mut out[*at], back),
                None => {
                    of_record.insert(id, out.len());
                    out.push(back);
                }
            }
        } else if !change.record.fields.iter().all(|f| is(doc, f, &f.before)) {
            found.edited_since += 1;
        }
    }
    Ok(out)
}

/// The record as it is after a change, so that an earlier change of it can be looked at.
pub(super) fn revert(doc: &mut Document, change: &Change) {
    for field in &change.record.fields {
        match &field.after {
            // A path that is blocked by another value shows as "edited since" with the next change.
            Some(value) => drop(field.path.set(doc, value.0.clone())),
            None => field.path.unset(doc),
        }
    }
}

/// Adds a change that comes right after another one of the same record.
fn combine(first: &mut Change, then: Change) {
    for field in then.record.fields {
        match first.record.fields.iter_mut().find(|f| f.path == field.path) {
            Some(known) => known.after = field.after,
            None => first.record.fields.push(field),
        }
    }
}

/// Inserted records that can be removed: their content is what was inserted.
async fn removals(
    workspace: &Workspace,
    record: &RunRecord,
    stored: &[Document],
    ahead: &Ahead,
    found: &mut UndoFindings,
) -> Result<Vec<Change>> {
    let mut out = Vec::new();
    for chunk in stored {
        let wrong = || Error::Damaged("A run's list of records");
        let ids = chunk.get_array("ids").map_err(|_| wrong())?;
        let hashes = chunk.get_binary_generic("hashes").map_err(|_| wrong())?;
        let now = by_id(workspace, &record.collection, ids).await?;
        for (id, hash) in ids.iter().zip(hashes.chunks_exact(8)) {
            let id = steward_domain::order::key_of(id);
            let Some(raw) = now.get(&id) else {
                continue;
            };
            let raw = match ahead.get(&id) {
                Some(document) => Cow::Owned(steward_store::model::raw(document)?),
                None => Cow::Borrowed(raw),
            };
            let then = i64::from_le_bytes(hash.try_into().unwrap_or_default());
            if crate::rows::content_hash(&raw) != then {
                found.edited_since += 1;
                continue;
            }
            found.remove += 1;
            let doc = upsert::decode(&raw)?;
            let key = RecordKey(Value(doc.get(&record.key_field).cloned().unwrap_or(Bson::Null)));
            out.push(edit::deletion(&record.collection, &key, doc));
        }
    }
    Ok(out)
}

/// Writes the reverse changes with their history, in bulk.
pub(super) async fn write_reverse(workspace: &Workspace, set: &str, mut number: usize, changes: &[Change]) -> Result<usize> {
    let mut batch = WriteBatch::default();
    for change in changes {
        batch.history.push(WriteOp::put(names::CHANGES, &docs::change_to_doc(set, number, change))?);
        number += 1;
        batch.data.push(match change.record.op {
            RecordOp::Insert => history::operation(change)?,
            RecordOp::Update => upsert::patch(&change.record.collection, change.id.clone(), &change.record.fields),
            RecordOp::Delete => WriteOp::Delete { collection: change.record.collection.clone(), id: change.id.clone(), expect: Vec::new() },
        });
    }
    if !batch.is_empty() {
        workspace.store.write(batch, Durability::Bulk).await?;
    }
    Ok(number)
}
