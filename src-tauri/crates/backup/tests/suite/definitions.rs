//! What a collection is next to its records: each index, option and name comes back, or the plan and the restore say which does
//! not, and nothing else in the backup is held up by it.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;

use crate::common::{all, backup, dump, index_names, on, on_file, opened, put, request_to, workspace};
use bson::{Bson, Document, doc};
use futures::TryStreamExt as _;
use steward_backup::encryption::DecryptionKey;
use steward_backup::increment::{self, Taken};
use steward_backup::listing::ListedBackup;
use steward_backup::point_in_time::{self, Scratch, Way};
use steward_backup::read::Backup;
use steward_backup::restore::{self, Choice};
use steward_backup::target::{Folder, Target};
use steward_backup::verify;
use steward_domain::{Filter, RestoreMode, RestoreState};
use steward_store::{CollectionKind, Definition, Durability, StoreKind, WriteBatch, WriteOp, names};
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::{Silent, Workspace};

fn definition(options: Document, indexes: Vec<Document>) -> Definition {
    Definition { kind: CollectionKind::Collection, options, indexes }
}

/// What cannot be restored is left out.
fn agreed() -> Choice {
    Choice { leave_out: true, ..Choice::default() }
}

/// The records in their order.
async fn in_order(workspace: &Workspace, collection: &str) -> Vec<i32> {
    let batches: Vec<Vec<_>> = workspace.store.scan(collection, &Filter::all(), None).await.unwrap().try_collect().await.unwrap();
    batches.iter().flatten().map(|record| record.get_i32("_id").unwrap()).collect()
}

/// Servers do not take records of capped collections into transactions.
async fn log(workspace: &Workspace, ids: impl Iterator<Item = i32>) {
    for id in ids {
        let batch = WriteBatch::data(vec![WriteOp::insert("a log", &doc! { "_id": id }).unwrap()]);
        assert!(workspace.store.write(batch, Durability::Bulk).await.unwrap().failures.is_empty());
    }
}

