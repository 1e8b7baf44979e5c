//! Schema packs and quality.

use super::wire;
use steward_domain::quality::QualityReport;

wire! {
    pub struct SchemaSummary {
        /// `careers@1.0.0`.
        pub id: String,
        pub pack: String,
        pub version: String,
        pub title: String,
        pub description: String,
        pub collection: String,
        pub key_field: String,
        pub builtin: bool,
    }

    pub struct Schemas { pub schemas: Vec<SchemaSummary> }

    pub struct SchemaId { pub schema: String }

    /// One field as forms and grids need it.
    pub struct SchemaField {
        pub name: String,
        pub title: String,
        pub description: String,
        /// JSON Schema types: string, number, integer, boolean, array, object, null.
        pub types: Vec<String>,
        pub required: bool,
        pub format: String,
        #[ts(type = "unknown[]")]
        pub choices: Vec<serde_json::Value>,
        pub rules: String,
    }

    pub struct SchemaDetail {
        pub summary: SchemaSummary,
        /// The JSON Schema document.
        #[ts(type = "Record<string, unknown>")]
        pub json: serde_json::Value,
        pub fields: Vec<SchemaField>,
        pub readme: String,
        pub changelog: String,
    }

    pub struct QualityQuery { pub collection: String }

    /// The last measurement; absent before the first.
    pub struct LastQuality {
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub report: Option<QualityReport>,
        /// Records were written since.
        pub stale: bool,
    }
}
