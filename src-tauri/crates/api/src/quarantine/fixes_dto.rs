//! Many rows of the quarantine put right together: one fix for a field, a corrected table that comes back.

use crate::dto::{ProblemCount, QuarantineSelection, wire};
use steward_domain::{FieldChange, SourceChoice, Value, Violation};

wire! {
    /// From one value to another; without a new one the field goes.
    pub struct ValuePair {
        pub from: Value,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub to: Option<Value>,
    }

    /// What to do with a field.
    #[serde(tag = "do", rename_all_fields = "camelCase")]
    pub enum FixAction {
        /// Nothing yet: only look at its values.
        Look,
        Set { value: Value },
        /// Set where it is missing or blank.
        Default { value: Value },
        Unset,
        /// Steps of a mapping (see the guide on mappings), one after the other.
        Steps { #[ts(type = "unknown[]")] steps: Vec<serde_json::Value> },
        /// Values that are not among the pairs stay.
        Map { pairs: Vec<ValuePair> },
    }

    pub struct PlanFix {
        pub selection: QuarantineSelection,
        /// A dotted path.
        pub field: String,
        pub action: FixAction,
        /// Load what is right then.
        pub retry: bool,
    }

    /// A row as it is and as it would be.
    pub struct FixSample {
        pub id: String,
        pub file: String,
        pub row_number: i64,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub before: Option<Value>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub after: Option<Value>,
        /// What it would still break.
        pub errors: Vec<Violation>,
    }

    pub struct FixValue { pub value: Value, pub rows: i64 }

    /// What a fix comes to.
    pub struct FixPlan {
        pub plan_id: String,
        /// Waiting rows that were looked at.
        pub rows: i64,
        pub changed: i64,
        /// Changed, with nothing wrong any more.
        pub right: i64,
        /// Changed, and still wrong.
        pub still_broken: i64,
        /// The value could not be transformed, and stays.
        pub failed: i64,
        /// What changed rows would still break, most frequent first.
        pub problems: Vec<ProblemCount>,
        pub samples: Vec<FixSample>,
        /// Values of the field as it is, most frequent first.
        pub values: Vec<FixValue>,
        pub missing: i64,
        /// There are more different values than are given here.
        pub more_values: bool,
    }

    pub struct PlanCorrections {
        /// A table of rows to correct, as it was exported and then changed.
        pub file: String,
        /// How to read it; what is left out is recognised.
        #[ts(optional, as = "Option<SourceChoice>")]
        #[serde(default)]
        pub choice: SourceChoice,
    }

    /// Changes of one row, each with what the field held.
    pub struct RowEdit { pub id: String, pub changes: Vec<FieldChange> }

    pub struct PlanEdits { pub edits: Vec<RowEdit> }

    pub enum CorrectionFate { Released, StillBroken, Unchanged, Unknown, NotWaiting, Edited, Repeated }

    /// A line of the table, and what becomes of its row.
    pub struct CorrectionLine {
        pub line: i64,
        pub id: String,
        pub file: String,
        pub row_number: i64,
        pub fate: CorrectionFate,
        pub changes: Vec<FieldChange>,
        /// What the row would still break.
        pub errors: Vec<Violation>,
    }

    pub struct CorrectionCount { pub fate: CorrectionFate, pub lines: i64 }

    pub struct CorrectionsPlan {
        pub plan_id: String,
        pub lines: i64,
        pub counts: Vec<CorrectionCount>,
        /// Rows that would be changed.
        pub changed: i64,
        /// The first ones, those that cannot be taken before the others; unchanged lines are left out.
        pub listed: Vec<CorrectionLine>,
        /// Columns that no row has as a field.
        pub ignored: Vec<String>,
    }
}
