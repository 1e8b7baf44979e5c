//! The fuzz targets of backups keep up with the code, and their seeds go through them.

// Test code: a broken expectation is meant to panic, with the place.

#[path = "../../../../../fuzz/src/backups.rs"]
mod targets;

#[test]
fn seeds_of_backups() {
    for (folder, target) in [("manifest", targets::manifest as fn(&[u8])), ("encrypted", targets::encrypted), ("oplog", targets::oplog)] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fuzz/seeds").join(folder);
        let seeds: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(seeds.len() > 2);
        for seed in seeds {
            target(&std::fs::read(seed).unwrap());
        }
    }
}
