//! Batched upsert by key on any store: look the keys up, insert what is new, patch only what differs.
//!
//! An update with upsert costs a server about three times an insert; here unchanged records cost a read and new ones
//! an insert.

use std::collections::{HashMap, HashSet};

use bson::{Bson, Document, RawDocumentBuf};
use steward_domain::run::ImportMode;
use steward_domain::{FieldChange, value};

use crate::{Durability, Store, StoreErrorKind, StoreResult, WriteBatch, WriteOp};

/// A record to be loaded.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub key: Bson,
    pub document: RawDocumentBuf,
}

/// What became, or would become, of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Inserted {
        id: Bson,
    },
    Updated {
        id: Bson,
        changes: Vec<FieldChange>,
    },
    Unchanged,
    /// Insert-only, and the key exists.
    Exists,
    /// Others kept writing the same record; nothing was written.
    Conflict,
    /// The record that exists is newer; nothing was written.
    Older,
    /// The record exists and differs in a field whose name no patch can say; nothing was written.
    Unpatchable {
        field: String,
    },
}

/// How to load a batch.
#[derive(Debug, Clone, Copy)]
pub struct UpsertPlan<'a> {
    pub collection: &'a str,
    pub key_field: &'a str,
    pub mode: ImportMode,
    /// The collection had no record when the load began and only this load writes to it: skip the look-up and
    /// let the unique index speak.
    pub expect_new: bool,
    /// Only rows that are not older by this field change a record that exists.
    pub newest_by: Option<&'a str>,
    /// What an earlier attempt of the same load wrote and did not count.
    pub ours: Option<&'a Ours>,
}

/// Records that a load has written without having counted them: its process or its connection ended in between. Met again, such a
/// record counts as what it was then, and stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Ours {
    inserted: HashSet<Vec<u8>>,
    updated: HashSet<Vec<u8>>,
}

impl Ours {
    pub fn inserted(&mut self, id: &Bson) {
        self.inserted.insert(key_bytes(id));
    }

    pub fn updated(&mut self, id: &Bson) {
        self.updated.insert(key_bytes(id));
    }

    pub fn is_empty(&self) -> bool {
        self.inserted.is_empty() && self.updated.is_empty()
    }

    /// The load inserted a record with this `_id`.
    pub fn has_inserted(&self, id: &Bson) -> bool {
        self.inserted.contains(&key_bytes(id))
    }

    /// What a record that exists was to this load.
    fn was(&self, id: &Bson) -> Option<Outcome> {
        let key = key_bytes(id);
        if self.inserted.contains(&key) {
            Some(Outcome::Inserted { id: id.clone() })
        } else if self.updated.contains(&key) {
            Some(Outcome::Updated { id: id.clone(), changes: Vec::new() })
        } else {
            None
        }
    }
}

/// Turns outcomes into further operations of the same batch: history before, bookkeeping after.
#[async_trait::async_trait]
pub trait Bookkeeper: Send + Sync {
    async fn history(&self, outcomes: &[Outcome], batch: &[Incoming]) -> StoreResult<Vec<WriteOp>>;
    fn confirm(&self, outcomes: &[Outcome]) -> StoreResult<Vec<WriteOp>>;
}

/// What is to be done with each record of a batch, as the store was when it was asked.
#[derive(Debug)]
pub struct Prepared(Vec<(Outcome, Option<WriteOp>)>);

impl Prepared {
    /// What would happen.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        self.0.into_iter().map(|(outcome, _)| outcome).collect()
    }
}

/// Works out what would happen, writing nothing. May be asked while a batch of other keys is being written: where the
/// store has changed until the records' own turn, [`upsert`] finds out.
pub async fn prepare(store: &dyn Store, plan: UpsertPlan<'_>, batch: &[Incoming]) -> StoreResult<Prepared> {
    let existing = if plan.expect_new { HashMap::new() } else { look_up(store, plan, batch).await? };
    decide_all(plan, batch, &existing, &Ours::default())
}

