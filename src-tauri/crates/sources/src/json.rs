//! Cutting a JSON source into rows without parsing it: one line (NDJSON), one element of an array, or one of several
//! objects in a row. Memory holds one row at a time.
//!
//! A broken element must not swallow the rest. Two things bound the damage: a text never crosses a line end (JSON
//! forbids it), and a line that begins with `{` at the indentation of the first element begins a new one.

use std::io::Read;

use crate::content;
use crate::lists::ListSeeker;
use crate::window::Window;
use crate::{Batch, Fault, KEPT_OF_OVERSIZED, MAX_ROW, RawRow, Row, Rows};

/// How rows are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    Lines,
    Array,
    /// One object, or several one after another.
    Objects,
    Empty,
    /// Does not begin like JSON.
    Unknown,
}

/// Reads rows from a source.
pub struct Splitter<R> {
    window: Window<R>,
    layout: Layout,
    number: u64,
    /// Column of the first element of an array.
    indent: Option<usize>,
    /// The array's closing bracket was seen.
    pub closed: bool,
    begun: bool,
    /// The rows are a list inside an object: what comes after it is no row.
    inside: bool,
    cut: bool,
    decoded_from: Option<String>,
    /// A comment is before the first row.
    commented: bool,
    /// Commas between rows beyond one each.
    commas: u64,
}

impl<R: Read> Splitter<R> {
    /// Looks at the beginning and resolves the layout. `decoded_from` names the encoding that the text came in, where
    /// it is not UTF-8.
    pub fn new(input: R, decoded_from: Option<String>) -> std::io::Result<Self> {
        let mut window = Window::new(input)?;
        let plain = content::start(window.rest()).len();
        let begin = content::behind_comments(window.rest()).len();
        let commented = begin < plain;
        if content::begins_like_json(window.rest()) {
            window.at = window.buffer.len() - begin;
        }
        let layout = layout_of(window.rest());
        Ok(Self {
            window,
            layout,
            number: 0,
            indent: None,
            closed: false,
            begun: false,
            inside: false,
            cut: false,
            decoded_from,
            commented,
            commas: 0,
        })
    }

    /// Rows are the elements of the list at this JSON Pointer; false where there is none.
    pub fn enter(&mut self, pointer: &str) -> std::io::Result<bool> {
        let mut seeker = ListSeeker::new(pointer);
        let mut i = 0;
        loop {
            let Some(b) = self.window.look(i)? else {
                return Ok(false);
            };
            if seeker.take(b) {
                self.window.at += i;
                (self.layout, self.inside) = (Layout::Array, true);
                return Ok(true);
            }
            i += 1;
            if i >= 64 << 10 {
                self.window.at += i;
                i = 0;
            }
        }
    }

    pub fn layout(&self) -> Layout {
        self.layout
    }

    fn cut_row(&mut self) -> std::io::Result<Option<RawRow>> {
        match self.layout {
            Layout::Empty => Ok(None),
            Layout::Lines | Layout::Unknown => self.next_line(),
            Layout::Array | Layout::Objects => self.next_value(),
        }
    }

    fn next_line(&mut self) -> std::io::Result<Option<RawRow>> {
        loop {
            if !self.window.fill(0)? {
                return Ok(None);
            }
            let offset = self.window.position();
            let mut length = 0;
            let found = loop {
                if let Some(i) = memchr::memchr(b'\n', &self.window.buffer[self.window.at + length..]) {
                    break Some(length + i);
                }
                length = self.window.buffer.len() - self.window.at;
                if length > MAX_ROW {
                    return Ok(Some(self.oversized_line(offset)?));
                }
                if !self.window.fill(length)? {
                    break None;
                }
            };
            let end = found.unwrap_or(self.window.buffer.len() - self.window.at);
            let line = self.window.buffer[self.window.at..self.window.at + end].to_vec();
            self.window.at += end + usize::from(found.is_some());
            self.number += 1;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return Ok(Some(self.row(offset, line, None)));
        }
    }

