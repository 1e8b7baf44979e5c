//! Archives and folders of other tools, and Steward's own as those tools read them: laid out as mongodump writes them for
//! servers from 3.6 to 8.0, and checked by the rules by which mongorestore refuses an archive.

// Test code: a broken expectation is meant to panic, with the place.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::common::{all, crc, on, on_file, opened, put, request_to};
use bson::spec::BinarySubtype;
use bson::{Bson, Document, Timestamp, doc};
use futures::TryStreamExt as _;
use steward_backup::create::{BackupRequest, create};
use steward_backup::encryption::{Compression, DecryptionKey};
use steward_backup::read::Backup;
use steward_backup::restore::{self, Choice};
use steward_backup::verify;
use steward_domain::{Filter, RestoreState};
use steward_store::{CollectionKind, Definition, Durability, WriteBatch, WriteOp};
use steward_store_testkit::mongod::Mongod;
use steward_workspace::{Silent, Workspace};

const END: [u8; 4] = [0xff; 4];

/// A collection as a tool dumps it.
struct Dumped {
    name: &'static str,
    kind: &'static str,
    metadata: String,
    documents: Vec<Document>,
}

fn dumped(name: &'static str, kind: &'static str, metadata: &str, documents: Vec<Document>) -> Dumped {
    Dumped { name, kind, metadata: metadata.to_owned(), documents }
}

fn bytes_of(documents: &[Document]) -> Vec<u8> {
    documents.iter().flat_map(|d| d.to_vec().unwrap()).collect()
}

/// Where the documents are.
fn data_name(one: &Dumped) -> String {
    if one.kind == "timeseries" { format!("system.buckets.{}", one.name) } else { one.name.to_owned() }
}

