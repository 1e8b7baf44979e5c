//! Entries that a crash left pending, on servers without transactions: their data is completed, however much there is of it.

use bson::Bson;
use steward_domain::{ChangeSet, Filter};
use steward_store::{Durability, Query, WriteBatch, names};

use super::{changes, mark, operation};
use crate::docs;
use crate::error::Result;
use crate::workspace::Workspace;

/// Changes that are written together.
const PAGE: usize = 1000;
/// An entry that is younger may still be at work.
const SECONDS: i64 = 60;

/// Completes entries that a crash left pending, and confirms them. An entry without any change failed.
pub async fn recover_pending(workspace: &Workspace) -> Result<()> {
    let mut after = None;
    loop {
        let query = Query::new(Filter::eq("state", "pending"), 100).sorted("seq", false).after(after);
        let page = workspace.store.find(names::CHANGE_SETS, &query).await?;
        for raw in &page.records {
            let set: ChangeSet = docs::from_raw(raw)?;
            let age = chrono::DateTime::parse_from_rfc3339(&set.at).map(|at| workspace.clock.now().signed_duration_since(at));
            if !age.is_ok_and(|age| age.num_seconds() < SECONDS) {
                complete(workspace, &set).await?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Writes each change whose old value stands. Where it does not, the change is there already, or somebody wrote since.
async fn complete(workspace: &Workspace, set: &ChangeSet) -> Result<()> {
    let mut done = 0;
    loop {
        let page = changes(workspace, &set.id, done, PAGE).await?;
        if !page.is_empty() {
            let data = page.iter().map(operation).collect::<Result<Vec<_>>>()?;
            workspace.store.write(WriteBatch::data(data), Durability::Bulk).await?;
        }
        done += page.len();
        if page.len() < PAGE {
            break;
        }
    }
    let state = if done > 0 { "confirmed" } else { "failed" };
    let mut ops = vec![mark(&set.id, "state", state.into())];
    if let (Some(undone), true) = (&set.undoes, done > 0) {
        ops.push(mark(undone, "undoneBy", Bson::from(set.id.as_str())));
    }
    workspace.store.write(WriteBatch::data(ops), Durability::Full).await?;
    Ok(())
}
