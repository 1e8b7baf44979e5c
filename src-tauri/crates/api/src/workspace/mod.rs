//! Workspaces: opening, what was interrupted in them, the space they take.

pub mod dto;
pub(crate) mod handlers;
pub mod open;
pub(crate) mod recent;
pub(crate) mod space;
pub(crate) mod unfinished;
