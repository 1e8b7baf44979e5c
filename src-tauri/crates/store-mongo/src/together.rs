//! Patches of the same fields of many records, as few updates.
//!
//! An update of one record costs the server more for planning than for writing: the expected values are in its query, so
//! that no short cut by `_id` applies. Here one update covers many records. It finds them by `_id`, and a pipeline takes
//! expectation and new values of each out of a list: a record that is not as expected stays as it is.
//!
//! Measured with 30,000 careers of 0.6 kB, a text index among four, on MongoDB 6.0: 123 µs of the server's time a record one by
//! one, 65 without expectations, 67 this way.

use std::collections::BTreeMap;

use bson::raw::cstr;
use bson::{Bson, Document, RawDocumentBuf, doc};
use steward_domain::FieldPath;
use steward_store::model::raw;
use steward_store::{StoreResult, WriteOp};

use crate::MongoStore;
use crate::bulk::{Chunk, Shape};

/// Records of one update. The server looks through the list for each of them.
const RECORDS: usize = 100;
/// Fewer patches of a kind are not worth it.
const FEWEST: usize = 10;
/// Bytes of one update, unless it is of one record.
const BYTES: usize = 1 << 20;

/// What patches have in common that can share an update.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind<'a> {
    collection: &'a str,
    /// Expected fields, and whether they are there.
    expect: Vec<(&'a str, bool)>,
    set: Vec<&'a str>,
    unset: Vec<&'a str>,
}

/// Takes the patches that go together out of `ops`: gives the updates, and the positions of all else.
pub fn gather(store: &MongoStore, ops: &[WriteOp], most: usize) -> StoreResult<(Vec<Chunk>, Vec<usize>)> {
    let version = store.deployment().version;
    let mut kinds: BTreeMap<Kind<'_>, Vec<usize>> = BTreeMap::new();
    let mut rest = Vec::new();
    // What a sweep deletes depends on what was written before it.
    let sweeps = ops.iter().any(|op| matches!(op, WriteOp::DeleteMany { .. }));
    for (position, op) in ops.iter().enumerate() {
        match Kind::of(op, version).filter(|_| !sweeps) {
            Some(kind) => kinds.entry(kind).or_default().push(position),
            None => rest.push(position),
        }
    }
    let mut chunks: Vec<Chunk> = Vec::new();
    for (kind, positions) in kinds {
        if positions.len() < FEWEST {
            rest.extend(positions);
            continue;
        }
        let mut parts: Vec<&[usize]> = positions.chunks(RECORDS).collect();
        while let Some(positions) = parts.pop() {
            let update = kind.update(positions.iter().filter_map(|at| ops.get(*at)))?;
            let bytes = update.as_bytes().len();
            if bytes > BYTES {
                // Big values: as many records as fit; one that does not is for the plain way, which repeats less.
                match positions.len() {
                    1 => rest.extend(positions),
                    many => parts.extend([&positions[..many / 2], &positions[many / 2..]]),
                }
                continue;
            }
            match chunks.last_mut().filter(|c| c.fits(kind.collection, Shape::Together, bytes, most)) {
                Some(chunk) => chunk.push_all(positions, &update),
                None => {
                    let mut chunk = Chunk::new(kind.collection, Shape::Together);
                    chunk.push_all(positions, &update);
                    chunks.push(chunk);
                }
            }
        }
    }
    rest.sort_unstable();
    Ok((chunks, rest))
}

impl<'a> Kind<'a> {
    /// `None` where a pipeline would say something else than the operators do.
    fn of(op: &'a WriteOp, version: (u32, u32)) -> Option<Self> {
        let WriteOp::Patch { collection, expect, set, unset, .. } = op else { return None };
        let removes = version >= (5, 0) || unset.is_empty();
        let changes = !set.is_empty() || !unset.is_empty();
        if version < (4, 2) || !removes || !changes || steward_store::names::check_data(collection).is_err() {
            return None;
        }
        let expected = |(path, value): &'a (FieldPath, Option<Bson>)| {
            let comparable = !matches!(value, Some(Bson::Undefined));
            top(path).filter(|_| comparable).map(|name| (name, value.is_some()))
        };
        Some(Self {
            collection,
            expect: expect.iter().map(expected).collect::<Option<_>>()?,
            set: set.iter().map(|(path, _)| top(path)).collect::<Option<_>>()?,
            unset: unset.iter().map(top).collect::<Option<_>>()?,
        })
    }

    /// One update of the records of these patches.
    fn update(&self, ops: impl Iterator<Item = &'a WriteOp>) -> StoreResult<RawDocumentBuf> {
        let (mut ids, mut values) = (Vec::new(), Vec::new());
        for op in ops {
            let WriteOp::Patch { id, expect, set, .. } = op else { continue };
            let expected = expect.iter().filter_map(|(_, value)| value.as_ref()).zip(0..).map(|(v, n)| (member('e', n), v.clone()));
            let new = set.iter().zip(0..).map(|((_, v), n)| (member('s', n), v.clone()));
            ids.push(id.clone());
            values.push(expected.chain(new).collect::<Document>());
        }
        let mut present = 0..;
        let expected = |(name, there): &(&str, bool)| {
            let field = format!("${name}");
            match (*there).then(|| present.next()).flatten() {
                Some(n) => doc! { "$eq": [field, format!("$$its.{}", member('e', n))] },
                None => doc! { "$eq": [{ "$type": field }, "missing"] },
            }
        };
        let mut all = vec![doc! { "$gte": ["$$at", 0] }];
        all.extend(self.expect.iter().map(expected));
        let new = |(name, n): (&&str, u32)| ((*name).to_owned(), Bson::from(format!("$$its.{}", member('s', n))));
        let set: Document = self.set.iter().zip(0..).map(new).collect();
        let merged = Bson::from(doc! { "$mergeObjects": ["$$ROOT", set] });
        let changed = self.unset.iter().fold(merged, |record, name| {
            let field = doc! { "$literal": *name };
            doc! { "$unsetField": { "field": field, "input": record } }.into()
        });
        let its = doc! { "$arrayElemAt": [{ "$literal": values }, "$$at"] };
        let patched = doc! { "$let": { "vars": { "its": its }, "in": { "$cond": [{ "$and": all }, changed, "$$ROOT"] } } };
        let at = doc! { "$indexOfArray": [{ "$literal": ids.clone() }, "$_id"] };
        let pipeline = vec![doc! { "$replaceWith": { "$let": { "vars": { "at": at }, "in": patched } } }];
        let mut update = RawDocumentBuf::new();
        update.append(cstr!("q"), &raw(&doc! { "_id": { "$in": ids } })?);
        for (name, value) in raw(&doc! { "u": pipeline, "multi": true, "hint": { "_id": 1 } })?.iter().flatten() {
            update.append(name, value);
        }
        Ok(update)
    }
}

/// Names of the expected values (e0, e1) and of the new ones (s0, s1) in the list.
fn member(of: char, number: u32) -> String {
    format!("{of}{number}")
}

/// The name of a field of the record itself.
fn top(path: &FieldPath) -> Option<&str> {
    Some(path.as_str()).filter(|name| path.is_dotted() && !name.contains('.') && *name != "_id")
}
