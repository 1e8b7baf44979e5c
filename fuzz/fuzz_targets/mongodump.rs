//! Any bytes as an archive or dump of mongodump.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| steward_fuzz::mongodump(bytes));