/// `sent` is what this very batch has tried to insert.
fn decide_all(plan: UpsertPlan<'_>, batch: &[Incoming], existing: &HashMap<Vec<u8>, RawDocumentBuf>, sent: &Ours) -> StoreResult<Prepared> {
    let one = |incoming: &Incoming| decide(plan, incoming, existing.get(&key_bytes(&incoming.key)), sent);
    batch.iter().map(one).collect::<StoreResult<_>>().map(Prepared)
}

/// Attempts before a record that others keep writing is given up, and before the whole batch is.
const ATTEMPTS: u32 = 4;
const ALL_ATTEMPTS: u32 = 12;

/// Loads a batch that was prepared. Keys in it must be different from each other.
pub async fn upsert(
    store: &dyn Store,
    plan: UpsertPlan<'_>,
    batch: &[Incoming],
    prepared: Prepared,
    books: &dyn Bookkeeper,
) -> StoreResult<Vec<Outcome>> {
    let mut decided = prepared;
    let mut earlier: Vec<Option<Outcome>> = vec![None; batch.len()];
    let mut failed = vec![0_u32; batch.len()];
    let mut sent = Ours::default();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut ops = Vec::with_capacity(batch.len());
        let mut sources = Vec::with_capacity(batch.len());
        for (at, (outcome, op)) in decided.0.into_iter().enumerate() {
            if failed[at] >= ATTEMPTS {
                outcomes.push(Outcome::Conflict);
                continue;
            }
            if op.is_some() {
                sources.push(at);
            }
            ops.extend(op);
            // What an earlier attempt wrote is found unchanged now; it counts as what it was.
            outcomes.push(match (outcome, earlier[at].take()) {
                (Outcome::Unchanged | Outcome::Exists, Some(written)) => written,
                (outcome, _) => outcome,
            });
        }
        let write = WriteBatch {
            history: books.history(&outcomes, batch).await?,
            data: ops,
            confirm: books.confirm(&outcomes)?,
            ..WriteBatch::default()
        };
        if write.is_empty() {
            return Ok(outcomes);
        }
        // A connection that breaks leaves it open whether they arrived.
        for outcome in &outcomes {
            if let Outcome::Inserted { id } = outcome {
                sent.inserted(id);
            }
        }
        match store.write(write, Durability::Bulk).await {
            Ok(report) if report.failures.is_empty() => return Ok(outcomes),
            Ok(report) => {
                let again: Vec<usize> = report.failures.iter().filter_map(|f| sources.get(f.index).copied()).collect();
                for at in &again {
                    failed[*at] += 1;
                }
                for (at, outcome) in outcomes.into_iter().enumerate() {
                    let written = matches!(outcome, Outcome::Inserted { .. } | Outcome::Updated { .. }) && !again.contains(&at);
                    earlier[at] = written.then_some(outcome);
                }
            }
            Err(e) if matches!(e.kind, StoreErrorKind::Conflict | StoreErrorKind::DuplicateKey) && attempt < ALL_ATTEMPTS => {}
            Err(e) => return Err(e),
        }
        if attempt >= ALL_ATTEMPTS {
            return Err(crate::StoreError::new(StoreErrorKind::Conflict, "Others are writing the same records. Try again in a moment."));
        }
        // Someone else wrote one of these records in between: look again. What was written is found unchanged.
        decided = decide_all(plan, batch, &look_up(store, plan, batch).await?, &sent)?;
    }
}

async fn look_up(store: &dyn Store, plan: UpsertPlan<'_>, batch: &[Incoming]) -> StoreResult<HashMap<Vec<u8>, RawDocumentBuf>> {
    let keys: Vec<Bson> = batch.iter().map(|i| i.key.clone()).collect();
    let mut found = HashMap::with_capacity(keys.len());
    for chunk in keys.chunks(1000) {
        for raw in store.get_many(plan.collection, plan.key_field, chunk).await? {
            if let Some(key) = raw.get(plan.key_field).ok().flatten() {
                found.insert(steward_domain::order::key(Some(key)), raw);
            }
        }
    }
    Ok(found)
}

fn key_bytes(key: &Bson) -> Vec<u8> {
    steward_domain::order::key_of(key)
}

