//! Staged runs: rows that wait in a collection of their own until someone has looked at them and promotes them.

use steward_domain::{RunRecord, RunState, Staging};
use steward_store::{Durability, WriteBatch, names};

use super::get;
use crate::import::{ImportSpec, SourceFile, run_op};
use steward_workspace::{Error, Result, Workspace, progress::Silent, swap};

/// Where staged rows are once they are promoted, until that is undone or resolved.
pub fn kept(run: &str) -> String {
    format!("{}staged.{run}", names::PREFIX)
}

/// The end of a run that promotes staged rows: what waits, waits where the rows went, and the staging collection is put
/// away.
pub async fn promoted(workspace: &Workspace, staged: &str, by: &RunRecord) -> Result<()> {
    let record = get(workspace, staged).await?;
    mark(workspace, &record, Some(&by.id)).await?;
    crate::quarantine::move_waiting(workspace, staged, &by.collection).await?;
    if swap::exists(workspace, &record.collection).await? {
        swap::rename(workspace, &record.collection, &kept(staged), &Silent).await?;
    }
    workspace.move_settings(&record.collection, &kept(staged)).await
}

/// A promotion was undone: the staged rows are there again, to be promoted another time. Gives the name of the
/// staging collection, which is another one where its old name is in use.
pub async fn unpromoted(workspace: &Workspace, staged: &str) -> Result<Option<String>> {
    let mut record = get(workspace, staged).await?;
    if !swap::exists(workspace, &kept(staged)).await? {
        return Ok(None);
    }
    if swap::exists(workspace, &record.collection).await?
        && let Some(staging) = &record.staging
    {
        record.collection = staging_name(workspace, &staging.collection).await?;
    }
    mark(workspace, &record, None).await?;
    swap::rename(workspace, &kept(staged), &record.collection, &Silent).await?;
    workspace.move_settings(&kept(staged), &record.collection).await?;
    crate::quarantine::move_waiting(workspace, staged, &record.collection).await?;
    Ok(Some(record.collection))
}

/// Notes who promoted a run.
async fn mark(workspace: &Workspace, record: &RunRecord, by: Option<&str>) -> Result<()> {
    let mut record = record.clone();
    if let Some(staging) = &mut record.staging {
        staging.promoted_by = by.map(str::to_owned);
    }
    workspace.store.write(WriteBatch::data(vec![run_op(&record)?]), Durability::Full).await?;
    Ok(())
}

/// What loading the rows of a staged run into their collection takes.
///
/// Errors: the run is not staged, not whole, or promoted already.
pub async fn promotion(workspace: &Workspace, id: &str) -> Result<ImportSpec> {
    let record = get(workspace, id).await?;
    let Some(Staging { collection, mode, promoted_by }) = record.staging.clone() else {
        return Err(Error::Conflict("This run did not go to a staging collection; its rows are where they belong.".into()));
    };
    if promoted_by.is_some() {
        return Err(Error::Conflict("The rows of this run were promoted already.".into()));
    }
    if record.state != RunState::Done {
        return Err(Error::Conflict("Only a run that finished can be promoted. Let it go on first.".into()));
    }
    // What a webhook was turned into is stored as another schema.
    let schema = super::pack_of(workspace, &record.schema)?.map(|pack| pack.id.to_string()).unwrap_or_default();
    Ok(ImportSpec {
        files: vec![SourceFile::own(&workspace.store, &record.collection)],
        collection,
        key_field: record.key_field,
        schema,
        mode,
        mapping: None,
        duplicates: steward_domain::Duplicates::default(),
        schema_reason: "the staged rows have it".into(),
        staging: None,
        promotes: Some(record.id),
    })
}

/// A name for a staging collection that nobody uses yet.
pub async fn staging_name(workspace: &Workspace, collection: &str) -> Result<String> {
    workspace.free_name(collection, ".staging").await
}
