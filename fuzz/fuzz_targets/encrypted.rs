//! Any bytes as an encrypted archive.
#![no_main]

#[path = "../src/backups.rs"]
mod backups;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| backups::encrypted(bytes));
