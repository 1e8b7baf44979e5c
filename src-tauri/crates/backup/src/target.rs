//! Where backups are kept: a folder, or a bucket of S3, Azure Blob Storage or Google Cloud Storage.
//!
//! A file appears under its name only when it is whole. A manifest is written after its archive: without one, there is no
//! backup.

mod bucket;
mod folder;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use steward_pipeline::{Error, Progress, Result};

pub use folder::Folder;

/// A place as it is written down. No secret stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetSpec {
    /// A folder's path, or `s3://bucket/prefix`, `az://container/prefix`, `gs://bucket/prefix`.
    pub address: String,
    /// `endpoint`, `region`, `account`…, as `object_store` names them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A file in a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub name: String,
    pub bytes: u64,
}

/// One place for backups. Names are plain file names.
#[async_trait]
pub trait Target: Send + Sync {
    /// As a person wrote it.
    fn address(&self) -> String;

    /// The folder, where it is one on this machine.
    fn folder(&self) -> Option<&Path> {
        None
    }

    /// All files, in no order. A place that does not exist yet is empty.
    async fn list(&self) -> Result<Vec<Stored>>;

    /// A small file, whole. `NotFound` where there is none.
    async fn read(&self, name: &str) -> Result<Vec<u8>>;

    /// A small file, at once: others see the old one or the new one.
    async fn write(&self, name: &str, bytes: &[u8]) -> Result<()>;

    /// The path of a file on this machine: its own, or that of a copy in `scratch`.
    async fn fetch(&self, name: &str, scratch: &Path, progress: &dyn Progress) -> Result<PathBuf>;

    /// Brings a file here. Cut off, it leaves nothing under its name.
    async fn bring(&self, name: &str, from: &Path, progress: &dyn Progress) -> Result<()>;

    /// Nothing happens when there is none.
    async fn remove(&self, name: &str) -> Result<()>;
}

/// Opens a place. `secrets` are further options that nobody writes down (`secret_access_key`, `access_key`…).
///
/// Errors: `BadRequest` for an address that names no place Steward knows.
pub fn open(spec: &TargetSpec, secrets: &BTreeMap<String, String>) -> Result<Arc<dyn Target>> {
    let address = spec.address.trim();
    if address.is_empty() {
        return Err(Error::BadRequest("A place for backups needs an address: a folder, or s3://, az:// or gs://.".into()));
    }
    match address.split_once("://") {
        Some(("file", path)) => Ok(Arc::new(Folder::new(PathBuf::from(path)))),
        Some(_) => Ok(Arc::new(bucket::Bucket::new(spec, secrets)?)),
        None => Ok(Arc::new(Folder::new(PathBuf::from(address)))),
    }
}

fn not_found(address: &str, name: &str) -> Error {
    Error::NotFound(format!("There is no {name} in {address}."))
}
