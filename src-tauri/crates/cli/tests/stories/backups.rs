//! Backups, verifications, restores and their undo, as an admin does them at the terminal.

use serde_json::{Value as Json, json};

use crate::common::{Place, career, number, signal, text, until};
use crate::{on_all, on_both};

fn careers(from: usize, to: usize) -> Vec<Json> {
    (from..to).map(|n| career(&format!("c-{n}"), 50_000)).collect()
}

fn filled(at: &Place) -> Vec<String> {
    at.json(0, &["import", &at.write("good.json", json!(careers(0, 12)).to_string())]);
    at.export("careers")
}

fn place(at: &Place, name: &str) -> String {
    at.path(name).display().to_string()
}

/// Takes a backup into a folder of the test; its id.
fn taken(at: &Place, folder: &str) -> String {
    at.json(0, &["backup", "schedule", "--to", &place(at, folder)]);
    let made = at.json(0, &["backup", "create"]);
    text(&made, "/backup/id")
}

on_both! {
    fn what_cannot_come_back_is_left_out_only_when_asked(at) {
        let metadata = r#"{"indexes":[{"v":2,"key":{"n":1},"name":"n"},{"v":2,"key":{"at":"geoHaystack","n":1},"name":"hay","bucketSize":1}]}"#;
        std::fs::create_dir_all(at.path("dump/db")).unwrap();
        at.write("dump/db/old.bson", bson::doc! { "_id": 1, "n": 1 }.to_vec().unwrap());
        at.write("dump/db/old.metadata.json", metadata);
        at.write("dump/db/a$b.bson", bson::doc! { "_id": 2 }.to_vec().unwrap());
        let dump = place(at, "dump");
        let plan = at.json(0, &["restore", &dump, "--plan"]);
        let lost: Vec<String> = plan["lost"].as_array().unwrap().iter().map(|lost| lost.as_str().unwrap().to_owned()).collect();
        assert_eq!(lost.len(), 2, "{plan:#}");
        at.steward(&["restore", &dump]).ended(0).says("--leave-out restores the rest:").says("old loses the index hay").says("a$b is left out");
        at.steward(&["restore", &dump, "--yes"]).ended(4).says("old loses the index hay").says("a$b is left out").says("--leave-out");
        assert_eq!(at.json(0, &["restores", "list"])["restores"], json!([]));
        // Under another name it need not be left out.
        at.steward(&["restore", &dump, "--collection", "a$b=a and b", "--yes"]).ended(0);
        assert_eq!(number(&at.json(0, &["records", "count", "--collection", "a and b"]), "/count"), 1);
        at.steward(&["restore", &dump, "--yes", "--leave-out"]).ended(0).says("old: 1 record is back.").says("a$b is left out");
        at.steward(&["restore", &dump, "--collection", "old=o$d", "--yes"]).ended(2).says("cannot name a collection");
    }
}

