#![no_main]
//! Workbooks of Excel and OpenDocument.

use libfuzzer_sys::fuzz_target;
use steward_sources::Choice;

fuzz_target!(|bytes: &[u8]| {
    for name in ["book.xlsx", "book.xls", "book.ods"] {
        steward_fuzz::read(name, bytes, &Choice::default(), true);
    }
});
