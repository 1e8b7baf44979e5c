//! Writing a batch: which protocol applies, and that a write which has begun is finished.
//!
//! [`Durability::Full`] is one transaction where the server has them (`transaction`). On a standalone server the
//! expectations are looked at first, then history, data and confirmation are written one after the other.
//! [`Durability::Bulk`] is in `bulk`.

use std::time::Duration;

use bson::{Document, doc};
use steward_store::{Capability, Durability, Fence, StoreError, StoreErrorKind, StoreResult, WriteBatch, WriteOp, WriteReport, names};

use crate::bulk::{self, Chunk, Shape};
use crate::{MongoStore, collections, errors, sessions, stamps, transaction};

/// The write runs as a task of its own: dropping the returned future does not stop it half-way.
pub async fn write(store: &MongoStore, batch: WriteBatch, durability: Durability) -> StoreResult<WriteReport> {
    if batch.is_empty() {
        return Ok(WriteReport::default());
    }
    let store = store.clone();
    let task = tokio::spawn(async move {
        check_fence(&store, batch.fence.as_ref()).await?;
        match durability {
            Durability::Bulk => bulk::write(&store, &batch).await,
            Durability::Full => {
                make_collections(&store, &batch).await?;
                if store.has(Capability::Transactions) {
                    at_once(&store, &batch).await?;
                } else {
                    one_by_one(&store, &batch).await?;
                }
                Ok(WriteReport::default())
            }
        }
    });
    task.await.map_err(|e| StoreError::new(StoreErrorKind::Internal, "The write was interrupted.").details(e))?
}

/// The lease has the number that the writer took it with.
pub async fn check_fence(store: &MongoStore, fence: Option<&Fence>) -> StoreResult<()> {
    let Some(fence) = fence else { return Ok(()) };
    let leases = store.db().collection::<Document>(names::LEASES);
    let found = leases.find_one(doc! { "_id": fence.lease.as_str(), "number": fence.number }).await.map_err(|e| errors::from_driver(&e))?;
    if found.is_some() { Ok(()) } else { Err(StoreError::fenced()) }
}

/// Older servers cannot make a collection inside a transaction, and newer ones conflict over it.
async fn make_collections(store: &MongoStore, batch: &WriteBatch) -> StoreResult<()> {
    for op in batch.history.iter().chain(&batch.data).chain(&batch.confirm) {
        let makes = matches!(op, WriteOp::Insert { .. } | WriteOp::Put { .. });
        if makes && !store.knows(op.collection()) {
            match collections::create(store, op.collection()).await {
                // Allowed to write into what exists, but not to make what does not: the write itself will tell.
                Err(e) if e.kind == StoreErrorKind::Forbidden => {}
                other => other?,
            }
        }
    }
    Ok(())
}

/// The error for an expectation that is not met.
pub fn conflict() -> StoreError {
    StoreError::new(StoreErrorKind::Conflict, "Somebody else changed or deleted this record in the meantime.")
}

fn stamped(batch: &WriteBatch) -> Vec<WriteOp> {
    batch.data.iter().filter_map(stamps::again).collect()
}

/// All of the batch or nothing.
async fn at_once(store: &MongoStore, batch: &WriteBatch) -> StoreResult<()> {
    let mut chunks = Vec::new();
    // A lease that changes hands before the transaction ends makes it fail.
    let under: Vec<WriteOp> = batch.fence.iter().map(touched).collect();
    for ops in [&under, &batch.history, &batch.data, &stamped(batch), &batch.confirm] {
        chunks.extend(bulk::chunks_in_order(ops, usize::MAX)?);
    }
    match chunks.as_slice() {
        [chunk] if chunk.shape == Shape::Put && chunk.positions.len() == 1 => alone(store, chunk).await,
        chunks => match transaction::write(store, chunks).await {
            Err(e) if e.kind == StoreErrorKind::Conflict => {
                check_fence(store, batch.fence.as_ref()).await?;
                Err(e)
            }
            other => other,
        },
    }
}

