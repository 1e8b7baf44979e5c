//! Restored to a point in time between two backups, as an admin does it at the terminal.

use std::time::Duration;

use serde_json::json;

use crate::common::{Place, career, number, signal, text, until};
use crate::on_both;

fn now() -> String {
    // Points in time differ by milliseconds.
    std::thread::sleep(Duration::from_millis(10));
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    std::thread::sleep(Duration::from_millis(10));
    at
}

fn filled(at: &Place) {
    let careers: Vec<_> = (0..12).map(|n| career(&format!("c-{n}"), 50_000)).collect();
    at.json(0, &["import", &at.write("good.json", json!(careers).to_string())]);
    at.json(0, &["backup", "schedule", "--to", &at.path("kept").display().to_string()]);
}

on_both! {
    fn the_moment_before_the_mistake_comes_back(at) {
        filled(at);
        at.steward(&["backup", "timeline"]).ended(0).says("No point in time can be restored yet");
        at.steward(&["backup", "increment"]).ended(0).says("a whole backup of 12 records to build on");
        at.json(0, &["records", "set", "c-5", "title=The good title"]);
        let (point_in_time, good) = (now(), at.export("careers"));
        at.json(0, &["records", "bulk", "average_salary > 0", "--delete", "--yes"]);
        at.steward(&["restore", "--at", &point_in_time, "--plan"]).ended(3).says("too late");
        at.steward(&["backup", "increment"]).ended(0).says("13 changes");
        at.steward(&["backup", "increment"]).ended(0).says("Nothing happened since");
        let timeline = at.json(0, &["backup", "timeline"]);
        assert_eq!((timeline["ranges"].as_array().unwrap().len(), timeline["gaps"].as_array().unwrap().len()), (1, 0), "{timeline}");
        assert_eq!((timeline["bases"].as_array().unwrap().len(), number(&timeline, "/increments/0/changes")), (1, 13));
        at.steward(&["backup", "timeline"]).ended(0).says("can be restored").says("1 whole backup, 1 increment");
        assert_eq!(at.json(0, &["backup", "list"])["backups"].as_array().unwrap().len(), 1, "increments are listed by the timeline");

        let bad = at.export("careers");
        let plan = at.json(0, &["restore", "--at", &point_in_time, "--plan"]);
        assert_eq!((number(&plan, "/collections/0/added"), text(&plan, "/madeAt")), (12, point_in_time.clone()));
        let done = at.json(0, &["restore", "--at", &point_in_time, "--yes"]);
        assert_eq!(at.export("careers"), good);
        assert_eq!(text(&done, "/restore/pointInTime"), point_in_time);
        at.json(0, &["restores", "undo", &text(&done, "/restore/id"), "--yes"]);
        assert_eq!(at.export("careers"), bad);
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);

        let increment = text(&timeline, "/increments/0/id");
        at.steward(&["backup", "verify", &increment]).ended(0).says("read to its end");
        at.steward(&["restore", &increment]).ended(2).says("contains changes only");
        at.steward(&["restore", "--at", "yesterday"]).ended(2).says("is not a date and time");
        at.steward(&["restore", "--at", "2001-01-01 10:00"]).ended(3).says("too early");
        at.steward(&["restore"]).ended(2);
    }

    fn a_gap_is_named(at) {
        filled(at);
        at.json(0, &["backup", "increment"]);
        let mut points_in_time = Vec::new();
        for salary in ["50001", "50002", "50003"] {
            at.json(0, &["records", "set", "c-5", &format!("average_salary={salary}")]);
            points_in_time.push(now());
            at.json(0, &["backup", "increment"]);
        }
        let second = text(&at.json(0, &["backup", "timeline"]), "/increments/1/id");
        for file in std::fs::read_dir(at.path("kept")).unwrap().flatten().filter(|f| f.file_name().to_string_lossy().starts_with(&second)) {
            std::fs::remove_file(file.path()).unwrap();
        }
        at.steward(&["backup", "timeline"]).ended(0).says("GAP").says(&second);
        at.steward(&["restore", "--at", &points_in_time[0], "--plan"]).ended(0);
        for point_in_time in &points_in_time[1..] {
            at.steward(&["restore", "--at", point_in_time, "--yes"]).ended(3).says("is in the gap").says(&second);
        }
        // Whatever closes it, later points in time can be restored again.
        at.json(0, &["backup", "increment"]);
        let point_in_time = now();
        at.json(0, &["records", "set", "c-5", "average_salary=50004"]);
        at.json(0, &["backup", "increment"]);
        at.json(0, &["restore", "--at", &point_in_time, "--yes"]);
        assert_eq!(number(&at.json(0, &["records", "get", "c-5"]), "/document/average_salary"), 50_003);
    }

    fn a_killed_increment_is_none(at) {
        filled(at);
        at.json(0, &["backup", "increment"]);
        let rows: Vec<_> = (0..6_000).map(|n| json!({"k": n, "text": "words and words ".repeat(8)})).collect();
        let file = at.write("rows.json", json!(rows).to_string());
        at.json(0, &["import", "--no-schema", "--collection", "things", "--key", "k", &file]);
        for part in 1..=3 {
            let mut child = at.start(&["backup", "increment"]);
            std::thread::sleep(Duration::from_millis(150 * part));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        at.json(0, &["backup", "increment"]);
        let timeline = at.json(0, &["backup", "timeline"]);
        assert_eq!((timeline["ranges"].as_array().unwrap().len(), timeline["gaps"].as_array().unwrap().len()), (1, 0), "{timeline}");
        for one in timeline["increments"].as_array().unwrap() {
            assert_eq!(one.get("damage"), None, "{one}");
            at.steward(&["backup", "verify", &text(one, "/id")]).ended(0);
        }
        let plan = at.json(0, &["restore", "--at", &text(&timeline, "/ranges/0/until"), "--plan"]);
        let things = plan["collections"].as_array().unwrap().iter().find(|c| c["name"] == "things").unwrap();
        assert_eq!((number(things, "/records"), number(things, "/unchanged")), (6_000, 6_000));
    }

    fn the_daemon_takes_them(at) {
        filled(at);
        at.json(0, &["backup", "schedule", "--increments", "1"]);
        at.steward(&["backup", "schedule", "--increments", "0"]).ended(2).says("every 1 to 1440 minutes");
        at.steward(&["backup", "schedule"]).ended(0).says("every 1 minute");
        let mut daemon = at.start(&["serve", "--listen", "127.0.0.1:0"]);
        until("something to build on", || {
            let timeline = at.json(0, &["backup", "timeline"]);
            (timeline["bases"].as_array().unwrap().len() == 1).then_some(())
        });
        signal(&daemon, "TERM");
        daemon.wait().unwrap();
        assert_eq!(text(&at.json(0, &["backup", "list"]), "/backups/0/reason"), "for increments");
        at.json(0, &["backup", "schedule", "--no-increments"]);
        at.steward(&["backup", "schedule"]).ended(0).says("Increments: not scheduled");
    }
}

#[test]
fn a_server_that_stands_alone_says_why_not() {
    let at = &Place::standalone();
    filled(at);
    at.steward(&["backup", "increment"]).ended(2).says("standalone");
    at.steward(&["backup", "schedule", "--increments", "5"]).says("standalone");
    at.steward(&["backup", "timeline"]).ended(0).says("standalone");
}
