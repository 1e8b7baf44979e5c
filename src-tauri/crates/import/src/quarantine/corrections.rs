//! A corrected table of rows comes back: each line is matched to its row by the id in it, compared with what the row holds, and
//! listed before anything is written. Lines whose row changed since the table was written are conflicts, never applied.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use bson::Document;
use steward_domain::value::{self, Value};
use steward_domain::{FieldChange, QuarantineEntry, QuarantineStatus, SourceChoice, Violation};
use steward_mapping::{Cell, Compiled, Input, Mapping, Rule};
use steward_sources::{Decoder, Fault, Opened};

use super::entries::by_ids;
use super::resolve::{Aim, Correction, Resolved, Resolver};
use super::validate::RowValidator;
use super::{BATCH, table};
use steward_workspace::{Error, Progress, Result, Workspace};

/// Lines that a plan lists one by one.
const SHOWN: usize = 500;

/// What a line comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing is wrong any more: the row will be loaded.
    Released,
    /// The correction is kept; the row still breaks rules.
    StillBroken,
    /// The line says what the row holds already.
    Unchanged,
    /// There is no row with this id.
    Unknown,
    /// The row was released or discarded meanwhile.
    NotWaiting,
    /// The row was corrected in Steward after the table was written.
    Edited,
    /// An earlier line has the same id.
    Repeated,
}

/// A line of the table, and what becomes of it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number in the table, from 1; the header does not count.
    pub line: i64,
    pub id: String,
    pub file: String,
    pub row_number: i64,
    pub fate: Fate,
    pub changes: Vec<FieldChange>,
    pub errors: Vec<Violation>,
}

/// What a table comes to.
#[derive(Debug, Clone, Default)]
pub struct CorrectionsPlan {
    pub lines: i64,
    pub fates: Vec<(Fate, i64)>,
    /// The first ones: conflicts before the others.
    pub listed: Vec<Line>,
    /// Columns that are neither fields nor Steward's own.
    pub ignored: Vec<String>,
    pub corrections: Vec<Correction>,
}

/// A line as it was read.
struct Given {
    line: i64,
    id: String,
    version: String,
    cells: Vec<String>,
}

/// A table as it was read: its columns, and where the id is.
struct Table {
    columns: Vec<String>,
    lines: Vec<Given>,
}

/// Works out what a corrected table would change. Writes nothing.
pub async fn plan(workspace: &Workspace, path: &Path, choice: &SourceChoice, progress: &dyn Progress) -> Result<CorrectionsPlan> {
    let (path, choice) = (path.to_owned(), choice.clone());
    let read = tokio::task::spawn_blocking(move || read(&path, &choice));
    let table = read.await.map_err(|e| Error::BadRequest(format!("Reading stopped unexpectedly: {e}.")))??;
    progress.total(table.lines.len() as u64);
    let mut entries = HashMap::new();
    let mut fields = table::Fields::default();
    let ids: Vec<String> = table.lines.iter().map(|l| l.id.clone()).collect();
    for chunk in ids.chunks(BATCH) {
        progress.checkpoint()?;
        for entry in by_ids(workspace, chunk).await? {
            fields.add(workspace, &entry);
            entries.insert(entry.id.clone(), entry);
        }
    }
    let mut planning = Planning::new(workspace, &table.columns, &fields);
    for given in &table.lines {
        progress.checkpoint()?;
        planning.line(given, entries.remove(&given.id)).await?;
    }
    Ok(planning.tally.done())
}

/// Writes planned corrections and loads what is right then.
pub async fn apply(
    workspace: &Workspace,
    corrections: Vec<Correction>,
    reason: Option<String>,
    progress: &dyn Progress,
) -> Result<Resolved> {
    progress.phase("Correcting and loading");
    progress.total(corrections.len() as u64);
    let mut resolver = Resolver::new(workspace, Aim { release: true, replace: false, reason });
    let mut rest = corrections.into_iter();
    let mut done = 0;
    loop {
        progress.checkpoint()?;
        let part: Vec<Correction> = rest.by_ref().take(BATCH).collect();
        if part.is_empty() {
            return Ok(resolver.out);
        }
        done += part.len() as u64;
        resolver.batch(part).await?;
        progress.done(done);
    }
}

fn read(path: &Path, choice: &SourceChoice) -> Result<Table> {
    // Steward wrote the names of the columns; a table of texts only would leave that to a guess.
    let choice = SourceChoice { header: Some(true), ..choice.clone() };
    let mut opened = steward_sources::open(path, &choice).map_err(|e| Error::source(path, e))?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(columns) = opened.decoder.columns().map(<[String]>::to_vec) else {
        return Err(Error::BadRequest(format!("{name} is not a table of separated values or a workbook.")));
    };
    let Some(id) = columns.iter().position(|c| c == table::OWN[0]) else {
        return Err(Error::BadRequest(format!(
            "{name} has no column '{}'. Bring back the table of rows that Steward wrote for correcting.",
            table::OWN[0]
        )));
    };
    let version = columns.iter().position(|c| c == table::OWN[1]);
    let mut lines = Vec::new();
    while let Some((line, cells)) = next_cells(&mut opened, path)? {
        let at = |place: usize| cells.get(place).map(|c| c.trim().to_owned()).unwrap_or_default();
        if cells.iter().any(|c| !c.trim().is_empty()) {
            lines.push(Given { line, id: at(id), version: version.map(at).unwrap_or_default(), cells });
        }
    }
    Ok(Table { columns, lines })
}

