//! Replacing a collection: rows are loaded beside it and take its place at the end; what stood there is kept, so that
//! the replacement can be taken back.
//!
//! ```text
//! steward.incoming.RUN  rows while they are loaded          (indexes are built here)
//! steward.ready.RUN     the same, whole and indexed
//! steward.replaced.RUN  what the collection held before     (until the run is taken back)
//! ```
//!
//! Each step is one rename. Killed between two of them, the same call goes on from what it finds.

use std::time::Duration;

use steward_domain::Filter;
use steward_store::{StoreErrorKind, names};

use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::workspace::Workspace;

/// How often a collection is tried whose indexes are being built.
const PAUSE: Duration = Duration::from_millis(200);

/// Where the rows of a run are loaded.
pub fn incoming(run: &str) -> String {
    format!("{}incoming.{run}", names::PREFIX)
}

/// Where they stand when they are whole.
pub fn ready(run: &str) -> String {
    format!("{}ready.{run}", names::PREFIX)
}

/// Where the records stand that a run replaced.
pub fn replaced(run: &str) -> String {
    format!("{}replaced.{run}", names::PREFIX)
}

/// Before the first row: a collection that is not there yet is made, so that an empty one is what is kept.
pub async fn begin(workspace: &Workspace, collection: &str) -> Result<()> {
    names::check(collection)?;
    if names::is_own(collection) {
        return Err(Error::BadRequest(format!("'{collection}' belongs to Steward itself; choose another name.")));
    }
    Ok(workspace.store.create_collection(collection).await?)
}

pub async fn exists(workspace: &Workspace, name: &str) -> Result<bool> {
    Ok(workspace.store.collections().await?.iter().any(|c| c == name))
}

/// Renames, waiting for indexes that are being built.
pub async fn rename(workspace: &Workspace, from: &str, to: &str, progress: &dyn Progress) -> Result<()> {
    loop {
        match workspace.store.rename_collection(from, to, false).await {
            Err(e) if e.kind == StoreErrorKind::Busy => {
                progress.checkpoint()?;
                tokio::time::sleep(PAUSE).await;
            }
            other => return Ok(other?),
        }
    }
}

/// Records that the collection holds, or held before its replacement was cut off in the middle.
pub async fn held(workspace: &Workspace, collection: &str, run: &str) -> Result<u64> {
    let kept = replaced(run);
    let place = if exists(workspace, &kept).await? { kept.as_str() } else { collection };
    match workspace.store.count(place, &Filter::all()).await {
        Err(e) if e.kind == StoreErrorKind::NotFound => Ok(0),
        other => Ok(other?),
    }
}

/// Puts the loaded rows in the place of the collection. Does what is left to do.
pub async fn put_in_place(workspace: &Workspace, collection: &str, run: &str, progress: &dyn Progress) -> Result<()> {
    let (incoming, ready, kept) = (incoming(run), ready(run), replaced(run));
    if exists(workspace, &incoming).await? {
        rename(workspace, &incoming, &ready, progress).await?;
    }
    if !exists(workspace, &ready).await? {
        return Ok(());
    }
    if exists(workspace, collection).await? {
        if exists(workspace, &kept).await? {
            // Somebody wrote here while the collection was away.
            return Err(Error::Conflict(format!(
                "{collection} was made anew while it was being replaced. Rename it, then go on with this run."
            )));
        }
        workspace.note_settings(collection, &kept).await?;
        rename(workspace, collection, &kept, progress).await?;
    }
    rename(workspace, &ready, collection, progress).await
}

/// Takes a replacement back, or what was loaded of it. What it had put in place is dropped, or stands under the name
/// `aside` afterwards.
pub async fn take_back(workspace: &Workspace, collection: &str, run: &str, aside: Option<&str>, progress: &dyn Progress) -> Result<()> {
    for name in [incoming(run), ready(run)] {
        workspace.store.drop_collection(&name).await?;
    }
    let kept = replaced(run);
    if exists(workspace, &kept).await? {
        let gone = format!("{}gone.{run}", names::PREFIX);
        let away = aside.unwrap_or(&gone);
        if exists(workspace, collection).await? {
            rename(workspace, collection, away, progress).await?;
        }
        rename(workspace, &kept, collection, progress).await?;
        workspace.store.drop_collection(&gone).await?;
        workspace.move_settings(&kept, collection).await?;
    }
    Ok(())
}
