//! The history: every write is a change set, chained by hashes, stored with the write.
//!
//! With transactions the entry, its record changes, the head of the chain and the data are one atomic step. Without,
//! the entry is written as pending, then the data, then it is confirmed; [`recover_pending`] completes what a crash left.

mod append;
mod chain;
mod recover;
pub mod staged;

use bson::{Bson, Document};
use sha2::{Digest, Sha256};
use steward_domain::{ChangeKind, ChangeSet, ChangeState, Comparison, EntryState, Filter, RecordOp, Value, value};
use steward_store::{Capability, Durability, StoreErrorKind, WriteBatch, WriteOp, names, upsert};

use crate::docs::{self, Change};
use crate::error::{Error, Result};
use crate::events::Event;
use crate::workspace::{Workspace, new_id};

pub(crate) use append::Appending;
pub use append::commit;
use chain::chain_hash;
pub use chain::{Anchor, ChainReport, anchor, holds, verify};
pub use recover::recover_pending;

const HEAD: &str = "chain";
/// How often an entry is tried while other processes append theirs.
const ATTEMPTS: u32 = 60;

/// Processes that append at the same time step aside for each other, each for another while.
async fn others_first(attempt: u32) {
    if attempt > 0 {
        let spread = u64::from(bson::oid::ObjectId::new().bytes()[11]) % 16;
        let millis = u64::from(attempt.min(10)) * 2 + spread;
        tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
    }
}

/// What to write down and do.
#[derive(Debug, Clone)]
pub struct Request {
    pub kind: ChangeKind,
    pub collection: String,
    pub summary: String,
    pub reason: Option<String>,
    pub run_id: Option<String>,
    pub undoes: Option<String>,
    pub changes: Vec<Change>,
    /// Further operations of the same step (quarantine entries that are released, …).
    pub also: Vec<WriteOp>,
    /// An entry that has come to its end by this one.
    pub resolves: Option<EntryState>,
}

impl Request {
    pub fn new(kind: ChangeKind, collection: &str, summary: impl Into<String>, changes: Vec<Change>) -> Self {
        Self {
            kind,
            collection: collection.to_owned(),
            summary: summary.into(),
            reason: None,
            run_id: None,
            undoes: None,
            changes,
            also: Vec::new(),
            resolves: None,
        }
    }
}

/// Says that records changed.
fn announced(workspace: &Workspace, set: ChangeSet) -> ChangeSet {
    workspace.events.emit(&Event::RecordsChanged { collection: set.collection.clone(), change_set: set.id.clone() });
    set
}

/// Expects values in the order in which their fields are stored: to a person it is no difference, but a server compares objects by
/// it, and an undo may have put a field back behind others. False where there was nothing to do.
async fn as_they_stand(workspace: &Workspace, changes: &mut [Change]) -> Result<bool> {
    let mut reordered = false;
    let found = crate::edit::as_they_are(workspace, changes).await?;
    for (change, now) in changes.iter_mut().zip(found) {
        let Some(now) = now else { continue };
        let record = &mut change.record;
        for field in &mut record.fields {
            if let (Some(before), Some(now)) = (&mut field.before, field.path.get(&now)) {
                reordered |= reorder(&mut before.0, now);
            }
        }
        if let (RecordOp::Delete, Some(before)) = (record.op, &mut record.document) {
            reordered |= reorder(&mut before.0, &Bson::Document(now));
        }
    }
    Ok(reordered)
}

/// Takes what stands for what was expected, where the order of fields is all that differs.
fn reorder(expected: &mut Bson, now: &Bson) -> bool {
    let bytes = |value: &Bson| bson::doc! { "v": value.clone() }.to_vec().ok();
    let differs = value::same(expected, now) && bytes(expected) != bytes(now);
    if differs {
        *expected = now.clone();
    }
    differs
}

/// Appends an entry for work that was already written and recorded in bulk (an import, its undo).
pub async fn record_bulk(workspace: &Workspace, request: Request, id: &str, records: i64) -> Result<ChangeSet> {
    record_written(workspace, request, id, records, None).await
}

/// [`record_bulk`] of changes that are stored under the entry's id; their hash is a part of it.
async fn record_staged(workspace: &Workspace, request: Request, id: &str, records: i64, payload_hash: String) -> Result<ChangeSet> {
    record_written(workspace, request, id, records, Some(payload_hash)).await
}

