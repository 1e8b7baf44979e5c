//! How separated values are separated: delimiter, quote, line end and header, from the first lines.

use csv_core::{ReadRecordResult, ReaderBuilder};

use crate::{Choice, SourceError, SourceResult};

/// Records looked at.
const SAMPLE: usize = 200;

/// A settled dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Settled {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub header: bool,
    /// `\n`, or `\r` alone.
    pub line_end: u8,
    /// Bytes of a first line `sep=;` that only names the delimiter.
    pub skip: usize,
    /// Rows agree on more than one column.
    pub convincing: bool,
}

impl Settled {
    pub fn public(&self) -> crate::Dialect {
        let text = |b: u8| if b == b'\t' { "\\t".to_owned() } else { char::from(b).to_string() };
        crate::Dialect { delimiter: text(self.delimiter), quote: self.quote.map(text).unwrap_or_default(), header: self.header }
    }
}

/// Recognises the dialect of a text that begins like this; what a person chose wins.
pub fn settle(prefix: &[u8], choice: &Choice) -> SourceResult<Settled> {
    let text = prefix.strip_prefix(b"\xef\xbb\xbf").unwrap_or(prefix);
    let line_end = if !text.contains(&b'\n') && text.contains(&b'\r') { b'\r' } else { b'\n' };
    let (named, skip) = named_delimiter(text, line_end);
    let text = &text[skip..];
    let delimiter = choice.delimiter.as_deref().map(single).transpose()?.or(named);
    let quote = match choice.quote.as_deref() {
        Some("") => Some(None),
        Some(other) => Some(Some(single(other)?)),
        None => None,
    };
    let delimiter_candidates = delimiter.map_or_else(|| vec![b',', b';', b'\t', b'|'], |d| vec![d]);
    let quote = quote.unwrap_or_else(|| Some(likely_quote(text)));
    let (mut score, mut delimiter, mut rows) = (0.0, b',', Vec::new());
    for candidate in delimiter_candidates {
        let parsed = parse(text, candidate, quote, line_end);
        let agreed = agreement(&parsed);
        if agreed > score {
            (score, delimiter, rows) = (agreed, candidate, parsed);
        }
    }
    let header = choice.header.unwrap_or_else(|| looks_like_header(&rows));
    Ok(Settled { delimiter, quote, header, line_end, skip, convincing: score > 1.5 && rows.len() > 1 })
}

/// One character as a person writes it.
fn single(text: &str) -> SourceResult<u8> {
    match (text, text.as_bytes()) {
        ("\\t" | "tab", _) => Ok(b'\t'),
        (_, [one]) if one.is_ascii() && !matches!(one, b'\n' | b'\r') => Ok(*one),
        _ => Err(SourceError::BadChoice(format!("'{text}' must be one plain character, or \\t for a tab."))),
    }
}

/// Excel's own first line `sep=;`.
fn named_delimiter(text: &[u8], line_end: u8) -> (Option<u8>, usize) {
    let end = memchr::memchr(line_end, text).unwrap_or(0);
    let line = text[..end].trim_ascii_end();
    match line {
        [s, e, p, b'=', delimiter] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => (Some(*delimiter), end + 1),
        _ => (None, 0),
    }
}

/// Double quotation marks, unless only single ones begin values.
fn likely_quote(text: &[u8]) -> u8 {
    let opens = |quote: u8| {
        let after = |b: u8| matches!(b, b',' | b';' | b'\t' | b'|' | b'\n');
        text.windows(2).filter(|w| w[1] == quote && after(w[0])).count() + usize::from(text.first() == Some(&quote))
    };
    let closes = text.windows(2).filter(|w| w[0] == b'\'' && matches!(w[1], b',' | b';' | b'\t' | b'|' | b'\n' | b'\r')).count();
    if opens(b'"') == 0 && opens(b'\'') > 1 && closes > 1 { b'\'' } else { b'"' }
}

