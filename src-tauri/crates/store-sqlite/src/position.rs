//! The place of a record in an order, by its number: what a page begins after that starts at the millionth row.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};
use steward_store::{Cursor, Query, StoreResult};

use crate::catalog::{self, Collection};
use crate::errors::map;
use crate::plan::{self, Where, ord};
use crate::read::{Position, decode_cursor, encode_cursor, walks_order};

/// The cursor behind the `skip`-th record of a query, 1 being the first.
pub fn after(connection: &Connection, name: &str, query: &Query, skip: usize) -> StoreResult<Option<Cursor>> {
    let Some(collection) = catalog::find(connection, name)? else { return Ok(None) };
    let where_ = plan::plan(&query.filter, &collection)?;
    let from = query.after.as_ref().map(decode_cursor).transpose()?;
    let before = i64::try_from(skip.saturating_sub(1)).unwrap_or(i64::MAX);
    let found = match &query.sort {
        None => by_row(connection, &collection, &where_, from.as_ref(), before)?,
        Some(sort) => {
            let walk = walks_order(connection, &collection, &where_, sort.field.as_str())?;
            let key = ord(sort.field.as_str());
            let order = Order { key: if walk { key } else { format!("+{key}") }, walk, descending: sort.descending };
            in_order(connection, &collection, &where_, &order, from, before)?
        }
    };
    Ok(found.as_ref().map(encode_cursor))
}

fn by_row(
    connection: &Connection,
    collection: &Collection,
    where_: &Where,
    from: Option<&Position>,
    before: i64,
) -> StoreResult<Option<Position>> {
    let table = collection.table();
    if where_.is_all() {
        let sql = format!("SELECT min(id), max(id), (SELECT count(*) FROM {table}) FROM {table}");
        let (least, most, all): (Option<i64>, Option<i64>, i64) =
            connection.prepare_cached(&sql).and_then(|mut s| s.query_row([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))).map_err(map)?;
        let (Some(least), Some(most)) = (least, most) else { return Ok(None) };
        // Without gaps the number tells the row.
        if most - least + 1 == all {
            let row = from.map_or(least, |position| position.row + 1).max(least).saturating_add(before);
            return Ok((row <= most).then_some(Position { key: Vec::new(), row }));
        }
    }
    let (condition, mut values) = where_.sql(false);
    let mut sql = format!("SELECT id FROM {table} WHERE {condition}");
    if let Some(position) = from {
        sql.push_str(" AND id > ?");
        values.push(Sql::Integer(position.row));
    }
    sql.push_str(" ORDER BY id LIMIT 1 OFFSET ?");
    values.push(Sql::Integer(before));
    let row =
        connection.prepare_cached(&sql).and_then(|mut s| s.query_row(params_from_iter(&values), |r| r.get(0)).optional()).map_err(map)?;
    Ok(row.map(|row| Position { key: Vec::new(), row }))
}

struct Order {
    key: String,
    /// The order's index is walked.
    walk: bool,
    descending: bool,
}

fn in_order(
    connection: &Connection,
    collection: &Collection,
    where_: &Where,
    order: &Order,
    from: Option<Position>,
    mut before: i64,
) -> StoreResult<Option<Position>> {
    let (condition, values) = where_.sql(order.walk);
    let (direction, beyond) = if order.descending { ("DESC", "<") } else { ("ASC", ">") };
    let (table, key) = (collection.table(), &order.key);
    let one = |narrowed: &str, mut values: Vec<Sql>, before: i64| {
        let sql = format!(
            "SELECT id, {key} FROM {table} WHERE {condition}{narrowed} ORDER BY {key} {direction}, id {direction} LIMIT 1 OFFSET ?"
        );
        values.push(Sql::Integer(before));
        connection
            .prepare_cached(&sql)
            .and_then(|mut s| s.query_row(params_from_iter(&values), |r| Ok(Position { row: r.get(0)?, key: r.get(1)? })).optional())
            .map_err(map)
    };
    let Some(position) = from else { return one("", values, before) };
    // Rows with the position's own key come first; then the keys beyond it.
    let narrowed = format!(" AND {key} = ? AND id {beyond} ?");
    let mut same = values.clone();
    same.extend([Sql::Blob(position.key.clone()), Sql::Integer(position.row)]);
    if let Some(found) = one(&narrowed, same.clone(), before)? {
        return Ok(Some(found));
    }
    let sql = format!("SELECT count(*) FROM {table} WHERE {condition}{narrowed}");
    let passed: i64 = connection.prepare_cached(&sql).and_then(|mut s| s.query_row(params_from_iter(&same), |r| r.get(0))).map_err(map)?;
    before -= passed;
    let mut later = values;
    later.push(Sql::Blob(position.key));
    one(&format!(" AND {key} {beyond} ?"), later, before)
}
