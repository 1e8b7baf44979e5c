//! Connections: one that writes, a few that read. SQLite's calls block, so they run on tokio's blocking threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, InterruptHandle};
use steward_store::{StoreError, StoreErrorKind, StoreResult};
use tokio::sync::Semaphore;

use crate::errors::{joined, map};
use crate::file::{self, OpenMark};
use crate::same::Same;

/// Queries at a time, and idle readers that are kept: more of them only wait for the processor, and opening one takes longer than
/// many a query.
const READERS: usize = 8;

/// The connections of one workspace.
#[derive(Clone)]
pub struct Pool {
    path: Arc<PathBuf>,
    /// None where the file is only read from.
    writer: Option<Arc<Mutex<Connection>>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    reading_now: Arc<Semaphore>,
    /// Of a workspace, not of a source.
    opened: Option<Arc<Opened>>,
}

/// What is known of the file since it was opened.
struct Opened {
    mark: OpenMark,
    same: Same,
}

/// Interrupts a query when the future that waits for it is dropped.
struct Interrupt(Option<InterruptHandle>);

impl Drop for Interrupt {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.interrupt();
        }
    }
}

impl Pool {
    pub fn new(path: PathBuf, writer: Connection, mark: OpenMark) -> Self {
        let opened = Some(Arc::new(Opened { mark, same: Same::of(&path) }));
        Self {
            path: Arc::new(path),
            writer: Some(Arc::new(Mutex::new(writer))),
            readers: Arc::default(),
            reading_now: Arc::new(Semaphore::new(READERS)),
            opened,
        }
    }

    /// Of someone else's file.
    pub fn of_source(path: PathBuf) -> Self {
        Self { path: Arc::new(path), writer: None, readers: Arc::default(), reading_now: Arc::new(Semaphore::new(READERS)), opened: None }
    }

    pub fn is_source(&self) -> bool {
        self.writer.is_none()
    }

    /// What a connection that reads is opened for.
    pub fn reading(&self) -> file::Use {
        if self.is_source() { file::Use::Source } else { file::Use::Read }
    }

    /// Runs a query on a reader. Dropping the future stops it.
    pub async fn read<T: Send + 'static>(&self, work: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static) -> StoreResult<T> {
        // The semaphore is never closed.
        let _turn = self.reading_now.acquire().await.ok();
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let (path, purpose) = (Arc::clone(&self.path), self.reading());
                tokio::task::spawn_blocking(move || file::connect(&path, purpose)).await.map_err(joined)??
            }
        };
        let mut interrupt = Interrupt(Some(connection.get_interrupt_handle()));
        let readers = Arc::clone(&self.readers);
        let opened = self.opened.clone();
        let result = tokio::task::spawn_blocking(move || {
            let result = opened.map_or(Ok(()), |opened| opened.same.check(&opened.mark)).and_then(|()| work(&connection));
            let mut idle = readers.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < READERS {
                idle.push(connection);
            }
            result
        })
        .await
        .map_err(joined);
        interrupt.0 = None;
        result?
    }

    /// Runs work on the writer, one at a time. It is finished even when the future is dropped.
    pub async fn write<T: Send + 'static>(&self, work: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static) -> StoreResult<T> {
        let only_read = || StoreError::new(StoreErrorKind::Forbidden, "This file is a source: it is only read from.");
        let writer = self.writer.clone().ok_or_else(only_read)?;
        let opened = self.opened.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut connection = writer.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(opened) = opened else { return work(&mut connection) };
            opened.same.check(&opened.mark)?;
            opened.same.begin(&connection, &opened.mark)?;
            let done = work(&mut connection)?;
            // Someone may have moved the file while it was written to: then nothing is acknowledged.
            opened.same.check(&opened.mark)?;
            Ok(done)
        });
        done.await.map_err(joined)?.map_err(|e| self.place(e))
    }

    /// Says which disk is full.
    fn place(&self, e: StoreError) -> StoreError {
        match e.kind {
            StoreErrorKind::NoSpace => {
                StoreError { message: format!("The disk is full: {} cannot grow. This step wrote nothing.", self.path.display()), ..e }
            }
            _ => e,
        }
    }

    /// Empties the write-ahead log, unless a write is still going on or another program reads. The log is never lost:
    /// what could not be moved is read from it at the next start.
    pub fn checkpoint(&self) {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let Some(Ok(connection)) = self.writer.as_ref().map(|writer| writer.try_lock()) else { return };
        let emptied = file::unhurried(&connection, |c| c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(map));
        if let Err(e) = emptied {
            tracing::debug!(error = %e, "the write-ahead log stays next to the file");
        }
    }
}
