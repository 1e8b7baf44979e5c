//! Views and time series: what comes back of them, where and how.
//!
//! A view is a definition. A time series cannot be renamed, and is as it was only when it is filled by its buckets: they are
//! loaded and checked beside the data like other records, and moved into a new series at the end.

use bson::{Bson, Document};
use steward_pipeline::{Error, Progress, Result, Workspace, replace};
use steward_store::{Capability, CollectionKind, Definition};

use super::{Chosen, load};

/// Why a workspace cannot hold a kind; `None` where it can.
pub fn hindered(workspace: &Workspace, kind: CollectionKind) -> Option<&'static str> {
    let (needed, why) = match kind {
        CollectionKind::Collection => return None,
        CollectionKind::View => (Capability::Views, "a workspace on MongoDB can hold a view, this one cannot"),
        CollectionKind::Timeseries => {
            (Capability::TimeSeries, "a workspace on MongoDB 5.0 to 8.2 can hold a time-series collection, this one cannot")
        }
    };
    (!workspace.store.capabilities().has(needed)).then_some(why)
}

/// Where a collection really goes, which may be another name or nowhere: a time series cannot take the place of what is there.
///
/// Errors: something of another kind stands in the way.
pub async fn settle_place(workspace: &Workspace, one: &mut Chosen) -> Result<()> {
    let kind = one.listed.definition.kind;
    if let Some(why) = hindered(workspace, kind) {
        one.left_out = true;
        one.notes = vec![format!("is left out: {why}")];
        return Ok(());
    }
    let Some(standing) = workspace.standing(&one.into).await? else { return Ok(()) };
    match kind {
        CollectionKind::Collection if standing == CollectionKind::Collection => Ok(()),
        CollectionKind::Collection => {
            Err(Error::Conflict(format!("A {} '{}' is in the way; choose another name.", standing.name(), one.into)))
        }
        CollectionKind::View => {
            one.left_out = true;
            one.notes = vec!["stays as it is: a view comes back only where nothing has its name".to_owned()];
            Ok(())
        }
        CollectionKind::Timeseries => {
            one.into = workspace.free_name(&format!("{}.restored", one.into)).await?;
            one.notes.push(format!("comes back as {}: a time-series collection cannot take the place of what is there", one.into));
            Ok(())
        }
    }
}

/// Makes a view where nothing has its name.
pub async fn show(workspace: &Workspace, name: &str, definition: &Definition) -> Result<()> {
    if definition.kind == CollectionKind::View && workspace.standing(name).await?.is_none() {
        workspace.store.define(name, definition).await?;
    }
    Ok(())
}

/// What a restore remembers of a time series until it is made.
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
    let incoming = replace::incoming(part);
    if !replace::exists(workspace, &incoming).await? {
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
    load::copy(workspace, &incoming, &buckets, progress).await?;
    let store = workspace.store.as_ref();
    let meant = load::content_of(store, &incoming, progress).await?;
    load::check_stored(workspace, &buckets, series, meant, progress).await?;
    Ok(workspace.store.drop_collection(&incoming).await?)
}

/// Removes a series or view that a restore has made.
pub async fn remove(workspace: &Workspace, name: &str) -> Result<()> {
    match workspace.standing(name).await? {
        Some(CollectionKind::Timeseries | CollectionKind::View) => workspace.forget(name).await,
        Some(CollectionKind::Collection) | None => Ok(()),
    }
}

/// As [`Definition::of_today`], and what was left out, as the end of a sentence that begins with the collection's name.
pub fn of_today(definition: &Definition) -> (Definition, Option<String>) {
    let (definition, gone) = definition.of_today();
    let note = (!gone.is_empty()).then(|| format!("loses the index {}: servers have no geoHaystack indexes any more", gone.join(", ")));
    (definition, note)
}

/// A bare definition to load documents by, whatever they are of.
pub fn loading(definition: &Definition) -> Definition {
    match definition.kind {
        CollectionKind::Timeseries => Definition { kind: CollectionKind::Collection, indexes: Vec::new(), options: Document::new() },
        CollectionKind::Collection | CollectionKind::View => definition.bare(),
    }
}
