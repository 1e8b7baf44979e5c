//! Recognising a file and opening one part of it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError};

use encoding_rs::UTF_8;
use serde_json::Value as Json;
use steward_domain::depth::{self, Nesting};

use crate::bson_file::{BsonRows, is_readable, length_at};
use crate::content::{self, begins_like_json};
use crate::csv::{Again, CsvDecoder, CsvRows, Scratch};
use crate::dialect::{self, Resolved};
use crate::encoding::{self, Decoding};
use crate::input::{self, Damage, Meter, OnDisk, Plain};
use crate::isolate::{self, Head};
use crate::json::{Layout, Splitter};
use crate::mongodump::{self, ArchiveReader, ArchiveRows};
use crate::sheet::Book;
use crate::{Batch, Choice, Examined, Format, Part, RawRow, Rows, SourceError, SourceResult, lists, recognised, sqlite};

/// Turns the bytes of a row into values; inexpensive to share between threads.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub enum Decoder {
    /// One JSON value a row.
    Json,
    /// A JSON object a row, made from the cells of a sheet or table with these columns.
    Table(Vec<String>),
    Csv(CsvDecoder),
    Bson,
}

/// A decoded row.
#[derive(Debug)]
pub enum Decoded<'a> {
    Json(Json),
    Cells(Vec<&'a str>),
    Document(bson::Document),
}

impl Decoder {
    /// Names of the columns, where rows are cells.
    pub fn columns(&self) -> Option<&[String]> {
        match self {
            Self::Csv(decoder) => Some(&decoder.columns),
            Self::Table(columns) => Some(columns),
            Self::Json | Self::Bson => None,
        }
    }

    /// What a worker keeps between rows of separated values.
    pub fn scratch(&self) -> Option<Scratch> {
        match self {
            Self::Csv(decoder) => Some(decoder.scratch()),
            _ => None,
        }
    }
}

/// A file whose rows are about to be read.
pub struct Opened {
    pub examined: Examined,
    pub decoder: Decoder,
    pub rows: Box<dyn Rows>,
    /// Bytes of the file that were read so far.
    pub position: Arc<AtomicU64>,
    /// Bytes of the file.
    pub total: u64,
    meter: Meter,
    damage: Damage,
    /// Removed when reading is over.
    _spool: Option<OnDisk>,
}

impl Opened {
    /// Read by a process of its own; `meter` knows the hash that it found.
    pub(crate) fn remote(head: Head, rows: Box<dyn Rows>, position: Arc<AtomicU64>, meter: Meter) -> Self {
        let Head { examined, decoder, total } = head;
        Self { examined, decoder, rows, position, total, meter, damage: Damage::default(), _spool: None }
    }

    pub fn next_row(&mut self) -> std::io::Result<Option<RawRow>> {
        self.rows.next_row()
    }

    /// Adds the next row to a batch; false at the end.
    pub fn next_into(&mut self, batch: &mut Batch) -> std::io::Result<bool> {
        self.rows.next_into(batch)
    }

    /// Nobody asks for the SHA-256 of the file: [`Opened::finish`] gives an empty one.
    pub fn without_hash(self) -> Self {
        self.meter.stop_hashing();
        self
    }

    /// What is known after the last row.
    pub fn finish(mut self) -> std::io::Result<Ended> {
        let mut notes = self.rows.notes();
        notes.extend(self.damage.lock().unwrap_or_else(PoisonError::into_inner).take());
        let recognised = std::iter::once(self.examined.recognised).chain(self.rows.skipped()).collect::<Vec<_>>().join(", ");
        Ok(Ended { sha256: self.meter.finish()?, notes, recognised })
    }
}

/// A file that was read to its end.
pub struct Ended {
    /// In hex.
    pub sha256: String,
    /// What there is to say about it.
    pub notes: Vec<String>,
    /// What the file was taken for, and what was passed over, in one line.
    pub recognised: String,
}

/// What a file, or dump folder, is.
pub fn examine(path: &Path, choice: &Choice) -> SourceResult<Examined> {
    Ok(open(path, choice)?.examined)
}

