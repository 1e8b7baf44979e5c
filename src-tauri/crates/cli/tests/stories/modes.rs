//! Replacing a collection, and staging rows before they are promoted.

use serde_json::{Value as Json, json};

use crate::common::{Place, career, counts, number, text};
use crate::on_all;

fn keys(at: &Place, collection: &str) -> Vec<String> {
    let found = at.json(0, &["records", "find", "--collection", collection, "--limit", "1000"]);
    let mut keys: Vec<String> = found["records"].as_array().unwrap().iter().map(|r| text(&r["document"], "/career_id")).collect();
    keys.sort();
    keys
}

fn collections(at: &Place) -> Vec<String> {
    let found = at.json(0, &["records", "collections"]);
    found["collections"].as_array().unwrap().iter().map(|c| text(c, "/name")).collect()
}

fn careers(from: usize, to: usize, salary: i64) -> Vec<Json> {
    (from..to).map(|n| career(&format!("c-{n}"), salary)).collect()
}

on_all! {
    fn a_collection_is_replaced_and_comes_back_exactly(at) {
        at.json(0, &["import", &at.write("old.json", json!(careers(0, 10, 50_000)).to_string())]);
        let before = at.export("careers");
        // Five unchanged, one changed, four gone, two new, one bad.
        let mut rows = careers(0, 5, 50_000);
        rows.extend(careers(5, 6, 60_000));
        rows.extend(careers(20, 22, 70_000));
        rows.push(json!({"career_id": "bad"}));
        let file = at.write("new.json", json!(rows).to_string());

        let plan = at.json(1, &["import", &file, "--mode", "replace", "--dry-run"]);
        assert_eq!(at.export("careers"), before, "the plan writes nothing");
        let run = at.json(1, &["import", &file, "--mode", "replace"]);
        assert_eq!(counts(&run), [2, 1, 5, 1]);
        assert_eq!(number(&run, "/counts/removed"), 4);
        assert_eq!(plan["counts"], run["counts"]);
        assert_eq!(keys(at, "careers"), ["c-0", "c-1", "c-2", "c-20", "c-21", "c-3", "c-4", "c-5"]);
        assert_eq!(collections(at), ["careers"], "what was replaced is out of sight");
        // The key and the rules hold for the collection that took the place.
        at.steward(&["records", "add", &json!(career("c-0", 1_000)).to_string()]).ended(4);
        let words = at.json(0, &["records", "find", r#"text "looks after""#, "--limit", "1"]);
        assert_eq!(words["records"].as_array().unwrap().len(), 1, "the text index came along");

        let id = text(&run, "/id");
        let undo = at.json(0, &["runs", "undo", &id]);
        assert_eq!(["remove", "restore", "withdraw", "editedSince"].map(|n| number(&undo, &format!("/{n}"))), [2, 5, 1, 0]);
        at.json(0, &["runs", "undo", &id, "--yes"]);
        assert_eq!(at.export("careers"), before);
        assert_eq!(collections(at), ["careers"]);
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
    }

    fn later_edits_of_a_replaced_collection_are_not_lost(at) {
        at.json(0, &["import", &at.write("old.json", json!(careers(0, 3, 50_000)).to_string())]);
        let before = at.export("careers");
        let file = at.write("new.json", json!(careers(5, 8, 60_000)).to_string());
        let first = text(&at.json(0, &["import", &file, "--mode", "replace"]), "/id");
        let second = text(&at.json(0, &["import", &at.write("third.json", json!(careers(8, 9, 60_000)).to_string()), "--mode", "replace"]), "/id");
        at.steward(&["runs", "undo", &first, "--yes"]).ended(4).says("replaced again");
        at.json(0, &["runs", "undo", &second, "--yes"]);
        at.json(0, &["records", "set", "c-5", "title=Edited since"]);
        let done = at.json(1, &["runs", "undo", &first, "--yes"]);
        assert_eq!(done["keptAs"], "careers.undone");
        assert_eq!(at.export("careers"), before);
        let kept = at.json(0, &["records", "get", "c-5", "--collection", "careers.undone"]);
        assert_eq!(kept["document"]["title"], "Edited since");
    }

    fn a_collection_that_was_not_there_is_empty_again(at) {
        let run = at.json(0, &["import", &at.write("new.json", json!(careers(0, 3, 50_000)).to_string()), "--mode", "replace"]);
        assert_eq!(keys(at, "careers").len(), 3);
        at.json(0, &["runs", "undo", &text(&run, "/id"), "--yes"]);
        assert!(keys(at, "careers").is_empty());
        assert_eq!(collections(at), ["careers"]);
    }

    fn the_schema_comes_back_with_what_was_replaced(at) {
        let rows = at.write("old.json", json!(careers(0, 3, 50_000)).to_string());
        at.json(0, &["import", &rows, "--schema", "careers@1.0.0"]);
        let run = at.json(0, &["import", &rows, "--schema", "careers@1.1.0", "--mode", "replace"]);
        let schema = |at: &Place| text(&at.json(0, &["records", "collections"]), "/collections/0/schema");
        assert_eq!(schema(at), "careers@1.1.0");
        at.json(0, &["runs", "undo", &text(&run, "/id"), "--yes"]);
        assert_eq!(schema(at), "careers@1.0.0");
    }

    fn what_a_replacement_keeps_can_be_given_up(at) {
        at.json(0, &["import", &at.write("old.json", json!(careers(0, 4, 50_000)).to_string())]);
        let run = at.json(0, &["import", &at.write("new.json", json!(careers(5, 7, 50_000)).to_string()), "--mode", "replace"]);
        let id = text(&run, "/id");
        assert_eq!(at.json(0, &["runs", "show", &id])["kept"], 4);
        assert_eq!(at.json(0, &["runs", "discard", &id])["records"], 4);
        assert_eq!(at.json(0, &["runs", "show", &id])["kept"], 4, "the plan drops nothing");
        at.json(0, &["runs", "discard", &id, "--yes"]);
        assert_eq!(at.json(0, &["runs", "show", &id])["kept"], Json::Null);
        at.steward(&["runs", "discard", &id, "--yes"]).ended(4).says("discarded");
        at.steward(&["runs", "undo", &id, "--yes"]).ended(4).says("discarded");
        assert_eq!(keys(at, "careers"), ["c-5", "c-6"]);
    }

    fn rows_are_staged_reviewed_and_promoted(at) {
        at.json(0, &["import", &at.write("old.json", json!(careers(0, 4, 50_000)).to_string())]);
        let before = at.export("careers");
        let mut rows = careers(0, 2, 50_000);
        rows.extend(careers(2, 6, 60_000));
        rows.push(json!({"career_id": "bad"}));
        let run = at.json(1, &["import", &at.write("new.json", json!(rows).to_string()), "--stage"]);
        assert_eq!((&run["collection"], &run["staging"]["collection"]), (&json!("careers.staging"), &json!("careers")));
        assert_eq!(at.export("careers"), before, "nothing but the staging collection was written");
        assert_eq!(keys(at, "careers.staging").len(), 6);
        at.json(0, &["records", "set", "c-5", "title=Reviewed", "--collection", "careers.staging"]);

        let id = text(&run, "/id");
        let plan = at.json(0, &["runs", "promote", &id, "--dry-run"]);
        assert_eq!(counts(&plan), [2, 2, 2, 0]);
        let promoted = at.json(0, &["runs", "promote", &id]);
        assert_eq!(counts(&promoted), [2, 2, 2, 0]);
        assert_eq!(at.json(0, &["records", "get", "c-5"])["document"]["title"], "Reviewed");
        assert_eq!(collections(at), ["careers"], "the staging collection is gone");
        let waiting = at.json(0, &["quarantine", "list"]);
        assert_eq!(waiting["entries"][0]["collection"], "careers", "what waits, waits for where the rows went");
        at.steward(&["runs", "promote", &id]).ended(4).says("already");
        let undone = at.json(0, &["runs", "undo", &text(&promoted, "/id"), "--yes"]);
        assert_eq!(at.export("careers"), before);
        assert_eq!(undone["stagedIn"], "careers.staging");
        assert_eq!(at.json(0, &["records", "get", "c-5", "--collection", "careers.staging"])["document"]["title"], "Reviewed");
        let waiting = at.json(0, &["quarantine", "list"]);
        assert_eq!(waiting["entries"][0]["collection"], "careers.staging");
        assert_eq!(counts(&at.json(0, &["runs", "promote", &id])), [2, 2, 2, 0], "it can be promoted another time");
    }
}
