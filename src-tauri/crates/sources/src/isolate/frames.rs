//! What the two processes say to each other, and the side that asks. A frame is a kind, a length and its bytes. What comes back is
//! checked like any input: the process that sends it may be under a hostile file's control.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::WORD;
use super::process::{Done, Failed, Request};
use crate::input::Meter;
use crate::{Batch, Choice, Decoder, Examined, Fault, MAX_ROW, Opened, RawRow, Row, Rows, SourceError, SourceResult, input};

pub const HEAD: u8 = 1;
pub const ROWS: u8 = 2;
pub const DONE: u8 = 3;
pub const FAILED: u8 = 4;

/// A frame holds one row of the largest size and what belongs to it, or many small ones.
const LONGEST: usize = 2 * MAX_ROW + (1 << 20);

/// Frames that wait to be taken.
const AHEAD: usize = 8;

/// How long a reader may compute before anything comes. Time in which nobody takes rows does not count.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Serialize, Deserialize)]
pub struct Head {
    pub examined: Examined,
    pub decoder: Decoder,
    pub total: u64,
}

pub fn put_frame(out: &mut impl Write, kind: u8, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&[kind])?;
    out.write_all(&u32::try_from(bytes.len()).map_err(io::Error::other)?.to_le_bytes())?;
    out.write_all(bytes)
}

pub fn put_row(frame: &mut Vec<u8>, row: Row<'_>) {
    let fault = row.fault.map(|fault| serde_json::to_vec(fault).unwrap_or_default()).unwrap_or_default();
    frame.extend_from_slice(&row.number.to_le_bytes());
    frame.extend_from_slice(&row.offset.to_le_bytes());
    for part in [&fault[..], row.bytes] {
        // Rows are at most as long as a frame may be.
        frame.extend_from_slice(&u32::try_from(part.len()).unwrap_or(0).to_le_bytes());
        frame.extend_from_slice(part);
    }
}

fn get_frame(input: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    input.read_exact(&mut head)?;
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    input.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok((head[0], bytes)) }
}

/// Takes pieces off the front of a frame.
struct Pieces<'a>(&'a [u8]);

impl<'a> Pieces<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(first)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_le_bytes(self.take(4)?.try_into().ok()?);
        self.take(length as usize)
    }
}

type Frame = io::Result<(u8, Vec<u8>)>;

/// The process that reads, ended with this.
struct Reader {
    child: Child,
    /// Open for as long as rows are wanted.
    _asking: ChildStdin,
    frames: Receiver<Frame>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It has nothing to lose: what it reads stays as it is, what it unpacked is removed by whoever asked.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The frames of a process, read ahead on a thread of their own.
fn receive(from: ChildStdout, send: &SyncSender<Frame>) {
    let mut from = BufReader::with_capacity(1 << 16, from);
    loop {
        let frame = get_frame(&mut from);
        let last = !matches!(frame, Ok((HEAD | ROWS, _)));
        if send.send(frame).is_err() || last {
            return;
        }
    }
}

impl Reader {
    fn start(program: &Path, path: &Path, choice: &Choice, scratch: &Path) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.arg(WORD).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // What it unpacks lies where it is removed with this, however the process ends.
        command.env("TMPDIR", scratch).env("TEMP", scratch).env("TMP", scratch).env_remove("STEWARD_TEMP");
        // The allocator takes memory as it is needed, so that the limit counts what is used.
        command.env("MIMALLOC_ARENA_EAGER_COMMIT", "0");
        // Ctrl-C is for the program, which ends its readers in its own time.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let request = Request { path: std::path::absolute(path)?, choice: choice.clone(), expected: choice.expected.clone() };
        let mut asking = child.stdin.take().ok_or_else(|| io::Error::other("no standard input"))?;
        let written = asking.write_all(format!("{}\n", serde_json::to_string(&request)?).as_bytes());
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no standard output"))?;
        let (send, frames) = sync_channel(AHEAD);
        let reader = Self { child, _asking: asking, frames };
        written?;
        std::thread::Builder::new().name("foreign file".into()).spawn(move || receive(stdout, &send))?;
        Ok(reader)
    }

    fn next(&mut self) -> Frame {
        match self.frames.recv_timeout(PATIENCE) {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(Self::ended()),
            Err(RecvTimeoutError::Timeout) => {
                let _ = self.child.kill();
                Err(io::Error::new(io::ErrorKind::InvalidData, "Reading this file was stopped: nothing could be read for two minutes."))
            }
        }
    }

    /// The process ended in the middle.
    fn ended() -> io::Error {
        let why = "This file cannot be read: it asks for more memory or disk than a file of its kind needs, or is damaged in a way that ends its reader.";
        io::Error::new(io::ErrorKind::InvalidData, why)
    }
}

