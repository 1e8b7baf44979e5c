//! Whether the file under a name is still the one that was opened. A file may be moved, deleted, or written over by another while
//! it is open, or while a log that belongs to it was left next to it by a program that died.
//!
//! Each time someone begins to write, the file gets a new generation, which is in the file and in the mark next to it
//! (`-open`). A log next to a file of another generation belongs to another file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use steward_sqlite_guard::{Views, beside};
use steward_store::{StoreError, StoreErrorKind, StoreResult};

use crate::errors::map;
use crate::file::OpenMark;

/// When a file was last written, and its size.
type Stamp = (SystemTime, u64);

/// The file of an open workspace.
#[derive(Debug)]
pub struct Same {
    path: PathBuf,
    place: Option<(u64, u64)>,
    seen: Mutex<Option<Stamp>>,
    /// None before the first write; empty where it could not be noted.
    generation: Mutex<Option<String>>,
}

impl Same {
    pub fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), place: place(path), seen: Mutex::default(), generation: Mutex::default() }
    }

    /// Before the first write of this process: where nobody else has the workspace open, a new generation begins.
    pub fn begin(&self, connection: &Connection, mark: &OpenMark) -> StoreResult<()> {
        let mut generation = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        if generation.is_none() {
            *generation = Some(if mark.is_alone() { begin_alone(connection, mark)? } else { mark.read() });
        }
        Ok(())
    }

    /// Nothing is read from or written to a file that is not the one under this name.
    pub fn check(&self, mark: &OpenMark) -> StoreResult<()> {
        if self.place.is_some() && place(&self.path) != self.place {
            return Err(self.gone());
        }
        let now = stamp(&self.path);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen != now {
            let mut expected = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
            let known = expected.as_deref().unwrap_or_default();
            if !known.is_empty()
                && let Some(found) = generation_of(&self.path).filter(|found| found != known)
            {
                // Another program that opened it at the same time may have begun a generation after this one looked.
                if mark.read() != found {
                    return Err(self.gone());
                }
                *expected = Some(found);
            }
            *seen = now;
        }
        Ok(())
    }

    fn gone(&self) -> StoreError {
        StoreError::new(
            StoreErrorKind::Unreachable,
            format!(
                "{} was moved, deleted or replaced while it was open. Nothing more is written; what was changed last may not be in it. Open the workspace again where it is now.",
                self.path.display()
            ),
        )
    }
}

fn begin_alone(connection: &Connection, mark: &OpenMark) -> StoreResult<String> {
    let generation = bson::oid::ObjectId::new().to_hex();
    let note = |c: &Connection| c.execute("INSERT OR REPLACE INTO session (one, generation) VALUES (1, ?1)", [&generation]);
    note(connection).map_err(map)?;
    // From the log into the file itself: only there it reports which file the log is.
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0)).map_err(map)?;
    let generation = if busy == 0 { generation } else { String::new() };
    mark.write(&generation);
    Ok(generation)
}

/// Device and number of a file; nothing where the system does not say, and keeps open files from being replaced.
#[cfg(unix)]
fn place(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn place(_: &Path) -> Option<(u64, u64)> {
    None
}

fn stamp(path: &Path) -> Option<Stamp> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

/// The generation in the file itself, whatever a log next to it says. Nothing where it cannot be read, as in the middle of a
/// checkpoint.
fn generation_of(path: &Path) -> Option<String> {
    let absolute = std::path::absolute(path).ok()?;
    let escaped: String = absolute.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{escaped}?mode=ro&immutable=1"), flags).ok()?;
    steward_sqlite_guard::harden(&connection, Views::Off).ok()?;
    match connection.query_row("SELECT generation FROM session WHERE one = 1", [], |r| r.get::<_, String>(0)).optional() {
        Ok(found) => Some(found.unwrap_or_default()),
        // A workspace of an older version, or no workspace: not the file that the log was written for.
        Err(rusqlite::Error::SqliteFailure(_, Some(text))) if text.contains("no such table") => Some(String::new()),
        Err(_) => None,
    }
}

/// Puts a log aside that belongs to another file than the one it is next to. Gives a sentence about it.
pub fn archive_foreign_log(path: &Path) -> Option<String> {
    let log = beside(path, "-wal");
    if std::fs::metadata(&log).map_or(0, |meta| meta.len()) == 0 {
        return None;
    }
    let expected = OpenMark::left_behind(path)?;
    let found = generation_of(path)?;
    if expected.is_empty() || found == expected {
        return None;
    }
    let aside = beside(path, &format!("-wal.of-another-file.{}", bson::oid::ObjectId::new().to_hex()));
    std::fs::rename(&log, &aside).ok()?;
    let _ = std::fs::remove_file(beside(path, "-shm"));
    Some(format!(
        "Another file was put in the place of the one that was open last. The changes that were not yet in that one are in {}; they are not in this file.",
        aside.display()
    ))
}
