//! Entries that a crash left pending, on servers without transactions: their data is completed, however much there is of it.

use bson::Bson;
use steward_domain::{ChangeKind, ChangeSet, ChangeState, EntryState, Filter};
use steward_store::{Durability, Query, WriteBatch, names};

use super::{Request, changes, mark, operation, record_bulk};
use crate::docs;
use crate::error::Result;
use crate::workspace::{Workspace, new_id};

/// Changes that are written together.
const PAGE: usize = 1000;
/// An entry that is younger may still be at work.
const SECONDS: i64 = 60;

/// Completes entries that a crash left pending, and confirms them. An entry without any change failed. What became of each is an
/// entry itself, so that it cannot be changed afterwards.
pub async fn recover_pending(workspace: &Workspace) -> Result<()> {
    let mut after = None;
    loop {
        let query = Query::new(Filter::eq("state", "pending"), 100).sorted("seq", false).after(after);
        let page = workspace.store.find(names::CHANGE_SETS, &query).await?;
        for raw in &page.records {
            let set: ChangeSet = docs::from_raw(raw)?;
            let age = chrono::DateTime::parse_from_rfc3339(&set.at).map(|at| workspace.clock.now().signed_duration_since(at));
            if !age.is_ok_and(|age| age.num_seconds() < SECONDS) {
                let arrived = complete(workspace, &set).await?;
                conclude(workspace, set, arrived).await?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Writes each change whose old value is still there; whether there is any. Where it does not, the change is there already, or somebody
/// wrote since.
async fn complete(workspace: &Workspace, set: &ChangeSet) -> Result<bool> {
    let mut done = 0;
    loop {
        let page = changes(workspace, &set.id, done, PAGE).await?;
        if !page.is_empty() {
            let data = page.iter().map(operation).collect::<Result<Vec<_>>>()?;
            workspace.store.write(WriteBatch::data(data), Durability::Bulk).await?;
        }
        done += page.len();
        if page.len() < PAGE {
            return Ok(done > 0);
        }
    }
}

async fn conclude(workspace: &Workspace, set: ChangeSet, arrived: bool) -> Result<()> {
    let (state, word, became) = match arrived {
        true => (ChangeState::Confirmed, "confirmed", "it was completed"),
        false => (ChangeState::Failed, "failed", "nothing was written"),
    };
    let summary = format!("Entry {} was interrupted: {became}", set.seq);
    let mut request = Request::new(ChangeKind::Recovery, &set.collection, summary, Vec::new());
    request.also.push(mark(&set.id, "state", word.into()));
    if let (Some(undone), true) = (&set.undoes, arrived) {
        request.also.push(mark(undone, "undoneBy", Bson::from(set.id.as_str())));
    }
    request.resolves = Some(EntryState { id: set.id, state });
    record_bulk(workspace, request, &new_id(), 0).await?;
    Ok(())
}
