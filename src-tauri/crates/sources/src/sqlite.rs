//! SQLite files: the rows of one table or view as JSON objects. Where the file is damaged, what SQLite cannot reach any
//! more is read from the pages themselves (`salvage`).
//!
//! Of a workspace of Steward, the collections are the tables and the rows are BSON. Whole ones are read by their store; this
//! is the way for damaged ones.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode};
use serde_json::{Map, Value as Json, json};
use steward_sqlite_guard::Views;

mod damaged;
mod workspace;

use crate::salvage::Cell;
use crate::{CellFault, Fault, Part, RawRow, Rows, SourceError, SourceResult};

/// Rows that are read ahead.
const AHEAD: usize = 256;

/// Marks the head of a workspace.
const WORKSPACE: &[u8; 4] = b"STWD";
const MARK_AT: usize = 68;
/// Collections of Steward's own begin with it.
const OWN: &str = "steward.";

/// A table and what is needed to read it.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    /// None for a collection of a workspace, whose rows are documents.
    pub columns: Vec<String>,
    /// Its name in the file.
    stored_as: String,
    width: usize,
    /// Column that is the rowid (`INTEGER PRIMARY KEY`).
    rowid: Option<usize>,
    root: u32,
    /// The records of a damaged workspace that no collection leads to any more, by the roots of those that are known.
    found: Option<Vec<u32>>,
}

fn connect(path: &Path) -> SourceResult<Connection> {
    steward_sqlite_guard::open_foreign(path, Views::On).map_err(unusable)
}

fn unusable(e: rusqlite::Error) -> SourceError {
    let why = match e.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "its first page is damaged, or it is encrypted".to_owned(),
        Some(ErrorCode::DatabaseCorrupt) => "the list of its tables is damaged".to_owned(),
        Some(ErrorCode::TooBig) => TOO_LARGE.to_owned(),
        _ => e.to_string(),
    };
    SourceError::Unusable(format!("This SQLite file cannot be read: {why}."))
}

/// Tables and views, in their order; of a workspace, its collections.
pub fn tables(path: &Path) -> SourceResult<Vec<Table>> {
    if workspace::is_headless(path) {
        return workspace::recovered(path);
    }
    let workspace = is_workspace(path);
    match stored(path) {
        Ok(tables) if workspace => Ok(collections(path, tables)),
        Err(e) if workspace => {
            let tables = workspace::recovered(path)?;
            if tables.is_empty() { Err(e) } else { Ok(tables) }
        }
        stored => stored,
    }
}

fn is_workspace(path: &Path) -> bool {
    use std::io::Read;
    let mut head = [0; MARK_AT + WORKSPACE.len()];
    let whole = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    whole.is_ok() && head[MARK_AT..] == *WORKSPACE
}

/// What a table of a collection is called in a workspace.
fn is_of_records(table: &str) -> bool {
    table.strip_prefix('c').is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

/// The tables of documents by the names of their collections; by their own where the list of collections is lost.
fn collections(path: &Path, tables: Vec<Table>) -> Vec<Table> {
    let names = || -> Result<Vec<(String, String)>, Box<dyn std::error::Error>> {
        let connection = connect(path)?;
        let mut statement = connection.prepare("SELECT 'c' || id, name FROM collections")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let names = names().ok();
    // What is behind the record (its checksum) is not of every version. A view of that name would be someone's SQL.
    let of_documents = |table: &Table| table.columns.iter().take(2).eq(["id", "doc"]) && table.root > 0;
    let named = |table: Table| {
        let name = match &names {
            Some(names) => names.iter().find(|(table_name, _)| *table_name == table.name)?.1.clone(),
            None => table.name.clone(),
        };
        (!name.starts_with(OWN)).then(|| Table { name, columns: Vec::new(), ..table })
    };
    tables.into_iter().filter(of_documents).filter_map(named).collect()
}

/// Tables and views as they are in the file.
fn stored(path: &Path) -> SourceResult<Vec<Table>> {
    let connection = connect(path)?;
    let sql = "SELECT name, rootpage FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid";
    let mut statement = connection.prepare(sql).map_err(unusable)?;
    let found = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).map_err(unusable)?;
    let mut out = Vec::new();
    for item in found {
        let (name, root) = item.map_err(unusable)?;
        let mut info = connection.prepare("SELECT name, type, pk FROM pragma_table_xinfo(?1) WHERE hidden <> 1").map_err(unusable)?;
        let columns = info
            .query_map([&name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?)))
            .and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let columns = match columns {
            // A view over what is not there, or that wants more than to read, is no reason to leave the tables unread.
            Err(e) if root == 0 && e.sqlite_error_code() != Some(ErrorCode::DatabaseCorrupt) => continue,
            other => other.map_err(unusable)?,
        };
        let keys = columns.iter().filter(|c| c.2 > 0).count();
        let rowid = columns.iter().position(|c| c.2 == 1 && keys == 1 && c.1.eq_ignore_ascii_case("integer"));
        let columns: Vec<String> = columns.into_iter().map(|c| c.0).collect();
        let (stored_as, width) = (name.clone(), columns.len());
        out.push(Table { name, columns, stored_as, width, rowid, root: u32::try_from(root).unwrap_or(0), found: None });
    }
    Ok(out)
}

