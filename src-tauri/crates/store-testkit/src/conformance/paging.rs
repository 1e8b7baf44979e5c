//! Pages: in order, complete, without repetition, whatever is written in between.

use std::collections::HashSet;

use bson::{Bson, Document, RawDocumentBuf, doc};
use steward_domain::{FieldPath, Filter, order};
use steward_store::{CollectionKind, Cursor, Definition, IndexSpec, Query, Store, StoreErrorKind, WriteOp};

use super::{C, assert_kind, edit, generate, id_key, insert, open, pages, plain, with};
use crate::Fixture;

fn key_at(record: &RawDocumentBuf, field: &str) -> Vec<u8> {
    FieldPath::new(field).get(&plain(record)).map_or_else(|| order::NULL_KEY.to_vec(), order::key_of)
}

fn assert_once(records: &[RawDocumentBuf], expected: usize) {
    let ids: HashSet<Vec<u8>> = records.iter().map(id_key).collect();
    assert_eq!(ids.len(), records.len(), "a record came twice");
    assert_eq!(records.len(), expected, "records are missing");
}

fn assert_in_order(records: &[RawDocumentBuf], field: &str, descending: bool) {
    for pair in records.windows(2) {
        let (a, b) = (key_at(&pair[0], field), key_at(&pair[1], field));
        assert!(if descending { a >= b } else { a <= b }, "out of order: {:?} before {:?}", plain(&pair[0]), plain(&pair[1]));
    }
}

async fn assert_sorted(store: &dyn Store, field: &str, expected: usize) {
    for descending in [false, true] {
        for limit in [1, 3, 7, 1000] {
            let records = pages(store, Query::new(Filter::all(), limit).sorted(field, descending)).await;
            if records.len() < expected {
                let found: HashSet<Vec<u8>> = records.iter().map(id_key).collect();
                let all = pages(store, Query::new(Filter::all(), 1000)).await;
                let lost: Vec<Document> = all.iter().filter(|r| !found.contains(&id_key(r))).map(plain).collect();
                panic!("lost with pages of {limit} by {field}, descending {descending}: {lost:?}");
            }
            assert_once(&records, expected);
            assert_in_order(&records, field, descending);
        }
        assert_positions(store, Query::new(Filter::all(), 1000).sorted(field, descending)).await;
    }
}

/// From whatever place on, a page behind a position begins with the record of that number.
async fn assert_positions(store: &dyn Store, query: Query) {
    let all: Vec<Vec<u8>> = pages(store, query.clone()).await.iter().map(id_key).collect();
    let behind = async |cursor: Option<Cursor>| -> Vec<Vec<u8>> {
        let page = store.find(C, &Query { after: cursor, ..query.clone() }).await.unwrap();
        page.records.iter().map(id_key).collect()
    };
    let most = all.len();
    for first in [0, 1, most / 3, most - 1] {
        let start = if first == 0 { None } else { store.position(C, &query, first).await.unwrap() };
        assert!(first == 0 || start.is_some(), "record {first} of {most} has a place");
        for skip in [1, 2, most / 2, most - first, most - first + 1] {
            let there = store.position(C, &Query { after: start.clone(), ..query.clone() }, skip).await.unwrap();
            assert_eq!(there.is_some(), first + skip <= most && skip > 0, "{first} + {skip} of {most}");
            if let Some(there) = there {
                assert_eq!(behind(Some(there)).await, all[first + skip..], "{first} + {skip} of {most}");
            }
        }
    }
}

fn people(count: i32) -> Vec<Document> {
    // Few salaries, so that most are ties.
    (0..count).map(|i| doc! { "_id": i, "salary": (i * 7) % 5, "name": format!("n{:03}", (i * 37) % 101) }).collect()
}

