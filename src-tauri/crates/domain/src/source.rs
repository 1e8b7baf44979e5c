//! How a foreign file is to be read, as a person chooses it and a run remembers it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a person may choose about how a file is read; everything left out is recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceChoice {
    /// The sheet, table, namespace, member of a zip file, or JSON Pointer of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub part: Option<String>,
    /// A label of the Encoding Standard: `utf-8`, `windows-1252`, `utf-16le`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub encoding: Option<String>,
    /// One character; `\t` for a tab.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub delimiter: Option<String>,
    /// One character; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub quote: Option<String>,
    /// Whether the first row names the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub header: Option<bool>,
    /// Rows above the header, or above the first row where there is none: titles, notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub skip_rows: Option<u32>,
    /// Names that columns are expected to have, of the key and of the fields of a schema. They are not chosen and not
    /// remembered: they help to recognise how values are separated, and which row names the columns.
    #[serde(skip)]
    #[ts(skip)]
    pub expected: Vec<String>,
}

impl SourceChoice {
    /// Nothing was chosen.
    pub fn is_empty(&self) -> bool {
        Self { expected: Vec::new(), ..self.clone() } == Self::default()
    }
}
