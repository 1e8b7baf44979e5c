//! Records, collections and filters.

pub(crate) mod collections;
pub mod dto;
pub(crate) mod everywhere;
pub(crate) mod filters;
pub(crate) mod handlers;
pub(crate) mod shown;
pub(crate) mod signposts;
