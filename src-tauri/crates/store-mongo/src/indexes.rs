//! Indexes. A secondary index carries `_id` as its last field, so that it also serves the page order; the definition
//! that was asked for is what is reported back. In a text index the first field weighs most, which keeps their order.

use std::sync::Arc;

use bson::{Bson, Document, doc};
use futures::TryStreamExt as _;
use steward_store::{IndexSpec, StoreError, StoreErrorKind, StoreResult, names};

use crate::{MongoStore, errors};

/// All indexes but that of `_id`. `NotFound` for a collection that does not exist.
pub async fn list(store: &MongoStore, collection: &str) -> StoreResult<Vec<IndexSpec>> {
    names::check(collection)?;
    let cursor = store.db().run_cursor_command(doc! { "listIndexes": collection }).await.map_err(|e| errors::from_driver(&e))?;
    let found: Vec<Document> = cursor.try_collect().await.map_err(|e| errors::from_driver(&e))?;
    let mut specs: Vec<IndexSpec> = found.iter().filter_map(read_spec).collect();
    specs.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    store.remember_indexes(collection, Arc::new(specs.clone()));
    Ok(specs)
}

/// As [`list`], at most some seconds old, and empty for a collection that does not exist.
pub async fn recent(store: &MongoStore, collection: &str) -> StoreResult<Arc<Vec<IndexSpec>>> {
    if let Some(list) = store.remembered_indexes(collection) {
        return Ok(list);
    }
    match list(store, collection).await {
        Ok(list) => Ok(Arc::new(list)),
        Err(e) if e.kind == StoreErrorKind::NotFound => Ok(Arc::default()),
        Err(e) => Err(e),
    }
}

/// Makes an index of this definition, replacing one of the same name with another definition.
pub async fn ensure(store: &MongoStore, collection: &str, index: &IndexSpec) -> StoreResult<()> {
    check(index)?;
    let existing = match list(store, collection).await {
        Ok(list) => list,
        Err(e) if e.kind == StoreErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(e),
    };
    if existing.iter().any(|i| same_definition(i, index)) {
        return Ok(());
    }
    if existing.iter().any(|i| i.name == index.name) {
        drop(store, collection, &index.name).await?;
    }
    create(store, collection, std::slice::from_ref(index)).await
}

/// Makes several indexes with one pass over the records.
pub async fn create(store: &MongoStore, collection: &str, indexes: &[IndexSpec]) -> StoreResult<()> {
    if indexes.is_empty() {
        return Ok(());
    }
    names::check(collection)?;
    let specs: Vec<Document> = indexes.iter().map(write_spec).collect();
    let made = store.db().run_command(doc! { "createIndexes": collection, "indexes": specs }).await;
    store.forget_indexes();
    made.map_err(|e| errors::from_driver(&e))?;
    store.set_known(collection, true);
    Ok(())
}

/// `NotFound` where there is none of this name.
pub async fn drop(store: &MongoStore, collection: &str, name: &str) -> StoreResult<()> {
    names::check(collection)?;
    if name == "*" || name == "_id_" {
        return Err(StoreError::invalid("This index cannot be dropped."));
    }
    let dropped = store.db().run_command(doc! { "dropIndexes": collection, "index": name }).await;
    store.forget_indexes();
    match dropped {
        Ok(_) => Ok(()),
        Err(e) if errors::code(&e) == Some(27) => {
            Err(StoreError::new(StoreErrorKind::NotFound, format!("There is no index '{name}' on '{collection}'.")))
        }
        Err(e) => Err(errors::from_driver(&e)),
    }
}

/// Fields of the text index, where there is one.
pub fn text_fields(indexes: &[IndexSpec]) -> Option<&[String]> {
    indexes.iter().find(|i| i.is_text()).map(|i| i.text.as_slice())
}

fn check(index: &IndexSpec) -> StoreResult<()> {
    let fields = if index.is_text() { &index.text } else { &index.fields };
    let usable = !fields.is_empty() && fields.iter().all(|f| steward_domain::FieldPath::new(f.as_str()).is_patchable());
    if usable && !index.name.is_empty() && index.name != "*" {
        Ok(())
    } else {
        Err(StoreError::invalid("An index needs a name and at least one field."))
    }
}

fn same_definition(a: &IndexSpec, b: &IndexSpec) -> bool {
    a.fields == b.fields && a.unique == b.unique && a.text == b.text
}

fn write_spec(index: &IndexSpec) -> Document {
    let mut key = Document::new();
    if index.is_text() {
        let mut weights = Document::new();
        for (i, field) in index.text.iter().enumerate() {
            key.insert(field, "text");
            weights.insert(field, i32::try_from(index.text.len() - i).unwrap_or(1));
        }
        return doc! {
            "name": &index.name, "key": key, "weights": weights,
            // No stemming and no stop words: every word counts, in any language.
            "default_language": "none", "language_override": "steward_text_language",
        };
    }
    for field in &index.fields {
        key.insert(field, 1);
    }
    if index.unique {
        return doc! { "name": &index.name, "key": key, "unique": true };
    }
    if !key.contains_key("_id") {
        key.insert("_id", 1);
    }
    doc! { "name": &index.name, "key": key }
}

fn read_spec(found: &Document) -> Option<IndexSpec> {
    let name = found.get_str("name").ok()?;
    if name == "_id_" {
        return None;
    }
    let key = found.get_document("key").ok()?;
    let unique = found.get_bool("unique").unwrap_or(false);
    if let Ok(weights) = found.get_document("weights") {
        let mut text: Vec<(&String, i64)> = weights.iter().map(|(f, w)| (f, as_int(w))).collect();
        text.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let text = text.into_iter().map(|(f, _)| f.clone()).collect();
        return Some(IndexSpec { name: name.to_owned(), fields: Vec::new(), unique, text });
    }
    let mut fields: Vec<String> = key.keys().cloned().collect();
    if !unique && fields.len() > 1 && fields.last().is_some_and(|f| f == "_id") {
        fields.pop();
    }
    Some(IndexSpec { name: name.to_owned(), fields, unique, text: Vec::new() })
}

fn as_int(value: &Bson) -> i64 {
    match value {
        Bson::Int32(n) => i64::from(*n),
        Bson::Int64(n) => *n,
        Bson::Double(n) => *n as i64,
        _ => 0,
    }
}