    /// Adds the line at hand to a batch, if all of it is at hand.
    fn whole_line(&mut self, batch: &mut Batch) -> bool {
        let rest = self.window.rest();
        let Some(end) = memchr::memchr(b'\n', rest) else { return false };
        let lines = matches!(self.layout, Layout::Lines | Layout::Unknown);
        if !lines || end > MAX_ROW || self.decoded_from.is_some() || rest[..end].iter().all(u8::is_ascii_whitespace) {
            return false;
        }
        self.number += 1;
        batch.push(Row { number: self.number, offset: self.window.position(), bytes: &rest[..end], fault: None });
        self.window.at += end + 1;
        true
    }

    fn row(&self, offset: u64, bytes: Vec<u8>, fault: Option<Fault>) -> RawRow {
        RawRow { number: self.number, offset, bytes, fault }
    }

    /// Keeps the beginning of an endless line and passes over the rest.
    fn oversized_line(&mut self, offset: u64) -> std::io::Result<RawRow> {
        let kept = self.window.rest()[..KEPT_OF_OVERSIZED].to_vec();
        self.window.skip_past(b'\n')?;
        self.number += 1;
        Ok(self.row(offset, kept, Some(Fault::TooLarge)))
    }

    fn next_value(&mut self) -> std::io::Result<Option<RawRow>> {
        if self.layout == Layout::Array && !self.begun {
            while self.window.peek()?.is_some_and(|b| b != b'[') {
                self.window.at += 1;
            }
            self.window.at += 1;
            self.begun = true;
        }
        let (mut column, commas) = self.skip_between()?;
        let Some(first) = self.window.peek()? else {
            return Ok(None);
        };
        let wanted = u64::from(self.number > 0 && first != b']');
        self.commas += if self.layout == Layout::Array { commas.saturating_sub(wanted) } else { 0 };
        if self.layout == Layout::Array && first == b']' {
            self.closed = true;
            self.window.at += 1;
            return self.trailing();
        }
        if first == b'{' && self.indent.is_none() {
            self.indent = Some(std::mem::take(&mut column));
        }
        self.number += 1;
        let offset = self.window.position();
        let (length, end) = self.measure()?;
        let mut bytes = self.window.buffer[self.window.at..self.window.at + length.min(MAX_ROW)].to_vec();
        self.window.at += length;
        while bytes.last().is_some_and(u8::is_ascii_whitespace) {
            bytes.pop();
        }
        let mut row = self.row(offset, bytes, (end == End::Source).then_some(Fault::CutOff));
        if end == End::TooLarge {
            row.bytes.truncate(KEPT_OF_OVERSIZED);
            row.fault = Some(Fault::TooLarge);
            self.skip_to_next_element()?;
        }
        Ok(Some(row))
    }

    /// Anything but white space after the array is a row of its own that nobody can parse.
    fn trailing(&mut self) -> std::io::Result<Option<RawRow>> {
        if self.inside {
            self.layout = Layout::Empty;
            while self.window.fill(0)? {
                self.window.at = self.window.buffer.len();
            }
            return Ok(None);
        }
        while self.window.peek()?.is_some_and(|b| b.is_ascii_whitespace() || b == b'\0') {
            self.window.at += 1;
        }
        if self.window.peek()?.is_none() {
            return Ok(None);
        }
        self.layout = Layout::Lines;
        self.next_line()
    }

    /// Passes white space and commas; gives the column of what follows, and how many commas there were.
    fn skip_between(&mut self) -> std::io::Result<(usize, u64)> {
        let (mut column, mut commas) = (0, 0);
        while let Some(b) = self.window.peek()? {
            match b {
                b'\n' => column = 0,
                b' ' | b'\t' | b'\r' => column += 1,
                b',' => (column, commas) = (column + 1, commas + 1),
                _ => break,
            }
            self.window.at += 1;
        }
        Ok((column, commas))
    }

    /// How long the value at `at` is, and what ended it.
    fn measure(&mut self) -> std::io::Result<(usize, End)> {
        let mut scan = Scan::default();
        let mut i = 0;
        loop {
            if !self.window.fill(i)? {
                return Ok((i, if scan.depth > 0 || scan.in_text { End::Source } else { End::Value }));
            }
            if i > MAX_ROW {
                return Ok((i, End::TooLarge));
            }
            let b = self.window.buffer[self.window.at + i];
            if b == b'\n' && scan.depth > 0 && self.new_element_at(i + 1, &scan)? {
                return Ok((i, End::Value));
            }
            if scan.ends_before(b, self.layout) {
                return Ok((i, End::Value));
            }
            i += 1;
            if scan.take(b) && self.layout == Layout::Objects {
                return Ok((i, End::Value));
            }
        }
    }

