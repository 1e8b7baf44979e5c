//! Finding, reading, editing and exporting records.

use crate::dto::wire;
use steward_domain::{ChangeSet, FieldChange, Filter, RecordChange, RecordKey, Value, Violation};

wire! {
    pub struct Sort { pub field: String, pub descending: bool }

    /// Only the records that failed a figure at the last measurement; a filter narrows them further, an order does not apply.
    pub enum Finding { Completeness, Adherence, Uniqueness, Freshness }

    pub struct FindRecords {
        pub collection: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub filter: Option<Filter>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub finding: Option<Finding>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub sort: Option<Sort>,
        /// `next` of the page before.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<String>,
        /// Instead of `after`: the number of the first row, 0 being the first of all.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub from: Option<i64>,
        /// 1 to 1000.
        pub limit: i64,
    }

    pub struct RecordRow {
        pub key: RecordKey,
        /// The whole record, an object.
        pub document: Value,
        /// Rules it breaks, when its collection has a schema.
        pub violations: Vec<Violation>,
    }

    pub struct RecordPage {
        pub records: Vec<RecordRow>,
        /// Cursor of the next page; absent on the last one.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<String>,
        /// No index served the filter or the order: every record was looked at.
        pub scanned: bool,
        pub millis: f64,
    }

    pub struct CountRecords {
        pub collection: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub filter: Option<Filter>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub finding: Option<Finding>,
    }

    pub struct RecordCount { pub count: i64 }

    /// Looks for a text in every record that fits the filter: in the middle of words too, and in all fields.
    pub struct SearchEverywhere {
        pub collection: String,
        pub text: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub filter: Option<Filter>,
    }

    pub struct RecordsFound {
        /// Of the first thousand.
        pub keys: Vec<RecordKey>,
        pub found: i64,
        /// Records that were read.
        pub read: i64,
    }

    pub struct FacetQuery {
        pub collection: String,
        pub field: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub filter: Option<Filter>,
        /// How many values at the most, 1 to 1000.
        pub limit: i64,
    }

    pub struct FacetValue { pub value: Value, pub count: i64 }

    pub struct HistogramBin { pub from: f64, pub to: f64, pub count: i64 }

    pub struct Facet {
        pub field: String,
        /// Most frequent first; a list counts once for each of its elements.
        pub values: Vec<FacetValue>,
        pub distinct: i64,
        pub missing: i64,
        pub nulls: i64,
        /// For numeric fields.
        pub histogram: Vec<HistogramBin>,
    }

    pub struct RecordRef { pub collection: String, pub key: RecordKey }

    pub struct RecordDetail {
        pub collection: String,
        pub key: RecordKey,
        pub document: Value,
        pub violations: Vec<Violation>,
        /// Types of the fields that JSON cannot tell (`Int64`, `ObjectId`, `Date`, …), by path.
        pub types: std::collections::BTreeMap<String, String>,
    }

    /// Patches fields. Each change states the value the person saw; a different one now is a conflict.
    pub struct EditRecord {
        pub collection: String,
        pub key: RecordKey,
        pub changes: Vec<FieldChange>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// Write it although it breaks rules of the schema. Without it such an edit answers `invalid`.
        #[serde(default)]
        pub allow_invalid: bool,
    }

    pub struct CreateRecord {
        pub collection: String,
        pub document: Value,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        #[serde(default)]
        pub allow_invalid: bool,
    }

    pub struct FieldConflict {
        pub path: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "steward_domain::value::some")]
        pub before: Option<Value>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "steward_domain::value::some")]
        pub mine: Option<Value>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "steward_domain::value::some")]
        pub theirs: Option<Value>,
    }

    /// What became of an edit.
    #[serde(tag = "status", rename_all_fields = "camelCase")]
    pub enum EditOutcome {
        Applied { change_set: ChangeSet, record: RecordDetail },
        /// Someone else changed the same fields: nothing was written.
        Conflict { conflicts: Vec<FieldConflict>, record: RecordDetail },
        /// Nothing was written; `violations` are those that the edit would bring in.
        Invalid { violations: Vec<Violation> },
        Unchanged { record: RecordDetail },
    }

    pub struct ValidateRecord {
        pub collection: String,
        pub document: Value,
    }

    pub struct Violations { pub violations: Vec<Violation> }

    /// Which records a bulk change is for.
    #[serde(tag = "by", rename_all_fields = "camelCase")]
    pub enum Selection {
        Keys { keys: Vec<RecordKey> },
        Filter { filter: Filter },
    }

    #[serde(tag = "action", rename_all_fields = "camelCase")]
    pub enum BulkAction {
        Set { path: String, value: Value },
        Unset { path: String },
        /// Replaces text inside string values; `pattern` is literal text unless `regex`.
        Replace { path: String, pattern: String, with: String, regex: bool },
        Trim { path: String },
        Delete,
        /// Different patches for different records: a block pasted from a spreadsheet, fill down.
        Patches { patches: Vec<RecordPatch> },
    }

    pub struct RecordPatch { pub key: RecordKey, pub changes: Vec<FieldChange> }

    pub struct PlanBulk {
        pub collection: String,
        pub selection: Selection,
        pub change: BulkAction,
        /// Records that would break a rule they do not break now are left as they are.
        #[ts(optional, as = "Option<bool>")]
        #[serde(default)]
        pub leave_out_breaking: bool,
    }

    /// A record that would break rules it does not break now.
    pub struct BreakingRecord { pub key: RecordKey, pub violations: Vec<Violation> }

    pub struct DiffSample { pub key: RecordKey, pub title: String, pub changes: Vec<FieldChange> }

    /// What a bulk change will do; applied by its id.
    pub struct BulkPlan {
        pub plan_id: String,
        pub collection: String,
        /// One sentence: "Delete 12 records from careers".
        pub summary: String,
        pub matched: i64,
        pub changed: i64,
        /// Records that would break a rule they do not break now, whether they are changed or left out.
        pub newly_invalid: i64,
        /// The first of them.
        pub breaking: Vec<BreakingRecord>,
        pub samples: Vec<DiffSample>,
    }

    pub struct ApplyPlan {
        pub plan_id: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
    }

    pub struct HistoryEntry { pub change_set: ChangeSet, pub change: RecordChange }

    /// Newest first.
    pub struct RecordHistory { pub entries: Vec<HistoryEntry> }

    /// Brings the record back to how it was before a change set.
    pub struct RevertRecord { pub collection: String, pub key: RecordKey, pub change_set: String }

    pub enum ExportFormat { Ndjson, Json, Csv }

    pub struct ExportRecords {
        pub collection: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub filter: Option<Filter>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub finding: Option<Finding>,
        pub format: ExportFormat,
        /// A handle from `files.pickSave`.
        pub file: String,
    }

    pub struct RecordsExported {
        pub file: crate::dto::FileHandle,
        pub records: i64,
        /// What the format cannot say of the records.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(optional, as = "Option<Vec<String>>")]
        pub notes: Vec<String>,
    }

    pub struct ParseFilter { pub text: String }

    /// A filter and how it is written; `error` says where the text is wrong.
    pub struct ParsedFilter {
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub filter: Option<Filter>,
        pub text: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub error: Option<FilterProblem>,
    }

    pub struct FilterProblem { pub message: String, pub position: i64 }

    pub struct FormatFilter { pub filter: Filter }
}
