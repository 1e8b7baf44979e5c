//! Packed files with any byte changed: each is refused or read, none ends the program.

// Test code: a broken expectation is meant to panic, with the place.

use std::path::Path;

use steward_sources::Choice;

/// The number of rows, where nothing is to be said against the file.
fn read(path: &Path) -> Result<usize, String> {
    let mut opened = steward_sources::open(path, &Choice::default()).map_err(|e| e.to_string())?;
    let mut rows = 0;
    while let Some(_row) = opened.next_row().map_err(|e| e.to_string())? {
        rows += 1;
    }
    let notes = opened.finish().map_err(|e| e.to_string())?.notes;
    notes.first().map_or(Ok(rows), |note| Err(note.clone()))
}

fn changed_anywhere(name: &str) {
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/sources").join(name);
    let bytes = std::fs::read(&original).unwrap();
    assert_eq!(read(&original), Ok(3));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut refused = 0;
    for at in 0..bytes.len() {
        for change in [0x01, 0x10, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            std::fs::write(&path, &damaged).unwrap();
            refused += usize::from(read(&path) != Ok(3));
        }
        std::fs::write(&path, &bytes[..at]).unwrap();
        assert_ne!(read(&path), Ok(3), "{name} ends after {at} bytes and passes for whole");
    }
    assert!(refused > bytes.len(), "{name}: most damage is seen, {refused} of {}", bytes.len() * 4);
}

#[test]
fn bzip2() {
    changed_anywhere("sessions.csv.bz2");
}

#[test]
fn gzip() {
    changed_anywhere("sessions.csv.gz");
}

#[test]
fn zstd() {
    changed_anywhere("sessions.csv.zst");
}

#[test]
fn zip() {
    changed_anywhere("sessions.zip");
}
