//! Sheets of OpenDocument, streamed: rows are read from the XML one after another, and nothing else is held.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use calamine::{CellErrorType, Data};
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::read::ZipFile;

use crate::cells::{SheetRow, weight};
use crate::{SourceError, SourceResult};

/// What the file says of itself, templates included.
const KIND: &str = "application/vnd.oasis.opendocument.spreadsheet";
/// More than any program writes: a sheet that says so is taken for damaged.
const MOST_ROWS: u64 = 1 << 24;
const MOST_COLUMNS: u64 = 1 << 14;
/// Bytes of a text or a tag: Excel stops at 32,767 characters.
const LONGEST: usize = 16 << 20;
/// Cells that stand in the file once and in the sheet many times: more would fill no sheet of a person's.
const MOST_REPEATED: u64 = 1 << 22;

type Archive = ZipArchive<BufReader<File>>;
type Xml<'a> = quick_xml::Reader<BufReader<Metered<ZipFile<'a, BufReader<File>>>>>;
/// Errors are sentences without their full stop.
type Told<T> = Result<T, String>;
/// The cells of a row that hold something, by their columns.
type Cells = Vec<(u32, Data)>;

/// A workbook: its sheets are read anew each time.
pub struct Ods {
    path: PathBuf,
    pub sheets: Vec<Sheet>,
}

pub struct Sheet {
    pub name: String,
    /// It has a cell with something in it.
    pub filled: bool,
}

impl Ods {
    /// `None` where the file is something else.
    ///
    /// Errors: `Unusable` for one that is protected, or has no sheet that could be read.
    pub fn open(path: &Path) -> SourceResult<Option<Self>> {
        let Ok(mut archive) = ZipArchive::new(BufReader::new(File::open(path)?)) else { return Ok(None) };
        if !text_of(&mut archive, "mimetype").is_some_and(|kind| kind.starts_with(KIND)) {
            return Ok(None);
        }
        if text_of(&mut archive, "META-INF/manifest.xml").is_some_and(|manifest| manifest.contains(":encryption-data")) {
            return Err(SourceError::Unusable("This workbook is protected by a password. Save a copy without one.".into()));
        }
        let mut sheets: Vec<Sheet> = Vec::new();
        let ended: Told<()> = (|| {
            let mut content = Content::of(&mut archive)?;
            while let Some(name) = content.next_sheet()? {
                sheets.push(Sheet { name, filled: false });
                while let Some((_, cells)) = content.next_row()? {
                    if let (false, Some(sheet)) = (cells.is_empty(), sheets.last_mut()) {
                        sheet.filled = true;
                        content.skip("table:table")?;
                        break;
                    }
                }
            }
            Ok(())
        })();
        match ended {
            // What stands before the damage is read; the sheet itself says where it ends.
            Err(why) if sheets.is_empty() => Err(SourceError::Unusable(cannot_be_read(&why))),
            _ => Ok(Some(Self { path: path.to_owned(), sheets })),
        }
    }

    /// Hands over the rows of a sheet that hold something, until `each` has enough.
    pub fn rows(&self, name: &str, mut each: impl FnMut(SheetRow) -> bool) -> Told<()> {
        let file = File::open(&self.path).map_err(|e| e.to_string())?;
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| e.to_string())?;
        let mut content = Content::of(&mut archive)?;
        while let Some(found) = content.next_sheet()? {
            if found != name {
                content.skip("table:table")?;
                continue;
            }
            let (mut number, mut repeated) = (0_u64, 0_u64);
            while let Some((times, cells)) = content.next_row()? {
                let last = number.saturating_add(times);
                if !cells.is_empty() {
                    if last > MOST_ROWS {
                        return Err(format!("it says that it has {last} rows"));
                    }
                    let weight: usize = cells.iter().map(|(_, value)| weight(value)).sum();
                    repeated += times.saturating_sub(1).saturating_mul(weight as u64);
                    if repeated > MOST_REPEATED {
                        return Err(format!("row {} repeats more cells than a sheet can hold", number + 1));
                    }
                    for number in number + 1..=last {
                        if !each(SheetRow { number, cells: cells.clone() }) {
                            return Ok(());
                        }
                    }
                }
                number = last;
            }
            return Ok(());
        }
        Err(format!("there is no sheet '{name}'"))
    }
}