/// An archive whose collections are interleaved, as by several threads; with what belongs to the server next to it.
fn archive(server: &str, tool: &str, all: &[Dumped]) -> Vec<u8> {
    let encode = |d: Document| d.to_vec().unwrap();
    let mut out = vec![0x6d, 0xe2, 0x99, 0x81];
    out.extend(encode(doc! { "concurrent_collections": 4, "version": "0.1", "server_version": server, "tool_version": tool }));
    for one in all {
        out.extend(encode(doc! { "db": "shop", "collection": one.name, "metadata": &one.metadata, "size": 0, "type": one.kind }));
    }
    out.extend(encode(
        doc! { "db": "admin", "collection": "system.version", "metadata": "{\"indexes\":[]}", "size": 0, "type": "collection" },
    ));
    out.extend(END);
    let heading = |db: &str, name: &str, end: bool, crc: i64| encode(doc! { "db": db, "collection": name, "EOF": end, "CRC": crc });
    for half in 0..2 {
        for one in all {
            let (first, second) = one.documents.split_at(one.documents.len() / 2);
            let part = bytes_of(if half == 0 { first } else { second });
            if !part.is_empty() {
                out.extend([heading("shop", &data_name(one), false, 0), part, END.to_vec()].concat());
            }
        }
    }
    let version = bytes_of(&[doc! { "_id": "featureCompatibilityVersion", "version": "6.0" }]);
    out.extend([heading("admin", "system.version", false, 0), version.clone(), END.to_vec()].concat());
    for one in all {
        out.extend([heading("shop", &data_name(one), true, crc(&bytes_of(&one.documents))), END.to_vec()].concat());
    }
    out.extend([heading("admin", "system.version", true, crc(&version)), END.to_vec()].concat());
    out
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// The same as a folder, packed or not.
fn folder(at: &Path, all: &[Dumped], packed: bool) -> PathBuf {
    let dump = at.join(if packed { "packed" } else { "plain" });
    std::fs::create_dir_all(dump.join("shop")).unwrap();
    std::fs::create_dir_all(dump.join("admin")).unwrap();
    let write = |name: String, bytes: &[u8]| match packed {
        true => std::fs::write(dump.join(format!("{name}.gz")), gzipped(bytes)).unwrap(),
        false => std::fs::write(dump.join(name), bytes).unwrap(),
    };
    write("admin/system.version.bson".into(), &[]);
    write("prelude.json".into(), br#"{"ServerVersion":"6.0.5","ToolVersion":"100.9.4"}"#);
    for one in all {
        let escaped = |name: &str| name.replace('é', "%C3%A9");
        write(format!("shop/{}.metadata.json", escaped(one.name)), one.metadata.as_bytes());
        if one.kind != "view" {
            write(format!("shop/{}.bson", escaped(&data_name(one))), &bytes_of(&one.documents));
        }
    }
    dump
}

/// Values that few programs write and that nothing may change.
fn odd() -> Vec<Document> {
    let nested = doc! { "empty": Timestamp { time: 0, increment: 0 }, "min": Bson::MinKey, "max": Bson::MaxKey };
    vec![
        doc! { "_id": 1, "symbol": Bson::Symbol("s".into()), "none": Bson::Undefined, "nested": nested },
        doc! { "_id": 2, "code": bson::JavaScriptCodeWithScope { code: "x".into(), scope: doc! { "x": 1 } }, "": "no name" },
        doc! { "_id": 3, "old": bson::Binary { subtype: BinarySubtype::UuidOld, bytes: vec![7; 16] }, "zero": -0.0, "a.b": 1, "list": [[]] },
        doc! { "_id": 4, "not": "NaN".parse::<bson::Decimal128>().unwrap(), "re": bson::Regex { pattern: "a".try_into().unwrap(), options: "imx".try_into().unwrap() } },
        doc! { "_id": 5, "stamp": Timestamp { time: 0, increment: 0 } },
    ]
}

fn things() -> Vec<Document> {
    (0..7).map(|n| doc! { "_id": n, "sku": format!("sku-{n}"), "at": [n, n + 1] }).collect()
}

/// Two buckets as servers before 8.0 keep them.
fn buckets() -> Vec<Document> {
    let at = |minute: i64| bson::DateTime::from_millis(1_700_000_000_000 / 3_600_000 * 3_600_000 + minute * 60_000);
    let bucket = |n: u8, device: &str| {
        let times = doc! { "0": at(1), "1": at(2) };
        doc! {
            "_id": bson::oid::ObjectId::from_bytes([0x65, 0x53, 0xf0, 0, n, n, n, n, n, n, n, n]),
            "control": { "version": 1, "min": { "_id": 1, "ts": at(0), "t": 20 }, "max": { "_id": 2, "ts": at(2), "t": 21 } },
            "meta": { "device": device },
            "data": { "_id": { "0": 1, "1": 2 }, "ts": times, "t": { "0": 20, "1": 21 } },
        }
    };
    vec![bucket(1, "a"), bucket(2, "b")]
}

const ID: &str = r#"{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}"#;

/// What the tools dump from servers of each version, with what is particular to it.
fn dumps() -> Vec<(&'static str, &'static str, Vec<Dumped>)> {
    let old = r#"{"options":{"create":"things","autoIndexId":false},"indexes":[{"v":1,"key":{"_id":1},"name":"_id_","ns":"shop.things"},{"v":1,"unique":true,"background":true,"key":{"sku":1.0},"name":"sku_1","ns":"shop.things","dropDups":true}]}"#;
    let hay = format!(
        r#"{{"indexes":[{ID},{{"v":{{"$numberInt":"2"}},"unique":true,"key":{{"sku":{{"$numberInt":"1"}}}},"name":"sku_1"}},{{"v":{{"$numberInt":"2"}},"key":{{"at":"geoHaystack","sku":{{"$numberInt":"1"}}}},"name":"hay","bucketSize":{{"$numberInt":"1"}}}}],"uuid":"0679db720f4944de90ae27472664e94a","collectionName":"things"}}"#
    );
    let view = r#"{"options":{"viewOn":"things","pipeline":[{"$match":{"sku":"sku-3"}}]},"indexes":[],"uuid":"","collectionName":"chosen","type":"view"}"#;
    let weather = r#"{"options":{"timeseries":{"timeField":"ts","metaField":"meta","granularity":"seconds","bucketMaxSpanSeconds":{"$numberInt":"3600"}}},"indexes":[{"v":{"$numberInt":"2"},"key":{"meta.device":{"$numberInt":"1"},"ts":{"$numberInt":"1"}},"name":"meta.device_1_ts_1"}],"collectionName":"weather","type":"timeseries"}"#;
    let images = format!(
        r#"{{"options":{{"changeStreamPreAndPostImages":{{"enabled":true}},"validator":{{"sku":{{"$type":"string"}}}},"validationLevel":"moderate","validationAction":"warn"}},"indexes":[{ID},{{"v":{{"$numberInt":"2"}},"unique":true,"key":{{"sku":{{"$numberInt":"1"}}}},"name":"sku_1"}}],"uuid":"ee3534fe9545406f90406b246dde420d","collectionName":"things","type":"collection"}}"#
    );
    let plain = |name: &'static str, documents| {
        dumped(name, "collection", &format!(r#"{{"indexes":[{ID}],"collectionName":"{name}"}}"#), documents)
    };
    let series = || dumped("weather", "timeseries", weather, buckets());
    vec![
        ("3.6.23", "r3.6.23", vec![dumped("things", "collection", old, things()), dumped("chosen", "view", view, Vec::new())]),
        (
            "4.4.29",
            "100.3.1",
            vec![dumped("things", "collection", &hay, things()), plain("cafés", odd()), dumped("chosen", "view", view, Vec::new())],
        ),
        ("5.0.30", "100.6.0", vec![dumped("things", "collection", &hay, things()), series()]),
        ("6.0.5", "100.9.4", vec![dumped("things", "collection", &images, things()), plain("odd", odd()), series()]),
        (
            "7.0.14",
            "100.10.0",
            vec![dumped("things", "collection", &images, things()), dumped("chosen", "view", view, Vec::new()), series()],
        ),
        ("8.0.4", "100.13.0", vec![plain("nothing", Vec::new()), dumped("things", "collection", &images, things()), series()]),
    ]
}

async fn measurements(workspace: &Workspace, series: &str) -> Vec<Document> {
    let batches: Vec<Vec<_>> = workspace.store.scan(series, &Filter::all(), None).await.unwrap().try_collect().await.unwrap();
    let mut found: Vec<Document> = batches.iter().flatten().map(|raw| steward_store::upsert::decode(raw).unwrap()).collect();
    found.sort_by_key(|d| format!("{d:?}"));
    found
}

/// Restores a dump and looks at everything that it holds.
async fn comes_back(workspace: &Workspace, path: &Path, server: &str, all_of: &[Dumped]) {
    let on_server = workspace.store.info().await.unwrap().kind == steward_store::StoreKind::Mongo;
    let backup = Backup::of_path(path, DecryptionKey::default(), None, &Silent).await.unwrap();
    let what = format!("{server} from {}", path.display());
    let announced: BTreeSet<&str> = backup.contents.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(announced, all_of.iter().map(|d| d.name).collect::<BTreeSet<_>>(), "{what}");
    let plan = restore::plan(workspace, &backup, &Choice::default(), &Silent).await.unwrap();
    let agreed = Choice { leave_out: true, ..Choice::default() };
    let record = restore::apply(workspace, &backup, "here", &agreed, None, &Silent).await.unwrap();
    assert_eq!(record.state, RestoreState::Done, "{what}");
    for one in all_of {
        let planned = plan.iter().find(|p| p.name == one.name).unwrap();
        let found = workspace.store.definition(one.name).await;
        match one.kind {
            "collection" => {
                assert_eq!(planned.added, one.documents.len() as u64, "{what}");
                let stored = all(workspace, one.name).await;
                let key = |d: &Document| d.to_vec().unwrap();
                assert_eq!(stored.iter().map(key).collect::<Vec<_>>(), one.documents.iter().map(key).collect::<Vec<_>>(), "{what}");
                let found = found.unwrap();
                if one.metadata.contains("sku_1") {
                    let index = found.indexes.iter().find(|i| i.get_str("name").ok() == Some("sku_1"));
                    assert!(index.is_some_and(|i| i.get_bool("unique").unwrap_or(false)), "{what}: {found:?}");
                }
                assert_eq!(found.options.contains_key("validator"), one.metadata.contains("validator"), "{what}");
                let hay = record.notes.iter().filter(|n| n.contains("geoHaystack")).count();
                assert_eq!(hay, usize::from(all_of.iter().any(|d| d.metadata.contains("geoHaystack"))), "{what}: {:?}", record.notes);
            }
            _ if !on_server => {
                assert!(
                    found.is_err() && record.notes.iter().any(|n| n.contains(one.name) && n.contains("left out")),
                    "{what}: {record:?}"
                );
            }
            "view" => {
                assert_eq!(found.unwrap().kind, CollectionKind::View);
                assert_eq!(measurements(workspace, one.name).await, [things()[3].clone()], "{what}");
            }
            _ => {
                assert_eq!(found.unwrap().kind, CollectionKind::Timeseries);
                assert_eq!(measurements(workspace, one.name).await.len(), 4, "{what}");
            }
        }
    }
    restore::undo(workspace, &record.id, &Silent).await.unwrap();
    for one in all_of {
        assert!(workspace.store.definition(one.name).await.is_err(), "{what}: {} is left", one.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dumps_of_every_version() {
    let at = tempfile::tempdir().unwrap();
    let (file, mongo) = (on_file(at.path()).await, on(Mongod::replica_set()).await);
    for (server, tool, all_of) in dumps() {
        let place = at.path().join(server);
        std::fs::create_dir(&place).unwrap();
        let bytes = archive(server, tool, &all_of);
        std::fs::write(place.join("dump.archive"), &bytes).unwrap();
        std::fs::write(place.join("dump.archive.gz"), gzipped(&bytes)).unwrap();
        let folders = [folder(&place, &all_of, false), folder(&place, &all_of, true)];
        for path in [place.join("dump.archive"), place.join("dump.archive.gz")].iter().chain(&folders) {
            for workspace in [&file, &mongo] {
                comes_back(workspace, path, server, &all_of).await;
            }
        }
    }
}

/// What the tool itself wrote: `tests/fixtures/mongodump`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archives_of_mongodump_itself() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/mongodump");
    let john = doc! { "_id": bson::oid::ObjectId::parse_str("623f23928e7f1feed4d5e3e1").unwrap(), "name": "John", "age": 42 };
    let at = tempfile::tempdir().unwrap();
    let (file, mongo) = (on_file(at.path()).await, on(Mongod::replica_set()).await);
    for (name, collection, documents) in
        [("one-document.archive", "Users", vec![john.clone()]), ("empty-collection.archive", "users", Vec::new())]
    {
        let bytes = std::fs::read(fixtures.join(name)).unwrap();
        assert_eq!(restored_elsewhere(&bytes).unwrap(), BTreeMap::from([(collection.to_owned(), documents.len())]));
        let packed = at.path().join(format!("{name}.gz"));
        std::fs::write(&packed, gzipped(&bytes)).unwrap();
        for workspace in [&file, &mongo] {
            for path in [&fixtures.join(name), &packed] {
                let backup = Backup::of_path(path, DecryptionKey::default(), None, &Silent).await.unwrap();
                assert_eq!(backup.contents.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), [collection]);
                let record = restore::apply(workspace, &backup, "here", &Choice::default(), None, &Silent).await.unwrap();
                assert_eq!(record.state, RestoreState::Done);
                assert_eq!(all(workspace, collection).await, documents);
                restore::undo(workspace, &record.id, &Silent).await.unwrap();
            }
        }
    }
    // Steward writes the same: the document, its end, the heading of the end, and the checksum.
    put(&file, "Users", [john].into_iter()).await;
    let place = tempfile::tempdir().unwrap();
    let plain = BackupRequest { compression: Compression::None, ..request_to(place.path()) };
    let made = create(&file, &plain, &Silent).await.unwrap();
    let ours = std::fs::read(place.path().join(&made.manifest.file.name)).unwrap();
    let theirs = std::fs::read(fixtures.join("one-document.archive")).unwrap();
    let holds = |part: &[u8]| ours.windows(part.len()).any(|window| window == part);
    let document = theirs.windows(4).position(|w| w == [0x2e, 0, 0, 0]).unwrap();
    assert!(holds(&theirs[document..document + 0x2e + 4]), "the document and its end");
    let heading = theirs.windows(11).rposition(|w| w == b"\x02collection").unwrap();
    assert!(holds(&theirs[heading..]), "the heading behind the database, with the checksum");
}

/// A folder that holds the files of one database may have any name, those of the server's own databases too.
#[tokio::test]
async fn a_folder_of_files_alone_is_a_database() {
    let at = tempfile::tempdir().unwrap();
    let flat = at.path().join("config");
    std::fs::create_dir(&flat).unwrap();
    std::fs::write(flat.join("things.bson"), bytes_of(&things())).unwrap();
    let workspace = on_file(at.path()).await;
    let backup = Backup::of_path(&flat, DecryptionKey::default(), None, &Silent).await.unwrap();
    let record = restore::apply(&workspace, &backup, "a folder", &Choice::default(), None, &Silent).await.unwrap();
    assert_eq!((record.collections.len(), record.collections[0].records), (1, 7));
    assert_eq!(workspace.store.count("things", &Filter::all()).await.unwrap(), 7);
}

fn weather() -> Definition {
    let options = doc! { "timeseries": { "timeField": "ts", "metaField": "meta", "granularity": "seconds" } };
    let index = doc! { "v": 2, "name": "by_device", "key": { "meta.device": 1, "ts": 1 } };
    Definition { kind: CollectionKind::Timeseries, options, indexes: vec![index] }
}

/// A workspace with a collection, an empty one, a view and a time series.
async fn mixed(workspace: &Workspace) {
    put(workspace, "things", things().into_iter()).await;
    workspace.store.create_collection("nothing").await.unwrap();
    let options = doc! { "viewOn": "things", "pipeline": [{ "$match": { "sku": "sku-3" } }] };
    workspace.store.define("chosen", &Definition { kind: CollectionKind::View, options, indexes: Vec::new() }).await.unwrap();
    workspace.store.define("weather", &weather()).await.unwrap();
    let measured = (0..40_i64).map(|n| {
        let at = bson::DateTime::from_millis(1_700_000_000_000 + n * 700_000);
        WriteOp::insert("weather", &doc! { "_id": n, "ts": at, "meta": { "device": format!("d{}", n % 3) }, "t": n }).unwrap()
    });
    workspace.store.write(WriteBatch::data(measured.collect()), Durability::Bulk).await.unwrap();
}

/// What an archive reports and holds, read as mongorestore does; a sentence where it would refuse it.
fn restored_elsewhere(bytes: &[u8]) -> Result<BTreeMap<String, usize>, String> {
    let mut at = 4;
    if bytes[..4] != [0x6d, 0xe2, 0x99, 0x81] {
        return Err("the magic number".into());
    }
    // A document, or nothing at a terminator.
    let mut next = || {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let taken = if length == u32::MAX { 4 } else { length as usize };
        at += taken;
        ((length != u32::MAX).then(|| bytes[at - taken..at].to_vec()), at >= bytes.len())
    };
    let parse = |raw: &[u8]| Document::from_reader(raw).map_err(|e| e.to_string());
    let header = parse(&next().0.ok_or("no header")?)?;
    let version = header.get_str("server_version").map_err(|e| e.to_string())?;
    let numbers: Vec<&str> = version.split(['-', '+']).next().unwrap_or_default().splitn(3, '.').collect();
    if numbers.len() != 3 || numbers.iter().any(|n| n.parse::<u32>().is_err()) || header.get_str("version").ok() != Some("0.1") {
        return Err(format!("could not parse version from prelude: {version}"));
    }
    let mut awaited = BTreeSet::new();
    while let Some(raw) = next().0 {
        let entry = parse(&raw)?;
        let (name, kind) = (entry.get_str("collection").unwrap().to_owned(), entry.get_str("type").unwrap());
        let metadata: serde_json::Value = serde_json::from_str(entry.get_str("metadata").unwrap()).map_err(|e| e.to_string())?;
        let indexes = metadata["indexes"].as_array().ok_or("indexes")?;
        if indexes.iter().any(|i| !i["name"].is_string() || !i["key"].is_object()) || entry.get_i32("size").is_err() {
            return Err(format!("what is reported of {name}"));
        }
        awaited.insert(if kind == "timeseries" { format!("system.buckets.{name}") } else { name });
    }
    let mut found: BTreeMap<String, (usize, Vec<u8>)> = BTreeMap::new();
    let mut closed = BTreeSet::new();
    loop {
        let heading = parse(&next().0.ok_or("a heading is missing")?)?;
        let name = heading.get_str("collection").unwrap().to_owned();
        if !awaited.contains(&name) || closed.contains(&name) {
            return Err(format!("a header for {name}, which is closed or was not reported"));
        }
        let (documents, mut body) = found.remove(&name).unwrap_or_default();
        let mut documents = documents;
        let ended = loop {
            match next() {
                (Some(raw), _) => {
                    documents += 1;
                    body.extend(raw);
                }
                (None, ended) => break ended,
            }
        };
        if heading.get_bool("EOF").unwrap_or(false) {
            if heading.get_i64("CRC").ok() != Some(crc(&body)) {
                return Err(format!("CRC mismatch for namespace {name}"));
            }
            closed.insert(name.clone());
        }
        found.insert(name, (documents, body));
        if ended {
            break;
        }
    }
    match awaited.difference(&closed).next() {
        Some(open) => Err(format!("archive finished before all collections were seen ({open})")),
        None => Ok(found.into_iter().map(|(name, (documents, _))| (name, documents)).collect()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mongorestore_would_take_ours() {
    let (at, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (file, mongo, alone) = (on_file(at.path()).await, on(Mongod::replica_set()).await, on(Mongod::standalone()).await);
    put(&file, "things", things().into_iter()).await;
    for server in [&mongo, &alone] {
        mixed(server).await;
    }
    for workspace in [&file, &mongo, &alone] {
        let plain = BackupRequest { compression: Compression::None, ..request_to(place.path()) };
        let made = create(workspace, &plain, &Silent).await.unwrap();
        let found = restored_elsewhere(&std::fs::read(place.path().join(&made.manifest.file.name)).unwrap()).unwrap();
        assert_eq!(found["things"], 7);
        if workspace.store.info().await.unwrap().kind == steward_store::StoreKind::Mongo {
            assert_eq!((found["nothing"], found["chosen"]), (0, 0));
            assert!(found["system.buckets.weather"] > 0, "{found:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_series_comes_back() {
    let place = tempfile::tempdir().unwrap();
    let server = Mongod::replica_set();
    let (workspace, other, scratch) = (on(server).await, on(server).await, on(server).await);
    mixed(&workspace).await;
    let good = measurements(&workspace, "weather").await;
    assert_eq!(good.len(), 40);
    let made = crate::common::backup(&workspace, place.path()).await;
    let backup = opened(place.path(), &made.manifest).await;
    let verified = verify::test_restore(&workspace, &backup, &scratch, &Silent).await.unwrap();
    assert_eq!(verified.verification.problems, Vec::<String>::new());
    assert!(verified.collections.iter().any(|c| c.name == "weather" && c.records > 0), "{verified:?}");

    // In a file there is no room for either: nothing begins.
    let folder = tempfile::tempdir().unwrap();
    let file = on_file(folder.path()).await;
    let names = ["chosen", "weather"].map(|name| (name.to_owned(), name.to_owned()));
    let choice = Choice { collections: names.into(), ..Choice::default() };
    let refused = restore::apply(&file, &backup, "here", &choice, None, &Silent).await.unwrap_err().to_string();
    assert!(refused.starts_with("Nothing in it can be restored here: chosen is left out: a workspace on MongoDB"), "{refused}");
    assert!(refused.contains("weather is left out") && restore::list(&file).await.unwrap().is_empty(), "{refused}");

    // Where nothing is, under its own name; and what was interrupted on the way is finished or cleaned up.
    let record = restore::apply(&other, &backup, "here", &Choice::default(), None, &Silent).await.unwrap();
    assert_eq!(measurements(&other, "weather").await, good);
    assert!(other.store.definition("weather").await.unwrap().means(&workspace.store.definition("weather").await.unwrap()));
    let number = record.collections.iter().position(|c| c.into == "weather").unwrap();
    for cleaned in [false, true] {
        let mut open: steward_domain::RestoreRecord = restore::get(&other, &record.id).await.unwrap();
        open.state = RestoreState::Swapping;
        other.put("steward.restores", &steward_workspace::docs::to_document(&open.id, &open).unwrap()).await.unwrap();
        let incoming = format!("steward.incoming.{}.{number}", record.id);
        let buckets: Vec<Document> = measurements(&workspace, "system.buckets.weather").await;
        put(&other, &incoming, buckets.into_iter()).await;
        let half = WriteOp::DeleteMany { collection: "system.buckets.weather".into(), filter: Filter::eq("meta.device", "d1") };
        other.store.write(WriteBatch::data(vec![half]), Durability::Bulk).await.unwrap();
        assert!(measurements(&other, "weather").await.len() < 40);
        if cleaned {
            restore::clean_up(&other, &record.id, &Silent).await.unwrap();
            assert!(other.store.definition("weather").await.is_err() && other.store.definition("chosen").await.is_err());
        } else {
            restore::go_on(&other, &open.id, Some(&backup), &Silent).await.unwrap();
            assert_eq!(measurements(&other, "weather").await, good);
        }
        assert!(other.store.definition(&incoming).await.is_err());
    }

    // Where one exists, next to it; what is there is not touched.
    let record = restore::apply(&workspace, &backup, "here", &Choice::default(), None, &Silent).await.unwrap();
    assert!(record.notes.iter().any(|n| n.contains("weather.restored")), "{:?}", record.notes);
    assert_eq!(measurements(&workspace, "weather.restored").await, good);
    restore::undo(&workspace, &record.id, &Silent).await.unwrap();
    assert!(workspace.store.definition("weather.restored").await.is_err());
    assert_eq!(measurements(&workspace, "weather").await, good);
    assert_eq!(measurements(&workspace, "chosen").await.len(), 1, "a view that was there stays");
}
