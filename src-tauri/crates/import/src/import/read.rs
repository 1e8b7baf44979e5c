//! Reading files: cut into rows on one thread, checked in batches on others, handed on in order.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use steward_domain::run::RunFile;
use steward_mapping::Mapping;
use steward_schema::{Checker, Pack};
use steward_sources::{Batch, Decoder, Opened, Row};
use steward_store::Query;
use tokio::sync::mpsc;

use super::{CollectionSource, ImportSpec, Place, SourceFile, place};
use crate::rows::{CheckedRow, RowReader};
use crate::typing::Types;
use steward_workspace::{Error, Result, Workspace, normalise::Normaliser};

/// Rows of one batch, and bytes that end it earlier.
const BATCH_ROWS: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;
/// Room that a batch begins with.
const USUAL_BYTES: usize = 512 << 10;

/// How rows become records, and what they are checked against.
#[derive(Clone, Default)]
pub struct Reading {
    pub checker: Option<Arc<Checker>>,
    pub pack: Option<Arc<Pack>>,
    pub mapping: Option<Mapping>,
    /// Records are stored as those of another pack.
    pub normaliser: Option<Arc<Normaliser>>,
    pub key_field: String,
    /// Only whether rows are fine is asked, not what records they make, nor the hash of the file.
    pub validating: bool,
    /// Of rows that are not fine, the records are wanted too, as far as there are any.
    pub documents: bool,
    /// Fields that hold texts already: columns with their names do, too.
    pub texts: HashSet<String>,
    /// Types of columns that no schema describes; the files are looked through for them where they are not known.
    pub types: Option<Arc<Types>>,
}

impl Reading {
    /// As an import asks for it.
    pub fn of(workspace: &Workspace, spec: &ImportSpec) -> Result<Self> {
        let (checker, pack) = match spec.schema.as_str() {
            "" => (None, None),
            schema => (Some(workspace.checker(schema)?), Some(Arc::new(workspace.registry.get(schema)?.clone()))),
        };
        let normaliser = Normaliser::of(workspace, &spec.schema)?;
        Ok(Self { checker, pack, mapping: spec.mapping.clone(), normaliser, key_field: spec.key_field.clone(), ..Self::default() })
    }
}

/// Rows of one file, cut and read ahead.
pub(super) struct RawBatch {
    pub(super) file: usize,
    pub(super) rows: Batch,
    pub(super) reader: Arc<RowReader>,
    pub(super) position: u64,
    /// Of a collection: where reading goes on after these rows.
    cursor: Option<String>,
    /// Set with the last batch of a file.
    pub(super) end: Option<FileEnd>,
}

pub(super) struct FileEnd {
    pub(super) sha256: String,
    pub(super) notes: Vec<String>,
    /// What the file was taken for, in one line.
    pub(super) recognised: String,
}

/// Rows after checking.
pub struct CheckedBatch {
    pub(super) file: usize,
    pub(super) rows: Vec<CheckedRow>,
    pub(super) position: u64,
    pub(super) cursor: Option<String>,
    pub(super) end: Option<FileEnd>,
}

impl CheckedBatch {
    /// Bytes of the file that were read when its rows were cut.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The rows, and what there is to say about the file at its end.
    pub fn into_parts(self) -> (Vec<CheckedRow>, Vec<String>) {
        (self.rows, self.end.map(|e| e.notes).unwrap_or_default())
    }
}

/// Bytes of a file, or records of a collection; says in words why a source cannot be read.
pub async fn size(file: &SourceFile) -> Result<u64> {
    match &file.place {
        Place::File(path) => Ok(steward_sources::open(path, &file.choice).map_err(|e| Error::source(path, e))?.total),
        Place::Collection(source) => {
            if !source.store.collections().await?.contains(&source.collection) {
                return Err(Error::NotFound(format!("There is no collection '{}' in {}.", source.collection, file.name)));
            }
            Ok(source.store.count(&source.collection, &steward_domain::Filter::all()).await?)
        }
    }
}

/// What is known of a file before it is read.
pub fn run_file(file: &SourceFile, bytes: u64) -> RunFile {
    let (path, collection) = match &file.place {
        Place::File(path) => (path.display().to_string(), None),
        Place::Collection(source) => (source.address.clone(), Some(source.collection.clone())),
    };
    RunFile {
        name: file.name.clone(),
        path,
        collection,
        cursor: None,
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        sha256: String::new(),
        rows_done: 0,
        choice: file.choice.clone(),
        recognised: String::new(),
    }
}

/// A sentence about "the file" as one about this file.
fn named(note: &str, file: &str) -> String {
    match note.strip_prefix("The file ") {
        Some(rest) => format!("{file} {rest}"),
        None => format!("{file}: {note}"),
    }
}

fn read_source(index: usize, file: &SourceFile, how: &Reading, send: &mpsc::Sender<Result<RawBatch>>) -> Result<()> {
    match &file.place {
        Place::File(path) => {
            let opened = steward_sources::open(path, &file.choice).map_err(|e| Error::source(path, e))?;
            read_file(index, file, opened, how, send).map_err(|e| match e {
                Stopped::Io(e) => Error::file(path, e),
                Stopped::Error(e) => e,
            })
        }
        Place::Collection(source) => tokio::runtime::Handle::current().block_on(read_collection(index, source, how, send)),
    }
}

