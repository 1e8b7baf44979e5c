//! TLS to a real server with an authority of one's own, named by `tlsCAFile` in the address.

// Test code: a broken expectation is meant to panic, with the place.

use steward_store::stage::{StageOutcome, StageReport};
use steward_store::{Durability, Store, StoreErrorKind, WriteBatch, WriteOp};
use steward_store_mongo::{MongoOptions, MongoStore, probe};
use steward_store_testkit::mongod::Mongod;
use steward_store_testkit::tls::secured;

use StageOutcome::{Failed, NotNeeded, NotReached, Passed};

fn options() -> MongoOptions {
    MongoOptions { min_pool: 0, ..MongoOptions::default() }
}

fn outcomes(reports: &[StageReport]) -> Vec<StageOutcome> {
    reports.iter().map(|r| r.outcome).collect()
}

#[tokio::test]
async fn records_travel_encrypted_with_an_authority_from_the_address() {
    let place = secured(&["127.0.0.1", "localhost"], &[]);
    let uri = place.server.login_uri("", "careers", &format!("tls=true&tlsCAFile={}", place.authority.display()));
    let reports = probe(&uri).await;
    assert_eq!(outcomes(&reports), [Passed, Passed, Passed, NotNeeded, Passed], "{reports:#?}");
    assert_eq!(reports[2].message, "The connection is encrypted.");
    let store = MongoStore::connect(&uri, options()).await.unwrap();
    let op = WriteOp::insert("c", &bson::doc! { "_id": 1 }).unwrap();
    store.write(WriteBatch::data(vec![op]), Durability::Full).await.unwrap();
    assert_eq!(store.count("c", &steward_domain::Filter::eq("_id", 1)).await.unwrap(), 1);
}

#[tokio::test]
async fn an_authority_that_did_not_sign_fails_at_tls_and_says_why() {
    let place = secured(&["127.0.0.1"], &[]);
    let wrong = place.server.login_uri("", "careers", &format!("tls=true&tlsCAFile={}", place.stranger.display()));
    let system = place.server.login_uri("", "careers", "tls=true");
    for uri in [wrong, system] {
        let reports = probe(&uri).await;
        assert_eq!(outcomes(&reports), [Passed, Passed, Failed, NotReached, NotReached], "{reports:#?}");
        assert!(reports[2].message.contains("signed by an authority that is not trusted here"), "{}", reports[2].message);
        assert!(reports[2].hint.as_ref().unwrap().contains("tlsCAFile"));
        let e = MongoStore::connect(&uri, options()).await.unwrap_err();
        assert_eq!(e.kind, StoreErrorKind::Unreachable, "{e:?}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_fails_at_tls_and_says_why() {
    let place = secured(&["db.example.net"], &[]);
    let uri = place.server.login_uri("", "careers", &format!("tls=true&tlsCAFile={}", place.authority.display()));
    let reports = probe(&uri).await;
    assert_eq!(outcomes(&reports), [Passed, Passed, Failed, NotReached, NotReached], "{reports:#?}");
    assert!(reports[2].message.contains("belongs to another name"), "{}", reports[2].message);
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_fails_before_anything_is_sent() {
    let reports = probe(&Mongod::standalone().login_uri("", "careers", "tls=true&tlsCAFile=/nowhere/ca.pem")).await;
    assert_eq!(outcomes(&reports), [Passed, Passed, Failed, NotReached, NotReached], "{reports:#?}");
}

#[tokio::test]
async fn a_server_that_demands_encryption_is_reported_apart() {
    let place = secured(&["127.0.0.1"], &[]);
    let reports = probe(&place.server.uri("careers")).await;
    assert_eq!(outcomes(&reports), [Passed, Passed, Failed, NotReached, NotReached], "{reports:#?}");
    assert!(reports[2].hint.as_ref().unwrap().contains("tls=true"));
}
