//! Sixty people at one workspace: everybody's edit gets through, the history stays one chain, and nobody waits for long. The
//! times are printed; `cargo test -p steward-import --test suite crowd -- --nocapture` shows them. Where they all count one
//! record up, nobody's step is lost, although their edits are written together.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use steward_domain::{ChangeKind, FieldChange, Filter, RecordKey, Value};
use steward_store::layers::{Layered, Limits};
use steward_store::{Durability, IndexSpec, Query, Store, WriteBatch, WriteOp, names};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::edit::{self, Edit, Edited};
use steward_workspace::{SystemClock, Workspace, history};

const PEOPLE: i32 = 60;
const EACH: i32 = 5;
/// People who count at one record: each step turns all the others away.
const COUNTING: i32 = 12;
/// Changes that each of three people makes and undoes while the history is verified: more entries than are read at once.
const UNDONE: i32 = 110;

async fn crowd(store: Arc<dyn Store>, pool: Option<steward_store::layers::PoolSettings>, what: &str) {
    let store: Arc<dyn Store> = Arc::new(Layered::new(store, Limits { pool, ..Limits::default() }));
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    let workspace = Workspace::open_and_recover(store, registry, Arc::new(SystemClock), "ann".into()).await.unwrap();
    workspace.store.create_collection("things").await.unwrap();
    workspace.store.ensure_index("things", &IndexSpec::on("n")).await.unwrap();
    let record = |n: i32| bson::doc! { "_id": n, "n": n % 100, "text": "Looks after things. ".repeat(10) };
    let ops = (0..5000).map(|n| WriteOp::put("things", &record(n)).unwrap()).collect();
    workspace.store.write(WriteBatch::data(ops), Durability::Full).await.unwrap();
    let mut people = Vec::new();
    for person in 0..PEOPLE {
        let workspace = workspace.clone();
        people.push(tokio::spawn(async move {
            let (mut reads, mut writes) = (Vec::new(), Vec::new());
            let collection = workspace.collection("things").await.unwrap();
            for turn in 0..EACH {
                let began = Instant::now();
                let query = Query::new(Filter::eq("n", (person + turn) % 100), 50).sorted("n", false);
                workspace.store.find("things", &query).await.unwrap();
                reads.push(began.elapsed());
                let key = RecordKey(Value((person * EACH + turn).into()));
                let change = FieldChange {
                    path: "n".into(),
                    before: Some(((person * EACH + turn) % 100).into_bson()),
                    after: Some(1000.into_bson()),
                };
                let edit = Edit { key, changes: vec![change], reason: None, allow_invalid: true, kind: ChangeKind::Edit, undoes: None };
                let began = Instant::now();
                let edited = edit::edit(&workspace, &collection, edit).await.unwrap();
                writes.push(began.elapsed());
                assert!(matches!(edited, Edited::Applied(_)), "{edited:?}");
            }
            (reads, writes)
        }));
    }
    let (mut reads, mut writes): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    for person in people {
        let (r, w) = person.await.unwrap();
        reads.extend(r);
        writes.extend(w);
    }
    let p = |times: &mut Vec<Duration>, share: usize| {
        times.sort_unstable();
        times[times.len() * share / 100]
    };
    println!(
        "{what}: {PEOPLE} people; reading p50 {:?}, p95 {:?}; writing p50 {:?}, p95 {:?}",
        p(&mut reads, 50),
        p(&mut reads, 95),
        p(&mut writes, 50),
        p(&mut writes, 95)
    );
    let chain = history::verify(&workspace).await.unwrap();
    assert_eq!((chain.broken_at, chain.entries), (None, i64::from(PEOPLE * EACH)), "{}", chain.message);
}

