//! A workspace's own schema packs: kept next to its records, versioned, and never changed once something uses them.

use std::sync::Arc;

use bson::{Document, doc};
use steward_domain::Filter;
use steward_schema::{Draft, Other, Pack, PackId, Registry, Wanted};
use steward_store::{Durability, Store, WriteBatch, WriteOp, names};

use crate::error::{Error, Result};
use crate::events::Event;
use crate::workspace::Workspace;

/// Versions of packs that a workspace may have.
const MANY: usize = 10_000;

/// What became of a document that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    New,
    /// The same document is kept already.
    Unchanged,
    /// Nothing used the one that it took the place of.
    Replaced,
}

/// The built-in packs with those that are kept in a store.
pub async fn registry(store: &dyn Store, builtin: &Registry) -> Result<Registry> {
    let mut all = builtin.clone();
    let mut after = None;
    loop {
        let query = steward_store::Query::new(Filter::all(), 1000).sorted("_id", false).after(after.take());
        let page = store.find(names::SCHEMAS, &query).await?;
        for raw in &page.records {
            // One that a newer Steward kept, and this one cannot read, is as if it were not there.
            if let Some(pack) = steward_store::upsert::decode(raw).ok().as_ref().and_then(kept) {
                all.add(pack);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

fn kept(doc: &Document) -> Option<Pack> {
    let mut pack = Pack::parse(doc.get_str("schema").ok()?).ok()?;
    let text = |name: &str| doc.get_str(name).unwrap_or_default().to_owned();
    pack.added = Some(steward_schema::AddedBy { at: text("addedAt"), by: text("by"), file: text("file") });
    Some(pack)
}

/// What a document would become here, with those that it refers to.
pub fn draft(
    workspace: &Workspace,
    text: &str,
    file: &str,
    wanted: &Wanted,
    others: &[Other],
) -> std::result::Result<Draft, steward_schema::SchemaFault> {
    let draft = steward_schema::draft_with(text, file, wanted, others, &workspace.registry)?;
    let collection = &draft.pack.steward.collection;
    if names::check(collection).is_err() || names::is_own(collection) {
        return Err(steward_schema::SchemaFault {
            pointer: "/x-steward/collection".into(),
            message: format!("'{collection}' cannot name a collection."),
            hint: "Choose another one (--collection).".into(),
        });
    }
    Ok(draft)
}

/// Keeps a pack.
///
/// Errors: another document of the same name and version is kept, and something uses it.
pub async fn add(workspace: &Workspace, pack: &Pack, file: &str) -> Result<Added> {
    if workspace.own_documents(names::SCHEMAS, Filter::all(), "_id", MANY).await?.len() >= MANY {
        return Err(Error::BadRequest("This workspace has as many schemas as it may have.".into()));
    }
    let mut added = Added::New;
    if let Some(known) = workspace.registry.versions(&pack.id.name).iter().find(|known| known.id == pack.id) {
        if known.json == pack.json {
            return Ok(Added::Unchanged);
        }
        if let Some(user) = users(workspace, &pack.id, true).await?.first() {
            return Err(Error::Conflict(format!(
                "This is another {} than the one that is used by {user}, and a version that is used never changes.",
                pack.id
            )));
        }
        added = Added::Replaced;
    }
    let doc = doc! {
        "_id": pack.id.to_string(), "addedAt": workspace.clock.stamp(), "by": workspace.actor.as_str(), "file": file,
        // As text: names in a schema begin with dollar signs.
        "schema": pack.json.to_string(),
    };
    workspace.put(names::SCHEMAS, &doc).await?;
    workspace.events.emit(&Event::SchemasChanged);
    Ok(added)
}

/// Removes one of the workspace's own packs.
///
/// Errors: it comes with Steward, or something uses it.
pub async fn remove(workspace: &Workspace, id: &PackId) -> Result<()> {
    let pack = workspace.registry.get(&id.to_string())?;
    if pack.builtin {
        return Err(Error::BadRequest(format!("{id} comes with Steward and stays.")));
    }
    if let Some(user) = users(workspace, id, false).await?.first() {
        return Err(Error::Conflict(format!("{id} is used by {user}.")));
    }
    let gone = WriteOp::DeleteMany { collection: names::SCHEMAS.into(), filter: Filter::eq("_id", id.to_string()) };
    workspace.store.write(WriteBatch::data(vec![gone]), Durability::Full).await?;
    workspace.events.emit(&Event::SchemasChanged);
    Ok(())
}

/// Who uses a version: collections, rows in quarantine and, where asked for, imports that were not undone.
async fn users(workspace: &Workspace, id: &PackId, past: bool) -> Result<Vec<String>> {
    let id = id.to_string();
    let mut out = Vec::new();
    for name in workspace.collections().await? {
        if workspace.settings(&name).await?.schema == id {
            out.push(format!("the collection {name}"));
        }
    }
    let waiting = Filter::eq("schema", id.as_str()).and(Filter::eq("status", "waiting"));
    if workspace.store.count(names::QUARANTINE, &waiting).await? > 0 {
        out.push("rows in quarantine".into());
    }
    let state = |state: &str| Filter::eq("state", state);
    let states = if past { Filter::Not { not: Box::new(state("undone")) } } else { state("running") };
    if workspace.store.count(names::RUNS, &Filter::eq("schema", id.as_str()).and(states)).await? > 0 {
        out.push("an import".into());
    }
    Ok(out)
}

impl Workspace {
    /// The same workspace with the packs that are kept in it now.
    pub async fn with_packs_of_now(&self, builtin: &Registry) -> Result<Self> {
        Ok(self.with_registry(Arc::new(registry(self.store.as_ref(), builtin).await?)))
    }
}
