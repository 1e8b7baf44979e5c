//! Reading everything, in one stream or in parts.

use std::collections::HashSet;

use bson::{Bson, Document, doc};
use futures::TryStreamExt as _;
use steward_domain::Filter;
use steward_store::Capability;

use super::{C, has, id_key, scanned, with};
use crate::Fixture;

fn mixed(count: i32) -> Vec<Document> {
    (0..count)
        .map(|i| {
            let id = match i % 3 {
                0 => Bson::Int32(i),
                1 => Bson::from(format!("id{i}")),
                _ => Bson::ObjectId(bson::oid::ObjectId::new()),
            };
            doc! { "_id": id, "n": i }
        })
        .collect()
}

pub async fn parts_cover_all_once(fixture: &dyn Fixture) {
    let store = with(fixture, &mixed(2500)).await;
    let parts = if has(&*store, Capability::ParallelScan) { 4 } else { 1 };
    let cut = store.partitions(C, parts).await.unwrap();
    assert!(!cut.is_empty() && cut.len() <= parts, "{} parts", cut.len());
    if parts > 1 {
        assert!(cut.len() > 1, "2,500 records can be read in parallel");
    }
    let all = Filter::all();
    let streams = cut.into_iter().map(|part| scanned(&*store, &all, Some(part)));
    let records: Vec<_> = futures::future::join_all(streams).await.into_iter().flatten().collect();
    let ids: HashSet<Vec<u8>> = records.iter().map(id_key).collect();
    assert_eq!((records.len(), ids.len()), (2500, 2500));
    let empty = store.partitions("nowhere", 4).await.unwrap();
    for part in empty {
        let none: Vec<_> = store.scan("nowhere", &all, Some(part)).await.unwrap().try_collect().await.unwrap();
        assert!(none.iter().all(Vec::is_empty));
    }
}

pub async fn filtered_scans(fixture: &dyn Fixture) {
    let store = with(fixture, &mixed(1500)).await;
    let filter = Filter::In { field: "n".into(), values: (0..1500).step_by(10).map(|n| Bson::Int32(n).into()).collect() };
    assert_eq!(scanned(&*store, &filter, None).await.len(), 150);
    let mut found = 0;
    for part in store.partitions(C, 3).await.unwrap() {
        found += scanned(&*store, &filter, Some(part)).await.len();
    }
    assert_eq!(found, 150);
}

pub async fn large_scans_come_in_batches(fixture: &dyn Fixture) {
    let store = with(fixture, &mixed(5000)).await;
    let mut stream = store.scan(C, &Filter::all(), None).await.unwrap();
    let mut sizes = Vec::new();
    while let Some(batch) = stream.try_next().await.unwrap() {
        sizes.push(batch.len());
    }
    assert_eq!(sizes.iter().sum::<usize>(), 5000);
    assert!(sizes.len() > 1 && sizes.iter().all(|n| *n <= 2000), "{sizes:?}");
}
