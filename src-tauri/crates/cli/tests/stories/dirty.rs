//! Files as they come: broken, truncated, in the wrong encoding, or not files at all.

use serde_json::{Value as Json, json};

use crate::common::{Place, career, counts, number, text};
use crate::on_both;

/// Pointer, rule and value of an error.
type Fault = (String, String, Option<Json>);

/// What the quarantine reports a row: row, byte and errors.
#[derive(Debug, PartialEq)]
struct Kept(i64, i64, Vec<Fault>);

fn kept(at: &Place) -> Vec<Kept> {
    let page = at.json(0, &["quarantine", "list", "--limit", "100"]);
    let entries = page["entries"].as_array().unwrap();
    let errors = |entry: &Json| {
        let all = entry["errors"].as_array().unwrap();
        all.iter().map(|e| (text(e, "/pointer"), text(e, "/rule"), e.get("value").cloned().filter(|v| !v.is_null()))).collect()
    };
    entries.iter().map(|e| Kept(number(e, "/rowNumber"), number(e, "/byteOffset"), errors(e))).collect()
}

fn one(row: i64, byte: i64, pointer: &str, rule: &str, value: Option<Json>) -> Kept {
    Kept(row, byte, vec![(pointer.into(), rule.into(), value)])
}

fn message(at: &Place, entry: usize) -> String {
    text(&at.json(0, &["quarantine", "list"]), &format!("/entries/{entry}/errors/0/message"))
}

