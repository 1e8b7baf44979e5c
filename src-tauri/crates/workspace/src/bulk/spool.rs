//! Changes that wait to be written, in a temporary file of this machine: a plan of a million changes takes no memory.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};

use async_trait::async_trait;
use bson::Document;

use crate::docs::{self, Change};
use crate::error::{Error, Result};
use crate::history::staged::Changes;

/// Changes that are read together.
const BATCH: usize = 1000;

/// Takes changes, one after the other.
pub struct Spool {
    file: BufWriter<File>,
    changes: usize,
}

impl Spool {
    /// A file without a name, which goes away with the process.
    pub fn new() -> Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile().map_err(failed)?), changes: 0 })
    }

    pub fn push(&mut self, change: &Change) -> Result<()> {
        let bytes = docs::change_to_doc("", 0, change).to_vec().map_err(|_| Error::Damaged("A change"))?;
        self.changes += 1;
        self.file.write_all(&bytes).map_err(failed)
    }

    /// Ready to be read, from the first change on.
    pub fn into_reader(self) -> Result<Spooled> {
        let mut file = self.file.into_inner().map_err(|e| failed(e.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(Spooled { file: BufReader::new(file), left: self.changes })
    }
}

/// Gives the changes in their order.
#[derive(Debug)]
pub struct Spooled {
    file: BufReader<File>,
    left: usize,
}

impl Spooled {
    /// Changes that are not read yet.
    pub fn len(&self) -> usize {
        self.left
    }

    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// All that are left, in memory.
    pub fn all(mut self) -> Result<Vec<Change>> {
        (0..self.left).map(|_| self.read()).collect()
    }

    fn read(&mut self) -> Result<Change> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length).map_err(failed)?;
        let mut bytes = vec![0; usize::try_from(u32::from_le_bytes(length)).unwrap_or(0).max(4)];
        bytes[..4].copy_from_slice(&length);
        self.file.read_exact(&mut bytes[4..]).map_err(failed)?;
        self.left -= 1;
        docs::change_from_doc(&Document::from_reader(bytes.as_slice()).map_err(|_| Error::Damaged("A change"))?)
    }
}

#[async_trait]
impl Changes for Spooled {
    async fn next(&mut self) -> Result<Option<Vec<Change>>> {
        if self.left == 0 {
            return Ok(None);
        }
        (0..self.left.min(BATCH)).map(|_| self.read()).collect::<Result<_>>().map(Some)
    }
}

fn failed(source: std::io::Error) -> Error {
    Error::file(&std::env::temp_dir(), source)
}
