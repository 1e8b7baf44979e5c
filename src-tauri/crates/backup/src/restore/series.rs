//! Time-series collections. A server cannot rename one, and fills one as it was only through its buckets: they are loaded
//! and checked beside the data like other records, and moved into a new series at the end.

use bson::{Bson, Document};
use steward_pipeline::{Error, Progress, Result, Workspace, replace};
use steward_store::{CollectionKind, Definition, StoreErrorKind, StoreKind};

use super::ledger::Beat;
use super::load;

/// Why a workspace cannot hold one; `None` where it can.
pub async fn hindered(workspace: &Workspace) -> Result<Option<&'static str>> {
    Ok(match workspace.store.info().await?.kind {
        StoreKind::Mongo => None,
        StoreKind::File => Some("a file has no time-series collections; restore it into a workspace on MongoDB"),
    })
}

/// What stands under a name, of whatever kind.
pub async fn standing(workspace: &Workspace, name: &str) -> Result<Option<CollectionKind>> {
    match workspace.store.definition(name).await {
        Ok(found) => Ok(Some(found.kind)),
        Err(e) if e.kind == StoreErrorKind::NotFound => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// Its own name where that is free, another one otherwise.
pub async fn free_name(workspace: &Workspace, name: &str) -> Result<String> {
    let mut free = name.to_owned();
    for n in 1.. {
        if standing(workspace, &free).await?.is_none() {
            break;
        }
        free = if n == 1 { format!("{name}.restored") } else { format!("{name}.restored-{n}") };
    }
    Ok(free)
}

pub fn noted(definition: &Definition) -> serde_json::Value {
    Bson::Document(definition.to_document()).into_canonical_extjson()
}

/// Makes the series and moves the loaded buckets into it. Does what is left to do.
pub async fn put_in_place(
    workspace: &Workspace,
    series: &str,
    part: &str,
    noted: &serde_json::Value,
    progress: &dyn Progress,
) -> Result<()> {
    let (incoming, ready) = (replace::incoming(part), replace::ready(part));
    if replace::exists(workspace, &incoming).await? {
        replace::rename(workspace, &incoming, &ready, progress).await?;
    }
    if !replace::exists(workspace, &ready).await? {
        return Ok(());
    }
    let definition = match Bson::try_from(noted.clone()) {
        Ok(Bson::Document(found)) => Definition::from_document(&found),
        _ => return Err(Error::Damaged("The definition of a time-series collection")),
    };
    // What an attempt that was cut off has made.
    workspace.store.drop_collection(series).await?;
    workspace.store.define(series, &definition).await?;
    let buckets = CollectionKind::Timeseries.data_of(series);
    load::copy(workspace, &ready, &buckets, progress).await?;
    let (store, beat) = (workspace.store.as_ref(), Beat::none());
    let meant = load::content_of(store, &ready, &beat, progress).await?;
    load::check_stored(workspace, &buckets, series, meant, &beat, progress).await?;
    Ok(workspace.store.drop_collection(&ready).await?)
}

/// Removes a series or view that a restore has made.
pub async fn remove(workspace: &Workspace, name: &str) -> Result<()> {
    match standing(workspace, name).await? {
        Some(CollectionKind::Timeseries | CollectionKind::View) => workspace.forget(name).await,
        Some(CollectionKind::Collection) | None => Ok(()),
    }
}

/// As [`Definition::of_today`], with a sentence about what was left out.
pub fn of_today(collection: &str, definition: &Definition) -> (Definition, Option<String>) {
    let (definition, gone) = definition.of_today();
    let note = (!gone.is_empty())
        .then(|| format!("{collection}: the index {} is left out; servers have no geoHaystack indexes any more.", gone.join(", ")));
    (definition, note)
}

/// A bare definition to load documents by, whatever they are of.
pub fn loading(definition: &Definition) -> Definition {
    match definition.kind {
        CollectionKind::Timeseries => Definition { kind: CollectionKind::Collection, indexes: Vec::new(), options: Document::new() },
        CollectionKind::Collection | CollectionKind::View => definition.bare(),
    }
}
