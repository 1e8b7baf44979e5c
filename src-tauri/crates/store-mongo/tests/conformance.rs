//! The suite that every store passes, on a replica set and on a server that stands alone.

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
