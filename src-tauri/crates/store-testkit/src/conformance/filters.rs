//! The typed filter means the same everywhere: `steward_domain::matching` is the reference.

use bson::{Bson, Document, doc};
use steward_domain::filter::{Comparison, TypeName};
use steward_domain::matching::Matcher;
use steward_domain::{FieldPath, Filter, Value};
use steward_store::{Capability, IndexSpec, Query, Store, StoreErrorKind};

use super::{C, assert_kind, generate, has, hits, open, raw, with};
use crate::Fixture;

fn cmp(field: &str, cmp: Comparison, value: impl Into<Bson>) -> Filter {
    Filter::Compare { field: field.into(), cmp, value: Value(value.into()) }
}

fn not(filter: Filter) -> Filter {
    Filter::Not { not: Box::new(filter) }
}

fn one_of(field: &str, values: &[Bson]) -> Filter {
    Filter::In { field: field.into(), values: values.iter().cloned().map(Value).collect() }
}

/// Each filter finds these records, by every way of asking, and the reference agrees.
async fn expect(fixture: &dyn Fixture, docs: &[Document], cases: &[(Filter, &[i32])]) {
    expect_of(fixture, docs, cases).await;
    // The same of fields whose names no query of a server can say.
    for odd in ["v.1", "$v", "a/b.c~d"] {
        let renamed: Vec<Document> =
            docs.iter().map(|doc| doc.iter().map(|(name, v)| (odd_name(name, odd), v.clone())).collect()).collect();
        let cases: Vec<(Filter, &[i32])> = cases.iter().map(|(filter, expected)| (odd_filter(filter, odd), *expected)).collect();
        expect_of(fixture, &renamed, &cases).await;
    }
}

fn odd_name(name: &str, odd: &str) -> String {
    if name == "v" { odd.to_owned() } else { name.to_owned() }
}

fn odd_filter(filter: &Filter, odd: &str) -> Filter {
    let all = |filters: &[Filter]| filters.iter().map(|f| odd_filter(f, odd)).collect();
    let renamed = |field: &FieldPath| {
        FieldPath::of(field.segments().enumerate().map(|(at, name)| if at == 0 { odd_name(&name, odd).into() } else { name }))
    };
    let mut out = filter.clone();
    match &mut out {
        Filter::And { all: of } => *of = all(of),
        Filter::Or { any: of } => *of = all(of),
        Filter::Not { not } => **not = odd_filter(not, odd),
        Filter::Text { .. } => {}
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Exists { field, .. }
        | Filter::IsNull { field }
        | Filter::Blank { field }
        | Filter::Regex { field, .. }
        | Filter::Contains { field, .. }
        | Filter::StartsWith { field, .. }
        | Filter::IsType { field, .. } => *field = renamed(field),
    }
    out
}

async fn expect_of(fixture: &dyn Fixture, docs: &[Document], cases: &[(Filter, &[i32])]) {
    let store = with(fixture, docs).await;
    for (filter, expected) in cases {
        assert_eq!(hits(&*store, filter).await, *expected, "{filter:?}");
        assert_eq!(reference(docs, filter), *expected, "the reference: {filter:?}");
        assert_eq!(store.count(C, filter).await.unwrap(), expected.len() as u64, "count of {filter:?}");
    }
    store.drop_collection(C).await.unwrap();
}

fn reference(docs: &[Document], filter: &Filter) -> Vec<i32> {
    let matcher = Matcher::new(filter).unwrap();
    docs.iter().filter(|d| matcher.matches(&raw(d))).map(|d| d.get_i32("_id").unwrap()).collect()
}