/// The sentence for it.
pub fn cannot_be_read(why: &str) -> String {
    format!("This workbook cannot be read: {why}.")
}

/// A small part as text.
fn text_of(archive: &mut Archive, name: &str) -> Option<String> {
    let mut text = String::new();
    archive.by_name(name).ok()?.take(1 << 20).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Stops where one text or tag has no end: it would be held whole.
struct Metered<R> {
    from: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        match self.left.get().checked_sub(read) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a text in it is too long")),
        }
        Ok(read)
    }
}

/// The XML of all sheets.
struct Content<'a> {
    xml: Xml<'a>,
    buffer: Vec<u8>,
    /// Bytes that the next text or tag may have.
    left: Rc<Cell<usize>>,
}

impl<'a> Content<'a> {
    fn of(archive: &'a mut Archive) -> Told<Self> {
        let part = archive.by_name("content.xml").map_err(|e| e.to_string())?;
        let left = Rc::new(Cell::new(LONGEST));
        let part = Metered { from: part, left: left.clone() };
        let mut xml = quick_xml::Reader::from_reader(BufReader::with_capacity(64 << 10, part));
        xml.config_mut().expand_empty_elements = true;
        Ok(Self { xml, buffer: Vec::new(), left })
    }

    fn next_event(&mut self) {
        self.buffer.clear();
        self.left.set(LONGEST);
    }

    /// Goes to the end of an element that was begun.
    fn skip(&mut self, element: &str) -> Told<()> {
        let mut within = 0_u32;
        loop {
            self.next_event();
            match self.xml.read_event_into(&mut self.buffer).map_err(said)? {
                Event::Start(e) if e.name().0 == element => within += 1,
                Event::End(e) if e.name().0 == element => match within.checked_sub(1) {
                    Some(outer) => within = outer,
                    None => return Ok(()),
                },
                Event::Eof => return Err(format!("it ends in the middle of {element}")),
                _ => {}
            }
        }
    }

    /// Goes to the next sheet; its name.
    fn next_sheet(&mut self) -> Told<Option<String>> {
        loop {
            self.next_event();
            let skipped = match self.xml.read_event_into(&mut self.buffer).map_err(said)? {
                Event::Start(e) => match e.name().0 {
                    "table:table" => match attribute(&e, "table:name")? {
                        Some(name) => return Ok(Some(name)),
                        None => "table:table",
                    },
                    // They have tables of their own.
                    "table:tracked-changes" => "table:tracked-changes",
                    "table:dde-links" => "table:dde-links",
                    _ => continue,
                },
                Event::Eof => return Ok(None),
                _ => continue,
            };
            self.skip(skipped)?;
        }
    }

    /// The next row of the sheet: how many times it stands there, and its cells that hold something. Rows may stand in groups.
    fn next_row(&mut self) -> Told<Option<(u64, Cells)>> {
        loop {
            self.next_event();
            let (row, skipped) = match self.xml.read_event_into(&mut self.buffer).map_err(said)? {
                Event::Start(e) => match e.name().0 {
                    "table:table-row" => (Some(times(&e, "table:number-rows-repeated")?), ""),
                    "table:table" => (None, "table:table"),
                    "table:shapes" => (None, "table:shapes"),
                    "office:forms" => (None, "office:forms"),
                    _ => continue,
                },
                Event::End(e) if e.name().0 == "table:table" => return Ok(None),
                Event::Eof => return Err("it ends in the middle of a sheet".into()),
                _ => continue,
            };
            match row {
                Some(times) => return Ok(Some((times, self.cells()?))),
                None => self.skip(skipped)?,
            }
        }
    }

