//! Views and time series: what comes back of them, where and how.
//!
//! A view is a definition. A time series cannot be renamed, and is as it was only when it is filled by its buckets: they are
//! loaded and checked next to the data like other records, and moved into a new series at the end.

use bson::{Bson, Document};
use steward_domain::RestoreMode;
use steward_store::{Capability, CollectionKind, Definition, StoreKind, names};
use steward_workspace::{Error, Progress, Result, Workspace, swap};

use super::{Chosen, indexes, load};

/// Why a workspace cannot hold a kind; `None` where it can.
pub fn hindered(workspace: &Workspace, kind: CollectionKind) -> Option<&'static str> {
    let (needed, why) = match kind {
        CollectionKind::Collection => return None,
        CollectionKind::View => (Capability::Views, "a workspace on MongoDB can have a view, this one cannot"),
        CollectionKind::Timeseries => {
            (Capability::TimeSeries, "a workspace on MongoDB 5.0 to 8.2 can have a time-series collection, this one cannot")
        }
    };
    (!workspace.store.capabilities().has(needed)).then_some(why)
}

/// Bytes of a name with the database and a dot in front that a server takes.
const NAMESPACE: usize = 255;

/// Why a workspace cannot have a collection of this name.
async fn misnamed(workspace: &Workspace, name: &str) -> Result<Option<String>> {
    if names::check(name).is_err() {
        return Ok(Some("its name is none that a collection can have today".to_owned()));
    }
    let info = workspace.store.info().await?;
    let too_long = info.kind == StoreKind::Mongo && info.name.len() + 1 + name.len() > NAMESPACE;
    Ok(too_long.then(|| format!("its name and that of the database have more than {NAMESPACE} bytes together")))
}

/// Where a collection really goes, which may be another name or nowhere: a time series cannot take the place of what is there.
/// What cannot be restored is left out with the reason, and holds up nothing else.
pub async fn choose_name(workspace: &Workspace, one: &mut Chosen, mode: RestoreMode) -> Result<()> {
    let kind = one.listed.definition.kind;
    if let Some(why) = hindered(workspace, kind) {
        one.leave_out(format!("is left out: {why}"));
        return Ok(());
    }
    if let Some(why) = misnamed(workspace, &one.into).await? {
        one.leave_out(format!("is left out: {why}; restore it under another name"));
        return Ok(());
    }
    let Some(standing) = workspace.standing(&one.into).await? else { return Ok(()) };
    match kind {
        CollectionKind::Collection if standing != CollectionKind::Collection => {
            one.leave_out(format!("is left out: a {} of this name is in the way; restore it under another name", standing.name()));
        }
        CollectionKind::Collection if mode == RestoreMode::Merge && workspace.store.definition(&one.into).await?.is_capped() => {
            one.leave_out("is left out: it is capped here, so that no records can be merged into it".to_owned());
        }
        CollectionKind::Collection => {}
        CollectionKind::View if workspace.store.definition(&one.into).await? == one.listed.definition => {
            one.leave_out("is there already, and the same".to_owned());
            one.lost.clear();
        }
        CollectionKind::View => one.leave_out("is not changed: a view is restored only where nothing has its name".to_owned()),
        CollectionKind::Timeseries => {
            one.into = workspace.free_name(&one.into, ".restored").await?;
            one.notes.push(format!("is restored as {}: a time-series collection cannot replace an existing one", one.into));
        }
    }
    Ok(())
}

/// Makes a view where nothing has its name. What the store refuses is reported.
pub async fn show(workspace: &Workspace, name: &str, definition: &Definition) -> Result<Option<String>> {
    if definition.kind != CollectionKind::View || workspace.standing(name).await?.is_some() {
        return Ok(None);
    }
    match workspace.store.define(name, definition).await {
        Ok(()) => Ok(None),
        Err(e) if indexes::is_refusal(&e) => Ok(Some(format!("is left out: {}", indexes::words(&e)))),
        Err(e) => Err(e.into()),
    }
}

/// What a restore remembers of a time series until it is made.
pub fn noted(definition: &Definition) -> serde_json::Value {
    Bson::Document(definition.to_document()).into_canonical_extjson()
}

/// Makes the series and moves the loaded buckets into it. Does what is left to do. Where the store refuses the series or one of its
/// buckets, none of it stays, and the reason is reported.
pub async fn put_in_place(
    workspace: &Workspace,
    series: &str,
    part: &str,
    noted: &serde_json::Value,
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    let incoming = swap::incoming(part);
    if !swap::exists(workspace, &incoming).await? {
        return Ok(Vec::new());
    }
    let definition = match Bson::try_from(noted.clone()) {
        Ok(Bson::Document(found)) => Definition::from_document(&found),
        _ => return Err(Error::Damaged("The definition of a time-series collection")),
    };
    // What an attempt that was interrupted has made.
    workspace.store.drop_collection(series).await?;
    let notes = match fill(workspace, series, &incoming, &definition, progress).await {
        Ok(notes) => notes,
        Err(Error::Store(e)) if indexes::is_refusal(&e) => {
            workspace.store.drop_collection(series).await?;
            vec![format!("{series} is left out: the store does not take its buckets. {}.", indexes::words(&e))]
        }
        Err(e) => return Err(e),
    };
    workspace.store.drop_collection(&incoming).await?;
    Ok(notes)
}

async fn fill(
    workspace: &Workspace,
    series: &str,
    incoming: &str,
    definition: &Definition,
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    let store = workspace.store.as_ref();
    store.define(series, &Definition { indexes: Vec::new(), ..definition.clone() }).await?;
    let buckets = CollectionKind::Timeseries.data_of(series);
    load::copy(workspace, incoming, &buckets, progress).await?;
    let meant = load::content_of(store, incoming, progress).await?;
    load::check_stored(workspace, &buckets, series, meant, progress).await?;
    let refused = indexes::build(store, series, definition).await?;
    Ok(refused.iter().map(|one| format!("{series} loses {}: {}.", one.what(), indexes::words(&one.error))).collect())
}

/// Removes a series or view that a restore has made.
pub async fn remove(workspace: &Workspace, name: &str) -> Result<()> {
    match workspace.standing(name).await? {
        Some(CollectionKind::Timeseries | CollectionKind::View) => workspace.forget(name).await,
        Some(CollectionKind::Collection) | None => Ok(()),
    }
}

/// A bare definition to load documents by, whatever they are of.
pub fn loading(definition: &Definition) -> Definition {
    match definition.kind {
        CollectionKind::Timeseries => Definition { kind: CollectionKind::Collection, indexes: Vec::new(), options: Document::new() },
        CollectionKind::Collection | CollectionKind::View => definition.bare(),
    }
}