async fn record_written(workspace: &Workspace, request: Request, id: &str, records: i64, payload: Option<String>) -> Result<ChangeSet> {
    let _turn = workspace.appending.turn().await;
    for attempt in 0..ATTEMPTS {
        others_first(attempt).await;
        let head = head(workspace).await?;
        let (mut set, _) = prepare(workspace, &request, &head, chain::newest(workspace, &head).await?)?;
        id.clone_into(&mut set.id);
        set.records = records;
        set.state = ChangeState::Confirmed;
        if let Some(hash) = &payload {
            set.payload_hash.clone_from(hash);
        }
        set.hash = chain_hash(&set);
        let mut ops = vec![insert_set(&set)?, move_head(&head, &set)];
        ops.extend(request.also.clone());
        match workspace.store.write(WriteBatch::data(ops), Durability::Full).await {
            Ok(_) => return Ok(announced(workspace, set)),
            Err(e) if e.kind == StoreErrorKind::Conflict || e.kind == StoreErrorKind::DuplicateKey => {}
            Err(e) => return Err(e.into()),
        }
    }
    Err(Error::Conflict("Others are writing to this workspace. Try again in a moment.".into()))
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Head {
    seq: i64,
    hash: String,
}

impl Head {
    /// The head once this entry is written.
    fn at(set: &ChangeSet) -> Self {
        Self { seq: set.seq, hash: set.hash.clone() }
    }
}

/// The head as stored; nothing where no history was ever written.
async fn found_head(workspace: &Workspace) -> Result<Option<Head>> {
    let Some(doc) = workspace.own_document(names::CATALOG, HEAD).await? else {
        return Ok(None);
    };
    let seq = doc.get_i64("seq").map_err(|_| Error::Damaged("The head of the history"))?;
    let hash = doc.get_str("hash").map_err(|_| Error::Damaged("The head of the history"))?.to_owned();
    Ok(Some(Head { seq, hash }))
}

/// The head to append to.
async fn head(workspace: &Workspace) -> Result<Head> {
    if let Some(head) = found_head(workspace).await? {
        return Ok(head);
    }
    let first = bson::doc! {"_id": HEAD, "seq": 0_i64, "hash": ""};
    let ops = vec![WriteOp::insert(names::CATALOG, &first)?, crate::layout::note()?];
    match workspace.store.write(WriteBatch::data(ops), Durability::Full).await {
        Ok(_) => {}
        Err(e) if e.kind == StoreErrorKind::DuplicateKey => {}
        Err(e) => return Err(e.into()),
    }
    Ok(Head { seq: 0, hash: String::new() })
}

/// The entry that follows `head`, with the writes of it and of its changes. The head itself is left to the caller.
fn prepare(workspace: &Workspace, request: &Request, head: &Head, newest: Option<EntryState>) -> Result<(ChangeSet, WriteBatch)> {
    let atomic = workspace.store.capabilities().has(Capability::Transactions);
    let id = new_id();
    let docs: Vec<Document> = request.changes.iter().enumerate().map(|(n, c)| docs::change_to_doc(&id, n, c)).collect();
    let mut set = ChangeSet {
        id,
        seq: head.seq + 1,
        at: workspace.clock.stamp(),
        actor: workspace.actor.clone(),
        origin: workspace.origin,
        kind: request.kind,
        state: if atomic { ChangeState::Confirmed } else { ChangeState::Pending },
        collection: request.collection.clone(),
        summary: request.summary.clone(),
        reason: request.reason.clone(),
        records: records_touched(&request.changes),
        run_id: request.run_id.clone(),
        undoes: request.undoes.clone(),
        undone_by: None,
        stood: newest.into_iter().chain(request.resolves.clone()).collect(),
        payload_hash: payload_hash(&docs),
        previous_hash: head.hash.clone(),
        hash: String::new(),
    };
    set.hash = chain_hash(&set);
    let mut batch = WriteBatch { history: vec![insert_set(&set)?], ..WriteBatch::default() };
    for doc in &docs {
        batch.history.push(WriteOp::insert(names::CHANGES, doc)?);
    }
    for change in &request.changes {
        batch.data.push(operation(change)?);
    }
    batch.data.extend(request.also.iter().cloned());
    if let Some(undone) = &set.undoes {
        batch.data.push(mark(undone, "undoneBy", Bson::from(set.id.as_str())));
    }
    if !atomic {
        batch.confirm.push(mark(&set.id, "state", Bson::from("confirmed")));
    }
    Ok((set, batch))
}

/// Records of people's collections; entries of the quarantine count only where there is nothing else.
fn records_touched(changes: &[Change]) -> i64 {
    let records = changes.iter().filter(|c| !names::is_own(&c.record.collection)).count();
    i64::try_from(if records == 0 { changes.len() } else { records }).unwrap_or(i64::MAX)
}

/// The write that makes a change.
pub fn operation(change: &Change) -> Result<WriteOp> {
    let record = &change.record;
    Ok(match record.op {
        RecordOp::Insert => {
            let document = record.document.as_ref().and_then(Value::as_document);
            WriteOp::insert(&record.collection, document.ok_or(Error::Damaged("A change of the history"))?)?
        }
        RecordOp::Update => upsert::patch(&record.collection, change.id.clone(), &record.fields),
        RecordOp::Delete => {
            let document = record.document.as_ref().and_then(Value::as_document);
            let expect = document
                .into_iter()
                .flatten()
                .filter(|(name, _)| *name != "_id")
                .map(|(name, value)| (name.as_str().into(), Some(value.clone())))
                .collect();
            WriteOp::Delete { collection: record.collection.clone(), id: change.id.clone(), expect }
        }
    })
}

fn insert_set(set: &ChangeSet) -> Result<WriteOp> {
    let mut doc = docs::to_document(&set.id, set)?;
    doc.insert("seq", set.seq);
    Ok(WriteOp::insert(names::CHANGE_SETS, &doc)?)
}

fn move_head(head: &Head, set: &ChangeSet) -> WriteOp {
    WriteOp::Patch {
        collection: names::CATALOG.into(),
        id: HEAD.into(),
        expect: vec![("seq".into(), Some(Bson::Int64(head.seq))), ("hash".into(), Some(Bson::from(head.hash.as_str())))],
        set: vec![("seq".into(), Bson::Int64(set.seq)), ("hash".into(), Bson::from(set.hash.as_str()))],
        unset: Vec::new(),
    }
}

/// Sets a field of an entry that is outside the chain (its state, what undid it).
pub fn mark(set: &str, field: &str, value: Bson) -> WriteOp {
    WriteOp::Patch {
        collection: names::CHANGE_SETS.into(),
        id: set.into(),
        expect: Vec::new(),
        set: vec![(field.into(), value)],
        unset: Vec::new(),
    }
}

fn payload_hash(docs: &[Document]) -> String {
    let mut hasher = Sha256::new();
    for doc in docs {
        if let Ok(raw) = bson::RawDocumentBuf::try_from(doc) {
            hasher.update(raw.as_bytes());
        }
    }
    hex::encode(hasher.finalize())
}

/// [`payload_hash`] of the record changes as they are stored now.
async fn stored_hash(workspace: &Workspace, set: &str) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut pages = Pages::of(workspace, set);
    while let Some(page) = pages.raw().await? {
        page.iter().for_each(|raw| hasher.update(raw.as_bytes()));
    }
    Ok(hex::encode(hasher.finalize()))
}

