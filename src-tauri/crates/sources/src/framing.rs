//! How the rows of a file are put together again, so that a part of them is a file of its own.

use std::io::Read;
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::{Choice, Format, SourceResult, dialect, encoding, input, open};

/// What is around rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framing {
    /// Before the first row: a byte order mark, the header of separated values, the bracket of an array.
    pub head: Vec<u8>,
    /// Between two rows.
    pub between: Vec<u8>,
    /// Behind each row.
    pub after: Vec<u8>,
    /// Behind the last row.
    pub tail: Vec<u8>,
    /// What the name of such a file ends in, where it is not what the source's name ends in.
    pub extension: Option<&'static str>,
    encoding: Option<&'static Encoding>,
}

impl Framing {
    fn lines(end: &[u8], extension: Option<&'static str>) -> Self {
        Self { head: Vec::new(), between: Vec::new(), after: end.to_vec(), tail: Vec::new(), extension, encoding: None }
    }

    /// The bytes of a row as they were in the source: rows are read as UTF-8, whatever the encoding of the file is.
    pub fn bytes<'a>(&self, row: &'a [u8]) -> std::borrow::Cow<'a, [u8]> {
        match (self.encoding, std::str::from_utf8(row)) {
            (Some(encoding), Ok(text)) => encode(text, encoding).into(),
            _ => row.into(),
        }
    }
}

/// How the rows of a file are framed. Rows of workbooks and of databases have no bytes of their own: they become lines of JSON.
pub fn framing(path: &Path, choice: &Choice) -> SourceResult<Framing> {
    let examined = open::examine(path, choice)?;
    let written = Encoding::for_label(examined.encoding.as_bytes()).filter(|e| *e != UTF_8);
    let mut framing = match examined.format {
        Format::Csv => separated(path, choice)?,
        Format::JsonArray => array(),
        // The list inside an object, or objects one after the other.
        Format::JsonObject if examined.part.is_some() => array(),
        Format::Bson | Format::Mongodump => Framing::lines(b"", Some("bson")),
        Format::Excel | Format::Ods | Format::Sqlite | Format::Collection => Framing::lines(b"\n", Some("ndjson")),
        Format::Ndjson | Format::JsonObject | Format::Empty | Format::Unknown => Framing::lines(b"\n", None),
    };
    if let Some(encoding) = written {
        for part in [&mut framing.head, &mut framing.between, &mut framing.after, &mut framing.tail] {
            if let Ok(text) = std::str::from_utf8(part) {
                *part = encode(text, encoding);
            }
        }
        framing.encoding = written;
        let mark: &[u8] = match encoding {
            e if e == UTF_16LE => b"\xff\xfe",
            e if e == UTF_16BE => b"\xfe\xff",
            _ => b"",
        };
        framing.head.splice(0..0, mark.iter().copied());
    }
    Ok(framing)
}

fn array() -> Framing {
    Framing { head: b"[\n".to_vec(), between: b",\n".to_vec(), after: Vec::new(), tail: b"\n]\n".to_vec(), extension: None, encoding: None }
}

/// The header as it is in the file, with the mark before it, and the line end of the file.
fn separated(path: &Path, choice: &Choice) -> SourceResult<Framing> {
    let mut start = text_start(path, choice)?;
    let resolved = dialect::resolve(&start, choice)?;
    let marked = if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let end_of = |from: usize| line_end(&start[from..], resolved.line_end, resolved.quote).map_or(start.len(), |at| from + at + 1);
    let names_from = marked + resolved.skip;
    let blank = start[names_from.min(start.len())..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let end = if resolved.header { end_of(names_from + blank) } else { names_from };
    let first = end_of(names_from + blank);
    let carriage = start.get(first.wrapping_sub(2)) == Some(&b'\r') && resolved.line_end == b'\n';
    let line_end: &[u8] = if carriage { b"\r\n" } else { std::slice::from_ref(&resolved.line_end) };
    let mut framing = Framing::lines(line_end, None);
    start.truncate(end.min(start.len()));
    if resolved.header && !start.is_empty() && start.last() != Some(&resolved.line_end) {
        start.extend_from_slice(line_end);
    }
    framing.head = start;
    Ok(framing)
}

/// Where the line ends that begins here; a line end between quotation marks is none.
fn line_end(text: &[u8], end: u8, quote: Option<u8>) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in text.iter().enumerate() {
        if Some(*byte) == quote {
            quoted = !quoted;
        } else if *byte == end && !quoted {
            return Some(at);
        }
    }
    None
}

/// The beginning of a text, decompressed and as UTF-8.
fn text_start(path: &Path, choice: &Choice) -> SourceResult<Vec<u8>> {
    let (file, _) = input::open_file(path)?;
    let meter = input::Meter::new(file);
    let plain = input::plain(&meter, path, choice.part.as_deref())?;
    let encoding = encoding::recognise(&plain.prefix, choice.encoding.as_deref())?;
    if encoding == UTF_8 {
        return Ok(plain.prefix);
    }
    let mut reader: Box<dyn Read> = Box::new(encoding::Decoding::new(plain.reader, encoding));
    Ok(input::fill_prefix(&mut reader, input::PREFIX)?)
}

/// A text in an encoding. What the encoding does not have was no text in it before: it becomes a question mark.
fn encode(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    if encoding == UTF_16LE {
        return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    if encoding == UTF_16BE {
        return text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    }
    let text = text.replace('\u{fffd}', "?");
    encoding.encode(&text).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, content: &[u8]) -> Framing {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        framing(&path, &Choice::default()).unwrap()
    }

    #[test]
    fn headers_stand_as_they_came() {
        let framing = of("a.csv", b"\xef\xbb\xbf\"first\nname\";last\r\n1;2\r\n3;4\r\n");
        assert_eq!(
            (framing.head.as_slice(), framing.after.as_slice()),
            (b"\xef\xbb\xbf\"first\nname\";last\r\n".as_slice(), b"\r\n".as_slice())
        );
        let framing = of("b.csv", b"sep=;\nname;age\nAnn;4\nBob;5");
        assert_eq!((framing.head.as_slice(), framing.after.as_slice()), (b"sep=;\nname;age\n".as_slice(), b"\n".as_slice()));
        let framing = of("c.csv", b"1,2\n3,4\n5,6\n");
        assert_eq!((framing.head.as_slice(), framing.after.as_slice()), (b"".as_slice(), b"\n".as_slice()));
    }

    #[test]
    fn encodings_come_back() {
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("né;b\r\nü;2\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let framing = of("a.csv", &utf16);
        let mut again = framing.head.clone();
        again.extend_from_slice(&framing.bytes("ü;2".as_bytes()));
        again.extend_from_slice(&framing.after);
        assert_eq!(again, utf16);
        let framing = of("b.csv", b"stra\xdfe;ort\nm\xfcller;k\xf6ln\nb\xe4r;w\xfcrzburg\n");
        assert_eq!(
            (framing.head.as_slice(), &*framing.bytes("müller;köln".as_bytes())),
            (b"stra\xdfe;ort\n".as_slice(), b"m\xfcller;k\xf6ln".as_slice())
        );
    }

    #[test]
    fn arrays_and_lines_differ() {
        assert_eq!(of("a.json", b"[{\"a\":1},{\"a\":2}]").tail, b"\n]\n");
        assert_eq!(of("a.ndjson", b"{\"a\":1}\n{\"a\":2}\n").after, b"\n");
        assert_eq!(of("a.json", b"{\"rows\":[{\"a\":1},{\"a\":2},{\"a\":3},{\"a\":4}],\"n\":2}").head, b"[\n");
    }
}
