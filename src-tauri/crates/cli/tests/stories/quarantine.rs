//! What is kept out: correcting, trying again, setting aside, restoring, writing out.

use serde_json::{Value as Json, json};

use crate::common::{Place, career, number, text};
use crate::on_both;

/// Loads one good row and three bad ones; gives the ids of the bad ones.
fn three_bad_rows(at: &Place) -> Vec<String> {
    let mut low = career("low", 50_000);
    low["average_salary"] = json!(-1);
    let mut formula = career("formula", 50_000);
    formula["description"] = json!("=1+1");
    let rows = [career("good", 50_000), low, formula, json!({"career_id": "bare", "title": "Bare, \"quoted\""})];
    at.json(1, &["import", &at.write("rows.json", json!(rows).to_string())]);
    ids(at, "waiting")
}

fn ids(at: &Place, status: &str) -> Vec<String> {
    let page = at.json(0, &["quarantine", "list", "--status", status]);
    page["entries"].as_array().unwrap().iter().map(|e| text(e, "/id")).collect()
}

fn tried(done: &Json) -> [i64; 3] {
    ["tried", "released", "stillWaiting"].map(|name| number(done, &format!("/{name}")))
}

on_both! {
    fn a_name_that_stands_twice_waits_for_a_person(at) {
        let row = r#"{"k": 1, "pay": {"base": 5, "base": 6}}"#;
        let run = at.import_plain(1, &[&at.write("rows.ndjson", format!("{row}\n{{\"k\": 2}}\n"))]);
        assert_eq!(crate::common::counts(&run), [1, 0, 0, 1]);
        let waiting = ids(at, "waiting");
        let entry = at.json(0, &["quarantine", "show", &waiting[0]]);
        assert_eq!((text(&entry, "/raw"), text(&entry, "/errors/0/pointer")), (row.to_owned(), "/pay/base".to_owned()));
        assert_eq!((text(&entry, "/errors/0/rule"), number(&entry, "/errors/0/value")), ("duplicate_field".to_owned(), 6));
        // Neither value is taken before someone says which one is meant.
        assert_eq!(tried(&at.json(1, &["quarantine", "retry", "--all"])), [1, 0, 1]);
        assert_eq!(text(&at.json(0, &["quarantine", "show", &waiting[0]]), "/errors/0/rule"), "duplicate_field");
        at.json(0, &["quarantine", "edit", &waiting[0], "--set", "pay.base=5"]);
        assert_eq!(tried(&at.json(0, &["quarantine", "retry", "--all"])), [1, 1, 0]);
        assert_eq!(at.json(0, &["records", "get", "{\"$numberInt\": \"1\"}"])["document"]["pay"]["base"], 5);
    }

    fn corrected_tried_again_and_released_once(at) {
        let rows = three_bad_rows(at);
        let wrong = at.json(1, &["quarantine", "edit", &rows[0], "--set", "average_salary=0"]);
        assert_eq!(text(&wrong, "/violations/0/pointer"), "/average_salary");
        assert_eq!(tried(&at.json(1, &["quarantine", "retry", &rows[0]])), [1, 0, 1]);
        let right = at.json(0, &["quarantine", "edit", &rows[0], "--set", "average_salary=52000", "--set", "industry=Making"]);
        assert_eq!(right["violations"], json!([]));
        let done = at.json(0, &["quarantine", "retry", &rows[0]]);
        assert_eq!(tried(&done), [1, 1, 0]);
        assert_eq!(at.json(0, &["records", "get", "low"])["document"]["average_salary"], 52_000);
        let history = at.json(0, &["history", "list"]);
        assert_eq!(tried(&at.json(0, &["quarantine", "retry", &rows[0]])), [0, 0, 0], "trying again does nothing");
        assert_eq!(at.json(0, &["history", "list"]), history);
        assert_eq!((ids(at, "released"), ids(at, "waiting").len()), (vec![rows[0].clone()], 2));
        at.steward(&["quarantine", "edit", &rows[0], "--set", "average_salary=1"]).ended(4);

        // Undoing the release removes the record and puts the row back to waiting.
        at.json(0, &["history", "undo", &text(&done, "/changeSets/0")]);
        at.steward(&["records", "get", "low"]).ended(3);
        assert_eq!(ids(at, "waiting").len(), 3);
        assert_eq!(tried(&at.json(1, &["quarantine", "retry", "--all"])), [3, 1, 2]);
        assert_eq!(tried(&at.json(1, &["quarantine", "retry", "--all"])), [2, 0, 2]);
    }

    fn set_aside_with_a_reason_and_restored(at) {
        let rows = three_bad_rows(at);
        at.steward(&["quarantine", "discard", &rows[0]]).ended(2);
        at.steward(&["quarantine", "discard", "--reason", "none chosen"]).ended(2).says("Which rows?");
        let done = at.json(0, &["quarantine", "discard", &rows[0], "--reason", "not ours"]);
        assert_eq!(number(&done, "/discarded"), 1);
        assert_eq!(text(&at.json(0, &["quarantine", "show", &rows[0]]), "/reason"), "not ours");
        assert_eq!(text(&at.json(0, &["history", "list"]), "/changes/0/reason"), "not ours");
        assert_eq!(tried(&at.json(1, &["quarantine", "retry", "--all"])), [2, 0, 2], "discarded rows are left alone");
        let stats = at.json(0, &["quarantine", "stats"]);
        assert_eq!(["waiting", "released", "discarded"].map(|n| number(&stats, &format!("/{n}"))), [2, 0, 1]);
        assert_eq!(number(&at.json(0, &["quarantine", "restore", &rows[0]]), "/discarded"), 1);
        assert_eq!(ids(at, "waiting"), rows);
        let narrowed = at.json(0, &["quarantine", "discard", "--rule", "required", "--reason", "bare"]);
        assert_eq!(number(&narrowed, "/discarded"), 1);
        at.steward(&["quarantine", "show", "nothing"]).ended(3);
    }
}