on_all! {
    fn lost_records_come_back_and_the_restore_can_be_undone(at) {
        let good = filled(at);
        let id = taken(at, "kept");
        let list = at.json(0, &["backup", "list"]);
        assert_eq!((number(&list, "/backups/0/records"), &list["backups"][0]["verified"], list.get("verifiedAt")), (12, &json!(false), None));
        let verification = at.json(0, &["backup", "verify", "latest", "--test-restore"]);
        assert_eq!((&verification["verification"]["passed"], &verification["verification"]["restored"]), (&json!(true), &json!(true)));
        let checked = verification["collections"].as_array().unwrap().iter().find(|c| c["name"] == "careers").unwrap();
        assert_eq!((number(checked, "/records"), number(checked, "/invalid")), (12, 0));
        assert_eq!(at.json(0, &["backup", "show", &id])["verified"], true);

        at.json(0, &["records", "bulk", "career_id = \"c-3\"", "--delete", "--yes"]);
        at.json(0, &["records", "set", "c-5", "title=Somebody else's work"]);
        let bad = at.export("careers");
        assert_ne!(good, bad);
        let plan = at.json(0, &["restore", "latest", "--plan"]);
        let collection = &plan["collections"][0];
        assert_eq!(["added", "changed", "removed", "unchanged"].map(|n| number(collection, &format!("/{n}"))), [1, 1, 0, 10]);
        assert_eq!(plan["safety"], true);
        assert_eq!(at.export("careers"), bad, "the plan writes nothing");
        at.steward(&["restore", "latest"]).ended(0).says("Somebody else's work").says("add --yes");

        let done = at.json(0, &["restore", &id, "--yes"]);
        assert_eq!(at.export("careers"), good);
        let safety = text(&done, "/restore/safety");
        assert_eq!(text(&at.json(0, &["backup", "list"]), "/backups/0/id"), safety);
        let restore = text(&done, "/restore/id");
        let undo = at.json(0, &["restores", "undo", &restore]);
        assert_eq!(number(&undo, "/collections/0/editedSince"), 0);
        at.json(0, &["restores", "undo", &restore, "--yes"]);
        assert_eq!(at.export("careers"), bad, "exactly as before the restore");
        at.steward(&["restores", "undo", &restore, "--yes"]).ended(4).says("already undone");
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
        at.steward(&["restores", "list"]).ended(0).says("undone");
    }

    fn one_record_comes_back_from_a_backup(at) {
        filled(at);
        let id = taken(at, "kept");
        at.json(0, &["records", "set", "c-5", "title=Somebody else's work", "average_salary=61000"]);
        at.json(0, &["records", "bulk", "career_id = \"c-3\"", "--delete", "--yes"]);
        let found = at.json(0, &["backup", "records", &id, "--collection", "careers", "--text", "c-5"]);
        assert_eq!((&found["records"][0]["exists"], found["records"][0]["changes"].as_array().unwrap().len()), (&json!(true), 2));
        let key = found["records"][0]["id"].to_string();
        at.steward(&["backup", "bring-back", &id, "--collection", "careers", &key, "--field", "title"]).ended(0);
        let now = at.json(0, &["records", "get", "c-5"]);
        assert_eq!((number(&now, "/document/average_salary"), text(&now, "/document/title") == "Somebody else's work"), (61_000, false));
        let gone = at.json(0, &["backup", "records", &id, "--collection", "careers", "--text", "c-3"]);
        assert_eq!(gone["records"][0]["exists"], false);
        at.steward(&["backup", "bring-back", &id, "--collection", "careers", &gone["records"][0]["id"].to_string()]).ended(0);
        at.json(0, &["records", "get", "c-3"]);
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
        at.steward(&["backup", "records", &id, "--collection", "nothing"]).ended(3).says("has no collection");
    }
}

