//! Doing changes again in a scratch store, batch by batch: the records that a batch is about are fetched at once, changed in
//! memory, and written at once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bson::{Bson, Document, RawDocumentBuf};
use steward_domain::order;
use steward_store::{
    Change, CollectionKind, Definition, Delta, Durability, Step, Store, StoreErrorKind, WriteBatch, WriteOp, model, upsert,
};
use steward_workspace::{Error, Result};

use crate::manifest::PointInTime;
use crate::read::Listed;

/// Records that can be looked up at once.
const AT_ONCE: usize = 1000;

/// A record while a batch is done.
struct Held {
    id: Bson,
    /// It is in the store.
    stored: bool,
    now: Option<RawDocumentBuf>,
    /// When it was put there last: a capped collection keeps its records in this order.
    put: usize,
}

/// Collection and key of the `_id`.
type Place = (String, Vec<u8>);

pub(super) struct Player {
    store: Arc<dyn Store>,
    contents: BTreeMap<String, Listed>,
    /// What lay next to the data and is not in the backup: nothing can be done again on it.
    unknown: HashSet<String>,
    /// Collections that may hold some of the changes already.
    ahead: HashSet<String>,
    /// All of them may.
    all_ahead: bool,
    /// Changes up to here are in the backup.
    after: i64,
    /// Later ones are left out.
    until: i64,
}

impl Player {
    pub fn new(store: Arc<dyn Store>, contents: &[Listed], point_in_time: &PointInTime, until: i64) -> Self {
        let contents = contents.iter().map(|c| (c.name.clone(), c.clone())).collect();
        let (unknown, ahead) = (point_in_time.beside.iter().cloned().collect(), point_in_time.apart.iter().cloned().collect());
        Self { store, contents, unknown, ahead, all_ahead: false, after: point_in_time.mark, until }
    }

    /// For changes that were made while a dump was: each collection of it may be of any point in time between.
    pub fn behind_a_dump(store: Arc<dyn Store>, contents: &[Listed]) -> Self {
        let point_in_time = PointInTime { mark: 0, at: 0, beside: Vec::new(), apart: Vec::new() };
        Self { all_ahead: true, ..Self::new(store, contents, &point_in_time, i64::MAX) }
    }

    /// Does some changes, in their order.
    pub async fn play(&mut self, changes: Vec<Change>) -> Result<()> {
        let (after, until) = (self.after, self.until);
        let mut records = Vec::new();
        for change in changes.into_iter().filter(|c| c.mark > after && c.at <= until && !super::stays(&c.collection)) {
            if self.is_unknown(&change) {
                continue;
            }
            if change.step.is_of_record() {
                records.push(change);
                continue;
            }
            self.records(std::mem::take(&mut records)).await?;
            self.whole(change).await?;
        }
        self.records(records).await
    }

    fn is_unknown(&mut self, change: &Change) -> bool {
        if !self.unknown.contains(&change.collection) {
            return false;
        }
        match &change.step {
            Step::Drop => {
                self.unknown.remove(&change.collection);
            }
            Step::Rename { to } => {
                self.unknown.remove(&change.collection);
                self.unknown.insert(to.clone());
            }
            _ => {}
        }
        true
    }

    /// What there is at the end, people's collections and those of the backup.
    pub fn finish(self) -> Vec<Listed> {
        self.contents.into_values().filter(|c| !c.is_own() || super::stays(&c.name)).collect()
    }

