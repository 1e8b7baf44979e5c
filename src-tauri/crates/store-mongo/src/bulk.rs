//! Operations as server commands, and bulk writes: grouped, unordered, failures one by one.
//!
//! Inserts and updates are sent as raw commands: the driver's own `insert_many` encodes each record twice more, and
//! its `bulk_write` needs a server of 8.0. A command's body may hold 16 MB.

use std::collections::HashSet;
use std::time::Duration;

use bson::raw::{CStr, RawArrayBuf, cstr};
use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::{StreamExt as _, TryStreamExt as _};
use steward_domain::{FieldPath, order};
use steward_store::model::raw;
use steward_store::{Capability, OpFailure, StoreError, StoreErrorKind, StoreResult, WriteBatch, WriteOp, WriteReport, upsert};

use crate::odd_names;
use crate::{MongoStore, errors, filter, read, sessions, stamps, together, transaction, write};

const MAX_BYTES: usize = 14 << 20;
const MAX_OPS: usize = 50_000;
/// Commands of a bulk write that are on their way at the same time: the server works on each with another thread. On two
/// cores two lanes took a tenth off the time of updates, four took none.
const LANES: usize = 2;
/// Fewer operations are not worth a command of their own.
const FEWEST: usize = 100;

/// Kinds of operation that can share a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Insert,
    Put,
    Patch,
    /// Updates of many records each.
    Together,
    Delete,
    DeleteMany,
}

/// Operations of one shape on one collection, small enough for one command.
pub struct Chunk {
    collection: String,
    pub shape: Shape,
    /// Positions of the operations in the list they come from.
    pub positions: Vec<usize>,
    /// Of updates of many records: behind which of these positions each of them ends.
    ends: Vec<usize>,
    items: RawArrayBuf,
    bytes: usize,
}

impl Chunk {
    pub fn new(collection: &str, shape: Shape) -> Self {
        Self { collection: collection.to_owned(), shape, positions: Vec::new(), ends: Vec::new(), items: RawArrayBuf::new(), bytes: 0 }
    }

    pub fn fits(&self, collection: &str, shape: Shape, bytes: usize, most: usize) -> bool {
        self.shape == shape && self.collection == collection && self.positions.len() < most.min(MAX_OPS) && self.bytes + bytes <= MAX_BYTES
    }

    /// An update of many records.
    pub fn push_all(&mut self, positions: &[usize], item: &RawDocumentBuf) {
        self.positions.extend_from_slice(positions);
        self.ends.push(self.positions.len());
        self.bytes += item.as_bytes().len() + 8;
        self.items.push(item);
    }

    /// Positions of the operations of an update of many records.
    fn of_update(&self, index: usize) -> &[usize] {
        let begin = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(begin);
        &self.positions[begin..end]
    }

    fn push(&mut self, position: usize, item: &RawDocumentBuf) {
        self.positions.push(position);
        self.bytes += item.as_bytes().len() + 8;
        self.items.push(item);
    }

    /// The command; `concern` is left out inside a transaction.
    pub fn command(&self, ordered: bool, concern: Option<&Document>) -> StoreResult<RawDocumentBuf> {
        let (verb, list): (&CStr, &CStr) = match self.shape {
            Shape::Insert => (cstr!("insert"), cstr!("documents")),
            Shape::Put | Shape::Patch | Shape::Together => (cstr!("update"), cstr!("updates")),
            Shape::Delete | Shape::DeleteMany => (cstr!("delete"), cstr!("deletes")),
        };
        let mut command = RawDocumentBuf::new();
        command.append(verb, self.collection.as_str());
        command.append(cstr!("ordered"), ordered);
        if let Some(concern) = concern {
            command.append(cstr!("writeConcern"), &raw(concern)?);
        }
        command.append(list, &self.items);
        Ok(command)
    }
}

/// How many records a command found (or inserted).
pub fn count(reply: &Document) -> usize {
    number(reply, "n")
}

fn number(reply: &Document, name: &str) -> usize {
    match reply.get(name) {
        Some(Bson::Int32(n)) => usize::try_from(*n).unwrap_or(0),
        Some(Bson::Int64(n)) => usize::try_from(*n).unwrap_or(0),
        Some(Bson::Double(n)) => *n as usize,
        _ => 0,
    }
}

