//! Workbooks: Excel (xlsx, xlsm, xlsb, xls) and OpenDocument. A row becomes a JSON object of its cells, with real
//! numbers, truth values and dates; empty cells are left out.
//!
//! Excel keeps its texts in one table, which is held; such a sheet has a million rows at most.

mod values;

use std::collections::{HashSet, VecDeque};
use std::io::{self, BufReader, Read};
use std::path::Path;

use calamine::{Data, DataType, Reader, SheetVisible, Sheets, Xls, Xlsb, Xlsx};
use serde_json::{Map, Value as Json};

use crate::cells::{Cells, SheetRow, UNCOMPUTED, Workbook, weight, workbook_cannot_be_read};
use crate::csv::column_names;
use crate::ods::Ods;
use crate::recognised::counted;
use crate::sheet::values::{has_time, is_blank, to_json};
use crate::{CellFault, Choice, Fault, Format, Part, RawRow, Rows, SourceError, SourceResult, header, limits};

/// Rows that are looked at to learn which columns there are.
const LOOK_AHEAD: usize = 1_000;
/// Rows that say whether the first one names the columns.
const HEADER_ROWS: usize = 200;
/// Fewer rows where they are wide, or their texts long.
const WEIGHT_AHEAD: usize = 50_000;

/// Opens a workbook; the format is recognised from its content.
pub struct Book {
    sheets: Workbook,
    pub format: Format,
    pub parts: Vec<Part>,
    /// Names of sheets that are not shown.
    pub hidden: Vec<String>,
}

impl Book {
    pub fn open(path: &Path) -> SourceResult<Self> {
        let again = || std::fs::File::open(path).map(BufReader::new);
        let mut magic = [0; 4];
        let zipped = again()?.read_exact(&mut magic).is_ok() && magic == *b"PK\x03\x04";
        if zipped {
            limits::book(path).map_err(SourceError::Unusable)?;
        }
        if zipped && let Some(book) = Ods::open(path)? {
            let parts = book.sheets.iter().map(|sheet| Part { name: sheet.name.clone(), rows: None }).collect();
            let hidden = book.sheets.iter().filter(|sheet| sheet.hidden).map(|sheet| sheet.name.clone()).collect();
            return Ok(Self { sheets: Workbook::OpenDocument(book), format: Format::Ods, parts, hidden });
        }
        let sheets = if !zipped {
            Sheets::Xls(Xls::new(again()?).map_err(workbook_cannot_be_read)?)
        } else if let Ok(book) = Xlsb::new(again()?) {
            Sheets::Xlsb(book)
        } else {
            Sheets::Xlsx(Xlsx::new(again()?).map_err(workbook_cannot_be_read)?)
        };
        let parts = sheets.sheet_names().into_iter().map(|name| Part { name, rows: None }).collect();
        let hidden = sheets.sheets_metadata().iter().filter(|sheet| sheet.visible != SheetVisible::Visible);
        let hidden = hidden.map(|sheet| sheet.name.clone()).collect();
        Ok(Self { sheets: Workbook::Excel(sheets), format: Format::Excel, parts, hidden })
    }

    /// Rows of a sheet: the named one, else the first with a cell in it.
    pub fn rows(mut self, part: Option<&str>, choice: &Choice) -> SourceResult<(SheetRows, String, Vec<String>, Vec<String>)> {
        let names: Vec<String> = self.parts.iter().map(|p| p.name.clone()).collect();
        let name = match part {
            Some(name) if names.iter().any(|n| n == name) => name.to_owned(),
            Some(name) => {
                let label = |name: &String| if self.hidden.contains(name) { format!("{name} (hidden)") } else { name.clone() };
                let names: Vec<String> = names.iter().map(label).collect();
                return Err(SourceError::BadChoice(format!("There is no sheet '{name}'. There are: {}.", names.join(", "))));
            }
            None => self.first_with_cells(&names)?,
        };
        let (rows, columns, notes) = SheetRows::new(Cells::open(self.sheets, &name)?, choice.header, &choice.expected);
        Ok((rows, name, columns, notes))
    }

    /// The first sheet with a cell in it, visible ones before hidden ones; else the first.
    fn first_with_cells(&mut self, names: &[String]) -> SourceResult<String> {
        let (hidden, visible): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| self.hidden.contains(name));
        for name in visible.into_iter().chain(hidden) {
            if Cells::any(&mut self.sheets, name)? {
                return Ok(name.clone());
            }
        }
        names.first().cloned().ok_or_else(|| SourceError::Unusable("This workbook has no sheet.".into()))
    }
}

