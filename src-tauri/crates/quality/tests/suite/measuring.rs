//! A measurement that does not finish changes nothing: the last report and the records that failed stay together.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;

use bson::doc;
use steward_domain::Filter;
use steward_domain::quality::MetricName;
use steward_quality as quality;
use steward_quality::failing;
use steward_store::{Durability, Store, WriteBatch, WriteOp, names};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::{Error, Progress, Silent, SystemClock, Workspace, lease};

const C: &str = "things";

/// Cancels at the first checkpoint.
struct Cancelled;

impl Progress for Cancelled {
    fn phase(&self, _: &str) {}
    fn total(&self, _: u64) {}
    fn done(&self, _: u64) {}
    fn is_cancelled(&self) -> bool {
        true
    }
}

async fn stores() -> (tempfile::TempDir, Vec<Arc<dyn Store>>) {
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteStore::open(&folder.path().join("w.steward")).await.unwrap();
    let server = MongoStore::connect(&Mongod::replica_set().uri("measuring"), MongoOptions::default()).await.unwrap();
    (folder, vec![Arc::new(file), Arc::new(server)])
}

async fn open(store: &Arc<dyn Store>) -> Workspace {
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    Workspace::open_and_recover(Arc::clone(store), registry, Arc::new(SystemClock), "ann".into()).await.unwrap()
}

async fn write(store: &Arc<dyn Store>, ops: Vec<WriteOp>) {
    store.write(WriteBatch::data(ops), Durability::Full).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_measurement_leaves_the_last_report_whole() {
    let (_folder, stores) = stores().await;
    for store in stores {
        let workspace = open(&store).await;
        workspace.assign(C, None, Some("k")).await.unwrap();
        for index in store.indexes(C).await.unwrap() {
            store.drop_index(C, &index.name).await.unwrap();
        }
        // Of three thousand keys, every hundredth is there twice and one three times.
        let row = |id: i32, k: i32| WriteOp::insert(C, &doc! { "_id": id, "k": k }).unwrap();
        let mut rows: Vec<WriteOp> = (0..3_000).map(|n| row(n, n)).collect();
        rows.extend((0..30).map(|n| row(10_000 + n, n * 100)));
        rows.push(row(20_000, 0));
        write(&store, rows).await;
        let first = quality::measure_and_record(&workspace, C, &Silent).await.unwrap();
        let uniqueness = first.metrics.iter().find(|m| m.name == MetricName::Uniqueness).unwrap();
        assert_eq!((uniqueness.failing, uniqueness.value), (61, Some((3_031.0 - 61.0) / 3_031.0)));
        let count = async || failing::count(&workspace, C, MetricName::Uniqueness, &Filter::all()).await.unwrap();
        let kept = async || store.count(names::FINDINGS, &Filter::all()).await.unwrap();
        assert_eq!((count().await, kept().await), (61, 61));
        let (page, _) = failing::page(&workspace, C, MetricName::Uniqueness, &Filter::eq("k", 0), None, 100).await.unwrap();
        assert_eq!(page.len(), 3, "each of them is reported, the first one too");

        write(&store, vec![WriteOp::Delete { collection: C.into(), id: 20_000.into(), expect: Vec::new() }]).await;
        assert!(matches!(quality::measure_and_record(&workspace, C, &Cancelled).await, Err(Error::Cancelled)));
        assert_eq!(quality::last(&workspace, C).await.unwrap().as_ref(), Some(&first));
        assert_eq!((count().await, kept().await), (61, 61));
        quality::measure_and_record(&workspace, C, &Silent).await.unwrap();
        assert_eq!((count().await, kept().await), (60, 60), "those of the measurement before are gone");
        // A measurement writes nothing until it is recorded, and its series has a point for each that was.
        let before = quality::last(&workspace, C).await.unwrap();
        quality::measure(&workspace, C, &Silent).await.unwrap();
        assert_eq!(quality::last(&workspace, C).await.unwrap(), before);
        let points = quality::series(&workspace, C, 10).await.unwrap();
        assert_eq!(points.iter().map(|p| p.records).collect::<Vec<_>>(), [3_031, 3_030]);
        assert!(points[0].at < points[1].at && points[1].uniqueness == Some(2_970.0 / 3_030.0));
        assert_eq!(quality::series(&workspace, "thing", 10).await.unwrap(), Vec::new());
    }
}

/// A file takes no other write while an index of it is built: silence is no sign of death then.
#[tokio::test]
async fn a_holder_that_asked_for_quiet_is_at_work() {
    let (_folder, stores) = stores().await;
    for store in stores {
        let workspace = open(&store).await;
        let now = bson::DateTime::now().timestamp_millis();
        let at = |seconds: i64| bson::DateTime::from_millis(now + seconds * 1_000);
        let held = |renewed: i64, quiet: Option<i64>| {
            let mut held = doc! { "number": 1_i64, "process": "elsewhere/1/1", "beat": 1, "renewed": at(renewed), "released": false };
            held.extend(quiet.map(|quiet| ("quietUntil".to_owned(), at(quiet).into())));
            held
        };
        assert!(!lease::is_over(&workspace, Some(&held(-20, None))));
        assert!(lease::is_over(&workspace, Some(&held(-60, None))));
        assert!(!lease::is_over(&workspace, Some(&held(-60, Some(60)))));
        assert!(lease::is_over(&workspace, Some(&held(-120, Some(-60)))));
        // The same of a process of this machine: one that sleeps loses its run.
        let mine =
            |quiet: i64| doc! { "process": steward_store::alive::mark(), "renewed": at(-60), "released": false, "quietUntil": at(quiet) };
        assert!(lease::is_over(&workspace, Some(&mine(-1))) && !lease::is_over(&workspace, Some(&mine(60))));
        let mut named = held(-60, Some(60));
        named.insert("_id", lease::of_run("r"));
        write(&store, vec![WriteOp::put(names::LEASES, &named).unwrap()]).await;
        let taken = lease::Lease::take(&workspace, &lease::of_run("r"), &Silent).await;
        assert!(taken.is_err_and(|e| e.is_conflict() || e.to_string().contains("still going")));
    }
}