/// The record changes of a set, in order, a thousand at a time.
pub struct Pages {
    workspace: Workspace,
    set: String,
    /// Where the next page begins; `None` after the last one.
    after: Option<Option<steward_store::Cursor>>,
}

impl Pages {
    pub fn of(workspace: &Workspace, set: &str) -> Self {
        Self { workspace: workspace.clone(), set: set.to_owned(), after: Some(None) }
    }

    async fn raw(&mut self) -> Result<Option<Vec<bson::RawDocumentBuf>>> {
        let Some(after) = self.after.take() else { return Ok(None) };
        let query = steward_store::Query::new(changes_from(&self.set, 0), 1000).sorted("_id", false).after(after);
        let page = self.workspace.store.find(names::CHANGES, &query).await?;
        self.after = page.next.map(Some);
        Ok(Some(page.records))
    }

    pub async fn next(&mut self) -> Result<Option<Vec<Change>>> {
        let Some(page) = self.raw().await? else { return Ok(None) };
        page.iter().map(|raw| docs::change_from_doc(&upsert::decode(raw)?)).collect::<Result<_>>().map(Some)
    }
}

/// A change set by id.
pub async fn get(workspace: &Workspace, id: &str) -> Result<ChangeSet> {
    let doc = workspace.own_document(names::CHANGE_SETS, id).await?;
    docs::from_document(&doc.ok_or_else(|| Error::NotFound("There is no such change in the history.".into()))?)
}

