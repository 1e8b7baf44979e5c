//! Sizes: counts that a file declares, cells where no sheet has any, and bytes that unfold into thousands of their kind.

use std::io::Write;

use super::{is_reported, watched};
use crate::common::Place;

/// A zip file of parts, as workbooks are.
fn zipped(at: &Place, name: &str, parts: &[(&str, &[u8])]) -> String {
    let path = at.path(name);
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (part, content) in parts {
        zip.start_file(*part, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
    path.display().to_string()
}

/// A workbook of Excel with this table of texts and these rows.
fn workbook(at: &Place, name: &str, texts: &str, rows: &str) -> String {
    let ns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let book = format!(r#"<workbook xmlns="{ns}" xmlns:r="{rel}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#);
    let rels = format!(
        r#"<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{rel}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
    );
    let root = format!(
        r#"<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    let sheet = format!(r#"<worksheet xmlns="{ns}"><sheetData>{rows}</sheetData></worksheet>"#);
    let texts = format!(r#"<sst xmlns="{ns}" {texts}</sst>"#);
    zipped(
        at,
        name,
        &[
            ("_rels/.rels", root.as_bytes()),
            ("xl/workbook.xml", book.as_bytes()),
            ("xl/_rels/workbook.xml.rels", rels.as_bytes()),
            ("xl/sharedStrings.xml", texts.as_bytes()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ],
    )
}

fn cell(place: &str, value: &str) -> String {
    let row = place.trim_start_matches(|c: char| c.is_ascii_uppercase());
    format!(r#"<row r="{row}"><c r="{place}" t="str"><v>{value}</v></c></row>"#)
}

fn place() -> Place {
    let at = Place::file();
    at.json(0, &["init"]);
    at
}

/// As many columns as a workbook can have: with names that are alike, with one name, and with long ones.
#[test]
fn a_mapping_is_suggested_for_any_number_of_columns() {
    let at = place();
    let table = |names: &dyn Fn(usize) -> String| {
        let header: Vec<String> = (0..16_000).map(names).collect();
        format!("{}\n{}\n{}\n", header.join(","), vec!["1"; 16_000].join(","), vec!["x y"; 16_000].join(","))
    };
    let files = [
        ("alike.csv", table(&|n| format!("average salary {n}"))),
        ("equal.csv", table(&|_| "title".to_owned())),
        ("dotted.csv", table(&|n| format!("a.b{n}.c"))),
    ];
    for (name, text) in files {
        let file = at.write(name, text);
        for way in [vec!["mapping", "suggest", &file, "--schema", "careers"], vec!["validate", &file, "--schema", "careers"]] {
            let said = watched(&at, &way);
            assert!(said.code.is_some_and(|code| code < 2), "{name}: {}", said.err);
        }
    }
}

#[test]
fn counts_that_a_workbook_declares_are_not_allocated() {
    let at = place();
    let fine = workbook(&at, "fine.xlsx", r#"count="0">"#, &format!("{}{}", cell("A1", "k"), cell("A2", "v")));
    is_reported(&at, &fine, "");
    assert_eq!(at.export("things").len(), 1, "such a workbook is read where nothing is wrong with it");
    for count in ["4000000000", "18446744073709551615", "-1"] {
        let texts = format!(r#"count="{count}" uniqueCount="{count}"><si><t>k</t></si>"#);
        let file = workbook(&at, "declared.xlsx", &texts, &cell("A1", "k"));
        is_reported(&at, &file, "");
    }
    let shared = r#"<row r="1"><c r="A1"><f t="shared" ref="A1:B2" si="4000000000">1+1</f><v>2</v></c></row>"#;
    is_reported(&at, &workbook(&at, "shared.xlsx", r#"count="0">"#, shared), "");
}

#[test]
fn cells_where_no_sheet_has_any_end_it_with_a_sentence() {
    let at = place();
    for far in ["ZZZZZZ1", "XFE1", "A1048577", "A4294967295", "ZZZZZZZZZZZZ1"] {
        let rows = format!("{}{}", cell("A1", "k"), cell(far, "far"));
        let said = watched(&at, &["validate", &workbook(&at, "far.xlsx", r#"count="0">"#, &rows), "--schema", "careers"]);
        assert!(format!("{}{}", said.out, said.err).contains("cannot be read"), "{far}: {}{}", said.out, said.err);
        watched(
            &at,
            &[
                "import",
                &workbook(&at, "only.xlsx", r#"count="0">"#, &cell(far, "x")),
                "--no-schema",
                "--collection",
                "things",
                "--key",
                "k",
            ],
        );
    }
}

#[test]
fn a_cell_of_gigabytes_is_never_held() {
    let at = place();
    // 2 GB of one letter; deflate makes two megabytes of it, which is far below what its kind of file has.
    let path = at.path("huge.xlsx");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let fast = zip::write::SimpleFileOptions::default().large_file(true);
    let parts = workbook(&at, "small.xlsx", r#"count="0">"#, "");
    let mut small = zip::ZipArchive::new(std::fs::File::open(parts).unwrap()).unwrap();
    for at in 0..small.len() {
        let part = small.by_index_raw(at).unwrap();
        if !part.name().unwrap().ends_with("sheet1.xml") {
            zip.raw_copy_file(part).unwrap();
        }
    }
    zip.start_file("xl/worksheets/sheet1.xml", fast).unwrap();
    zip.write_all(
        br#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="str"><v>"#,
    )
    .unwrap();
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..2_048 {
        zip.write_all(&chunk).unwrap();
    }
    zip.write_all(b"</v></c></row></sheetData></worksheet>").unwrap();
    zip.finish().unwrap();
    is_reported(&at, &path.display().to_string(), "200 times its size");

    // The same, with a lie about its size: the process that reads it ends, and that is said.
    let mut bytes = std::fs::read(&path).unwrap();
    let size = u32::try_from(2_048_u64 << 20).unwrap() + 200;
    let near = |found: &[u8]| u32::from_le_bytes(found.try_into().unwrap()).abs_diff(size) < 400;
    let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| near(&bytes[*at..at + 4])).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    let file = at.write("lies.xlsx", bytes);
    for way in [vec!["validate", &file, "--schema", "careers"], vec!["mapping", "profile", &file]] {
        watched(&at, &way).says("larger than its declared");
    }
}

#[test]
fn a_reader_that_dies_is_a_sentence() {
    let mut at = place();
    let file = workbook(&at, "fine.xlsx", r#"count="0">"#, &format!("{}{}", cell("A1", "k"), cell("A2", "v")));
    at.environment = vec![("STEWARD_READER_MEMORY_MB", "1".into())];
    let said = watched(&at, &["import", &file, "--no-schema", "--collection", "things", "--key", "k"]).ended(2);
    said.says("more memory or disk than a file of its kind needs");
    at.environment = vec![];
    watched(&at, &["import", &file, "--no-schema", "--collection", "things", "--key", "k"]).ended(0);
}

#[test]
fn what_unfolds_into_thousands_of_its_size_is_refused() {
    let at = place();
    let line = format!("{{\"k\":1,\"a\":\"{}\"}}\n", "x".repeat(1 << 20));
    let path = at.path("bomb.ndjson.zst");
    let mut zst = zstd::Encoder::new(std::fs::File::create(&path).unwrap(), 3).unwrap();
    for _ in 0..2_000 {
        zst.write_all(line.as_bytes()).unwrap();
    }
    zst.finish().unwrap();
    let file = path.display().to_string();
    let said = watched(&at, &["validate", &file, "--schema", "careers"]);
    assert!(format!("{}{}", said.out, said.err).contains("a thousand times its size"), "{}{}", said.out, said.err);

    // A database is unpacked before it is read: it does not fill the disk either, and nothing is left behind.
    let scratch = at.path("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let mut zst = zstd::Encoder::new(std::fs::File::create(at.path("bomb.db.zst")).unwrap(), 3).unwrap();
    zst.write_all(b"SQLite format 3\0").unwrap();
    let nothing = vec![0; 1 << 20];
    for _ in 0..4_000 {
        zst.write_all(&nothing).unwrap();
    }
    zst.finish().unwrap();
    let mut there = Place::at(at.workspace.clone());
    there.environment = vec![("STEWARD_TEMP", scratch.display().to_string())];
    let said = watched(&there, &["validate", &at.path("bomb.db.zst").display().to_string(), "--schema", "careers"]);
    assert!(format!("{}{}", said.out, said.err).contains("a thousand times its size"), "{}{}", said.out, said.err);
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "nothing is left");
}

#[test]
fn layers_within_layers_end() {
    let at = place();
    let mut data = b"[{\"k\":1}]".to_vec();
    for layer in 0..6 {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all(&data).unwrap();
        data = gz.finish().unwrap();
        if layer > 2 {
            is_reported(&at, &at.write("layers.json.gz", &data), "compressed several times");
        }
    }
    let inner = std::fs::read(zipped(&at, "inner.zip", &[("a.json", b"[{\"k\":1}]")])).unwrap();
    let outer = zipped(&at, "outer.zip", &[("inner.zip", &inner)]);
    watched(&at, &["validate", &outer, "--schema", "careers"]);
}

#[test]
fn a_database_whose_views_never_end_is_reported() {
    let at = place();
    for (view, words) in [
        ("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n WHERE x < 0", "computes on and on"),
        ("SELECT zeroblob(1000000000) AS z", "larger than 64 MB"),
    ] {
        let path = at.path("views.db");
        let _ = std::fs::remove_file(&path);
        let made = rusqlite::Connection::open(&path).unwrap();
        made.execute_batch(&format!("CREATE VIEW v AS {view}")).unwrap();
        drop(made);
        let said = watched(&at, &["validate", &path.display().to_string(), "--schema", "careers"]);
        assert!(format!("{}{}", said.out, said.err).contains(words), "{}{}", said.out, said.err);
    }
}

#[test]
fn names_of_columns_cost_no_more_than_their_number() {
    let at = place();
    let many = |name: &dyn Fn(usize) -> String, count: usize| {
        let names: Vec<String> = (0..count).map(name).collect();
        format!("{}\n{}\n", names.join(","), vec!["1"; count].join(","))
    };
    let tables = [
        ("equal", many(&|_| "a".into(), 3_000)),
        ("empty", many(&|_| String::new(), 3_000)),
        ("numbered", many(&|n| format!("a_{}", n % 1_500), 3_000)),
        ("long", format!("{},k\n1,2\n", "career title ".repeat(50_000))),
        ("long word", format!("{},k\n1,2\n", "x".repeat(1 << 20))),
        ("dotted", many(&|n| format!("a.b.c{n}"), 3_000)),
    ];
    for (name, table) in tables {
        let file = at.write(&format!("{name}.csv"), table);
        for way in [
            vec!["mapping", "suggest", &file, "--schema", "careers"],
            vec!["validate", &file, "--schema", "careers"],
            vec!["import", &file, "--no-schema", "--collection", "things", "--key", "k", "--dry-run"],
        ] {
            watched(&at, &way);
        }
    }
    let file = at.write("wider.csv", many(&|n| format!("c{n}"), 16_385));
    watched(&at, &["validate", &file, "--schema", "careers"]).says("16385 columns");
}
