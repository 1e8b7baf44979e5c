//! Everything in the file at one point in time: a read transaction on a connection of its own. Writers go on next to it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream;
use rusqlite::Connection;
use steward_domain::Filter;
use steward_store::{Consistency, Position, RecordStream, Snapshot, SnapshotCollection, StoreResult};

use crate::errors::{joined, map};
use crate::{SCAN_BATCH, catalog, definition, file, missing, read, replay};

/// A read transaction that is held open.
pub struct FileSnapshot {
    connection: Arc<Mutex<Connection>>,
    collections: Vec<SnapshotCollection>,
    position: Position,
}

impl FileSnapshot {
    /// Blocking.
    pub fn take(path: &Path, purpose: file::Use) -> StoreResult<Self> {
        let connection = file::connect(path, purpose)?;
        connection.execute_batch("BEGIN").map_err(map)?;
        // The point in time is that of the first read.
        let position = replay::position(&connection)?;
        let names: Vec<String> = {
            let mut statement = connection.prepare("SELECT name FROM collections ORDER BY name").map_err(map)?;
            let rows = statement.query_map([], |r| r.get(0)).map_err(map)?;
            rows.collect::<Result<_, _>>().map_err(map)?
        };
        let mut collections = Vec::with_capacity(names.len());
        for name in names {
            let found = catalog::find(&connection, &name)?.ok_or_else(|| missing(&name))?;
            let records = read::count(&connection, &name, &Filter::all())?;
            collections.push(SnapshotCollection { definition: definition::read(&connection, &found)?, name, records, apart: None });
        }
        Ok(Self { connection: Arc::new(Mutex::new(connection)), collections, position })
    }
}

#[async_trait]
impl Snapshot for FileSnapshot {
    fn consistency(&self) -> Consistency {
        Consistency::PointInTime
    }

    fn position(&self) -> Option<Position> {
        Some(self.position.clone())
    }

    fn collections(&self) -> &[SnapshotCollection] {
        &self.collections
    }

    async fn scan(&self, collection: &str) -> StoreResult<RecordStream> {
        let start = (Arc::clone(&self.connection), collection.to_owned(), Some(i64::MIN));
        Ok(Box::pin(stream::try_unfold(start, |(connection, name, after)| async move {
            let Some(at) = after else {
                return Ok(None);
            };
            let (held, of) = (Arc::clone(&connection), name.clone());
            let batch = tokio::task::spawn_blocking(move || {
                let held = held.lock().unwrap_or_else(PoisonError::into_inner);
                read::scan_batch(&held, &of, &Filter::all(), None, at, SCAN_BATCH)
            });
            let (records, next) = batch.await.map_err(joined)??;
            Ok((!records.is_empty()).then_some((records, (connection, name, next))))
        })))
    }
}
