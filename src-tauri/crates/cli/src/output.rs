//! Answers as people read them, or as one JSON object.

use serde::Serialize;
use serde_json::Value as Json;
use steward_api::ApiError;
use steward_domain::Violation;

/// Prints an answer: JSON when asked for, else by `people`.
pub fn answer<T: Serialize>(json: bool, value: &T, people: impl FnOnce(&T)) {
    if json {
        line(&serde_json::to_string(value).unwrap_or_default());
    } else {
        people(value);
    }
}

/// Prints a line; a closed pipe is not an error.
pub fn line(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints an error on standard error, and as JSON on standard output when asked for.
pub fn error(e: &ApiError, json: bool) {
    if json {
        line(&serde_json::json!({ "error": e }).to_string());
    }
    eprintln!("steward: {}", e.message);
    if let Some(hint) = &e.hint {
        eprintln!("  {hint}");
    }
    if let Some(details) = &e.details {
        eprintln!("  ({details})");
    }
}

/// 1234567 as `1,234,567`.
pub fn number(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if n < 0 { format!("-{out}") } else { out }
}

/// `1 row`, `2 rows`.
pub fn counted(n: i64, one: &str) -> String {
    format!("{} {one}{}", number(n), if n == 1 { "" } else { "s" })
}

/// Columns padded to their widest cell; the last one is left ragged.
pub fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..columns).map(|c| rows.iter().filter_map(|r| r.get(c)).map(|cell| cell.chars().count()).max().unwrap_or(0)).collect();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(c, cell)| if c + 1 == row.len() { cell.clone() } else { format!("{cell:<width$}", width = widths[c]) })
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