/// Where the trees of all tables begin, those of SQLite's own too.
fn roots(path: &Path) -> SourceResult<Vec<u32>> {
    let connection = connect(path)?;
    let mut statement = connection.prepare("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0").map_err(unusable)?;
    let found = statement.query_map([], |row| row.get(0)).map_err(unusable)?;
    found.collect::<Result<_, _>>().map_err(unusable)
}

/// Parts as a person chooses from them.
pub fn parts(tables: &[Table]) -> Vec<Part> {
    tables.iter().map(|t| Part { name: t.name.clone(), rows: None }).collect()
}

/// Rows of a table, read by a thread of their own.
pub struct TableRows {
    receive: Receiver<io::Result<RawRow>>,
    /// Nobody reads any more: a query that is still at work ends.
    gone: Arc<AtomicBool>,
    notes: Arc<std::sync::Mutex<Vec<String>>>,
    any: bool,
}

impl TableRows {
    pub fn new(path: PathBuf, table: Table) -> Self {
        let (send, receive) = sync_channel(AHEAD);
        let notes = Arc::<std::sync::Mutex<Vec<String>>>::default();
        let (found_notes, gone) = (Arc::clone(&notes), Arc::<AtomicBool>::default());
        let watch = Watch { gone: Arc::clone(&gone), since: Arc::default() };
        std::thread::spawn(move || {
            let mut reading = Reading { path, table, send, number: 0, last: None, watch };
            match reading.everything() {
                Ok(found) => found_notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(found),
                Err(e) => {
                    let _ = reading.send.send(Err(e));
                }
            }
        });
        Self { receive, gone, notes, any: false }
    }
}

impl Drop for TableRows {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
    }
}

/// Ends a query that nobody waits for, or that computes for too long without giving a row: views may be endless.
#[derive(Clone)]
struct Watch {
    gone: Arc<AtomicBool>,
    /// Looks since the last row.
    since: Arc<AtomicU64>,
}

/// Instructions of SQLite between two looks.
const STEPS: i32 = 10_000;

/// Looks without a row after which a query is given up: 500 million instructions, some seconds. A count is the same on
/// every machine, and does not run while rows wait to be taken.
const LOOKS: u64 = 50_000;

/// Rows that any view may give, and how many more for each byte of its file.
const ROWS: u64 = 1_000_000;
const ROWS_A_BYTE: u64 = 16;
/// Bytes that any view may give, and how many more for each byte of its file: values can be made out of nothing.
const BYTES: u64 = 128 << 20;
const BYTES_A_BYTE: u64 = 1024;

impl Watch {
    fn over(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let watch = self.clone();
        let look = move || watch.gone.load(Ordering::Relaxed) || watch.since.fetch_add(1, Ordering::Relaxed) >= LOOKS;
        connection.progress_handler(STEPS, Some(look))
    }

    fn a_row_came(&self) {
        self.since.store(0, Ordering::Relaxed);
    }
}

impl Rows for TableRows {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        let row = self.receive.recv().ok().transpose()?;
        self.any |= row.is_some();
        Ok(row)
    }

    fn notes(&mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut *self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        if !self.any && notes.is_empty() {
            notes.push("The file has no row in this table.".into());
        }
        notes
    }
}

struct Reading {
    path: PathBuf,
    table: Table,
    send: SyncSender<io::Result<RawRow>>,
    number: u64,
    /// Rowid of the last row that was sent.
    last: Option<i64>,
    watch: Watch,
}

/// SQLite's own limit on a value, in words.
const TOO_LARGE: &str = "a value or row is larger than 64 MB";

impl Reading {
    /// Sends every row; gives what there is to say.
    fn everything(&mut self) -> io::Result<Vec<String>> {
        if let Some(roots) = self.table.found.clone() {
            return self.lost_and_found(&roots);
        }
        match self.ordinary() {
            Ok(()) => Ok(Vec::new()),
            Err(e) if is_damage(&e) && self.table.root > 0 => self.salvaged(),
            Err(e) => {
                let why = match e.sqlite_error_code() {
                    Some(ErrorCode::TooBig) => TOO_LARGE.to_owned(),
                    Some(ErrorCode::OperationInterrupted) => "it computes on and on without giving a row".to_owned(),
                    _ => e.to_string(),
                };
                Err(io::Error::new(io::ErrorKind::InvalidData, format!("The table {} cannot be read: {why}.", self.table.name)))
            }
        }
    }

