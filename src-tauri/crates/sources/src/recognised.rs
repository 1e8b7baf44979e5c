//! What a file was taken for, in one line for people: so a wrong guess is seen before it does harm.

use crate::{Examined, Format};

/// Names of columns that the line tells.
const NAMED: usize = 12;

/// The line about a file. `facts`: what else is known, in a few words each.
pub fn line(examined: &Examined, facts: &[String]) -> String {
    let mut said = vec![kind(examined)];
    if !examined.compression.is_empty() {
        said.push(format!("compressed ({})", examined.compression));
    }
    if !examined.encoding.is_empty() {
        said.push(examined.encoding.clone());
    }
    if let Some(dialect) = &examined.dialect {
        said.push(match dialect.delimiter.as_str() {
            "\\t" => "separated by tabs".to_owned(),
            other => format!("separated by '{other}'"),
        });
        match dialect.quote.as_str() {
            "\"" => {}
            "" => said.push("nothing quoted".into()),
            other => said.push(format!("quoted with {other}")),
        }
        said.push(if dialect.header { "the first row names the columns".into() } else { "no row names the columns".into() });
    }
    said.extend(facts.iter().cloned());
    if !examined.columns.is_empty() {
        said.push(columns(&examined.columns));
    }
    said.join(", ")
}

fn kind(examined: &Examined) -> String {
    let part = |what: &str| match &examined.part {
        Some(part) if !part.is_empty() => format!("{what} '{part}'"),
        _ => what.to_owned(),
    };
    match examined.format {
        Format::Ndjson => "JSON, a record a line".into(),
        Format::JsonArray => "a list of JSON".into(),
        Format::JsonObject if examined.part.as_deref().is_some_and(|part| !part.is_empty()) => part("JSON, the list at"),
        Format::JsonObject => "JSON objects".into(),
        Format::Csv => "a table".into(),
        Format::Excel => part("an Excel workbook, sheet"),
        Format::Ods => part("an OpenDocument workbook, sheet"),
        Format::Sqlite => part("SQLite, table"),
        Format::Bson => "BSON".into(),
        Format::Mongodump => part("an archive of mongodump, collection"),
        Format::Collection => part("collection"),
        Format::Empty => "empty".into(),
        Format::Unknown => "lines that are no JSON".into(),
    }
}

fn columns(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
    match names.len() {
        1 => format!("1 column: {shown}"),
        n => format!("{n} columns: {shown}{more}"),
    }
}

/// So many of something, in words.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}
