//! Pages, look-ups, counts, facets and scans.

use std::collections::HashMap;

use bson::{Bson, RawBsonRef, RawDocument, RawDocumentBuf};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use steward_domain::{Filter, depth, order};
use steward_store::{Cursor, FacetCount, Histogram, Page, Partition, Query, StoreError, StoreErrorKind, StoreResult};

use crate::catalog::{self, Collection};
use crate::errors::map;
use crate::functions::value_at;
use crate::plan::{self, Where, ord};

/// Up to this many matches an index is followed and the result sorted; beyond, the order's index is walked.
const FEW: i64 = 20_000;
/// A facet counts at most this many different values.
const FACET_CAP: usize = 50_000;

pub fn document(bytes: Vec<u8>) -> StoreResult<RawDocumentBuf> {
    steward_store::model::outside(bytes)
}

/// A record is as it was written, by its checksum.
pub fn whole(doc: &[u8], sum: Option<i64>) -> StoreResult<()> {
    if sum.is_none_or(|sum| sum == crate::functions::sum_of(doc)) {
        return Ok(());
    }
    let message = "A record differs from what was written: the disk damaged it. Run 'steward doctor' to see how much is damaged; restore it from a backup.";
    Err(StoreError::new(StoreErrorKind::Damaged, message))
}

/// Where a page ended: the ordering key of the sort field, and the row.
pub struct Position {
    pub key: Vec<u8>,
    pub row: i64,
}

pub fn encode_cursor(position: &Position) -> Cursor {
    let key: String = hex::encode(&position.key);
    Cursor(format!("{:x}.{key}", position.row))
}

pub fn decode_cursor(cursor: &Cursor) -> StoreResult<Position> {
    let wrong = || StoreError::invalid("This page cursor is not valid; start from the first page.");
    let (row, key) = cursor.0.split_once('.').ok_or_else(wrong)?;
    let row = i64::from_str_radix(row, 16).map_err(|_| wrong())?;
    let key = (0..key.len() / 2)
        .map(|i| key.get(2 * i..2 * i + 2).and_then(|b| u8::from_str_radix(b, 16).ok()))
        .collect::<Option<Vec<u8>>>()
        .ok_or_else(wrong)?;
    Ok(Position { key, row })
}

/// One page.
pub fn find(connection: &Connection, name: &str, query: &Query) -> StoreResult<Page> {
    let Some(collection) = catalog::find(connection, name)? else {
        return Ok(Page { records: Vec::new(), next: None, scanned: false });
    };
    let where_ = plan::plan(&query.filter, &collection)?;
    let after = query.after.as_ref().map(decode_cursor).transpose()?;
    let limit = query.limit.clamp(1, 1000);
    let rows = match &query.sort {
        None => by_row(connection, &collection, &where_, after.as_ref(), limit + 1)?,
        Some(sort) => {
            let walk = walks_order(connection, &collection, &where_, sort.field.as_str())?;
            sorted(
                connection,
                &collection,
                &where_,
                Order { field: sort.field.as_str(), descending: sort.descending, walk },
                after,
                limit + 1,
            )?
        }
    };
    let sort_served = query.sort.as_ref().is_none_or(|s| s.field.as_str() == "_id" || collection.on(s.field.as_str()).is_some());
    let scanned = !where_.is_indexed() && (where_.rest.is_some() || !sort_served);
    page(rows, limit, query, scanned)
}

type Row = (i64, Vec<u8>);

fn page(mut rows: Vec<Row>, limit: usize, query: &Query, scanned: bool) -> StoreResult<Page> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let mut next = None;
    if more && let Some((row, bytes)) = rows.last() {
        let key = match &query.sort {
            Some(sort) => {
                let path: Vec<String> = sort.field.segments().map(Into::into).collect();
                let doc = RawDocument::from_bytes(bytes)
                    .map_err(|e| StoreError::new(StoreErrorKind::Damaged, "A stored record is not valid BSON.").details(e))?;
                order::key(value_at(doc, &path))
            }
            None => Vec::new(),
        };
        next = Some(encode_cursor(&Position { key, row: *row }));
    }
    let records = rows.into_iter().map(|(_, bytes)| document(bytes)).collect::<StoreResult<_>>()?;
    Ok(Page { records, next, scanned })
}

