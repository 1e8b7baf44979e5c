//! A workspace that someone else prepared does nothing outside itself before a person on this machine agreed to exactly that.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bson::doc;
use serde_json::{Value as Json, json};
use steward_store::{Durability, WriteBatch, WriteOp};

use crate::common::{Place, career, text};
use crate::on_both;
use crate::serve::Server;

/// A server that an attacker has put up: counts who comes.
struct Trap {
    address: String,
    came: Arc<AtomicU32>,
}

impl Trap {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let came = Arc::<AtomicU32>::default();
        let counted = Arc::clone(&came);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.and_then(|mut s| s.read(&mut [0; 4096]));
            }
        });
        Self { address, came }
    }

    fn came(&self) -> u32 {
        self.came.load(Ordering::SeqCst)
    }
}

/// Settings as they lie in a workspace that came by mail.
fn settings(places: &Json, schedule: Option<&str>) -> Json {
    let mut settings = json!({
        "places": places, "compression": "zstd", "encryption": {"kind": "none"}, "own": true, "retention": {"last": 1},
    });
    if let Some(at) = schedule {
        settings["schedule"] = at.into();
    }
    settings
}

/// Plants settings in a workspace, past the program.
fn plant(at: &Place, settings: &Json) {
    let document = doc! {"_id": "steward.backup", "value": settings.to_string()};
    at.with_store(async |store| {
        let op = WriteOp::put("steward.settings", &document).unwrap();
        store.write(WriteBatch::data(vec![op]), Durability::Full).await.unwrap();
    });
}

fn with_records(at: &Place) {
    at.json(0, &["import", &at.write("good.json", json!([career("a", 50_000)]).to_string())]);
}

fn bucket(trap: &Trap) -> Json {
    json!([{"address": "s3://loot/x", "options": {"endpoint": format!("http://{}", trap.address), "allow_http": "true", "region": "x"}}])
}

on_both! {
    fn credentials_go_nowhere_before_somebody_agreed(at) {
        with_records(at);
        let trap = Trap::new();
        let mut mail = Place::at(at.workspace.clone());
        mail.environment = vec![("AWS_ACCESS_KEY_ID", "mine".into()), ("AWS_SECRET_ACCESS_KEY", "secret".into()), ("AWS_SESSION_TOKEN", "s".into())];
        plant(&mail, &settings(&bucket(&trap), Some("* * * * *")));

        mail.steward(&["backup", "create"]).ended(4).says("Nobody on this machine has agreed").says(&trap.address).says("trust agree");
        mail.steward(&["backup", "list"]).ended(0).says("has agreed");
        mail.steward(&["restore", "latest"]);
        mail.steward(&["backup", "prune"]).ended(0);
        mail.steward(&["backup", "schedule", "--keep-last", "9"]).ended(4).says("has agreed");
        assert_eq!(trap.came(), 0, "nobody came to the attacker's server");

        let shown = mail.json(0, &["trust", "show"]);
        assert_eq!((shown["agreed"].as_bool(), shown["acts"].as_array().unwrap().len()), (Some(false), 3));
        mail.steward(&["trust", "agree"]).ended(0).says("NOT agreed").says(&trap.address).says("Backups are taken by themselves");
        assert_eq!(mail.json(0, &["trust", "show"])["agreed"], false, "without --yes nothing is agreed to");

        // What was agreed to goes there: the trap works. Another endpoint asks again.
        mail.json(0, &["trust", "agree", "--yes"]);
        assert_ne!(mail.steward(&["backup", "list"]).code, Some(4));
        assert!(trap.came() > 0);
        let other = Trap::new();
        plant(&mail, &settings(&bucket(&other), Some("* * * * *")));
        mail.steward(&["backup", "create"]).ended(4).says(&other.address);
        assert_eq!(other.came(), 0);
        mail.json(0, &["trust", "withdraw"]);
        assert_eq!(mail.json(0, &["trust", "show"])["agreed"], false);
    }

    fn local_files_are_no_option_of_a_bucket(at) {
        with_records(at);
        let trap = Trap::new();
        let note = at.write("note", "private");
        for name in ["azure_federated_token_file", "aws_container_authorization_token_file", "azure_authority_host", "metadata_endpoint", "proxy_url", "aws_web_identity_token_file"] {
            let mut places = bucket(&trap);
            places[0]["options"][name] = note.clone().into();
            plant(at, &settings(&places, None));
            at.json(0, &["trust", "agree", "--yes"]);
            at.steward(&["backup", "create"]).ended(2).says("has no option").says(name);
            at.steward(&["backup", "schedule", "--to", "s3://mine/x", "--option", &format!("{name}={note}")]).ended(2).says("has no option");
        }
        assert_eq!(trap.came(), 0);
    }

    fn a_backup_that_only_somebody_else_can_open_is_not_made_unseen(at) {
        with_records(at);
        let mut planted = settings(&json!([]), None);
        planted["encryption"] = json!({"kind": "recipients", "recipients": ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]});
        plant(at, &planted);
        at.steward(&["backup", "create"]).ended(4).says("Only someone with the key of age1ql3");
    }

    fn the_page_chooses_no_destination(at) {
        with_records(at);
        let trap = Trap::new();
        let loot = at.path("loot").display().to_string();
        let server = Server::start(at);
        let refused = |name: &str, request: &Json| {
            let bearer = server.bearer();
            let answer = server.send("POST", &format!("/api/call/{name}"), &[("Authorization", &bearer)], request.to_string().as_bytes());
            assert_ne!(answer.status, 200, "{name} {request}");
            text(&answer.json(), "/code")
        };
        let planted = settings(&json!([{"address": loot}]), None);
        assert_eq!(refused("settings.set", &json!({"name": "steward.backup", "value": planted})), "badRequest");
        assert_eq!(refused("settings.remove", &json!({"name": "steward.backup"})), "badRequest");
        assert_eq!(refused("backups.create", &json!({"places": [{"address": loot}]})), "forbidden");
        assert_eq!(refused("backups.create", &json!({"places": bucket(&trap)})), "forbidden");
        assert_eq!(refused("backups.create", &json!({"places": [{"address": format!("file://{loot}")}]})), "forbidden");
        assert_eq!(refused("backups.save", &json!({"settings": planted})), "forbidden");
        assert_eq!(refused("backups.save", &json!({"settings": settings(&bucket(&trap), None)})), "forbidden");
        // What someone planted past the page is neither followed nor agreed to by it.
        plant(at, &settings(&bucket(&trap), Some("* * * * *")));
        let acts = server.call("trust.show", &json!({}));
        let ids: Vec<&Json> = acts["acts"].as_array().unwrap().iter().map(|act| &act["id"]).collect();
        assert_eq!(refused("trust.agree", &json!({"ids": ids})), "forbidden");
        assert_eq!(refused("backups.create", &json!({})), "forbidden");
        // Its own preferences it may keep.
        server.call("settings.set", &json!({"name": "ui.density", "value": "compact"}));
        assert_eq!(server.call("settings.list", &json!({"prefix": ""}))["settings"].as_array().unwrap().len(), 1);
        assert_eq!(trap.came(), 0);
        assert!(!at.path("loot").exists());
    }
}

