//! The foundation of everything that works on records: the workspace and its settings, history, edits, bulk changes, replacement
//! by swap, leases, progress and errors.
//!
//! Capabilities (import, quality, backup) build on it side by side. Nothing here knows them, which store a workspace is in, or
//! who asks.

#![forbid(unsafe_code)]

pub mod bulk;
pub mod docs;
pub mod edit;
pub mod error;
pub mod events;
pub mod history;
pub mod key_index;
pub mod layout;
pub mod lease;
pub mod measured;
pub mod normalise;
pub mod outbox;
pub mod packs;
pub mod progress;
pub mod schedule;
pub mod secrets;
pub mod selection;
pub mod swap;
pub mod tasks;
pub mod workspace;

pub use error::{Error, Result};
pub use events::Event;
pub use progress::{Progress, Silent};
pub use workspace::{Clock, Collection, CollectionSettings, SystemClock, Workspace};

/// 64-bit xxHash (XXH3).
pub fn hash(bytes: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(bytes)
}
