//! The process dies at each write of an import, a replacement and their undo, before it and after it. What is left is looked at
//! through another handle: nothing is lost, nothing is there twice, and both ways, on and back, lead to the end.

// Test code: a broken expectation is meant to panic, with the place.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use steward_domain::{Filter, ImportMode, RunCounts, RunRecord, RunState, SourceChoice};
use steward_import::import::{ImportSpec, SourceFile};
use steward_import::runs;
use steward_store::{Query, Store, names};
use steward_store_testkit::mongod::Mongod;
use steward_store_testkit::mortal::{Death, Mortal};
use steward_workspace::{Silent, Workspace, swap};

use crate::places::{Kind, bury, workspace};

const C: &str = "things";

/// Two files of which the second repeats keys of the first; rows that cannot be loaded are among them.
fn spec(folder: &Path, mode: ImportMode, from: usize, rows: usize) -> ImportSpec {
    let file = |name: &str, from: usize| {
        let mut lines: Vec<String> = (from..from + rows).map(|n| format!("{{\"k\":{n},\"v\":\"{from}-{n}\"}}")).collect();
        lines.insert(rows / 2, format!("{{\"v\":\"no key {from}\"}}"));
        let path = folder.join(format!("{from}-{name}"));
        std::fs::write(&path, lines.join("\n")).unwrap();
        SourceFile::file(name, path, SourceChoice::default())
    };
    ImportSpec {
        files: vec![file("a.ndjson", from), file("b.ndjson", from + rows - 3)],
        collection: C.into(),
        key_field: "k".into(),
        schema: String::new(),
        mode,
        mapping: None,
        duplicates: steward_domain::Duplicates::default(),
        schema_reason: String::new(),
        staging: None,
        promotes: None,
    }
}

/// Every record by its key; a key that occurs twice is a fault of its own.
async fn records(store: &dyn Store) -> BTreeMap<i64, String> {
    let mut out = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.find(C, &Query::new(Filter::all(), 1000).sorted("k", false).after(after)).await.unwrap();
        for raw in &page.records {
            let key = raw.get_i32("k").map(i64::from).or_else(|_| raw.get_i64("k")).unwrap();
            assert!(out.insert(key, raw.get_str("v").unwrap().to_owned()).is_none(), "{key} is there twice");
        }
        after = page.next;
        if after.is_none() {
            return out;
        }
    }
}

async fn quarantined(store: &dyn Store, run: &str) -> u64 {
    let withdrawn = Filter::Not { not: Box::new(Filter::eq("status", "withdrawn")) };
    store.count(names::QUARANTINE, &Filter::eq("runId", run).and(withdrawn)).await.unwrap()
}

/// What an import comes to when nothing happens to it.
struct Undisturbed {
    before: BTreeMap<i64, String>,
    after: BTreeMap<i64, String>,
    counts: RunCounts,
}

/// One kind of import, on workspaces of its own.
struct Case<'a> {
    kind: &'a Kind,
    folder: &'a Path,
    mode: ImportMode,
    rows: usize,
}

