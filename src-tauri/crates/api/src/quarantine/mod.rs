//! Rows that were rejected.

pub(crate) mod chosen;
pub mod dto;
pub(crate) mod fixes;
pub mod fixes_dto;
pub(crate) mod handlers;