pub async fn unsorted_pages_cover_all_once(fixture: &dyn Fixture) {
    let store = with(fixture, &people(57)).await;
    for limit in [1, 10, 57, 58] {
        assert_once(&pages(&*store, Query::new(Filter::all(), limit)).await, 57);
    }
    let page = store.find(C, &Query::new(Filter::all(), 57)).await.unwrap();
    assert!(page.next.is_none(), "the last page has no successor");
    assert_positions(&*store, Query::new(Filter::all(), 1000)).await;
    // Gaps, a filter, and both.
    for id in [3, 4, 20, 56] {
        let gone = WriteOp::Delete { collection: C.into(), id: Bson::Int32(id), expect: Vec::new() };
        edit(&*store, gone).await.unwrap();
    }
    assert_positions(&*store, Query::new(Filter::all(), 1000)).await;
    assert_positions(&*store, Query::new(Filter::eq("salary", 3), 1000)).await;
    assert_positions(&*store, Query::new(Filter::eq("salary", 3), 1000).sorted("name", true)).await;
}

pub async fn sorted_pages_are_in_order(fixture: &dyn Fixture) {
    let store = with(fixture, &people(40)).await;
    assert_sorted(&*store, "salary", 40).await;
    assert_sorted(&*store, "name", 40).await;
    assert_sorted(&*store, "_id", 40).await;
    assert_sorted(&*store, "nowhere", 40).await;
}

pub async fn sorted_by_an_index(fixture: &dyn Fixture) {
    let store = with(fixture, &people(40)).await;
    store.ensure_index(C, &IndexSpec::on("salary")).await.unwrap();
    assert_sorted(&*store, "salary", 40).await;
    let page = store.find(C, &Query::new(Filter::all(), 5).sorted("salary", true)).await.unwrap();
    assert!(!page.scanned);
    store.ensure_index(C, &IndexSpec::unique("name")).await.unwrap();
    assert_sorted(&*store, "name", 40).await;
}

/// A unique index that leaves records out says nothing of those: among them are ties.
pub async fn sorted_by_a_partial_index(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    let index = doc! {
        "key": { "salary": 1 }, "name": "high", "unique": true, "partialFilterExpression": { "salary": { "$gt": 100 } },
    };
    let definition = Definition { kind: CollectionKind::Collection, options: Document::new(), indexes: vec![index] };
    store.define(C, &definition).await.unwrap();
    insert(&*store, &people(40)).await;
    assert_sorted(&*store, "salary", 40).await;
}

pub async fn mixed_types_both_ways(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    let mut docs: Vec<Document> = generate::sortable(120)
        .into_iter()
        .enumerate()
        .map(|(i, v)| doc! { "_id": i32::try_from(i).unwrap(), "v": v.clone(), "n": { "v": v } })
        .collect();
    docs.extend((200..210).map(|i| doc! { "_id": i }));
    docs.extend([Bson::MinKey, Bson::MaxKey, Bson::Timestamp(bson::Timestamp { time: 3, increment: 1 })].into_iter().enumerate().map(
        |(i, v)| {
            doc! { "_id": 300 + i32::try_from(i).unwrap(), "v": v }
        },
    ));
    // Ids of other types among the ties.
    docs.extend([doc! { "_id": "text" }, doc! { "_id": bson::oid::ObjectId::from_bytes([1; 12]), "v": 1 }, doc! { "_id": true, "v": 1 }]);
    insert(&*store, &docs).await;
    assert_sorted(&*store, "v", docs.len()).await;
    assert_sorted(&*store, "n.v", docs.len()).await;
    store.ensure_index(C, &IndexSpec::on("v")).await.unwrap();
    assert_sorted(&*store, "v", docs.len()).await;
}

/// Fields whose names no query of a server can say: with a dot, with a dollar sign in front, within objects.
pub async fn sorted_by_odd_names(fixture: &dyn Fixture) {
    let store = open(fixture).await;
    let values = generate::sortable(60).into_iter().enumerate();
    let mut docs: Vec<Document> = values
        .map(|(i, v)| {
            let within = doc! { "$n": v.clone(), "a/b": v.clone() };
            doc! { "_id": i32::try_from(i).unwrap(), "No.": v.clone(), "$v": v.clone(), "x.y": within, "No": i32::try_from(i % 3).unwrap() }
        })
        .collect();
    docs.extend((200..206).map(|i| doc! { "_id": i, "No.": Bson::Null, "x.y": 1 }));
    docs.extend((300..306).map(|i| doc! { "_id": i }));
    insert(&*store, &docs).await;
    for field in ["/No.", "/$v", "/x.y/$n", "/x.y/a~1b"] {
        assert_sorted(&*store, field, docs.len()).await;
        let narrowed = Query::new(Filter::eq("No", 1), 3).sorted(field, true);
        let records = pages(&*store, narrowed).await;
        assert_once(&records, 20);
        assert_in_order(&records, field, true);
        let page = store.find(C, &Query::new(Filter::all(), 5).sorted(field, false)).await.unwrap();
        assert!(page.scanned, "no index has led to {field}");
    }
}

