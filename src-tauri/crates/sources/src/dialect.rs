//! How separated values are separated: delimiter, quote, line end and header, from the first lines.
//!
//! The first row of the table decides: a delimiter that it does not have is none, and of those that it has, the one counts
//! under which the other rows have as many values. Names that are expected (of a key, of a schema) count for more. What
//! stays open is asked, never guessed.

use csv_core::{ReadRecordResult, ReaderBuilder};

use crate::window::MARK;
use crate::{Choice, SourceError, SourceResult, formulas, header};

/// Records looked at.
const SAMPLE: usize = 200;

/// A resolved dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Resolved {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub header: bool,
    /// `\n`, or `\r` alone.
    pub line_end: u8,
    /// Bytes before the table: a first line `sep=;` that only names the delimiter, comments, titles.
    pub skip: usize,
    /// Lines above the table that are titles or notes.
    pub titles: usize,
    /// How many values most rows have.
    pub columns: usize,
    /// Steward wrote the file: apostrophes before formulas are not part of the values.
    pub defused: bool,
    /// Rows agree on more than one column.
    pub convincing: bool,
}

impl Resolved {
    /// A cell without the apostrophe that keeps a spreadsheet from running it.
    pub fn plain<'a>(&self, cell: &'a str) -> &'a str {
        if self.defused { formulas::without_apostrophe(cell).unwrap_or(cell) } else { cell }
    }

    /// Nothing but delimiters, quotation marks and white space.
    pub fn says_nothing(&self, row: &[u8]) -> bool {
        row.iter().all(|b| *b == self.delimiter || Some(*b) == self.quote || matches!(b, b' ' | b'\t' | b'\r'))
    }

    pub fn public(&self) -> crate::Dialect {
        let text = |b: u8| if b == b'\t' { "\\t".to_owned() } else { char::from(b).to_string() };
        crate::Dialect { delimiter: text(self.delimiter), quote: self.quote.map(text).unwrap_or_default(), header: self.header }
    }
}

/// Recognises the dialect of a text that begins like this; what a person chose wins.
///
/// Errors: a choice that is no dialect; more than one delimiter would do, or none.
pub fn resolve(prefix: &[u8], choice: &Choice) -> SourceResult<Resolved> {
    let mut text = prefix;
    while let Some(rest) = text.strip_prefix(MARK) {
        text = rest;
    }
    let line_end = if !text.contains(&b'\n') && text.contains(&b'\r') { b'\r' } else { b'\n' };
    let (named, skip) = named_delimiter(text, line_end);
    let delimiter = choice.delimiter.as_deref().map(single).transpose()?.or(named);
    let quote = match choice.quote.as_deref() {
        Some("") => Some(None),
        Some(other) => Some(Some(single(other)?)),
        None => None,
    };
    let skip = skip
        + match choice.skip_rows {
            Some(rows) => lines(&text[skip..], rows as usize, line_end),
            None => comments(&text[skip..], line_end),
        };
    let above = text;
    let text = &text[skip..];
    let quote = quote.unwrap_or_else(|| Some(likely_quote(text)));
    let looks: Vec<Look> = match delimiter {
        Some(one) => vec![one],
        None => CANDIDATES.to_vec(),
    }
    .into_iter()
    .map(|delimiter| Look::new(text, delimiter, quote, line_end, choice))
    .collect();
    let best = if delimiter.is_some() { &looks[0] } else { chosen(&looks)? };
    let header = choice.header.unwrap_or_else(|| header::names_columns(best.table(), &choice.expected));
    let skip = skip + best.begins(text);
    let named_line = usize::from(named.is_some());
    Ok(Resolved {
        delimiter: best.delimiter,
        quote,
        header,
        line_end,
        skip,
        titles: memchr::memchr_iter(line_end, &above[..skip]).count() - named_line,
        columns: best.usual,
        defused: header && quote == Some(b'"') && is_own(&above[skip..], best.delimiter),
        convincing: best.width() > 1 && best.share > 0.5 && best.table().len() > 1,
    })
}

/// The first name is quoted although it need not be, and the second one is not: only exports of Steward begin so.
fn is_own(text: &[u8], delimiter: u8) -> bool {
    let Some(rest) = text.strip_prefix(b"\"") else { return false };
    let name = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' ')).count();
    matches!(rest.get(name..name + 3), Some([b'"', d, next]) if *d == delimiter && *next != b'"' && name > 0)
}

/// Delimiters that are looked for.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A text as it is with one delimiter.
struct Look {
    delimiter: u8,
    rows: Vec<Vec<String>>,
    /// Where each of them ends.
    ended: Vec<usize>,
    /// Rows above the table.
    titles: usize,
    /// Names that are expected in the first row of the table.
    known: usize,
    /// How many values most rows have.
    usual: usize,
    /// Share of the rows that have as many values as the first one.
    share: f64,
    /// Share of the values that look as if two of them had grown together.
    grown: f64,
    /// Share of the values that are numbers, dates or truth values.
    typed: f64,
}

