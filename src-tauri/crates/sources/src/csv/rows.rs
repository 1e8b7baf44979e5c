//! Cutting separated values into rows without decoding them.
//!
//! A quotation mark that is opened by mistake must not swallow the rows after it, and a text of many lines must not come
//! apart. A value that goes on over lines is one where it is closed and the row then has the columns of the table. Where it
//! is closed but the row has other columns, it is one all the same unless the lines in it look like rows. Where it is never
//! closed, its first line is a row of its own with a fault, and reading goes on behind that line.

use std::io::{self, Read};

use super::{CsvDecoder, column_names};
use crate::dialect::Resolved;
use crate::recognised::counted;
use crate::window::{MARK, Window};
use crate::{Batch, Fault, KEPT_OF_OVERSIZED, MAX_ROW, RawRow, Row, Rows};

/// Opens the text again, behind so many of its bytes.
pub type Again<R> = Box<dyn Fn(u64) -> io::Result<R> + Send>;

/// Cuts rows.
pub struct CsvRows<R> {
    window: Window<R>,
    again: Again<R>,
    dialect: Resolved,
    columns: usize,
    number: u64,
    /// The text was decoded from this encoding: U+FFFD stands for what it does not have.
    decoded_from: Option<String>,
    skipped: Skipped,
}

/// Rows that hold nothing.
#[derive(Debug, Default)]
struct Skipped {
    /// Lines without a character.
    lines: u64,
    /// The same, but nothing has come after them yet: every text may end with some.
    last_lines: u64,
    /// Rows that consist of delimiters.
    rows: u64,
}

/// What one look at a row found.
struct Measured {
    length: usize,
    fields: usize,
    /// Length of its first line, where it has several.
    first_line: Option<usize>,
    /// The value, from 0, behind whose closing quotation mark more text is before the next delimiter.
    junk: Option<usize>,
    /// The source ended inside quotation marks.
    open: bool,
    too_large: bool,
    /// It grew too large inside quotation marks.
    endless: bool,
}

