//! A batch as one transaction, repeated while the server says that repeating may help.

use std::time::Duration;

use bson::doc;
use mongodb::ClientSession;
use mongodb::error::{TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use mongodb::options::{Acknowledgment, ReadConcern, WriteConcern};
use steward_store::{StoreError, StoreErrorKind, StoreResult, WriteBatch};

use crate::bulk::{self, Chunk, Shape};
use crate::{MongoStore, errors, write};

const ATTEMPTS: u32 = 6;
/// How long a majority of the replica set has to confirm.
const MAJORITY_WITHIN: Duration = Duration::from_secs(30);

/// Why an attempt failed.
struct Failure {
    error: StoreError,
    /// The whole transaction may be tried again.
    transient: bool,
}

impl From<mongodb::error::Error> for Failure {
    fn from(e: mongodb::error::Error) -> Self {
        Self { error: errors::from_driver(&e), transient: e.contains_label(TRANSIENT_TRANSACTION_ERROR) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { error, transient: false }
    }
}

/// All of the batch or nothing.
pub async fn write(store: &MongoStore, batch: &WriteBatch) -> StoreResult<()> {
    let mut chunks = Vec::new();
    for ops in [&batch.history, &batch.data, &batch.confirm] {
        chunks.extend(bulk::chunks_in_order(ops, usize::MAX)?);
    }
    if let [chunk] = chunks.as_slice()
        && chunk.shape == Shape::Put
        && chunk.positions.len() == 1
    {
        return alone(store, chunk).await;
    }
    let mut session = store.db().client().start_session().await.map_err(|e| errors::from_driver(&e))?;
    let mut attempt = 1;
    loop {
        let failure = match attempt_once(store, &mut session, &chunks).await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        if !failure.transient || attempt == ATTEMPTS {
            return Err(failure.error);
        }
        tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
        attempt += 1;
    }
}

/// One document put in its place is whole without a transaction. A program that is killed meanwhile leaves none open, which
/// the server would keep for a minute and let every other write of the document fail for as long.
async fn alone(store: &MongoStore, chunk: &Chunk) -> StoreResult<()> {
    let within = i64::try_from(MAJORITY_WITHIN.as_millis()).unwrap_or(i64::MAX);
    let command = chunk.command(true, Some(&doc! { "w": "majority", "wtimeout": within }))?;
    let mut attempt = 1;
    loop {
        let done = match store.db().run_raw_command(command.clone()).await {
            Ok(reply) => write::check_reply(chunk, &reply),
            Err(e) => Err(errors::from_driver(&e)),
        };
        match done {
            // To put it twice is to put it once.
            Err(e) if attempt < ATTEMPTS && matches!(e.kind, StoreErrorKind::Unreachable | StoreErrorKind::Busy) => {
                tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
                attempt += 1;
            }
            other => return other,
        }
    }
}

async fn attempt_once(store: &MongoStore, session: &mut ClientSession, chunks: &[Chunk]) -> Result<(), Failure> {
    let concern = WriteConcern::builder().w(Acknowledgment::Majority).w_timeout(MAJORITY_WITHIN).build();
    // Not "snapshot": that may be a moment older than what was confirmed to this very user before.
    session.start_transaction().read_concern(ReadConcern::local()).write_concern(concern).await?;
    if let Err(failure) = apply(store, session, chunks).await {
        // The server forgets a transaction that cannot be aborted; the first failure is the one to tell.
        let _ = session.abort_transaction().await;
        return Err(failure);
    }
    commit(session).await
}

async fn apply(store: &MongoStore, session: &mut ClientSession, chunks: &[Chunk]) -> Result<(), Failure> {
    for chunk in chunks {
        let command = chunk.command(true, None)?;
        let reply = store.db().run_raw_command(command).session(&mut *session).await?;
        write::check_reply(chunk, &reply)?;
    }
    Ok(())
}

/// Asks again while it is unknown whether the commit arrived; asking twice commits once.
async fn commit(session: &mut ClientSession) -> Result<(), Failure> {
    let mut attempt = 1;
    loop {
        match session.commit_transaction().await {
            Ok(()) => return Ok(()),
            Err(e) if e.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) && attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(20 << attempt)).await;
                attempt += 1;
            }
            Err(e) => return Err(e.into()),
        }
    }
}
