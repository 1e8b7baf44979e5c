//! Giving out what the log keeps, oldest first: one read transaction on a connection of its own, on a thread of its own.
//!
//! An entry holds the record as it was before. What it was after is in the next entry about it, or in its table.

use std::path::{Path, PathBuf};

use bson::{Document, RawDocumentBuf};
use futures::stream;
use rusqlite::{Connection, OptionalExtension};
use steward_store::{Change, Definition, Position, ReplayStream, Replayed, ResumeToken, Step, StoreError, StoreErrorKind, StoreResult};
use tokio::sync::mpsc;

use crate::errors::map;
use crate::recording::{DEFINED, DROPPED, RENAMED, THERE, now};
use crate::{feed, file, read, recording};

/// Changes or bytes in a batch, whichever comes first.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;
/// Batches that wait for who reads.
const WAITING: usize = 4;

/// The position of the log, as of the transaction that is open. The token tells the point in time of the last entry too, so that a
/// file that was restored from a copy is not taken for this one.
pub fn position(connection: &Connection) -> StoreResult<Position> {
    let seq = feed::position(connection)?;
    let last = point_in_time_of(connection, seq)?.unwrap_or(0);
    Ok(Position { token: ResumeToken(format!("{seq}@{last}")), mark: seq, at: now().max(last) })
}

/// The time of an entry; `None` where there is no such entry.
fn point_in_time_of(connection: &Connection, seq: i64) -> StoreResult<Option<i64>> {
    let found: Option<Option<i64>> =
        connection.query_row("SELECT at FROM feed WHERE seq = ?1", [seq], |r| r.get(0)).optional().map_err(map)?;
    Ok(found.map(|at| at.unwrap_or(0)))
}

fn parse(position: &Position) -> StoreResult<(i64, i64)> {
    let parts = position.token.0.split_once('@').and_then(|(seq, at)| Some((seq.parse().ok()?, at.parse().ok()?)));
    parts.ok_or_else(|| StoreError::invalid("This position belongs to another workspace."))
}

/// The log reaches back to a position, and is the one that the position is of.
pub fn check(connection: &Connection, position: &Position) -> StoreResult<i64> {
    let (seq, at) = parse(position)?;
    let gone = |message: &str| Err(StoreError::new(StoreErrorKind::NotFound, message));
    match recording::since(connection)? {
        None => return gone("Changes were not recorded in this workspace."),
        Some(since) if since > seq => return gone("The change log no longer goes back that far."),
        Some(_) => {}
    }
    let same = match point_in_time_of(connection, seq)? {
        Some(found) => found == at,
        None => seq == 0 || (seq == feed::position(connection)? && at == 0),
    };
    if same { Ok(seq) } else { gone("The file was restored from a copy, or its change log is a different one.") }
}

/// Changes after a number that was [`check`]ed.
pub fn start(path: PathBuf, after: i64) -> ReplayStream {
    let (send, receive) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut out = Out { send, changes: Vec::new(), bytes: 0 };
        if let Err(Stopped::Failed(e)) = run(&path, after, &mut out) {
            let _ = out.send.blocking_send(Err(e));
        }
    });
    Box::pin(stream::unfold(receive, |mut receive| async move { receive.recv().await.map(|item| (item, receive)) }))
}

enum Stopped {
    Failed(StoreError),
    /// Nobody listens any more.
    Gone,
}

impl From<StoreError> for Stopped {
    fn from(e: StoreError) -> Self {
        Self::Failed(e)
    }
}

type Ran = Result<(), Stopped>;

struct Out {
    send: mpsc::Sender<StoreResult<Replayed>>,
    changes: Vec<Change>,
    bytes: usize,
}

impl Out {
    fn change(&mut self, entry: &Entry, step: Step) -> Ran {
        self.bytes += if let Step::Put(record) = &step { record.as_bytes().len() } else { 64 };
        self.changes.push(Change { mark: entry.seq, at: entry.at, collection: entry.collection.clone(), step });
        if self.changes.len() >= BATCH || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Ran {
        self.bytes = 0;
        match std::mem::take(&mut self.changes) {
            some if some.is_empty() => Ok(()),
            some => self.send.blocking_send(Ok(Replayed::Changes(some))).map_err(|_| Stopped::Gone),
        }
    }
}

/// A line of the log.
struct Entry {
    seq: i64,
    at: i64,
    op: i64,
    collection: String,
    table: i64,
    row: Option<i64>,
    /// The next one about the same record.
    next: Option<i64>,
}

fn run(path: &Path, after: i64, out: &mut Out) -> Ran {
    let connection = file::connect(path, file::Use::Read)?;
    connection.execute_batch("BEGIN").map_err(map)?;
    let end = position(&connection)?;
    let sql = "SELECT seq, at, op, collection, tab, row, next FROM (
                  SELECT seq, at, op, collection, tab, row, lead(seq) OVER (PARTITION BY tab, row ORDER BY seq) AS next
                  FROM feed WHERE seq > ?1 AND tab IS NOT NULL)
               ORDER BY seq";
    let mut statement = connection.prepare(sql).map_err(map)?;
    let mut rows = statement.query([after]).map_err(map)?;
    while let Some(row) = rows.next().map_err(map)? {
        let entry = entry(row).map_err(map)?;
        give(&connection, &entry, out)?;
    }
    out.flush()?;
    out.send.blocking_send(Ok(Replayed::End(end))).map_err(|_| Stopped::Gone)
}

fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        seq: row.get(0)?,
        at: row.get::<_, Option<i64>>(1)?.unwrap_or(0),
        op: row.get(2)?,
        collection: row.get(3)?,
        table: row.get(4)?,
        row: row.get(5)?,
        next: row.get(6)?,
    })
}

fn give(connection: &Connection, entry: &Entry, out: &mut Out) -> Ran {
    match entry.op {
        0 | 1 => {
            let record = match (entry.next, entry.row) {
                (Some(next), _) => state(connection, next)?,
                (None, Some(row)) => standing(connection, entry.table, row)?,
                (None, None) => None,
            };
            out.change(entry, Step::Put(record.ok_or_else(incomplete)?))
        }
        2 => {
            let id: Option<Vec<u8>> = connection.query_row("SELECT id FROM feed WHERE seq = ?1", [entry.seq], |r| r.get(0)).map_err(map)?;
            let id = id.and_then(|bytes| read::id_of(&bytes)).ok_or_else(incomplete)?;
            out.change(entry, Step::Delete(id))
        }
        DROPPED => out.change(entry, Step::Drop),
        RENAMED => {
            let to = noted(connection, entry.seq)?.get_str("to").map(str::to_owned).map_err(|_| incomplete())?;
            out.change(entry, Step::Rename { to })
        }
        DEFINED => {
            let definition = Definition::from_document(&noted(connection, entry.seq)?);
            out.change(entry, Step::Define(definition))
        }
        THERE => {
            let definition = Definition::from_document(&noted(connection, entry.seq)?);
            out.change(entry, Step::Drop)?;
            out.change(entry, Step::Define(definition))?;
            contents(connection, entry, out)
        }
        _ => Ok(()),
    }
}

/// All records that a table held when an entry was written.
fn contents(connection: &Connection, entry: &Entry, out: &mut Out) -> Ran {
    // The first later entry about a record says how it was; a record without one is as it is.
    let later = "SELECT row, min(seq) AS first FROM feed WHERE seq > ?1 AND tab = ?2 AND row IS NOT NULL GROUP BY row";
    let changed = format!("SELECT f.state FROM ({later}) l JOIN feed f ON f.seq = l.first WHERE f.op IN (1, 2)");
    let same = format!("SELECT doc FROM c{} WHERE id NOT IN (SELECT row FROM ({later}))", entry.table);
    for sql in [changed, same] {
        let mut statement = connection.prepare(&sql).map_err(map)?;
        let mut rows = statement.query([entry.seq, entry.table]).map_err(map)?;
        while let Some(row) = rows.next().map_err(map)? {
            let bytes: Option<Vec<u8>> = row.get(0).map_err(map)?;
            let record = read::document(bytes.ok_or_else(incomplete)?)?;
            out.change(entry, Step::Put(record))?;
        }
    }
    Ok(())
}

fn state(connection: &Connection, seq: i64) -> StoreResult<Option<RawDocumentBuf>> {
    let mut statement = connection.prepare_cached("SELECT state FROM feed WHERE seq = ?1").map_err(map)?;
    let bytes: Option<Vec<u8>> = statement.query_row([seq], |r| r.get(0)).optional().map_err(map)?.flatten();
    bytes.map(read::document).transpose()
}

fn standing(connection: &Connection, table: i64, row: i64) -> StoreResult<Option<RawDocumentBuf>> {
    let mut statement = connection.prepare_cached(&format!("SELECT doc FROM c{table} WHERE id = ?1")).map_err(map)?;
    let bytes: Option<Vec<u8>> = statement.query_row([row], |r| r.get(0)).optional().map_err(map)?;
    bytes.map(read::document).transpose()
}

fn noted(connection: &Connection, seq: i64) -> StoreResult<Document> {
    let raw = state(connection, seq)?.ok_or_else(incomplete)?;
    steward_store::upsert::decode(&raw)
}

fn incomplete() -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, "The change log of this file has a hole.")
}
