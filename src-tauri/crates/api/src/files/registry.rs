//! Files and databases that the host handed over, by id. Commands never take a path from the interface.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::dto::FileHandle;
use crate::error::{ApiError, ApiResult};
use crate::imports::external::Database;

/// The handles of this process.
#[derive(Debug, Default)]
pub struct Files {
    known: Mutex<HashMap<String, Known>>,
}

/// What is behind a handle.
#[derive(Debug, Clone)]
struct Known {
    name: String,
    /// Absent for a database on a server.
    path: Option<PathBuf>,
    /// Once it was opened to read records from it.
    database: Option<Database>,
}

impl Files {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a path that a person chose.
    pub fn register(&self, path: &Path) -> FileHandle {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        self.register_as(path, &name)
    }

    /// Registers a path under another name (an upload).
    pub fn register_as(&self, path: &Path, name: &str) -> FileHandle {
        let id = steward_workspace::workspace::new_id();
        self.lock().insert(id.clone(), Known { name: name.to_owned(), path: Some(path.to_owned()), database: None });
        FileHandle { id, name: name.to_owned(), bytes: size(path) }
    }

    /// Registers a database on a server.
    pub(crate) fn register_database(&self, database: Database) -> FileHandle {
        let (id, name) = (steward_workspace::workspace::new_id(), database.name.clone());
        self.lock().insert(id.clone(), Known { name: name.clone(), path: None, database: Some(database) });
        FileHandle { id, name, bytes: 0 }
    }

    /// Keeps the database that a file turned out to be.
    pub(crate) fn keep_database(&self, id: &str, database: Database) {
        if let Some(known) = self.lock().get_mut(id) {
            known.database = Some(database);
        }
    }

    /// The database behind a handle, if it is one and was opened.
    pub(crate) fn database(&self, id: &str) -> Option<Database> {
        self.lock().get(id).and_then(|known| known.database.clone())
    }

    /// The path and name behind a handle.
    pub fn get(&self, id: &str) -> ApiResult<(PathBuf, String)> {
        let known = self.lock().get(id).cloned().ok_or_else(gone)?;
        match known.path {
            Some(path) => Ok((path, known.name)),
            None => Err(ApiError::bad_request(format!("{} is a database, not a file.", known.name)).hint("Choose a file.")),
        }
    }

    /// The handle again, with the size of now.
    pub fn handle(&self, id: &str) -> ApiResult<FileHandle> {
        let known = self.lock().get(id).cloned().ok_or_else(gone)?;
        Ok(FileHandle { id: id.to_owned(), name: known.name, bytes: known.path.as_deref().map_or(0, size) })
    }
}

fn size(path: &Path) -> i64 {
    std::fs::metadata(path).map_or(0, |m| i64::try_from(m.len()).unwrap_or(i64::MAX))
}

fn gone() -> ApiError {
    ApiError::not_found("This file is not known any more.").hint("Choose it again.")
}
