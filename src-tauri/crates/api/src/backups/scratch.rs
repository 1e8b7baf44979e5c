//! A workspace for a test restore: a temporary file, or a database next to the one that is open. It goes afterwards.

use std::sync::Arc;

use steward_store::Store;
use steward_workspace::Workspace;
use steward_workspace::workspace::new_id;

use crate::app::App;
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::workspace::open::{self, Address};

/// A scratch workspace.
pub struct Scratch {
    pub workspace: Workspace,
    folder: Option<tempfile::TempDir>,
}

/// Next to a database on a server, a database of the same server; where the user may not make one, and next to a file, a file.
pub async fn make(app: &App, open: &Workspace) -> ApiResult<Scratch> {
    if let Some(Address::Mongo(uri)) = app.address()
        && let Some(uri) = open::with_database(&uri, &format!("steward_proof_{}", new_id()))
        && let Ok(store) = open::store(&Address::Mongo(uri)).await
        && store.create_collection("steward.probe").await.is_ok()
    {
        store.drop_collection("steward.probe").await?;
        return Ok(Scratch { workspace: workspace(app, open, store).await?, folder: None });
    }
    let folder = tempfile::tempdir()
        .map_err(|e| ApiError::new(ErrorCode::Unreachable, "There is no room for a test restore.").details(e.to_string()))?;
    let store = open::store(&Address::File(folder.path().join("scratch.steward"))).await?;
    Ok(Scratch { workspace: workspace(app, open, store).await?, folder: Some(folder) })
}

async fn workspace(app: &App, open: &Workspace, store: Arc<dyn Store>) -> ApiResult<Workspace> {
    Ok(Workspace::open_and_recover(store, Arc::clone(&open.registry), Arc::clone(&app.clock), open.actor.clone()).await?)
}

impl Scratch {
    /// Removes everything; a database without collections is gone.
    pub async fn remove(self) {
        if self.folder.is_none() {
            for name in self.workspace.store.collections().await.unwrap_or_default() {
                if let Err(e) = self.workspace.store.drop_collection(&name).await {
                    tracing::warn!(error = %e, collection = name, "a test restore could not be removed");
                }
            }
        }
    }
}
