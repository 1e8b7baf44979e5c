//! The integration tests of this crate, in one binary: it links once and shares its servers.

#![allow(clippy::unwrap_used)]

mod common;
mod damage;
mod deaths;
mod definitions;
mod foreign;
mod fuzzing;
mod oplog;
mod points_in_time;
mod restores;
