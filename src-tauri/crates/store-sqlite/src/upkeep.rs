//! What every written record brings along: its line in the change log, and its words in the text index.
//!
//! Triggers would do the same, but a statement that fires one makes SQLite copy every page that it touches first, in case it
//! fails half way: five pages a record. Here each statement writes one row; where one fails, the whole transaction is given up.

use bson::RawDocument;
use rusqlite::{Connection, OptionalExtension, params};
use steward_store::{StoreResult, names};

use crate::catalog::Collection;
use crate::errors::map;
use crate::functions::{id_document, split, text_of};
use crate::recording;

/// The number of an operation in the change log.
#[derive(Debug, Clone, Copy)]
pub enum Op {
    Insert = 0,
    Update = 1,
    Delete = 2,
}

/// What there is to do for records of one collection, for as long as a transaction lasts.
#[derive(Debug)]
pub struct Upkeep {
    /// `None` for one of Steward's own collections, of which no record is logged.
    logged_as: Option<String>,
    /// States are kept, so that changes can be done again.
    recording: bool,
    table: i64,
    text: Option<Text>,
}

#[derive(Debug)]
struct Text {
    fts: String,
    fields: Vec<Vec<String>>,
}

impl Upkeep {
    pub fn of(connection: &Connection, name: &str, collection: &Collection) -> StoreResult<Self> {
        let logged_as = (!names::is_own(name)).then(|| name.to_owned());
        let recording = logged_as.is_some() && recording::since(connection)?.is_some();
        let fields = |fields: &[String]| fields.iter().map(|field| split(field)).collect();
        let text = collection.text().map(|index| Text { fts: collection.fts(), fields: fields(&index.spec.text) });
        Ok(Self { logged_as, recording, table: collection.id, text })
    }

    /// Nothing is to be done for a record.
    pub fn is_none(&self) -> bool {
        self.logged_as.is_none() && self.text.is_none()
    }

    pub fn inserted(&self, connection: &Connection, row: i64, new: &RawDocument) -> StoreResult<()> {
        if let Some(text) = &self.text {
            text.add(connection, row, &text_of(new, &text.fields))?;
        }
        self.log(connection, Op::Insert, row, new, None)
    }

    pub fn updated(&self, connection: &Connection, row: i64, old: &RawDocument, new: &RawDocument) -> StoreResult<()> {
        if let Some(text) = &self.text {
            let words = text_of(new, &text.fields);
            if words != text_of(old, &text.fields) {
                text.remove(connection, row)?;
                text.add(connection, row, &words)?;
            }
        }
        self.log(connection, Op::Update, row, new, Some(old))
    }

    pub fn deleted(&self, connection: &Connection, row: i64, old: &RawDocument) -> StoreResult<()> {
        if let Some(text) = &self.text {
            text.remove(connection, row)?;
        }
        self.log(connection, Op::Delete, row, old, Some(old))
    }

    fn log(&self, connection: &Connection, op: Op, row: i64, document: &RawDocument, before: Option<&RawDocument>) -> StoreResult<()> {
        let Some(name) = &self.logged_as else {
            return Ok(());
        };
        let id = id_document(document).into_bytes();
        let done = if self.recording {
            let sql = "INSERT INTO feed (collection, op, id, at, tab, row, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let values = params![name, op as i64, id, recording::now_ms(), self.table, row, before.map(RawDocument::as_bytes)];
            connection.prepare_cached(sql).and_then(|mut s| s.execute(values))
        } else {
            let sql = "INSERT INTO feed (collection, op, id) VALUES (?1, ?2, ?3)";
            connection.prepare_cached(sql).and_then(|mut s| s.execute(params![name, op as i64, id]))
        };
        done.map(|_| ()).map_err(map)
    }
}

impl Text {
    fn add(&self, connection: &Connection, row: i64, words: &str) -> StoreResult<()> {
        let sql = format!("INSERT INTO {} (rowid, body) VALUES (?1, ?2)", self.fts);
        connection.prepare_cached(&sql).and_then(|mut s| s.execute(params![row, words])).map(|_| ()).map_err(map)
    }

    fn remove(&self, connection: &Connection, row: i64) -> StoreResult<()> {
        let sql = format!("DELETE FROM {} WHERE rowid = ?1", self.fts);
        connection.prepare_cached(&sql).and_then(|mut s| s.execute([row])).map(|_| ()).map_err(map)
    }
}

/// Deletes the rows of a collection, each with what it brings along.
pub fn delete_rows(connection: &Connection, collection: &Collection, upkeep: &Upkeep, rows: &[i64]) -> StoreResult<()> {
    let (select, delete) =
        (format!("SELECT doc FROM {} WHERE id = ?1", collection.table()), format!("DELETE FROM {} WHERE id = ?1", collection.table()));
    for row in rows {
        let mut statement = connection.prepare_cached(&select).map_err(map)?;
        let bytes: Option<Vec<u8>> = statement.query_row([row], |r| r.get(0)).optional().map_err(map)?;
        let Some(old) = bytes.map(crate::read::document).transpose()? else {
            continue;
        };
        connection.prepare_cached(&delete).and_then(|mut s| s.execute([row])).map_err(map)?;
        upkeep.deleted(connection, *row, &old)?;
    }
    Ok(())
}
