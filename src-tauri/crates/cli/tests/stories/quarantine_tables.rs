//! The quarantine as files: written out, corrected in a spreadsheet and restored, and the halves of a file.

use serde_json::{Value as Json, json};

use crate::common::{Place, career, counts, number, text};
use crate::on_both;

const SESSIONS: &str = "session_id,participant_email,started_at,rating,cefr_level,duration_minutes,language,notes\n";

fn session(n: u32, rating: &str, level: &str, notes: &str) -> String {
    format!("6f9619ff-8b86-4011-b42d-{n:012},p{n}@example.org,2025-03-01T10:00:00Z,{rating},{level},45,German,{notes}\n")
}

/// Loads one good session and three bad ones; gives the ids of the bad ones.
fn bad_sessions(at: &Place) -> Vec<String> {
    let rows =
        [session(1, "0.5", "B1", ""), session(2, "5", "B1", "=1+1"), session(3, "0.7", "B9", "\"two\nlines\""), session(4, "x", "C9", "")];
    let run =
        at.json(1, &["import", "--schema", "kintell.language_session", &at.write("sessions.csv", SESSIONS.to_owned() + &rows.concat())]);
    assert_eq!(counts(&run), [1, 0, 0, 3]);
    let page = at.json(0, &["quarantine", "list"]);
    page["entries"].as_array().unwrap().iter().map(|e| text(e, "/id")).collect()
}

fn fates(plan: &Json) -> Vec<(String, i64)> {
    let mut all: Vec<(String, i64)> = plan["counts"].as_array().unwrap().iter().map(|c| (text(c, "/fate"), number(c, "/lines"))).collect();
    all.sort();
    all
}

/// The same table as Excel on a German machine saves it: semicolons, Windows-1252, everything quoted.
fn as_excel_saves_it(csv: &str) -> Vec<u8> {
    let text = csv.trim_start_matches('\u{feff}');
    let mut rows = csv_rows(text);
    let mut out = Vec::new();
    for row in &mut rows {
        let cells: Vec<String> = row.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect();
        out.extend((cells.join(";") + "\r\n").chars().map(|c| u8::try_from(u32::from(c)).unwrap()));
    }
    out
}

/// The smallest reader of what Steward writes.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell).trim_end_matches('\r').to_owned());
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    rows
}

