//! Backups in object stores: real servers of S3 and of Azure Blob Storage, and a way to them that breaks.

use serde_json::{Value as Json, json};
use steward_store_testkit::objects::{ObjectServer, Trouble, Way};

use crate::common::{Place, career, text, until};

const FULL: u64 = 12 << 20;

/// A workspace with records, whose backups go into a bucket of that server.
fn in_bucket(server: &ObjectServer, rows: &Json) -> (Place, String) {
    let mut at = Place::file();
    at.environment = server.credentials();
    at.json(0, &["import", &at.write("good.json", rows.to_string())]);
    let bucket = server.bucket();
    goes_to(&at, server, &[&bucket], server.port());
    (at, bucket)
}

fn goes_to(at: &Place, server: &ObjectServer, places: &[&str], port: u16) {
    let options = server.options(port);
    let mut all = vec!["backup", "schedule"];
    all.extend(places.iter().flat_map(|place| ["--to", place]));
    all.extend(options.iter().flat_map(|option| ["--option", option.as_str()]));
    at.json(0, &all);
}

fn few() -> Json {
    json!((0..12).map(|n| career(&format!("c-{n}"), 50_000)).collect::<Vec<_>>())
}

/// Records that no compression makes small: more than one part of an upload.
fn many() -> Json {
    let mut state = 7_u64;
    let mut word = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:013x}", state >> 12)
    };
    let mut one = |n: usize| {
        let mut record = career(&format!("c-{n}"), 50_000);
        record["notes"] = (0..600).map(|_| word()).collect::<Vec<_>>().join(" ").into();
        record
    };
    json!((0..4_000).map(&mut one).collect::<Vec<_>>())
}

fn listed(at: &Place) -> Vec<Json> {
    at.json(0, &["backup", "list"])["backups"].as_array().unwrap().clone()
}

fn a_whole_life(server: &ObjectServer) {
    let (at, bucket) = in_bucket(server, &few());
    assert!(listed(&at).is_empty());
    let good = at.export("careers");
    let made = at.json(0, &["backup", "create"]);
    let id = text(&made, "/backup/id");
    let shown = at.steward(&["backup", "list"]).ended(0);
    assert!(shown.out.contains(&id), "{}", shown.out);
    let verification = at.json(0, &["backup", "verify", &id, "--test-restore"]);
    assert_eq!(verification["verification"]["passed"], true);
    assert_eq!(listed(&at)[0]["verified"], true, "the verification is next to the backup");

    at.json(0, &["records", "bulk", "career_id = \"c-3\"", "--delete", "--yes"]);
    at.json(0, &["restore", &id, "--yes"]);
    assert_eq!(at.export("careers"), good);
    assert_eq!(listed(&at).len(), 2, "the safety backup is there too");

    at.json(0, &["backup", "create"]);
    at.json(0, &["backup", "schedule", "--keep-last", "1"]);
    at.json(0, &["backup", "prune", "--yes"]);
    let kept: Vec<String> = listed(&at).iter().map(|b| text(b, "/id")).collect();
    assert!(kept.len() == 2 && kept.contains(&id), "the newest and the verified one: {kept:?}");

    let missing = format!("{}/kept", bucket.trim_end_matches("/kept").to_owned() + "-of-nobody");
    goes_to(&at, server, &[&missing], server.port());
    let refused = at.steward(&["backup", "create"]);
    assert!(refused.code != Some(0) && refused.err.contains(&missing), "{}{}", refused.out, refused.err);
}

#[test]
fn a_whole_life_in_s3() {
    a_whole_life(ObjectServer::s3());
}

#[test]
fn a_whole_life_in_azure() {
    a_whole_life(ObjectServer::azure());
}

#[test]
fn a_wrong_key_is_reported() {
    let server = ObjectServer::azure();
    let (mut at, bucket) = in_bucket(server, &few());
    at.environment = vec![("AZURE_STORAGE_ACCOUNT_KEY", "bm90IHRoZSBrZXk=".into())];
    let refused = at.steward(&["backup", "create"]);
    assert!(refused.code != Some(0) && refused.err.contains(&bucket), "{}{}", refused.out, refused.err);
    assert!(!refused.err.contains("bm90IHRoZSBrZXk="), "no secret is shown");
}

#[test]
fn credentials_that_cannot_be_kept_are_reported() {
    let server = ObjectServer::s3();
    let (mut at, bucket) = in_bucket(server, &few());
    let keep = ["backup", "schedule", "--to", bucket.as_str(), "--keep-credentials"];
    // There is no keyring here: nothing is kept, and nothing is said to be.
    at.environment.push(("DBUS_SESSION_BUS_ADDRESS", "disabled:".into()));
    at.steward(&keep).ended(2).says("keyring").says("environment");
    at.environment = vec![("AWS_ACCESS_KEY_ID", String::new()), ("AWS_SECRET_ACCESS_KEY", String::new())];
    at.steward(&keep).ended(2).says("no credentials for s3://").says("AWS_");
}

#[test]
fn a_copy_outlives_the_folder() {
    let server = ObjectServer::s3();
    let (at, bucket) = in_bucket(server, &few());
    let folder = at.path("kept").display().to_string();
    goes_to(&at, server, &[&folder, &bucket], server.port());
    let good = at.export("careers");
    let made = at.json(0, &["backup", "create"]);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "an archive and its manifest");
    std::fs::remove_dir_all(&folder).unwrap();
    at.json(0, &["records", "bulk", "career_id = \"c-3\"", "--delete", "--yes"]);
    at.json(0, &["restore", &text(&made, "/backup/id"), "--yes"]);
    assert_eq!(at.export("careers"), good);
}

fn a_broken_way(server: &ObjectServer) {
    let (at, bucket) = in_bucket(server, &many());
    let way = Way::to(server.port(), FULL / 3, Trouble::BreaksOnce);
    goes_to(&at, server, &[&bucket], way.port);
    let made = at.json(0, &["backup", "create"]);
    assert!(made.pointer("/backup/bytes").and_then(Json::as_u64).is_some_and(|bytes| bytes > FULL), "{made}");
    assert!(way.sent() > FULL, "it went this way");
    at.steward(&["backup", "verify", "latest"]).ended(0);
}

#[test]
fn a_broken_upload_to_s3_goes_on() {
    a_broken_way(ObjectServer::s3());
}

#[test]
fn a_broken_upload_to_azure_goes_on() {
    a_broken_way(ObjectServer::azure());
}

fn killed_on_the_way(server: &ObjectServer) {
    let (at, bucket) = in_bucket(server, &many());
    let way = Way::to(server.port(), FULL, Trouble::Hangs);
    goes_to(&at, server, &[&bucket], way.port);
    let mut child = at.start(&["backup", "create"]);
    until("most of the archive is there", || (way.sent() >= FULL).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    goes_to(&at, server, &[&bucket], server.port());
    assert!(listed(&at).is_empty(), "what was interrupted is no backup");
    at.json(0, &["backup", "create"]);
    assert_eq!(listed(&at).len(), 1);
    at.steward(&["backup", "verify", "latest"]).ended(0);
}

#[test]
fn a_killed_upload_to_s3_starts_again() {
    killed_on_the_way(ObjectServer::s3());
}

#[test]
fn a_killed_upload_to_azure_starts_again() {
    killed_on_the_way(ObjectServer::azure());
}
