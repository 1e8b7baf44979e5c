//! Transactions that a killed program left open. The server keeps them for a minute, and lets nobody write their records until
//! then. Connections carry the name of their process, so that a Steward that sees it dead can end its sessions.

use std::pin::pin;
use std::time::Duration;

use bson::{Document, doc};
use futures::TryStreamExt as _;
use steward_store::alive;

use crate::MongoStore;

/// A write that takes longer may be waiting for a transaction of the dead.
const DOUBTFUL: Duration = Duration::from_secs(2);

/// How this process is called by the server: at most 128 bytes.
pub fn app_name() -> String {
    format!("Steward {}", alive::mark()).trim().chars().take(128).collect()
}

/// Ends the open transactions of this user's Steward processes that have died. What cannot be asked or ended is left to the
/// server.
pub async fn end_those_of_the_dead(store: &MongoStore) {
    match dead(store).await {
        Ok(sessions) if sessions.is_empty() => {}
        Ok(sessions) => {
            let ended = store.db().run_command(doc! { "killSessions": sessions }).await;
            if let Err(e) = ended {
                tracing::warn!(error = %e, "transactions of a program that died are still open");
            }
        }
        Err(e) => tracing::debug!(error = %e, "open transactions cannot be listed"),
    }
}

async fn dead(store: &MongoStore) -> Result<Vec<Document>, mongodb::error::Error> {
    let of_steward = doc! { "$match": { "appName": { "$regex": "^Steward " }, "transaction": { "$exists": true } } };
    let command = doc! {
        "aggregate": 1, "cursor": {},
        "pipeline": [{ "$currentOp": { "idleSessions": true } }, of_steward, { "$project": { "appName": 1, "lsid": 1 } }],
    };
    let cursor = store.db().client().database("admin").run_cursor_command(command).await?;
    let found: Vec<Document> = cursor.try_collect().await?;
    let gone = found.iter().filter(|op| {
        let mark = op.get_str("appName").ok().and_then(|name| name.strip_prefix("Steward "));
        mark.is_some_and(alive::has_ended)
    });
    Ok(gone.filter_map(|op| Some(doc! { "id": op.get_document("lsid").ok()?.get("id")?.clone() })).collect())
}

/// Waits for a write; where it takes long, makes sure that it does not wait for the dead.
pub async fn watched<T>(store: &MongoStore, write: impl Future<Output = T>) -> T {
    let mut write = pin!(write);
    match tokio::time::timeout(DOUBTFUL, &mut write).await {
        Ok(done) => done,
        Err(_) => {
            let (done, ()) = futures::join!(write, end_those_of_the_dead(store));
            done
        }
    }
}
