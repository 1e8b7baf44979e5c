//! Workbooks: Excel (xlsx, xlsm, xlsb, xls) and OpenDocument. A row becomes a JSON object of its cells, with real
//! numbers, truth values and dates; empty cells are left out.
//!
//! Excel keeps its texts in one table, which is held; such a sheet has a million rows at most.

use std::collections::VecDeque;
use std::io::{self, BufReader, Read};
use std::path::Path;

use calamine::{Data, DataType, Reader, Sheets, Xls, Xlsb, Xlsx};
use serde_json::{Map, Value as Json};

use crate::cells::{Cells, SheetRow, Workbook, weight, workbook_cannot_be_read};
use crate::csv::column_names;
use crate::ods::Ods;
use crate::recognised::counted;
use crate::{CellFault, Fault, Format, Part, RawRow, Rows, SourceError, SourceResult, limits};

/// Rows that are looked at to learn which columns there are.
const LOOK_AHEAD: usize = 1_000;
/// Fewer rows where they are wide, or their texts long.
const WEIGHT_AHEAD: usize = 50_000;

/// Opens a workbook; the format is recognised from its content.
pub struct Book {
    sheets: Workbook,
    pub format: Format,
    pub parts: Vec<Part>,
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
            return Ok(Self { sheets: Workbook::OpenDocument(book), format: Format::Ods, parts });
        }
        let sheets = if !zipped {
            Sheets::Xls(Xls::new(again()?).map_err(workbook_cannot_be_read)?)
        } else if let Ok(book) = Xlsb::new(again()?) {
            Sheets::Xlsb(book)
        } else {
            Sheets::Xlsx(Xlsx::new(again()?).map_err(workbook_cannot_be_read)?)
        };
        let parts = sheets.sheet_names().into_iter().map(|name| Part { name, rows: None }).collect();
        Ok(Self { sheets: Workbook::Excel(sheets), format: Format::Excel, parts })
    }

    /// Rows of a sheet: the named one, else the first with a cell in it.
    pub fn rows(mut self, part: Option<&str>, header: Option<bool>) -> SourceResult<(SheetRows, String, Vec<String>, Vec<String>)> {
        let names: Vec<String> = self.parts.iter().map(|p| p.name.clone()).collect();
        let name = match part {
            Some(name) if names.iter().any(|n| n == name) => name.to_owned(),
            Some(name) => {
                return Err(SourceError::BadChoice(format!("There is no sheet '{name}'. There are: {}.", names.join(", "))));
            }
            None => self.first_with_cells(&names)?,
        };
        let (rows, columns, notes) = SheetRows::new(Cells::open(self.sheets, &name)?, header);
        Ok((rows, name, columns, notes))
    }

    /// The first sheet with a cell in it, else the first.
    fn first_with_cells(&mut self, names: &[String]) -> SourceResult<String> {
        for name in names {
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
    number: u64,
    /// Where the header stands, or the last row before the first one.
    above: u64,
    /// Rows whose cells hold nothing.
    blank: u64,
    /// Where the last row stood that could be read.
    last: u64,
}

impl SheetRows {
    fn new(mut cells: Cells, header: Option<bool>) -> (Self, Vec<String>, Vec<String>) {
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
        // Names are texts; a first row with a number or a date in it is data.
        let header = header.unwrap_or_else(|| first.iter().all(|(_, cell)| matches!(cell, Data::String(_))));
        let mut texts = vec![String::new(); (right - left) as usize];
        for (column, cell) in first {
            texts[(column - left) as usize] = cell.as_string().unwrap_or_default();
        }
        let (columns, notes) = column_names(texts, header);
        let begin = ahead.front().map_or(1, |row| row.number);
        if header {
            ahead.pop_front();
        }
        let above = if header { begin } else { begin - 1 };
        let rows = Self { cells, ahead, columns: columns.clone(), left, number: 0, above, blank: 0, last: 0 };
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
            // Rows are counted as they stand in the sheet, with those that are skipped.
            self.number = row.number - self.above;
            let mut record = Map::new();
            let mut faults = Vec::new();
            for (column, cell) in &row.cells {
                let name = self.name(*column);
                if let Data::Error(e) = cell {
                    let why = format!("Row {} of the sheet has {e} in column {name}: its formula fails.", row.number);
                    faults.push(CellFault { column: name.clone(), why });
                }
                if let Some(value) = to_json(cell) {
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
        if let Some(why) = self.cells.damage() {
            notes.push(format!("The file is damaged: behind row {} nothing could be read. {why}", self.last));
        }
        notes
    }

    fn skipped(&self) -> Vec<String> {
        let told = || format!("{} skipped", counted(self.blank, "row without a value", "rows without a value"));
        (self.blank > 0).then(told).into_iter().collect()
    }
}

fn is_blank(cell: &Data) -> bool {
    matches!(cell, Data::Empty) || matches!(cell, Data::String(s) if s.trim().is_empty())
}

fn to_json(cell: &Data) -> Option<Json> {
    Some(match cell {
        Data::Empty => return None,
        Data::String(text) if text.is_empty() => return None,
        Data::String(text) => Json::from(text.as_str()),
        Data::Int(n) => Json::from(*n),
        // Workbooks know one kind of number.
        Data::Float(n) if n.fract() == 0.0 && n.abs() < 9e15 => Json::from(*n as i64),
        Data::Float(n) => Json::from(*n),
        Data::Bool(b) => Json::from(*b),
        Data::DateTime(_) => match (cell.as_datetime(), cell.as_duration()) {
            (Some(when), _) if when.time() == chrono::NaiveTime::MIN => Json::from(when.date().to_string()),
            (Some(when), _) => Json::from(when.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()),
            (None, Some(span)) => Json::from(span.num_seconds()),
            (None, None) => return None,
        },
        Data::DateTimeIso(text) | Data::DurationIso(text) => Json::from(text.as_str()),
        Data::Error(e) => Json::from(e.to_string()),
    })
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
        let (mut rows, name, columns, notes) = book.rows(None, None).unwrap();
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
        let (mut rows, _, columns, _) = Book::open(&path).unwrap().rows(None, None).unwrap();
        assert_eq!(columns, ["id"]);
        let mut read = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            read.push(serde_json::from_slice::<Json>(&row.bytes).unwrap());
        }
        assert_eq!(read.len(), 5_000);
        assert!((1_i64..).zip(&read).all(|(number, row)| row["id"] == number));
        assert_eq!((&read[3_999]["column_A"], &read[3_999]["column_AC"]), (&Json::from("left"), &Json::from("right")));
        // Giving up in the middle leaves no thread waiting.
        drop(Book::open(&path).unwrap().rows(None, None).unwrap());
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
        let (mut rows, ..) = Book::open(&path.with_extension("cut")).unwrap().rows(None, None).unwrap();
        let mut count = 0;
        while rows.next_row().unwrap().is_some() {
            count += 1;
        }
        assert!((1_000..2_000).contains(&count), "{count}");
        assert!(rows.notes()[0].contains("damaged"), "{:?}", rows.notes());
    }

    #[test]
    fn what_is_no_workbook_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.xlsx");
        std::fs::write(&path, b"PK\x03\x04 nothing").unwrap();
        assert!(matches!(Book::open(&path).err(), Some(SourceError::Unusable(_))));
    }
}