/// Nothing that was only tried is left.
async fn is_tidy(workspace: &Workspace) {
    let left: Vec<String> = workspace.store.collections().await.unwrap().into_iter().filter(|name| names::is_staging(name)).collect();
    assert!(left.iter().all(|name| name.starts_with("steward.replaced.")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capped_collection_takes_the_moment_from_nobody() {
    let (from, place) = (on(Mongod::replica_set()).await, tempfile::tempdir().unwrap());
    let capped = doc! { "capped": true, "size": 4096, "max": 5 };
    from.store.define("a log", &definition(capped.clone(), Vec::new())).await.unwrap();
    log(&from, (0..8).map(|n| (n * 5) % 8)).await;
    put(&from, "records", (0..3).map(|n| doc! { "_id": n })).await;
    let made = backup(&from, place.path()).await.manifest;
    assert_eq!(made.fuzzy, None);
    assert!(made.notes.len() == 1 && made.notes[0].starts_with("a log is capped"), "{:?}", made.notes);
    assert_eq!(made.point_in_time.as_ref().unwrap().apart, ["a log"]);

    // Increments lead on from it; what the log drops by itself holds nothing up.
    log(&from, 20..24).await;
    put(&from, "records", [doc! { "_id": 9 }].into_iter()).await;
    let base = ListedBackup::new(made.clone(), place.path().display().to_string());
    let Taken::New(increment) = increment::take(&from, &request_to(place.path()), &base, &Silent).await.unwrap() else {
        panic!("something happened")
    };
    let until = increment.manifest.increment.as_ref().unwrap().until.at;
    let target: Arc<dyn Target> = Arc::new(Folder::new(place.path().to_owned()));
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("moment.steward")).await.unwrap());
    let way =
        Way { base: opened(place.path(), &made).await, increments: vec![(target, increment.manifest)], key: DecryptionKey::default() };
    let point_in_time = point_in_time::build(way, until, Scratch { store, folder }, &Silent).await.unwrap();
    let to = on(Mongod::replica_set()).await;
    let record = restore::apply(&to, &point_in_time, "here", &agreed(), None, &Silent).await.unwrap();
    assert_eq!(in_order(&to, "a log").await, in_order(&from, "a log").await, "in the same order, the newest five");
    assert_eq!(all(&to, "records").await.len(), 4);
    assert!(to.store.definition("a log").await.unwrap().means(&from.store.definition("a log").await.unwrap()));
    assert_eq!(record.notes, Vec::<String>::new());

    // Records cannot be merged into it; everything else is merged.
    let merge = Choice { mode: RestoreMode::Merge, ..agreed() };
    let whole = opened(place.path(), &made).await;
    let plan = restore::plan(&to, &whole, &merge, &Silent).await.unwrap();
    assert!(plan.iter().find(|p| p.name == "a log").unwrap().left_out);
    let record = restore::apply(&to, &whole, "here", &merge, None, &Silent).await.unwrap();
    assert!(record.state == RestoreState::Done && record.notes.iter().any(|n| n.contains("it is capped here")), "{record:?}");
    is_tidy(&to).await;
}

/// More than it can hold: the newest stay, and the restore says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capped_collection_keeps_what_it_can() {
    let (at, to) = (tempfile::tempdir().unwrap(), on(Mongod::replica_set()).await);
    let records: Vec<Document> = (0..9).map(|n| doc! { "_id": n }).collect();
    let path = dump(at.path(), &[("log", r#"{"options":{"capped":true,"size":4096,"max":5}}"#, &records)]);
    let dump = Backup::of_path(&path, DecryptionKey::default(), None, &Silent).await.unwrap();
    let record = restore::apply(&to, &dump, "here", &Choice::default(), None, &Silent).await.unwrap();
    assert_eq!(record.notes, ["log keeps the newest 5 of 9 records: it is capped."]);
    assert_eq!((in_order(&to, "log").await, record.collections[0].records), (vec![4, 5, 6, 7, 8], 5));
}

/// A time series has no changes that can be done again; it is as in the whole backup.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_series_comes_back_with_a_moment() {
    let (from, place) = (on(Mongod::replica_set()).await, tempfile::tempdir().unwrap());
    let options = doc! { "timeseries": { "timeField": "at" } };
    from.store.define("weather", &Definition { kind: CollectionKind::Timeseries, options, indexes: Vec::new() }).await.unwrap();
    let at = bson::DateTime::from_millis(1_700_000_000_000);
    let measured = (0..20).map(|n| WriteOp::insert("weather", &doc! { "_id": n, "at": at, "t": n }).unwrap());
    from.store.write(WriteBatch::data(measured.collect()), Durability::Bulk).await.unwrap();
    put(&from, "records", [doc! { "_id": 1 }].into_iter()).await;
    let made = backup(&from, place.path()).await.manifest;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("moment.steward")).await.unwrap());
    let until = made.point_in_time.as_ref().unwrap().at;
    let way = Way { base: opened(place.path(), &made).await, increments: Vec::new(), key: DecryptionKey::default() };
    let point_in_time = point_in_time::build(way, until, Scratch { store, folder }, &Silent).await.unwrap();
    let to = on(Mongod::replica_set()).await;
    let record = restore::apply(&to, &point_in_time, "here", &Choice::default(), None, &Silent).await.unwrap();
    assert_eq!((record.state, record.notes), (RestoreState::Done, Vec::new()));
    assert_eq!(in_order(&to, "weather").await.len(), 20);
}

