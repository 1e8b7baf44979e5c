//! Every kind of source through the command line: recognised, read, checked, loaded.

use std::io::Write;

use bson::doc;
use serde_json::{Value as Json, json};

use crate::common::{Place, counts, number, text};
use crate::on_both;

const HEADER: &str = "session_id;participant_email;Started At;rating;CEFR Level;duration_minutes;language;topics;notes";

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// Language sessions as a person's spreadsheet writes them.
fn sessions(rows: u32) -> String {
    let row =
        |n: u32| format!("{};a{n}@example.org;2026-03-02T16:30:00Z;0.5;B1;{};Español;travel;\"one\nand \"\"two\"\"\"\r\n", id(n), 30 + n);
    std::iter::once(format!("{HEADER}\r\n")).chain((1..=rows).map(row)).collect()
}

fn session(at: &Place, n: u32) -> Json {
    at.json(0, &["records", "get", &id(n), "--collection", "language_sessions"])["document"].clone()
}

fn wide(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    out.write_all(bytes).unwrap();
    out.finish().unwrap().into_inner()
}

/// A dump of one collection as `mongodump --archive` lays it out.
fn archive(documents: &[bson::Document]) -> Vec<u8> {
    let end = u32::MAX.to_le_bytes();
    let body: Vec<u8> = documents.iter().flat_map(|d| d.to_vec().unwrap()).collect();
    let crc = crc::Crc::<u64>::new(&crc::CRC_64_XZ).checksum(&body).cast_signed();
    let about = doc! {"db": "shop", "collection": "things", "metadata": "{\"indexes\":[]}", "size": 1, "type": "collection"};
    let heading = |eof: bool, crc: i64| doc! {"db": "shop", "collection": "things", "EOF": eof, "CRC": crc}.to_vec().unwrap();
    let mut out = vec![0x6d, 0xe2, 0x99, 0x81];
    let parts: [&[u8]; 9] = [
        &doc! {"version": "0.1"}.to_vec().unwrap(),
        &about.to_vec().unwrap(),
        &end,
        &heading(false, 0),
        &body,
        &end,
        &heading(true, crc),
        &end,
        &[],
    ];
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

fn typed(n: i32) -> bson::Document {
    doc! {"_id": n, "k": n, "at": bson::DateTime::from_millis(1_700_000_000_000), "price": "1.10".parse::<bson::Decimal128>().unwrap()}
}

on_both! {
    fn tables_in_every_encoding_and_wrapping_are_the_same_records(at) {
        let table = sessions(3);
        let latin: Vec<u8> = table.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let run = at.json(0, &["import", &at.write("latin.csv", &latin)]);
        assert_eq!((counts(&run), text(&run, "/schema")), ([3, 0, 0, 0], "kintell.language_session@1.1.0".into()));
        let stored = session(at, 2);
        assert_eq!(stored["language"], "Español");
        assert_eq!((&stored["duration_minutes"], &stored["rating"], &stored["topics"]), (&json!(32), &json!(0.5), &json!(["travel"])));
        assert_eq!(stored["notes"], "one\nand \"two\"");
        let others: [(&str, Vec<u8>); 6] = [
            ("marked.csv", [b"\xef\xbb\xbf", table.as_bytes()].concat()),
            ("wide.csv", wide(&table)),
            ("plain.csv.gz", gzipped(table.as_bytes())),
            ("plain.csv.zst", zstd::encode_all(table.as_bytes(), 1).unwrap()),
            ("plain.zip", zipped("in/plain.csv", table.as_bytes())),
            ("tabs.tsv", table.replace(';', "\t").into_bytes()),
        ];
        for (name, bytes) in others {
            assert_eq!(counts(&at.json(0, &["import", &at.write(name, bytes)])), [0, 0, 3, 0], "{name}");
        }
    }

    fn dirty_tables_say_what_is_wrong_where(at) {
        let row = |n: u32, rest: &str| format!("{};a@example.org;2026-03-02T16:30:00Z;{rest}\n", id(n));
        let long = "x".repeat(10_000);
        let mut bytes = format!("{HEADER}\n").into_bytes();
        for (n, rest) in [
            (1, "0.5;B1;30;Greek;;fine"),
            (2, "1.5;B9;thirty;Greek;;three wrong"),
            (3, "0.5;B1;30"),
            (4, "0.5;B1;30;Greek;;\"never closed"),
            (5, "0.5;B1;30;Greek;;fine;surplus"),
            (6, "0.5;B1;30;Greek;;\"closed\" too early"),
            (7, &format!("0.5;B1;30;Greek;;{long}")),
        ] {
            bytes.extend_from_slice(row(n, rest).as_bytes());
        }
        bytes.extend_from_slice(b"caf\xe9;not text in UTF-8 \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\n");
        bytes.extend_from_slice(row(9, "0.5;B1;30;Greek;;fine").as_bytes());
        let run = at.json(1, &["import", &at.write("dirty.csv", bytes)]);
        assert_eq!(counts(&run), [2, 0, 0, 7]);
        let found = at.json(0, &["quarantine", "list"]);
        assert_eq!(text(&found, "/entries/0/sourceHash"), text(&run, "/files/0/sha256"));
        let listed: Vec<(i64, Vec<String>)> = found["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| (number(e, "/rowNumber"), e["errors"].as_array().unwrap().iter().map(|v| text(v, "/rule")).collect()))
            .collect();
        let rules = |row: i64| listed.iter().find(|t| t.0 == row).unwrap().1.clone();
        assert_eq!(listed.iter().map(|t| t.0).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8]);
        for rule in ["maximum", "enum", "type"] {
            assert!(rules(2).contains(&rule.to_owned()), "{:?}", rules(2));
        }
        assert!(rules(3).contains(&"columns".to_owned()) && rules(5) == ["columns"]);
        assert!(rules(4).contains(&"syntax".to_owned()) && rules(6).contains(&"syntax".to_owned()));
        assert_eq!((rules(7), rules(8)[0].as_str()), (vec!["maxLength".to_owned()], "unreadable"));
        let surplus = found["entries"].as_array().unwrap().iter().find(|e| e["rowNumber"] == 5).unwrap();
        assert_eq!(surplus["document"]["column_10"], "surplus", "nothing of a row is lost");
    }

    fn columns_without_names_and_names_that_repeat(at) {
        let file = at.write("names.csv", "k,name,name,\nr1,a,b,c\n");
        let run = at.json(1, &["import", "--no-schema", "--collection", "things", "--key", "k", &file]);
        assert_eq!(counts(&run), [1, 0, 0, 0]);
        assert!(text(&run, "/notes/0").contains("name_2") && text(&run, "/notes/1").contains("column_4"), "{run:#}");
        let stored = at.json(0, &["records", "get", "r1", "--collection", "things"])["document"].clone();
        assert_eq!((&stored["name"], &stored["name_2"], &stored["column_4"]), (&json!("a"), &json!("b"), &json!("c")));
        let file = at.write("bare.txt", "1|x\n2|y\n");
        let bare = ["import", "--no-schema", "--collection", "bare", "--key", "column_1", "--delimiter", "|", "--header", "false", &file];
        assert_eq!(counts(&at.json(0, &bare)), [2, 0, 0, 0]);
        let empty = at.json(1, &["import", "--schema", "careers", &at.write("empty.csv", "career_id,title\n")]);
        assert_eq!(text(&empty, "/notes/0"), "empty.csv has names of columns and no row.");
    }

    fn workbooks_keep_numbers_and_dates(at) {
        let mut book = rust_xlsxwriter::Workbook::new();
        book.add_worksheet().set_name("Cover").unwrap().write(0, 0, "Nothing to see").unwrap();
        let sheet = book.add_worksheet().set_name("Data").unwrap();
        for (at, name) in ["k", "when", "n", "ok"].iter().enumerate() {
            sheet.write(0, u16::try_from(at).unwrap(), *name).unwrap();
        }
        let day = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        sheet.write(1, 0, "a").unwrap();
        sheet.write_with_format(1, 1, rust_xlsxwriter::ExcelDateTime::from_ymd(2025, 3, 9).unwrap(), &day).unwrap();
        sheet.write(1, 2, 4.5).unwrap();
        sheet.write(1, 3, true).unwrap();
        let file = at.write("book.xlsx", book.save_to_buffer().unwrap());
        assert_eq!(counts(&at.import_plain(0, &["--part", "Data", &file])), [1, 0, 0, 0]);
        let stored = at.json(0, &["records", "get", "a", "--collection", "things"])["document"].clone();
        assert_eq!((&stored["when"], &stored["n"], &stored["ok"]), (&json!("2025-03-09"), &json!(4.5), &json!(true)));
        at.steward(&["import", "--no-schema", "--collection", "x", "--part", "Nope", &file]).ended(2).says("There is no sheet 'Nope'. There are: Cover, Data.");
    }

    fn a_damaged_workspace_gives_up_its_records(at) {
        let from = Place::file();
        from.json(0, &["init", "--sample"]);
        let mut bytes = std::fs::read(&from.workspace).unwrap();
        let size = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
        // The page that leads to those that hold the careers.
        let database = rusqlite::Connection::open(&from.workspace).unwrap();
        let sql = "SELECT s.rootpage FROM sqlite_schema s JOIN collections c ON s.name = 'c' || c.id WHERE c.name = 'careers'";
        let root: u32 = database.query_row(sql, [], |row| row.get(0)).unwrap();
        drop(database);
        bytes[(root as usize - 1) * size..][..size].fill(0xee);
        let file = at.write("damaged.steward", bytes);
        let run = at.json(1, &["import", &file]);
        assert_eq!((counts(&run), text(&run, "/collection")), ([361, 0, 0, 0], "careers".into()), "{run:#}");
        assert!(text(&run, "/notes/0").contains("damaged"), "{run:#}");
        assert_eq!(at.export("careers"), from.export("careers"), "with their types and ids");
        assert_eq!(text(&at.json(0, &["runs", "list"]), "/runs/0/files/0/name"), "damaged.steward");
    }

    fn a_workspace_without_its_list_of_tables_gives_up_its_records(at) {
        let from = Place::file();
        from.json(0, &["init", "--sample"]);
        let whole = std::fs::read(&from.workspace).unwrap();
        let size = usize::from(u16::from_be_bytes([whole[16], whole[17]]));
        let read = |name: &str, bytes: &[u8], part: &str| -> (i64, Json) {
            let file = at.write(name, bytes);
            let run = at.json(1, &["import", "--mode", "upsert", "--schema", "careers", "--part", part, &file]);
            assert!(text(&run, "/notes/0").contains("damaged"), "{run:#}");
            (counts(&run).iter().sum(), run)
        };
        // Cut anywhere, its pages give up what they hold.
        for tenths in [3, 5, 7] {
            let cut = &whole[..whole.len() * tenths / 10];
            let there = cut.windows(11).filter(|bytes| bytes == b"\x02career_id\0").count();
            let (read, run) = read("cut.steward", cut, "careers");
            // Of some the end is missing.
            assert!(there > 50 && read * 10 >= i64::try_from(there).unwrap() * 9, "{there} of them begin in the file: {run:#}");
        }
        // Without what is on its first page nobody knows of which collection a record was.
        let mut headless = whole;
        headless[100..size].fill(0);
        let (found, run) = read("headless.steward", &headless, "lost_and_found");
        assert!(found >= 361, "{run:#}");
        assert_eq!(at.export("careers"), from.export("careers"), "with their types and ids");
    }

    fn a_workspace_without_its_first_page_gives_up_its_records(at) {
        let from = Place::file();
        from.json(0, &["init", "--sample"]);
        // Longer than a page: they go on elsewhere, by the number of a page.
        let long: String = (0..30).map(|n| format!("{{\"k\": {n}, \"text\": \"{}\"}}\n", format!("{n} ").repeat(9000))).collect();
        let long = from.write("long.ndjson", long);
        from.json(0, &["import", "--no-schema", "--collection", "long", "--key", "k", &long]);
        let whole = std::fs::read(&from.workspace).unwrap();
        let size = usize::from(u16::from_be_bytes([whole[16], whole[17]]));
        let zeroed = [vec![0; size], whole[size..].to_vec()].concat();
        for (name, bytes) in [("zeroed", &zeroed[..]), ("cut-off", &whole[size..]), ("in-pieces", &whole[size / 3..])] {
            let at = Place::file();
            let file = at.write(&format!("{name}.steward"), bytes);
            let all = ["import", "--no-schema", "--collection", "all", "--key", "_id", &file, "--part"];
            let refused = at.steward(&[&all[..], &["nothing"]].concat()).ended(2).err.clone();
            let parts = refused.split_once("There are: ").unwrap().1.split_once('.').unwrap().0;
            for part in parts.split(", ") {
                let run = at.json(1, &[&all[..], &[part]].concat());
                assert!(text(&run, "/notes/0").contains("damaged"), "{name}: {run:#}");
            }
            let found = at.export("all");
            for collection in ["careers", "long"] {
                let lost: Vec<String> = from.export(collection).into_iter().filter(|line| !found.contains(line)).collect();
                assert_eq!(lost, Vec::<String>::new(), "{name}, {collection}, of {parts}");
            }
        }
        let file = at.write("nothing.steward", vec![0; size * 4]);
        at.steward(&["import", "--schema", "careers", &file]).ended(2).says("no other page holds records");
    }

    fn a_damaged_sqlite_file_gives_up_its_rows(at) {
        let file = at.write("careers.db", steward_schema_sample());
        let run = at.json(1, &["import", &file]);
        assert_eq!((counts(&run), text(&run, "/collection")), ([104, 0, 0, 1], "careers".into()));
        assert!(text(&run, "/notes/0").contains("105 rows could be read") && text(&run, "/notes/1").contains("5 pages"), "{run:#}");
        let skills = at.json(0, &["records", "get", "11-1011.00"])["document"]["required_skills"].clone();
        assert!(skills.as_array().unwrap().len() > 5, "a list that was text in the table is a list");
        at.steward(&["import", "--part", "nothing", &file]).ended(2).says("There is no table 'nothing'");
        at.steward(&["import", "--schema", "careers", &at.write("broken.db", b"SQLite format 3\0nonsense")]).ended(2).says("SQLite");
    }

    fn documents_of_mongodb_keep_their_types(at) {
        let all: Vec<bson::Document> = (1..=3).map(typed).collect();
        let bytes: Vec<u8> = all.iter().flat_map(|d| d.to_vec().unwrap()).collect();
        assert_eq!(counts(&at.import_plain(0, &[&at.write("things.bson", &bytes)])), [3, 0, 0, 0]);
        let stored = at.with_store(async |store| {
            bson::Document::try_from(store.get_many("things", "k", &[2.into()]).await.unwrap()[0].as_ref()).unwrap()
        });
        assert_eq!(stored, typed(2));
        assert_eq!(counts(&at.import_plain(0, &[&at.write("dump.archive", archive(&all))])), [0, 0, 3, 0]);
        assert_eq!(counts(&at.import_plain(0, &[&at.write("dump.archive.gz", gzipped(&archive(&all)))])), [0, 0, 3, 0]);
        std::fs::create_dir_all(at.path("dump/shop")).unwrap();
        std::fs::write(at.path("dump/shop/things.bson.gz"), gzipped(&bytes)).unwrap();
        std::fs::write(at.path("dump/shop/things.metadata.json"), "{}").unwrap();
        assert_eq!(counts(&at.import_plain(0, &["dump"])), [0, 0, 3, 0]);
        let cut = archive(&all);
        let run = at.import_plain(1, &[&at.write("cut.archive", &cut[..cut.len() - 60])]);
        assert!(text(&run, "/notes/0").contains("damaged"), "{run:#}");
    }

    fn a_list_inside_an_object_and_standard_input(at) {
        let file = at.write("page.json", json!({"total": 2, "data": [{"k": 1, "text": "first of them"}, {"k": 2, "text": "second of them"}]}).to_string());
        assert_eq!(counts(&at.import_plain(0, &[&file])), [2, 0, 0, 0]);
        let whole = at.json(0, &["import", "--no-schema", "--collection", "whole", "--key", "total", "--part", "", &file]);
        assert_eq!(counts(&whole), [1, 0, 0, 0]);
        let mut child = at.command(&["--json", "--quiet", "import", "--no-schema", "--collection", "things", "--key", "k", "-"]);
        let mut child = child.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"{\"k\": 2, \"text\": \"second of them\"}\n{\"k\": 3}\n").unwrap();
        let run: Json = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
        assert_eq!(counts(&run), [1, 0, 1, 0]);
    }

    fn webhooks_of_three_platforms_become_learning_progress(at) {
        let ecornell = |n: u32, percent: u32, at: &str| {
            json!({"event": "course.progress", "event_id": id(n), "occurred_at": at, "learner": {"id": "9f2"},
                "course": {"code": "CEI201"}, "status": "in_progress", "progress_percent": percent, "metadata": {"cohort": "spring"}})
        };
        // The newest message about a learner in a course wins, whatever their order.
        let lines = [ecornell(1, 40, "2026-04-02T07:30:00Z"), ecornell(2, 10, "2026-04-01T07:30:00Z"), ecornell(3, 90, "2026-04-03T07:30:00Z")];
        let lines: Vec<String> = lines.iter().map(Json::to_string).collect();
        let run = at.json(0, &["import", &at.write("ecornell.ndjson", lines.join("\n"))]);
        assert_eq!((text(&run, "/schema"), text(&run, "/collection")), ("upskilling.ecornell_webhook@1.0.0".into(), "learning_progress".into()));
        assert_eq!((counts(&run), number(&run, "/counts/setAside")), ([1, 1, 0, 0], 1));
        let stored = at.json(0, &["records", "get", "ecornell:9f2:CEI201", "--collection", "learning_progress"])["document"].clone();
        assert_eq!((&stored["progress"], &stored["event"], &stored["provider_metadata"]), (&json!(90), &json!("progress"), &json!({"cohort": "spring"})));
        let itslearning = json!({"eventType": "CourseCompleted", "eventId": id(7), "timestamp": "2026-04-02T11:00:00Z",
            "person": {"personId": "p-12"}, "courseId": "MAT-1", "completionStatus": "completed", "progressPercent": 100});
        let generic = json!({"provider": "moodle", "event_type": "enrolment", "event_id": "m1", "timestamp": "2026-04-03T09:00:00Z",
            "user": {"id": "77"}, "course": {"id": "HIS-2"}, "data": {"status": "enrolled", "progress": 0}});
        for (name, payload) in [("its.json", itslearning), ("lms.json", generic)] {
            assert_eq!(counts(&at.json(0, &["import", &at.write(name, payload.to_string())])), [1, 0, 0, 0]);
        }
        // One that breaks its own rules waits as it came; put right, it arrives as progress.
        let broken = at.json(1, &["import", &at.write("broken.json", ecornell(4, 140, "2026-05-01T07:30:00Z").to_string())]);
        assert_eq!(counts(&broken), [0, 0, 0, 1]);
        let entry = at.json(0, &["quarantine", "list"])["entries"][0].clone();
        assert_eq!(entry["errors"].as_array().unwrap().len(), 1, "{entry:#}");
        let entry = text(&entry, "/id");
        at.json(0, &["quarantine", "edit", &entry, "--set", "progress_percent=95"]);
        at.json(0, &["quarantine", "retry", &entry]);
        let stored = at.json(0, &["records", "get", "ecornell:9f2:CEI201", "--collection", "learning_progress"])["document"].clone();
        assert_eq!(stored["progress"], 95);
    }

    fn rows_that_share_a_key_follow_the_policy(at) {
        let rows = "{\"k\": \"r1\", \"v\": \"a\", \"at\": \"2026-01-02T00:00:00Z\"}\n{\"k\": \"r1\", \"v\": \"b\", \"at\": \"2026-01-03T00:00:00+02:00\"}\n{\"k\": \"r1\", \"v\": \"c\", \"at\": \"2026-01-01T00:00:00Z\"}\n";
        let file = at.write("twice.ndjson", rows);
        let expected = [("ask", "a", 1, 2, 0), ("first", "a", 0, 0, 2), ("last", "c", 0, 0, 0), ("newest:at", "b", 0, 0, 1)];
        for (policy, kept, code, waiting, aside) in expected {
            let collection = format!("by_{}", policy.replace(':', "_"));
            let run = at.json(code, &["import", "--no-schema", "--collection", &collection, "--key", "k", "--duplicates", policy, &file]);
            let stored = at.json(0, &["records", "get", "r1", "--collection", &collection])["document"]["v"].clone();
            assert_eq!((stored, counts(&run)[3], number(&run, "/counts/setAside")), (json!(kept), waiting, aside), "{policy}");
            // Whatever was kept, the run can be undone to nothing.
            at.json(0, &["runs", "undo", &text(&run, "/id"), "--yes"]);
            at.steward(&["records", "get", "r1", "--collection", &collection]).ended(3);
        }
        let older = at.write("older.ndjson", "{\"k\": \"r5\", \"v\": \"new\", \"at\": \"2026-02-01T00:00:00Z\"}");
        let newer = at.write("newer.ndjson", "{\"k\": \"r5\", \"v\": \"old\", \"at\": \"2025-02-01T00:00:00Z\"}");
        let import = |file: &str| at.json(0, &["import", "--no-schema", "--collection", "x", "--key", "k", "--duplicates", "newest:at", file]);
        import(&older);
        assert_eq!(number(&import(&newer), "/counts/setAside"), 1);
        assert_eq!(at.json(0, &["records", "get", "r5", "--collection", "x"])["document"]["v"], "new");
    }
}

/// The damaged database that ships with the careers pack.
fn steward_schema_sample() -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schemas/careers/sample/careers.db")).unwrap()
}
