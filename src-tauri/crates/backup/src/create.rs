//! Taking a backup: one snapshot is streamed through checksum, hash, compression and encryption into one file, which gets
//! its name when it is whole; then it is brought to the other places.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bson::RawDocumentBuf;
use futures::TryStreamExt as _;
use steward_pipeline::{Error, Progress, Result, Workspace};
use steward_store::{CollectionKind, Consistency, Snapshot, SnapshotCollection, names};
use tokio::sync::mpsc;

use crate::archive::{Announced, ArchiveWriter, data_name};
use crate::content::Content;
use crate::manifest::{ArchiveFile, FORMAT, Kept, Manifest, Source, json};
use crate::seal::{Compression, Lock, Sealed, Sealing};
use crate::target::{Folder, Target};
use crate::{identity, unfinished};

/// Batches that wait for the writing thread.
const WAITING: usize = 4;

/// Why a backup was taken.
pub const BY_HAND: &str = "by hand";
pub const ON_SCHEDULE: &str = "on schedule";
pub const BEFORE_A_RESTORE: &str = "before a restore";

/// What to back up, how, and where to.
pub struct Making {
    /// The first one is written to; the file is brought to the others from there.
    pub targets: Vec<Arc<dyn Target>>,
    pub compression: Compression,
    pub lock: Lock,
    /// People's collections by name; all where empty.
    pub collections: Vec<String>,
    /// History, quarantine, saved mappings and settings too.
    pub own: bool,
    /// One of the reasons above.
    pub reason: String,
}

/// A backup that was taken.
#[derive(Debug, Clone)]
pub struct Made {
    pub manifest: Manifest,
    /// Each place, and why it does not have the backup.
    pub places: Vec<(String, Option<String>)>,
}

/// Takes a backup. Cancelled or failed, it leaves nothing that could be taken for one.
///
/// Errors: a collection that is not there, no place that could be written to, the store's own.
pub async fn create(workspace: &Workspace, making: &Making, progress: &dyn Progress) -> Result<Made> {
    let Some(first) = making.targets.first() else {
        return Err(Error::BadRequest("Say where the backup shall be kept.".into()));
    };
    let source = identity::of(workspace).await?;
    let begun = workspace.clock.now();
    let id = identity::backup_id(&source.name, begun);
    progress.phase("Reading");
    let snapshot = workspace.store.snapshot().await?;
    let chosen = choose(snapshot.as_ref(), making)?;
    progress.total(chosen.iter().map(|c| c.records).sum());

    let scratch = tempfile::tempdir().map_err(|e| Error::file(Path::new("temporary folder"), e))?;
    let folder = first.folder().map_or_else(|| scratch.path().to_owned(), Path::to_owned);
    unfinished::clear(&folder);
    let folder = Folder::new(folder);
    let encrypted = if making.lock.told().is_some() { ".age" } else { "" };
    let name = format!("{id}.archive{}{encrypted}", making.compression.suffix());
    let (file, part) = folder.begin(&name)?;
    let guard = Unfinished(part.clone());
    let written = write_archive(snapshot.as_ref(), &chosen, &source, file, making, progress).await;
    let Written { sealed, contents } = written.map_err(|e| of_file(e, &part))?;
    progress.checkpoint()?;
    let path = folder.publish(&part, &name)?;
    drop(guard);

    let mut collections = Vec::with_capacity(chosen.len());
    for one in &chosen {
        collections.push(kept(workspace, one, contents.get(&one.name).copied().unwrap_or_default()).await?);
    }
    let manifest = Manifest {
        format: FORMAT,
        id,
        made_at: stamp(begun),
        finished_at: workspace.clock.stamp(),
        tool: concat!("Steward ", env!("CARGO_PKG_VERSION")).to_owned(),
        database: identity::database_name(&source.name),
        source,
        fuzzy: match snapshot.consistency() {
            Consistency::Moment => None,
            Consistency::Fuzzy(why) => Some(why),
        },
        position: snapshot.position().map(|token| token.0),
        parent: None,
        file: ArchiveFile {
            name: name.clone(),
            bytes: sealed.bytes,
            sha256: sealed.sha256,
            compression: making.compression,
            encryption: making.lock.told(),
        },
        collections,
        reason: making.reason.clone(),
        made_by: workspace.actor.clone(),
    };
    drop(snapshot);
    let places = publish(&making.targets, &manifest, &path, progress).await?;
    Ok(Made { manifest, places })
}

/// A part that goes when nobody finishes it.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn of_file(e: Error, path: &Path) -> Error {
    match e {
        Error::File { source, .. } => Error::file(path, source),
        other => other,
    }
}