impl<R: Read> CsvRows<R> {
    /// Reads the header too.
    pub fn new(input: R, dialect: Resolved, decoded_from: Option<String>, again: Again<R>) -> io::Result<(Self, Vec<String>, Vec<String>)> {
        let mut window = Window::new(input)?;
        if window.fill(dialect.skip)? || dialect.skip > 0 {
            window.at += dialect.skip;
        }
        let mut rows = Self { window, again, dialect, columns: 0, number: 0, decoded_from, skipped: Skipped::default() };
        while let Some(length) = rows.blank_line()? {
            rows.window.at += length;
        }
        let measured = rows.measure()?;
        let head = rows.window.rest()[..measured.length].to_vec();
        let probe = CsvDecoder::new(dialect, Vec::new());
        let mut scratch = probe.scratch();
        let mut cells: Vec<String> = probe.cells(head.trim_ascii_end(), &mut scratch).into_iter().map(Into::into).collect();
        if !dialect.header && !head.is_empty() && cells.len() < dialect.columns {
            cells.resize(dialect.columns, String::new());
        }
        crate::limits::columns(cells.len()).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
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

    /// The length of the line end at hand, where a line without a character is.
    fn blank_line(&mut self) -> io::Result<Option<usize>> {
        let line_end = self.dialect.line_end;
        Ok(match self.window.peek()? {
            Some(b) if b == line_end => Some(1),
            Some(b'\r') if self.window.look(1)? == Some(b'\n') => Some(2),
            _ => None,
        })
    }

    fn measure(&mut self) -> io::Result<Measured> {
        let Resolved { delimiter, quote, line_end, .. } = self.dialect;
        let mut m = Measured { length: 0, fields: 1, first_line: None, junk: None, open: false, too_large: false, endless: false };
        let mut i = if self.window.fill(2)? && self.window.rest().starts_with(MARK) { MARK.len() } else { 0 };
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
                if next.is_some_and(|b| b != delimiter && b != line_end) && !carriage {
                    m.junk.get_or_insert(m.fields - 1);
                }
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
        let quote = self.dialect.quote.unwrap_or(b'"');
        loop {
            if !self.window.fill(i)? {
                m.open = true;
                m.length = i;
                return Ok(None);
            }
            let found = match m.first_line {
                None => memchr::memchr2(quote, line_end, &self.window.rest()[i..]),
                Some(_) => memchr::memchr(quote, &self.window.rest()[i..]),
            };
            let Some(at) = found else {
                i = self.window.rest().len();
                if i > MAX_ROW {
                    m.endless = true;
                    m.length = i;
                    return Ok(None);
                }
                continue;
            };
            i += at;
            if self.window.rest()[i] == line_end && quote != line_end {
                m.first_line = Some(i);
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
        let odd = || line.starts_with(MARK) || self.dialect.says_nothing(line);
        if line.is_empty() || end > MAX_ROW || self.decoded_from.is_some() || odd() || !closed() {
            return false;
        }
        self.number += 1;
        self.skipped.something();
        batch.push(Row { number: self.number, offset: self.window.position(), bytes: line, fault: None });
        self.window.at += end + 1;
        true
    }

    fn row(&mut self, m: &Measured) -> io::Result<RawRow> {
        let offset = self.window.position();
        if m.endless {
            return self.endless(m, offset);
        }
        if m.too_large || m.length > MAX_ROW {
            let bytes = self.window.rest()[..KEPT_OF_OVERSIZED].to_vec();
            self.window.at += m.length;
            self.window.skip_past(self.dialect.line_end)?;
            return Ok(RawRow { number: self.number, offset, bytes, fault: Some(Fault::TooLarge) });
        }
        let other_columns = m.fields != self.columns;
        let swallowed = m.first_line.filter(|first| m.open || m.junk.is_some() || other_columns && self.swallows_rows(*first, m.length));
        let bytes = self.take(swallowed.unwrap_or(m.length))?;
        let fault = if swallowed.is_some() || m.open {
            Some(Fault::OpenQuote)
        } else if let Some(at) = m.junk {
            Some(Fault::Junk(at))
        } else if bytes.starts_with(MARK) {
            Some(Fault::Mark)
        } else {
            self.decoded_from
                .as_ref()
                .filter(|_| memchr::memmem::find(&bytes, "\u{fffd}".as_bytes()).is_some())
                .cloned()
                .map(Fault::Encoding)
        };
        Ok(RawRow { number: self.number, offset, bytes, fault })
    }

    /// Half of the lines in a value, or more, have as many values as the table has columns.
    fn swallows_rows(&self, first_line: usize, length: usize) -> bool {
        let inside = &self.window.rest()[first_line + 1..length];
        let (mut lines, mut rows) = (0, 0);
        for line in inside.split(|b| *b == self.dialect.line_end) {
            lines += 1;
            rows += usize::from(memchr::memchr_iter(self.dialect.delimiter, line).count() + 1 == self.columns);
        }
        self.columns > 1 && rows * 2 >= lines
    }

    /// A value larger than a row may be: passed over to where it is closed. If it never is, reading begins again behind its
    /// first line.
    fn endless(&mut self, m: &Measured, offset: u64) -> io::Result<RawRow> {
        let quote = self.dialect.quote.unwrap_or(b'"');
        let kept = m.first_line.unwrap_or(KEPT_OF_OVERSIZED).min(m.length);
        let mut bytes = self.window.rest()[..kept].to_vec();
        self.window.at += m.length;
        while self.window.fill(0)? {
            let Some(at) = memchr::memchr(quote, self.window.rest()) else {
                self.window.at = self.window.buffer.len();
                continue;
            };
            self.window.at += at + 1;
            if self.window.peek()? == Some(quote) {
                self.window.at += 1;
                continue;
            }
            self.window.skip_past(self.dialect.line_end)?;
            bytes.truncate(KEPT_OF_OVERSIZED);
            return Ok(RawRow { number: self.number, offset, bytes, fault: Some(Fault::TooLarge) });
        }
        if let Some(first) = m.first_line {
            let behind = offset + first as u64 + 1;
            self.window = Window::behind((self.again)(behind)?, behind)?;
        }
        let fault = if m.first_line.is_some() { Fault::OpenQuote } else { Fault::TooLarge };
        Ok(RawRow { number: self.number, offset, bytes, fault: Some(fault) })
    }
}

impl Skipped {
    /// A row that holds something comes: the lines before it were not the end of the text.
    fn something(&mut self) {
        self.lines += std::mem::take(&mut self.last_lines);
    }

    fn notes(&self) -> Vec<String> {
        let lines = (self.lines > 0).then(|| counted(self.lines, "blank line", "blank lines"));
        let rows = (self.rows > 0).then(|| counted(self.rows, "row without a value", "rows without a value"));
        lines.into_iter().chain(rows).map(|what| format!("{what} skipped")).collect()
    }
}

impl<R: Read + Send> Rows for CsvRows<R> {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        while self.window.peek()?.is_some() {
            // Rows are counted as they are in the file, with those that are skipped.
            self.number += 1;
            if let Some(length) = self.blank_line()? {
                self.window.at += length;
                self.skipped.last_lines += 1;
                continue;
            }
            let measured = self.measure()?;
            self.skipped.something();
            if self.dialect.says_nothing(&self.window.rest()[..measured.length]) {
                self.take(measured.length)?;
                self.skipped.rows += 1;
                continue;
            }
            return self.row(&measured).map(Some);
        }
        Ok(None)
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
        let held = self.number - self.skipped.lines - self.skipped.last_lines - self.skipped.rows;
        match (self.columns, held) {
            (0, _) => vec!["The file is empty.".into()],
            (_, 0) => vec!["The file has names of columns and no row.".into()],
            _ => Vec::new(),
        }
    }

    fn skipped(&self) -> Vec<String> {
        self.skipped.notes()
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
mod tests;
