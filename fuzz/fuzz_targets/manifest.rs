//! Any bytes as the manifest of a backup.
#![no_main]

#[path = "../src/backups.rs"]
mod backups;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| backups::manifest(bytes));
