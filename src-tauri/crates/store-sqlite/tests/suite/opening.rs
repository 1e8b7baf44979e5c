//! Opening a workspace file next to another program.

use std::time::{Duration, Instant};

use bson::doc;
use steward_domain::Filter;
use steward_store::{Durability, IndexSpec, Query, Store, WriteBatch, WriteOp};
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

/// Up to version 3 triggers wrote the change log and the text index.
const TRIGGERS: &str = "
    CREATE TRIGGER c1_feed_i AFTER INSERT ON c1 BEGIN INSERT INTO feed (collection, op, id) VALUES ('things', 0, new.doc); END;
    CREATE TRIGGER c1_feed_d AFTER DELETE ON c1 BEGIN INSERT INTO feed (collection, op, id) VALUES ('things', 2, old.doc); END;
    CREATE TRIGGER c1_fts_i AFTER INSERT ON c1 BEGIN INSERT INTO c1_fts (rowid, body) VALUES (new.id, 'by a trigger'); END;
    DROP TABLE session; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ', sum INTEGER', ''); PRAGMA writable_schema = OFF;
    PRAGMA user_version = 3;";

#[tokio::test]
async fn a_file_with_triggers_is_brought_forward() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.steward");
    let put = |id: i32, text: &str| WriteOp::put("things", &doc! {"_id": id, "text": text}).unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    store.ensure_index("things", &IndexSpec::text(&["text"])).await.unwrap();
    store.write(WriteBatch::data(vec![put(1, "first words")]), Durability::Full).await.unwrap();
    drop(store);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(TRIGGERS).unwrap();
    drop(raw);

    let store = SqliteStore::open(&path).await.unwrap();
    store.write(WriteBatch::data(vec![put(2, "second words"), put(1, "other words")]), Durability::Full).await.unwrap();
    store.write(WriteBatch::data(vec![put(3, "third words")]), Durability::Full).await.unwrap();
    let delete = WriteOp::DeleteMany { collection: "things".into(), filter: Filter::Text { text: "third".into() } };
    store.write(WriteBatch::data(vec![delete]), Durability::Full).await.unwrap();
    let found = async |text: &str| store.count("things", &Filter::Text { text: text.into() }).await.unwrap();
    assert_eq!([found("first").await, found("other").await, found("words").await, found("trigger").await], [0, 1, 2, 0]);
    drop(store);
    let raw = rusqlite::Connection::open(&path).unwrap();
    let mut statement = raw.prepare("SELECT op FROM feed WHERE op < 3 ORDER BY seq").unwrap();
    let ops: Vec<i64> = statement.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(ops, [0, 0, 1, 0, 2], "each change once");
    let triggers: i64 = raw.query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'", [], |r| r.get(0)).unwrap();
    let version: i64 = raw.query_row("PRAGMA user_version", [], |r| r.get(0)).unwrap();
    assert_eq!((triggers, version), (0, 6));
}

/// Up to version 5 indexes held decimal numbers as doubles: those of more than 17 digits were one.
#[tokio::test]
async fn the_indexes_of_an_older_file_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.steward");
    let near = ["0.1000000000000000000000000000000001", "0.1000000000000000000000000000000002"];
    let number = |text: &str| bson::Bson::Decimal128(text.parse().unwrap());
    let store = SqliteStore::open(&path).await.unwrap();
    store.ensure_index("things", &IndexSpec::on("n")).await.unwrap();
    let puts = near.iter().map(|n| WriteOp::put("things", &doc! {"_id": *n, "n": number(n)}).unwrap()).collect();
    store.write(WriteBatch::data(puts), Durability::Full).await.unwrap();
    drop(store);
    let raw = rusqlite::Connection::open(&path).unwrap();
    let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8 | rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC;
    raw.create_scalar_function("steward_ord", 2, flags, |_| Ok(vec![0_u8])).unwrap();
    raw.execute_batch("REINDEX c1_x_n; PRAGMA user_version = 5;").unwrap();
    drop(raw);

    let store = SqliteStore::open(&path).await.unwrap();
    for n in near {
        let filter = Filter::eq("n", number(n));
        let found = store.find("things", &Query::new(filter, 10)).await.unwrap();
        let ids: Vec<&str> = found.records.iter().map(|r| r.get_str("_id").unwrap()).collect();
        assert_eq!(ids, [n]);
    }
}

/// Whoever comes first makes the file; everybody has one whole workspace in the end.
#[tokio::test(flavor = "multi_thread")]
async fn many_make_the_same_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..10 {
        let path = folder.path().join(format!("{round}.steward"));
        let opening: Vec<_> = (0..8)
            .map(|n| {
                let path = path.clone();
                tokio::spawn(async move {
                    let store = SqliteStore::open(&path).await.unwrap();
                    store.write(WriteBatch::data(vec![WriteOp::put("things", &doc! {"_id": n}).unwrap()]), Durability::Full).await.unwrap();
                })
            })
            .collect();
        for one in opening {
            one.await.unwrap();
        }
        let store = SqliteStore::open(&path).await.unwrap();
        assert_eq!(store.count("things", &Filter::all()).await.unwrap(), 8);
        let notices = store.info().await.unwrap().notices;
        assert!(notices.is_empty(), "{notices:?}");
    }
    let mut left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left.len(), 10, "nothing but the files: {left:?}");
}

/// What a program that was killed while it made the file has left.
#[tokio::test]
async fn half_a_new_file_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.steward");
    for left_over in ["w.steward-new", "w.steward-new-wal"] {
        std::fs::write(folder.path().join(left_over), "half of it").unwrap();
    }
    let store = SqliteStore::open(&path).await.unwrap();
    assert!(store.collections().await.unwrap().is_empty());
    drop(store);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["w.steward"]);
}

/// A log whose file is gone is not read into the file that takes the name.
#[tokio::test]
async fn a_log_without_its_file_is_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = (folder.path().join("w.steward"), folder.path().join("kept"));
    let store = SqliteStore::open(&path).await.unwrap();
    store.write(WriteBatch::data(vec![WriteOp::put("things", &doc! {"_id": 1}).unwrap()]), Durability::Full).await.unwrap();
    std::fs::copy(folder.path().join("w.steward-wal"), &kept).unwrap();
    drop(store);
    std::fs::remove_file(&path).unwrap();
    std::fs::rename(&kept, folder.path().join("w.steward-wal")).unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    assert!(store.collections().await.unwrap().is_empty());
    let notices = store.info().await.unwrap().notices;
    assert!(notices[0].starts_with("The file of an earlier workspace is gone. Its last changes are in "), "{notices:?}");
}
