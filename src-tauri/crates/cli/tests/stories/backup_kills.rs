//! The program is killed at any moment of a backup and of a restore: the data is as it was, and what is listed is whole.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
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

/// Random moments of a time that something takes: five, or as many as `$STEWARD_TEST_KILLS` says.
fn points_in_time(whole: Duration) -> impl Iterator<Item = (u32, Duration)> {
    let kills: u32 = std::env::var("STEWARD_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let random = RandomState::new();
    (0..kills).map(move |at| {
        let part = f64::from(u32::try_from(random.hash_one(at) >> 32).unwrap()) / f64::from(u32::MAX);
        // One in each part of the time, so that none is left out.
        (at, whole.mul_f64((f64::from(at) + part) / f64::from(kills)))
    })
}

on_both! {
    fn a_killed_backup_is_none(at) {
        filled(at);
        at.json(0, &["backup", "schedule", "--to", &at.path("kept").display().to_string()]);
        let whole = usual(at, &["backup", "create"]);
        for (_, point_in_time) in points_in_time(whole) {
            killed_after(at, &["backup", "create"], point_in_time);
        }
        let list = at.json(0, &["backup", "list"]);
        for backup in list["backups"].as_array().unwrap() {
            assert_eq!(backup.get("damage"), None, "{backup}");
            at.steward(&["backup", "verify", &text(backup, "/id")]).ended(0);
        }
        assert!(!listed(at).is_empty());
    }

    fn a_killed_prune_leaves_whole_backups(at) {
        at.json(0, &["import", "--no-schema", "--collection", "things", "--key", "k", &at.write("few.json", r#"[{"k":1},{"k":2}]"#)]);
        at.json(0, &["backup", "schedule", "--to", &at.path("kept").display().to_string()]);
        let take = || at.json(0, &["backup", "create"]);
        (0..3).for_each(|_| drop(take()));
        at.json(0, &["backup", "schedule", "--keep-last", "1"]);
        let whole = usual(at, &["backup", "prune", "--yes"]);
        let mut verified = HashSet::new();
        for (_, point_in_time) in points_in_time(whole) {
            (0..3).for_each(|_| drop(take()));
            killed_after(at, &["backup", "prune", "--yes"], point_in_time);
            // One that is and was whole before is still the same file; only new ones are read again.
            for backup in at.json(0, &["backup", "list"])["backups"].as_array().unwrap() {
                assert_eq!(backup.get("damage"), None, "{backup}");
                let id = text(backup, "/id");
                if verified.insert(id.clone()) {
                    at.steward(&["backup", "verify", &id]).ended(0);
                }
            }
        }
        take();
        at.json(0, &["backup", "prune", "--yes"]);
        let kept: Vec<String> = std::fs::read_dir(at.path("kept")).unwrap().map(|f| f.unwrap().file_name().display().to_string()).collect();
        let id = listed(at).remove(0);
        assert!(listed(at).len() == 1 && kept.iter().all(|name| name.contains(&id)), "nothing else is left: {kept:?}");
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
        for (nth, point_in_time) in points_in_time(whole) {
            killed_after(at, &["restore", &id, "--yes"], point_in_time);
            let newest = at.json(0, &["restores", "list"])["restores"][0].clone();
            match newest["restore"]["state"].as_str().unwrap() {
                "loading" | "swapping" => {
                    let restore = text(&newest, "/restore/id");
                    until("it is seen that nobody is at it", || {
                        let list = at.json(0, &["restores", "list"]);
                        (list["restores"][0]["interrupted"] == true).then_some(())
                    });
                    // Once it is cleaned up, once it goes on.
                    if nth % 2 == 0 {
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
