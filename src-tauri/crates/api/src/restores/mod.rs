//! Restores and their undo.

pub mod dto;
pub(crate) mod handlers;
