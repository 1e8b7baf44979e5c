//! What the fuzz targets do. Those of readers: the bytes become a file, the file is opened, its rows are cut and decoded. Any
//! outcome is fine, except a panic, a hang, or rows without end.
//!
//! `import/tests/fuzzing.rs` compiles this file too, so that it keeps up with the code, and gives it the seeds.

use std::cell::RefCell;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;
use steward_import::import::Reading;
use steward_import::rows::RowReader;
use steward_mapping::{Cell, Input, Mapping, compile};
use steward_sources::Choice;

/// No row is shorter than one byte, and a header is none.
const SURPLUS: usize = 16;
/// Packed content may hold more rows than it has bytes; more than these are not looked at.
const MOST: usize = 20_000;

thread_local! {
    static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

/// A file of this process for the bytes.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    FOLDER.with_borrow_mut(|folder| {
        let memory = std::path::Path::new("/dev/shm");
        let make = || if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.get_or_insert_with(|| make().expect("a temporary folder can be made"));
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a temporary file can be written");
        path
    })
}

/// Opens the bytes as a file of this name and reads all rows. `packed` content may unfold.
fn read(name: &str, bytes: &[u8], choice: &Choice, packed: bool) {
    let path = file(name, bytes);
    let Ok(mut opened) = steward_sources::open(&path, choice) else {
        return;
    };
    // What is packed by its bytes unfolds under any name.
    let packed = packed || !opened.examined.compression.is_empty();
    let how = Reading { key_field: "k".into(), ..Reading::default() };
    let Ok(reader) = RowReader::new(&opened.decoder, &how) else {
        return;
    };
    let (mut rows, mut last) = (0, 0);
    while let Ok(Some(row)) = opened.next_row() {
        rows += 1;
        // A blank line is no row and has its number all the same.
        assert!(row.number > last, "rows are numbered upwards from one");
        last = row.number;
        reader.check(std::iter::once(row.borrowed()), None, "k");
        if packed && rows >= MOST {
            return;
        }
        assert!(packed || rows <= bytes.len() + SURPLUS, "more rows than bytes");
    }
    let _ = opened.finish();
}

const ENCODINGS: [&str; 4] = ["utf-8", "windows-1252", "utf-16le", "shift_jis"];
const DELIMITERS: [&str; 4] = [",", ";", "\\t", "|"];

/// Separated values in any encoding, with and without choices of the person's.
pub fn csv(bytes: &[u8]) {
    read("rows.csv", bytes, &Choice::default(), false);
    if let Some((&first, rest)) = bytes.split_first() {
        let at = usize::from(first);
        let choice = Choice {
            encoding: Some(ENCODINGS[at % 4].to_owned()),
            delimiter: Some(DELIMITERS[at / 4 % 4].to_owned()),
            quote: Some(if at & 16 == 0 { "\"" } else { "" }.to_owned()),
            header: Some(at & 32 == 0),
            part: None,
            ..Choice::default()
        };
        read("chosen.csv", rest, &choice, false);
    }
}

/// JSON in all its layouts: lines, lists, lists inside objects.
pub fn ndjson(bytes: &[u8]) {
    read("rows.ndjson", bytes, &Choice::default(), false);
    let inside = Choice { part: Some("/data".into()), ..Choice::default() };
    read("rows.json", bytes, &inside, false);
}

/// Workbooks of Excel and OpenDocument.
pub fn excel(bytes: &[u8]) {
    for name in ["book.xlsx", "book.xls", "book.ods"] {
        read(name, bytes, &Choice::default(), true);
    }
}

/// The sheets of OpenDocument: what is packed in a workbook, so that it is the XML that varies.
pub fn ods(content: &[u8]) {
    let mut book = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".as_slice()), ("content.xml", content)] {
        book.start_file(name, stored).and_then(|()| Ok(book.write_all(bytes)?)).expect("a workbook can be packed");
    }
    let book = book.finish().expect("a workbook can be packed").into_inner();
    read("book.ods", &book, &Choice::default(), true);
}

/// Archives of mongodump, and files of BSON documents.
pub fn mongodump(bytes: &[u8]) {
    read("dump.archive", bytes, &Choice::default(), true);
    read("things.bson", bytes, &Choice::default(), true);
}

