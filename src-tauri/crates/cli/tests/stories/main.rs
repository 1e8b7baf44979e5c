//! Stories of people at the terminal, each run on a file and on a real MongoDB.

// Test code: a broken expectation is meant to panic, with the place.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod again;
mod asking;
mod backup_kills;
mod backups;
mod buckets;
mod changes;
mod connection;
mod crash;
mod dirty;
mod docs;
mod elsewhere;
mod failures;
mod faithful;
mod full_disk;
mod growth;
mod hostile;
mod import;
mod mappings;
mod modes;
mod owners;
mod packs;
mod points_in_time;
mod quarantine;
mod quarantine_fixes;
mod quarantine_keys;
mod quarantine_tables;
mod reading;
mod recognised;
mod records;
mod refusals;
mod serve;
mod sources;
mod stored;
mod tls;
mod trust;