    fn cells(&mut self) -> Told<Cells> {
        let (mut cells, mut column, mut repeated) = (Vec::new(), 0_u64, 0_u64);
        loop {
            self.next_event();
            let (found, element) = match self.xml.read_event_into(&mut self.buffer).map_err(said)? {
                Event::Start(e) => {
                    let cell = matches!(e.name().0, "table:table-cell" | "table:covered-table-cell");
                    (if cell { Some(Found::of(&e)?) } else { None }, e.name().0.to_owned())
                }
                Event::End(e) if e.name().0 == "table:table-row" => return Ok(cells),
                Event::Eof => return Err("it ends in the middle of a row".into()),
                _ => continue,
            };
            let Some(Found { times, value, in_content, is_error }) = found else {
                self.skip(&element)?;
                continue;
            };
            let value = if in_content {
                Data::String(self.text(&element)?)
            } else {
                self.skip(&element)?;
                value
            };
            let value = match value {
                Data::String(text) if is_error => Data::Error(error(&text)),
                other => other,
            };
            let next = column.saturating_add(times);
            if !matches!(value, Data::Empty) {
                if next > MOST_COLUMNS {
                    return Err(format!("it says that it has {next} columns"));
                }
                repeated += times.saturating_sub(1).saturating_mul(weight(&value) as u64);
                if repeated > MOST_REPEATED {
                    return Err("a row repeats more than a sheet can hold".into());
                }
                cells.extend((column..next).filter_map(|at| u32::try_from(at).ok()).map(|at| (at, value.clone())));
            }
            column = next;
        }
    }

    /// The paragraphs of a cell, up to its end.
    fn text(&mut self, cell: &str) -> Told<String> {
        let (mut text, mut paragraphs) = (String::new(), 0);
        loop {
            if text.len() > LONGEST {
                return Err("a text in it is too long".into());
            }
            self.next_event();
            let skipped = match self.xml.read_event_into(&mut self.buffer).map_err(said)? {
                Event::Text(part) => {
                    text.push_str(&part.xml10_content());
                    continue;
                }
                Event::CData(part) => {
                    text.push_str(&part.xml10_content());
                    continue;
                }
                Event::GeneralRef(entity) => {
                    match entity.resolve_char_ref().map_err(said)? {
                        Some(char) => text.push(char),
                        None => text.push_str(resolve_predefined_entity(&entity).unwrap_or_default()),
                    }
                    continue;
                }
                Event::Start(e) => match e.name().0 {
                    "text:p" => {
                        if paragraphs > 0 {
                            text.push('\n');
                        }
                        paragraphs += 1;
                        continue;
                    }
                    "text:s" => {
                        let spaces = times(&e, "text:c")?.min(1 << 16);
                        text.extend((0..spaces).map(|_| ' '));
                        continue;
                    }
                    "text:tab" => {
                        text.push('\t');
                        continue;
                    }
                    "text:line-break" => {
                        text.push('\n');
                        continue;
                    }
                    // Comments and drawings have paragraphs of their own.
                    other if other == "office:annotation" || other.starts_with("draw:") => other.to_owned(),
                    _ => continue,
                },
                Event::End(e) if e.name().0 == cell => return Ok(text),
                Event::Eof => return Err("it ends in the middle of a cell".into()),
                _ => continue,
            };
            self.skip(&skipped)?;
        }
    }
}

/// What a cell says of itself.
struct Found {
    times: u64,
    value: Data,
    /// The value is what stands in the cell.
    in_content: bool,
    is_error: bool,
}

impl Found {
    fn of(cell: &BytesStart<'_>) -> Told<Self> {
        let mut found = Self { times: 1, value: Data::Empty, in_content: false, is_error: false };
        let mut is_text = false;
        for attribute in cell.attributes().with_checks(false) {
            let attribute = attribute.map_err(said)?;
            let value = unescape(&attribute.value).map_err(said)?;
            match attribute.key.0 {
                "table:number-columns-repeated" => found.times = number_of_times(&value)?,
                "office:value-type" => is_text = value == "string",
                "calcext:value-type" => found.is_error = value == "error",
                "office:value" => found.value = value.parse().map(Data::Float).map_err(|_| format!("'{value}' is no number"))?,
                "office:date-value" => found.value = Data::DateTimeIso(value.into_owned()),
                "office:time-value" => found.value = Data::DurationIso(value.into_owned()),
                "office:boolean-value" => found.value = Data::Bool(value.eq_ignore_ascii_case("true")),
                "office:string-value" => found.value = Data::String(value.into_owned()),
                _ => {}
            }
        }
        let nothing = matches!(&found.value, Data::Empty) || found.is_error && matches!(&found.value, Data::String(s) if s.is_empty());
        found.in_content = is_text && nothing;
        Ok(found)
    }
}

