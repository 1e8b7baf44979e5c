//! A source that is imported again, and a run that is undone with its quarantine: what waits, waits once, and a run, its quarantine
//! and what was released from it come and go together.

use serde_json::{Value as Json, json};

use crate::common::{Place, counts, number, text};
use crate::{on_all, on_both};

/// Rows that wait, by their row numbers.
fn waiting(at: &Place) -> Vec<i64> {
    let list = at.json(0, &["quarantine", "list"]);
    let mut rows: Vec<i64> = list["entries"].as_array().unwrap().iter().map(|e| number(e, "/rowNumber")).collect();
    rows.sort_unstable();
    rows
}

fn all_counts(run: &Json) -> [i64; 5] {
    let [inserted, updated, unchanged, quarantined] = counts(run);
    [inserted, updated, unchanged, quarantined, number(run, "/counts/waitingAlready")]
}

fn row_of(at: &Place, number_of: i64) -> String {
    let list = at.json(0, &["quarantine", "list"]);
    let entry = list["entries"].as_array().unwrap().iter().find(|e| number(e, "/rowNumber") == number_of).unwrap().clone();
    text(&entry, "/id")
}

fn values(at: &Place) -> Vec<(String, i64)> {
    let page = at.json(0, &["records", "find", "--collection", "things"]);
    let one = |r: &Json| (text(r, "/document/k"), number(r, "/document/v"));
    let mut values: Vec<_> = page["records"].as_array().unwrap().iter().map(one).collect();
    values.sort();
    values
}

fn at_values(values: &[(&str, i64)]) -> Vec<(String, i64)> {
    values.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect()
}

/// Two rows that are equal to the byte, one whose key an earlier row has, and one that cannot be read.
const ROWS: &str = "{\"k\": \"a\", \"v\": 1}\n{\"v\": 5}\n{\"v\": 5}\n{\"k\": \"a\", \"v\": 2}\n{broken\n{\"k\": \"b\", \"v\": 1}\n";

on_all! {
    fn two_imports_of_one_file_at_the_same_moment_keep_each_row_out_once(at) {
        at.json(0, &["init"]);
        let rows: String = (0..20_000).map(|n| if n % 2 == 0 { format!("{{\"k\": {n}}}\n") } else { format!("{{\"v\": {n}}}\n") }).collect();
        let file = at.write("rows.ndjson", rows);
        let import = ["--json", "--quiet", "import", "--no-schema", "--collection", "things", "--key", "k", &file];
        let both = [at.start(&import), at.start(&import)].map(|import| {
            let said = import.wait_with_output().unwrap();
            assert_eq!(said.status.code(), Some(1), "{}", String::from_utf8_lossy(&said.stderr));
            all_counts(&serde_json::from_slice(&said.stdout).unwrap())
        });
        let (first, later) = if both[0][3] > 0 { (both[0], both[1]) } else { (both[1], both[0]) };
        assert_eq!((first, later), ([10_000, 0, 0, 10_000, 0], [0, 0, 10_000, 0, 10_000]));
        assert_eq!(number(&at.json(0, &["quarantine", "list", "--limit", "1"]), "/total"), 10_000);
    }
}

