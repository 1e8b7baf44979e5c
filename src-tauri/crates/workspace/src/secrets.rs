//! Passwords, passphrases and credentials come from here and from nowhere else: the keyring of the desktop, a mounted folder of
//! files as containers have it, or the environment. They never go into a setting, a log or a workspace.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use crate::error::{Error, Result};

/// A store of secrets by name. Names are words: `backup passphrase`, an address without its password.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret; `None` where there is none, which a locked keyring says of everything.
    ///
    /// Errors: the store cannot be asked.
    async fn get(&self, name: &str) -> Result<Option<String>>;

    /// Stores a secret under a name.
    ///
    /// Errors: `Unsupported` where nothing can be stored.
    async fn put(&self, name: &str, secret: &str) -> Result<()>;

    /// Removes a secret. Nothing happens where there is none.
    async fn forget(&self, name: &str) -> Result<()>;

    /// Secrets can be stored here, and soon: a window waits for the answer.
    async fn can_store(&self) -> bool;
}

impl fmt::Debug for dyn Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

fn read_only(what: &str) -> Error {
    Error::Unsupported(format!("Secrets cannot be stored in {what}."))
}

/// A name as part of the name of a variable or file: letters and digits, everything else a single separator.
fn slug(name: &str, between: char) -> String {
    let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    parts.join(&between.to_string())
}

/// Variables `STEWARD_…`: `backup passphrase` is `STEWARD_BACKUP_PASSPHRASE`. An empty one is none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

#[async_trait]
impl Secrets for Environment {
    async fn get(&self, name: &str) -> Result<Option<String>> {
        let variable = format!("STEWARD_{}", slug(name, '_').to_ascii_uppercase());
        Ok(std::env::var(variable).ok().filter(|secret| !secret.is_empty()))
    }

    async fn put(&self, _: &str, _: &str) -> Result<()> {
        Err(read_only("the environment"))
    }

    async fn forget(&self, _: &str) -> Result<()> {
        Ok(())
    }

    async fn can_store(&self) -> bool {
        false
    }
}

/// A folder with a file for each secret, as container platforms mount them: `backup passphrase` is the file `backup-passphrase`. The
/// end of its last line is not part of the secret.
#[derive(Debug, Clone)]
pub struct MountedFiles(pub PathBuf);

#[async_trait]
impl Secrets for MountedFiles {
    async fn get(&self, name: &str) -> Result<Option<String>> {
        let path = self.0.join(slug(name, '-').to_ascii_lowercase());
        match tokio::fs::read_to_string(&path).await {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()).filter(|secret| !secret.is_empty())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::file(&path, e)),
        }
    }

    async fn put(&self, _: &str, _: &str) -> Result<()> {
        Err(read_only("the folder of secrets"))
    }

    async fn forget(&self, _: &str) -> Result<()> {
        Ok(())
    }

    async fn can_store(&self) -> bool {
        false
    }
}

/// Several stores: the first that has a secret gives it, the last one stores.
#[derive(Clone)]
pub struct Chain(pub Vec<Arc<dyn Secrets>>);

#[async_trait]
impl Secrets for Chain {
    async fn get(&self, name: &str) -> Result<Option<String>> {
        for store in &self.0 {
            if let Some(secret) = store.get(name).await? {
                return Ok(Some(secret));
            }
        }
        Ok(None)
    }

    async fn put(&self, name: &str, secret: &str) -> Result<()> {
        match self.0.last() {
            Some(store) => store.put(name, secret).await,
            None => Err(read_only("memory")),
        }
    }

    async fn forget(&self, name: &str) -> Result<()> {
        match self.0.last() {
            Some(store) => store.forget(name).await,
            None => Ok(()),
        }
    }

    async fn can_store(&self) -> bool {
        match self.0.last() {
            Some(store) => store.can_store().await,
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_store_that_has_a_secret_gives_it() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(first.path().join("mongodb-ann-h-1-db"), "only here\n").unwrap();
        std::fs::write(first.path().join("empty"), "\n").unwrap();
        std::fs::write(second.path().join("empty"), "from the second").unwrap();
        let stores = [&first, &second].map(|folder| Arc::new(MountedFiles(folder.path().to_owned())) as Arc<dyn Secrets>);
        let chain = Chain(stores.to_vec());
        assert_eq!(chain.get("mongodb://ann@h:1/db").await.unwrap().as_deref(), Some("only here"));
        assert_eq!(chain.get("Empty").await.unwrap().as_deref(), Some("from the second"));
        assert_eq!(chain.get("../../etc/passwd").await.unwrap(), None, "a name leads nowhere else");
        assert!(chain.put("x", "y").await.is_err() && !chain.can_store().await);
    }
}
