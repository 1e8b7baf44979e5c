//! The file: its pragmas, its version and forward migration, and what happens after a crash.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use steward_sqlite_guard::{Views, beside};
use steward_store::{Room, StoreError, StoreErrorKind, StoreResult, private};

use crate::errors::map;
use crate::functions;

/// "STWD": marks a file as Steward's.
pub const APPLICATION_ID: i32 = 0x5354_5744;

/// Each step brings a file of version `index` to `index + 1`. Released steps never change.
pub const MIGRATIONS: &[fn(&Connection) -> rusqlite::Result<()>] = &[
    // 1: collections with their indexes; the log that the change feed reads.
    |c| {
        c.execute_batch(
            "CREATE TABLE collections (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE
     );
     CREATE TABLE indexes (
        collection INTEGER NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        spec TEXT NOT NULL,
        lists INTEGER NOT NULL DEFAULT 0,
        pending INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (collection, name)
     );
     CREATE TABLE feed (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        collection TEXT NOT NULL,
        op INTEGER NOT NULL,
        id BLOB
     );",
        )
    },
    // 2: what a collection was made by and SQLite cannot act on.
    |c| c.execute_batch("ALTER TABLE collections ADD COLUMN definition TEXT;"),
    // 3: while changes are recorded (`since` is the last number without): their time, the table and row, the record
    // before; tables of dropped collections that the log may still ask for.
    |c| {
        c.execute_batch(
            "ALTER TABLE feed ADD COLUMN at INTEGER;
     ALTER TABLE feed ADD COLUMN tab INTEGER;
     ALTER TABLE feed ADD COLUMN row INTEGER;
     ALTER TABLE feed ADD COLUMN state BLOB;
     CREATE TABLE recording (since INTEGER NOT NULL);
     CREATE TABLE dropped (tab INTEGER PRIMARY KEY, seq INTEGER NOT NULL);",
        )
    },
    // 4: what triggers did, `upkeep` does.
    |c| {
        let mut statement = c.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")?;
        let names: Vec<String> = statement.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
        names.iter().try_for_each(|name| c.execute_batch(&format!("DROP TRIGGER {};", steward_sqlite_guard::name(name))))
    },
    // 5: each record carries a checksum, so that a page that rots is noticed.
    |c| {
        let mut statement = c.prepare("SELECT id FROM collections UNION SELECT tab FROM dropped")?;
        let tables: Vec<i64> = statement.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
        tables.iter().try_for_each(|table| {
            c.execute_batch(&format!("ALTER TABLE c{table} ADD COLUMN sum INTEGER; UPDATE c{table} SET sum = steward_sum(doc);"))
        })?;
        // Which of the files of this name it is: see `same`.
        c.execute_batch("CREATE TABLE session (one INTEGER PRIMARY KEY, generation TEXT NOT NULL)")
    },
    // 6: indexes order decimal numbers by all their digits, not as doubles.
    |c| c.execute_batch("REINDEX;"),
];

/// The version that this program writes.
pub fn newest_version() -> i32 {
    i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX)
}

/// Held while a workspace is open, shared among processes. Whoever gets it alone knows that no other process lives.
#[derive(Debug)]
pub struct OpenMark {
    file: Option<File>,
    path: PathBuf,
}

impl OpenMark {
    /// Takes the mark. The flag says that the last process did not close the workspace properly.
    ///
    /// Errors: `Busy` where another program is bringing the file forward for longer than anybody waits.
    pub fn take(workspace: &Path) -> StoreResult<(Self, bool)> {
        let path = beside(workspace, "-open");
        loop {
            let left_behind = path.exists();
            let file = private::open(&path).ok();
            let alone = file.as_ref().is_some_and(|f| f.try_lock().is_ok());
            if let Some(f) = &file {
                if alone {
                    let _ = f.unlock();
                }
                share(f)?;
                if !is_still(f, &path) {
                    continue;
                }
            }
            return Ok((Self { file, path }, left_behind && alone));
        }
    }

    /// Does what comes before the workspace is there. `None` where another program does the same, or has it open.
    pub fn before_anybody<T>(workspace: &Path, work: impl FnOnce() -> T) -> Option<T> {
        let path = beside(workspace, "-open");
        let Ok(mark) = private::open(&path) else { return Some(work()) };
        match mark.try_lock() {
            Ok(()) if is_still(&mark, &path) => {
                let done = work();
                let _ = std::fs::remove_file(&path);
                Some(done)
            }
            Ok(()) | Err(std::fs::TryLockError::WouldBlock) => None,
            // A file system without locks.
            Err(std::fs::TryLockError::Error(_)) => Some(work()),
        }
    }

    /// Nobody else has the workspace open now. Another one may open it at any time.
    pub fn is_alone(&self) -> bool {
        let Some(file) = &self.file else { return true };
        let _ = file.unlock();
        let alone = file.try_lock().is_ok();
        let _ = file.unlock();
        let _ = file.lock_shared();
        alone
    }

