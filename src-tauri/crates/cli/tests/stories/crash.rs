//! Imports that are stopped in the middle: politely, and not.

use std::process::Child;

use bson::Bson;
use serde_json::Value as Json;
use steward_store::names;

use crate::common::{Place, Said, counts, number, signal, text};
use crate::{on_all, on_both};

const ROWS: usize = 60_000;

fn many(at: &Place, rows: usize) -> String {
    use std::fmt::Write;
    let mut all = String::with_capacity(rows * 32);
    for n in 0..rows {
        writeln!(all, "{{\"k\":{n},\"name\":\"row {n}\"}}").unwrap();
    }
    at.write("many.ndjson", all)
}

const PLAIN: [&str; 6] = ["import", "--no-schema", "--collection", "things", "--key", "k"];

/// Starts an import and halts it when it has loaded something but not everything.
fn in_the_middle(at: &Place, file: &str) -> (Child, String) {
    at.json(0, &["init"]);
    let mut arguments = vec!["--json", "--quiet"];
    arguments.extend(PLAIN);
    arguments.push(file);
    let child = at.start(&arguments);
    let run = at.halted_in_the_middle(&child);
    (child, text(&run, "/id"))
}

/// Every row is there once, and nothing else.
fn complete(at: &Place, rows: usize) {
    assert_eq!(number(&at.json(0, &["records", "count"]), "/count"), i64::try_from(rows).unwrap());
    let mut keys: Vec<i64> = at.export("things").iter().map(|l| number(&serde_json::from_str(l).unwrap(), "/k")).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), rows);
    assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
}

fn undone(at: &Place, run: &str, rows: usize) {
    let done = at.json(0, &["runs", "undo", run, "--yes"]);
    assert_eq!([number(&done, "/removed"), number(&done, "/kept")], [i64::try_from(rows).unwrap(), 0]);
    assert!(at.export("things").is_empty());
}

on_both! {
    fn stopped_politely_it_goes_on_where_it_was(at) {
        let file = many(at, ROWS);
        let (child, run) = in_the_middle(at, &file);
        signal(&child, "INT");
        signal(&child, "CONT");
        let said = Said::of(&["import"], &child.wait_with_output().unwrap()).ended(130);
        let stopped = said.json();
        assert_eq!((text(&stopped, "/id"), text(&stopped, "/state")), (run.clone(), "cancelled".into()));
        let loaded = counts(&stopped)[0];
        assert!(loaded > 0 && loaded < i64::try_from(ROWS).unwrap(), "{loaded}");
        assert_eq!(number(&at.json(0, &["records", "count"]), "/count"), loaded);
        let resumed = at.json(0, &["import", &file, "--resume"]);
        assert_eq!((text(&resumed, "/id"), text(&resumed, "/state")), (run.clone(), "done".into()));
        assert_eq!((number(&resumed, "/counts/read"), counts(&resumed)), (i64::try_from(ROWS).unwrap(), [i64::try_from(ROWS).unwrap(), 0, 0, 0]));
        complete(at, ROWS);
        at.steward(&["import", &file, "--resume"]).ended(3).says("waits to go on");
    }
}

on_all! {
    fn killed_it_goes_on_and_loses_nothing(at) {
        let file = many(at, ROWS);
        let (mut child, run) = in_the_middle(at, &file);
        signal(&child, "KILL");
        child.wait().unwrap();
        // As if it ran on another machine: only a silence reports it.
        let lease = format!("run:{run}");
        at.tamper(names::LEASES, &lease, "process", Bson::from("another machine/1/1"));
        at.steward(&["import", &file, "--resume"]).ended(3).says("half a minute");
        at.steward(&["runs", "undo", &run]).ended(4).says("still going");
        // As if half a minute had passed.
        at.tamper(names::LEASES, &lease, "renewed", bson::DateTime::from_millis(0).into());
        assert_eq!(text(&at.json(0, &["runs", "show", &run]), "/run/state"), "interrupted");
        let resumed = at.json(0, &["import", "--resume", &run]);
        assert_eq!(text(&resumed, "/state"), "done");
        assert_eq!(counts(&resumed), [i64::try_from(ROWS).unwrap(), 0, 0, 0], "what was written and not counted is counted once");
        complete(at, ROWS);
        undone(at, &run, ROWS);
    }
}

on_both! {
    fn killed_and_imported_anew_nothing_is_doubled(at) {
        let file = many(at, ROWS);
        let (mut child, first) = in_the_middle(at, &file);
        signal(&child, "KILL");
        child.wait().unwrap();
        let again = at.import_plain(0, &[&file]);
        let [inserted, updated, unchanged, quarantined] = counts(&again);
        assert_eq!((inserted + unchanged, updated, quarantined), (i64::try_from(ROWS).unwrap(), 0, 0));
        complete(at, ROWS);
        // Together the two runs know of every record that they loaded.
        at.json(0, &["runs", "undo", &text(&again, "/id"), "--yes"]);
        at.json(0, &["runs", "undo", &first, "--yes"]);
        assert!(at.export("things").is_empty());
    }
}

#[test]
fn a_changed_file_does_not_go_on() {
    let at = Place::file();
    let file = many(&at, ROWS);
    let (mut child, run) = in_the_middle(&at, &file);
    signal(&child, "KILL");
    child.wait().unwrap();
    at.write("many.ndjson", "{\"k\": 1}\n");
    at.steward(&["import", "--resume", &run]).ended(4).says("another size");
    let run: Json = at.json(0, &["runs", "show", &run]);
    assert_eq!(text(&run, "/run/state"), "interrupted");
}

/// Someone copies the file alone to another machine.
#[test]
fn a_closed_workspace_is_one_file() {
    let at = &Place::file();
    at.json(0, &["init", "--sample"]);
    let log = std::fs::metadata(format!("{}-wal", at.workspace)).map_or(0, |log| log.len());
    assert_eq!(log, 0, "the write-ahead log holds nothing that the file has not");
    let copy = Place::file();
    std::fs::copy(&at.workspace, &copy.workspace).unwrap();
    assert_eq!(number(&copy.json(0, &["records", "count"]), "/count"), 361);
    assert_eq!(text(&copy.json(0, &["runs", "list"]), "/runs/0/state"), "done");
    assert_eq!(copy.json(0, &["history", "verify"])["ok"], true);
}