impl Case<'_> {
    fn spec(&self) -> ImportSpec {
        spec(self.folder, self.mode, 2, self.rows)
    }

    /// A workspace that holds some records already; some of their keys come again.
    async fn prepared(&self, name: &str) -> Arc<dyn Store> {
        let store = self.kind.open(name).await;
        let first = ImportSpec { files: vec![spec(self.folder, ImportMode::Upsert, 0, 10).files.remove(0)], ..self.spec() };
        runs::load(&workspace(Arc::clone(&store)).await, &ImportSpec { mode: ImportMode::Upsert, ..first }, &Silent).await.unwrap();
        store
    }

    async fn undisturbed(&self, name: &str) -> Undisturbed {
        let store = self.prepared(name).await;
        let before = records(store.as_ref()).await;
        let (run, _) = runs::load(&workspace(Arc::clone(&store)).await, &self.spec(), &Silent).await.unwrap();
        Undisturbed { before, after: records(store.as_ref()).await, counts: run.counts }
    }

    /// The run that was begun last, whatever became of it.
    async fn run(&self, workspace: &Workspace) -> Option<RunRecord> {
        runs::list(workspace).await.unwrap().into_iter().find(|run| run.files.len() != 1)
    }

    /// Dies at this write of the import; false where the import was over before.
    async fn import(&self, expected: &Undisturbed, name: &str, number: i64, death: Death) -> bool {
        let store = self.prepared(name).await;
        let mortal = Mortal::new(Arc::clone(&store), number, death);
        let loaded = runs::load(&workspace(mortal.clone()).await, &self.spec(), &Silent).await;
        if !mortal.is_dead() {
            loaded.unwrap();
            return false;
        }
        bury(store.as_ref()).await;
        let at = format!("{:?}, {death:?} write {number}", self.mode);
        let alive = workspace(Arc::clone(&store)).await;
        let seen = records(store.as_ref()).await;
        if self.mode == ImportMode::Replace {
            assert!(seen == expected.before || seen == expected.after, "{at}: neither old nor new");
        }
        let Some(run) = self.run(&alive).await else {
            assert_eq!(seen, expected.before, "{at}: nothing was begun");
            return true;
        };
        let run = if run.state == RunState::Done {
            run
        } else {
            assert_eq!(run.state, RunState::Interrupted, "{at}");
            runs::resume(&alive, &run.id, self.spec().files, &Silent).await.unwrap_or_else(|e| panic!("{at}: {e:?}")).0
        };
        assert_eq!((run.state, run.counts), (RunState::Done, expected.counts), "{at}");
        assert_eq!(records(store.as_ref()).await, expected.after, "{at}");
        let kept_out = run.counts.quarantined + run.counts.set_aside;
        assert_eq!(quarantined(store.as_ref(), &run.id).await, u64::try_from(kept_out).unwrap(), "{at}");
        runs::undo(&alive, &run.id, &Silent).await.unwrap_or_else(|e| panic!("{at}, undo: {e:?}"));
        assert_eq!(records(store.as_ref()).await, expected.before, "{at}, undone");
        assert_eq!(quarantined(store.as_ref(), &run.id).await, 0, "{at}, undone");
        if run.mode != ImportMode::Replace {
            let undo = runs::get(&alive, &run.id).await.unwrap().undo_set.unwrap();
            runs::redo(&alive, &run.id, &undo, &Silent).await.unwrap_or_else(|e| panic!("{at}, redo: {e:?}"));
            assert_eq!(records(store.as_ref()).await, expected.after, "{at}, done again");
            assert_eq!(quarantined(store.as_ref(), &run.id).await, u64::try_from(kept_out).unwrap(), "{at}, done again");
            runs::undo(&alive, &run.id, &Silent).await.unwrap_or_else(|e| panic!("{at}, undo again: {e:?}"));
            assert_eq!(records(store.as_ref()).await, expected.before, "{at}, undone again");
        }
        tidy(&alive, &run.id, &at).await;
        true
    }

    /// Dies at this write of the undo.
    async fn undo(&self, expected: &Undisturbed, name: &str, number: i64, death: Death) -> bool {
        let store = self.prepared(name).await;
        let alive = workspace(Arc::clone(&store)).await;
        let (run, _) = runs::load(&alive, &self.spec(), &Silent).await.unwrap();
        let mortal = Mortal::new(Arc::clone(&store), number, death);
        let undone = runs::undo(&workspace(mortal.clone()).await, &run.id, &Silent).await;
        if !mortal.is_dead() {
            undone.unwrap();
            return false;
        }
        bury(store.as_ref()).await;
        let at = format!("undo of {:?}, {death:?} write {number}", self.mode);
        match runs::get(&alive, &run.id).await.unwrap().state {
            RunState::Done => assert_eq!(records(store.as_ref()).await, expected.after, "{at}: nothing was begun"),
            RunState::Undone => {}
            state => {
                assert_eq!(state, RunState::HalfUndone, "{at}");
                self.go_back(&alive, expected, &run.id, &at).await;
            }
        }
        if runs::get(&alive, &run.id).await.unwrap().state != RunState::Undone {
            runs::undo(&alive, &run.id, &Silent).await.unwrap_or_else(|e| panic!("{at}: {e:?}"));
        }
        assert_eq!(records(store.as_ref()).await, expected.before, "{at}");
        assert_eq!(quarantined(store.as_ref(), &run.id).await, 0, "{at}");
        assert_eq!(runs::get(&alive, &run.id).await.unwrap().state, RunState::Undone, "{at}");
        tidy(&alive, &run.id, &at).await;
        true
    }

    /// Where an undo can still be rolled back, the import is in effect again.
    async fn go_back(&self, alive: &Workspace, expected: &Undisturbed, run: &str, at: &str) {
        let half = runs::get(alive, run).await.unwrap();
        let can = runs::can_go_back(alive, &half).await.unwrap();
        assert!(!can || self.mode == ImportMode::Replace, "{at}: only what is swapped can be rolled back");
        match runs::go_back(alive, run, &Silent).await {
            Ok(record) => {
                assert!(can && record.state == RunState::Done, "{at}: {record:?}");
                assert_eq!(records(alive.store.as_ref()).await, expected.after, "{at}, gone back");
                assert!(swap::open_swaps(alive).await.unwrap().is_empty(), "{at}");
                GONE_BACK.fetch_add(1, Ordering::Relaxed);
            }
            Err(e) => assert!(!can && matches!(e, steward_workspace::Error::Conflict(_)), "{at}: {e}"),
        }
    }

    /// In the short form a server is killed at every third write, each time beginning with another one.
    fn stride(&self) -> i64 {
        let long = std::env::var("STEWARD_TEST_KILLS").is_ok_and(|kills| kills.parse::<u32>().is_ok_and(|kills| kills > 5));
        if long || matches!(self.kind, Kind::File(_)) { 1 } else { 3 }
    }

    async fn every_death(&self, name: &str) {
        let expected = self.undisturbed(&format!("{name}_calm")).await;
        for (nr, death) in [(0, Death::Before), (1, Death::After)] {
            let mut number = nr;
            while self.import(&expected, &format!("{name}_i{nr}_{number}"), number, death).await {
                number += self.stride();
            }
            assert!(number > 4, "an import has more writes than {number}");
            let mut number = nr;
            while self.undo(&expected, &format!("{name}_u{nr}_{number}"), number, death).await {
                number += self.stride();
            }
            assert!(number > 2, "an undo has more writes than {number}");
        }
    }
}

