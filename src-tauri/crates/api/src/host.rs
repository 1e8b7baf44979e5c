//! What the surroundings give to the commands: dialogs and a place for secrets. Nothing more.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
pub use steward_workspace::outbox::{Notice, Notifier};

use crate::dto::{FilePurpose, HostKind};
use crate::error::{ApiError, ApiResult, ErrorCode};

/// The program that the commands run in.
#[async_trait]
pub trait Host: Send + Sync {
    fn kind(&self) -> HostKind;

    /// Native dialogs are there.
    fn can_pick_files(&self) -> bool {
        false
    }

    /// Questions reach a person past the page.
    fn can_confirm(&self) -> bool {
        false
    }

    /// Ways to reach the person in front of this program.
    fn notifiers(&self) -> Vec<Arc<dyn Notifier>> {
        Vec::new()
    }

    /// Asks a person a question; the careful answer is the default.
    async fn confirm(&self, _title: &str, _text: &str) -> ApiResult<bool> {
        Ok(false)
    }

    /// Asks for files; empty when cancelled.
    async fn pick_open(&self, _purpose: FilePurpose, _multiple: bool) -> ApiResult<Vec<PathBuf>> {
        Err(no_dialogs())
    }

    /// Asks where to write; `None` when cancelled.
    async fn pick_save(&self, _purpose: FilePurpose, _suggested: &str) -> ApiResult<Option<PathBuf>> {
        Err(no_dialogs())
    }
}

fn no_dialogs() -> ApiError {
    ApiError::new(ErrorCode::Unsupported, "There are no file dialogs here.").hint("Upload the file, or name it on the command line.")
}

/// A host without dialogs.
#[derive(Debug, Clone)]
pub struct PlainHost(pub HostKind);

impl Host for PlainHost {
    fn kind(&self) -> HostKind {
        self.0.clone()
    }
}

/// Secrets in the operating system's keyring. Without one they are asked for each time; they never go into a file.
pub mod secrets {
    use crate::error::{ApiError, ApiResult, ErrorCode};

    const SERVICE: &str = "Steward";

    fn unavailable(e: &keyring::Error) -> ApiError {
        ApiError::new(ErrorCode::Unsupported, "This machine has no keyring that is open, so the password is not kept.")
            .hint("Steward asks for it each time. It is never written to a file.")
            .details(format!("{e}").lines().next().unwrap_or_default())
    }

    fn entry(name: &str) -> ApiResult<keyring::Entry> {
        keyring::Entry::new(SERVICE, name).map_err(|e| unavailable(&e))
    }

    async fn blocking<T: Send + 'static>(work: impl FnOnce() -> ApiResult<T> + Send + 'static) -> ApiResult<T> {
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|e| ApiError::new(ErrorCode::Internal, "The keyring stopped unexpectedly.").details(e.to_string()))?
    }

    pub async fn put(name: String, secret: String) -> ApiResult<()> {
        blocking(move || entry(&name)?.set_password(&secret).map_err(|e| unavailable(&e))).await
    }

    /// `None` when it is not there, which a locked keyring says of everything.
    pub async fn get(name: String) -> ApiResult<Option<String>> {
        blocking(move || match entry(&name)?.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(e) => Err(unavailable(&e)),
        })
        .await
    }

    /// Nothing happens when it is not there.
    pub async fn forget(name: String) -> ApiResult<()> {
        blocking(move || match entry(&name)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(e) => Err(unavailable(&e)),
        })
        .await
    }

    /// The keyring answers, and soon: the window waits for this.
    pub async fn is_available() -> bool {
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);
        let probe = blocking(|| match entry("probe")?.get_password() {
            Ok(_) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(e) => Err(unavailable(&e)),
        });
        matches!(tokio::time::timeout(PATIENCE, probe).await, Ok(Ok(())))
    }
}
