//! What happens to records: import, quarantine, history, edits and their undo, quality, export.
//!
//! Everything takes a [`Workspace`]; nothing here knows which store it is kept in, or who asks.

#![forbid(unsafe_code)]

pub mod bulk;
pub mod docs;
pub mod edit;
pub mod error;
pub mod export;
pub mod failing;
mod faults;
mod gates;
pub mod import;
pub mod journal;
pub mod lease;
mod memo;
pub mod normalise;
pub mod packs;
pub mod progress;
pub mod quality;
pub mod quarantine;
pub mod quick;
pub mod replace;
pub mod rows;
pub mod runs;
pub mod sample;
pub mod seen;
pub mod split;
pub mod trial;
mod typing;
pub mod upkeep;
pub mod workspace;

pub use error::{Error, Result};
pub use progress::{Progress, Silent};
pub use steward_store::alive;
pub use workspace::{Clock, CollectionSettings, SystemClock, Workspace};
