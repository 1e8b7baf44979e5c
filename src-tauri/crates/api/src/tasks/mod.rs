//! What runs on a schedule.

pub mod dto;
pub(crate) mod handlers;
pub(crate) mod scheduled;
pub mod scheduler;
