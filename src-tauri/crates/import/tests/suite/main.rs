//! The integration tests of this crate, in one binary: it links once and shares its servers.

#![allow(clippy::unwrap_used)]

mod crowd;
mod deaths;
mod fast_path;
mod fast_path_json;
mod fuzzing;
mod large;
mod outages;
mod places;
mod preview;
mod recovery;
mod replacing;
mod resume;
mod turned_away;
mod undo;
