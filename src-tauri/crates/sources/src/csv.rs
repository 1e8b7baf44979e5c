//! Separated values: cutting into rows without decoding them (one thread), and decoding a row to cells (any thread).
//!
//! A quotation mark that is opened by mistake must not swallow the rows after it. A value may go on over lines only
//! if, once closed, the row has the columns of the table; otherwise its first line is a row of its own with a fault,
//! and reading goes on behind that line.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::dialect::Settled;
use crate::window::Window;
use crate::{Batch, Fault, KEPT_OF_OVERSIZED, MAX_ROW, RawRow, Row, Rows};

/// A value that goes on longer than this is taken for one that was never closed.
const MAX_VALUE_LINES: usize = 5000;
const MAX_VALUE: usize = 4 << 20;

/// Decodes rows to cells.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct CsvDecoder {
    dialect: Settled,
    pub columns: Vec<String>,
}

/// What a worker keeps between rows.
pub struct Scratch {
    reader: Reader,
    out: Vec<u8>,
    ends: Vec<usize>,
}

impl CsvDecoder {
    pub(crate) fn new(dialect: Settled, columns: Vec<String>) -> Self {
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

    /// The cells of a row.
    ///
    /// Errors: the row is no UTF-8.
    pub fn cells<'a>(&self, row: &'a [u8], scratch: &'a mut Scratch) -> Result<Vec<&'a str>, Fault> {
        let text = std::str::from_utf8(row).map_err(|_| Fault::Encoding("UTF-8".into()))?;
        if self.dialect.quote.is_none_or(|q| memchr::memchr(q, row).is_none()) {
            let mut cells = Vec::with_capacity(self.columns.len());
            let mut from = 0;
            for at in memchr::memchr_iter(self.dialect.delimiter, row) {
                cells.push(&text[from..at]);
                from = at + 1;
            }
            cells.push(&text[from..]);
            return Ok(cells);
        }
        let count = scratch.split(row);
        let mut from = 0;
        let cut = |end: &usize| std::str::from_utf8(&scratch.out[std::mem::replace(&mut from, *end)..*end]);
        let cells: Result<Vec<&str>, _> = scratch.ends[..count].iter().map(cut).collect();
        cells.map_err(|_| Fault::Encoding("UTF-8".into()))
    }
}

impl CsvDecoder {
    /// Splits a row into cells that stand in it as they are; false where one of them has to be decoded.
    pub fn split<'a>(&self, row: &'a str, cells: &mut Vec<&'a str>) -> bool {
        cells.clear();
        let (bytes, Settled { delimiter, line_end, .. }) = (row.as_bytes(), self.dialect);
        let mut from = 0;
        loop {
            let end = match self.dialect.quote.filter(|quote| bytes.get(from) == Some(quote)) {
                Some(quote) => {
                    let Some(length) = memchr::memchr(quote, &bytes[from + 1..]) else { return false };
                    let close = from + 1 + length;
                    cells.push(&row[from + 1..close]);
                    close + 1
                }
                None => {
                    let end = memchr::memchr2(delimiter, line_end, &bytes[from..]).map_or(bytes.len(), |length| from + length);
                    cells.push(&row[from..end]);
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
    let mut names: Vec<String> = Vec::with_capacity(cells.len());
    let mut notes = Vec::new();
    for (at, cell) in cells.into_iter().enumerate() {
        let cell = if header { cell.trim().to_owned() } else { String::new() };
        let mut name = if cell.is_empty() { format!("column_{}", at + 1) } else { cell.clone() };
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{cell}_{number}");
            number += 1;
        }
        if header && cell.is_empty() {
            notes.push(format!("Column {} has no name; it is called {name}.", at + 1));
        } else if header && name != cell {
            notes.push(format!("The column name {cell} stands twice; the one at column {} is called {name}.", at + 1));
        }
        names.push(name);
    }
    (names, notes)
}

/// Cuts rows.
pub struct CsvRows<R> {
    window: Window<R>,
    dialect: Settled,
    columns: usize,
    number: u64,
    /// The text was decoded from this encoding: U+FFFD stands for what it does not have.
    decoded_from: Option<String>,
}

/// What one look at a row found.
struct Measured {
    length: usize,
    fields: usize,
    /// Length of its first line, where it has several.
    first_line: Option<usize>,
    /// Something stands between a closing quotation mark and the next delimiter.
    junk: bool,
    /// The source, or patience, ended inside quotation marks.
    open: bool,
    too_large: bool,
}

impl<R: Read> CsvRows<R> {
    /// Reads the header too.
    pub fn new(input: R, dialect: Settled, decoded_from: Option<String>) -> io::Result<(Self, Vec<String>, Vec<String>)> {
        let mut window = Window::new(input)?;
        if window.fill(dialect.skip)? || dialect.skip > 0 {
            window.at += dialect.skip;
        }
        let mut rows = Self { window, dialect, columns: 0, number: 0, decoded_from };
        rows.skip_empty_lines()?;
        let measured = rows.measure()?;
        let head = rows.window.rest()[..measured.length].to_vec();
        let probe = CsvDecoder::new(dialect, Vec::new());
        let mut scratch = probe.scratch();
        let cells = probe.cells(head.trim_ascii_end(), &mut scratch).unwrap_or_default();
        let cells: Vec<String> = cells.into_iter().map(str::to_owned).collect();
        let (columns, notes) = if head.is_empty() { (Vec::new(), Vec::new()) } else { column_names(cells, dialect.header) };
        rows.columns = columns.len();
        if dialect.header {
            rows.take(measured.length)?;
        }
        Ok((rows, columns, notes))
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = self.window.rest()[..length].to_vec();
        self.window.at += length;
        if self.window.fill(0)? {
            self.window.at += 1;
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        Ok(bytes)
    }

    fn skip_empty_lines(&mut self) -> io::Result<()> {
        while let Some(b) = self.window.peek()? {
            let line_end = b == self.dialect.line_end || (b == b'\r' && self.window.look(1)? == Some(b'\n'));
            if !line_end {
                break;
            }
            self.window.at += 1;
        }
        Ok(())
    }

    fn measure(&mut self) -> io::Result<Measured> {
        let Settled { delimiter, quote, line_end, .. } = self.dialect;
        let mut m = Measured { length: 0, fields: 1, first_line: None, junk: false, open: false, too_large: false };
        let mut i = 0;
        let mut field_start = true;
        loop {
            if !self.window.fill(i)? {
                m.length = i;
                return Ok(m);
            }
            if field_start && Some(self.window.rest()[i]) == quote {
                let Some(end) = self.quoted(i + 1, line_end, &mut m)? else {
                    return Ok(m);
                };
                i = end;
                field_start = false;
                let next = self.window.look(i)?;
                let carriage = next == Some(b'\r') && self.window.look(i + 1)?.is_none_or(|b| b == line_end);
                m.junk |= next.is_some_and(|b| b != delimiter && b != line_end) && !carriage;
                continue;
            }
            field_start = false;
            match memchr::memchr2(delimiter, line_end, &self.window.rest()[i..]) {
                Some(at) if self.window.rest()[i + at] == delimiter => {
                    m.fields += 1;
                    i += at + 1;
                    field_start = true;
                }
                Some(at) => {
                    m.length = i + at;
                    return Ok(m);
                }
                None => i = self.window.rest().len(),
            }
            if i > MAX_ROW {
                m.too_large = true;
                m.length = i;
                return Ok(m);
            }
        }
    }

    /// From behind an opening quotation mark to behind the closing one; `None` where there is none.
    fn quoted(&mut self, mut i: usize, line_end: u8, m: &mut Measured) -> io::Result<Option<usize>> {
        let (begin, quote) = (i, self.dialect.quote.unwrap_or(b'"'));
        let mut lines = 0;
        loop {
            if !self.window.fill(i)? {
                m.open = true;
                m.length = i;
                return Ok(None);
            }
            let Some(at) = memchr::memchr2(quote, line_end, &self.window.rest()[i..]) else {
                i = self.window.rest().len();
                if i - begin > MAX_ROW {
                    m.open = true;
                    m.length = i;
                    return Ok(None);
                }
                continue;
            };
            i += at;
            if self.window.rest()[i] == line_end {
                m.first_line.get_or_insert(i);
                lines += 1;
                if lines > MAX_VALUE_LINES || i - begin > MAX_VALUE {
                    m.open = true;
                    m.length = i;
                    return Ok(None);
                }
                i += 1;
            } else if self.window.look(i + 1)? == Some(quote) {
                i += 2;
            } else {
                return Ok(Some(i + 1));
            }
        }
    }

    /// Adds the line at hand to a batch if it is surely a whole row: each value that begins with a quotation mark is closed
    /// in it and followed by a delimiter. All else is for [`CsvRows::measure`], which knows what to do about it.
    fn whole_line(&mut self, batch: &mut Batch) -> bool {
        let rest = self.window.rest();
        let Some(end) = memchr::memchr(self.dialect.line_end, rest) else { return false };
        let line = &rest[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let closed = || self.dialect.quote.is_none_or(|quote| quotes_are_closed(line, self.dialect.delimiter, quote));
        if line.is_empty() || end > MAX_ROW || self.decoded_from.is_some() || !closed() {
            return false;
        }
        self.number += 1;
        batch.push(Row { number: self.number, offset: self.window.position(), bytes: line, fault: None });
        self.window.at += end + 1;
        true
    }

    fn row(&mut self, m: &Measured) -> io::Result<RawRow> {
        self.number += 1;
        let offset = self.window.position();
        if m.too_large || m.length > MAX_ROW {
            let bytes = self.window.rest()[..KEPT_OF_OVERSIZED].to_vec();
            self.window.at += m.length;
            self.window.skip_past(self.dialect.line_end)?;
            return Ok(RawRow { number: self.number, offset, bytes, fault: Some(Fault::TooLarge) });
        }
        let swallowed = m.first_line.filter(|_| m.open || m.junk || m.fields != self.columns);
        let bytes = self.take(swallowed.unwrap_or(m.length))?;
        let fault = if swallowed.is_some() || m.open {
            Some(Fault::OpenQuote)
        } else if m.junk {
            Some(Fault::Unreadable("Behind a closing quotation mark there is more text before the next value.".into()))
        } else {
            self.decoded_from
                .as_ref()
                .filter(|_| memchr::memmem::find(&bytes, "\u{fffd}".as_bytes()).is_some())
                .cloned()
                .map(Fault::Encoding)
        };
        Ok(RawRow { number: self.number, offset, bytes, fault })
    }
}

impl<R: Read + Send> Rows for CsvRows<R> {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        self.skip_empty_lines()?;
        if self.window.peek()?.is_none() {
            return Ok(None);
        }
        let measured = self.measure()?;
        self.row(&measured).map(Some)
    }

    fn next_into(&mut self, batch: &mut Batch) -> io::Result<bool> {
        if self.whole_line(batch) {
            return Ok(true);
        }
        let row = self.next_row()?;
        if let Some(row) = &row {
            batch.push(row.borrowed());
        }
        Ok(row.is_some())
    }

    fn notes(&mut self) -> Vec<String> {
        match (self.columns, self.number) {
            (0, _) => vec!["The file is empty.".into()],
            (_, 0) => vec!["The file has names of columns and no row.".into()],
            _ => Vec::new(),
        }
    }
}

/// Every value of a line that begins with a quotation mark ends with one, behind which the next value begins.
fn quotes_are_closed(line: &[u8], delimiter: u8, quote: u8) -> bool {
    let mut from = 0;
    while let Some(at) = memchr::memchr(quote, &line[from..]) {
        let open = from + at;
        if open > 0 && line[open - 1] != delimiter {
            // In the middle of a value that does not begin with one, it stands for itself.
            from = open + 1;
            continue;
        }
        let Some(close) = closing(line, open, quote) else { return false };
        if line.get(close + 1).is_some_and(|b| *b != delimiter) {
            return false;
        }
        from = close + 1;
    }
    true
}

/// Where the quotation mark at `open` is closed; two in a row are one of the value.
fn closing(line: &[u8], open: usize, quote: u8) -> Option<usize> {
    let mut from = open + 1;
    loop {
        let at = from + memchr::memchr(quote, &line[from..])?;
        if line.get(at + 1) != Some(&quote) {
            return Some(at);
        }
        from = at + 2;
    }
}

#[cfg(test)]
mod tests {
    use proptest::test_runner::{Config, TestRunner};

    use super::*;
    use crate::Choice;

    #[test]
    fn split_says_what_decoding_says() {
        let decoder = CsvDecoder::new(crate::dialect::settle(b"a,b\n1,2\n", &Choice::default()).unwrap(), Vec::new());
        let mut scratch = decoder.scratch();
        let mut runner = TestRunner::new(Config { cases: 20_000, failure_persistence: None, ..Config::default() });
        let check = |row: String| {
            let mut cells = Vec::new();
            if decoder.split(&row, &mut cells) {
                assert_eq!(cells, decoder.cells(row.as_bytes(), &mut scratch).unwrap());
            }
            Ok(())
        };
        let check = std::cell::RefCell::new(check);
        runner.run(&"[a\",,\" é\n]{0,14}", |row| (check.borrow_mut())(row)).unwrap();
    }

    /// Rows taken one by one, and in a batch.
    #[test]
    fn batches_hold_the_rows_that_reading_one_by_one_gives() {
        let mut runner = TestRunner::new(Config { cases: 2_000, failure_persistence: None, ..Config::default() });
        runner
            .run(&"[ab\",\r\n\"é]{0,40}", |body| {
                let text = format!("x,y\n{body}");
                let dialect = crate::dialect::settle(b"x,y\n1,2\n", &Choice::default()).unwrap();
                let open = || CsvRows::new(text.as_bytes(), dialect, None).unwrap().0;
                let (mut one, mut all, mut batch) = (open(), open(), Batch::default());
                while all.next_into(&mut batch).unwrap() {}
                for row in batch.iter() {
                    let alone = one.next_row().unwrap();
                    assert_eq!(alone.as_ref().map(|r| format!("{:?}", r.borrowed())), Some(format!("{row:?}")));
                }
                assert!(one.next_row().unwrap().is_none());
                Ok(())
            })
            .unwrap();
    }

    struct Read1 {
        columns: Vec<String>,
        rows: Vec<(Vec<String>, Option<Fault>)>,
        notes: Vec<String>,
    }

    fn read(text: &[u8]) -> Read1 {
        let dialect = crate::dialect::settle(text, &Choice::default()).unwrap();
        let (mut rows, columns, mut notes) = CsvRows::new(text, dialect, None).unwrap();
        let decoder = CsvDecoder::new(dialect, columns.clone());
        let mut scratch = decoder.scratch();
        let mut out = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            let cells = decoder.cells(&row.bytes, &mut scratch).unwrap_or_default();
            let at = usize::try_from(row.offset).unwrap();
            assert_eq!(&text[at..at + row.bytes.len()], row.bytes);
            out.push((cells.into_iter().map(str::to_owned).collect(), row.fault));
        }
        notes.extend(rows.notes());
        Read1 { columns, rows: out, notes }
    }

    #[test]
    fn plain_quoted_and_embedded_newlines() {
        let found = read(b"id,text,n\r\n1,\"a, \"\"b\"\"\",2\r\n\r\n2,\"line one\nline two\",3\r\n3,,\r\n");
        assert_eq!(found.columns, ["id", "text", "n"]);
        let cells: Vec<_> = found.rows.iter().map(|r| r.0.join("|")).collect();
        assert_eq!(cells, ["1|a, \"b\"|2", "2|line one\nline two|3", "3||"]);
        assert!(found.rows.iter().all(|r| r.1.is_none()) && found.notes.is_empty());
    }

    #[test]
    fn a_quote_left_open_swallows_no_row() {
        let found = read(b"id,text\n1,\"open\n2,fine\n3,\"also fine\"\n4,\"open at the end\n");
        let faults: Vec<_> = found.rows.iter().map(|r| r.1.clone()).collect();
        assert_eq!(faults, [Some(Fault::OpenQuote), None, None, Some(Fault::OpenQuote)]);
        assert_eq!(found.rows[1].0, ["2", "fine"]);
        assert_eq!(found.rows[2].0, ["3", "also fine"]);
    }

    #[test]
    fn text_behind_a_closing_quote_is_a_fault() {
        let found = read(b"id,text\n1,\"a\"b\n2,x\n");
        assert!(matches!(found.rows[0].1, Some(Fault::Unreadable(_))));
        assert_eq!(found.rows[1], (vec!["2".into(), "x".into()], None));
    }

    #[test]
    fn headers_are_made_whole() {
        let found = read(b"id,name,name,\n1,a,b,c\n");
        assert_eq!(found.columns, ["id", "name", "name_2", "column_4"]);
        assert_eq!(found.notes.len(), 2);
        let found = read(b"1,5\n2,6\n");
        assert_eq!((found.columns.join(","), found.rows.len()), ("column_1,column_2".into(), 2));
    }

    #[test]
    fn empty_files_say_so() {
        assert_eq!(read(b"").notes, ["The file is empty."]);
        assert_eq!(read(b"id,name\n").notes, ["The file has names of columns and no row."]);
    }

    #[test]
    fn long_cells_are_kept_whole() {
        let long = "x".repeat(700_000);
        let found = read(format!("id,text\n1,\"{long}\"\n2,{long}\n").as_bytes());
        assert_eq!((found.rows[0].0[1].len(), found.rows[1].0[1].len()), (700_000, 700_000));
    }

    #[test]
    fn carriage_returns_alone_end_lines() {
        let found = read(b"id,name\r1,Ada\r2,Bob\r");
        assert_eq!(found.rows.len(), 2);
        assert_eq!(found.rows[1].0, ["2", "Bob"]);
    }
}
