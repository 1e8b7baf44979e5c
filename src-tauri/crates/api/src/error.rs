//! What crosses to a person: one code, one sentence, one hint, details. A code exists only when someone acts on it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Codes that callers branch on. The command line maps them to exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// No workspace is open: offer to open one.
    NoWorkspace,
    /// The request is not valid: show it at the field.
    BadRequest,
    NotFound,
    /// The workspace, file or server cannot be reached: offer retry.
    Unreachable,
    /// Login refused: ask for the password.
    Unauthorized,
    /// A backup is locked: ask for its passphrase or key.
    Locked,
    /// The user may not do this on the server.
    Forbidden,
    /// Someone else holds the lock, or the data changed: refetch.
    Conflict,
    /// The plan does not fit the data any more: plan again.
    StalePlan,
    /// The store cannot do this.
    Unsupported,
    /// The file was created by a newer version of Steward.
    NewerVersion,
    /// The file or data is damaged.
    Damaged,
    Cancelled,
    Internal,
}

/// An error for people and programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct ApiError {
    pub code: ErrorCode,
    /// One sentence a person understands.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hint: Option<String>,
    /// For a bug report; holds no secret and no personal value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub details: Option<String>,
}

/// Result of every command.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, details: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }
}

impl From<steward_store::StoreError> for ApiError {
    fn from(e: steward_store::StoreError) -> Self {
        use steward_store::StoreErrorKind as K;
        let (code, hint) = match e.kind {
            K::DuplicateKey | K::Conflict => (ErrorCode::Conflict, Some("Look at the record as it is now, then decide.")),
            K::NotFound => (ErrorCode::NotFound, None),
            K::Unreachable => (ErrorCode::Unreachable, Some("Check that the server runs and the network is there, then try again.")),
            K::Unauthorized => {
                (ErrorCode::Unauthorized, Some("Check the user name and password, and the database that they belong to (authSource)."))
            }
            K::Forbidden => (ErrorCode::Forbidden, Some("Ask an administrator for the permission, or open the workspace read-only.")),
            K::NoSpace => (ErrorCode::Unreachable, Some("Free space on that disk, then try again; an import continues where it stopped.")),
            K::Fenced => (ErrorCode::Conflict, Some("Check where that work is running now; it continues there.")),
            K::Busy | K::Expired => (ErrorCode::Conflict, Some("Try again in a moment.")),
            K::Unsupported => (ErrorCode::Unsupported, None),
            K::Invalid => (ErrorCode::BadRequest, None),
            K::NewerVersion => (ErrorCode::NewerVersion, Some("Update Steward.")),
            K::Damaged => (ErrorCode::Damaged, Some("Restore the workspace from a backup.")),
            K::BreakerOpen => (ErrorCode::Unreachable, Some("The server failed several times in a row. It is tried again in a minute.")),
            K::Internal => (ErrorCode::Internal, None),
        };
        Self { code, message: e.message, hint: hint.map(str::to_owned), details: e.details }
    }
}

impl From<steward_workspace::Error> for ApiError {
    fn from(e: steward_workspace::Error) -> Self {
        use steward_workspace::Error as E;
        match e {
            E::Store(e) => e.into(),
            E::BadRequest(message) => Self::bad_request(message),
            E::NotFound(message) => Self::not_found(message),
            E::File { path, source } => file_error(&path, &source),
            E::StalePlan => Self::new(ErrorCode::StalePlan, "The data changed since this plan was created.").hint("Create a new plan."),
            E::Locked(message) => Self::new(ErrorCode::Locked, message),
            E::Unsupported(message) => Self::new(ErrorCode::Unsupported, message),
            E::Cancelled => Self::new(ErrorCode::Cancelled, "Cancelled."),
            E::Conflict(message) => Self::new(ErrorCode::Conflict, message),
            E::Damaged(_) => Self::new(ErrorCode::Damaged, e.to_string()),
        }
    }
}

fn file_error(path: &str, source: &std::io::Error) -> ApiError {
    use std::io::ErrorKind as K;
    let (code, message) = match source.kind() {
        K::NotFound => (ErrorCode::NotFound, format!("There is no file {path}.")),
        K::PermissionDenied => (ErrorCode::Forbidden, format!("You may not read or write {path}.")),
        // What a reader of foreign files says is a sentence of its own.
        K::InvalidData | K::FileTooLarge | K::StorageFull => return ApiError::bad_request(format!("{path}: {source}")),
        K::IsADirectory => (ErrorCode::BadRequest, format!("{path} is a folder.")),
        _ => (ErrorCode::Unreachable, format!("{path} cannot be read or written.")),
    };
    ApiError::new(code, message).details(source.to_string())
}
