//! A workspace: its store, its schemas, who works in it, and what is known of each collection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bson::{Bson, Document};
use serde::{Deserialize, Serialize};
use steward_domain::{Filter, Origin, Violation, value};
use steward_schema::{Checker, Pack, Registry};
use steward_store::{Capability, CollectionKind, Durability, IndexSpec, Query, Store, StoreErrorKind, WriteBatch, WriteOp, names};

use crate::docs;
use crate::error::{Error, Result};
use crate::events::{Bus, Event};

/// Gives the time. Passed in, so that tests decide it.
pub trait Clock: Send + Sync {
    fn now(&self) -> chrono::DateTime<chrono::Utc>;

    /// RFC 3339 with milliseconds, UTC.
    fn stamp(&self) -> String {
        self.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        chrono::Utc::now()
    }
}

/// What Steward knows of a collection beyond its records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionSettings {
    pub name: String,
    /// `careers@1.0.0`; empty without a schema.
    #[serde(default)]
    pub schema: String,
    pub key_field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_field: Option<String>,
}

/// A collection with its compiled schema.
#[derive(Clone)]
pub struct Collection {
    pub settings: CollectionSettings,
    pub checker: Option<Arc<Checker>>,
}

impl Collection {
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The rules that a document breaks here.
    pub fn violations(&self, document: &Document) -> Vec<Violation> {
        self.checker.as_ref().map_or_else(Vec::new, |checker| checker.check(&value::doc_to_plain(document)))
    }
}

/// An open workspace.
#[derive(Clone)]
pub struct Workspace {
    pub store: Arc<dyn Store>,
    pub registry: Arc<Registry>,
    pub clock: Arc<dyn Clock>,
    /// What happens here, for whoever listens.
    pub events: Bus,
    /// Who works here, for the history.
    pub actor: String,
    /// Which way they came in, where that is known.
    pub origin: Option<Origin>,
    checkers: Arc<Mutex<HashMap<String, Arc<Checker>>>>,
    pub(crate) appending: Arc<crate::history::Appending>,
}

impl Workspace {
    /// A workspace over a store. Reads nothing and writes nothing.
    pub fn new(store: Arc<dyn Store>, registry: Arc<Registry>, clock: Arc<dyn Clock>, actor: String) -> Self {
        Self { store, registry, clock, events: Bus::default(), actor, origin: None, checkers: Arc::default(), appending: Arc::default() }
    }

    /// A workspace over a store, after completing what a crash left open, unless the store is read-only. Steward's own collections
    /// are created when something is first written to them.
    ///
    /// Errors: those of the store; `NewerVersion` for a workspace of a newer program.
    pub async fn open_and_recover(store: Arc<dyn Store>, registry: Arc<Registry>, clock: Arc<dyn Clock>, actor: String) -> Result<Self> {
        let workspace = Self::new(store, registry, clock, actor);
        crate::layout::check(&workspace).await?;
        if workspace.can_write() {
            crate::history::recover_pending(&workspace).await?;
            crate::history::staged::tidy(&workspace).await?;
        }
        Ok(workspace)
    }

    /// The same workspace with other packs; what was compiled of the former ones is forgotten.
    #[must_use]
    pub fn with_registry(&self, registry: Arc<Registry>) -> Self {
        Self { registry, checkers: Arc::default(), ..self.clone() }
    }

    /// The same workspace, with another person and the way they came in for its history.
    #[must_use]
    pub fn acting_as(&self, person: &str, origin: Origin) -> Self {
        Self { actor: person.to_owned(), origin: Some(origin), ..self.clone() }
    }

    /// The same workspace with its store seen through a layer.
    #[must_use]
    pub fn with_store(&self, store: Arc<dyn Store>) -> Self {
        Self { store, ..self.clone() }
    }

    pub fn can_write(&self) -> bool {
        self.store.capabilities().has(Capability::Write)
    }

    /// The compiled checker of a schema id.
    pub fn checker(&self, schema: &str) -> Result<Arc<Checker>> {
        let mut cache = self.checkers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(checker) = cache.get(schema) {
            return Ok(Arc::clone(checker));
        }
        let checker = Arc::new(Checker::new(self.registry.get(schema)?, &self.registry)?);
        cache.insert(schema.to_owned(), Arc::clone(&checker));
        Ok(checker)
    }

