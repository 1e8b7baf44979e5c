//! A batch as one transaction, repeated while the server says that repeating may help.

use std::time::Duration;

use mongodb::ClientSession;
use mongodb::error::{TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use mongodb::options::{Acknowledgment, ReadConcern, WriteConcern};
use steward_store::{StoreError, StoreResult};

use crate::bulk::Chunk;
use crate::{MongoStore, errors, sessions, write};

pub const ATTEMPTS: u32 = 6;
/// After so many failures it is looked for transactions that nobody will end.
const DOUBTFUL: u32 = 3;
/// How long a majority of the replica set has to confirm.
pub const MAJORITY_WITHIN: Duration = Duration::from_secs(30);

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
pub async fn write(store: &MongoStore, chunks: &[Chunk]) -> StoreResult<()> {
    let mut session = store.db().client().start_session().await.map_err(|e| errors::from_driver(&e))?;
    let mut attempt = 1;
    loop {
        let failure = match sessions::watched(store, attempt_once(store, &mut session, chunks)).await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        if !failure.transient || attempt == ATTEMPTS {
            return Err(failure.error);
        }
        // Someone holds a record: a program that has died, perhaps.
        if attempt == DOUBTFUL {
            sessions::end_those_of_the_dead(store).await;
        }
        tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
        attempt += 1;
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
