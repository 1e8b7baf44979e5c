//! Writes under a lease, and collections that are swapped.

use bson::doc;
use steward_store::layers::Fenced;
use steward_store::{Durability, Fence, Rename, Store, StoreErrorKind, Swap, WriteBatch, WriteOp, names};

use super::{C, assert_kind, by_id, everything, insert, open};
use crate::Fixture;

fn fence(number: i64) -> Fence {
    Fence { lease: "run:1".into(), number }
}

async fn lease(store: &dyn Store, number: i64) {
    let lease = doc! { "_id": "run:1", "number": number, "renewed": bson::DateTime::from_millis(0) };
    store.write(WriteBatch::data(vec![WriteOp::put(names::LEASES, &lease).unwrap()]), Durability::Full).await.unwrap();
}

fn under(number: i64, op: WriteOp) -> WriteBatch {
    WriteBatch { fence: Some(fence(number)), ..WriteBatch::data(vec![op]) }
}

pub async fn a_lost_lease_writes_nothing(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    let record = |id: i32| WriteOp::insert(C, &doc! { "_id": id }).unwrap();
    assert_kind(store.write(under(1, record(1)), Durability::Full).await, StoreErrorKind::Fenced);
    lease(store.as_ref(), 1).await;
    store.write(under(1, record(1)), Durability::Full).await.unwrap();
    store.write(under(1, record(2)), Durability::Bulk).await.unwrap();
    lease(store.as_ref(), 2).await;
    assert_kind(store.write(under(1, record(3)), Durability::Full).await, StoreErrorKind::Fenced);
    assert_kind(store.write(under(1, record(3)), Durability::Bulk).await, StoreErrorKind::Fenced);
    let lost = Fenced::new(store.clone(), fence(1));
    assert_kind(lost.create_collection("more").await, StoreErrorKind::Fenced);
    assert_kind(lost.drop_collection(C).await, StoreErrorKind::Fenced);
    assert_kind(lost.end_load(C, None).await, StoreErrorKind::Fenced);
    store.write(under(2, record(3)), Durability::Full).await.unwrap();
    assert_eq!(everything(store.as_ref()).await.len(), 3);
}

/// An expectation that does not hold is a conflict as ever; only a lost lease is reported as one.
pub async fn a_conflict_under_a_lease_is_a_conflict(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    lease(store.as_ref(), 1).await;
    insert(store.as_ref(), &[doc! { "_id": 1, "a": 1 }]).await;
    let op = WriteOp::Delete { collection: C.into(), id: 1.into(), expect: vec![("a".into(), Some(2.into()))] };
    assert_kind(store.write(under(1, op), Durability::Full).await, StoreErrorKind::Conflict);
    assert!(by_id(store.as_ref(), 1).await.is_some());
}

/// A batch of a load may be on its way when its lease changes hands: its confirmation is refused by what the new holder has written.
pub async fn a_confirmation_expects_its_own_run(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    lease(store.as_ref(), 1).await;
    let run = doc! { "_id": "r", "lease": 2_i64, "done": 5 };
    store.write(WriteBatch::data(vec![WriteOp::put(names::RUNS, &run).unwrap()]), Durability::Full).await.unwrap();
    let moved = |lease: i64| WriteBatch {
        confirm: vec![WriteOp::Patch {
            collection: names::RUNS.into(),
            id: "r".into(),
            expect: vec![("lease".into(), Some(lease.into()))],
            set: vec![("done".into(), 1.into())],
            unset: Vec::new(),
        }],
        ..under(1, WriteOp::put(C, &doc! { "_id": 1 }).unwrap())
    };
    let done = async || {
        let found = store.get_many(names::RUNS, "_id", &["r".into()]).await.unwrap();
        steward_store::upsert::decode(&found[0]).unwrap().get_i32("done").unwrap()
    };
    assert_kind(store.write(moved(1), Durability::Bulk).await, StoreErrorKind::Conflict);
    assert_eq!(done().await, 5, "an earlier holder moves nothing");
    store.write(moved(2), Durability::Bulk).await.unwrap();
    assert_eq!(done().await, 1);
}

fn swap() -> Swap {
    let step = |from: &str, to: &str| Rename { from: from.into(), to: to.into() };
    let renames = vec![step(C, "steward.replaced.1"), step("steward.incoming.1", C)];
    Swap { id: "1".into(), title: "Replacing".into(), lease: "run:1".into(), renames }
}

pub async fn collections_change_places(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    lease(store.as_ref(), 1).await;
    insert(store.as_ref(), &[doc! { "_id": 1 }]).await;
    let into = |id: i32| WriteOp::insert("steward.incoming.1", &doc! { "_id": id }).unwrap();
    store.write(WriteBatch::data(vec![into(2), into(3)]), Durability::Full).await.unwrap();
    let note = || WriteOp::put(names::SETTINGS, &doc! { "_id": "swapped" }).unwrap();
    assert_kind(store.swap(&swap(), under(7, note())).await, StoreErrorKind::Fenced);
    assert_eq!(everything(store.as_ref()).await, [doc! { "_id": 1 }]);
    store.swap(&swap(), under(1, note())).await.unwrap();
    assert_eq!(everything(store.as_ref()).await.len(), 2);
    assert_eq!(store.count("steward.replaced.1", &steward_domain::Filter::all()).await.unwrap(), 1);
    assert_eq!(store.count(names::SETTINGS, &steward_domain::Filter::all()).await.unwrap(), 1);
    let left = store.collections().await.unwrap();
    assert!(!left.iter().any(|name| name == "steward.incoming.1"), "{left:?}");
}

/// A name that is taken stops a swap without a loss.
pub async fn a_swap_into_a_taken_name_is_a_conflict(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    insert(store.as_ref(), &[doc! { "_id": 1 }]).await;
    let step = |from: &str, to: &str| Rename { from: from.into(), to: to.into() };
    store.create_collection("other").await.unwrap();
    let renames = vec![step(C, "other")];
    let swap = Swap { id: "2".into(), title: "Replacing".into(), lease: "run:1".into(), renames };
    assert_kind(store.swap(&swap, WriteBatch::default()).await, StoreErrorKind::Conflict);
    assert_eq!(everything(store.as_ref()).await, [doc! { "_id": 1 }]);
}