/// Neighbours of one shape share a command, at most `most` patches or deletes each.
pub fn chunks_in_order(ops: &[WriteOp], most: usize) -> StoreResult<Vec<Chunk>> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for (position, op) in ops.iter().enumerate() {
        let (shape, item) = encode(op)?;
        let bytes = item.as_bytes().len();
        // Single patches and deletes where the caller has to stop at the first that fails.
        let most = if matches!(shape, Shape::Patch | Shape::Delete) { most } else { MAX_OPS };
        match chunks.last_mut().filter(|c| c.fits(op.collection(), shape, bytes, most)) {
            Some(chunk) => chunk.push(position, &item),
            None => {
                let mut chunk = Chunk::new(op.collection(), shape);
                chunk.push(position, &item);
                chunks.push(chunk);
            }
        }
    }
    Ok(chunks)
}

/// The operations at these positions. All of one shape share commands: in a bulk write, operations concern different records.
/// Gives rounds of commands that may run side by side; a `DeleteMany` keeps its place.
fn rounds_by_shape(ops: &[WriteOp], positions: &[usize]) -> StoreResult<Vec<Vec<Chunk>>> {
    let most = positions.len().div_ceil(LANES).max(FEWEST);
    let mut rounds: Vec<Vec<Chunk>> = Vec::new();
    let mut open_from = 0;
    for (position, op) in positions.iter().filter_map(|at| Some((*at, ops.get(*at)?))) {
        let (shape, item) = encode(op)?;
        let bytes = item.as_bytes().len();
        let open = open_from
            + rounds[open_from..].iter().position(|r| r.first().is_some_and(|c| c.shape == shape)).unwrap_or_else(|| {
                rounds.push(Vec::new());
                rounds.len() - 1 - open_from
            });
        let round = &mut rounds[open];
        match round.iter_mut().rev().find(|c| c.fits(op.collection(), shape, bytes, most)) {
            Some(chunk) => chunk.push(position, &item),
            None => {
                let mut chunk = Chunk::new(op.collection(), shape);
                chunk.push(position, &item);
                round.push(chunk);
            }
        }
        if shape == Shape::DeleteMany {
            open_from = rounds.len();
        }
    }
    Ok(rounds)
}

fn encode(op: &WriteOp) -> StoreResult<(Shape, RawDocumentBuf)> {
    steward_store::names::check_data(op.collection())?;
    Ok(match op {
        WriteOp::Insert { document, .. } => (Shape::Insert, upsert::with_id(document)?.1),
        WriteOp::Put { document, .. } => {
            let Ok(Some(id)) = document.get("_id") else {
                return Err(StoreError::invalid("A record needs an _id to be written."));
            };
            let id = Bson::try_from(id).map_err(|e| StoreError::invalid("This _id is not valid BSON.").details(e))?;
            let mut item = RawDocumentBuf::new();
            item.append(cstr!("q"), &raw(&doc! { "_id": { "$eq": id } })?);
            item.append(cstr!("u"), document);
            item.append(cstr!("upsert"), true);
            (Shape::Put, item)
        }
        WriteOp::Patch { id, expect, set, unset, .. } => {
            // Without the hint the server weighs every index on an expected field again, for every record.
            (Shape::Patch, raw(&doc! { "q": target(id, expect)?, "u": update(set, unset)?, "hint": { "_id": 1 } })?)
        }
        WriteOp::Delete { id, expect, .. } => (Shape::Delete, raw(&doc! { "q": target(id, expect)?, "limit": 1 })?),
        WriteOp::DeleteMany { filter, .. } => (Shape::DeleteMany, raw(&doc! { "q": filter::translate_plain(filter)?, "limit": 0 })?),
    })
}

/// The record with this `_id`, where all expectations hold.
pub fn target(id: &Bson, expect: &[(FieldPath, Option<Bson>)]) -> StoreResult<Document> {
    let mut all = vec![doc! { "_id": { "$eq": id.clone() } }];
    for (path, value) in expect {
        all.push(match path.is_dotted() {
            true => doc! { path.as_str(): equals(value.as_ref()) },
            false => odd_names::equals(path, value.as_ref())?,
        });
    }
    Ok(if all.len() == 1 {
        all.remove(0)
    } else {
        doc! { "$and": all }
    })
}

