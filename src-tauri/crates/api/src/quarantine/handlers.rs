//! `quarantine.*`

use std::sync::Arc;

use steward_domain::{QuarantineEntry, QuarantineStatus, Value};
use steward_import::quarantine::{self, Aim, Report, Revision, report};
use steward_workspace::Workspace;

use crate::caller::Call;
use crate::dto::{
    DiscardQuarantine, Discarded, EditQuarantine, ExportQuarantine, GroupCount, JobKind, JobOutcome, JobStarted, JobUnit, ListQuarantine,
    ProblemCount, QuarantineEdited, QuarantineExportFormat, QuarantineFilter, QuarantineId, QuarantinePage, QuarantineStats,
    RecordsExported, RestoreQuarantine, RetryQuarantine, ValidateQuarantine, Violations,
};
use crate::error::{ApiError, ApiResult};
use crate::jobs;
use crate::quarantine::chosen::{chosen, narrow, resolved};

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub async fn list(app: &Call, request: ListQuarantine) -> ApiResult<QuarantinePage> {
    let limit = usize::try_from(request.limit.clamp(1, 1000)).unwrap_or(1);
    let (entries, next, total) = quarantine::list(&app.workspace()?, &narrow(request.filter), request.after, limit).await?;
    Ok(QuarantinePage { entries, next, total: number(total) })
}

pub async fn get(app: &Call, request: QuarantineId) -> ApiResult<QuarantineEntry> {
    Ok(quarantine::get(&app.workspace()?, &request.id).await?)
}

pub async fn stats(app: &Call, filter: QuarantineFilter) -> ApiResult<QuarantineStats> {
    let stats = quarantine::stats(&app.workspace()?, &narrow(filter)).await?;
    let groups = |list: Vec<(String, u64)>| list.into_iter().map(|(name, n)| GroupCount { name, count: number(n) }).collect();
    Ok(QuarantineStats {
        waiting: number(stats.waiting),
        released: number(stats.released),
        discarded: number(stats.discarded),
        by_rule: groups(stats.by_rule),
        by_field: groups(stats.by_field),
        by_file: groups(stats.by_file),
        by_run: groups(stats.by_run),
        by_schema: groups(stats.by_schema),
        problems: stats
            .problems
            .into_iter()
            .map(|(field, rule, message, rows)| ProblemCount { field, rule, message, rows: number(rows) })
            .collect(),
    })
}

fn object(value: Value) -> ApiResult<bson::Document> {
    match value.0 {
        bson::Bson::Document(doc) => Ok(doc),
        _ => Err(ApiError::bad_request("A record must be an object in braces.")),
    }
}

pub async fn validate(app: &Call, request: ValidateQuarantine) -> ApiResult<Violations> {
    let workspace = app.workspace()?;
    let entry = quarantine::get(&workspace, &request.id).await?;
    Ok(Violations { violations: quarantine::recheck(&workspace, &entry, &object(request.document)?).await? })
}

pub async fn edit(app: &Call, request: EditQuarantine) -> ApiResult<QuarantineEdited> {
    let revision = match request.document {
        Some(document) => Revision::Document(object(document)?),
        None => Revision::Changes(request.changes),
    };
    let done = quarantine::correct(&app.workspace()?, &request.id, revision, request.set, request.release).await?;
    Ok(QuarantineEdited { violations: done.entry.errors.clone(), entry: done.entry, change_sets: done.change_sets })
}

pub async fn retry(app: &Call, request: RetryQuarantine) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    Ok(jobs::start(app, JobKind::Retry, "Trying quarantined rows again", JobUnit::Rows, move |progress| async move {
        let ids = quarantine::ids(&workspace, &chosen(request.selection)).await?;
        let aim = Aim { replace: request.replace, ..Aim::default() };
        let done = quarantine::retry(&workspace, &ids, aim, progress.as_ref()).await;
        Ok(resolved(done?))
    }))
}

pub async fn discard(app: &Call, request: DiscardQuarantine) -> ApiResult<Discarded> {
    if request.reason.trim().is_empty() {
        return Err(ApiError::bad_request("Say why these rows are discarded; the reason stays in the history."));
    }
    let workspace = app.workspace()?;
    let ids = quarantine::ids(&workspace, &chosen(request.selection)).await?;
    moved(&workspace, ids, QuarantineStatus::Discarded, Some(request.reason.trim())).await
}

pub async fn restore(app: &Call, request: RestoreQuarantine) -> ApiResult<Discarded> {
    let workspace = app.workspace()?;
    moved(&workspace, request.ids, QuarantineStatus::Waiting, None).await
}

async fn moved(workspace: &Workspace, ids: Vec<String>, to: QuarantineStatus, reason: Option<&str>) -> ApiResult<Discarded> {
    let moved = quarantine::set_status(workspace, &ids, to, reason).await?;
    Ok(Discarded { discarded: i64::try_from(moved.ids.len()).unwrap_or(i64::MAX), ids: moved.ids, change_sets: moved.change_sets })
}

pub async fn export(app: &Call, request: ExportQuarantine) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let (path, name) = app.files.get(&request.file)?;
    let owner = Arc::clone(app);
    Ok(jobs::start(app, JobKind::Export, format!("Exporting to {name}"), JobUnit::Rows, move |progress| async move {
        let what = match request.format {
            QuarantineExportFormat::Ndjson => Report::Ndjson,
            QuarantineExportFormat::Errors => Report::Errors,
            QuarantineExportFormat::Rows => Report::Rows,
        };
        let records = report::write(&workspace, &narrow(request.filter), what, &path, progress.as_ref()).await?;
        Ok(JobOutcome::Exported(RecordsExported { file: owner.files.handle(&request.file)?, records, notes: Vec::new() }))
    }))
}
