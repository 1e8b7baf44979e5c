//! `workspace.unfinished`: what was interrupted, in all rooms.

use steward_backup::restore;
use steward_domain::{RestoreState, RunState};
use steward_import::runs;
use steward_workspace::history::staged::{self, Stage};
use steward_workspace::{Workspace, swap};

use crate::caller::Call;
use crate::dto::{Empty, Unfinished, UnfinishedKind, UnfinishedWork};
use crate::error::ApiResult;

pub async fn list(app: &Call, _: Empty) -> ApiResult<Unfinished> {
    Ok(Unfinished { work: found(&app.workspace()?).await? })
}

/// What waits to be finished or undone, what stopped in the middle of a swap first.
pub(crate) async fn found(workspace: &Workspace) -> ApiResult<Vec<UnfinishedWork>> {
    let swaps = swap::open_swaps(workspace).await?;
    let swapping = |id: &str| swaps.iter().any(|open| open.swap.id == id || open.swap.id == format!("undo:{id}"));
    let mut work = Vec::new();
    for run in runs::list(workspace).await? {
        let files: Vec<&str> = run.files.iter().map(|f| f.name.as_str()).collect();
        let (kind, message) = match run.state {
            RunState::Interrupted if run.replaced.is_some() => (
                UnfinishedKind::Import,
                format!("Replacing {} with {} was interrupted while collections were being swapped.", run.collection, files.join(", ")),
            ),
            RunState::Interrupted => (
                UnfinishedKind::Import,
                format!("The import of {} into {} was interrupted after {} rows.", files.join(", "), run.collection, run.counts.read),
            ),
            RunState::HalfUndone => {
                (UnfinishedKind::UndoImport, format!("Undoing the import of {} into {} was interrupted.", files.join(", "), run.collection))
            }
            _ => continue,
        };
        let can_go_back = run.state == RunState::Interrupted || runs::can_go_back(workspace, &run).await?;
        work.push(UnfinishedWork { kind, swapping: swapping(&run.id), can_go_back, id: run.id, message });
    }
    for record in restore::list(workspace).await?.into_iter().filter(|r| r.is_open()) {
        if !restore::interrupted(workspace, &record).await? {
            continue;
        }
        let (kind, message) = match record.state {
            RestoreState::Undoing => (UnfinishedKind::UndoRestore, format!("Undoing the restore of {} was interrupted.", record.backup)),
            RestoreState::Swapping => {
                (UnfinishedKind::Restore, format!("The restore of {} was interrupted while collections were being swapped.", record.backup))
            }
            _ => (
                UnfinishedKind::Restore,
                format!("The restore of {} was interrupted while records were being loaded; the data is unchanged.", record.backup),
            ),
        };
        let can_go_back = restore::can_go_back(workspace, &record).await?;
        work.push(UnfinishedWork { kind, swapping: swapping(&record.id), can_go_back, id: record.id, message });
    }
    for change in staged::unfinished(workspace).await? {
        let message = match change.stage {
            Stage::Staging => continue,
            Stage::Writing => format!("\"{}\" was interrupted after {} of {} records.", change.summary, change.next, change.total),
            Stage::Reverting => format!("Rolling back \"{}\" was interrupted with {} records to go.", change.summary, change.next),
        };
        let can_go_back = change.stage == Stage::Writing;
        work.push(UnfinishedWork { kind: UnfinishedKind::Change, swapping: false, can_go_back, id: change.id, message });
    }
    work.sort_by_key(|one| !one.swapping);
    Ok(work)
}

/// How to go on or back, for the terminal.
pub(crate) fn hint(one: &UnfinishedWork) -> String {
    let id = &one.id;
    match one.kind {
        UnfinishedKind::Change if one.can_go_back => {
            format!("Finish it with 'steward history resume {id}', or roll it back with 'steward history roll-back {id}'.")
        }
        UnfinishedKind::Change => format!("Finish it with 'steward history resume {id}'."),
        UnfinishedKind::Import => {
            format!("Continue it with 'steward import --resume {id}', or undo it with 'steward runs undo {id} --yes'.")
        }
        UnfinishedKind::UndoImport if one.can_go_back => {
            format!("Finish it with 'steward runs undo {id} --yes', or go back with 'steward runs go-back {id}'.")
        }
        UnfinishedKind::UndoImport => format!("Finish it with 'steward runs undo {id} --yes'."),
        UnfinishedKind::Restore => format!("Go on with 'steward restores resume {id}', or go back with 'steward restores clean-up {id}'."),
        UnfinishedKind::UndoRestore if one.can_go_back => {
            format!("Finish it with 'steward restores undo {id} --yes', or go back with 'steward restores clean-up {id}'.")
        }
        UnfinishedKind::UndoRestore => format!("Finish it with 'steward restores undo {id} --yes'."),
    }
}
