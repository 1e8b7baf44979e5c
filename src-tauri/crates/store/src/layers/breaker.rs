//! The circuit breaker: after several outages in a row the store is left alone for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{StoreError, StoreErrorKind, StoreResult};

/// What the breaker does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    Closed,
    /// Everything is refused until the pause is over.
    Open {
        left: Duration,
    },
    /// The pause is over: the next operation decides.
    Trying,
}

#[derive(Debug, Default)]
struct Count {
    failures: u32,
    open_since: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Breaker {
    limit: u32,
    pause: Duration,
    count: Mutex<Count>,
}

impl Breaker {
    pub(super) fn new(limit: u32, pause: Duration) -> Self {
        Self { limit, pause, count: Mutex::default() }
    }

    fn count(&self) -> std::sync::MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets an operation begin, or not.
    pub(super) fn admit(&self) -> StoreResult<()> {
        let mut count = self.count();
        match count.open_since {
            Some(since) if since.elapsed() < self.pause => Err(StoreError::new(
                StoreErrorKind::BreakerOpen,
                "The workspace failed several times in a row; operations are paused for a while.",
            )),
            Some(_) => {
                // One try: if it fails, the breaker opens again at once.
                *count = Count { failures: self.limit.saturating_sub(1), open_since: None };
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes note of how an operation ended.
    pub(super) fn note(&self, outage: bool) {
        let mut count = self.count();
        if !outage {
            count.failures = 0;
            return;
        }
        count.failures += 1;
        if count.failures >= self.limit && count.open_since.is_none() {
            count.open_since = Some(Instant::now());
        }
    }

    pub(super) fn reset(&self) {
        *self.count() = Count::default();
    }

    /// State and outages in a row.
    pub(super) fn state(&self) -> (BreakerState, u32) {
        let count = self.count();
        let state = match count.open_since {
            None => BreakerState::Closed,
            Some(since) => match self.pause.checked_sub(since.elapsed()) {
                Some(left) if !left.is_zero() => BreakerState::Open { left },
                _ => BreakerState::Trying,
            },
        };
        (state, count.failures)
    }
}
