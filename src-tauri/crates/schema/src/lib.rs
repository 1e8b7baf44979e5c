//! Schema packs: reading and compiling them, checking records, recognising files, describing fields.
//!
//! Pure: packs come in as text. Built-in ones are embedded from `schemas/`.

#![forbid(unsafe_code)]

mod check;
mod describe;
mod detect;
mod pack;
mod registry;
mod words;

pub use check::Checker;
pub use describe::{Field, describe};
pub use detect::{Detected, detect};
pub use pack::{Column, Pack, PackError, PackId, PlaceholderRule, Steward, Targets};
pub use registry::{Registry, sample};
