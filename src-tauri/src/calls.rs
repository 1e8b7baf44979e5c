//! Calls of the page that are under way, so that it can give one up: the desktop's way of closing the connection.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use steward_api::{ApiError, ErrorCode};
use tokio::sync::oneshot;

/// What ends each call, by the id that the page gave it.
#[derive(Debug, Default)]
pub struct Calls(Mutex<HashMap<u64, oneshot::Sender<()>>>);

impl Calls {
    /// Works until the end, or until nobody waits for it any more. Without an id there is no giving up.
    ///
    /// Errors: those of the work; `cancelled` where it was discarded.
    pub async fn run<T>(&self, id: Option<u64>, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        let Some(id) = id else { return work.await };
        let (end, ended) = oneshot::channel();
        // A page that was loaded again counts from the beginning: what its forerunner asked is given up.
        self.all().insert(id, end);
        tokio::select! {
            done = work => {
                self.all().remove(&id);
                done
            }
            _ = ended => Err(ApiError::new(ErrorCode::Cancelled, "Cancelled.")),
        }
    }

    /// Gives a call up; nothing happens where it is finished.
    pub fn leave(&self, id: u64) {
        drop(self.all().remove(&id));
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_call_that_is_left_ends_and_others_go_on() {
        let calls = Arc::new(Calls::default());
        let endless = {
            let calls = Arc::clone(&calls);
            tokio::spawn(async move { calls.run(Some(1), std::future::pending::<Result<(), ApiError>>()).await })
        };
        while calls.all().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(calls.run(Some(2), async { Ok(5) }).await.ok(), Some(5));
        assert!(!endless.is_finished());
        calls.leave(2);
        calls.leave(1);
        let left = tokio::time::timeout(Duration::from_secs(5), endless).await;
        assert!(matches!(left, Ok(Ok(Err(e))) if e.code == ErrorCode::Cancelled));
        assert!(calls.all().is_empty());
    }
}
