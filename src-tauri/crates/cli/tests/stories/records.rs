//! Finding, reading and changing records, with the types that JSON cannot say.

use serde_json::{Value as Json, json};

use crate::common::{Place, career, counts, number, text};
use crate::{on_all, on_both};

/// One record with every type that an edit of another field must leave alone.
fn typed() -> Json {
    json!({
        "_id": {"$oid": "65a000000000000000000001"}, "k": "typed",
        "long": {"$numberLong": "5"}, "huge": {"$numberLong": "9007199254740993"}, "int": 7, "double": 2.0, "half": 0.5,
        "decimal": {"$numberDecimal": "1.10"}, "date": {"$date": "2020-02-29T12:34:56.789Z"},
        "ref": {"$oid": "65a0000000000000000000ff"}, "uuid": {"$uuid": "123e4567-e89b-12d3-a456-426614174000"},
        "binary": {"$binary": {"base64": "AQID", "subType": "00"}}, "nothing": null, "yes": true,
        "regex": {"$regularExpression": {"pattern": "^a", "options": "i"}}, "stamp": {"$timestamp": {"t": 1, "i": 2}},
        "list": [{"$numberLong": "1"}, [], {"x": {"$numberDecimal": "2"}}], "nested": {"at": {"$date": "1969-07-20T20:17:00Z"}},
        "min": {"$minKey": 1}, "max": {"$maxKey": 1},
    })
}

/// The stored document, with the BSON types that an export in JSON does not tell apart.
fn stored(at: &Place, key: &str) -> bson::Document {
    at.with_store(async |store| {
        let found = store.get_many("things", "k", &[key.into()]).await.unwrap();
        bson::Document::try_from(found[0].as_ref()).unwrap()
    })
}

on_all! {
    fn an_edit_leaves_all_other_types_alone(at) {
        at.import_plain(0, &[&at.write("typed.ndjson", typed().to_string())]);
        let before = stored(at, "typed");
        assert_eq!(before.get("long"), Some(&bson::Bson::Int64(5)));
        let exported = at.export("things");
        let done = at.json(0, &["records", "set", "typed", "note=hello", "long=6", "decimal=2.5", "date=2021-01-01T00:00:00Z"]);
        let after = stored(at, "typed");
        let mut expected = before.clone();
        expected.insert("long", 6_i64);
        expected.insert("decimal", "2.5".parse::<bson::Decimal128>().unwrap());
        expected.insert("date", bson::DateTime::parse_rfc3339_str("2021-01-01T00:00:00Z").unwrap());
        expected.insert("note", "hello");
        assert_eq!(after, expected);
        at.json(0, &["history", "undo", &text(&done, "/changeSet/id")]);
        assert_eq!(stored(at, "typed"), before);
        assert_eq!(at.export("things"), exported);

        // What was exported loads into another collection as the same records.
        let again = at.json(0, &["import", "--no-schema", "--collection", "others", "--key", "k", "export-of-the-test.ndjson"]);
        assert_eq!(counts(&again)[0], 1);
        assert_eq!(at.export("others"), exported);
    }

    fn rules_hold_unless_they_are_waived(at) {
        at.json(0, &["import", &at.write("a.json", json!([career("a", 50_000)]).to_string())]);
        let before = at.export("careers");
        let refused = at.json(1, &["records", "set", "a", "average_salary=-1"]);
        assert_eq!(text(&refused, "/violations/0/pointer"), "/average_salary");
        assert_eq!(at.export("careers"), before);
        at.json(0, &["records", "set", "a", "average_salary=-1", "--allow-invalid", "--reason", "a test"]);
        let one = at.json(1, &["records", "get", "a"]);
        assert_eq!((&one["document"]["average_salary"], one["violations"].as_array().unwrap().len()), (&json!(-1), 1));
        at.json(0, &["records", "set", "a", "industry=Making"]);
        at.steward(&["records", "set", "a", "career_id=b"]).ended(2).says("identifies the record");
        at.steward(&["records", "set", "a", "x.$y=1"]).ended(2);
        at.steward(&["records", "set", "nobody", "x=1"]).ended(3);
    }
}