fn stamp(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn choose(snapshot: &dyn Snapshot, making: &Making) -> Result<Vec<SnapshotCollection>> {
    let all = snapshot.collections();
    for name in &making.collections {
        if !all.iter().any(|c| &c.name == name) {
            return Err(Error::NotFound(format!("There is no collection '{name}' in this workspace.")));
        }
    }
    let wanted = |c: &&SnapshotCollection| match names::is_own(&c.name) {
        true => making.own && names::is_kept(&c.name),
        false => making.collections.is_empty() || making.collections.contains(&c.name),
    };
    Ok(all.iter().filter(wanted).cloned().collect())
}

async fn kept(workspace: &Workspace, one: &SnapshotCollection, content: Content) -> Result<Kept> {
    let settings = match names::is_own(&one.name) {
        true => None,
        false => Some(workspace.settings(&one.name).await?).filter(|s| !s.schema.is_empty() || s.key_field != "_id"),
    };
    Ok(Kept {
        name: one.name.clone(),
        kind: one.definition.kind.name().to_owned(),
        records: content.records,
        bytes: content.bytes,
        content: content.hash(),
        settings,
        options: json(&one.definition.options),
        indexes: one.definition.indexes.iter().map(json).collect(),
    })
}

enum Work {
    Documents(String, Vec<RawDocumentBuf>),
    Complete(String),
}

struct Written {
    sealed: Sealed,
    contents: HashMap<String, Content>,
}

async fn write_archive(
    snapshot: &dyn Snapshot,
    chosen: &[SnapshotCollection],
    source: &Source,
    file: File,
    making: &Making,
    progress: &dyn Progress,
) -> Result<Written> {
    let announced: Vec<Announced> =
        chosen.iter().map(|c| Announced { collection: c.name.clone(), definition: c.definition.clone(), bytes: 0 }).collect();
    let (database, server) = (identity::database_name(&source.name), source.server.clone());
    let (compression, lock) = (making.compression, making.lock.clone());
    let (send, receive) = mpsc::channel::<Work>(WAITING);
    let writer = tokio::task::spawn_blocking(move || write_blocks(file, compression, &lock, &database, &server, &announced, receive));
    let fed = feed(snapshot, chosen, &send, progress).await;
    drop(send);
    let written = writer.await.map_err(|e| Error::file(Path::new("backup"), std::io::Error::other(e)))?;
    // A writer that failed is why nobody took the records any more.
    match (fed, written) {
        (_, Err(e)) | (Err(e), Ok(_)) => Err(e),
        (Ok(()), Ok(written)) => Ok(written),
    }
}

async fn feed(snapshot: &dyn Snapshot, chosen: &[SnapshotCollection], send: &mpsc::Sender<Work>, progress: &dyn Progress) -> Result<()> {
    let mut done = 0;
    for one in chosen.iter().filter(|c| c.definition.kind != CollectionKind::View) {
        progress.phase(&format!("Reading {}", one.name));
        let name = data_name(&one.name, one.definition.kind);
        let mut batches = snapshot.scan(&one.name).await?;
        while let Some(batch) = batches.try_next().await? {
            progress.checkpoint()?;
            done += batch.len() as u64;
            if send.send(Work::Documents(name.clone(), batch)).await.is_err() {
                return Ok(());
            }
            progress.done(done);
        }
        if send.send(Work::Complete(name)).await.is_err() {
            return Ok(());
        }
    }
    progress.phase("Finishing the file");
    Ok(())
}

fn write_blocks(
    file: File,
    compression: Compression,
    lock: &Lock,
    database: &str,
    server: &str,
    announced: &[Announced],
    mut receive: mpsc::Receiver<Work>,
) -> Result<Written> {
    let unwritable = |e: std::io::Error| Error::file(Path::new("backup"), e);
    let out = Sealing::new(file, compression, lock)?;
    let mut archive = ArchiveWriter::new(out, database, server, announced).map_err(unwritable)?;
    let mut contents: HashMap<String, Content> = HashMap::new();
    while let Some(work) = receive.blocking_recv() {
        match work {
            Work::Documents(collection, documents) => {
                let people = collection.strip_prefix("system.buckets.").unwrap_or(&collection);
                let content = contents.entry(people.to_owned()).or_default();
                documents.iter().for_each(|d| content.add(d.as_bytes()));
                archive.documents(&collection, &documents).map_err(unwritable)?;
            }
            Work::Complete(collection) => archive.complete(&collection).map_err(unwritable)?,
        }
    }
    let mut out = archive.into_inner();
    out.flush().map_err(unwritable)?;
    let sealed = out.finish().map_err(unwritable)?;
    Ok(Written { sealed, contents })
}

/// Writes the manifest at the first place, and file and manifest at the others. A place that fails does not hinder the
/// next one; none at all is an error.
async fn publish(
    targets: &[Arc<dyn Target>],
    manifest: &Manifest,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Vec<(String, Option<String>)>> {
    let bytes = manifest.to_bytes()?;
    let mut places = Vec::with_capacity(targets.len());
    let mut last = None;
    for target in targets {
        let stored = async {
            let there = target.folder().is_some_and(|folder| path.parent() == Some(folder));
            if !there {
                progress.phase(&format!("Copying to {}", target.address()));
                progress.total(manifest.file.bytes);
                target.bring(&manifest.file.name, path, progress).await?;
            }
            target.write(&manifest.name(), &bytes).await
        };
        match stored.await {
            Ok(()) => places.push((target.address(), None)),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(e) => {
                places.push((target.address(), Some(e.to_string())));
                last = Some(e);
            }
        }
    }
    match last {
        Some(e) if places.iter().all(|(_, why)| why.is_some()) => {
            let _ = std::fs::remove_file(path);
            Err(e)
        }
        _ => Ok(places),
    }
}
