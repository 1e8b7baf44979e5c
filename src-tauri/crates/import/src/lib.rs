//! Import, quarantine, runs and export of records.
//!
//! Everything takes a [`Workspace`](steward_workspace::Workspace); nothing here knows which store it is in, or who asks.

#![forbid(unsafe_code)]

pub mod export;
pub mod fast_path;
mod faults;
pub mod import;
mod prechecks;
pub mod preview;
pub mod quarantine;
pub mod retention;
pub mod rows;
pub mod runs;
pub mod sample;
pub mod split;
mod typing;
mod value_cache;
