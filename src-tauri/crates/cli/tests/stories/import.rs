//! The sample, importing twice, dry runs, and undoing an import.

use serde_json::{Value as Json, json};

use crate::common::{Place, assert_snapshot, career, counts, number, sample, text};
use crate::{on_all, on_both};

/// Everything that an import could write: records, history, runs, quarantine.
fn state(at: &Place) -> (Vec<String>, Json, Json) {
    let changes = at.json(0, &["history", "list", "--limit", "1000"]);
    let quarantine = at.json(0, &["quarantine", "list", "--limit", "1000"]);
    (at.export("careers"), changes, quarantine)
}

fn lines(records: &[Json]) -> String {
    records.iter().map(|r| format!("{r}\n")).collect()
}

on_all! {
    fn the_sample_is_restored_and_checked(at) {
        let made = at.json(0, &["init", "--sample"]);
        assert_eq!(made["created"], true);
        assert_eq!((&made["restored"], &made["valid"], &made["quarantined"]), (&json!(361), &json!(361), &json!(24)));
        at.steward(&["init", "--sample"]).ended(4).says("already");
        let found = at.json(0, &["init", "--sample", "--if-missing"]);
        assert_eq!(found["created"], false);
        assert_eq!((&found["restored"], &found["valid"], &found["quarantined"]), (&json!(361), &json!(361), &json!(24)));
        let one = at.json(0, &["records", "get", "11-1011.00"]);
        assert_eq!(one["document"]["title"], "Chief Executives");
        assert_eq!(one["violations"], json!([]));
    }

    fn importing_twice_writes_nothing(at) {
        let first = at.json(0, &["import", &sample("production_career_data.json")]);
        assert_eq!(counts(&first), [361, 0, 0, 0]);
        let before = state(at);
        let again = at.json(0, &["import", &sample("production_career_data.json")]);
        assert_eq!(counts(&again), [0, 0, 361, 0]);
        assert!(again.get("changeSet").is_none_or(Json::is_null), "a run that wrote nothing has no change: {again}");
        assert_eq!(state(at), before);
    }

    fn a_run_is_undone_exactly(at) {
        let old: Vec<Json> = (0..30).map(|n| career(&format!("old-{n}"), 50_000 + n)).collect();
        at.json(0, &["import", &at.write("old.json", json!(old).to_string())]);
        let before = at.export("careers");

        // Ten updates of three kinds (set, nested and new, removed), ten unchanged, ten untouched, five new, one bad.
        let mut rows: Vec<Json> = old[..10].to_vec();
        for (n, row) in old[10..20].iter().enumerate() {
            let mut row = row.clone();
            row["average_salary"] = json!(60_000 + n);
            row["salary_range"] = json!({"min": 1, "max": 2, "currency": "EUR"});
            row["note"] = json!({"seen": [1, {"deep": null}]});
            rows.push(row);
        }
        rows.extend((0..5).map(|n| career(&format!("new-{n}"), 70_000)));
        rows.push(json!({"career_id": "bad"}));
        let run = at.json(1, &["import", &at.write("new.ndjson", lines(&rows))]);
        assert_eq!(counts(&run), [5, 10, 10, 1]);
        let id = text(&run, "/id");

        let plan = at.json(0, &["runs", "undo", &id]);
        assert_eq!(["remove", "restore", "withdraw", "editedSince"].map(|n| number(&plan, &format!("/{n}"))), [5, 10, 1, 0]);
        assert_ne!(at.export("careers"), before, "the plan writes nothing");
        let done = at.json(0, &["runs", "undo", &id, "--yes"]);
        assert_eq!(["removed", "restored", "kept"].map(|n| number(&done, &format!("/{n}"))), [5, 10, 0]);
        assert_eq!(at.export("careers"), before);
        assert_eq!(number(&at.json(0, &["quarantine", "list"]), "/total"), 0);
        at.steward(&["runs", "undo", &id, "--yes"]).ended(4).says("already");
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
    }
}

