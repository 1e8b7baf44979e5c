//! Saved mappings, suggestions and previews.

pub mod dto;
pub(crate) mod handlers;
