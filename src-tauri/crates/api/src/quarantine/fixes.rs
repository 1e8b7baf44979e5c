//! `quarantine.planFix` and its like: many rows put right together.

use steward_import::quarantine::corrections::{self, Fate};
use steward_import::quarantine::edits::{self, Edit};
use steward_import::quarantine::fix::{self, Action, Fix};
use steward_workspace::Silent;

use crate::caller::Call;
use crate::dto::{
    ApplyPlan, CorrectionCount, CorrectionFate, CorrectionLine, CorrectionsPlan, FixAction, FixPlan, FixSample, FixValue, JobKind,
    JobStarted, JobUnit, PlanCorrections, PlanEdits, PlanFix, ProblemCount,
};
use crate::error::{ApiError, ApiResult};
use crate::jobs;
use crate::plans::Planned;
use crate::quarantine::chosen::{chosen, resolved};

/// A fix of many rows that was looked at.
struct PlannedFix(fix::Prepared);

/// A corrected table that was looked at.
struct PlannedCorrections(Vec<steward_import::quarantine::Correction>);

impl Planned for PlannedFix {}
impl Planned for PlannedCorrections {}

fn action(action: FixAction) -> ApiResult<Action> {
    Ok(match action {
        FixAction::Look => Action::Look,
        FixAction::Set { value } => Action::Set(value),
        FixAction::Default { value } => Action::Default(value),
        FixAction::Unset => Action::Unset,
        FixAction::Map { pairs } => Action::Map(pairs.into_iter().map(|p| (p.from, p.to)).collect()),
        FixAction::Steps { steps } => {
            let steps = serde_json::from_value(serde_json::Value::Array(steps));
            Action::Steps(steps.map_err(|e| ApiError::bad_request(format!("These steps cannot be used: {e}.")))?)
        }
    })
}

pub async fn plan_fix(app: &Call, request: PlanFix) -> ApiResult<FixPlan> {
    let fix = Fix { field: request.field.trim().into(), action: action(request.action)? };
    let (found, prepared) = fix::plan(&app.workspace()?, chosen(request.selection), fix, request.retry, &Silent).await?;
    let sample = |s: fix::FixSample| FixSample {
        id: s.before.id,
        file: s.before.source_file,
        row_number: s.before.row_number,
        before: s.old,
        after: s.new,
        errors: s.errors,
    };
    let problem = |p: steward_import::import::Problem| ProblemCount { field: p.field, rule: p.rule, message: p.message, rows: p.rows };
    Ok(FixPlan {
        plan_id: app.plans.put(PlannedFix(prepared)),
        rows: found.rows,
        changed: found.changed,
        right: found.right,
        still_broken: found.still_broken,
        failed: found.failed,
        problems: found.problems.into_iter().map(problem).collect(),
        samples: found.samples.into_iter().map(sample).collect(),
        values: found.values.into_iter().map(|(value, rows)| FixValue { value, rows }).collect(),
        missing: found.missing,
        more_values: found.more_values,
    })
}

pub async fn apply_fix(app: &Call, request: ApplyPlan) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let PlannedFix(prepared) = app.plans.take(&request.plan_id)?;
    Ok(jobs::start(app, JobKind::Retry, "Fixing quarantined rows", JobUnit::Rows, move |progress| async move {
        let done = fix::apply(&workspace, prepared, request.reason, progress.as_ref()).await;
        Ok(resolved(done?))
    }))
}

fn fate(fate: Fate) -> CorrectionFate {
    match fate {
        Fate::Released => CorrectionFate::Released,
        Fate::StillBroken => CorrectionFate::StillBroken,
        Fate::Unchanged => CorrectionFate::Unchanged,
        Fate::Unknown => CorrectionFate::Unknown,
        Fate::NotWaiting => CorrectionFate::NotWaiting,
        Fate::Edited => CorrectionFate::Edited,
        Fate::Repeated => CorrectionFate::Repeated,
    }
}

pub async fn plan_corrections(app: &Call, request: PlanCorrections) -> ApiResult<CorrectionsPlan> {
    let (path, _) = app.files.get(&request.file)?;
    Ok(planned(app, corrections::plan(&app.workspace()?, &path, &request.choice, &Silent).await?))
}

/// Rows that are edited at once.
const MOST_EDITS: usize = 10_000;

pub async fn plan_edits(app: &Call, request: PlanEdits) -> ApiResult<CorrectionsPlan> {
    if request.edits.len() > MOST_EDITS {
        return Err(ApiError::bad_request("At most 10,000 rows can be edited at once. Export the rows to correct them as a table."));
    }
    let edits: Vec<Edit> = request.edits.into_iter().map(|e| Edit { id: e.id, changes: e.changes }).collect();
    Ok(planned(app, edits::plan(&app.workspace()?, &edits, &Silent).await?))
}

fn planned(app: &Call, found: corrections::CorrectionsPlan) -> CorrectionsPlan {
    let line = |l: corrections::Line| CorrectionLine {
        line: l.line,
        id: l.id,
        file: l.file,
        row_number: l.row_number,
        fate: fate(l.fate),
        changes: l.changes,
        errors: l.errors,
    };
    let changed = i64::try_from(found.corrections.len()).unwrap_or(i64::MAX);
    CorrectionsPlan {
        plan_id: app.plans.put(PlannedCorrections(found.corrections)),
        lines: found.lines,
        counts: found.fates.into_iter().map(|(of, lines)| CorrectionCount { fate: fate(of), lines }).collect(),
        changed,
        listed: found.listed.into_iter().map(line).collect(),
        ignored: found.ignored,
    }
}

pub async fn apply_corrections(app: &Call, request: ApplyPlan) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let PlannedCorrections(planned) = app.plans.take(&request.plan_id)?;
    Ok(jobs::start(app, JobKind::Retry, "Correcting quarantined rows", JobUnit::Rows, move |progress| async move {
        let done = corrections::apply(&workspace, planned, request.reason, progress.as_ref()).await;
        Ok(resolved(done?))
    }))
}
