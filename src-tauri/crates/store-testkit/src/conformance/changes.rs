//! Writing: outcomes, expectations, all or nothing.

use bson::{Bson, Document, doc};
use steward_domain::{FieldPath, Filter};
use steward_store::{Capability, Durability, IndexSpec, OpFailure, Store, StoreErrorKind, WriteBatch, WriteOp, names};

use super::{C, assert_kind, by_id, edit, everything, has, with};
use crate::Fixture;

type Expectations<'a> = &'a [(&'a str, Option<Bson>)];

fn expectations(expect: Expectations<'_>) -> Vec<(FieldPath, Option<Bson>)> {
    expect.iter().map(|(p, v)| ((*p).into(), v.clone())).collect()
}

pub fn patch(id: i32, expect: Expectations<'_>, set: &[(&str, Bson)], unset: &[&str]) -> WriteOp {
    WriteOp::Patch {
        collection: C.to_owned(),
        id: id.into(),
        expect: expectations(expect),
        set: set.iter().map(|(p, v)| ((*p).into(), v.clone())).collect(),
        unset: unset.iter().map(|p| (*p).into()).collect(),
    }
}

fn delete(id: i32, expect: Expectations<'_>) -> WriteOp {
    WriteOp::Delete { collection: C.to_owned(), id: id.into(), expect: expectations(expect) }
}

fn added(doc: &Document) -> WriteOp {
    WriteOp::insert(C, doc).unwrap()
}

pub async fn inserted_put_and_deleted(fixture: &dyn Fixture) {
    for durability in [Durability::Full, Durability::Bulk] {
        let store = with(fixture, &[doc! { "_id": 1, "a": 1 }]).await;
        let put = |doc: Document| WriteOp::put(C, &doc).unwrap();
        let batch = vec![added(&doc! { "_id": 2, "b": 2 }), put(doc! { "_id": 1, "new": true }), put(doc! { "_id": 3 })];
        let report = store.write(WriteBatch::data(batch), durability).await.unwrap();
        assert_eq!(report.failures, []);
        assert_eq!(everything(&*store).await, [doc! { "_id": 1, "new": true }, doc! { "_id": 2, "b": 2 }, doc! { "_id": 3 }]);
        store.write(WriteBatch::data(vec![delete(1, &[]), delete(3, &[])]), durability).await.unwrap();
        assert_eq!(everything(&*store).await, [doc! { "_id": 2, "b": 2 }]);
        store.drop_collection(C).await.unwrap();
    }
}

pub async fn patches_set_and_unset(fixture: &dyn Fixture) {
    for durability in [Durability::Full, Durability::Bulk] {
        let store = with(fixture, &[doc! { "_id": 1, "a": 1, "n": { "x": 1, "y": 2 }, "l": ["p", "q"], "gone": 5 }]).await;
        let op = patch(
            1,
            &[("a", Some(1.into())), ("new", None)],
            &[("a", "text".into()), ("n.y", Bson::Null), ("l.1", "z".into()), ("new", doc! { "deep": [1] }.into()), ("m.k", 1.into())],
            &["gone", "n.x"],
        );
        let report = store.write(WriteBatch::data(vec![op]), durability).await.unwrap();
        assert_eq!(report.failures, []);
        let expected = doc! { "_id": 1, "a": "text", "n": { "y": Bson::Null }, "l": ["p", "z"], "new": { "deep": [1] }, "m": { "k": 1 } };
        let found = by_id(&*store, 1).await.unwrap();
        assert!(steward_domain::value::same_doc(&found, &expected), "{found}");
        store.drop_collection(C).await.unwrap();
    }
}

pub async fn patches_expect_old_values(fixture: &dyn Fixture) {
    let before = doc! { "_id": 1, "a": 1, "b": "x" };
    let store = with(fixture, std::slice::from_ref(&before)).await;
    let set: &[(&str, Bson)] = &[("a", 2.into())];
    assert_kind(edit(&*store, patch(1, &[("a", Some(9.into()))], set, &[])).await, StoreErrorKind::Conflict);
    assert_kind(edit(&*store, patch(1, &[("a", None)], set, &[])).await, StoreErrorKind::Conflict);
    assert_kind(edit(&*store, patch(1, &[("a", Some(1.into())), ("b", Some("y".into()))], set, &[])).await, StoreErrorKind::Conflict);
    assert_kind(edit(&*store, patch(7, &[], set, &[])).await, StoreErrorKind::Conflict);
    assert_eq!(everything(&*store).await, [before], "a conflict writes nothing");
    edit(&*store, patch(1, &[("a", Some(1.into())), ("c", None)], set, &[])).await.unwrap();
    assert_eq!(by_id(&*store, 1).await.unwrap(), doc! { "_id": 1, "a": 2, "b": "x" });
}

/// What looks alike is not the same: null and missing, a value and a list that holds it.
pub async fn expectations_are_exact(fixture: &dyn Fixture) {
    let list = || Bson::Array(vec![1.into(), 2.into()]);
    let store = with(
        fixture,
        &[doc! { "_id": 1, "null": Bson::Null, "list": [1, 2], "nested": [[1, 2]], "empty": [], "nulls": [Bson::Null], "doc": { "a": 1 }, "t": "x" }],
    )
    .await;
    let wrong: &[(&str, Option<Bson>)] = &[
        ("null", None),
        ("missing", Some(Bson::Null)),
        ("list", Some(1.into())),
        ("list", Some(Bson::Array(vec![2.into(), 1.into()]))),
        ("list", None),
        ("nested", Some(list())),
        ("nulls", Some(Bson::Null)),
        ("empty", Some(Bson::Null)),
        ("empty", None),
        ("doc", Some(doc! { "a": 1, "b": 2 }.into())),
        ("doc", Some(doc! {}.into())),
        ("doc.a", Some(2.into())),
        ("t", Some("X".into())),
        ("t", Some(Bson::Null)),
    ];
    let set: &[(&str, Bson)] = &[("n", 1.into())];
    for expectation in wrong {
        let result = edit(&*store, patch(1, std::slice::from_ref(expectation), set, &[])).await;
        assert!(result.as_ref().is_err_and(|e| e.kind == StoreErrorKind::Conflict), "{expectation:?}: {result:?}");
    }
    let right: &[(&str, Option<Bson>)] = &[
        ("null", Some(Bson::Null)),
        ("missing", None),
        ("missing.deep", None),
        ("list", Some(list())),
        ("list.1", Some(2.into())),
        ("nested", Some(Bson::Array(vec![list()]))),
        ("empty", Some(Bson::Array(vec![]))),
        ("doc", Some(doc! { "a": 1 }.into())),
        ("doc.a", Some(1.into())),
        ("t", Some("x".into())),
    ];
    for expectation in right {
        let result = edit(&*store, patch(1, std::slice::from_ref(expectation), set, &[])).await;
        assert!(result.is_ok(), "{expectation:?}: {result:?}");
    }
}

pub async fn deletes_expect_old_values(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 1, "a": 1 }]).await;
    assert_kind(edit(&*store, delete(1, &[("a", Some(2.into()))])).await, StoreErrorKind::Conflict);
    assert_kind(edit(&*store, delete(2, &[])).await, StoreErrorKind::Conflict);
    edit(&*store, delete(1, &[("a", Some(1.into()))])).await.unwrap();
    assert!(everything(&*store).await.is_empty());
}