/// Exactly this value: not one that a list holds, and null is not "missing".
fn equals(value: Option<&Bson>) -> Document {
    match value {
        None => doc! { "$exists": false },
        Some(Bson::Null) => doc! { "$type": 10, "$not": { "$type": 4 } },
        Some(Bson::Undefined) => doc! { "$type": 6, "$not": { "$type": 4 } },
        Some(list @ Bson::Array(_)) => doc! { "$eq": list.clone(), "$not": { "$elemMatch": { "$eq": list.clone() } } },
        Some(other) => doc! { "$eq": other.clone(), "$not": { "$type": 4 } },
    }
}

/// Operators, or a pipeline where names have dots.
fn update(set: &[(FieldPath, Bson)], unset: &[FieldPath]) -> StoreResult<Bson> {
    let odd = set.iter().map(|(path, _)| path).chain(unset).any(|path| !path.is_dotted());
    if odd { odd_names::update(set, unset) } else { modifiers(set, unset).map(Bson::Document) }
}

fn modifiers(set: &[(FieldPath, Bson)], unset: &[FieldPath]) -> StoreResult<Document> {
    let mut update = Document::new();
    if !set.is_empty() {
        let fields = set.iter().map(|(path, v)| Ok((filter::name(path)?.to_owned(), v.clone())));
        update.insert("$set", fields.collect::<StoreResult<Document>>()?);
    }
    if !unset.is_empty() {
        let fields = unset.iter().map(|path| Ok((filter::name(path)?.to_owned(), Bson::from(""))));
        update.insert("$unset", fields.collect::<StoreResult<Document>>()?);
    }
    if update.is_empty() {
        // Without any operator the server would replace the record by an empty one.
        update.insert("$setOnInsert", doc! { "steward_unused": true });
    }
    Ok(update)
}

/// History, data, confirmation, in this order. Operations of `data` fail one by one; the others must not fail.
pub async fn write(store: &MongoStore, batch: &WriteBatch) -> StoreResult<WriteReport> {
    put_new(store, &batch.history).await?;
    let mut report = WriteReport::default();
    let most = batch.data.len().div_ceil(LANES).max(FEWEST);
    let (together, mut rest) = together::gather(store, &batch.data, most)?;
    let mut runs =
        futures::stream::iter(together).map(|chunk| async move { run_together(store, &chunk, &batch.data).await }).buffer_unordered(LANES);
    while let Some((failures, again)) = runs.try_next().await? {
        report.failures.extend(failures);
        rest.extend(again);
    }
    rest.sort_unstable();
    for round in rounds_by_shape(&batch.data, &rest)? {
        let mut runs =
            futures::stream::iter(round).map(|chunk| async move { run(store, &chunk, &batch.data).await }).buffer_unordered(LANES);
        while let Some(failures) = runs.try_next().await? {
            report.failures.extend(failures);
        }
    }
    report.failures.sort_unstable_by_key(|f| f.index);
    let failed = |index: usize| report.failures.binary_search_by_key(&index, |f| f.index).is_ok();
    let written = batch.data.iter().enumerate().filter(|(index, _)| !failed(*index));
    must_succeed(store, &written.filter_map(|(_, op)| stamps::again(op)).collect::<Vec<_>>()).await?;
    write::check_fence(store, batch.fence.as_ref()).await?;
    match must_succeed(store, &batch.confirm).await {
        // The lease changed hands after the look at it: the confirmation expects what its taker has overwritten.
        Err(e) if e.kind == StoreErrorKind::Conflict => {
            write::check_fence(store, batch.fence.as_ref()).await?;
            Err(e)
        }
        done => done.map(|()| report),
    }
}

/// Gives what failed, and what is to be tried one by one: an update that the server refuses says nothing of its records.
async fn run_together(store: &MongoStore, chunk: &Chunk, ops: &[WriteOp]) -> StoreResult<(Vec<OpFailure>, Vec<usize>)> {
    let reply = send(store, chunk).await?;
    if let Some(e) = errors::write_concern_error(&reply) {
        return Err(e);
    }
    let again: Vec<usize> = errors::write_errors(&reply).iter().flat_map(|(index, _)| chunk.of_update(*index)).copied().collect();
    // A record that was not as expected is found, but not changed.
    if again.is_empty() && number(&reply, "nModified") == chunk.positions.len() {
        return Ok((Vec::new(), again));
    }
    let known: HashSet<usize> = again.iter().copied().collect();
    Ok((unmet(store, chunk, ops, &known).await?, again))
}

