//! `imports.split`: the valid and the invalid rows of a file, each in a file of their own.

use std::sync::Arc;

use steward_domain::RunRecord;
use steward_import::import::{ImportSpec, SourceFile};
use steward_import::runs;
use steward_import::split::{self, Halves};
use steward_workspace::Workspace;

use crate::app::App;
use crate::caller::Call;
use crate::dto::{JobKind, JobOutcome, JobStarted, JobUnit, RowsSplit, SplitFile, SplitNames, SplitSource};
use crate::error::{ApiError, ApiResult};
use crate::imports::reading::spec_to_validate;
use crate::jobs;

/// How the file is read and checked.
async fn spec_of(app: &App, workspace: &Workspace, source: SplitSource) -> ApiResult<ImportSpec> {
    match source {
        SplitSource::File { check } => spec_to_validate(app, workspace, check).await,
        SplitSource::Run { run_id, file } => of_run(run_of(workspace, run_id, &file).await?, &file),
    }
}

async fn run_of(workspace: &Workspace, id: Option<String>, file: &str) -> ApiResult<RunRecord> {
    if let Some(id) = id {
        return Ok(runs::get(workspace, &id).await?);
    }
    let newest = runs::list(workspace).await?.into_iter().find(|run| run.files.iter().any(|f| f.name == file));
    newest.ok_or_else(|| ApiError::not_found(format!("No import of {file} is known here.")))
}

fn of_run(run: RunRecord, name: &str) -> ApiResult<ImportSpec> {
    let found = run.files.iter().find(|f| f.name == name);
    let then = found.ok_or_else(|| ApiError::not_found(format!("{name} is not a file of this import.")))?;
    let file = SourceFile::file(then.name.clone(), then.path.clone(), then.choice.clone());
    if then.collection.is_some() || !std::path::Path::new(&then.path).exists() {
        return Err(ApiError::not_found(format!("{name} is no longer where it was imported from."))
            .hint("Split it from where it is now: steward validate FILE --split FOLDER."));
    }
    let mapping = run.mapping.as_deref().map(steward_mapping::Mapping::parse).transpose().map_err(steward_workspace::Error::from)?;
    Ok(ImportSpec {
        files: vec![file],
        collection: run.collection,
        key_field: run.key_field,
        schema: run.schema,
        mode: run.mode,
        mapping,
        duplicates: run.duplicates,
        schema_reason: String::new(),
        staging: None,
        promotes: None,
    })
}

fn one_file(spec: &ImportSpec) -> ApiResult<&SourceFile> {
    match spec.files.as_slice() {
        [file] => Ok(file),
        _ => Err(ApiError::bad_request("Choose one file to split.")),
    }
}

pub async fn split_names(app: &Call, request: SplitSource) -> ApiResult<SplitNames> {
    let spec = spec_of(app, &app.workspace()?, request).await?;
    let Halves { valid, invalid } = split::names(one_file(&spec)?)?;
    Ok(SplitNames { valid, invalid })
}

pub async fn split(app: &Call, request: SplitFile) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let spec = spec_of(app, &workspace, request.source).await?;
    let title = format!("Splitting {}", one_file(&spec)?.name);
    let path = |id: &Option<String>| id.as_deref().map(|id| app.files.get(id).map(|(path, _)| path)).transpose();
    let (valid, invalid) = (path(&request.valid)?, path(&request.invalid)?);
    let source = one_file(&spec)?.path()?;
    if [&valid, &invalid].into_iter().flatten().any(|target| target == source) {
        return Err(ApiError::bad_request("The rows cannot be written over the file that they are read from."));
    }
    let owner = Arc::clone(app);
    Ok(jobs::start(app, JobKind::Export, title, JobUnit::Bytes, move |progress| async move {
        let to = Halves { valid: valid.as_deref(), invalid: invalid.as_deref() };
        let rows = split::split(&workspace, &spec, to, progress.as_ref()).await?;
        let written = [request.valid, request.invalid].into_iter().flatten().map(|id| owner.files.handle(&id));
        Ok(JobOutcome::Split(RowsSplit { valid: rows.valid, invalid: rows.invalid, files: written.collect::<ApiResult<_>>()? }))
    }))
}
