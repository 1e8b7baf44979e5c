//! A change set that a crash cut off on a server without transactions is completed, to its last record.

// Test code: a broken expectation is meant to panic, with the place.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use bson::{Bson, doc};
use steward_domain::{ChangeKind, ChangeState, FieldChange, Filter, RecordChange, RecordKey, RecordOp, Value};
use steward_pipeline::docs::Change;
use steward_pipeline::journal::{self, Request};
use steward_pipeline::{Clock, SystemClock, Workspace};
use steward_store::{Durability, Store, WriteBatch, WriteOp, names};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_testkit::mongod::Mongod;

const C: &str = "things";
/// More than are read at once, twice.
const RECORDS: i32 = 2_345;

struct Later;

impl Clock for Later {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        SystemClock.now() + chrono::Duration::minutes(10)
    }
}

async fn open(store: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> Workspace {
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    Workspace::open(Arc::clone(store), registry, clock, "ann".into()).await.unwrap()
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
async fn every_page_of_a_cut_off_change_set_is_completed() {
    let uri = Mongod::standalone().uri("recovery");
    let store: Arc<dyn Store> = Arc::new(MongoStore::connect(&uri, MongoOptions::default()).await.unwrap());
    let workspace = open(&store, Arc::new(SystemClock)).await;
    let records = (0..RECORDS).map(|n| WriteOp::insert(C, &doc! { "_id": n, "v": "old" }).unwrap()).collect();
    store.write(WriteBatch::data(records), Durability::Full).await.unwrap();
    let request = Request::new(ChangeKind::Bulk, C, "All of them", (0..RECORDS).map(change).collect());
    let entry = journal::commit(&workspace, request).await.unwrap();
    // As a crash leaves it: the entry is pending, some records are written, one was changed by somebody else since.
    let mut back: Vec<WriteOp> = (10..RECORDS).map(|n| set(n, "old")).collect();
    back.push(set(2_000, "other"));
    back.push(journal::mark(&entry.id, "state", "pending".into()));
    store.write(WriteBatch::data(back), Durability::Full).await.unwrap();

    let count = async |value: &str| store.count(C, &Filter::eq("v", value)).await.unwrap();
    // Whoever made it may still be at work.
    open(&store, Arc::new(SystemClock)).await;
    assert_eq!(count("new").await, 10);
    let workspace = open(&store, Arc::new(Later)).await;
    let all = u64::try_from(RECORDS).unwrap();
    assert_eq!([count("new").await, count("old").await, count("other").await], [all - 1, 0, 1]);
    assert_eq!(journal::get(&workspace, &entry.id).await.unwrap().state, ChangeState::Confirmed);
    let pending = store.count(names::CHANGE_SETS, &Filter::eq("state", Bson::from("pending"))).await.unwrap();
    assert_eq!(pending, 0);
}