on_both! {
    fn a_history_whose_end_was_cut_off_is_noticed(at) {
        use steward_domain::Filter;
        with_records(at);
        at.json(0, &["records", "set", "a", "average_salary=51000", "--collection", "careers"]);
        at.json(0, &["records", "set", "a", "average_salary=52000", "--collection", "careers"]);
        at.steward(&["history", "verify"]).ended(0);
        let changes = at.json(0, &["history", "list"]);
        let of = |seq: i64| changes["changes"].as_array().unwrap().iter().find(|c| c["seq"] == seq).unwrap().clone();
        let newest = changes["changes"][0]["seq"].as_i64().unwrap();
        // Someone cuts the newest entry off and copies the hash of the one before into the head.
        let cut = |until: i64| {
            at.with_store(async |store| {
                let gone = WriteOp::DeleteMany { collection: "steward.change_sets".into(), filter: Filter::Compare {
                    field: steward_domain::FieldPath::new("seq"), cmp: steward_domain::Comparison::Gt, value: steward_domain::Value(until.into()),
                } };
                store.write(WriteBatch::data(vec![gone]), Durability::Full).await.unwrap();
            });
            at.tamper("steward.catalog", "chain", "seq", until.into());
            at.tamper("steward.catalog", "chain", "hash", text(&of(until), "/hash").into());
        };
        cut(newest - 1);
        at.steward(&["history", "verify"]).ended(1).says("was truncated").says("This machine saw");
        at.steward(&["history", "verify"]).ended(1);

        // Another machine has never seen it; the manifest of a backup has.
        at.json(0, &["backup", "create", "--to", &at.path("kept").display().to_string()]);
        at.json(0, &["backup", "schedule", "--to", &at.path("kept").display().to_string()]);
        cut(newest - 2);
        std::fs::remove_file(at.path("data/histories.json")).unwrap();
        at.steward(&["history", "verify"]).ended(1).says("The backup").says("was truncated");
    }

    fn an_entry_that_says_it_was_undone_needs_one_that_did_that(at) {
        with_records(at);
        at.json(0, &["records", "set", "a", "average_salary=51000", "--collection", "careers"]);
        let changes = at.json(0, &["history", "list"]);
        at.steward(&["history", "verify"]).ended(0);
        at.json(0, &["history", "undo", &text(&changes, "/changes/0/id")]);
        at.steward(&["history", "verify"]).ended(0);
        let newest = text(&at.json(0, &["history", "list"]), "/changes/0/id");
        at.tamper("steward.change_sets", &newest, "undoneBy", text(&changes, "/changes/0/id").into());
        at.steward(&["history", "verify"]).ended(1).says("no entry did that");
    }
}
