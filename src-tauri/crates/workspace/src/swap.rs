//! Collections that are swapped: rows are loaded into staging next to a collection and take its place at the end; what was there is kept, so
//! that the replacement can be undone.
//!
//! ```text
//! steward.incoming.RUN  rows while they are loaded          (indexes are built here)
//! steward.ready.RUN     the same, when their swap has begun: a server does not rename a collection whose indexes are being
//!                       built, and this first rename waits for them before anything else is touched
//! steward.replaced.RUN  what the collection held before     (until the run is undone or what it keeps is discarded)
//! steward.gone.RUN      what an undo took out of its place  (until the undo has ended)
//! ```
//!
//! A [`Swap`] is the one way to swap. A file makes it in one step; a server keeps a ledger of it, so that one which was
//! interrupted goes on with [`swap`] or back with [`back`].

use std::time::Duration;

use bson::Document;
use steward_domain::Filter;
use steward_store::{Durability, Rename, StoreError, StoreErrorKind, Swap, WriteBatch, WriteOp, names};

use crate::error::{Error, Result};
use crate::lease;
use crate::progress::Progress;
use crate::workspace::Workspace;

/// How often a collection is tried whose indexes are being built.
const PAUSE: Duration = Duration::from_millis(200);

/// Where the rows of a run are loaded.
pub fn incoming(run: &str) -> String {
    format!("{}incoming.{run}", names::PREFIX)
}

/// Where they are once their swap has begun.
pub fn ready(run: &str) -> String {
    format!("{}ready.{run}", names::PREFIX)
}

/// Where the records are that a run replaced.
pub fn replaced(run: &str) -> String {
    format!("{}replaced.{run}", names::PREFIX)
}

/// Where an undo puts what a run had swapped in.
pub fn gone(run: &str) -> String {
    format!("{}gone.{run}", names::PREFIX)
}

/// A rename of a swap.
pub fn step(from: &str, to: &str) -> Rename {
    Rename { from: from.to_owned(), to: to.to_owned() }
}

/// Before the first row: a collection that does not exist yet is created, so that an empty one is what is kept.
pub async fn begin(workspace: &Workspace, collection: &str) -> Result<()> {
    names::check(collection)?;
    if names::is_own(collection) {
        return Err(Error::BadRequest(format!("'{collection}' belongs to Steward itself; choose another name.")));
    }
    Ok(workspace.store.create_collection(collection).await?)
}

/// What a swap requires on a server with access control.
const NEEDED: [&str; 3] = ["createCollection", "dropCollection", "renameCollectionSameDB"];