/// Rows as they come from the process.
struct Remote {
    reader: Reader,
    position: Arc<AtomicU64>,
    rows: std::vec::IntoIter<RawRow>,
    done: Arc<Mutex<Option<Done>>>,
    ended: bool,
    /// Removed when the process has ended: fields are dropped in their order.
    _scratch: tempfile::TempDir,
}

fn unpacked(frame: &[u8], rows: &mut Vec<RawRow>) -> Option<u64> {
    let mut pieces = Pieces(frame);
    let position = pieces.number()?;
    while !pieces.0.is_empty() {
        let (number, offset) = (pieces.number()?, pieces.number()?);
        let fault = match pieces.counted()? {
            [] => None,
            text => Some(serde_json::from_slice::<Fault>(text).ok()?),
        };
        rows.push(RawRow { number, offset, bytes: pieces.counted()?.to_vec(), fault });
    }
    Some(position)
}

impl Rows for Remote {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            if self.ended {
                return Ok(None);
            }
            let (kind, frame) = self.reader.next()?;
            match kind {
                ROWS => {
                    let mut rows = Vec::new();
                    let position = unpacked(&frame, &mut rows).ok_or_else(Reader::ended)?;
                    self.position.store(position, Ordering::Relaxed);
                    self.rows = rows.into_iter();
                }
                DONE => {
                    self.ended = true;
                    *self.done.lock().unwrap_or_else(PoisonError::into_inner) = serde_json::from_slice(&frame).ok();
                }
                FAILED => {
                    self.ended = true;
                    return Err(match failed(&frame) {
                        Some(SourceError::Io(e)) => e,
                        Some(other) => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
                        None => Reader::ended(),
                    });
                }
                _ => return Err(Reader::ended()),
            }
        }
    }

    fn next_into(&mut self, batch: &mut Batch) -> io::Result<bool> {
        let row = self.next_row()?;
        if let Some(row) = &row {
            batch.push(row.borrowed());
        }
        Ok(row.is_some())
    }

    fn notes(&mut self) -> Vec<String> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.as_ref().map(|done| done.notes.clone()).unwrap_or_default()
    }

    fn skipped(&self) -> Vec<String> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.as_ref().map(|done| done.skipped.clone()).unwrap_or_default()
    }
}

fn failed(frame: &[u8]) -> Option<SourceError> {
    serde_json::from_slice::<Failed>(frame).ok().map(Failed::into_error)
}

pub fn open(program: &Path, path: &Path, choice: &Choice) -> SourceResult<Opened> {
    let (file, _) = input::open_file(path)?;
    let scratch = tempfile::Builder::new().prefix("steward-").tempdir()?;
    let mut reader = Reader::start(program, path, choice, scratch.path())?;
    let (kind, frame) = reader.next()?;
    let head: Head = match kind {
        HEAD => serde_json::from_slice(&frame).map_err(|_| Reader::ended())?,
        FAILED => return Err(failed(&frame).unwrap_or_else(|| SourceError::Io(Reader::ended()))),
        _ => return Err(SourceError::Io(Reader::ended())),
    };
    let (position, done) = (Arc::<AtomicU64>::default(), Arc::<Mutex<Option<Done>>>::default());
    let rows = Remote {
        reader,
        position: Arc::clone(&position),
        rows: Vec::new().into_iter(),
        done: Arc::clone(&done),
        ended: false,
        _scratch: scratch,
    };
    let hash = move || done.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|done| done.sha256.clone());
    Ok(Opened::remote(head, Box::new(rows), position, Meter::new(file).hash_from(hash)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were() {
        let rows = [
            RawRow { number: 1, offset: 9, bytes: b"one".to_vec(), fault: None },
            RawRow { number: 2, offset: 0, bytes: Vec::new(), fault: Some(Fault::CutOff) },
            RawRow { number: u64::MAX, offset: 7, bytes: vec![0; 70_000], fault: Some(Fault::Unreadable("why".into())) },
        ];
        let mut frame = 42_u64.to_le_bytes().to_vec();
        rows.iter().for_each(|row| put_row(&mut frame, row.borrowed()));
        let mut found = Vec::new();
        assert_eq!(unpacked(&frame, &mut found), Some(42));
        assert_eq!(found, rows);
        // Whatever is truncated or made up is no row.
        for end in 0..frame.len().min(200) {
            let _ = unpacked(&frame[..end], &mut Vec::new());
        }
        let mut lies = frame.clone();
        lies[24..28].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(unpacked(&lies, &mut Vec::new()), None);
    }

    #[test]
    fn a_frame_of_impossible_length_is_refused() {
        let mut bytes = vec![ROWS];
        bytes.extend_from_slice(&u32::MAX.to_le_bytes());
        assert!(get_frame(&mut bytes.as_slice()).is_err());
    }
}