pub async fn comparisons(fixture: &dyn Fixture) {
    use Comparison::{Eq, Gt, Gte, Lt, Lte, Ne};
    let date = |ms| Bson::DateTime(bson::DateTime::from_millis(ms));
    let docs = [
        doc! { "_id": 1, "v": 10 },
        doc! { "_id": 2, "v": 20_i64 },
        doc! { "_id": 3, "v": 20.5 },
        doc! { "_id": 4, "v": "20" },
        doc! { "_id": 5, "v": Bson::Decimal128("20.0".parse().unwrap()) },
        doc! { "_id": 6, "v": date(20) },
        doc! { "_id": 7 },
        doc! { "_id": 8, "v": true },
    ];
    let cases: &[(Filter, &[i32])] = &[
        (cmp("v", Eq, 20), &[2, 5]),
        (cmp("v", Ne, 20), &[1, 3, 4, 6, 7, 8]),
        (cmp("v", Gt, 10), &[2, 3, 5]),
        (cmp("v", Gte, 20), &[2, 3, 5]),
        (cmp("v", Lt, 20.5), &[1, 2, 5]),
        (cmp("v", Lte, 20.5), &[1, 2, 3, 5]),
        (cmp("v", Gte, "2"), &[4]),
        (cmp("v", Lt, date(21)), &[6]),
        (cmp("v", Gt, false), &[8]),
        (cmp("_id", Lte, 2), &[1, 2]),
    ];
    expect(fixture, &docs, cases).await;
}

pub async fn sets_and_logic(fixture: &dyn Fixture) {
    let docs = [doc! { "_id": 1, "a": 1, "b": "x" }, doc! { "_id": 2, "a": 2, "b": "y" }, doc! { "_id": 3, "a": 3 }, doc! { "_id": 4 }];
    let one = Filter::eq("a", 1);
    let y = Filter::eq("b", "y");
    let cases: &[(Filter, &[i32])] = &[
        (Filter::all(), &[1, 2, 3, 4]),
        (Filter::Or { any: vec![] }, &[]),
        (one_of("a", &[1.into(), 3.0.into(), "2".into()]), &[1, 3]),
        (one_of("a", &[]), &[]),
        (one_of("a", &[Bson::Null, 1.into()]), &[1, 4]),
        (Filter::Or { any: vec![one.clone(), y.clone()] }, &[1, 2]),
        (one.clone().and(y.clone()), &[]),
        (not(one.clone()), &[2, 3, 4]),
        (not(Filter::all()), &[]),
        (not(Filter::Or { any: vec![one.clone(), y.clone()] }), &[3, 4]),
        (not(not(one)), &[1]),
        (not(y.and(Filter::eq("a", 2))), &[1, 3, 4]),
    ];
    expect(fixture, &docs, cases).await;
}

