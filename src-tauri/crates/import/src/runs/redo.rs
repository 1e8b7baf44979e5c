//! An undo of a run that is undone itself: what the run wrote comes back, with its quarantine and what was released from that.

use std::collections::HashSet;

use bson::{Bson, Document};
use steward_domain::{ChangeKind, ChangeSet, ImportMode, RecordOp, RunState, order};
use steward_store::{Query, names, upsert};

use super::undo::{Ahead, UndoFindings, by_id, restored, write_reverse};
use super::{id_range, names_of, releases, stored};
use crate::import::run_op;
use steward_workspace::{
    Error, Progress, Result, Workspace,
    docs::{self, Change},
    edit,
    history::{self, Request},
    lease::{self, Lease},
};

/// Undoes the undo of a run, which is this entry of the history. Killed in the middle, it can simply be run again.
///
/// Errors: the run was not undone by that, or as a whole collection.
pub async fn redo(workspace: &Workspace, id: &str, undo: &str, progress: &dyn Progress) -> Result<ChangeSet> {
    let lease = Lease::take(workspace, &lease::of_run(id), progress).await?;
    let done = redo_held(&lease, id, undo, progress).await;
    lease.release().await;
    done
}

async fn redo_held(lease: &Lease, id: &str, undo: &str, progress: &dyn Progress) -> Result<ChangeSet> {
    let workspace = lease.workspace();
    let mut record = stored(workspace, id).await?;
    record.lease = lease.number();
    let Some(undo_set) = record.undo_set.clone().filter(|set| record.state == RunState::Undone && set == undo) else {
        return Err(Error::Conflict("That undo was already undone, possibly by another entry. See the run as it is now.".into()));
    };
    if record.discarded_at.is_some() {
        return Err(Error::Conflict("The data kept for this run was discarded. Import the files again.".into()));
    }
    if record.mode == ImportMode::Replace {
        return Err(Error::BadRequest("What was replaced is back as a whole; to replace it again, import the file again.".into()));
    }
    if record.promotes.is_some() {
        return Err(Error::BadRequest("The staged rows are in their collection again. Promote them once more.".into()));
    }
    progress.phase("Bringing back");
    progress.total(u64::try_from(record.counts.inserted + record.counts.updated).unwrap_or(0));
    // An attempt that was killed has written its part, under the same set.
    let set = format!("{undo_set}-redo");
    let found = walk(workspace, &undo_set, &set, progress).await?;
    releases::restore_entries(workspace, id).await?;
    record.state = record.undone_from.take().unwrap_or(RunState::Done);
    record.undo_sets.extend([undo_set.clone(), set.clone()]);
    record.undo_set = None;
    let left = match found.edited_since {
        0 => String::new(),
        1 => "; 1 record was changed since and stays as it is".into(),
        n => format!("; {n} records were changed since and stay as they are"),
    };
    let summary = format!("Undo: Took back the import of {}{left}", names_of(&record));
    let mut request = Request::new(ChangeKind::Undo, &record.collection, summary, Vec::new());
    request.run_id = Some(record.id.clone());
    request.also.push(history::mark(&undo_set, "undoneBy", set.as_str().into()));
    request.undoes = Some(undo_set);
    request.also.push(run_op(&record)?);
    for set in history::of_import(workspace, id).await? {
        request.also.push(history::mark(&set.id, "undoneBy", Bson::Null));
    }
    history::record_bulk(workspace, request, &set, found.remove + found.restore).await
}

/// Brings back what the undo took, the last first.
async fn walk(workspace: &Workspace, undo_set: &str, set: &str, progress: &dyn Progress) -> Result<UndoFindings> {
    let mut found = UndoFindings::default();
    let mut number = usize::try_from(workspace.store.count(names::CHANGES, &id_range(set)).await?).unwrap_or(0);
    let mut after = None;
    loop {
        progress.checkpoint()?;
        let query = Query::new(id_range(undo_set), 1000).sorted("_id", true).after(after);
        let page = workspace.store.find(names::CHANGES, &query).await?;
        let stored: Vec<Document> = page.records.iter().map(|r| upsert::decode(r)).collect::<std::result::Result<_, _>>()?;
        let changes: Vec<Change> = stored.iter().map(docs::change_from_doc).collect::<Result<_>>()?;
        // An undo removes the records of a run as the last thing, and may have changed one of them before.
        for some in changes.chunk_by(|a, b| a.record.op == b.record.op && a.record.collection == b.record.collection) {
            let back = match some[0].record.op {
                RecordOp::Update => restored(workspace, some.to_vec(), &Ahead::new(), &mut found).await?,
                RecordOp::Delete => reinserted(workspace, some, &mut found).await?,
                RecordOp::Insert => return Err(Error::Damaged("The undo of a run")),
            };
            number = write_reverse(workspace, set, number, &back).await?;
        }
        progress.done(u64::try_from(found.remove + found.restore + found.edited_since).unwrap_or(0));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// Removed records that can be restored: nobody has their identifier or key.
async fn reinserted(workspace: &Workspace, changes: &[Change], found: &mut UndoFindings) -> Result<Vec<Change>> {
    let collection = &changes[0].record.collection;
    let ids: Vec<Bson> = changes.iter().map(|c| c.id.clone()).collect();
    let there = by_id(workspace, collection, &ids).await?;
    let key_field = workspace.settings(collection).await?.key_field;
    let keys: Vec<Bson> = changes.iter().map(|c| c.record.key.bson().clone()).collect();
    let mut taken = HashSet::new();
    for some in keys.chunks(1000) {
        for raw in workspace.store.get_many(collection, &key_field, some).await? {
            taken.insert(order::key(raw.get(&key_field).ok().flatten()));
        }
    }
    let mut out = Vec::new();
    for change in changes {
        let back = edit::inverted(change);
        match there.get(&order::key_of(&change.id)) {
            // An attempt that was killed brought it.
            Some(raw)
                if back
                    .record
                    .document
                    .as_ref()
                    .and_then(|d| d.as_document())
                    .is_some_and(|then| upsert::decode(raw).is_ok_and(|now| steward_domain::value::same_doc(&now, then))) => {}
            Some(_) => found.edited_since += 1,
            None if taken.contains(&order::key_of(change.record.key.bson())) => found.edited_since += 1,
            None => {
                found.remove += 1;
                out.push(back);
            }
        }
    }
    Ok(out)
}