    /// People's collections, by name.
    pub async fn collections(&self) -> Result<Vec<String>> {
        let mut all = self.store.collections().await?;
        all.retain(|name| !names::is_own(name));
        all.sort();
        Ok(all)
    }

    /// What is known of a collection. One that Steward did not make is identified by `_id`.
    pub async fn settings(&self, collection: &str) -> Result<CollectionSettings> {
        match self.own_document(names::CATALOG, &settings_id(collection)).await? {
            Some(doc) => docs::from_document(&doc),
            None => Ok(CollectionSettings { name: collection.to_owned(), key_field: "_id".into(), ..CollectionSettings::default() }),
        }
    }

    /// The settings, if the collection exists.
    pub async fn existing(&self, collection: &str) -> Result<CollectionSettings> {
        if names::is_own(collection) || !self.store.collections().await?.iter().any(|c| c == collection) {
            return Err(Error::NotFound(format!("There is no collection '{collection}' in this workspace.")));
        }
        self.settings(collection).await
    }

    /// A collection for one operation: whatever it needs to know is read here, once.
    ///
    /// Errors: `NotFound` where it does not exist; its schema is unknown.
    pub async fn collection(&self, name: &str) -> Result<Collection> {
        let settings = self.existing(name).await?;
        let checker = if settings.schema.is_empty() { None } else { Some(self.checker(&settings.schema)?) };
        Ok(Collection { settings, checker })
    }

    /// Gives a collection its schema: key, title and indexes. An empty pack takes the schema away.
    pub async fn assign(&self, collection: &str, pack: Option<&Pack>, key_field: Option<&str>) -> Result<CollectionSettings> {
        names::check(collection)?;
        if names::is_own(collection) {
            return Err(Error::BadRequest(format!("'{collection}' belongs to Steward itself; choose another name.")));
        }
        let before = self.settings(collection).await?;
        let key_field = match (key_field, pack) {
            (Some(key), _) if !key.is_empty() => key.to_owned(),
            (_, Some(pack)) => pack.steward.key.clone(),
            _ => before.key_field.clone(),
        };
        let settings = CollectionSettings {
            name: collection.to_owned(),
            schema: pack.map(|p| p.id.to_string()).unwrap_or_default(),
            key_field: key_field.clone(),
            title_field: pack.and_then(|p| p.steward.title.clone()),
        };
        self.prepare(collection, pack, &key_field).await?;
        if settings != before {
            self.set_settings(&settings).await?;
            self.events.emit(&Event::CollectionChanged { collection: collection.to_owned() });
        }
        Ok(settings)
    }

    /// A name for a collection that nobody uses yet: the name with an ending, or with `-2`, `-3`… behind it. The name gives way
    /// where both would be longer than a server takes.
    pub async fn free_name(&self, name: &str, ending: &str) -> Result<String> {
        const ROOM: usize = 120;
        let room = ROOM.max(name.len()) - ending.len() - 4;
        let mut cut = name.len().min(room);
        while !name.is_char_boundary(cut) {
            cut -= 1;
        }
        let first = format!("{}{ending}", &name[..cut]);
        let mut name = first.clone();
        for n in 2.. {
            if self.standing(&name).await?.is_none() {
                break;
            }
            name = format!("{first}-{n}");
        }
        Ok(name)
    }

