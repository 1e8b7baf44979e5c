//! Schema packs and quality.

use crate::dto::wire;
use steward_domain::quality::{QualityPoint, QualityReport};

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
        /// Where an import puts its records, and their key there: another pack's, where they are turned into records of that.
        pub stored_in: String,
        pub stored_by: String,
        pub builtin: bool,
        /// When a pack of the workspace's own was added, RFC 3339 UTC.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub added_at: Option<String>,
        /// Who added it.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub by: Option<String>,
    }

    /// One version of a pack, and what it changed.
    pub struct SchemaVersion {
        pub id: String,
        pub version: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub added_at: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub by: Option<String>,
        /// The file it came in.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub file: Option<String>,
        /// Since the version before, a sentence each; empty for the first one.
        pub changes: Vec<String>,
    }

    /// A JSON Schema document that is to become a pack of the workspace's own. What is absent here is taken from its
    /// `x-steward`, else concluded.
    pub struct OfferedSchema {
        /// Id of the file.
        pub file: String,
        /// Ids of files that it may refer to: what it needs of them is taken in.
        #[serde(default)]
        #[ts(optional, as = "Option<Vec<String>>")]
        pub others: Vec<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub version: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub collection: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub key_field: Option<String>,
    }

    /// Why a document cannot become a pack.
    pub struct SchemaProblem {
        /// RFC 6901, into the document.
        pub pointer: String,
        pub message: String,
        pub hint: String,
    }

    /// What a document would become.
    pub struct InspectedSchema {
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub summary: Option<SchemaSummary>,
        /// What was concluded, a sentence each.
        pub derived: Vec<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub problem: Option<SchemaProblem>,
    }

    pub enum SchemaOutcome { New, Unchanged, Replaced }

    pub struct AddedSchema {
        pub summary: SchemaSummary,
        pub outcome: SchemaOutcome,
        pub derived: Vec<String>,
    }

    /// An example of what a pack accepts, or refuses.
    pub struct SchemaExample {
        pub name: String,
        pub valid: bool,
        /// A record; for one that is refused, `{"record": …, "expect": [{"pointer": …, "rule": …}]}`.
        #[ts(type = "unknown")]
        pub content: serde_json::Value,
    }

    pub struct TestSchemas {
        /// `careers` for all its versions, `careers@1.0.0` for one; absent: all packs that come with examples.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
        /// Absent: the examples that come with the pack.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub examples: Option<Vec<SchemaExample>>,
    }

    pub struct ExampleResult {
        pub schema: String,
        pub name: String,
        pub valid: bool,
        pub passed: bool,
        /// What differs from what the example claims, a sentence each.
        pub problems: Vec<String>,
    }

    pub struct SchemasTested { pub results: Vec<ExampleResult>, pub passed: i64, pub failed: i64 }

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
        /// All versions of the pack, newest first.
        pub versions: Vec<SchemaVersion>,
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

    pub struct QualityHistory {
        pub points: Vec<QualityPoint>,
    }
}
