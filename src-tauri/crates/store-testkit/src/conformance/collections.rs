//! Collections as a whole.

use bson::doc;
use steward_domain::Filter;
use steward_store::{IndexSpec, StoreErrorKind, names};

use super::{C, assert_kind, everything, insert, open, with};
use crate::Fixture;

pub async fn created_once_listed_and_dropped(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    insert(&*store, &[doc! { "_id": 1 }]).await;
    store.create_collection(C).await.unwrap();
    assert_eq!(everything(&*store).await, [doc! { "_id": 1 }], "making it again must not empty it");
    assert_eq!(store.collections().await.unwrap(), [C]);
    store.drop_collection(C).await.unwrap();
    store.drop_collection(C).await.unwrap();
    assert!(store.collections().await.unwrap().is_empty());
    store.create_collection(C).await.unwrap();
    assert!(everything(&*store).await.is_empty(), "a collection made again is empty");
}

pub async fn own_collections_are_listed_too(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    store.create_collection(names::RUNS).await.unwrap();
    assert_eq!(store.collections().await.unwrap(), [C, names::RUNS]);
}

pub async fn bad_names_are_refused(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    for name in ["", "system.users", "a$b", ".a", "a\0b"] {
        assert_kind(store.create_collection(name).await, StoreErrorKind::Invalid);
        assert_kind(store.rename_collection(C, name, false).await, StoreErrorKind::Invalid);
    }
    assert_eq!(store.collections().await.unwrap(), [C]);
}

pub async fn renamed_with_records_and_indexes(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    store.create_collection("loaded").await.unwrap();
    store.ensure_index("loaded", &IndexSpec::unique("k")).await.unwrap();
    let op = steward_store::WriteOp::insert("loaded", &doc! { "_id": 1, "k": 1 }).unwrap();
    super::edit(&*store, op).await.unwrap();
    store.rename_collection("loaded", "renamed", false).await.unwrap();
    assert_eq!(store.collections().await.unwrap(), [C, "renamed"]);
    assert_eq!(store.count("renamed", &Filter::eq("k", 1)).await.unwrap(), 1);
    assert_eq!(store.indexes("renamed").await.unwrap(), [IndexSpec::unique("k")]);
}

pub async fn replaced_only_when_asked(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 1, "old": true }]).await;
    store.create_collection("new").await.unwrap();
    super::edit(&*store, steward_store::WriteOp::insert("new", &doc! { "_id": 2 }).unwrap()).await.unwrap();
    assert_kind(store.rename_collection("new", C, false).await, StoreErrorKind::Conflict);
    assert_eq!(everything(&*store).await.len(), 1);
    assert_eq!(store.collections().await.unwrap(), [C, "new"]);
    store.rename_collection("new", C, true).await.unwrap();
    assert_eq!(everything(&*store).await, [doc! { "_id": 2 }]);
    assert_eq!(store.collections().await.unwrap(), [C]);
}

pub async fn renaming_what_is_missing(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    assert_kind(store.rename_collection("nowhere", "b", false).await, StoreErrorKind::NotFound);
}
