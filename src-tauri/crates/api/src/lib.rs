//! The one surface of Steward: every command declared once, its types, its errors, jobs and hosts.

#![forbid(unsafe_code)]

pub mod app;
pub mod commands;
pub mod dispatch;
mod drill;
pub mod dto;
mod elsewhere;
pub mod error;
pub mod files;
mod handlers;
pub mod host;
pub mod jobs;
pub mod keeper;
mod moments;
mod open;
mod plans;
mod recent;
mod samples;
mod scratch;
mod shelves;
mod trust;
pub mod typescript;

pub use app::App;
pub use error::{ApiError, ApiResult, ErrorCode};
pub use open::{Address, ProductionMark, default_workspace, hide_secrets};