on_both! {
    fn found_sorted_counted_and_paged(at) {
        at.json(0, &["init", "--sample"]);
        let count = |filter: &str| number(&at.json(0, &["records", "count", filter]), "/count");
        let all = at.json(0, &["records", "find", "average_salary > 150000", "--limit", "400"]);
        let rich = all["records"].as_array().unwrap();
        assert_eq!(i64::try_from(rich.len()).unwrap(), count("average_salary > 150000"));
        assert!(rich.len() > 3 && rich.iter().all(|r| r["document"]["average_salary"].as_f64().unwrap() > 150_000.0));
        let mut seen: Vec<i64> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mut arguments = vec!["records", "find", "--sort", "-average_salary", "--limit", "100"];
            arguments.extend(after.iter().flat_map(|a| ["--after", a.as_str()]));
            let page = at.json(0, &arguments);
            let salaries = page["records"].as_array().unwrap().iter();
            seen.extend(salaries.map(|r| r["document"]["average_salary"].as_f64().unwrap() as i64));
            after = page["next"].as_str().map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 361);
        assert!(seen.is_sorted_by(|a, b| a >= b));
        let facet = at.json(0, &["records", "facet", "education_level"]);
        let sum: i64 = facet["values"].as_array().unwrap().iter().map(|v| number(v, "/count")).sum();
        assert_eq!(sum + number(&facet, "/missing") + number(&facet, "/nulls"), 361);
        at.steward(&["records", "find", "average_salary >"]).ended(2).says("The filter is not valid");
        at.steward(&["records", "get", "nobody"]).ended(3);
    }

    fn history_and_revert(at) {
        at.json(0, &["import", &at.write("a.json", json!([career("a", 50_000)]).to_string())]);
        let first = at.json(0, &["records", "set", "a", "average_salary=51000"]);
        at.json(0, &["records", "set", "a", "industry=Making", "--unset", "title", "--allow-invalid"]);
        at.json(0, &["records", "set", "a", "average_salary=53000"]);
        let history = at.json(0, &["records", "history", "a"]);
        assert_eq!(history["entries"].as_array().unwrap().len(), 4);
        assert_eq!(text(&history, "/entries/0/changeSet/actor"), "ann");
        assert_eq!(text(&history, "/entries/3/changeSet/kind"), "import", "the import that made it is the first entry");
        at.json(0, &["records", "revert", "a", &text(&first, "/changeSet/id")]);
        let doc = at.json(0, &["records", "get", "a"])["document"].clone();
        assert_eq!((&doc["average_salary"], &doc["title"], doc.get("industry")), (&json!(50_000), &json!("Maker of a"), None));
        assert_eq!(at.json(0, &["records", "history", "a"])["entries"].as_array().unwrap().len(), 5);
    }

    fn many_records_at_once(at) {
        at.json(0, &["init", "--sample"]);
        let before = at.export_unordered("careers");
        let plan = at.json(0, &["records", "bulk", "average_salary > 100000", "--set", "remote_friendly=true"]);
        assert_eq!(at.export_unordered("careers"), before, "a plan writes nothing");
        let done = at.json(0, &["records", "bulk", "average_salary > 100000", "--set", "remote_friendly=true", "--yes"]);
        assert_eq!(number(&done, "/records"), number(&plan, "/changed"));
        assert_eq!(number(&at.json(0, &["records", "count", "remote_friendly = true"]), "/count"), number(&done, "/records"));
        let gone = at.json(0, &["records", "bulk", "average_salary > 100000", "--delete", "--yes"]);
        assert_eq!(at.export("careers").len(), 361 - usize::try_from(number(&gone, "/records")).unwrap());
        at.json(0, &["history", "undo", &text(&gone, "/id")]);
        at.json(0, &["history", "undo", &text(&done, "/id")]);
        assert_eq!(at.export_unordered("careers"), before);
    }

    fn more_records_than_one_transaction_takes(at) {
        let rows: Vec<String> = (0..12_000).map(|n| format!("{{\"k\":{n},\"v\":\" Größe {n} \"}}")).collect();
        at.import_plain(0, &[&at.write("many.ndjson", rows.join("\n"))]);
        let before = at.export_unordered("things");
        let done = at.json(0, &["records", "bulk", "k >= 0", "--set", "checked=true", "--yes"]);
        assert_eq!(number(&done, "/records"), 12_000);
        assert_eq!(number(&at.json(0, &["records", "count", "checked = true"]), "/count"), 12_000);
        let gone = at.json(0, &["records", "bulk", "k >= 0", "--delete", "--yes"]);
        assert_eq!(number(&at.json(0, &["records", "count"]), "/count"), 0);
        let undone = at.json(0, &["history", "undo", &text(&gone, "/id")]);
        assert_eq!(number(&undone, "/changeSet/records"), 12_000);
        at.json(0, &["history", "undo", &text(&done, "/id")]);
        assert_eq!(at.export_unordered("things"), before);
        at.json(0, &["history", "verify"]);
        at.steward(&["history", "resume", "000000000000000000000000"]).ended(3);
    }

    fn added_and_written_out(at) {
        at.json(0, &["init"]);
        at.json(0, &["import", &at.write("a.json", json!([career("a", 50_000)]).to_string())]);
        at.json(1, &["records", "add", "{\"career_id\": \"b\"}"]);
        let mut row = career("b", 60_000);
        row["industry"] = json!("-cmd|' /C calc'!A0");
        at.json(0, &["records", "add", &row.to_string()]);
        at.steward(&["records", "add", &row.to_string()]).ended(4).says("already");
        at.steward(&["records", "add", "[]"]).ended(2);
        for (name, lines) in [("out.ndjson", 2), ("out.json", 4), ("out.csv", 3)] {
            at.json(0, &["records", "export", name]);
            assert_eq!(at.read(name).lines().count(), lines, "{name}");
        }
        assert!(at.read("out.csv").contains("\"'-cmd|' /C calc'!A0\""), "{}", at.read("out.csv"));
        let list: Json = serde_json::from_str(&at.read("out.json")).unwrap();
        assert_eq!(list.as_array().unwrap().len(), 2);
        at.json(0, &["records", "export", "one.ndjson", "career_id = \"b\""]);
        assert_eq!(at.read("one.ndjson").lines().count(), 1);
        at.steward(&["records", "export", "no/such/folder/out.ndjson"]).ended(3);
    }

    fn a_key_is_typed_as_the_records_have_it(at) {
        let rows = [
            json!({"k": 101, "v": "int"}), json!({"k": {"$numberLong": "9007199254740993"}, "v": "long"}),
            json!({"k": {"$numberDecimal": "1.50"}, "v": "decimal"}), json!({"k": {"$oid": "65a000000000000000000001"}, "v": "id"}),
            json!({"k": {"$date": "2024-02-29T00:00:00Z"}, "v": "date"}), json!({"k": {"$uuid": "123e4567-e89b-12d3-a456-426614174000"}, "v": "uuid"}),
            json!({"k": "7", "v": "text"}), json!({"k": 8, "v": "number"}), json!({"k": "8", "v": "digits"}),
        ];
        let lines: Vec<String> = rows.iter().map(Json::to_string).collect();
        at.import_plain(0, &[&at.write("rows.ndjson", lines.join("\n"))]);
        let got = |key: &str| text(&at.json(0, &["records", "get", key, "--collection", "things"]), "/document/v");
        for (key, value) in [
            ("101", "int"), ("101.0", "int"), ("9007199254740993", "long"), ("1.5", "decimal"), ("65a000000000000000000001", "id"),
            ("2024-02-29", "date"), ("2024-02-29T01:00:00+01:00", "date"), ("123e4567-e89b-12d3-a456-426614174000", "uuid"), ("7", "text"),
        ] {
            assert_eq!(got(key), value, "{key}");
        }
        let asked = at.steward(&["records", "get", "8", "--collection", "things"]).ended(2);
        let numbered = r#"{"$numberInt":"8"}"#;
        asked.says("'8' is the key of 2 records of things").says(r#"'"8"' or '"#).says(numbered);
        assert_eq!((got("\"8\""), got(numbered)), ("digits".to_owned(), "number".to_owned()));
        at.json(0, &["records", "set", "101", "v=changed", "--collection", "things"]);
        assert_eq!(got("101"), "changed");
        let changes = |key: &str| at.json(0, &["records", "history", key, "--collection", "things"])["entries"].as_array().unwrap().len();
        assert_eq!(changes("101"), 2);
        at.json(0, &["records", "bulk", "k = 101", "--delete", "--yes", "--collection", "things"]);
        assert_eq!(changes("101"), 3, "it is gone, its history is not");
        at.steward(&["records", "get", "101", "--collection", "things"]).ended(3).says("There is no record '101'");
    }
}
