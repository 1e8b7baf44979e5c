//! The vocabulary of the store trait.

use bson::{Bson, Document, RawDocumentBuf};
use serde::{Deserialize, Serialize};
use steward_domain::depth::{self, Nesting};
use steward_domain::{FieldPath, Filter};

use crate::{StoreError, StoreErrorKind, StoreResult};

/// What kind of storage this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    File,
    Mongo,
}

/// Things that not every store can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Capability {
    /// Several operations in one atomic step.
    Transactions,
    TextSearch,
    /// A search finds the beginnings of words and any part of a key, not only whole words and the beginnings of keys.
    WordBeginnings,
    ChangeFeed,
    ParallelScan,
    RenameReplace,
    Write,
    /// Stored queries that are read like collections.
    Views,
    /// Time-series collections that are filled by their buckets.
    TimeSeries,
}

/// The set of what a store can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    bits: u32,
}

impl Capabilities {
    pub fn of(list: &[Capability]) -> Self {
        Self { bits: list.iter().fold(0, |bits, c| bits | (1 << *c as u32)) }
    }

    pub fn has(self, capability: Capability) -> bool {
        self.bits & (1 << capability as u32) != 0
    }

    #[must_use]
    pub fn without(self, capability: Capability) -> Self {
        Self { bits: self.bits & !(1 << capability as u32) }
    }

    pub fn list(self) -> Vec<Capability> {
        use Capability::{ChangeFeed, ParallelScan, RenameReplace, TextSearch, TimeSeries, Transactions, Views, WordBeginnings, Write};
        [Transactions, TextSearch, WordBeginnings, ChangeFeed, ParallelScan, RenameReplace, Write, Views, TimeSeries]
            .into_iter()
            .filter(|c| self.has(*c))
            .collect()
    }
}

/// Identity of a store.
#[derive(Debug, Clone)]
pub struct StoreInfo {
    pub kind: StoreKind,
    /// File name or database name.
    pub name: String,
    /// Path, or hosts without credentials.
    pub address: String,
    /// `SQLite 3.50.4`, `MongoDB 6.0.5, replica set rs0`.
    pub server: String,
    /// Plain sentences to show once.
    pub notices: Vec<String>,
}

/// One thing that the user may or may not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub name: String,
    pub allowed: bool,
    pub needed_for: String,
}

/// An index: over fields (unique or not), or over the text of fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexSpec {
    pub name: String,
    #[serde(default)]
    pub fields: Vec<String>,
    #[serde(default)]
    pub unique: bool,
    /// Text index over these fields; `fields` is empty then. A collection has at most one.
    #[serde(default)]
    pub text: Vec<String>,
}

impl IndexSpec {
    pub fn on(field: &str) -> Self {
        Self { name: field.to_owned(), fields: vec![field.to_owned()], unique: false, text: Vec::new() }
    }

    pub fn unique(field: &str) -> Self {
        Self { name: format!("{field}_unique"), unique: true, ..Self::on(field) }
    }

    pub fn text(fields: &[&str]) -> Self {
        Self { name: "text".to_owned(), fields: Vec::new(), unique: false, text: fields.iter().map(|f| (*f).to_owned()).collect() }
    }

    pub fn is_text(&self) -> bool {
        !self.text.is_empty()
    }
}

/// Order of a page. Ties are broken by `_id`, so that the order is total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortBy {
    pub field: FieldPath,
    pub descending: bool,
}

/// Where a page ended; opaque to all but the adapter that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// A request for one page.
#[derive(Debug, Clone)]
pub struct Query {
    pub filter: Filter,
    pub sort: Option<SortBy>,
    pub after: Option<Cursor>,
    /// 1 to 1,000.
    pub limit: usize,
}

impl Query {
    pub fn new(filter: Filter, limit: usize) -> Self {
        Self { filter, sort: None, after: None, limit }
    }

    #[must_use]
    pub fn sorted(mut self, field: &str, descending: bool) -> Self {
        self.sort = Some(SortBy { field: field.into(), descending });
        self
    }

    #[must_use]
    pub fn after(mut self, cursor: Option<Cursor>) -> Self {
        self.after = cursor;
        self
    }
}

/// One page of records.
#[derive(Debug, Clone)]
pub struct Page {
    pub records: Vec<RawDocumentBuf>,
    pub next: Option<Cursor>,
    /// No index served the filter and the order.
    pub scanned: bool,
}

/// Counted values of a field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FacetCount {
    pub values: Vec<(Bson, u64)>,
    /// How many different values there are; a lower bound when `capped`.
    pub distinct: u64,
    pub capped: bool,
    pub missing: u64,
    pub nulls: u64,
}

/// Equal-width bins; `counts[i]` is for `[min + i·w, min + (i+1)·w)`, the last bin includes the maximum.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    pub min: f64,
    pub max: f64,
    pub counts: Vec<u64>,
}

