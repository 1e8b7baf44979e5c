//! The list of restores, in the workspace.

use steward_domain::{Filter, RestoreRecord};
use steward_store::names;
use steward_workspace::{Error, Result, Workspace, docs, lease};

const LISTED: usize = 200;

pub(super) async fn put(workspace: &Workspace, record: &RestoreRecord) -> Result<()> {
    workspace.put(names::RESTORES, &docs::to_document(&record.id, record)?).await
}

/// Restores of this workspace, newest first.
pub async fn list(workspace: &Workspace) -> Result<Vec<RestoreRecord>> {
    let found = workspace.own_documents(names::RESTORES, Filter::all(), "_id", LISTED).await?;
    let mut found: Vec<RestoreRecord> = found.iter().map(docs::from_document).collect::<Result<_>>()?;
    // Ids of different programs tell the second only.
    found.sort_by(|a, b| b.started_at.cmp(&a.started_at));
    Ok(found)
}

pub async fn get(workspace: &Workspace, id: &str) -> Result<RestoreRecord> {
    let found = workspace.own_document(names::RESTORES, id).await?;
    docs::from_document(&found.ok_or_else(|| Error::NotFound(format!("There is no restore {id} in this workspace.")))?)
}

/// It was going on and nobody goes on with it.
pub async fn interrupted(workspace: &Workspace, record: &RestoreRecord) -> Result<bool> {
    if !record.is_open() {
        return Ok(false);
    }
    let held = workspace.own_document(names::LEASES, &lease::of_restore(&record.id)).await?;
    Ok(lease::is_over(workspace, held.as_ref()))
}