fn decide(
    plan: UpsertPlan<'_>,
    incoming: &Incoming,
    existing: Option<&RawDocumentBuf>,
    sent: &Ours,
) -> StoreResult<(Outcome, Option<WriteOp>)> {
    let Some(old_raw) = existing else {
        return insert(plan, incoming);
    };
    let id = || old_raw.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok()).unwrap_or(Bson::Null);
    if let Some(outcome) = plan.ours.and_then(|ours| ours.was(&id())).or_else(|| if sent.is_empty() { None } else { sent.was(&id()) }) {
        return Ok((outcome, None));
    }
    if plan.mode == ImportMode::Insert {
        return Ok((Outcome::Exists, None));
    }
    if same_bytes(old_raw, &incoming.document) {
        return Ok((Outcome::Unchanged, None));
    }
    if plan.newest_by.is_some_and(|field| is_older(&incoming.document, old_raw, field)) {
        return Ok((Outcome::Older, None));
    }
    let (old, new) = differing(old_raw, &incoming.document, plan.mode == ImportMode::Merge)?;
    if let Some(field) = unpatchable(&old, &new) {
        return Ok((Outcome::Unpatchable { field }, None));
    }
    let changes = value::diff(&old, &new);
    if changes.is_empty() {
        return Ok((Outcome::Unchanged, None));
    }
    let id = id();
    let op = patch(plan.collection, id.clone(), &changes);
    Ok((Outcome::Updated { id, changes }, Some(op)))
}

/// The fields of both whose bytes differ. Most fields of a record that changed are as they were: they are not decoded.
/// With `merge`, a field that only the stored record has is left alone.
fn differing(stored: &bson::RawDocument, incoming: &bson::RawDocument, merge: bool) -> StoreResult<(Document, Document)> {
    let fields = incoming.iter().collect::<Result<Vec<_>, _>>().map_err(damaged)?;
    let mut met = vec![false; fields.len()];
    let (mut old, mut new) = (Document::new(), Document::new());
    let mut next = 0;
    for field in stored.iter() {
        let (name, was) = field.map_err(damaged)?;
        // Records of one kind have their fields in one order.
        let found = match fields.get(next) {
            Some((n, _)) if *n == name => Some(next),
            _ => fields.iter().position(|(n, _)| *n == name),
        };
        let Some(at) = found else {
            if !merge {
                old.insert(name.as_str(), Bson::try_from(was).map_err(damaged)?);
            }
            continue;
        };
        next = at + 1;
        met[at] = true;
        if fields[at].1 != was {
            old.insert(name.as_str(), Bson::try_from(was).map_err(damaged)?);
            new.insert(name.as_str(), Bson::try_from(fields[at].1).map_err(damaged)?);
        }
    }
    for ((name, value), _) in fields.iter().zip(met).filter(|(_, met)| !met) {
        new.insert(name.as_str(), Bson::try_from(*value).map_err(damaged)?);
    }
    Ok((old, new))
}

/// The incoming value comes before the stored one: in time where both are dates (BSON or RFC 3339 text), else in the order
/// of values. A missing value comes before any other.
fn is_older(incoming: &bson::RawDocument, stored: &bson::RawDocument, field: &str) -> bool {
    let of = |doc: &bson::RawDocument| {
        let value = doc.get(field).ok().flatten().and_then(|v| Bson::try_from(v).ok());
        match &value {
            Some(Bson::String(text)) => bson::DateTime::parse_rfc3339_str(text).map_or(value.clone(), |d| Some(d.into())),
            _ => value,
        }
    };
    match (of(incoming), of(stored)) {
        (None, stored) => stored.is_some(),
        (Some(_), None) => false,
        (Some(a), Some(b)) => key_bytes(&a) < key_bytes(&b),
    }
}

/// A field that differs and that no patch can name.
fn unpatchable(old: &Document, new: &Document) -> Option<String> {
    let odd = |name: &&String| name.is_empty();
    let differs = |name: &&String| match (old.get(name.as_str()), new.get(name.as_str())) {
        (Some(a), Some(b)) => !value::same(a, b),
        _ => true,
    };
    old.keys().chain(new.keys()).find(|name| odd(name) && differs(name)).cloned()
}

