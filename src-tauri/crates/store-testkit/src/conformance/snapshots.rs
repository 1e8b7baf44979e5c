//! Definitions, and everything at one point in time.

use bson::doc;
use futures::TryStreamExt as _;
use steward_domain::Filter;
use steward_store::{CollectionKind, Consistency, Definition, IndexSpec, StoreErrorKind, WriteOp};

use super::{C, assert_kind, edit, open, with};
use crate::Fixture;

fn full() -> Definition {
    let mut indexes = vec![doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" }];
    indexes.extend([IndexSpec::unique("k"), IndexSpec::on("n"), IndexSpec::text(&["t"])].iter().map(IndexSpec::to_document));
    // No file can act on this one; it must not be lost for that.
    indexes.push(doc! { "name": "gone", "key": { "at": 1 }, "expireAfterSeconds": 3600 });
    let validator = doc! { "validator": { "n": { "$lt": 100 } }, "validationLevel": "strict", "validationAction": "error" };
    Definition { kind: CollectionKind::Collection, options: validator, indexes }
}

pub async fn definitions_come_back(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    assert_kind(store.definition("nothing").await, StoreErrorKind::NotFound);
    store.define("made", &full()).await.unwrap();
    let found = store.definition("made").await.unwrap();
    assert!(found.means(&full()), "{found:?}");
    store.define("made", &full()).await.unwrap();
    assert!(store.definition("made").await.unwrap().means(&full()), "made again, it is the same");
    // And in another process.
    assert!(open(fixture).await.definition("made").await.unwrap().means(&full()));
}

pub async fn a_bare_definition_is_completed(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    store.define("made", &full().bare()).await.unwrap();
    for n in [5, 500] {
        // The second would not be let in by the validator.
        edit(&*store, WriteOp::insert("made", &doc! { "_id": n, "k": n, "n": n, "t": "words to find" }).unwrap()).await.unwrap();
    }
    store.define("made", &full()).await.unwrap();
    assert!(store.definition("made").await.unwrap().means(&full()));
    assert_eq!(store.count("made", &Filter::eq("n", 500)).await.unwrap(), 1);
    let again = edit(&*store, WriteOp::insert("made", &doc! { "_id": 6, "k": 5, "n": 6 }).unwrap()).await;
    assert_kind(again, StoreErrorKind::DuplicateKey);
}

async fn ids(snapshot: &dyn steward_store::Snapshot, collection: &str) -> Vec<i32> {
    let batches: Vec<Vec<_>> = snapshot.scan(collection).await.unwrap().try_collect().await.unwrap();
    let mut ids: Vec<i32> = batches.iter().flatten().map(|d| d.get_i32("_id").unwrap()).collect();
    ids.sort_unstable();
    ids
}

pub async fn a_snapshot_is_one_moment(fixture: &dyn Fixture) {
    let store = with(fixture, &(0..2500).map(|n| doc! { "_id": n }).collect::<Vec<_>>()).await;
    store.ensure_index(C, &IndexSpec::on("n")).await.unwrap();
    let snapshot = store.snapshot(Consistency::PointInTime).await.unwrap();
    let there: Vec<&str> = snapshot.collections().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(there, [C]);
    assert!(snapshot.collections()[0].records == 2500 && snapshot.collections()[0].definition.indexes.len() == 2);
    let other = open(fixture).await;
    edit(&*other, WriteOp::insert(C, &doc! { "_id": 9000 }).unwrap()).await.unwrap();
    edit(&*other, WriteOp::Delete { collection: C.into(), id: 7.into(), expect: Vec::new() }).await.unwrap();
    let found = ids(snapshot.as_ref(), C).await;
    match snapshot.consistency() {
        Consistency::PointInTime => assert_eq!(found, (0..2500).collect::<Vec<_>>()),
        // A standalone server reads what is there; it has to say so.
        Consistency::Fuzzy(why) => {
            assert!(!why.is_empty() && !store.capabilities().has(steward_store::Capability::Transactions));
            assert!(found.contains(&9000) && !found.contains(&7));
        }
    }
    drop(snapshot);
    assert_eq!(ids(store.snapshot(Consistency::PointInTime).await.unwrap().as_ref(), C).await.len(), 2500, "one came, one went");
}
