//! Text that does something elsewhere: in a terminal, in a spreadsheet.

use serde_json::json;

use super::watched;
use crate::common::{Place, text};
use crate::on_both;

/// Writes the clipboard, turns text around, and rings the bell.
const EVIL: &str = "x\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m\u{202e}y";

/// No output of any of the commands makes a terminal do something.
fn says_nothing_to_obey(at: &Place, arguments: &[&str]) {
    for all in [arguments.to_vec(), [&["--json"], arguments].concat()] {
        let said = watched(at, &all);
        for stream in [&said.out, &said.err] {
            let obeyed = |c: char| c == '\u{202e}' || (c.is_control() && c != '\n' && c != '\t');
            // The progress bar's own: it is not drawn where there is no terminal.
            assert!(!stream.chars().any(obeyed), "steward {}: {stream:?}", said.arguments);
        }
    }
}

on_both! {
    fn no_command_passes_terminal_codes_on(at) {
        let rows = json!([{"k": EVIL, "title": EVIL, "a": {EVIL: EVIL}}, {"k": "b", "title": EVIL}, {"title": EVIL}]);
        let file = at.write(&format!("{EVIL}.json").replace('/', ""), rows.to_string());
        let (file, collection) = (file.as_str(), EVIL);
        says_nothing_to_obey(at, &["validate", file, "--schema", "careers"]);
        says_nothing_to_obey(at, &["import", file, "--no-schema", "--collection", collection, "--key", "k"]);
        says_nothing_to_obey(at, &["records", "collections"]);
        says_nothing_to_obey(at, &["records", "find", "--collection", collection]);
        says_nothing_to_obey(at, &["records", "facet", "title", "--collection", collection]);
        says_nothing_to_obey(at, &["records", "get", EVIL, "--collection", collection]);
        says_nothing_to_obey(at, &["records", "set", EVIL, &format!("title={EVIL}!"), "--collection", collection, "--reason", EVIL]);
        says_nothing_to_obey(at, &["records", "history", EVIL, "--collection", collection]);
        says_nothing_to_obey(at, &["records", "get", "nobody", "--collection", &format!("{EVIL}2")]);
        says_nothing_to_obey(at, &["history", "list"]);
        says_nothing_to_obey(at, &["runs", "list"]);
        says_nothing_to_obey(at, &["quarantine", "list"]);
        says_nothing_to_obey(at, &["quality", "--collection", collection]);
        says_nothing_to_obey(at, &["mapping", "profile", file]);
        says_nothing_to_obey(at, &["schema", "infer", file]);
        says_nothing_to_obey(at, &["backup", "create"]);
        says_nothing_to_obey(at, &["backup", "list"]);
        says_nothing_to_obey(at, &["import", &format!("no such {EVIL}"), "--no-schema", "--collection", "x"]);
        says_nothing_to_obey(at, &["records", "find", EVIL, "--collection", collection]);
    }

    fn formulas_are_defused_in_every_width(at) {
        let signs = ["=1+1", "+1", "-1+1", "@a", "＝1+1", "＋1", "－1", "＠a", "\t=1", "\r=1", " =1", "\u{feff}=1", "\u{a0}=1"];
        let rows: Vec<_> = signs.iter().enumerate().map(|(k, sign)| json!({"k": k, "v": sign})).collect();
        at.json(0, &["import", "--no-schema", "--collection", "things", "--key", "k", &at.write("f.json", json!(rows).to_string())]);
        at.json(0, &["records", "export", "out.csv", "--collection", "things"]);
        let out = at.read("out.csv");
        for sign in signs {
            assert!(out.contains(&format!("'{sign}")), "{sign:?} in {out}");
        }
        at.json(0, &["import", "--no-schema", "--collection", "numbers", "--key", "k", &at.write("n.json", "[{\"k\":1,\"v\":-5},{\"k\":2,\"v\":\"-5\"}]")]);
        at.json(0, &["records", "export", "n.csv", "--collection", "numbers"]);
        assert!(at.read("n.csv").contains("1,-5"), "numbers stay numbers: {}", at.read("n.csv"));
    }
}

#[test]
fn a_mistyped_address_makes_no_file_and_shows_no_password() {
    let at = Place::file();
    for typed in ["mongo://ann:geheim@h/d", "MongoDBB://ann:geheim@h/d", "mongodb:/ann:geheim@h/d", "ann:geheim@h:27017"] {
        for way in
            [vec!["--workspace", typed, "init"], vec!["--json", "--workspace", typed, "records", "collections"], vec!["import", typed]]
        {
            let said = watched(&at, &way).ended(2);
            assert!(!said.err.contains("geheim") && !said.out.contains("geheim"), "{}{}", said.out, said.err);
        }
    }
    let odd: Vec<_> = std::fs::read_dir(at.path(""))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .filter(|n| n.to_string_lossy().contains("geheim"))
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
    let shown =
        watched(&at, &["--json", "--workspace", " MongoDB://ann:geheim@127.0.0.1:1/d?serverSelectionTimeoutMS=100", "init"]).ended(3);
    assert!(!shown.err.contains("geheim"), "{}", text(&shown.json(), "/error/message"));
}
