//! When backups were taken and verified last, kept in the workspace: the scheduler looks once a minute, and listing all manifests at
//! all destinations each time would be a bill for a bucket. Whatever changes the backups forgets it; the next look lists them once.

use bson::doc;
use serde::{Deserialize, Serialize};
use steward_backup::timeline;
use steward_domain::Filter;
use steward_store::{Durability, WriteBatch, WriteOp, names};
use steward_workspace::Workspace;

use crate::app::App;
use crate::dto::BackupRef;
use crate::error::ApiResult;
use crate::shelves;

const DUE: &str = "backups";

/// What the schedules go by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Due {
    /// When the newest whole backup was taken, RFC 3339.
    pub taken_at: Option<String>,
    pub newest: Option<(String, String)>,
    /// The newest was verified by a test restore.
    pub newest_restored: bool,
    /// When a backup was verified by a test restore last, RFC 3339.
    pub verified_at: Option<String>,
    /// The last point in time that can be restored, in milliseconds.
    pub until: Option<i64>,
}

impl Due {
    pub fn newest(&self) -> Option<BackupRef> {
        self.newest.as_ref().map(|(id, place)| BackupRef { id: id.clone(), place: Some(place.clone()) })
    }
}

/// As it was noted; listed and noted where it was not.
pub(crate) async fn read(app: &App, workspace: &Workspace) -> ApiResult<Due> {
    let noted = workspace.own_document(names::CATALOG, DUE).await?;
    let noted = noted.as_ref().and_then(|doc| doc.get_str("due").ok()).and_then(|text| serde_json::from_str(text).ok());
    if let Some(due) = noted {
        return Ok(due);
    }
    let (all, notes) = shelves::ours(app, workspace).await?;
    let whole = || all.iter().filter(|b| !b.is_increment());
    let restored = |b: &&steward_backup::shelf::Shelved| b.proof.as_ref().is_some_and(|p| p.restored);
    let due = Due {
        taken_at: whole().next().map(|b| b.manifest.made_at.clone()),
        newest: whole().next().map(|b| (b.manifest.id.clone(), b.place.clone())),
        newest_restored: whole().next().is_some_and(|b| restored(&b)),
        verified_at: whole().filter(restored).filter_map(|b| b.proof.as_ref().map(|p| p.at.clone())).max(),
        until: timeline::timeline(&all).ranges.last().map(|r| r.until),
    };
    // A destination that did not answer may hold newer ones.
    if notes.is_empty() && workspace.can_write() {
        let text = serde_json::to_string(&due).unwrap_or_default();
        workspace.put(names::CATALOG, &doc! { "_id": DUE, "due": text }).await?;
    }
    Ok(due)
}

/// Backups were taken, verified or removed, or the destinations are others.
pub(crate) async fn forget(workspace: &Workspace) -> ApiResult<()> {
    if workspace.can_write() {
        let op = WriteOp::DeleteMany { collection: names::CATALOG.into(), filter: Filter::eq("_id", DUE) };
        workspace.store.write(WriteBatch::data(vec![op]), Durability::Full).await?;
    }
    Ok(())
}
