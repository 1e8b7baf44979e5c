//! Files and folders for their owner alone. Records are nobody else's business, whatever the machine's usual permissions are.
//! On Windows a folder of the user's gives its files the same protection by itself.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A new file. `AlreadyExists` where there is one.
pub fn create(path: &Path) -> io::Result<File> {
    options().create_new(true).open(path)
}

/// A file to write to; one that is there is emptied and keeps its permissions.
pub fn replace(path: &Path) -> io::Result<File> {
    options().create(true).truncate(true).open(path)
}

/// A file to read and write; one that is there stays as it is.
pub fn open(path: &Path) -> io::Result<File> {
    options().create(true).truncate(false).open(path)
}

/// A small file, whole.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    io::Write::write_all(&mut replace(path)?, bytes)
}

/// A folder with those above it; what is there stays as it is.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
