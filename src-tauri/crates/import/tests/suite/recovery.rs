//! An entry of the history that a crash left open is completed when the workspace is opened, however many changes it has, and what
//! became of it is in the chain.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;

use bson::{Bson, doc};
use chrono::{DateTime, TimeDelta, Utc};
use steward_domain::{ChangeKind, ChangeState, FieldChange, Filter, RecordChange, RecordKey, RecordOp, Value};
use steward_store::{Durability, Store, WriteBatch, WriteOp, names};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::docs::Change;
use steward_workspace::history::{self, Request};
use steward_workspace::{Clock, SystemClock, Workspace};

const C: &str = "things";
const RECORDS: i32 = 2500;

/// So long after the crash that nobody is at work on it.
struct Later;

impl Clock for Later {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::minutes(10)
    }
}

async fn open(store: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> Workspace {
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    Workspace::open_and_recover(Arc::clone(store), registry, clock, "ann".into()).await.unwrap()
}

async fn write(store: &dyn Store, op: WriteOp) {
    store.write(WriteBatch::data(vec![op]), Durability::Full).await.unwrap();
}

fn added(n: i32) -> Change {
    let (key, document) = (RecordKey(Value(n.into())), Some(Value(doc! { "_id": n }.into())));
    let record = RecordChange { collection: C.to_owned(), key, op: RecordOp::Insert, fields: Vec::new(), document };
    Change { id: n.into(), record }
}

fn set_state(id: &str, state: &str) -> WriteOp {
    history::mark(id, "state", Bson::from(state))
}

async fn everything_is_completed(store: Arc<dyn Store>) {
    let workspace = open(&store, Arc::new(SystemClock)).await;
    store.create_collection(C).await.unwrap();
    let request = Request::new(ChangeKind::Bulk, C, "Added many", (0..RECORDS).map(added).collect());
    let many = history::commit(&workspace, request).await.unwrap();
    let none = history::commit(&workspace, Request::new(ChangeKind::Bulk, C, "Nothing", Vec::new())).await.unwrap();
    // As a crash leaves it: the entry is open, and part of its data is there.
    write(&*store, set_state(&many.id, "pending")).await;
    write(&*store, set_state(&none.id, "pending")).await;
    let part = Filter::Compare { field: "_id".into(), cmp: steward_domain::Comparison::Gte, value: Bson::from(1100).into() };
    write(&*store, WriteOp::DeleteMany { collection: C.into(), filter: part }).await;

    let again = open(&store, Arc::new(Later)).await;
    assert_eq!(store.count(C, &Filter::all()).await.unwrap(), 2500, "all of it, not the first page");
    assert_eq!(history::get(&again, &many.id).await.unwrap().state, ChangeState::Confirmed);
    assert_eq!(history::get(&again, &none.id).await.unwrap().state, ChangeState::Failed);
    let summaries: Vec<String> = history::list(&again, Some(C), None, 2).await.unwrap().into_iter().map(|set| set.summary).collect();
    assert_eq!(summaries, ["Entry 2 was interrupted: nothing was written", "Entry 1 was interrupted: it was completed"]);
    assert!(
        steward_workspace::edit::undo(&again, &history::list(&again, Some(C), None, 1).await.unwrap()[0].id, &steward_workspace::Silent)
            .await
            .is_err()
    );

    // What became of them cannot be changed any more, and opening once more changes nothing.
    let chain = |workspace: Workspace| async move { history::verify(&workspace).await.unwrap() };
    // The first one was closed already when the second one was written; it is the crash of this test that opened it again.
    assert_eq!(chain(open(&store, Arc::new(Later)).await).await.broken_at, None);
    write(&*store, set_state(&none.id, "confirmed")).await;
    let broken = chain(open(&store, Arc::new(Later)).await).await;
    assert_eq!((broken.broken_at, broken.message.as_str()), (Some(2), "The state of entry 2 was changed after it was written."));
    assert_eq!(store.count(names::CHANGE_SETS, &Filter::all()).await.unwrap(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    everything_is_completed(Arc::new(SqliteStore::open(&folder.path().join("w.steward")).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_server_without_transactions() {
    let uri = Mongod::standalone().uri(&format!("recovery_{}", std::process::id()));
    let options = MongoOptions { min_pool: 0, ..MongoOptions::default() };
    everything_is_completed(Arc::new(MongoStore::connect(&uri, options).await.unwrap())).await;
}

fn set(id: i32, to: &str) -> WriteOp {
    WriteOp::Patch { collection: C.into(), id: id.into(), expect: Vec::new(), set: vec![("v".into(), to.into())], unset: Vec::new() }
}

fn change(id: i32) -> Change {
    let value = |text: &str| Some(Value(text.into()));
    let fields = vec![FieldChange { path: "v".into(), before: value("old"), after: value("new") }];
    let record = RecordChange { collection: C.into(), key: RecordKey(Value(id.into())), op: RecordOp::Update, fields, document: None };
    Change { id: id.into(), record }
}

#[tokio::test]
async fn what_somebody_changed_since_is_left_alone() {
    let uri = Mongod::standalone().uri("recovery_pages");
    let store: Arc<dyn Store> = Arc::new(MongoStore::connect(&uri, MongoOptions::default()).await.unwrap());
    let workspace = open(&store, Arc::new(SystemClock)).await;
    let records = (0..RECORDS).map(|n| WriteOp::insert(C, &doc! { "_id": n, "v": "old" }).unwrap()).collect();
    store.write(WriteBatch::data(records), Durability::Full).await.unwrap();
    let request = Request::new(ChangeKind::Bulk, C, "All of them", (0..RECORDS).map(change).collect());
    let entry = history::commit(&workspace, request).await.unwrap();
    // As a crash leaves it: the entry is pending, some records are written, one was changed by someone else since.
    let mut back: Vec<WriteOp> = (10..RECORDS).map(|n| set(n, "old")).collect();
    back.push(set(2_000, "other"));
    back.push(history::mark(&entry.id, "state", "pending".into()));
    store.write(WriteBatch::data(back), Durability::Full).await.unwrap();

    let count = async |value: &str| store.count(C, &Filter::eq("v", value)).await.unwrap();
    // Whoever made it may still be at work.
    open(&store, Arc::new(SystemClock)).await;
    assert_eq!(count("new").await, 10);
    let workspace = open(&store, Arc::new(Later)).await;
    let all = u64::try_from(RECORDS).unwrap();
    assert_eq!([count("new").await, count("old").await, count("other").await], [all - 1, 0, 1]);
    assert_eq!(history::get(&workspace, &entry.id).await.unwrap().state, ChangeState::Confirmed);
    let pending = store.count(names::CHANGE_SETS, &Filter::eq("state", Bson::from("pending"))).await.unwrap();
    assert_eq!(pending, 0);
}
