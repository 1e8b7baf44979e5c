//! An import that stopped and goes on tells the same as one that ran through.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use steward_domain::{ImportMode, RunRecord, RunState, SourceChoice};
use steward_import::import::{ImportSpec, SourceFile};
use steward_import::runs;
use steward_store_sqlite::SqliteStore;
use steward_workspace::{Progress, Silent, SystemClock, Workspace};

/// Stops after some batches.
struct Stopping(AtomicU32);

impl Progress for Stopping {
    fn phase(&self, _: &str) {}

    fn total(&self, _: u64) {}

    fn done(&self, _: u64) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

async fn workspace(folder: &std::path::Path, name: &str) -> Workspace {
    let store = SqliteStore::open(&folder.join(name)).await.unwrap();
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    Workspace::open_and_recover(Arc::new(store), registry, Arc::new(SystemClock), "ann".into()).await.unwrap()
}

/// Two files; each has unknown fields, a row that cannot be loaded, and no end.
fn files(folder: &std::path::Path) -> Vec<SourceFile> {
    let row = |n: usize| {
        serde_json::json!({
            "career_id": format!("c-{n}"), "title": format!("Maker of {n}"), "average_salary": 50_000 + n, "colour": n,
            "description": "Makes things that other people need, and looks after them.",
        })
    };
    let file = |name: &str, from: usize| {
        let mut rows: Vec<String> = (from..from + 2500).map(|n| row(n).to_string()).collect();
        rows.insert(7, "{\"career_id\": 7}".into());
        let path = folder.join(name);
        std::fs::write(&path, format!("[\n{}", rows.join(",\n"))).unwrap();
        SourceFile::file(name, path, SourceChoice::default())
    };
    vec![file("a.json", 0), file("b.json", 2400)]
}

fn outcome_of(run: &RunRecord) -> (String, Vec<String>, String, Vec<i64>) {
    let rows = run.files.iter().map(|f| f.rows_done).collect();
    (format!("{:?}", run.counts), run.notes.clone(), format!("{:?}", run.unknown_fields), rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_tells_what_one_in_a_piece_tells() {
    let folder = tempfile::tempdir().unwrap();
    let spec = ImportSpec {
        files: files(folder.path()),
        collection: "careers".into(),
        key_field: "career_id".into(),
        schema: "careers@1.0.0".into(),
        mode: ImportMode::Upsert,
        mapping: None,
        duplicates: steward_domain::Duplicates::default(),
        schema_reason: String::new(),
        staging: None,
        promotes: None,
    };
    let whole = workspace(folder.path(), "whole.steward").await;
    let (expected, _) = runs::load(&whole, &spec, &Silent).await.unwrap();
    assert_eq!((expected.counts.inserted, expected.counts.quarantined, expected.notes.len()), (4900, 102, 2));
    for batches in 1..6 {
        let parts = workspace(folder.path(), &format!("{batches}.steward")).await;
        let (run, _) = runs::load(&parts, &spec, &Stopping(AtomicU32::new(batches))).await.unwrap();
        assert_eq!(run.state, RunState::Cancelled);
        let (again, _) = runs::resume(&parts, &run.id, Vec::new(), &Stopping(AtomicU32::new(batches + 1))).await.unwrap();
        let last = if again.state == RunState::Done { again } else { runs::resume(&parts, &run.id, Vec::new(), &Silent).await.unwrap().0 };
        assert_eq!(outcome_of(&last), outcome_of(&expected), "stopped after {batches} batches");
    }
}
