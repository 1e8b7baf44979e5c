//! What all fuzz targets of readers do: the bytes become a file, the file is opened, its rows are cut and decoded. Any
//! outcome is fine, except a panic, a hang, or rows without end.

use std::cell::RefCell;
use std::path::PathBuf;

use steward_pipeline::import::Reading;
use steward_pipeline::rows::RowReader;
use steward_sources::Choice;

/// No row is shorter than one byte, and a header is none.
const SURPLUS: usize = 16;
/// Packed content may hold more rows than it has bytes; more than these are not looked at.
const MOST: usize = 20_000;

thread_local! {
    static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

/// A file of this process for the bytes.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    FOLDER.with_borrow_mut(|folder| {
        let memory = std::path::Path::new("/dev/shm");
        let make = || if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.get_or_insert_with(|| make().expect("a temporary folder can be made"));
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a temporary file can be written");
        path
    })
}

/// Opens the bytes as a file of this name and reads all rows. `packed` content may unfold.
pub fn read(name: &str, bytes: &[u8], choice: &Choice, packed: bool) {
    let path = file(name, bytes);
    let Ok(mut opened) = steward_sources::open(&path, choice) else {
        return;
    };
    let how = Reading { key_field: "k".into(), ..Reading::default() };
    let Ok(reader) = RowReader::new(&opened.decoder, &how) else {
        return;
    };
    let (mut rows, mut last) = (0, 0);
    while let Ok(Some(row)) = opened.next_row() {
        rows += 1;
        // A blank line is no row and has its number all the same.
        assert!(row.number > last, "rows are numbered upwards from one");
        last = row.number;
        reader.check(std::iter::once(row.borrowed()), None, "k");
        if packed && rows >= MOST {
            return;
        }
        assert!(packed || rows <= bytes.len() + SURPLUS, "more rows than bytes");
    }
    let _ = opened.finish();
}