fn note(id: i32) -> WriteOp {
    WriteOp::insert(names::CHANGES, &doc! { "_id": id }).unwrap()
}

async fn notes(store: &dyn Store) -> u64 {
    store.count(names::CHANGES, &Filter::Exists { field: "_id".into(), exists: true }).await.unwrap()
}

pub async fn a_failed_batch_leaves_nothing(fixture: &dyn Fixture) {
    let before = [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 2 }];
    let store = with(fixture, &before).await;
    store.create_collection(names::CHANGES).await.unwrap();
    if !has(&*store, Capability::Transactions) {
        // Without transactions a batch whose expectations fail is refused before anything is written.
        let batch = WriteBatch {
            history: vec![note(1)],
            data: vec![patch(1, &[], &[("a", 5.into())], &[]), patch(2, &[("a", Some(9.into()))], &[("a", 5.into())], &[])],
            confirm: vec![note(2)],
            ..WriteBatch::default()
        };
        assert_kind(store.write(batch, Durability::Full).await, StoreErrorKind::Conflict);
        assert_eq!(everything(&*store).await, before);
        assert_eq!(notes(&*store).await, 0);
        return;
    }
    let failing: [(Vec<WriteOp>, StoreErrorKind); 3] = [
        (
            vec![patch(1, &[], &[("a", 5.into())], &[]), patch(2, &[("a", Some(9.into()))], &[("a", 5.into())], &[])],
            StoreErrorKind::Conflict,
        ),
        (vec![delete(1, &[]), added(&doc! { "_id": 3 }), added(&doc! { "_id": 2 })], StoreErrorKind::DuplicateKey),
        (vec![WriteOp::put(C, &doc! { "_id": 4 }).unwrap(), delete(9, &[])], StoreErrorKind::Conflict),
    ];
    for (data, kind) in failing {
        let batch = WriteBatch { history: vec![note(1)], data, confirm: vec![note(2)], ..WriteBatch::default() };
        assert_kind(store.write(batch, Durability::Full).await, kind);
        assert_eq!(everything(&*store).await, before);
        assert_eq!(notes(&*store).await, 0, "history of a failed batch stayed");
    }
    let clash = WriteBatch { history: vec![note(1)], data: vec![delete(1, &[])], confirm: vec![note(1)], ..WriteBatch::default() };
    assert_kind(store.write(clash, Durability::Full).await, StoreErrorKind::DuplicateKey);
    assert_eq!(everything(&*store).await, before);
    let fine = WriteBatch {
        history: vec![note(1)],
        data: vec![delete(1, &[]), patch(2, &[], &[("a", 3.into())], &[])],
        confirm: vec![note(2)],
        ..WriteBatch::default()
    };
    store.write(fine, Durability::Full).await.unwrap();
    assert_eq!(everything(&*store).await, [doc! { "_id": 2, "a": 3 }]);
    assert_eq!(notes(&*store).await, 2);
}