on_both! {
    fn rows_of_a_file_that_is_imported_again_wait_once(at) {
        let file = at.write("rows.ndjson", ROWS);
        assert_eq!(all_counts(&at.import_plain(1, &[&file])), [2, 0, 0, 4, 0]);
        assert_eq!(waiting(at), [2, 3, 4, 5]);
        let plan = at.import_plain(1, &[&file, "--dry-run"]);
        assert_eq!(all_counts(&plan), [0, 0, 2, 0, 4]);
        let again = at.import_plain(1, &[&file]);
        assert_eq!(all_counts(&again), [0, 0, 2, 0, 4]);
        assert_eq!(waiting(at), [2, 3, 4, 5]);
        // They are rows of both runs.
        let of_again = at.json(0, &["quarantine", "list", "--run", &text(&again, "/id")]);
        assert_eq!(number(&of_again, "/total"), 4);
        // One more of the equal rows, and everything one row further down: only the new one is new.
        let longer = at.write("rows.ndjson", format!("{{\"k\": \"c\", \"v\": 1}}\n{ROWS}{{\"v\": 5}}\n"));
        assert_eq!(all_counts(&at.import_plain(1, &[&longer])), [1, 0, 2, 1, 4]);
        assert_eq!(waiting(at), [2, 3, 4, 5, 8]);
        // The same rows of another source are other rows.
        let other = at.write("other.ndjson", ROWS);
        assert_eq!(all_counts(&at.import_plain(1, &[&other])), [0, 0, 2, 4, 0]);
    }

    fn rows_that_the_workspace_turns_away_wait_once_too(at) {
        let file = at.write("rows.ndjson", "{\"k\": \"a\", \"v\": 1}\n{\"k\": \"b\", \"v\": 1}\n");
        at.import_plain(0, &[&file]);
        for expected in [[0, 0, 0, 2, 0], [0, 0, 0, 0, 2], [0, 0, 0, 0, 2]] {
            assert_eq!(all_counts(&at.import_plain(1, &[&file, "--mode", "insert"])), expected);
        }
        assert_eq!(waiting(at), [1, 2]);
        // Rows that are set aside by the policy are kept once as well.
        let twice = at.write("twice.ndjson", "{\"k\": \"a\", \"v\": 1}\n{\"k\": \"a\", \"v\": 2}\n");
        for _ in 0..2 {
            let run = at.import_plain(0, &[&twice, "--duplicates", "first"]);
            assert_eq!(number(&run, "/counts/setAside"), 1);
        }
        assert_eq!(number(&at.json(0, &["quarantine", "list", "--status", "discarded"]), "/total"), 1);
    }

    fn a_row_that_is_settled_may_wait_again(at) {
        let file = at.write("rows.ndjson", "{\"v\": 1}\n");
        at.import_plain(1, &[&file]);
        at.json(0, &["quarantine", "discard", &row_of(at, 1), "--reason", "no key"]);
        assert_eq!(all_counts(&at.import_plain(1, &[&file])), [0, 0, 0, 1, 0]);
    }

    fn what_a_later_run_had_too_waits_on_for_it(at) {
        let file = at.write("rows.ndjson", ROWS);
        let first = text(&at.import_plain(1, &[&file]), "/id");
        let second = text(&at.import_plain(1, &[&file]), "/id");
        let plan = at.json(0, &["runs", "undo", &first]);
        assert_eq!(["withdraw", "handedOn"].map(|n| number(&plan, &format!("/{n}"))), [0, 4]);
        at.json(0, &["runs", "undo", &first, "--yes"]);
        assert_eq!(waiting(at), [2, 3, 4, 5]);
        assert_eq!(number(&at.json(0, &["runs", "undo", &second]), "/withdraw"), 4);
        at.json(0, &["runs", "undo", &second, "--yes"]);
        assert_eq!(waiting(at), [0_i64; 0]);
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
    }

    fn a_run_goes_and_comes_back_with_what_was_released_from_it(at) {
        at.import_plain(0, &[&at.write("old.ndjson", "{\"k\": \"b\", \"v\": 0}\n{\"k\": \"z\", \"v\": 0}\n")]);
        let before = values(at);
        let file = at.write("rows.ndjson", format!("{ROWS}{{\"k\": \"z\", \"v\": 9}}\n{{\"k\": \"z\", \"v\": 8}}\n"));
        let run = text(&at.import_plain(1, &[&file]), "/id");
        // One row becomes a record of its own, one takes the place of a record of the run, one of a record that was there before.
        at.json(0, &["quarantine", "edit", &row_of(at, 2), "--set", "k=new"]);
        at.json(1, &["quarantine", "retry", "--all"]);
        for row in [4, 8] {
            at.json(0, &["quarantine", "retry", &row_of(at, row), "--replace"]);
        }
        let after = values(at);
        assert_eq!(after, at_values(&[("a", 2), ("b", 1), ("new", 5), ("z", 8)]));
        for _ in 0..2 {
            let plan = at.json(0, &["runs", "undo", &run]);
            let counts = ["remove", "restore", "withdraw", "released", "editedSince"].map(|n| number(&plan, &format!("/{n}")));
            assert_eq!(counts, [1, 2, 2, 3, 0], "{plan}");
            assert_eq!(values(at), after, "the plan writes nothing");
            let done = at.json(0, &["runs", "undo", &run, "--yes"]);
            assert_eq!(["removed", "restored", "withdrawn", "released", "kept"].map(|n| number(&done, &format!("/{n}"))), [1, 2, 2, 3, 0]);
            assert_eq!((values(at), waiting(at)), (before.clone(), vec![]));
            assert_eq!(at.json(0, &["history", "verify"])["ok"], true);

            let set = text(&done, "/run/undoSet");
            at.json(0, &["history", "undo", &set]);
            assert_eq!((values(at), waiting(at)), (after.clone(), vec![3, 5]));
            assert_eq!(number(&at.json(0, &["quarantine", "list", "--status", "released"]), "/total"), 3);
            assert_eq!(text(&at.json(0, &["runs", "show", &run]), "/run/state"), "done");
            at.steward(&["history", "undo", &set]).ended(4).says("already undone");
            assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
        }
    }

    fn what_was_changed_after_its_release_stays(at) {
        let run = text(&at.import_plain(1, &[&at.write("rows.ndjson", ROWS)]), "/id");
        at.json(0, &["quarantine", "edit", &row_of(at, 2), "--set", "k=new"]);
        at.json(1, &["quarantine", "retry", "--all"]);
        at.json(0, &["records", "set", "new", "v=77", "--collection", "things"]);
        let plan = at.json(0, &["runs", "undo", &run]);
        assert_eq!(["released", "editedSince"].map(|n| number(&plan, &format!("/{n}"))), [0, 1]);
        let done = at.json(1, &["runs", "undo", &run, "--yes"]);
        assert_eq!(["released", "kept"].map(|n| number(&done, &format!("/{n}"))), [0, 1]);
        assert_eq!(values(at), at_values(&[("new", 77)]));
        assert_eq!(at.json(0, &["quarantine", "list", "--status", "released"])["total"], json!(1));
    }

    fn a_replaced_collection_goes_with_what_was_released_into_it(at) {
        at.import_plain(0, &[&at.write("old.ndjson", "{\"k\": \"z\", \"v\": 0}\n")]);
        let run = text(&at.import_plain(1, &[&at.write("rows.ndjson", ROWS), "--mode", "replace"]), "/id");
        at.json(0, &["quarantine", "edit", &row_of(at, 2), "--set", "k=new"]);
        at.json(1, &["quarantine", "retry", "--all"]);
        let plan = at.json(0, &["runs", "undo", &run]);
        assert_eq!(["released", "withdraw", "editedSince"].map(|n| number(&plan, &format!("/{n}"))), [1, 3, 0], "{plan}");
        let done = at.json(0, &["runs", "undo", &run, "--yes"]);
        assert_eq!(number(&done, "/released"), 1);
        assert_eq!((values(at), waiting(at)), (at_values(&[("z", 0)]), vec![]));
        assert_eq!(at.json(0, &["records", "collections"])["collections"].as_array().unwrap().len(), 1);
    }
}
