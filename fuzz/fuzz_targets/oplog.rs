//! Any documents as the oplog of a dump.
#![no_main]

#[path = "../src/backups.rs"]
mod backups;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| backups::oplog(bytes));