    fn ordinary(&mut self) -> Result<(), rusqlite::Error> {
        let mut connection = steward_sqlite_guard::open_foreign(&self.path, Views::On)?;
        self.watch.over(&mut connection)?;
        let name = steward_sqlite_guard::name(&self.table.stored_as);
        let with_rowid = connection.prepare(&format!("SELECT *, rowid FROM {name} ORDER BY rowid"));
        let (mut statement, has_rowid) = match with_rowid {
            Ok(statement) => (statement, true),
            Err(_) => (connection.prepare(&format!("SELECT * FROM {name}"))?, false),
        };
        let width = self.table.width;
        let mut rows = statement.query([])?;
        let (most_rows, most_bytes) = if self.table.root > 0 { (u64::MAX, u64::MAX) } else { self.most() };
        let too_many = |most: u64, what: &str| {
            let why = format!("it gives more than {most} {what}, more than a view over a file of this size has");
            Err(rusqlite::Error::ToSqlConversionFailure(why.into()))
        };
        let mut given = 0_u64;
        while let Some(row) = rows.next()? {
            self.watch.a_row_came();
            if self.number >= most_rows {
                return too_many(most_rows, "rows");
            }
            if given > most_bytes {
                return too_many(most_bytes, "bytes");
            }
            let mut cells = Vec::with_capacity(width);
            for at in 0..width {
                cells.push(match row.get_ref(at)? {
                    ValueRef::Null => Cell::Null,
                    ValueRef::Integer(n) => Cell::Integer(n),
                    ValueRef::Real(n) => Cell::Real(n),
                    ValueRef::Text(bytes) => Cell::Text(bytes.to_vec()),
                    ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
                });
                given += match cells.last() {
                    Some(Cell::Text(bytes) | Cell::Blob(bytes)) => bytes.len() as u64,
                    _ => 0,
                };
            }
            if has_rowid {
                self.last = row.get_ref(width)?.as_i64().ok();
            }
            if !self.emit(cells) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Rows and bytes that a view may give.
    fn most(&self) -> (u64, u64) {
        let bytes = self.path.metadata().map_or(0, |m| m.len());
        let most = |any: u64, each: u64| any.saturating_add(bytes.saturating_mul(each));
        (most(ROWS, ROWS_A_BYTE), most(BYTES, BYTES_A_BYTE))
    }

    /// Sends a row; false when nobody listens any more.
    fn emit(&mut self, cells: Vec<Cell>) -> bool {
        self.number += 1;
        let (bytes, fault) = if self.table.columns.is_empty() { document(cells) } else { record(&self.table.columns, cells) };
        self.send.send(Ok(RawRow { number: self.number, offset: 0, bytes, fault })).is_ok()
    }
}

fn is_damage(e: &rusqlite::Error) -> bool {
    matches!(e.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn record(columns: &[String], cells: Vec<Cell>) -> (Vec<u8>, Option<Fault>) {
    let mut faults = Vec::new();
    let pairs = columns.iter().zip(cells).map(|(column, cell)| (column.clone(), to_json(cell, column, &mut faults)));
    let record: Map<String, Json> = pairs.collect();
    let fault = (!faults.is_empty()).then_some(Fault::Cells(faults));
    (serde_json::to_vec(&Json::Object(record)).unwrap_or_default(), fault)
}

/// The second column of a collection's table holds the record.
fn document(cells: Vec<Cell>) -> (Vec<u8>, Option<Fault>) {
    match cells.into_iter().nth(1) {
        Some(Cell::Blob(bytes)) => (bytes, None),
        _ => (Vec::new(), Some(Fault::Unreadable("The content of this row is not a record.".into()))),
    }
}

fn counted(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn to_json(cell: Cell, column: &str, faults: &mut Vec<CellFault>) -> Json {
    match cell {
        Cell::Null => Json::Null,
        Cell::Integer(n) if n.unsigned_abs() <= 1 << 53 => Json::from(n),
        Cell::Integer(n) => json!({"$numberLong": n.to_string()}),
        Cell::Real(n) if n.is_finite() => Json::from(n),
        // JSON has no infinity.
        Cell::Real(n) => steward_domain::value::to_ext(&bson::Bson::Double(n)),
        Cell::Text(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Json::from(text),
            Err(e) => {
                let why = format!("The text in column {column} is damaged: it is no UTF-8.");
                faults.push(CellFault { column: column.to_owned(), why });
                Json::from(String::from_utf8_lossy(e.as_bytes()).into_owned())
            }
        },
        Cell::Blob(bytes) => {
            steward_domain::value::to_ext(&bson::Bson::Binary(bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &Path, rows: i64) -> PathBuf {
        let path = folder.join("a b#.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch(
            "PRAGMA page_size = 1024; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n REAL, b BLOB); CREATE TABLE other (x);",
        )
        .unwrap();
        for n in 1..=rows {
            let name = format!("name {n} {}", "x".repeat(usize::try_from(n % 7).unwrap() * 400));
            db.execute("INSERT INTO t VALUES (?1, ?2, ?3, x'00ff')", (n, name, n as f64 / 2.0)).unwrap();
            db.execute("INSERT INTO other VALUES (?1)", [n]).unwrap();
        }
        path
    }

    fn read(path: &Path) -> (Vec<i64>, Vec<String>) {
        let table = tables(path).unwrap().into_iter().find(|t| t.name == "t").unwrap();
        let mut rows = TableRows::new(path.to_owned(), table);
        let mut ids = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            let json: Json = serde_json::from_slice(&row.bytes).unwrap();
            assert!(json["name"].as_str().unwrap().starts_with(&format!("name {} ", json["id"])), "{json}");
            ids.push(json["id"].as_i64().unwrap());
        }
        (ids, rows.notes())
    }

    #[test]
    fn rows_keep_their_types() {
        let folder = tempfile::tempdir().unwrap();
        let path = made(folder.path(), 3);
        let table = tables(&path).unwrap().remove(0);
        let mut rows = TableRows::new(path, table);
        let json: Json = serde_json::from_slice(&rows.next_row().unwrap().unwrap().bytes).unwrap();
        assert_eq!(json["id"], 1);
        assert_eq!(json["n"], 0.5);
        assert_eq!(json["b"], json!({"$binary": {"base64": "AP8=", "subType": "00"}}));
    }

    fn failure(sql: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evil.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let table = tables(&path).unwrap().into_iter().find(|t| t.name == "v").unwrap();
        let mut rows = TableRows::new(path, table);
        loop {
            match rows.next_row() {
                Ok(Some(_)) => {}
                Ok(None) => return String::new(),
                Err(e) => return e.to_string(),
            }
        }
    }

    #[test]
    fn a_view_that_computes_for_ever_ends_with_a_sentence() {
        let silent = "CREATE VIEW v AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n WHERE x < 0";
        assert!(failure(silent).contains("computes on and on"), "{}", failure(silent));
        let endless = "CREATE VIEW v AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
        assert!(failure(endless).contains("more than"), "{}", failure(endless));
    }

    #[test]
    fn a_view_that_makes_a_huge_value_ends_with_a_sentence() {
        let large = failure("CREATE VIEW v AS SELECT zeroblob(1000000000) AS z");
        assert!(large.contains("larger than 64 MB"), "{large}");
        let many = "CREATE VIEW v AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT zeroblob(20000000) FROM n";
        assert!(failure(many).contains("bytes, more than a view"), "{}", failure(many));
    }

    #[test]
    fn a_view_cannot_reach_other_files_or_functions_with_effects() {
        let folder = tempfile::tempdir().unwrap();
        let path = made(folder.path(), 1);
        Connection::open(&path).unwrap().execute_batch("CREATE VIEW v AS SELECT load_extension('evil.so') AS z").unwrap();
        let names: Vec<String> = tables(&path).unwrap().into_iter().map(|t| t.name).collect();
        assert_eq!(names, ["t", "other"], "the tables are read, the view is not");
    }

    #[test]
    fn a_damaged_file_gives_up_every_row_on_whole_pages() {
        let folder = tempfile::tempdir().unwrap();
        let path = made(folder.path(), 200);
        assert_eq!(read(&path), ((1..=200).collect(), Vec::new()));
        let whole = std::fs::read(&path).unwrap();
        let connection = Connection::open(&path).unwrap();
        let root: i64 = connection.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 't'", [], |r| r.get(0)).unwrap();
        drop(connection);
        // The root of the table's tree: without it SQLite finds no row at all.
        let mut bytes = whole.clone();
        let at = usize::try_from(root - 1).unwrap() * 1024;
        bytes[at..at + 1024].fill(0xee);
        std::fs::write(&path, &bytes).unwrap();
        let (ids, notes) = read(&path);
        assert_eq!(ids.len(), 200, "{notes:?}");
        assert!(notes[0].contains("damaged") && notes[0].contains("200 rows"), "{notes:?}");
        // A few leaves.
        let mut bytes = whole;
        let leaves: Vec<usize> = (1..bytes.len() / 1024).filter(|p| bytes[p * 1024] == 0x0d).step_by(5).collect();
        for page in &leaves {
            bytes[page * 1024..page * 1024 + 1024].fill(0x5a);
        }
        std::fs::write(&path, &bytes).unwrap();
        let (ids, notes) = read(&path);
        assert!(ids.len() > 100 && ids.len() < 200, "{}", ids.len());
        assert!(notes[1].contains("unreadable"), "{notes:?}");
    }
}
