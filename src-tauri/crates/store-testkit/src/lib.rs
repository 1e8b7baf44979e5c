//! For tests only: the conformance suite that every store passes, and a real MongoDB server to run it on.
//!
//! An adapter's test names a function that makes a [`Fixture`] and calls [`conformance!`]; each case becomes a test of
//! its own. What a case demands is the contract of `steward_store::Store`, not the habit of one adapter.

// Test code: a broken expectation is meant to panic, with the place.
#![allow(clippy::unwrap_used)]

pub mod cluster;
pub mod conformance;
pub mod mongod;
pub mod mortal;
pub mod objects;
pub mod proxy;
pub mod tls;

use std::sync::Arc;

use steward_store::Store;

/// A place for a workspace, empty when made and removed when dropped.
#[async_trait::async_trait]
pub trait Fixture: Send + Sync {
    /// A new handle on the place, as another process would have it.
    async fn open(&self) -> Arc<dyn Store>;
}

pub use async_trait::async_trait;
