//! A workspace file that is moved, deleted or replaced: what is not in the file under the name is not acknowledged, and a log that
//! belongs to another file ruins nothing.

// Test code: a broken expectation is meant to panic, with the place.

use std::path::{Path, PathBuf};

use bson::doc;
use steward_domain::Filter;
use steward_store::{Durability, Store, StoreErrorKind, StoreResult, WriteBatch, WriteOp};
use steward_store_sqlite::SqliteStore;

async fn put(store: &SqliteStore, id: i32) -> StoreResult<()> {
    let op = WriteOp::put("things", &doc! { "_id": id, "text": "x".repeat(2000) }).unwrap();
    store.write(WriteBatch::data(vec![op]), Durability::Full).await.map(|_| ())
}

async fn held(path: &Path) -> u64 {
    let store = SqliteStore::open(path).await.unwrap();
    assert!(store.damages().await.unwrap().is_empty());
    store.count("things", &Filter::all()).await.unwrap()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

#[tokio::test]
async fn nothing_is_written_to_a_file_that_went_away() {
    for how in ["moved", "deleted", "replaced by another", "written over"] {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("w.steward"), folder.path().join("other.steward"));
        let good = SqliteStore::open(&other).await.unwrap();
        for id in 0..50 {
            put(&good, id).await.unwrap();
        }
        drop(good);
        let store = SqliteStore::open(&path).await.unwrap();
        put(&store, 1).await.unwrap();
        match how {
            "moved" => std::fs::rename(&path, folder.path().join("elsewhere.steward")).unwrap(),
            "deleted" => std::fs::remove_file(&path).unwrap(),
            "replaced by another" => std::fs::rename(&other, &path).unwrap(),
            _ => std::fs::write(&path, std::fs::read(&other).unwrap()).unwrap(),
        }
        let e = put(&store, 2).await.unwrap_err();
        assert_eq!(e.kind, StoreErrorKind::Unreachable, "{how}");
        assert!(e.message.contains("moved, deleted or replaced while it was open"), "{how}: {}", e.message);
        assert!(store.count("things", &Filter::all()).await.is_err(), "{how}: nor is it read");
    }
}

/// As it is found after a program died: the log of one file next to another.
#[tokio::test]
async fn a_log_beside_another_file_is_archived() {
    let folder = tempfile::tempdir().unwrap();
    let (path, good, died) = (folder.path().join("w.steward"), folder.path().join("good.steward"), folder.path().join("died"));
    let store = SqliteStore::open(&good).await.unwrap();
    for id in 0..80 {
        put(&store, id).await.unwrap();
    }
    drop(store);
    assert_eq!(held(&good).await, 80);
    let store = SqliteStore::open(&path).await.unwrap();
    for id in 0..30 {
        put(&store, id).await.unwrap();
    }
    // What a kill leaves: the file, its log and the mark.
    std::fs::create_dir(&died).unwrap();
    let left = died.join("w.steward");
    for suffix in ["", "-wal", "-shm", "-open"] {
        std::fs::copy(beside(&path, suffix), beside(&left, suffix)).unwrap();
    }
    drop(store);
    // Untouched, everything is there.
    let again = folder.path().join("again");
    std::fs::create_dir(&again).unwrap();
    for suffix in ["", "-wal", "-shm", "-open"] {
        std::fs::copy(beside(&left, suffix), beside(&again.join("w.steward"), suffix)).unwrap();
    }
    assert_eq!(held(&again.join("w.steward")).await, 30);
    // Someone copies a good file over it.
    std::fs::copy(&good, &left).unwrap();
    let store = SqliteStore::open(&left).await.unwrap();
    assert_eq!(store.count("things", &Filter::all()).await.unwrap(), 80);
    assert!(store.damages().await.unwrap().is_empty());
    let notices = store.info().await.unwrap().notices;
    assert!(notices.iter().any(|n| n.contains("Another file was put in the place")), "{notices:?}");
    let kept = std::fs::read_dir(&died).unwrap().any(|f| f.unwrap().file_name().to_str().unwrap().contains("-wal.of-another-file."));
    assert!(kept, "nothing of the other file's log is lost");
}
