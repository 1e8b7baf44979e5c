//! Mappings at the terminal: suggested, saved under a name, used by it; profiles of columns.

use serde_json::{Value as Json, json};

use crate::common::{Place, counts, number, text};
use crate::on_both;

/// Careers as someone's spreadsheet has them: other names, numbers and blanks as people write them.
fn table(at: &Place, name: &str, rows: usize) -> String {
    let row = |n: usize| {
        format!("X-{n:04};Keeper of  gate {n};\"${n}2,500\";They look after gate {n} and all that passes through it.;n/a\n", n = n + 1)
    };
    let head = "Career Id;Job Title;Average Salary;Description;Remarks\n".to_owned();
    at.write(name, std::iter::once(head).chain((0..rows).map(row)).collect::<String>())
}

fn suggested(at: &Place, file: &str) -> Json {
    at.json(0, &["mapping", "suggest", file, "--schema", "careers"])
}

on_both! {
    fn a_mapping_is_suggested_saved_used_by_its_name_and_not_needed_afterwards(at) {
        let file = table(at, "gates.csv", 3);
        // As it is, no row is a career: the salaries are texts.
        assert_eq!(counts(&at.json(1, &["import", "--schema", "careers", "--dry-run", &file])), [0, 0, 0, 3]);

        let found = suggested(at, &file);
        assert_eq!((&found["needed"], &found["badWith"], &found["badWithout"]), (&json!(true), &json!(0), &json!(3)));
        let matched: Vec<(&str, &str)> = found["suggestion"]["matches"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| (m["column"].as_str().unwrap(), m["to"].as_str().unwrap()))
            .collect();
        let wanted = [("Career Id", "career_id"), ("Job Title", "title"), ("Average Salary", "average_salary"), ("Description", "description")];
        assert_eq!(matched, wanted);
        assert!(found["suggestion"]["matches"].as_array().unwrap().iter().all(|m| !m["reason"].as_str().unwrap().is_empty()));

        // The document goes to standard output alone, so that it can be kept in a file.
        let said = at.steward(&["mapping", "suggest", &file, "--schema", "careers"]).ended(0);
        said.says("Job Title -> title");
        let kept = at.write("gates.json", &said.out);
        let saved = at.json(0, &["mapping", "save", "Gates", &kept, "--schema", "careers@1.0.0"]);
        assert_eq!((text(&saved, "/name"), text(&saved, "/by")), ("Gates".into(), "ann".into()));

        let run = at.json(0, &["import", "--schema", "careers", "--mapping", "Gates", &file]);
        assert_eq!(counts(&run), [3, 0, 0, 0]);
        let stored = at.json(0, &["records", "get", "X-0002", "--collection", &text(&run, "/collection")])["document"].clone();
        assert_eq!((&stored["title"], &stored["average_salary"]), (&json!("Keeper of gate 2"), &json!(22_500)));

        // The run holds the mapping itself: undoing it needs no saved one.
        at.json(0, &["mapping", "remove", "Gates"]);
        at.steward(&["runs", "undo", &text(&run, "/id"), "--yes"]).ended(0);
        at.steward(&["records", "get", "X-0002", "--collection", &text(&run, "/collection")]).ended(3);
    }

    fn saved_mappings_are_listed_shown_replaced_and_removed(at) {
        let first = at.write("a.json", r#"{"version": 1, "rules": [{"to": "a.b", "from": "$A.1", "steps": [{"number": {}}]}]}"#);
        let second = at.write("b.json", r#"{"version": 1, "unmapped": "drop"}"#);
        at.steward(&["mapping", "save", "Prices", &first]).ended(0).says("--mapping \"Prices\"");
        at.json(0, &["mapping", "save", "other", &second, "--schema", "careers"]);
        let names = |at: &Place| {
            let list = at.json(0, &["mapping", "list"]);
            list["mappings"].as_array().unwrap().iter().map(|m| text(m, "/name")).collect::<Vec<_>>()
        };
        assert_eq!(names(at), ["other", "Prices"]);
        let shown: Json = serde_json::from_str(&at.steward(&["mapping", "show", "Prices"]).ended(0).out).unwrap();
        assert_eq!((&shown["name"], &shown["rules"][0]["from"], &shown["rules"][0]["to"]), (&json!("Prices"), &json!("$A.1"), &json!("a.b")));

        at.steward(&["mapping", "save", "Prices", &second]).ended(4).says("--replace");
        assert_eq!(at.json(0, &["mapping", "show", "Prices"])["mapping"]["rules"].as_array().map(Vec::len), Some(1));
        at.json(0, &["mapping", "save", "Prices", &second, "--replace"]);
        assert_eq!(at.json(0, &["mapping", "show", "Prices"])["mapping"]["unmapped"], "drop");

        at.json(0, &["mapping", "remove", "other"]);
        assert_eq!(names(at), ["Prices"]);
        at.steward(&["mapping", "remove", "other"]).ended(3).says("no saved mapping");
        at.steward(&["mapping", "show", "other"]).ended(3);
        let wrong = at.write("wrong.json", r#"{"version": 1, "rules": [{"to": "a", "from": "A", "steps": [{"shout": {}}]}]}"#);
        at.steward(&["mapping", "save", "wrong", &wrong]).ended(2).says("/rules/0/steps/0");
        at.steward(&["mapping", "save", " ", &first]).ended(2);
        // The history of the records does not know them, and their collection is Steward's own.
        assert_eq!(at.json(0, &["history", "list"])["changes"].as_array().map(Vec::len), Some(0));
        assert_eq!(at.json(0, &["records", "collections"])["collections"].as_array().map(Vec::len), Some(0));
    }

    fn a_name_that_is_neither_a_file_nor_saved_is_refused_before_anything_is_read(at) {
        let file = table(at, "gates.csv", 1);
        at.json(0, &["init"]);
        at.steward(&["import", "--schema", "careers", "--mapping", "nothing", &file]).ended(3).says("neither a file nor a saved mapping");
        let unfit = at.write("unfit.json", r#"{"version": 1, "rules": [{"to": "title", "from": "Job Titel"}]}"#);
        at.steward(&["import", "--schema", "careers", "--mapping", &unfit, &file]).ended(2).says("Did you mean 'Job Title'?");
        assert_eq!(at.json(0, &["runs", "list"])["runs"].as_array().map(Vec::len), Some(0));
    }

    fn files_are_checked_through_a_saved_mapping(at) {
        let file = table(at, "gates.csv", 4);
        let kept = at.write("gates.json", suggested(at, &file)["suggestion"]["mapping"].to_string());
        at.json(0, &["mapping", "save", "Gates", &kept]);
        assert_eq!(number(&at.json(1, &["validate", "--schema", "careers", &file]), "/counts/quarantined"), 4);
        assert_eq!(number(&at.json(0, &["validate", "--schema", "careers", "--mapping", "Gates", &file]), "/counts/quarantined"), 0);
    }
}

#[test]
fn the_schema_that_fits_best_is_found_by_names_that_no_schema_knows() {
    let at = Place::file();
    let rows = |n: usize| format!("X-{n};Keeper {n};{n}1,000;They look after gate {n}, and whatever passes through it.\n");
    let table: String =
        std::iter::once("Career No;Occupation Title;Yearly Salary;Job Description\n".to_owned()).chain((1..9).map(rows)).collect();
    let found = at.json(0, &["mapping", "suggest", &at.write("jobs.csv", table)]);
    assert!(text(&found, "/schema").starts_with("careers@"), "{found:#}");
    let strange = at.write("strange.csv", "colour;taste\nred;sweet\n");
    at.steward(&["mapping", "suggest", &strange]).ended(2).says("No schema fits");
    let exact = at.write("exact.json", json!([crate::common::career("a-1", 40_000)]).to_string());
    assert_eq!(at.json(0, &["mapping", "suggest", &exact])["needed"], false);
}

#[test]
fn columns_are_profiled_over_many_rows() {
    let at = Place::file();
    let file = table(&at, "gates.csv", 12_000);
    let found = at.json(0, &["mapping", "profile", &file]);
    assert_eq!((&found["whole"], &found["profile"]["rows"]), (&json!(false), &json!(10_000)));
    let column = |n: usize| &found["profile"]["columns"][n];
    assert_eq!((&column(0)["name"], &column(0)["distinct"]), (&json!("Career Id"), &json!(10_000)));
    assert_eq!((&column(2)["kind"], &column(2)["missing"]), (&json!("writtenNumber"), &json!(0)));
    assert_eq!(column(4)["tokens"][0], json!({"value": "n/a", "count": 10_000}));
    let said = at.steward(&["mapping", "profile", &table(&at, "few.csv", 2)]).ended(0);
    said.says("All 2 rows of few.csv").says("Job Title");
    let tabs = at.write("tabs.txt", "a\tb\n1\tx\n");
    assert_eq!(at.json(0, &["mapping", "profile", "--delimiter", "\\t", &tabs])["profile"]["columns"][0]["kind"], "integer");
}