on_both! {
    fn written_out_for_programs_and_for_spreadsheets(at) {
        let mut low = career("low", 50_000);
        low["average_salary"] = json!(-1);
        let mut formula = career("formula", 50_000);
        formula["description"] = json!("=1+1");
        let rows = json!([low, formula, {"career_id": "bare", "title": "Bare, \"quoted\""}]);
        at.json(1, &["import", &at.write("rows.json", rows.to_string())]);
        std::fs::create_dir(at.path("out")).unwrap();
        let done = at.json(0, &["quarantine", "export", "out"]);
        assert_eq!(done["files"].as_array().unwrap().len(), 3);
        let written = at.read("out/quarantine.ndjson");
        let lines: Vec<Json> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        let fields = ["rowNumber", "rawData", "errors", "quarantinedAt", "sourceFile", "csvType", "schemaVersion", "sourceHash", "bytePosition", "runId", "id"];
        for field in fields {
            assert!(lines.iter().all(|l| !l[field].is_null() && l[field] != ""), "{field} is missing");
        }
        assert_eq!((&lines[0]["errors"][0]["pointer"], &lines[0]["csvType"]), (&json!("/average_salary"), &json!("careers")));
        let errors = at.read("out/errors.csv");
        assert!(errors.starts_with("\u{feff}file,row,field,rule,message,value,schema,byte,quarantined at,row as it came\r\n"), "{errors}");
        assert!(errors.contains("rows.json,1,average_salary,exclusiveMinimum,") && errors.contains(",-1,"), "a negative number stays one: {errors}");
        assert!(errors.contains(",minLength,") && errors.contains(",\"'=1+1\","), "a formula is defused: {errors}");
        let table = csv_rows(at.read("out/rows-to-correct.csv").trim_start_matches('\u{feff}'));
        assert_eq!(table.len(), 4);
        assert_eq!(table[0][..5], ["quarantine_id", "quarantine_version", "quarantine_file", "quarantine_row", "quarantine_problems"]);
        at.json(0, &["quarantine", "export", "one.csv", "--rule", "minLength"]);
        assert_eq!(at.read("one.csv").lines().count(), 2);
    }

    fn a_corrected_table_comes_back_from_a_spreadsheet(at) {
        let ids = bad_sessions(at);
        at.json(0, &["quarantine", "export", "rows.csv", "--format", "rows"]);
        let table = at.read("rows.csv");
        let same = at.json(0, &["quarantine", "import-corrections", &at.write("same.csv", as_excel_saves_it(&table))]);
        assert_eq!((fates(&same), number(&same, "/changed")), (vec![("unchanged".to_owned(), 3)], 0));

        let corrected = table.replacen(",5,B1,", ",\"0,9\",B1,", 1).replacen(",0.7,B9,", ",0.7,B2,", 1).replacen(",x,C9,", ",0.25,C9,", 1);
        let mut bytes = as_excel_saves_it(&corrected.replacen("0,9", "0.9", 1));
        bytes.extend(b"\"nothing-0-1\";\"\";\"\";\"\"\r\n");
        let file = at.write("corrected.csv", bytes);
        let plan = at.json(1, &["quarantine", "import-corrections", &file]);
        let expected = [("released".to_owned(), 2), ("stillBroken".to_owned(), 1), ("unknown".to_owned(), 1)];
        assert_eq!(fates(&plan), expected);
        assert_eq!((text(&plan, "/listed/0/fate"), text(&plan, "/listed/0/id")), ("unknown".to_owned(), "nothing-0-1".to_owned()));
        assert_eq!(plan.pointer("/listed/1/changes/0").unwrap(), &json!({"path": "rating", "before": 5, "after": 0.9}), "typed by the schema");
        assert_eq!(number(&at.json(0, &["quarantine", "list"]), "/total"), 3, "a plan writes nothing");

        let done = at.json(1, &["quarantine", "import-corrections", &file, "--yes"]);
        assert_eq!(["corrected", "released", "stillWaiting", "conflicts"].map(|n| number(&done, &format!("/{n}"))), [3, 2, 1, 0]);
        let waiting = at.json(0, &["quarantine", "show", &ids[2]]);
        assert_eq!((&waiting["document"]["rating"], waiting["errors"].as_array().unwrap().len()), (&json!(0.25), 1));
        let kept = at.json(0, &["records", "get", "6f9619ff-8b86-4011-b42d-000000000002"])["document"].clone();
        assert_eq!((&kept["rating"], &kept["notes"]), (&json!(0.9), &json!("=1+1")));
        let kept = at.json(0, &["records", "get", "6f9619ff-8b86-4011-b42d-000000000003"])["document"].clone();
        assert_eq!(kept["notes"], "two\nlines");
        // One change set, one undo: the records go, the rows are as they came.
        at.json(0, &["history", "undo", &text(&done, "/changeSets/0")]);
        assert_eq!(number(&at.json(0, &["quarantine", "list"]), "/total"), 3);
        assert_eq!(at.json(0, &["quarantine", "show", &ids[2]])["document"]["rating"], "x");
    }

    fn a_corrected_table_comes_back_as_a_workbook(at) {
        bad_sessions(at);
        at.json(0, &["quarantine", "export", "rows.csv", "--format", "rows"]);
        let mut table = csv_rows(at.read("rows.csv").trim_start_matches('\u{feff}'));
        let rating = table[0].iter().position(|name| name == "rating").unwrap();
        let level = table[0].iter().position(|name| name == "cefr_level").unwrap();
        for row in &mut table[1..] {
            (row[rating], row[level]) = ("0.5".into(), "B2".into());
        }
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (r, row) in table.iter().enumerate() {
            for (c, cell) in row.iter().enumerate() {
                let (r, c) = (u32::try_from(r).unwrap(), u16::try_from(c).unwrap());
                // A spreadsheet keeps numbers as numbers.
                match cell.parse::<f64>() {
                    Ok(number) => sheet.write(r, c, number).unwrap(),
                    Err(_) => sheet.write(r, c, cell.as_str()).unwrap(),
                };
            }
        }
        let file = at.write("corrected.xlsx", book.save_to_buffer().unwrap());
        let plan = at.json(0, &["quarantine", "import-corrections", &file]);
        assert_eq!(fates(&plan), [("released".to_owned(), 3)]);
        let done = at.json(0, &["quarantine", "import-corrections", &file, "--yes"]);
        assert_eq!(number(&done, "/released"), 3);
        assert_eq!(number(&at.json(0, &["quarantine", "list"]), "/total"), 0);
    }

    fn what_changed_meanwhile_is_not_overwritten(at) {
        let ids = bad_sessions(at);
        at.json(0, &["quarantine", "export", "rows.csv", "--format", "rows"]);
        let table = at.read("rows.csv").replacen(",5,B1,", ",0.9,B1,", 1).replacen(",0.7,B9,", ",0.7,B2,", 1).replacen(",x,C9,", ",0.2,C2,", 1);
        let last = table.lines().last().unwrap().to_owned();
        let file = at.write("corrected.csv", format!("{table}{last}\r\n"));
        at.json(0, &["quarantine", "edit", &ids[0], "--set", "rating=0.1"]);
        at.json(0, &["quarantine", "discard", &ids[1], "--reason", "not ours"]);
        let plan = at.json(1, &["quarantine", "import-corrections", &file]);
        assert_eq!(fates(&plan), [("edited", 1), ("notWaiting", 1), ("released", 1), ("repeated", 1)].map(|(fate, n)| (fate.to_owned(), n)));
        let done = at.json(1, &["quarantine", "import-corrections", &file, "--yes"]);
        assert_eq!(number(&done, "/released"), 1);
        assert_eq!(at.json(0, &["quarantine", "show", &ids[0]])["document"]["rating"], 0.1);
        at.steward(&["quarantine", "import-corrections", &at.write("other.csv", "a,b\n1,2\n")]).ended(2).says("quarantine_id");
    }
}

