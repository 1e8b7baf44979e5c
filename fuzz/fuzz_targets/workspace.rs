//! Any bytes as a workspace file.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| steward_fuzz::workspace(bytes));
