//! Collections as a whole: list, create, drop, rename.

use bson::doc;
use futures::TryStreamExt as _;
use steward_store::{StoreError, StoreErrorKind, StoreResult, names};

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
