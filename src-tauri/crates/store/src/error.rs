//! The error policy of stores. A kind exists only because a caller acts on it; adapters map their driver's errors
//! to the same kinds, so that nobody needs to know which store answered.

/// What went wrong, for code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// A unique index has this key already. Not worth a retry.
    DuplicateKey,
    /// An expected old value does not be any more. Read again, then decide.
    Conflict,
    /// The collection or index does not exist.
    NotFound,
    /// The server or file cannot be reached; a retry may help.
    Unreachable,
    /// The login was refused.
    Unauthorized,
    /// The user may not do this.
    Forbidden,
    /// Another process holds the lock; a retry may help.
    Busy,
    /// This store cannot do it; see its capabilities.
    Unsupported,
    /// The server no longer keeps what is asked for. Begin again.
    Expired,
    /// The request makes no sense (bad pattern, reserved name).
    Invalid,
    /// The file was made by a newer version.
    NewerVersion,
    /// The file is damaged.
    Damaged,
    /// The disk that the data is on is full.
    NoSpace,
    /// Another process has taken over the lease that this write was to be made under. Write nothing more.
    Fenced,
    /// The circuit breaker is open after repeated failures.
    BreakerOpen,
    Internal,
}

/// A store error: kind, one sentence, and the driver's own words as details (without secrets).
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    pub kind: StoreErrorKind,
    pub message: String,
    pub details: Option<String>,
}

pub type StoreResult<T> = Result<T, StoreError>;

impl StoreError {
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), details: None }
    }

    #[must_use]
    pub fn details(mut self, details: impl std::fmt::Display) -> Self {
        self.details = Some(details.to_string());
        self
    }

    /// The lease of a write is another's by now.
    pub fn fenced() -> Self {
        Self::new(StoreErrorKind::Fenced, "Another process has taken over this work; nothing more was written here.")
    }

    pub fn unsupported(what: &str) -> Self {
        Self::new(StoreErrorKind::Unsupported, format!("This workspace cannot do this: {what}."))
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Invalid, message)
    }

    /// A failure of the store itself, as opposed to an answer that the caller does not like.
    pub fn is_outage(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Unreachable | StoreErrorKind::Internal)
    }
}

impl From<steward_domain::matching::BadPattern> for StoreError {
    fn from(e: steward_domain::matching::BadPattern) -> Self {
        Self::invalid(e.to_string())
    }
}
