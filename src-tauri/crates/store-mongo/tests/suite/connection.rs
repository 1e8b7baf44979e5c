//! Connecting: the staged test, permissions, and that no text tells a credential.

use steward_store::stage::{Stage, StageOutcome, StageReport};
use steward_store::{Capability, CollectionKind, Consistency, Definition, Durability, Store, StoreErrorKind, WriteBatch, WriteOp};
use steward_store_mongo::{MongoOptions, MongoStore, probe};
use steward_store_testkit::mongod::{Mongod, User};

use StageOutcome::{Failed, NotNeeded, NotReached, Passed};

const SECRET: &str = "hunter2-pa%24s";
const SECRET_MEANT: &str = "hunter2-pa$s";

fn guarded() -> &'static Mongod {
    static SERVER: std::sync::OnceLock<Mongod> = std::sync::OnceLock::new();
    SERVER.get_or_init(|| {
        Mongod::with_auth(&[
            User { name: "writer", password: SECRET_MEANT, role: "readWrite", database: "careers" },
            User { name: "reader", password: SECRET_MEANT, role: "read", database: "careers" },
            User { name: "stranger", password: SECRET_MEANT, role: "read", database: "elsewhere" },
        ])
    })
}

fn login(user: &str, password: &str) -> String {
    guarded().login_uri(&format!("{user}:{password}@"), "careers", "authSource=admin")
}

fn options() -> MongoOptions {
    MongoOptions { min_pool: 0, ..MongoOptions::default() }
}

fn outcomes(reports: &[StageReport]) -> Vec<StageOutcome> {
    let stages: Vec<Stage> = reports.iter().map(|r| r.stage).collect();
    assert_eq!(stages, [Stage::Name, Stage::Network, Stage::Tls, Stage::Login, Stage::Permissions]);
    for report in reports {
        assert_eq!(report.outcome == Failed, report.hint.is_some() && report.outcome != Passed, "{report:?}");
        assert_no_secret(&format!("{report:?}"));
    }
    reports.iter().map(|r| r.outcome).collect()
}

