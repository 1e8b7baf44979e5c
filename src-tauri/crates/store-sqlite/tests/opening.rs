//! Opening a workspace file beside another program.

use std::time::{Duration, Instant};

use steward_store::Store;
use steward_store_sqlite::SqliteStore;

#[tokio::test]
async fn a_workspace_is_read_while_another_program_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.steward");
    let first = SqliteStore::open(&path).await.unwrap();
    first.create_collection("things").await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    let second = SqliteStore::open(&path).await.unwrap();
    assert_eq!(second.collections().await.unwrap(), ["things"]);
    drop(second);
    assert!(begun.elapsed() < Duration::from_secs(5), "neither the start nor the end waits for the writer: {:?}", begun.elapsed());
    other.execute_batch("COMMIT").unwrap();
    first.create_collection("more").await.unwrap();
    assert_eq!(first.collections().await.unwrap(), ["more", "things"]);
}
