//! Writing a batch in one transaction.

use std::borrow::Cow;

use bson::raw::{CString, RawBson};
use bson::{Bson, Document, RawDocument, RawDocumentBuf};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use steward_domain::{FieldPath, Filter, order, value};
use steward_store::{Durability, Fence, OpFailure, StoreError, StoreErrorKind, StoreResult, WriteBatch, WriteOp, WriteReport, names};

use crate::catalog::{self, Collection};
use crate::errors::map;
use crate::functions::{sum_of, touches_list};
use crate::upkeep::{self, Upkeep};
use crate::{feed, plan, recording};

/// Writes the batch; all of it or nothing, except that a bulk write leaves out the data operations that fail.
pub fn write(connection: &mut Connection, batch: &WriteBatch, durability: Durability) -> StoreResult<WriteReport> {
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Bulk => "NORMAL",
    };
    connection.execute_batch(&format!("PRAGMA synchronous = {synchronous}")).map_err(map)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(map)?;
    recording::begin_point_in_time();
    let report = apply_batch(&tx, batch, durability)?;
    tx.commit().map_err(map)?;
    Ok(report)
}

/// The batch as part of a transaction.
pub fn apply_batch(tx: &Transaction<'_>, batch: &WriteBatch, durability: Durability) -> StoreResult<WriteReport> {
    if let Some(fence) = &batch.fence {
        check_fence(tx, fence)?;
    }
    let mut known = Known::default();
    let mut report = WriteReport::default();
    for op in &batch.history {
        apply(tx, &mut known, op)?;
    }
    for (index, op) in batch.data.iter().enumerate() {
        match (apply(tx, &mut known, op), durability) {
            (Ok(()), _) => {}
            (Err(e), Durability::Bulk) if matches!(e.kind, StoreErrorKind::DuplicateKey | StoreErrorKind::Conflict) => {
                report.failures.push(OpFailure { index, kind: e.kind });
            }
            (Err(e), _) => return Err(e),
        }
    }
    for op in &batch.confirm {
        apply(tx, &mut known, op)?;
    }
    for known in known.0.iter().filter(|known| names::is_own(&known.name) && names::is_reported(&known.name)) {
        feed::log_own(tx, &known.name)?;
    }
    Ok(report)
}

/// The lease has the number that the writer took it with.
pub fn check_fence(tx: &Transaction<'_>, fence: &Fence) -> StoreResult<()> {
    let found = match catalog::find(tx, names::LEASES)? {
        Some(leases) => row_of(tx, &leases, &Bson::from(fence.lease.as_str()))?,
        None => None,
    };
    let number = found.map(|(_, bytes)| crate::read::document(bytes)).transpose()?.and_then(|doc| doc.get_i64("number").ok());
    if number == Some(fence.number) { Ok(()) } else { Err(StoreError::fenced()) }
}

/// The holder shows that it lives.
pub fn renew(tx: &Transaction<'_>, fence: &Fence) -> StoreResult<()> {
    check_fence(tx, fence)?;
    let set = vec![("renewed".into(), Bson::from(bson::DateTime::now())), ("beat".into(), Bson::from(bson::oid::ObjectId::new()))];
    let op =
        WriteOp::Patch { collection: names::LEASES.into(), id: fence.lease.as_str().into(), expect: Vec::new(), set, unset: Vec::new() };
    apply(tx, &mut Known::default(), &op)
}

/// Collections that this batch has met.
#[derive(Default)]
struct Known(Vec<Met>);

struct Met {
    name: String,
    collection: Collection,
    upkeep: Upkeep,
}

impl Known {
    fn get(&mut self, tx: &Transaction<'_>, name: &str) -> StoreResult<&mut Met> {
        let at = match self.0.iter().position(|met| met.name == name) {
            Some(at) => at,
            None => {
                let collection = catalog::find_or_create(tx, name)?;
                let upkeep = Upkeep::of(tx, name, &collection)?;
                self.0.push(Met { name: name.to_owned(), collection, upkeep });
                self.0.len() - 1
            }
        };
        Ok(&mut self.0[at])
    }
}

fn apply(tx: &Transaction<'_>, known: &mut Known, op: &WriteOp) -> StoreResult<()> {
    let met = known.get(tx, op.collection())?;
    match op {
        WriteOp::Insert { document, .. } => insert(tx, met, document),
        WriteOp::Put { document, .. } => put(tx, met, document),
        WriteOp::Patch { id, expect, set, unset, .. } => patch(tx, met, id, expect, set, unset),
        WriteOp::Delete { id, expect, .. } => delete(tx, met, id, expect),
        WriteOp::DeleteMany { filter, .. } => delete_many(tx, met, filter),
    }
}

