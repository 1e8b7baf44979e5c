//! What is refused, and how: usage, files of others, damage, wrong passwords.

use steward_store_testkit::mongod::{Mongod, User};

use crate::common::{Place, sample, text};
use crate::on_both;

on_both! {
    fn wrong_words_are_a_matter_of_usage(at) {
        at.steward(&["import"]).ended(2);
        at.steward(&["nonsense"]).ended(2);
        at.steward(&["--workspace"]).ended(2);
        at.json(0, &["init"]);
        at.steward(&["quarantine", "list", "--status", "lost"]).ended(2);
        at.steward(&["records", "bulk", "a = 1", "--collection", "c"]).ended(2);
        at.steward(&["--version"]).ended(0);
        at.steward(&["--help"]).ended(0);
    }

    fn json_stays_one_object_when_it_fails(at) {
        let refused = at.json(3, &["import", "nothing.json"]);
        assert_eq!(text(&refused, "/error/code"), "notFound");
        let refused = at.json(3, &["records", "get", "x", "--collection", "nothing"]);
        assert_eq!(text(&refused, "/error/code"), "notFound");
        let said = at.steward(&["--json", "records", "collections"]).ended(0);
        assert!(said.json()["collections"].as_array().unwrap().is_empty());
        at.json(3, &["records", "find"]);
    }

    fn every_answer_is_one_object(at) {
        at.json(0, &["init", "--sample"]);
        for arguments in [
            ["records", "collections"], ["records", "find"], ["records", "count"], ["quarantine", "list"], ["quarantine", "stats"],
            ["runs", "list"], ["history", "list"], ["history", "verify"], ["schema", "list"],
        ] {
            at.json(0, &arguments);
        }
        at.json(0, &["schema", "show", "careers"]);
        at.json(0, &["records", "facet", "industry"]);
        let run = text(&at.json(0, &["runs", "list"]), "/runs/0/id");
        at.json(0, &["runs", "show", &run]);
        at.json(0, &["doctor"]);
        at.json(3, &["runs", "show", "nothing"]);
    }
}

fn sqlite(at: &Place, statements: &str) {
    let connection = rusqlite::Connection::open(&at.workspace).unwrap();
    connection.execute_batch(statements).unwrap();
}

#[test]
fn there_is_no_workspace_yet() {
    let at = Place::file();
    at.steward(&["records", "find"]).ended(3).says("steward init");
    assert!(!std::path::Path::new(&at.workspace).exists());
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let at = Place::file();
    at.json(0, &["init"]);
    sqlite(&at, "PRAGMA user_version = 99");
    at.steward(&["records", "collections"]).ended(3).says("was created by a newer version of Steward").says("Update Steward");
    // Report and refusal are not two objects.
    assert!(at.json(3, &["doctor"])["checks"].is_array());
}

#[test]
fn the_database_of_another_program_is_refused() {
    let at = Place::file();
    sqlite(&at, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);");
    let before = std::fs::read(&at.workspace).unwrap();
    at.steward(&["import", &sample("production_career_data.json")]).ended(2).says("is a database of another program");
    let count: i64 = rusqlite::Connection::open(&at.workspace).unwrap().query_row("SELECT count(*) FROM theirs", [], |r| r.get(0)).unwrap();
    assert_eq!((count, std::fs::read(&at.workspace).unwrap().len()), (1, before.len()));
    std::fs::copy(sample("careers.db"), at.path("careers.db")).unwrap();
    let said = at.steward(&["--workspace", "careers.db", "records", "collections"]);
    assert!(matches!(said.code, Some(2 | 3)), "{:?} {}", said.code, said.err);
}

#[test]
fn what_is_no_database_is_refused() {
    let at = Place::file();
    std::fs::write(&at.workspace, "[{\"career_id\": 1}]\n".repeat(1000)).unwrap();
    let before = std::fs::read(&at.workspace).unwrap();
    at.steward(&["records", "collections"]).ended(3);
    assert_eq!(std::fs::read(&at.workspace).unwrap(), before);
}

