//! Everything in the database at one point in time: sessions that read at one cluster time. Where the server cannot do that,
//! each collection is read at a different time, and the snapshot says so. Capped collections have no snapshots on any server: they alone
//! are read as they are, and the point in time is that of all the others.

use std::collections::HashMap;

use async_trait::async_trait;
use bson::{Bson, Document, RawDocumentBuf, Timestamp, doc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use steward_domain::Filter;
use steward_store::{
    Capability, CollectionKind, Consistency, Definition, Position, RecordStream, Snapshot, SnapshotCollection, StoreError, StoreErrorKind,
    StoreResult,
};

use crate::{MongoStore, definition, errors, replay, scan};

/// Records asked of the server at a time.
const BATCH: u32 = 1000;
const STANDALONE: &str = "The server is standalone and has no snapshots: each collection was read at a different time.";
/// How often a point in time is looked for in which no collection comes or goes.
const ATTEMPTS: usize = 5;
/// `SnapshotTooOld`.
const TOO_OLD: i32 = 239;
/// `SnapshotUnavailable`: a collection was made, renamed, or given an index after the snapshot.
const CHANGED: i32 = 246;

/// A database at one point in time.
pub struct MongoSnapshot {
    store: MongoStore,
    point_in_time: Option<Timestamp>,
    consistency: Consistency,
    collections: Vec<SnapshotCollection>,
    position: Option<Position>,
    /// The server's mark of each collection: another one of the same name has another.
    marks: Marks,
    left_out: Vec<String>,
}

type Marks = HashMap<String, bson::Binary>;

impl MongoSnapshot {
    pub async fn take(store: &MongoStore, wanted: Consistency) -> StoreResult<Self> {
        for _ in 0..ATTEMPTS {
            let begun = replay::now(store).await.ok();
            let (collections, marks) = list(store).await?;
            let point_in_time = match collections.iter().find(|c| c.definition.kind == CollectionKind::Collection && c.apart.is_none()) {
                _ if wanted != Consistency::PointInTime => Ok(None),
                Some(first) if store.has(Capability::Transactions) => pin(store, &first.name).await,
                Some(_) => Err(STANDALONE.to_owned()),
                None => Ok(None),
            };
            let (point_in_time, consistency) = match point_in_time {
                Ok(point_in_time) => (point_in_time, wanted.clone()),
                Err(why) => (None, Consistency::Fuzzy(why)),
            };
            let position = match (point_in_time, &consistency) {
                (_, Consistency::Fuzzy(_)) => None,
                (Some(point_in_time), _) => replay::now(store).await.ok().map(|now| replay::at_point_in_time(point_in_time, now.at)),
                (None, _) => begun,
            };
            // What was made or dropped while the list was read would be neither in the snapshot nor in what follows it.
            if position.is_none() || names_of(&list(store).await?.0) == names_of(&collections) {
                let left_out = functions(store, &marks).await;
                return Ok(Self { store: store.clone(), point_in_time, consistency, collections, position, marks, left_out });
            }
        }
        Err(StoreError::new(
            StoreErrorKind::Busy,
            "Collections are being created and dropped continuously; no point in time between could be found.",
        ))
    }
}

fn names_of(collections: &[SnapshotCollection]) -> Vec<(&str, &Definition)> {
    collections.iter().map(|c| (c.name.as_str(), &c.definition)).collect()
}

/// The cluster time that a first read resolves on; a sentence where the server does not do that.
async fn pin(store: &MongoStore, collection: &str) -> Result<Option<Timestamp>, String> {
    let note = |e: &mongodb::error::Error| format!("The server gave no snapshot ({e}): each collection was read at a different time.");
    let client = store.db().client();
    let mut session = client.start_session().snapshot(true).await.map_err(|e| note(&e))?;
    let records = store.db().collection::<RawDocumentBuf>(collection);
    records.find(doc! {}).limit(1).projection(doc! { "_id": 1 }).session(&mut session).await.map_err(|e| note(&e))?;
    session.snapshot_time().map(Some).ok_or_else(|| STANDALONE.to_owned())
}

async fn list(store: &MongoStore) -> StoreResult<(Vec<SnapshotCollection>, Marks)> {
    let command = doc! { "listCollections": 1, "authorizedCollections": true };
    let cursor = store.db().run_cursor_command(command).await.map_err(|e| errors::from_driver(&e))?;
    let found: Vec<Document> = cursor.try_collect().await.map_err(|e| errors::from_driver(&e))?;
    let mut collections = Vec::with_capacity(found.len());
    let mut marks = Marks::new();
    for entry in &found {
        let Ok(name) = entry.get_str("name") else { continue };
        if let Some(mark) = entry.get_document("info").ok().and_then(|info| info.get("uuid")) {
            marks.extend(if let Bson::Binary(mark) = mark { Some((name.to_owned(), mark.clone())) } else { None });
        }
        if name.starts_with("system.") {
            continue;
        }
        let definition = definition::of_entry(store, entry).await?;
        let records = match definition.kind {
            CollectionKind::View => 0,
            CollectionKind::Collection => estimate(store, name).await?,
            // Who may not read the buckets is reported so when they are asked for.
            CollectionKind::Timeseries => match estimate(store, &definition.kind.data_of(name)).await {
                Err(e) if e.kind == StoreErrorKind::Forbidden => 0,
                counted => counted?,
            },
        };
        let apart = definition.is_capped().then(|| CAPPED.to_owned());
        collections.push(SnapshotCollection { name: name.to_owned(), definition, records, apart });
    }
    collections.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((collections, marks))
}

const CAPPED: &str = "is capped: a server can read it only in its current state, which was some time after the point in time of the others";

/// Where a server keeps functions for its own JavaScript.
const FUNCTIONS: &str = "system.js";

/// Functions on the server are no records: they are reported, not read.
async fn functions(store: &MongoStore, marks: &Marks) -> Vec<String> {
    // A user who may not look there learns none of it.
    let number = match marks.contains_key(FUNCTIONS) {
        true => estimate(store, FUNCTIONS).await.unwrap_or(0),
        false => 0,
    };
    let functions = if number == 1 { "1 function".to_owned() } else { format!("{number} functions") };
    let note = format!("{FUNCTIONS} is not in the backup: it has {functions} of the server, which mongodump and mongorestore transfer.");
    if number > 0 { vec![note] } else { Vec::new() }
}

async fn estimate(store: &MongoStore, collection: &str) -> StoreResult<u64> {
    let records = store.db().collection::<RawDocumentBuf>(collection);
    records.estimated_document_count().await.map_err(|e| errors::from_driver(&e))
}

#[async_trait]
impl Snapshot for MongoSnapshot {
    fn consistency(&self) -> Consistency {
        self.consistency.clone()
    }

    fn position(&self) -> Option<Position> {
        self.position.clone()
    }

    fn collections(&self) -> &[SnapshotCollection] {
        &self.collections
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }

    async fn scan(&self, collection: &str) -> StoreResult<RecordStream> {
        let found = self.collections.iter().find(|c| c.name == collection);
        let kind = found.map_or(CollectionKind::Collection, |c| c.definition.kind);
        let apart = found.is_some_and(|c| c.apart.is_some());
        if kind == CollectionKind::View {
            return Ok(stream::empty().boxed());
        }
        let Some(point_in_time) = self.point_in_time.filter(|_| !apart) else {
            let scanned = scan::scan(&self.store, &kind.data_of(collection), &Filter::all(), None).await;
            return scanned.map_err(|e| buckets_denied(e, kind, collection));
        };
        let client = self.store.db().client();
        let session = client.start_session().snapshot(true).snapshot_time(point_in_time).await;
        let mut session = session.map_err(|e| errors::from_driver(&e))?;
        let data = kind.data_of(collection);
        let records = self.store.db().collection::<RawDocumentBuf>(&data);
        let cursor = records.find(doc! {}).batch_size(BATCH).session(&mut session).await.map_err(|e| lost(&e, collection));
        let cursor = cursor.map_err(|e| buckets_denied(e, kind, collection))?;
        let same = Same { store: self.store.clone(), mark: self.marks.get(&data).cloned(), data, name: collection.to_owned() };
        Ok(stream::try_unfold((session, cursor, same), |(mut session, mut cursor, same)| async move {
            let mut batch = Vec::with_capacity(BATCH as usize);
            while batch.len() < BATCH as usize {
                if !cursor.advance(&mut session).await.map_err(|e| lost(&e, &same.name))? {
                    same.check().await?;
                    break;
                }
                batch.push(steward_store::model::outside(cursor.current().as_bytes().to_vec())?);
            }
            Ok((!batch.is_empty()).then_some((batch, (session, cursor, same))))
        })
        .boxed())
    }
}

/// `readWrite` is enough for a time series, but not for the buckets that it is in.
fn buckets_denied(e: StoreError, kind: CollectionKind, collection: &str) -> StoreError {
    if (e.kind, kind) != (StoreErrorKind::Forbidden, CollectionKind::Timeseries) {
        return e;
    }
    let message =
        format!("This user may not read the buckets of the time-series collection '{collection}'. The role 'backup' includes that.");
    StoreError { message, ..e }
}

/// The server keeps a snapshot for some minutes only, and not across some changes of a collection.
fn lost(e: &mongodb::error::Error, collection: &str) -> StoreError {
    match errors::code(e) {
        Some(TOO_OLD) => {
            let message = "The server did not keep the snapshot long enough (minSnapshotHistoryWindowInSeconds, 5 minutes unless set).";
            StoreError::new(StoreErrorKind::Expired, message).details(e)
        }
        Some(CHANGED) => changed(collection),
        _ => errors::from_driver(e),
    }
}

fn changed(collection: &str) -> StoreError {
    let message = format!(
        "'{collection}' was created, renamed, dropped or given an index while it was read, and cannot be read as of one point in time."
    );
    StoreError::new(StoreErrorKind::Conflict, message)
}

/// A server reads nothing where a collection was dropped or renamed since the snapshot, without a word.
struct Same {
    store: MongoStore,
    name: String,
    data: String,
    mark: Option<bson::Binary>,
}

impl Same {
    async fn check(&self) -> StoreResult<()> {
        let Some(mark) = &self.mark else { return Ok(()) };
        let command = doc! { "listCollections": 1, "authorizedCollections": true, "filter": { "name": self.data.as_str() } };
        let cursor = self.store.db().run_cursor_command(command).await.map_err(|e| errors::from_driver(&e))?;
        let found: Vec<Document> = cursor.try_collect().await.map_err(|e| errors::from_driver(&e))?;
        let is_it = |entry: &Document| matches!(entry.get_document("info").ok().and_then(|info| info.get("uuid")), Some(Bson::Binary(found)) if found == mark);
        if found.iter().any(is_it) { Ok(()) } else { Err(changed(&self.name)) }
    }
}
