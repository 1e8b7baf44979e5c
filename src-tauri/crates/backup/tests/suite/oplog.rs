//! Dumps that bring along what was changed while they were made.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;

use crate::common::{all, crc, dump, index_names, on, on_file};
use bson::{Document, doc};
use steward_backup::encryption::DecryptionKey;
use steward_backup::point_in_time::{self, Scratch};
use steward_backup::read::Backup;
use steward_backup::restore::{self, Choice};
use steward_domain::RestoreState;
use steward_store_sqlite::SqliteStore;
use steward_store_testkit::mongod::Mongod;
use steward_workspace::Silent;

/// The changes that a dump brings along are done again on request: records that have them already stay as they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oplog_of_a_dump_is_replayed() {
    let at = tempfile::tempdir().unwrap();
    let first = [doc! { "_id": 1, "n": 1, "in": { "a": 1 } }, doc! { "_id": 2, "n": 2 }, doc! { "_id": 5, "n": 50 }];
    dump(at.path(), &[("early", "", &first), ("late", "", &[doc! { "_id": 7, "n": 70 }]), ("zoo", "", &[doc! { "_id": 1 }])]);
    let of = |op: &str, ns: &str, o: Document, o2: Document| doc! { "op": op, "ns": ns, "o": o, "o2": o2, "v": 2_i64 };
    let entries = [
        of("i", "shop.early", doc! { "_id": 3, "n": 3 }, doc! {}),
        of("u", "shop.early", doc! { "$v": 2, "diff": { "sin": { "u": { "a": 9 } } } }, doc! { "_id": 1 }),
        of("d", "shop.early", doc! { "_id": 2 }, doc! {}),
        // In the dump already: the record was changed and made before its collection was read.
        of("u", "shop.early", doc! { "$v": 1, "$set": { "n": 50 } }, doc! { "_id": 5 }),
        of("u", "shop.late", doc! { "$v": 2, "diff": { "sgone": { "u": { "a": 1 } } } }, doc! { "_id": 7 }),
        of("u", "shop.late", doc! { "$v": 2, "diff": { "u": { "n": 1 } } }, doc! { "_id": 8 }),
        of("d", "shop.late", doc! { "_id": 8 }, doc! {}),
        of("c", "shop.$cmd", doc! { "create": "new", "idIndex": { "v": 2, "key": { "_id": 1 }, "name": "_id_" } }, doc! {}),
        of("i", "shop.new", doc! { "_id": 1 }, doc! {}),
        of("c", "shop.$cmd", doc! { "createIndexes": "new", "v": 2, "key": { "n": 1 }, "name": "n_1" }, doc! {}),
        of("c", "shop.$cmd", doc! { "drop": "zoo" }, doc! {}),
        of("i", "other.early", doc! { "_id": 99 }, doc! {}),
    ];
    let bytes: Vec<u8> = entries.iter().flat_map(|d| d.to_vec().unwrap()).collect();
    std::fs::write(at.path().join("oplog.bson"), bytes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for to in [on_file(folder.path()).await, on(Mongod::replica_set()).await] {
        let dumped = || async { Backup::of_path(at.path(), DecryptionKey::default(), Some("shop"), &Silent).await.unwrap() };
        let plain = dumped().await;
        assert!(plain.has_oplog() && !plain.replayed);
        restore::apply(&to, &plain, "here", &Choice::default(), None, &Silent).await.unwrap();
        assert_eq!(all(&to, "early").await, first, "left out unless it is asked for");
        let scratch = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&scratch.path().join("scratch.steward")).await.unwrap());
        let replayed = point_in_time::with_oplog(dumped().await, Scratch { store, folder: scratch }, &Silent).await.unwrap();
        let record = restore::apply(&to, &replayed, "here", &Choice::default(), None, &Silent).await.unwrap();
        assert!(record.replayed && record.state == RestoreState::Done);
        assert_eq!(record.notes, ["Changes made during the dump are replayed: 11."]);
        let expected = [doc! { "_id": 1, "n": 1, "in": { "a": 9 } }, doc! { "_id": 3, "n": 3 }, doc! { "_id": 5, "n": 50 }];
        assert_eq!(all(&to, "early").await, expected);
        assert_eq!(all(&to, "late").await, [doc! { "_id": 7, "n": 70 }]);
        assert_eq!((all(&to, "new").await, index_names(&to, "new").await), (vec![doc! { "_id": 1 }], vec!["n_1".to_owned()]));
    }
    // Written again while its collection was read, a record is in the dump twice.
    let twice = [doc! { "_id": 7, "n": 1 }, doc! { "_id": 7, "n": 70 }].iter().flat_map(|d| d.to_vec().unwrap()).collect::<Vec<u8>>();
    std::fs::write(at.path().join("shop/late.bson"), twice).unwrap();
    let (dumped, scratch) =
        (Backup::of_path(at.path(), DecryptionKey::default(), Some("shop"), &Silent).await.unwrap(), tempfile::tempdir().unwrap());
    let store = Arc::new(SqliteStore::open(&scratch.path().join("scratch.steward")).await.unwrap());
    let replayed = point_in_time::with_oplog(dumped, Scratch { store, folder: scratch }, &Silent).await.unwrap();
    assert_eq!(replayed.listed("late").unwrap().records, Some(1));
    let none = Backup::of_path(&at.path().join("shop"), DecryptionKey::default(), None, &Silent).await.unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&scratch.path().join("scratch.steward")).await.unwrap());
    let refused = point_in_time::with_oplog(none, Scratch { store, folder: scratch }, &Silent).await.map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("has no oplog"), "{refused}");
}

