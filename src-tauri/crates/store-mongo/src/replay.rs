//! Changes that can be done again: a change stream over the database with what was changed, from a position up to now.
//!
//! A position is a resume token, or a cluster time after which to begin (that of a snapshot). Servers from 6.0 on also tell
//! of definitions, and the point in time to the millisecond.

use std::time::{Duration, Instant};

use bson::{Bson, Document, RawDocumentBuf, Timestamp, doc};
use futures::{StreamExt as _, stream};
use mongodb::change_stream::ChangeStream as Driver;
use mongodb::options::ReadPreference;
use steward_store::{
    Capability, Change, CollectionKind, Definition, Delta, Position, ReplayStream, Replayed, ResumeToken, Step, StoreError, StoreErrorKind,
    StoreResult, names,
};

use crate::changes::{bad_token, read_token, write_token};
use crate::{MongoStore, errors};

/// Changes or bytes in a batch, whichever comes first.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;
/// How long the server waits for something to happen before it says how far it has looked.
const AWAIT: Duration = Duration::from_millis(250);
/// How long a majority of the set may lag behind.
const PATIENCE: Duration = Duration::from_secs(60);
const AFTER: &str = "after";

/// Errors: `Unsupported` for a standalone server.
pub fn check(store: &MongoStore) -> StoreResult<()> {
    if store.has(Capability::ChangeFeed) {
        return Ok(());
    }
    Err(StoreError::unsupported("a standalone server does not report changes; increments need a replica set"))
}

fn mark(time: Timestamp) -> i64 {
    (i64::from(time.time) << 32) | i64::from(time.increment)
}

/// The position behind everything up to a cluster time.
pub fn at_point_in_time(time: Timestamp, at: i64) -> Position {
    let token = Bson::Document(doc! { AFTER: Bson::Timestamp(time) }).into_relaxed_extjson().to_string();
    Position { token: ResumeToken(token), mark: mark(time), at }
}

fn point_in_time_of(token: &ResumeToken) -> StoreResult<Option<Timestamp>> {
    let json: serde_json::Value = serde_json::from_str(&token.0).map_err(|_| bad_token())?;
    match Bson::try_from(json).map_err(|_| bad_token())? {
        Bson::Document(found) => Ok(found.get_timestamp(AFTER).ok()),
        _ => Ok(None),
    }
}

/// How far the primary is, by its own clock.
pub async fn now(store: &MongoStore) -> StoreResult<Position> {
    check(store)?;
    let primary = mongodb::options::SelectionCriteria::ReadPreference(ReadPreference::Primary);
    let hello = store.db().run_command(doc! { "hello": 1 }).selection_criteria(primary).await.map_err(|e| errors::from_driver(&e))?;
    let untold = || StoreError::new(StoreErrorKind::Unsupported, "This server does not report its position.");
    let time = hello.get_timestamp("operationTime").map_err(|_| untold())?;
    let at = hello.get_datetime("localTime").map_err(|_| untold())?;
    Ok(at_point_in_time(time, at.timestamp_millis()))
}

type Stream = Driver<RawDocumentBuf>;

async fn open(store: &MongoStore, since: &ResumeToken) -> StoreResult<Stream> {
    let lasting: Vec<&str> = names::lasting().collect();
    let pipeline = [doc! { "$match": { "ns.coll": { "$nin": lasting } } }];
    let mut watch = store.db().watch().pipeline(pipeline).max_await_time(AWAIT).batch_size(1000);
    // Older servers do not know the option.
    if store.deployment().version >= (6, 0) {
        watch = watch.show_expanded_events(true);
    }
    watch = match point_in_time_of(since)? {
        Some(time) => watch.start_at_operation_time(Timestamp { increment: time.increment + 1, ..time }),
        None => watch.resume_after(read_token(since)?),
    };
    Ok(watch.await.map_err(|e| errors::from_driver(&e))?.with_type())
}