#[test]
fn a_damaged_workspace_says_so() {
    let at = Place::file();
    at.json(0, &["init", "--sample"]);
    let mut bytes = std::fs::read(&at.workspace).unwrap();
    // Pages in the middle become noise; the mark of an open workspace says that it was not closed properly.
    let (from, to) = (bytes.len() / 4, bytes.len() * 3 / 4);
    for (n, byte) in bytes[from..to].iter_mut().enumerate() {
        *byte = (n.wrapping_mul(2_654_435_761) >> 16) as u8;
    }
    std::fs::write(&at.workspace, bytes).unwrap();
    std::fs::write(format!("{}-open", at.workspace), "").unwrap();
    at.steward(&["records", "find"]).ended(3).says("damaged").says("backup");
}

#[test]
fn no_output_tells_a_password() {
    let server = Mongod::with_auth(&[User { name: "ann", password: "right-secret", role: "readWrite", database: "careers" }]);
    let at = Place::file();
    let wrong = server.login_uri("ann:wr0ng-s3cret@", "careers", "authSource=admin");
    for arguments in [["records", "collections"].as_slice(), &["doctor"], &["init", "--sample"], &["--json", "runs", "list"]] {
        let mut all = vec!["--workspace", &wrong];
        all.extend(arguments);
        let mut command = at.command(&all);
        command.env("STEWARD_LOG", "debug");
        let said = crate::common::Said::of(&all, &command.output().unwrap());
        assert!(matches!(said.code, Some(1 | 3)), "{:?}: {}", said.code, said.err);
        assert!(!said.out.contains("wr0ng") && !said.err.contains("wr0ng"), "{}{}", said.out, said.err);
    }
    let right = server.login_uri("ann:right-secret@", "careers", "authSource=admin");
    let made = at.steward(&["--workspace", &right, "--json", "init", "--sample"]).ended(0);
    assert!(!made.out.contains("right-secret") && !made.err.contains("right-secret"));
    at.steward(&["--workspace", "mongodb://ann:s3cret@127.0.0.1:1/db?serverSelectionTimeoutMS=500", "runs", "list"]).ended(3);
}

/// What could not be undone, or not be brought to its end, is not begun.
#[test]
fn without_the_privileges_that_a_swap_takes_nothing_is_begun() {
    let actions =
        "only:find,insert,update,remove,listCollections,listIndexes,createCollection,createIndex,collStats,changeStream,dropIndex";
    let users = [
        User { name: "ann", password: "right-secret", role: "readWrite", database: "careers" },
        User { name: "bob", password: "other-secret", role: actions, database: "careers" },
    ];
    let server = Mongod::with_auth(&users);
    let at = Place::at(server.login_uri("ann:right-secret@", "careers", "authSource=admin"));
    let file = at.write("some.ndjson", "{\"k\":1}\n{\"k\":2}\n");
    at.import_plain(0, &[&file]);
    at.json(0, &["backup", "schedule", "--to", &at.path("kept").display().to_string()]);
    at.json(0, &["backup", "create"]);
    let replaced = at.json(0, &["import", "--no-schema", "--collection", "things", "--key", "k", "--mode", "replace", &file]);
    let before = at.export("things");
    let limited = Place::at(server.login_uri("bob:other-secret@", "careers", "authSource=admin"));
    let backup = std::fs::read_dir(at.path("kept"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .find(|p| p.display().to_string().ends_with(".manifest.json"));
    let backup = backup.unwrap().display().to_string();
    limited.steward(&["trust", "agree", "--yes"]).ended(0);
    let listed = |arguments: &[&str]| {
        limited
            .steward(arguments)
            .ended(4)
            .says("privileges that this user lacks here: dropCollection, renameCollectionSameDB. Nothing was changed");
    };
    listed(&["restore", &backup, "--yes"]);
    listed(&["import", "--no-schema", "--collection", "things", "--key", "k", "--mode", "replace", &file]);
    listed(&["runs", "undo", replaced["id"].as_str().unwrap(), "--yes"]);
    assert_eq!(at.export("things"), before);
    let left = at.with_store(async |store| store.collections().await.unwrap());
    assert!(!left.iter().any(|name| name.contains("incoming")), "{left:?}");
}
