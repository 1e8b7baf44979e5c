//! Reading files: cut into rows on one thread, checked in batches on others, handed on in order.

use std::sync::Arc;

use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use steward_schema::Checker;
use tokio::sync::mpsc;

use super::SourceFile;
use crate::error::{Error, Result};
use crate::rows::{CheckedRow, check_row};
use crate::split::{Layout, RawRow, Splitter};

/// Rows of one batch, and bytes that end it earlier.
const BATCH_ROWS: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;

/// Rows of one file, cut and read ahead.
struct RawBatch {
    file: usize,
    rows: Vec<RawRow>,
    position: u64,
    /// Set with the last batch of a file.
    end: Option<FileEnd>,
}

pub(super) struct FileEnd {
    pub(super) sha256: String,
    pub(super) note: Option<String>,
}

/// Rows after checking.
pub struct CheckedBatch {
    pub(super) file: usize,
    pub(super) rows: Vec<CheckedRow>,
    pub(super) position: u64,
    pub(super) end: Option<FileEnd>,
}

impl CheckedBatch {
    /// The rows, and what there is to say about the file at its end.
    pub fn into_parts(self) -> (Vec<CheckedRow>, Option<String>) {
        (self.rows, self.end.and_then(|e| e.note))
    }
}

/// Hashes what passes through.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R: std::io::Read> std::io::Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hash.update(&buffer[..n]);
        Ok(n)
    }
}

/// Hex of a digest.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

/// Opens a source for reading; a folder is refused in words.
pub fn open(file: &SourceFile) -> Result<(std::fs::File, u64)> {
    let handle = std::fs::File::open(&file.path).map_err(|e| Error::file(&file.path, e))?;
    let meta = handle.metadata().map_err(|e| Error::file(&file.path, e))?;
    if meta.is_dir() {
        return Err(Error::BadRequest(format!("{} is a folder. Choose the files in it.", file.path.display())));
    }
    Ok((handle, meta.len()))
}

fn read_file(index: usize, file: &SourceFile, send: &mpsc::Sender<Result<RawBatch>>) -> Result<()> {
    let (handle, _) = open(file)?;
    let failed = |e| Error::file(&file.path, e);
    let mut splitter = Splitter::new(Hashing { inner: handle, hash: Sha256::new() }).map_err(failed)?;
    let mut rows = Vec::new();
    let mut bytes = 0;
    let mut cut = false;
    while let Some(row) = splitter.next_row().map_err(failed)? {
        bytes += row.bytes.len();
        cut |= row.cut_off;
        rows.push(row);
        if rows.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
            let batch = RawBatch { file: index, rows: std::mem::take(&mut rows), position: splitter.position(), end: None };
            bytes = 0;
            if send.blocking_send(Ok(batch)).is_err() {
                return Ok(());
            }
        }
    }
    let layout = splitter.layout();
    let note = match layout {
        Layout::Empty => Some(format!("{} is empty.", file.name)),
        Layout::Unknown => Some(format!("{} does not look like JSON.", file.name)),
        Layout::Array if cut || !splitter.closed => Some(format!("{} is cut off: the list in it has no end.", file.name)),
        _ if cut => Some(format!("{} is cut off in the middle of its last record.", file.name)),
        _ => None,
    };
    let position = splitter.position();
    let end = Some(FileEnd { sha256: hex(&splitter.into_input().hash.finalize()), note });
    let _ = send.blocking_send(Ok(RawBatch { file: index, rows, position, end }));
    Ok(())
}

/// Checked batches in the order of the files.
pub fn checked(
    files: Vec<SourceFile>,
    checker: Option<Arc<Checker>>,
    key_field: String,
) -> impl Stream<Item = Result<CheckedBatch>> + Send {
    let (send, receive) = mpsc::channel::<Result<RawBatch>>(2);
    tokio::task::spawn_blocking(move || {
        for (index, file) in files.iter().enumerate() {
            if let Err(e) = read_file(index, file, &send) {
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
                    let rows = batch.rows.into_iter().map(|row| check_row(row, checker.as_deref(), &key_field)).collect();
                    CheckedBatch { file: batch.file, rows, position: batch.position, end: batch.end }
                };
                tokio::task::spawn_blocking(work).await.map_err(|e| Error::BadRequest(format!("Reading stopped unexpectedly: {e}.")))
            }
        })
        .buffered(threads + 1)
}