/// In an archive the oplog is a collection without a database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oplog_of_an_archive_is_replayed() {
    let (at, end) = (tempfile::tempdir().unwrap(), [0xff_u8; 4]);
    let archive = |damage: i64| {
        let record = doc! { "_id": 1, "n": 1 }.to_vec().unwrap();
        let change =
            doc! { "op": "u", "ns": "shop.things", "o": { "$v": 2, "diff": { "u": { "n": 2 } } }, "o2": { "_id": 1 } }.to_vec().unwrap();
        let parts = [("shop", "things", &record), ("", "oplog", &change)];
        let mut out = vec![0x6d, 0xe2, 0x99, 0x81];
        out.extend(
            doc! { "concurrent_collections": 4, "version": "0.1", "server_version": "6.0.5", "tool_version": "100.9.4" }.to_vec().unwrap(),
        );
        for (db, name, _) in &parts {
            out.extend(doc! { "db": *db, "collection": *name, "metadata": "", "size": 0, "type": "collection" }.to_vec().unwrap());
        }
        out.extend(end);
        for (db, name, content) in &parts {
            let heading = |end: bool, crc: i64| doc! { "db": *db, "collection": *name, "EOF": end, "CRC": crc }.to_vec().unwrap();
            let sum = crc(content) + if *name == "oplog" { damage } else { 0 };
            out.extend([heading(false, 0), (*content).clone(), end.to_vec(), heading(true, sum), end.to_vec()].concat());
        }
        out
    };
    let path = at.path().join("dump.archive");
    let to = on_file(at.path()).await;
    let replayed = || async {
        let backup = Backup::of_path(&path, DecryptionKey::default(), None, &Silent).await.unwrap();
        assert!(backup.has_oplog());
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("scratch.steward")).await.unwrap());
        point_in_time::with_oplog(backup, Scratch { store, folder }, &Silent).await
    };
    std::fs::write(&path, archive(0)).unwrap();
    restore::apply(&to, &replayed().await.unwrap(), "here", &Choice::default(), None, &Silent).await.unwrap();
    assert_eq!(all(&to, "things").await, [doc! { "_id": 1, "n": 2 }]);
    std::fs::write(&path, archive(1)).unwrap();
    let refused = replayed().await.map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("checksum of the oplog"), "{refused}");
}