/// A mapping and a row, both as JSON, with a line of `---` between them.
pub fn mapping(text: &str) {
    let Some((mapping, row)) = text.split_once("\n---\n") else {
        return;
    };
    let (Ok(mapping), Ok(row)) = (Mapping::parse(mapping), serde_json::from_str::<Value>(row)) else {
        return;
    };
    let columns: Vec<String> = row.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
    if let Ok(compiled) = compile(&mapping, None, None) {
        compiled.apply(Input::Json(&row), &mut Vec::new());
    }
    if let Ok(compiled) = compile(&mapping, Some(&columns), None) {
        let values = row.as_object().into_iter().flat_map(|o| o.values());
        let cells: Vec<_> = values.map(|v| Cell::text(v.as_str().unwrap_or_default())).collect();
        compiled.apply(Input::Cells(&cells), &mut Vec::new());
    }
}

/// Documents one after another: what is found fine is decoded, whatever it holds, and stays the same.
pub fn bson(bytes: &[u8]) {
    read("things.bson", bytes, &Choice::default(), true);
    if let Some(document) = steward_domain::depth::decode(bytes) {
        let again = document.to_vec().expect("what was decoded can be encoded");
        assert!(steward_domain::depth::is_fine(&again));
    }
}

/// Tables and views of a database.
pub fn sqlite(bytes: &[u8]) {
    // Only under the name of a workspace are pages looked for whose first one is gone.
    for name in ["rows.db", "rows.steward"] {
        let path = file(name, bytes);
        let Ok(examined) = steward_sources::examine(&path, &Choice::default()) else { continue };
        for part in examined.parts.into_iter().take(8) {
            read(name, bytes, &Choice { part: Some(part.name), ..Choice::default() }, true);
        }
        assert_eq!(std::fs::read(&path).expect("the file is there"), bytes, "a source is not written to");
    }
}

/// A workspace file, looked at and read as a source; then opened as someone's own.
pub fn workspace(bytes: &[u8]) {
    use futures::StreamExt as _;
    use steward_store::Store as _;
    let path = file("sent.steward", bytes);
    for beside in ["-wal", "-shm", "-open", "-journal", "-upgrade"] {
        let _ = std::fs::remove_file(format!("{}{beside}", path.display()));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime can be made");
    runtime.block_on(async {
        let _ = steward_store_sqlite::examine(&path);
        if let Ok(store) = steward_store_sqlite::SqliteStore::open_source(&path).await {
            for name in store.collections().await.unwrap_or_default().into_iter().take(8) {
                let Ok(mut records) = store.scan(&name, &steward_domain::Filter::all(), None).await else { continue };
                while let Some(Ok(_)) = records.next().await {}
            }
        }
        assert_eq!(std::fs::read(&path).expect("the file is there"), bytes, "a source is not written to");
        if let Ok(store) = steward_store_sqlite::SqliteStore::open(&path).await {
            let _ = store.collections().await;
        }
    });
}

/// The name of an upload.
pub fn names(text: &str) {
    if let Some(name) = steward_domain::file_name::plain(text) {
        let path = std::path::Path::new(&name);
        assert!(path.components().count() == 1 && path.file_name().is_some(), "{name:?}");
    }
}

/// A written filter; what is read comes back the same.
pub fn filter(text: &str) {
    use steward_domain::filter_text::{format, parse};
    if let Ok(filter) = parse(text) {
        let written = format(&filter);
        if written.len() < 64 << 10 {
            assert_eq!(parse(&written).as_ref(), Ok(&filter), "{written}");
        }
    }
}

/// A schema document, used on a record.
pub fn schema(text: &str) {
    thread_local! {
        static PACKS: steward_schema::Registry = steward_schema::Registry::builtin().expect("the built-in schemas can be read");
    }
    PACKS.with(|packs| {
        let wanted = steward_schema::Wanted { name: Some("fuzzed".into()), version: Some("1.0.0".into()), ..Default::default() };
        let Ok(draft) = steward_schema::draft(text, "fuzzed.json", &wanted, packs) else { return };
        if let Ok(checker) = steward_schema::Checker::new(&draft.pack, packs) {
            checker.check(&serde_json::json!({"k": "x", "a": {"a": [1, {"a": null}]}, "list": [[[]]]}));
        }
    });
}
