//! One broken rule at one place of a record.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::value::Value;

/// A rule that a record breaks. `pointer` is RFC 6901; `rule` is a JSON Schema keyword,
/// `placeholder`, `duplicate_key`, `missing_key`, `exists` (insert-only), or of reading the row: `syntax`, `unreadable`,
/// `columns`, `duplicate_field`, `mapping.…`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    pub pointer: String,
    pub rule: String,
    /// One plain sentence, without the value.
    pub message: String,
    /// The offending value; absent where the field is missing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::value::some")]
    #[ts(optional)]
    pub value: Option<Value>,
}

impl Violation {
    /// Last field name on the pointer, for grouping by field; the record itself is `(record)`.
    pub fn field(&self) -> &str {
        field_of(&self.pointer)
    }

    /// The rule is about how the row was read, not about what it holds: no check of the record finds it again. It remains
    /// until someone sets the place that it points at.
    pub fn is_of_reading(&self) -> bool {
        matches!(self.rule.as_str(), "syntax" | "unreadable" | "columns" | "duplicate_field") || self.rule.starts_with("mapping.")
    }
}

/// First segment of a pointer: the top-level field that it lies in; `(record)` for the whole record.
pub fn field_of(pointer: &str) -> &str {
    match pointer.strip_prefix('/') {
        Some(rest) => rest.split('/').next().unwrap_or(rest),
        None => "(record)",
    }
}