/// Opens a file, or the chosen part of a dump folder, for reading its rows.
///
/// Errors: the file cannot be opened, is no file that Steward reads as a whole, or a choice does not fit it.
pub fn open(path: &Path, choice: &Choice) -> SourceResult<Opened> {
    isolate::open(path, choice).unwrap_or_else(|| here(path, choice))
}

/// The same within this process.
pub(crate) fn here(path: &Path, choice: &Choice) -> SourceResult<Opened> {
    if path.is_dir() {
        return open_folder(path, choice);
    }
    let (file, total) = input::open_file(path)?;
    let meter = Meter::new(file);
    let member = choice.part.as_deref();
    let plain = input::plain(&meter, path, member)?;
    Opening { path, choice, meter, total }.recognise(plain)
}

fn open_folder(path: &Path, choice: &Choice) -> SourceResult<Opened> {
    // Buckets of a time series are not records that anybody would import.
    let found: Vec<(Part, PathBuf)> = mongodump::folder(path)?
        .into_iter()
        .filter(|f| !f.buckets)
        .filter_map(|f| f.data.clone().map(|data| (Part { name: f.name(), rows: None }, data)))
        .collect();
    if found.is_empty() {
        return Err(SourceError::Unusable(format!("{} is a folder. Choose the files in it.", path.display())));
    }
    let parts: Vec<Part> = found.iter().map(|(part, _)| part.clone()).collect();
    let part = choose(&parts, choice.part.as_deref(), "collection", "dump folder")?;
    let file = found.into_iter().find(|(p, _)| p.name == part).map(|(_, file)| file).unwrap_or_default();
    let mut opened = open(&file, &Choice { part: None, ..choice.clone() })?;
    note_other_parts(&mut opened.examined.notes, &parts, &part, choice, "collections");
    (opened.examined.parts, opened.examined.part) = (parts, Some(part));
    Ok(opened)
}

/// The chosen part, or the first one.
fn choose(parts: &[Part], wanted: Option<&str>, what: &str, place: &str) -> SourceResult<String> {
    let names = || parts.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
    match wanted {
        Some(name) if parts.iter().any(|p| p.name == name) => Ok(name.to_owned()),
        Some(name) => Err(SourceError::BadChoice(format!("There is no {what} '{name}' in this {place}. There are: {}.", names()))),
        None => match parts.first() {
            Some(part) => Ok(part.name.clone()),
            None => Err(SourceError::Unusable(format!("This {place} holds no {what}."))),
        },
    }
}

fn note_other_parts(notes: &mut Vec<String>, parts: &[Part], part: &str, choice: &Choice, what: &str) {
    if parts.len() > 1 && choice.part.is_none() {
        notes.push(format!("This file has {} {what}; {part} is read.", parts.len()));
    }
}

struct Opening<'a> {
    path: &'a Path,
    choice: &'a Choice,
    meter: Meter,
    total: u64,
}

/// Rows and what is known of them.
struct Found {
    examined: Examined,
    decoder: Decoder,
    rows: Box<dyn Rows>,
    spool: Option<OnDisk>,
    /// For the line that says what was recognised.
    facts: Vec<String>,
}