/// Everybody reads a number and writes the next one, until each has counted twice.
async fn counted_together(store: Arc<dyn Store>) {
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    let workspace = Workspace::open_and_recover(store, registry, Arc::new(SystemClock), "ann".into()).await.unwrap();
    workspace.store.create_collection("things").await.unwrap();
    let ops = (0..=COUNTING).map(|n| WriteOp::put("things", &bson::doc! { "_id": n, "n": 0 }).unwrap()).collect();
    workspace.store.write(WriteBatch::data(ops), Durability::Full).await.unwrap();
    let mut people = Vec::new();
    for person in 1..=COUNTING {
        let workspace = workspace.acting_as(&format!("person {person}"), steward_domain::Origin::Page);
        people.push(tokio::spawn(async move {
            let collection = workspace.collection("things").await.unwrap();
            let mut turned_away = 0;
            for id in [0, person, 0] {
                loop {
                    let key = RecordKey(Value(id.into()));
                    let now = edit::read(&workspace, &collection, &key).await.unwrap().document.get_i32("n").unwrap();
                    let change = FieldChange { path: "n".into(), before: Some(now.into_bson()), after: Some((now + 1).into_bson()) };
                    let edit = Edit { key, changes: vec![change], reason: None, allow_invalid: true, kind: ChangeKind::Edit, undoes: None };
                    match edit::edit(&workspace, &collection, edit).await.unwrap() {
                        Edited::Applied(_) => break,
                        // Somebody else took the step, or is writing the same number.
                        Edited::Conflict(_) | Edited::Unchanged => turned_away += 1,
                        other => panic!("{other:?}"),
                    }
                }
            }
            turned_away
        }));
    }
    let mut turned_away = 0;
    for person in people {
        turned_away += person.await.unwrap();
    }
    assert!(turned_away > 0, "nobody was in anybody's way: the test shows nothing");
    let collection = workspace.collection("things").await.unwrap();
    for id in 0..=COUNTING {
        let now = edit::read(&workspace, &collection, &RecordKey(Value(id.into()))).await.unwrap().document.get_i32("n").unwrap();
        assert_eq!(now, if id == 0 { 2 * COUNTING } else { 1 }, "record {id}");
    }
    let chain = history::verify(&workspace).await.unwrap();
    assert_eq!((chain.broken_at, chain.entries), (None, i64::from(3 * COUNTING)), "{}", chain.message);
    for person in 1..=COUNTING {
        let name = format!("person {person}");
        let theirs = workspace.own_documents(names::CHANGE_SETS, Filter::eq("actor", name.as_str()), "seq", 9).await.unwrap();
        assert_eq!(theirs.len(), 3, "{name}");
    }
}

/// The history is found whole at any time, while three people change records and undo that.
async fn verified_meanwhile(store: Arc<dyn Store>) {
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    let workspace = Workspace::open_and_recover(store, registry, Arc::new(SystemClock), "ann".into()).await.unwrap();
    workspace.store.create_collection("things").await.unwrap();
    let ops = (0..3).map(|n| WriteOp::put("things", &bson::doc! { "_id": n, "n": 0 }).unwrap()).collect();
    workspace.store.write(WriteBatch::data(ops), Durability::Full).await.unwrap();
    let mut people = tokio::task::JoinSet::new();
    for id in 0..3_i32 {
        let workspace = workspace.clone();
        people.spawn(async move {
            let collection = workspace.collection("things").await.unwrap();
            for n in 1..=UNDONE {
                let change = FieldChange { path: "n".into(), before: Some(0.into_bson()), after: Some(n.into_bson()) };
                let key = RecordKey(Value(id.into()));
                let edit = Edit { key, changes: vec![change], reason: None, allow_invalid: true, kind: ChangeKind::Edit, undoes: None };
                let Edited::Applied(applied) = edit::edit(&workspace, &collection, edit).await.unwrap() else { panic!("not applied") };
                edit::undo(&workspace, &applied.id, &steward_workspace::progress::Silent).await.unwrap();
            }
        });
    }
    let mut readings = 0;
    while !people.is_empty() {
        let chain = history::verify(&workspace).await.unwrap();
        assert_eq!(chain.broken_at, None, "{}", chain.message);
        readings += 1;
        while let Some(done) = people.try_join_next() {
            done.unwrap();
        }
    }
    let chain = history::verify(&workspace).await.unwrap();
    assert_eq!((chain.broken_at, chain.entries), (None, i64::from(3 * 2 * UNDONE)), "{}", chain.message);
    assert!(readings > 1, "the history was not read while anybody wrote");
}

#[tokio::test(flavor = "multi_thread")]
async fn verified_meanwhile_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    verified_meanwhile(Arc::new(SqliteStore::open(&folder.path().join("w.steward")).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verified_meanwhile_in_mongodb() {
    let mongod = Mongod::replica_set();
    verified_meanwhile(Arc::new(MongoStore::connect(&mongod.uri("verified"), MongoOptions::default()).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verified_meanwhile_on_a_standalone_server() {
    let mongod = Mongod::standalone();
    verified_meanwhile(Arc::new(MongoStore::connect(&mongod.uri("verified"), MongoOptions::default()).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    counted_together(Arc::new(SqliteStore::open(&folder.path().join("w.steward")).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_in_mongodb() {
    let mongod = Mongod::replica_set();
    counted_together(Arc::new(MongoStore::connect(&mongod.uri("counting"), MongoOptions::default()).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_on_a_standalone_server() {
    let mongod = Mongod::standalone();
    counted_together(Arc::new(MongoStore::connect(&mongod.uri("counting"), MongoOptions::default()).await.unwrap())).await;
}

trait IntoBson {
    fn into_bson(self) -> Value;
}

impl IntoBson for i32 {
    fn into_bson(self) -> Value {
        Value(self.into())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    crowd(Arc::new(SqliteStore::open(&folder.path().join("w.steward")).await.unwrap()), None, "file").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mongodb() {
    let store = MongoStore::connect(&Mongod::replica_set().uri("crowd"), MongoOptions::default()).await.unwrap();
    let pool = Some(store.pool());
    crowd(Arc::new(store), pool, "MongoDB").await;
}
