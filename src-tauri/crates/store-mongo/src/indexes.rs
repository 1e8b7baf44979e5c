//! Indexes. The definition that was asked for is what is reported back, whatever the server makes of it.

use std::sync::Arc;

use bson::{Document, doc};
use futures::TryStreamExt as _;
use steward_store::{Capability, IndexSpec, StoreError, StoreErrorKind, StoreResult, names};

use crate::{MongoStore, errors};

/// The indexes of a collection, as they were some seconds ago.
#[derive(Debug, Default)]
pub struct Known {
    specs: Vec<IndexSpec>,
    /// Fields that have another value in each record: those of unique indexes that leave no record out.
    distinct: Vec<String>,
}

impl Known {
    pub fn is_distinct(&self, field: &str) -> bool {
        self.distinct.iter().any(|one| one == field)
    }
}

impl std::ops::Deref for Known {
    type Target = [IndexSpec];

    fn deref(&self) -> &[IndexSpec] {
        &self.specs
    }
}

/// All indexes but that of `_id`. `NotFound` for a collection that does not exist.
pub async fn list(store: &MongoStore, collection: &str) -> StoreResult<Vec<IndexSpec>> {
    names::check(collection)?;
    let cursor = store.db().run_cursor_command(doc! { "listIndexes": collection }).await.map_err(|e| errors::from_driver(&e))?;
    let found: Vec<Document> = cursor.try_collect().await.map_err(|e| errors::from_driver(&e))?;
    let mut specs: Vec<IndexSpec> = found.iter().filter_map(IndexSpec::from_document).collect();
    specs.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let distinct = found.iter().filter_map(IndexSpec::plainly).filter(|index| index.unique && index.fields.len() == 1);
    let distinct = distinct.flat_map(|index| index.fields).collect();
    store.remember_indexes(collection, Arc::new(Known { specs: specs.clone(), distinct }));
    Ok(specs)
}

/// As [`list`], at most some seconds old, and empty for a collection that does not exist.
pub async fn recent(store: &MongoStore, collection: &str) -> StoreResult<Arc<Known>> {
    if let Some(list) = store.remembered_indexes(collection) {
        return Ok(list);
    }
    match list(store, collection).await {
        Ok(_) => Ok(store.remembered_indexes(collection).unwrap_or_default()),
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
    let specs: Vec<Document> = indexes.iter().map(IndexSpec::to_document).collect();
    create_as(store, collection, specs).await?;
    store.set_known(collection, true);
    Ok(())
}

/// Makes indexes of these definitions, as the server writes them.
pub async fn create_as(store: &MongoStore, collection: &str, definitions: Vec<Document>) -> StoreResult<()> {
    let mut command = doc! { "createIndexes": collection, "indexes": definitions };
    // What older servers wrote into an index.
    command.insert("ignoreUnknownIndexOptions", true);
    if store.has(Capability::Transactions) {
        // By itself the server waits until every member is ready, also for one that is down.
        command.insert("commitQuorum", "majority");
    }
    let made = store.db().run_command(command).await;
    store.forget_indexes();
    made.map(|_| ()).map_err(|e| errors::from_driver(&e))
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
    let usable = !fields.is_empty() && fields.iter().all(|f| steward_domain::FieldPath::new(f.as_str()).is_dotted());
    if usable && !index.name.is_empty() && index.name != "*" {
        Ok(())
    } else {
        Err(StoreError::invalid("An index needs a name and at least one field."))
    }
}

fn same_definition(a: &IndexSpec, b: &IndexSpec) -> bool {
    a.fields == b.fields && a.unique == b.unique && a.text == b.text
}
