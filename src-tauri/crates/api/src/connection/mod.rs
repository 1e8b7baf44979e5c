//! The state of the connection to a workspace.

pub mod dto;
pub(crate) mod handlers;
