//! The one surface of Steward: every command declared once, its types, its errors, jobs and hosts.

pub mod commands;
pub mod dto;
pub mod error;
pub mod typescript;

pub use error::{ApiError, ApiResult, ErrorCode};