fn special() -> Vec<(&'static str, Definition)> {
    let german = doc! { "collation": { "locale": "de", "strength": 1 } };
    let clustered = doc! { "clusteredIndex": { "key": { "_id": 1 }, "unique": true, "name": "by id" } };
    let index = |name: &str, key: Document, more: Document| {
        let mut index = doc! { "v": 2, "key": key, "name": name };
        index.extend(more);
        index
    };
    vec![
        ("clustered", definition(clustered, vec![index("by n", doc! { "n": 1 }, doc! {})])),
        (
            "german",
            definition(
                german.clone(),
                vec![
                    index("exact", doc! { "n": 1 }, doc! { "unique": true, "collation": { "locale": "simple" } }),
                    index("as the collection", doc! { "m": 1 }, german),
                ],
            ),
        ),
        (
            "many",
            definition(
                doc! { "validator": { "n": { "$type": "number" } }, "validationLevel": "moderate" },
                vec![
                    index("partial", doc! { "n": 1 }, doc! { "partialFilterExpression": { "n": { "$gt": 1 } } }),
                    index("ttl", doc! { "at": 1 }, doc! { "expireAfterSeconds": 3600 }),
                    index("wild", doc! { "$**": 1 }, doc! { "wildcardProjection": { "m": 1 } }),
                    index("geo", doc! { "loc": "2dsphere" }, doc! {}),
                    index("hash", doc! { "_id": "hashed" }, doc! {}),
                    index("words", doc! { "t": "text" }, doc! { "default_language": "german" }),
                    index("sparse", doc! { "s": 1 }, doc! { "sparse": true, "unique": true }),
                    index("hidden", doc! { "h": 1 }, doc! { "hidden": true }),
                ],
            ),
        ),
    ]
}

