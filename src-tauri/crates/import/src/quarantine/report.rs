//! Waiting rows as files: everything about them for programs, an error report for people, and a table to correct them in.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use bson::Bson;
use steward_domain::value::Value;
use steward_domain::{QuarantineEntry, QuarantineStatus, Violation};

use super::entries::{self, Batches};
use super::narrow::{Chosen, Narrow};
use super::table;
use crate::export::{Whole, cell, csv_line};
use steward_workspace::{Progress, Result, Workspace};

/// Spreadsheets cut cells that are longer.
const LONGEST_CELL: usize = 32_000;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// One JSON object a row.
    Ndjson,
    /// CSV with one line an error.
    Errors,
    /// CSV with one line a row that waits, its fields to be corrected.
    Rows,
}

impl Report {
    /// Adds the lines about a row, of a report that knows no fields before it begins.
    pub fn lines(self, entry: &QuarantineEntry, out: &mut Vec<u8>) {
        match self {
            Self::Ndjson => json_row(entry, out),
            Self::Errors => Wrong::from(entry).lines(out),
            Self::Rows => row_line(entry, &[], out),
        }
    }
}

/// Writes entries; gives how many. CSV begins with a byte order mark, so that spreadsheets read it as UTF-8.
pub async fn write(workspace: &Workspace, narrow: &Narrow, report: Report, path: &Path, progress: &dyn Progress) -> Result<i64> {
    let mut narrow = narrow.clone();
    if report == Report::Rows {
        narrow.status = Some(QuarantineStatus::Waiting);
    }
    let chosen = Chosen::Narrow(narrow);
    progress.total(entries::count(workspace, &chosen).await?);
    let fields = if report == Report::Rows { fields(workspace, &chosen, progress).await? } else { Vec::new() };
    progress.phase("Writing");
    let mut file = Whole::create(path)?;
    let mut lines = match report {
        Report::Ndjson => Vec::new(),
        Report::Errors => head(ERRORS.iter().copied()),
        Report::Rows => head(table::OWN.into_iter().chain(fields.iter().map(String::as_str))),
    };
    let mut written = 0_i64;
    let mut batches = Batches::new(&chosen);
    while let Some(batch) = batches.next(workspace).await? {
        progress.checkpoint()?;
        for entry in &batch {
            match report {
                Report::Rows => row_line(entry, &fields, &mut lines),
                other => other.lines(entry, &mut lines),
            }
            written += 1;
        }
        file.write(path, &lines)?;
        lines.clear();
        progress.done(u64::try_from(written).unwrap_or(0));
    }
    file.write(path, &lines)?;
    file.finish(path)?;
    Ok(written)
}

/// A report of rows that are not in quarantine, written while they are found.
pub struct RejectionReport {
    path: PathBuf,
    file: Whole,
    report: Report,
}

impl RejectionReport {
    /// `.json` and `.ndjson` get one object a row, all other names one line an error.
    pub fn create(path: &Path) -> Result<Self> {
        let json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json") || end.eq_ignore_ascii_case("ndjson"));
        let report = if json { Report::Ndjson } else { Report::Errors };
        let mut file = Whole::create(path)?;
        if report == Report::Errors {
            file.write(path, &head(ERRORS.iter().copied()))?;
        }
        Ok(Self { path: path.to_owned(), file, report })
    }

    /// What the lines are made as.
    pub fn kind(&self) -> Report {
        self.report
    }

    /// Writes lines about rows.
    pub fn write(&mut self, lines: &[u8]) -> Result<()> {
        self.file.write(&self.path, lines)
    }

    /// Puts the file in place.
    pub fn finish(self) -> Result<()> {
        self.file.finish(&self.path)
    }
}

fn head<'a>(names: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut out = "\u{feff}".as_bytes().to_vec();
    csv_line(names, &mut out);
    out
}

