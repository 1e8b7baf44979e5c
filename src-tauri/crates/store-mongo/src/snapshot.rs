//! Everything in the database at one moment: sessions that read at one cluster time. Where the server cannot do that,
//! each collection is read as it stands then, and the snapshot says so.

use async_trait::async_trait;
use bson::{Document, RawDocumentBuf, Timestamp, doc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use steward_domain::Filter;
use steward_store::{
    Capability, CollectionKind, Consistency, Definition, Position, RecordStream, Snapshot, SnapshotCollection, StoreError, StoreErrorKind,
    StoreResult,
};

use crate::{MongoStore, definition, errors, replay, scan};

/// Records asked of the server at a time.
const BATCH: u32 = 1000;
const ALONE: &str = "The server stands alone and keeps no snapshots: each collection was read as it stood then.";
/// How often a moment is looked for in which no collection comes or goes.
const ATTEMPTS: usize = 5;
/// `SnapshotTooOld`, `SnapshotUnavailable`.
const GONE: [i32; 2] = [239, 246];

/// A moment in the life of a database.
pub struct MongoSnapshot {
    store: MongoStore,
    moment: Option<Timestamp>,
    consistency: Consistency,
    collections: Vec<SnapshotCollection>,
    position: Option<Position>,
}

impl MongoSnapshot {
    pub async fn take(store: &MongoStore, wanted: Consistency) -> StoreResult<Self> {
        for _ in 0..ATTEMPTS {
            let begun = replay::now(store).await.ok();
            let collections = list(store).await?;
            let moment = match collections.iter().find(|c| c.definition.kind == CollectionKind::Collection) {
                _ if wanted != Consistency::Moment => Ok(None),
                Some(first) if store.has(Capability::Transactions) => pin(store, &first.name).await,
                Some(_) => Err(ALONE.to_owned()),
                None => Ok(None),
            };
            let (moment, consistency) = match moment {
                Ok(moment) => (moment, wanted.clone()),
                Err(why) => (None, Consistency::Fuzzy(why)),
            };
            let position = match (moment, &consistency) {
                (_, Consistency::Fuzzy(_)) => None,
                (Some(moment), _) => replay::now(store).await.ok().map(|now| replay::at_moment(moment, now.at)),
                (None, _) => begun,
            };
            // What was made or dropped while the list was read would be neither in the snapshot nor in what follows it.
            if position.is_none() || names_of(&list(store).await?) == names_of(&collections) {
                return Ok(Self { store: store.clone(), moment, consistency, collections, position });
            }
        }
        Err(StoreError::new(StoreErrorKind::Busy, "Collections are made and dropped all the time; no moment could be found between."))
    }
}

fn names_of(collections: &[SnapshotCollection]) -> Vec<(&str, &Definition)> {
    collections.iter().map(|c| (c.name.as_str(), &c.definition)).collect()
}

/// The cluster time that a first read settles on; a sentence where the server does not do that.
async fn pin(store: &MongoStore, collection: &str) -> Result<Option<Timestamp>, String> {
    let told = |e: &mongodb::error::Error| format!("The server gave no snapshot ({e}): each collection was read as it stood then.");
    let client = store.db().client();
    let mut session = client.start_session().snapshot(true).await.map_err(|e| told(&e))?;
    let records = store.db().collection::<RawDocumentBuf>(collection);
    records.find(doc! {}).limit(1).projection(doc! { "_id": 1 }).session(&mut session).await.map_err(|e| told(&e))?;
    session.snapshot_time().map(Some).ok_or_else(|| ALONE.to_owned())
}

async fn list(store: &MongoStore) -> StoreResult<Vec<SnapshotCollection>> {
    let command = doc! { "listCollections": 1, "authorizedCollections": true };
    let cursor = store.db().run_cursor_command(command).await.map_err(|e| errors::from_driver(&e))?;
    let found: Vec<Document> = cursor.try_collect().await.map_err(|e| errors::from_driver(&e))?;
    let mut collections = Vec::with_capacity(found.len());
    for entry in &found {
        let Ok(name) = entry.get_str("name") else { continue };
        if name.starts_with("system.") {
            continue;
        }
        let definition = definition::of_entry(store, entry).await?;
        let records = match definition.kind {
            CollectionKind::View => 0,
            CollectionKind::Collection => estimate(store, name).await?,
            // Who may not read the buckets is told so when they are asked for.
            CollectionKind::Timeseries => match estimate(store, &definition.kind.data_of(name)).await {
                Err(e) if e.kind == StoreErrorKind::Forbidden => 0,
                counted => counted?,
            },
        };
        collections.push(SnapshotCollection { name: name.to_owned(), definition, records });
    }
    collections.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(collections)
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

    async fn scan(&self, collection: &str) -> StoreResult<RecordStream> {
        let found = self.collections.iter().find(|c| c.name == collection);
        let kind = found.map_or(CollectionKind::Collection, |c| c.definition.kind);
        if kind == CollectionKind::View {
            return Ok(stream::empty().boxed());
        }
        let Some(moment) = self.moment else {
            let scanned = scan::scan(&self.store, &kind.data_of(collection), &Filter::all(), None).await;
            return scanned.map_err(|e| buckets_denied(e, kind, collection));
        };
        let client = self.store.db().client();
        let session = client.start_session().snapshot(true).snapshot_time(moment).await;
        let mut session = session.map_err(|e| errors::from_driver(&e))?;
        let records = self.store.db().collection::<RawDocumentBuf>(&kind.data_of(collection));
        let cursor = records.find(doc! {}).batch_size(BATCH).session(&mut session).await.map_err(|e| lost(&e));
        let cursor = cursor.map_err(|e| buckets_denied(e, kind, collection))?;
        Ok(stream::try_unfold((session, cursor), |(mut session, mut cursor)| async move {
            let mut batch = Vec::with_capacity(BATCH as usize);
            while batch.len() < BATCH as usize {
                if !cursor.advance(&mut session).await.map_err(|e| lost(&e))? {
                    break;
                }
                batch.push(steward_store::model::outside(cursor.current().as_bytes().to_vec())?);
            }
            Ok((!batch.is_empty()).then_some((batch, (session, cursor))))
        })
        .boxed())
    }
}

/// `readWrite` is enough for a time series, but not for the buckets that it stands in.
fn buckets_denied(e: StoreError, kind: CollectionKind, collection: &str) -> StoreError {
    if (e.kind, kind) != (StoreErrorKind::Forbidden, CollectionKind::Timeseries) {
        return e;
    }
    let message =
        format!("This user may not read the buckets of the time-series collection '{collection}'. The role 'backup' includes that.");
    StoreError { message, ..e }
}

/// The server keeps a moment for some minutes only.
fn lost(e: &mongodb::error::Error) -> StoreError {
    if errors::code(e).is_some_and(|code| GONE.contains(&code)) {
        let message = "The server did not keep the moment long enough (minSnapshotHistoryWindowInSeconds, 5 minutes unless set).";
        return StoreError::new(StoreErrorKind::Expired, message).details(e);
    }
    errors::from_driver(e)
}