/// From a server to another database, over itself, and by way of a file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn special_collections_come_back() {
    let (from, place) = (on(Mongod::replica_set()).await, tempfile::tempdir().unwrap());
    for (name, definition) in special() {
        from.store.define(name, &definition).await.unwrap();
        put(&from, name, ["ab", "AB", "äb"].iter().zip(1..).map(|(m, n)| doc! { "_id": n, "n": n, "m": *m })).await;
    }
    let made = backup(&from, place.path()).await.manifest;
    let whole = opened(place.path(), &made).await;
    let verification = verify::test_restore(&from, &whole, &on(Mongod::replica_set()).await, &Silent).await.unwrap();
    assert_eq!(verification.verification.problems, Vec::<String>::new());
    let (folder, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (there, file, back) = (on(Mongod::replica_set()).await, on_file(folder.path()).await, on(Mongod::replica_set()).await);
    for to in [&there, &from, &file] {
        let record = restore::apply(to, &whole, "here", &Choice::default(), None, &Silent).await.unwrap();
        assert_eq!((record.state, &record.notes), (RestoreState::Done, &Vec::new()));
    }
    let again = backup(&file, second.path()).await.manifest;
    restore::apply(&back, &opened(second.path(), &again).await, "here", &Choice::default(), None, &Silent).await.unwrap();
    for (name, _) in special() {
        let then = there.store.definition(name).await.unwrap();
        for to in [&from, &back] {
            let now = to.store.definition(name).await.unwrap();
            assert!(now.means(&then), "{name}: {now:?} {then:?}");
        }
        assert_eq!(all(&back, name).await, all(&from, name).await);
    }
    let german = back.store.definition("german").await.unwrap();
    let of = |name: &str| german.indexes.iter().find(|i| i.get_str("name").is_ok_and(|found| found == name)).unwrap();
    assert!(!of("exact").contains_key("collation") && of("as the collection").contains_key("collation"), "{german:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_every_kind_come_back() {
    let names = [
        "a/b",
        "p%20q",
        "p q",
        " ",
        "100%",
        "%24x",
        "*",
        "?",
        "{brace}",
        "quote'\"",
        "back\\slash",
        "a\nb",
        "tab\tname",
        "<b>",
        "CON",
        "-dash",
        "with..dots",
        "at the end.",
        "UPPER",
        "upper",
        "emoji🦩",
        "é",
        "e\u{301}",
        "records",
        "steward",
        "sqlite_master",
    ];
    let (from, place) = (on(Mongod::replica_set()).await, tempfile::tempdir().unwrap());
    let database = from.store.info().await.unwrap().name;
    let longest = "x".repeat(255 - 1 - database.len());
    let all_names = || names.iter().copied().chain([longest.as_str()]);
    for (n, name) in all_names().enumerate() {
        put(&from, name, [doc! { "_id": i32::try_from(n).unwrap() }].into_iter()).await;
    }
    let made = backup(&from, place.path()).await.manifest;
    let whole = opened(place.path(), &made).await;
    let (folder, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = on_file(folder.path()).await;
    restore::apply(&file, &whole, "here", &agreed(), None, &Silent).await.unwrap();
    let again = backup(&file, second.path()).await.manifest;
    let back = restore::apply(&from, &opened(second.path(), &again).await, "here", &agreed(), None, &Silent).await.unwrap();
    for workspace in [&file, &from] {
        for (n, name) in all_names().enumerate() {
            assert_eq!(in_order(workspace, name).await, [i32::try_from(n).unwrap()], "{name:?}");
        }
    }
    // Changed since, it stays under a name that fits.
    let first = doc! { "_id": 99 };
    steward_workspace::edit::create(&from, &from.collection(&longest).await.unwrap(), first, None, false).await.unwrap();
    let (_, plans) = restore::undo(&from, &back.id, &Silent).await.unwrap();
    let kept = plans.iter().find(|p| p.collection == longest).unwrap().kept_as.clone().unwrap();
    assert!(kept.ends_with(".undone") && kept.len() <= longest.len(), "{kept}");

    // Into a database with a longer name, one of them cannot come; the plan says so, and all others do.
    let uri = Mongod::replica_set().uri(&format!("{database}_longer"));
    let options = steward_store_mongo::MongoOptions { min_pool: 0, ..steward_store_mongo::MongoOptions::default() };
    let longer = workspace(Arc::new(steward_store_mongo::MongoStore::connect(&uri, options).await.unwrap())).await;
    let plan = restore::plan(&longer, &whole, &Choice::default(), &Silent).await.unwrap();
    let out: Vec<&str> = plan.iter().filter(|p| p.left_out).map(|p| p.name.as_str()).collect();
    assert_eq!(out, [longest.as_str()]);
    let record = restore::apply(&longer, &whole, "here", &agreed(), None, &Silent).await.unwrap();
    assert_eq!(longer.collections().await.unwrap().len(), names.len());
    assert!(record.notes.len() == 1 && record.notes[0].contains("more than 255 bytes"), "{:?}", record.notes);
}

const OLD: &str = r#"{"options":{"flags":1},"indexes":[{"v":1,"key":{"_id":1},"name":"_id_","ns":"shop.old"},
    {"v":0,"key":{"tag":-1.0},"name":"tag","ns":"shop.old","sparse":"1"},{"v":1,"key":{"a":true},"name":"a"},
    {"v":1,"key":{"c":"1"},"name":"c","w":1},{"v":1,"key":{"e":0},"name":""},
    {"v":1,"key":{"at":1},"name":"at","expireAfterSeconds":{"$numberDouble":"NaN"}},
    {"v":1,"key":{"n":1},"name":"n","unique":true},{"v":1,"key":{"m":1},"name":"m"},{"v":1,"key":{"m":1},"name":"m again"},
    {"v":1,"key":{"l":"geoHaystack","k":1},"name":"hay","bucketSize":1},
    {"v":2,"key":{"x":1},"name":"odd","partialFilterExpression":{"$nonsense":1}}]}"#;

