//! mongodump's archives and folders.
//!
//! An archive is: a magic number; a document about the dump and one for each collection; a terminator; then blocks, each
//! a document that names the collection, its documents, and a terminator. A last block of a collection says `EOF` and
//! the CRC-64 of its documents. Source: the format description and behaviour of MongoDB's database tools.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bson::{Document, doc};
use steward_domain::depth::{self, Nesting};

use crate::bson_file::{is_readable, length_at};
use crate::window::Window;
use crate::{Fault, RawRow, Rows};

/// First four bytes of an archive.
pub const MAGIC: [u8; 4] = [0x6d, 0xe2, 0x99, 0x81];
const TERMINATOR: usize = u32::MAX as usize;
const MAX_DOCUMENT: usize = (16 << 20) + (16 << 10);
/// The collection that holds the records of a time-series collection.
const BUCKETS: &str = "system.buckets.";
const METADATA: &str = ".metadata.json";
/// Changes that were made while the dump was, in no database.
pub const OPLOG: &str = "oplog";
/// Where a server keeps functions for its own JavaScript.
pub const FUNCTIONS: &str = "system.js";
const MAX_METADATA: u64 = 16 << 20;
/// Length of a file name that the tools have cut.
const CUT_NAME: usize = 238;
static CRC: crc::Crc<u64> = crc::Crc::<u64>::new(&crc::CRC_64_XZ);

/// A collection as the archive reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    pub db: String,
    pub collection: String,
    /// Options, indexes and kind as Extended JSON text.
    pub metadata: String,
}

impl Namespace {
    pub fn name(&self) -> String {
        format!("{}.{}", self.db, self.collection)
    }
}

/// One thing in the body of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Document {
        namespace: String,
        offset: u64,
        bytes: Vec<u8>,
    },
    /// All documents of a collection were read, and whether their checksum is the stated one.
    Complete {
        namespace: String,
        checksum_fits: bool,
    },
}

/// Reads an archive from front to back.
pub struct ArchiveReader<R> {
    window: Window<R>,
    pub namespaces: Vec<Namespace>,
    current: Option<String>,
    digests: HashMap<String, crc::Digest<'static, u64>>,
}

fn damaged(offset: u64, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("The archive is damaged at byte {offset}: {what}."))
}

impl<R: Read> ArchiveReader<R> {
    /// Reads the announcements.
    ///
    /// Errors: `InvalidData` with a sentence where this is no archive or it is damaged.
    pub fn new(input: R) -> io::Result<Self> {
        let mut window = Window::new(input)?;
        if !window.fill(3)? || window.rest()[..4] != MAGIC {
            return Err(damaged(0, "it does not begin like one"));
        }
        window.at += 4;
        let mut reader = Self { window, namespaces: Vec::new(), current: None, digests: HashMap::new() };
        reader.document()?.ok_or_else(|| damaged(4, "its first document is missing"))?;
        while let Some(announced) = reader.parsed()? {
            let text = |name: &str| announced.get_str(name).unwrap_or_default().to_owned();
            reader.namespaces.push(Namespace { db: text("db"), collection: text("collection"), metadata: text("metadata") });
        }
        Ok(reader)
    }

    /// The next document's bytes; `None` at a terminator.
    fn document(&mut self) -> io::Result<Option<Vec<u8>>> {
        let offset = self.window.position();
        if !self.window.fill(3)? {
            return Err(damaged(offset, "it ends too early"));
        }
        let length = u32::from_le_bytes(self.window.rest()[..4].try_into().unwrap_or_default()) as usize;
        if length == TERMINATOR {
            self.window.at += 4;
            return Ok(None);
        }
        if !(5..=MAX_DOCUMENT).contains(&length) {
            return Err(damaged(offset, "a document of impossible length"));
        }
        if !self.window.fill(length - 1)? {
            return Err(damaged(offset, "it ends in the middle of a document"));
        }
        let bytes = self.window.rest()[..length_at(self.window.rest())].to_vec();
        self.window.at += length;
        Ok(Some(bytes))
    }

    fn parsed(&mut self) -> io::Result<Option<Document>> {
        let offset = self.window.position();
        let Some(bytes) = self.document()? else {
            return Ok(None);
        };
        depth::decode(&bytes).map(Some).ok_or_else(|| damaged(offset, "a heading cannot be read"))
    }

