//! Whatever is done to records, undoing it brings them back: every BSON type, single edits and bulk changes, on a
//! file and in MongoDB. Doing again what was undone gives the later state again.
//!
//! "The same" means the same fields with the same values and types. The order of fields is not part of it: MongoDB
//! appends a field that is set again, and Steward does the same on both stores.

// Test code: a broken expectation is meant to panic, with the place.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, DateTime, Document, JavaScriptCodeWithScope, Regex, Timestamp};
use futures::StreamExt;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::{TestCaseError, TestRunner};
use steward_domain::value::{self, Value};
use steward_domain::{ChangeKind, FieldChange, FieldPath, Filter, RecordKey};
use steward_store::{Durability, Store, WriteBatch, WriteOp};
use steward_store_mongo::{MongoOptions, MongoStore};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::bulk::{Action, Select};
use steward_workspace::edit::{Edit, Edited, Undone};
use steward_workspace::{Silent, SystemClock, Workspace, bulk, edit, history};

const C: &str = "things";
const RECORDS: usize = 4;

fn scalar() -> BoxedStrategy<Bson> {
    let text = prop_oneof![Just(String::new()), Just("a b  c ".into()), Just("grüße 漢字".into()), "[a-c ]{0,6}"];
    let int = prop_oneof![any::<i32>(), -3..4];
    let long = prop_oneof![any::<i64>(), -3_i64..4];
    let double = prop_oneof![any::<f64>(), (-3_i32..4).prop_map(f64::from), Just(-0.0), Just(f64::INFINITY), Just(f64::NAN)];
    let decimal = prop_oneof![Just("0"), Just("-0"), Just("1.10"), Just("1.1"), Just("2"), Just("9.99E+6144"), Just("NaN")];
    prop_oneof![
        text.prop_map(Bson::String),
        int.prop_map(Bson::Int32),
        long.prop_map(Bson::Int64),
        double.prop_map(Bson::Double),
        decimal.prop_map(|d| Bson::Decimal128(d.parse().unwrap())),
        any::<bool>().prop_map(Bson::Boolean),
        Just(Bson::Null),
        (-62_135_596_800_000..253_402_300_799_999_i64).prop_map(|n| Bson::DateTime(DateTime::from_millis(n))),
        any::<[u8; 12]>().prop_map(|b| Bson::ObjectId(ObjectId::from_bytes(b))),
        (
            vec(any::<u8>(), 16),
            prop_oneof![Just(BinarySubtype::Generic), Just(BinarySubtype::Uuid), Just(BinarySubtype::UserDefined(0x81))]
        )
            .prop_map(|(bytes, subtype)| Bson::Binary(Binary { subtype, bytes })),
        any::<(u32, u32)>().prop_map(|(time, increment)| Bson::Timestamp(Timestamp { time, increment })),
        rare(),
    ]
    .boxed()
}

/// Types that few people store, which must come back all the same.
fn rare() -> BoxedStrategy<Bson> {
    prop_oneof![
        Just(Bson::RegularExpression(Regex { pattern: "^a.*$".try_into().unwrap(), options: "im".try_into().unwrap() })),
        Just(Bson::JavaScriptCode("function () {}".into())),
        Just(Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope { code: "x".into(), scope: bson::doc! {"x": 1} })),
        Just(Bson::Symbol("symbol".into())),
        Just(Bson::MinKey),
        Just(Bson::MaxKey),
        Just(Bson::Undefined),
    ]
    .boxed()
}

/// Names inside a record; some cannot be in a path, so that what holds them changes as a whole.
fn name() -> BoxedStrategy<String> {
    prop_oneof![4 => "[a-d]", 1 => Just("with.dot".to_owned()), 1 => Just("$like".to_owned()), 1 => Just("0".to_owned()), 1 => Just(String::new())]
        .boxed()
}

fn any_value() -> BoxedStrategy<Bson> {
    scalar()
        .prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Bson::Array),
                vec((name(), inner), 0..4).prop_map(|fields| Bson::Document(fields.into_iter().collect())),
            ]
        })
        .boxed()
}

fn documents() -> BoxedStrategy<Vec<Document>> {
    let fields = vec(("[a-d]", any_value()), 0..5);
    vec(fields, RECORDS)
        .prop_map(|all| {
            let with_key = |(n, fields): (usize, Vec<(String, Bson)>)| {
                let n = i32::try_from(n).unwrap();
                let mut doc = bson::doc! {"_id": n, "k": format!("k{n}")};
                doc.extend(fields);
                doc
            };
            all.into_iter().enumerate().map(with_key).collect()
        })
        .boxed()
}

/// What someone does.
#[derive(Debug, Clone)]
enum Step {
    /// Fields of one record: a path and a value, or none to remove it.
    Edit(usize, Vec<(String, Option<Bson>)>),
    Bulk(Select, Action),
    Add(Document),
    /// Undoes the last step, and does it again at once.
    BackAndForth,
}

fn path() -> BoxedStrategy<String> {
    prop_oneof![3 => "[a-d]", 2 => "[a-d]\\.[a-d]", 1 => "[a-d]\\.[0-2]", 1 => "[a-d]\\.[a-d]\\.[a-d]"].boxed()
}

