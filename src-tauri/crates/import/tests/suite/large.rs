//! Changes of more records than one transaction takes: whatever interrupts them, all records are old or can be made new, and the
//! history tells exactly what was changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bson::doc;
use steward_domain::{ChangeKind, FieldChange, Filter, RecordChange, RecordKey, RecordOp, Value};
use steward_store::{Durability, Query, Store, WriteBatch, WriteOp, names};
use steward_store_testkit::mongod::Mongod;
use steward_store_testkit::mortal::{Death, Mortal};
use steward_workspace::bulk::{self, Action, Select};
use steward_workspace::docs::Change;
use steward_workspace::edit::{self, Undone};
use steward_workspace::history::staged::{self, Outcome};
use steward_workspace::history::{self, Request};
use steward_workspace::{Error, Progress, Result, Silent, Workspace};

use crate::places::{Kind, bury, workspace};

const C: &str = "things";
/// Three batches.
const FEW: i32 = 2500;
/// More than one transaction takes.
const MANY: i32 = 10_400;

async fn with_records(kind: &Kind, name: &str, records: i32) -> Workspace {
    let alive = workspace(kind.open(name).await).await;
    alive.store.create_collection(C).await.unwrap();
    for from in (0..records).step_by(1000) {
        let ops = (from..records.min(from + 1000)).map(|n| WriteOp::put(C, &doc! { "_id": n, "n": 0, "text": "Ä 漢" }).unwrap());
        alive.store.write(WriteBatch::data(ops.collect()), Durability::Bulk).await.unwrap();
    }
    alive
}

/// How many records have which number.
async fn numbers(store: &dyn Store) -> BTreeMap<i32, i32> {
    let mut out = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.find(C, &Query::new(Filter::all(), 1000).after(after)).await.unwrap();
        for raw in &page.records {
            *out.entry(raw.get_i32("n").unwrap()).or_insert(0) += 1;
        }
        after = page.next;
        if after.is_none() {
            return out;
        }
    }
}

async fn is_whole(workspace: &Workspace, entries: i64, at: &str) {
    let chain = history::verify(workspace).await.unwrap();
    assert_eq!((chain.broken_at, chain.entries), (None, entries), "{at}: {}", chain.message);
    assert_eq!(workspace.store.count(names::STAGED, &Filter::all()).await.unwrap(), 0, "{at}");
}

/// From `n: 0` to `n: 1`, each record.
struct Steps(std::ops::Range<i32>);

#[async_trait::async_trait]
impl staged::Changes for Steps {
    async fn next(&mut self) -> Result<Option<Vec<Change>>> {
        let some: Vec<Change> = self.0.by_ref().take(1000).map(step).collect();
        Ok((!some.is_empty()).then_some(some))
    }
}

fn step(id: i32) -> Change {
    let field = FieldChange { path: "n".into(), before: Some(Value(0.into())), after: Some(Value(1.into())) };
    let record =
        RecordChange { collection: C.into(), key: RecordKey(Value(id.into())), op: RecordOp::Update, fields: vec![field], document: None };
    Change { id: id.into(), record }
}

fn request() -> Request {
    Request::new(ChangeKind::Bulk, C, "Set n", Vec::new())
}

/// Dies at one of its writes; whether it died. Then somebody else finishes it, or rolls it back.
async fn dies(kind: &Kind, name: &str, number: i64, death: Death, back: bool) -> bool {
    let at = format!("{name}, {death:?} write {number}, {}", if back { "back" } else { "on" });
    let alive = with_records(kind, name, FEW).await;
    // Whatever is created with the first write is there.
    let first = Request::new(ChangeKind::Edit, C, "first", vec![step(0)]);
    history::commit(&alive, first).await.unwrap();
    let mortal = Mortal::new(kind.open(name).await, number, death);
    let dying = alive.with_store(Arc::clone(&mortal) as Arc<dyn Store>);
    let done = staged::write(&dying, request(), &mut Steps(1..FEW), &Silent).await;
    if !mortal.is_dead() {
        assert!(matches!(done, Ok(Outcome::Written(_))), "{at}: {done:?}");
        return false;
    }
    bury(alive.store.as_ref()).await;
    let alive = workspace(kind.open(name).await).await;
    let unfinished = staged::unfinished(&alive).await.unwrap();
    let (mut entries, mut expected) = (1, BTreeMap::from([(0, FEW - 1), (1, 1)]));
    match unfinished.first() {
        // Nothing was changed, or everything.
        None => {
            if history::list(&alive, None, None, 1).await.unwrap()[0].summary == "Set n" {
                (entries, expected) = (2, BTreeMap::from([(1, FEW)]));
            }
        }
        Some(left) if back => staged::go_back(&alive, &left.id, &Silent).await.unwrap(),
        Some(left) => {
            let set = staged::resume(&alive, &left.id, &Silent).await.unwrap().unwrap();
            assert_eq!(set.records, i64::from(FEW - 1), "{at}");
            (entries, expected) = (2, BTreeMap::from([(1, FEW)]));
        }
    }
    assert_eq!(numbers(alive.store.as_ref()).await, expected, "{at}");
    is_whole(&alive, entries, &at).await;
    let stored = alive.store.count(names::CHANGES, &Filter::all()).await.unwrap();
    assert_eq!(stored, if entries == 2 { FEW as u64 } else { 1 }, "{at}: no change without an entry");
    // Undoing is one transaction here, whatever happened before: looked at now and then.
    if entries == 2 && number % 6 == 0 {
        let set = history::list(&alive, None, None, 1).await.unwrap().remove(0);
        let undone = edit::undo(&alive, &set.id, &Silent).await.unwrap();
        assert!(matches!(undone, Undone::Applied(_)), "{at}: {undone:?}");
        assert_eq!(numbers(alive.store.as_ref()).await, BTreeMap::from([(0, FEW - 1), (1, 1)]), "{at}");
    }
    true
}

