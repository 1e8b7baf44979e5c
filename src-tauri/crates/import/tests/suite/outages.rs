//! The server or the way to it fails in the middle of an import: whatever the import says then, it goes on afterwards, and each row
//! is there once.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bson::doc;
use steward_domain::{Filter, ImportMode, RunState, SourceChoice};
use steward_import::import::{ImportSpec, SourceFile};
use steward_import::runs;
use steward_store::layers::{Layered, Limits};
use steward_store::{Query, Store};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_testkit::mongod::Mongod;
use steward_store_testkit::proxy::Proxy;
use steward_workspace::{Progress, Silent, SystemClock, Workspace};

const C: &str = "things";
const ROWS: i64 = 20_000;

/// Does something when so many batches are written.
struct At<F: Fn(u32) + Send + Sync>(AtomicU32, F);

impl<F: Fn(u32) + Send + Sync> Progress for At<F> {
    fn phase(&self, _: &str) {}
    fn total(&self, _: u64) {}
    fn done(&self, _: u64) {
        (self.1)(self.0.fetch_add(1, Ordering::SeqCst) + 1);
    }
    fn is_cancelled(&self) -> bool {
        false
    }
}

async fn workspace(uri: &str) -> Workspace {
    let store = MongoStore::connect(uri, MongoOptions { min_pool: 0, ..MongoOptions::default() }).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(Layered::new(Arc::new(store), Limits { failures: u32::MAX, ..Limits::default() }));
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    Workspace::open_and_recover(store, registry, Arc::new(SystemClock), "ann".into()).await.unwrap()
}

fn spec(folder: &std::path::Path, mode: ImportMode) -> ImportSpec {
    let path = folder.join("many.ndjson");
    let lines: Vec<String> = (0..ROWS).map(|n| format!("{{\"k\":{n},\"name\":\"row {n}\"}}")).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    ImportSpec {
        files: vec![SourceFile::file("many.ndjson", path, SourceChoice::default())],
        collection: C.into(),
        key_field: "k".into(),
        schema: String::new(),
        mode,
        mapping: None,
        duplicates: steward_domain::Duplicates::default(),
        schema_reason: String::new(),
        staging: None,
        promotes: None,
    }
}

