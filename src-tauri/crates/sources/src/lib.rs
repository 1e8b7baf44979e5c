//! Foreign files: what a file is (compression, format, encoding), which parts it has (sheets, tables, namespaces,
//! lists), and its rows as they came, one after another in bounded memory.
//!
//! Nothing here knows schemas, mappings or workspaces. A row that cannot be read is a row with a [`Fault`], never an
//! error: errors end a file, faults end up in quarantine.

#![forbid(unsafe_code)]

mod batch;
mod bson_file;
mod cells;
mod columns;
mod content;
mod csv;
mod dialect;
mod encoding;
pub mod formulas;
mod framing;
mod header;
mod input;
pub mod isolate;
mod json;
mod limits;
mod lists;
mod mongodump;
mod ods;
mod open;
mod recognised;
mod salvage;
mod sheet;
mod sqlite;
mod window;

use std::path::Path;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use batch::{Batch, Row};
pub use bson_file::{BsonRows, is_readable};
pub use csv::CsvDecoder;
pub use csv::Scratch;
pub use mongodump::{
    ArchiveReader, Beside, Block, DumpFile, FUNCTIONS, MAGIC as ARCHIVE_MAGIC, Namespace, OPLOG, beside as beside_dump,
    folder as dump_folder,
};
pub use steward_domain::SourceChoice as Choice;

pub use framing::{Framing, framing};
pub use limits::Unfolding;
pub use open::{Decoded, Decoder, Ended, Opened, examine, open};

/// Rows larger than this are kept out and cut.
pub const MAX_ROW: usize = 32 << 20;

/// Bytes kept of a row that is too large.
pub(crate) const KEPT_OF_OVERSIZED: usize = 4096;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Format {
    Ndjson,
    JsonArray,
    JsonObject,
    /// Separated values, whatever the separator.
    Csv,
    /// A workbook of Excel or a compatible program (xlsx, xlsb, xls).
    Excel,
    /// An OpenDocument spreadsheet.
    Ods,
    Sqlite,
    /// BSON documents one after another, as mongodump writes them.
    Bson,
    /// An archive of mongodump.
    Mongodump,
    /// A collection of a database, which is no file at all.
    Collection,
    Empty,
    /// None of the above.
    Unknown,
}

/// How separated values are separated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Dialect {
    pub delimiter: String,
    /// Empty where values are not quoted.
    pub quote: String,
    pub header: bool,
}

/// A sheet, table, namespace or list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    pub name: String,
    /// Where it is known without reading everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rows: Option<i64>,
}

/// What is known of a file before its rows are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Examined {
    pub format: Format,
    /// `gzip`, `zstd`, `bzip2`, `zip`; several joined by a space. Empty for none.
    pub compression: String,
    /// Of texts: a name of the Encoding Standard. Empty for binary formats.
    pub encoding: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub dialect: Option<Dialect>,
    /// Names of the columns, where the format has them outside its rows.
    pub columns: Vec<String>,
    pub parts: Vec<Part>,
    /// The part that is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub part: Option<String>,
    /// What a person should know: renamed columns, a salvage, other parts.
    pub notes: Vec<String>,
    /// What the file was taken for, in one line.
    pub recognised: String,
}

/// A cell that holds no value: a formula that fails, damaged bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellFault {
    /// The name of its column.
    pub column: String,
    /// A sentence for people.
    pub why: String,
}

/// Why a row is not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// The source ends within it.
    CutOff,
    /// Only its beginning is kept.
    TooLarge,
    /// A quoted value begins and is not closed where it should be.
    OpenQuote,
    /// More text is behind the quotation mark that closes the value at this place, from 0.
    Junk(usize),
    /// A byte order mark is before the first value.
    Mark,
    /// Characters that the encoding of the file does not have.
    Encoding(String),
    /// Cells that hold no value.
    Cells(Vec<CellFault>),
    /// Anything else, in a sentence.
    Unreadable(String),
}

impl Fault {
    /// A sentence for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::CutOff => "The file ends in the middle of this row: it was truncated.".into(),
            Self::TooLarge => "This row is larger than 32 MB; only its beginning is shown here.".into(),
            Self::OpenQuote => {
                "A quotation mark opens a value in this row and is not closed. The rows after it are read on their own.".into()
            }
            Self::Junk(_) => "Behind a closing quotation mark there is more text before the next value.".into(),
            Self::Mark => "A byte order mark precedes this value, as in files that were joined. Check whether this row is a header.".into(),
            Self::Encoding(name) => format!("This value has bytes that are not text in {name}."),
            Self::Cells(cells) => cells.first().map(|cell| cell.why.clone()).unwrap_or_default(),
            Self::Unreadable(why) => why.clone(),
        }
    }
}

/// One row as it is in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    /// From 1; the header of a table does not count.
    pub number: u64,
    /// Offset of its first byte in the (decompressed, decoded) content; 0 where rows have no place in bytes.
    pub offset: u64,
    pub bytes: Vec<u8>,
    pub fault: Option<Fault>,
}

/// Rows of one part of one file.
pub trait Rows: Send {
    /// The next row; `None` at the end.
    fn next_row(&mut self) -> std::io::Result<Option<RawRow>>;

    /// Adds the next row to a batch; false at the end.
    fn next_into(&mut self, batch: &mut Batch) -> std::io::Result<bool> {
        let row = self.next_row()?;
        if let Some(row) = &row {
            batch.push(row.borrowed());
        }
        Ok(row.is_some())
    }

    /// What there is to say when the last row was read: truncated, damaged, empty.
    fn notes(&mut self) -> Vec<String>;

    /// What was passed over, in a few words each; known when the last row was read.
    fn skipped(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A file that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The file is not what it should be, in a sentence.
    #[error("{0}")]
    Unusable(String),
    /// A choice that does not fit, in a sentence.
    #[error("{0}")]
    BadChoice(String),
}

/// Result of this crate.
pub type SourceResult<T> = Result<T, SourceError>;

/// The name of a file without its folder.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}
