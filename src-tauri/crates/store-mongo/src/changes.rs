//! The change feed: one change stream over the database, Steward's own collections left out.

use bson::{Bson, Document, doc};
use futures::StreamExt as _;
use mongodb::change_stream::ChangeStream as Driver;
use mongodb::change_stream::event::{ChangeStreamEvent, OperationType, ResumeToken as DriverToken};
use steward_store::{Capability, ChangeEvent, ChangeOp, ChangeStream, ResumeToken, StoreError, StoreErrorKind, StoreResult, names};

use crate::{MongoStore, errors};

/// Changes after `since`, or from now on.
pub async fn follow(store: &MongoStore, since: Option<ResumeToken>) -> StoreResult<ChangeStream> {
    let stream = open(store, since.as_ref()).await?;
    let start = match since {
        Some(token) => token,
        None => current(&stream)?,
    };
    let events = futures::stream::try_unfold((stream, start, Vec::new()), |(mut stream, mut at, mut ready)| async move {
        loop {
            if let Some(event) = ready.pop() {
                return Ok(Some((event, (stream, at, ready))));
            }
            match stream.next().await {
                None => return Err(ended()),
                Some(Err(e)) => return Err(errors::from_driver(&e)),
                Some(Ok(event)) => {
                    let before = std::mem::replace(&mut at, write_token(&event.id)?);
                    ready = read_event(event, before, &at)?;
                }
            }
        }
    });
    Ok(events.boxed())
}

/// Where the feed is now.
pub async fn position(store: &MongoStore) -> StoreResult<ResumeToken> {
    current(&open(store, None).await?)
}

type Stream = Driver<ChangeStreamEvent<Document>>;

async fn open(store: &MongoStore, since: Option<&ResumeToken>) -> StoreResult<Stream> {
    if !store.has(Capability::ChangeFeed) {
        return Err(StoreError::unsupported("a standalone server does not report changes"));
    }
    let own = format!("^{}", names::PREFIX.replace('.', "\\."));
    let foreign = doc! { "$not": { "$regex": &own } };
    let reported: Vec<&str> = names::lasting().filter(|name| names::is_reported(name)).collect();
    let mut renamed_to = foreign.clone();
    renamed_to.insert("$exists", true);
    let pipeline = [
        doc! { "$match": { "$or": [{ "ns.coll": foreign }, { "ns.coll": { "$in": reported } }, { "to.coll": renamed_to }] } },
        doc! { "$project": { "fullDocument": 0, "updateDescription": 0 } },
    ];
    let mut watch = store.db().watch().pipeline(pipeline);
    if let Some(token) = since {
        watch = watch.resume_after(read_token(token)?);
    }
    watch.await.map_err(|e| errors::from_driver(&e))
}

fn current(stream: &Stream) -> StoreResult<ResumeToken> {
    match stream.resume_token() {
        Some(token) => write_token(&token),
        None => Err(StoreError::new(StoreErrorKind::Unsupported, "This server does not report the position of its change feed.")),
    }
}

pub fn write_token(token: &DriverToken) -> StoreResult<ResumeToken> {
    let value = bson::serialize_to_bson(token).map_err(|_| bad_token())?;
    Ok(ResumeToken(value.into_relaxed_extjson().to_string()))
}

pub fn read_token(token: &ResumeToken) -> StoreResult<DriverToken> {
    let json: serde_json::Value = serde_json::from_str(&token.0).map_err(|_| bad_token())?;
    let value = Bson::try_from(json).map_err(|_| bad_token())?;
    bson::deserialize_from_bson(value).map_err(|_| bad_token())
}

pub fn bad_token() -> StoreError {
    StoreError::invalid("This position in the change feed cannot be read.")
}

fn ended() -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, "The change feed ended: the database was dropped.")
}

/// The events of one announcement, last one first. All but the last carry the position before, so that stopping
/// between them loses nothing.
fn read_event(event: ChangeStreamEvent<Document>, before: ResumeToken, at: &ResumeToken) -> StoreResult<Vec<ChangeEvent>> {
    let collection = event.ns.and_then(|ns| ns.coll).unwrap_or_default();
    let op = match event.operation_type {
        OperationType::Insert => ChangeOp::Insert,
        OperationType::Update | OperationType::Replace => ChangeOp::Update,
        OperationType::Delete => ChangeOp::Delete,
        OperationType::Drop | OperationType::Rename | OperationType::DropDatabase => ChangeOp::Collection,
        OperationType::Invalidate => return Err(ended()),
        // Kinds that Steward did not ask for.
        _ => return Ok(Vec::new()),
    };
    let own = names::is_own(&collection);
    let op = if own { ChangeOp::Collection } else { op };
    let id = event.document_key.and_then(|mut key| key.remove("_id")).filter(|_| !own);
    let mut collections = vec![collection];
    collections.extend(event.to.and_then(|to| to.coll));
    collections.retain(|c| names::is_reported(c));
    let last = collections.len().saturating_sub(1);
    let mut events: Vec<ChangeEvent> = collections
        .into_iter()
        .enumerate()
        .map(|(i, collection)| ChangeEvent { token: if i == last { at.clone() } else { before.clone() }, collection, op, id: id.clone() })
        .collect();
    events.reverse();
    Ok(events)
}