fn insert(tx: &Transaction<'_>, met: &mut Met, document: &RawDocument) -> StoreResult<()> {
    let (_, document) = steward_store::upsert::with_id(document)?;
    note_lists(tx, &mut met.collection, &document)?;
    let sql = format!("INSERT INTO {} (doc, sum) VALUES (?1, ?2)", met.collection.table());
    let values = params![document.as_bytes(), sum_of(document.as_bytes())];
    tx.prepare_cached(&sql).and_then(|mut s| s.execute(values)).map_err(map)?;
    met.upkeep.inserted(tx, tx.last_insert_rowid(), &document)
}

fn put(tx: &Transaction<'_>, met: &mut Met, document: &RawDocument) -> StoreResult<()> {
    let (id, document) = steward_store::upsert::with_id(document)?;
    match row_of(tx, &met.collection, &id)? {
        Some((row, old)) => replace(tx, met, row, &crate::read::document(old)?, &document),
        None => insert(tx, met, &document),
    }
}

fn row_of(tx: &Transaction<'_>, collection: &Collection, id: &Bson) -> StoreResult<Option<(i64, Vec<u8>)>> {
    let sql = format!("SELECT id, doc, sum FROM {} WHERE steward_ord(doc, '_id') = ?1", collection.table());
    let row = |r: &rusqlite::Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?));
    let found: Option<(i64, Vec<u8>, Option<i64>)> =
        tx.prepare_cached(&sql).and_then(|mut s| s.query_row([order::key_of(id)], row).optional()).map_err(map)?;
    found.map(|(row, doc, sum)| crate::read::whole(&doc, sum).map(|()| (row, doc))).transpose()
}

fn replace(tx: &Transaction<'_>, met: &mut Met, row: i64, old: &RawDocument, new: &RawDocument) -> StoreResult<()> {
    note_lists(tx, &mut met.collection, new)?;
    let sql = format!("UPDATE {} SET doc = ?1, sum = ?3 WHERE id = ?2", met.collection.table());
    let values = params![new.as_bytes(), row, sum_of(new.as_bytes())];
    tx.prepare_cached(&sql).and_then(|mut s| s.execute(values)).map_err(map)?;
    met.upkeep.updated(tx, row, old, new)
}

/// An index whose field holds a list for the first time can serve comparisons no more.
fn note_lists(tx: &Transaction<'_>, collection: &mut Collection, document: &RawDocument) -> StoreResult<()> {
    let id = collection.id;
    for index in collection.indexes.iter_mut().filter(|i| !i.lists && !i.spec.is_text()) {
        let lists = index.spec.fields.iter().any(|f| {
            let path = crate::functions::split(f);
            touches_list(document, &path)
        });
        if lists {
            index.lists = true;
            catalog::save_index(tx, id, index)?;
        }
    }
    Ok(())
}

fn conflict() -> StoreError {
    StoreError::new(StoreErrorKind::Conflict, "Somebody else changed this record in the meantime.")
}

/// The row, its record and the fields that these paths lead through, where all expectations are met.
fn expected<'a>(
    tx: &Transaction<'_>,
    collection: &Collection,
    id: &Bson,
    expect: &'a [(FieldPath, Option<Bson>)],
    others: impl Iterator<Item = &'a FieldPath>,
) -> StoreResult<(i64, RawDocumentBuf, Fields<'a>)> {
    let Some((row, bytes)) = row_of(tx, collection, id)? else {
        return Err(conflict());
    };
    let raw = crate::read::document(bytes)?;
    let fields = Fields::of(&raw, expect.iter().map(|(path, _)| path).chain(others))?;
    let met = expect.iter().all(|(path, wanted)| match (path.get(&fields.values), wanted) {
        (None, None) => true,
        (Some(now), Some(then)) => value::same(now, then),
        _ => false,
    });
    if met { Ok((row, raw, fields)) } else { Err(conflict()) }
}

/// Some fields of a record, decoded; the others stay bytes.
struct Fields<'a> {
    names: Vec<Cow<'a, str>>,
    values: Document,
}

