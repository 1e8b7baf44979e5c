//! The quarantine of a run that is undone: rows that wait are withdrawn, records that were released from it go, and rows that a
//! later run had, too, stay for that one.

use std::collections::HashMap;

use steward_domain::{
    ChangeKind, ChangeState, Filter, QuarantineEntry, QuarantineStatus, RecordKey, RecordOp, RunRecord, RunState, Value, order,
};
use steward_store::{Durability, Query, WriteBatch, WriteOp, names, upsert};

use super::undo::{Ahead, UndoFindings, by_id, restored, revert, write_reverse};
use crate::quarantine;
use steward_workspace::{Progress, Result, Workspace, docs::Change};
use steward_workspace::{docs, edit, history};

/// Entries, or changes of a set, that are looked at together.
const PAGE: usize = 1000;

/// The quarantine of a run on its way back.
pub(super) struct Quarantine<'a> {
    pub workspace: &'a Workspace,
    pub run: &'a RunRecord,
    /// Otherwise it is only looked at.
    pub write: bool,
    /// Other runs: whether they are in effect.
    pub others: HashMap<String, bool>,
    /// Released rows that stay, because their records were changed since.
    pub stay: u64,
}

impl Quarantine<'_> {
    fn of(&self, status: QuarantineStatus) -> Filter {
        Filter::eq("runId", self.run.id.as_str()).and(Filter::eq("status", word(status)))
    }

    /// The later run that an entry stays for.
    async fn heir(&mut self, entry: &QuarantineEntry) -> Result<Option<String>> {
        for run in &entry.also_runs {
            if *run == self.run.id {
                continue;
            }
            let in_effect = match self.others.get(run) {
                Some(in_effect) => *in_effect,
                None => {
                    let found = self.workspace.own_document(names::RUNS, run).await?;
                    let found: Option<RunRecord> = found.map(|doc| docs::from_document(&doc)).transpose()?;
                    let in_effect =
                        found.is_some_and(|run| !matches!(run.state, RunState::Undone | RunState::Undoing | RunState::HalfUndone));
                    self.others.insert(run.clone(), in_effect);
                    in_effect
                }
            };
            if in_effect {
                return Ok(Some(run.clone()));
            }
        }
        Ok(None)
    }

    /// Withdraws, or hands on, all entries of a status.
    pub async fn withdraw(&mut self, status: QuarantineStatus, found: &mut UndoFindings) -> Result<()> {
        let mut after = None;
        loop {
            let query = Query::new(self.of(status), PAGE).sorted("_id", false).after(after);
            let page = self.workspace.store.find(names::QUARANTINE, &query).await?;
            let mut ops = Vec::new();
            for raw in &page.records {
                let entry = quarantine::from_doc(upsert::decode(raw)?)?;
                ops.push(self.resolve(&entry, found).await?);
            }
            if self.write && !ops.is_empty() {
                self.workspace.store.write(WriteBatch::data(ops), Durability::Bulk).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// The write that withdraws an entry or hands it on, counted.
    async fn resolve(&mut self, entry: &QuarantineEntry, found: &mut UndoFindings) -> Result<WriteOp> {
        if let Some(heir) = self.heir(entry).await? {
            found.handed_on += 1;
            return Ok(patch(entry, vec![("runId", heir.into())]));
        }
        match entry.status {
            QuarantineStatus::Released => found.released += 1,
            _ => found.withdraw += 1,
        }
        Ok(withdrawn(entry))
    }
}

fn word(status: QuarantineStatus) -> &'static str {
    match status {
        QuarantineStatus::Waiting => "waiting",
        QuarantineStatus::Released => "released",
        QuarantineStatus::Discarded => "discarded",
        QuarantineStatus::Withdrawn => "withdrawn",
    }
}

/// Changes an entry that is as it was looked at.
fn patch(entry: &QuarantineEntry, set: Vec<(&str, bson::Bson)>) -> WriteOp {
    WriteOp::Patch {
        collection: names::QUARANTINE.into(),
        id: entry.id.as_str().into(),
        expect: vec![("status".into(), Some(word(entry.status).into()))],
        set: set.into_iter().map(|(field, value)| (field.into(), value)).collect(),
        unset: Vec::new(),
    }
}

fn withdrawn(entry: &QuarantineEntry) -> WriteOp {
    patch(entry, vec![("status", word(QuarantineStatus::Withdrawn).into()), ("was", word(entry.status).into())])
}

/// All withdrawn entries of a run are as they were.
pub(super) async fn restore_entries(workspace: &Workspace, run: &str) -> Result<()> {
    let filter = Filter::eq("runId", run).and(Filter::eq("status", word(QuarantineStatus::Withdrawn)));
    let mut after = None;
    loop {
        let page = workspace.store.find(names::QUARANTINE, &Query::new(filter.clone(), PAGE).sorted("_id", false).after(after)).await?;
        let mut ops = Vec::new();
        for raw in &page.records {
            let entry = quarantine::from_doc(upsert::decode(raw)?)?;
            let was = entry.was.unwrap_or(QuarantineStatus::Waiting);
            let mut op = patch(&entry, vec![("status", word(was).into())]);
            if let WriteOp::Patch { unset, .. } = &mut op {
                unset.push("was".into());
            }
            ops.push(op);
        }
        if !ops.is_empty() {
            workspace.store.write(WriteBatch::data(ops), Durability::Bulk).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Undoes what was released from the quarantine of the run, the newest first. What was changed since is left alone, and its
/// row stays released.
pub(super) async fn walk(
    of: &mut Quarantine<'_>,
    undo_set: Option<&str>,
    number: &mut usize,
    back: &mut Ahead,
    found: &mut UndoFindings,
    progress: &dyn Progress,
) -> Result<()> {
    let workspace = of.workspace;
    let mut left = workspace.store.count(names::QUARANTINE, &of.of(QuarantineStatus::Released)).await?.saturating_sub(of.stay);
    let mut before = None;
    while left > 0 {
        progress.checkpoint()?;
        let sets = history::list(workspace, None, before, 200).await?;
        let Some(last) = sets.last() else { return Ok(()) };
        before = Some(last.seq);
        for set in &sets {
            let releases = matches!(set.kind, ChangeKind::Quarantine | ChangeKind::Undo) && set.undone_by.is_none();
            if !releases || set.run_id.is_some() || set.state != ChangeState::Confirmed {
                continue;
            }
            left -= of_set(of, &set.id, undo_set, number, back, found).await?.min(left);
        }
    }
    Ok(())
}

/// A row that was released, and the change that made a record of it; none where the record was there as it is.
struct Released {
    entry: QuarantineEntry,
    load: Option<Change>,
}

/// Undoes what one change set released; gives how many of its rows are the run's.
async fn of_set(
    of: &mut Quarantine<'_>,
    set: &str,
    undo_set: Option<&str>,
    number: &mut usize,
    back: &mut Ahead,
    found: &mut UndoFindings,
) -> Result<u64> {
    let mut rows: Vec<Released> = Vec::new();
    let (mut from, mut before) = (0, None::<Change>);
    loop {
        let changes = history::changes(of.workspace, set, from, PAGE).await?;
        let whole = changes.len() == PAGE;
        from += changes.len();
        let mut released = Vec::new();
        for change in changes {
            // The record is right before its row.
            let load = before.take().filter(|c| c.record.collection != names::QUARANTINE);
            if is_release(&change) {
                released.push((change.id.clone(), load));
            } else {
                before = Some(change);
            }
        }
        let ids: Vec<String> = released.iter().filter_map(|(id, _)| id.as_str().map(str::to_owned)).collect();
        let mut entries: HashMap<String, QuarantineEntry> =
            quarantine::by_ids(of.workspace, &ids).await?.into_iter().map(|e| (e.id.clone(), e)).collect();
        for (id, load) in released {
            let entry = id.as_str().and_then(|id| entries.remove(id));
            rows.extend(
                entry.filter(|e| e.run_id == of.run.id && e.status == QuarantineStatus::Released).map(|entry| Released { entry, load }),
            );
        }
        if !whole {
            break;
        }
    }
    let met = rows.len() as u64;
    rows.reverse();
    for some in rows.chunks(PAGE) {
        undo_rows(of, some, undo_set, number, back, found).await?;
    }
    Ok(met)
}

fn is_release(change: &Change) -> bool {
    let to_released = |f: &steward_domain::FieldChange| {
        f.path.as_str() == "status" && f.after.as_ref().is_some_and(|v| v.0.as_str() == Some(word(QuarantineStatus::Released)))
    };
    change.record.collection == names::QUARANTINE && change.record.fields.iter().any(to_released)
}

async fn undo_rows(
    of: &mut Quarantine<'_>,
    rows: &[Released],
    undo_set: Option<&str>,
    number: &mut usize,
    back: &mut Ahead,
    found: &mut UndoFindings,
) -> Result<()> {
    let workspace = of.workspace;
    let (mut ops, mut reverse) = (Vec::new(), Vec::new());
    for row in rows {
        let load = match &row.load {
            // It stays for a later run, with its record.
            Some(load) if of.heir(&row.entry).await?.is_none() => load,
            _ => {
                ops.push(of.resolve(&row.entry, found).await?);
                continue;
            }
        };
        let Some(change) = reversed(workspace, load, back).await? else {
            found.edited_since += 1;
            of.stay += 1;
            continue;
        };
        if change.record.op == RecordOp::Update
            && let Some(raw) = by_id(workspace, &change.record.collection, std::slice::from_ref(&change.id)).await?.into_values().next()
        {
            let mut document = upsert::decode(&raw)?;
            revert(&mut document, &change);
            back.insert(order::key_of(&change.id), document);
        }
        ops.push(of.resolve(&row.entry, found).await?);
        reverse.push(change);
    }
    if let Some(set) = undo_set {
        *number = write_reverse(workspace, set, *number, &reverse).await?;
        back.clear();
        if !ops.is_empty() {
            workspace.store.write(WriteBatch::data(ops), Durability::Bulk).await?;
        }
    }
    super::undo::show(found, reverse);
    Ok(())
}

/// The reverse of the change that made a record of a row, where the record is as that change left it.
async fn reversed(workspace: &Workspace, load: &Change, back: &Ahead) -> Result<Option<Change>> {
    if load.record.op == RecordOp::Update {
        // What it would count is counted by the row.
        let mut counted = UndoFindings::default();
        return Ok(restored(workspace, vec![load.clone()], back, &mut counted).await?.pop());
    }
    let found = by_id(workspace, &load.record.collection, std::slice::from_ref(&load.id)).await?.into_values().next();
    let then = load.record.document.as_ref().and_then(Value::as_document);
    let (Some(raw), Some(then)) = (found, then) else { return Ok(None) };
    let now = match back.get(&order::key_of(&load.id)) {
        Some(document) => document.clone(),
        None => upsert::decode(&raw)?,
    };
    let key = RecordKey(load.record.key.0.clone());
    Ok(steward_domain::value::same_doc(&now, then).then(|| edit::deletion(&load.record.collection, &key, now)))
}