pub async fn missing_null_and_blank(fixture: &dyn Fixture) {
    let docs = [
        doc! { "_id": 1 },
        doc! { "_id": 2, "v": Bson::Null },
        doc! { "_id": 3, "v": "" },
        doc! { "_id": 4, "v": " \t\u{a0}\u{2003}\n" },
        doc! { "_id": 5, "v": [] },
        doc! { "_id": 6, "v": {} },
        doc! { "_id": 7, "v": 0 },
        doc! { "_id": 8, "v": [Bson::Null] },
        doc! { "_id": 9, "v": "x" },
        doc! { "_id": 10, "v": false },
        doc! { "_id": 11, "v": { "a": Bson::Null } },
    ];
    let exists = |exists| Filter::Exists { field: "v".into(), exists };
    let cases: &[(Filter, &[i32])] = &[
        (exists(true), &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        (exists(false), &[1]),
        (Filter::IsNull { field: "v".into() }, &[2, 8]),
        (Filter::eq("v", Bson::Null), &[1, 2, 8]),
        (cmp("v", Comparison::Ne, Bson::Null), &[3, 4, 5, 6, 7, 9, 10, 11]),
        (cmp("v", Comparison::Lte, Bson::Null), &[2, 8]),
        (cmp("v", Comparison::Gt, Bson::Null), &[]),
        (Filter::Blank { field: "v".into() }, &[1, 2, 3, 4, 5, 6]),
        (not(Filter::Blank { field: "v".into() }), &[7, 8, 9, 10, 11]),
        (Filter::eq("v.a", Bson::Null), &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        (Filter::IsNull { field: "v.a".into() }, &[11]),
    ];
    expect(fixture, &docs, cases).await;
}

pub async fn patterns(fixture: &dyn Fixture) {
    let docs = [
        doc! { "_id": 1, "t": "C++ Developer" },
        doc! { "_id": 2, "t": "c++ (senior)" },
        doc! { "_id": 3, "t": "Nurse\n" },
        doc! { "_id": 4, "t": ["Ärztin", "Nurse"] },
        doc! { "_id": 5, "t": "a.b*c" },
        doc! { "_id": 6, "t": 5 },
        doc! { "_id": 7, "t": "100% $5 ^up [x] \\d" },
    ];
    let regex = |p: &str, ignore_case| Filter::Regex { field: "t".into(), pattern: p.into(), ignore_case };
    let contains = |t: &str, ignore_case| Filter::Contains { field: "t".into(), text: t.into(), ignore_case };
    let starts = |t: &str, ignore_case| Filter::StartsWith { field: "t".into(), text: t.into(), ignore_case };
    let cases: &[(Filter, &[i32])] = &[
        (contains("C++", false), &[1]),
        (contains("c++ (", true), &[2]),
        (contains("c++", true), &[1, 2]),
        (contains(".b*", false), &[5]),
        (contains("$5 ^up [x] \\d", false), &[7]),
        (contains("äRZT", true), &[4]),
        (starts("Nurse", false), &[3, 4]),
        (starts("c++", true), &[1, 2]),
        (starts("urse", false), &[]),
        (regex("^Nurse$", false), &[4]),
        (regex("^\\w+$", false), &[4]),
        (regex("^nurse", true), &[3, 4]),
        (regex("a.b", false), &[5]),
        (regex("\\d{3}%", false), &[7]),
        (regex("(?i)developer|SENIOR", false), &[1, 2]),
    ];
    expect(fixture, &docs, cases).await;
}

pub async fn nested_paths_and_lists(fixture: &dyn Fixture) {
    let docs = [
        doc! { "_id": 1, "r": { "min": 5, "max": 9 }, "skills": ["a", "b"] },
        doc! { "_id": 2, "r": { "min": 7 }, "skills": ["b"] },
        doc! { "_id": 3, "r": [{ "min": 1 }, { "min": 8 }], "skills": [] },
        doc! { "_id": 4, "r": [{ "min": 1 }, { "max": 8 }], "skills": [["a"]] },
        doc! { "_id": 5, "r": 7, "skills": "a" },
    ];
    let cases: &[(Filter, &[i32])] = &[
        (cmp("r.min", Comparison::Gte, 7), &[2, 3]),
        (Filter::eq("r.min", 1), &[3, 4]),
        (Filter::eq("r.1.max", 8), &[4]),
        (cmp("r.min", Comparison::Ne, 1), &[1, 2, 5]),
        (Filter::eq("r.max", Bson::Null), &[2, 3, 5]),
        (Filter::Exists { field: "r.max".into(), exists: true }, &[1, 4]),
        (Filter::eq("skills", "a"), &[1, 5]),
        (Filter::eq("skills", vec!["a", "b"]), &[1]),
        (Filter::eq("skills", vec!["a"]), &[4]),
        (Filter::eq("skills", Bson::Array(vec![])), &[3]),
        (Filter::eq("skills.0", "b"), &[2]),
        (one_of("skills", &["a".into(), "b".into()]), &[1, 2, 5]),
        (cmp("skills", Comparison::Ne, "a"), &[2, 3, 4]),
        (Filter::eq("r", doc! { "min": 5, "max": 9 }), &[1]),
        (Filter::eq("r", doc! { "max": 9, "min": 5 }), &[]),
    ];
    expect(fixture, &docs, cases).await;
}

pub async fn types(fixture: &dyn Fixture) {
    let docs = [
        doc! { "_id": 1, "v": "x" },
        doc! { "_id": 2, "v": 1 },
        doc! { "_id": 3, "v": Bson::Decimal128("1".parse().unwrap()) },
        doc! { "_id": 4, "v": true },
        doc! { "_id": 5, "v": bson::DateTime::from_millis(0) },
        doc! { "_id": 6, "v": bson::oid::ObjectId::from_bytes([1; 12]) },
        doc! { "_id": 7, "v": [1, "x"] },
        doc! { "_id": 8, "v": {} },
        doc! { "_id": 9, "v": Bson::Null },
        doc! { "_id": 10, "v": [] },
        doc! { "_id": 11 },
    ];
    let is = |of| Filter::IsType { field: "v".into(), of };
    let cases: &[(Filter, &[i32])] = &[
        (is(TypeName::String), &[1, 7]),
        (is(TypeName::Number), &[2, 3, 7]),
        (is(TypeName::Bool), &[4]),
        (is(TypeName::Date), &[5]),
        (is(TypeName::ObjectId), &[6]),
        (is(TypeName::Array), &[7, 10]),
        (is(TypeName::Object), &[8]),
        (is(TypeName::Null), &[9]),
        (is(TypeName::Binary), &[]),
    ];
    expect(fixture, &docs, cases).await;
}

async fn compare_with_reference(store: &dyn Store, docs: &[Document], filters: &[Filter]) {
    for (i, filter) in filters.iter().enumerate() {
        let expected = reference(docs, filter);
        let found = hits(store, filter).await;
        if found != expected {
            let odd = docs.iter().find(|d| {
                let id = d.get_i32("_id").unwrap();
                found.contains(&id) != expected.contains(&id)
            });
            panic!("filter {i}: {filter:?}\nfound {found:?}\nbut the reference says {expected:?}\nfor example {odd:?}");
        }
    }
}

pub async fn generated_filters_mean_the_reference(fixture: &dyn Fixture) {
    let docs = generate::documents(250);
    let store = with(fixture, &docs).await;
    compare_with_reference(&*store, &docs, &generate::filters(800)).await;
}

pub async fn indexes_do_not_change_the_meaning(fixture: &dyn Fixture) {
    let docs = generate::documents(150);
    let store = with(fixture, &docs).await;
    store.ensure_index(C, &IndexSpec::on("a")).await.unwrap();
    store.ensure_index(C, &IndexSpec::on("b")).await.unwrap();
    store.ensure_index(C, &IndexSpec::on("a.b")).await.unwrap();
    compare_with_reference(&*store, &docs, &generate::filters(500)).await;
}

pub async fn words(fixture: &dyn Fixture) {
    let docs = [
        doc! { "_id": 1, "title": "Registered Nurse", "description": "Cares for patients, day and night." },
        doc! { "_id": 2, "title": "Night Guard", "description": "Guards buildings" },
        doc! { "_id": 3, "title": "Nursery worker", "description": "Plants; and more plants" },
        doc! { "_id": 4, "title": "The artist", "description": "Starts with the art of it (C++ too)" },
        doc! { "_id": 5, "title": "Other", "hidden": "nurse" },
    ];
    let store = open(fixture).await;
    if !has(&*store, Capability::TextSearch) {
        return;
    }
    store.ensure_index(C, &IndexSpec::text(&["title", "description"])).await.unwrap();
    super::insert(&*store, &docs).await;
    // Who knows the whole words, and who knows their beginnings.
    let cases: &[(&str, &[i32], &[i32])] = &[
        ("nurse", &[1], &[1, 3]),
        ("NURSE", &[1], &[1, 3]),
        ("night", &[1, 2], &[1, 2]),
        ("night nurse", &[1], &[1]),
        ("nurse guard", &[], &[]),
        ("plants more", &[3], &[3]),
        ("plant", &[], &[3]),
        ("art starts", &[4], &[4]),
        ("art ist", &[], &[]),
        ("star art", &[], &[4]),
        ("the and", &[], &[]),
        ("the", &[4], &[4]),
        ("day, patients!", &[1], &[1]),
        ("guards \"buildings\"", &[2], &[2]),
        ("uards", &[], &[]),
        (" & ", &[1, 2, 3, 4, 5], &[1, 2, 3, 4, 5]),
    ];
    let beginnings = has(&*store, Capability::WordBeginnings);
    for (text, whole, begun) in cases {
        let expected = if beginnings { begun } else { whole };
        let filter = Filter::Text { text: (*text).to_owned() };
        assert_eq!(hits(&*store, &filter).await, *expected, "{text}");
        assert_eq!(store.count(C, &filter).await.unwrap(), expected.len() as u64, "{text}");
    }
    let both = Filter::Text { text: "night".into() }.and(Filter::eq("title", "Night Guard"));
    assert_eq!(hits(&*store, &both).await, [2]);
    let twice = Filter::Text { text: "night".into() }.and(Filter::Text { text: "nurse".into() });
    assert_eq!(hits(&*store, &twice).await, [1]);
    // What changes or goes is found no more.
    let patch = steward_store::WriteOp::Patch {
        collection: C.into(),
        id: 1.into(),
        expect: vec![],
        set: vec![("title".into(), "Registered Carer".into())],
        unset: vec!["description".into()],
    };
    super::edit(&*store, patch).await.unwrap();
    assert_eq!(hits(&*store, &Filter::Text { text: "nurse".into() }).await, if beginnings { vec![3] } else { vec![] });
    assert_eq!(hits(&*store, &Filter::Text { text: "carer".into() }).await, [1]);
    let page = store.find(C, &Query::new(Filter::Text { text: "night".into() }, 10).sorted("title", true)).await.unwrap();
    assert_eq!(page.records.len(), 1);
}

pub async fn keys_and_numbers(fixture: &dyn Fixture) {
    let docs = [
        doc! { "_id": 1, "key": "11-1011.00", "title": "Chief", "pay": 269_630.0 },
        doc! { "_id": 2, "key": "11-1012.00", "title": "Pay of 269630 dollars", "pay": 5 },
        doc! { "_id": 3, "key": "x-11-1011", "title": "The 1011th of 11", "pay": 269_630 },
        doc! { "_id": 4, "key": "Ab*c", "title": "Other", "pay": 7 },
    ];
    let store = open(fixture).await;
    if !has(&*store, Capability::TextSearch) {
        return;
    }
    for index in [IndexSpec::text(&["title"]), IndexSpec::unique("key"), IndexSpec::on("pay")] {
        store.ensure_index(C, &index).await.unwrap();
    }
    super::insert(&*store, &docs[..3]).await;
    // Who finds the beginnings of keys, and who any part of them.
    let cases: &[(&str, &[i32], &[i32])] = &[
        ("11-1011", &[1], &[1, 3]),
        ("11-1011.00", &[1], &[1]),
        ("1012", &[], &[2]),
        ("269630", &[1, 2, 3], &[1, 2, 3]),
        ("269630.0", &[1, 3], &[1, 3]),
        ("269631", &[], &[]),
    ];
    let parts = has(&*store, Capability::WordBeginnings);
    for (text, begun, part) in cases {
        let filter = Filter::Text { text: (*text).to_owned() };
        assert_eq!(hits(&*store, &filter).await, if parts { *part } else { *begun }, "{text}");
    }
    super::insert(&*store, &docs[3..]).await;
    for text in ["ab*", "Ab*c", "AB*"] {
        let filter = Filter::Text { text: text.to_owned() };
        assert_eq!(hits(&*store, &filter).await, [4], "{text}");
    }
    let both = Filter::Text { text: "269630".into() }.and(Filter::eq("title", "Chief"));
    assert_eq!(hits(&*store, &both).await, [1]);
    let page = store.find(C, &Query::new(Filter::Text { text: "269630".into() }, 2).sorted("key", true)).await.unwrap();
    assert_eq!(page.records.len(), 2);
    assert!(page.next.is_some());
}

pub async fn words_where_they_cannot_be(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    let text = Filter::Text { text: "nurse".into() };
    assert_kind(store.count(C, &text).await, StoreErrorKind::Unsupported);
    if !has(&*store, Capability::TextSearch) {
        return;
    }
    store.ensure_index(C, &IndexSpec::text(&["title"])).await.unwrap();
    for nested in [not(text.clone()), Filter::Or { any: vec![text.clone(), Filter::eq("a", 1)] }] {
        assert_kind(store.find(C, &Query::new(nested, 10)).await, StoreErrorKind::Unsupported);
    }
}

pub async fn bad_filters_are_refused(fixture: &dyn Fixture) {
    let store = with(fixture, &[doc! { "_id": 1, "a": "x" }]).await;
    let broken = Filter::Regex { field: "a".into(), pattern: "(".into(), ignore_case: false };
    assert_kind(store.find(C, &Query::new(broken, 10)).await, StoreErrorKind::Invalid);
    // A field name never becomes an operator.
    for field in ["$where", "$expr", "a.$b"] {
        match store.count(C, &Filter::eq(field, "1 == 1")).await {
            Ok(count) => assert_eq!(count, 0),
            Err(e) => assert_eq!(e.kind, StoreErrorKind::Invalid),
        }
    }
}