fn select(connection: &Connection, sql: &str, values: &[Sql]) -> StoreResult<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql).map_err(map)?;
    let rows = statement.query_map(params_from_iter(values), |r| Ok((r.get(0)?, r.get(1)?))).map_err(map)?;
    rows.collect::<Result<_, _>>().map_err(map)
}

fn by_row(
    connection: &Connection,
    collection: &Collection,
    where_: &Where,
    after: Option<&Position>,
    limit: usize,
) -> StoreResult<Vec<Row>> {
    let (condition, mut values) = where_.sql(false);
    let mut sql = format!("SELECT id, doc FROM {} WHERE {condition}", collection.table());
    if let Some(position) = after {
        sql.push_str(" AND id > ?");
        values.push(Sql::Integer(position.row));
    }
    sql.push_str(&format!(" ORDER BY id LIMIT {limit}"));
    select(connection, &sql, &values)
}

#[derive(Clone, Copy)]
struct Order<'a> {
    field: &'a str,
    descending: bool,
    /// Walk the order's index and test each row, instead of collecting the matches and sorting them.
    walk: bool,
}

/// The order's index is the better way: it exists, and the filter leaves more than a few rows.
pub fn walks_order(connection: &Connection, collection: &Collection, where_: &Where, field: &str) -> StoreResult<bool> {
    if field != "_id" && collection.on(field).is_none() {
        return Ok(false);
    }
    if !where_.is_indexed() {
        return Ok(true);
    }
    let narrowed = Where { rest: None, ..where_.clone() };
    let (condition, values) = narrowed.sql(false);
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} WHERE {condition} LIMIT {})", collection.table(), FEW + 1);
    let matches: i64 =
        connection.prepare_cached(&sql).and_then(|mut s| s.query_row(params_from_iter(&values), |r| r.get(0))).map_err(map)?;
    Ok(matches > FEW)
}

/// Rows in order, from a position on. Rows with the position's own key come first, by row; then the keys beyond it.
fn sorted(
    connection: &Connection,
    collection: &Collection,
    where_: &Where,
    order: Order<'_>,
    after: Option<Position>,
    limit: usize,
) -> StoreResult<Vec<Row>> {
    let (condition, values) = where_.sql(order.walk);
    let key = ord(order.field);
    let sort_key = if order.walk { key.clone() } else { format!("+{key}") };
    let (direction, beyond) = if order.descending { ("DESC", "<") } else { ("ASC", ">") };
    let table = collection.table();
    let Some(position) = after else {
        let sql = format!("SELECT id, doc FROM {table} WHERE {condition} ORDER BY {sort_key} {direction}, id {direction} LIMIT {limit}");
        return select(connection, &sql, &values);
    };
    let mut same = values.clone();
    same.extend([Sql::Blob(position.key.clone()), Sql::Integer(position.row)]);
    let sql =
        format!("SELECT id, doc FROM {table} WHERE {condition} AND {sort_key} = ? AND id {beyond} ? ORDER BY id {direction} LIMIT {limit}");
    let mut rows = select(connection, &sql, &same)?;
    if rows.len() < limit {
        let mut later = values;
        later.push(Sql::Blob(position.key));
        let rest = limit - rows.len();
        let sql = format!(
            "SELECT id, doc FROM {table} WHERE {condition} AND {sort_key} {beyond} ? ORDER BY {sort_key} {direction}, id {direction} LIMIT {rest}"
        );
        rows.extend(select(connection, &sql, &later)?);
    }
    Ok(rows)
}