fn selection() -> BoxedStrategy<Select> {
    let some = |n: Vec<usize>| Select::Keys(n.into_iter().map(key).collect());
    prop_oneof![
        Just(Select::Matching(Filter::all())),
        "[a-d]".prop_map(|field| Select::Matching(Filter::Exists { field: field.as_str().into(), exists: true })),
        proptest::sample::subsequence((0..RECORDS).collect::<Vec<_>>(), 0..RECORDS).prop_map(some),
    ]
    .boxed()
}

fn action() -> BoxedStrategy<Action> {
    let at = || path().prop_map(FieldPath::new);
    prop_oneof![
        3 => (at(), any_value()).prop_map(|(path, v)| Action::Set { path, value: Value(v) }),
        1 => at().prop_map(|path| Action::Unset { path }),
        1 => at().prop_map(|path| Action::Trim { path }),
        1 => at().prop_map(|path| Action::Replace { path, pattern: "a".into(), with: "b".into(), regex: false }),
        1 => Just(Action::Delete),
    ]
    .boxed()
}

fn step() -> BoxedStrategy<Step> {
    prop_oneof![
        4 => (0..RECORDS, vec((path(), proptest::option::weighted(0.7, any_value())), 1..4)).prop_map(|(n, fields)| Step::Edit(n, fields)),
        3 => (selection(), action()).prop_map(|(select, action)| Step::Bulk(select, action)),
        1 => (0..1000_u32, vec(("[a-d]", any_value()), 0..4)).prop_map(|(n, fields)| {
            let mut doc = bson::doc! {"k": format!("new{n}")};
            doc.extend(fields);
            Step::Add(doc)
        }),
        1 => Just(Step::BackAndForth),
    ]
    .boxed()
}

fn key(n: usize) -> RecordKey {
    RecordKey(Value::text(&format!("k{n}")))
}

/// Every record by its `_id`, as canonical bytes of sorted fields.
type State = BTreeMap<String, String>;

async fn state(workspace: &Workspace) -> State {
    let mut stream = workspace.store.scan(C, &Filter::all(), None).await.unwrap();
    let mut all = State::new();
    while let Some(batch) = stream.next().await {
        for raw in batch.unwrap() {
            let doc = Document::try_from(raw.as_ref()).unwrap();
            all.insert(doc["_id"].to_string(), exact(&Bson::Document(doc)));
        }
    }
    all
}

