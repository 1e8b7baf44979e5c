//! `steward_store::upsert` on this store: the outcome of every record.

use bson::{Bson, Document, doc};
use steward_domain::Filter;
use steward_domain::run::ImportMode;
use steward_store::upsert::{self, Bookkeeper, Incoming, Outcome, UpsertPlan};
use steward_store::{IndexSpec, Store, StoreResult, WriteOp, names};

use super::{C, everything, open, raw};
use crate::Fixture;

/// Counts what it was asked for, as history would.
struct Books;

#[async_trait::async_trait]
impl Bookkeeper for Books {
    async fn history(&self, outcomes: &[Outcome], batch: &[Incoming]) -> StoreResult<Vec<WriteOp>> {
        assert_eq!(outcomes.len(), batch.len());
        let writes = outcomes.iter().any(|o| matches!(o, Outcome::Inserted { .. } | Outcome::Updated { .. }));
        Ok(if writes { vec![WriteOp::put(names::CHANGES, &doc! { "_id": "h" })?] } else { Vec::new() })
    }

    fn confirm(&self, _: &[Outcome]) -> StoreResult<Vec<WriteOp>> {
        Ok(Vec::new())
    }
}

fn plan(mode: ImportMode, expect_new: bool) -> UpsertPlan<'static> {
    UpsertPlan { collection: C, key_field: "k", mode, expect_new, newest_by: None, ours: None }
}

fn incoming(docs: &[Document]) -> Vec<Incoming> {
    docs.iter().map(|d| Incoming { key: d.get("k").cloned().unwrap_or(Bson::Null), document: raw(d) }).collect()
}

async fn load(store: &dyn Store, mode: ImportMode, docs: &[Document]) -> Vec<&'static str> {
    upsert_all(store, plan(mode, false), docs).await.iter().map(word).collect()
}

async fn upsert_all(store: &dyn Store, plan: UpsertPlan<'_>, docs: &[Document]) -> Vec<Outcome> {
    let batch = incoming(docs);
    let prepared = upsert::prepare(store, plan, &batch).await.unwrap();
    upsert::upsert(store, plan, &batch, prepared, &Books).await.unwrap()
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Inserted { .. } => "inserted",
        Outcome::Updated { .. } => "updated",
        Outcome::Unchanged => "unchanged",
        Outcome::Exists => "exists",
        Outcome::Older => "older",
        Outcome::Conflict => "conflict",
        Outcome::Unpatchable { .. } => "unpatchable",
    }
}

async fn keyed(fixture: &dyn Fixture) -> std::sync::Arc<dyn Store> {
    let store = open(fixture).await;
    store.ensure_index(C, &IndexSpec::unique("k")).await.unwrap();
    store
}

async fn bodies(store: &dyn Store) -> Vec<Document> {
    let mut docs = everything(store).await;
    for doc in &mut docs {
        doc.remove("_id");
    }
    docs.sort_by_key(|d| d.get_i32("k").unwrap_or_default());
    docs
}

pub async fn inserted_unchanged_updated(fixture: &dyn Fixture) {
    let store = keyed(fixture).await;
    let mut docs: Vec<Document> = (0..30).map(|k| doc! { "k": k, "v": 1, "n": { "a": 1, "b": [1, 2] } }).collect();
    assert_eq!(load(&*store, ImportMode::Upsert, &docs).await, ["inserted"; 30]);
    assert_eq!(load(&*store, ImportMode::Upsert, &docs).await, ["unchanged"; 30]);
    docs[3].insert("v", 2);
    docs[4] = doc! { "k": 4, "n": { "a": 1, "b": [1, 3] }, "new": true };
    docs[5] = doc! { "n": { "b": [1, 2], "a": 1.0 }, "v": 1_i64, "k": 5 };
    docs.push(doc! { "k": 99 });
    let outcomes = load(&*store, ImportMode::Upsert, &docs).await;
    let changed: Vec<(usize, &str)> = outcomes.into_iter().enumerate().filter(|(_, w)| *w != "unchanged").collect();
    assert_eq!(changed, [(3, "updated"), (4, "updated"), (30, "inserted")]);
    let found = bodies(&*store).await;
    assert_eq!(found[3], docs[3]);
    assert!(steward_domain::value::same_doc(&found[4], &docs[4]), "{}", found[4]);
    assert_eq!(found.len(), 31);
}

pub async fn insert_only_and_merge(fixture: &dyn Fixture) {
    let store = keyed(fixture).await;
    load(&*store, ImportMode::Insert, &[doc! { "k": 1, "a": 1, "b": 1 }]).await;
    let again = [doc! { "k": 1, "a": 2 }, doc! { "k": 2 }];
    assert_eq!(load(&*store, ImportMode::Insert, &again).await, ["exists", "inserted"]);
    assert_eq!(bodies(&*store).await[0], doc! { "k": 1, "a": 1, "b": 1 });
    assert_eq!(load(&*store, ImportMode::Merge, &again).await, ["updated", "unchanged"]);
    assert_eq!(bodies(&*store).await[0], doc! { "k": 1, "a": 2, "b": 1 });
}

/// Two loads of the same keys at once: every record is there once, with the content of one of them.
pub async fn conflicting_writers(fixture: &dyn Fixture) {
    let (one, two) = (keyed(fixture).await, fixture.open().await);
    let of = |v: i32| -> Vec<Document> { (0..200).map(|k| doc! { "k": k, "v": v }).collect() };
    let (first, second) = (of(1), of(2));
    let (a, b) = futures::join!(load(&*one, ImportMode::Upsert, &first), load(&*two, ImportMode::Upsert, &second));
    assert_eq!(a.len() + b.len(), 400);
    let found = bodies(&*one).await;
    assert_eq!(found.len(), 200);
    assert!(found.iter().all(|d| matches!(d.get_i32("v"), Ok(1 | 2))));
}

/// The look-up is skipped; keys that are there all the same are found out by the unique index.
pub async fn a_fresh_load(fixture: &dyn Fixture) {
    let store = keyed(fixture).await;
    let docs: Vec<Document> = (0..500).map(|k| doc! { "k": k, "v": 1 }).collect();
    store.begin_load(C).await.unwrap();
    let outcomes = upsert_all(&*store, plan(ImportMode::Upsert, true), &docs).await;
    store.end_load(C, None).await.unwrap();
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Inserted { .. })));
    let again = upsert_all(&*store, plan(ImportMode::Upsert, true), &docs).await;
    assert!(again.iter().all(|o| *o == Outcome::Unchanged), "{:?}", again.first());
    assert_eq!(store.count(C, &Filter::all()).await.unwrap(), 500);
}
