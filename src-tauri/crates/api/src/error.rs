//! What crosses to a person: one code, one sentence, one hint, details. A code exists only when somebody acts on it.

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
    /// The user may not do this on the server.
    Forbidden,
    /// Somebody else holds the lock, or the data changed: refetch.
    Conflict,
    /// The plan does not fit the data any more: plan again.
    StalePlan,
    /// The store cannot do this.
    Unsupported,
    /// The file was made by a newer Steward.
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
