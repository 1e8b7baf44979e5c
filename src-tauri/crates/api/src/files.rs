//! Files that the host handed over, by id. Commands never take a path from the interface.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::dto::FileHandle;
use crate::error::{ApiError, ApiResult};

/// The handles of this process.
#[derive(Debug, Default)]
pub struct Files {
    known: Mutex<HashMap<String, (PathBuf, String)>>,
}

impl Files {
    /// Registers a path that a person chose.
    pub fn register(&self, path: &Path) -> FileHandle {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        self.register_as(path, &name)
    }

    /// Registers a path under another name (an upload).
    pub fn register_as(&self, path: &Path, name: &str) -> FileHandle {
        let id = steward_pipeline::workspace::new_id();
        let bytes = std::fs::metadata(path).map_or(0, |m| i64::try_from(m.len()).unwrap_or(i64::MAX));
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), (path.to_owned(), name.to_owned()));
        FileHandle { id, name: name.to_owned(), bytes }
    }

    /// The path and name behind a handle.
    pub fn get(&self, id: &str) -> ApiResult<(PathBuf, String)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).cloned().ok_or_else(|| ApiError::not_found("This file is not known any more.").hint("Choose it again."))
    }

    /// The handle again, with the size of now.
    pub fn handle(&self, id: &str) -> ApiResult<FileHandle> {
        let (path, name) = self.get(id)?;
        let bytes = std::fs::metadata(path).map_or(0, |m| i64::try_from(m.len()).unwrap_or(i64::MAX));
        Ok(FileHandle { id: id.to_owned(), name, bytes })
    }
}
