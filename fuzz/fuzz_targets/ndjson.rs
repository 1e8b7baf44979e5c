//! Any bytes as records, a line each.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| steward_fuzz::ndjson(bytes));
