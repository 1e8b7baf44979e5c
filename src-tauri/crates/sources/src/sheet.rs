//! Workbooks: Excel (xlsx, xlsm, xlsb, xls) and OpenDocument. A row becomes a JSON object of its cells, with real
//! numbers, truth values and dates; empty cells are left out.
//!
//! These formats keep their texts in one table and cannot be streamed; a sheet holds a million rows at most.

use std::io::{self, BufReader, Read};
use std::path::Path;

use calamine::{Data, DataType, Ods, Range, Reader, Sheets, Xls, Xlsb, Xlsx};
use serde_json::{Map, Value as Json};

use crate::csv::column_names;
use crate::{Fault, Format, Part, RawRow, Rows, SourceError, SourceResult};

/// Opens a workbook; the format is recognised from its content.
pub struct Book {
    sheets: Sheets<BufReader<std::fs::File>>,
    pub format: Format,
    pub parts: Vec<Part>,
}

fn unusable(e: calamine::Error) -> SourceError {
    let text = e.to_string();
    if text.to_lowercase().contains("password") {
        return SourceError::Unusable("This workbook is protected by a password. Save a copy without one.".into());
    }
    SourceError::Unusable(format!("This workbook cannot be read: {text}."))
}

impl Book {
    pub fn open(path: &Path) -> SourceResult<Self> {
        let again = || std::fs::File::open(path).map(BufReader::new);
        let mut magic = [0; 4];
        let zipped = again()?.read_exact(&mut magic).is_ok() && magic == *b"PK\x03\x04";
        let sheets = if !zipped {
            Sheets::Xls(Xls::new(again()?).map_err(|e| unusable(e.into()))?)
        } else if let Ok(book) = Xlsb::new(again()?) {
            Sheets::Xlsb(book)
        } else if let Ok(book) = Ods::new(again()?) {
            Sheets::Ods(book)
        } else {
            Sheets::Xlsx(Xlsx::new(again()?).map_err(|e| unusable(e.into()))?)
        };
        let format = if matches!(sheets, Sheets::Ods(_)) { Format::Ods } else { Format::Excel };
        let parts = sheets.sheet_names().into_iter().map(|name| Part { name, rows: None }).collect();
        Ok(Self { sheets, format, parts })
    }

    /// Rows of a sheet: the named one, else the first with a cell in it.
    pub fn rows(mut self, part: Option<&str>, header: Option<bool>) -> SourceResult<(SheetRows, String, Vec<String>, Vec<String>)> {
        let names: Vec<String> = self.parts.iter().map(|p| p.name.clone()).collect();
        let wanted: Vec<String> = match part {
            Some(name) if names.iter().any(|n| n == name) => vec![name.to_owned()],
            Some(name) => {
                return Err(SourceError::BadChoice(format!("There is no sheet '{name}'. There are: {}.", names.join(", "))));
            }
            None => names,
        };
        let mut chosen = None;
        for name in wanted {
            let range = self.sheets.worksheet_range(&name).map_err(unusable)?;
            let empty = range.is_empty();
            if chosen.is_none() || !empty {
                chosen = Some((name, range));
            }
            if !empty {
                break;
            }
        }
        let (name, range) = chosen.ok_or_else(|| SourceError::Unusable("This workbook has no sheet.".into()))?;
        let (rows, columns, notes) = SheetRows::new(range, header);
        Ok((rows, name, columns, notes))
    }
}

/// Rows of one sheet.
pub struct SheetRows {
    range: Range<Data>,
    columns: Vec<String>,
    next: usize,
    /// Rows of the sheet before the first one with a cell.
    above: u64,
    number: u64,
}

impl SheetRows {
    fn new(range: Range<Data>, header: Option<bool>) -> (Self, Vec<String>, Vec<String>) {
        let above = range.start().map_or(0, |s| u64::from(s.0));
        let first: Vec<&Data> = range.rows().next().map(|r| r.iter().collect()).unwrap_or_default();
        // Names are texts; a first row with a number or a date in it is data.
        let header = header.unwrap_or_else(|| first.iter().all(|c| matches!(c, Data::String(_) | Data::Empty)));
        let cells = first.iter().map(|c| c.as_string().unwrap_or_default()).collect();
        let (columns, notes) = column_names(cells, header);
        let rows = Self { range, columns: columns.clone(), next: usize::from(header), above, number: 0 };
        (rows, columns, notes)
    }
}

impl Rows for SheetRows {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        while let Some(cells) = (self.next < self.range.height()).then(|| &self.range[self.next]) {
            self.next += 1;
            if cells.iter().all(is_blank) {
                continue;
            }
            self.number += 1;
            let mut record = Map::new();
            let mut fault = None;
            for (name, cell) in self.columns.iter().zip(cells) {
                if let Data::Error(e) = cell {
                    let row = self.above + self.next as u64;
                    fault.get_or_insert(Fault::Unreadable(format!("Row {row} of the sheet has {e} in column {name}: its formula fails.")));
                }
                if let Some(value) = to_json(cell) {
                    record.insert(name.clone(), value);
                }
            }
            let bytes = serde_json::to_vec(&Json::Object(record))?;
            return Ok(Some(RawRow { number: self.number, offset: 0, bytes, fault }));
        }
        Ok(None)
    }

    fn notes(&mut self) -> Vec<String> {
        match (self.columns.is_empty(), self.number) {
            (true, _) => vec!["The file has no cell in this sheet.".into()],
            (_, 0) => vec!["The file has names of columns and no row.".into()],
            _ => Vec::new(),
        }
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
    }

    #[test]
    fn what_is_no_workbook_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.xlsx");
        std::fs::write(&path, b"PK\x03\x04 nothing").unwrap();
        assert!(matches!(Book::open(&path).err(), Some(SourceError::Unusable(_))));
    }
}