/// What servers of today refuse is cleaned or left out, each with a word; the data comes back, and so does everything next to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_indexes_are_cleaned_or_left_out() {
    let at = tempfile::tempdir().unwrap();
    let people = [doc! { "_id": 1, "n": "same" }, doc! { "_id": 2, "n": "same" }, doc! { "_id": 3, "n": "other" }];
    let path = dump(at.path(), &[("old", OLD, &people), ("zoo", "", &[doc! { "_id": 1 }])]);
    let to = on(Mongod::replica_set()).await;
    let dump = || async { Backup::of_path(&path, DecryptionKey::default(), None, &Silent).await.unwrap() };
    let plan = restore::plan(&to, &dump().await, &Choice::default(), &Silent).await.unwrap();
    let notes = plan[0].notes.join("\n");
    for word in
        ["sparse is \"1\"", "direction true of a", "direction \"1\" of c", "any more: w", "called e_0", "NaN", "loses the index hay"]
    {
        assert!(notes.contains(word), "{word} in {notes}");
    }
    // What only the server knows was asked of it.
    for lost in ["loses the index m again", "loses the index odd"] {
        assert!(notes.contains(lost), "{lost} in {notes}");
    }
    is_tidy(&to).await;
    let record = restore::apply(&to, &dump().await, "here", &agreed(), None, &Silent).await.unwrap();
    assert_eq!(all(&to, "old").await, people);
    assert_eq!(all(&to, "zoo").await.len(), 1);
    // The unique index is broken by the records; only loading them tells.
    let unique = record.notes.iter().find(|n| n.contains("the index n:")).unwrap();
    assert!(unique.contains("the records 1 and 2 have the same n, \"same\""), "{unique}");
    assert_eq!(index_names(&to, "old").await, ["a", "at", "c", "e_0", "m", "tag"]);
    let ttl =
        to.store.definition("old").await.unwrap().indexes.into_iter().find(|i| i.get_str("name").is_ok_and(|found| found == "at")).unwrap();
    assert_eq!(ttl.get("expireAfterSeconds"), Some(&Bson::Int32(i32::MAX)), "nothing expires that did not before");
}

/// In a file, the same records break the same index.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_unique_index_holds_up_nothing_in_a_file() {
    let at = tempfile::tempdir().unwrap();
    let metadata = r#"{"indexes":[{"v":2,"key":{"n":1},"name":"n","unique":true},{"v":2,"key":{"m":1},"name":"m"}]}"#;
    let path = dump(at.path(), &[("people", metadata, &[doc! { "_id": 1, "n": 5 }, doc! { "_id": 2, "n": 5 }])]);
    let to = on_file(at.path()).await;
    let dump = Backup::of_path(&path, DecryptionKey::default(), None, &Silent).await.unwrap();
    let refused = restore::apply(&to, &dump, "here", &Choice::default(), None, &Silent).await.unwrap_err().to_string();
    assert!(refused.contains("people loses the index n: the records 1 and 2 have the same n, 5."), "{refused}");
    assert!(!to.store.collections().await.unwrap().contains(&"people".to_owned()));
    let record = restore::apply(&to, &dump, "here", &agreed(), None, &Silent).await.unwrap();
    assert_eq!(record.notes, ["people loses the index n: the records 1 and 2 have the same n, 5."]);
    assert_eq!((all(&to, "people").await.len(), index_names(&to, "people").await), (2, vec!["m".to_owned()]));
}

/// Buckets that no server takes: the series is left out with a word, and none of it stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_buckets_leave_nothing_behind() {
    let at = tempfile::tempdir().unwrap();
    let series = r#"{"options":{"timeseries":{"timeField":"ts","granularity":"seconds","bucketMaxSpanSeconds":3600}},"indexes":[],"collectionName":"weather","type":"timeseries"}"#;
    let folder = dump(at.path(), &[("zoo", "", &[doc! { "_id": 1 }])]);
    std::fs::write(folder.join("system.buckets.weather.bson"), doc! { "_id": 1, "no": "bucket" }.to_vec().unwrap()).unwrap();
    std::fs::write(folder.join("weather.metadata.json"), series).unwrap();
    let to = on(Mongod::replica_set()).await;
    let dump = Backup::of_path(&folder, DecryptionKey::default(), None, &Silent).await.unwrap();
    let record = restore::apply(&to, &dump, "here", &Choice::default(), None, &Silent).await.unwrap();
    assert_eq!(record.state, RestoreState::Done);
    assert!(record.notes.len() == 1 && record.notes[0].starts_with("weather is left out: the store does not take"), "{:?}", record.notes);
    assert_eq!(all(&to, "zoo").await.len(), 1);
    assert!(to.standing("weather").await.unwrap().is_none());
    is_tidy(&to).await;
    restore::undo(&to, &record.id, &Silent).await.unwrap();
    assert_eq!(to.collections().await.unwrap(), Vec::<String>::new());
}

