//! Long work: progress, cancel, outcome.

pub mod dto;
pub(crate) mod handlers;
pub mod running;

pub use running::*;
