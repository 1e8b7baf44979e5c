//! The history of the workspace: undoing, doing again, and noticing that someone rewrote it.

use bson::Bson;
use serde_json::json;
use steward_store::{Query, names};

use crate::common::{Place, career, number, text};
use crate::{on_all, on_both};

/// A workspace with three edits; gives the ids of their change sets.
fn three_edits(at: &Place) -> Vec<String> {
    at.json(0, &["import", &at.write("a.json", json!([career("a", 50_000)]).to_string())]);
    let edit = |n: i64| text(&at.json(0, &["records", "set", "a", &format!("average_salary={}", 50_000 + n)]), "/changeSet/id");
    (1..=3).map(edit).collect()
}

on_all! {
    fn undone_and_done_again(at) {
        let edits = three_edits(at);
        let after = at.export("careers");
        at.steward(&["history", "undo", &edits[0]]).ended(4).says("changed since");
        assert_eq!(at.export("careers"), after, "a conflict writes nothing");
        let undone = at.json(0, &["history", "undo", &edits[2]]);
        assert_eq!(at.json(0, &["records", "get", "a"])["document"]["average_salary"], 50_002);
        at.steward(&["history", "undo", &edits[2]]).ended(4).says("already");
        at.json(0, &["history", "undo", &text(&undone, "/changeSet/id")]);
        assert_eq!(at.export("careers"), after);
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
        at.steward(&["history", "undo", "nothing"]).ended(3);
    }

    fn an_entry_that_was_rewritten_is_noticed(at) {
        let edits = three_edits(at);
        let fine = at.json(0, &["history", "verify"]);
        assert_eq!((&fine["ok"], number(&fine, "/entries")), (&json!(true), 4));
        at.tamper(names::CHANGE_SETS, &edits[1], "actor", Bson::from("mallory"));
        let broken = at.json(1, &["history", "verify"]);
        assert_eq!((&broken["ok"], number(&broken, "/brokenAt")), (&json!(false), 3));
        at.steward(&["history", "verify"]).ended(1).says("Entry 3 was changed after it was written.");
    }
}

on_all! {
    fn a_state_that_was_rewritten_is_noticed(at) {
        let edits = three_edits(at);
        let undone = text(&at.json(0, &["history", "undo", &edits[2]]), "/changeSet/id");
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
        let fails = |broken_at: i64, words: &str| {
            let broken = at.json(1, &["history", "verify"]);
            assert_eq!((&broken["ok"], number(&broken, "/brokenAt")), (&json!(false), broken_at), "{broken}");
            at.steward(&["history", "verify"]).ended(1).says(words);
        };
        at.tamper(names::CHANGE_SETS, &edits[1], "state", Bson::from("failed"));
        fails(3, "The state of entry 3 was changed after it was written.");
        at.tamper(names::CHANGE_SETS, &edits[1], "state", Bson::from("confirmed"));
        at.tamper(names::CHANGE_SETS, &edits[2], "undoneBy", Bson::Null);
        fails(5, "Entry 5 undid another one, which does not say so any more.");
        at.tamper(names::CHANGE_SETS, &edits[2], "undoneBy", Bson::from(edits[0].as_str()));
        fails(4, "Entry 4 says that it was undone, and no entry did that.");
        at.tamper(names::CHANGE_SETS, &edits[2], "undoneBy", Bson::from(undone.as_str()));
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
        // The newest entry is followed by none; this machine saw its state.
        at.tamper(names::CHANGE_SETS, &undone, "state", Bson::from("failed"));
        fails(5, "This machine saw entry 5");
    }
}

on_both! {
    fn rewritten_values_of_an_entry_are_noticed(at) {
        let edits = three_edits(at);
        let id = format!("{}:000000000000", edits[1]);
        at.tamper(names::CHANGES, &id, "key", Bson::from("somebody else"));
        let broken = at.json(1, &["history", "verify"]);
        assert_eq!((&broken["ok"], number(&broken, "/brokenAt")), (&json!(false), 3));
    }

    fn the_end_can_be_kept_in_a_file(at) {
        three_edits(at);
        let end = at.path("end.json").display().to_string();
        assert_eq!(at.json(0, &["history", "verify", "--end", &end])["ok"], true);
        at.json(0, &["records", "set", "a", "average_salary=60000"]);
        assert_eq!(at.json(0, &["history", "verify", "--end", &end])["end"]["seq"], 5);
        let kept = std::fs::read_to_string(&end).unwrap();
        std::fs::write(&end, kept.replace("\"hash\": \"", "\"hash\": \"0")).unwrap();
        at.steward(&["history", "verify", "--end", &end]).ended(1).says("The recorded end has entry 5");
        std::fs::write(&end, kept.replace("\"workspace\": \"", "\"workspace\": \"x")).unwrap();
        at.steward(&["history", "verify", "--end", &end]).ended(2).says("another workspace");
        std::fs::write(&end, kept).unwrap();
        assert_eq!(at.json(0, &["history", "verify", "--end", &end])["ok"], true);
    }

    fn missing_entries_are_noticed(at) {
        let edits = three_edits(at);
        at.with_store(async |store| {
            use steward_store::{Durability, WriteBatch, WriteOp};
            let filter = steward_domain::Filter::eq("_id", edits[2].as_str());
            assert_eq!(store.find(names::CHANGE_SETS, &Query::new(filter.clone(), 2)).await.unwrap().records.len(), 1);
            let op = WriteOp::DeleteMany { collection: names::CHANGE_SETS.into(), filter };
            store.write(WriteBatch::data(vec![op]), Durability::Full).await.unwrap();
        });
        at.steward(&["history", "verify"]).ended(1).says("The newest entries are missing.");
    }

    fn a_change_names_the_user_of_the_operating_system(at) {
        at.json(0, &["import", &at.write("a.json", json!([career("a", 50_000)]).to_string())]);
        let output = at.command(&["records", "set", "a", "average_salary=50001"]).env_remove("STEWARD_ACTOR").env("USER", "mallory").output();
        assert!(output.unwrap().status.success());
        // The name that the system has for this user; a container may know the number alone.
        let name = std::process::Command::new("id").arg("-un").output().unwrap();
        let number = std::process::Command::new("id").arg("-u").output().unwrap();
        let said = |output: &std::process::Output| String::from_utf8(output.stdout.clone()).unwrap().trim().to_owned();
        let expected = if name.status.success() { said(&name) } else { format!("user {}", said(&number)) };
        assert_eq!(text(&at.json(0, &["history", "list"]), "/changes/0/actor"), expected);
    }
}
