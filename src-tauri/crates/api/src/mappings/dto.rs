//! Mappings: saved ones, and what is reported while one is made.

use crate::dto::{FileHandle, PreviewRow, ProblemCount, Sources, wire};
use steward_mapping::{Mapping, Profile};

pub use steward_mapping::{ColumnProfile, Suggestion};

wire! {
    /// A mapping that was saved under a name.
    pub struct SavedMapping {
        pub name: String,
        /// The schema that its records are made for; empty for none.
        pub schema: String,
        pub updated_at: String,
        /// Who saved it.
        pub by: String,
        #[ts(as = "Mapping")]
        pub mapping: serde_json::Value,
    }

    pub struct SavedMappings { pub mappings: Vec<SavedMapping> }

    pub struct MappingName { pub name: String }

    pub struct SaveMapping {
        pub name: String,
        pub schema: String,
        #[ts(as = "Mapping")]
        pub mapping: serde_json::Value,
        /// One of the same name may be replaced.
        pub replace: bool,
        /// The name it had until now: that one goes.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub renamed_from: Option<String>,
    }

    /// A mapping in a file of its own.
    pub struct MappingFile {
        /// Id of the file.
        pub file: String,
    }

    pub struct ReadMapping {
        #[ts(as = "Mapping")]
        pub mapping: serde_json::Value,
    }

    pub struct WriteMapping {
        /// Id of the file.
        pub file: String,
        #[ts(as = "Mapping")]
        pub mapping: serde_json::Value,
    }

    /// Asks about the first of the files.
    pub struct SuggestMapping {
        #[serde(flatten)]
        #[ts(flatten)]
        pub sources: Sources,
        /// Absent: the one that fits best.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
    }

    pub struct SuggestedMapping {
        /// Empty where no schema fits; there is no suggestion then.
        pub schema: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub suggestion: Option<Suggestion>,
        /// More rows or more fields come out right with it than without any mapping.
        pub needed: bool,
        /// Rows that were looked at.
        pub checked: i64,
        /// Of them, those that have problems without a mapping.
        pub bad_without: i64,
        /// Those that have problems with the suggested one.
        pub bad_with: i64,
    }

    /// Asks about the first of the files.
    pub struct ProfileSource {
        #[serde(flatten)]
        #[ts(flatten)]
        pub sources: Sources,
    }

    pub struct ProfiledSource {
        pub file: FileHandle,
        /// All rows of the file were looked at, not only the first ones.
        pub whole: bool,
        pub profile: Profile,
    }

    /// Tries a mapping on the first of the files.
    pub struct PreviewMapping {
        #[serde(flatten)]
        #[ts(flatten)]
        pub sources: Sources,
        /// Absent or empty: without a schema.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
        /// Rows of each kind in the answer; 1 to 100.
        pub limit: i64,
    }

    /// Why a mapping cannot be used.
    pub struct MappingFault {
        /// RFC 6901, into the mapping.
        pub pointer: String,
        pub message: String,
        pub hint: String,
    }

    pub struct MappingPreview {
        /// The first rows; with an error, as the source has them and nothing else.
        pub rows: Vec<PreviewRow>,
        /// The first rows with problems.
        pub bad_rows: Vec<PreviewRow>,
        /// Rows that were checked.
        pub checked: i64,
        /// Of them, those with problems.
        pub bad: i64,
        /// Most frequent first.
        pub problems: Vec<ProblemCount>,
        /// Fields that got a value in at least one row.
        pub filled: Vec<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub error: Option<MappingFault>,
    }
}
