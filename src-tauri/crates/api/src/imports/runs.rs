//! `runs.*`

use steward_domain::{Filter, RunRecord};
use steward_import::runs;
use steward_store::{Query, names};
use steward_workspace::docs::Change;
use steward_workspace::{Silent, Workspace};

use crate::caller::Call;
use crate::dto::{
    ApplyPlan, DiffSample, DiscardRunPlan, Empty, FileHandle, JobKind, JobOutcome, JobStarted, JobUnit, ProblemCount, PromoteRun,
    RunDetail, RunId, RunUndone, Runs, UndoRunPlan,
};
use crate::error::ApiResult;
use crate::imports::planned::{PlannedDiscard, PlannedUndo};
use crate::jobs;

pub async fn list(app: &Call, _: Empty) -> ApiResult<Runs> {
    Ok(Runs { runs: runs::list(&app.workspace()?).await? })
}

fn sample(change: Change) -> DiffSample {
    let title = change.record.key.label();
    DiffSample { key: change.record.key, title, changes: change.record.fields }
}

pub async fn get(app: &Call, request: RunId) -> ApiResult<RunDetail> {
    let workspace = app.workspace()?;
    let run = runs::get(&workspace, &request.run_id).await?;
    let updates = steward_workspace::history::changes(&workspace, &request.run_id, 0, 20).await?;
    let problems = problems(&workspace, &request.run_id).await?;
    let kept = runs::kept(&workspace, &run).await?.map(|kept| i64::try_from(kept.records).unwrap_or(i64::MAX));
    let needs_files = needs_files(&run).await;
    let can_go_back = runs::can_go_back(&workspace, &run).await?;
    Ok(RunDetail { run, problems, updates: updates.into_iter().map(sample).collect(), kept, needs_files, can_go_back })
}

/// What a page uploaded is gone when its server ended; a file may have been moved.
async fn needs_files(run: &RunRecord) -> bool {
    for file in run.files.iter().filter(|f| f.collection.is_none()) {
        if !tokio::fs::try_exists(&file.path).await.unwrap_or(false) {
            return true;
        }
    }
    false
}

/// What kept rows of a run out, whatever became of them since.
async fn problems(workspace: &Workspace, run: &str) -> ApiResult<Vec<ProblemCount>> {
    let filter = steward_import::quarantine::of_run(run);
    let found = workspace.store.facet(names::QUARANTINE, "problems", &filter, 100).await?;
    let mut out = Vec::new();
    for (problem, rows) in found.values {
        let text = problem.as_str().unwrap_or_default();
        let (field, rule) = text.rsplit_once(' ').unwrap_or((text, ""));
        let one = filter.clone().and(Filter::eq("problems", text));
        let page = workspace.store.find(names::QUARANTINE, &Query::new(one, 1)).await?;
        let message = page.records.first().and_then(|raw| steward_store::upsert::decode(raw).ok()).and_then(|doc| {
            let entry = steward_import::quarantine::from_doc(doc).ok()?;
            entry.errors.iter().find(|e| e.field() == field && e.rule == rule).map(|e| e.message.clone())
        });
        out.push(ProblemCount {
            field: field.to_owned(),
            rule: rule.to_owned(),
            message: message.unwrap_or_default(),
            rows: i64::try_from(rows).unwrap_or(i64::MAX),
        });
    }
    Ok(out)
}

pub async fn plan_promote(app: &Call, request: PromoteRun) -> ApiResult<JobStarted> {
    let spec = runs::promotion(&app.workspace()?, &request.run_id).await?;
    let staged = FileHandle { id: String::new(), name: spec.files.iter().map(|f| f.name.as_str()).collect(), bytes: 0 };
    crate::imports::reading::plan_of(app, spec, vec![staged], request.full)
}

pub async fn plan_undo(app: &Call, request: RunId) -> ApiResult<UndoRunPlan> {
    let workspace = app.workspace()?;
    let run = runs::get(&workspace, &request.run_id).await?;
    let found = runs::plan_undo(&workspace, &request.run_id, &Silent).await?;
    let plan_id = app.plans.put(PlannedUndo { run: request.run_id });
    Ok(UndoRunPlan {
        plan_id,
        run,
        remove: found.remove,
        restore: found.restore,
        withdraw: found.withdraw,
        released: found.released,
        handed_on: found.handed_on,
        edited_since: found.edited_since,
        samples: found.samples.into_iter().map(sample).collect(),
        kept_as: found.kept_as,
    })
}

pub async fn undo(app: &Call, request: ApplyPlan) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let PlannedUndo { run } = app.plans.take(&request.plan_id)?;
    Ok(jobs::start(app, JobKind::UndoRun, "Undoing an import", JobUnit::Records, move |progress| async move {
        let (run, found) = runs::undo(&workspace, &run, progress.as_ref()).await?;
        crate::imports::reading::discard_old(&workspace).await;
        Ok(JobOutcome::RunUndone(RunUndone {
            run,
            removed: found.remove,
            restored: found.restore,
            withdrawn: found.withdraw,
            released: found.released,
            kept: found.edited_since,
            kept_as: found.kept_as,
            staged_in: found.staged_in,
        }))
    }))
}

pub async fn go_back(app: &Call, request: RunId) -> ApiResult<RunDetail> {
    let workspace = app.workspace()?;
    runs::go_back(&workspace, &request.run_id, &Silent).await?;
    crate::imports::reading::discard_old(&workspace).await;
    get(app, request).await
}

pub async fn plan_discard(app: &Call, request: RunId) -> ApiResult<DiscardRunPlan> {
    let workspace = app.workspace()?;
    let run = runs::get(&workspace, &request.run_id).await?;
    let kept = runs::kept(&workspace, &run).await?;
    let plan_id = app.plans.put(PlannedDiscard { run: request.run_id });
    Ok(DiscardRunPlan { plan_id, run, records: kept.map_or(0, |kept| i64::try_from(kept.records).unwrap_or(i64::MAX)) })
}

pub async fn discard(app: &Call, request: ApplyPlan) -> ApiResult<RunDetail> {
    let workspace = app.workspace()?;
    let PlannedDiscard { run } = app.plans.take(&request.plan_id)?;
    let run = runs::discard_undo_data(&workspace, &run).await?;
    crate::imports::reading::discard_old(&workspace).await;
    get(app, RunId { run_id: run.id }).await
}
