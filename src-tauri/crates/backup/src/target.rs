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
use steward_workspace::{Error, Progress, Result};

pub use folder::Folder;

/// A place as it is written down. No secret is in it.
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

    /// Brings a file here. Interrupted, it leaves nothing under its name.
    async fn bring(&self, name: &str, from: &Path, progress: &dyn Progress) -> Result<()>;

    /// Nothing happens when there is none.
    async fn remove(&self, name: &str) -> Result<()>;
}

/// Options that a place may have: where its server is and how it is addressed. Whatever names a file, another login service or a
/// way around TLS is not among them: settings come with a workspace, and a workspace may come from anybody.
const OPTIONS: [&str; 26] = [
    "endpoint",
    "endpoint_url",
    "aws_endpoint",
    "aws_endpoint_url",
    "azure_endpoint",
    "azure_storage_endpoint",
    "region",
    "default_region",
    "aws_region",
    "aws_default_region",
    "bucket",
    "bucket_name",
    "aws_bucket",
    "aws_bucket_name",
    "google_bucket",
    "google_bucket_name",
    "container_name",
    "azure_container_name",
    "account_name",
    "azure_storage_account_name",
    "allow_http",
    "virtual_hosted_style_request",
    "aws_virtual_hosted_style_request",
    "use_emulator",
    "azure_use_emulator",
    "azure_storage_use_emulator",
];

/// Errors: `BadRequest` for an option that a place may not have.
pub fn check_options(options: &BTreeMap<String, String>) -> Result<()> {
    match options.keys().find(|name| !OPTIONS.contains(&name.to_ascii_lowercase().as_str())) {
        None => Ok(()),
        Some(name) => Err(Error::BadRequest(format!(
            "A backup destination has no option '{name}'. Allowed are endpoint, region, bucket_name, container_name, account_name, allow_http and the like; credentials come from the keyring or the environment."
        ))),
    }
}

fn option<'a>(options: &'a BTreeMap<String, String>, ends: &str) -> Option<&'a str> {
    options.iter().find(|(name, _)| name.to_ascii_lowercase().trim_end_matches("_url").ends_with(ends)).map(|(_, value)| value.as_str())
}

/// The server that the options name, where they name one.
pub fn endpoint(options: &BTreeMap<String, String>) -> Option<&str> {
    option(options, "endpoint")
}

/// What credentials of a place belong to: a bucket's address with the server and the account that it is in. The same bucket at
/// another server is another place.
pub fn belongs_to(spec: &TargetSpec) -> String {
    let part = |what: &str| option(&spec.options, what).unwrap_or("the usual").trim().to_ascii_lowercase();
    format!("{} at {} as {}", spec.address.trim(), part("endpoint"), part("account_name"))
}

/// The variables of the environment that have the credentials of a kind of destination.
pub fn variables(address: &str) -> &'static str {
    match address.split_once("://").map(|(scheme, _)| scheme) {
        Some("s3" | "s3a") => "AWS_",
        Some("az" | "azure" | "abfs" | "abfss") => "AZURE_",
        Some("gs") => "GOOGLE_",
        // None that Steward knows: nothing is handed over.
        _ => "\0",
    }
}

/// Opens a place. `secrets` are further options that nobody writes down (`secret_access_key`, `access_key`…).
///
/// Errors: `BadRequest` for an address that names no place Steward knows.
pub fn open(spec: &TargetSpec, secrets: &BTreeMap<String, String>) -> Result<Arc<dyn Target>> {
    check_options(&spec.options)?;
    let address = spec.address.trim();
    if address.is_empty() {
        return Err(Error::BadRequest("A place for backups needs an address: a folder, or s3://, az:// or gs://.".into()));
    }
    if address
        .split_once("://")
        .is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|host| host.contains('@') && host.contains(':')))
    {
        return Err(Error::BadRequest(
            "The address of a destination must not contain credentials: they come from the keyring or the environment.".into(),
        ));
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