fn touched(fence: &Fence) -> WriteOp {
    WriteOp::Patch {
        collection: names::LEASES.into(),
        id: fence.lease.as_str().into(),
        expect: vec![("number".into(), Some(fence.number.into()))],
        set: vec![("wrote".into(), bson::DateTime::now().into())],
        unset: Vec::new(),
    }
}

/// One document put in its place is whole without a transaction. A program that is killed meanwhile leaves none open, which
/// the server would keep for a minute and let every other write of the document fail for as long.
async fn alone(store: &MongoStore, chunk: &Chunk) -> StoreResult<()> {
    let within = i64::try_from(transaction::MAJORITY_WITHIN.as_millis()).unwrap_or(i64::MAX);
    let command = chunk.command(true, Some(&doc! { "w": "majority", "wtimeout": within }))?;
    let mut attempt = 1;
    loop {
        let sent = async { store.db().run_raw_command(command.clone()).await };
        let done = match sessions::watched(store, sent).await {
            Ok(reply) => check_reply(chunk, &reply),
            Err(e) => Err(errors::from_driver(&e)),
        };
        match done {
            // To put it twice is to put it once.
            Err(e) if attempt < transaction::ATTEMPTS && matches!(e.kind, StoreErrorKind::Unreachable | StoreErrorKind::Busy) => {
                tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
                attempt += 1;
            }
            other => return other,
        }
    }
}

/// History first, then data, then confirmation. What can be known to fail is found before anything is written.
async fn one_by_one(store: &MongoStore, batch: &WriteBatch) -> StoreResult<()> {
    check_expectations(store, &batch.data).await?;
    let stamped = stamped(batch);
    let total = batch.history.len() + batch.data.len() + stamped.len() + batch.confirm.len();
    let mut done = 0;
    for ops in [&batch.history, &batch.data, &stamped, &batch.confirm] {
        for chunk in bulk::chunks_in_order(ops, 1)? {
            apply(store, &chunk).await.map_err(|e| {
                let message = match done {
                    0 => e.message.clone(),
                    _ => format!("{} Steps 1 to {done} of {total} were written; the rest was not.", e.message),
                };
                StoreError { message, ..e }
            })?;
            done += chunk.positions.len();
        }
    }
    Ok(())
}

async fn apply(store: &MongoStore, chunk: &Chunk) -> StoreResult<()> {
    let command = chunk.command(true, Some(&doc! { "w": 1, "j": true }))?;
    let reply = store.db().run_raw_command(command).await.map_err(|e| errors::from_driver(&e))?;
    check_reply(chunk, &reply)
}

/// Every operation of the chunk was done.
pub fn check_reply(chunk: &Chunk, reply: &Document) -> StoreResult<()> {
    if let Some((_, e)) = errors::write_errors(reply).into_iter().next() {
        return Err(e);
    }
    if let Some(e) = errors::write_concern_error(reply) {
        return Err(e);
    }
    let found = bulk::count(reply);
    match chunk.shape {
        Shape::Patch | Shape::Delete if found != chunk.positions.len() => Err(conflict()),
        _ => Ok(()),
    }
}

async fn check_expectations(store: &MongoStore, data: &[WriteOp]) -> StoreResult<()> {
    for chunk in data.chunks(100) {
        let mut by_collection: Vec<(&str, Vec<Document>)> = Vec::new();
        for op in chunk {
            let (WriteOp::Patch { id, expect, .. } | WriteOp::Delete { id, expect, .. }) = op else {
                continue;
            };
            let query = bulk::target(id, expect)?;
            match by_collection.iter_mut().find(|(name, _)| *name == op.collection()) {
                Some((_, queries)) => queries.push(query),
                None => by_collection.push((op.collection(), vec![query])),
            }
        }
        for (name, queries) in by_collection {
            let expected = queries.len() as u64;
            let found = store.collection(name)?.count_documents(doc! { "$or": queries }).await.map_err(|e| errors::from_driver(&e))?;
            if found < expected {
                return Err(conflict());
            }
        }
    }
    Ok(())
}
