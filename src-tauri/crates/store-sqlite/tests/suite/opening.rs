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
