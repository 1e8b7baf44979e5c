//! A schema pack: one JSON Schema with what JSON Schema cannot say in `x-steward`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::fields;

/// `careers@1.0.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackId {
    pub name: String,
    pub version: String,
}

impl std::fmt::Display for PackId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// An index as `x-steward` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackIndex {
    pub name: String,
    #[serde(default)]
    pub fields: Vec<String>,
    #[serde(default)]
    pub unique: bool,
    #[serde(default)]
    pub text: Vec<String>,
}

/// How a file of this kind is recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Detect {
    /// Fields that every record has.
    #[serde(default)]
    pub required: Vec<String>,
    /// Fields that make it more likely.
    #[serde(default)]
    pub supporting: Vec<String>,
}

/// How tables write one field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Column {
    /// Names of the column, next to the name of the field; case, spaces, `_` and `-` make no difference.
    #[serde(default)]
    pub names: Vec<String>,
    /// What separates the items of a list in one cell.
    #[serde(default)]
    pub separator: Option<String>,
}

/// Content that stands for content: one of `pattern`, `same_as` and `equals`, on some fields.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PlaceholderRule {
    pub name: String,
    pub fields: Vec<String>,
    /// Regular expression, found anywhere in a text value or list item.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Equal to this other field, trimmed and ignoring case.
    #[serde(default)]
    pub same_as: Option<String>,
    /// Equal to this value; numbers by value.
    #[serde(default)]
    pub equals: Option<Json>,
    pub message: String,
}

/// Targets of the quality figures.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Targets {
    pub completeness: f64,
    pub adherence: f64,
    pub uniqueness: f64,
    pub freshness_days: f64,
}

impl Default for Targets {
    fn default() -> Self {
        Self { completeness: 0.98, adherence: 1.0, uniqueness: 1.0, freshness_days: 7.0 }
    }
}

/// The `x-steward` object.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Steward {
    pub pack: String,
    pub version: String,
    pub collection: String,
    pub key: String,
    /// Field shown as a record's name.
    #[serde(default)]
    pub title: Option<String>,
    /// Date field that says how fresh a record is.
    #[serde(default)]
    pub freshness: Option<String>,
    #[serde(default)]
    pub indexes: Vec<PackIndex>,
    #[serde(default)]
    pub detect: Detect,
    #[serde(default)]
    pub placeholder: Vec<PlaceholderRule>,
    #[serde(default)]
    pub targets: Targets,
    /// How tables write the fields, by dotted path.
    #[serde(default)]
    pub columns: BTreeMap<String, Column>,
    /// Fields with personal data.
    #[serde(default)]
    pub pii: Vec<String>,
    /// Date field that decides which of two rows with the same key is the newer one, and is kept.
    #[serde(default)]
    pub newest: Option<String>,
    /// Records of this pack are turned into records of another one when they are imported.
    #[serde(default)]
    pub normalise: Option<Normalise>,
}

/// How records become those of another pack.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Normalise {
    /// `upskilling.learning_progress@1.0.0`.
    pub to: String,
    /// A mapping document (see the guide on mappings).
    pub mapping: Json,
}

/// Who brought a pack into a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddedBy {
    /// RFC 3339, UTC.
    pub at: String,
    pub by: String,
    /// Name of the file that it came in.
    pub file: String,
}

/// A pack, read but not compiled.
#[derive(Debug, Clone)]
pub struct Pack {
    pub id: PackId,
    pub json: Json,
    pub steward: Steward,
    pub readme: String,
    pub changelog: String,
    pub builtin: bool,
    /// Of a workspace's own pack.
    pub added: Option<AddedBy>,
}

/// A pack that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    #[error("the schema is not valid JSON: {0}")]
    Json(String),
    #[error("the schema has no usable x-steward object: {0}")]
    Steward(String),
    #[error("the schema cannot be compiled: {0}")]
    Compile(String),
    #[error("there is no schema '{0}'")]
    Unknown(String),
}

impl Pack {
    /// Reads a schema document.
    pub fn parse(text: &str) -> Result<Self, PackError> {
        let json: Json = serde_json::from_str(text).map_err(|e| PackError::Json(e.to_string()))?;
        let extra = json.get("x-steward").cloned().ok_or_else(|| PackError::Steward("it is missing".into()))?;
        let steward: Steward = serde_json::from_value(extra).map_err(|e| PackError::Steward(e.to_string()))?;
        let id = PackId { name: steward.pack.clone(), version: steward.version.clone() };
        Ok(Self { id, json, steward, readme: String::new(), changelog: String::new(), builtin: false, added: None })
    }

    /// A text member of the schema document.
    pub fn text(&self, member: &str) -> &str {
        self.json.get(member).and_then(Json::as_str).unwrap_or_default()
    }

    /// Names of the fields that the schema knows: its own, and those of the schemas that it is put together from.
    pub fn known_fields(&self) -> impl Iterator<Item = &str> {
        fields::of(&self.json).names.into_iter()
    }

    /// Patterns of further names that the schema knows.
    pub fn known_patterns(&self) -> Vec<&str> {
        fields::of(&self.json).patterns
    }

    /// Names of the required fields.
    pub fn required(&self) -> Vec<String> {
        let list = self.json.get("required").and_then(Json::as_array);
        list.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    }
}
