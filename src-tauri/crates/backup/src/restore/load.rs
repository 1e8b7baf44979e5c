//! Loading the records of a backup, and looking whether they are the right ones.

use std::collections::HashMap;

use bson::{Bson, RawDocumentBuf};
use futures::TryStreamExt as _;
use steward_domain::Filter;
use steward_store::{Durability, Store, StoreError, StoreErrorKind, WriteBatch, WriteOp};
use steward_workspace::{Error, Progress, Result, Workspace};

use super::Chosen;
use crate::content::Content;
use crate::read::{Backup, Event, Listed};

/// Loads collections of a backup; `places` tells each one's name in the store. Others are passed over.
pub async fn into_store(
    store: &dyn Store,
    backup: &Backup,
    places: &HashMap<String, String>,
    over: bool,
    progress: &dyn Progress,
) -> Result<HashMap<String, Content>> {
    progress.phase("Loading");
    progress.total(backup.contents.iter().filter(|c| places.contains_key(&c.name)).filter_map(|c| c.records).sum());
    let mut events = backup.events();
    let mut loaded = HashMap::new();
    let mut done = 0;
    while let Some(event) = events.recv().await {
        progress.checkpoint()?;
        match event? {
            Event::Documents { collection, documents } => {
                let Some(place) = places.get(&collection) else { continue };
                done += documents.len() as u64;
                write(store, place, &collection, documents, over).await?;
                progress.done(done);
            }
            Event::Complete { collection, content, checksum_fits } => {
                if checksum_fits == Some(false) {
                    return Err(Error::BadRequest(format!(
                        "The checksum of {collection} is wrong: its documents were changed or damaged."
                    )));
                }
                loaded.insert(collection, content);
            }
        }
    }
    Ok(loaded)
}

async fn write(store: &dyn Store, place: &str, collection: &str, documents: Vec<RawDocumentBuf>, over: bool) -> Result<()> {
    let op = |document: &RawDocumentBuf| match over {
        true => WriteOp::Put { collection: place.to_owned(), document: document.clone() },
        false => WriteOp::Insert { collection: place.to_owned(), document: document.clone() },
    };
    let report = store.write(WriteBatch::data(documents.iter().map(op).collect()), Durability::Bulk).await?;
    let (there, others): (Vec<_>, Vec<_>) = report.failures.into_iter().partition(|f| f.kind == StoreErrorKind::DuplicateKey);
    if let Some(f) = others.first() {
        let message = format!("{} records of {collection} could not be written.", others.len());
        return Err(StoreError::new(f.kind, message).into());
    }
    for f in there {
        let document = documents.get(f.index);
        if !is_there(store, place, document).await? {
            return Err(Error::BadRequest(format!("{collection} has two records with the same _id; the backup is damaged.")));
        }
    }
    Ok(())
}

/// Whether exactly this document is stored. A write is sent again where the answer to the first was lost, by a connection that broke
/// or a primary that stepped down, and then meets what the first one wrote. That a backup holds a record twice is found when the
/// collection is read back.
async fn is_there(store: &dyn Store, place: &str, document: Option<&RawDocumentBuf>) -> Result<bool> {
    let Some(document) = document else { return Ok(false) };
    let Some(id) = document.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok()) else { return Ok(false) };
    let found = store.get_many(place, "_id", &[id]).await?;
    Ok(found.iter().any(|stored| stored.as_bytes() == document.as_bytes()))
}

/// What was read is what the manifest reports.
pub fn check_content(listed: &Listed, found: Content) -> Result<()> {
    if let Some(records) = listed.records.filter(|n| *n != found.records) {
        return Err(Error::BadRequest(format!(
            "{} has {} records in the archive, but {records} in the manifest.",
            listed.name, found.records
        )));
    }
    match &listed.content {
        Some(stated) if *stated != found.hash() => {
            Err(Error::BadRequest(format!("The content of {} is not that of the manifest.", listed.name)))
        }
        _ => Ok(()),
    }
}

/// Everything that was loaded is there, unchanged: the store is read back.
pub(super) async fn check_stored(workspace: &Workspace, place: &str, name: &str, loaded: Content, progress: &dyn Progress) -> Result<()> {
    let stored = content_of(workspace.store.as_ref(), place, progress).await?;
    if stored == loaded {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "{name} has {} records after loading, not the {} of the backup, or different ones.",
        stored.records, loaded.records
    )))
}

/// How many records a capped collection has kept, where that is fewer than were loaded.
pub(super) async fn kept_by_cap(workspace: &Workspace, place: &str, one: &Chosen, loaded: Content) -> Result<Option<u64>> {
    if !one.listed.definition.is_capped() {
        return Ok(None);
    }
    let kept = workspace.store.count(place, &Filter::all()).await?;
    Ok(Some(kept).filter(|kept| *kept < loaded.records))
}

/// The content of a collection as it is.
pub(crate) async fn content_of(store: &dyn Store, collection: &str, progress: &dyn Progress) -> Result<Content> {
    let mut content = Content::default();
    let mut batches = store.scan(collection, &Filter::all(), None).await?;
    while let Some(batch) = batches.try_next().await? {
        progress.checkpoint()?;
        batch.iter().for_each(|d| content.add(d.as_bytes()));
    }
    Ok(content)
}

/// Copies a collection, for a merge.
pub(super) async fn copy(workspace: &Workspace, from: &str, to: &str, progress: &dyn Progress) -> Result<()> {
    let mut batches = workspace.store.scan(from, &Filter::all(), None).await?;
    while let Some(batch) = batches.try_next().await? {
        progress.checkpoint()?;
        write(workspace.store.as_ref(), to, from, batch, false).await?;
    }
    Ok(())
}
