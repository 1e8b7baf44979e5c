//! What a collection or view is next to its records, as the server says and takes it.

use bson::{Document, doc};
use futures::TryStreamExt as _;
use steward_store::definition::is_id_index;
use steward_store::{CollectionKind, Definition, StoreError, StoreErrorKind, StoreResult, names};

use crate::{MongoStore, errors, indexes};

/// One entry of `listCollections`, with the indexes of what has some.
pub async fn of_entry(store: &MongoStore, entry: &Document) -> StoreResult<Definition> {
    let kind = CollectionKind::of(entry.get_str("type").unwrap_or_default());
    let mut options = entry.get_document("options").cloned().unwrap_or_default();
    // The server gives every collection a new one.
    options.remove("uuid");
    let indexes = match (kind, entry.get_str("name")) {
        (CollectionKind::Collection | CollectionKind::Timeseries, Ok(name)) => indexes(store, name).await?,
        _ => Vec::new(),
    };
    Ok(Definition { kind, options, indexes })
}

pub async fn read(store: &MongoStore, collection: &str) -> StoreResult<Definition> {
    names::check(collection)?;
    let command = doc! { "listCollections": 1, "filter": { "name": collection } };
    let cursor = store.db().run_cursor_command(command).await.map_err(|e| errors::from_driver(&e))?;
    let found: Vec<Document> = cursor.try_collect().await.map_err(|e| errors::from_driver(&e))?;
    match found.first() {
        Some(entry) => of_entry(store, entry).await,
        None => Err(StoreError::new(StoreErrorKind::NotFound, format!("There is no collection '{collection}'."))),
    }
}

async fn indexes(store: &MongoStore, collection: &str) -> StoreResult<Vec<Document>> {
    let cursor = store.db().run_cursor_command(doc! { "listIndexes": collection }).await.map_err(|e| errors::from_driver(&e))?;
    cursor.try_collect().await.map_err(|e| errors::from_driver(&e))
}

/// Makes a collection by a definition, or adds the indexes and the validator that it lacks.
pub async fn write(store: &MongoStore, name: &str, definition: &Definition) -> StoreResult<()> {
    names::check(name)?;
    let mut create = doc! { "create": name };
    create.extend(definition.options.clone());
    let exists = match store.db().run_command(create).await {
        Ok(_) => false,
        Err(e) if errors::code(&e) == Some(48) => true,
        Err(e) => return Err(errors::from_driver(&e)),
    };
    if definition.kind == CollectionKind::View {
        return if exists { Err(StoreError::new(StoreErrorKind::Conflict, format!("'{name}' exists already."))) } else { Ok(()) };
    }
    store.set_known(name, true);
    if exists {
        let validation = definition.validation();
        if !validation.is_empty() {
            let mut change = doc! { "collMod": name };
            change.extend(validation);
            store.db().run_command(change).await.map_err(|e| errors::from_driver(&e))?;
        }
    }
    let specs: Vec<Document> = definition.indexes.iter().filter(|i| !is_id_index(i)).map(|i| creatable(i, &definition.options)).collect();
    if specs.is_empty() {
        return Ok(());
    }
    indexes::create_as(store, name, specs).await
}

/// As an index is made: without what older servers wrote into it (the name of the collection that it once was on, the version of its
/// format). One that compares byte by byte says so where the collection does not: a server says that by leaving it out.
fn creatable(index: &Document, options: &Document) -> Document {
    let mut index = index.clone();
    for mark in ["ns", "background", "v"] {
        index.remove(mark);
    }
    if options.contains_key("collation") && !index.contains_key("collation") {
        index.insert("collation", doc! { "locale": "simple" });
    }
    index
}
