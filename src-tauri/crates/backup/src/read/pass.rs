//! One pass over a backup, on a thread of its own, handed over in batches.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bson::RawDocumentBuf;
use futures::TryStreamExt as _;
use steward_domain::Filter;
use steward_domain::depth;
use steward_sources::{ArchiveReader, Block, BsonRows, Rows as _, is_readable};
use steward_store::{CollectionKind, Store, names};
use steward_workspace::{Error, Result};
use tokio::sync::mpsc;

use super::Listed;
use crate::content::Content;
use crate::encryption::{self, DecryptionKey};

/// Documents or bytes in a batch, whichever comes first.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;
/// Batches that wait for who reads.
const WAITING: usize = 4;

/// What a pass comes across.
#[derive(Debug)]
pub enum Event {
    Documents {
        collection: String,
        documents: Vec<RawDocumentBuf>,
    },
    /// All documents of a collection have been handed over.
    Complete {
        collection: String,
        content: Content,
        /// The archive's own checksum; `None` where the form has none.
        checksum_fits: Option<bool>,
    },
}

/// Ends after the first error.
pub type Events = mpsc::Receiver<Result<Event>>;

/// Nobody listens any more.
struct Gone;

struct Out {
    send: mpsc::Sender<Result<Event>>,
    waiting: Option<(String, Vec<RawDocumentBuf>, usize)>,
    contents: HashMap<String, Content>,
    /// BSON bytes that may still come.
    left: u64,
    /// Nothing vouches for the documents: each is looked through.
    foreign: bool,
}

impl Out {
    fn event(&self, event: Result<Event>) -> std::result::Result<(), Gone> {
        self.send.blocking_send(event).map_err(|_| Gone)
    }

    fn flush(&mut self) -> std::result::Result<(), Gone> {
        match self.waiting.take() {
            Some((collection, documents, _)) => self.event(Ok(Event::Documents { collection, documents })),
            None => Ok(()),
        }
    }

    fn document(&mut self, collection: &str, bytes: Vec<u8>) -> std::result::Result<(), Gone> {
        if self.waiting.as_ref().is_some_and(|(of, batch, size)| of != collection || batch.len() >= BATCH || *size >= BATCH_BYTES) {
            self.flush()?;
        }
        let size = bytes.len();
        if size as u64 > self.left {
            self.event(Err(Error::BadRequest("The archive contains more than its manifest lists; reading stops here.".into())))?;
            return Err(Gone);
        }
        self.left -= size as u64;
        // How deep it is, is asked of every archive: that a manifest lies next to it says nothing of who made it.
        let sound = if self.foreign { is_readable(&bytes) } else { depth::is_fine(&bytes) };
        let Some(document) = RawDocumentBuf::from_bytes(bytes).ok().filter(|_| sound) else {
            self.event(Err(Error::BadRequest(format!("A document of {collection} is damaged."))))?;
            return Err(Gone);
        };
        if !self.contents.contains_key(collection) {
            self.contents.insert(collection.to_owned(), Content::default());
        }
        if let Some(content) = self.contents.get_mut(collection) {
            content.add(document.as_bytes());
        }
        let waiting = self.waiting.get_or_insert_with(|| (collection.to_owned(), Vec::with_capacity(BATCH), 0));
        waiting.1.push(document);
        waiting.2 += size;
        Ok(())
    }

    fn complete(&mut self, collection: &str, checksum_fits: Option<bool>) -> std::result::Result<(), Gone> {
        self.flush()?;
        let content = self.contents.remove(collection).unwrap_or_default();
        self.event(Ok(Event::Complete { collection: collection.to_owned(), content, checksum_fits }))
    }
}

/// `bound` is how many BSON bytes a manifest reports; more would be another archive.
fn start(bound: Option<u64>, work: impl FnOnce(&mut Out) -> std::result::Result<Result<()>, Gone> + Send + 'static) -> Events {
    let (send, receive) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut out = Out { send, waiting: None, contents: HashMap::new(), left: bound.unwrap_or(u64::MAX), foreign: bound.is_none() };
        if let Ok(Err(e)) = work(&mut out) {
            let _ = out.event(Err(e));
        }
    });
    receive
}

pub fn unreadable(path: &Path, e: std::io::Error) -> Error {
    match e.kind() {
        std::io::ErrorKind::InvalidData => Error::BadRequest(e.to_string()),
        std::io::ErrorKind::UnexpectedEof => Error::BadRequest(format!("{} is truncated.", path.display())),
        // What the layers below call damage: a checksum of zstd or gzip, a block of age that was changed.
        std::io::ErrorKind::Other | std::io::ErrorKind::InvalidInput => Error::BadRequest(format!("{} is damaged: {e}.", path.display())),
        _ => Error::file(path, e),
    }
}

