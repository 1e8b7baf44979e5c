//! Backups: settings, destinations, what is at them, increments, verification.

pub(crate) mod browse;
pub(crate) mod catalog;
pub(crate) mod destinations;
pub(crate) mod drill;
pub mod dto;
pub(crate) mod handlers;
pub(crate) mod increments;
pub mod increments_dto;
pub(crate) mod points_in_time;
pub(crate) mod pruning;
pub(crate) mod scratch;
pub(crate) mod taking;
pub(crate) mod verifying;