/// A part of a collection; its bounds mean something to the adapter only.
#[derive(Debug, Clone, PartialEq)]
pub struct Partition {
    /// Inclusive.
    pub from: Option<Bson>,
    /// Exclusive.
    pub until: Option<Bson>,
}

/// How safely a write is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A person's edit: atomic and on disk when it returns.
    Full,
    /// Part of a resumable load.
    Bulk,
}

/// One operation on one record, found by its `_id`.
#[derive(Debug, Clone)]
pub enum WriteOp {
    /// Fails with `DuplicateKey` when a unique index has the key.
    Insert { collection: String, document: RawDocumentBuf },
    /// Inserts or replaces by `_id`.
    Put { collection: String, document: RawDocumentBuf },
    /// Sets and unsets fields where all expectations hold.
    Patch { collection: String, id: Bson, expect: Vec<(FieldPath, Option<Bson>)>, set: Vec<(FieldPath, Bson)>, unset: Vec<FieldPath> },
    /// Deletes where all expectations hold; a missing record is a conflict.
    Delete { collection: String, id: Bson, expect: Vec<(FieldPath, Option<Bson>)> },
    /// Deletes everything that fits, without looking: for Steward's own collections.
    DeleteMany { collection: String, filter: Filter },
}

impl WriteOp {
    pub fn insert(collection: &str, document: &Document) -> crate::StoreResult<Self> {
        Ok(Self::Insert { collection: collection.to_owned(), document: raw(document)? })
    }

    pub fn put(collection: &str, document: &Document) -> crate::StoreResult<Self> {
        Ok(Self::Put { collection: collection.to_owned(), document: raw(document)? })
    }

    pub fn collection(&self) -> &str {
        match self {
            Self::Insert { collection, .. }
            | Self::Put { collection, .. }
            | Self::Patch { collection, .. }
            | Self::Delete { collection, .. }
            | Self::DeleteMany { collection, .. } => collection,
        }
    }
}

/// A document as it came from a file or a server, if it can be decoded without harm.
pub fn outside(bytes: Vec<u8>) -> StoreResult<RawDocumentBuf> {
    let damaged = |why: &str| StoreError::new(StoreErrorKind::Damaged, "A stored record cannot be read.").details(why);
    match depth::of(&bytes) {
        Nesting::Fine => RawDocumentBuf::from_bytes(bytes).map_err(|e| damaged(&e.to_string())),
        Nesting::TooDeep => Err(damaged(depth::SENTENCE)),
        Nesting::Broken => Err(damaged("it is not valid BSON")),
    }
}

/// Encodes a document; a name with a NUL character is the only way that this fails.
pub fn raw(document: &Document) -> crate::StoreResult<RawDocumentBuf> {
    RawDocumentBuf::try_from(document)
        .map_err(|e| crate::StoreError::invalid("A field name holds a character that BSON cannot store.").details(e))
}

/// Verification that the writer still holds its lease: a batch with a fence is refused with [`crate::StoreErrorKind::Fenced`] once the
/// lease has another number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// `_id` of the lease in [`crate::names::LEASES`].
    pub lease: String,
    pub number: i64,
}

/// Renames a collection with its indexes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    pub from: String,
    pub to: String,
}

/// What a store takes on the disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub bytes: u64,
    pub free: u64,
}

/// Collections that are swapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// `_id` in [`crate::names::SWAPS`], where the store needs a ledger. Never used for anything else.
    pub id: String,
    /// What it is for, in words for people.
    pub title: String,
    /// The name of the lease under which it is made.
    pub lease: String,
    pub renames: Vec<Rename>,
}

/// Operations that belong together. See [`crate::Store::write`] for the order.
#[derive(Debug, Clone, Default)]
pub struct WriteBatch {
    /// Nothing is written unless this is met.
    pub fence: Option<Fence>,
    pub history: Vec<WriteOp>,
    pub data: Vec<WriteOp>,
    pub confirm: Vec<WriteOp>,
}

impl WriteBatch {
    pub fn data(data: Vec<WriteOp>) -> Self {
        Self { data, ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.history.is_empty() && self.data.is_empty() && self.confirm.is_empty()
    }
}

/// An operation of `data` that failed on its own in a bulk write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpFailure {
    /// Position in `data`.
    pub index: usize,
    pub kind: crate::StoreErrorKind,
}

/// What a write did.
#[derive(Debug, Clone, Default)]
pub struct WriteReport {
    pub failures: Vec<OpFailure>,
}

/// Position in a change feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeToken(pub String);

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeOp {
    Insert,
    Update,
    Delete,
    /// The collection was dropped, renamed or replaced.
    Collection,
}

/// One event of a change feed.
#[derive(Debug, Clone)]
pub struct ChangeEvent {
    pub token: ResumeToken,
    pub collection: String,
    pub op: ChangeOp,
    /// `_id` of the record; absent for collection events.
    pub id: Option<Bson>,
}
