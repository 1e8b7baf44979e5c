//! Backups that are verified, and restores that can be undone.
//!
//! A backup is a `mongodump --archive` stream, compressed and encrypted, with a manifest next to it. Everything takes a
//! [`steward_workspace::Workspace`]; which store it is, and where a target's credentials come from, is decided above.

#![forbid(unsafe_code)]

pub mod archive;
pub mod compare;
pub mod content;
pub mod create;
pub mod encryption;
mod events;
pub mod identity;
pub mod increment;
pub mod listing;
pub mod manifest;
mod payload;
pub mod point_in_time;
pub mod read;
pub mod restore;
pub mod retention;
pub mod target;
pub mod timeline;
pub mod unfinished;
pub mod verify;

pub use manifest::{Manifest, Verification};
