//! Rows that were turned away because of others: what their entries say, and how they get in.

use bson::doc;
use serde_json::{Value as Json, json};

use crate::common::{Place, career, counts, number, text};
use crate::on_both;

fn entries(at: &Place) -> Vec<Json> {
    at.json(0, &["quarantine", "list"])["entries"].as_array().unwrap().clone()
}

fn released(done: &Json) -> [i64; 2] {
    ["released", "stillWaiting"].map(|name| number(done, &format!("/{name}")))
}

on_both! {
    fn a_second_row_of_a_key_names_the_first_one_and_needs_another_key(at) {
        let (a, b) = (at.write("a.ndjson", "{\"k\": 1}\n{\"k\": 2}\n"), at.write("b.ndjson", "{\"k\": 9}\n{\"k\": 2, \"v\": 5}\n"));
        assert_eq!(counts(&at.import_plain(1, &[&a, &b])), [3, 0, 0, 1]);
        let entry = entries(at).remove(0);
        assert_eq!((text(&entry, "/sourceFile"), number(&entry, "/rowNumber")), ("b.ndjson".to_owned(), 2));
        assert_eq!(text(&entry, "/errors/0/message"), "Row 2 of a.ndjson already has this k; the first one is imported.");
        let id = text(&entry, "/id");
        // The bug: any edit let the row through, over the record that has its key.
        let edited = at.json(1, &["quarantine", "edit", &id, "--set", "v=6"]);
        assert_eq!(text(&edited, "/violations/0/rule"), "duplicate_key");
        assert_eq!(released(&at.json(1, &["quarantine", "retry", &id])), [0, 1]);
        assert_eq!(at.json(0, &["quarantine", "edit", &id, "--set", "k=3"])["violations"], json!([]));
        assert_eq!(released(&at.json(0, &["quarantine", "retry", &id])), [1, 0]);
        assert_eq!(at.export("things").len(), 4);
    }

    fn a_row_replaces_the_record_that_has_its_key_when_told_so(at) {
        at.json(0, &["import", &at.write("old.json", json!([career("a", 50_001)]).to_string())]);
        at.json(1, &["import", "--mode", "insert", &at.write("new.json", json!([career("a", 50_009)]).to_string())]);
        assert_eq!(text(&entries(at)[0], "/errors/0/rule"), "exists");
        assert_eq!(released(&at.json(1, &["quarantine", "retry", "--all"])), [0, 1]);
        let done = at.json(0, &["quarantine", "retry", "--all", "--replace"]);
        assert_eq!(released(&done), [1, 0]);
        assert_eq!(at.json(0, &["records", "get", "a"])["document"]["average_salary"], 50_009);
        at.json(0, &["history", "undo", &text(&done, "/changeSets/0")]);
        assert_eq!(at.json(0, &["records", "get", "a"])["document"]["average_salary"], 50_001);
        assert_eq!(entries(at).len(), 1);
    }

    fn a_row_whose_key_became_free_gets_in(at) {
        at.json(0, &["import", &at.write("old.json", json!([career("a", 50_001)]).to_string())]);
        at.json(1, &["import", "--mode", "insert", &at.write("new.json", json!([career("a", 50_009)]).to_string())]);
        at.json(0, &["records", "bulk", "career_id = \"a\"", "--delete", "--yes"]);
        assert_eq!(released(&at.json(0, &["quarantine", "retry", "--all"])), [1, 0]);
    }

    fn a_row_of_a_bson_file_gets_in_with_its_types(at) {
        let row = |k: i32, price: &str| doc! {
            "_id": k, "k": k, "at": bson::DateTime::from_millis(1_700_000_000_000), "n": 5_i64,
            "price": price.parse::<bson::Decimal128>().unwrap(), "data": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![1, 2] },
        };
        let rows = [row(1, "1.10"), row(1, "2.20")];
        let bytes: Vec<u8> = rows.iter().flat_map(|d| bson::RawDocumentBuf::try_from(d).unwrap().into_bytes()).collect();
        assert_eq!(counts(&at.import_plain(1, &[&at.write("things.bson", &bytes)])), [1, 0, 0, 1]);
        let entry = entries(at).remove(0);
        assert_eq!((text(&entry, "/errors/0/rule"), entry["rawBase64"].clone()), ("duplicate_key".to_owned(), json!(true)));
        let id = text(&entry, "/id");
        assert_eq!(at.json(0, &["quarantine", "edit", &id, "--set", "k=2", "--set", "_id=2"])["violations"], json!([]));
        assert_eq!(released(&at.json(0, &["quarantine", "retry", &id])), [1, 0]);
        let record = at.with_store(async |store| {
            bson::Document::try_from(store.get_many("things", "k", &[2.into()]).await.unwrap()[0].as_ref()).unwrap()
        });
        assert_eq!(record, row(2, "2.20"));
    }

    fn rows_are_counted_and_narrowed_by_schema(at) {
        let mut low = career("low", 1);
        low["average_salary"] = json!(-1);
        at.json(1, &["import", &at.write("careers.json", json!([low]).to_string())]);
        at.import_plain(1, &[&at.write("things.ndjson", "{\"j\": 3}\n{\"j\": 4}\n")]);
        let stats = at.json(0, &["quarantine", "stats"]);
        let schema = text(&stats, "/bySchema/1/name");
        assert_eq!((number(&stats, "/bySchema/0/count"), text(&stats, "/bySchema/0/name")), (2, String::new()));
        assert!(schema.starts_with("careers@"), "{schema}");
        for (given, rows) in [("careers", 1), (schema.as_str(), 1), ("careers@0.0.1", 0), ("", 2)] {
            assert_eq!(number(&at.json(0, &["quarantine", "list", "--schema", given]), "/total"), rows, "{given}");
        }
        let done = at.json(0, &["quarantine", "discard", "--schema", "careers", "--reason", "not ours"]);
        let sets = done["changeSets"].as_array().unwrap().clone();
        assert_eq!((number(&done, "/discarded"), sets.len()), (1, 1));
        at.json(0, &["history", "undo", sets[0].as_str().unwrap()]);
        assert_eq!(number(&at.json(0, &["quarantine", "list"]), "/total"), 3);
    }
}
