//! A bucket: S3 and what speaks its language, Azure Blob Storage, Google Cloud Storage.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, WriteMultipart};
use steward_workspace::{Error, Progress, Result};

use super::{Stored, Target, TargetSpec, not_found};

/// Parts of a large upload, and how many travel at once.
const PART: usize = 8 << 20;
const AT_ONCE: usize = 4;

/// A prefix in a bucket.
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
    address: String,
}

impl Bucket {
    pub fn new(spec: &TargetSpec, secrets: &BTreeMap<String, String>) -> Result<Self> {
        let wrong = |e: &dyn std::fmt::Display| {
            Error::BadRequest(format!("'{}' is no place for backups ({e}). Use a folder, s3://, az:// or gs://.", spec.address))
        };
        let url = url::Url::parse(&spec.address).map_err(|e| wrong(&e))?;
        if !matches!(url.scheme(), "s3" | "s3a" | "az" | "azure" | "abfs" | "abfss" | "gs") {
            return Err(wrong(&"an unknown kind of address"));
        }
        // The TLS library that everything else here uses; it is chosen once in a process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut options: Vec<(&String, &String)> = spec.options.iter().collect();
        options.extend(secrets);
        let (store, prefix) = object_store::parse_url_opts(&url, options).map_err(|e| wrong(&e))?;
        Ok(Self { store: Arc::from(store), prefix, address: spec.address.clone() })
    }

    fn key(&self, name: &str) -> Key {
        self.prefix.clone().join(name)
    }

    fn failed(&self, name: &str, e: object_store::Error) -> Error {
        match e {
            object_store::Error::NotFound { .. } => not_found(&self.address, name),
            e => {
                Error::File { path: format!("{}/{name}", self.address.trim_end_matches('/')), source: std::io::Error::other(e.to_string()) }
            }
        }
    }
}

#[async_trait]
impl Target for Bucket {
    fn address(&self) -> String {
        self.address.clone()
    }

    async fn list(&self) -> Result<Vec<Stored>> {
        let found = self.store.list_with_delimiter(Some(&self.prefix)).await.map_err(|e| self.failed("", e))?;
        let stored = found.objects.into_iter().filter_map(|o| Some(Stored { name: o.location.filename()?.to_owned(), bytes: o.size }));
        Ok(stored.collect())
    }

    async fn read(&self, name: &str) -> Result<Vec<u8>> {
        let found = self.store.get(&self.key(name)).await.map_err(|e| self.failed(name, e))?;
        Ok(found.bytes().await.map_err(|e| self.failed(name, e))?.to_vec())
    }

    async fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let payload = PutPayload::from(bytes.to_vec());
        self.store.put(&self.key(name), payload).await.map(|_| ()).map_err(|e| self.failed(name, e))
    }

    async fn fetch(&self, name: &str, scratch: &Path, progress: &dyn Progress) -> Result<PathBuf> {
        let path = scratch.join(name);
        let found = self.store.get(&self.key(name)).await.map_err(|e| self.failed(name, e))?;
        progress.total(found.meta.size);
        let mut file = std::fs::File::create(&path).map_err(|e| Error::file(&path, e))?;
        let mut stream = found.into_stream();
        let mut done = 0_u64;
        while let Some(bytes) = stream.try_next().await.map_err(|e| self.failed(name, e))? {
            progress.checkpoint()?;
            file.write_all(&bytes).map_err(|e| Error::file(&path, e))?;
            done += bytes.len() as u64;
            progress.done(done);
        }
        Ok(path)
    }

    async fn bring(&self, name: &str, from: &Path, progress: &dyn Progress) -> Result<()> {
        let mut file = std::fs::File::open(from).map_err(|e| Error::file(from, e))?;
        let upload = self.store.put_multipart(&self.key(name)).await.map_err(|e| self.failed(name, e))?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        let mut buffer = vec![0; 1 << 20];
        let mut done = 0_u64;
        loop {
            let ready = upload.wait_for_capacity(AT_ONCE).await.map_err(|e| self.failed(name, e));
            let read = match ready.and_then(|()| progress.checkpoint()) {
                Ok(()) => file.read(&mut buffer).map_err(|e| Error::file(from, e)),
                Err(e) => Err(e),
            };
            match read {
                Ok(0) => return upload.finish().await.map(|_| ()).map_err(|e| self.failed(name, e)),
                Ok(read) => upload.write(&buffer[..read]),
                Err(e) => {
                    // The parts that were sent are discarded; nothing was there under the name yet.
                    let _ = upload.abort().await;
                    return Err(e);
                }
            }
            done += buffer.len() as u64;
            progress.done(done);
        }
    }

    async fn remove(&self, name: &str) -> Result<()> {
        match self.store.delete(&self.key(name)).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => other.map_err(|e| self.failed(name, e)),
        }
    }
}
