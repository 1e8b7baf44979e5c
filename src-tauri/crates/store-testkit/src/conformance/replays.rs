//! Changes that can be done again: from a snapshot's position to now, they lead from what it holds to what is there.

use std::collections::BTreeMap;

use bson::{Bson, Document, doc};
use futures::TryStreamExt as _;
use steward_domain::order;
use steward_store::{
    Capability, Change, IndexSpec, Position, Replayed, ResumeToken, Snapshot, Step, Store, StoreErrorKind, WriteOp, names,
};

use super::changes::patch;
use super::{C, assert_kind, edit, has, plain, with};
use crate::Fixture;

/// Records by the key of their `_id`, collection by collection.
type State = BTreeMap<String, BTreeMap<Vec<u8>, Document>>;

async fn state(store: &dyn Store) -> State {
    contents(store.snapshot(steward_store::Consistency::PointInTime).await.unwrap().as_ref()).await
}

async fn contents(snapshot: &dyn Snapshot) -> State {
    let mut out = State::new();
    for one in snapshot.collections().iter().filter(|c| !names::is_own(&c.name)) {
        let batches: Vec<Vec<_>> = snapshot.scan(&one.name).await.unwrap().try_collect().await.unwrap();
        let records = batches.iter().flatten().map(|r| (order::key(r.get("_id").unwrap()), plain(r))).collect();
        out.insert(one.name.clone(), records);
    }
    out
}

/// A position and what was there then. A server's snapshot may lag behind the last writes: what they did comes after.
async fn begin(store: &dyn Store) -> (Position, State) {
    store.record_changes(true).await.unwrap();
    let snapshot = store.snapshot(steward_store::Consistency::PointInTime).await.unwrap();
    let position = snapshot.position().expect("a store with a change feed says where it is");
    (position, contents(snapshot.as_ref()).await)
}

async fn since(store: &dyn Store, position: &Position) -> (Vec<Change>, Position) {
    let items: Vec<Replayed> = store.replay(position).await.unwrap().try_collect().await.unwrap();
    let mut changes = Vec::new();
    let mut end = None;
    for item in items {
        assert!(end.is_none(), "nothing comes after the end");
        match item {
            Replayed::Changes(some) => changes.extend(some),
            Replayed::End(position) => end = Some(position),
        }
    }
    let end = end.expect("a replay says how far it came");
    assert!(changes.windows(2).all(|two| two[0].mark <= two[1].mark), "in order");
    assert!(changes.iter().all(|c| c.mark > position.mark && c.mark <= end.mark), "{position:?} {end:?} {changes:#?}");
    (changes, end)
}

fn play(state: &mut State, changes: &[Change]) {
    for change in changes {
        let name = &change.collection;
        let key = |id: &Bson| order::key_of(id);
        match &change.step {
            Step::Put(record) => {
                state.entry(name.clone()).or_default().insert(order::key(record.get("_id").unwrap()), plain(record));
            }
            Step::Patch(delta) => delta.apply(state.get_mut(name).unwrap().get_mut(&key(&delta.id)).unwrap()).unwrap(),
            Step::Delete(id) => {
                state.get_mut(name).unwrap().remove(&key(id)).expect("what is deleted was there");
            }
            Step::Drop => {
                state.remove(name);
            }
            Step::Rename { to } => {
                let moved = state.remove(name).unwrap_or_default();
                state.insert(to.clone(), moved);
            }
            Step::Define(_) => {
                state.entry(name.clone()).or_default();
            }
            Step::Index(_) | Step::DropIndex(_) | Step::Options(_) => {}
        }
    }
    state.retain(|name, _| !names::is_own(name));
}

async fn unsupported(store: &dyn Store) -> bool {
    if has(store, Capability::ChangeFeed) {
        return false;
    }
    assert_kind(store.record_changes(true).await, StoreErrorKind::Unsupported);
    let nowhere = Position { token: ResumeToken("{}".into()), mark: 0, at: 0 };
    assert_kind(store.replay(&nowhere).await.map(|_| ()), StoreErrorKind::Unsupported);
    true
}

pub async fn what_was_done_is_reported_to_the_end(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 0, "a": { "b": [1, 2, 3], "c": 1 } }, doc! { "_id": 1 }]).await;
    if unsupported(&*store).await {
        return;
    }
    let (start, mut known) = begin(&*store).await;
    let (before, quiet) = since(&*store, &start).await;
    play(&mut known, &before);
    assert_eq!(known, state(&*store).await);
    assert!(since(&*store, &quiet).await.0.is_empty(), "nothing is reported twice");
    edit(&*store, patch(0, &[], &[("a.c", 2.into()), ("a.new", doc! { "x": [1] }.into()), ("z", 1.5.into())], &[])).await.unwrap();
    edit(&*store, patch(0, &[], &[("a.b", vec![1, 2].into()), ("a.new.x", Bson::Null)], &["z"])).await.unwrap();
    edit(&*store, WriteOp::insert(C, &doc! { "_id": "late", "n": 1 }).unwrap()).await.unwrap();
    edit(&*store, WriteOp::Delete { collection: C.into(), id: 1.into(), expect: vec![] }).await.unwrap();
    edit(&*store, WriteOp::insert(C, &doc! { "_id": 1, "again": true }).unwrap()).await.unwrap();
    edit(&*store, WriteOp::put(C, &doc! { "_id": 0, "whole": true }).unwrap()).await.unwrap();
    edit(&*store, patch(0, &[], &[("whole", false.into())], &[])).await.unwrap();
    let (changes, middle) = since(&*store, &quiet).await;
    assert_eq!(changes.len(), 7, "{changes:?}");
    play(&mut known, &changes);
    assert_eq!(known, state(&*store).await);
    // Another handle goes on from there.
    edit(&*store, WriteOp::Delete { collection: C.into(), id: "late".into(), expect: vec![] }).await.unwrap();
    let (changes, end) = since(&*fixture.open().await, &middle).await;
    assert!(matches!(&changes[..], [Change { step: Step::Delete(id), .. }] if *id == "late".into()), "{changes:?}");
    assert!(start.mark < middle.mark && middle.mark < end.mark && start.at <= changes[0].at && changes[0].at <= end.at + 1000);
}