    /// The next document or end of a collection; `None` at the end of the archive.
    ///
    /// Errors: `InvalidData` with a sentence.
    pub fn next_block(&mut self) -> io::Result<Option<Block>> {
        loop {
            let offset = self.window.position();
            if let Some(namespace) = &self.current {
                let namespace = namespace.clone();
                let Some(bytes) = self.document()? else {
                    self.current = None;
                    continue;
                };
                self.digests.entry(namespace.clone()).or_insert_with(|| CRC.digest()).update(&bytes);
                return Ok(Some(Block::Document { namespace, offset, bytes }));
            }
            if !self.window.fill(0)? {
                return Ok(None);
            }
            let heading = self.parsed()?.unwrap_or_else(|| doc! {});
            let (Ok(db), Ok(collection)) = (heading.get_str("db"), heading.get_str("collection")) else {
                return Err(damaged(offset, "a heading names no collection"));
            };
            let namespace = format!("{db}.{collection}");
            if !heading.get_bool("EOF").unwrap_or(false) {
                self.current = Some(namespace);
                continue;
            }
            if self.document()?.is_some() {
                return Err(damaged(offset, "documents follow the end of a collection"));
            }
            let found = self.digests.remove(&namespace).unwrap_or_else(|| CRC.digest()).finalize();
            let checksum_fits = heading.get_i64("CRC").is_ok_and(|stated| stated == found.cast_signed());
            return Ok(Some(Block::Complete { namespace, checksum_fits }));
        }
    }
}

/// Documents of one collection of an archive.
pub struct ArchiveRows<R> {
    reader: ArchiveReader<R>,
    namespace: String,
    number: u64,
    notes: Vec<String>,
    complete: bool,
}

impl<R: Read> ArchiveRows<R> {
    pub fn new(reader: ArchiveReader<R>, namespace: String) -> Self {
        Self { reader, namespace, number: 0, notes: Vec::new(), complete: false }
    }
}

impl<R: Read + Send> Rows for ArchiveRows<R> {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        loop {
            match self.reader.next_block() {
                Ok(Some(Block::Document { namespace, offset, bytes })) if namespace == self.namespace => {
                    self.number += 1;
                    let why = match depth::of(&bytes) {
                        Nesting::TooDeep => depth::SENTENCE.to_owned(),
                        Nesting::Fine | Nesting::Broken => format!("The document at byte {offset} cannot be read."),
                    };
                    let fault = (!is_readable(&bytes)).then_some(Fault::Unreadable(why));
                    return Ok(Some(RawRow { number: self.number, offset, bytes, fault }));
                }
                Ok(Some(Block::Complete { namespace, checksum_fits })) if namespace == self.namespace => {
                    self.complete = true;
                    if !checksum_fits {
                        self.notes.push(format!("The checksum of {namespace} is wrong: its documents were changed or damaged."));
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(e) if e.kind() == io::ErrorKind::InvalidData => {
                    self.notes.push(e.to_string());
                    return Ok(None);
                }
                Err(e) => return Err(e),
            }
        }
    }

    fn notes(&mut self) -> Vec<String> {
        if !self.complete && self.notes.is_empty() {
            self.notes.push(format!("The file is truncated: {} has no end in it.", self.namespace));
        }
        std::mem::take(&mut self.notes)
    }
}

/// A collection or view of a dump folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpFile {
    /// Name of the folder within the dump; `None` where the dump is the folder of one database.
    pub database: Option<String>,
    pub collection: String,
    /// BSON documents; a view has none.
    pub data: Option<PathBuf>,
    /// Options and indexes as Extended JSON.
    pub metadata: Option<PathBuf>,
    /// The documents are the buckets of a time-series collection.
    pub buckets: bool,
}

impl DumpFile {
    /// As it is called among the collections of the whole dump.
    pub fn name(&self) -> String {
        match &self.database {
            Some(database) => format!("{database}.{}", self.collection),
            None => self.collection.clone(),
        }
    }
}