/// Records of a collection in the order of `_id`, page by page.
async fn read_collection(index: usize, source: &CollectionSource, how: &Reading, send: &mpsc::Sender<Result<RawBatch>>) -> Result<()> {
    let reader = Arc::new(RowReader::new(&Decoder::Bson, how)?);
    let (mut after, mut number) = match &source.after {
        Some((cursor, rows)) => (Some(cursor.clone()), *rows),
        None => (None, 0),
    };
    let mut hash = Sha256::new();
    loop {
        let query = Query::new(steward_domain::Filter::all(), BATCH_ROWS).sorted("_id", false).after(after.take());
        let page = source.store.find(&source.collection, &query).await?;
        let mut rows = Batch::default();
        for record in page.records {
            number += 1;
            hash.update(record.as_bytes());
            rows.push(Row { number, offset: 0, bytes: record.as_bytes(), fault: None });
        }
        let last = page.next.is_none();
        let cursor = page.next.as_ref().map(|c| place::mark(number, c));
        let finished = |hash: Sha256| FileEnd { sha256: format!("{:x}", hash.finalize()), notes: Vec::new(), recognised: String::new() };
        let end = last.then(|| finished(std::mem::take(&mut hash)));
        let batch = RawBatch { file: index, rows, reader: Arc::clone(&reader), position: number, cursor, end };
        if send.send(Ok(batch)).await.is_err() || last {
            return Ok(());
        }
        after = page.next;
    }
}

/// Why the reading of a file ended early.
enum Stopped {
    Io(std::io::Error),
    Error(Error),
}

impl From<Error> for Stopped {
    fn from(e: Error) -> Self {
        Self::Error(e)
    }
}

fn read_file(
    index: usize,
    file: &SourceFile,
    mut opened: Opened,
    how: &Reading,
    send: &mpsc::Sender<Result<RawBatch>>,
) -> std::result::Result<(), Stopped> {
    let reader = Arc::new(RowReader::new(&opened.decoder, how)?);
    if how.validating {
        opened = opened.without_hash();
    }
    let mut notes: Vec<String> = opened.examined.notes.iter().map(|n| named(n, &file.name)).collect();
    notes.extend(reader.notes.iter().map(|n| named(n, &file.name)));
    let empty = || Batch::with_room(BATCH_ROWS, USUAL_BYTES);
    let mut rows = empty();
    while opened.next_into(&mut rows).map_err(Stopped::Io)? {
        if rows.len() >= BATCH_ROWS || rows.size() >= BATCH_BYTES {
            let position = opened.position.load(Ordering::Relaxed);
            let rows = std::mem::replace(&mut rows, empty());
            let batch = RawBatch { file: index, rows, reader: Arc::clone(&reader), position, cursor: None, end: None };
            if send.blocking_send(Ok(batch)).is_err() {
                return Ok(());
            }
        }
    }
    let total = opened.total;
    let ended = opened.finish().map_err(Stopped::Io)?;
    notes.extend(ended.notes.iter().map(|n| named(n, &file.name)));
    let end = Some(FileEnd { sha256: ended.sha256, notes, recognised: ended.recognised });
    let _ = send.blocking_send(Ok(RawBatch { file: index, rows, reader, position: total, cursor: None, end }));
    Ok(())
}

/// Checked batches in the order of the files.
pub fn checked(files: Vec<SourceFile>, how: Reading) -> impl Stream<Item = Result<CheckedBatch>> + Send {
    let (checker, key_field) = (how.checker.clone(), how.key_field.clone());
    worked(files, how, move |batch| {
        let rows = batch.reader.check(batch.rows.iter(), checker.as_deref(), &key_field);
        CheckedBatch { file: batch.file, rows, position: batch.position, cursor: batch.cursor, end: batch.end }
    })
}

/// Batches that wait where one thread hands over to the next: enough that none of them idles while another is at its
/// slowest row.
const AHEAD: usize = 4;

/// Batches that one thread reads and others work on, in the order of the files.
pub(super) fn worked<T: Send + 'static>(
    files: Vec<SourceFile>,
    how: Reading,
    work: impl Fn(RawBatch) -> T + Send + Sync + 'static,
) -> impl Stream<Item = Result<T>> + Send {
    let (send, receive) = mpsc::channel::<Result<RawBatch>>(AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut how = how;
        match how.types.is_none().then(|| Types::of(&files, &how)).transpose() {
            Ok(types) => how.types = how.types.or(types.map(Arc::new)),
            Err(e) => {
                let _ = send.blocking_send(Err(e));
                return;
            }
        }
        for (index, file) in files.iter().enumerate() {
            if let Err(e) = read_source(index, file, &how, &send) {
                let _ = send.blocking_send(Err(e));
                return;
            }
        }
    });
    let batches = futures::stream::unfold(receive, |mut receive| async { receive.recv().await.map(|b| (b, receive)) });
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(8);
    let work = Arc::new(work);
    batches
        .map(move |batch| {
            let work = Arc::clone(&work);
            async move {
                let batch = batch?;
                let worked = tokio::task::spawn_blocking(move || work(batch)).await;
                worked.map_err(|e| Error::BadRequest(format!("Reading stopped unexpectedly: {e}.")))
            }
        })
        .buffered(threads + AHEAD)
}
