//! What a foreign file may cost: bytes that it unfolds into, columns and rows of a sheet, memory and disk of the process that reads
//! it. Stated for people in docs/guide/security.md; a file that goes beyond is refused with a sentence.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

/// Of Excel's own making; OpenDocument programs have the same.
pub const COLUMNS: u32 = 16_384;
pub const ROWS: u32 = 1_048_576;
/// Bytes of text in one cell.
pub const CELL: usize = 16 << 20;

/// What any compressed file may unfold into, and how much more for each of its bytes. Deflate cannot do more than 1,032; data that
/// someone keeps stays far below with any method.
const UNFOLDED: u64 = 64 << 20;
const RATIO: u64 = 1_100;

/// Room that is left on a disk.
const RESERVE: u64 = 512 << 20;

/// How far a compressed file of this size may unfold.
pub fn unfolded(bytes: u64) -> u64 {
    UNFOLDED.saturating_add(bytes.saturating_mul(RATIO))
}

/// Ends with an error where more comes out than is allowed.
pub struct Unfolding<R> {
    inner: R,
    left: u64,
}

impl<R> Unfolding<R> {
    /// `bytes` is the size of the compressed file.
    pub fn new(inner: R, bytes: u64) -> Self {
        Self { inner, left: unfolded(bytes) }
    }
}

impl<R: Read> Read for Unfolding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        match self.left.checked_sub(n as u64) {
            Some(left) => self.left = left,
            None => {
                let why = "This file unfolds into more than a thousand times its size: it was made to fill memory or a disk.";
                return Err(io::Error::new(ErrorKind::FileTooLarge, why));
            }
        }
        Ok(n)
    }
}

/// Writes a source to a temporary file, as long as there is room on that disk.
pub fn spool(from: &mut impl Read, to: &mut File, folder: &Path) -> io::Result<()> {
    const LOOK: u64 = 32 << 20;
    loop {
        if fs4::available_space(folder).is_ok_and(|free| free < RESERVE + LOOK) {
            let why = format!(
                "Unpacked, this file does not fit into {}: less than {} MB are free there. Set STEWARD_TEMP to a folder with more room.",
                folder.display(),
                (RESERVE + LOOK) >> 20
            );
            return Err(io::Error::new(ErrorKind::StorageFull, why));
        }
        if io::copy(&mut from.take(LOOK), to)? < LOOK {
            return to.flush();
        }
    }
}

/// A table of separated values has as many columns as a sheet may have.
pub fn columns(count: usize) -> Result<(), String> {
    if count <= COLUMNS as usize {
        return Ok(());
    }
    Err(format!("This table has {count} columns; Steward reads tables of at most {COLUMNS}. Is the delimiter right?"))
}

/// Sentences about a file that are worth reading one by one.
const NOTES: usize = 50;

/// Says of many notes how many there are.
pub fn notes(notes: &mut Vec<String>) {
    if notes.len() > NOTES {
        let more = notes.len() - NOTES;
        notes.truncate(NOTES);
        notes.push(format!("The same holds for {more} more columns."));
    }
}

/// XML is a text of few words; a workbook is a tenth to a fiftieth of what it unfolds into.
const RATIO_OF_BOOK: u64 = 200;

/// Refuses a workbook whose parts say that they unfold into more than any workbook does. One that lies about it is ended by the limit
/// on memory.
pub fn book(path: &Path) -> Result<(), String> {
    let Ok(file) = File::open(path) else { return Ok(()) };
    let bytes = file.metadata().map_or(0, |m| m.len());
    // One that cannot be opened is reported by its reader.
    let Ok(mut archive) = zip::ZipArchive::new(io::BufReader::new(file)) else { return Ok(()) };
    let parts = (0..archive.len()).map(|at| archive.by_index_raw(at).map_or(0, |part| part.size()));
    let all = parts.fold(0_u64, u64::saturating_add);
    if all > UNFOLDED.saturating_add(bytes.saturating_mul(RATIO_OF_BOOK)) {
        return Err(format!("This workbook unfolds into {} MB, more than 200 times its size: it was made to fill memory.", all >> 20));
    }
    Ok(())
}

/// A sheet has no such cell.
pub fn cell(row: u32, column: u32, bytes: usize) -> Result<(), String> {
    if column >= COLUMNS || row >= ROWS {
        return Err(format!(
            "it has a cell in row {} and column {}; a sheet has {ROWS} rows and {COLUMNS} columns",
            u64::from(row) + 1,
            u64::from(column) + 1
        ));
    }
    if bytes > CELL {
        return Err(format!("its cell in row {} and column {} is larger than 16 MB", u64::from(row) + 1, u64::from(column) + 1));
    }
    Ok(())
}

/// Memory of a process that reads a file: so much for any, and more for large ones.
const MEMORY: u64 = 384 << 20;
const MEMORY_A_BYTE: u64 = 64;
const MEMORY_MOST: u64 = 4 << 30;

/// That of a file of this size, or what the environment says.
pub fn memory(bytes: u64) -> u64 {
    let chosen = std::env::var("STEWARD_READER_MEMORY_MB").ok().and_then(|text| text.parse::<u64>().ok());
    chosen.map_or_else(|| MEMORY.saturating_add(bytes.saturating_mul(MEMORY_A_BYTE)).min(MEMORY_MOST), |mb| mb << 20)
}

/// Limits this process, which does nothing but read that file. What the system cannot limit it leaves as it is.
pub fn of_this_process(path: &Path) {
    let bytes = path.metadata().map_or(0, |m| m.len());
    let memory = memory(bytes);
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let to = |limit: u64| Rlimit { current: Some(limit), maximum: Some(limit) };
        // Nothing is left behind by a crash; it is expected.
        let _ = setrlimit(Resource::Core, to(0));
        let _ = setrlimit(Resource::Data, to(memory));
        let _ = setrlimit(Resource::Fsize, to(unfolded(bytes).saturating_add(1 << 20)));
        let _ = setrlimit(Resource::Nofile, to(256));
    }
    #[cfg(not(unix))]
    let _ = memory;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_ends_with_a_sentence() {
        let mut endless = Unfolding::new(io::repeat(b'x'), 1_000);
        let e = io::copy(&mut endless, &mut io::sink()).unwrap_err();
        assert!(e.kind() == ErrorKind::FileTooLarge && e.to_string().contains("thousand times"), "{e}");
        let mut fine = Unfolding::new(io::repeat(b'x').take(64 << 20), 0);
        assert_eq!(io::copy(&mut fine, &mut io::sink()).unwrap(), 64 << 20);
    }

    #[test]
    fn cells_are_where_a_sheet_has_them() {
        assert!(cell(ROWS - 1, COLUMNS - 1, CELL).is_ok());
        assert!(cell(0, COLUMNS, 0).unwrap_err().contains("column 16385"));
        assert!(cell(u32::MAX, 0, 0).unwrap_err().contains("row 4294967296"));
        assert!(cell(0, 0, CELL + 1).unwrap_err().contains("16 MB"));
    }
}