async fn every_death(kind: Kind, name: &str) {
    for (nr, death) in [(0, Death::Before), (1, Death::After)] {
        let mut number = 0;
        while dies(&kind, &format!("{name}_{nr}_{number}"), number, death, (number + nr) % 2 == 0).await {
            number += 1;
        }
        assert!(number >= 8, "a change in three batches has more writes than {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    every_death(Kind::File(folder.path().to_owned()), "large").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_replica_set() {
    every_death(Kind::Mongo(Mongod::replica_set()), "large").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_on_a_server_without_transactions() {
    every_death(Kind::Mongo(Mongod::standalone()), "large").await;
}

/// Cancels once so much of the writing is done.
#[derive(Default)]
struct Cancels {
    after: u64,
    writing: std::sync::atomic::AtomicBool,
    done: AtomicU64,
}

impl Progress for Cancels {
    fn phase(&self, phase: &str) {
        self.writing.store(phase == "Changing records", Ordering::Relaxed);
    }
    fn total(&self, _: u64) {}
    fn done(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }
    fn is_cancelled(&self) -> bool {
        self.writing.load(Ordering::Relaxed) && self.done.load(Ordering::Relaxed) >= self.after
    }
}

/// Planned, changed under the plan's feet, applied, undone, redone, cancelled.
async fn a_long_life(kind: Kind) {
    let name = "long_life";
    let workspace = with_records(&kind, name, MANY).await;
    let plan = async |value: i32| {
        let action = Action::Set { path: "n".into(), value: Value(value.into()) };
        bulk::prepare(&workspace, C, &Select::Matching(Filter::all()), &action, false, &Silent).await.unwrap()
    };
    let prepared = plan(1).await;
    assert_eq!((prepared.matched, prepared.changed, prepared.samples.len()), (i64::from(MANY), i64::from(MANY), 20));
    history::commit(&workspace, Request::new(ChangeKind::Edit, C, "Somebody was faster", vec![step(7777)])).await.unwrap();
    let stale = bulk::apply(&workspace, prepared, None, &Silent).await;
    assert!(matches!(stale, Err(Error::StalePlan)), "{stale:?}");
    assert_eq!(numbers(workspace.store.as_ref()).await, BTreeMap::from([(0, MANY - 1), (1, 1)]), "nothing was written");
    is_whole(&workspace, 1, "stale").await;

    let Undone::Applied(set) = bulk::apply(&workspace, plan(2).await, Some("why".into()), &Silent).await.unwrap() else {
        panic!("in the way")
    };
    assert_eq!((set.records, set.reason.as_deref()), (i64::from(MANY), Some("why")));
    assert_eq!(numbers(workspace.store.as_ref()).await, BTreeMap::from([(2, MANY)]));

    let cancelled = bulk::apply(&workspace, plan(3).await, None, &Cancels { after: 4000, ..Cancels::default() }).await;
    assert!(matches!(cancelled, Err(Error::Cancelled)), "{cancelled:?}");
    assert_eq!(numbers(workspace.store.as_ref()).await, BTreeMap::from([(2, MANY)]), "all as it was");
    is_whole(&workspace, 2, "cancelled").await;

    assert!(edit::is_large(&workspace, &set).await.unwrap());
    let Undone::Applied(undo) = edit::undo(&workspace, &set.id, &Silent).await.unwrap() else { panic!("in the way") };
    assert_eq!(numbers(workspace.store.as_ref()).await, BTreeMap::from([(0, MANY - 1), (1, 1)]));
    assert!(edit::undo(&workspace, &set.id, &Silent).await.is_err(), "it is undone already");
    let Undone::Applied(redo) = edit::undo(&workspace, &undo.id, &Silent).await.unwrap() else { panic!("in the way") };
    assert_eq!(numbers(workspace.store.as_ref()).await, BTreeMap::from([(2, MANY)]));

    let back = FieldChange { path: "n".into(), before: Some(Value(2.into())), after: Some(Value(9.into())) };
    let mut change = step(5);
    change.record.fields = vec![back];
    history::commit(&workspace, Request::new(ChangeKind::Edit, C, "Edited since", vec![change])).await.unwrap();
    let Undone::Conflict(records) = edit::undo(&workspace, &redo.id, &Silent).await.unwrap() else { panic!("written over an edit") };
    assert_eq!(records.iter().map(|r| r.key.label()).collect::<Vec<_>>(), ["5"]);
    assert_eq!(numbers(workspace.store.as_ref()).await, BTreeMap::from([(2, MANY - 1), (9, 1)]));
    is_whole(&workspace, 5, "edited since").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_life_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    a_long_life(Kind::File(folder.path().to_owned())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_life_in_a_replica_set() {
    a_long_life(Kind::Mongo(Mongod::replica_set())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_life_on_a_server_without_transactions() {
    a_long_life(Kind::Mongo(Mongod::standalone())).await;
}
