//! Records of another database as a source: a MongoDB database, another workspace file.

use bson::doc;
use serde_json::json;
use steward_store::{Durability, WriteBatch, WriteOp};

use crate::common::{Place, career, counts, number, signal, text};
use crate::{on_all, on_both};

/// Types that JSON has no words for.
fn typed(n: i32) -> bson::Document {
    doc! {
        "_id": bson::oid::ObjectId::parse_str(format!("65f0000000000000000000{n:02x}")).unwrap(),
        "k": n, "price": "19.90".parse::<bson::Decimal128>().unwrap(), "big": 9_007_199_254_740_993_i64,
        "at": bson::DateTime::from_millis(1_700_000_000_000), "of": bson::Uuid::from_bytes([7; 16]),
    }
}

/// Puts documents where no import of Steward's was.
pub fn put(at: &Place, collection: &str, documents: Vec<bson::Document>) {
    at.with_store(async |store| {
        store.create_collection(collection).await.unwrap();
        for some in documents.chunks(5_000) {
            let ops = some.iter().map(|d| WriteOp::put(collection, d).unwrap()).collect();
            store.write(WriteBatch::data(ops), Durability::Bulk).await.unwrap();
        }
    });
}

fn things(source: &str) -> [&str; 9] {
    ["import", source, "--part", "things", "--no-schema", "--collection", "things", "--key", "k"]
}

/// From one place into the other, again, and back.
fn comes_over(from: &Place, at: &Place) {
    put(from, "things", (1..=5).map(typed).collect());
    put(from, "others", vec![doc! {"_id": 1}]);
    let source = from.workspace.as_str();
    let plan = at.json(0, &[&things(source)[..], &["--dry-run"]].concat());
    assert_eq!(counts(&plan), [5, 0, 0, 0]);
    let run = at.json(0, &things(source));
    assert_eq!((counts(&run), number(&run, "/counts/read")), ([5, 0, 0, 0], 5));
    assert_eq!((text(&run, "/files/0/path"), text(&run, "/files/0/collection")), (source.to_owned(), "things".into()));
    let stored = at
        .with_store(async |store| bson::Document::try_from(store.get_many("things", "k", &[2.into()]).await.unwrap()[0].as_ref()).unwrap());
    assert_eq!(stored, typed(2), "every type as it was");
    assert_eq!(counts(&at.json(0, &things(source))), [0, 0, 5, 0], "the same records change nothing");
    at.steward(&["import", source, "--no-schema", "--collection", "x"]).ended(2).says("holds 2 collections").says("others, things");
    at.steward(&["import", source, "--part", "nope", "--no-schema", "--collection", "x"])
        .ended(3)
        .says("no collection 'nope'")
        .says("others, things");
    let done = at.json(0, &["runs", "undo", &text(&run, "/id"), "--yes"]);
    assert_eq!(number(&done, "/removed"), 5);
    assert!(at.export("things").is_empty());
    assert_eq!(from.export("things").len(), 5, "the source is only read");
}

on_all! {
    fn records_of_a_mongodb_database_come_over_with_their_types(at) {
        comes_over(&Place::mongodb(), at);
    }
}

on_both! {
    fn records_of_another_workspace_file_come_over_with_their_types(at) {
        comes_over(&Place::file(), at);
    }

    fn a_collection_elsewhere_is_recognised_checked_and_mapped_as_a_file_is(at) {
        let from = Place::mongodb();
        let mut all: Vec<bson::Document> = (1..=3).map(|n| bson::serialize_to_document(&career(&format!("c-{n}"), 50_000)).unwrap()).collect();
        for (n, one) in all.iter_mut().enumerate() {
            one.insert("_id", i32::try_from(n).unwrap());
        }
        all[2].insert("average_salary", "a lot");
        put(&from, "jobs", all);
        let source = from.workspace.as_str();
        let checked = at.json(1, &["validate", source]);
        assert_eq!((text(&checked, "/schema"), number(&checked, "/counts/quarantined")), ("careers@1.1.0".into(), 1));
        let run = at.json(1, &["import", source]);
        assert_eq!((text(&run, "/collection"), counts(&run)), ("careers".into(), [2, 0, 0, 1]));
        let waiting = at.json(0, &["quarantine", "list"]);
        assert!(text(&waiting, "/entries/0/sourceFile").ends_with(".jobs"), "{waiting:#}");
        let profile = at.json(0, &["mapping", "profile", source]);
        assert!(profile.pointer("/profile/columns").unwrap().as_array().unwrap().iter().any(|c| text(c, "/name") == "average_salary"));
        let mapping = json!({"version": 1, "rules": [
            {"to": "k", "from": "career_id"}, {"to": "name", "from": "title", "steps": [{"case": "upper"}]},
        ]});
        let mapping = at.write("m.json", mapping.to_string());
        let mapped = ["import", source, "--mapping", &mapping, "--no-schema", "--collection", "named", "--key", "k"];
        assert_eq!(counts(&at.json(0, &mapped)), [3, 0, 0, 0]);
        assert_eq!(at.json(0, &["records", "get", "c-1", "--collection", "named"])["document"]["name"], "MAKER OF C-1");
    }

    fn killed_it_goes_on_by_the_address_alone(at) {
        let rows = 40_000;
        let from = Place::mongodb();
        let documents = (0..rows).map(|n| doc! {"_id": n, "k": n, "name": format!("row {n}")});
        put(&from, "things", documents.collect());
        at.json(0, &["init"]);
        let arguments = [&["--json", "--quiet"][..], &things(&from.workspace)].concat();
        let mut child = at.start(&arguments);
        let run = text(&at.halted_in_the_middle(&child), "/id");
        signal(&child, "KILL");
        child.wait().unwrap();
        let resumed = at.json(0, &["import", "--resume", &run]);
        assert_eq!((text(&resumed, "/state"), number(&resumed, "/counts/read")), ("done".into(), rows.into()));
        assert_eq!(at.export("things").len(), usize::try_from(rows).unwrap());
        let done = at.json(0, &["runs", "undo", &run, "--yes"]);
        assert_eq!([number(&done, "/removed"), number(&done, "/kept")], [rows.into(), 0]);
    }
}

#[test]
fn the_password_of_a_source_is_kept_nowhere() {
    use steward_store_testkit::mongod::{Mongod, User};
    let database = "elsewhere_secret";
    let user = |name, role| User { name, password: "s3cret-word", role, database };
    let server = Mongod::with_auth(&[user("writer", "readWrite"), user("reader", "read")]);
    let mut from = Place::file();
    from.workspace = server.login_uri("writer:s3cret-word@", database, "authSource=admin");
    put(&from, "things", vec![typed(1)]);
    let public = server.login_uri("reader@", database, "authSource=admin");
    let at = Place::file();
    at.json(0, &["init"]);
    let arguments = [&["--json"][..], &things(&public)].concat();
    let output = at.command(&arguments).env("STEWARD_SOURCE_PASSWORD", "s3cret-word").output().unwrap();
    let run = crate::common::Said::of(&arguments, &output).ended(0).json();
    assert_eq!((text(&run, "/files/0/path"), counts(&run)), (public.clone(), [1, 0, 0, 0]));
    at.steward(&things(&public)).ended(3).says("asks for a password").says("STEWARD_SOURCE_PASSWORD");
    let bytes = std::fs::read(&at.workspace).unwrap();
    assert!(!bytes.windows(11).any(|window| window == b"s3cret-word"));
}