/// What a dump folder holds, in the order of names; empty where it is no dump. Users, roles and what else belongs to a
/// server are passed over.
pub fn folder(path: &Path) -> io::Result<Vec<DumpFile>> {
    let mut found = BTreeMap::new();
    let root = path.canonicalize()?;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?.path();
        inside(&root, &entry)?;
        if entry.is_dir() {
            let database = crate::file_name(&entry);
            for file in std::fs::read_dir(&entry)? {
                let file = file?.path();
                inside(&root, &file)?;
                note(&mut found, Some(&database), &file)?;
            }
        } else {
            note(&mut found, None, &entry)?;
        }
    }
    Ok(found.into_values().collect())
}

/// What lies in a dump folder next to its collections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// Changes that were made while the dump was.
    pub oplog: Option<PathBuf>,
    /// Databases whose functions for the server's JavaScript it holds; `None` for that of the folder itself.
    pub functions: Vec<Option<String>>,
}

/// Looks at what [`folder`] passes over and people may miss.
pub fn beside(path: &Path) -> io::Result<Beside> {
    let mut found = Beside::default();
    let root = path.canonicalize()?;
    let mut look = |database: Option<String>, file: &Path| -> io::Result<()> {
        inside(&root, file)?;
        match stem_of(&crate::file_name(file)) {
            Some((OPLOG, true)) if database.is_none() => found.oplog = Some(file.to_owned()),
            Some((FUNCTIONS, true)) if std::fs::metadata(file)?.len() > 0 => found.functions.push(database),
            _ => {}
        }
        Ok(())
    };
    for entry in std::fs::read_dir(path)? {
        let entry = entry?.path();
        inside(&root, &entry)?;
        if !entry.is_dir() {
            look(None, &entry)?;
            continue;
        }
        for file in std::fs::read_dir(&entry)? {
            look(Some(crate::file_name(&entry)), &file?.path())?;
        }
    }
    Ok(found)
}

/// A dump holds its files; a link in it that leads elsewhere would show someone's other files as records.
fn inside(root: &Path, entry: &Path) -> io::Result<()> {
    if !entry.symlink_metadata()?.file_type().is_symlink() || entry.canonicalize().is_ok_and(|target| target.starts_with(root)) {
        return Ok(());
    }
    let why = format!(
        "'{}' is a link that leads out of this folder. Nothing is read; copy the file itself there if you want it.",
        crate::file_name(entry)
    );
    Err(io::Error::new(io::ErrorKind::InvalidData, why))
}

fn note(found: &mut BTreeMap<(Option<String>, String), DumpFile>, database: Option<&String>, file: &Path) -> io::Result<()> {
    let name = crate::file_name(file);
    let Some((stem, is_data)) = stem_of(&name) else {
        return Ok(());
    };
    let plain = plain_name(file, stem)?;
    let (collection, buckets) = match plain.strip_prefix(BUCKETS) {
        Some(series) => (series.to_owned(), true),
        None => (plain, false),
    };
    if (collection == OPLOG && database.is_none()) || collection.starts_with("system.") || collection.starts_with('$') {
        return Ok(());
    }
    let one = found.entry((database.cloned(), collection.clone())).or_insert_with(|| DumpFile {
        database: database.cloned(),
        collection,
        data: None,
        metadata: None,
        buckets: false,
    });
    one.buckets |= buckets;
    if is_data {
        one.data = Some(file.to_owned());
    } else {
        one.metadata = Some(file.to_owned());
    }
    Ok(())
}

/// Name of a dump's file without its ending, and whether it holds documents; `None` for other files.
fn stem_of(name: &str) -> Option<(&str, bool)> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let data = name.strip_suffix(".bson").map(|stem| (stem, true));
    data.or_else(|| name.strip_suffix(METADATA).map(|stem| (stem, false)))
}

/// The collection's name: file names are percent-encoded, and long ones are cut, their hash is after an encoded `$`.
fn plain_name(file: &Path, stem: &str) -> io::Result<String> {
    if stem.len() == CUT_NAME && stem.contains("%24") {
        let metadata = match File::open(file.with_file_name(format!("{stem}{METADATA}"))) {
            Ok(plain) => whole_name(plain),
            Err(_) => whole_name(flate2::read::GzDecoder::new(File::open(file.with_file_name(format!("{stem}{METADATA}.gz")))?)),
        };
        if let Some(name) = metadata {
            return Ok(name);
        }
    }
    Ok(percent_encoding::percent_decode_str(stem).decode_utf8_lossy().into_owned())
}

