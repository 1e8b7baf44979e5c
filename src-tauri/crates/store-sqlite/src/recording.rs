//! Keeping changes so that they can be done again: while it is on, the log holds the point in time of each change and the record
//! as it was before; a collection that is dropped keeps its table for as long as the log may ask for it.
//!
//! Off, none of it is written (see `upkeep`).

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use bson::doc;
use rusqlite::{Connection, OptionalExtension, params};
use steward_store::{StoreResult, names};

use crate::catalog::{self, Collection};
use crate::errors::map;
use crate::{definition, feed};

/// What the log says of a collection as a whole, next to the announcements of the feed (3).
pub const DROPPED: i64 = 4;
/// Its records are those of its table; the state holds its definition.
pub const THERE: i64 = 5;
pub const RENAMED: i64 = 6;
pub const DEFINED: i64 = 7;

/// States are kept for as long, and as many bytes, if nobody asks for them.
const DAYS: i64 = 14;
const BYTES: i64 = 256 << 20;

thread_local! {
    /// When the transaction of this thread began, so that its changes are all of one point in time.
    static POINT_IN_TIME: Cell<i64> = const { Cell::new(0) };
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A transaction that writes has begun.
pub fn begin_point_in_time() {
    POINT_IN_TIME.with(|time| time.set(now()));
}

/// The time of the transaction.
pub fn now_ms() -> i64 {
    match POINT_IN_TIME.with(Cell::get) {
        0 => now(),
        begun => begun,
    }
}

/// The number after which states are kept; `None` while it is off.
pub fn since(connection: &Connection) -> StoreResult<Option<i64>> {
    connection.prepare_cached("SELECT since FROM recording").and_then(|mut s| s.query_row([], |r| r.get(0)).optional()).map_err(map)
}

/// Switches it on or off.
pub fn switch(connection: &Connection, on: bool) -> StoreResult<()> {
    if since(connection)?.is_some() == on {
        return Ok(());
    }
    if on {
        connection.execute("INSERT INTO recording (since) VALUES (?1)", [feed::position(connection)?]).map_err(map)?;
    } else {
        forget(connection, i64::MAX)?;
        connection.execute("DELETE FROM recording", []).map_err(map)?;
    }
    Ok(())
}

/// States up to a number are not needed any more.
pub fn forget(connection: &Connection, seq: i64) -> StoreResult<()> {
    connection.execute("UPDATE feed SET state = NULL WHERE seq <= ?1 AND state IS NOT NULL", [seq]).map_err(map)?;
    connection.execute("UPDATE recording SET since = max(since, ?1)", [seq.min(feed::position(connection)?)]).map_err(map)?;
    let tables: Vec<i64> = {
        let mut statement = connection.prepare_cached("SELECT tab FROM dropped WHERE seq <= ?1").map_err(map)?;
        let rows = statement.query_map([seq], |r| r.get(0)).map_err(map)?;
        rows.collect::<Result<_, _>>().map_err(map)?
    };
    for table in tables {
        connection.execute_batch(&format!("DROP TABLE IF EXISTS c{table};")).map_err(map)?;
        connection.execute("DELETE FROM dropped WHERE tab = ?1", [table]).map_err(map)?;
    }
    Ok(())
}

/// Forgets what is too old or too much. Reads the whole log: not for every day.
pub fn trim(connection: &Connection) -> StoreResult<()> {
    if since(connection)?.is_none() {
        return Ok(());
    }
    let old = "SELECT coalesce(max(seq), 0) FROM feed WHERE at < ?1";
    let old: i64 = connection.query_row(old, [now() - DAYS * 86_400_000], |r| r.get(0)).map_err(map)?;
    let much = "SELECT coalesce(max(seq), 0) FROM (SELECT seq, sum(length(state)) OVER (ORDER BY seq DESC) AS total FROM feed
                WHERE state IS NOT NULL) WHERE total > ?1";
    let much: i64 = connection.query_row(much, [BYTES], |r| r.get(0)).map_err(map)?;
    let gone: i64 = connection.query_row("SELECT coalesce(min(seq) - 1, 0) FROM feed", [], |r| r.get(0)).map_err(map)?;
    match old.max(much).max(gone) {
        0 => Ok(()),
        seq => forget(connection, seq),
    }
}

fn note(connection: &Connection, op: i64, table: i64, name: &str, state: Option<Vec<u8>>) -> StoreResult<()> {
    let sql = "INSERT INTO feed (collection, op, at, tab, state) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.execute(sql, params![name, op, now_ms(), table, state]).map_err(map)?;
    Ok(())
}

fn definition_of(connection: &Connection, name: &str) -> StoreResult<Option<Vec<u8>>> {
    let Some(collection) = catalog::find(connection, name)? else { return Ok(None) };
    let document = definition::read(connection, &collection)?.to_document();
    Ok(Some(steward_store::model::raw(&document)?.into_bytes()))
}

/// A collection was made.
pub fn made(connection: &Connection, table: i64, name: &str) -> StoreResult<()> {
    if names::is_own(name) || since(connection)?.is_none() {
        return Ok(());
    }
    note(connection, DEFINED, table, name, definition_of(connection, name)?)
}

/// Changes a definition, and notes what came of it.
pub fn defining<T>(connection: &Connection, name: &str, work: impl FnOnce() -> StoreResult<T>) -> StoreResult<T> {
    if names::is_own(name) || since(connection)?.is_none() {
        return work();
    }
    let before = definition_of(connection, name)?;
    let done = work()?;
    let after = definition_of(connection, name)?;
    if before.is_some()
        && before != after
        && let Some(collection) = catalog::find(connection, name)?
    {
        note(connection, DEFINED, collection.id, name, after)?;
    }
    Ok(done)
}

/// A collection is dropped: its table goes, or waits until the log does not ask for it any more.
pub fn dropped(connection: &Connection, collection: &Collection, name: &str) -> StoreResult<()> {
    let table = collection.table();
    let asked_for = match since(connection)? {
        None => false,
        Some(since) => {
            let sql = "SELECT 1 FROM feed WHERE seq > ?1 AND tab = ?2 LIMIT 1";
            connection.query_row(sql, [since, collection.id], |_| Ok(())).optional().map_err(map)?.is_some()
        }
    };
    if since(connection)?.is_some() && !names::is_own(name) {
        note(connection, DROPPED, collection.id, name, None)?;
    }
    if !asked_for {
        return connection.execute_batch(&format!("DROP TABLE {table};")).map_err(map);
    }
    let sql = "INSERT INTO dropped (tab, seq) VALUES (?1, ?2)";
    connection.execute(sql, [collection.id, feed::position(connection)?]).map_err(map)?;
    Ok(())
}

/// A collection has another name. What comes from one of Steward's own is new to people, with all its records.
pub fn renamed(connection: &Connection, table: i64, from: &str, to: &str) -> StoreResult<()> {
    if since(connection)?.is_none() {
        return Ok(());
    }
    match (names::is_own(from), names::is_own(to)) {
        (false, false) => {
            let state = steward_store::model::raw(&doc! { "to": to })?.into_bytes();
            note(connection, RENAMED, table, from, Some(state))
        }
        (false, true) => note(connection, DROPPED, table, from, None),
        (true, false) => note(connection, THERE, table, to, definition_of(connection, to)?),
        (true, true) => Ok(()),
    }
}
