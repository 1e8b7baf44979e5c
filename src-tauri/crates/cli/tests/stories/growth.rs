//! A workspace does not grow without end: what undoing needs goes by its retention, and free room is used again or given back.

use crate::common::{Place, number, text};
use crate::on_both;

fn cycle(at: &Place, file: &str) -> String {
    let run = text(&at.import_plain(0, &[file]), "/id");
    at.json(0, &["runs", "undo", &run, "--yes"]);
    run
}

#[test]
fn importing_and_undoing_uses_the_same_room_again() {
    let at = &Place::file();
    at.json(0, &["init"]);
    let lines: Vec<String> = (0..4000).map(|n| format!("{{\"k\":{n},\"text\":\"{}\"}}", format!("word {n} ").repeat(20))).collect();
    let file = at.write("many.ndjson", lines.join("\n"));
    at.json(0, &["workspace", "retention", "--records", "4000"]);
    let size = || std::fs::metadata(&at.workspace).unwrap().len();
    (0..3).for_each(|_| drop(cycle(at, &file)));
    let early = size();
    (0..5).for_each(|_| drop(cycle(at, &file)));
    // What is left to grow is the log of changes: some bytes a change, up to two million of them.
    assert!(size() - early < 5 * 8_000 * 64, "{} bytes after 3 cycles, {} after 8", early, size());
    let shown = at.json(0, &["workspace", "retention", "--records", "0"]);
    assert!(number(&shown, "/free") > 0);
    let compacted = at.json(0, &["workspace", "compact"]);
    let before = number(&shown, "/bytes");
    assert!(number(&compacted, "/bytes") < before && number(&compacted, "/free") == 0, "{before}, then {compacted}");
    assert!(at.export("things").is_empty());
    assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
}

on_both! {
    fn what_is_beyond_the_retention_cannot_be_undone_and_says_so(at) {
        at.json(0, &["init"]);
        let first = text(&at.import_plain(0, &[&at.write("a.ndjson", "{\"k\":1}\n{\"k\":2}\n")]), "/id");
        let second = text(&at.import_plain(0, &[&at.write("b.ndjson", "{\"k\":3}\n")]), "/id");
        let shown = at.json(0, &["workspace", "show"]);
        assert_eq!([number(&shown, "/days"), number(&shown, "/records")], [30, 2_000_000], "the default is reported");
        let set = at.json(0, &["workspace", "retention", "--records", "1"]);
        assert_eq!(number(&set, "/discarded"), 1);
        at.steward(&["runs", "undo", &first, "--yes"]).ended(4).says("discarded");
        // The newest run always stays.
        let undone = at.json(0, &["runs", "undo", &second, "--yes"]);
        assert_eq!(number(&undone, "/removed"), 1);
        assert_eq!(number(&at.json(0, &["records", "count"]), "/count"), 2);
        at.json(0, &["workspace", "compact"]);
        assert_eq!(at.json(0, &["history", "verify"])["ok"], true);
    }
}
