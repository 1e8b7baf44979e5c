//! Two processes at one run or restore: one that was paused and wakes up after another has taken over writes nothing more.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::common::{Place, Said, counts, halted_when, number, signal, text};
use crate::on_all;

const ROWS: usize = 40_000;

fn many(at: &Place) -> String {
    use std::fmt::Write;
    let mut all = String::new();
    for n in 0..ROWS {
        writeln!(all, "{{\"k\":{n},\"name\":\"row {n}\"}}").unwrap();
    }
    at.write("many.ndjson", all)
}

/// A file that is halted within a write cannot be written by anybody: then it is let go on a little.
fn can_be_written(at: &Place) -> bool {
    if at.workspace.starts_with("mongodb") {
        return true;
    }
    let connection = rusqlite::Connection::open(&at.workspace).unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK;").is_ok()
}

/// An import that is paused in its middle: as on a computer that was put to sleep.
fn asleep(at: &Place, file: &str) -> (Child, String) {
    at.json(0, &["init"]);
    let import = at.start(&["import", "--no-schema", "--collection", "things", "--key", "k", file]);
    let run = halted_when(&import, "the import is in its middle", || {
        let said = at.steward(&["--json", "--quiet", "runs", "list"]);
        let run = (said.code == Some(0)).then(|| said.json())?.pointer("/runs/0")?.clone();
        (number(&run, "/counts/inserted") > 0 && can_be_written(at)).then_some(run)
    });
    assert_eq!(text(&run, "/state"), "running");
    (import, text(&run, "/id"))
}

/// Lets the sleeper wake up and hears what it says at its end.
fn awake(sleeper: Child) -> Said {
    signal(&sleeper, "CONT");
    Said::of(&["import"], &sleeper.wait_with_output().unwrap())
}

fn complete(at: &Place) {
    let rows = i64::try_from(ROWS).unwrap();
    let mut keys: Vec<i64> = at.export("things").iter().map(|l| number(&serde_json::from_str(l).unwrap(), "/k")).collect();
    keys.sort_unstable();
    assert!(keys.iter().copied().eq(0..rows), "each row is there once");
    assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
}

on_all! {
    fn a_run_that_another_process_has_finished_stays_done(at) {
        let file = many(at);
        let (sleeper, run) = asleep(at, &file);
        let waited = Instant::now();
        let resumed = at.json(0, &["import", "--resume", &run]);
        assert!(waited.elapsed() < Duration::from_secs(30), "{:?}", waited.elapsed());
        assert_eq!((text(&resumed, "/state"), counts(&resumed)), ("done".into(), [i64::try_from(ROWS).unwrap(), 0, 0, 0]));
        awake(sleeper).ended(4).says("taken over");
        let shown = at.json(0, &["runs", "show", &run]);
        assert_eq!((text(&shown, "/run/state"), counts(&shown["run"])), ("done".into(), counts(&resumed)));
        complete(at);
        let undone = at.json(0, &["runs", "undo", &run, "--yes"]);
        assert_eq!([number(&undone, "/removed"), number(&undone, "/kept")], [i64::try_from(ROWS).unwrap(), 0]);
        assert!(at.export("things").is_empty());
    }

    fn a_run_that_was_undone_meanwhile_stays_undone(at) {
        let file = many(at);
        let (sleeper, run) = asleep(at, &file);
        // Until it is seen that nobody renews the lease, the run shows as running; the undo looks itself.
        at.tamper(steward_store::names::LEASES, &format!("run:{run}"), "renewed", bson::DateTime::from_millis(0).into());
        at.json(0, &["runs", "undo", &run, "--yes"]);
        assert!(at.export("things").is_empty());
        awake(sleeper).ended(4).says("taken over");
        assert!(at.export("things").is_empty(), "nothing comes back");
        assert_eq!(text(&at.json(0, &["runs", "show", &run]), "/run/state"), "undone");
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
    }

    fn of_two_resumes_one_goes_on(at) {
        let file = many(at);
        let (mut killed, run) = asleep(at, &file);
        signal(&killed, "KILL");
        killed.wait().unwrap();
        let both: Vec<Child> = (0..2).map(|_| at.start(&["import", "--resume", &run])).collect();
        let said: Vec<Said> = both.into_iter().map(|child| Said::of(&["import"], &child.wait_with_output().unwrap())).collect();
        let codes: Vec<i32> = said.iter().map(|said| said.code.unwrap()).collect();
        // The second finds it done, or someone at work on it.
        assert!(codes == [0, 4] || codes == [4, 0], "{codes:?}");
        complete(at);
        at.json(0, &["runs", "undo", &run, "--yes"]);
        assert!(at.export("things").is_empty());
    }

    fn a_restore_that_was_cleaned_up_meanwhile_leaves_the_data(at) {
        let file = many(at);
        at.json(0, &["import", "--no-schema", "--collection", "things", "--key", "k", &file]);
        at.json(0, &["backup", "schedule", "--to", &at.path("kept").display().to_string()]);
        at.json(0, &["backup", "create"]);
        at.json(0, &["records", "bulk", "k < 100", "--collection", "things", "--delete", "--yes"]);
        let before = at.export("things");
        let sleeper = at.start(&["restore", "latest", "--yes"]);
        let restore = halted_when(&sleeper, "the restore loads", || {
            let said = at.steward(&["--json", "--quiet", "restores", "list"]);
            let entry = (said.code == Some(0)).then(|| said.json())?.pointer("/restores/0")?.clone();
            (text(&entry, "/restore/state") == "loading" && can_be_written(at)).then(|| text(&entry, "/restore/id"))
        });
        let waited = Instant::now();
        at.json(0, &["restores", "clean-up", &restore]);
        assert!(waited.elapsed() < Duration::from_secs(30), "{:?}", waited.elapsed());
        assert_eq!(at.export("things"), before);
        awake(sleeper).ended(4).says("taken over");
        assert_eq!(at.export("things"), before);
        assert_eq!(text(&at.json(0, &["restores", "list"]), "/restores/0/restore/state"), "cancelled");
        let left = at.with_store(async |store| store.collections().await.unwrap());
        assert!(!left.iter().any(|name| name.contains(&restore)), "{left:?}");
    }
}
