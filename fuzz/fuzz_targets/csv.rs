//! Any bytes as a table of separated values.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| steward_fuzz::csv(bytes));
