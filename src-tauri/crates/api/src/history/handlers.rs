//! `changes.*`: the history of the workspace.

use steward_domain::ChangeKind;
use steward_import::runs;
use steward_workspace::edit::Undone;
use steward_workspace::history::staged;
use steward_workspace::{Silent, edit, history};

use crate::caller::Call;
use crate::dto::{
    ChainReport, ChangeDetail, ChangeId, ChangeOutcome, Changes, Empty, JobKind, JobOutcome, JobStarted, JobUnit, ListChanges, UndoChange,
    VerifyChanges,
};
use crate::error::ApiResult;
use crate::history::anchors;
use crate::jobs;

pub async fn list(app: &Call, request: ListChanges) -> ApiResult<Changes> {
    let limit = usize::try_from(request.limit.clamp(1, 1000)).unwrap_or(1);
    let mut changes = history::list(&app.workspace()?, request.collection.as_deref(), request.before_seq, limit + 1).await?;
    let more = changes.len() > limit;
    changes.truncate(limit);
    Ok(Changes { changes, more })
}

pub async fn get(app: &Call, request: ChangeId) -> ApiResult<ChangeDetail> {
    let workspace = app.workspace()?;
    let change_set = history::get(&workspace, &request.change_set).await?;
    let records = history::changes(&workspace, history::kept_under(&change_set), 0, 100).await?;
    Ok(ChangeDetail { change_set, records: records.into_iter().map(|c| c.record).collect() })
}

pub async fn undo(app: &Call, request: UndoChange) -> ApiResult<ChangeOutcome> {
    let workspace = app.workspace()?;
    let set = history::get(&workspace, &request.change_set).await?;
    let undone = match &set.run_id {
        // A run, its quarantine and what was released from that come back as one.
        Some(run) if set.kind == ChangeKind::Undo && runs::get(&workspace, run).await.is_ok() => {
            Undone::Applied(runs::redo(&workspace, run, &set.id, &Silent).await?)
        }
        _ if edit::is_large(&workspace, &set).await? => {
            let title = format!("Undoing: {}", set.summary);
            let job = jobs::start(app, JobKind::Bulk, title, JobUnit::Records, move |progress| async move {
                Ok(JobOutcome::Changed(edit::undo(&workspace, &set.id, progress.as_ref()).await?.into()))
            });
            return Ok(ChangeOutcome::Started { job_id: job.job_id });
        }
        _ => edit::undo(&workspace, &request.change_set, &Silent).await?,
    };
    Ok(undone.into())
}

/// Finishes a large change whose process ended before it did.
pub async fn resume(app: &Call, request: ChangeId) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    Ok(jobs::start(app, JobKind::Bulk, "Finishing an interrupted change".to_owned(), JobUnit::Records, move |progress| async move {
        Ok(match staged::resume(&workspace, &request.change_set, progress.as_ref()).await? {
            Some(change_set) => JobOutcome::Changed(ChangeOutcome::Applied { change_set }),
            None => JobOutcome::RolledBack(Empty {}),
        })
    }))
}

/// Gives the records of an interrupted change their old values.
pub async fn go_back(app: &Call, request: ChangeId) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    Ok(jobs::start(app, JobKind::Bulk, "Rolling back an interrupted change".to_owned(), JobUnit::Records, move |progress| async move {
        staged::go_back(&workspace, &request.change_set, progress.as_ref()).await?;
        Ok(JobOutcome::RolledBack(Empty {}))
    }))
}

pub async fn verify(app: &Call, request: VerifyChanges) -> ApiResult<ChainReport> {
    let workspace = app.workspace()?;
    let found = history::verify(&workspace).await?;
    let report = |broken_at: Option<i64>, message: String, end| ChainReport {
        ok: broken_at.is_none(),
        entries: found.entries,
        broken_at,
        message,
        end,
    };
    if found.broken_at.is_some() {
        return Ok(report(found.broken_at, found.message.clone(), None));
    }
    let missing = match &request.kept {
        Some(kept) => anchors::against(&workspace, kept).await?,
        None => None,
    };
    let missing = if missing.is_some() { missing } else { anchors::missing(app, &workspace).await? };
    if let Some((seq, message)) = missing {
        return Ok(report(Some(seq), message, None));
    }
    anchors::note(app, &workspace).await?;
    Ok(report(None, found.message.clone(), anchors::end(&workspace).await?))
}