/// A merge that would break a unique index: the plan names both records and the value, and nothing is written.
async fn a_clash_is_foreseen(workspace: Workspace) {
    let place = tempfile::tempdir().unwrap();
    let unique = doc! { "v": 2, "key": { "mail": 1 }, "name": "mail", "unique": true };
    workspace.store.define("users", &definition(Document::new(), vec![unique])).await.unwrap();
    put(&workspace, "users", [doc! { "_id": 1, "mail": "a@x" }, doc! { "_id": 2, "mail": "b@x" }].into_iter()).await;
    put(&workspace, "users", [doc! { "_id": 3, "mail": "c@x" }].into_iter()).await;
    let made = backup(&workspace, place.path()).await.manifest;
    let delete = |id: i32| WriteOp::Delete { collection: "users".into(), id: id.into(), expect: Vec::new() };
    workspace.store.write(WriteBatch::data(vec![delete(1), delete(2)]), Durability::Full).await.unwrap();
    // One took the address of a record that is gone; another one will have its own again, since the backup has it.
    put(&workspace, "users", [doc! { "_id": 9, "mail": "a@x" }, doc! { "_id": 3, "mail": "b@x" }].into_iter()).await;
    let before = all(&workspace, "users").await;
    let whole = opened(place.path(), &made).await;
    let merge = Choice { mode: RestoreMode::Merge, ..Choice::default() };
    let plan = restore::plan(&workspace, &whole, &merge, &Silent).await.unwrap();
    let users = plan.iter().find(|p| p.name == "users").unwrap();
    assert!(users.impossible);
    assert_eq!(
        users.notes,
        [
            "cannot be merged: the record 1 of the backup and the record 9 here would both have mail \"a@x\", which the unique index mail does not allow"
        ]
    );
    let refused = restore::apply(&workspace, &whole, "here", &merge, None, &Silent).await.unwrap_err().to_string();
    assert!(refused.contains("the index mail would not hold") && refused.contains("have the same mail, \"a@x\""), "{refused}");
    assert_eq!(all(&workspace, "users").await, before, "nothing was written");
    is_tidy(&workspace).await;
    // Without the one that is in the way, it is merged.
    workspace.store.write(WriteBatch::data(vec![delete(9)]), Durability::Full).await.unwrap();
    let plan = restore::plan(&workspace, &whole, &merge, &Silent).await.unwrap();
    assert!(!plan[0].impossible, "{plan:?}");
    restore::apply(&workspace, &whole, "here", &merge, None, &Silent).await.unwrap();
    assert_eq!(all(&workspace, "users").await.len(), 3);
}

/// Clashes that no look-up by value finds: in a list, below a list, of a missing value.
async fn a_clash_in_lists_is_foreseen(workspace: Workspace) {
    let unique = |field: &str| doc! { "v": 2, "key": { field: 1 }, "name": field, "unique": true };
    let record = |id: i32, tag: &str, street: &str, code: Option<i32>| {
        let mut record =
            doc! { "_id": id, "tags": [tag, format!("only {id}")], "homes": [{ "street": street }, { "street": format!("s{id}") }] };
        record.extend(code.map(|code| ("code".to_owned(), code.into())));
        record
    };
    let mut cases = vec![("code", record(9, "blue", "South", None))];
    // A unique index of a file has a list as one value.
    if workspace.store.info().await.unwrap().kind == StoreKind::Mongo {
        cases.extend([("tags", record(9, "red", "South", Some(9))), ("homes.street", record(9, "blue", "North", Some(9)))]);
    }
    for (field, other) in cases {
        foreseen(&workspace, unique(field), record(1, "red", "North", None), other, field).await;
    }
}

