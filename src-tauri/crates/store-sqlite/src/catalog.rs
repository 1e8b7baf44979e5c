//! Which collections and indexes there are, and the tables behind them.

use rusqlite::{Connection, OptionalExtension, params};
use steward_store::{IndexSpec, StoreError, StoreErrorKind, StoreResult};

use crate::errors::map;
use crate::recording;

/// A collection's table and indexes.
#[derive(Debug, Clone)]
pub struct Collection {
    pub id: i64,
    pub indexes: Vec<Index>,
}

/// An index and what the planner must know of it.
#[derive(Debug, Clone)]
pub struct Index {
    pub spec: IndexSpec,
    /// Some record has a list there: comparisons cannot use the index.
    pub lists: bool,
    /// Put off by a load; not there yet.
    pub pending: bool,
}

impl Collection {
    pub fn table(&self) -> String {
        format!("c{}", self.id)
    }

    pub fn fts(&self) -> String {
        format!("c{}_fts", self.id)
    }

    /// The text index that is ready.
    pub fn text(&self) -> Option<&Index> {
        self.indexes.iter().find(|i| i.spec.is_text() && !i.pending)
    }

    /// A ready index whose first field is this one.
    pub fn on(&self, field: &str) -> Option<&Index> {
        self.indexes.iter().find(|i| !i.pending && i.spec.fields.first().is_some_and(|f| f == field))
    }
}

/// The collection, or `None`.
pub fn find(connection: &Connection, name: &str) -> StoreResult<Option<Collection>> {
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM collections WHERE name = ?1")
        .and_then(|mut s| s.query_row([name], |r| r.get(0)).optional())
        .map_err(map)?;
    let Some(id) = id else {
        return Ok(None);
    };
    let mut statement =
        connection.prepare_cached("SELECT spec, lists, pending FROM indexes WHERE collection = ?1 ORDER BY rowid").map_err(map)?;
    let rows = statement.query_map([id], |r| Ok((r.get::<_, String>(0)?, r.get::<_, bool>(1)?, r.get::<_, bool>(2)?))).map_err(map)?;
    let mut indexes = Vec::new();
    for row in rows {
        let (spec, lists, pending) = row.map_err(map)?;
        indexes.push(Index { spec: parse(&spec)?, lists, pending });
    }
    Ok(Some(Collection { id, indexes }))
}

fn parse(spec: &str) -> StoreResult<IndexSpec> {
    serde_json::from_str(spec)
        .map_err(|e| StoreError::new(StoreErrorKind::Damaged, "An index of this workspace cannot be read.").details(e))
}

/// The collection, made when it is not there.
pub fn find_or_create(connection: &Connection, name: &str) -> StoreResult<Collection> {
    if let Some(found) = find(connection, name)? {
        return Ok(found);
    }
    steward_store::names::check(name)?;
    connection.execute("INSERT INTO collections (name) VALUES (?1)", [name]).map_err(map)?;
    let id = connection.last_insert_rowid();
    let table = format!("c{id}");
    connection.execute_batch(&format!("{}; {};", table_sql(&table, crate::file::newest_version()), id_index_sql(&table))).map_err(map)?;
    recording::made(connection, id, name)?;
    Ok(Collection { id, indexes: Vec::new() })
}

/// Remembers an index.
pub fn save_index(connection: &Connection, collection: i64, index: &Index) -> StoreResult<()> {
    let spec = serde_json::to_string(&index.spec).map_err(|e| StoreError::invalid("This index cannot be written.").details(e))?;
    connection
        .execute(
            "INSERT OR REPLACE INTO indexes (collection, name, spec, lists, pending) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![collection, index.spec.name, spec, index.lists, index.pending],
        )
        .map_err(map)?;
    Ok(())
}

/// The table of a collection, as files of this version have it.
pub fn table_sql(table: &str, version: i32) -> String {
    let sum = if version >= WITH_SUMS { ", sum INTEGER" } else { "" };
    format!("CREATE TABLE {table} (id INTEGER PRIMARY KEY, doc BLOB NOT NULL{sum})")
}

/// The first version of files whose records carry a checksum.
pub const WITH_SUMS: i32 = 5;

/// The index of its keys.
pub fn id_index_sql(table: &str) -> String {
    format!("CREATE UNIQUE INDEX {table}_id ON {table} (steward_ord(doc, '_id'))")
}

/// Its full-text table. It holds no copy of the text.
pub fn text_table_sql(fts: &str) -> String {
    format!(
        "CREATE VIRTUAL TABLE {fts} USING fts5(body, content='', contentless_delete=1, detail=none,
            tokenize=\"unicode61 remove_diacritics 2\")"
    )
}

/// SQL name of an index of a table; the position keeps it unique whatever the name holds.
pub fn sql_name(table: &str, name: &str) -> String {
    steward_sqlite_guard::name(&format!("{table}_x_{name}"))
}
