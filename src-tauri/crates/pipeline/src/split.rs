//! Cutting a JSON source into rows without parsing it: one line (NDJSON), one element of an array, or one of several
//! objects in a row. Memory holds one row at a time.
//!
//! A broken element must not swallow the rest. Two things bound the damage: a text never crosses a line end (JSON
//! forbids it), and a line that begins with `{` at the indentation of the first element begins a new one.

use std::io::Read;

use steward_domain::run::RunFile;

/// Rows larger than this are kept out and cut.
pub const MAX_ROW: usize = 32 << 20;

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

/// One row as it stands in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    /// From 1.
    pub number: u64,
    /// Byte offset of its first byte.
    pub offset: u64,
    pub bytes: Vec<u8>,
    /// The source ends within it.
    pub cut_off: bool,
    /// Only its beginning is kept.
    pub too_large: bool,
}

/// Reads rows from a source.
pub struct Splitter<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    /// Offset in the source of `buffer[0]`.
    base: u64,
    ended: bool,
    layout: Layout,
    number: u64,
    /// Column of the first element of an array.
    indent: Option<usize>,
    /// The array's closing bracket was seen.
    pub closed: bool,
    begun: bool,
}

const CHUNK: usize = 256 << 10;

impl<R: Read> Splitter<R> {
    /// Looks at the beginning and settles the layout.
    pub fn new(mut input: R) -> std::io::Result<Self> {
        let mut buffer = Vec::with_capacity(CHUNK);
        input.by_ref().take(CHUNK as u64).read_to_end(&mut buffer)?;
        let ended = buffer.len() < CHUNK;
        let at = if buffer.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let layout = layout_of(&buffer[at..]);
        Ok(Self { input, buffer, at, base: 0, ended, layout, number: 0, indent: None, closed: false, begun: false })
    }

    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Gives the input back.
    pub fn into_input(self) -> R {
        self.input
    }

    /// Bytes taken so far.
    pub fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    /// The next row; `None` at the end.
    pub fn next_row(&mut self) -> std::io::Result<Option<RawRow>> {
        match self.layout {
            Layout::Empty => Ok(None),
            Layout::Lines | Layout::Unknown => self.next_line(),
            Layout::Array | Layout::Objects => self.next_value(),
        }
    }

    /// Makes `buffer[at + wanted]` available if the source has it; drops what was taken.
    fn fill(&mut self, wanted: usize) -> std::io::Result<bool> {
        while self.buffer.len() <= self.at + wanted && !self.ended {
            if self.at > CHUNK {
                self.buffer.drain(..self.at);
                self.base += self.at as u64;
                self.at = 0;
            }
            let before = self.buffer.len();
            self.input.by_ref().take(CHUNK as u64).read_to_end(&mut self.buffer)?;
            self.ended = self.buffer.len() - before < CHUNK;
        }
        Ok(self.buffer.len() > self.at + wanted)
    }

    fn peek(&mut self) -> std::io::Result<Option<u8>> {
        Ok(if self.fill(0)? { Some(self.buffer[self.at]) } else { None })
    }

    fn next_line(&mut self) -> std::io::Result<Option<RawRow>> {
        loop {
            if !self.fill(0)? {
                return Ok(None);
            }
            let offset = self.position();
            let mut length = 0;
            let found = loop {
                if let Some(i) = memchr::memchr(b'\n', &self.buffer[self.at + length..]) {
                    break Some(length + i);
                }
                length = self.buffer.len() - self.at;
                if length > MAX_ROW {
                    return Ok(Some(self.oversized_line(offset)?));
                }
                if !self.fill(length)? {
                    break None;
                }
            };
            let end = found.unwrap_or(self.buffer.len() - self.at);
            let line = self.buffer[self.at..self.at + end].to_vec();
            self.at += end + usize::from(found.is_some());
            self.number += 1;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return Ok(Some(self.row(offset, line, false)));
        }
    }

    fn row(&self, offset: u64, bytes: Vec<u8>, cut_off: bool) -> RawRow {
        RawRow { number: self.number, offset, bytes, cut_off, too_large: false }
    }

    /// Keeps the beginning of an endless line and passes over the rest.
    fn oversized_line(&mut self, offset: u64) -> std::io::Result<RawRow> {
        let kept = self.buffer[self.at..self.at + 4096].to_vec();
        loop {
            if let Some(i) = memchr::memchr(b'\n', &self.buffer[self.at..]) {
                self.at += i + 1;
                break;
            }
            self.at = self.buffer.len();
            if !self.fill(0)? {
                break;
            }
        }
        self.number += 1;
        Ok(RawRow { number: self.number, offset, bytes: kept, cut_off: false, too_large: true })
    }

