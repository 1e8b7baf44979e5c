//! One fix for many rows: planned over all of them, applied by its plan, undone as one.

use serde_json::{Value as Json, json};

use crate::common::{Place, career, number, text};
use crate::on_all;

/// Rows with a salary as text, and with levels that nobody knows.
fn rows_as_text(at: &Place) {
    let salary = |id: &str, text: &str| {
        let mut row = career(id, 0);
        row["average_salary"] = json!(text);
        row
    };
    let rows = [salary("a", "$52,000"), salary("b", " 61k "), salary("c", "much"), salary("d", "-5"), career("e", 50_000)];
    at.json(1, &["import", &at.write("rows.json", json!(rows).to_string())]);
}

fn figures(plan: &Json) -> [i64; 5] {
    ["rows", "changed", "right", "stillBroken", "failed"].map(|n| number(plan, &format!("/{n}")))
}

fn resolved(done: &Json) -> [i64; 4] {
    ["tried", "corrected", "released", "stillWaiting"].map(|n| number(done, &format!("/{n}")))
}

on_all! {
    fn texts_become_numbers_and_rows_become_records(at) {
        rows_as_text(at);
        let fix = ["quarantine", "fix", "--field", "average_salary", "--trim", "--number", "point"];
        let plan = at.json(0, &fix);
        assert_eq!(figures(&plan), [4, 3, 2, 1, 1]);
        assert_eq!((plan.pointer("/samples/0/before"), plan.pointer("/samples/0/after")), (Some(&json!("$52,000")), Some(&json!(52_000))));
        assert_eq!(text(&plan, "/problems/0/rule"), "exclusiveMinimum");
        assert_eq!(number(&at.json(0, &["quarantine", "list"]), "/total"), 4, "a plan writes nothing");
        let done = at.json(1, &[&fix[..], &["--retry", "--yes"]].concat());
        assert_eq!(resolved(&done), [3, 3, 2, 1]);
        assert_eq!(at.json(0, &["records", "get", "b"])["document"]["average_salary"], 61_000);
        assert_eq!(number(&at.json(0, &["quarantine", "list", "--rule", "exclusiveMinimum"]), "/total"), 1);
        at.json(0, &["history", "undo", &text(&done, "/changeSets/0")]);
        at.steward(&["records", "get", "b"]).ended(3);
        let page = at.json(0, &["quarantine", "list"]);
        assert_eq!(page["entries"][1]["document"]["average_salary"], " 61k ");
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
    }

    fn values_are_exchanged_and_set(at) {
        rows_as_text(at);
        let look = at.json(0, &["quarantine", "fix", "--field", "average_salary"]);
        assert_eq!((look["values"].as_array().unwrap().len(), figures(&look)[1]), (4, 0));
        let map = ["quarantine", "fix", "--field", "average_salary", "--map", "much=99000", "--map", "-5=50000", "--retry", "--yes"];
        assert_eq!(resolved(&at.json(0, &map)), [2, 2, 2, 0]);
        let set = ["quarantine", "fix", "--all", "--path", "average_salary", "--set", "1000", "--yes"];
        assert_eq!(resolved(&at.json(1, &set)), [2, 2, 0, 2], "corrected, and not loaded yet");
        assert_eq!(at.json(0, &["quarantine", "list"])["entries"][0]["errors"], json!([]));
        at.steward(&["quarantine", "fix", "--all", "--path", "career_id", "--set", "x"]).ended(2).says("identifies");
        at.steward(&["quarantine", "fix", "--all", "--path", "title", "--replace", "(", "x"]).ended(2);
        at.steward(&["quarantine", "fix", "--all", "--set", "x"]).ended(2).says("Which field");
        at.steward(&["quarantine", "fix", "--path", "title", "--set", "x"]).ended(2).says("Which rows");
    }
}
