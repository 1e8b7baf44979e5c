//! Counting by value and by number range, in the server.

use bson::{Bson, Document, doc};
use futures::TryStreamExt as _;
use steward_domain::{FieldPath, Filter};
use steward_store::{FacetCount, Histogram, StoreError, StoreErrorKind, StoreResult};

use crate::{MongoStore, errors, indexes, odd_names};

/// The value of a field, for expressions.
fn value(path: &FieldPath) -> StoreResult<Bson> {
    if path.is_dotted() { Ok(Bson::from(format!("${}", path.as_str()))) } else { odd_names::value(path) }
}

/// Lists count by element; an empty list counts nowhere.
pub async fn facet(store: &MongoStore, collection: &str, field: &str, filter: &Filter, limit: usize) -> StoreResult<FacetCount> {
    let path = value(&FieldPath::new(field))?;
    let condition = condition(store, collection, filter).await?;
    let limit = i64::try_from(limit.max(1)).unwrap_or(i64::MAX);
    let values = vec![
        doc! { "$match": condition.clone() },
        doc! { "$project": { "_id": 0, "v": path.clone() } },
        doc! { "$unwind": "$v" },
        doc! { "$group": { "_id": "$v", "n": { "$sum": 1_i64 } } },
        doc! { "$facet": {
            "top": [{ "$sort": { "n": -1, "_id": 1 } }, { "$limit": limit }],
            "distinct": [{ "$count": "n" }],
        } },
    ];
    // Unwinding leaves out what is missing and what is null.
    let left_out = vec![
        doc! { "$match": condition },
        doc! { "$project": { "_id": 0, "t": { "$type": path } } },
        doc! { "$match": { "t": { "$in": ["missing", "null", "undefined"] } } },
        doc! { "$group": { "_id": { "$eq": ["$t", "missing"] }, "n": { "$sum": 1_i64 } } },
    ];
    let (values, left_out) = futures::try_join!(aggregate(store, collection, values), aggregate(store, collection, left_out))?;
    let absent = |missing: bool| left_out.iter().find(|d| d.get_bool("_id").ok() == Some(missing)).map_or(0, |d| number(d, "n"));
    let counted = values.first().cloned().unwrap_or_default();
    let distinct = counted.get_array("distinct").ok().and_then(|l| l.first()).and_then(Bson::as_document).map_or(0, |d| number(d, "n"));
    let top = counted.get_array("top").cloned().unwrap_or_default();
    let values = top
        .into_iter()
        .filter_map(|entry| match entry {
            Bson::Document(mut d) => {
                let n = number(&d, "n");
                d.remove("_id").map(|v| (v, n))
            }
            _ => None,
        })
        .collect();
    Ok(FacetCount { values, distinct, capped: false, missing: absent(true), nulls: absent(false) })
}

/// Finite numbers only; lists are left out.
pub async fn histogram(store: &MongoStore, collection: &str, field: &str, filter: &Filter, bins: usize) -> StoreResult<Option<Histogram>> {
    let path = value(&FieldPath::new(field))?;
    if !(1..=1000).contains(&bins) {
        return Err(StoreError::invalid("A histogram has 1 to 1,000 bins."));
    }
    let numbers = vec![
        doc! { "$match": condition(store, collection, filter).await? },
        doc! { "$project": { "_id": 0, "v": path } },
        doc! { "$match": { "v": { "$type": "number", "$gt": f64::NEG_INFINITY, "$lt": f64::INFINITY, "$not": { "$type": "array" } } } },
        doc! { "$project": { "v": { "$toDouble": "$v" } } },
    ];
    let mut range = numbers.clone();
    range.push(doc! { "$group": { "_id": Bson::Null, "min": { "$min": "$v" }, "max": { "$max": "$v" } } });
    let found = aggregate(store, collection, range).await?;
    let Some((min, max)) = found.first().and_then(|d| Some((d.get_f64("min").ok()?, d.get_f64("max").ok()?))) else {
        return Ok(None);
    };
    let width = (max - min) / bins as f64;
    let last = i32::try_from(bins - 1).unwrap_or(i32::MAX);
    let bin = if width > 0.0 {
        let raw = doc! { "$floor": { "$divide": [{ "$subtract": ["$v", min] }, width] } };
        Bson::Document(doc! { "$toInt": { "$max": [0, { "$min": [last, raw] }] } })
    } else {
        Bson::Document(doc! { "$literal": 0 })
    };
    let mut counting = numbers;
    counting.push(doc! { "$group": { "_id": bin, "n": { "$sum": 1_i64 } } });
    let mut counts = vec![0; bins];
    for entry in aggregate(store, collection, counting).await? {
        if let Some(slot) = usize::try_from(number(&entry, "_id")).ok().and_then(|i| counts.get_mut(i)) {
            *slot = number(&entry, "n");
        }
    }
    Ok(Some(Histogram { min, max, counts }))
}

async fn condition(store: &MongoStore, collection: &str, filter: &Filter) -> StoreResult<Document> {
    steward_store::names::check(collection)?;
    let known = indexes::recent(store, collection).await?;
    crate::read::condition(store, collection, filter, &known).await
}

async fn aggregate(store: &MongoStore, collection: &str, pipeline: Vec<Document>) -> StoreResult<Vec<Document>> {
    let coll = store.collection(collection)?;
    let cursor = coll.aggregate(pipeline).allow_disk_use(true).await.map_err(|e| errors::from_driver(&e))?;
    cursor.try_collect().await.map_err(|e| match errors::from_driver(&e) {
        e if e.kind == StoreErrorKind::Internal => StoreError { message: "The server could not count these values.".to_owned(), ..e },
        e => e,
    })
}

fn number(doc: &Document, name: &str) -> u64 {
    match doc.get(name) {
        Some(Bson::Int32(n)) => u64::try_from(*n).unwrap_or(0),
        Some(Bson::Int64(n)) => u64::try_from(*n).unwrap_or(0),
        Some(Bson::Double(n)) => *n as u64,
        _ => 0,
    }
}
