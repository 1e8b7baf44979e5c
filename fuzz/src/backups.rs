//! What the fuzz targets do with backups. `backup/tests/fuzzing.rs` compiles this file too, and gives it the seeds.

use std::io::Read as _;

use steward_backup::manifest::{Manifest, is_file_name};
use steward_backup::seal::{self, Key};

/// The manifest of a backup names files of its own folder and nothing else.
pub fn manifest(bytes: &[u8]) {
    if let Ok(manifest) = Manifest::parse(bytes, "fuzzed.manifest.json") {
        assert!(is_file_name(&manifest.file.name) && is_file_name(&manifest.id));
        let _ = (manifest.records(), manifest.plain_bytes());
    }
}

/// An archive, sealed or not, read to its end.
pub fn sealed(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("fuzzed.archive");
    std::fs::write(&path, bytes).expect("a temporary file can be written");
    let key = Key { passphrase: Some("word".to_owned().into()), identities: Vec::new() };
    let Ok(opened) = seal::open(&path, &key) else { return };
    let Ok(mut archive) = steward_sources::ArchiveReader::new(opened.take(64 << 20)) else { return };
    while let Ok(Some(_)) = archive.next_block() {}
}