pub async fn bulk_fails_one_by_one(fixture: &dyn Fixture) {
    let store =
        with(fixture, &[doc! { "_id": 1, "a": 1, "k": 1 }, doc! { "_id": 2, "a": 2, "k": 2 }, doc! { "_id": 3, "a": 3, "k": 3 }]).await;
    store.ensure_index(C, &IndexSpec::unique("k")).await.unwrap();
    let data = vec![
        added(&doc! { "_id": 10, "k": 10 }),
        added(&doc! { "_id": 11, "k": 1 }),
        patch(1, &[("a", Some(1.into()))], &[("a", 5.into())], &[]),
        patch(2, &[("a", Some(9.into()))], &[("a", 5.into())], &[]),
        patch(77, &[], &[("a", 5.into())], &[]),
        added(&doc! { "_id": 1, "k": 12 }),
        delete(3, &[("a", Some(3.into()))]),
        delete(2, &[("a", Some(8.into()))]),
        delete(78, &[]),
        added(&doc! { "_id": 13, "k": 13 }),
    ];
    let report = store
        .write(WriteBatch { history: vec![note(1)], data, confirm: vec![note(2)], ..WriteBatch::default() }, Durability::Bulk)
        .await
        .unwrap();
    let duplicate = |index| OpFailure { index, kind: StoreErrorKind::DuplicateKey };
    let conflict = |index| OpFailure { index, kind: StoreErrorKind::Conflict };
    assert_eq!(report.failures, [duplicate(1), conflict(3), conflict(4), duplicate(5), conflict(7), conflict(8)]);
    let expected =
        [doc! { "_id": 1, "a": 5, "k": 1 }, doc! { "_id": 2, "a": 2, "k": 2 }, doc! { "_id": 10, "k": 10 }, doc! { "_id": 13, "k": 13 }];
    assert_eq!(everything(&*store).await, expected);
    assert_eq!(notes(&*store).await, 2);
}

