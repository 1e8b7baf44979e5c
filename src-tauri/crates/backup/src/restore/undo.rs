//! Undoing a restore, deleting what it archived, and cleaning up after one that was interrupted.

use steward_domain::{ChangeKind, RestoreRecord, RestoreState};
use steward_store::{Swap, WriteBatch, names};
use steward_workspace::history::{self, Request};
use steward_workspace::lease::{self, Lease};
use steward_workspace::workspace::new_id;
use steward_workspace::{Error, Progress, Result, Workspace, swap};

use super::{get, kinds, ledger, part};

/// What undoing a restore would do with one collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoPlan {
    pub collection: String,
    /// Records that come back; `None` where there was no collection before.
    pub back: Option<u64>,
    /// Records that go.
    pub away: u64,
    /// Records that were changed since. What was restored is kept under the other name then.
    pub edited_since: i64,
    pub kept_as: Option<String>,
}

async fn undoable(workspace: &Workspace, id: &str) -> Result<RestoreRecord> {
    let record = get(workspace, id).await?;
    match record.state {
        _ if record.can_be_undone() => Ok(record),
        // Its process ended: what is left is done.
        RestoreState::Undoing => Ok(record),
        RestoreState::Done => {
            Err(Error::Conflict("The data kept for undoing this restore was deleted; it can no longer be undone.".into()))
        }
        RestoreState::Undone => Err(Error::Conflict("This restore was already undone.".into())),
        _ => Err(Error::Conflict("This restore is not finished.".into())),
    }
}

/// The last restore that came after this one, wrote to the same collection, and is in effect.
async fn later(workspace: &Workspace, record: &RestoreRecord) -> Result<Option<RestoreRecord>> {
    let after = |other: &RestoreRecord| other.started_at > record.started_at && other.state == RestoreState::Done;
    let list = ledger::list(workspace).await?;
    Ok(list.into_iter().find(|other| after(other) && shared(record, other).is_some()))
}

fn shared(one: &RestoreRecord, other: &RestoreRecord) -> Option<String> {
    one.collections.iter().map(|c| &c.into).find(|into| other.collections.iter().any(|c| &c.into == *into)).cloned()
}

/// Looks at what undoing a restore would do.
pub async fn plan_undo(workspace: &Workspace, id: &str) -> Result<(RestoreRecord, Vec<UndoPlan>)> {
    let record = undoable(workspace, id).await?;
    if let Some(later) = later(workspace, &record).await? {
        return Err(Error::Conflict(format!(
            "The restore of {} came after this one and put {} in its place. Undo that one first.",
            later.started_at,
            shared(&record, &later).unwrap_or_default()
        )));
    }
    let mut plans = Vec::new();
    for (number, one) in record.collections.iter().enumerate() {
        let edited_since = match names::is_own(&one.into) {
            true => 0,
            false => history::records_since(workspace, &one.into, &record.id).await?,
        };
        let kept_as = match edited_since {
            0 => None,
            _ => Some(workspace.free_name(&one.into, ".undone").await?),
        };
        let back = match one.existed {
            true => Some(swap::held(workspace, &one.into, &part(&record.id, number)).await?),
            false => None,
        };
        let away = super::count_now(workspace, &one.into).await?.unwrap_or(0);
        plans.push(UndoPlan { collection: one.into.clone(), back, away, edited_since, kept_as });
    }
    Ok((record, plans))
}