/// Nothing of the run is left but its own record, and the history is whole.
async fn tidy(workspace: &Workspace, run: &str, at: &str) {
    let left = workspace.store.collections().await.unwrap();
    assert!(!left.iter().any(|name| name.contains(run)), "{at}: {left:?}");
    assert!(swap::open_swaps(workspace).await.unwrap().is_empty(), "{at}");
    let chain = steward_workspace::history::verify(workspace).await.unwrap();
    assert!(chain.broken_at.is_none(), "{at}: {}", chain.message);
}

static GONE_BACK: AtomicU32 = AtomicU32::new(0);

async fn all_modes(kind: Kind, rows: usize) {
    let folder = tempfile::tempdir().unwrap();
    for mode in [ImportMode::Upsert, ImportMode::Insert, ImportMode::Replace] {
        let case = Case { kind: &kind, folder: folder.path(), mode, rows };
        case.every_death(&format!("{mode:?}").to_lowercase()).await;
    }
    assert!(GONE_BACK.load(Ordering::Relaxed) > 0, "no undo was rolled back");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    all_modes(Kind::File(folder.path().to_owned()), 1200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_replica_set() {
    all_modes(Kind::Mongo(Mongod::replica_set()), 1200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_server_without_transactions() {
    all_modes(Kind::Mongo(Mongod::standalone()), 1200).await;
}
