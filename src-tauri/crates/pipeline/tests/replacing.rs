//! A replacement that was cut off between two of its steps goes on, or is taken back, from whatever stands there.

// Test code: a broken expectation is meant to panic, with the place.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use steward_domain::{Filter, ImportMode, RunRecord, RunState, SourceChoice};
use steward_pipeline::import::{ImportSpec, SourceFile, run_op};
use steward_pipeline::{Silent, SystemClock, Workspace, replace, runs};
use steward_store::{Durability, Query, Store, WriteBatch};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;

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
        staging: None,
        promotes: None,
    }
}

async fn keys(workspace: &Workspace) -> Vec<String> {
    let page = workspace.store.find(C, &Query::new(Filter::all(), 1000).sorted("career_id", false)).await.unwrap();
    page.records.iter().map(|r| r.get_str("career_id").unwrap().to_owned()).collect()
}

/// Puts the collections as they stand after `steps` of the three renames.
async fn cut_off(workspace: &Workspace, run: &RunRecord, steps: usize) {
    let (ready, kept) = (format!("steward.ready.{}", run.id), replace::replaced(&run.id));
    let renames = [(C, ready.as_str()), (kept.as_str(), C), (ready.as_str(), &replace::incoming(&run.id))];
    for (from, to) in renames.iter().take(3 - steps) {
        loop {
            // The server may still be busy with the text index.
            match workspace.store.rename_collection(from, to, false).await {
                Err(e) if e.kind == steward_store::StoreErrorKind::Busy => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                done => break done.unwrap(),
            }
        }
    }
    let interrupted = RunRecord { state: RunState::Interrupted, finished_at: None, ..run.clone() };
    workspace.store.write(WriteBatch::data(vec![run_op(&interrupted).unwrap()]), Durability::Full).await.unwrap();
}

async fn every_step(store: Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    let workspace = Workspace::open(store, registry, Arc::new(SystemClock), "ann".into()).await.unwrap();
    runs::load(&workspace, &spec(folder.path(), 0..4, ImportMode::Upsert), &Silent).await.unwrap();
    let before = keys(&workspace).await;
    let new = spec(folder.path(), 3..9, ImportMode::Replace);
    for steps in 0..3 {
        for goes_on in [true, false] {
            let (run, _) = runs::load(&workspace, &new, &Silent).await.unwrap();
            let after = keys(&workspace).await;
            assert_eq!(after.len(), 6);
            cut_off(&workspace, &run, steps).await;
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
    every_step(Arc::new(SqliteStore::open(&folder.path().join("w.steward")).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mongodb() {
    let server = Mongod::replica_set();
    let options = MongoOptions::default();
    every_step(Arc::new(MongoStore::connect(&server.uri("replacing"), options).await.unwrap())).await;
}