    async fn records(&mut self, changes: Vec<Change>) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut held = self.fetch(&changes).await?;
        for (number, change) in changes.into_iter().enumerate() {
            let id = id_of(&change.step)?;
            let is_ahead = self.all_ahead || self.ahead.contains(&change.collection);
            let place = (change.collection, order::key_of(&id));
            let one = held.entry(place).or_insert(Held { id, stored: false, now: None, put: 0 });
            match change.step {
                Step::Put(record) => (one.now, one.put) = (Some(record), number),
                Step::Delete(_) => one.now = None,
                Step::Patch(delta) if is_ahead => {
                    one.now = one.now.as_ref().map(|now| patched_where_it_fits(now, &delta)).transpose()?;
                }
                Step::Patch(delta) => one.now = Some(patched(one.now.as_ref(), &delta)?),
                _ => {}
            }
        }
        self.write(held).await
    }

    /// What is in the store of the records that some changes are about.
    async fn fetch(&mut self, changes: &[Change]) -> Result<HashMap<Place, Held>> {
        let mut wanted: HashMap<&str, BTreeMap<Vec<u8>, Bson>> = HashMap::new();
        for change in changes {
            let id = id_of(&change.step)?;
            wanted.entry(&change.collection).or_default().insert(order::key_of(&id), id);
        }
        let mut held = HashMap::new();
        for (collection, ids) in wanted {
            self.known(collection, None).await?;
            let ids: Vec<Bson> = ids.into_values().collect();
            for some in ids.chunks(AT_ONCE) {
                for record in self.store.get_many(collection, "_id", some).await? {
                    let id = upsert::decode(&record)?.remove("_id").unwrap_or(Bson::Null);
                    held.insert((collection.to_owned(), order::key_of(&id)), Held { id, stored: true, now: Some(record), put: 0 });
                }
            }
        }
        Ok(held)
    }

    async fn write(&self, held: HashMap<Place, Held>) -> Result<()> {
        let mut held: Vec<(Place, Held)> = held.into_iter().collect();
        held.sort_by_key(|(_, one)| one.put);
        let ops = held.into_iter().filter_map(|((collection, _), one)| match (one.now, one.stored) {
            (Some(document), _) => Some(WriteOp::Put { collection, document }),
            (None, true) => Some(WriteOp::Delete { collection, id: one.id, expect: Vec::new() }),
            (None, false) => None,
        });
        let report = self.store.write(WriteBatch::data(ops.collect()), Durability::Bulk).await?;
        match report.failures.first() {
            None => Ok(()),
            Some(failure) => {
                Err(Error::Conflict(format!("{} changes could not be done again ({:?}).", report.failures.len(), failure.kind)))
            }
        }
    }

    /// A collection that nobody reported has been made by its first record.
    async fn known(&mut self, collection: &str, definition: Option<Definition>) -> Result<()> {
        if !self.contents.contains_key(collection) {
            self.store.create_collection(collection).await?;
            self.contents.insert(collection.to_owned(), listed(collection, Definition::default()));
        }
        if let (Some(definition), Some(one)) = (definition, self.contents.get_mut(collection)) {
            one.definition = definition;
        }
        Ok(())
    }

    /// A change of a whole collection.
    async fn whole(&mut self, change: Change) -> Result<()> {
        let name = change.collection.as_str();
        match change.step {
            Step::Drop => {
                self.store.drop_collection(name).await?;
                self.contents.remove(name);
            }
            Step::Rename { to } => self.rename(name, &to).await?,
            Step::Define(definition) => self.known(name, Some(definition)).await?,
            Step::Index(index) => {
                self.define(name, |definition| {
                    let of_name = |i: &Document| i.get_str("name").ok() == index.get_str("name").ok();
                    definition.indexes.retain(|i| !of_name(i));
                    definition.indexes.push(index.clone());
                })
                .await?
            }
            Step::DropIndex(index) => {
                self.define(name, |definition| definition.indexes.retain(|i| i.get_str("name").ok() != Some(index.as_str()))).await?;
            }
            Step::Options(options) => self.define(name, |definition| definition.options.extend(options.clone())).await?,
            Step::Put(_) | Step::Patch(_) | Step::Delete(_) => {}
        }
        Ok(())
    }

    async fn define(&mut self, name: &str, work: impl FnOnce(&mut Definition)) -> Result<()> {
        self.known(name, None).await?;
        if let Some(one) = self.contents.get_mut(name) {
            work(&mut one.definition);
        }
        Ok(())
    }

    async fn rename(&mut self, from: &str, to: &str) -> Result<()> {
        // A dump that came after the rename has it under its new name.
        if self.all_ahead && !self.contents.contains_key(from) {
            return Ok(());
        }
        self.known(from, None).await?;
        let moved = self.contents.remove(from);
        if self.ahead.remove(from) {
            self.ahead.insert(to.to_owned());
        }
        if super::stays(to) {
            // History and the like are those of the backup.
            return Ok(self.store.drop_collection(from).await?);
        }
        match self.store.rename_collection(from, to, true).await {
            Err(e) if e.kind == StoreErrorKind::NotFound => self.store.create_collection(to).await?,
            other => other?,
        }
        let moved = moved.map_or_else(|| listed(to, Definition::default()), |one| Listed { name: to.to_owned(), ..one });
        self.contents.insert(to.to_owned(), moved);
        Ok(())
    }
}

fn listed(name: &str, definition: Definition) -> Listed {
    Listed {
        name: name.to_owned(),
        definition: Definition { kind: CollectionKind::Collection, ..definition },
        records: None,
        content: None,
        settings: None,
    }
}

fn does_not_fit() -> Error {
    Error::BadRequest("The changes do not fit the backup that they are said to build on.".into())
}

fn id_of(step: &Step) -> Result<Bson> {
    match step {
        Step::Put(record) => {
            let id = record.get("_id").ok().flatten().ok_or_else(does_not_fit)?;
            Bson::try_from(id).map_err(|_| does_not_fit())
        }
        Step::Patch(delta) => Ok(delta.id.clone()),
        Step::Delete(id) => Ok(id.clone()),
        _ => Err(does_not_fit()),
    }
}

fn patched(before: Option<&RawDocumentBuf>, delta: &Delta) -> Result<RawDocumentBuf> {
    let mut record = upsert::decode(before.ok_or_else(does_not_fit)?)?;
    delta.apply(&mut record).map_err(|_| does_not_fit())?;
    Ok(model::raw(&record)?)
}

/// A record that was changed again later on has all that a change came to, or more.
fn patched_where_it_fits(before: &RawDocumentBuf, delta: &Delta) -> Result<RawDocumentBuf> {
    let mut record = upsert::decode(before)?;
    delta.apply_what_fits(&mut record);
    Ok(model::raw(&record)?)
}
