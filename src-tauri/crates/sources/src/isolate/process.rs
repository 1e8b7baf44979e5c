//! The process that reads: takes a path and a choice from its standard input, gives rows on its standard output. It limits itself
//! before it looks at the file.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::frames::{DONE, FAILED, HEAD, Head, ROWS, put_frame, put_row};
use crate::{Batch, Choice, Opened, SourceError, limits};

#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    pub path: PathBuf,
    pub choice: Choice,
    /// Of the choice; it is not among what is written down of one.
    pub expected: Vec<String>,
}

/// How the end of a file is reported.
#[derive(Debug, Serialize, Deserialize)]
pub struct Done {
    pub sha256: String,
    pub notes: Vec<String>,
    /// What was passed over.
    pub skipped: Vec<String>,
}

/// Why a file cannot be read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Failed {
    /// `io`, `unusable` or `choice`.
    pub kind: String,
    pub message: String,
    /// Of the operating system.
    pub code: Option<i32>,
}

impl Failed {
    pub fn of(e: &SourceError) -> Self {
        let (kind, code) = match e {
            SourceError::Io(e) => ("io", e.raw_os_error()),
            SourceError::Unusable(_) => ("unusable", None),
            SourceError::BadChoice(_) => ("choice", None),
        };
        Self { kind: kind.to_owned(), message: e.to_string(), code }
    }

    pub fn into_error(self) -> SourceError {
        match (self.kind.as_str(), self.code) {
            ("unusable", _) => SourceError::Unusable(self.message),
            ("choice", _) => SourceError::BadChoice(self.message),
            (_, Some(code)) => SourceError::Io(io::Error::from_raw_os_error(code)),
            (_, None) => SourceError::Io(io::Error::new(io::ErrorKind::InvalidData, self.message)),
        }
    }
}

/// Rows of one frame, and bytes: enough that pipes cost nothing, little enough to be held.
const ROWS_A_FRAME: usize = 256;
const BYTES_A_FRAME: usize = 256 << 10;

pub fn read() -> u8 {
    let mut text = String::new();
    let request = io::stdin().read_line(&mut text).ok().and_then(|_| serde_json::from_str::<Request>(&text).ok());
    let Some(request) = request else { return 2 };
    // Whoever asked is gone when the other end of the input is closed: nothing is computed for nobody.
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(1);
    });
    limits::of_this_process(&request.path);
    let mut out = BufWriter::with_capacity(BYTES_A_FRAME, io::stdout().lock());
    let choice = Choice { expected: request.expected, ..request.choice };
    let sent = match crate::open::here(&request.path, &choice) {
        Ok(opened) => rows(opened, &mut out),
        Err(e) => put_frame(&mut out, FAILED, &json(&Failed::of(&e))),
    };
    match sent.and_then(|()| out.flush()) {
        Ok(()) => 0,
        // Nobody reads any more.
        Err(_) => 1,
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn rows(mut opened: Opened, out: &mut impl Write) -> io::Result<()> {
    let head = Head { examined: opened.examined.clone(), decoder: opened.decoder.clone(), total: opened.total };
    put_frame(out, HEAD, &json(&head))?;
    out.flush()?;
    let position = std::sync::Arc::clone(&opened.position);
    loop {
        let mut batch = Batch::with_room(ROWS_A_FRAME, BYTES_A_FRAME);
        let mut more = Ok(true);
        while batch.len() < ROWS_A_FRAME && batch.size() < BYTES_A_FRAME && matches!(more, Ok(true)) {
            more = opened.next_into(&mut batch);
        }
        let mut frame = position.load(Ordering::Relaxed).to_le_bytes().to_vec();
        batch.iter().for_each(|row| put_row(&mut frame, row));
        put_frame(out, ROWS, &frame)?;
        match more {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => return put_frame(out, FAILED, &json(&Failed::of(&SourceError::Io(e)))),
        }
    }
    let skipped = opened.rows.skipped();
    match opened.finish() {
        Ok(ended) => put_frame(out, DONE, &json(&Done { sha256: ended.sha256, notes: ended.notes, skipped })),
        Err(e) => put_frame(out, FAILED, &json(&Failed::of(&SourceError::Io(e)))),
    }
}
