//! What the fuzz targets do with backups. `backup/tests/fuzzing.rs` compiles this file too, and gives it the seeds.

use std::io::Read as _;

use steward_backup::encryption::{self, DecryptionKey};
use steward_backup::manifest::{Manifest, is_file_name};
use steward_backup::point_in_time::oplog::Oplog;
use steward_store::Step;

/// The manifest of a backup names files of its own folder and nothing else.
pub fn manifest(bytes: &[u8]) {
    if let Ok(manifest) = Manifest::parse(bytes, "fuzzed.manifest.json") {
        assert!(is_file_name(&manifest.file.name) && is_file_name(&manifest.id));
        let _ = (manifest.records(), manifest.plain_bytes());
    }
}

/// An archive, encrypted or not, read to its end.
pub fn encrypted(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("fuzzed.archive");
    std::fs::write(&path, bytes).expect("a temporary file can be written");
    let key = DecryptionKey { passphrase: Some("word".to_owned().into()), identities: Vec::new() };
    let Ok(opened) = encryption::open(&path, &key) else { return };
    let Ok(mut archive) = steward_sources::ArchiveReader::new(opened.take(64 << 20)) else { return };
    while let Ok(Some(_)) = archive.next_block() {}
}

/// Documents one behind the other, as the entries of an oplog: what they change is done to a record.
pub fn oplog(bytes: &[u8]) {
    let mut oplog = Oplog::new("shop");
    let mut rest = bytes;
    let mut last = 0;
    while let Some(length) = rest.first_chunk::<4>().map(|head| u32::from_le_bytes(*head) as usize) {
        let Some((entry, behind)) = rest.split_at_checked(length).filter(|_| length > 4) else { return };
        rest = behind;
        let Some(entry) = steward_domain::depth::decode(entry) else { continue };
        for change in oplog.take(&entry).unwrap_or_default() {
            assert!(change.mark > last, "changes are numbered in their order");
            last = change.mark;
            if let Step::Patch(delta) = change.step {
                let mut record = bson::doc! { "_id": 1, "n": 1, "list": [1, { "a": 1 }, [2]], "in": { "a": { "b": 1 } } };
                let _ = delta.apply(&mut record);
            }
        }
    }
}