impl<'a> Fields<'a> {
    fn of(record: &RawDocument, paths: impl Iterator<Item = &'a FieldPath>) -> StoreResult<Self> {
        let mut names: Vec<Cow<'a, str>> = Vec::new();
        for name in paths.filter_map(|path| path.segments().next()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut values = Document::new();
        for field in record.iter() {
            let (name, value) = field.map_err(damaged)?;
            if names.iter().any(|n| n == name.as_str()) {
                values.insert(name.as_str(), Bson::try_from(value).map_err(damaged)?);
            }
        }
        Ok(Self { names, values })
    }

    /// The record with these fields as they are now, each in its place; new ones follow.
    fn put_into(mut self, record: &RawDocument) -> StoreResult<RawDocumentBuf> {
        let mut out = RawDocumentBuf::new();
        for field in record.iter() {
            let (name, value) = field.map_err(damaged)?;
            if !self.names.iter().any(|n| n == name.as_str()) {
                out.append(name, value);
            } else if let Some(value) = self.values.remove(name.as_str()) {
                append(&mut out, name.as_str(), value)?;
            }
        }
        for (name, value) in self.values {
            append(&mut out, &name, value)?;
        }
        Ok(out)
    }
}

fn append(out: &mut RawDocumentBuf, name: &str, value: Bson) -> StoreResult<()> {
    let invalid = |e: bson::error::Error| StoreError::invalid("This field cannot be set.").details(e);
    let name = CString::try_from(name).map_err(invalid)?;
    out.append(name, RawBson::try_from(value).map_err(invalid)?);
    Ok(())
}

fn damaged(e: bson::error::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Damaged, "A stored record is not valid BSON.").details(e)
}

fn patch(
    tx: &Transaction<'_>,
    met: &mut Met,
    id: &Bson,
    expect: &[(FieldPath, Option<Bson>)],
    set: &[(FieldPath, Bson)],
    unset: &[FieldPath],
) -> StoreResult<()> {
    let others = set.iter().map(|(path, _)| path).chain(unset);
    let (row, record, mut fields) = expected(tx, &met.collection, id, expect, others)?;
    for path in unset {
        path.unset(&mut fields.values);
    }
    for (path, new) in set {
        path.set(&mut fields.values, new.clone()).map_err(|e| StoreError::invalid(format!("This field cannot be set: {e}.")))?;
    }
    replace(tx, met, row, &record, &fields.put_into(&record)?)
}

fn delete(tx: &Transaction<'_>, met: &Met, id: &Bson, expect: &[(FieldPath, Option<Bson>)]) -> StoreResult<()> {
    let (row, old, _) = expected(tx, &met.collection, id, expect, std::iter::empty())?;
    let sql = format!("DELETE FROM {} WHERE id = ?1", met.collection.table());
    tx.prepare_cached(&sql).and_then(|mut s| s.execute([row])).map_err(map)?;
    met.upkeep.deleted(tx, row, &old)
}

fn delete_many(tx: &Transaction<'_>, met: &Met, filter: &Filter) -> StoreResult<()> {
    let where_ = plan::plan(filter, &met.collection)?;
    let (condition, values) = where_.sql(false);
    let table = met.collection.table();
    if met.upkeep.is_none() {
        let sql = format!("DELETE FROM {table} WHERE {condition}");
        tx.execute(&sql, rusqlite::params_from_iter(&values)).map_err(map)?;
        return Ok(());
    }
    let mut statement = tx.prepare(&format!("SELECT id FROM {table} WHERE {condition}")).map_err(map)?;
    let rows = statement.query_map(rusqlite::params_from_iter(&values), |r| r.get(0)).map_err(map)?;
    let rows: Vec<i64> = rows.collect::<Result<_, _>>().map_err(map)?;
    upkeep::delete_rows(tx, &met.collection, &met.upkeep, &rows)
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn fields_keep_their_places() {
        let record = steward_store::model::raw(&doc! { "_id": 1, "a": 1, "b": { "c": 1, "d": 2 }, "e": "x" }).unwrap();
        let paths: [FieldPath; 4] = ["b.c".into(), "a".into(), "b.d".into(), "new".into()];
        let mut fields = Fields::of(&record, paths.iter()).unwrap();
        assert_eq!(fields.values, doc! { "a": 1, "b": { "c": 1, "d": 2 } });
        paths[1].unset(&mut fields.values);
        paths[2].unset(&mut fields.values);
        paths[0].set(&mut fields.values, Bson::Int64(7)).unwrap();
        paths[3].set(&mut fields.values, Bson::Null).unwrap();
        let after = fields.put_into(&record).unwrap();
        let expected = doc! { "_id": 1, "b": { "c": 7_i64 }, "e": "x", "new": Bson::Null };
        assert_eq!(after.as_bytes(), steward_store::model::raw(&expected).unwrap().as_bytes());
    }
}