/// The reader of one replay.
struct Reader {
    stream: Stream,
    goal: Position,
    /// Up to which everything was handed over.
    token: ResumeToken,
    /// One that was read too far, or tells that all is done.
    ended: bool,
    moved: Instant,
    /// The mark of the last change that was handed over, and that of the last token between changes.
    known: i64,
    looked_at: i64,
}

pub async fn start(store: &MongoStore, since: &Position) -> StoreResult<ReplayStream> {
    let goal = now(store).await?;
    let stream = open(store, &since.token).await?;
    let reader =
        Reader { stream, goal, token: since.token.clone(), ended: false, moved: Instant::now(), known: since.mark, looked_at: i64::MIN };
    let given = stream::try_unfold(Some(reader), |reader| async move {
        let Some(mut reader) = reader else { return Ok(None) };
        let changes = reader.batch().await?;
        if !changes.is_empty() {
            return Ok(Some((Replayed::Changes(changes), Some(reader))));
        }
        let end = Position { token: reader.token, ..reader.goal };
        Ok(Some((Replayed::End(end), None)))
    });
    Ok(given.boxed())
}

impl Reader {
    /// The next changes; none where the goal is reached.
    async fn batch(&mut self) -> StoreResult<Vec<Change>> {
        let (mut changes, mut bytes) = (Vec::new(), 0);
        while !self.ended && changes.len() < BATCH && bytes < BATCH_BYTES {
            match self.stream.next_if_any().await.map_err(|e| errors::from_driver(&e))? {
                Some(event) => {
                    bytes += event.as_bytes().len();
                    self.take(&event, &mut changes)?;
                }
                None => self.look()?,
            }
        }
        Ok(changes)
    }

    fn take(&mut self, event: &RawDocumentBuf, changes: &mut Vec<Change>) -> StoreResult<()> {
        if !steward_domain::depth::is_fine(event.as_bytes()) {
            return Err(unreadable());
        }
        let time = event.get_timestamp("clusterTime").map_err(|_| unreadable())?;
        if mark(time) > self.goal.mark {
            self.ended = true;
            return Ok(());
        }
        self.token = token(event)?;
        self.known = mark(time);
        self.moved = Instant::now();
        let at = event.get_datetime("wallTime").map_or(i64::from(time.time) * 1000, bson::DateTime::timestamp_millis);
        changes.extend(steps(event)?.into_iter().map(|(collection, step)| Change { mark: mark(time), at, collection, step }));
        Ok(())
    }

    /// Nothing came: how far has the server looked?
    fn look(&mut self) -> StoreResult<()> {
        if let Some(token) = self.stream.resume_token() {
            let token = write_token(&token)?;
            let reached = time_of(&token).map_or(i64::MAX, mark);
            // A token between changes is before what happens at its own time, which may still come: a second look tells.
            let again = self.looked_at == reached;
            self.looked_at = reached;
            if reached > self.goal.mark || reached == self.goal.mark && again {
                self.goal.mark = self.known.max(if reached == i64::MAX { self.goal.mark } else { reached - 1 });
                self.token = token;
                self.ended = true;
                return Ok(());
            }
        }
        if self.moved.elapsed() > PATIENCE {
            return Err(StoreError::new(StoreErrorKind::Unreachable, "The members of the replica set lag behind too far; try again."));
        }
        Ok(())
    }
}

/// The cluster time that a resume token begins with (`src/mongo/db/storage/key_string.cpp`: type 0x82, seconds, number).
fn time_of(token: &ResumeToken) -> Option<Timestamp> {
    let json: serde_json::Value = serde_json::from_str(&token.0).ok()?;
    let data = json.get("_data")?.as_str()?;
    let number = |from: usize| u32::from_str_radix(data.get(from..from + 8)?, 16).ok();
    if data.get(..2) != Some("82") {
        return None;
    }
    Some(Timestamp { time: number(2)?, increment: number(10)? })
}

