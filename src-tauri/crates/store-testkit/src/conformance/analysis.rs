//! Counts, facets, histograms.

use bson::{Bson, Document, doc};
use steward_domain::Filter;
use steward_domain::filter::Comparison;
use steward_store::{IndexSpec, Query};

use super::{C, with};
use crate::Fixture;

fn careers() -> Vec<Document> {
    vec![
        doc! { "_id": 1, "level": "Bachelor's", "salary": 10, "skills": ["a", "b"] },
        doc! { "_id": 2, "level": "Bachelor's", "salary": 20.0, "skills": ["b"] },
        doc! { "_id": 3, "level": "Master's", "salary": 30_i64, "skills": [] },
        doc! { "_id": 4, "level": Bson::Null, "salary": "40" },
        doc! { "_id": 5, "salary": Bson::Decimal128("50".parse().unwrap()), "skills": "c" },
        doc! { "_id": 6, "level": 7, "salary": f64::NAN },
        doc! { "_id": 7, "level": 7.0 },
    ]
}

fn above(field: &str, value: i32) -> Filter {
    Filter::Compare { field: field.into(), cmp: Comparison::Gt, value: Bson::Int32(value).into() }
}

pub async fn counts(fixture: &dyn Fixture) {
    let store = with(fixture, &careers()).await;
    assert_eq!(store.count(C, &Filter::all()).await.unwrap(), 7);
    assert_eq!(store.count(C, &above("salary", 10)).await.unwrap(), 3);
    assert_eq!(store.count(C, &Filter::Or { any: vec![] }).await.unwrap(), 0);
    super::edit(&*store, steward_store::WriteOp::Delete { collection: C.into(), id: 1.into(), expect: vec![] }).await.unwrap();
    assert_eq!(store.count(C, &Filter::all()).await.unwrap(), 6);
}

pub async fn facets(fixture: &dyn Fixture) {
    let store = with(fixture, &careers()).await;
    let facet = store.facet(C, "level", &Filter::all(), 10).await.unwrap();
    assert_eq!((facet.missing, facet.nulls, facet.distinct, facet.capped), (1, 1, 3, false));
    let counted: Vec<u64> = facet.values.iter().map(|(_, n)| *n).collect();
    assert_eq!(counted, [2, 2, 1], "most frequent first; one number in two types is one value");
    let bachelors = facet.values.iter().find(|(v, _)| *v == Bson::from("Bachelor's"));
    assert_eq!(bachelors.map(|(_, n)| *n), Some(2));
    let top = store.facet(C, "level", &Filter::all(), 1).await.unwrap();
    assert_eq!((top.values.len(), top.distinct), (1, 3));
    let some = store.facet(C, "level", &above("salary", 15), 10).await.unwrap();
    assert_eq!((some.missing, some.nulls, some.distinct), (1, 0, 2));
    let none = store.facet(C, "nowhere", &Filter::all(), 10).await.unwrap();
    assert_eq!((none.missing, none.distinct, none.values.len()), (7, 0, 0));
}

pub async fn facets_of_lists(fixture: &dyn Fixture) {
    let store = with(fixture, &careers()).await;
    let facet = store.facet(C, "skills", &Filter::all(), 10).await.unwrap();
    assert_eq!(facet.values, [("b".into(), 2), ("a".into(), 1), ("c".into(), 1)]);
    assert_eq!((facet.missing, facet.distinct), (3, 3));
}

pub async fn histograms(fixture: &dyn Fixture) {
    let store = with(fixture, &careers()).await;
    let found = store.histogram(C, "salary", &Filter::all(), 4).await.unwrap().unwrap();
    assert_eq!((found.min, found.max), (10.0, 50.0));
    assert_eq!(found.counts, [1, 1, 1, 1], "10, 20, 30 and the maximum in the last bin; text and NaN are no numbers");
    let one = store.histogram(C, "salary", &Filter::eq("_id", 3), 3).await.unwrap().unwrap();
    assert_eq!((one.min, one.max, one.counts.iter().sum::<u64>()), (30.0, 30.0, 1));
    assert_eq!(store.histogram(C, "level", &Filter::eq("_id", 1), 4).await.unwrap(), None);
}

pub async fn scans_are_admitted(fixture: &dyn Fixture) {
    let store = with(fixture, &careers()).await;
    let level = Query::new(Filter::eq("level", "Master's"), 5);
    assert!(store.find(C, &level).await.unwrap().scanned);
    store.ensure_index(C, &IndexSpec::on("level")).await.unwrap();
    assert!(!store.find(C, &level).await.unwrap().scanned);
    assert!(!store.find(C, &Query::new(Filter::all(), 5)).await.unwrap().scanned);
}
