//! Files that a page or window names by an id.

pub mod dto;
pub(crate) mod handlers;
pub mod registry;

pub use registry::*;