/// Records by the value of a field.
pub fn get_many(connection: &Connection, name: &str, field: &str, values: &[Bson]) -> StoreResult<Vec<RawDocumentBuf>> {
    let Some(collection) = catalog::find(connection, name)? else {
        return Ok(Vec::new());
    };
    let unique = field == "_id" || collection.on(field).is_some_and(|i| i.spec.unique && !i.lists);
    if !unique {
        let filter = Filter::In { field: field.into(), values: values.iter().cloned().map(Into::into).collect() };
        let where_ = plan::plan(&filter, &collection)?;
        let (condition, parameters) = where_.sql(false);
        let sql = format!("SELECT id, doc FROM {} WHERE {condition}", collection.table());
        return select(connection, &sql, &parameters)?.into_iter().map(|(_, bytes)| document(bytes)).collect();
    }
    let sql = format!("SELECT doc, sum FROM {} WHERE {} = ?1", collection.table(), ord(field));
    let mut statement = connection.prepare_cached(&sql).map_err(map)?;
    let mut out = Vec::with_capacity(values.len());
    for value in values {
        let found: Option<(Vec<u8>, Option<i64>)> =
            statement.query_row([order::key_of(value)], |r| Ok((r.get(0)?, r.get(1)?))).optional().map_err(map)?;
        if let Some((bytes, sum)) = found {
            whole(&bytes, sum)?;
            out.push(document(bytes)?);
        }
    }
    Ok(out)
}

