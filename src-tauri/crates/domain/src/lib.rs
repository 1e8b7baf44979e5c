//! What Steward talks about: values, field paths, filters, violations, changes, quarantine and quality.
//!
//! Pure code: no I/O, no async, no clock, no randomness. Both stores and every screen share these meanings.

pub mod change;
pub mod decimal;
pub mod depth;
pub mod file_name;
pub mod filter;
pub mod filter_text;
pub mod ids;
pub mod json_text;
pub mod matching;
pub mod order;
pub mod path;
pub mod quality;
pub mod quarantine;
pub mod restore;
pub mod run;
pub mod search;
pub mod source;
pub mod value;
pub mod violation;
pub mod words;

pub use change::{ChangeKind, ChangeSet, ChangeState, EntryState, FieldChange, Origin, RecordChange, RecordOp};
pub use filter::{Comparison, Filter, TypeName};
pub use ids::{RecordKey, can_be_key};
pub use path::FieldPath;
pub use quarantine::{QuarantineEntry, QuarantineStatus};
pub use restore::{RestoreMode, RestoreRecord, RestoreState, RestoredCollection};
pub use run::{Duplicates, ImportMode, RunCounts, RunRecord, RunState, Staging};
pub use source::SourceChoice;
pub use value::Value;
pub use violation::Violation;
