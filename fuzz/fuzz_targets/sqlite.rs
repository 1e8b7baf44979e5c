//! Any bytes as an SQLite database.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| steward_fuzz::sqlite(bytes));
