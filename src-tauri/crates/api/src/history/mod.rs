//! The history of a workspace.

pub(crate) mod anchors;
pub mod dto;
pub(crate) mod handlers;