/// Refuses before anything is begun what could not be brought to its end, or not be undone.
///
/// Errors: `Forbidden`, with the missing privileges.
pub async fn may_swap(workspace: &Workspace, what: &str) -> Result<()> {
    let access = workspace.store.access().await?;
    let missing: Vec<&str> =
        access.iter().filter(|one| !one.allowed && NEEDED.contains(&one.name.as_str())).map(|one| one.name.as_str()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("{what} takes privileges that this user lacks here: {}. Nothing was changed.", missing.join(", "));
    Err(StoreError::new(StoreErrorKind::Forbidden, message).into())
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

/// Records that the collection holds, or held before it was replaced.
pub async fn held(workspace: &Workspace, collection: &str, run: &str) -> Result<u64> {
    let kept = replaced(run);
    let place = if exists(workspace, &kept).await? { kept.as_str() } else { collection };
    match workspace.store.count(place, &Filter::all()).await {
        Err(e) if e.kind == StoreErrorKind::NotFound => Ok(0),
        other => Ok(other?),
    }
}

/// A swap that was interrupted, as its ledger tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSwap {
    pub swap: Swap,
    /// Renames that are done for sure; the next one may be.
    pub done: usize,
    /// It was going back already.
    pub backwards: bool,
}

/// Swaps that have begun and not ended.
pub async fn open_swaps(workspace: &Workspace) -> Result<Vec<OpenSwap>> {
    let found = workspace.own_documents(names::SWAPS, Filter::Exists { field: "ended".into(), exists: false }, "_id", 100).await?;
    found.iter().map(open_swap).collect()
}

/// Open swaps that nobody is at work on.
pub async fn abandoned_swaps(workspace: &Workspace) -> Result<Vec<OpenSwap>> {
    let mut open = open_swaps(workspace).await?;
    for at in (0..open.len()).rev() {
        let held = workspace.own_document(names::LEASES, &open[at].swap.lease).await?;
        if !lease::is_over(workspace, held.as_ref()) {
            open.remove(at);
        }
    }
    Ok(open)
}

fn open_swap(doc: &Document) -> Result<OpenSwap> {
    let wrong = || Error::Damaged("The ledger of a swap");
    let text = |name: &str| doc.get_str(name).map(str::to_owned).map_err(|_| wrong());
    let renames = doc.get_array("renames").map_err(|_| wrong())?.iter().map(|rename| {
        let rename = rename.as_document().ok_or_else(wrong)?;
        let side = |name: &str| rename.get_str(name).map(str::to_owned).map_err(|_| wrong());
        Ok(Rename { from: side("from")?, to: side("to")? })
    });
    let swap = Swap { id: text("_id")?, title: text("title")?, lease: text("lease")?, renames: renames.collect::<Result<_>>()? };
    let done = usize::try_from(doc.get_i64("done").unwrap_or(0)).unwrap_or(0);
    Ok(OpenSwap { swap, done, backwards: doc.get_bool("backwards").unwrap_or(false) })
}

/// The swap of this id, if it was interrupted.
pub async fn cut_off(workspace: &Workspace, id: &str) -> Result<Option<OpenSwap>> {
    Ok(open_swaps(workspace).await?.into_iter().find(|open| open.swap.id == id))
}

/// Undoes what is left of a swap, where there is any.
pub async fn swap_back(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<()> {
    match cut_off(workspace, id).await? {
        Some(open) => back(workspace, open, &WriteBatch::default(), progress).await,
        None => Ok(()),
    }
}

/// Makes a swap, or what is left to do of it, waiting for indexes that are being built. `then` is written with its end.
///
/// Errors: `Cancelled` only while nothing has been swapped.
pub async fn swap(workspace: &Workspace, swap: &Swap, then: &WriteBatch, progress: &dyn Progress) -> Result<()> {
    loop {
        match workspace.store.swap(swap, then.clone()).await {
            Err(e) if e.kind == StoreErrorKind::Busy => {
                if progress.is_cancelled() && give_up(workspace, &swap.id).await? {
                    return Err(Error::Cancelled);
                }
                tokio::time::sleep(PAUSE).await;
            }
            Err(e) if e.kind == StoreErrorKind::Conflict => return Err(in_the_way(swap, e)),
            other => return Ok(other?),
        }
    }
}

/// Forgets a swap of which nothing is done.
async fn give_up(workspace: &Workspace, id: &str) -> Result<bool> {
    let Some(open) = cut_off(workspace, id).await? else { return Ok(true) };
    if open.done > 0 || !exists(workspace, &open.swap.renames[0].from).await? {
        return Ok(false);
    }
    let op = WriteOp::Delete { collection: names::SWAPS.into(), id: id.into(), expect: Vec::new() };
    workspace.store.write(WriteBatch::data(vec![op]), Durability::Full).await?;
    Ok(true)
}

fn in_the_way(swap: &Swap, e: StoreError) -> Error {
    let names: Vec<&str> = swap.renames.iter().map(|r| r.to.as_str()).filter(|name| !names::is_own(name)).collect();
    let message = format!(
        "{}: a collection with a name that is needed was created ({}). Rename that collection, then continue.",
        swap.title,
        names.join(", ")
    );
    Error::Conflict(e.details.map_or(message.clone(), |details| format!("{message} {details}")))
}

/// Rolls back a swap that was interrupted: everything is where it was before.
pub async fn back(workspace: &Workspace, open: OpenSwap, then: &WriteBatch, progress: &dyn Progress) -> Result<()> {
    let OpenSwap { swap: mut reversed, done, backwards } = open;
    if backwards {
        return swap(workspace, &reversed, then, progress).await;
    }
    reversed.renames.truncate(done + 1);
    reversed.renames.reverse();
    let renames = reversed.renames.iter().map(|r| bson::doc! { "from": r.to.as_str(), "to": r.from.as_str() }).collect::<Vec<_>>();
    let op = WriteOp::Patch {
        collection: names::SWAPS.into(),
        id: reversed.id.as_str().into(),
        expect: Vec::new(),
        set: vec![("renames".into(), renames.into()), ("done".into(), 0_i64.into()), ("backwards".into(), true.into())],
        unset: Vec::new(),
    };
    workspace.store.write(WriteBatch::data(vec![op]), Durability::Full).await?;
    swap(workspace, &reversed, then, progress).await
}