    /// A new element begins on the line at `i`, although the one being measured is not closed.
    fn new_element_at(&mut self, i: usize, scan: &Scan) -> std::io::Result<bool> {
        let Some(indent) = self.indent else {
            return Ok(false);
        };
        if scan.last != b',' {
            return Ok(false);
        }
        for offset in 0..indent {
            if !self.window.fill(i + offset)? || !matches!(self.window.buffer[self.window.at + i + offset], b' ' | b'\t') {
                return Ok(false);
            }
        }
        Ok(self.window.fill(i + indent)? && self.window.buffer[self.window.at + i + indent] == b'{')
    }

    fn skip_to_next_element(&mut self) -> std::io::Result<()> {
        let scan = Scan { last: b',', ..Scan::default() };
        while self.window.peek()?.is_some() {
            if self.window.buffer[self.window.at] == b'\n' && self.new_element_at(1, &scan)? {
                return Ok(());
            }
            self.window.at += 1;
        }
        Ok(())
    }
}

impl<R: Read + Send> Rows for Splitter<R> {
    fn next_row(&mut self) -> std::io::Result<Option<RawRow>> {
        let mut row = self.cut_row()?;
        if let Some(row) = &mut row {
            self.cut |= row.fault == Some(Fault::CutOff);
            if let (None, Some(name)) = (&row.fault, &self.decoded_from)
                && memchr::memmem::find(&row.bytes, "\u{fffd}".as_bytes()).is_some()
            {
                row.fault = Some(Fault::Encoding(name.clone()));
            }
        }
        Ok(row)
    }

    fn next_into(&mut self, batch: &mut Batch) -> std::io::Result<bool> {
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
        let note = match self.layout {
            Layout::Empty if !self.inside => "The file is empty.",
            Layout::Unknown => "The file does not look like JSON.",
            Layout::Array if self.cut || !self.closed => "The file is truncated: the list in it has no end.",
            _ if self.cut => "The file is truncated in the middle of its last record.",
            _ => "",
        };
        let mut notes: Vec<String> = (!note.is_empty()).then(|| note.to_owned()).into_iter().collect();
        if self.commented {
            notes.push("The file begins with a comment, which is skipped.".into());
        }
        match self.commas {
            0 => {}
            1 => notes.push("The file has a comma too many between its records, which is skipped.".into()),
            n => notes.push(format!("The file has {n} commas too many between its records, which are skipped.")),
        }
        notes
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Value,
    Source,
    TooLarge,
}

/// How far the scan of one value is.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// Last byte that was not white space.
    last: u8,
}

impl Scan {
    /// At depth 0 a comma or closing bracket ends an element of an array.
    fn ends_before(&self, b: u8, layout: Layout) -> bool {
        layout == Layout::Array && self.depth == 0 && !self.in_text && matches!(b, b',' | b']')
    }

    /// Takes a byte; true when it closes the value.
    fn take(&mut self, b: u8) -> bool {
        if self.in_text {
            match b {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                // A text ends with its line at the latest.
                b'\n' => self.in_text = false,
                _ => {}
            }
        } else {
            match b {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.last = b;
                    return self.depth == 0;
                }
                _ => {}
            }
        }
        if !b.is_ascii_whitespace() {
            self.last = b;
        }
        false
    }
}

