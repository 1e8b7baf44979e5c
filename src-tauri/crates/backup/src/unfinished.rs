//! Files that are being written. They have another name until they are whole; what a killed program left is cleared away.

use std::path::Path;
use std::time::{Duration, SystemTime};

/// End of the name of a file that is not whole yet.
pub const PART: &str = ".part";
/// A file that nobody wrote to for so long belongs to a program that is gone.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Hidden, and never taken for a backup.
pub fn part_name(name: &str) -> String {
    format!(".{name}{PART}")
}

/// Removes what was abandoned in a folder. Says how many files.
pub fn clear(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let old = |path: &Path| {
        let changed = std::fs::metadata(path).and_then(|m| m.modified()).ok();
        changed.and_then(|at| SystemTime::now().duration_since(at).ok()).is_some_and(|age| age > ABANDONED)
    };
    let parts = entries.flatten().map(|e| e.path()).filter(|p| p.to_str().is_some_and(|p| p.ends_with(PART)));
    parts.filter(|p| old(p) && std::fs::remove_file(p).is_ok()).count()
}
