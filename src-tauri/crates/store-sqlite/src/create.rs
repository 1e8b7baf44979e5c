//! A new file: made whole under another name, then given its own. A program that is killed meanwhile leaves no half file, and of
//! two programs that make the same one, one makes it and the other opens it.

use std::io::ErrorKind;
use std::path::Path;

use steward_sqlite_guard::beside;
use steward_store::{StoreError, StoreErrorKind, StoreResult};

use tempfile::TempPath;

use crate::errors::map;
use crate::file::{self, OpenMark};

/// Makes the file unless it exists by now. Gives a sentence about a log without its file that was in the way.
pub fn missing(path: &Path, shown_as: &str) -> StoreResult<Option<String>> {
    let began = std::time::Instant::now();
    while !path.exists() {
        match OpenMark::before_anybody(path, || whole(path, shown_as)) {
            Some(done) => return done,
            None if began.elapsed() < file::PATIENCE => std::thread::sleep(std::time::Duration::from_millis(10)),
            None => return Err(StoreError::new(StoreErrorKind::Busy, format!("Another program is creating {shown_as}. Try again."))),
        }
    }
    Ok(None)
}

/// Nobody else has the workspace open.
fn whole(path: &Path, shown_as: &str) -> StoreResult<Option<String>> {
    if path.exists() {
        return Ok(None);
    }
    let orphan = put_log_aside(path)?;
    let unnamed = beside(path, "-new");
    for left_over in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(&unnamed, left_over));
    }
    let new = TempPath::try_from_path(&unnamed).map_err(cannot)?;
    {
        let mut connection = file::connect(&new, file::Use::Write)?;
        file::migrate(&mut connection, shown_as)?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(map)?;
    }
    std::fs::File::open(&new).and_then(|file| file.sync_all()).map_err(cannot)?;
    match new.persist_noclobber(path) {
        Ok(_) => {}
        // On a file system without locks another program was faster.
        Err(e) if e.error.kind() == ErrorKind::AlreadyExists => return Ok(orphan),
        Err(e) => return Err(cannot(e.error)),
    }
    // Folders cannot be synced everywhere; where they cannot, the system does it by itself.
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    Ok(orphan)
}

/// A log whose file is gone holds changes of that file, and is not to be read into a new one.
fn put_log_aside(path: &Path) -> StoreResult<Option<String>> {
    let log = beside(path, "-wal");
    if std::fs::metadata(&log).map_or(0, |meta| meta.len()) == 0 {
        return Ok(None);
    }
    let aside = beside(path, &format!("-wal.without-file.{}", bson::oid::ObjectId::new().to_hex()));
    std::fs::rename(&log, &aside).map_err(cannot)?;
    let _ = std::fs::remove_file(beside(path, "-shm"));
    Ok(Some(format!("The file of an earlier workspace is gone. Its last changes are in {}; they are not in this file.", aside.display())))
}

fn cannot(e: std::io::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unreachable, "The workspace file cannot be opened.").details(e)
}