/// Several thousand operations at once, and records too large for one message.
pub async fn bulk_keeps_the_rest(fixture: &dyn Fixture) {
    let store = with(fixture, &[]).await;
    let text = "x".repeat(1 << 20);
    let mut data: Vec<WriteOp> = (0..3000).map(|i| added(&doc! { "_id": i, "a": i })).collect();
    data.extend((5000..5040).map(|i| added(&doc! { "_id": i, "text": &text })));
    data.push(added(&doc! { "_id": 17 }));
    let report = store.write(WriteBatch::data(data), Durability::Bulk).await.unwrap();
    assert_eq!(report.failures, [OpFailure { index: 3040, kind: StoreErrorKind::DuplicateKey }]);
    assert_eq!(store.count(C, &Filter::all()).await.unwrap(), 3040);
    let data = (0..3000).map(|i| patch(i, &[("a", Some(i.into()))], &[("b", (i * 2).into())], &[])).collect();
    assert_eq!(store.write(WriteBatch::data(data), Durability::Bulk).await.unwrap().failures, []);
    assert_eq!(by_id(&*store, 2999).await.unwrap(), doc! { "_id": 2999, "a": 2999, "b": 5998 });
}

/// Values that are compared in ways of their own.
fn peculiar() -> Vec<Option<Bson>> {
    let id = bson::oid::ObjectId::parse_str("65a000000000000000000001").unwrap();
    vec![
        None,
        Some(Bson::Null),
        Some(Bson::Int32(1)),
        Some(Bson::Double(1.5)),
        Some(Bson::Double(f64::NAN)),
        Some(Bson::Int64(1 << 60)),
        Some("".into()),
        Some("$a".into()),
        Some("$$ROOT".into()),
        Some(true.into()),
        Some(bson::bson!([1, "a"])),
        Some(bson::bson!([[1, "a"]])),
        Some(bson::bson!([])),
        Some(bson::bson!({})),
        Some(bson::bson!({ "x": 1, "y": { "$literal": 2 } })),
        Some(bson::bson!({ "y": { "$literal": 2 }, "x": 1 })),
        Some(id.into()),
        Some(bson::DateTime::from_millis(1).into()),
        Some(bson::Bson::MaxKey),
    ]
}

/// Whatever is expected and whatever is there: many patches at once do what each of them does alone.
pub async fn many_patches_at_once_are_as_one_by_one(fixture: &dyn Fixture) {
    let values = peculiar();
    let pairs = || values.iter().flat_map(|there| values.iter().map(move |expected| (there, expected)));
    let records: Vec<Document> = pairs()
        .zip(0..)
        .map(|((there, _), id)| {
            let mut record = doc! { "_id": id, "n": 0, "old name": "x" };
            record.extend(there.clone().map(|value| ("a".to_owned(), value)));
            record
        })
        .collect();
    // The new values are as peculiar as the old ones.
    let new = |at: usize| values[at % values.len()].clone().unwrap_or(Bson::Null);
    let op = |id: i32, expected: &Option<Bson>| {
        let unset: &[&str] = if id % 3 == 0 { &["old name"] } else { &[] };
        patch(id, &[("a", expected.clone()), ("n", Some(0.into()))], &[("n", 1.into()), ("new name", new(id as usize))], unset)
    };
    let store = with(fixture, &records).await;
    let ops: Vec<WriteOp> = pairs().zip(0..).map(|((_, expected), id)| op(id, expected)).collect();
    let mut failed = Vec::new();
    for (index, op) in ops.iter().enumerate() {
        match edit(&*store, op.clone()).await {
            Ok(_) => {}
            Err(e) if e.kind == StoreErrorKind::Conflict => failed.push(OpFailure { index, kind: e.kind }),
            Err(e) => panic!("{op:?}: {e}"),
        }
    }
    let one_by_one = everything(&*store).await;
    assert!(failed.len() < ops.len() && failed.len() >= ops.len() - 2 * values.len(), "{} failed", failed.len());
    store.drop_collection(C).await.unwrap();
    let store = with(fixture, &records).await;
    let report = store.write(WriteBatch::data(ops), Durability::Bulk).await.unwrap();
    assert_eq!(report.failures, failed);
    // NaN is not equal to itself.
    assert_eq!(format!("{:?}", everything(&*store).await), format!("{one_by_one:?}"));
}

