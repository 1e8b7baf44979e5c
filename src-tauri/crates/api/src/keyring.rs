//! Secrets in the operating system's keyring. Without one they are asked for each time; they never go into a file.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use steward_workspace::secrets::{Chain, Environment, MountedFiles, Secrets};
use steward_workspace::{Error, Result};

const SERVICE: &str = "Steward";
/// The window waits for the answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where this program gets its secrets: the folder of `$STEWARD_SECRETS`, the environment, the keyring. New ones go into the keyring.
pub fn usual() -> Arc<dyn Secrets> {
    let mut stores: Vec<Arc<dyn Secrets>> = Vec::new();
    if let Some(folder) = std::env::var_os("STEWARD_SECRETS").filter(|v| !v.is_empty()) {
        stores.push(Arc::new(MountedFiles(folder.into())));
    }
    stores.push(Arc::new(Environment));
    stores.push(Arc::new(Keyring));
    Arc::new(Chain(stores))
}

/// The keyring of the desktop.
#[derive(Debug, Clone, Copy)]
pub struct Keyring;

fn unavailable(e: &keyring::Error) -> Error {
    tracing::debug!(error = %e, "the keyring does not answer");
    Error::Unsupported(
        "This machine has no open keyring, so the password is not stored. Steward asks for it each time and never writes it to a file."
            .to_owned(),
    )
}

fn entry(name: &str) -> Result<keyring::Entry> {
    keyring::Entry::new(SERVICE, name).map_err(|e| unavailable(&e))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Unsupported(format!("The keyring stopped unexpectedly: {e}")))?
}

#[async_trait]
impl Secrets for Keyring {
    async fn get(&self, name: &str) -> Result<Option<String>> {
        let name = name.to_owned();
        blocking(move || match entry(&name)?.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(e) => Err(unavailable(&e)),
        })
        .await
    }

    async fn put(&self, name: &str, secret: &str) -> Result<()> {
        let (name, secret) = (name.to_owned(), secret.to_owned());
        blocking(move || entry(&name)?.set_password(&secret).map_err(|e| unavailable(&e))).await
    }

    async fn forget(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        blocking(move || match entry(&name)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(e) => Err(unavailable(&e)),
        })
        .await
    }

    async fn can_store(&self) -> bool {
        let probe = blocking(|| match entry("probe")?.get_password() {
            Ok(_) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(e) => Err(unavailable(&e)),
        });
        matches!(tokio::time::timeout(PATIENCE, probe).await, Ok(Ok(())))
    }
}
