//! Indexes: what was asked for is what is there, and unique means unique.

use bson::doc;
use steward_domain::Filter;
use steward_store::{Durability, IndexSpec, Query, StoreErrorKind, WriteBatch, WriteOp};

use super::{C, assert_kind, edit, everything, has, hits, insert, open, with};
use crate::Fixture;

fn compound() -> IndexSpec {
    IndexSpec { name: "level_salary".to_owned(), fields: vec!["level".to_owned(), "salary".to_owned()], ..IndexSpec::on("level") }
}

pub async fn definitions_come_back_as_given(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    assert_eq!(store.indexes(C).await.unwrap(), [], "the index of _id is not listed");
    let mut specs = vec![IndexSpec::on("salary"), IndexSpec::on("range.min"), IndexSpec::unique("career_id"), compound()];
    if has(&*store, steward_store::Capability::TextSearch) {
        specs.push(IndexSpec::text(&["title", "description"]));
    }
    for _ in 0..2 {
        for spec in &specs {
            store.ensure_index(C, spec).await.unwrap();
        }
    }
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    let mut found = store.indexes(C).await.unwrap();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(found, specs);
    assert_kind(store.indexes("nowhere").await, StoreErrorKind::NotFound);
}

pub async fn another_definition_replaces(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 1, "a": 1, "b": 1 }]).await;
    store.ensure_index(C, &IndexSpec::on("a")).await.unwrap();
    let changed = IndexSpec { fields: vec!["b".to_owned()], ..IndexSpec::on("a") };
    store.ensure_index(C, &changed).await.unwrap();
    assert_eq!(store.indexes(C).await.unwrap(), [changed]);
}

pub async fn unique_keys_are_kept_unique(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 1, "k": 1 }]).await;
    store.ensure_index(C, &IndexSpec::unique("k")).await.unwrap();
    assert_kind(edit(&*store, WriteOp::insert(C, &doc! { "_id": 2, "k": 1 }).unwrap()).await, StoreErrorKind::DuplicateKey);
    // The same number in another type is the same key.
    assert_kind(edit(&*store, WriteOp::insert(C, &doc! { "_id": 2, "k": 1.0 }).unwrap()).await, StoreErrorKind::DuplicateKey);
    assert_kind(edit(&*store, WriteOp::insert(C, &doc! { "_id": 1, "k": 9 }).unwrap()).await, StoreErrorKind::DuplicateKey);
    edit(&*store, WriteOp::insert(C, &doc! { "_id": 2, "k": "1" }).unwrap()).await.unwrap();
    let clash = WriteOp::Patch { collection: C.into(), id: 2.into(), expect: vec![], set: vec![("k".into(), 1.into())], unset: vec![] };
    assert_kind(edit(&*store, clash).await, StoreErrorKind::DuplicateKey);
    assert_eq!(everything(&*store).await, [doc! { "_id": 1, "k": 1 }, doc! { "_id": 2, "k": "1" }]);
}

pub async fn unique_needs_unique_records(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 1, "k": 1 }, doc! { "_id": 2, "k": 1 }]).await;
    assert_kind(store.ensure_index(C, &IndexSpec::unique("k")).await, StoreErrorKind::DuplicateKey);
    assert_eq!(store.indexes(C).await.unwrap(), []);
}

pub async fn dropped_indexes_are_gone(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 1, "k": 1 }]).await;
    store.ensure_index(C, &IndexSpec::unique("k")).await.unwrap();
    store.drop_index(C, "k_unique").await.unwrap();
    assert_eq!(store.indexes(C).await.unwrap(), []);
    insert(&*store, &[doc! { "_id": 2, "k": 1 }]).await;
    assert_kind(store.drop_index(C, "k_unique").await, StoreErrorKind::NotFound);
}

pub async fn put_off_indexes_come_back(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    let specs = [IndexSpec::on("salary"), IndexSpec::unique("k")];
    for spec in &specs {
        store.ensure_index(C, spec).await.unwrap();
    }
    let words = has(&*store, steward_store::Capability::TextSearch);
    if words {
        store.ensure_index(C, &IndexSpec::text(&["title"])).await.unwrap();
    }
    store.begin_load(C).await.unwrap();
    let load = |from: i32| {
        (from..from + 50).map(|i| WriteOp::insert(C, &doc! { "_id": i, "k": i, "salary": i % 7, "title": "Nurse" }).unwrap()).collect()
    };
    store.write(WriteBatch::data(load(0)), Durability::Bulk).await.unwrap();
    let again = store.write(WriteBatch::data(load(25)), Durability::Bulk).await.unwrap();
    assert_eq!(again.failures.len(), 25, "unique keys are guarded during a load");
    store.end_load(C, None).await.unwrap();
    store.end_load(C, None).await.unwrap();
    assert_eq!(store.indexes(C).await.unwrap().len(), 2 + usize::from(words));
    assert_eq!(hits(&*store, &Filter::eq("salary", 3)).await.len(), 11);
    assert!(!store.find(C, &Query::new(Filter::eq("salary", 3), 5)).await.unwrap().scanned);
    if words {
        assert_eq!(store.count(C, &Filter::Text { text: "nurse".into() }).await.unwrap(), 75);
    }
    // A collection with records keeps its indexes.
    store.begin_load(C).await.unwrap();
    assert!(!store.find(C, &Query::new(Filter::eq("salary", 3), 5)).await.unwrap().scanned);
    store.end_load(C, None).await.unwrap();
}
