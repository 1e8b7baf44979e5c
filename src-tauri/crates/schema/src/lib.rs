//! Schema packs: reading and compiling them, checking records, recognising files, describing fields.
//!
//! Pure: packs come in as text. Built-in ones are embedded from `schemas/`.

#![forbid(unsafe_code)]

mod changes;
mod check;
mod describe;
mod detect;
mod draft;
mod exact;
pub mod examples;
mod fields;
mod forms;
mod pack;
mod prefilter;
mod registry;
mod required;
mod rooted;
mod words;

pub use changes::changes;
pub use check::{Checker, same_text};
pub use describe::{Field, describe};
pub use detect::{Detected, detect};
pub use draft::{Draft, SchemaFault, Wanted, draft, draft_with};
pub use pack::{AddedBy, Column, Normalise, Pack, PackError, PackId, PackIndex, PlaceholderRule, Steward, Targets};
pub use prefilter::Prefilter;
pub use registry::{Registry, sample};
pub use rooted::Other;
