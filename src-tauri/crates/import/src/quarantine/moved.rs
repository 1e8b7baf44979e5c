//! Rows of a staged run wait for the collection that the run was promoted into.

use steward_domain::Filter;
use steward_store::{Durability, Query, WriteBatch, WriteOp, names};

use steward_workspace::{Result, Workspace};

/// From now on the waiting rows of a run wait for this collection.
pub async fn move_waiting(workspace: &Workspace, run: &str, to: &str) -> Result<()> {
    let waiting = Filter::eq("runId", run).and(Filter::eq("status", "waiting"));
    let mut after = None;
    loop {
        let query = Query::new(waiting.clone(), 1000).sorted("_id", false).after(after);
        let page = workspace.store.find(names::QUARANTINE, &query).await?;
        let moved = page.records.iter().filter_map(|entry| bson::Bson::try_from(entry.get("_id").ok().flatten()?).ok());
        let patch = |id| WriteOp::Patch {
            collection: names::QUARANTINE.into(),
            id,
            expect: Vec::new(),
            set: vec![("collection".into(), to.into())],
            unset: Vec::new(),
        };
        let ops: Vec<WriteOp> = moved.map(patch).collect();
        if !ops.is_empty() {
            workspace.store.write(WriteBatch::data(ops), Durability::Full).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
