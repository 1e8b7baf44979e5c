//! What a source was taken for is said wherever it is read, and how to say otherwise.

use serde_json::json;

use crate::common::{career, counts, text};
use crate::on_both;

on_both! {
    fn every_import_says_what_was_recognised(at) {
        let file = at.write("staff.csv", b"Staff of 2024\n\nk;name;hired\na;Jos\xe9;01.02.69\nb;Ren\xe9;05.03.24\n");
        let line = "a table, windows-1252, separated by ';', the first row names the columns, the encoding is a guess, another one can be \
                    named, 2 lines above it skipped, 3 columns: k, name, hired";
        let plan = at.import_plain(0, &[&file, "--dry-run"]);
        assert_eq!((text(&plan, "/recognised/0/recognised"), text(&plan, "/schemaReason")), (line.to_owned(), "none is wanted".to_owned()));
        let run = at.import_plain(0, &[&file]);
        assert_eq!(text(&run, "/files/0/recognised"), line);
        at.steward(&["runs", "show", &text(&run, "/id")]).ended(0).says(line).says("without a schema (none is wanted), by k");
        // A schema, and why it is this one.
        let careers = at.write("careers.json", json!([career("a", 50_000)]).to_string());
        at.steward(&["validate", &careers]).ended(0).says("as careers@").says("typical fields are there: career_id").says("a list of JSON, UTF-8");
        at.steward(&["import", &careers]).ended(0).says("typical fields are there: career_id").says("a list of JSON, UTF-8");
        let again = at.json(0, &["import", &careers, "--collection", "careers"]);
        assert_eq!(text(&again, "/schemaReason"), "the records of careers have it");
        assert_eq!(text(&at.json(0, &["import", &careers, "--schema", "careers"]), "/schemaReason"), "it was chosen");
        // What two digits of a year mean is said where the mapping does not.
        let mapping = |step: &str| {
            let rules = format!(r#"{{"version": 1, "rules": [{{"to": "k", "from": "k"}}, {{"to": "hired", "from": "hired", "steps": [{{"date": {step}}}]}}]}}"#);
            at.write("mapping.json", rules)
        };
        let with = |code: i32, step: &str| at.import_plain(code, &[&file, "--dry-run", "--mapping", &mapping(step)]);
        assert_eq!(with(0, r#"{"formats": ["%d.%m.%y"], "yearsFrom": 1950}"#)["notes"], json!([]));
        let notes = with(0, r#"{"formats": ["%d.%m.%y"]}"#)["notes"].to_string();
        assert!(notes.contains("In hired, years of two digits are taken as 1930 to 2029; yearsFrom"), "{notes}");
        // Korean that could be UTF-8 by chance: said, and changed by naming it.
        let korean = at.write("korean.csv", b"k,name\n1,\xc8\xab\xb1\xe6\xb5\xbf\n");
        let plan = at.import_plain(1, &[&korean, "--dry-run"]);
        assert!(text(&plan, "/recognised/0/recognised").contains("not all of it is UTF-8, another encoding can be named"), "{plan}");
        assert_eq!(counts(&at.import_plain(0, &[&korean, "--dry-run", "--encoding", "euc-kr"])), [1, 0, 0, 0]);
    }
}