fn said(e: impl std::fmt::Display) -> String {
    e.to_string()
}

fn attribute(e: &BytesStart<'_>, name: &str) -> Told<Option<String>> {
    match e.try_get_attribute(name).map_err(said)? {
        Some(found) => unescape(&found.value).map(|value| Some(value.into_owned())).map_err(said),
        None => Ok(None),
    }
}

fn times(e: &BytesStart<'_>, name: &str) -> Told<u64> {
    attribute(e, name)?.map_or(Ok(1), |value| number_of_times(&value))
}

fn number_of_times(value: &str) -> Told<u64> {
    value.parse().map_err(|_| format!("'{value}' is no number of times"))
}

fn error(shown: &str) -> CellErrorType {
    use CellErrorType as E;
    let known = [E::Div0, E::NA, E::Name, E::Null, E::Num, E::Ref, E::Value];
    known.into_iter().find(|e| e.to_string() == shown).unwrap_or(E::Value)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn book(body: &str) -> (tempfile::TempDir, PathBuf) {
        written(&format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"#
        ))
    }

    fn written(content: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.ods");
        let mut out = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, text) in [("mimetype", KIND), ("META-INF/manifest.xml", "<manifest:manifest/>"), ("content.xml", content)] {
            out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            out.write_all(text.as_bytes()).unwrap();
        }
        out.finish().unwrap();
        (folder, path)
    }

    fn all(path: &Path, name: &str) -> (Vec<(u64, Cells)>, Told<()>) {
        let mut rows = Vec::new();
        let ended = Ods::open(path).unwrap().unwrap().rows(name, |row| {
            rows.push((row.number, row.cells));
            true
        });
        (rows, ended)
    }

    fn text(text: &str) -> Data {
        Data::String(text.into())
    }

    #[test]
    fn cells_of_every_kind() {
        let (_folder, path) = book(
            r##"<table:tracked-changes><table:table table:name="old"/></table:tracked-changes>
            <table:table table:name="Empty"><table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>
            <table:table table:name="A &amp; B"><table:shapes><draw:frame><text:p>no cell</text:p></draw:frame></table:shapes>
            <table:table-column/><table:table-header-rows><table:table-row>
              <table:table-cell office:value-type="string"><text:p>a &lt;b&gt; &#233;</text:p><text:p>two<text:s text:c="2"/><text:span>lines</text:span><text:tab/>x</text:p><office:annotation><text:p>a comment</text:p></office:annotation></table:table-cell>
              <table:table-cell table:number-columns-repeated="2"/>
              <table:table-cell office:value-type="float" office:value="4.5"><text:p>4,5</text:p></table:table-cell>
              <table:covered-table-cell office:value-type="boolean" office:boolean-value="true"><text:p>TRUE</text:p></table:covered-table-cell>
            </table:table-row></table:table-header-rows>
            <table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>
            <table:table-row-group><table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="date" office:date-value="2026-01-31"/>
              <table:table-cell office:value-type="percentage" office:value="0.5" table:number-columns-repeated="2"/>
              <table:table-cell office:value-type="time" office:time-value="PT01H00M00S"/>
              <table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell></table:table-row></table:table-row-group>
            <table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row></table:table>"##,
        );
        let sheets: Vec<(String, bool)> = Ods::open(&path).unwrap().unwrap().sheets.into_iter().map(|s| (s.name, s.filled)).collect();
        assert_eq!(sheets, [("Empty".to_owned(), false), ("A & B".to_owned(), true)]);
        let (rows, ended) = all(&path, "A & B");
        let repeated = vec![
            (0, Data::DateTimeIso("2026-01-31".into())),
            (1, Data::Float(0.5)),
            (2, Data::Float(0.5)),
            (3, Data::DurationIso("PT01H00M00S".into())),
            (4, Data::Error(CellErrorType::Div0)),
        ];
        let first = vec![(0, text("a <b> é\ntwo  lines\tx")), (3, Data::Float(4.5)), (4, Data::Bool(true))];
        assert_eq!(rows, [(1, first), (5, repeated.clone()), (6, repeated)]);
        assert_eq!(ended, Ok(()));
        assert_eq!(all(&path, "Empty").0, []);
    }

    /// What the library makes of the same file, which holds all of it.
    #[test]
    fn as_the_library_reads_it() {
        use calamine::Reader as _;
        let cell = |n: usize| match n % 4 {
            0 => format!(r#"<table:table-cell office:value-type="float" office:value="{n}"><text:p>{n}</text:p></table:table-cell>"#),
            1 => format!(r#"<table:table-cell office:value-type="string"><text:p>t{n}</text:p></table:table-cell>"#),
            2 => "<table:table-cell/>".to_owned(),
            _ => r#"<table:table-cell office:value-type="boolean" office:boolean-value="false"/>"#.to_owned(),
        };
        let row = |n: usize| format!("<table:table-row>{}</table:table-row>", (n..n + n % 6).map(cell).collect::<String>());
        let (_folder, path) = book(&format!(r#"<table:table table:name="S">{}</table:table>"#, (0..500).map(row).collect::<String>()));
        let range = calamine::Ods::new(BufReader::new(File::open(&path).unwrap())).unwrap().worksheet_range("S").unwrap();
        let (top, left) = range.start().unwrap();
        let filled = |(at, row): (usize, &[Data])| {
            let cells: Cells = (left..).zip(row).filter(|(_, c)| **c != Data::Empty).map(|(at, c)| (at, c.clone())).collect();
            (!cells.is_empty()).then_some((u64::from(top) + at as u64 + 1, cells))
        };
        let expected: Vec<_> = range.rows().enumerate().filter_map(filled).collect();
        assert!(expected.len() > 300);
        assert_eq!(all(&path, "S"), (expected, Ok(())));
    }

    #[test]
    fn what_stands_before_the_damage_is_read() {
        let row = r#"<table:table-row><table:table-cell office:value-type="float" office:value="1"/></table:table-row>"#;
        let (_folder, path) = written(&format!(r#"<a><table:table table:name="S">{}<table:table-row><tab"#, row.repeat(20)));
        let (rows, ended) = all(&path, "S");
        assert_eq!(rows.len(), 20);
        assert!(ended.is_err(), "{ended:?}");
        for (times, what) in [("rows", "999999999999"), ("columns", "999999999999"), ("rows", "-1"), ("columns", "x")] {
            let (of_row, of_cell) = if times == "rows" { (what, "1") } else { ("1", what) };
            let (_folder, path) = book(&format!(
                r#"<table:table table:name="S">{row}<table:table-row table:number-rows-repeated="{of_row}"><table:table-cell table:number-columns-repeated="{of_cell}" office:value-type="float" office:value="1"/></table:table-row></table:table>"#
            ));
            let (rows, ended) = all(&path, "S");
            assert_eq!(rows.len(), 1, "{times} {what}");
            assert!(ended.is_err(), "{times} {what}");
        }
        // A few bytes that would unfold into billions of cells.
        for (rows, columns, length) in [("1048576", "16384", 1), ("1", "16384", 100_000)] {
            let (_folder, path) = book(&format!(
                r#"<table:table table:name="S">{row}<table:table-row table:number-rows-repeated="{rows}"><table:table-cell table:number-columns-repeated="{columns}" office:value-type="string"><text:p>{}</text:p></table:table-cell></table:table-row></table:table>"#,
                "x".repeat(length)
            ));
            let (rows, ended) = all(&path, "S");
            assert_eq!(rows.len(), 1);
            assert!(ended.unwrap_err().contains("repeats more"));
        }
        let (_folder, path) =
            book(&format!(r#"<table:table table:name="S">{row}<table:table-row a="{}"/></table:table>"#, "x".repeat(LONGEST + (1 << 17))));
        assert!(all(&path, "S").1.unwrap_err().contains("too long"));
        let (_folder, path) = written("<a><b");
        assert!(matches!(Ods::open(&path), Err(SourceError::Unusable(_))));
    }

    #[test]
    fn other_files_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, b"PK\x03\x04 nothing").unwrap();
        assert!(Ods::open(&path).unwrap().is_none());
    }
}
