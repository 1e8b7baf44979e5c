//! Pages, look-ups by key and counts.

use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::TryStreamExt as _;
use steward_domain::filter::Comparison;
use steward_domain::{FieldPath, Filter};
use steward_store::{Cursor, IndexSpec, Page, Query, StoreError, StoreErrorKind, StoreResult};

use crate::{MongoStore, cursor, errors, filter, indexes, load, odd_names};

/// One page. Fails with `Unsupported` where a record sorts by a list and the page has a neighbour.
pub async fn find(store: &MongoStore, collection: &str, query: &Query) -> StoreResult<Page> {
    let coll = store.collection(collection)?;
    if !(1..=1000).contains(&query.limit) {
        return Err(StoreError::invalid("A page holds 1 to 1,000 records."));
    }
    let sort = query.sort.as_ref();
    let known = indexes::recent(store, collection).await?;
    let filter = condition(store, collection, &query.filter, &known).await?;
    let wanted = query.limit + 1;
    let batch = u32::try_from(wanted).unwrap_or(u32::MAX);
    let disk = store.deployment().version >= (4, 4);
    let cursor = if let Some(pipeline) = odd_names::sorted(query, &filter, wanted)? {
        let mut page = coll.aggregate(pipeline).batch_size(batch);
        if disk {
            page = page.allow_disk_use(true);
        }
        page.batch().await
    } else {
        let mut page = coll.find(following(query, filter)?).sort(order(query, &known)).limit(i64::from(batch)).batch_size(batch);
        if disk {
            page = page.allow_disk_use(true);
        }
        page.batch().await
    };
    let mut records = gather(cursor.map_err(|e| errors::from_driver(&e))?, wanted).await?;
    let more = records.len() > query.limit;
    records.truncate(query.limit);
    if more || query.after.is_some() {
        for record in &records {
            cursor::check_sortable(record, sort)?;
        }
    }
    let next = match records.last() {
        Some(last) if more => Some(cursor::after_record(last, sort)?),
        _ => None,
    };
    Ok(Page { records, next, scanned: !is_served(&query.filter, sort.map(|s| &s.field), &known) })
}

/// The cursor behind the `skip`-th record of a query.
pub async fn position(store: &MongoStore, collection: &str, query: &Query, skip: usize) -> StoreResult<Option<Cursor>> {
    let sort = query.sort.as_ref();
    let known = indexes::recent(store, collection).await?;
    let filter = condition(store, collection, &query.filter, &known).await?;
    if odd_names::sorted(query, &filter, 1)?.is_some() {
        return stepwise(store, collection, query, skip).await;
    }
    let mut fields = doc! { "_id": 1 };
    if let Some(by) = sort {
        fields.insert(by.field.as_str(), 1);
    }
    let coll = store.collection(collection)?;
    let before = u64::try_from(skip.saturating_sub(1)).unwrap_or(u64::MAX);
    let mut one = coll.find(following(query, filter)?).sort(order(query, &known)).projection(fields).skip(before).limit(1);
    if store.deployment().version >= (4, 4) {
        one = one.allow_disk_use(true);
    }
    let found = gather(one.batch().await.map_err(|e| errors::from_driver(&e))?, 1).await?;
    found.first().map(|record| cursor::after_record(record, sort)).transpose()
}

/// Page by page, where the server cannot skip.
async fn stepwise(store: &MongoStore, collection: &str, query: &Query, mut skip: usize) -> StoreResult<Option<Cursor>> {
    let mut at = query.clone();
    loop {
        at.limit = skip.clamp(1, 1000);
        let page = find(store, collection, &at).await?;
        skip -= page.records.len().min(skip);
        if skip == 0 {
            return page.records.last().map(|record| cursor::after_record(record, query.sort.as_ref())).transpose();
        }
        match page.next {
            Some(next) => at.after = Some(next),
            None => return Ok(None),
        }
    }
}

/// The filter, and what follows the page before.
fn following(query: &Query, filter: Document) -> StoreResult<Document> {
    let sort = query.sort.as_ref();
    if let Some(by) = sort {
        filter::name(&by.field)?;
    }
    let Some(after) = &query.after else { return Ok(filter) };
    let following = cursor::following(after, sort, None)?;
    Ok(if filter.is_empty() {
        following
    } else {
        doc! { "$and": [filter, following] }
    })
}

