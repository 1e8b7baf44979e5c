//! A replacement that was interrupted between two of its steps goes on, or is undone, from whatever is there.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;

use steward_domain::{Filter, ImportMode, RunRecord, RunState, SourceChoice};
use steward_import::import::{ImportSpec, SourceFile, run_op};
use steward_import::runs;
use steward_store::layers::{Layered, Limits};
use steward_store::{Durability, Query, Store, WriteBatch};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::{Silent, SystemClock, Workspace, swap};

const C: &str = "careers";

fn spec(folder: &std::path::Path, rows: std::ops::Range<usize>, mode: ImportMode) -> ImportSpec {
    let row = |n: usize| {
        serde_json::json!({
            "career_id": format!("c-{n}"), "title": format!("Maker of {n}"), "average_salary": 50_000 + n,
            "description": "Makes things that other people need, and looks after them.",
        })
    };
    let name = format!("{}-{}.json", rows.start, rows.end);
    let path = folder.join(&name);
    std::fs::write(&path, serde_json::to_string(&rows.map(row).collect::<Vec<_>>()).unwrap()).unwrap();
    ImportSpec {
        files: vec![SourceFile::file(&name, path, SourceChoice::default())],
        collection: C.into(),
        key_field: "career_id".into(),
        schema: "careers@1.0.0".into(),
        mode,
        mapping: None,
        duplicates: steward_domain::Duplicates::default(),
        schema_reason: String::new(),
        staging: None,
        promotes: None,
    }
}

async fn keys(workspace: &Workspace) -> Vec<String> {
    let page = workspace.store.find(C, &Query::new(Filter::all(), 1000).sorted("career_id", false)).await.unwrap();
    page.records.iter().map(|r| r.get_str("career_id").unwrap().to_owned()).collect()
}

/// Puts everything as a process left it that was killed after `steps` of the two renames.
async fn cut_off(workspace: &Workspace, run: &RunRecord, steps: usize) {
    let (incoming, kept) = (swap::incoming(&run.id), swap::replaced(&run.id));
    let atomic = workspace.store.info().await.unwrap().kind == steward_store::StoreKind::File;
    let renames = [(C, incoming.as_str()), (kept.as_str(), C)];
    for (from, to) in renames.iter().take(2 - if atomic { 0 } else { steps }) {
        swap::rename(workspace, from, to, &Silent).await.unwrap();
    }
    let interrupted = RunRecord { state: RunState::Running, finished_at: None, ..run.clone() };
    workspace.store.write(WriteBatch::data(vec![run_op(&interrupted).unwrap()]), Durability::Full).await.unwrap();
    if !atomic {
        let ledger = bson::doc! {
            "_id": run.id.as_str(), "title": "Replacing", "lease": format!("run:{}", run.id), "done": i64::try_from(steps.saturating_sub(1)).unwrap(),
            "renames": [{ "from": C, "to": kept.as_str() }, { "from": incoming.as_str(), "to": C }],
        };
        workspace.put(steward_store::names::SWAPS, &ledger).await.unwrap();
    }
}

async fn every_step(store: Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    let workspace = Workspace::open_and_recover(store, registry, Arc::new(SystemClock), "ann".into()).await.unwrap();
    runs::load(&workspace, &spec(folder.path(), 0..4, ImportMode::Upsert), &Silent).await.unwrap();
    let before = keys(&workspace).await;
    let new = spec(folder.path(), 3..9, ImportMode::Replace);
    for steps in 0..3 {
        for goes_on in [true, false] {
            let (run, _) = runs::load(&workspace, &new, &Silent).await.unwrap();
            assert_eq!(run.counts.read, 6);
            let after = keys(&workspace).await;
            assert_eq!(after.len(), 6);
            cut_off(&workspace, &run, steps).await;
            if steps > 0 && swap::open_swaps(&workspace).await.unwrap().len() == 1 {
                assert_eq!(swap::abandoned_swaps(&workspace).await.unwrap().len(), 1);
                assert!(!keys(&workspace).await.is_empty(), "readers see what was there, or what comes");
                workspace.existing(C).await.unwrap();
            }
            if goes_on {
                let (again, _) = runs::resume(&workspace, &run.id, Vec::new(), &Silent).await.unwrap();
                assert_eq!((again.state, again.counts), (RunState::Done, run.counts), "after {steps} steps");
                assert_eq!(keys(&workspace).await, after, "after {steps} steps");
            }
            runs::undo(&workspace, &run.id, &Silent).await.unwrap();
            assert_eq!(keys(&workspace).await, before, "after {steps} steps, gone on: {goes_on}");
            assert_eq!(workspace.settings(C).await.unwrap().schema, "careers@1.0.0");
            let left = workspace.store.collections().await.unwrap();
            assert!(!left.iter().any(|name| name.contains(&run.id)), "{left:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("w.steward")).await.unwrap());
    every_step(Arc::new(Layered::new(store, Limits::default()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mongodb() {
    let server = Mongod::replica_set();
    let options = MongoOptions::default();
    let store = Arc::new(MongoStore::connect(&server.uri("replacing"), options).await.unwrap());
    every_step(Arc::new(Layered::new(store, Limits::default()))).await;
}