/// Rows of one sheet.
pub struct SheetRows {
    cells: Cells,
    ahead: VecDeque<SheetRow>,
    columns: Vec<String>,
    /// The column of the first name.
    left: u32,
    /// Columns in which some date has a time: all their dates are written with one.
    timed: HashSet<u32>,
    number: u64,
    /// Where the header is, or the last row before the first one.
    above: u64,
    /// Rows whose cells hold nothing.
    blank: u64,
    /// Cells with formulas whose results are not stored.
    uncomputed: u64,
    /// Where the last row stood that could be read.
    last: u64,
}

impl SheetRows {
    fn new(mut cells: Cells, header: Option<bool>, expected: &[String]) -> (Self, Vec<String>, Vec<String>) {
        let (mut ahead, mut seen) = (VecDeque::new(), 0);
        while ahead.len() < LOOK_AHEAD
            && seen < WEIGHT_AHEAD
            && let Some(row) = cells.next()
        {
            seen += weight(&row.cells);
            ahead.push_back(row);
        }
        let filled = || ahead.iter().flat_map(|row| row.cells.iter().map(|(column, _)| *column));
        let (left, right) = (filled().min().unwrap_or(0), filled().max().map_or(0, |last| last + 1));
        let first = ahead.front().map(|row| row.cells.as_slice()).unwrap_or_default();
        let header = header.unwrap_or_else(|| {
            let texts = |row: &SheetRow| {
                let mut texts = vec![String::new(); (right - left) as usize];
                for (column, cell) in &row.cells {
                    texts[(column - left) as usize] = cell.as_string().unwrap_or_else(|| cell.to_string());
                }
                texts
            };
            let rows: Vec<Vec<String>> = ahead.iter().take(HEADER_ROWS).map(texts).collect();
            header::names_columns(&rows, expected)
        });
        let mut texts = vec![String::new(); (right - left) as usize];
        for (column, cell) in first {
            texts[(column - left) as usize] = cell.as_string().unwrap_or_default();
        }
        let (columns, notes) = column_names(texts, header);
        let timed = ahead.iter().flat_map(|row| &row.cells).filter(|(_, cell)| has_time(cell)).map(|(column, _)| *column).collect();
        let begin = ahead.front().map_or(1, |row| row.number);
        if header {
            ahead.pop_front();
        }
        let above = if header { begin } else { begin - 1 };
        let rows = Self { cells, ahead, columns: columns.clone(), left, timed, number: 0, above, blank: 0, uncomputed: 0, last: 0 };
        (rows, columns, notes)
    }

    /// The name of a column; one that no row had in the beginning is called by its letters.
    fn name(&self, column: u32) -> String {
        let known = column.checked_sub(self.left).and_then(|at| self.columns.get(at as usize));
        known.cloned().unwrap_or_else(|| format!("column_{}", letters(column)))
    }
}

