//! Records come back as they went in, to the byte.

use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, DateTime, Document, JavaScriptCodeWithScope, Regex, Timestamp, doc};
use steward_domain::Filter;
use steward_store::{Durability, Query, WriteBatch, WriteOp};

use super::{C, everything, generate, insert, open, pages, raw, scanned};
use crate::Fixture;

/// One record with every type that BSON has, and the values at their edges.
pub fn all_types() -> Document {
    let mut binary = Document::new();
    for (name, subtype) in [("generic", BinarySubtype::Generic), ("uuid", BinarySubtype::Uuid), ("own", BinarySubtype::UserDefined(0x81))] {
        binary.insert(name, Binary { subtype, bytes: (0..16).collect() });
    }
    let decimals: Vec<Bson> = ["0", "-0", "1.10", "9.999999999999999999999999999999999E+6144", "NaN", "Infinity"]
        .into_iter()
        .map(|d| Bson::Decimal128(d.parse().unwrap()))
        .collect();
    doc! {
        "_id": ObjectId::from_bytes([7; 12]),
        "double": [0.0, -0.0, 1.0, 1e308, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY, f64::NAN],
        "text": ["", " ", "grüße 漢字 \u{1f9ed}", "line\nline", "nul\0inside"],
        "document": { "": "empty name", "b": { "a": {}, "$looks": 1 }, "with.dot": 2 },
        "list": [[], [[1]], [Bson::Null, { "x": Bson::Null }]],
        "binary": binary,
        "oid": ObjectId::from_bytes([255; 12]),
        "bool": [true, false],
        "date": [DateTime::from_millis(0), DateTime::from_millis(-62_135_596_800_000), DateTime::from_millis(253_402_300_799_999)],
        "null": Bson::Null,
        "regex": Regex { pattern: "^a.*$".try_into().unwrap(), options: "im".try_into().unwrap() },
        "code": Bson::JavaScriptCode("function () {}".into()),
        "scoped": Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope { code: "x".into(), scope: doc! { "x": 1 } }),
        "symbol": Bson::Symbol("symbol".into()),
        "int": [0, i32::MIN, i32::MAX],
        "long": [0_i64, i64::MIN, i64::MAX, 9_007_199_254_740_993_i64],
        "timestamp": Timestamp { time: 1, increment: 2 },
        "empty timestamp": Timestamp { time: 0, increment: 0 },
        "decimal": decimals,
        "edges": [Bson::MinKey, Bson::MaxKey, Bson::Undefined],
        "z": 1, "a": 2, "m": 3,
    }
}

pub async fn every_type_comes_back_unchanged(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    let doc = all_types();
    insert(&*store, std::slice::from_ref(&doc)).await;
    let expected = raw(&doc);
    let found = pages(&*store, Query::new(Filter::all(), 10)).await;
    assert_eq!(found[0].as_bytes(), expected.as_bytes(), "find");
    let found = store.get_many(C, "_id", &[doc["_id"].clone()]).await.unwrap();
    assert_eq!(found[0].as_bytes(), expected.as_bytes(), "get_many");
    assert_eq!(scanned(&*store, &Filter::all(), None).await[0].as_bytes(), expected.as_bytes(), "scan");
}

/// A server may take an empty timestamp for a wish to be reported the time.
pub async fn empty_timestamps_stay_empty(fixture: &dyn Fixture) {
    let empty = Timestamp { time: 0, increment: 0 };
    let doc = |id: i32| doc! { "_id": id, "at": empty, "v": id, "in": { "at": empty } };
    for durability in [Durability::Full, Durability::Bulk] {
        let store = open(fixture).await;
        let insert = |id: i32| WriteOp::insert(C, &doc(id)).unwrap();
        store.write(WriteBatch::data((0..50).map(insert).collect()), durability).await.unwrap();
        let put = |id: i32| WriteOp::put(C, &doc(id)).unwrap();
        store.write(WriteBatch::data((40..60).map(put).collect()), durability).await.unwrap();
        assert_eq!(everything(&*store).await, (0..60).map(doc).collect::<Vec<_>>());
        // Patches of other fields leave them alone, and patches can make them.
        let patch = |id: i32| {
            let (collection, unset) = (C.to_owned(), Vec::new());
            let (expect, set) = (vec![("v".into(), Some(id.into()))], vec![("v".into(), (id + 1).into()), ("to".into(), empty.into())]);
            WriteOp::Patch { collection, id: id.into(), expect, set, unset }
        };
        store.write(WriteBatch::data((0..60).map(patch).collect()), durability).await.unwrap();
        let patched = |id: i32| doc! { "_id": id, "at": empty, "v": id + 1, "in": { "at": empty }, "to": empty };
        assert_eq!(everything(&*store).await, (0..60).map(patched).collect::<Vec<_>>());
        // One that is there already stays as it is.
        let report = store.write(WriteBatch::data(vec![insert(1), insert(90)]), Durability::Bulk).await.unwrap();
        assert_eq!(report.failures.len(), 1);
        assert_eq!(everything(&*store).await[1], patched(1));
        store.drop_collection(C).await.unwrap();
    }
}

pub async fn generated_records_come_back_unchanged(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    let docs = generate::documents(300);
    insert(&*store, &docs).await;
    assert_eq!(everything(&*store).await.len(), docs.len());
    let found = pages(&*store, Query::new(Filter::all(), 50).sorted("_id", false)).await;
    for (doc, found) in docs.iter().zip(&found) {
        assert_eq!(found.as_bytes(), raw(doc).as_bytes(), "{doc}");
    }
}

pub async fn ids_may_have_any_type(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    let ids = [
        Bson::Int32(1),
        Bson::Int64(2),
        Bson::Double(2.5),
        Bson::from("1"),
        Bson::ObjectId(ObjectId::from_bytes([1; 12])),
        Bson::Boolean(true),
        Bson::DateTime(DateTime::from_millis(5)),
        Bson::Document(doc! { "a": 1, "b": "x" }),
        Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes: vec![1, 2] }),
        Bson::Null,
    ];
    let docs: Vec<Document> = ids.iter().map(|id| doc! { "_id": id.clone(), "v": 1 }).collect();
    insert(&*store, &docs).await;
    for id in &ids {
        let found = store.get_many(C, "_id", std::slice::from_ref(id)).await.unwrap();
        assert_eq!(found.len(), 1, "{id}");
    }
    assert_eq!(store.get_many(C, "_id", &ids).await.unwrap().len(), ids.len());
    assert_eq!(pages(&*store, Query::new(Filter::all(), 3)).await.len(), ids.len());
    assert_eq!(pages(&*store, Query::new(Filter::all(), 3).sorted("_id", true)).await.len(), ids.len());
}
