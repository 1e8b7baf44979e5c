//! The suite that every store passes, on a replica set and on a standalone server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use steward_store::Store;
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_testkit::Fixture;
use steward_store_testkit::mongod::Mongod;

/// A database of its own, dropped at the end.
struct Place {
    uri: String,
}

impl Place {
    fn on(server: &Mongod) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { uri: server.uri(&format!("steward_test_{}_{number}", std::process::id())) }
    }
}

/// Few connections: many tests run at once.
fn options() -> MongoOptions {
    MongoOptions { min_pool: 0, ..MongoOptions::default() }
}

#[steward_store_testkit::async_trait]
impl Fixture for Place {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(MongoStore::connect(&self.uri, options()).await.expect("the test server accepts connections"))
    }
}

mod replica_set {
    use super::{Mongod, Place};

    async fn fixture() -> Place {
        Place::on(Mongod::replica_set())
    }

    steward_store_testkit::conformance!(fixture);
}

mod standalone {
    use super::{Mongod, Place};

    async fn fixture() -> Place {
        Place::on(Mongod::standalone())
    }

    steward_store_testkit::conformance!(fixture);
}

/// A server reads nothing, without a word, where a collection was dropped after the point in time of a snapshot: that is no empty collection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_went_after_the_moment_is_not_taken_for_empty() {
    use futures::TryStreamExt as _;
    use steward_store::{Consistency, Durability, StoreErrorKind, WriteBatch, WriteOp};
    let store = Place::on(Mongod::replica_set()).open().await;
    for name in ["renamed", "dropped", "made again", "stays"] {
        let insert = WriteOp::insert(name, &bson::doc! { "_id": 1 }).unwrap();
        store.write(WriteBatch::data(vec![insert]), Durability::Full).await.unwrap();
    }
    let snapshot = store.snapshot(Consistency::PointInTime).await.unwrap();
    assert_eq!(snapshot.consistency(), Consistency::PointInTime);
    store.rename_collection("renamed", "elsewhere", false).await.unwrap();
    store.drop_collection("dropped").await.unwrap();
    store.drop_collection("made again").await.unwrap();
    store.create_collection("made again").await.unwrap();
    for name in ["renamed", "dropped", "made again"] {
        let read = match snapshot.scan(name).await {
            Ok(batches) => batches.try_collect::<Vec<_>>().await.map(|batches| batches.concat().len()),
            Err(e) => Err(e),
        };
        let e = read.map(|records| panic!("{name}: {records} records")).unwrap_err();
        assert!(e.kind == StoreErrorKind::Conflict && e.message.contains(name), "{name}: {e}");
    }
    let stays: Vec<_> = snapshot.scan("stays").await.unwrap().try_collect::<Vec<_>>().await.unwrap();
    assert_eq!(stays.concat().len(), 1);
}