    /// What the mark of a program that has died says; nothing where one that has the workspace open lives.
    pub fn left_behind(workspace: &Path) -> Option<String> {
        let file = File::options().read(true).write(true).open(beside(workspace, "-open")).ok()?;
        file.try_lock().ok()?;
        let text = std::io::read_to_string(&file).unwrap_or_default();
        let _ = file.unlock();
        Some(text.trim().to_owned())
    }

    /// What the mark says to everybody.
    pub fn read(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap_or_default().trim().to_owned()
    }

    pub fn write(&self, text: &str) {
        if let Err(e) = private::write(&self.path, text.as_bytes()) {
            tracing::debug!(error = %e, "the mark next to the workspace cannot be written");
        }
    }

    /// Does what nobody else may see half done. `None` where another program has the workspace open.
    pub fn alone<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let Some(file) = &self.file else { return Some(work()) };
        let _ = file.unlock();
        let done = file.try_lock().is_ok().then(work);
        let _ = file.unlock();
        let _ = file.lock_shared();
        done
    }
}

/// The mark is the one that others find. The last program to close a workspace removes it, maybe while the next one opens it: a
/// lock on a file that is gone keeps nobody out.
#[cfg(unix)]
fn is_still(mark: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let number = |meta: std::fs::Metadata| (meta.dev(), meta.ino());
    matches!((mark.metadata().map(number), std::fs::metadata(path).map(number)), (Ok(ours), Ok(theirs)) if ours == theirs)
}

/// An open file cannot be removed.
#[cfg(not(unix))]
fn is_still(_: &File, _: &Path) -> bool {
    true
}

/// Takes its part of the mark, waiting for a program that is bringing the file forward: one that was halted is not waited for
/// without an end.
fn share(mark: &File) -> StoreResult<()> {
    let began = std::time::Instant::now();
    while let Err(e) = mark.try_lock_shared() {
        match e {
            std::fs::TryLockError::WouldBlock if began.elapsed() < PATIENCE => std::thread::sleep(std::time::Duration::from_millis(20)),
            std::fs::TryLockError::WouldBlock => {
                return Err(StoreError::new(
                    StoreErrorKind::Busy,
                    "Another program is bringing this workspace to a new version, or was halted while it did. Wait for it, or end it.",
                ));
            }
            // A file system without locks.
            std::fs::TryLockError::Error(_) => return Ok(()),
        }
    }
    Ok(())
}

impl Drop for OpenMark {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let _ = file.unlock();
            if file.try_lock().is_ok() {
                let _ = std::fs::remove_file(&self.path);
            }
        }
    }
}

/// How long one program waits for another that writes.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Read,
    /// May make and change the file, and gets the larger cache.
    Write,
    /// Reads someone else's file: nothing is written to it or next to it.
    Source,
}

/// Opens a connection with Steward's settings.
pub fn connect(path: &Path, purpose: Use) -> StoreResult<Connection> {
    let connection = match purpose {
        Use::Source => steward_sqlite_guard::open_foreign(path, Views::Off),
        Use::Read => Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX),
        Use::Write => {
            make(path)?;
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        }
    }
    .map_err(map)?;
    steward_sqlite_guard::harden(&connection, Views::Off).map_err(map)?;
    connection.busy_timeout(PATIENCE).map_err(map)?;
    connection.set_prepared_statement_cache_capacity(64);
    functions::register(&connection).map_err(map)?;
    let writer = purpose == Use::Write;
    let cache_kib = if writer { 48_000 } else { 12_000 };
    let fresh = writer && std::fs::metadata(path).is_ok_and(|m| m.len() == 0);
    let pragmas = format!(
        "{} PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;
         PRAGMA cache_size = -{cache_kib}; PRAGMA temp_store = FILE; PRAGMA wal_autocheckpoint = 4000;",
        if fresh { "PRAGMA page_size = 8192;" } else { "" }
    );
    let result = if writer {
        connection.execute_batch(&pragmas)
    } else {
        connection.execute_batch(&format!("PRAGMA cache_size = -{cache_kib}; PRAGMA query_only = ON;"))
    };
    result.map_err(map)?;
    Ok(connection)
}

/// The file and its folder may be written to, as far as the system tells: a log is kept next to a file that is open.
pub fn may_write(path: &Path) -> bool {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    allowed(path) && allowed(folder)
}

#[cfg(unix)]
fn allowed(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn allowed(path: &Path) -> bool {
    !std::fs::metadata(path).is_ok_and(|meta| meta.permissions().readonly())
}

/// Makes the file where it is missing, for its owner alone. SQLite gives what it puts next to it the same permissions.
fn make(path: &Path) -> StoreResult<()> {
    match private::create(path) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::new(StoreErrorKind::Unreachable, "The workspace file cannot be opened.").details(e))
        }
        _ => Ok(()),
    }
}

