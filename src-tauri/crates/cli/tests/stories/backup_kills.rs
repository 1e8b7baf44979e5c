//! The program is killed at any moment of a backup and of a restore: the data is as it was, and what is listed is whole.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::common::{Place, text, until};
use crate::on_both;

const ROWS: usize = 6_000;

fn filled(at: &Place) -> Vec<String> {
    let rows: Vec<Json> =
        (0..ROWS).map(|n| json!({"k": n, "name": format!("row {n}"), "text": "words and words and words ".repeat(8)})).collect();
    let file = at.write("rows.json", json!(rows).to_string());
    at.json(0, &["import", "--no-schema", "--collection", "things", "--key", "k", &file]);
    at.export("things")
}

fn listed(at: &Place) -> Vec<String> {
    at.json(0, &["backup", "list"])["backups"].as_array().unwrap().iter().map(|b| text(b, "/id")).collect()
}

/// How long a command takes when nobody disturbs it.
fn usual(at: &Place, arguments: &[&str]) -> Duration {
    let begun = Instant::now();
    at.steward(arguments).ended(0);
    begun.elapsed()
}

fn killed_after(at: &Place, arguments: &[&str], after: Duration) {
    let mut child = at.start(arguments);
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

on_both! {
    fn a_killed_backup_is_none(at) {
        filled(at);
        at.json(0, &["backup", "schedule", "--to", &at.path("kept").display().to_string()]);
        let whole = usual(at, &["backup", "create"]);
        for part in 1..=5_u32 {
            killed_after(at, &["backup", "create"], whole * part / 6);
        }
        let list = at.json(0, &["backup", "list"]);
        for backup in list["backups"].as_array().unwrap() {
            assert_eq!(backup.get("damage"), None, "{backup}");
            at.steward(&["backup", "verify", &text(backup, "/id")]).ended(0);
        }
        assert!(!listed(at).is_empty());
    }

    fn a_killed_restore_leaves_the_data(at) {
        let good = filled(at);
        at.json(0, &["backup", "schedule", "--to", &at.path("kept").display().to_string()]);
        at.json(0, &["backup", "create"]);
        let id = listed(at).remove(0);
        at.json(0, &["records", "bulk", "k < 100", "--collection", "things", "--delete", "--yes"]);
        let bad = at.export("things");
        let whole = usual(at, &["restore", &id, "--yes"]);
        let last = text(&at.json(0, &["restores", "list"]), "/restores/0/restore/id");
        at.json(0, &["restores", "undo", &last, "--yes"]);
        assert_eq!(at.export("things"), bad);
        for part in 1..=5_u32 {
            killed_after(at, &["restore", &id, "--yes"], whole * part / 6);
            let newest = at.json(0, &["restores", "list"])["restores"][0].clone();
            match newest["restore"]["state"].as_str().unwrap() {
                "loading" | "swapping" => {
                    let restore = text(&newest, "/restore/id");
                    until("it is seen that nobody is at it", || {
                        let list = at.json(0, &["restores", "list"]);
                        (list["restores"][0]["interrupted"] == true).then_some(())
                    });
                    // Once it is cleaned up, once it goes on.
                    if part % 2 == 0 {
                        at.json(0, &["restores", "clean-up", &restore]);
                        assert_eq!(at.export("things"), bad);
                    } else {
                        at.json(0, &["restores", "resume", &restore]);
                        assert_eq!(at.export("things"), good);
                        at.json(0, &["restores", "undo", &restore, "--yes"]);
                        assert_eq!(at.export("things"), bad);
                    }
                }
                // Killed before it had begun, or after it was through.
                "done" => {
                    assert_eq!(at.export("things"), good);
                    at.json(0, &["restores", "undo", &text(&newest, "/restore/id"), "--yes"]);
                }
                _ => assert_eq!(at.export("things"), bad),
            }
        }
    }
}