fn parse(text: &[u8], delimiter: u8, quote: Option<u8>, line_end: u8) -> Vec<Vec<String>> {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).quoting(quote.is_some()).quote(quote.unwrap_or(b'"'));
    if line_end == b'\r' {
        builder.terminator(csv_core::Terminator::Any(b'\r'));
    }
    let mut reader = builder.build();
    let mut rest = text;
    let (mut out, mut ends) = (vec![0; text.len() + 1], vec![0; text.len() + 2]);
    let mut rows = Vec::new();
    while rows.len() < SAMPLE {
        let (result, read, _, count) = reader.read_record(rest, &mut out, &mut ends);
        rest = &rest[read..];
        // The record that the prefix cuts in two does not count, except where it is all there is.
        let last = matches!(result, ReadRecordResult::InputEmpty);
        if matches!(result, ReadRecordResult::End) || (last && !rows.is_empty()) {
            break;
        }
        let mut from = 0;
        let cells = ends[..count].iter().map(|end| String::from_utf8_lossy(&out[std::mem::replace(&mut from, *end)..*end]).into_owned());
        rows.push(cells.collect());
        if last {
            break;
        }
    }
    rows
}

/// How many columns most rows have, times the share of the rows that have them; 1 for a single column.
fn agreement(rows: &[Vec<String>]) -> f64 {
    let mut counts = std::collections::HashMap::<usize, usize>::new();
    for row in rows {
        *counts.entry(row.len()).or_default() += 1;
    }
    let Some((columns, agree)) = counts.into_iter().max_by_key(|(columns, n)| (*n, *columns)) else {
        return 0.0;
    };
    if columns < 2 {
        return 1.0;
    }
    let share = agree as f64 / rows.len() as f64;
    // Agreement counts for more than many columns.
    (1.0 + (columns as f64).ln_1p()) * share.powi(3)
}

/// The first row names columns: no value in it looks like data, and few are empty.
fn looks_like_header(rows: &[Vec<String>]) -> bool {
    let Some(first) = rows.first() else {
        return true;
    };
    let data = |cell: &String| {
        let cell = cell.trim();
        let digits = cell.bytes().filter(u8::is_ascii_digit).count();
        cell.parse::<f64>().is_ok() || cell.contains('@') || digits * 2 > cell.len().max(1) || cell.len() > 200
    };
    let empty = first.iter().filter(|c| c.trim().is_empty()).count();
    !first.iter().any(data) && empty * 2 <= first.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Settled {
        settle(text.as_bytes(), &Choice::default()).unwrap()
    }

    #[test]
    fn delimiters_are_sniffed() {
        assert_eq!(of("id,name\n1,\"a;b;c\"\n2,x\n").delimiter, b',');
        assert_eq!(of("id;price\n1;1,50\n2;3,20\n").delimiter, b';');
        assert_eq!(of("id\tname\n1\tA, B\n2\tC, D, E\n").delimiter, b'\t');
        assert_eq!(of("id|name\n1|x\n").delimiter, b'|');
        assert_eq!(of("sep=;\nid;a,b\n1;2,3\n").skip, 6);
        assert_eq!((of("name\nAda\nBob\n").delimiter, of("name\nAda\nBob\n").convincing), (b',', false));
    }

    #[test]
    fn quotes_headers_and_line_ends() {
        assert_eq!(of("id,name\n'1','a,b'\n'2','c'\n").quote, Some(b'\''));
        assert_eq!(of("id,name\n1,it's\n2,it's\n").quote, Some(b'"'));
        assert!(of("id,name\n1,Ada\n").header);
        assert!(!of("1,Ada\n2,Bob\n").header);
        assert_eq!(of("id,name\r1,Ada\r2,Bob\r").line_end, b'\r');
    }

    #[test]
    fn choices_win_and_nonsense_is_refused() {
        let choice = Choice { delimiter: Some("\\t".into()), quote: Some(String::new()), header: Some(false), ..Choice::default() };
        let settled = settle(b"id,name\n1,x\n", &choice).unwrap();
        assert_eq!((settled.delimiter, settled.quote, settled.header), (b'\t', None, false));
        let choice = Choice { delimiter: Some("ab".into()), ..Choice::default() };
        assert!(settle(b"x", &choice).is_err());
    }
}
