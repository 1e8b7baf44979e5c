//! How any SQLite file is opened. A file is data from someone else: its schema may hold SQL that runs when the file is merely
//! looked at, names that break out of a statement, and values of any size. Every connection of Steward's comes from here or
//! goes through [`harden`], and every name that is in a statement goes through [`name`].
//!
//! What a workspace or a source is does not belong here.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, Result};

/// The longest value, row or statement that is read from a foreign file.
pub const LONGEST_FOREIGN: i32 = 64 << 20;

/// What may be in the schema of a file and act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Views {
    /// Nothing: a workspace has none.
    Off,
    /// Views are read like tables: in foreign databases they are what people look at.
    On,
}

/// Switches off what a schema can do by itself: no file next to this one is reached, no trigger fires, no function with effects
/// runs, the schema is not written to. Comes before the first statement that reads the schema.
pub fn harden(connection: &Connection, views: Views) -> Result<()> {
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, views == Views::On)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false)?;
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")
}

/// Opens a foreign file for reading. Nothing is written, not even next to it, unless a log there holds its newest rows: then
/// SQLite keeps an index of that log.
pub fn open_foreign(path: &Path, views: Views) -> Result<Connection> {
    let log = beside(path, "-wal");
    let immutable = if log.metadata().is_ok_and(|m| m.len() > 0) { "" } else { "&immutable=1" };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let escaped: String = absolute.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{escaped}?mode=ro{immutable}"), flags)?;
    harden(&connection, views)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_FOREIGN)?;
    connection.execute_batch("PRAGMA query_only = ON;")?;
    Ok(connection)
}

/// A name as it is in a statement, whatever it holds.
pub fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A text literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A file next to another: `careers.steward` + `-wal`.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// What SQLite writes at the end of a journal that belongs to several files.
const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// The journal next to the file names another file, which SQLite would open and could delete. Steward writes to one file at a
/// time, so none of its journals does.
pub fn journal_names_another_file(path: &Path) -> io::Result<bool> {
    let mut journal = match File::open(beside(path, "-journal")) {
        Ok(journal) => journal,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(e),
    };
    if journal.metadata()?.len() < 16 {
        return Ok(false);
    }
    let mut end = [0; 8];
    journal.seek(SeekFrom::End(-8))?;
    journal.read_exact(&mut end)?;
    Ok(end == JOURNAL_MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_name() {
        let connection = Connection::open_in_memory().unwrap();
        let evil = "x\"; ATTACH 'stolen' AS s; --";
        connection.execute_batch(&format!("CREATE TABLE {} (a)", name(evil))).unwrap();
        let found: String = connection.query_row("SELECT name FROM sqlite_schema", [], |r| r.get(0)).unwrap();
        assert_eq!(found, evil);
        let text: String = connection.query_row(&format!("SELECT {}", literal("it's")), [], |r| r.get(0)).unwrap();
        assert_eq!(text, "it's");
    }

    #[test]
    fn nothing_in_a_file_acts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a?b.db");
        let made = Connection::open(&path).unwrap();
        made.execute_batch(
            "CREATE TABLE t (a); CREATE TABLE fired (a); CREATE VIEW v AS SELECT 1;
             CREATE TRIGGER z AFTER INSERT ON t BEGIN INSERT INTO fired VALUES (1); END;",
        )
        .unwrap();
        drop(made);
        let other = folder.path().join("other.db");
        let open = Connection::open(&path).unwrap();
        harden(&open, Views::Off).unwrap();
        assert!(open.execute("ATTACH ?1 AS o", [other.to_str().unwrap()]).is_err());
        assert!(!other.exists());
        open.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        let fired: i64 = open.query_row("SELECT count(*) FROM fired", [], |r| r.get(0)).unwrap();
        assert_eq!(fired, 0);
        assert!(open.prepare("SELECT * FROM v").is_err());
        let _ = open.execute_batch("PRAGMA writable_schema = ON");
        assert!(open.execute_batch("DELETE FROM sqlite_schema").is_err());
    }

    #[test]
    fn a_foreign_file_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a); CREATE VIEW v AS SELECT zeroblob(1000000000) AS z").unwrap();
        let open = open_foreign(&path, Views::On).unwrap();
        assert!(open.execute_batch("INSERT INTO t VALUES (1)").is_err());
        let large = open.query_row("SELECT z FROM v", [], |r| r.get::<_, Vec<u8>>(0));
        assert!(large.is_err(), "a value of a gigabyte is refused");
        drop(open);
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["a.db"]);
    }

    #[test]
    fn a_journal_that_names_another_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        assert!(!journal_names_another_file(&path).unwrap());
        std::fs::write(beside(&path, "-journal"), [b"/home/ann/notes".as_slice(), &JOURNAL_MAGIC].concat()).unwrap();
        assert!(journal_names_another_file(&path).unwrap());
    }
}
