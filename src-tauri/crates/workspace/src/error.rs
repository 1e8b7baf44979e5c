//! What can go wrong above the store.

use steward_store::{StoreError, StoreErrorKind};

/// Errors of everything in this crate. Each kind is acted on by `api`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    BadRequest(String),
    #[error("{0}")]
    NotFound(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("The data changed since this plan was created. Create a new plan.")]
    StalePlan,
    /// A key or passphrase is missing, or is not the right one.
    #[error("{0}")]
    Locked(String),
    /// What this machine or store cannot do.
    #[error("{0}")]
    Unsupported(String),
    #[error("Cancelled.")]
    Cancelled,
    #[error("{0}")]
    Conflict(String),
    /// A stored document of Steward's own cannot be understood.
    #[error("{0} cannot be read.")]
    Damaged(&'static str),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn file(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), source }
    }

    /// A source file cannot be read.
    pub fn source(path: &std::path::Path, e: steward_sources::SourceError) -> Self {
        match e {
            steward_sources::SourceError::Io(e) => Self::file(path, e),
            other => Self::BadRequest(format!("{}: {other}", path.display())),
        }
    }

    /// An expectation did not be or a key exists already.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(e) if matches!(e.kind, StoreErrorKind::Conflict | StoreErrorKind::DuplicateKey))
    }
}

impl From<steward_mapping::MappingError> for Error {
    fn from(e: steward_mapping::MappingError) -> Self {
        let place = if e.pointer.is_empty() { String::new() } else { format!(" (at {})", e.pointer) };
        Self::BadRequest(format!("The mapping cannot be used: {}{place} {}", e.message, e.hint).trim().to_owned())
    }
}

impl From<steward_schema::PackError> for Error {
    fn from(e: steward_schema::PackError) -> Self {
        let sentence = format!("The schema cannot be used: {e}.");
        match e {
            steward_schema::PackError::Unknown(_) => Self::NotFound(sentence),
            _ => Self::BadRequest(sentence),
        }
    }
}
