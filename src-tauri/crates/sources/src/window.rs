//! A window that moves over a stream: what row cutters look at.

use std::io::{self, Read};

const CHUNK: usize = 256 << 10;

/// The byte order mark of UTF-8.
pub const MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes of a stream from `at` on. Memory holds what is being looked at and one chunk.
pub struct Window<R> {
    input: R,
    pub buffer: Vec<u8>,
    pub at: usize,
    /// Offset in the source of `buffer[0]`.
    base: u64,
    ended: bool,
}

impl<R: Read> Window<R> {
    /// Reads the first chunk; byte order marks of UTF-8 are passed over.
    pub fn new(input: R) -> io::Result<Self> {
        let mut window = Self::behind(input, 0)?;
        while window.rest().starts_with(MARK) {
            window.at += MARK.len();
        }
        Ok(window)
    }

    /// Reads the first chunk of an input that is behind so many bytes of its source.
    pub fn behind(mut input: R, base: u64) -> io::Result<Self> {
        let mut buffer = Vec::with_capacity(2 * CHUNK);
        let ended = !read_chunk(&mut input, &mut buffer)?;
        Ok(Self { input, buffer, at: 0, base, ended })
    }

    /// Bytes taken so far.
    pub fn position(&self) -> u64 {
        self.base + self.at as u64
    }

    /// What is at hand, from `at` on.
    pub fn rest(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Makes `buffer[at + wanted]` available if the source has it; drops what was taken.
    pub fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        while self.buffer.len() <= self.at + wanted && !self.ended {
            if self.at > CHUNK {
                self.buffer.drain(..self.at);
                self.base += self.at as u64;
                self.at = 0;
            }
            self.ended = !read_chunk(&mut self.input, &mut self.buffer)?;
        }
        Ok(self.buffer.len() > self.at + wanted)
    }

    /// The byte at `at`.
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(if self.fill(0)? { Some(self.buffer[self.at]) } else { None })
    }

    /// The byte `ahead` of `at`.
    pub fn look(&mut self, ahead: usize) -> io::Result<Option<u8>> {
        Ok(if self.fill(ahead)? { Some(self.buffer[self.at + ahead]) } else { None })
    }

    /// Passes everything up to and including the next `end`.
    pub fn skip_past(&mut self, end: u8) -> io::Result<()> {
        loop {
            if let Some(i) = memchr::memchr(end, self.rest()) {
                self.at += i + 1;
                return Ok(());
            }
            self.at = self.buffer.len();
            if !self.fill(0)? {
                return Ok(());
            }
        }
    }
}

/// Reads up to a chunk; false at the end of the source. Straight into its place: `read_to_end` begins again with small reads.
fn read_chunk(input: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut filled = buffer.len();
    let wanted = filled + CHUNK;
    buffer.resize(wanted, 0);
    let mut outcome = Ok(());
    while filled < wanted {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                outcome = Err(e);
                break;
            }
        }
    }
    buffer.truncate(filled);
    outcome.map(|()| filled == wanted)
}
