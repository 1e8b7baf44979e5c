//! A pool of one or two connections: whoever finds it exhausted is reported so in time, and nobody waits for himself.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bson::{Document, doc};
use futures::StreamExt as _;
use steward_domain::Filter;
use steward_store::layers::{BreakerState, Layered, Limits};
use steward_store::{Durability, Query, Store, StoreErrorKind, WriteBatch, WriteOp};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_testkit::mongod::Mongod;

async fn open(server: &Mongod, database: &str, options: &str) -> Arc<Layered> {
    let uri = server.login_uri("", database, options);
    let store = MongoStore::connect(&uri, MongoOptions::default()).await.unwrap();
    let limits = Limits { pool: Some(store.pool()), slow: Duration::from_millis(200), ..Limits::default() };
    Arc::new(Layered::new(Arc::new(store), limits))
}

async fn insert(store: &dyn Store, docs: impl Iterator<Item = Document>) {
    let ops = docs.map(|d| WriteOp::insert("c", &d).unwrap()).collect();
    store.write(WriteBatch::data(ops), Durability::Bulk).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exhausted_pool_answers_in_time_and_recovers() {
    let server = Mongod::alone();
    let store = open(&server, "careers", "maxPoolSize=1&waitQueueTimeoutMS=700").await;
    insert(&*store, std::iter::once(doc! { "_id": 1 })).await;
    // The server holds every write up: the one connection waits with it.
    server.admin(doc! { "fsync": 1, "lock": true }).unwrap();
    let writer = Arc::clone(&store);
    let held_up = tokio::spawn(async move {
        let op = WriteOp::insert("c", &doc! { "_id": 2 }).unwrap();
        writer.write(WriteBatch::data(vec![op]), Durability::Full).await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(store.health().in_use, 1);
    let started = Instant::now();
    let e = store.count("c", &Filter::eq("_id", 1)).await.unwrap_err();
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(690) && waited < Duration::from_secs(3), "{waited:?}");
    assert_eq!(e.kind, StoreErrorKind::Busy);
    assert_eq!(e.message, "The one connection of this workspace stayed busy for 0.7 s.");
    assert_eq!(store.health().breaker, BreakerState::Closed, "waiting is no failure of the server");
    server.admin(doc! { "fsyncUnlock": 1 }).unwrap();
    held_up.await.unwrap().unwrap();
    assert_eq!(store.count("c", &Filter::all()).await.unwrap(), 2);
    let health = store.health();
    assert_eq!(health.in_use, 0);
    let slow = health.slow.first().unwrap();
    assert_eq!((slow.shape.operation, slow.shape.collection.as_str(), slow.count), ("write", "c", 1));
    store.reset();
    assert!(store.health().slow.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_scan_leaves_the_one_connection_to_others() {
    let store = open(Mongod::replica_set(), &format!("steward_pool_{}", std::process::id()), "maxPoolSize=1&waitQueueTimeoutMS=2000").await;
    insert(&*store, (0..5000).map(|i| doc! { "_id": i, "n": i })).await;
    let mut one = store.scan("c", &Filter::all(), None).await.unwrap();
    let mut two = store.scan("c", &Filter::all(), None).await.unwrap();
    let mut seen = (0, 0);
    while let Some(batch) = one.next().await {
        seen.0 += batch.unwrap().len();
        // In the middle of a scan: another scan, a page, and a write.
        if let Some(batch) = two.next().await {
            seen.1 += batch.unwrap().len();
        }
        assert_eq!(store.find("c", &Query::new(Filter::eq("n", 7), 10)).await.unwrap().records.len(), 1);
        let op = WriteOp::put("other", &doc! { "_id": 1, "seen": i32::try_from(seen.0).unwrap() }).unwrap();
        store.write(WriteBatch::data(vec![op]), Durability::Full).await.unwrap();
    }
    while let Some(batch) = two.next().await {
        seen.1 += batch.unwrap().len();
    }
    assert_eq!(seen, (5000, 5000));
    assert!(store.histogram("c", "n", &Filter::all(), 10).await.unwrap().is_some());
    assert_eq!(store.facet("c", "n", &Filter::all(), 10).await.unwrap().distinct, 5000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_share_two_connections() {
    let store = open(Mongod::replica_set(), &format!("steward_pool_two_{}", std::process::id()), "maxPoolSize=2&minPoolSize=0").await;
    insert(&*store, (0..100).map(|i| doc! { "_id": i })).await;
    let callers = (0..64).map(|i| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.count("c", &Filter::eq("_id", i)).await })
    });
    for answer in futures::future::join_all(callers).await {
        assert_eq!(answer.unwrap().unwrap(), 1);
    }
}

#[tokio::test]
async fn the_address_decides_about_the_pool() {
    let settings = |options: &'static str| async move {
        let uri = Mongod::standalone().login_uri("", "careers", options);
        MongoStore::connect(&uri, MongoOptions { min_pool: 0, ..MongoOptions::default() }).await.unwrap().pool()
    };
    let usual = settings("").await;
    assert_eq!((usual.max, usual.idle, usual.wait), (20, Duration::from_secs(30), Duration::from_secs(5)));
    let given = settings("maxPoolSize=3&maxIdleTimeMS=9000&waitqueuetimeoutms=1500").await;
    assert_eq!((given.max, given.idle, given.wait), (3, Duration::from_secs(9), Duration::from_millis(1500)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_breaker_opens_after_outages_and_is_closed_by_hand() {
    let server = Mongod::alone();
    let store = open(&server, "careers", "serverSelectionTimeoutMS=200&minPoolSize=0").await;
    insert(&*store, std::iter::once(doc! { "_id": 1 })).await;
    drop(server);
    for _ in 0..5 {
        assert!(store.count("c", &Filter::eq("_id", 1)).await.unwrap_err().is_outage());
    }
    assert!(matches!(store.health().breaker, BreakerState::Open { .. }));
    assert_eq!(store.count("c", &Filter::all()).await.unwrap_err().kind, StoreErrorKind::BreakerOpen);
    store.reset();
    assert_eq!(store.health().breaker, BreakerState::Closed);
    assert!(store.count("c", &Filter::all()).await.unwrap_err().is_outage(), "the server is asked again");
}
