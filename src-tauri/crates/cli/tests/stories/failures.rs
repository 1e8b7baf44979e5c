//! Servers and disks that fail in the middle of an import, a backup or a restore.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use steward_store_testkit::cluster::Cluster;

use crate::common::{Place, Said, counts, signal, text, until};
use crate::on_both;

const ROWS: usize = 6_000;

fn filled(at: &Place) -> Vec<String> {
    let rows: Vec<Json> =
        (0..ROWS).map(|n| json!({"k": n, "name": format!("row {n}"), "text": "words and words and words ".repeat(8)})).collect();
    let file = at.write("rows.json", json!(rows).to_string());
    at.import_plain(0, &[&file]);
    at.json(0, &["backup", "schedule", "--to", &at.path("kept").display().to_string()]);
    at.export("things")
}

fn listed(at: &Place) -> Vec<Json> {
    at.json(0, &["backup", "list"])["backups"].as_array().unwrap().clone()
}

/// Runs a command and lets something happen a part of the way through it.
fn disturbed(at: &Place, arguments: &[&str], after: Duration, mut happens: impl FnMut()) -> Said {
    let child = at.start(arguments);
    std::thread::sleep(after);
    happens();
    Said::of(arguments, &child.wait_with_output().unwrap())
}

/// What was begun and not finished is cleaned up; how many there were.
fn cleaned_up(at: &Place) -> usize {
    let all = at.json(0, &["restores", "list"])["restores"].as_array().unwrap().clone();
    let open: Vec<String> = all
        .iter()
        .filter(|r| matches!(r["restore"]["state"].as_str(), Some("loading" | "swapping")))
        .map(|r| text(r, "/restore/id"))
        .collect();
    for id in &open {
        at.json(0, &["restores", "clean-up", id]);
    }
    open.len()
}

#[test]
fn a_replica_set_loses_its_primary() {
    let mut cluster = Cluster::start();
    let at = Place::at(cluster.uri("steward_failures"));
    let good = filled(&at);
    let begun = Instant::now();
    let id = text(&at.json(0, &["backup", "create"]), "/backup/id");
    let a_backup = begun.elapsed();
    at.json(0, &["records", "bulk", "k < 100", "--collection", "things", "--delete", "--yes"]);
    let bad = at.export("things");
    let begun = Instant::now();
    let done = at.json(0, &["restore", &id, "--yes"]);
    let a_restore = begun.elapsed();
    at.json(0, &["restores", "undo", &text(&done, "/restore/id"), "--yes"]);

    // A backup: whole, or none; never one that is listed and cannot be read.
    let before = listed(&at).len();
    let said = disturbed(&at, &["backup", "create"], a_backup / 2, || cluster.step_down());
    at.steward(&["doctor"]).ended(0);
    let now = listed(&at);
    assert_eq!(now.len(), before + usize::from(said.code == Some(0)), "{}{}", said.out, said.err);
    for backup in &now {
        at.steward(&["backup", "verify", &text(backup, "/id")]).ended(0);
    }

    // A restore: through, or none of it is seen.
    for crash in [false, true] {
        let mut lost = None;
        let said = disturbed(&at, &["restore", &id, "--yes"], a_restore / 2, || {
            if crash {
                lost = Some(cluster.crash_primary());
            } else {
                cluster.step_down();
            }
        });
        until("a primary answers", || (at.steward(&["doctor"]).code == Some(0)).then_some(()));
        if said.code == Some(0) {
            assert_eq!(at.export("things"), good);
            let newest = text(&at.json(0, &["restores", "list"]), "/restores/0/restore/id");
            at.json(0, &["restores", "undo", &newest, "--yes"]);
        } else {
            assert!(said.err.contains("hint") || said.err.contains("again") || said.err.contains("server"), "{}", said.err);
            until("it is seen that nobody is at it", || (cleaned_up(&at) == 0).then_some(()));
        }
        assert_eq!(at.export("things"), bad, "{}{}", said.out, said.err);
        if let Some(member) = lost {
            cluster.revive(member);
        }
    }
    at.json(0, &["restore", &id, "--yes"]);
    assert_eq!(at.export("things"), good, "and afterwards it works");
}

#[test]
fn an_import_goes_on_under_another_primary() {
    const MANY: i64 = 40_000;
    let cluster = Cluster::start();
    let at = Place::at(cluster.uri("steward_import"));
    let lines: String = (0..MANY).map(|n| format!("{{\"k\":{n},\"name\":\"row {n}\"}}\n")).collect();
    let file = at.write("many.ndjson", lines);
    let begun = ["--json", "--quiet", "import", "--no-schema", "--collection", "things", "--key", "k", &file];
    let child = at.start(&begun);
    at.halted_in_the_middle(&child);
    cluster.step_down();
    signal(&child, "CONT");
    let said = Said::of(&begun, &child.wait_with_output().unwrap());
    let run = until("a primary answers", || {
        let said = at.steward(&["--json", "--quiet", "runs", "list"]);
        (said.code == Some(0)).then(|| said.json()["runs"][0].clone())
    });
    if said.code != Some(0) {
        at.json(0, &["runs", "resume", &text(&run, "/id")]);
    }
    let run = at.json(0, &["runs", "show", &text(&run, "/id")])["run"].clone();
    assert_eq!(counts(&run)[..2], [MANY, 0], "{}{}\n{run}", said.out, said.err);
    assert_eq!(i64::try_from(at.export("things").len()), Ok(MANY), "none lost, none doubled");
}

/// Runs a command that can write no file larger than this.
fn with_a_small_disk(at: &Place, kilobytes: u32, arguments: &[&str]) -> Said {
    let program = at.command(arguments);
    let mut shell = Command::new("sh");
    // Half kilobytes; without the trap the program would be killed by the signal and get no error.
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kilobytes * 2)]);
    shell.arg(program.get_program()).args(program.get_args()).stdin(Stdio::null());
    shell.current_dir(program.get_current_dir().unwrap());
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Said::of(arguments, &shell.output().unwrap())
}

on_both! {
    fn a_full_disk_is_reported_and_leaves_nothing(at) {
        let good = filled(at);
        at.json(0, &["backup", "schedule", "--compress", "none"]);
        at.json(0, &["backup", "create"]);
        let before = std::fs::read_dir(at.path("kept")).unwrap().count();
        let said = with_a_small_disk(at, 1024, &["backup", "create"]);
        assert!(said.code != Some(0) && said.err.contains("kept"), "{}{}", said.out, said.err);
        assert_eq!(std::fs::read_dir(at.path("kept")).unwrap().count(), before, "no part of a file stays");
        assert_eq!(listed(at).len(), 1);
        assert_eq!(at.export("things"), good);
    }
}
