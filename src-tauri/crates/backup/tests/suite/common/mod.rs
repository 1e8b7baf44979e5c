//! A workspace to back up, on a file and on real servers.

#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bson::{Document, doc};
use steward_backup::create::{BackupRequest, BackupResult, create};
use steward_backup::encryption::{Compression, DecryptionKey, EncryptionKey};
use steward_backup::manifest::Manifest;
use steward_backup::read::Backup;
use steward_backup::target::Folder;
use steward_domain::Filter;
use steward_store::{Durability, Query, Store, WriteBatch, WriteOp};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::{Silent, SystemClock, Workspace};

pub async fn workspace(store: Arc<dyn Store>) -> Workspace {
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    Workspace::open_and_recover(store, registry, Arc::new(SystemClock), "ann".into()).await.unwrap()
}

pub async fn on_file(folder: &Path) -> Workspace {
    workspace(Arc::new(SqliteStore::open(&folder.join("careers.steward")).await.unwrap())).await
}

pub async fn on(server: &Mongod) -> Workspace {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("backup_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let store = MongoStore::connect(&server.uri(&name), MongoOptions { min_pool: 0, ..MongoOptions::default() }).await.unwrap();
    workspace(Arc::new(store)).await
}

pub fn career(n: usize) -> Document {
    doc! {
        "_id": bson::oid::ObjectId::from_bytes([u8::try_from(n % 251).unwrap(); 12]), "career_id": format!("c-{n}"),
        "title": format!("Maker of {n}"), "average_salary": 50_000 + i32::try_from(n).unwrap(),
        "description": "Makes things that other people need, and looks after them.",
    }
}

/// A collection with a schema, and one without.
pub async fn fill(workspace: &Workspace, records: usize) {
    let pack = workspace.registry.get("careers@1.0.0").unwrap();
    workspace.assign("careers", Some(pack), None).await.unwrap();
    put(workspace, "careers", (0..records).map(career)).await;
    put(workspace, "notes", (0..3).map(|n| doc! { "_id": n, "text": format!("note {n}") })).await;
}

pub async fn put(workspace: &Workspace, collection: &str, documents: impl Iterator<Item = Document>) {
    workspace.store.create_collection(collection).await.unwrap();
    let ops = documents.map(|d| WriteOp::put(collection, &d).unwrap()).collect();
    workspace.store.write(WriteBatch::data(ops), Durability::Full).await.unwrap();
}

pub async fn all(workspace: &Workspace, collection: &str) -> Vec<Document> {
    let page = workspace.store.find(collection, &Query::new(Filter::all(), 1000)).await.unwrap();
    let mut found: Vec<Document> = page.records.iter().map(|r| steward_store::upsert::decode(r).unwrap()).collect();
    found.sort_by_key(|d| d.get("_id").map(|id| format!("{id:?}")));
    found
}

pub fn request_to(folder: &Path) -> BackupRequest {
    BackupRequest {
        targets: vec![Arc::new(Folder::new(folder.to_owned()))],
        compression: Compression::Zstd,
        lock: EncryptionKey::None,
        collections: Vec::new(),
        own: true,
        reason: "on request".into(),
        gap: None,
    }
}

pub async fn backup(workspace: &Workspace, folder: &Path) -> BackupResult {
    create(workspace, &request_to(folder), &Silent).await.unwrap()
}

pub async fn opened(folder: &Path, manifest: &Manifest) -> Backup {
    Backup::of_target(&Folder::new(folder.to_owned()), manifest.clone(), DecryptionKey::default(), &Silent).await.unwrap()
}

/// CRC-64 of ECMA-182, reflected, bit by bit.
pub fn crc(bytes: &[u8]) -> i64 {
    let mut crc = u64::MAX;
    for byte in bytes {
        crc ^= u64::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xC96C_5795_D787_0F42 } else { crc >> 1 };
        }
    }
    (!crc).cast_signed()
}

/// A dump of one collection, as another tool makes it.
pub fn dump(at: &Path, collections: &[(&str, &str, &[Document])]) -> PathBuf {
    let folder = at.join("shop");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, metadata, documents) in collections {
        let bytes: Vec<u8> = documents.iter().flat_map(|d| d.to_vec().unwrap()).collect();
        std::fs::write(folder.join(format!("{name}.bson")), bytes).unwrap();
        std::fs::write(folder.join(format!("{name}.metadata.json")), metadata).unwrap();
    }
    folder
}

pub async fn index_names(workspace: &Workspace, collection: &str) -> Vec<String> {
    let found = workspace.store.definition(collection).await.unwrap();
    let mut names: Vec<String> = found.indexes.iter().map(|i| i.get_str("name").unwrap().to_owned()).filter(|n| n != "_id_").collect();
    names.sort();
    names
}