/// Newest entries first, below a sequence number.
pub async fn list(workspace: &Workspace, collection: Option<&str>, before: Option<i64>, limit: usize) -> Result<Vec<ChangeSet>> {
    let mut filter = Filter::all();
    if let Some(collection) = collection {
        filter = filter.and(Filter::eq("collection", collection));
    }
    if let Some(seq) = before {
        filter = filter.and(Filter::Compare { field: "seq".into(), cmp: Comparison::Lt, value: Bson::Int64(seq).into() });
    }
    let found = workspace.own_documents(names::CHANGE_SETS, filter, "seq", limit).await?;
    found.iter().map(docs::from_document).collect()
}

/// The entries of an import run: one for each time that it came to an end, however it ended.
pub async fn of_import(workspace: &Workspace, run: &str) -> Result<Vec<ChangeSet>> {
    let filter = Filter::eq("runId", run).and(Filter::eq("kind", "import"));
    let found = workspace.own_documents(names::CHANGE_SETS, filter, "seq", 1000).await?;
    found.iter().map(docs::from_document).collect()
}

/// Under which id the record changes of an entry are kept: those of an import under its run's.
pub fn kept_under(set: &ChangeSet) -> &str {
    match (&set.run_id, set.kind) {
        (Some(run), ChangeKind::Import) => run,
        _ => &set.id,
    }
}

/// Whether the history tells of a run or restore that put something into a collection.
pub async fn of_run(workspace: &Workspace, collection: &str, run: &str) -> Result<bool> {
    let filter = Filter::eq("collection", collection).and(Filter::eq("runId", run));
    Ok(!workspace.own_documents(names::CHANGE_SETS, filter, "seq", 1).await?.is_empty())
}

/// Whether the history tells that a restore of a collection was undone.
pub async fn undone(workspace: &Workspace, collection: &str, restore: &str) -> Result<bool> {
    let filter = Filter::eq("collection", collection).and(Filter::eq("runId", restore)).and(Filter::eq("kind", "undo"));
    Ok(!workspace.own_documents(names::CHANGE_SETS, filter, "seq", 1).await?.is_empty())
}

/// Records of a collection that were written since an import or restore put it in place. Where that has no entry,
/// everything counts: rather too much is kept than too little.
pub async fn records_since(workspace: &Workspace, collection: &str, run: &str) -> Result<i64> {
    let (mut records, mut before) = (0, None);
    loop {
        let sets = list(workspace, Some(collection), before, 200).await?;
        for set in &sets {
            if set.run_id.as_deref() == Some(run) {
                return Ok(records);
            }
            if set.state != ChangeState::Confirmed {
                continue;
            }
            // Corrections of rows that wait change no record.
            records += match set.kind {
                ChangeKind::Quarantine => {
                    let of_records = changes_from(&set.id, 0).and(Filter::eq("collection", collection));
                    i64::try_from(workspace.store.count(names::CHANGES, &of_records).await?).unwrap_or(i64::MAX)
                }
                _ => set.records,
            };
        }
        match sets.last() {
            Some(last) => before = Some(last.seq),
            None => return Ok(records),
        }
    }
}

/// The record changes of a set, in order, a page at a time.
pub async fn changes(workspace: &Workspace, set: &str, from: usize, limit: usize) -> Result<Vec<Change>> {
    let query = steward_store::Query::new(changes_from(set, from), limit).sorted("_id", false);
    let page = workspace.store.find(names::CHANGES, &query).await?;
    page.records.iter().map(|raw| docs::change_from_doc(&upsert::decode(raw)?)).collect()
}

/// The record changes of a set from a number on.
fn changes_from(set: &str, from: usize) -> Filter {
    let bound = |cmp, id: String| Filter::Compare { field: "_id".into(), cmp, value: Bson::from(id).into() };
    let first = if from == 0 { format!("{set}:") } else { docs::change_id(set, from) };
    bound(Comparison::Gte, first).and(bound(Comparison::Lt, format!("{set};")))
}