impl Opening<'_> {
    fn recognise(self, mut plain: Plain) -> SourceResult<Opened> {
        let prefix = std::mem::take(&mut plain.prefix);
        let (damage, members, member) = (Arc::clone(&plain.damage), std::mem::take(&mut plain.members), plain.member.clone());
        let compression = plain.compression.clone();
        let named_bson = crate::file_name(self.path).to_ascii_lowercase().contains(".bson");
        // The first document of a dump may be the damaged one.
        let kind = binary_kind(&prefix).or_else(|| (named_bson && content::holds_documents(&prefix)).then_some(Format::Bson));
        // Pages of a workspace without the first one begin as anything may.
        let headless = self.may_be_headless(&prefix) && matches!(kind, None | Some(Format::Bson));
        let mut found = match kind {
            _ if headless => self.sqlite(&mut plain)?,
            Some(Format::Sqlite) => self.sqlite(&mut plain)?,
            Some(Format::Excel) => self.workbook(&mut plain)?,
            Some(Format::Mongodump) => self.archive(plain)?,
            Some(Format::Bson) => {
                let rows = Box::new(BsonRows::new(plain.reader)?);
                Found { examined: empty(Format::Bson), decoder: Decoder::Bson, rows, spool: None, facts: Vec::new() }
            }
            _ => self.text(plain.reader, &prefix)?,
        };
        found.examined.compression = compression;
        if !members.is_empty() {
            if let Some(member) = &member {
                note_other_parts(&mut found.examined.notes, &members, member, self.choice, "files");
            }
            (found.examined.parts, found.examined.part) = (members, member);
        }
        let Found { mut examined, decoder, rows, spool, facts } = found;
        examined.recognised = recognised::line(&examined, &facts);
        let position = self.meter.position();
        Ok(Opened { examined, decoder, rows, position, total: self.total, meter: self.meter, damage, _spool: spool })
    }

    /// Named as a workspace, and no text.
    fn may_be_headless(&self, prefix: &[u8]) -> bool {
        crate::file_name(self.path).to_ascii_lowercase().contains(".steward") && prefix.contains(&0)
    }

    /// The part of the file itself; a member of a zip file was chosen already.
    fn part(&self, plain: &Plain) -> Option<String> {
        if plain.member.is_some() { None } else { self.choice.part.clone() }
    }

    fn sqlite(&self, plain: &mut Plain) -> SourceResult<Found> {
        let wanted = self.part(plain);
        let disk = OnDisk::of(self.path, plain)?;
        let tables = sqlite::tables(&disk.path)?;
        let parts = sqlite::parts(&tables);
        let is_workspace = !tables.is_empty() && tables.iter().all(|t| t.columns.is_empty());
        let (one, many, file) = if is_workspace { ("collection", "collections", "workspace") } else { ("table", "tables", "SQLite file") };
        let part = choose(&parts, wanted.as_deref(), one, file)?;
        let table =
            tables.into_iter().find(|t| t.name == part).ok_or_else(|| SourceError::BadChoice(format!("There is no {one} '{part}'.")))?;
        let mut examined = Examined { columns: table.columns.clone(), part: Some(part.clone()), ..empty(Format::Sqlite) };
        note_other_parts(&mut examined.notes, &parts, &part, self.choice, many);
        examined.parts = parts;
        let decoder = if is_workspace { Decoder::Bson } else { Decoder::Table(table.columns.clone()) };
        let rows = Box::new(sqlite::TableRows::new(disk.path.clone(), table));
        Ok(Found { examined, decoder, rows, spool: Some(disk), facts: Vec::new() })
    }

    fn workbook(&self, plain: &mut Plain) -> SourceResult<Found> {
        let wanted = self.part(plain);
        let disk = OnDisk::of(self.path, plain)?;
        let book = Book::open(&disk.path)?;
        let (format, parts, hidden) = (book.format, book.parts.clone(), book.hidden.clone());
        let (rows, part, columns, notes) = book.rows(wanted.as_deref(), self.choice)?;
        let mut examined = Examined { columns: columns.clone(), part: Some(part.clone()), notes, ..empty(format) };
        let what = if hidden.is_empty() { "sheets".to_owned() } else { format!("sheets ({} hidden)", hidden.join(", ")) };
        note_other_parts(&mut examined.notes, &parts, &part, self.choice, &what);
        examined.parts = parts;
        let facts = if hidden.contains(&part) { vec!["which is hidden".to_owned()] } else { Vec::new() };
        Ok(Found { examined, decoder: Decoder::Table(columns), rows: Box::new(rows), spool: Some(disk), facts })
    }

    fn archive(&self, plain: Plain) -> SourceResult<Found> {
        let wanted = self.part(&plain);
        let reader = ArchiveReader::new(plain.reader).map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidData => SourceError::Unusable(e.to_string()),
            _ => SourceError::Io(e),
        })?;
        let parts: Vec<Part> = reader.namespaces.iter().map(|n| Part { name: n.name(), rows: None }).collect();
        let part = choose(&parts, wanted.as_deref(), "collection", "archive")?;
        let mut examined = Examined { part: Some(part.clone()), ..empty(Format::Mongodump) };
        note_other_parts(&mut examined.notes, &parts, &part, self.choice, "collections");
        examined.parts = parts;
        Ok(Found { examined, decoder: Decoder::Bson, rows: Box::new(ArchiveRows::new(reader, part)), spool: None, facts: Vec::new() })
    }

    fn text(&self, reader: Box<dyn Read + Send>, prefix: &[u8]) -> SourceResult<Found> {
        self.refuse_others(prefix)?;
        let chosen = self.choice.encoding.as_deref();
        let mut encoding = encoding::recognise(prefix, chosen)?;
        // JSON is UTF-8: bytes that are not are reported row by row, unless a person says what they are.
        if begins_like_json(prefix) && chosen.is_none() && encoding::for_mark(prefix).is_none() {
            encoding = UTF_8;
        }
        let guessed = encoding != UTF_8 && chosen.is_none() && encoding::for_mark(prefix).is_none();
        let mut reader = reader;
        let mut prefix = prefix.to_vec();
        let mut from = None;
        if encoding != UTF_8 {
            reader = Box::new(Decoding::new(reader, encoding));
            prefix = input::fill_prefix(&mut reader, input::PREFIX)?;
            reader = Box::new(std::io::Cursor::new(prefix.clone()).chain(reader));
            from = Some(encoding.name().to_owned());
        }
        let mut found = if self.is_table(&prefix)? { self.csv(reader, &prefix, from)? } else { self.json(reader, &prefix, from)? };
        found.examined.encoding = encoding.name().to_owned();
        if guessed {
            found.facts.insert(0, "the encoding is a guess, another one can be named".into());
        } else if encoding == UTF_8 && chosen.is_none() && encoding::has_wrong_bytes(&prefix) {
            found.facts.insert(0, "not all of it is UTF-8, another encoding can be named".into());
        }
        Ok(found)
    }

    /// Pictures, pages and random bytes have no rows.
    fn refuse_others(&self, prefix: &[u8]) -> SourceResult<()> {
        let Some(what) = content::foreign(prefix) else { return Ok(()) };
        let name = crate::file_name(self.path);
        Err(SourceError::Unusable(format!(
            "{name} is {what}. Steward reads JSON, separated values, workbooks, SQLite files and dumps of MongoDB."
        )))
    }

    /// Separated values: by the name, by a choice that only they have, or because rows agree on their columns.
    fn is_table(&self, prefix: &[u8]) -> SourceResult<bool> {
        if begins_like_json(prefix) {
            return Ok(false);
        }
        let choice = self.choice;
        let chosen = choice.delimiter.is_some() || choice.quote.is_some() || choice.header.is_some() || choice.skip_rows.is_some();
        let name = crate::file_name(self.path).to_ascii_lowercase();
        let named = [".csv", ".tsv", ".tab", ".psv"].iter().any(|e| name.contains(e));
        if content::start(prefix).is_empty() || chosen || named {
            return Ok(chosen || named);
        }
        if !prefix.contains(&0) && dialect::resolve(prefix, choice).is_ok_and(|resolved| resolved.convincing) {
            return Ok(true);
        }
        if content::has_json_lines(prefix) {
            return Ok(false);
        }
        let name = crate::file_name(self.path);
        Err(SourceError::Unusable(format!(
            "{name} is text, but neither JSON nor separated values. If it is a table, say what separates its values, or whether its first row names the columns."
        )))
    }

    /// Opens the text of this file again, behind so many bytes of it.
    fn again(&self) -> Again<Box<dyn Read + Send>> {
        let (path, choice) = (self.path.to_owned(), self.choice.clone());
        Box::new(move |behind| {
            let failed = |e: SourceError| match e {
                SourceError::Io(e) => e,
                other => std::io::Error::other(other.to_string()),
            };
            let (file, _) = input::open_file(&path).map_err(failed)?;
            let plain = input::plain(&Meter::new(file), &path, choice.part.as_deref()).map_err(failed)?;
            let encoding = encoding::recognise(&plain.prefix, choice.encoding.as_deref()).map_err(failed)?;
            let mut reader = plain.reader;
            if encoding != UTF_8 {
                reader = Box::new(Decoding::new(reader, encoding));
            }
            std::io::copy(&mut (&mut reader).take(behind), &mut std::io::sink())?;
            Ok(reader)
        })
    }

    fn csv(&self, reader: Box<dyn Read + Send>, prefix: &[u8], from: Option<String>) -> SourceResult<Found> {
        let resolved: Resolved = dialect::resolve(prefix, self.choice)?;
        let (rows, columns, mut notes) = CsvRows::new(reader, resolved, from, self.again())?;
        let mut facts = Vec::new();
        if resolved.titles > 0 {
            facts.push(format!("{} above it skipped", recognised::counted(resolved.titles as u64, "line", "lines")));
        }
        if !resolved.header && self.choice.header.is_none() && !columns.is_empty() {
            notes.push(
                "The file has no row that names its columns: they are called column_1 and so on. If its first row names them, say so."
                    .into(),
            );
        }
        let format = if columns.is_empty() { Format::Empty } else { Format::Csv };
        let examined = Examined { dialect: Some(resolved.public()), columns: columns.clone(), notes, ..empty(format) };
        Ok(Found { examined, decoder: Decoder::Csv(CsvDecoder::new(resolved, columns)), rows: Box::new(rows), spool: None, facts })
    }

    fn json(&self, reader: Box<dyn Read + Send>, prefix: &[u8], from: Option<String>) -> SourceResult<Found> {
        let mut splitter = Splitter::new(reader, from)?;
        let format = match splitter.layout() {
            Layout::Lines => Format::Ndjson,
            Layout::Array => Format::JsonArray,
            Layout::Objects => Format::JsonObject,
            Layout::Empty => Format::Empty,
            Layout::Unknown => Format::Unknown,
        };
        let mut examined = empty(format);
        if matches!(splitter.layout(), Layout::Lines | Layout::Objects) {
            let inner = lists::inner(prefix);
            let wanted = self.choice.part.as_deref().filter(|p| p.is_empty() || p.starts_with('/'));
            if inner.single && !inner.lists.is_empty() {
                examined.format = Format::JsonObject;
                examined.parts = inner.lists.iter().map(|list| Part { name: list.pointer.clone(), rows: None }).collect();
                examined.parts.push(Part { name: String::new(), rows: Some(1) });
            }
            let pointer = wanted.or_else(|| inner.records()).filter(|p| !p.is_empty());
            if let Some(pointer) = pointer {
                if !splitter.enter(pointer)? {
                    return Err(SourceError::BadChoice(format!("There is no list at {pointer} in this file.")));
                }
                examined.format = Format::JsonObject;
                examined.part = Some(pointer.to_owned());
            }
        }
        Ok(Found { examined, decoder: Decoder::Json, rows: Box::new(splitter), spool: None, facts: Vec::new() })
    }
}

fn empty(format: Format) -> Examined {
    Examined {
        format,
        compression: String::new(),
        encoding: String::new(),
        dialect: None,
        columns: Vec::new(),
        parts: Vec::new(),
        part: None,
        notes: Vec::new(),
        recognised: String::new(),
    }
}

/// Binary formats by how they begin.
fn binary_kind(prefix: &[u8]) -> Option<Format> {
    match prefix {
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => Some(Format::Excel),
        _ if prefix.starts_with(b"SQLite format 3\0") => Some(Format::Sqlite),
        _ if prefix.starts_with(&mongodump::MAGIC) => Some(Format::Mongodump),
        _ => {
            let length = length_at(prefix);
            let whole = prefix.get(..length).is_some_and(|d| length >= 5 && (is_readable(d) || depth::of(d) == Nesting::TooDeep));
            // A first document that is longer than what was looked at: its beginning has to do.
            let long = length > prefix.len() && length < 17 << 20 && prefix.get(4).is_some_and(|kind| matches!(kind, 1..=0x13));
            (whole || long && prefix.len() >= input::PREFIX).then_some(Format::Bson)
        }
    }
}