/// Puts what is most likely new: an insert costs the server a third of a put. What is there from an earlier attempt is
/// put in its place.
async fn put_new(store: &MongoStore, ops: &[WriteOp]) -> StoreResult<()> {
    let insert = |op: &WriteOp| match op {
        WriteOp::Put { collection, document } => Some(WriteOp::Insert { collection: collection.clone(), document: document.clone() }),
        _ => None,
    };
    let Some(inserts) = ops.iter().map(insert).collect::<Option<Vec<WriteOp>>>() else {
        return must_succeed(store, ops).await;
    };
    let mut again = Vec::new();
    let all: Vec<usize> = (0..inserts.len()).collect();
    let round = rounds_by_shape(&inserts, &all)?.into_iter().flatten();
    let mut sent = futures::stream::iter(round)
        .map(|chunk| async move {
            let reply = send(store, &chunk).await?;
            StoreResult::Ok((chunk, reply))
        })
        .buffer_unordered(LANES);
    while let Some((chunk, reply)) = sent.try_next().await? {
        for (index, e) in errors::write_errors(&reply) {
            match chunk.positions.get(index).and_then(|at| ops.get(*at)) {
                Some(op) if e.kind == StoreErrorKind::DuplicateKey => again.push(op.clone()),
                _ => return Err(e),
            }
        }
        if let Some(e) = errors::write_concern_error(&reply) {
            return Err(e);
        }
    }
    must_succeed(store, &again).await
}

async fn must_succeed(store: &MongoStore, ops: &[WriteOp]) -> StoreResult<()> {
    for chunk in chunks_in_order(ops, usize::MAX)? {
        let reply = send(store, &chunk).await?;
        write::check_reply(&chunk, &reply)?;
    }
    Ok(())
}

async fn run(store: &MongoStore, chunk: &Chunk, ops: &[WriteOp]) -> StoreResult<Vec<OpFailure>> {
    let mut failures = if chunk.shape == Shape::Delete { absent(store, chunk, ops).await? } else { Vec::new() };
    let reply = send(store, chunk).await?;
    if let Some(e) = errors::write_concern_error(&reply) {
        return Err(e);
    }
    let refused = errors::write_errors(&reply);
    for (index, e) in refused {
        if let Some(&index) = chunk.positions.get(index) {
            failures.push(OpFailure { index, kind: e.kind });
        }
    }
    let matched = matches!(chunk.shape, Shape::Patch | Shape::Delete);
    if matched && count(&reply) + failures.len() < chunk.positions.len() {
        let known: HashSet<usize> = failures.iter().map(|f| f.index).collect();
        failures.extend(unmet(store, chunk, ops, &known).await?);
    }
    Ok(failures)
}

/// Sends a command, a second time if the connection broke: what the first had done shows as "exists" or "unmet", and
/// [`unmet`] looks at the records. What the server has answered survives its crash, and that of a primary: the next command
/// counts on it.
async fn send(store: &MongoStore, chunk: &Chunk) -> StoreResult<Document> {
    let within = i64::try_from(transaction::MAJORITY_WITHIN.as_millis()).unwrap_or(i64::MAX);
    let concern = match store.has(Capability::Transactions) {
        true => doc! { "w": "majority", "wtimeout": within },
        false => doc! { "w": 1, "j": true },
    };
    let command = chunk.command(false, Some(&concern))?;
    let sent = async { store.db().run_raw_command(command.clone()).await };
    match sessions::watched(store, sent).await {
        Ok(reply) => Ok(reply),
        Err(e) if errors::from_driver(&e).kind == StoreErrorKind::Unreachable => {
            tokio::time::sleep(Duration::from_millis(200)).await;
            store.db().run_raw_command(command).await.map_err(|e| errors::from_driver(&e))
        }
        Err(e) => Err(errors::from_driver(&e)),
    }
}

/// Deletes whose record is not there before they begin.
async fn absent(store: &MongoStore, chunk: &Chunk, ops: &[WriteOp]) -> StoreResult<Vec<OpFailure>> {
    let found = look_up(store, chunk, ops).await?;
    let missing = |index: &usize| id_of(ops, *index).is_some_and(|id| !found.contains_key(&order::key_of(id)));
    Ok(chunk.positions.iter().copied().filter(missing).map(conflict).collect())
}

fn conflict(index: usize) -> OpFailure {
    OpFailure { index, kind: StoreErrorKind::Conflict }
}