/// Fields of the rows: those of their schemas first, then what they have besides.
async fn fields(workspace: &Workspace, chosen: &Chosen, progress: &dyn Progress) -> Result<Vec<String>> {
    progress.phase("Looking at the fields");
    let mut fields = table::Fields::default();
    let mut batches = Batches::new(chosen);
    while let Some(batch) = batches.next(workspace).await? {
        progress.checkpoint()?;
        batch.iter().for_each(|entry| fields.add(workspace, entry));
    }
    Ok(fields.names)
}

fn json_row(entry: &QuarantineEntry, out: &mut Vec<u8>) {
    let (kind, version) = entry.schema.split_once('@').unwrap_or((&entry.collection, ""));
    let row = serde_json::json!({
        "rowNumber": entry.row_number, "rawData": entry.raw, "errors": entry.errors, "quarantinedAt": entry.quarantined_at,
        "sourceFile": entry.source_file, "csvType": kind, "schemaVersion": version, "id": entry.id, "runId": entry.run_id,
        "sourceHash": entry.source_hash, "bytePosition": entry.byte_offset, "rawBase64": entry.raw_base64,
        "collection": entry.collection, "document": entry.document, "status": entry.status,
    });
    out.extend(format!("{row}\n").into_bytes());
}

const ERRORS: [&str; 10] = ["file", "row", "field", "rule", "message", "value", "schema", "byte", "quarantined at", "row as it came"];

/// A row as an error report reports it.
#[derive(Debug, Clone, Copy)]
pub struct Wrong<'a> {
    pub file: &'a str,
    pub row: i64,
    pub byte: i64,
    pub schema: &'a str,
    /// When it was found.
    pub at: &'a str,
    /// As it came.
    pub raw: &'a str,
    pub errors: &'a [Violation],
}

impl<'a> From<&'a QuarantineEntry> for Wrong<'a> {
    fn from(entry: &'a QuarantineEntry) -> Self {
        Self {
            file: &entry.source_file,
            row: entry.row_number,
            byte: entry.byte_offset,
            schema: &entry.schema,
            at: &entry.quarantined_at,
            raw: &entry.raw,
            errors: &entry.errors,
        }
    }
}

impl Wrong<'_> {
    /// Adds a line for each error.
    pub fn lines(&self, out: &mut Vec<u8>) {
        let (row, byte, raw) = (self.row.to_string(), self.byte.to_string(), shortened(self.raw));
        for error in self.errors {
            let value = cell(error.value.as_ref().map(|v| &v.0));
            let field = error.pointer.trim_start_matches('/').replace('/', ".");
            let (rule, message) = (error.rule.as_str(), error.message.as_str());
            let cells = [self.file, &row, &field, rule, message, shortened(&value), self.schema, &byte, self.at, raw];
            csv_line(cells.iter(), out);
        }
    }
}

fn shortened(text: &str) -> &str {
    // Never more characters than bytes.
    if text.len() <= LONGEST_CELL {
        return text;
    }
    match text.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn row_line(entry: &QuarantineEntry, fields: &[String], out: &mut Vec<u8>) {
    let wrong: Vec<String> = entry.errors.iter().map(said).collect();
    let own = [entry.id.clone(), table::version(entry), entry.source_file.clone(), entry.row_number.to_string(), wrong.join(" ")];
    let document = entry.document.as_ref().and_then(Value::as_document);
    let value = |name: &String| cell(document.and_then(|d| d.get(name)).filter(|v| !matches!(v, Bson::Undefined)));
    csv_line(own.into_iter().map(Cow::Owned).chain(fields.iter().map(value)), out);
}

/// What is wrong, with the field that it is wrong at.
fn said(error: &Violation) -> String {
    let field = error.field();
    if field.is_empty() || error.message.contains(field) { error.message.clone() } else { format!("{field}: {}", error.message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_cells_end_between_characters() {
        assert_eq!(shortened("naïve"), "naïve");
        assert_eq!(shortened(&"ï".repeat(LONGEST_CELL + 5)).chars().count(), LONGEST_CELL);
    }
}
