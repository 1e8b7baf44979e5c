//! The one surface of Steward: every command declared once, its types, its errors, jobs and hosts.

#![forbid(unsafe_code)]

mod about;
pub mod app;
mod backups;
pub mod caller;
pub mod commands;
mod connection;
pub mod dispatch;
pub mod dto;
pub mod error;
mod events;
pub mod files;
mod handlers;
mod history;
pub mod host;
mod imports;
pub mod jobs;
mod keyring;
mod machine;
mod mappings;
mod plans;
mod quality;
mod quarantine;
mod records;
mod restores;
mod schemas;
mod settings;
pub mod tasks;
mod trust;
pub mod typescript;
pub mod workspace;

/// First thing in `main`: what this process makes is its owner's alone, and its temporary files lie where `STEWARD_TEMP` says. A process
/// that was started to read a foreign file does that, and gives its exit code; others learn to start one.
pub fn reader() -> Option<u8> {
    // Records are nobody else's business on this machine, whatever its usual permissions are: files 0600, folders 0700.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    if let Some(folder) = std::env::var_os("STEWARD_TEMP").filter(|v| !v.is_empty()) {
        // Only the first call counts, and this is it.
        let _ = tempfile::env::override_temp_dir(std::path::Path::new(&folder));
    }
    steward_sources::isolate::serve()
}

pub use app::App;
pub use caller::{Call, Caller, Origin, Role};
pub use commands as call;
pub use commands::Command;
pub use error::{ApiError, ApiResult, ErrorCode};
pub use steward_store::private;
pub use tasks::scheduler;
pub use workspace::open::{Address, ProductionMark, default_workspace, hide_secrets};
