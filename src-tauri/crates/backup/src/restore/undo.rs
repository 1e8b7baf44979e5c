//! Taking a restore back, giving up what it put aside, and cleaning up after one that was cut off.

use steward_domain::{ChangeKind, RestoreRecord, RestoreState};
use steward_pipeline::journal::{self, Request};
use steward_pipeline::workspace::new_id;
use steward_pipeline::{Error, Progress, Result, Workspace, replace};
use steward_store::names;

use super::{get, kinds, ledger, part};

/// What taking a restore back would do with one collection.
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
        RestoreState::Done => Err(Error::Conflict("What this restore put aside was given up; it cannot be taken back any more.".into())),
        RestoreState::Undone => Err(Error::Conflict("This restore was taken back already.".into())),
        _ => Err(Error::Conflict("This restore has not come to its end.".into())),
    }
}

/// The last restore that came after this one, put something in the same place, and stands.
async fn later(workspace: &Workspace, record: &RestoreRecord) -> Result<Option<RestoreRecord>> {
    let after = |other: &RestoreRecord| other.started_at > record.started_at && other.state == RestoreState::Done;
    let list = ledger::list(workspace).await?;
    Ok(list.into_iter().find(|other| after(other) && shared(record, other).is_some()))
}

fn shared(one: &RestoreRecord, other: &RestoreRecord) -> Option<String> {
    one.collections.iter().map(|c| &c.into).find(|into| other.collections.iter().any(|c| &c.into == *into)).cloned()
}

/// Looks at what taking a restore back would do.
pub async fn plan_undo(workspace: &Workspace, id: &str) -> Result<(RestoreRecord, Vec<UndoPlan>)> {
    let record = undoable(workspace, id).await?;
    if let Some(later) = later(workspace, &record).await? {
        return Err(Error::Conflict(format!(
            "The restore of {} came after this one and put {} in its place. Take that one back first.",
            later.started_at,
            shared(&record, &later).unwrap_or_default()
        )));
    }
    let mut plans = Vec::new();
    for (number, one) in record.collections.iter().enumerate() {
        let edited_since = match names::is_own(&one.into) {
            true => 0,
            false => journal::records_since(workspace, &one.into, &record.id).await?,
        };
        let kept_as = match edited_since {
            0 => None,
            _ => Some(workspace.free_name(&format!("{}.taken-back", one.into)).await?),
        };
        let back = match one.existed {
            true => Some(replace::held(workspace, &one.into, &part(&record.id, number)).await?),
            false => None,
        };
        let away = super::count_now(workspace, &one.into).await?.unwrap_or(0);
        plans.push(UndoPlan { collection: one.into.clone(), back, away, edited_since, kept_as });
    }
    Ok((record, plans))
}

/// Puts everything back as it was before the restore. Killed in the middle, it can simply be run again.
pub async fn undo(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<(RestoreRecord, Vec<UndoPlan>)> {
    let (mut record, plans) = plan_undo(workspace, id).await?;
    progress.phase("Putting back");
    back(workspace, &record, &plans, progress).await?;
    record.state = RestoreState::Undone;
    ledger::put(workspace, &record).await?;
    for plan in plans.iter().filter(|p| !names::is_own(&p.collection)) {
        let summary = format!("Took back the restore from the backup {}", record.backup);
        let mut request = Request::new(ChangeKind::Undo, &plan.collection, summary, Vec::new());
        request.run_id = Some(record.id.clone());
        let records = i64::try_from(plan.back.unwrap_or(plan.away)).unwrap_or(i64::MAX);
        journal::record_bulk(workspace, request, &new_id(), records).await?;
    }
    Ok((record, plans))
}

/// Last one first: Steward's own collections go back before the others, whose settings they hold.
async fn back(workspace: &Workspace, record: &RestoreRecord, plans: &[UndoPlan], progress: &dyn Progress) -> Result<()> {
    for (number, one) in record.collections.iter().enumerate().rev() {
        let aside = plans.get(number).and_then(|p| p.kept_as.as_deref());
        let part = part(&record.id, number);
        let kept = replace::exists(workspace, &replace::replaced(&part)).await?;
        if kept || record.state != RestoreState::Done {
            replace::take_back(workspace, &one.into, &part, aside, progress).await?;
        } else if !one.existed && aside.is_none() && !replace::exists(workspace, &one.into).await? {
            kinds::remove(workspace, &one.into).await?;
        } else if !one.existed && replace::exists(workspace, &one.into).await? {
            match aside {
                Some(aside) => {
                    replace::rename(workspace, &one.into, aside, progress).await?;
                    workspace.move_settings(&one.into, aside).await?;
                }
                None => workspace.forget(&one.into).await?,
            }
        }
    }
    Ok(())
}

/// Undoes what a restore that was cut off has done so far.
pub async fn clean_up(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<RestoreRecord> {
    let mut record = get(workspace, id).await?;
    if !record.is_open() {
        return Err(Error::Conflict("This restore has come to its end; there is nothing to clean up.".into()));
    }
    for (number, one) in record.collections.iter().enumerate().rev() {
        let part = part(&record.id, number);
        // A new collection that has its place already: all its parts are gone by then.
        let swapping = !one.existed && record.state == RestoreState::Swapping;
        let placed = !one.existed
            && record.state == RestoreState::Swapping
            && !replace::exists(workspace, &replace::incoming(&part)).await?
            && !replace::exists(workspace, &replace::ready(&part)).await?;
        replace::take_back(workspace, &one.into, &part, None, progress).await?;
        if swapping {
            kinds::remove(workspace, &one.into).await?;
        }
        if placed {
            workspace.forget(&one.into).await?;
        }
    }
    record.state = RestoreState::Cancelled;
    record.finished_at = Some(workspace.clock.stamp());
    ledger::put(workspace, &record).await?;
    Ok(record)
}

/// Gives up what a restore put aside, which frees its room.
pub async fn settle(workspace: &Workspace, id: &str) -> Result<RestoreRecord> {
    let mut record = undoable(workspace, id).await?;
    record.settled_at = Some(workspace.clock.stamp());
    ledger::put(workspace, &record).await?;
    for (number, _) in record.collections.iter().enumerate() {
        workspace.forget(&replace::replaced(&part(&record.id, number))).await?;
    }
    Ok(record)
}
