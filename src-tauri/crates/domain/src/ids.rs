//! Identity of a record: the value of its collection's key field.

use bson::Bson;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::value::Value;

/// The value of the key field (or `_id` where a collection has no key field).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct RecordKey(pub Value);

impl RecordKey {
    pub fn new(value: impl Into<Bson>) -> Self {
        Self(Value(value.into()))
    }

    pub fn bson(&self) -> &Bson {
        &self.0.0
    }

    /// How a person would write it: text as it is, everything else as compact Extended JSON.
    pub fn label(&self) -> String {
        match self.bson() {
            Bson::String(s) => s.clone(),
            Bson::ObjectId(id) => id.to_hex(),
            other => crate::value::to_ext(other).to_string(),
        }
    }
}

/// A value that identifies a record: a single one. An `_id` may be an object, as servers have it.
pub fn can_be_key(value: &Bson, key_field: &str) -> bool {
    match value {
        Bson::Array(_) | Bson::Null | Bson::Undefined => false,
        Bson::Document(parts) => key_field == "_id" && !parts.keys().any(|name| name.starts_with('$')),
        _ => true,
    }
}
