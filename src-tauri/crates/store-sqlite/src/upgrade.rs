//! Bringing a file of an older version forward: on a copy that replaces the file when it is whole. What goes wrong on the way
//! leaves the file as it was.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};
use steward_sqlite_guard::beside;
use steward_store::{StoreError, StoreErrorKind, StoreResult, private};

use crate::errors::map;
use crate::{file, inspect};

/// Pages copied in one step.
const STEP: i32 = 4096;

/// Copies the file, brings the copy to the newest version, checks it, and puts it in the file's place. The caller is the only
/// one who has the workspace open.
pub fn on_a_copy(path: &Path, shown_as: &str) -> StoreResult<()> {
    // A link stays a link: what it leads to is replaced.
    let path = path.canonicalize().map_err(|e| io(path, e))?;
    let copy = beside(&path, "-upgrade");
    let done = make(&path, &copy, shown_as);
    if done.is_err() {
        let _ = std::fs::remove_file(&copy);
    }
    done
}

fn make(path: &Path, copy: &Path, shown_as: &str) -> StoreResult<()> {
    let held = file::connect(path, file::Use::Write)?;
    hold(&held, shown_as)?;
    let _ = std::fs::remove_file(copy);
    private::create(copy).map_err(|e| io(copy, e))?;
    {
        let mut new = Connection::open(copy).map_err(map)?;
        crate::functions::register(&new).map_err(map)?;
        steward_sqlite_guard::harden(&new, steward_sqlite_guard::Views::Off).map_err(map)?;
        fill(&held, &mut new)?;
        file::migrate(&mut new, shown_as)?;
        file::check_integrity(&new)?;
        inspect::check(&new, file::newest_version(), shown_as)?;
    }
    if let Ok(meta) = path.metadata() {
        std::fs::set_permissions(copy, meta.permissions()).map_err(|e| io(copy, e))?;
    }
    std::fs::File::open(copy).and_then(|file| file.sync_all()).map_err(|e| io(copy, e))?;
    std::fs::rename(copy, path).map_err(|e| io(path, e))?;
    if let Some(folder) = path.parent().and_then(|p| std::fs::File::open(p).ok()) {
        // Folders cannot be synced everywhere; where they cannot, the system does it by itself.
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Keeps everybody else out until the connection is closed. Without its log the file is all there is. Another program that
/// reads it, of whatever make, is in the way.
fn hold(connection: &Connection, shown_as: &str) -> StoreResult<()> {
    let alone = || -> rusqlite::Result<bool> {
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE;")?;
        let mode: String = connection.query_row("PRAGMA journal_mode = DELETE", [], |r| r.get(0))?;
        connection.execute_batch("BEGIN EXCLUSIVE; COMMIT;")?;
        Ok(mode == "delete")
    };
    match alone() {
        Ok(true) => Ok(()),
        Ok(false) => Err(busy(shown_as)),
        Err(e) if matches!(e.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => Err(busy(shown_as)),
        Err(e) => Err(map(e)),
    }
}

fn fill(old: &Connection, new: &mut Connection) -> StoreResult<()> {
    let backup = Backup::new(old, new).map_err(map)?;
    loop {
        match backup.step(STEP).map_err(map)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            // Nobody else can hold it: this connection does.
            other => return Err(StoreError::new(StoreErrorKind::Busy, "The workspace could not be copied.").details(format!("{other:?}"))),
        }
    }
}

pub fn busy(shown_as: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Busy,
        format!("{shown_as} is of an older version and must be upgraded, but another program has it open. Close it there first."),
    )
}

fn io(path: &Path, e: std::io::Error) -> StoreError {
    let message = format!("{} cannot be upgraded to this version of Steward; it is unchanged.", path.display());
    StoreError::new(StoreErrorKind::Unreachable, message).details(e)
}
