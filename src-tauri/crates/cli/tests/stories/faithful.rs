//! No value is altered on its way in or out, and what could not be read stays out until someone sets it.

use serde_json::{Value as Json, json};

use crate::common::{Place, counts, number, text};
use crate::on_both;

fn documents(at: &Place, collection: &str) -> Vec<Json> {
    let page = at.json(0, &["records", "find", "--collection", collection]);
    let document = |record: &Json| {
        let mut document = record["document"].clone();
        document.as_object_mut().unwrap().remove("_id");
        document
    };
    let mut documents: Vec<Json> = page["records"].as_array().unwrap().iter().map(document).collect();
    // Identifiers of two processes within one second are in no order.
    documents.sort_by_key(|document| document["k"].to_string());
    documents
}

fn waiting(at: &Place) -> Vec<Json> {
    at.json(0, &["quarantine", "list"])["entries"].as_array().unwrap().clone()
}

fn faults(entry: &Json) -> Vec<(String, String)> {
    entry["errors"].as_array().unwrap().iter().map(|e| (text(e, "/pointer"), text(e, "/rule"))).collect()
}

fn released(done: &Json) -> i64 {
    number(done, "/released")
}

/// A workbook whose first row has two cells with errors.
fn with_error_cells(at: &Place) -> String {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["k", "amount", "label", "note"].iter().enumerate() {
        sheet.write(0, u16::try_from(column).unwrap(), *name).unwrap();
    }
    sheet.write(1, 0, "a").unwrap();
    sheet.write_formula(1, 1, rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.write_formula(1, 2, rust_xlsxwriter::Formula::new("=NA()").set_result("#N/A")).unwrap();
    sheet.write(1, 3, "x").unwrap();
    at.write("book.xlsx", book.save_to_buffer().unwrap())
}

on_both! {
    fn what_could_not_be_read_stays_out_until_its_cell_is_set(at) {
        let run = at.import_plain(1, &[&with_error_cells(at)]);
        assert_eq!(counts(&run), [0, 0, 0, 1]);
        let entry = waiting(at).remove(0);
        let id = text(&entry, "/id");
        let unreadable = |names: &[&str]| names.iter().map(|n| (format!("/{n}"), "unreadable".to_owned())).collect::<Vec<_>>();
        assert_eq!(faults(&entry), unreadable(&["amount", "label"]));
        // Neither another field, nor a bulk fix of one, nor trying again lets it in.
        at.json(1, &["quarantine", "edit", &id, "--set", "note=y"]);
        assert_eq!(released(&at.json(1, &["quarantine", "retry", "--all"])), 0);
        assert_eq!(released(&at.json(1, &["quarantine", "fix", "--path", "note", "--set", "z", "--all", "--retry", "--yes"])), 0);
        assert_eq!(faults(&waiting(at)[0]), unreadable(&["amount", "label"]));
        at.json(1, &["quarantine", "edit", &id, "--set", "amount=5"]);
        assert_eq!(faults(&waiting(at)[0]), unreadable(&["label"]));
        assert_eq!(released(&at.json(0, &["quarantine", "fix", "--path", "label", "--unset", "--all", "--retry", "--yes"])), 1);
        assert_eq!(documents(at, "things"), [json!({"k": "a", "amount": 5, "note": "z"})]);
    }

    fn of_two_values_of_a_field_the_one_that_is_meant_is_set(at) {
        at.import_plain(1, &[&at.write("rows.ndjson", "{\"k\": \"a\", \"phone\": \"1\", \"phone\": \"2\", \"n\": 1, \"n\": 2}\n")]);
        let id = text(&waiting(at)[0], "/id");
        at.json(1, &["quarantine", "edit", &id, "--set", "n=1"]);
        assert_eq!(faults(&waiting(at)[0]), [("/phone".to_owned(), "duplicate_field".to_owned())]);
        assert_eq!(released(&at.json(1, &["quarantine", "retry", "--all"])), 0);
        // To set what it holds already is to say that it is the one.
        at.json(0, &["quarantine", "edit", &id, "--set", "phone=\"2\""]);
        assert_eq!(released(&at.json(0, &["quarantine", "retry", "--all"])), 1);
        assert_eq!(documents(at, "things"), [json!({"k": "a", "phone": "2", "n": 1})]);
    }

    fn undecodable_bytes_and_ragged_rows_name_their_cells(at) {
        let csv = b"k,name,n\na,Jos\xe9,1\nb,\xc3\xa9\xc3\xa9\xc3\xa9,2\nc,x\nd,\"open,3\ne,y,5\n";
        let run = at.import_plain(1, &[&at.write("rows.csv", csv)]);
        assert_eq!(counts(&run), [2, 0, 0, 3]);
        let found: Vec<_> = waiting(at).iter().map(faults).collect();
        let pair = |pointer: &str, rule: &str| (pointer.to_owned(), rule.to_owned());
        assert_eq!(found, [
            vec![pair("/name", "unreadable")],
            vec![pair("/n", "columns")],
            vec![pair("/name", "syntax"), pair("/n", "columns")],
        ]);
        // A row that is too short is right as it is once someone says so.
        let second = text(&waiting(at)[1], "/id");
        at.json(0, &["quarantine", "edit", &second, "--unset", "n"]);
        assert_eq!(released(&at.json(0, &["quarantine", "retry", &second])), 1);
    }

    fn numbers_keep_all_their_digits(at) {
        let rows = [
            r#"{"k": 12345678901234567890, "v": 0.1000000000000000055511151231257827}"#,
            r#"{"k": 12345678901234567891, "v": 1e400}"#,
            r#"{"k": {"$numberDecimal": "1234567890123456789012345678.10"}, "v": 1.10}"#,
            r#"{"k": {"$numberDecimal": "1234567890123456789012345678.20"}, "v": 9007199254740993}"#,
        ];
        assert_eq!(counts(&at.import_plain(0, &[&at.write("rows.ndjson", rows.join("\n"))])), [4, 0, 0, 0]);
        let decimal = |text: &str| json!({"$numberDecimal": text});
        assert_eq!(documents(at, "things"), [
            json!({"k": decimal("12345678901234567890"), "v": decimal("0.1000000000000000055511151231257827")}),
            json!({"k": decimal("1234567890123456789012345678.10"), "v": 1.1}),
            json!({"k": decimal("1234567890123456789012345678.20"), "v": {"$numberLong": "9007199254740993"}}),
            json!({"k": decimal("12345678901234567891"), "v": decimal("1E+400")}),
        ]);
        // They are other keys, and the same again.
        assert_eq!(counts(&at.import_plain(0, &[&at.write("again.ndjson", rows.join("\n"))])), [0, 0, 4, 0]);
        let out = at.path("out.csv").display().to_string();
        at.json(0, &["records", "export", &out, "--collection", "things"]);
        let csv = std::fs::read_to_string(&out).unwrap();
        for digits in ["12345678901234567890", "0.1000000000000000055511151231257827", "1234567890123456789012345678.20", "9007199254740993"] {
            assert!(csv.contains(digits), "{csv}");
        }
        let too_long = format!("{{\"k\": {}}}", "1".repeat(40));
        assert_eq!(counts(&at.import_plain(1, &[&at.write("long.ndjson", too_long)])), [0, 0, 0, 1]);
    }

    fn limits_are_exact(at) {
        let schema = r#"{"title": "Thing", "type": "object", "required": ["k"], "properties": {"k": {"type": "string"}, "n": {"type": "number", "maximum": 100}}}"#;
        at.json(0, &["schema", "add", &at.write("thing.json", schema), "--collection", "things", "--key", "k", "--name", "thing"]);
        let rows = "{\"k\": \"a\", \"n\": 100}\n{\"k\": \"b\", \"n\": 100.0000000000000000000001}\n{\"k\": \"c\", \"n\": 99.9999999999999999999999}\n";
        let run = at.json(1, &["import", "--schema", "thing", &at.write("rows.ndjson", rows)]);
        assert_eq!(counts(&run), [2, 0, 0, 1]);
        assert_eq!(faults(&waiting(at)[0]), [("/n".to_owned(), "maximum".to_owned())]);
        let checked = at.json(1, &["validate", "--schema", "thing", &at.write("again.ndjson", rows)]);
        assert_eq!(number(&checked, "/counts/quarantined"), 1);
    }

    fn a_column_has_one_type(at) {
        let csv = "k,zip,release,n,price,ok,sci\na,01067,1.1,1,10.50,true,9e42\nb,10115,1.10,2.5,3.20,false,7\nc,,2,-3,1.00,true,8\n";
        assert_eq!(counts(&at.import_plain(0, &[&at.write("rows.csv", csv)])), [3, 0, 0, 0]);
        assert_eq!(documents(at, "things"), [
            json!({"k": "a", "zip": "01067", "release": "1.1", "n": 1, "price": "10.50", "ok": true, "sci": "9e42"}),
            json!({"k": "b", "zip": "10115", "release": "1.10", "n": 2.5, "price": "3.20", "ok": false, "sci": "7"}),
            json!({"k": "c", "release": "2", "n": -3, "price": "1.00", "ok": true, "sci": "8"}),
        ]);
        // Sheets say which of their cells are texts.
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (column, (name, cell)) in [("k", "x"), ("zip", "10115"), ("release", "1.10")].iter().enumerate() {
            let column = u16::try_from(column).unwrap();
            sheet.write(0, column, *name).unwrap();
            sheet.write(1, column, *cell).unwrap();
        }
        at.import_plain(0, &[&at.write("book.xlsx", book.save_to_buffer().unwrap())]);
        assert_eq!(documents(at, "things")[3], json!({"k": "x", "zip": "10115", "release": "1.10"}));
    }

    fn a_column_of_digits_stays_the_text_that_its_field_is(at) {
        at.import_plain(0, &[&at.write("rows.ndjson", "{\"k\": \"1\", \"zip\": \"10115\", \"n\": 5}\n{\"k\": \"2\", \"zip\": \"01067\", \"n\": 6}\n")]);
        let out = at.path("out.csv").display().to_string();
        at.json(0, &["records", "export", &out, "--collection", "things", "zip = \"10115\""]);
        assert_eq!(counts(&at.import_plain(0, &[&out])), [0, 0, 1, 0]);
    }

    fn single_values_in_braces_are_no_records(at) {
        let rows = "[{\"$oid\": \"65a000000000000000000001\"}, {\"$date\": \"2024-01-01T00:00:00Z\"}, {\"k\": 1}]";
        let run = at.import_plain(1, &[&at.write("rows.json", rows)]);
        assert_eq!(counts(&run), [1, 0, 0, 2]);
        assert!(waiting(at).iter().all(|e| faults(e) == [(String::new(), "syntax".to_owned())]));
    }

    fn dates_beyond_the_year_9999_are_not_the_last_one_before(at) {
        let far = json!({"$date": {"$numberLong": "253402300800001"}});
        at.import_plain(0, &[&at.write("rows.ndjson", json!({"k": "a", "at": far}).to_string())]);
        assert_eq!(documents(at, "things"), [json!({"k": "a", "at": far})]);
        let out = at.path("out.ndjson").display().to_string();
        at.json(0, &["records", "export", &out, "--collection", "things"]);
        assert_eq!(counts(&at.import_plain(0, &[&out])), [0, 0, 1, 0]);
    }

    fn a_field_that_stands_twice_in_bson_waits_for_a_person(at) {
        let element = |name: &str, n: i32| [&[0x10], name.as_bytes(), &[0], &n.to_le_bytes()[..]].concat();
        let elements = [element("k", 1), element("n", 1), element("n", 2)].concat();
        let document = [&(u32::try_from(elements.len()).unwrap() + 5).to_le_bytes()[..], &elements, &[0]].concat();
        let run = at.import_plain(1, &[&at.write("rows.bson", document)]);
        assert_eq!(counts(&run), [0, 0, 0, 1]);
        assert_eq!(faults(&waiting(at)[0]), [("/n".to_owned(), "duplicate_field".to_owned())]);
    }

    fn infinity_in_sqlite_is_kept(at) {
        let path = at.path("numbers.db").display().to_string();
        let db = rusqlite::Connection::open(&path).unwrap();
        db.execute_batch("CREATE TABLE t (k TEXT, n REAL); INSERT INTO t VALUES ('a', 9e999), ('b', -9e999), ('c', 1.5);").unwrap();
        drop(db);
        assert_eq!(counts(&at.import_plain(0, &[&path])), [3, 0, 0, 0]);
        let values: Vec<Json> = documents(at, "things").iter().map(|d| d["n"].clone()).collect();
        assert_eq!(values, [json!({"$numberDouble": "Infinity"}), json!({"$numberDouble": "-Infinity"}), json!(1.5)]);
    }

    fn tables_come_back_as_they_were(at) {
        let values = ["=x", "'=x", "''=x", "+49 30 1234", "-n-", "-5", "'-5", "@a", "'", "'quoted'", "a,b", "say \"x\"", "\ttab", " blank ", "1.10", "007"];
        let rows: Vec<String> = values.iter().enumerate().map(|(n, v)| json!({"k": format!("r{n}"), "v": v, "w": format!("'{v}")}).to_string()).collect();
        at.import_plain(0, &[&at.write("rows.ndjson", rows.join("\n"))]);
        let out = at.path("out.csv").display().to_string();
        at.json(0, &["records", "export", &out, "--collection", "things"]);
        let csv = at.read("out.csv");
        assert!(csv.contains("'=x") && !csv.lines().any(|line| line.split(',').any(|cell| cell.starts_with('='))), "defused: {csv}");
        let again = at.import_plain(0, &[&out]);
        assert_eq!(counts(&again), [0, 0, i64::try_from(values.len()).unwrap(), 0], "{again:#}");
        // What another program has written is taken as it is.
        at.json(0, &["import", "--no-schema", "--collection", "others", "--key", "k", &at.write("other.csv", "k,v\r\na,'=x\r\nb,y\r\n")]);
        assert_eq!(documents(at, "others")[0], json!({"k": "a", "v": "'=x"}));
    }

    fn a_table_has_the_fields_of_all_records(at) {
        let mut rows: Vec<String> = (0..1200).map(|n| json!({"k": n}).to_string()).collect();
        rows.push(json!({"k": "last", "late": "here"}).to_string());
        at.import_plain(0, &[&at.write("rows.ndjson", rows.join("\n"))]);
        let out = at.path("out.csv").display().to_string();
        at.json(0, &["records", "export", &out, "--collection", "things"]);
        assert!(at.read("out.csv").contains("last,here"));
    }

    fn a_name_with_a_dot_is_one_name(at) {
        let record = |dotted: &str, price: i64, plain: i64| {
            json!({"k": "r", "a.b": dotted, "a": {"b": "nested"}, "usb 3.1": 1, "$price": price, "n": {"$in": 1, "c.d": 2}, "plain": plain})
        };
        at.import_plain(0, &[&at.write("rows.ndjson", record("flat", 5, 1).to_string())]);
        let set = |code: i32, what: &[&str]| {
            let mut words = vec!["records", "set", "r", "--collection", "things"];
            words.extend(what);
            at.json(code, &words)
        };
        // Which of two is meant is asked, and no third field is made.
        let why = set(2, &["a.b=new"]);
        assert!(text(&why, "/error/message").contains("Write /a.b for it, or /a/b for the field inside."), "{why}");
        let changed = set(0, &["/a.b=dotted", "/$price=7", "/n/c.d=3", "plain=2"]);
        set(0, &["/a/b=inside", "--unset", "/usb 3.1"]);
        let mut expected = record("dotted", 7, 2);
        expected["n"]["c.d"] = json!(3);
        expected["a"]["b"] = json!("inside");
        expected.as_object_mut().unwrap().remove("usb 3.1");
        assert_eq!(documents(at, "things"), [expected.clone()]);
        // It is undone, and changed by an import.
        at.json(0, &["history", "undo", &text(&changed, "/changeSet/id")]);
        let mut before = record("flat", 5, 1);
        before["a"]["b"] = json!("inside");
        before.as_object_mut().unwrap().remove("usb 3.1");
        assert_eq!(documents(at, "things"), [before]);
        let run = at.import_plain(0, &[&at.write("again.ndjson", expected.to_string())]);
        assert_eq!(counts(&run), [0, 1, 0, 0]);
        assert_eq!(documents(at, "things"), [expected]);
    }

    fn columns_keep_their_names(at) {
        let csv = "k,No.,Price (approx.),usb 3.1,v1.0,a.b,a,addr.city,addr.zip\n1,7,5,yes,x,1,2,Kiel,24103\n";
        let run = at.import_plain(1, &[&at.write("rows.csv", csv)]);
        assert!(text(&run, "/notes/0").contains("addr.city"), "what becomes of a name is said: {run}");
        let expected = json!({
            "k": 1, "No.": 7, "Price (approx.)": 5, "usb 3.1": "yes", "v1.0": "x", "a.b": 1, "a": 2, "addr": {"city": "Kiel", "zip": 24103}
        });
        assert_eq!(documents(at, "things"), [expected]);
    }

    fn the_column_with_exactly_the_name_of_a_field_gets_it(at) {
        let schema = r#"{"title": "Good", "type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "price": {"type": "number"}, "unit_price": {"type": "number"}}}"#;
        at.json(0, &["schema", "add", &at.write("good.json", schema), "--collection", "goods", "--key", "id", "--name", "good"]);
        let csv = "id,Price,price,PRICE,Unit Price,unit-price\na,1,2,3,4,5\n";
        at.json(0, &["import", "--schema", "good", &at.write("rows.csv", csv)]);
        let found = documents(at, "goods").remove(0);
        assert_eq!((&found["price"], &found["unit_price"], &found["Price"], &found["PRICE"]), (&json!(2), &json!(4), &json!(1), &json!(3)));
    }

    fn a_key_that_no_row_has_is_refused_before_anything_is_read(at) {
        let file = at.write("rows.csv", "ZIP,city\n01067,Dresden\n");
        let import = ["import", "--no-schema", "--collection", "towns", "--key", "zip", &file];
        at.steward(&import).ended(2).says("No column goes to the key 'zip'. Did you mean 'ZIP'?");
        at.steward(&["import", "--no-schema", "--collection", "towns", "--key", "No.", &at.write("no.csv", "No.,a\n1,2\n")]).ended(2).says("cannot be a key");
        assert_eq!(at.json(0, &["quarantine", "list"])["total"], 0);
    }

    fn patterns_may_look_around(at) {
        let schema = r#"{"title": "Code", "type": "object", "required": ["id"], "properties": {"id": {"type": "string", "pattern": "^(?!0)[0-9]+(?=x$)"}}}"#;
        at.json(0, &["schema", "add", &at.write("code.json", schema), "--collection", "codes", "--key", "id", "--name", "code"]);
        let rows = "{\"id\": \"12x\"}\n{\"id\": \"02x\"}\n{\"id\": \"12\"}\n";
        let run = at.json(1, &["import", "--schema", "code", &at.write("rows.ndjson", rows)]);
        assert_eq!(counts(&run), [1, 0, 0, 2]);
    }

    fn an_object_tells_records_apart(at) {
        let rows = "{\"_id\": {\"a\": 1, \"b\": \"x\"}, \"v\": 1}\n{\"_id\": {\"a\": 1, \"b\": \"y\"}, \"v\": 2}\n{\"_id\": [1], \"v\": 3}\n";
        let file = at.write("rows.ndjson", rows);
        let import = |code: i32| at.json(code, &["import", &file, "--no-schema", "--collection", "pairs", "--key", "_id"]);
        assert_eq!(counts(&import(1)), [2, 0, 0, 1]);
        assert_eq!(text(&waiting(at)[0], "/errors/0/rule"), "missing_key");
        assert_eq!(counts(&import(1)), [0, 0, 2, 0]);
        let key = "{\"a\": 1, \"b\": \"y\"}";
        at.json(0, &["records", "set", key, "v=5", "--collection", "pairs"]);
        let got = at.json(0, &["records", "get", key, "--collection", "pairs"]);
        assert_eq!(got["document"], json!({"_id": {"a": 1, "b": "y"}, "v": 5}));
        let set = text(&at.json(0, &["records", "bulk", "v = 5", "--delete", "--yes", "--collection", "pairs"]), "/id");
        at.steward(&["records", "get", key, "--collection", "pairs"]).ended(3);
        at.json(0, &["history", "undo", &set]);
        assert_eq!(number(&at.json(0, &["records", "get", key, "--collection", "pairs"]), "/document/v"), 5);
        let added = at.json(0, &["records", "add", "{\"_id\": {\"a\": 2}, \"v\": 9}", "--collection", "pairs"]);
        assert!(added.to_string().contains("applied"), "{added}");
    }

    fn a_name_with_a_dot_can_be_searched_and_sorted_by(at) {
        let rows = r#"{"k": "a", "usb 3.1": true, "price ($)": 5}
{"k": "b", "usb 3.1": false, "$tax": "x", "nested": {"v1.0": 2}}
{"k": "c", "usb 3": {"1": true}}
"#;
        at.import_plain(0, &[&at.write("rows.ndjson", rows)]);
        let found = |filter: &str| {
            let page = at.json(0, &["records", "find", filter, "--collection", "things", "--sort", "k"]);
            page["records"].as_array().unwrap().iter().map(|r| text(r, "/document/k")).collect::<Vec<_>>()
        };
        assert_eq!(found("`/usb 3.1` = true"), ["a"]);
        assert_eq!(found("exists(`/usb 3.1`)"), ["a", "b"]);
        assert_eq!(found("`usb 3.1` = true"), ["c"], "dots lead into objects");
        assert_eq!(found("`/$tax` = \"x\" and `/nested/v1.0` >= 2"), ["b"]);
        assert_eq!(found("not exists(`/$tax`)"), ["a", "c"]);
        let sorted = |field: &str| {
            let page = at.json(0, &["records", "find", "--collection", "things", &format!("--sort=-{field}")]);
            page["records"].as_array().unwrap().iter().map(|r| text(r, "/document/k")).collect::<Vec<_>>()
        };
        assert_eq!((sorted("/usb 3.1"), sorted("/price ($)")[0].as_str()), (vec!["a".into(), "b".into(), "c".into()], "a"));
        assert_eq!((sorted("/$tax")[0].as_str(), sorted("/nested/v1.0")[0].as_str()), ("b", "b"));
        let facet = at.json(0, &["records", "facet", "/usb 3.1", "--collection", "things"]);
        assert_eq!((number(&facet, "/missing"), facet["values"].as_array().unwrap().len()), (1, 2));
        at.steward(&["records", "find", "usb 3.1 = true", "--collection", "things"]).ended(2).says("`/usb 3.1`");
    }

    fn what_a_csv_cannot_say_is_reported(at) {
        at.import_plain(0, &[&at.write("rows.ndjson", "{\"k\": \"a\", \"v\": 1}\n{\"k\": \"b\", \"v\": \"1\", \"w\": null}\n")]);
        let out = at.path("out.csv").display().to_string();
        at.steward(&["records", "export", &out, "--collection", "things"]).ended(0).says("in v, values of several types").says("the same: w.");
        let lines = at.path("out.ndjson").display().to_string();
        assert!(at.json(0, &["records", "export", &lines, "--collection", "things"]).get("notes").is_none());
        // Under its schema a table comes back as it was, numbers with exponents too.
        let schema = json!({"title": "Part", "properties": {"part_id": {"type": "string"}, "price": {"type": "number"}}, "required": ["part_id"]});
        at.json(0, &["schema", "add", &at.write("part.json", schema.to_string())]);
        let rows = "{\"part_id\": \"007\", \"price\": {\"$numberDecimal\": \"1E+3\"}}\n{\"part_id\": \"8\", \"price\": 1e300}\n";
        at.json(0, &["import", &at.write("parts.ndjson", rows), "--schema", "part"]);
        let out = at.path("parts.csv").display().to_string();
        assert!(at.json(0, &["records", "export", &out, "--collection", "part"]).get("notes").is_none());
        assert_eq!(counts(&at.json(0, &["import", &out, "--schema", "part"])), [0, 0, 2, 0]);
    }

    fn what_is_suggested_can_be_used(at) {
        let schema = json!({"title": "Good", "required": ["sku"], "properties": {"sku": {"type": "string"}, "name": {"type": "string"}, "weight": {"type": "number"}}});
        at.json(0, &["schema", "add", &at.write("good.json", schema.to_string()), "--key", "sku"]);
        let file = at.write("goods.csv", "sku,Name,name,WEIGHT,weight\nA,supplier text,own text,900,1.5\n");
        let suggested = at.steward(&["mapping", "suggest", &file, "--schema", "good"]).ended(0).json();
        let mapping = at.write("mapping.json", suggested.to_string());
        at.json(0, &["import", &file, "--schema", "good", "--mapping", &mapping]);
        let mut stored = documents(at, "good").remove(0);
        stored.as_object_mut().unwrap().retain(|name, _| matches!(name.as_str(), "name" | "weight"));
        assert_eq!(stored, json!({"name": "own text", "weight": 1.5}));
    }

    fn a_path_that_leads_nowhere_and_a_name_are_reported_apart(at) {
        at.import_plain(0, &[&at.write("rows.ndjson", "{\"k\": \"a\", \"usb 3.1\": 1, \"$price\": 5}\n")]);
        at.steward(&["records", "set", "a", "--unset", "usb 3.1", "--collection", "things"]).ended(2).says("Write /usb 3.1 for it");
        at.steward(&["records", "set", "a", "$price=6", "--collection", "things"]).ended(2).says("Write /$price");
        at.json(0, &["records", "set", "a", "/$price=6", "--unset", "/usb 3.1", "--collection", "things"]);
        assert_eq!(documents(at, "things"), [json!({"k": "a", "$price": 6})]);
    }
}
