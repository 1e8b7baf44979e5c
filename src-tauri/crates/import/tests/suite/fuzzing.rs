//! The fuzz targets keep up with the code, and their seeds go through them.

// Test code: a broken expectation is meant to panic, with the place.

#[path = "../../../../../fuzz/src/lib.rs"]
mod targets;

use std::path::{Path, PathBuf};

fn seeds(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(folder);
    let found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(found.len() > 2);
    found
}

#[test]
fn readers_of_foreign_bytes() {
    for seed in seeds("tests/fixtures/sources") {
        let bytes = std::fs::read(seed).unwrap();
        for target in [targets::csv, targets::ndjson, targets::excel, targets::mongodump] {
            target(&bytes);
        }
    }
}

#[test]
fn sheets_of_opendocument() {
    for seed in seeds("fuzz/seeds/ods") {
        targets::ods(&std::fs::read(seed).unwrap());
    }
}

#[test]
fn mappings() {
    for seed in seeds("fuzz/seeds/mapping") {
        targets::mapping(&std::fs::read_to_string(seed).unwrap());
    }
}

#[test]
fn files_that_were_made_to_do_harm() {
    for (folder, target) in [("bson", targets::bson as fn(&[u8])), ("sqlite", targets::sqlite), ("workspace", targets::workspace)] {
        for seed in seeds(&format!("fuzz/seeds/{folder}")) {
            target(&std::fs::read(seed).unwrap());
        }
    }
    for (folder, target) in [("names", targets::names as fn(&str)), ("filter", targets::filter), ("schema", targets::schema)] {
        for seed in seeds(&format!("fuzz/seeds/{folder}")) {
            target(&std::fs::read_to_string(seed).unwrap());
        }
    }
}
