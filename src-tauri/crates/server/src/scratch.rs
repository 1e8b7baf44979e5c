//! Where `steward serve` keeps uploads and what is to be downloaded: a folder for its owner alone, for as long as the server lives. What a
//! server that was killed left behind is kept for a day, so that an import from it can go on, and is then removed by the next one.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// How long an import can go on from what was uploaded to a server that was killed.
const KEPT: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Held while the server lives.
const LOCK: &str = "lock";

/// A folder that goes with this.
pub struct Scratch {
    folder: tempfile::TempDir,
    _lock: File,
}

impl Scratch {
    /// Below the user's data folder, or where `STEWARD_TEMP` says.
    pub fn new(data: &Path) -> io::Result<Self> {
        let chosen = std::env::var_os("STEWARD_TEMP").filter(|v| !v.is_empty());
        let base = chosen.map_or_else(|| data.to_owned(), PathBuf::from).join("uploads");
        steward_api::private::folder(&base)?;
        remove_abandoned(&base);
        let folder = tempfile::Builder::new().tempdir_in(&base)?;
        let lock = steward_api::private::create(&folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of servers that do not live any more.
fn remove_abandoned(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let path = entry.path();
        let changed = entry.metadata().and_then(|m| m.modified());
        let young = changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < KEPT));
        let lives = File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_err());
        if !lives
            && !young
            && let Err(e) = std::fs::remove_dir_all(&path)
        {
            tracing::warn!("{} of a server that was killed cannot be removed: {e}", path.display());
        }
    }
}