    fn next_value(&mut self) -> std::io::Result<Option<RawRow>> {
        if self.layout == Layout::Array && !self.begun {
            while self.peek()?.is_some_and(|b| b != b'[') {
                self.at += 1;
            }
            self.at += 1;
            self.begun = true;
        }
        let mut column = self.skip_between()?;
        let Some(first) = self.peek()? else {
            return Ok(None);
        };
        if self.layout == Layout::Array && first == b']' {
            self.closed = true;
            self.at += 1;
            return self.trailing();
        }
        if first == b'{' && self.indent.is_none() {
            self.indent = Some(std::mem::take(&mut column));
        }
        self.number += 1;
        let offset = self.position();
        let (length, end) = self.measure()?;
        let mut bytes = self.buffer[self.at..self.at + length.min(MAX_ROW)].to_vec();
        self.at += length;
        while bytes.last().is_some_and(u8::is_ascii_whitespace) {
            bytes.pop();
        }
        let mut row = self.row(offset, bytes, end == End::Source);
        if end == End::TooLarge {
            row.bytes.truncate(4096);
            row.too_large = true;
            self.skip_to_next_element()?;
        }
        Ok(Some(row))
    }

    /// Anything but white space after the array is a row of its own that nobody can parse.
    fn trailing(&mut self) -> std::io::Result<Option<RawRow>> {
        while self.peek()?.is_some_and(|b| b.is_ascii_whitespace() || b == b'\0') {
            self.at += 1;
        }
        if self.peek()?.is_none() {
            return Ok(None);
        }
        self.layout = Layout::Lines;
        self.next_line()
    }

    /// Passes white space and commas; gives the column of what follows.
    fn skip_between(&mut self) -> std::io::Result<usize> {
        let mut column = 0;
        while let Some(b) = self.peek()? {
            match b {
                b'\n' => column = 0,
                b' ' | b'\t' | b'\r' => column += 1,
                b',' => column += 1,
                _ => break,
            }
            self.at += 1;
        }
        Ok(column)
    }

    /// How long the value at `at` is, and what ended it.
    fn measure(&mut self) -> std::io::Result<(usize, End)> {
        let mut scan = Scan::default();
        let mut i = 0;
        loop {
            if !self.fill(i)? {
                return Ok((i, if scan.depth > 0 || scan.in_text { End::Source } else { End::Value }));
            }
            if i > MAX_ROW {
                return Ok((i, End::TooLarge));
            }
            let b = self.buffer[self.at + i];
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
            if !self.fill(i + offset)? || !matches!(self.buffer[self.at + i + offset], b' ' | b'\t') {
                return Ok(false);
            }
        }
        Ok(self.fill(i + indent)? && self.buffer[self.at + i + indent] == b'{')
    }

    fn skip_to_next_element(&mut self) -> std::io::Result<()> {
        let scan = Scan { last: b',', ..Scan::default() };
        while self.peek()?.is_some() {
            if self.buffer[self.at] == b'\n' && self.new_element_at(1, &scan)? {
                return Ok(());
            }
            self.at += 1;
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Value,
    Source,
    TooLarge,
}

/// Where the scan of one value stands.
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
            // A first line that closes as it opened is a row, even when something in it is wrong.
            if whole || line.ends_with(b"}") { Layout::Lines } else { Layout::Objects }
        }
        _ => Layout::Unknown,
    }
}

/// What is known of a file before it is read.
pub fn run_file(name: &str, path: &std::path::Path, bytes: u64) -> RunFile {
    RunFile {
        name: name.to_owned(),
        path: path.display().to_string(),
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        sha256: String::new(),
        rows_done: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Layout, Vec<(u64, String, bool)>, bool) {
        let mut splitter = Splitter::new(text.as_bytes()).unwrap();
        let layout = splitter.layout();
        let mut out = Vec::new();
        while let Some(row) = splitter.next_row().unwrap() {
            assert_eq!(&text.as_bytes()[usize::try_from(row.offset).unwrap()..][..row.bytes.len()], row.bytes);
            out.push((row.number, String::from_utf8(row.bytes).unwrap(), row.cut_off));
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
        let long = "x".repeat(CHUNK * 3);
        let text = format!("[{{\"a\": \"{long}\"}},\n{{\"b\": 1}}]");
        assert_eq!(texts(&text).len(), 2);
        let lines = format!("{{\"a\": \"{long}\"}}\n{{\"b\": 1}}\n");
        assert_eq!(texts(&lines).len(), 2);
    }
}