/// The filter as the server takes it. `Busy` while the text index that it needs is being built.
pub async fn condition(store: &MongoStore, collection: &str, filter: &Filter, known: &[IndexSpec]) -> StoreResult<Document> {
    // The server lists an index that it is still building, but does not search by it.
    if filter.split_text().0.is_some() && load::is_pending(store, collection).await {
        let sentence = "The words of these records are still being indexed after the import. Try again in a moment.";
        return Err(StoreError::new(StoreErrorKind::Busy, sentence));
    }
    filter::translate(filter, known)
}

/// The order asked for, made total by `_id` in the same direction, as a `{field, _id}` index runs. Where no two records have the
/// same value it is total already, and runs along the unique index.
fn order(query: &Query, known: &indexes::Known) -> Document {
    let direction = if query.sort.as_ref().is_some_and(|s| s.descending) { -1 } else { 1 };
    let mut order = Document::new();
    if let Some(by) = &query.sort {
        order.insert(by.field.as_str(), direction);
        if known.is_distinct(by.field.as_str()) {
            return order;
        }
    }
    order.insert("_id", direction);
    order
}

/// Copies the records out of the server's batches.
pub async fn gather(mut cursor: mongodb::raw_batch_cursor::RawBatchCursor, expected: usize) -> StoreResult<Vec<RawDocumentBuf>> {
    let mut records = Vec::with_capacity(expected.min(1024));
    while let Some(batch) = cursor.try_next().await.map_err(|e| errors::from_driver(&e))? {
        copy_batch(&batch, &mut records)?;
    }
    Ok(records)
}

/// Appends a batch's records.
pub fn copy_batch(batch: &mongodb::raw_batch_cursor::RawBatch, into: &mut Vec<RawDocumentBuf>) -> StoreResult<()> {
    for item in batch.doc_slices().map_err(|e| errors::from_driver(&e))? {
        match item {
            Ok(bson::RawBsonRef::Document(doc)) => into.push(steward_store::model::outside(doc.as_bytes().to_vec())?),
            _ => return Err(StoreError::new(StoreErrorKind::Damaged, "The server sent a record that is not valid BSON.")),
        }
    }
    Ok(())
}

pub async fn get_many(store: &MongoStore, collection: &str, field: &str, values: &[Bson]) -> StoreResult<Vec<RawDocumentBuf>> {
    let coll = store.collection(collection)?;
    let path = FieldPath::new(field);
    if values.len() > 1000 {
        return Err(StoreError::invalid("At most 1,000 records can be looked up at once."));
    }
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let condition = filter::one_of(filter::name(&path)?, values.iter());
    let cursor = coll.find(condition).batch_size(1001).batch().await.map_err(|e| errors::from_driver(&e))?;
    gather(cursor, values.len()).await
}

/// Everything is counted from the collection's own counter.
pub async fn count(store: &MongoStore, collection: &str, filter: &Filter) -> StoreResult<u64> {
    let coll = store.collection(collection)?;
    let counted = if filter.is_all() {
        coll.estimated_document_count().await
    } else {
        let known = indexes::recent(store, collection).await?;
        coll.count_documents(condition(store, collection, filter, &known).await?).await
    };
    counted.map_err(|e| errors::from_driver(&e))
}

/// An index begins with the sort field or with a field that the filter narrows.
fn is_served(filter: &Filter, sort: Option<&FieldPath>, indexes: &[IndexSpec]) -> bool {
    let leads =
        |field: &FieldPath| field.as_str() == "_id" || indexes.iter().any(|i| i.fields.first().is_some_and(|f| f == field.as_str()));
    match sort {
        Some(field) if leads(field) => true,
        None if filter.is_all() => true,
        _ => narrows(filter, &leads),
    }
}

fn narrows(filter: &Filter, leads: &dyn Fn(&FieldPath) -> bool) -> bool {
    match filter {
        Filter::And { all } => all.iter().any(|f| narrows(f, leads)),
        Filter::Or { any } => any.iter().all(|f| narrows(f, leads)),
        Filter::Text { .. } => true,
        Filter::Compare { cmp: Comparison::Ne, .. } => false,
        Filter::Compare { field, .. } | Filter::In { field, .. } | Filter::IsNull { field } => leads(field),
        Filter::StartsWith { field, ignore_case, .. } => !ignore_case && leads(field),
        Filter::Not { .. }
        | Filter::Exists { .. }
        | Filter::Blank { .. }
        | Filter::Regex { .. }
        | Filter::Contains { .. }
        | Filter::IsType { .. } => false,
    }
}
