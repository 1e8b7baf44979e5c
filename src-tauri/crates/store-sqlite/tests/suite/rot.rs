//! Disks rot: a byte of a workspace file changes, or its end is missing. Whatever can be read then is what was written, or the
//! check tells that it is not; a damaged record is never edited.

// Test code: a broken expectation is meant to panic, with the place.

use std::path::Path;

use bson::{Document, doc};
use steward_domain::Filter;
use steward_store::{Durability, IndexSpec, Query, Store, StoreErrorKind, WriteBatch, WriteOp};
use steward_store_sqlite::SqliteStore;

async fn filled(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    store.create_collection("careers").await.unwrap();
    store.ensure_index("careers", &IndexSpec::unique("k")).await.unwrap();
    store.ensure_index("careers", &IndexSpec::on("n")).await.unwrap();
    let record = |n: i32| doc! { "_id": n, "k": format!("c-{n}"), "n": n % 7, "text": "Looks after things. ".repeat(20) };
    let ops = (0..400).map(|n| WriteOp::insert("careers", &record(n)).unwrap()).collect();
    store.write(WriteBatch::data(ops), Durability::Full).await.unwrap();
}

/// Everything, by the order of keys; an error where it cannot be read.
async fn content(store: &SqliteStore) -> Result<Vec<Document>, String> {
    let mut out = Vec::new();
    let mut after = None;
    loop {
        let query = Query::new(Filter::all(), 1000).sorted("_id", false).after(after);
        let page = store.find("careers", &query).await.map_err(|e| e.to_string())?;
        for raw in page.records {
            out.push(Document::try_from(raw.as_ref()).map_err(|e| e.to_string())?);
        }
        after = page.next;
        if after.is_none() {
            return Ok(out);
        }
    }
}

/// What was read is what was written, or the damage is reported.
async fn reads_the_rest(path: &Path, good: &[Document], what: &str) {
    let Ok(store) = SqliteStore::open(path).await else { return };
    let damages = store.damages().await;
    let quiet = damages.as_ref().is_ok_and(Vec::is_empty);
    match content(&store).await {
        Ok(read) => assert!(!quiet || read == good, "{what}: other records, and nothing is reported"),
        Err(e) => assert!(!quiet, "{what}: {e}, and nothing is reported"),
    }
}

#[tokio::test]
async fn no_flipped_byte_goes_unnoticed() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole.steward"), folder.path().join("broken.steward"));
    filled(&whole).await;
    let good = content(&SqliteStore::open(&whole).await.unwrap()).await.unwrap();
    assert_eq!(good.len(), 400);
    assert!(SqliteStore::open(&whole).await.unwrap().damages().await.unwrap().is_empty());
    let bytes = std::fs::read(&whole).unwrap();
    let rounds = if std::env::var("STEWARD_TEST_KILLS").is_ok() { 1500 } else { 150 };
    let mut seed: u64 = 7;
    for round in 0..rounds {
        // xorshift64: the same places in every run.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let at = usize::try_from(seed % bytes.len() as u64).unwrap();
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (seed >> 32 & 7);
        std::fs::write(&broken, &flipped).unwrap();
        reads_the_rest(&broken, &good, &format!("round {round}, byte {at}")).await;
    }
}

#[tokio::test]
async fn no_cut_goes_unnoticed() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole.steward"), folder.path().join("broken.steward"));
    filled(&whole).await;
    let good = content(&SqliteStore::open(&whole).await.unwrap()).await.unwrap();
    let bytes = std::fs::read(&whole).unwrap();
    for part in 0..20 {
        let length = bytes.len() * part / 20;
        std::fs::write(&broken, &bytes[..length]).unwrap();
        reads_the_rest(&broken, &good, &format!("cut at {length}")).await;
    }
    let e = SqliteStore::open(&{
        std::fs::write(&broken, []).unwrap();
        broken
    })
    .await
    .unwrap_err();
    assert_eq!(e.kind, StoreErrorKind::Damaged);
    assert!(e.message.contains("is empty") && e.message.contains("restore it from a backup"), "{}", e.message);
}

#[tokio::test]
async fn a_damaged_record_is_not_edited_and_not_backed_up() {
    use futures::TryStreamExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.steward");
    filled(&path).await;
    let mut bytes = std::fs::read(&path).unwrap();
    // In its row, not in an index: the name and what follows it.
    let row = b"\x02k\0\x06\0\0\0c-133\0";
    let at = bytes.windows(row.len()).position(|w| w == row).unwrap();
    // The text of the record, which no index holds.
    let text = at + bytes[at..].windows(5).position(|w| w == b"Looks").unwrap();
    bytes[text] = b'B';
    std::fs::write(&path, &bytes).unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    let damages = store.damages().await.unwrap();
    assert!(damages.iter().any(|t| t.contains("1 records of careers are not as they were written")), "{damages:?}");
    let op = WriteOp::Patch {
        collection: "careers".into(),
        id: 133.into(),
        expect: Vec::new(),
        set: vec![("n".into(), 1.into())],
        unset: Vec::new(),
    };
    let e = store.write(WriteBatch::data(vec![op]), Durability::Full).await.unwrap_err();
    assert_eq!(e.kind, StoreErrorKind::Damaged);
    let scanned: Result<Vec<_>, _> = store.scan("careers", &Filter::all(), None).await.unwrap().try_collect().await;
    assert_eq!(scanned.unwrap_err().kind, StoreErrorKind::Damaged);
}
