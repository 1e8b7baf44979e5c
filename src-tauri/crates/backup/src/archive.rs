//! Writes what `mongodump --archive` writes, so that `mongorestore --archive` reads it. The reader is that of the
//! sources: `steward_sources::mongodump`.

use std::collections::HashMap;
use std::io::{self, Write};

use bson::{Bson, Document, RawDocumentBuf, doc};
use crc::{Crc, Digest, Table};
use steward_sources::ARCHIVE_MAGIC;
use steward_store::definition::is_id_index;
use steward_store::{CollectionKind, Definition};

const TERMINATOR: [u8; 4] = [0xff; 4];
static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&crc::CRC_64_XZ);

/// A collection as the archive reports it.
#[derive(Debug, Clone)]
pub struct Announced {
    pub collection: String,
    pub definition: Definition,
    /// BSON bytes, if known; for progress only.
    pub bytes: u64,
}

/// Options, indexes and kind as mongodump's `metadata.json` has them: canonical Extended JSON.
pub fn metadata(collection: &str, definition: &Definition) -> String {
    let mut indexes: Vec<Bson> = definition.indexes.iter().cloned().map(Bson::Document).collect();
    if definition.kind == CollectionKind::Collection && !definition.indexes.iter().any(is_id_index) {
        indexes.insert(0, Bson::Document(doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" }));
    }
    let metadata = doc! {
        "options": definition.options.clone(), "indexes": indexes, "collectionName": collection, "type": definition.kind.name(),
    };
    Bson::Document(metadata).into_canonical_extjson().to_string()
}

/// The reverse of [`metadata`], for archives and folders of any tool and version.
pub fn definition(metadata: &str) -> Option<Definition> {
    if metadata.is_empty() {
        return Some(Definition::default());
    }
    let json: serde_json::Value = serde_json::from_str(metadata).ok()?;
    let Ok(Bson::Document(found)) = Bson::try_from(json) else {
        return None;
    };
    let options = found.get_document("options").cloned().unwrap_or_default();
    let kind = match found.get_str("type") {
        Ok(kind) => CollectionKind::of(kind),
        // Tools before version 100 did not write the kind.
        Err(_) if options.contains_key("viewOn") => CollectionKind::View,
        Err(_) if options.contains_key("timeseries") => CollectionKind::Timeseries,
        Err(_) => CollectionKind::Collection,
    };
    let indexes = found.get_array("indexes").map(Vec::as_slice).unwrap_or_default();
    let indexes = indexes.iter().filter_map(|i| i.as_document().cloned()).collect();
    Some(Definition { kind, options, indexes })
}

/// Writes an archive from front to back.
pub struct ArchiveWriter<W> {
    out: W,
    database: String,
    digests: HashMap<String, Digest<'static, u64, Table<16>>>,
    heading: Vec<u8>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Writes the announcements. `server` says what the records come from.
    pub fn new(mut out: W, database: &str, server: &str, announced: &[Announced]) -> io::Result<Self> {
        out.write_all(&ARCHIVE_MAGIC)?;
        let about = doc! {
            "concurrent_collections": 1_i32, "version": "0.1", "server_version": version_of(server), "tool_version": env!("CARGO_PKG_VERSION"),
        };
        out.write_all(&encode(&about)?)?;
        for one in announced {
            let size = i32::try_from(one.bytes).unwrap_or(i32::MAX);
            out.write_all(&encode(&doc! {
                "db": database, "collection": &one.collection, "metadata": metadata(&one.collection, &one.definition),
                "size": size, "type": one.definition.kind.name(),
            })?)?;
        }
        out.write_all(&TERMINATOR)?;
        Ok(Self { out, database: database.to_owned(), digests: HashMap::new(), heading: Vec::new() })
    }

    /// Writes documents of a collection, as a block.
    pub fn documents(&mut self, collection: &str, documents: &[RawDocumentBuf]) -> io::Result<()> {
        if documents.is_empty() {
            return Ok(());
        }
        self.head(collection, false, 0)?;
        if !self.digests.contains_key(collection) {
            self.digests.insert(collection.to_owned(), CRC.digest());
        }
        for document in documents {
            if let Some(digest) = self.digests.get_mut(collection) {
                digest.update(document.as_bytes());
            }
            self.out.write_all(document.as_bytes())?;
        }
        self.out.write_all(&TERMINATOR)
    }

    /// Says that a collection is complete.
    pub fn complete(&mut self, collection: &str) -> io::Result<()> {
        let checksum = self.digests.remove(collection).unwrap_or_else(|| CRC.digest()).finalize().cast_signed();
        self.head(collection, true, checksum)?;
        self.out.write_all(&TERMINATOR)
    }

    fn head(&mut self, collection: &str, end: bool, checksum: i64) -> io::Result<()> {
        self.heading = encode(&doc! { "db": &self.database, "collection": collection, "EOF": end, "CRC": checksum })?;
        self.out.write_all(&self.heading)
    }

    /// The stream below, when everything was written.
    pub fn into_inner(self) -> W {
        self.out
    }
}

/// The version of a server as the tools read it: three numbers. What comes from elsewhere has the form of MongoDB 6.0.
fn version_of(server: &str) -> &str {
    let is_version = |word: &&str| word.split('.').count() == 3 && word.split('.').all(|n| n.parse::<u32>().is_ok());
    let number = server.strip_prefix("MongoDB ").and_then(|rest| rest.split([',', ' ', '-', '+']).next());
    number.filter(is_version).unwrap_or("6.0.0")
}

fn encode(document: &Document) -> io::Result<Vec<u8>> {
    document.to_vec().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use steward_sources::{ArchiveReader, Block};

    use super::*;

    #[test]
    fn the_version_of_the_server_is_three_numbers() {
        let names = ["MongoDB 6.0.5, replica set rs0", "MongoDB 8.1.0-rc2, standalone", "SQLite 3.51.0", "MongoDB ?, standalone", ""];
        assert_eq!(names.map(version_of), ["6.0.5", "8.1.0", "6.0.0", "6.0.0", "6.0.0"]);
    }

    #[test]
    fn what_is_written_is_read() {
        let definition = Definition { options: doc! { "capped": true, "size": 4096_i64 }, ..Definition::default() };
        let announced = Announced { collection: "careers".into(), definition: definition.clone(), bytes: 7 };
        let mut writer = ArchiveWriter::new(Vec::new(), "career_db", "MongoDB 6.0.5, standalone", &[announced]).unwrap();
        let one = RawDocumentBuf::try_from(&doc! { "_id": 1 }).unwrap();
        writer.documents("careers", &[one.clone(), one.clone()]).unwrap();
        writer.complete("careers").unwrap();
        let bytes = writer.into_inner();

        let mut reader = ArchiveReader::new(bytes.as_slice()).unwrap();
        assert_eq!(reader.namespaces[0].name(), "career_db.careers");
        let read = super::definition(&reader.namespaces[0].metadata).unwrap();
        assert!(read.means(&definition) && read.options == definition.options, "{read:?}");
        let mut documents = 0;
        while let Some(block) = reader.next_block().unwrap() {
            match block {
                Block::Document { bytes, .. } => {
                    assert_eq!(bytes, one.as_bytes());
                    documents += 1;
                }
                Block::Complete { checksum_fits, .. } => assert!(checksum_fits),
            }
        }
        assert_eq!(documents, 2);
    }
}