/// Does what can be done at another time just as well: while another program writes, it is left out instead of waited for.
pub fn unhurried(connection: &Connection, work: impl FnOnce(&Connection) -> StoreResult<()>) -> StoreResult<()> {
    connection.busy_timeout(std::time::Duration::ZERO).map_err(map)?;
    let done = work(connection);
    connection.busy_timeout(PATIENCE).map_err(map)?;
    match done {
        Err(e) if e.kind == StoreErrorKind::Busy => Ok(()),
        done => done,
    }
}

/// The file is an SQLite database with Steward's mark.
pub fn is_ours(path: &Path) -> bool {
    use std::io::Read;
    let mut begin = [0; 16];
    let is_sqlite = File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && &begin == b"SQLite format 3\0";
    // Asked through SQLite, because the mark of a new file may still apply in its log.
    is_sqlite && connect(path, Use::Source).is_ok_and(|c| pragma(&c, "application_id").is_ok_and(|mark| mark == APPLICATION_ID))
}

/// Whose file it is, and of which version; 0 for one that is empty.
///
/// Errors: `Invalid` for a database of another program, `NewerVersion`.
pub fn version(connection: &Connection, shown_as: &str) -> StoreResult<i32> {
    let application: i32 = pragma(connection, "application_id")?;
    let version: i32 = pragma(connection, "user_version")?;
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |r| r.get(0)).map_err(map)?;
    if application != APPLICATION_ID && (application != 0 || objects > 0) {
        return Err(StoreError::new(
            StoreErrorKind::Invalid,
            format!("{shown_as} is a database of another program, not a Steward workspace."),
        ));
    }
    if version > newest_version() {
        return Err(StoreError::new(
            StoreErrorKind::NewerVersion,
            format!(
                "{shown_as} was created by a newer version of Steward (file version {version}; this program supports up to {}). Update Steward to open it.",
                newest_version()
            ),
        ));
    }
    Ok(version)
}

/// Brings a file to the newest version: one that is new, or a copy.
pub fn migrate(connection: &mut Connection, shown_as: &str) -> StoreResult<()> {
    let done = usize::try_from(version(connection, shown_as)?).unwrap_or(0);
    for (index, step) in MIGRATIONS.iter().enumerate().skip(done) {
        let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(map)?;
        let now: i32 = pragma(&tx, "user_version")?;
        if usize::try_from(now).unwrap_or(0) > index {
            continue;
        }
        step(&tx).map_err(map)?;
        tx.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {};", index + 1)).map_err(map)?;
        tx.commit().map_err(map)?;
    }
    Ok(())
}

fn pragma(connection: &Connection, name: &str) -> StoreResult<i32> {
    connection.query_row(&format!("PRAGMA {name}"), [], |r| r.get(0)).map_err(map)
}

/// Writes the file again without its free pages. SQLite attaches the new one while it does.
pub fn compact(connection: &Connection) -> StoreResult<()> {
    use rusqlite::limits::Limit;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1).map_err(map)?;
    let done = connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").map_err(map);
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(map)?;
    done
}

/// What the file takes, and what of it is free.
pub fn room(connection: &Connection) -> StoreResult<Room> {
    let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0)).map_err(map);
    let (size, all, free) = (number("page_size")?, number("page_count")?, number("freelist_count")?);
    let bytes = |pages: i64| u64::try_from(pages.saturating_mul(size)).unwrap_or(0);
    Ok(Room { bytes: bytes(all), free: bytes(free) })
}

/// Looks through the whole file, and at each record's checksum. What is wrong, in sentences; at most `most` of them.
pub fn damages(connection: &Connection, most: usize) -> StoreResult<Vec<String>> {
    let mut found = Vec::new();
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({most})")).map_err(map)?;
    let rows = statement.query_map([], |r| r.get::<_, String>(0)).map_err(map)?;
    for row in rows {
        match row {
            Ok(text) if text == "ok" => {}
            Ok(text) => found.push(text),
            // A page of the schema itself, or one that cannot even be walked over.
            Err(e) => {
                found.push(e.to_string());
                break;
            }
        }
    }
    let mut statement = connection.prepare("SELECT id, name FROM collections").map_err(map)?;
    let tables = statement.query_map([], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?))).map_err(map)?;
    for (table, name) in tables.collect::<Result<Vec<_>, _>>().map_err(map)? {
        let wrong = format!("SELECT count(*) FROM c{table} WHERE sum IS NOT steward_sum(doc)");
        match connection.query_row(&wrong, [], |r| r.get::<_, i64>(0)) {
            Ok(0) => {}
            Ok(records) => found.push(format!("{records} records of {name} are not as they were written.")),
            Err(e) => found.push(format!("{name} cannot be read to its end: {e}.")),
        }
    }
    Ok(found)
}

/// Looks through the whole file; an error names the first thing that is wrong.
pub fn check_integrity(connection: &Connection) -> StoreResult<()> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |r| r.get(0)).map_err(map)?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::Damaged,
        "This workspace was not closed properly and its file is damaged. Restore it from a backup, or import its records into a new workspace.",
    )
    .details(verdict))
}