    /// What is under a name: views and time series too, which [`Store::collections`](steward_store::Store::collections)
    /// does not list.
    pub async fn standing(&self, name: &str) -> Result<Option<CollectionKind>> {
        match self.store.definition(name).await {
            Ok(found) => Ok(Some(found.kind)),
            Err(e) if e.kind == StoreErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Notes what is known of a collection.
    pub async fn set_settings(&self, settings: &CollectionSettings) -> Result<()> {
        self.put(names::CATALOG, &docs::to_document(&settings_id(&settings.name), settings)?).await
    }

    /// Makes a collection with the indexes of a schema; nothing is noted about it.
    pub async fn prepare(&self, collection: &str, pack: Option<&Pack>, key_field: &str) -> Result<()> {
        self.store.create_collection(collection).await?;
        if key_field != "_id" {
            self.unique_index(collection, key_field).await?;
        }
        for index in pack.map(|p| p.steward.indexes.as_slice()).unwrap_or_default() {
            if index.unique && index.fields == [key_field] {
                continue;
            }
            let spec = IndexSpec { name: index.name.clone(), fields: index.fields.clone(), unique: index.unique, text: index.text.clone() };
            self.store.ensure_index(collection, &spec).await?;
        }
        Ok(())
    }

    /// Notes for `copy` what is known of a collection; nothing where something is noted for it already.
    pub async fn noting(&self, collection: &str, copy: &str) -> Result<Option<WriteOp>> {
        let id = settings_id(copy);
        if self.own_document(names::CATALOG, &id).await?.is_some() {
            return Ok(None);
        }
        let settings = CollectionSettings { name: copy.to_owned(), ..self.settings(collection).await? };
        Ok(Some(WriteOp::put(names::CATALOG, &docs::to_document(&id, &settings)?)?))
    }

    /// Notes for `copy` what is known of a collection.
    pub async fn copy_settings(&self, collection: &str, copy: &str) -> Result<()> {
        if let Some(op) = self.noting(collection, copy).await? {
            self.store.write(WriteBatch::data(vec![op]), Durability::Full).await?;
        }
        Ok(())
    }

    /// What is noted about a collection that has been renamed; nothing happens when nothing is noted.
    pub async fn move_settings(&self, from: &str, to: &str) -> Result<()> {
        let Some(doc) = self.own_document(names::CATALOG, &settings_id(from)).await? else {
            return Ok(());
        };
        let settings = CollectionSettings { name: to.to_owned(), ..docs::from_document(&doc)? };
        let there = WriteOp::put(names::CATALOG, &docs::to_document(&settings_id(to), &settings)?)?;
        self.store.write(WriteBatch::data(vec![there, unnoted(from)]), Durability::Full).await?;
        Ok(())
    }

    /// Drops a collection and what is noted about it. Its history stays.
    pub async fn forget(&self, collection: &str) -> Result<()> {
        self.store.drop_collection(collection).await?;
        self.store.write(WriteBatch::data(vec![unnoted(collection)]), Durability::Bulk).await?;
        Ok(())
    }

    async fn unique_index(&self, collection: &str, key_field: &str) -> Result<()> {
        match self.store.ensure_index(collection, &IndexSpec::unique(key_field)).await {
            Err(e) if e.kind == StoreErrorKind::DuplicateKey => Err(Error::Conflict(format!(
                "{key_field} cannot identify the records of {collection}: some values occur more than once. Remove the duplicates first."
            ))),
            other => Ok(other?),
        }
    }

    /// One of Steward's own documents by `_id`.
    pub async fn own_document(&self, collection: &str, id: &str) -> Result<Option<Document>> {
        let found = self.store.get_many(collection, "_id", &[Bson::from(id)]).await?;
        found.first().map(|raw| steward_store::upsert::decode(raw).map_err(Error::from)).transpose()
    }

    /// Writes one of Steward's own documents.
    pub async fn put(&self, collection: &str, doc: &Document) -> Result<()> {
        self.store.write(WriteBatch::data(vec![WriteOp::put(collection, doc)?]), Durability::Full).await?;
        Ok(())
    }

    /// All documents of one of Steward's own collections that fit, at most `limit`, newest `sort` first.
    pub async fn own_documents(&self, collection: &str, filter: Filter, sort: &str, limit: usize) -> Result<Vec<Document>> {
        let mut out = Vec::new();
        let mut after = None;
        while out.len() < limit {
            let query = Query::new(filter.clone(), (limit - out.len()).min(1000)).sorted(sort, true).after(after);
            let page = self.store.find(collection, &query).await?;
            for raw in &page.records {
                out.push(steward_store::upsert::decode(raw)?);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(out)
    }
}

fn settings_id(collection: &str) -> String {
    format!("collection:{collection}")
}

fn unnoted(collection: &str) -> WriteOp {
    WriteOp::Delete { collection: names::CATALOG.into(), id: Bson::from(settings_id(collection)), expect: Vec::new() }
}

/// A new identifier that sorts by time.
pub fn new_id() -> String {
    bson::oid::ObjectId::new().to_hex()
}