/// A, B … Z, AA, AB …
fn letters(column: u32) -> String {
    let (mut rest, mut out) = (column + 1, Vec::new());
    while rest > 0 {
        rest -= 1;
        out.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    out.iter().rev().collect()
}

impl Rows for SheetRows {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        while let Some(row) = self.ahead.pop_front().or_else(|| self.cells.next()) {
            self.last = row.number;
            if row.cells.iter().all(|(_, cell)| is_blank(cell)) {
                self.blank += 1;
                continue;
            }
            // Rows are counted as they are in the sheet, with those that are skipped.
            self.number = row.number - self.above;
            let mut record = Map::new();
            let mut faults = Vec::new();
            for (column, cell) in &row.cells {
                let name = self.name(*column);
                if let Data::Error(e) = cell {
                    let place = format!("Row {} of the sheet", row.number);
                    let why = match e {
                        &UNCOMPUTED => {
                            self.uncomputed += 1;
                            format!(
                                "{place} has a formula in column {name} whose result is not stored. Save the workbook in a spreadsheet program."
                            )
                        }
                        e => format!("{place} has {e} in column {name}: its formula fails."),
                    };
                    faults.push(CellFault { column: name.clone(), why });
                }
                if let Some(value) = to_json(cell, self.timed.contains(column)) {
                    record.insert(name, value);
                }
            }
            let bytes = serde_json::to_vec(&Json::Object(record))?;
            let fault = (!faults.is_empty()).then_some(Fault::Cells(faults));
            return Ok(Some(RawRow { number: self.number, offset: 0, bytes, fault }));
        }
        Ok(None)
    }

    fn notes(&mut self) -> Vec<String> {
        let mut notes = match (self.columns.is_empty(), self.number) {
            (true, _) => vec!["The file has no cell in this sheet.".into()],
            (_, 0) => vec!["The file has names of columns and no row.".into()],
            _ => Vec::new(),
        };
        if self.uncomputed > 0 {
            let what = counted(self.uncomputed, "cell with a formula", "cells with formulas");
            notes.push(format!("The file has {what} without a stored result in this sheet."));
        }
        if let Some(why) = self.cells.damage() {
            notes.push(format!("The file is damaged: behind row {} nothing could be read. {why}", self.last));
        }
        notes
    }

    fn skipped(&self) -> Vec<String> {
        let note = || format!("{} skipped", counted(self.blank, "row without a value", "rows without a value"));
        (self.blank > 0).then(note).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula, Workbook};

    #[test]
    fn sheets_numbers_and_dates() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.xlsx");
        let mut book = Workbook::new();
        book.add_worksheet().set_name("Cover").unwrap();
        let sheet = book.add_worksheet();
        sheet.set_name("Sessions").unwrap();
        for (at, name) in ["id", "when", "n", "ok"].iter().enumerate() {
            sheet.write(2, u16::try_from(at).unwrap(), *name).unwrap();
        }
        let day = CellFormat::new().set_num_format("yyyy-mm-dd");
        sheet.write(3, 0, "a").unwrap();
        sheet.write_with_format(3, 1, ExcelDateTime::from_ymd(2025, 3, 9).unwrap(), &day).unwrap();
        sheet.write(3, 2, 4.5).unwrap();
        sheet.write(3, 3, true).unwrap();
        sheet.write(5, 0, "b").unwrap();
        sheet.write(5, 2, 7).unwrap();
        sheet.write_formula(6, 2, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        book.save(&path).unwrap();
        let book = Book::open(&path).unwrap();
        assert_eq!(book.parts.len(), 2);
        let (mut rows, name, columns, notes) = book.rows(None, &Choice::default()).unwrap();
        assert_eq!((name.as_str(), columns.join(","), notes.len()), ("Sessions", "id,when,n,ok".into(), 0));
        let mut read = || String::from_utf8(rows.next_row().unwrap().unwrap().bytes).unwrap();
        assert_eq!(read(), r#"{"id":"a","when":"2025-03-09","n":4.5,"ok":true}"#);
        assert_eq!(read(), r#"{"id":"b","n":7}"#);
        assert!(
            matches!(rows.next_row().unwrap().unwrap().fault, Some(Fault::Cells(cells)) if cells[0].why.contains("Row 7") && cells[0].column == "n")
        );
        assert!(rows.next_row().unwrap().is_none() && rows.notes().is_empty());
    }

    fn written(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.xlsx");
        let mut book = Workbook::new();
        fill(book.add_worksheet());
        book.save(&path).unwrap();
        (folder, path)
    }

    #[test]
    fn many_rows_come_in_their_order_and_late_columns_are_kept() {
        let (_folder, path) = written(|sheet| {
            sheet.write(0, 1, "id").unwrap();
            for row in 1..=5_000 {
                sheet.write(row, 1, row).unwrap();
            }
            sheet.write(4_000, 0, "left").unwrap();
            sheet.write(4_000, 28, "right").unwrap();
        });
        let (mut rows, _, columns, _) = Book::open(&path).unwrap().rows(None, &Choice::default()).unwrap();
        assert_eq!(columns, ["id"]);
        let mut read = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            read.push(serde_json::from_slice::<Json>(&row.bytes).unwrap());
        }
        assert_eq!(read.len(), 5_000);
        assert!((1_i64..).zip(&read).all(|(number, row)| row["id"] == number));
        assert_eq!((&read[3_999]["column_A"], &read[3_999]["column_AC"]), (&Json::from("left"), &Json::from("right")));
        // Giving up in the middle leaves no thread waiting.
        drop(Book::open(&path).unwrap().rows(None, &Choice::default()).unwrap());
    }

    #[test]
    fn a_sheet_that_is_cut_off_gives_what_stands_before() {
        let (_folder, path) = written(|sheet| {
            for row in 0..3_000 {
                sheet.write(row, 0, row).unwrap();
            }
        });
        let mut whole = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
        let mut cut = zip::ZipWriter::new(std::fs::File::create(path.with_extension("cut")).unwrap());
        for at in 0..whole.len() {
            let mut part = whole.by_index(at).unwrap();
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).unwrap();
            let name = part.name().unwrap().into_owned();
            cut.start_file(&name, zip::write::SimpleFileOptions::default()).unwrap();
            let end = if name.ends_with("sheet1.xml") { bytes.len() / 2 } else { bytes.len() };
            io::Write::write_all(&mut cut, &bytes[..end]).unwrap();
        }
        cut.finish().unwrap();
        let (mut rows, ..) = Book::open(&path.with_extension("cut")).unwrap().rows(None, &Choice::default()).unwrap();
        let mut count = 0;
        while rows.next_row().unwrap().is_some() {
            count += 1;
        }
        assert!((1_000..2_000).contains(&count), "{count}");
        assert!(rows.notes()[0].contains("damaged"), "{:?}", rows.notes());
    }

    #[test]
    fn times_and_spans_are_no_dates_of_1899() {
        let (_folder, path) = written(|sheet| {
            let (hours, minutes, clock, date) = ("[h]:mm", "[mm]:ss", "hh:mm", "yyyy-mm-dd hh:mm");
            for (column, (name, value, format)) in [
                ("hours", 1.5, hours),
                ("mins", 0.0625, minutes),
                ("less", -0.25, hours),
                ("none", 0.0, hours),
                ("clock", 0.75, clock),
                ("midnight", 0.0, clock),
                ("over", 1.5, clock),
                ("when", 45_000.5, date),
            ]
            .iter()
            .enumerate()
            {
                let column = u16::try_from(column).unwrap();
                sheet.write(0, column, *name).unwrap();
                sheet.write_with_format(1, column, *value, &CellFormat::new().set_num_format(*format)).unwrap();
            }
            sheet.write_with_format(2, 7, 45_001.0, &CellFormat::new().set_num_format(date)).unwrap();
        });
        let (mut rows, ..) = Book::open(&path).unwrap().rows(None, &Choice::default()).unwrap();
        let mut read = || String::from_utf8(rows.next_row().unwrap().unwrap().bytes).unwrap();
        assert_eq!(
            read(),
            r#"{"hours":"PT36H","mins":"PT1H30M","less":"-PT6H","none":"PT0S","clock":"18:00:00","midnight":"00:00:00","over":"PT36H","when":"2023-03-15T12:00:00Z"}"#
        );
        assert_eq!(read(), r#"{"when":"2023-03-16T00:00:00Z"}"#, "all dates of a column have one form");
    }

    #[test]
    fn formulas_without_a_result_are_faults() {
        let (_folder, path) = written(|sheet| {
            for (column, name) in ["id", "tax"].iter().enumerate() {
                sheet.write(0, u16::try_from(column).unwrap(), *name).unwrap();
            }
            sheet.write(1, 0, "a").unwrap();
            sheet.write_formula(1, 1, Formula::new("=1+1").set_result("")).unwrap();
            sheet.write(2, 0, "b").unwrap();
            sheet.write_formula(2, 1, Formula::new("=1+1").set_result("2")).unwrap();
        });
        // As programs write it that compute nothing.
        let mut whole = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
        let mut bare = zip::ZipWriter::new(std::fs::File::create(path.with_extension("bare")).unwrap());
        for at in 0..whole.len() {
            let mut part = whole.by_index(at).unwrap();
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).unwrap();
            let name = part.name().unwrap().into_owned();
            bare.start_file(&name, zip::write::SimpleFileOptions::default()).unwrap();
            let text = String::from_utf8_lossy(&bytes).replacen("<f>1+1</f><v>0</v>", "<f>1+1</f>", 1);
            io::Write::write_all(&mut bare, if name.ends_with("sheet1.xml") { text.as_bytes() } else { &bytes }).unwrap();
        }
        bare.finish().unwrap();
        let (mut rows, ..) = Book::open(&path.with_extension("bare")).unwrap().rows(None, &Choice::default()).unwrap();
        let row = rows.next_row().unwrap().unwrap();
        assert_eq!(String::from_utf8(row.bytes).unwrap(), r#"{"id":"a"}"#);
        assert!(matches!(row.fault, Some(Fault::Cells(cells)) if cells[0].column == "tax" && cells[0].why.contains("not stored")));
        assert_eq!(rows.next_row().unwrap().unwrap().fault, None);
        assert!(rows.next_row().unwrap().is_none() && rows.notes()[0].contains("1 cell with a formula"), "{:?}", rows.notes());
    }

    #[test]
    fn hidden_sheets_come_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.xlsx");
        let mut book = Workbook::new();
        for (name, hidden) in [("Lookups", true), ("People", false)] {
            let sheet = book.add_worksheet().set_name(name).unwrap();
            sheet.set_hidden(hidden);
            if !hidden {
                sheet.set_active(true);
            }
            sheet.write(0, 0, "id").unwrap();
            sheet.write(1, 0, name).unwrap();
        }
        book.save(&path).unwrap();
        let (_, name, ..) = Book::open(&path).unwrap().rows(None, &Choice::default()).unwrap();
        assert_eq!(name, "People");
        let why = Book::open(&path).unwrap().rows(Some("x"), &Choice::default()).err().unwrap().to_string();
        assert!(why.contains("Lookups (hidden), People"), "{why}");
    }

    #[test]
    fn what_is_no_workbook_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.xlsx");
        std::fs::write(&path, b"PK\x03\x04 nothing").unwrap();
        assert!(matches!(Book::open(&path).err(), Some(SourceError::Unusable(_))));
    }
}