on_both! {
    fn broken_lines_are_kept_with_their_place(at) {
        let (a, b, c) = (career("a", 50_000).to_string(), career("b", 50_000).to_string(), career("c", 50_000).to_string());
        let broken = r#"{"career_id": "x", "title": }"#;
        let run = at.json(1, &["import", &at.write("in.ndjson", format!("{a}\n{broken}\n\n{b}\n[1, 2]\n{c}"))]);
        assert_eq!(counts(&run), [3, 0, 0, 2]);
        let second = i64::try_from(a.len() + 1).unwrap();
        let fifth = i64::try_from(a.len() + broken.len() + b.len() + 4).unwrap();
        assert_eq!(kept(at), [one(2, second, "", "syntax", None), one(5, fifth, "", "type", Some(json!([1, 2])))]);
        let byte = second + i64::try_from(broken.len()).unwrap() - 1;
        assert_eq!(message(at, 0), format!("This row is not valid JSON: expected value (byte {byte} of the file)."));
        assert_eq!(message(at, 1), "A record must be an object in braces.");
        let raw = text(&at.json(0, &["quarantine", "list"]), "/entries/0/raw");
        assert_eq!(raw, broken);
    }

    fn a_broken_element_swallows_no_other(at) {
        let (a, b, c) = (career("a", 50_000).to_string(), career("b", 50_000).to_string(), career("c", 50_000).to_string());
        let broken = r#"{"career_id": "x, "title": "open}"#;
        let run = at.json(1, &["import", &at.write("in.json", format!("[\n{a},\n{broken},\n{b},\n{c}\n]\n"))]);
        assert_eq!(counts(&run), [3, 0, 0, 1]);
        assert_eq!(kept(at), [one(2, i64::try_from(a.len() + 4).unwrap(), "", "syntax", None)]);
        assert_eq!(at.export("careers").len(), 3);
    }

    fn a_file_that_is_cut_off_says_so(at) {
        let (a, b) = (career("a", 50_000).to_string(), career("b", 50_000).to_string());
        let run = at.json(1, &["import", &at.write("cut.json", format!("[\n{a},\n{}", &b[..b.len() / 2]))]);
        assert_eq!(counts(&run), [1, 0, 0, 1]);
        assert_eq!(run["notes"], json!(["cut.json is truncated: the list in it has no end."]));
        assert_eq!(kept(at), [one(2, i64::try_from(a.len() + 4).unwrap(), "", "syntax", None)]);
        assert_eq!(message(at, 0), "The file ends in the middle of this row: it was truncated.");
        let run = at.json(1, &["import", &at.write("between.json", format!("[\n{a},\n{b}"))]);
        assert_eq!((counts(&run), run["notes"].as_array().unwrap().len()), ([1, 0, 1, 0], 1));
    }

    fn rules_are_reported_with_pointer_and_value(at) {
        let mut typed = career("typed", 50_000);
        typed["average_salary"] = json!("52000");
        typed["required_skills"] = json!(["Speaking", 7]);
        let rows = [
            typed,
            json!({"title": "No key", "description": "A record that nobody could find again.", "average_salary": 50_000}),
            json!({"career_id": "short", "title": "Short record", "average_salary": 50_000}),
            career("twice", 50_000),
            career("twice", 60_000),
        ];
        let file = at.write("in.json", json!(rows).to_string());
        let run = at.json(1, &["import", &file]);
        assert_eq!(counts(&run), [1, 0, 0, 4]);
        let found: Vec<(i64, Vec<Fault>)> = kept(at).into_iter().map(|k| (k.0, k.2)).collect();
        let error = |pointer: &str, rule: &str, value: Option<Json>| (pointer.to_owned(), rule.to_owned(), value);
        assert_eq!(
            found,
            [
                (
                    1,
                    vec![
                        error("/average_salary", "type", Some(json!("52000"))),
                        error("/required_skills/1", "type", Some(json!(7))),
                    ],
                ),
                (2, vec![error("/career_id", "required", None)]),
                (3, vec![error("/description", "required", None)]),
                (5, vec![error("/career_id", "duplicate_key", Some(json!("twice")))]),
            ]
        );
        assert_eq!(message(at, 3), "Row 4 already has this career_id; the first one is imported.");
        assert_eq!(at.json(0, &["records", "get", "twice"])["document"]["average_salary"], 50_000);
        let bytes = std::fs::read(&file).unwrap();
        for entry in at.json(0, &["quarantine", "list"])["entries"].as_array().unwrap() {
            let from = usize::try_from(number(entry, "/byteOffset")).unwrap();
            assert!(bytes[from..].starts_with(text(entry, "/raw").as_bytes()), "the offset points at the row");
        }
    }

    fn unknown_fields_are_kept_and_reported(at) {
        let mut row = career("a", 50_000);
        row["colour"] = json!({"of": "its own"});
        let run = at.json(0, &["import", &at.write("in.json", json!([row, career("b", 50_000)]).to_string())]);
        assert_eq!(run["unknownFields"], json!([{"field": "colour", "rows": 1}]));
        assert_eq!(at.json(0, &["records", "get", "a"])["document"]["colour"], json!({"of": "its own"}));
    }

    fn bytes_that_are_no_text_are_kept_as_they_are(at) {
        let mut bytes = career("a", 50_000).to_string().into_bytes();
        let first = i64::try_from(bytes.len() + 1).unwrap();
        bytes.extend_from_slice(b"\n{\"career_id\": \"caf\xe9\"}\n");
        bytes.extend_from_slice(career("b", 50_000).to_string().as_bytes());
        let run = at.json(1, &["import", &at.write("latin.ndjson", bytes)]);
        assert_eq!(counts(&run), [2, 0, 0, 1]);
        assert_eq!(kept(at), [one(2, first, "", "syntax", None)]);
        assert!(message(at, 0).starts_with("This row is not UTF-8 text"), "{}", message(at, 0));
        let entry = &at.json(0, &["quarantine", "list"])["entries"][0];
        assert_eq!((&entry["rawBase64"], &entry["raw"]), (&json!(true), &json!("eyJjYXJlZXJfaWQiOiAiY2Fm6SJ9")));
    }

    fn files_that_are_none(at) {
        let run = at.json(1, &["import", "--schema", "careers", &at.write("empty.json", "")]);
        assert_eq!((counts(&run), &run["notes"]), ([0, 0, 0, 0], &json!(["empty.json is empty."])));
        std::fs::create_dir(at.path("folder")).unwrap();
        at.steward(&["import", "--schema", "careers", "folder"]).ended(2).says("is a folder. Choose the files in it.");
        at.steward(&["import", "folder"]).ended(2).says("is a folder. Choose the files in it.");
        at.steward(&["import", "missing.json"]).ended(3).says("There is no file missing.json.");
        let noise = at.write("noise.bin", [7_u8, 0, 255, 3, 0, 9]);
        at.steward(&["import", "--schema", "careers", &noise]).ended(2).says("noise.bin is no text and nothing else that is known.");
        let picture = at.write("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
        at.steward(&["import", "--schema", "careers", &picture]).ended(2).says("picture.csv is a picture (PNG).");
        at.steward(&["import", &at.write("other.json", "[{\"x\": 1}]")]).ended(2).says("--collection");
        at.steward(&["import", "--schema", "nothing", &at.write("a.json", "[]")]).ended(3);
    }

    fn several_files_keep_their_names(at) {
        let (a, b) = (at.write("a.ndjson", "{\"k\": 1}\n{broken\n"), at.write("b.ndjson", "{\"k\": 1}\n{\"k\": 2}\n{\"j\": 3}\n"));
        let run = at.import_plain(1, &[&a, &b]);
        assert_eq!(counts(&run), [2, 0, 0, 3]);
        let page = at.json(0, &["quarantine", "list"]);
        let listed: Vec<(String, i64, String)> = page["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| (text(e, "/sourceFile"), number(e, "/rowNumber"), text(e, "/errors/0/rule")))
            .collect();
        let expected = [("a.ndjson", 2, "syntax"), ("b.ndjson", 1, "duplicate_key"), ("b.ndjson", 3, "missing_key")];
        assert_eq!(listed, expected.map(|(file, row, rule)| (file.to_owned(), row, rule.to_owned())));
        let only = at.json(0, &["quarantine", "list", "--file", "b.ndjson", "--rule", "missing_key"]);
        assert_eq!(number(&only, "/total"), 1);
    }

    fn a_field_that_no_patch_can_name_loses_no_row(at) {
        at.import_plain(0, &[&at.write("one.ndjson", "{\"k\": 1, \"a.b\": 1, \"$x\": 1, \"\": 1}\n{\"k\": 2, \"v\": 1}\n")]);
        let before = at.export("things");
        let rows = "{\"k\": 1, \"a.b\": 1, \"$x\": 1, \"\": 2}\n{\"k\": 2, \"v\": 2}\n{\"k\": 3, \"a.b\": 1}\n";
        let run = at.import_plain(1, &[&at.write("two.ndjson", rows)]);
        assert_eq!(counts(&run), [1, 1, 0, 1]);
        assert_eq!(kept(at), [one(1, 0, "/", "field_name", None)]);
        assert_eq!(counts(&at.import_plain(0, &[&at.write("same.ndjson", "{\"k\": 1, \"a.b\": 1, \"$x\": 1, \"\": 1}")])), [0, 0, 1, 0]);
        let retried = at.json(1, &["quarantine", "retry", "--all"]);
        assert_eq!(number(&retried, "/stillWaiting"), 1);
        at.json(0, &["runs", "undo", &text(&run, "/id"), "--yes"]);
        assert_eq!(at.export("things"), before);
    }
}
