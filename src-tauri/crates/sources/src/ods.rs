//! Sheets of OpenDocument, streamed: rows are read from the XML one after another, and nothing else is held.

mod content;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use self::content::{Archive, Content, ContentResult, MOST_REPEATED};
use crate::SourceResult;
use crate::cells::{SheetRow, weight, workbook_cannot_be_read};

/// What the file says of itself, templates included.
const KIND: &str = "application/vnd.oasis.opendocument.spreadsheet";
/// More than any program writes: a sheet that says so is taken for damaged.
const MOST_ROWS: u64 = 1 << 24;

/// A workbook: its sheets are read again each time.
pub struct Ods {
    path: PathBuf,
    pub sheets: Vec<Sheet>,
}

pub struct Sheet {
    pub name: String,
    /// It has a cell with something in it.
    pub filled: bool,
    pub hidden: bool,
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
            return Err(workbook_cannot_be_read("it asks for a password"));
        }
        let mut sheets: Vec<Sheet> = Vec::new();
        let ended: ContentResult<()> = (|| {
            let mut content = Content::of(&mut archive)?;
            while let Some(name) = content.next_sheet()? {
                sheets.push(Sheet { name, filled: false, hidden: content.is_hidden });
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
            // What is before the damage is read; the sheet itself says where it ends.
            Err(why) if sheets.is_empty() => Err(workbook_cannot_be_read(why)),
            _ => Ok(Some(Self { path: path.to_owned(), sheets })),
        }
    }

    /// Hands over the rows of a sheet that hold something, until `each` has enough.
    pub fn rows(&self, name: &str, mut each: impl FnMut(SheetRow) -> bool) -> ContentResult<()> {
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
                    repeated += times.saturating_sub(1).saturating_mul(weight(&cells) as u64);
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

/// A small part as text.
fn text_of(archive: &mut Archive, name: &str) -> Option<String> {
    let mut text = String::new();
    archive.by_name(name).ok()?.take(1 << 20).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use calamine::{CellErrorType, Data};

    use super::content::{Filled, LONGEST};
    use super::*;
    use crate::SourceError;

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

    fn all(path: &Path, name: &str) -> (Vec<(u64, Filled)>, ContentResult<()>) {
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
            let cells: Filled = (left..).zip(row).filter(|(_, c)| **c != Data::Empty).map(|(at, c)| (at, c.clone())).collect();
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

    #[test]
    fn sheets_that_are_not_shown_are_reported() {
        let style = |name: &str, display: &str| {
            format!(
                r#"<style:style style:name="{name}" style:family="table"><style:table-properties table:display="{display}"/></style:style>"#
            )
        };
        let sheet = |name: &str, style: &str| {
            format!(
                r#"<table:table table:name="{name}" table:style-name="{style}"><table:table-row><table:table-cell office:value-type="string"><text:p>k</text:p></table:table-cell></table:table-row></table:table>"#
            )
        };
        let styles = format!("<office:automatic-styles>{}{}</office:automatic-styles>", style("ta1", "true"), style("ta2", "false"));
        let body = format!("{}{}", sheet("Notes", "ta2"), sheet("Data", "ta1"));
        let (_folder, path) = written(&format!(
            "<office:document-content>{styles}<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
        ));
        let found: Vec<(String, bool)> = Ods::open(&path).unwrap().unwrap().sheets.into_iter().map(|s| (s.name, s.hidden)).collect();
        assert_eq!(found, [("Notes".to_owned(), true), ("Data".to_owned(), false)]);
        // The one that people see is read, and the other one is named as hidden.
        let examined = crate::examine(&path, &crate::Choice::default()).unwrap();
        assert_eq!(examined.part.as_deref(), Some("Data"));
        assert!(examined.notes.iter().any(|note| note.contains("Notes hidden")), "{:?}", examined.notes);
    }
}
