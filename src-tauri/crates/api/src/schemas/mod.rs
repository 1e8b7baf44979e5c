//! Schema packs.

pub mod dto;
pub(crate) mod handlers;
