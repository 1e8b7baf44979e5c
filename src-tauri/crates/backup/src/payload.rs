//! Writing the payload of a backup: batches of documents are streamed through checksum, hash, compression and encryption into
//! one file, which gets its name when it is whole; then it is brought to the other places, manifest last.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bson::RawDocumentBuf;
use steward_store::names;
use steward_workspace::{Error, Progress, Result};
use tokio::sync::mpsc;

use crate::archive::{Announced, ArchiveWriter};
use crate::content::Content;
use crate::create::BackupRequest;
use crate::encryption::{Checksum, Compression, EncryptedWriter, EncryptionKey};
use crate::manifest::{ArchiveFile, Manifest, Source};
use crate::target::{Folder, Target};
use crate::{identity, unfinished};

/// Batches that wait for the writing thread.
const WAITING: usize = 4;

pub(crate) enum Work {
    Documents(String, Vec<RawDocumentBuf>),
    Complete(String),
}

/// A file that is whole and has its name, but no manifest yet.
pub(crate) struct Payload {
    pub file: ArchiveFile,
    pub contents: HashMap<String, Content>,
    path: PathBuf,
    _scratch: tempfile::TempDir,
}

/// A part that goes when nobody finishes it.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Where documents are sent to, and what the file is written from.
pub(crate) fn channel() -> (mpsc::Sender<Work>, mpsc::Receiver<Work>) {
    mpsc::channel(WAITING)
}

/// Writes what comes, which `feed` sends. Cancelled or failed, nothing is left that could be taken for a backup.
pub(crate) async fn write(
    request: &BackupRequest,
    id: &str,
    source: &Source,
    announced: Vec<Announced>,
    progress: &dyn Progress,
    receive: mpsc::Receiver<Work>,
    feed: impl Future<Output = Result<()>> + Send,
) -> Result<Payload> {
    let scratch = tempfile::tempdir().map_err(|e| Error::file(Path::new("temporary folder"), e))?;
    let first = request.targets.first().ok_or_else(|| Error::BadRequest("Choose a destination for the backup.".into()))?;
    let folder = first.folder().map_or_else(|| scratch.path().to_owned(), Path::to_owned);
    unfinished::clear(&folder);
    let folder = Folder::new(folder);
    let encrypted = if request.lock.described().is_some() { ".age" } else { "" };
    let name = format!("{id}.archive{}{encrypted}", request.compression.suffix());
    let (file, part) = folder.begin(&name)?;
    let guard = Unfinished(part.clone());
    let written = stream(file, request, source, announced, receive, feed).await.map_err(|e| of_file(e, &part))?;
    progress.checkpoint()?;
    let path = folder.publish(&part, &name)?;
    drop(guard);
    let Written { checksum, contents } = written;
    let file = ArchiveFile {
        name,
        bytes: checksum.bytes,
        sha256: checksum.sha256,
        compression: request.compression,
        encryption: request.lock.described(),
    };
    Ok(Payload { file, contents, path, _scratch: scratch })
}

fn of_file(e: Error, path: &Path) -> Error {
    match e {
        Error::File { source, .. } => Error::file(path, source),
        other => other,
    }
}

struct Written {
    checksum: Checksum,
    contents: HashMap<String, Content>,
}

async fn stream(
    file: File,
    request: &BackupRequest,
    source: &Source,
    announced: Vec<Announced>,
    receive: mpsc::Receiver<Work>,
    feed: impl Future<Output = Result<()>> + Send,
) -> Result<Written> {
    let (database, server) = (identity::database_name(&source.name), source.server.clone());
    let (compression, lock) = (request.compression, request.lock.clone());
    let writer = tokio::task::spawn_blocking(move || write_blocks(file, compression, &lock, &database, &server, &announced, receive));
    let fed = feed.await;
    let written = writer.await.map_err(|e| Error::file(Path::new("backup"), std::io::Error::other(e)))?;
    // A writer that failed is why nobody took the records any more.
    match (fed, written) {
        (_, Err(e)) | (Err(e), Ok(_)) => Err(e),
        (Ok(()), Ok(written)) => Ok(written),
    }
}

fn write_blocks(
    file: File,
    compression: Compression,
    lock: &EncryptionKey,
    database: &str,
    server: &str,
    announced: &[Announced],
    mut receive: mpsc::Receiver<Work>,
) -> Result<Written> {
    let unwritable = |e: std::io::Error| Error::file(Path::new("backup"), e);
    let out = EncryptedWriter::new(file, compression, lock)?;
    let mut archive = ArchiveWriter::new(out, database, server, announced).map_err(unwritable)?;
    let mut contents: HashMap<String, Content> = HashMap::new();
    while let Some(work) = receive.blocking_recv() {
        match work {
            Work::Documents(collection, documents) => {
                let people = collection.strip_prefix(names::BUCKETS).unwrap_or(&collection);
                let content = contents.entry(people.to_owned()).or_default();
                documents.iter().for_each(|d| content.add(d.as_bytes()));
                archive.documents(&collection, &documents).map_err(unwritable)?;
            }
            Work::Complete(collection) => archive.complete(&collection).map_err(unwritable)?,
        }
    }
    let mut out = archive.into_inner();
    out.flush().map_err(unwritable)?;
    let checksum = out.finish().map_err(unwritable)?;
    Ok(Written { checksum, contents })
}

/// Writes the manifest at the first place, and file and manifest at the others. A place that fails does not hinder the
/// next one; none at all is an error.
pub(crate) async fn publish(
    payload: Payload,
    targets: &[Arc<dyn Target>],
    manifest: &Manifest,
    progress: &dyn Progress,
) -> Result<Vec<(String, Option<String>)>> {
    let path = payload.path.as_path();
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
