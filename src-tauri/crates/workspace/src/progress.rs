//! How long work says where it is, and how it learns that it should stop.

use crate::error::{Error, Result};

/// The listener of a job. Called often: implementations must be inexpensive.
pub trait Progress: Send + Sync {
    /// What is being done now, for people.
    fn phase(&self, phase: &str);
    /// How much there is to do, once known.
    fn total(&self, total: u64);
    fn done(&self, done: u64);
    fn is_cancelled(&self) -> bool;

    /// Stops the caller when a person asked for it.
    fn checkpoint(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _: &str) {}
    fn total(&self, _: u64) {}
    fn done(&self, _: u64) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}
