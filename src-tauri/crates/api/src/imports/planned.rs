//! Imports and undos that were planned, with the state that they were planned for.

use steward_import::import::ImportSpec;

use crate::plans::Planned;

/// An import that was looked at.
pub(crate) struct PlannedImport {
    pub spec: ImportSpec,
    pub stamps: Vec<FileStamp>,
    pub state: Option<CollectionStamp>,
}

pub(crate) struct PlannedUndo {
    pub run: String,
}

/// Discarding what a run retains for its undo.
pub(crate) struct PlannedDiscard {
    pub run: String,
}

impl Planned for PlannedImport {}
impl Planned for PlannedUndo {}
impl Planned for PlannedDiscard {}

/// A file as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileStamp {
    pub bytes: u64,
    pub modified: Option<std::time::SystemTime>,
}

impl FileStamp {
    pub fn of(path: &std::path::Path) -> Self {
        let meta = std::fs::metadata(path).ok();
        Self { bytes: meta.as_ref().map_or(0, std::fs::Metadata::len), modified: meta.and_then(|m| m.modified().ok()) }
    }
}

/// A collection as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CollectionStamp {
    pub records: u64,
    pub last_change: Option<String>,
}
