//! Reading a foreign file in a process of its own. What a library allocates by what a file says, what overflows its stack or never
//! ends, ends that process and not this one: a crash becomes a sentence.
//!
//! Isolated are the files that are read by libraries of others: workbooks, databases, and whatever is compressed. Texts, BSON and
//! archives are cut by this crate itself, which allocates nothing by what a file says (docs/adr/0018).
//!
//! `STEWARD_READER_MEMORY_MB` is the limit on memory; 0 reads files in the program itself, for systems that start no processes.
//!
//! A program takes part by calling [`serve`] first thing in `main`; without that, files are read in the program itself.

mod frames;
mod process;

pub(crate) use frames::Head;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::{Choice, Opened, SourceResult, limits};

/// The word that makes a program a reader.
const WORD: &str = "read-a-foreign-file";

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// First thing in `main`. A process that was started to read a file does that here, and gives its exit code; any other learns which
/// program to start for reading, and gets `None`.
pub fn serve() -> Option<u8> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == WORD) {
        return Some(process::read());
    }
    if let Ok(program) = std::env::current_exe() {
        let _ = PROGRAM.set(program);
    }
    None
}

/// Opens a file in a process of its own, if it is one of those and this program takes part.
pub fn open(path: &Path, choice: &Choice) -> Option<SourceResult<Opened>> {
    let program = PROGRAM.get().filter(|_| limits::memory(0) > 0)?;
    needs_it(path).then(|| frames::open(program, path, choice))
}

/// Compressed files, zip files, old Office files, SQLite.
fn needs_it(path: &Path) -> bool {
    let mut begin = [0; 16];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut begin)).unwrap_or(0);
    let begin = &begin[..read];
    let marks: [&[u8]; 6] =
        [b"PK\x03\x04", &[0xd0, 0xcf, 0x11, 0xe0], b"SQLite format 3\0", &[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], b"BZh"];
    marks.iter().any(|mark| begin.starts_with(mark))
}
