//! Separated values: decoding a row to cells, on any thread. Rows are cut in [`rows`].

mod rows;

use std::borrow::Cow;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::columns::Taken;
use crate::dialect::Resolved;
use crate::limits;

pub use rows::{Again, CsvRows};

/// Decodes rows to cells.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct CsvDecoder {
    dialect: Resolved,
    pub columns: Vec<String>,
}

/// What a worker keeps between rows.
pub struct Scratch {
    reader: Reader,
    out: Vec<u8>,
    ends: Vec<usize>,
}

impl CsvDecoder {
    pub(crate) fn new(dialect: Resolved, columns: Vec<String>) -> Self {
        Self { dialect, columns }
    }

    /// Buffers for [`CsvDecoder::cells`].
    pub fn scratch(&self) -> Scratch {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(self.dialect.delimiter).quoting(self.dialect.quote.is_some()).quote(self.dialect.quote.unwrap_or(b'"'));
        // A row is cut already: nothing in it ends it, and a lone carriage return in a value is kept.
        builder.terminator(csv_core::Terminator::Any(self.dialect.line_end));
        Scratch { reader: builder.build(), out: Vec::new(), ends: vec![0; self.columns.len() + 8] }
    }

    /// The cells of a row. In one that is no UTF-8, U+FFFD stands for the bytes that are none.
    pub fn cells<'a>(&self, row: &'a [u8], scratch: &'a mut Scratch) -> Vec<Cow<'a, str>> {
        match std::str::from_utf8(row) {
            Ok(text) => self.cut(text, scratch).into_iter().map(|cell| Cow::Borrowed(self.dialect.plain(cell))).collect(),
            Err(_) => {
                let text = String::from_utf8_lossy(row);
                self.cut(&text, scratch).into_iter().map(|cell| Cow::Owned(self.dialect.plain(cell).to_owned())).collect()
            }
        }
    }

    fn cut<'a>(&self, text: &'a str, scratch: &'a mut Scratch) -> Vec<&'a str> {
        let row = text.as_bytes();
        if self.dialect.quote.is_none_or(|q| memchr::memchr(q, row).is_none()) {
            let mut cells = Vec::with_capacity(self.columns.len());
            let mut from = 0;
            for at in memchr::memchr_iter(self.dialect.delimiter, row) {
                cells.push(&text[from..at]);
                from = at + 1;
            }
            cells.push(&text[from..]);
            return cells;
        }
        let count = scratch.split(row);
        let mut from = 0;
        // Delimiters and quotation marks are ASCII: what is between them is as whole as the row.
        let cut = |end: &usize| std::str::from_utf8(&scratch.out[std::mem::replace(&mut from, *end)..*end]).unwrap_or_default();
        scratch.ends[..count].iter().map(cut).collect()
    }
}

impl CsvDecoder {
    /// Splits a row into cells that are in it as they are; false where one of them has to be decoded.
    pub fn split<'a>(&self, row: &'a str, cells: &mut Vec<&'a str>) -> bool {
        cells.clear();
        let (bytes, Resolved { delimiter, line_end, .. }) = (row.as_bytes(), self.dialect);
        let mut from = 0;
        loop {
            let end = match self.dialect.quote.filter(|quote| bytes.get(from) == Some(quote)) {
                Some(quote) => {
                    let Some(length) = memchr::memchr(quote, &bytes[from + 1..]) else { return false };
                    let close = from + 1 + length;
                    cells.push(self.dialect.plain(&row[from + 1..close]));
                    close + 1
                }
                None => {
                    let end = memchr::memchr2(delimiter, line_end, &bytes[from..]).map_or(bytes.len(), |length| from + length);
                    cells.push(self.dialect.plain(&row[from..end]));
                    end
                }
            };
            match bytes.get(end) {
                None => return true,
                Some(b) if *b == delimiter => from = end + 1,
                // Also behind the first of two quotation marks that stand for one.
                Some(_) => return false,
            }
        }
    }
}

impl Scratch {
    /// Splits a row into `out`; gives how many cells there are.
    fn split(&mut self, row: &[u8]) -> usize {
        self.reader.reset();
        self.out.resize(row.len().max(1), 0);
        let (mut rest, mut written, mut count) = (row, 0, 0);
        loop {
            let (result, read, wrote, ended) = self.reader.read_record(rest, &mut self.out[written..], &mut self.ends[count..]);
            rest = &rest[read..];
            written += wrote;
            count += ended;
            match result {
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::OutputFull => self.out.resize(self.out.len() * 2, 0),
                // Feeding nothing tells the reader that the row is over.
                ReadRecordResult::InputEmpty => rest = &[],
                ReadRecordResult::Record | ReadRecordResult::End => return count,
            }
        }
    }
}

/// Names for columns: trimmed, none empty, none twice. Gives what was changed, in sentences.
pub fn column_names(cells: Vec<String>, header: bool) -> (Vec<String>, Vec<String>) {
    let mut taken = Taken::default();
    let mut names: Vec<String> = Vec::with_capacity(cells.len());
    let mut notes = Vec::new();
    for (at, cell) in cells.into_iter().enumerate() {
        let cell = if header { cell.trim().to_owned() } else { String::new() };
        let wanted = if cell.is_empty() { format!("column_{}", at + 1) } else { cell.clone() };
        let name = taken.free(wanted, &cell);
        if header && cell.is_empty() {
            notes.push(format!("Column {} has no name; it is called {name}.", at + 1));
        } else if header && name != cell {
            notes.push(format!("The column name {cell} occurs twice; the one at column {} is called {name}.", at + 1));
        }
        if header && cell.contains('\u{fffd}') {
            notes.push(format!(
                "The name of column {} has bytes that are not text in the encoding of the file; it is called {name}.",
                at + 1
            ));
        }
        names.push(name);
    }
    limits::notes(&mut notes);
    (names, notes)
}
