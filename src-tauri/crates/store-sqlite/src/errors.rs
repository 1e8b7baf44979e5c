//! SQLite's errors as the store's kinds.

use rusqlite::ErrorCode;
use steward_store::{StoreError, StoreErrorKind};

/// Maps an error, keeping SQLite's words as details.
pub fn map(e: rusqlite::Error) -> StoreError {
    let (kind, message) = match &e {
        rusqlite::Error::SqliteFailure(failure, text) => {
            let unique = failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                || failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                || text.as_deref().is_some_and(|t| t.contains("UNIQUE constraint"));
            match failure.code {
                ErrorCode::ConstraintViolation if unique => (StoreErrorKind::DuplicateKey, "Another record has this key already."),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                    (StoreErrorKind::Busy, "Another program is writing to this workspace. Try again in a moment.")
                }
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                    (StoreErrorKind::Damaged, "This file is damaged or is not a Steward workspace.")
                }
                ErrorCode::CannotOpen => (StoreErrorKind::Unreachable, "The workspace file cannot be opened."),
                ErrorCode::ReadOnly => (StoreErrorKind::Forbidden, "The workspace file is read-only."),
                ErrorCode::DiskFull => (StoreErrorKind::NoSpace, "The disk is full."),
                ErrorCode::PermissionDenied => (StoreErrorKind::Forbidden, "You may not write to this file."),
                _ => (StoreErrorKind::Internal, "The workspace file answered with an error."),
            }
        }
        _ => (StoreErrorKind::Internal, "The workspace file answered with an error."),
    };
    StoreError::new(kind, message).details(e)
}

/// A worker thread died.
pub fn joined(e: tokio::task::JoinError) -> StoreError {
    StoreError::new(StoreErrorKind::Internal, "A database worker stopped unexpectedly.").details(e)
}
