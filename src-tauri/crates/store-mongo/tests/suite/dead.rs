//! What a killed program leaves open on the server holds nobody up.

// Test code: a broken expectation is meant to panic, with the place.

use std::time::{Duration, Instant};

use bson::{Document, doc};
use mongodb::options::ClientOptions;
use steward_store::{Durability, Store, WriteBatch, WriteOp, alive};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_testkit::mongod::Mongod;

/// A transaction of a process that the machine no longer knows, with a record changed in it.
async fn left_open(uri: &str) -> mongodb::ClientSession {
    let (place, _) = alive::mark().rsplit_once('/').unwrap();
    let mut options = ClientOptions::parse(uri).await.unwrap();
    options.app_name = Some(format!("Steward {place}/0"));
    let client = mongodb::Client::with_options(options).unwrap();
    let mut session = client.start_session().await.unwrap();
    session.start_transaction().await.unwrap();
    let records = client.default_database().unwrap().collection::<Document>("c");
    records.update_one(doc! { "_id": 1 }, doc! { "$set": { "a": 2 } }).session(&mut session).await.unwrap();
    session
}

fn patch(value: i32) -> WriteBatch {
    let op = WriteOp::Patch {
        collection: "c".into(),
        id: 1.into(),
        expect: vec![("a".into(), Some(1.into()))],
        set: vec![("b".into(), value.into())],
        unset: Vec::new(),
    };
    // Two operations: a transaction.
    WriteBatch::data(vec![op, WriteOp::put("d", &doc! { "_id": value }).unwrap()])
}

async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let done = work.await;
    assert!(started.elapsed() < Duration::from_secs(20), "{what} took {:?}", started.elapsed());
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_a_dead_process_left_open() {
    let uri = Mongod::replica_set().uri("left_open");
    let store = MongoStore::connect(&uri, MongoOptions::default()).await.unwrap();
    store.write(WriteBatch::data(vec![WriteOp::put("c", &doc! { "_id": 1, "a": 1 }).unwrap()]), Durability::Full).await.unwrap();

    // Someone who has the workspace open meets it.
    let session = left_open(&uri).await;
    in_time("an edit", store.write(patch(1), Durability::Full)).await.unwrap();
    drop(session);
    let session = left_open(&uri).await;
    in_time("a load", store.write(patch(2), Durability::Bulk)).await.unwrap();
    drop(session);

    // Whoever opens the workspace clears it away.
    let session = left_open(&uri).await;
    let other = in_time("opening", MongoStore::connect(&uri, MongoOptions::default())).await.unwrap();
    let started = Instant::now();
    other.write(patch(3), Durability::Full).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    drop(session);
    let found = other.get_many("c", "_id", &[1.into()]).await.unwrap();
    assert_eq!(Document::try_from(found[0].as_ref()).unwrap(), doc! { "_id": 1, "a": 1, "b": 3 });
}