fn unreadable() -> StoreError {
    StoreError::new(StoreErrorKind::Internal, "The server reported a change that cannot be read.")
}

fn token(event: &RawDocumentBuf) -> StoreResult<ResumeToken> {
    let id = event.get_document("_id").map_err(|_| unreadable())?;
    let id = Document::try_from(id).map_err(|_| unreadable())?;
    Ok(ResumeToken(Bson::Document(id).into_relaxed_extjson().to_string()))
}

fn part(event: &RawDocumentBuf, name: &str) -> StoreResult<Document> {
    let found = event.get_document(name).map_err(|_| unreadable())?;
    Document::try_from(found).map_err(|_| unreadable())
}

/// What an event comes to.
fn steps(event: &RawDocumentBuf) -> StoreResult<Vec<(String, Step)>> {
    let kind = event.get_str("operationType").map_err(|_| unreadable())?;
    if matches!(kind, "dropDatabase" | "invalidate") {
        return Err(StoreError::new(StoreErrorKind::NotFound, "The database was dropped; its changes before that are lost."));
    }
    let collection = event.get_document("ns").ok().and_then(|ns| ns.get_str("coll").ok()).unwrap_or_default().to_owned();
    if collection.starts_with("system.") {
        return Ok(Vec::new());
    }
    let id = || part(event, "documentKey")?.remove("_id").ok_or_else(unreadable);
    let one = match kind {
        "insert" | "replace" => Step::Put(event.get_document("fullDocument").map_err(|_| unreadable())?.to_owned()),
        "update" => Step::Patch(Delta::of(id()?, &part(event, "updateDescription")?)),
        "delete" => Step::Delete(id()?),
        "drop" => Step::Drop,
        "rename" => Step::Rename { to: part(event, "to")?.get_str("coll").map_err(|_| unreadable())?.to_owned() },
        _ => return definitions(kind, &collection, event),
    };
    Ok(vec![(collection, one)])
}

fn definitions(kind: &str, collection: &str, event: &RawDocumentBuf) -> StoreResult<Vec<(String, Step)>> {
    let Ok(mut described) = part(event, "operationDescription") else { return Ok(Vec::new()) };
    let indexes = |described: &Document| -> Vec<Document> {
        described.get_array("indexes").map(|all| all.iter().filter_map(|i| i.as_document().cloned()).collect()).unwrap_or_default()
    };
    let found = match kind {
        "create" => {
            let id = described.remove("idIndex").and_then(|i| i.as_document().cloned());
            described.remove("uuid");
            // A view, or what the server keeps for a time series: not known from changes.
            if described.contains_key("viewOn") || described.contains_key("timeseries") {
                return Ok(Vec::new());
            }
            vec![Step::Define(Definition { kind: CollectionKind::Collection, options: described, indexes: id.into_iter().collect() })]
        }
        "createIndexes" => indexes(&described).into_iter().map(Step::Index).collect(),
        "dropIndexes" => indexes(&described).iter().filter_map(|i| i.get_str("name").ok().map(|n| Step::DropIndex(n.to_owned()))).collect(),
        // A change of an index by collMod comes without the index itself: what it was is kept.
        "modify" => {
            described.remove("index");
            vec![Step::Options(described)]
        }
        _ => Vec::new(),
    };
    Ok(found.into_iter().map(|step| (collection.to_owned(), step)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_its_time() {
        let token = ResumeToken(r#"{"_data":"8263B1A2F4000000012B0229296E04"}"#.into());
        assert_eq!(time_of(&token), Some(Timestamp { time: 0x63B1_A2F4, increment: 1 }));
        assert_eq!(time_of(&ResumeToken(r#"{"after":{"$timestamp":{"t":1,"i":2}}}"#.into())), None);
        let time = Timestamp { time: 7, increment: 9 };
        assert_eq!(point_in_time_of(&at_point_in_time(time, 0).token).unwrap(), Some(time));
        assert_eq!(point_in_time_of(&token).unwrap(), None);
    }
}