/// How many records fit.
pub fn count(connection: &Connection, name: &str, filter: &Filter) -> StoreResult<u64> {
    let Some(collection) = catalog::find(connection, name)? else {
        return Ok(0);
    };
    let where_ = plan::plan(filter, &collection)?;
    let (condition, values) = where_.sql(false);
    let clause = if where_.is_all() { String::new() } else { format!(" WHERE {condition}") };
    let values = if where_.is_all() { Vec::new() } else { values };
    let sql = format!("SELECT count(*) FROM {}{clause}", collection.table());
    let count: i64 = connection.prepare_cached(&sql).and_then(|mut s| s.query_row(params_from_iter(&values), |r| r.get(0))).map_err(map)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Calls `each` for every record that fits.
fn for_each(connection: &Connection, collection: &Collection, filter: &Filter, each: &mut dyn FnMut(&RawDocument)) -> StoreResult<()> {
    let where_ = plan::plan(filter, collection)?;
    let (condition, values) = where_.sql(false);
    let sql = format!("SELECT doc FROM {} WHERE {condition}", collection.table());
    let mut statement = connection.prepare_cached(&sql).map_err(map)?;
    let mut rows = statement.query(params_from_iter(&values)).map_err(map)?;
    while let Some(row) = rows.next().map_err(map)? {
        let bytes = row.get_ref(0).and_then(|v| v.as_blob().map_err(Into::into)).map_err(map)?;
        if let Some(doc) = RawDocument::from_bytes(bytes).ok().filter(|_| depth::is_fine(bytes)) {
            each(doc);
        }
    }
    Ok(())
}

/// Values of a field with their counts.
pub fn facet(connection: &Connection, name: &str, field: &str, filter: &Filter, limit: usize) -> StoreResult<FacetCount> {
    let mut out = FacetCount::default();
    let Some(collection) = catalog::find(connection, name)? else {
        return Ok(out);
    };
    let path = crate::functions::split(field);
    let mut counts: HashMap<Vec<u8>, (Bson, u64)> = HashMap::new();
    for_each(connection, &collection, filter, &mut |doc| match value_at(doc, &path) {
        None => out.missing += 1,
        Some(RawBsonRef::Null | RawBsonRef::Undefined) => out.nulls += 1,
        Some(RawBsonRef::Array(items)) => {
            for item in items.into_iter().flatten() {
                out.capped |= !tally(&mut counts, item);
            }
        }
        Some(value) => out.capped |= !tally(&mut counts, value),
    })?;
    out.distinct = counts.len() as u64;
    let mut values: Vec<(Vec<u8>, (Bson, u64))> = counts.into_iter().collect();
    values.sort_by(|a, b| b.1.1.cmp(&a.1.1).then_with(|| a.0.cmp(&b.0)));
    values.truncate(limit);
    out.values = values.into_iter().map(|(_, counted)| counted).collect();
    Ok(out)
}

/// Counts a value; `false` when it is new and there are too many already.
fn tally(counts: &mut HashMap<Vec<u8>, (Bson, u64)>, value: RawBsonRef<'_>) -> bool {
    let key = order::key(Some(value));
    if let Some((_, count)) = counts.get_mut(&key) {
        *count += 1;
        return true;
    }
    if counts.len() >= FACET_CAP {
        return false;
    }
    if let Ok(value) = Bson::try_from(value) {
        counts.insert(key, (value, 1));
    }
    true
}

fn number(value: RawBsonRef<'_>) -> Option<f64> {
    let number = match value {
        RawBsonRef::Int32(n) => f64::from(n),
        RawBsonRef::Int64(n) => n as f64,
        RawBsonRef::Double(n) => n,
        RawBsonRef::Decimal128(d) => d.to_string().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Equal-width bins of the numbers of a field.
pub fn histogram(connection: &Connection, name: &str, field: &str, filter: &Filter, bins: usize) -> StoreResult<Option<Histogram>> {
    let Some(collection) = catalog::find(connection, name)? else {
        return Ok(None);
    };
    let path = crate::functions::split(field);
    let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
    for_each(connection, &collection, filter, &mut |doc| {
        if let Some(n) = value_at(doc, &path).and_then(number) {
            min = min.min(n);
            max = max.max(n);
        }
    })?;
    if min > max {
        return Ok(None);
    }
    let mut counts = vec![0; bins.max(1)];
    let width = (max - min) / counts.len() as f64;
    for_each(connection, &collection, filter, &mut |doc| {
        if let Some(n) = value_at(doc, &path).and_then(number) {
            let bin = if width > 0.0 { ((n - min) / width) as usize } else { 0 };
            let last = counts.len() - 1;
            counts[bin.min(last)] += 1;
        }
    })?;
    Ok(Some(Histogram { min, max, counts }))
}

/// Parts of equal row ranges.
pub fn partitions(connection: &Connection, name: &str, parts: usize) -> StoreResult<Vec<Partition>> {
    let Some(collection) = catalog::find(connection, name)? else {
        return Ok(Vec::new());
    };
    let sql = format!("SELECT min(id), max(id) FROM {}", collection.table());
    let (min, max): (Option<i64>, Option<i64>) = connection.query_row(&sql, [], |r| Ok((r.get(0)?, r.get(1)?))).map_err(map)?;
    let (Some(min), Some(max)) = (min, max) else {
        return Ok(Vec::new());
    };
    let parts = i64::try_from(parts.max(1)).unwrap_or(1);
    let step = ((max - min) / parts + 1).max(1);
    let mut out = Vec::new();
    let mut from = min;
    while from <= max {
        let until = (from + step <= max).then_some(Bson::Int64(from + step));
        out.push(Partition { from: Some(Bson::Int64(from)), until });
        from += step;
    }
    Ok(out)
}

/// The next batch of a scan, from a row on; with the row to go on from.
pub fn scan_batch(
    connection: &Connection,
    name: &str,
    filter: &Filter,
    part: Option<&Partition>,
    after: i64,
    limit: usize,
) -> StoreResult<(Vec<RawDocumentBuf>, Option<i64>)> {
    let Some(collection) = catalog::find(connection, name)? else {
        return Ok((Vec::new(), None));
    };
    let where_ = plan::plan(filter, &collection)?;
    let (condition, mut values) = where_.sql(true);
    let bound = |b: &Option<Bson>| b.as_ref().and_then(Bson::as_i64);
    let from = part.and_then(|p| bound(&p.from)).unwrap_or(i64::MIN).max(after.saturating_add(1));
    let until = part.and_then(|p| bound(&p.until)).unwrap_or(i64::MAX);
    values.extend([Sql::Integer(from), Sql::Integer(until)]);
    let sql = format!("SELECT id, doc, sum FROM {} WHERE {condition} AND id >= ? AND id < ? ORDER BY id LIMIT {limit}", collection.table());
    let mut statement = connection.prepare_cached(&sql).map_err(map)?;
    let mut rows = statement.query(params_from_iter(&values)).map_err(map)?;
    let (mut records, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next().map_err(map)? {
        let bytes: Vec<u8> = row.get(1).map_err(map)?;
        // What goes into a backup or an export is what was written.
        whole(&bytes, row.get(2).map_err(map)?)?;
        records.push(document(bytes)?);
        last = Some(row.get(0).map_err(map)?);
    }
    let next = last.filter(|_| records.len() == limit);
    Ok((records, next))
}

/// `_id` of a feed row.
pub fn id_of(bytes: &[u8]) -> Option<Bson> {
    depth::decode(bytes)?.remove("_id")
}