/// Goes on until the run is done, and looks at everything.
async fn recovered(workspace: &Workspace, what: &str) {
    let mut run = runs::list(workspace).await.unwrap().remove(0);
    for _ in 0..5 {
        if run.state == RunState::Done {
            break;
        }
        match runs::resume(workspace, &run.id, Vec::new(), &Silent).await {
            Ok((resumed, _)) => run = resumed,
            Err(e) => println!("{what}: {e}"),
        }
    }
    assert_eq!((run.state, run.counts.read, run.counts.inserted), (RunState::Done, ROWS, ROWS), "{what}: {run:?}");
    let mut next = 0;
    let mut after = None;
    loop {
        let page = workspace.store.find(C, &Query::new(Filter::all(), 1000).sorted("k", false).after(after)).await.unwrap();
        for raw in &page.records {
            let key = raw.get_i32("k").map(i64::from).or_else(|_| raw.get_i64("k")).unwrap();
            assert_eq!(key, next, "{what}");
            next += 1;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(next, ROWS, "{what}");
    runs::undo(workspace, &run.id, &Silent).await.unwrap();
    assert_eq!(workspace.store.count(C, &Filter::all()).await.unwrap(), 0, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_reset() {
    let folder = tempfile::tempdir().unwrap();
    for (server, name) in [(Mongod::replica_set(), "replica set"), (Mongod::standalone(), "standalone")] {
        let proxy = Proxy::before(server.port().unwrap());
        for (round, mode) in [ImportMode::Upsert, ImportMode::Insert, ImportMode::Upsert].into_iter().enumerate() {
            let database = format!("resets_{round}");
            let uri = format!("mongodb://127.0.0.1:{}/{database}?directConnection=true", proxy.port());
            // Sometimes twice in a row: a second attempt fails as well.
            let reset = At(AtomicU32::new(0), |batch| {
                if batch % 4 == 1 || round == 2 {
                    proxy.reset();
                }
            });
            let through = workspace(&uri).await;
            let _ = runs::load(&through, &spec(folder.path(), mode), &reset).await;
            recovered(&workspace(&server.uri(&database)).await, &format!("{name}, round {round}")).await;
        }
    }
}

/// The server loses its power while it writes, and comes back.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_crashes_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = std::sync::Mutex::new(Mongod::alone());
    for round in 0..3 {
        let uri = server.lock().unwrap().uri(&format!("crashes_{round}"));
        let crash = At(AtomicU32::new(0), |batch| {
            if batch == 3 + 4 * round {
                let mut server = server.lock().unwrap();
                server.crash();
                server.revive();
            }
        });
        let _ = runs::load(&workspace(&uri).await, &spec(folder.path(), ImportMode::Upsert), &crash).await;
        recovered(&workspace(&uri).await, &format!("crash in round {round}")).await;
    }
}

/// How a command of the server fails.
#[derive(Debug, Clone, Copy)]
enum Failure {
    /// The connection ends instead of an answer.
    Closed,
    /// An error of this number, nothing done.
    Error(i32),
    /// Done, but not by enough members: an error of this number about the write concern.
    Unconfirmed(i32),
    /// The answer comes after so many milliseconds.
    Late(i32),
}

impl Failure {
    fn data(self, command: &str) -> bson::Document {
        let mut data = doc! { "failCommands": [command] };
        match self {
            Self::Closed => data.insert("closeConnection", true),
            Self::Error(code) => data.insert("errorCode", code),
            Self::Unconfirmed(code) => data.insert("writeConcernError", doc! { "code": code, "errmsg": "not enough members" }),
            Self::Late(millis) => {
                data.insert("blockConnection", true);
                data.insert("blockTimeMS", millis)
            }
        };
        data
    }
}

/// Commands of the server fail in the middle of an import, once and several times in a row.
#[tokio::test(flavor = "multi_thread")]
async fn commands_fail() {
    let folder = tempfile::tempdir().unwrap();
    let server = Mongod::failing_on_demand();
    let failures = [
        ("bulkWrite", Failure::Closed),
        ("bulkWrite", Failure::Error(11600)),
        ("update", Failure::Closed),
        ("update", Failure::Error(189)),
        ("update", Failure::Error(50)),
        ("update", Failure::Unconfirmed(100)),
        ("update", Failure::Late(3000)),
        ("insert", Failure::Closed),
        ("insert", Failure::Error(91)),
        ("insert", Failure::Unconfirmed(91)),
        ("insert", Failure::Error(112)),
        ("delete", Failure::Error(11602)),
        ("find", Failure::Closed),
        ("find", Failure::Error(43)),
        ("aggregate", Failure::Error(6)),
        ("findAndModify", Failure::Closed),
        ("commitTransaction", Failure::Closed),
        ("commitTransaction", Failure::Error(251)),
        ("createIndexes", Failure::Error(276)),
    ];
    // In the short form each way is tried with every other failure.
    let long = std::env::var("STEWARD_TEST_KILLS").is_ok_and(|kills| kills.parse::<u32>().is_ok_and(|kills| kills > 5));
    for (round, (command, failure)) in failures.into_iter().enumerate() {
        let ways = [(1, ImportMode::Upsert), (4, ImportMode::Insert)].into_iter().enumerate();
        for (_, (times, mode)) in ways.filter(|(way, _)| long || way % 2 == round % 2) {
            let what = format!("{command} {failure:?}, {times} times, {mode:?}");
            let fail = At(AtomicU32::new(0), |batch| {
                if batch == 2 || batch == 5 {
                    let mode = doc! { "times": times };
                    server.admin(doc! { "configureFailPoint": "failCommand", "mode": mode, "data": failure.data(command) }).unwrap();
                }
            });
            let uri = server.uri(&format!("failing_{round}_{times}"));
            let first = runs::load(&workspace(&uri).await, &spec(folder.path(), mode), &fail).await;
            println!("{what}: {:?}", first.map(|(run, _)| run.state).map_err(|e| e.to_string()));
            server.admin(doc! { "configureFailPoint": "failCommand", "mode": "off" }).unwrap();
            recovered(&workspace(&uri).await, &what).await;
        }
    }
}

/// The member that takes writes steps down in the middle of an import and is elected again.
#[tokio::test(flavor = "multi_thread")]
async fn the_primary_steps_down() {
    let folder = tempfile::tempdir().unwrap();
    let server = Mongod::of_its_own();
    for (round, mode) in [ImportMode::Upsert, ImportMode::Insert].into_iter().enumerate() {
        let step = At(AtomicU32::new(0), |batch| {
            if batch == 2 || batch == 6 {
                // The server may end this connection instead of answering.
                let _ = server.admin(doc! { "replSetStepDown": 2, "secondaryCatchUpPeriodSecs": 0, "force": true });
            }
        });
        let uri = server.uri(&format!("stepping_{round}"));
        let first = runs::load(&workspace(&uri).await, &spec(folder.path(), mode), &step).await;
        println!("{mode:?}: {:?}", first.map(|(run, _)| run.state).map_err(|e| e.to_string()));
        recovered(&workspace(&uri).await, &format!("step-down, {mode:?}")).await;
    }
}

/// Nothing comes through for a while, with every connection open.
#[tokio::test(flavor = "multi_thread")]
async fn the_network_stalls() {
    let folder = tempfile::tempdir().unwrap();
    let server = Mongod::replica_set();
    let proxy = Arc::new(Proxy::before(server.port().unwrap()));
    for (round, (seconds, mode)) in [(2, ImportMode::Upsert), (8, ImportMode::Insert)].into_iter().enumerate() {
        let stall = At(AtomicU32::new(0), |batch| {
            if batch == 3 {
                let proxy = Arc::clone(&proxy);
                proxy.hold(true);
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_secs(seconds));
                    proxy.hold(false);
                });
            }
        });
        let database = format!("stalls_{round}");
        let uri = format!("mongodb://127.0.0.1:{}/{database}?directConnection=true", proxy.port());
        let first = runs::load(&workspace(&uri).await, &spec(folder.path(), mode), &stall).await;
        println!("{seconds} s: {:?}", first.map(|(run, _)| run.state).map_err(|e| e.to_string()));
        proxy.hold(false);
        recovered(&workspace(&server.uri(&database)).await, &format!("stall of {seconds} s")).await;
    }
}
