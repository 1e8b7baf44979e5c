//! Runs as they are stored, and as they are seen: one whose process is gone shows as interrupted.

use bson::Bson;
use steward_domain::{ChangeSet, Filter, RunRecord, RunState};
use steward_store::{Query, names, upsert};
use steward_workspace::{Error, Result, Workspace, docs, history, lease};

/// A run; one whose process is gone shows as interrupted.
pub async fn get(workspace: &Workspace, id: &str) -> Result<RunRecord> {
    let record = stored(workspace, id).await?;
    Ok(seen_now(workspace, vec![record]).await?.remove(0))
}

/// A run as its last writer left it.
pub(super) async fn stored(workspace: &Workspace, id: &str) -> Result<RunRecord> {
    let doc = workspace.own_document(names::RUNS, id).await?;
    docs::from_document(&doc.ok_or_else(|| Error::NotFound(format!("There is no run '{id}'.")))?)
}

/// The entry of the history for the import that made the record with this `_id`; `None` where no import did, or where it is not known any more.
pub async fn import_of(workspace: &Workspace, collection: &str, id: &Bson) -> Result<Option<ChangeSet>> {
    let page = workspace.store.find(names::RUN_INSERTS, &Query::new(Filter::eq("ids", id.clone()), 100)).await?;
    // A record that was deleted and imported again is of the last one.
    let mut last: Option<RunRecord> = None;
    for list in &page.records {
        let list = upsert::decode(list)?;
        let run = stored(workspace, list.get_str("run").map_err(|_| Error::Damaged("A run's list of records"))?).await?;
        let is_ours = run.collection == collection && run.state != RunState::Undone;
        if is_ours && last.as_ref().is_none_or(|other| other.started_at < run.started_at) {
            last = Some(run);
        }
    }
    match last.and_then(|run| run.change_set) {
        Some(set) => history::get(workspace, &set).await.map(Some),
        None => Ok(None),
    }
}

/// Newest first, at most a thousand.
pub async fn list(workspace: &Workspace) -> Result<Vec<RunRecord>> {
    let found = workspace.own_documents(names::RUNS, Filter::all(), "_id", 1000).await?;
    let found = found.iter().map(docs::from_document).collect::<Result<Vec<RunRecord>>>()?;
    let mut found = seen_now(workspace, found).await?;
    // Ids of different programs tell the second only.
    found.sort_by(|a, b| b.started_at.cmp(&a.started_at));
    Ok(found)
}

/// Runs that nobody works on any more do not show as running.
async fn seen_now(workspace: &Workspace, mut records: Vec<RunRecord>) -> Result<Vec<RunRecord>> {
    let at_work = |record: &RunRecord| matches!(record.state, RunState::Running | RunState::Undoing);
    let ids: Vec<Bson> = records.iter().filter(|r| at_work(r)).map(|r| lease::of_run(&r.id).into()).collect();
    let mut leases = Vec::new();
    for some in ids.chunks(1000) {
        for raw in workspace.store.get_many(names::LEASES, "_id", some).await? {
            leases.push(steward_store::upsert::decode(&raw)?);
        }
    }
    for record in records.iter_mut().filter(|r| at_work(r)) {
        let name = lease::of_run(&record.id);
        let held = leases.iter().find(|lease| lease.get_str("_id").is_ok_and(|id| id == name));
        if lease::is_over(workspace, held) {
            record.state = if record.state == RunState::Running { RunState::Interrupted } else { RunState::HalfUndone };
        }
    }
    Ok(records)
}
