//! Workspace files that someone else prepared: nothing in them is run, and what Steward did not make is refused by name.

// Helpers of tests.

use std::path::{Path, PathBuf};

use bson::doc;
use rusqlite::Connection;
use steward_domain::Filter;
use steward_store::{Durability, Store, StoreErrorKind, WriteBatch, WriteOp};
use steward_store_sqlite::SqliteStore;

/// Makes a file look as an older program wrote it: no checksums, and an older version.
const OLDER: &str = "DROP TABLE session; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ', sum INTEGER', '');
    PRAGMA writable_schema = OFF; PRAGMA user_version = 3;";

async fn workspace(folder: &Path) -> PathBuf {
    let path = folder.join("sent.steward");
    let store = SqliteStore::open(&path).await.unwrap();
    let put = WriteOp::put("things", &doc! {"_id": 1, "text": "words"}).unwrap();
    store.write(WriteBatch::data(vec![put]), Durability::Full).await.unwrap();
    drop(store);
    path
}

fn prepare(path: &Path, sql: &str) {
    let raw = Connection::open(path).unwrap();
    raw.execute_batch(sql).unwrap();
}

/// Names in a folder, with the bytes of each file.
fn everything(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap())
        .map(|e| (e.file_name().to_string_lossy().into_owned(), std::fs::read(e.path()).unwrap()))
        .filter(|(name, _)| !name.ends_with("-shm") && !name.ends_with("-wal"))
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn a_trigger_whose_name_is_a_statement_does_not_run_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = workspace(folder.path()).await;
    let victim = folder.path().join("victim.db");
    prepare(&victim, "CREATE TABLE salaries (n); INSERT INTO salaries VALUES (4711);");
    let planted = folder.path().join("planted");
    let name = format!(
        "x\"; COMMIT; ATTACH '{}' AS v; DELETE FROM v.salaries; ATTACH '{}' AS p; CREATE TABLE p.loot (a); BEGIN; DROP TRIGGER IF EXISTS \"y",
        victim.display(),
        planted.display()
    );
    let quoted = name.replace('"', "\"\"");
    prepare(&path, &format!("CREATE TRIGGER \"{quoted}\" AFTER INSERT ON c1 BEGIN SELECT 1; END; {OLDER}"));
    let before = everything(folder.path());

    let refused = SqliteStore::open(&path).await.unwrap_err();
    assert_eq!(refused.kind, StoreErrorKind::Invalid, "{refused}");
    assert!(refused.message.contains("a trigger that Steward did not make: x"), "{refused}");
    assert_eq!(everything(folder.path()), before, "nothing is written, here or next to");
    assert!(!planted.exists());
}

#[tokio::test]
async fn whatever_steward_did_not_make_is_refused_by_name() {
    for (what, sql) in [
        ("trigger", "CREATE TRIGGER evil AFTER INSERT ON c1 BEGIN DELETE FROM feed; END"),
        ("view", "CREATE VIEW evil AS SELECT 1"),
        ("table", "CREATE TABLE evil (a)"),
        ("index", "CREATE INDEX evil ON feed (op) WHERE abs(op) > 0"),
        ("table", "CREATE VIRTUAL TABLE evil USING fts5(a)"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = workspace(folder.path()).await;
        prepare(&path, sql);
        for opened in [SqliteStore::open(&path).await, SqliteStore::open_source(&path).await] {
            let refused = opened.unwrap_err();
            assert!(refused.message.contains(&format!("a {what} that Steward did not make: evil")), "{refused}");
        }
        assert!(steward_store_sqlite::examine(&path).is_err());
    }
}

#[tokio::test]
async fn a_table_of_steward_s_name_with_another_body_is_refused() {
    for (table, sql) in [
        ("feed", "CREATE TABLE feed (seq INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT, op INTEGER, id BLOB DEFAULT (randomblob(9)))"),
        ("dropped", "CREATE VIEW dropped AS SELECT 1 AS tab, 2 AS seq"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = workspace(folder.path()).await;
        prepare(&path, &format!("DROP TABLE {table}; {sql};"));
        let refused = SqliteStore::open(&path).await.unwrap_err();
        assert!(refused.message.contains("did not make"), "{refused}");
    }
}

#[tokio::test]
async fn a_source_is_read_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = workspace(folder.path()).await;
    let before = everything(folder.path());
    let store = SqliteStore::open_source(&path).await.unwrap();
    assert_eq!(store.count("things", &Filter::all()).await.unwrap(), 1);
    let put = WriteOp::put("things", &doc! {"_id": 2}).unwrap();
    let refused = store.write(WriteBatch::data(vec![put]), Durability::Full).await.unwrap_err();
    assert_eq!(refused.kind, StoreErrorKind::Forbidden);
    drop(store);
    assert_eq!(everything(folder.path()), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing next to it either");
}

#[tokio::test]
async fn a_journal_of_somebody_else_s_deletes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = workspace(folder.path()).await;
    let note = folder.path().join("note");
    std::fs::write(&note, "keep me").unwrap();
    let name = note.display().to_string();
    let sum: u32 = name.bytes().map(u32::from).sum();
    let magic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let mut journal = magic.to_vec();
    journal.resize(512, 0);
    journal.extend_from_slice(&[0, 0, 0, 1]);
    journal.extend_from_slice(name.as_bytes());
    journal.extend_from_slice(&u32::try_from(name.len()).unwrap().to_be_bytes());
    journal.extend_from_slice(&sum.to_be_bytes());
    journal.extend_from_slice(&magic);
    std::fs::write(folder.path().join("sent.steward-journal"), journal).unwrap();
    let refused = SqliteStore::open(&path).await.unwrap_err();
    assert!(refused.message.contains("names another file"), "{refused}");
    assert_eq!(std::fs::read_to_string(&note).unwrap(), "keep me");
}

#[tokio::test]
async fn a_file_that_another_program_has_open_is_not_brought_forward_under_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = workspace(folder.path()).await;
    prepare(&path, OLDER);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM c1;").unwrap();
    let refused = SqliteStore::open(&path).await.unwrap_err();
    assert_eq!(refused.kind, StoreErrorKind::Busy, "{refused}");
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    SqliteStore::open(&path).await.unwrap();
    assert!(!folder.path().join("sent.steward-upgrade").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_workspace_is_its_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.steward");
    let store = SqliteStore::open(&path).await.unwrap();
    store.create_collection("things").await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", entry.path().display());
    }
}
