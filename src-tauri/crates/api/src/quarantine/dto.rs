//! The quarantine: list, figures, fix, retry, discard, export.

use crate::dto::wire;
use steward_domain::{FieldChange, QuarantineEntry, QuarantineStatus, Value, Violation};

wire! {
    /// Narrows the list; every part is optional.
    #[derive(Default)]
    pub struct QuarantineFilter {
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub collection: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub rule: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub field: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub run_id: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub file: Option<String>,
        /// `careers@1.0.0`, or `careers` for all its versions.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
        /// Waiting when absent.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub status: Option<QuarantineStatus>,
    }

    pub struct ListQuarantine {
        pub filter: QuarantineFilter,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<String>,
        pub limit: i64,
    }

    pub struct QuarantinePage {
        pub entries: Vec<QuarantineEntry>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<String>,
        /// Entries that fit the filter, all pages.
        pub total: i64,
    }

    pub struct QuarantineId { pub id: String }

    pub struct GroupCount { pub name: String, pub count: i64 }

    pub struct QuarantineStats {
        pub waiting: i64,
        pub released: i64,
        pub discarded: i64,
        /// Of the rows that fit, most frequent first. Each list leaves its own condition of the filter out.
        pub by_rule: Vec<GroupCount>,
        pub by_field: Vec<GroupCount>,
        pub by_file: Vec<GroupCount>,
        pub by_run: Vec<GroupCount>,
        /// With its version; an empty name is for rows that were loaded without a schema.
        pub by_schema: Vec<GroupCount>,
        /// Rule at field, with its message.
        pub problems: Vec<crate::dto::ProblemCount>,
    }

    /// Corrects an entry: its whole record, or the fields that change, each with what it held. Its errors are recomputed.
    pub struct EditQuarantine {
        pub id: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub document: Option<Value>,
        #[ts(optional, as = "Option<Vec<FieldChange>>")]
        #[serde(default)]
        pub changes: Vec<FieldChange>,
        /// JSON Pointers of the places that were set, be it to what they held already: that resolves a doubt about how they
        /// were read.
        #[ts(optional, as = "Option<Vec<String>>")]
        #[serde(default)]
        pub set: Vec<String>,
        /// Import the row if it is valid then.
        #[ts(optional, as = "Option<bool>")]
        #[serde(default)]
        pub release: bool,
    }

    pub struct ValidateQuarantine { pub id: String, pub document: Value }

    pub struct QuarantineEdited {
        pub entry: QuarantineEntry,
        pub violations: Vec<Violation>,
        /// Change sets that undo it, oldest first.
        pub change_sets: Vec<String>,
    }

    /// Ids, or everything that fits the filter.
    #[serde(tag = "by", rename_all_fields = "camelCase")]
    pub enum QuarantineSelection {
        Ids { ids: Vec<String> },
        Filter { filter: QuarantineFilter },
    }

    pub struct RetryQuarantine {
        pub selection: QuarantineSelection,
        /// A row whose key another record has takes its place.
        #[ts(optional, as = "Option<bool>")]
        #[serde(default)]
        pub replace: bool,
    }

    pub struct RetryResult { pub id: String, pub status: QuarantineStatus, pub errors: Vec<Violation> }

    /// What became of rows that were tried again, corrected or fixed together.
    pub struct RetryOutcome {
        pub tried: i64,
        pub corrected: i64,
        pub released: i64,
        pub still_waiting: i64,
        /// Someone else changed them meanwhile; they are left as they are.
        pub conflicts: i64,
        /// The first hundred, one by one.
        pub results: Vec<RetryResult>,
        /// Change sets that undo it, oldest first.
        pub change_sets: Vec<String>,
    }

    pub struct DiscardQuarantine { pub selection: QuarantineSelection, pub reason: String }

    pub struct Discarded {
        pub discarded: i64,
        pub ids: Vec<String>,
        /// Change sets that undo it, oldest first.
        pub change_sets: Vec<String>,
    }

    /// Brings discarded entries back to waiting.
    pub struct RestoreQuarantine { pub ids: Vec<String> }

    /// `errors`: CSV with one line an error. `rows`: CSV with one line a waiting row, to be corrected and restored.
    pub enum QuarantineExportFormat { Ndjson, Errors, Rows }

    pub struct ExportQuarantine { pub filter: QuarantineFilter, pub format: QuarantineExportFormat, pub file: String }
}