fn assert_no_secret(text: &str) {
    assert!(!text.contains(SECRET) && !text.contains(SECRET_MEANT) && !text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_good_address_passes() {
    let reports = probe(&Mongod::standalone().uri("careers")).await;
    assert_eq!(outcomes(&reports), [Passed, Passed, NotNeeded, NotNeeded, Passed], "{reports:#?}");
    let reports = probe(&login("writer", SECRET)).await;
    assert_eq!(outcomes(&reports), [Passed, Passed, NotNeeded, Passed, Passed], "{reports:#?}");
}

#[tokio::test]
async fn a_wrong_port_fails_at_the_network() {
    let reports = probe(&format!("mongodb://me:{SECRET}@127.0.0.1:1/careers")).await;
    assert_eq!(outcomes(&reports), [Passed, Failed, NotReached, NotReached, NotReached], "{reports:#?}");
    assert!(reports[1].message.contains("connection refused"), "{}", reports[1].message);
}

#[tokio::test]
async fn an_unknown_host_fails_at_the_name() {
    let reports = probe(&format!("mongodb://me:{SECRET}@no-such-host.invalid/careers")).await;
    assert_eq!(outcomes(&reports), [Failed, NotReached, NotReached, NotReached, NotReached], "{reports:#?}");
}

#[tokio::test]
async fn addresses_that_cannot_be_read_fail_at_the_name() {
    let no_database = format!("mongodb://me:{SECRET}@127.0.0.1:1");
    let broken = [no_database.as_str(), "mongodb://", "http://x/y", "mongodb://me:hunter2:extra@h/d", "mongodb://me:hunter2%@h/d"];
    for uri in broken {
        let reports = probe(uri).await;
        assert_eq!(outcomes(&reports)[0], Failed, "{uri}: {reports:#?}");
        let e = MongoStore::connect(uri, options()).await.unwrap_err();
        assert_eq!(e.kind, StoreErrorKind::Invalid, "{uri}: {e:?}");
        assert_no_secret(&format!("{e} {e:?}"));
    }
    let e = MongoStore::connect(&no_database, options()).await.unwrap_err();
    assert!(e.message.contains("names no database"), "{e}");
}

#[tokio::test]
async fn a_wrong_password_fails_at_the_login() {
    for uri in [login("writer", "hunter2-wrong"), login("nobody", SECRET)] {
        let reports = probe(&uri).await;
        assert_eq!(outcomes(&reports), [Passed, Passed, NotNeeded, Failed, NotReached], "{reports:#?}");
        let e = MongoStore::connect(&uri, options()).await.unwrap_err();
        assert_eq!(e.kind, StoreErrorKind::Unauthorized, "{e:?}");
        assert_no_secret(&format!("{e} {e:?}"));
    }
}

#[tokio::test]
async fn no_login_where_one_is_needed() {
    let reports = probe(&guarded().uri("careers")).await;
    assert_eq!(outcomes(&reports), [Passed, Passed, NotNeeded, NotNeeded, Failed], "{reports:#?}");
    let reports = probe(&login("stranger", SECRET)).await;
    assert_eq!(outcomes(&reports), [Passed, Passed, NotNeeded, Passed, Failed], "{reports:#?}");
}

#[tokio::test]
async fn encryption_that_the_server_does_not_offer_fails_at_tls() {
    let uri = Mongod::standalone().login_uri("", "careers", "tls=true");
    let reports = probe(&uri).await;
    assert_eq!(outcomes(&reports), [Passed, Passed, Failed, NotReached, NotReached], "{reports:#?}");
}

#[tokio::test]
async fn readers_may_read_only() {
    let reader = MongoStore::connect(&login("reader", SECRET), options()).await.unwrap();
    assert!(!reader.capabilities().has(Capability::Write));
    assert!(reader.info().await.unwrap().notices.iter().any(|n| n.contains("not write")));
    let access = reader.access().await.unwrap();
    let may = |name: &str| access.iter().find(|a| a.name == name).map(|a| a.allowed);
    assert_eq!((may("find"), may("insert"), may("remove"), may("createIndex")), (Some(true), Some(false), Some(false), Some(false)));
    let op = WriteOp::insert("c", &bson::doc! { "_id": 1 }).unwrap();
    for durability in [Durability::Full, Durability::Bulk] {
        let e = reader.write(WriteBatch::data(vec![op.clone()]), durability).await.unwrap_err();
        assert_eq!(e.kind, StoreErrorKind::Forbidden, "{e:?}");
    }
    assert_eq!(reader.create_collection("c").await.unwrap_err().kind, StoreErrorKind::Forbidden);

    let writer = MongoStore::connect(&login("writer", SECRET), options()).await.unwrap();
    assert!(writer.capabilities().has(Capability::Write));
    writer.write(WriteBatch::data(vec![op]), Durability::Full).await.unwrap();
    assert_eq!(reader.collections().await.unwrap(), ["c"]);
    let denied: Vec<String> = writer.access().await.unwrap().into_iter().filter(|a| !a.allowed).map(|a| a.name).collect();
    assert_eq!(denied, ["collMod"], "readWrite is enough for all but the server's own validation");

    // Nor for the buckets of a time series; everything else can still be backed up.
    let options = bson::doc! { "timeseries": { "timeField": "at" } };
    writer.define("weather", &Definition { kind: CollectionKind::Timeseries, options, indexes: Vec::new() }).await.unwrap();
    let snapshot = writer.snapshot(Consistency::PointInTime).await.unwrap();
    assert!(snapshot.scan("c").await.is_ok());
    let e = snapshot.scan("weather").await.err().unwrap();
    assert!(e.kind == StoreErrorKind::Forbidden && e.message.contains("'weather'") && e.message.contains("'backup'"), "{e:?}");
    writer.drop_collection("weather").await.unwrap();
}

#[tokio::test]
async fn nothing_tells_a_credential() {
    let store = MongoStore::connect(&login("writer", SECRET), options()).await.unwrap();
    assert_no_secret(&format!("{store:?} {:?}", store.info().await.unwrap()));
    assert!(!format!("{store:?}").contains("writer"));
    let e = MongoStore::connect(&format!("mongodb://me:{SECRET}@127.0.0.1:1/careers?serverSelectionTimeoutMS=300"), options())
        .await
        .unwrap_err();
    assert_eq!(e.kind, StoreErrorKind::Unreachable);
    assert_no_secret(&format!("{e} {e:?}"));
}