/// Puts everything back as it was before the restore. Killed in the middle, it can simply be run again.
pub async fn undo(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<(RestoreRecord, Vec<UndoPlan>)> {
    swap::may_swap(workspace, "Undoing a restore").await?;
    let lease = Lease::take(workspace, &lease::of_restore(id), progress).await?;
    let done = undo_held(lease.workspace(), id, progress).await;
    lease.release().await;
    done
}

async fn undo_held(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<(RestoreRecord, Vec<UndoPlan>)> {
    let (mut record, plans) = plan_undo(workspace, id).await?;
    progress.phase("Putting back");
    record.state = RestoreState::Undoing;
    ledger::put(workspace, &record).await?;
    back(workspace, &record, &plans, progress).await?;
    for plan in plans.iter().filter(|p| !names::is_own(&p.collection)) {
        if history::undone(workspace, &plan.collection, id).await? {
            continue;
        }
        let summary = format!("Took back the restore from the backup {}", record.backup);
        let mut request = Request::new(ChangeKind::Undo, &plan.collection, summary, Vec::new());
        request.run_id = Some(record.id.clone());
        let records = i64::try_from(plan.back.unwrap_or(plan.away)).unwrap_or(i64::MAX);
        history::record_bulk(workspace, request, &new_id(), records).await?;
    }
    record.state = RestoreState::Undone;
    ledger::put(workspace, &record).await?;
    Ok((record, plans))
}

/// What was there before the restore gets its place again, all collections in one swap. Steward's own go first: they hold the
/// settings of the others.
async fn back(workspace: &Workspace, record: &RestoreRecord, plans: &[UndoPlan], progress: &dyn Progress) -> Result<()> {
    let id = format!("undo:{}", record.id);
    let open = swap::cut_off(workspace, &id).await?;
    let there = workspace.store.collections().await?;
    let mut renames = Vec::new();
    let mut moved = Vec::new();
    for (number, one) in record.collections.iter().enumerate().rev() {
        let part = part(&record.id, number);
        let (kept, gone) = (swap::replaced(&part), swap::gone(&part));
        // An undo that was interrupted keeps the name that it had chosen.
        let chosen = open.as_ref().and_then(|open| open.swap.renames.iter().find(|step| step.from == gone)).map(|step| step.to.clone());
        let aside = chosen.or_else(|| plans.get(number).and_then(|p| p.kept_as.clone()));
        let now = there.contains(&one.into);
        if there.contains(&kept) || !one.existed && now && one.series.is_none() {
            renames.extend(now.then(|| swap::step(&one.into, &gone)));
            renames.extend(there.contains(&kept).then(|| swap::step(&kept, &one.into)));
            renames.extend(aside.as_deref().filter(|_| now).map(|aside| swap::step(&gone, aside)));
        }
        moved.push((one, kept, gone, aside));
    }
    if open.is_some() || !renames.is_empty() {
        let lease = lease::of_restore(&record.id);
        let swap = Swap { id, title: format!("Undoing the restore of {}", record.backup), lease, renames };
        swap::swap(workspace, &swap, &WriteBatch::default(), progress).await?;
    }
    for (one, kept, gone, aside) in moved {
        if let Some(aside) = &aside {
            workspace.copy_settings(&one.into, aside).await?;
        }
        workspace.store.drop_collection(&gone).await?;
        if one.existed {
            workspace.move_settings(&kept, &one.into).await?;
        } else {
            kinds::remove(workspace, &one.into).await?;
            if !swap::exists(workspace, &one.into).await? {
                workspace.forget(&one.into).await?;
            }
        }
    }
    Ok(())
}

/// Undoes what an interrupted restore has done so far.
pub async fn clean_up(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<RestoreRecord> {
    let lease = Lease::take(workspace, &lease::of_restore(id), progress).await?;
    let done = clean_up_held(lease.workspace(), id, progress).await;
    lease.release().await;
    done
}

async fn clean_up_held(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<RestoreRecord> {
    let mut record = get(workspace, id).await?;
    match record.state {
        RestoreState::Loading => {}
        RestoreState::Swapping => {
            swap::swap_back(workspace, id, progress).await?;
            let plans: Vec<UndoPlan> = Vec::new();
            back(workspace, &record, &plans, progress).await?;
        }
        RestoreState::Undoing => return stay(workspace, record, progress).await,
        _ => return Err(Error::Conflict("This restore is finished; there is nothing to clean up.".into())),
    }
    for (number, _) in record.collections.iter().enumerate() {
        workspace.store.drop_collection(&swap::incoming(&part(&record.id, number))).await?;
    }
    record.state = RestoreState::Cancelled;
    record.finished_at = Some(workspace.clock.stamp());
    ledger::put(workspace, &record).await?;
    Ok(record)
}

/// An undo that was interrupted can be rolled back as long as the collections have not all been swapped: the restore is in effect again.
pub async fn can_go_back(workspace: &Workspace, record: &RestoreRecord) -> Result<bool> {
    match record.state {
        RestoreState::Loading | RestoreState::Swapping => Ok(true),
        RestoreState::Undoing => {
            if swap::cut_off(workspace, &format!("undo:{}", record.id)).await?.is_some() {
                return Ok(true);
            }
            // No swap is open: it has not begun, or it has ended.
            let there = workspace.store.collections().await?;
            let mut parts = record.collections.iter().enumerate().filter(|(_, one)| one.series.is_none() && !one.left_out);
            Ok(parts.all(|(number, one)| match one.existed {
                true => there.contains(&swap::replaced(&part(&record.id, number))),
                false => one.records == 0 || there.contains(&one.into),
            }))
        }
        RestoreState::Done | RestoreState::Cancelled | RestoreState::Failed | RestoreState::Undone => Ok(false),
    }
}

/// Goes back from an undo that was interrupted.
async fn stay(workspace: &Workspace, mut record: RestoreRecord, progress: &dyn Progress) -> Result<RestoreRecord> {
    if !can_go_back(workspace, &record).await? {
        return Err(Error::Conflict("Undoing this restore has come too far to go back from. Run the undo again to finish it.".into()));
    }
    swap::swap_back(workspace, &format!("undo:{}", record.id), progress).await?;
    record.state = RestoreState::Done;
    ledger::put(workspace, &record).await?;
    Ok(record)
}

/// Gives up what a restore archived, which frees its room.
pub async fn discard_undo_data(workspace: &Workspace, id: &str) -> Result<RestoreRecord> {
    let mut record = undoable(workspace, id).await?;
    if record.state == RestoreState::Undoing {
        return Err(Error::Conflict("Undoing this restore has begun. Run the undo again to finish it.".into()));
    }
    record.discarded_at = Some(workspace.clock.stamp());
    ledger::put(workspace, &record).await?;
    for (number, _) in record.collections.iter().enumerate() {
        workspace.forget(&swap::replaced(&part(&record.id, number))).await?;
    }
    Ok(record)
}
