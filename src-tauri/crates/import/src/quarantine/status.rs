//! Setting rows aside for good, and bringing them back.

use steward_domain::words::counted;
use steward_domain::{ChangeKind, QuarantineStatus};

use super::entries::{by_ids, entry_change};
use steward_workspace::{
    Result, Workspace,
    history::{self, Request},
};

/// Rows of one change set.
const CHUNK: usize = 1000;

/// Rows that were moved, and the change sets that can be undone.
#[derive(Debug, Clone, Default)]
pub struct Moved {
    pub ids: Vec<String>,
    pub change_sets: Vec<String>,
}

/// Moves entries between waiting and discarded, with the reason in the history.
pub async fn set_status(workspace: &Workspace, ids: &[String], to: QuarantineStatus, reason: Option<&str>) -> Result<Moved> {
    let mut moved = Moved::default();
    for chunk in ids.chunks(CHUNK) {
        let mut changes = Vec::new();
        let mut collection = String::new();
        for before in by_ids(workspace, chunk).await? {
            let allowed = matches!(
                (before.status, to),
                (QuarantineStatus::Waiting, QuarantineStatus::Discarded) | (QuarantineStatus::Discarded, QuarantineStatus::Waiting)
            );
            if !allowed {
                continue;
            }
            let mut entry = before.clone();
            entry.status = to;
            entry.reason = reason.map(str::to_owned);
            entry.resolved_at = (to == QuarantineStatus::Discarded).then(|| workspace.clock.stamp());
            collection.clone_from(&entry.collection);
            changes.push(entry_change(&before, &entry)?);
            moved.ids.push(entry.id);
        }
        if changes.is_empty() {
            continue;
        }
        let what = if to == QuarantineStatus::Discarded { "Discarded" } else { "Brought back" };
        let summary = format!("{what} {}", counted(changes.len(), "quarantined row"));
        let mut request = Request::new(ChangeKind::Quarantine, &collection, summary, changes);
        request.reason = reason.map(str::to_owned);
        moved.change_sets.push(history::commit(workspace, request).await?.id);
    }
    Ok(moved)
}