/// What does not fit into one command is no reason to refuse a batch.
pub async fn many_patches_of_big_and_deep_values(fixture: &dyn Fixture) {
    let big = |of: &str, id: i32| Bson::from(format!("{of}{id}").repeat(30_000 * (1 + id as usize % 5)));
    let deep =
        |of: &str| (0..160).fold(Bson::from(of), |inner, n| if n % 2 == 0 { doc! { "d": inner }.into() } else { Bson::from(vec![inner]) });
    let value = |of: &str, id: i32| if id % 2 == 0 { big(of, id) } else { deep(of) };
    let records: Vec<Document> = (0..40).map(|id| doc! { "_id": id, "a": value("old", id) }).collect();
    let store = with(fixture, &records).await;
    let expected = |id: i32| if id == 6 { value("other", id) } else { value("old", id) };
    let ops = (0..40).map(|id| patch(id, &[("a", Some(expected(id)))], &[("a", value("new", id))], &[])).collect();
    let report = store.write(WriteBatch::data(ops), Durability::Bulk).await.unwrap();
    assert_eq!(report.failures, [OpFailure { index: 6, kind: StoreErrorKind::Conflict }]);
    let now = |id: i32| doc! { "_id": id, "a": value(if id == 6 { "old" } else { "new" }, id) };
    assert!(everything(&*store).await == (0..40).map(now).collect::<Vec<_>>());
}

pub async fn many_patches_with_some_that_cannot_be(fixture: &dyn Fixture) {
    let records: Vec<Document> = (0..300).map(|id| doc! { "_id": id, "k": id, "a": 1 }).collect();
    let store = with(fixture, &records).await;
    store.ensure_index(C, &IndexSpec::unique("k")).await.unwrap();
    // One would take the key of another, which expects something else; one is not there.
    let key = |id: i32| if id == 150 { 160 } else { id + 1000 };
    let expected = |id: i32| if id == 160 { 2 } else { 1 };
    let ops = (0..=300).map(|id| patch(id, &[("a", Some(expected(id).into()))], &[("k", key(id).into())], &[])).rev().collect();
    let report = store.write(WriteBatch::data(ops), Durability::Bulk).await.unwrap();
    let failure = |id: usize, kind| OpFailure { index: 300 - id, kind };
    use StoreErrorKind::{Conflict, DuplicateKey};
    assert_eq!(report.failures, [failure(300, Conflict), failure(160, Conflict), failure(150, DuplicateKey)]);
    let kept = |id: i32| if matches!(id, 150 | 160) { id } else { id + 1000 };
    assert_eq!(everything(&*store).await, (0..300).map(|id| doc! { "_id": id, "k": kept(id), "a": 1 }).collect::<Vec<_>>());
}

pub async fn empty_patches_change_nothing(fixture: &dyn Fixture) {
    let before = doc! { "_id": 1, "a": 1 };
    let store = with(fixture, std::slice::from_ref(&before)).await;
    edit(&*store, patch(1, &[("a", Some(1.into()))], &[], &[])).await.unwrap();
    assert_kind(edit(&*store, patch(1, &[("a", Some(2.into()))], &[], &[])).await, StoreErrorKind::Conflict);
    assert_eq!(everything(&*store).await, [before]);
    assert_eq!(store.write(WriteBatch::default(), Durability::Full).await.unwrap().failures, []);
}

pub async fn sweeps(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 1, "run": "a" }, doc! { "_id": 2, "run": "b" }, doc! { "_id": 3, "run": "a" }]).await;
    let sweep = WriteOp::DeleteMany { collection: C.into(), filter: Filter::eq("run", "a") };
    edit(&*store, sweep.clone()).await.unwrap();
    assert_eq!(everything(&*store).await, [doc! { "_id": 2, "run": "b" }]);
    edit(&*store, sweep).await.unwrap();
}