on_both! {
    fn taking_back_keeps_what_was_edited_since(at) {
        let rows: Vec<Json> = (0..5).map(|n| career(&format!("c-{n}"), 50_000)).collect();
        let first = at.json(0, &["import", &at.write("a.json", json!(rows).to_string())]);
        let more: Vec<Json> = (0..5).map(|n| career(&format!("c-{n}"), 51_000)).collect();
        let second = at.json(0, &["import", &at.write("b.json", json!(more).to_string())]);
        at.json(0, &["records", "set", "c-0", "average_salary=99000"]);
        let done = at.json(1, &["runs", "undo", &text(&second, "/id"), "--yes"]);
        assert_eq!(["removed", "restored", "kept"].map(|n| number(&done, &format!("/{n}"))), [0, 4, 1]);
        let salary = |key: &str| at.json(0, &["records", "get", key])["document"]["average_salary"].clone();
        assert_eq!((salary("c-0"), salary("c-1")), (json!(99_000), json!(50_000)));
        let done = at.json(1, &["runs", "undo", &text(&first, "/id"), "--yes"]);
        assert_eq!(["removed", "kept"].map(|n| number(&done, &format!("/{n}"))), [4, 1]);
        assert_eq!(at.export("careers").len(), 1);
    }

    fn a_dry_run_counts_the_same_and_writes_nothing(at) {
        at.json(0, &["import", &at.write("old.json", json!([career("a", 50_001), career("b", 50_001)]).to_string())]);
        let before = state(at);
        let rows = [career("a", 50_001), career("b", 50_002), career("c", 50_003), career("c", 50_004), json!({"career_id": "d"})];
        let file = at.write("new.ndjson", format!("{}{{broken\n", lines(&rows)));
        let plan = at.json(1, &["import", &file, "--dry-run"]);
        assert_eq!(counts(&plan), [1, 1, 1, 3]);
        assert_eq!(state(at), before);
        assert_eq!(at.json(0, &["runs", "list"])["runs"].as_array().unwrap().len(), 1);
        let run = at.json(1, &["import", &file]);
        assert_eq!(run["counts"], plan["counts"]);
    }

    fn modes_of_import(at) {
        at.json(0, &["import", &at.write("old.json", json!([career("a", 50_001), career("b", 50_001)]).to_string())]);
        let run = at.json(1, &["import", "--mode", "insert", &at.write("i.json", json!([career("a", 50_009), career("c", 50_001)]).to_string())]);
        assert_eq!(counts(&run), [1, 0, 0, 1]);
        let entry = at.json(0, &["quarantine", "list"]);
        assert_eq!(text(&entry, "/entries/0/errors/0/rule"), "exists");
        let mut row = career("a", 50_005);
        row["industry"] = json!("Making");
        at.json(0, &["import", "--mode", "merge", &at.write("m.json", json!([row]).to_string())]);
        at.json(0, &["import", "--mode", "merge", &at.write("m2.json", json!([career("a", 50_006)]).to_string())]);
        let doc = at.json(0, &["records", "get", "a"])["document"].clone();
        assert_eq!((&doc["industry"], &doc["average_salary"]), (&json!("Making"), &json!(50_006)));
        at.json(0, &["import", &at.write("u.json", json!([career("a", 50_007)]).to_string())]);
        assert!(at.json(0, &["records", "get", "a"])["document"].get("industry").is_none(), "upsert replaces the record");
    }

    fn files_can_be_checked_without_a_workspace(at) {
        let elsewhere = |code: i32, arguments: &[&str]| {
            let mut command = at.command(arguments);
            command.env_remove("STEWARD_WORKSPACE");
            crate::common::Said::of(arguments, &command.output().unwrap()).ended(code)
        };
        let fine = elsewhere(0, &["--json", "validate", &sample("production_career_data.json")]).json();
        assert_eq!((number(&fine, "/counts/read"), number(&fine, "/counts/quarantined")), (361, 0));
        let bad = elsewhere(1, &["--json", "validate", &sample("new_career_data.json")]).json();
        assert_eq!((number(&bad, "/counts/read"), number(&bad, "/counts/quarantined")), (24, 24));
        assert!(!at.path("data/default.steward").exists());
        at.json(0, &["init", "--sample"]);
        at.steward(&["validate", "--collection", "careers"]).ended(0);
        at.json(0, &["records", "set", "11-1011.00", "average_salary=-1", "--allow-invalid"]);
        at.steward(&["validate", "--collection", "careers"]).ended(1);
    }

    fn quality_says_what_is_below_its_target(at) {
        at.json(0, &["init", "--sample"]);
        let good = at.json(0, &["quality"]);
        assert_eq!(number(&good, "/records"), 361);
        at.json(0, &["records", "bulk", "average_salary > 0", "--set", "average_salary=-5", "--yes"]);
        let bad = at.json(1, &["quality"]);
        let adherence = bad["metrics"].as_array().unwrap().iter().find(|m| m["name"] == "adherence").unwrap();
        assert_eq!((number(adherence, "/failing"), text(adherence, "/state")), (361, "bad".into()));
        at.steward(&["quality", "--last"]).ended(1);
    }

    fn what_failed_a_figure_is_listed_counted_and_exported(at) {
        at.json(0, &["init", "--sample"]);
        for key in ["11-1011.00", "11-1021.00", "29-1141.00"] {
            at.json(0, &["records", "set", key, "average_salary=-5", "--allow-invalid"]);
        }
        let out = at.path("failing.ndjson").to_string_lossy().into_owned();
        at.import_plain(0, &[&at.write("things.ndjson", "{\"k\": 1}\n")]);
        at.steward(&["records", "export", &out, "--collection", "things", "--failing", "adherence"]).ended(3).says("not measured yet");
        at.json(1, &["quality", "--collection", "careers"]);
        let failing = |filter: &[&str]| {
            let narrowed = [filter, &["--collection", "careers", "--failing", "adherence"]].concat();
            let found = at.json(0, &[&["records", "find"], &narrowed[..]].concat());
            let exported = at.json(0, &[&["records", "export", &out], &narrowed[..]].concat());
            let mut keys: Vec<String> =
                std::fs::read_to_string(&out).unwrap().lines().map(|l| text(&serde_json::from_str(l).unwrap(), "/career_id")).collect();
            keys.sort();
            let mut listed: Vec<String> = found["records"].as_array().unwrap().iter().map(|r| text(r, "/key")).collect();
            listed.sort();
            assert_eq!(listed, keys);
            let count = number(&at.json(0, &[&["records", "count"], &narrowed[..]].concat()), "/count");
            assert_eq!((count, number(&exported, "/records")), (i64::try_from(keys.len()).unwrap(), count));
            keys
        };
        assert_eq!(failing(&[]), ["11-1011.00", "11-1021.00", "29-1141.00"]);
        assert_eq!(failing(&["title contains \"Registered\""]), ["29-1141.00"]);
        assert!(failing(&["average_salary > 0"]).is_empty());
        let table = at.path("failing.csv").to_string_lossy().into_owned();
        at.json(0, &["records", "export", &table, "title contains \"Registered\"", "--collection", "careers", "--failing", "adherence"]);
        let lines = std::fs::read_to_string(&table).unwrap();
        assert!(lines.starts_with("\"career_id\",") && lines.lines().count() == 2 && lines.contains("Registered Nurses"), "{lines}");
    }

    fn two_programs_import_at_once(at) {
        at.json(0, &["init"]);
        let file = |name: &str, from: usize| {
            let rows: Vec<Json> = (from..from + 4000).map(|k| json!({"k": k, "by": name})).collect();
            at.write(name, lines(&rows))
        };
        let (a, b) = (file("a.ndjson", 0), file("b.ndjson", 2000));
        let import = |path: &str| at.start(&["--json", "import", "--no-schema", "--collection", "things", "--key", "k", path]);
        let (one, two) = (import(&a), import(&b));
        let mut inserted = 0;
        let mut quarantined = 0;
        for child in [one, two] {
            let run = crate::common::Said::of(&["import"], &child.wait_with_output().unwrap()).ended(0).json();
            inserted += counts(&run)[0];
            quarantined += counts(&run)[3];
        }
        let keys: std::collections::BTreeSet<i64> =
            at.export("things").iter().map(|line| number(&serde_json::from_str(line).unwrap(), "/k")).collect();
        assert_eq!(keys.len(), 6000);
        assert_eq!((inserted, quarantined, at.export("things").len()), (6000, 0, 6000));
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
    }
}

#[test]
fn what_people_read() {
    let at = Place::file();
    let mut first = career("a", 50_001);
    first["colour"] = json!("red");
    let rows = [first, career("a", 50_002), json!({"career_id": "b", "title": "TBD", "average_salary": 0})];
    let file = at.write("careers.ndjson", format!("{}{{\"career_id\": \n", lines(&rows)));
    assert_snapshot("dry-run", &at, &at.steward(&["-q", "import", &file, "--dry-run"]).ended(1).out);
    assert_snapshot("import", &at, &at.steward(&["-q", "import", &file]).ended(1).out);
    assert_snapshot("quarantine-list", &at, &at.steward(&["quarantine", "list"]).ended(0).out);
    assert_snapshot("quarantine-stats", &at, &at.steward(&["quarantine", "stats"]).ended(0).out);
    at.json(0, &["records", "set", "a", "updated_at=2020-01-01T00:00:00Z"]);
    let quality = at.steward(&["-q", "quality"]).ended(1).out;
    let stable: Vec<&str> = quality.lines().filter(|line| !line.starts_with("Freshness")).collect();
    assert_snapshot("quality", &at, &stable.join("\n"));
}