on_both! {
    fn encrypted_and_copied_elsewhere(at) {
        let good = filled(at);
        let (one, two) = (place(at, "one"), place(at, "two"));
        at.steward(&["backup", "create", "--to", &one, "--to", &two, "--encrypt"]).ended(3).says("passphrase");
        let with = |arguments: &[&str], passphrase: &str| {
            crate::common::Said::of(arguments, &at.command(arguments).env("STEWARD_BACKUP_PASSPHRASE", passphrase).output().unwrap())
        };
        let made = with(&["--json", "backup", "create", "--to", &one, "--to", &two, "--encrypt", "--compress", "gzip"], "open sesame").ended(0).json();
        assert_eq!((text(&made, "/backup/place"), text(&made, "/backup/copies/0")), (one.clone(), two.clone()));
        let file = text(&made, "/backup/file");
        assert!(file.ends_with(".archive.gz.age"), "{file}");
        let bytes = std::fs::read(at.path("two").join(&file)).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1") && std::fs::read(at.path("one").join(&file)).unwrap() == bytes);
        at.json(0, &["backup", "schedule", "--to", &two]);
        at.steward(&["backup", "verify", "latest"]).ended(3).says("passphrase");
        with(&["backup", "verify", "latest"], "close sesame").ended(3).says("does not open");
        assert_eq!(at.json(0, &["backup", "list"])["backups"][0].get("verification"), None, "a wrong key says nothing about the backup");
        with(&["backup", "verify", "latest", "--test-restore"], "open sesame").ended(0).says("verified");
        at.json(0, &["records", "bulk", "average_salary > 0", "--delete", "--yes"]);
        with(&["restore", "latest", "--yes"], "open sesame").ended(0);
        assert_eq!(at.export("careers"), good);
    }

    fn other_names_other_workspaces_and_files(at) {
        let good = filled(at);
        let id = taken(at, "kept");
        at.json(0, &["restore", &id, "--collection", "careers=careers.then", "--yes"]);
        assert_eq!(at.export("careers.then"), good);
        let elsewhere = at.path("elsewhere.steward").display().to_string();
        at.json(0, &["restore", &id, "--into", &elsewhere, "--with-history", "--yes"]);
        let other = Place::at(elsewhere);
        assert_eq!(other.export("careers"), good);
        assert_eq!(other.json(0, &["runs", "list"])["runs"].as_array().unwrap().len(), 1, "the history came along");
        // The same from the bare archive, as another tool would have made it.
        let shown = at.json(0, &["backup", "show", &id]);
        let archive = at.path("bare.archive.zst");
        std::fs::copy(at.path("kept").join(text(&shown, "/file")), &archive).unwrap();
        let third = Place::at(at.path("third.steward").display().to_string());
        third.json(0, &["restore", &archive.display().to_string(), "--yes"]);
        assert_eq!(third.export("careers"), good);
        at.steward(&["restore", "no-such-backup"]).ended(3).says("no backup");
        at.steward(&["restore", &id, "--collection", "nothing"]).ended(3).says("no collection 'nothing'");
    }

    fn the_changes_in_a_dump_are_done_again_on_request(at) {
        let dump = at.path("dump");
        std::fs::create_dir_all(dump.join("shop")).unwrap();
        std::fs::write(dump.join("shop/things.bson"), bson::doc! { "_id": 1, "n": 1 }.to_vec().unwrap()).unwrap();
        let change = bson::doc! { "op": "i", "ns": "shop.things", "o": { "_id": 2, "n": 2 } };
        std::fs::write(dump.join("oplog.bson"), change.to_vec().unwrap()).unwrap();
        let dump = dump.display().to_string();
        at.steward(&["restore", &dump]).ended(0).says("--oplog-replay");
        at.steward(&["restore", &dump, "--oplog-replay"]).ended(0).says("are replayed: 1.").says("2 would be added");
        at.steward(&["restore", &dump, "--oplog-replay", "--yes"]).ended(0).says("2 records are back");
        at.steward(&["restore", "latest", "--oplog-replay"]).ended(2).says("Only a dump of mongodump");
    }

    fn old_ones_go_but_never_the_last_verified(at) {
        filled(at);
        let first = taken(at, "kept");
        at.json(0, &["backup", "verify", &first, "--test-restore"]);
        let ids: Vec<String> = (0..3).map(|_| text(&at.json(0, &["backup", "create"]), "/backup/id")).collect();
        at.json(0, &["backup", "schedule", "--keep-last", "1"]);
        let plan = at.json(0, &["backup", "prune"]);
        let kept: Vec<String> = plan["keep"].as_array().unwrap().iter().map(|b| text(b, "/id")).collect();
        assert_eq!((kept.len(), plan["remove"].as_array().unwrap().len()), (2, 2), "{plan}");
        assert!(kept.contains(&first) && kept.contains(&ids[2]));
        assert_eq!(at.json(0, &["backup", "list"])["backups"].as_array().unwrap().len(), 4, "the plan removes nothing");
        at.json(0, &["backup", "prune", "--yes"]);
        assert_eq!(at.json(0, &["backup", "list"])["backups"].as_array().unwrap().len(), 2);
        assert_eq!(std::fs::read_dir(at.path("kept")).unwrap().count(), 5, "two archives, two manifests, one verification");
    }

    fn compared_and_drilled(at) {
        filled(at);
        let older = taken(at, "kept");
        at.json(0, &["records", "set", "c-5", "average_salary=61000"]);
        at.json(0, &["records", "bulk", "career_id = \"c-3\"", "--delete", "--yes"]);
        let newer = text(&at.json(0, &["backup", "create"]), "/backup/id");
        let found = at.json(0, &["backup", "compare", &older, &newer]);
        let careers = &found["differences"][0];
        assert_eq!(["added", "changed", "removed", "unchanged"].map(|n| number(careers, &format!("/{n}"))), [0, 1, 1, 10]);
        let report = place(at, "drill.md");
        at.json(0, &["backup", "drill", "--report", &report]);
        let report = at.read("drill.md");
        assert!(report.contains("| Outcome | passed |") && report.contains("| careers | 11 | careers@"), "{report}");
    }

    fn the_daemon_takes_what_is_due(at) {
        filled(at);
        at.json(0, &["backup", "schedule", "--to", &place(at, "kept"), "--at", "0 2 * * *", "--verify-at", "0 3 * * *"]);
        at.steward(&["backup", "schedule", "--at", "at night"]).ended(2).says("is not a schedule");
        let mut daemon = at.start(&["serve", "--listen", "127.0.0.1:0"]);
        let verified = until("a backup that was missed is made up for, and verified", || {
            let list = at.json(0, &["backup", "list"]);
            list["backups"].as_array().unwrap().first().filter(|b| b["verified"] == true).cloned()
        });
        assert_eq!(text(&verified, "/reason"), "on schedule");
        signal(&daemon, "TERM");
        daemon.wait().unwrap();
        assert_eq!(at.json(0, &["backup", "list"])["backups"].as_array().unwrap().len(), 1, "once is enough");
    }
}

