//! A mapping that cannot be used: where it is wrong, what is wrong, and what to do.

/// Why a mapping is refused. Rows never cause this; they cause violations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MappingError {
    /// RFC 6901 pointer into the mapping document.
    pub pointer: String,
    /// One plain sentence.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl MappingError {
    pub(crate) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), hint: String::new() }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same error, seen from further out in the document.
    pub(crate) fn within(mut self, parent: &str) -> Self {
        self.pointer.insert_str(0, parent);
        self
    }
}