fn layout_of(start: &[u8]) -> Layout {
    let Some(first) = start.iter().position(|b| !b.is_ascii_whitespace()) else {
        return Layout::Empty;
    };
    match start[first] {
        b'[' => Layout::Array,
        b'{' => {
            let line_end = memchr::memchr(b'\n', &start[first..]).map_or(start.len(), |i| first + i);
            let line = start[first..line_end].trim_ascii_end();
            let whole = serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
            let mut values = serde_json::Deserializer::from_slice(line).into_iter::<serde::de::IgnoredAny>();
            let several = !whole && line.ends_with(b"}") && values.by_ref().take(2).filter(Result::is_ok).count() == 2;
            // A first line that closes as it opened is a row, even when something in it is wrong.
            if whole || line.ends_with(b"}") && !several { Layout::Lines } else { Layout::Objects }
        }
        _ => Layout::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Layout, Vec<(u64, String, bool)>, bool) {
        let mut splitter = Splitter::new(text.as_bytes(), None).unwrap();
        let layout = splitter.layout();
        let mut out = Vec::new();
        while let Some(row) = splitter.next_row().unwrap() {
            assert_eq!(&text.as_bytes()[usize::try_from(row.offset).unwrap()..][..row.bytes.len()], row.bytes);
            out.push((row.number, String::from_utf8(row.bytes).unwrap(), row.fault == Some(Fault::CutOff)));
        }
        (layout, out, splitter.closed)
    }

    fn texts(text: &str) -> Vec<String> {
        rows(text).1.into_iter().map(|r| r.1).collect()
    }

    #[test]
    fn arrays_objects_and_lines() {
        assert_eq!(texts("[{\"a\":\"},]\"}, {\"b\":[1,2]} ,3]\n"), ["{\"a\":\"},]\"}", "{\"b\":[1,2]}", "3"]);
        assert_eq!(texts("{\"a\":1}\n\n{\"a\":2}\r\n"), ["{\"a\":1}", "{\"a\":2}\r"]);
        assert_eq!(texts("{\n \"a\": 1\n}\n{\n \"a\": 2\n}"), ["{\n \"a\": 1\n}", "{\n \"a\": 2\n}"]);
        assert_eq!(rows(" \n").0, Layout::Empty);
        assert_eq!(rows("id,name\n").0, Layout::Unknown);
        assert_eq!(texts("[]"), Vec::<String>::new());
        assert_eq!(texts("{\"a\": 1}{\"a\": 2}\n{\"a\": 3}\n"), ["{\"a\": 1}", "{\"a\": 2}", "{\"a\": 3}"]);
        assert_eq!(texts("\u{feff}\u{feff}// note\n\n{\"a\": 1}\n"), ["{\"a\": 1}"]);
    }

    #[test]
    fn commas_too_many_are_reported() {
        let notes = |text: &str| {
            let mut splitter = Splitter::new(text.as_bytes(), None).unwrap();
            while splitter.next_row().unwrap().is_some() {}
            splitter.notes()
        };
        assert_eq!(notes("[{\"a\": 1}, {\"a\": 2}]"), Vec::<String>::new());
        assert!(notes("[{\"a\": 1},, {\"a\": 2},]")[0].contains("2 commas"));
        assert!(notes("[,{\"a\": 1}]")[0].contains("a comma too many"));
    }

    #[test]
    fn a_broken_element_swallows_no_other() {
        let text = "[\n{\"a\": 1},\n{\"a\": \"open},\n{\"a\": 3},\n{\"a\": [1, },\n{\"a\": 5}\n]\n";
        assert_eq!(texts(text), ["{\"a\": 1}", "{\"a\": \"open},", "{\"a\": 3}", "{\"a\": [1, },", "{\"a\": 5}"]);
    }

    #[test]
    fn a_cut_off_file_says_so() {
        let (_, found, closed) = rows("[\n{\"a\": 1},\n{\"a\": 2, \"b\"");
        assert_eq!(found.len(), 2);
        assert!(found[1].2 && !closed);
        let (_, found, closed) = rows("[{\"a\": 1}");
        assert!(!found[0].2 && !closed);
        assert!(rows("[{\"a\": 1}]").2);
    }

    #[test]
    fn rows_longer_than_the_buffer() {
        let long = "x".repeat(800_000);
        let text = format!("[{{\"a\": \"{long}\"}},\n{{\"b\": 1}}]");
        assert_eq!(texts(&text).len(), 2);
        let lines = format!("{{\"a\": \"{long}\"}}\n{{\"b\": 1}}\n");
        assert_eq!(texts(&lines).len(), 2);
    }
}