on_both! {
    fn a_backup_is_found_wherever_it_was_written(at) {
        let good = filled(at);
        let folder = place(at, "elsewhere");
        let id = text(&at.json(0, &["backup", "create", "--to", &folder]), "/backup/id");
        let list = at.json(0, &["backup", "list"]);
        assert_eq!((text(&list, "/backups/0/id"), text(&list, "/backups/0/place")), (id.clone(), folder.clone()));
        let archive = format!("{folder}/{}", text(&list, "/backups/0/file"));
        let manifest = format!("{folder}/{id}.manifest.json");
        for name in [&id, &archive, &manifest, &format!("file://{archive}")] {
            assert_eq!(text(&at.json(0, &["backup", "show", name]), "/id"), id, "{name}");
            assert_eq!(at.json(0, &["backup", "verify", name])["verification"]["passed"], true, "{name}");
            at.json(0, &["records", "bulk", "career_id = \"c-3\"", "--delete", "--yes"]);
            at.json(0, &["restore", name, "--yes"]);
            assert_eq!(at.export("careers"), good, "{name}");
        }
        // Its file is enough: no workspace is asked for, and none is made.
        let none = place(at, "none.steward");
        at.steward(&["--workspace", &none, "backup", "verify", &archive]).ended(0);
        assert!(!at.path("none.steward").exists());
        let other = place(at, "other.steward");
        at.json(0, &["restore", &format!("file://{archive}"), "--into", &other, "--yes"]);
        at.steward(&["--workspace", &other, "records", "get", "c-3"]).ended(0);
        // What is not there any more is not listed, and is missed by its name.
        std::fs::remove_dir_all(&folder).unwrap();
        let list = at.json(0, &["backup", "list"]);
        assert!(list["backups"].as_array().unwrap().iter().all(|b| b["id"] != json!(id)), "{list}");
        at.steward(&["backup", "verify", &id]).ended(3).says("There is no backup");
    }
}
