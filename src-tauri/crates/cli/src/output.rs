//! Answers as people read them, or as one JSON object. Everything that the program says goes through here: values, file names and names of
//! collections come from anybody, and a terminal obeys what is written into them.

use std::borrow::Cow;
pub use steward_domain::words::{counted, number};

use serde::Serialize;
use serde_json::Value as Json;
use steward_api::ApiError;
use steward_domain::Violation;

/// Prints an answer: JSON when asked for, else by `people`.
pub fn answer<T: Serialize>(json: bool, value: &T, people: impl FnOnce(&T)) {
    if json {
        json_line(&serde_json::to_string(value).unwrap_or_default());
    } else {
        people(value);
    }
}

/// What a terminal would obey instead of showing it: control characters (in one byte or two), and those that turn the direction of text.
fn is_obeyed(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && c != '\n' && c != '\t')
}

/// Text that is shown and does nothing: what a terminal would obey is written out.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_obeyed(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Prints a line; a closed pipe is not an error.
pub fn line(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{}", shown(text));
}

/// Prints a JSON text over several lines.
pub fn pretty<T: Serialize>(value: &T) {
    json_line(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// Prints one JSON text. It escapes most of what a terminal obeys by itself; what is left is written as JSON allows.
fn json_line(text: &str) {
    use std::io::Write;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) { out.push_str(&format!("\\u{:04x}", u32::from(c))) } else { out.push(c) }
    }
    let _ = writeln!(std::io::stdout(), "{out}");
}

/// Prints a JSON object that is put together here.
pub fn json(value: &Json) {
    json_line(&value.to_string());
}

/// Says something on standard error.
pub fn say(text: &str) {
    eprintln!("{}", shown(text));
}

/// Prints an error on standard error, and as JSON on standard output when asked for.
pub fn error(e: &ApiError, json: bool) {
    if json {
        self::json(&serde_json::json!({ "error": e }));
    }
    say(&format!("steward: {}", e.message));
    if let Some(hint) = &e.hint {
        say(&format!("  {hint}"));
    }
    if let Some(details) = &e.details {
        say(&format!("  ({details})"));
    }
}

/// In local time, as `restore --at` takes it.
pub fn when(at: &str) -> String {
    let parsed = chrono::DateTime::parse_from_rfc3339(at);
    parsed.map_or_else(|_| at.to_owned(), |at| at.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M:%S%.3f").to_string())
}

/// Columns padded to their widest cell; the last one is left ragged.
pub fn table(rows: &[Vec<String>]) {
    let rows: Vec<Vec<Cow<'_, str>>> = rows.iter().map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..columns).map(|c| rows.iter().filter_map(|r| r.get(c)).map(|cell| cell.chars().count()).max().unwrap_or(0)).collect();
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(c, cell)| if c + 1 == row.len() { cell.to_string() } else { format!("{cell:<width$}", width = widths[c]) })
            .collect();
        line(cells.join("  ").trim_end());
    }
}

/// A value on one line, cut to a width.
pub fn brief(value: &Json, width: usize) -> String {
    let text = match value {
        Json::String(s) => s.clone(),
        other => other.to_string(),
    };
    cut(&text.replace('\n', " "), width)
}

pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(width.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// `/average_salary  required  …` for each violation.
pub fn violations(list: &[Violation]) {
    for v in list {
        let value = v.value.as_ref().map(|v| format!(" (found {})", brief(&steward_domain::value::to_ext(&v.0), 60))).unwrap_or_default();
        let place = if v.pointer.is_empty() { "(record)" } else { &v.pointer };
        line(&format!("  {place}  {}  {}{value}", v.rule, v.message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_given_nothing_to_obey() {
        let evil = "a\u{1b}]52;c;ZXZpbA==\u{7}b\u{9b}31mc\u{202e}d\r\u{8}";
        let tame = shown(evil);
        assert!(!tame.chars().any(is_obeyed), "{tame:?}");
        assert!(tame.contains("\\u{1b}]52;c;ZXZpbA==") && tame.contains("\\r"), "{tame}");
        assert!(matches!(shown("Zürich, naïve, 東京, e\u{301}\tand\nlines"), Cow::Borrowed(_)));
    }
}
