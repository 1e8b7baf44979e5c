//! Several handles on one workspace, cancellation, and honesty about what a store can do.

use std::time::Duration;

use bson::{Document, doc};
use futures::StreamExt as _;
use steward_domain::Filter;
use steward_store::{Capability, CollectionKind, Definition, Durability, Query, StoreErrorKind, StoreKind, WriteBatch, WriteOp};

use super::changes::patch;
use super::{C, assert_kind, by_id, edit, everything, has, hits, insert, open, with};
use crate::Fixture;

pub async fn see_each_other(fixture: &dyn Fixture) {
    let (one, two) = (with(fixture, &[doc! { "_id": 1 }]).await, fixture.open().await);
    assert_eq!(hits(&*two, &Filter::all()).await, [1]);
    edit(&*two, WriteOp::insert(C, &doc! { "_id": 2 }).unwrap()).await.unwrap();
    assert_eq!(hits(&*one, &Filter::all()).await, [1, 2]);
    two.create_collection("other").await.unwrap();
    assert_eq!(one.collections().await.unwrap(), [C, "other"]);
    one.drop_collection(C).await.unwrap();
    assert_eq!(two.collections().await.unwrap(), ["other"]);
    // The other handle knew the collection; it is made again when written to.
    edit(&*two, WriteOp::insert(C, &doc! { "_id": 3 }).unwrap()).await.unwrap();
    assert_eq!(hits(&*one, &Filter::all()).await, [3]);
}

pub async fn two_editors_one_wins(fixture: &dyn Fixture) {
    let (one, two) = (with(fixture, &[doc! { "_id": 1, "a": 0 }]).await, fixture.open().await);
    for round in 0..10 {
        let change = |to: i32| patch(1, &[("a", Some(round.into()))], &[("a", (round + 1).into()), ("by", to.into())], &[]);
        let (a, b) = futures::join!(edit(&*one, change(1)), edit(&*two, change(2)));
        let winner = match (a, b) {
            (Ok(_), Err(e)) => {
                assert_eq!(e.kind, StoreErrorKind::Conflict, "{e}");
                1
            }
            (Err(e), Ok(_)) => {
                assert_eq!(e.kind, StoreErrorKind::Conflict, "{e}");
                2
            }
            other => panic!("exactly one edit may win: {other:?}"),
        };
        assert_eq!(by_id(&*one, 1).await.unwrap(), doc! { "_id": 1, "a": round + 1, "by": winner });
    }
}

pub async fn many_writers(fixture: &dyn Fixture) {
    let (one, two) = (open(fixture).await, fixture.open().await);
    let tasks: Vec<_> = (0..8_i32)
        .map(|t| {
            let store = if t % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move {
                for i in 0..10 {
                    edit(&*store, WriteOp::insert(C, &doc! { "_id": t * 100 + i }).unwrap()).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(hits(&*one, &Filter::all()).await.len(), 80);
}

pub async fn cancelled_reads_leave_it_usable(fixture: &dyn Fixture) {
    let docs: Vec<Document> = (0..4000).map(|i| doc! { "_id": i, "text": "some words ".repeat(20) }).collect();
    let store = with(fixture, &docs).await;
    let slow = Filter::Contains { field: "text".into(), text: "nowhere".into(), ignore_case: true };
    for round in 0..30_u64 {
        let mut scan = store.scan(C, &Filter::all(), None).await.unwrap();
        assert!(scan.next().await.unwrap().is_ok());
        drop(scan);
        let query = Query::new(slow.clone(), 10);
        let find = store.find(C, &query);
        let _ = tokio::time::timeout(Duration::from_micros(200 * round), find).await;
        let count = store.count(C, &slow);
        let _ = tokio::time::timeout(Duration::from_micros(100 * round), count).await;
    }
    assert_eq!(store.count(C, &Filter::eq("_id", 7)).await.unwrap(), 1);
    insert(&*store, &[doc! { "_id": 4000 }]).await;
    assert_eq!(store.count(C, &Filter::all()).await.unwrap(), 4001);
}

pub async fn cancelled_writes_are_whole_or_nothing(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    for round in 0..20_i32 {
        let data = (0..20).map(|i| WriteOp::insert(C, &doc! { "_id": round * 100 + i, "round": round }).unwrap()).collect();
        let write = store.write(WriteBatch::data(data), Durability::Full);
        let _ = tokio::time::timeout(Duration::from_micros(300 * u64::from(round.unsigned_abs())), write).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let docs = everything(&*store).await;
    for round in 0..20 {
        let of_round = docs.iter().filter(|d| d.get_i32("round").ok() == Some(round)).count();
        assert!(of_round == 0 || of_round == 20, "{of_round} of 20 records of round {round} were written");
    }
}

pub async fn capabilities_are_honest(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    assert!(has(&*store, Capability::Write));
    if !has(&*store, Capability::ChangeFeed) {
        assert_kind(store.changes(None).await.map(|_| ()), StoreErrorKind::Unsupported);
        assert_kind(store.change_position().await, StoreErrorKind::Unsupported);
    }
    if !has(&*store, Capability::TextSearch) {
        assert_kind(store.count(C, &Filter::Text { text: "a".into() }).await, StoreErrorKind::Unsupported);
    }
    if !has(&*store, Capability::RenameReplace) {
        store.create_collection("b").await.unwrap();
        assert_kind(store.rename_collection(C, "b", true).await, StoreErrorKind::Unsupported);
    }
    let times = doc! { "timeseries": { "timeField": "at" } };
    for (capability, kind, options) in [
        (Capability::Views, CollectionKind::View, doc! { "viewOn": C, "pipeline": [] }),
        (Capability::TimeSeries, CollectionKind::Timeseries, times),
    ] {
        let wanted = Definition { kind, options, indexes: Vec::new() };
        let made = store.define(kind.name(), &wanted).await;
        if has(&*store, capability) {
            made.unwrap();
            assert_eq!(store.definition(kind.name()).await.unwrap().kind, kind);
        } else {
            assert_kind(made, StoreErrorKind::Unsupported);
        }
    }
}

pub async fn access_and_info_are_reported(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    let info = store.info().await.unwrap();
    assert!(!info.name.is_empty() && !info.address.is_empty());
    let product = match info.kind {
        StoreKind::File => "SQLite ",
        StoreKind::Mongo => "MongoDB ",
    };
    assert!(info.server.starts_with(product), "{}", info.server);
    let access = store.access().await.unwrap();
    assert!(!access.is_empty() && access.iter().all(|a| a.allowed && !a.needed_for.is_empty()), "{access:?}");
}
