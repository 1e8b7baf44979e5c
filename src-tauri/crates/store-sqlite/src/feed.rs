//! The change feed: the log that is written with each record, followed by its sequence number.

use futures::stream;
use rusqlite::{Connection, params};
use steward_store::{ChangeEvent, ChangeOp, ChangeStream, ResumeToken, StoreError, StoreErrorKind, StoreResult};

use crate::errors::map;
use crate::pool::Pool;
use crate::read::id_of;
use crate::recording;

/// How often the log is looked at while nothing happens.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(80);
/// Entries kept for followers that come back.
const KEPT: i64 = 2_000_000;

/// The newest entry's number.
pub fn position(connection: &Connection) -> StoreResult<i64> {
    connection.query_row("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'feed'), 0)", [], |r| r.get(0)).map_err(map)
}

pub fn token(seq: i64) -> ResumeToken {
    ResumeToken(seq.to_string())
}

pub fn parse(token: &ResumeToken) -> StoreResult<i64> {
    token.0.parse().map_err(|_| StoreError::invalid("This resume token belongs to another workspace."))
}

/// Logs that a whole collection was dropped, renamed or replaced.
pub fn log_collection(connection: &Connection, name: &str) -> StoreResult<()> {
    if !steward_store::names::is_own(name) {
        connection.execute("INSERT INTO feed (collection, op) VALUES (?1, 3)", [name]).map_err(map)?;
    }
    Ok(())
}

/// Logs that something was written to one of Steward's own collections: once a batch, not for each document.
pub fn log_own(connection: &Connection, name: &str) -> StoreResult<()> {
    let sql = "INSERT INTO feed (collection, op, at) VALUES (?1, 3, ?2)";
    connection.prepare_cached(sql).and_then(|mut s| s.execute(params![name, recording::now_ms()])).map_err(map)?;
    Ok(())
}

/// Forgets old entries.
pub fn trim(connection: &Connection) -> StoreResult<()> {
    let newest = position(connection)?;
    connection.execute("DELETE FROM feed WHERE seq <= ?1", [newest - KEPT]).map_err(map)?;
    Ok(())
}

fn batch(connection: &Connection, after: i64) -> StoreResult<Vec<ChangeEvent>> {
    let oldest: Option<i64> = connection.query_row("SELECT min(seq) FROM feed", [], |r| r.get(0)).map_err(map)?;
    let reachable = match oldest {
        Some(first) => first <= after + 1,
        None => position(connection)? <= after,
    };
    if !reachable {
        return Err(StoreError::new(StoreErrorKind::NotFound, "The change log no longer goes back that far."));
    }
    let mut statement = connection
        .prepare_cached("SELECT seq, collection, op, id FROM feed WHERE seq > ?1 AND op <= 3 ORDER BY seq LIMIT 1000")
        .map_err(map)?;
    let rows = statement
        .query_map([after], |r| {
            let op = match r.get::<_, i64>(2)? {
                0 => ChangeOp::Insert,
                1 => ChangeOp::Update,
                2 => ChangeOp::Delete,
                _ => ChangeOp::Collection,
            };
            let id: Option<Vec<u8>> = r.get(3)?;
            Ok(ChangeEvent { token: token(r.get(0)?), collection: r.get(1)?, op, id: id.and_then(|b| id_of(&b)) })
        })
        .map_err(map)?;
    rows.collect::<Result<_, _>>().map_err(map)
}

/// Follows the log from a number on.
pub fn follow(pool: Pool, after: i64) -> ChangeStream {
    let state = (pool, after, std::collections::VecDeque::<ChangeEvent>::new());
    Box::pin(stream::unfold(state, |(pool, mut at, mut waiting)| async move {
        loop {
            if let Some(event) = waiting.pop_front() {
                at = parse(&event.token).unwrap_or(at);
                return Some((Ok(event), (pool, at, waiting)));
            }
            match pool.read(move |connection| batch(connection, at)).await {
                Ok(events) if events.is_empty() => tokio::time::sleep(PAUSE).await,
                Ok(events) => waiting.extend(events),
                Err(e) => return Some((Err(e), (pool, at, waiting))),
            }
        }
    }))
}