fn whole_name(metadata: impl Read) -> Option<String> {
    let metadata: serde_json::Value = serde_json::from_reader(io::BufReader::new(metadata.take(MAX_METADATA))).ok()?;
    Some(metadata.get("collectionName")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Vec<u8> {
        let end = u32::MAX.to_le_bytes();
        let bytes = |d: Document| d.to_vec().unwrap();
        let about = |c: &str| bytes(doc! {"db": "x", "collection": c, "metadata": "{}", "size": 0, "type": "collection"});
        let heading = |c: &str| bytes(doc! {"db": "x", "collection": c, "EOF": false, "CRC": 0_i64});
        let one = bytes(doc! {"_id": 1});
        let two = bytes(doc! {"_id": 2});
        let crc = |d: &[u8]| CRC.checksum(d).cast_signed();
        let eof = |c: &str, crc: i64| bytes(doc! {"db": "x", "collection": c, "EOF": true, "CRC": crc});
        let mut out = MAGIC.to_vec();
        let parts: [&[u8]; 20] = [
            &bytes(doc! {"version": "0.1"}),
            &about("a"),
            &about("b"),
            &end,
            &heading("a"),
            &one,
            &end,
            &heading("b"),
            &two,
            &end,
            &heading("a"),
            &two,
            &end,
            &eof("a", crc(&[one.clone(), two.clone()].concat())),
            &end,
            &eof("b", crc(&two) + 1),
            &end,
            &[],
            &[],
            &[],
        ];
        for part in parts {
            out.extend_from_slice(part);
        }
        out
    }

    fn read(bytes: &[u8], part: &str) -> (usize, Vec<String>) {
        let reader = match ArchiveReader::new(bytes) {
            Ok(reader) => reader,
            Err(e) => return (0, vec![e.to_string()]),
        };
        let mut rows = ArchiveRows::new(reader, part.into());
        let mut count = 0;
        while rows.next_row().unwrap().is_some() {
            count += 1;
        }
        (count, rows.notes())
    }

    #[test]
    fn collections_are_reported_apart_and_checksums_looked_at() {
        assert_eq!(read(&archive(), "x.a"), (2, Vec::new()));
        let (rows, notes) = read(&archive(), "x.b");
        assert!(rows == 1 && notes[0].contains("checksum"), "{notes:?}");
    }

    #[test]
    fn every_cut_is_noticed() {
        let whole = archive();
        for length in 0..whole.len() - 1 {
            assert!(!read(&whole[..length], "x.b").1.is_empty(), "cut at {length}");
        }
    }

    #[test]
    fn a_folder_is_read_by_the_names_of_its_collections() {
        let place = tempfile::tempdir().unwrap();
        let long = "very".repeat(60);
        let cut = format!("{}%24{}", &long[..208], "h".repeat(27));
        let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
        std::fs::create_dir(place.path().join("shop")).unwrap();
        for name in ["caf%C3%A9s.bson", "system.buckets.weather.bson", "%24admin.system.users.bson", "system.js.bson", "oplog.bson"] {
            write(&format!("shop/{name}"), "");
        }
        write("oplog.bson", "");
        write("prelude.json", "{}");
        for name in ["caf%C3%A9s", "weather", "cheap"] {
            write(&format!("shop/{name}.metadata.json"), "{}");
        }
        write(&format!("shop/{cut}.bson"), "");
        write(&format!("shop/{cut}.metadata.json"), &format!(r#"{{"indexes":[],"collectionName":"{long}"}}"#));
        let found = folder(place.path()).unwrap();
        let listed: Vec<(&str, bool, bool, bool)> =
            found.iter().map(|f| (f.collection.as_str(), f.data.is_some(), f.metadata.is_some(), f.buckets)).collect();
        assert_eq!(
            listed,
            [
                ("cafés", true, true, false),
                ("cheap", false, true, false),
                ("oplog", true, false, false),
                (long.as_str(), true, true, false),
                ("weather", true, true, true)
            ]
        );
        assert!(found.iter().all(|f| f.database.as_deref() == Some("shop")));
    }
}
