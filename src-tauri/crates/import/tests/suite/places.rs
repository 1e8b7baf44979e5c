//! Workspaces that several handles look at, on every kind of store; and a process that has died there.

use std::path::PathBuf;
use std::sync::Arc;

use bson::Bson;
use steward_domain::Filter;
use steward_store::layers::{Layered, Limits};
use steward_store::{Durability, Query, Store, WriteBatch, WriteOp, alive, names};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::{SystemClock, Workspace};

/// Makes handles on new, empty workspaces.
#[derive(Clone)]
pub enum Kind {
    File(PathBuf),
    Mongo(&'static Mongod),
}

impl Kind {
    pub async fn open(&self, name: &str) -> Arc<dyn Store> {
        let inner: Arc<dyn Store> = match self {
            Self::File(folder) => Arc::new(SqliteStore::open(&folder.join(format!("{name}.steward"))).await.unwrap()),
            Self::Mongo(server) => {
                let options = MongoOptions { min_pool: 0, ..MongoOptions::default() };
                Arc::new(MongoStore::connect(&server.uri(name), options).await.unwrap())
            }
        };
        Arc::new(Layered::new(inner, Limits { failures: u32::MAX, ..Limits::default() }))
    }
}

pub async fn workspace(store: Arc<dyn Store>) -> Workspace {
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    Workspace::open_and_recover(store, registry, Arc::new(SystemClock), "ann".into()).await.unwrap()
}

/// Leases of a process that is dead, as everybody sees them from then on.
pub async fn bury(store: &dyn Store) {
    let (place, _) = alive::mark().rsplit_once('/').unwrap();
    let dead = Bson::from(format!("{place}/0"));
    for lease in store.find(names::LEASES, &Query::new(Filter::all(), 1000)).await.unwrap().records {
        let op = WriteOp::Patch {
            collection: names::LEASES.into(),
            id: lease.get_str("_id").unwrap().into(),
            expect: Vec::new(),
            set: vec![("process".into(), dead.clone())],
            unset: Vec::new(),
        };
        store.write(WriteBatch::data(vec![op]), Durability::Full).await.unwrap();
    }
}