/// The collections of one database in an archive.
pub fn archive(path: PathBuf, key: DecryptionKey, database: String, bound: Option<u64>) -> Events {
    start(bound, move |out| {
        let opened = encryption::open(&path, &key).and_then(|input| ArchiveReader::new(input).map_err(|e| unreadable(&path, e)));
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(e) => return Ok(Err(e)),
        };
        let prefix = format!("{database}.");
        let mut open: HashMap<String, ()> = reader
            .namespaces
            .iter()
            .filter(|n| n.db == database && !n.collection.starts_with("system.") && !is_view(&n.metadata))
            .map(|n| (n.collection.clone(), ()))
            .collect();
        loop {
            match reader.next_block() {
                Ok(Some(Block::Document { namespace, bytes, .. })) => {
                    if let Some(collection) = namespace.strip_prefix(&prefix) {
                        out.document(people(collection), bytes)?;
                    }
                }
                Ok(Some(Block::Complete { namespace, checksum_fits })) => {
                    if let Some(collection) = namespace.strip_prefix(&prefix) {
                        open.remove(people(collection));
                        out.complete(people(collection), Some(checksum_fits))?;
                    }
                }
                Ok(None) => break,
                Err(e) => return Ok(Err(unreadable(&path, e))),
            }
        }
        out.flush()?;
        Ok(match open.keys().min() {
            Some(missing) => Err(Error::BadRequest(format!("{} is truncated: {missing} has no end in it.", path.display()))),
            None => Ok(()),
        })
    })
}

fn is_view(metadata: &str) -> bool {
    crate::archive::definition(metadata).is_some_and(|d| d.kind == CollectionKind::View)
}

/// The collection that people know: buckets belong to a time series.
fn people(collection: &str) -> &str {
    collection.strip_prefix(names::BUCKETS).unwrap_or(collection)
}

/// The files of a dump folder.
pub fn folder(files: Vec<(String, PathBuf)>) -> Events {
    start(None, move |out| {
        for (collection, path) in files {
            let rows =
                encryption::open(&path, &DecryptionKey::default()).and_then(|input| BsonRows::new(input).map_err(|e| unreadable(&path, e)));
            let mut rows = match rows {
                Ok(rows) => rows,
                Err(e) => return Ok(Err(e)),
            };
            let mut is_empty = true;
            loop {
                match rows.next_row() {
                    Ok(Some(row)) if row.fault.is_none() => {
                        is_empty = false;
                        out.document(&collection, row.bytes)?;
                    }
                    Ok(Some(row)) => {
                        let place = format!("{}: the document at byte {} is damaged.", path.display(), row.offset);
                        return Ok(Err(Error::BadRequest(place)));
                    }
                    Ok(None) => break,
                    Err(e) => return Ok(Err(unreadable(&path, e))),
                }
            }
            if let Some(note) = rows.notes().into_iter().next().filter(|_| !is_empty) {
                return Ok(Err(Error::BadRequest(format!("{}: {note}", path.display()))));
            }
            out.complete(&collection, None)?;
        }
        Ok(Ok(()))
    })
}

/// The collections of a store that nobody writes to.
pub fn store(store: Arc<dyn Store>, contents: Vec<Listed>) -> Events {
    let (send, receive) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        for one in &contents {
            let Some(place) = crate::point_in_time::place(one) else { continue };
            if let Err(e) = scan(store.as_ref(), &one.name, &place, &send).await {
                let _ = send.send(Err(e)).await;
                return;
            }
        }
    });
    receive
}

async fn scan(store: &dyn Store, collection: &str, place: &str, send: &mpsc::Sender<Result<Event>>) -> Result<()> {
    let mut content = Content::default();
    let mut batches = store.scan(place, &Filter::all(), None).await?;
    while let Some(documents) = batches.try_next().await? {
        documents.iter().for_each(|d| content.add(d.as_bytes()));
        if send.send(Ok(Event::Documents { collection: collection.to_owned(), documents })).await.is_err() {
            return Ok(());
        }
    }
    // Whoever does not listen any more has what was wanted.
    let _ = send.send(Ok(Event::Complete { collection: collection.to_owned(), content, checksum_fits: None })).await;
    Ok(())
}