fn insert(plan: UpsertPlan<'_>, incoming: &Incoming) -> StoreResult<(Outcome, Option<WriteOp>)> {
    let (id, document) = with_id(&incoming.document)?;
    let op = WriteOp::Insert { collection: plan.collection.to_owned(), document };
    Ok((Outcome::Inserted { id }, Some(op)))
}

/// The document with an `_id` in front; one that it has already is kept.
pub fn with_id(document: &bson::RawDocument) -> StoreResult<(Bson, RawDocumentBuf)> {
    if let Ok(Some(id)) = document.get("_id") {
        let id = Bson::try_from(id).map_err(|e| crate::StoreError::invalid("This _id is not valid BSON.").details(e))?;
        return Ok((id, document.to_owned()));
    }
    let id = bson::oid::ObjectId::new();
    let body = document.as_bytes();
    let mut bytes = Vec::with_capacity(body.len() + 17);
    bytes.extend_from_slice(&i32::try_from(body.len() + 17).unwrap_or(i32::MAX).to_le_bytes());
    bytes.push(0x07);
    bytes.extend_from_slice(b"_id\0");
    bytes.extend_from_slice(&id.bytes());
    bytes.extend_from_slice(&body[4..]);
    let document = RawDocumentBuf::from_bytes(bytes).map_err(|e| crate::StoreError::invalid("This record is too large.").details(e))?;
    Ok((Bson::ObjectId(id), document))
}

/// A patch that makes these changes where their old values still apply.
pub fn patch(collection: &str, id: Bson, changes: &[FieldChange]) -> WriteOp {
    let expect = changes.iter().map(|c| (c.path.clone(), c.before.as_ref().map(|v| v.0.clone()))).collect();
    let set = changes.iter().filter_map(|c| c.after.as_ref().map(|v| (c.path.clone(), v.0.clone()))).collect();
    let unset = changes.iter().filter(|c| c.after.is_none()).map(|c| c.path.clone()).collect();
    WriteOp::Patch { collection: collection.to_owned(), id, expect, set, unset }
}

/// Equal to the byte, apart from an `_id` that only the stored one has.
fn same_bytes(stored: &bson::RawDocument, incoming: &bson::RawDocument) -> bool {
    let (a, b) = (stored.as_bytes(), incoming.as_bytes());
    if a == b {
        return true;
    }
    // An ObjectId element in front: type, "_id\0", 12 bytes.
    a.len() == b.len() + 17 && a.get(4..9) == Some(b"\x07_id\0".as_slice()) && a.get(21..) == b.get(4..)
}

/// Decodes stored bytes.
pub fn decode(raw: &bson::RawDocument) -> StoreResult<Document> {
    Document::try_from(raw).map_err(damaged)
}

fn damaged(e: impl std::fmt::Display) -> crate::StoreError {
    crate::StoreError::new(StoreErrorKind::Damaged, "A stored record is not valid BSON.").details(e)
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn found(stored: &Document, incoming: &Document, merge: bool) -> (Document, Document) {
        differing(&crate::model::raw(stored).unwrap(), &crate::model::raw(incoming).unwrap(), merge).unwrap()
    }

    #[test]
    fn only_what_differs_is_decoded() {
        let stored = doc! { "_id": 1, "a": 1, "b": { "c": [1, 2] }, "gone": true, "d": "x" };
        let incoming = doc! { "d": "y", "a": 1, "b": { "c": [1, 2] }, "new": f64::NAN };
        let (old, new) = found(&stored, &incoming, false);
        assert_eq!(old, doc! { "_id": 1, "gone": true, "d": "x" });
        assert_eq!(new.keys().collect::<Vec<_>>(), ["d", "new"]);
        let (old, new) = found(&stored, &incoming, true);
        assert_eq!((old, new.len()), (doc! { "d": "x" }, 2), "a merge leaves alone what is not said");
    }

    #[test]
    fn what_differs_in_type_only_is_left_to_the_comparison_of_values() {
        let (old, new) = found(&doc! { "a": 1_i64, "b": 1 }, &doc! { "b": 2, "a": 1 }, false);
        let changes = value::diff(&old, &new);
        assert_eq!(changes.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(), ["b"]);
    }
}