pub async fn filtered_pages(fixture: &dyn Fixture) {
    let store = with(fixture, &people(60)).await;
    let filter = Filter::eq("salary", 3).and(Filter::Exists { field: "name".into(), exists: true });
    for descending in [false, true] {
        let records = pages(&*store, Query::new(filter.clone(), 5).sorted("name", descending)).await;
        assert_once(&records, 12);
        assert_in_order(&records, "name", descending);
    }
}

/// Null and missing are one place in the order, also for a filter that asks for them.
pub async fn empty_fields_page_too(fixture: &dyn Fixture) {
    let docs: Vec<Document> = (0..40)
        .map(|i| {
            if i % 3 == 0 {
                doc! { "_id": i, "v": Bson::Null }
            } else if i % 3 == 1 {
                doc! { "_id": i }
            } else {
                doc! { "_id": i, "v": i }
            }
        })
        .collect();
    let store = with(fixture, &docs).await;
    for _ in 0..2 {
        assert_sorted(&*store, "v", 40).await;
        for descending in [false, true] {
            let query = Query::new(Filter::eq("v", Bson::Null), 3).sorted("v", descending);
            assert_once(&pages(&*store, query).await, 27);
        }
        store.ensure_index(C, &IndexSpec::on("v")).await.unwrap();
    }
}

/// Between any two pages someone inserts, deletes and edits.
pub async fn pages_are_stable_under_writes(fixture: &dyn Fixture) {
    for (sort, descending) in [(None, false), (Some("salary"), false), (Some("salary"), true), (Some("name"), false)] {
        let store = with(fixture, &people(50)).await;
        let mut query = Query::new(Filter::all(), 7);
        if let Some(field) = sort {
            query = query.sorted(field, descending);
        }
        let mut seen = Vec::new();
        let mut next_id = 1000;
        loop {
            let page = store.find(C, &query).await.unwrap();
            seen.extend(page.records.iter().map(|r| r.get_i32("_id").unwrap()));
            let Some(next) = page.next else { break };
            query.after = Some(next);
            // The page's last record goes, so does one far ahead; new ones come at both ends.
            let last = seen.last().copied().unwrap();
            for gone in [last, 49] {
                let _ = edit(&*store, WriteOp::Delete { collection: C.into(), id: gone.into(), expect: vec![] }).await;
            }
            for salary in [-1, 2, 9] {
                insert(&*store, &[doc! { "_id": next_id, "salary": salary, "name": format!("n{next_id}") }]).await;
                next_id += 1;
            }
            assert!(seen.len() < 500, "the pages do not end");
        }
        let distinct: HashSet<i32> = seen.iter().copied().collect();
        assert_eq!(distinct.len(), seen.len(), "a record came twice with sort {sort:?}");
        let lost: Vec<i32> = (0..49).filter(|id| !distinct.contains(id)).collect();
        assert!(lost.is_empty(), "lost with sort {sort:?} descending {descending}: {lost:?}");
        store.drop_collection(C).await.unwrap();
    }
}

pub async fn foreign_cursors_are_refused(fixture: &dyn Fixture) {
    let store = with(fixture, &people(5)).await;
    for text in ["", "nonsense", "ff", "äöü"] {
        let query = Query::new(Filter::all(), 2).after(Some(Cursor(text.to_owned())));
        assert_kind(store.find(C, &query).await, StoreErrorKind::Invalid);
    }
}
