//! Collections as a whole: list, create, drop, rename.

use bson::doc;
use futures::TryStreamExt as _;
use steward_store::{Room, StoreError, StoreErrorKind, StoreResult, names};

use crate::{MongoStore, errors};

/// Names in order, without views and the server's own.
pub async fn list(store: &MongoStore) -> StoreResult<Vec<String>> {
    let command = doc! { "listCollections": 1, "nameOnly": true, "filter": { "type": "collection" }, "authorizedCollections": true };
    let cursor = store.db().run_cursor_command(command).await.map_err(|e| errors::from_driver(&e))?;
    let found: Vec<bson::Document> = cursor.try_collect().await.map_err(|e| errors::from_driver(&e))?;
    let mut names: Vec<String> =
        found.iter().filter_map(|c| c.get_str("name").ok()).filter(|n| !n.starts_with("system.")).map(str::to_owned).collect();
    names.sort_unstable();
    Ok(names)
}

/// Nothing happens when it exists.
pub async fn create(store: &MongoStore, name: &str) -> StoreResult<()> {
    names::check(name)?;
    match store.db().run_command(doc! { "create": name }).await {
        Ok(_) => {}
        Err(e) if errors::code(&e) == Some(48) => {}
        Err(e) => return Err(errors::from_driver(&e)),
    }
    store.set_known(name, true);
    Ok(())
}

/// Nothing happens when there is none.
pub async fn drop(store: &MongoStore, name: &str) -> StoreResult<()> {
    store.set_known(name, false);
    store.forget_indexes();
    store.collection(name)?.drop().await.map_err(|e| errors::from_driver(&e))
}

/// What the database takes on the server's disk. A user who may not ask gets no answer.
pub async fn room(store: &MongoStore) -> StoreResult<Option<Room>> {
    let Ok(stats) = store.db().run_command(doc! { "dbStats": 1, "freeStorage": 1 }).await else { return Ok(None) };
    let number = |name: &str| match stats.get(name) {
        Some(bson::Bson::Double(n)) => *n as u64,
        Some(bson::Bson::Int64(n)) => u64::try_from(*n).unwrap_or(0),
        Some(bson::Bson::Int32(n)) => u64::try_from(*n).unwrap_or(0),
        _ => 0,
    };
    Ok(Some(Room { bytes: number("totalSize"), free: number("totalFreeStorageSize") }))
}

/// Compacts Steward's own collections. Those of people are their administrator's.
pub async fn compact_own(store: &MongoStore) -> StoreResult<()> {
    for name in list(store).await?.iter().filter(|name| names::is_own(name)) {
        // A primary needs to be addressed as one.
        let command = doc! { "compact": name.as_str(), "force": true };
        store.db().run_command(command).await.map_err(|e| errors::from_driver(&e))?;
    }
    Ok(())
}

pub async fn rename(store: &MongoStore, from: &str, to: &str, replace: bool) -> StoreResult<()> {
    names::check(from)?;
    names::check(to)?;
    if from == to {
        return Err(StoreError::invalid("A collection cannot be renamed to its own name."));
    }
    let db = store.db().name();
    let command = doc! { "renameCollection": format!("{db}.{from}"), "to": format!("{db}.{to}"), "dropTarget": replace };
    let done = store.db().client().database("admin").run_command(command).await;
    store.set_known(from, false);
    store.forget_indexes();
    match done {
        Ok(_) => Ok(()),
        Err(e) => {
            let e = errors::from_driver(&e);
            Err(match e.kind {
                StoreErrorKind::NotFound => StoreError { message: format!("There is no collection '{from}'."), ..e },
                _ => e,
            })
        }
    }
}