/// The cells of the next line as texts.
fn next_cells(opened: &mut Opened, path: &Path) -> Result<Option<(i64, Vec<String>)>> {
    let mut scratch = opened.decoder.scratch();
    let Some(row) = opened.next_row().map_err(|e| Error::file(path, e))? else {
        return Ok(None);
    };
    let broken = |why: String| Error::BadRequest(format!("Line {} of the table cannot be read. {why}", row.number));
    if let Some(fault) = &row.fault {
        return Err(broken(fault.sentence()));
    }
    let cells = match (&opened.decoder, &mut scratch) {
        (Decoder::Csv(decoder), Some(scratch)) => {
            let whole = std::str::from_utf8(&row.bytes).map_err(|_| broken(Fault::Encoding("UTF-8".into()).sentence()))?;
            decoder.cells(whole.as_bytes(), scratch).into_iter().map(Into::into).collect()
        }
        (Decoder::Table(columns), _) => {
            let json: serde_json::Map<String, serde_json::Value> =
                serde_json::from_slice(&row.bytes).map_err(|e| broken(format!("{e}.")))?;
            columns.iter().map(|name| text_of(json.get(name))).collect()
        }
        _ => Vec::new(),
    };
    Ok(Some((i64::try_from(row.number).unwrap_or(i64::MAX), cells)))
}

/// A cell of a workbook as the table would have it.
fn text_of(value: Option<&serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Number(n)) => match n.as_f64() {
            // Workbooks hold every number as a double.
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 9e15 => format!("{whole:.0}"),
            _ => n.to_string(),
        },
        Some(other) => other.to_string(),
    }
}

/// Counts what lines come to, and lists the first ones.
#[derive(Default)]
pub(super) struct Tally {
    counts: HashMap<u8, (Fate, i64)>,
    troubled: Vec<Line>,
    pub plan: CorrectionsPlan,
}

impl Tally {
    pub fn tell(&mut self, line: Line) {
        self.plan.lines += 1;
        self.counts.entry(line.fate as u8).or_insert((line.fate, 0)).1 += 1;
        let list = if matches!(line.fate, Fate::Released | Fate::StillBroken | Fate::Unchanged) {
            &mut self.plan.listed
        } else {
            &mut self.troubled
        };
        if list.len() < SHOWN && line.fate != Fate::Unchanged {
            list.push(line);
        }
    }

    pub fn done(mut self) -> CorrectionsPlan {
        let mut listed = std::mem::take(&mut self.troubled);
        listed.append(&mut self.plan.listed);
        listed.truncate(SHOWN);
        let mut fates: Vec<(Fate, i64)> = self.counts.into_values().collect();
        fates.sort_by_key(|(fate, _)| *fate as u8);
        CorrectionsPlan { listed, fates, ..self.plan }
    }

    /// Compares the record that is wanted with what the entry has, and plans the correction.
    pub async fn compare(
        &mut self,
        validate: &mut RowValidator<'_>,
        entry: QuarantineEntry,
        document: Document,
        set: Vec<String>,
        line: &mut Line,
    ) -> Result<()> {
        let old = entry.document.as_ref().and_then(Value::as_document).cloned().unwrap_or_default();
        let after = validate.corrected(&entry, document, &set).await?;
        let document = after.document.as_ref().and_then(Value::as_document).cloned().unwrap_or_default();
        line.changes = value::diff(&old, &document);
        if line.changes.is_empty() {
            line.fate = Fate::Unchanged;
            line.errors.clone_from(&entry.errors);
            return Ok(());
        }
        line.errors = after.errors;
        line.fate = if line.errors.is_empty() { Fate::Released } else { Fate::StillBroken };
        self.plan.corrections.push(Correction { before: entry, document: Some(document), set });
        Ok(())
    }
}

impl Line {
    /// Of a row that nothing is known of yet.
    pub(super) fn of(line: i64, id: &str, entry: Option<&QuarantineEntry>) -> Self {
        Self {
            line,
            id: id.to_owned(),
            file: entry.map(|e| e.source_file.clone()).unwrap_or_default(),
            row_number: entry.map_or(0, |e| e.row_number),
            fate: Fate::Unknown,
            changes: Vec::new(),
            errors: Vec::new(),
        }
    }
}

struct Planning<'a> {
    workspace: &'a Workspace,
    validate: RowValidator<'a>,
    /// Place of a column in the table, and the field in it.
    fields: Vec<(usize, String)>,
    /// By schema: cells of these fields, with the types that it gives them.
    typing: HashMap<String, Compiled>,
    seen: HashSet<String>,
    tally: Tally,
}

