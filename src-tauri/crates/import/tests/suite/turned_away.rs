//! Rows that the store turns away: they are in quarantine, and cost no other row.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;

use steward_domain::ImportMode;
use steward_import::import::{ImportSpec, SourceFile};
use steward_import::quarantine::{self, Narrow};
use steward_import::runs;
use steward_store::{IndexSpec, Store};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::{Silent, SystemClock, Workspace};

/// The bug: one row that a second unique index refused made its whole batch count as quarantined, without an entry.
async fn a_unique_index_beside_the_key_turns_away_one_row_only(store: Arc<dyn Store>) {
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    let workspace = Workspace::open_and_recover(store, registry, Arc::new(SystemClock), "ann".into()).await.unwrap();
    workspace.assign("people", None, Some("k")).await.unwrap();
    workspace.store.ensure_index("people", &IndexSpec::unique("mail")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let import = async |name: &str, rows: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, rows).unwrap();
        let spec = ImportSpec {
            files: vec![SourceFile::file(name, path, steward_domain::SourceChoice::default())],
            collection: "people".into(),
            key_field: "k".into(),
            schema: String::new(),
            mode: ImportMode::Upsert,
            mapping: None,
            duplicates: steward_domain::Duplicates::default(),
            schema_reason: String::new(),
            staging: None,
            promotes: None,
        };
        runs::load(&workspace, &spec, &Silent).await.unwrap().0
    };
    let first = import("a.ndjson", "{\"k\":1,\"mail\":\"a\"}\n{\"k\":2,\"mail\":\"a\"}\n{\"k\":3,\"mail\":\"c\"}\n").await;
    let c = first.counts;
    assert_eq!((c.read, c.inserted, c.updated, c.quarantined), (3, 2, 0, 1));
    let second = import("b.ndjson", "{\"k\":3,\"mail\":\"a\"}\n{\"k\":1,\"mail\":\"z\",\"new\":true}\n{\"k\":4,\"mail\":\"d\"}\n").await;
    let c = second.counts;
    assert_eq!((c.read, c.inserted, c.updated, c.quarantined), (3, 1, c.updated, 3 - 1 - c.updated));
    assert!(c.updated >= 1, "{c:?}");
    let (entries, _, _) = quarantine::list(&workspace, &Narrow::default(), None, 10).await.unwrap();
    assert_eq!(i64::try_from(entries.len()).unwrap(), first.counts.quarantined + second.counts.quarantined);
    assert_eq!((entries[0].row_number, entries[0].errors[0].rule.as_str()), (2, "conflict"));
    assert_eq!(workspace.store.count("people", &steward_domain::Filter::all()).await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_index_beside_the_key_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("w.steward")).await.unwrap();
    a_unique_index_beside_the_key_turns_away_one_row_only(Arc::new(store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_index_beside_the_key_in_mongodb() {
    let uri = Mongod::replica_set().uri(&format!("steward_turned_{}", std::process::id()));
    let store = MongoStore::connect(&uri, MongoOptions { min_pool: 0, ..MongoOptions::default() }).await.unwrap();
    a_unique_index_beside_the_key_turns_away_one_row_only(Arc::new(store)).await;
}