/// The backup has the first record, which is gone, and the other one is in its way.
async fn foreseen(workspace: &Workspace, unique: Document, first: Document, other: Document, shared: &str) {
    let place = tempfile::tempdir().unwrap();
    workspace.store.drop_collection("users").await.unwrap();
    workspace.store.define("users", &definition(Document::new(), vec![unique])).await.unwrap();
    let gone = first.get("_id").unwrap().clone();
    put(workspace, "users", [first].into_iter()).await;
    let made = backup(workspace, place.path()).await.manifest;
    let delete = WriteOp::Delete { collection: "users".into(), id: gone, expect: Vec::new() };
    workspace.store.write(WriteBatch::data(vec![delete]), Durability::Full).await.unwrap();
    put(workspace, "users", [other].into_iter()).await;
    let whole = opened(place.path(), &made).await;
    let merge = Choice { mode: RestoreMode::Merge, ..Choice::default() };
    let plan = restore::plan(workspace, &whole, &merge, &Silent).await.unwrap();
    assert!(plan[0].impossible && plan[0].notes[0].contains(shared), "{shared}: {:?}", plan[0].notes);
    let refused = restore::apply(workspace, &whole, "here", &merge, None, &Silent).await.unwrap_err().to_string();
    assert!(refused.contains("would not hold"), "{refused}");
    is_tidy(workspace).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clash_in_lists_is_foreseen_on_a_server() {
    a_clash_in_lists_is_foreseen(on(Mongod::replica_set()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clash_in_lists_is_foreseen_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    a_clash_in_lists_is_foreseen(on_file(folder.path()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clash_by_a_collation_is_foreseen() {
    let workspace = on(Mongod::replica_set()).await;
    for (collation, one, other) in [
        (doc! { "locale": "en", "strength": 2 }, "Ann@X", "ann@x"),
        (doc! { "locale": "en", "strength": 1 }, "r\u{e9}sum\u{e9}", "Resume"),
        (doc! { "locale": "en", "numericOrdering": true }, "v007", "v7"),
    ] {
        let unique = doc! { "v": 2, "key": { "team": 1, "name": 1 }, "name": "name", "unique": true, "collation": collation };
        let record = |id: i32, name: &str| doc! { "_id": id, "team": "a", "name": name };
        foreseen(&workspace, unique, record(1, one), record(9, other), "name").await;
    }
}

/// What cannot be restored is left out only where someone has agreed to that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_out_unasked() {
    let from = on(Mongod::replica_set()).await;
    let place = tempfile::tempdir().unwrap();
    put(&from, "users", [doc! { "_id": 1 }].into_iter()).await;
    let view = Definition { kind: CollectionKind::View, options: doc! { "viewOn": "users", "pipeline": [] }, indexes: Vec::new() };
    from.store.define("everybody", &view).await.unwrap();
    let made = backup(&from, place.path()).await.manifest;
    let whole = opened(place.path(), &made).await;
    let folder = tempfile::tempdir().unwrap();
    let file = on_file(folder.path()).await;
    let plan = restore::plan(&file, &whole, &Choice::default(), &Silent).await.unwrap();
    let lost: Vec<String> = plan.iter().flat_map(|one| one.lost.clone()).collect();
    assert!(lost.len() == 1 && lost[0].starts_with("everybody is left out: "), "{lost:?}");
    let refused = restore::apply(&file, &whole, "here", &Choice::default(), None, &Silent).await.unwrap_err().to_string();
    assert!(refused.starts_with("Not everything can be restored."), "{refused}");
    assert!(file.store.collections().await.unwrap().iter().all(|name| names::is_own(name)));
    assert_eq!(restore::list(&file).await.unwrap(), []);
    let record = restore::apply(&file, &whole, "here", &agreed(), None, &Silent).await.unwrap();
    assert!(record.leave_out && record.notes.len() == 1, "{:?}", record.notes);
    assert_eq!(all(&file, "users").await.len(), 1);
    // The same view is there already: nothing is lost.
    let plan = restore::plan(&from, &whole, &Choice::default(), &Silent).await.unwrap();
    assert!(plan.iter().all(|one| one.lost.is_empty()), "{plan:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clash_is_foreseen_on_a_server() {
    a_clash_is_foreseen(on(Mongod::replica_set()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clash_is_foreseen_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    a_clash_is_foreseen(on_file(folder.path()).await).await;
}
