//! What the environment give to the commands: dialogs and a place for secrets. Nothing more.

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
