//! A folder, local or on the network.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use steward_workspace::{Error, Progress, Result};

use super::{Stored, Target, not_found};
use crate::unfinished::{PART, part_name};

/// Bytes copied between two looks at the cancel button.
const STEP: usize = 1 << 20;

/// A folder that holds backups.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Makes the folder where it is missing.
    pub fn make(&self) -> Result<()> {
        fs::create_dir_all(&self.path).map_err(|e| Error::file(&self.path, e))
    }

    /// A new file that is not there yet for anybody else.
    pub fn begin(&self, name: &str) -> Result<(File, PathBuf)> {
        self.make()?;
        let path = self.path.join(part_name(name));
        let file = File::create(&path).map_err(|e| Error::file(&path, e))?;
        Ok((file, path))
    }

    /// Gives a finished file its name. It and its place are on the disk afterwards.
    pub fn publish(&self, part: &Path, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        fs::rename(part, &path).map_err(|e| Error::file(&path, e))?;
        // Folders cannot be synced everywhere; where they cannot, the system does it by itself.
        if let Ok(folder) = File::open(&self.path) {
            let _ = folder.sync_all();
        }
        Ok(path)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(e) => Err(Error::File { path: "backup".into(), source: std::io::Error::other(e) }),
    }
}

#[async_trait]
impl Target for Folder {
    fn address(&self) -> String {
        self.path.display().to_string()
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.path)
    }

    async fn list(&self) -> Result<Vec<Stored>> {
        let folder = self.path.clone();
        blocking(move || {
            let entries = match fs::read_dir(&folder) {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
                other => other.map_err(|e| Error::file(&folder, e))?,
            };
            let mut found = Vec::new();
            for entry in entries {
                let entry = entry.map_err(|e| Error::file(&folder, e))?;
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_file() && !name.ends_with(PART) {
                    found.push(Stored { name, bytes: meta.len() });
                }
            }
            Ok(found)
        })
        .await
    }

    async fn read(&self, name: &str) -> Result<Vec<u8>> {
        let (path, missing) = (self.path.join(name), not_found(&self.address(), name));
        blocking(move || match fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(missing),
            other => other.map_err(|e| Error::file(&path, e)),
        })
        .await
    }

    async fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let (folder, name, bytes) = (self.clone(), name.to_owned(), bytes.to_owned());
        blocking(move || {
            let (mut file, part) = folder.begin(&name)?;
            file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|e| Error::file(&part, e))?;
            folder.publish(&part, &name).map(|_| ())
        })
        .await
    }

    async fn fetch(&self, name: &str, _: &Path, _: &dyn Progress) -> Result<PathBuf> {
        let path = self.path.join(name);
        match tokio::fs::try_exists(&path).await {
            Ok(true) => Ok(path),
            _ => Err(not_found(&self.address(), name)),
        }
    }

    async fn bring(&self, name: &str, from: &Path, progress: &dyn Progress) -> Result<()> {
        let (mut to, part) = self.begin(name)?;
        let mut source = File::open(from).map_err(|e| Error::file(from, e))?;
        let copied: Result<()> = async {
            let mut done = 0_u64;
            loop {
                progress.checkpoint()?;
                let (file, input, read) = blocking(move || {
                    let mut step = vec![0; STEP];
                    let read = source.read(&mut step).and_then(|n| to.write_all(&step[..n]).map(|()| n));
                    read.map(|n| (to, source, n)).map_err(|e| Error::File { path: "copy of a backup".into(), source: e })
                })
                .await?;
                (to, source) = (file, input);
                done += read as u64;
                progress.done(done);
                if read == 0 {
                    return to.sync_all().map_err(|e| Error::file(from, e));
                }
            }
        }
        .await;
        match copied {
            Ok(()) => self.publish(&part, name).map(|_| ()),
            Err(e) => {
                let _ = fs::remove_file(&part);
                Err(e)
            }
        }
    }

    async fn remove(&self, name: &str) -> Result<()> {
        let path = self.path.join(name);
        match tokio::fs::remove_file(&path).await {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::file(&path, e)),
            _ => Ok(()),
        }
    }
}