/// Text that differs where type or value differ; the order of fields is left out.
fn exact(value: &Bson) -> String {
    match value {
        Bson::Document(doc) => {
            let mut fields: Vec<String> = doc.iter().map(|(k, v)| format!("{k:?}:{}", exact(v))).collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Bson::Array(items) => format!("[{}]", items.iter().map(exact).collect::<Vec<_>>().join(",")),
        Bson::Double(n) => format!("double {:x}", n.to_bits()),
        other => format!("{other:?}"),
    }
}

/// Does a step; gives its change set if it wrote anything. Steps that make no sense are refused and write nothing.
async fn perform(workspace: &Workspace, step: &Step, last: Option<&String>) -> Vec<String> {
    match step {
        Step::Edit(n, fields) => {
            let Ok(current) = edit::read(workspace, &workspace.collection(C).await.unwrap(), &key(*n)).await else {
                return Vec::new();
            };
            let change = |(path, after): &(String, Option<Bson>)| {
                let path = FieldPath::new(path.as_str());
                let before = path.get(&current.document).cloned().map(Value);
                FieldChange { before, path, after: after.clone().map(Value) }
            };
            let edit = Edit {
                key: key(*n),
                changes: fields.iter().map(change).collect(),
                reason: None,
                allow_invalid: true,
                kind: ChangeKind::Edit,
                undoes: None,
            };
            match edit::edit(workspace, &workspace.collection(C).await.unwrap(), edit).await {
                Ok(Edited::Applied(set)) => vec![set.id],
                Ok(Edited::Unchanged) | Err(steward_workspace::Error::BadRequest(_)) => Vec::new(),
                other => panic!("{step:?}: {other:?}"),
            }
        }
        Step::Bulk(select, action) => match bulk::prepare(workspace, C, select, action, false, &Silent).await {
            Ok(prepared) if prepared.changed == 0 => Vec::new(),
            Ok(prepared) => match bulk::apply(workspace, prepared, None, &Silent).await {
                Ok(Undone::Applied(set)) => vec![set.id],
                other => panic!("{step:?}: {other:?}"),
            },
            Err(steward_workspace::Error::BadRequest(_)) => Vec::new(),
            Err(e) => panic!("{step:?}: {e}"),
        },
        Step::Add(doc) => match edit::create(workspace, &workspace.collection(C).await.unwrap(), doc.clone(), None, true).await {
            Ok((Edited::Applied(set), _)) => vec![set.id],
            Err(steward_workspace::Error::Conflict(_)) => Vec::new(),
            other => panic!("{step:?}: {other:?}"),
        },
        Step::BackAndForth => match last {
            Some(last) => {
                let back = take_back(workspace, last).await;
                vec![take_back(workspace, &back).await]
            }
            None => Vec::new(),
        },
    }
}

async fn take_back(workspace: &Workspace, set: &str) -> String {
    match edit::undo(workspace, set, &Silent).await {
        Ok(Undone::Applied(set)) => set.id,
        other => panic!("undoing {set}: {other:?}\n{:#?}", history::changes(workspace, set, 0, 10).await),
    }
}

async fn story(workspace: &Workspace, docs: &[Document], steps: &[Step]) -> Result<usize, TestCaseError> {
    workspace.assign(C, None, Some("k")).await.unwrap();
    let inserts = docs.iter().map(|doc| WriteOp::insert(C, doc).unwrap()).collect();
    workspace.store.write(WriteBatch::data(inserts), Durability::Full).await.unwrap();
    let before = state(workspace).await;
    let mut done: Vec<(String, State)> = Vec::new();
    for step in steps {
        let was = state(workspace).await;
        for set in perform(workspace, step, done.last().map(|(set, _)| set)).await {
            if matches!(step, Step::BackAndForth) {
                // The last step is done again, now by this entry.
                assert_eq!(state(workspace).await, was, "undone and done again: {step:?}");
                done.pop();
            }
            done.push((set, state(workspace).await));
        }
    }
    let after = state(workspace).await;
    let mut undone = Vec::new();
    for (set, then) in done.iter().rev() {
        assert_eq!(&state(workspace).await, then, "before undoing {set}");
        undone.push(take_back(workspace, set).await);
    }
    assert_eq!(state(workspace).await, before, "everything undone");
    for set in undone.iter().rev() {
        take_back(workspace, set).await;
    }
    assert_eq!(state(workspace).await, after, "everything done again");
    let chain = history::verify(workspace).await.unwrap();
    assert_eq!(chain.broken_at, None, "{}", chain.message);
    Ok(done.len())
}

async fn workspace(store: Arc<dyn Store>) -> Workspace {
    let registry = Arc::new(steward_schema::Registry::builtin().unwrap());
    Workspace::open_and_recover(store, registry, Arc::new(SystemClock), "ann".into()).await.unwrap()
}

/// So many cases, or as many as `$STEWARD_TEST_CASES` says.
fn run<F: AsyncFn() -> Workspace>(cases: u32, fresh: F) {
    let cases = std::env::var("STEWARD_TEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    let config = ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let written = AtomicU32::new(0);
    let outcome = TestRunner::new(config).run(&(documents(), vec(step(), 1..8)), |(docs, steps)| {
        runtime.block_on(async {
            let workspace = fresh().await;
            let changes = story(&workspace, &docs, &steps).await?;
            written.fetch_add(u32::try_from(changes).unwrap(), Ordering::Relaxed);
            Ok(())
        })
    });
    if let Err(e) = outcome {
        panic!("{e}");
    }
    let written = written.into_inner();
    assert!(written > cases, "most steps were refused: {written} changes in {cases} cases");
}

/// Putting `a.0.a` and `a.0.0` back, a server puts them the other way round.
async fn put_back_in_another_order(workspace: &Workspace) {
    let set = |path: &str, value: Document| Step::Edit(0, vec![(path.to_owned(), Some(Bson::Document(value)))]);
    let steps = [set("a.0", bson::doc! {"a": "", "0": ""}), set("a.0", Document::new()), set("b", bson::doc! {"z": {"b": 1, "a": 2}})];
    story(workspace, &[bson::doc! {"_id": 0, "k": "k0"}], &steps).await.unwrap();
}

#[tokio::test]
async fn the_order_of_fields_is_no_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteStore::open(&folder.path().join("order.steward")).await.unwrap();
    put_back_in_another_order(&workspace(Arc::new(file)).await).await;
    put_back_in_another_order(&in_database(Mongod::replica_set()).await).await;
    put_back_in_another_order(&in_database(Mongod::standalone()).await).await;
}

#[test]
fn undone_everything_is_as_before_in_a_file() {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().unwrap();
    run(120, async || {
        let path = folder.path().join(format!("{}.steward", NEXT.fetch_add(1, Ordering::Relaxed)));
        workspace(Arc::new(SqliteStore::open(&path).await.unwrap())).await
    });
}

async fn in_database(server: &Mongod) -> Workspace {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("steward_undo_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let options = MongoOptions { min_pool: 0, ..MongoOptions::default() };
    workspace(Arc::new(MongoStore::connect(&server.uri(&name), options).await.unwrap())).await
}

#[test]
fn undone_everything_is_as_before_in_mongodb() {
    run(12, async || in_database(Mongod::replica_set()).await);
}

#[test]
fn undone_everything_is_as_before_on_a_server_without_transactions() {
    run(8, async || in_database(Mongod::standalone()).await);
}

#[test]
fn values_compare_as_the_tests_say() {
    assert_ne!(exact(&Bson::Int32(1)), exact(&Bson::Int64(1)));
    assert_ne!(exact(&Bson::Double(0.0)), exact(&Bson::Double(-0.0)));
    assert!(value::same(&Bson::Int32(1), &Bson::Int64(1)));
}
