//! The change feed: nothing missed, nothing twice, resumable.

use std::time::Duration;

use bson::{Bson, doc};
use futures::StreamExt as _;
use steward_store::{Capability, ChangeEvent, ChangeOp, ChangeStream, Durability, Store, StoreErrorKind, WriteBatch, WriteOp, names};

use super::changes::patch;
use super::{C, assert_kind, edit, has, insert, open};
use crate::Fixture;

async fn next(stream: &mut ChangeStream) -> ChangeEvent {
    let event = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("no event within 20 seconds");
    event.expect("the feed ended").unwrap()
}

/// Events up to the one about `id`, as (operation, id).
async fn until(stream: &mut ChangeStream, id: i32) -> Vec<(ChangeOp, i32)> {
    let mut out = Vec::new();
    loop {
        let event = next(stream).await;
        assert_eq!(event.collection, C);
        let Some(Bson::Int32(found)) = event.id else { panic!("{event:?}") };
        out.push((event.op, found));
        if found == id {
            return out;
        }
    }
}

async fn unsupported(store: &dyn Store) -> bool {
    if has(store, Capability::ChangeFeed) {
        return false;
    }
    assert_kind(store.changes(None).await.map(|_| ()), StoreErrorKind::Unsupported);
    assert_kind(store.change_position().await, StoreErrorKind::Unsupported);
    true
}

pub async fn follows_and_resumes(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    if unsupported(&*store).await {
        return;
    }
    insert(&*store, &[doc! { "_id": 0 }]).await;
    let start = store.change_position().await.unwrap();
    let mut live = store.changes(None).await.unwrap();
    insert(&*store, &[doc! { "_id": 1 }, doc! { "_id": 2 }]).await;
    edit(&*store, patch(1, &[], &[("a", 1.into())], &[])).await.unwrap();
    edit(&*store, WriteOp::Delete { collection: C.into(), id: 2.into(), expect: vec![] }).await.unwrap();
    edit(&*store, WriteOp::put(C, &doc! { "_id": 0, "new": 1 }).unwrap()).await.unwrap();
    use ChangeOp::{Delete, Insert, Update};
    let expected = [(Insert, 1), (Insert, 2), (Update, 1), (Delete, 2), (Update, 0)];
    assert_eq!(until(&mut live, 0).await, expected, "live");
    drop(live);
    // From the position before, everything comes again; from the middle, the rest.
    let mut again = store.changes(Some(start.clone())).await.unwrap();
    let first = next(&mut again).await;
    let second = next(&mut again).await;
    drop(again);
    assert_eq!(first.id, Some(1.into()));
    insert(&*store, &(100..120).map(|i| doc! { "_id": i }).collect::<Vec<_>>()).await;
    let other = fixture.open().await;
    let mut resumed = other.changes(Some(second.token)).await.unwrap();
    let rest = until(&mut resumed, 119).await;
    let mut wanted = expected[2..].to_vec();
    wanted.extend((100..120).map(|i| (Insert, i)));
    assert_eq!(rest, wanted, "resumed");
}

pub async fn heavy_history_is_left_out(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    if unsupported(&*store).await {
        return;
    }
    let mut live = store.changes(None).await.unwrap();
    edit(&*store, WriteOp::insert(names::CHANGES, &doc! { "_id": 1 }).unwrap()).await.unwrap();
    insert(&*store, &[doc! { "_id": 5 }]).await;
    assert_eq!(until(&mut live, 5).await, [(ChangeOp::Insert, 5)]);
}

/// An import of which every row is quarantined is reported, too.
pub async fn own_collections_are_announced(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    if unsupported(&*store).await {
        return;
    }
    let mut live = store.changes(None).await.unwrap();
    let entries = (0..3).map(|n| WriteOp::put(names::QUARANTINE, &doc! { "_id": n }).unwrap()).collect();
    open(fixture).await.write(WriteBatch { history: entries, ..WriteBatch::default() }, Durability::Bulk).await.unwrap();
    let event = next(&mut live).await;
    assert_eq!((event.collection.as_str(), event.op, event.id), (names::QUARANTINE, ChangeOp::Collection, None));
}

pub async fn collections_are_announced(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    if unsupported(&*store).await {
        return;
    }
    store.create_collection("temporary").await.unwrap();
    let mut live = store.changes(None).await.unwrap();
    store.rename_collection("temporary", C, true).await.unwrap();
    // Reported at least: something happened to the collection that is there now.
    loop {
        let event = next(&mut live).await;
        assert_eq!((event.op, event.id), (ChangeOp::Collection, None));
        if event.collection == C {
            break;
        }
    }
    store.drop_collection(C).await.unwrap();
    insert(&*store, &[doc! { "_id": 1 }]).await;
    let mut dropped = false;
    loop {
        let event = next(&mut live).await;
        dropped |= event.op == ChangeOp::Collection && event.collection == C;
        if event.op == ChangeOp::Insert {
            break;
        }
    }
    assert!(dropped);
}