fn id_of(ops: &[WriteOp], index: usize) -> Option<&Bson> {
    match ops.get(index)? {
        WriteOp::Patch { id, .. } | WriteOp::Delete { id, .. } => Some(id),
        WriteOp::Insert { .. } | WriteOp::Put { .. } | WriteOp::DeleteMany { .. } => None,
    }
}

type Found = std::collections::HashMap<Vec<u8>, RawDocumentBuf>;

async fn look_up(store: &MongoStore, chunk: &Chunk, ops: &[WriteOp]) -> StoreResult<Found> {
    let ids: Vec<Bson> = chunk.positions.iter().filter_map(|&i| id_of(ops, i).cloned()).collect();
    let mut found = Found::with_capacity(ids.len());
    for part in ids.chunks(1000) {
        for record in read::get_many(store, &chunk.collection, "_id", part).await? {
            if let Ok(Some(id)) = record.get("_id") {
                found.insert(order::key(Some(id)), record);
            }
        }
    }
    Ok(found)
}

/// Operations that found no record, seen by what is there now: a record still to be deleted, or one that is not as
/// its patch would have left it.
async fn unmet(store: &MongoStore, chunk: &Chunk, ops: &[WriteOp], known: &HashSet<usize>) -> StoreResult<Vec<OpFailure>> {
    let found = look_up(store, chunk, ops).await?;
    let mut failures = Vec::new();
    for &index in chunk.positions.iter().filter(|i| !known.contains(i)) {
        let record = id_of(ops, index).and_then(|id| found.get(&order::key_of(id)));
        let done = match (ops.get(index), record) {
            (Some(WriteOp::Patch { expect, set, unset, .. }), Some(record)) => is_as_patched(&upsert::decode(record)?, expect, set, unset),
            (Some(WriteOp::Delete { .. }), record) => record.is_none(),
            _ => false,
        };
        if !done {
            failures.push(conflict(index));
        }
    }
    Ok(failures)
}

fn is_as_patched(record: &Document, expect: &[(FieldPath, Option<Bson>)], set: &[(FieldPath, Bson)], unset: &[FieldPath]) -> bool {
    let key = |value: Option<&Bson>| value.map(order::key_of);
    let untouched = |path: &FieldPath| !unset.contains(path) && !set.iter().any(|(p, _)| p == path);
    set.iter().all(|(path, v)| key(path.get(record)) == key(Some(v)))
        && unset.iter().all(|path| matches!(path.get(record), None | Some(Bson::Null)))
        && expect.iter().filter(|(path, _)| untouched(path)).all(|(path, v)| key(path.get(record)) == key(v.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_patch_never_replaces_the_record() {
        let update = modifiers(&[], &[]).unwrap();
        assert!(update.keys().all(|k| k.starts_with('$')) && !update.is_empty());
    }

    #[test]
    fn shapes_are_gathered_but_not_across_a_sweep() {
        let insert = |id: i32| WriteOp::insert("c", &doc! { "_id": id }).unwrap();
        let patch = |id: i32| WriteOp::Patch {
            collection: "c".into(),
            id: Bson::Int32(id),
            expect: Vec::new(),
            set: vec![("a".into(), Bson::Int32(1))],
            unset: Vec::new(),
        };
        let sweep = WriteOp::DeleteMany { collection: "c".into(), filter: steward_domain::Filter::all() };
        let ops = [insert(1), patch(2), insert(3), sweep, insert(4)];
        let rounds = rounds_by_shape(&ops, &(0..ops.len()).collect::<Vec<_>>()).unwrap();
        let positions: Vec<&[usize]> = rounds.iter().flatten().map(|c| c.positions.as_slice()).collect();
        assert_eq!(positions, [&[0, 2][..], &[1], &[3], &[4]]);
    }

    #[test]
    fn a_big_batch_is_cut_for_the_lanes() {
        let ops: Vec<WriteOp> = (0..1000).map(|id| WriteOp::insert("c", &doc! { "_id": id }).unwrap()).collect();
        let rounds = rounds_by_shape(&ops, &(0..ops.len()).collect::<Vec<_>>()).unwrap();
        let sizes: Vec<usize> = rounds.iter().flatten().map(|c| c.positions.len()).collect();
        assert_eq!((rounds.len(), sizes), (1, vec![500; 2]));
    }
}