#[test]
fn a_file_is_cut_in_two_with_its_bytes() {
    let at = &Place::file();
    let good = "\"6f9619ff-8b86-4011-b42d-000000000001\";p1@example.org;2025-03-01T10:00:00Z;0.5;B1;45;Espa\u{f1}ol;\"two\r\nlines\"\r\n";
    let bad = "6f9619ff-8b86-4011-b42d-000000000002;p2@example.org;2025-03-01T10:00:00Z;7;B1;45;\"Espa\u{f1}ol\";\r\n";
    let head = SESSIONS.replace(',', ";").replace('\n', "\r\n");
    let latin = |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
    let file = at.write("sessions.csv", latin(&format!("{head}{good}{bad}{good}")));
    let read = |name: &str| std::fs::read(at.path(name)).unwrap();
    at.json(1, &["validate", &file, "--schema", "kintell.language_session", "--split", "halves"]);
    assert_eq!(read("halves/sessions.valid.csv"), latin(&format!("{head}{good}")));
    assert_eq!(read("halves/sessions.invalid.csv"), latin(&format!("{head}{bad}{good}")), "a repeated key is invalid in this file");

    let rows = format!("[ {}, {{\"career_id\": \"b\"}} , {{\"career_id\":  \"c\"}}]", career("a", 50_000));
    at.json(1, &["validate", &at.write("rows.json", &rows), "--schema", "careers", "--split", "halves"]);
    assert_eq!(serde_json::from_slice::<Json>(&read("halves/rows.valid.json")).unwrap(), json!([career("a", 50_000)]));
    assert_eq!(at.read("halves/rows.invalid.json"), "[\n{\"career_id\": \"b\"},\n{\"career_id\":  \"c\"}\n]\n");

    let lines = format!("{}\n{{broken\n", career("a", 50_000));
    at.json(1, &["validate", &at.write("rows.ndjson", &lines), "--schema", "careers", "--split", "halves"]);
    assert_eq!((read("halves/rows.valid.ndjson").len(), at.read("halves/rows.invalid.ndjson")), (lines.len() - 8, "{broken\n".to_owned()));
}

#[test]
fn a_check_writes_every_error_to_a_report() {
    let at = &Place::file();
    let row =
        |n: usize, rating: &str| format!("6f9619ff-8b86-4011-b42d-{n:012},p{n}@example.org,2025-03-01T10:00:00Z,{rating},B1,45,Spanish,\n");
    let mut text = SESSIONS.to_owned();
    (0..300).for_each(|n| text.push_str(&row(n, if n % 3 == 0 { "=1+7" } else { "0.5" })));
    text.push_str(&row(1, "0.5"));
    let file = at.write("sessions.csv", text);
    let validated = at.json(1, &["validate", &file, "--report", "errors.csv"]);
    assert_eq!((number(&validated, "/counts/read"), number(&validated, "/counts/quarantined")), (301, 101));
    let report = at.read("errors.csv");
    assert!(report.starts_with("\u{feff}file,row,field,rule,message,value"), "{report}");
    assert_eq!(report.lines().count(), 102);
    assert!(report.lines().nth(1).unwrap().starts_with("sessions.csv,1,rating,type,"), "{report}");
    assert!(report.contains(",\"'=1+7\","), "a formula is reported as text");
    assert!(report.contains(",duplicate_key,"));
    at.json(1, &["validate", &file, "--report", "errors.ndjson"]);
    let rows: Vec<Json> = at.read("errors.ndjson").lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((rows.len(), &rows[1]["rowNumber"], &rows[1]["errors"][0]["rule"]), (101, &json!(4), &json!("type")));
    at.steward(&["validate", &file, "--report", &file]).ended(2).says("cannot be written over");
}