pub async fn collections_come_and_go(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 0 }, doc! { "_id": 1 }]).await;
    if unsupported(&*store).await {
        return;
    }
    let (start, mut known) = begin(&*store).await;
    edit(&*store, patch(0, &[], &[("n", 1.into())], &[])).await.unwrap();
    store.create_collection("other").await.unwrap();
    edit(&*store, WriteOp::insert("other", &doc! { "_id": 7 }).unwrap()).await.unwrap();
    store.ensure_index("other", &IndexSpec::on("n")).await.unwrap();
    store.rename_collection("other", C, true).await.unwrap();
    edit(&*store, WriteOp::insert(C, &doc! { "_id": 8 }).unwrap()).await.unwrap();
    store.drop_collection(C).await.unwrap();
    edit(&*store, WriteOp::insert(C, &doc! { "_id": 9 }).unwrap()).await.unwrap();
    let (changes, _) = since(&*store, &start).await;
    let named = |c: &Change| match &c.step {
        Step::Index(index) => index.get_str("name").is_ok_and(|name| name == "n"),
        Step::Define(definition) => definition.indexes.iter().any(|i| i.get_str("name").is_ok_and(|name| name == "n")),
        _ => false,
    };
    assert!(changes.iter().any(named), "the index is reported: {changes:?}");
    // Before the drop there were other records, given as they were then.
    let drop = changes.iter().rposition(|c| matches!(c.step, Step::Drop) && c.collection == C).unwrap();
    play(&mut known, &changes[..drop]);
    assert_eq!(known[C].values().cloned().collect::<Vec<_>>(), [doc! { "_id": 7 }, doc! { "_id": 8 }]);
    play(&mut known, &changes[drop..]);
    assert_eq!(known, state(&*store).await);
}

pub async fn what_was_held_beside_is_reported(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 0, "old": true }, doc! { "_id": 1, "old": true }]).await;
    if unsupported(&*store).await {
        return;
    }
    let (start, mut known) = begin(&*store).await;
    edit(&*store, patch(1, &[], &[("n", 1.into())], &[])).await.unwrap();
    store.create_collection("steward.ready.x").await.unwrap();
    for n in 5..8 {
        edit(&*store, WriteOp::insert("steward.ready.x", &doc! { "_id": n }).unwrap()).await.unwrap();
    }
    edit(&*store, WriteOp::insert(names::RUNS, &doc! { "_id": "not reported" }).unwrap()).await.unwrap();
    store.rename_collection(C, "steward.replaced.x", false).await.unwrap();
    store.rename_collection("steward.ready.x", C, false).await.unwrap();
    edit(&*store, WriteOp::Delete { collection: C.into(), id: 6.into(), expect: vec![] }).await.unwrap();
    edit(&*store, patch(5, &[], &[("n", 2.into())], &[])).await.unwrap();
    let (changes, middle) = since(&*store, &start).await;
    assert!(changes.iter().all(|c| c.collection != names::RUNS));
    play_all(&mut known, &changes);
    assert_eq!(known[C], state(&*store).await[C]);
    // And back again: what had been archived comes back as it was.
    store.rename_collection(C, "steward.gone.x", false).await.unwrap();
    store.rename_collection("steward.replaced.x", C, false).await.unwrap();
    store.drop_collection("steward.gone.x").await.unwrap();
    let (changes, _) = since(&*store, &middle).await;
    play_all(&mut known, &changes);
    known.retain(|name, _| !name.starts_with("beside "));
    assert_eq!(known, state(&*store).await);
    assert_eq!(known[C].values().next(), Some(&doc! { "_id": 0, "old": true }));
}

/// As [`play`], but what lies next to is remembered, under a name that is not Steward's.
fn play_all(state: &mut State, changes: &[Change]) {
    let hidden = |name: &str| if names::is_own(name) { format!("beside {name}") } else { name.to_owned() };
    for change in changes {
        let mut change = change.clone();
        change.collection = hidden(&change.collection);
        if let Step::Rename { to } = &change.step {
            change.step = Step::Rename { to: hidden(to) };
        }
        play(state, &[change]);
    }
}

pub async fn other_histories_are_refused(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 0 }]).await;
    if unsupported(&*store).await {
        return;
    }
    let (start, _) = begin(&*store).await;
    let nonsense = Position { token: ResumeToken("nonsense".into()), ..start.clone() };
    assert!(store.replay(&nonsense).await.is_err());
    edit(&*store, patch(0, &[], &[("n", 1.into())], &[])).await.unwrap();
    assert!(!since(&*store, &start).await.0.is_empty(), "the right one is taken all the same");
}