impl Look {
    fn new(text: &[u8], delimiter: u8, quote: Option<u8>, line_end: u8, choice: &Choice) -> Self {
        let (rows, ended) = parse(text, delimiter, quote, line_end);
        let titles = if choice.skip_rows.is_some() { 0 } else { header::titles(&rows) };
        let table: Vec<&Vec<String>> = rows[titles..].iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
        let width = table.first().map_or(0, |row| row.len());
        let below = table.get(1..).unwrap_or_default();
        let alike = below.iter().filter(|row| row.len() == width).count();
        let share = if below.is_empty() { 1.0 } else { alike as f64 / below.len() as f64 };
        let others = |cell: &String| {
            cell.bytes().zip(cell.bytes().skip(1)).any(|(b, next)| CANDIDATES.contains(&b) && b != delimiter && !next.is_ascii_whitespace())
        };
        let cells = table.iter().map(|row| row.len()).sum::<usize>().max(1);
        let grown = table.iter().flat_map(|row| row.iter()).filter(|cell| others(cell)).count() as f64 / cells as f64;
        let typed = table.iter().flat_map(|row| row.iter()).filter(|cell| header::is_typed(cell)).count() as f64 / cells as f64;
        let known = table.first().map_or(0, |row| header::known_names(row, &choice.expected));
        let usual = usual_width(&table);
        Self { delimiter, rows, ended, titles, known, usual, share, grown, typed }
    }

    fn table(&self) -> &[Vec<String>] {
        &self.rows[self.titles..]
    }

    /// How many values the first row of the table has.
    fn width(&self) -> usize {
        self.table().iter().find(|row| row.iter().any(|cell| !cell.trim().is_empty())).map_or(0, Vec::len)
    }

    fn score(&self) -> f64 {
        // A delimiter that the first row does not have is none, however often it is in the others. What could be a title
        // may also be a row of names with another delimiter.
        let titled = if self.titles > 0 { 0.3 } else { 0.0 };
        if self.width() < 2 { 0.0 } else { self.share + 0.3 * self.typed - 0.5 * self.grown - titled + 0.01 * (self.width() as f64).ln() }
    }

    /// Where the table begins, behind the lines that are not part of it.
    fn begins(&self, text: &[u8]) -> usize {
        let above = self.titles.checked_sub(1).and_then(|last| self.ended.get(last)).copied();
        above.map_or(0, |end| end + text[end..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count())
    }
}

/// How many values most rows have.
fn usual_width(rows: &[&Vec<String>]) -> usize {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    for row in rows {
        *counts.entry(row.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(width, rows)| (*rows, *width)).map_or(0, |(width, _)| width)
}

/// The look that the names and the number of values in the first row speak for.
///
/// Errors: two speak for themselves alike, or the first row has delimiters that hardly another row has.
fn chosen(looks: &[Look]) -> SourceResult<&Look> {
    let order = |a: &&Look, b: &&Look| a.known.cmp(&b.known).then(a.score().total_cmp(&b.score()));
    let mut ranked: Vec<&Look> = looks.iter().collect();
    ranked.sort_by(|a, b| order(b, a));
    let (best, second) = (ranked[0], ranked[1]);
    if best.width() < 2 {
        // One column: what is in none of its values separates them least.
        let one = |look: &&&Look| look.rows.iter().filter(|row| row.len() > 1).count();
        return Ok(ranked.iter().min_by_key(one).copied().unwrap_or(best));
    }
    let doubt = best.known == second.known && second.width() > 1 && best.score() - second.score() < 0.05;
    if doubt || best.known == 0 && best.share < 0.2 {
        let said = |look: &Look| format!("{} under which the first row has {} values", shown(look.delimiter), look.width());
        let which = if doubt {
            format!("{}, or {}", said(best), said(second))
        } else {
            format!("{}, and other rows hardly one as many", said(best))
        };
        return Err(SourceError::BadChoice(format!("It is not clear what separates the values: {which}. Choose a delimiter.")));
    }
    Ok(best)
}

fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "a tab".into() } else { format!("'{}'", char::from(delimiter)) }
}

/// Bytes of so many lines.
fn lines(text: &[u8], lines: usize, line_end: u8) -> usize {
    lines.checked_sub(1).map_or(0, |last| memchr::memchr_iter(line_end, text).nth(last).map_or(text.len(), |end| end + 1))
}

/// Bytes of lines at the beginning that begin with `#` and are no row of the table.
fn comments(text: &[u8], line_end: u8) -> usize {
    let mut at = 0;
    while text[at..].starts_with(b"#") {
        let Some(end) = memchr::memchr(line_end, &text[at..]) else { return 0 };
        let line = &text[at..at + end];
        // `#,name,age`: the number of a row is a column, too.
        let values = CANDIDATES.iter().map(|d| memchr::memchr_iter(*d, line).count()).max().unwrap_or(0);
        let next = &text[at + end + 1..];
        let next = &next[..memchr::memchr(line_end, next).unwrap_or(next.len())];
        let same =
            |d: &u8| values > 0 && memchr::memchr_iter(*d, next).count() == memchr::memchr_iter(*d, line).count() && next.contains(d);
        if CANDIDATES.iter().any(same) {
            break;
        }
        at += end + 1;
    }
    at
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

/// The first records, and where each ends.
fn parse(text: &[u8], delimiter: u8, quote: Option<u8>, line_end: u8) -> (Vec<Vec<String>>, Vec<usize>) {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).quoting(quote.is_some()).quote(quote.unwrap_or(b'"'));
    if line_end == b'\r' {
        builder.terminator(csv_core::Terminator::Any(b'\r'));
    }
    let mut reader = builder.build();
    let mut rest = text;
    let (mut out, mut ends) = (vec![0; text.len() + 1], vec![0; text.len() + 2]);
    let (mut rows, mut ended) = (Vec::new(), Vec::new());
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
        ended.push(text.len() - rest.len());
        if last {
            break;
        }
    }
    (rows, ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Resolved {
        resolve(text.as_bytes(), &Choice::default()).unwrap()
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
        let resolved = resolve(b"id,name\n1,x\n", &choice).unwrap();
        assert_eq!((resolved.delimiter, resolved.quote, resolved.header), (b'\t', None, false));
        let choice = Choice { delimiter: Some("ab".into()), ..Choice::default() };
        assert!(resolve(b"x", &choice).is_err());
    }
}
