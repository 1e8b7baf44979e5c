//! Making, building and dropping indexes, and the records' text index.

use rusqlite::{Connection, OptionalExtension};
use steward_sqlite_guard::literal;
use steward_store::{IndexSpec, StoreError, StoreErrorKind, StoreResult};

use crate::catalog::{self, Collection, Index, sql_name};
use crate::errors::map;

/// Makes sure that the index exists as described.
pub fn ensure(connection: &Connection, collection: &Collection, spec: &IndexSpec) -> StoreResult<()> {
    if let Some(existing) = collection.indexes.iter().find(|i| i.spec.name == spec.name) {
        if existing.spec == *spec && !existing.pending {
            return Ok(());
        }
        drop(connection, collection, &spec.name)?;
    }
    if spec.is_text() && collection.indexes.iter().any(|i| i.spec.is_text() && i.spec.name != spec.name) {
        return Err(StoreError::new(StoreErrorKind::Conflict, "This collection has a text index already; drop it first."));
    }
    if !spec.is_text() && spec.fields.is_empty() {
        return Err(StoreError::invalid("An index needs at least one field."));
    }
    build(connection, collection, spec)?;
    let lists = has_lists(connection, collection, spec)?;
    catalog::save_index(connection, collection.id, &Index { spec: spec.clone(), lists, pending: false })
}

fn build(connection: &Connection, collection: &Collection, spec: &IndexSpec) -> StoreResult<()> {
    let table = collection.table();
    let sql = if spec.is_text() {
        text_sql(collection, spec)
    } else {
        let fields: Vec<String> = spec.fields.iter().map(|f| format!("steward_ord(doc, {})", literal(f))).collect();
        let unique = if spec.unique { "UNIQUE " } else { "" };
        format!("CREATE {unique}INDEX IF NOT EXISTS {} ON {table} ({});", sql_name(&table, &spec.name), fields.join(", "))
    };
    connection.execute_batch(&sql).map_err(map)
}

/// The full-text table, filled from what is there; `upkeep` goes on with it.
fn text_sql(collection: &Collection, spec: &IndexSpec) -> String {
    let (table, fts) = (collection.table(), collection.fts());
    let fields = literal(&serde_json::to_string(&spec.text).unwrap_or_default());
    format!("{}; INSERT INTO {fts} (rowid, body) SELECT id, steward_text(doc, {fields}) FROM {table};", catalog::text_table_sql(&fts))
}

fn drop_built(connection: &Connection, collection: &Collection, spec: &IndexSpec) -> StoreResult<()> {
    let sql = if spec.is_text() {
        format!("DROP TABLE IF EXISTS {};", collection.fts())
    } else {
        format!("DROP INDEX IF EXISTS {};", sql_name(&collection.table(), &spec.name))
    };
    connection.execute_batch(&sql).map_err(map)
}

/// Drops an index.
pub fn drop(connection: &Connection, collection: &Collection, name: &str) -> StoreResult<()> {
    let Some(index) = collection.indexes.iter().find(|i| i.spec.name == name) else {
        return Err(StoreError::new(StoreErrorKind::NotFound, format!("There is no index '{name}'.")));
    };
    drop_built(connection, collection, &index.spec)?;
    connection.execute("DELETE FROM indexes WHERE collection = ?1 AND name = ?2", rusqlite::params![collection.id, name]).map_err(map)?;
    Ok(())
}

/// Some record has a list at one of the fields.
fn has_lists(connection: &Connection, collection: &Collection, spec: &IndexSpec) -> StoreResult<bool> {
    for field in &spec.fields {
        let sql = format!("SELECT 1 FROM {} WHERE steward_list(doc, {}) LIMIT 1", collection.table(), literal(field));
        if connection.query_row(&sql, [], |_| Ok(())).optional().map_err(map)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Puts off every index but the unique ones, if the collection is empty.
pub fn put_off(connection: &Connection, collection: &Collection) -> StoreResult<()> {
    let any = connection.query_row(&format!("SELECT 1 FROM {} LIMIT 1", collection.table()), [], |_| Ok(())).optional().map_err(map)?;
    if any.is_some() {
        return Ok(());
    }
    for index in collection.indexes.iter().filter(|i| !i.spec.unique && !i.pending) {
        drop_built(connection, collection, &index.spec)?;
        catalog::save_index(connection, collection.id, &Index { pending: true, ..index.clone() })?;
    }
    Ok(())
}

/// Builds what was put off.
pub fn build_pending(connection: &Connection, collection: &Collection) -> StoreResult<()> {
    for index in collection.indexes.iter().filter(|i| i.pending) {
        drop_built(connection, collection, &index.spec)?;
        build(connection, collection, &index.spec)?;
        let lists = has_lists(connection, collection, &index.spec)?;
        catalog::save_index(connection, collection.id, &Index { spec: index.spec.clone(), lists, pending: false })?;
    }
    Ok(())
}
