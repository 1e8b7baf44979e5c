//! Who may use a connection. Drivers let callers wait for one without an end; here the wait is limited and shown.
//!
//! A permit is held for one operation, or for one batch of a scan: never while a caller works on what it was given,
//! so that nobody waits for a permit that only he himself could give back.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{RecordStream, StoreError, StoreErrorKind, StoreResult};

/// Connections of a store that has a pool of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    pub min: u32,
    pub max: u32,
    /// An unused connection is closed after this.
    pub idle: Duration,
    /// How long an operation waits for a connection.
    pub wait: Duration,
}

#[derive(Debug, Clone)]
pub(super) struct Gate {
    pool: PoolSettings,
    free: Arc<Semaphore>,
}

impl Gate {
    pub(super) fn new(pool: PoolSettings) -> Self {
        // A pool without a limit has as many as a semaphore can count.
        let permits = if pool.max == 0 { Semaphore::MAX_PERMITS } else { pool.max as usize };
        Self { pool, free: Arc::new(Semaphore::new(permits)) }
    }

    /// Operations that hold a connection now.
    pub(super) fn in_use(&self) -> u32 {
        let free = u32::try_from(self.free.available_permits()).unwrap_or(u32::MAX);
        if self.pool.max == 0 { 0 } else { self.pool.max.saturating_sub(free) }
    }

    pub(super) async fn enter(&self) -> StoreResult<OwnedSemaphorePermit> {
        match tokio::time::timeout(self.pool.wait, Arc::clone(&self.free).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(self.exhausted()),
        }
    }

    fn exhausted(&self) -> StoreError {
        let connections = match self.pool.max {
            1 => "The one connection".to_owned(),
            n => format!("All {n} connections"),
        };
        let seconds = self.pool.wait.as_secs_f64();
        StoreError::new(StoreErrorKind::Busy, format!("{connections} of this workspace stayed busy for {seconds} s."))
            .details("maxPoolSize and waitQueueTimeoutMS in the address change this")
    }

    /// Takes a permit for each batch of a scan.
    pub(super) fn around(&self, stream: RecordStream) -> RecordStream {
        let batches = futures::stream::try_unfold((stream, self.clone()), |(mut stream, gate)| async move {
            let permit = gate.enter().await?;
            let batch = stream.try_next().await?;
            drop(permit);
            Ok(batch.map(|batch| (batch, (stream, gate))))
        });
        batches.boxed()
    }
}