impl<'a> Planning<'a> {
    fn new(workspace: &'a Workspace, columns: &[String], known: &table::Fields) -> Self {
        let mut tally = Tally::default();
        let mut fields = Vec::new();
        for (at, name) in columns.iter().enumerate().filter(|(_, name)| !table::OWN.contains(&name.as_str())) {
            if known.has(name) {
                fields.push((at, name.clone()));
            } else {
                tally.plan.ignored.push(name.clone());
            }
        }
        Self { workspace, validate: RowValidator::new(workspace), fields, typing: HashMap::new(), seen: HashSet::new(), tally }
    }

    async fn line(&mut self, given: &Given, entry: Option<QuarantineEntry>) -> Result<()> {
        let mut line = Line::of(given.line, &given.id, entry.as_ref());
        let Some(entry) = entry else {
            line.fate = if self.seen.contains(&given.id) { Fate::Repeated } else { Fate::Unknown };
            self.tally.tell(line);
            return Ok(());
        };
        self.seen.insert(given.id.clone());
        let as_written = if given.version.is_empty() { !entry.edited } else { given.version == table::version(&entry) };
        if entry.status != QuarantineStatus::Waiting {
            line.fate = Fate::NotWaiting;
        } else if !as_written {
            line.fate = Fate::Edited;
        } else {
            self.compare(given, entry, &mut line).await?;
        }
        self.tally.tell(line);
        Ok(())
    }

    async fn compare(&mut self, given: &Given, entry: QuarantineEntry, line: &mut Line) -> Result<()> {
        let old = entry.document.as_ref().and_then(Value::as_document).cloned().unwrap_or_default();
        let (document, mut errors) = self.corrected(given, &entry, &old)?;
        self.tally.compare(&mut self.validate, entry, document, Vec::new(), line).await?;
        if line.fate != Fate::Unchanged {
            errors.retain(|e| !line.errors.iter().any(|a| a.pointer == e.pointer));
            line.errors.extend(errors);
        }
        Ok(())
    }

    /// The record that a line asks for: cells that say something else than what was written into them.
    fn corrected(&mut self, given: &Given, entry: &QuarantineEntry, old: &Document) -> Result<(Document, Vec<Violation>)> {
        let mut changed = Vec::new();
        let mut cells = Vec::with_capacity(self.fields.len());
        for (at, name) in &self.fields {
            let cell = given.cells.get(*at).map(String::as_str).unwrap_or_default();
            let is_changed = !table::is_as_written(cell, old.get(name));
            let cell = steward_sources::formulas::without_apostrophe(cell).unwrap_or(cell);
            cells.push(if is_changed { Cell::text(cell.to_owned()) } else { Cell::Empty });
            if is_changed {
                changed.push((name.clone(), cell.is_empty()));
            }
        }
        let mut document = old.clone();
        if changed.is_empty() {
            return Ok((document, Vec::new()));
        }
        let mut errors = Vec::new();
        let record = self.typing(&entry.schema)?.apply(Input::Cells(&cells), &mut errors);
        for (name, is_empty) in changed {
            let typed = record.get(&name).cloned().and_then(|json| value::from_ext(json).ok());
            match typed {
                Some(typed) if !is_empty => match old.get(&name) {
                    // The same number written in another way is no change.
                    Some(was) if value::same(was, &value::keep_type(was, typed.clone())) => {}
                    _ => drop(document.insert(name, typed)),
                },
                _ => drop(document.remove(&name)),
            }
        }
        Ok((document, errors))
    }

    fn typing(&mut self, schema: &str) -> Result<&Compiled> {
        if !self.typing.contains_key(schema) {
            let header: Vec<String> = self.fields.iter().map(|(_, name)| name.clone()).collect();
            let rules = header.iter().map(|name| Rule::rename(name.clone(), pointer_of(name))).collect();
            let pack = self.workspace.registry.get(schema).ok();
            let compiled = steward_mapping::compile(&Mapping { rules, ..Mapping::default() }, Some(&header), pack)?;
            self.typing.insert(schema.to_owned(), compiled);
        }
        self.typing.get(schema).ok_or(Error::Damaged("A schema"))
    }
}

/// The field of this name at the top of a record, whatever is in the name.
fn pointer_of(name: &str) -> String {
    format!("/{}", steward_domain::path::escaped(name))
}

#[cfg(test)]
mod tests {
    use bson::Bson;

    use super::*;

    #[test]
    fn cells_are_as_they_were_written_or_not() {
        let value = Bson::from("=1+1");
        assert!(table::is_as_written("'=1+1", Some(&value)) && table::is_as_written("=1+1", Some(&value)));
        assert!(table::is_as_written("", None) && table::is_as_written("", Some(&Bson::Null)));
        assert!(table::is_as_written("a\nb", Some(&Bson::from("a\r\nb"))));
        assert!(!table::is_as_written("5", Some(&Bson::from("6"))));
        assert_eq!(text_of(Some(&serde_json::json!(52000.0))), "52000");
    }
}
