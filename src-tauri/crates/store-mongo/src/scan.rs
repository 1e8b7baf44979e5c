//! Reading everything: cutting a collection into parts, and streaming a part.

use bson::{Bson, Document, doc};
use futures::StreamExt as _;
use futures::TryStreamExt as _;
use mongodb::options::Hint;
use steward_domain::{Filter, order};
use steward_store::{Partition, RecordStream, StoreError, StoreErrorKind, StoreResult};

use crate::{MongoStore, errors, filter, read};

const BATCH: u32 = 1000;
/// Samples a part, so that parts come out of similar size.
const SAMPLES: usize = 32;

/// Boundaries are drawn from a random sample of `_id`s.
pub async fn partitions(store: &MongoStore, collection: &str, parts: usize) -> StoreResult<Vec<Partition>> {
    let coll = store.collection(collection)?;
    let records = coll.estimated_document_count().await.map_err(|e| errors::from_driver(&e))?;
    let parts = parts.min(usize::try_from(records / 2).unwrap_or(parts)).max(1);
    if parts == 1 {
        return Ok(vec![Partition { from: None, until: None }]);
    }
    let size = i64::try_from(parts * SAMPLES).unwrap_or(i64::MAX);
    let pipeline = [doc! { "$sample": { "size": size } }, doc! { "$project": { "_id": 1 } }];
    let cursor = coll.aggregate(pipeline).await.map_err(|e| errors::from_driver(&e))?;
    let sample: Vec<Document> = cursor.try_collect().await.map_err(|e| errors::from_driver(&e))?;
    let mut ids: Vec<(Vec<u8>, Bson)> = sample.into_iter().filter_map(|mut d| d.remove("_id")).map(|id| (order::key_of(&id), id)).collect();
    ids.sort_by(|a, b| a.0.cmp(&b.0));
    ids.dedup_by(|a, b| a.0 == b.0);
    Ok(cut(ids.into_iter().map(|(_, id)| id).collect(), parts))
}

fn cut(ids: Vec<Bson>, parts: usize) -> Vec<Partition> {
    let parts = parts.min(ids.len()).max(1);
    let mut bounds = (1..parts).filter_map(|i| ids.get(i * ids.len() / parts).cloned());
    let mut out = Vec::with_capacity(parts);
    let mut from = None;
    loop {
        let until = bounds.next();
        out.push(Partition { from, until: until.clone() });
        if until.is_none() {
            return out;
        }
        from = until;
    }
}

/// Batches of about a thousand records. A part is a range of the `_id` index, whatever types the ids have.
pub async fn scan(store: &MongoStore, collection: &str, filter: &Filter, part: Option<Partition>) -> StoreResult<RecordStream> {
    let coll = store.collection(collection)?;
    if filter.split_text().0.is_some() {
        return Err(StoreError::new(StoreErrorKind::Unsupported, "A full pass over the records cannot search by words."));
    }
    let mut find = coll.find(filter::translate_plain(filter)?).batch_size(BATCH);
    let bounds = part.unwrap_or(Partition { from: None, until: None });
    if bounds.from.is_some() || bounds.until.is_some() {
        find = find.hint(Hint::Keys(doc! { "_id": 1 }));
    }
    if let Some(from) = bounds.from {
        find = find.min(doc! { "_id": from });
    }
    if let Some(until) = bounds.until {
        find = find.max(doc! { "_id": until });
    }
    let cursor = find.batch().await.map_err(|e| errors::from_driver(&e))?;
    let batches = cursor.map(|batch| {
        let batch = batch.map_err(|e| errors::from_driver(&e))?;
        let mut records = Vec::with_capacity(BATCH as usize);
        read::copy_batch(&batch, &mut records)?;
        Ok(records)
    });
    Ok(batches.try_filter(|records| futures::future::ready(!records.is_empty())).boxed())
}
