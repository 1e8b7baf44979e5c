//! Reading files: cut into rows on one thread, checked in batches on others, handed on in order.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::{Stream, StreamExt};
use steward_domain::run::RunFile;
use steward_mapping::Mapping;
use steward_schema::{Checker, Pack};
use steward_sources::{Opened, RawRow};
use tokio::sync::mpsc;

use super::{ImportSpec, SourceFile};
use crate::error::{Error, Result};
use crate::normalise::Normaliser;
use crate::rows::{CheckedRow, RowReader};
use crate::workspace::Workspace;

/// Rows of one batch, and bytes that end it earlier.
const BATCH_ROWS: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;

/// How rows become records, and what they are checked against.
#[derive(Clone)]
pub struct Reading {
    pub checker: Option<Arc<Checker>>,
    pub pack: Option<Arc<Pack>>,
    pub mapping: Option<Mapping>,
    /// Records are stored as those of another pack.
    pub normaliser: Option<Arc<Normaliser>>,
    pub key_field: String,
}

impl Reading {
    /// As an import asks for it.
    pub fn of(workspace: &Workspace, spec: &ImportSpec) -> Result<Self> {
        let (checker, pack) = match spec.schema.as_str() {
            "" => (None, None),
            schema => (Some(workspace.checker(schema)?), Some(Arc::new(workspace.registry.get(schema)?.clone()))),
        };
        let normaliser = Normaliser::of(workspace, &spec.schema)?;
        Ok(Self { checker, pack, mapping: spec.mapping.clone(), normaliser, key_field: spec.key_field.clone() })
    }
}

/// Rows of one file, cut and read ahead.
struct RawBatch {
    file: usize,
    rows: Vec<RawRow>,
    reader: Arc<RowReader>,
    position: u64,
    /// Set with the last batch of a file.
    end: Option<FileEnd>,
}

pub(super) struct FileEnd {
    pub(super) sha256: String,
    pub(super) notes: Vec<String>,
}

/// Rows after checking.
pub struct CheckedBatch {
    pub(super) file: usize,
    pub(super) rows: Vec<CheckedRow>,
    pub(super) position: u64,
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

/// Opens a source for reading.
fn open(file: &SourceFile) -> Result<Opened> {
    steward_sources::open(&file.path, &file.choice).map_err(|e| Error::source(&file.path, e))
}

/// Bytes of a source; says in words why it cannot be read.
pub fn size(file: &SourceFile) -> Result<u64> {
    Ok(open(file)?.total)
}

/// What is known of a file before it is read.
pub fn run_file(file: &SourceFile, bytes: u64) -> RunFile {
    RunFile {
        name: file.name.clone(),
        path: file.path.display().to_string(),
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        sha256: String::new(),
        rows_done: 0,
        choice: file.choice.clone(),
    }
}

/// A sentence about "the file" as one about this file.
fn named(note: &str, file: &str) -> String {
    match note.strip_prefix("The file ") {
        Some(rest) => format!("{file} {rest}"),
        None => format!("{file}: {note}"),
    }
}

fn read_file(index: usize, file: &SourceFile, how: &Reading, send: &mpsc::Sender<Result<RawBatch>>) -> Result<()> {
    let mut opened = open(file)?;
    let failed = |e| Error::file(&file.path, e);
    let reader = Arc::new(RowReader::new(&opened.decoder, how)?);
    let mut notes: Vec<String> = opened.examined.notes.iter().map(|n| named(n, &file.name)).collect();
    let mut rows = Vec::new();
    let mut bytes = 0;
    while let Some(row) = opened.next_row().map_err(failed)? {
        bytes += row.bytes.len();
        rows.push(row);
        if rows.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
            let position = opened.position.load(Ordering::Relaxed);
            let batch = RawBatch { file: index, rows: std::mem::take(&mut rows), reader: Arc::clone(&reader), position, end: None };
            bytes = 0;
            if send.blocking_send(Ok(batch)).is_err() {
                return Ok(());
            }
        }
    }
    let total = opened.total;
    let (sha256, said) = opened.finish().map_err(failed)?;
    notes.extend(said.iter().map(|n| named(n, &file.name)));
    let _ = send.blocking_send(Ok(RawBatch { file: index, rows, reader, position: total, end: Some(FileEnd { sha256, notes }) }));
    Ok(())
}

/// Checked batches in the order of the files.
pub fn checked(files: Vec<SourceFile>, how: Reading) -> impl Stream<Item = Result<CheckedBatch>> + Send {
    let (send, receive) = mpsc::channel::<Result<RawBatch>>(2);
    let (checker, key_field) = (how.checker.clone(), how.key_field.clone());
    tokio::task::spawn_blocking(move || {
        for (index, file) in files.iter().enumerate() {
            if let Err(e) = read_file(index, file, &how, &send) {
                let _ = send.blocking_send(Err(e));
                return;
            }
        }
    });
    let batches = futures::stream::unfold(receive, |mut receive| async { receive.recv().await.map(|b| (b, receive)) });
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(8);
    batches
        .map(move |batch| {
            let (checker, key_field) = (checker.clone(), key_field.clone());
            async move {
                let batch = batch?;
                let work = move || {
                    let rows = batch.reader.check(batch.rows, checker.as_deref(), &key_field);
                    CheckedBatch { file: batch.file, rows, position: batch.position, end: batch.end }
                };
                tokio::task::spawn_blocking(work).await.map_err(|e| Error::BadRequest(format!("Reading stopped unexpectedly: {e}.")))
            }
        })
        .buffered(threads + 1)
}
