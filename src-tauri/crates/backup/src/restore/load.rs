//! Loading the records of a backup, and looking whether they are the right ones.

use std::collections::HashMap;

use bson::RawDocumentBuf;
use futures::TryStreamExt as _;
use steward_domain::Filter;
use steward_pipeline::{Error, Progress, Result, Workspace};
use steward_store::{Durability, Store, StoreError, StoreErrorKind, WriteBatch, WriteOp};

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
    let op = |document| match over {
        true => WriteOp::Put { collection: place.to_owned(), document },
        false => WriteOp::Insert { collection: place.to_owned(), document },
    };
    let report = store.write(WriteBatch::data(documents.into_iter().map(op).collect()), Durability::Bulk).await?;
    match report.failures.first() {
        None => Ok(()),
        Some(f) if f.kind == StoreErrorKind::DuplicateKey => {
            Err(Error::BadRequest(format!("{collection} holds two records with the same _id; the backup is damaged.")))
        }
        Some(f) => {
            let message = format!("{} records of {collection} could not be written.", report.failures.len());
            Err(StoreError::new(f.kind, message).into())
        }
    }
}

/// What was read is what the manifest tells of.
pub fn check_content(listed: &Listed, found: Content) -> Result<()> {
    if let Some(records) = listed.records.filter(|n| *n != found.records) {
        return Err(Error::BadRequest(format!(
            "{} has {} records in the archive; the manifest tells of {records}.",
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
        "{name} holds {} records after loading, not the {} of the backup, or others.",
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

/// The content of a collection as it stands.
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
