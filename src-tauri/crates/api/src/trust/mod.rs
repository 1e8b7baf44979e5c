//! What a workspace does outside itself, and the agreement of this machine.

pub(crate) mod agreement;
pub mod dto;
pub(crate) mod handlers;
