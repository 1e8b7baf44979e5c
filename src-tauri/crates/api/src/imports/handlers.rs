//! `imports.*`

use steward_domain::SourceChoice;
use steward_domain::run::RunFile;
use steward_import::runs;

use crate::caller::Call;
use crate::dto::{
    ApplyPlan, ConnectSource, FileHandle, FilePreview, ImportPreview, JobKind, JobOutcome, JobStarted, JobUnit, PlanImport, PreviewImport,
    ResumeRun, Sources, ValidateFiles,
};
use crate::error::{ApiError, ApiResult};
use crate::imports::external;
use crate::imports::planned::PlannedImport;
use crate::imports::reading::{
    describe, detections, discard_old, examined, fields_of, first_records, mapping_of, names, plan_of, preview_rows, sources, spec_of,
    spec_to_validate, stamp, stamp_of, unit,
};
use crate::jobs;
use crate::plans;

/// Opens a database whose records are to be imported.
pub async fn connect(app: &Call, request: ConnectSource) -> ApiResult<FileHandle> {
    let database = external::connect(app, &request.uri, request.password.as_deref(), request.remember).await?;
    Ok(app.files.register_database(database))
}

pub async fn preview(app: &Call, request: PreviewImport) -> ApiResult<ImportPreview> {
    let workspace = app.workspace()?;
    let mapping = mapping_of(request.sources.mapping.as_ref())?;
    let mut files = Vec::new();
    let named = request.schema.as_deref().and_then(|schema| workspace.registry.get(schema).ok());
    for (id, mut source) in request.sources.files.iter().zip(sources(app, &request.sources).await?) {
        source.expect(named, named.map_or("", |pack| &pack.steward.key));
        let (examined, unclear) = examined(&mut source).await?;
        let records = first_records(source.clone(), mapping.clone()).await?;
        let detected = detections(&workspace, &records);
        let chosen = match &request.schema {
            Some(schema) => schema.clone(),
            None => detected.first().map(|d| d.schema.clone()).unwrap_or_default(),
        };
        let (rows, mut notes) = preview_rows(&workspace, source, &chosen, mapping.clone()).await?;
        notes.extend(unclear);
        // Named as the rows name them: a schema gives columns the names of its fields.
        let shown: Vec<serde_json::Value> =
            rows.iter().filter_map(|row| row.document.as_ref()?.as_document().map(steward_domain::value::doc_to_plain)).collect();
        let fields = fields_of(if chosen.is_empty() || shown.is_empty() { &records } else { &shown });
        files.push(FilePreview { file: app.files.handle(id)?, source: examined, detected, fields, rows, notes });
    }
    Ok(ImportPreview { files })
}

pub async fn plan(app: &Call, request: PlanImport) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let spec = spec_of(app, &workspace, &request).await?;
    let files = request.sources.files.iter().map(|id| app.files.handle(id)).collect::<ApiResult<_>>()?;
    plan_of(app, spec, files, request.full)
}

pub async fn apply(app: &Call, request: ApplyPlan) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let PlannedImport { spec, stamps, state } = app.plans.take(&request.plan_id)?;
    let same_files = spec.files.iter().zip(&stamps).all(|(file, then)| stamp_of(file) == *then);
    let same_data = match &state {
        Some(then) => stamp(&workspace, &spec.collection).await? == *then,
        None => true,
    };
    if !same_files || !same_data {
        return Err(plans::stale());
    }
    let title = format!("Importing {}", names(&spec));
    Ok(jobs::start(app, JobKind::Import, title, unit(&spec), move |progress| async move {
        let result = runs::load(&workspace, &spec, progress.as_ref()).await;
        discard_old(&workspace).await;
        Ok(JobOutcome::Run(result?.0))
    }))
}

pub async fn resume(app: &Call, request: ResumeRun) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let run = runs::get(&workspace, &request.run_id).await?;
    let files = if request.files.is_empty() {
        external::of_run(app, &run, &workspace.store).await?
    } else {
        let part = |file: &RunFile| SourceChoice { part: file.collection.clone().or(file.choice.part.clone()), ..file.choice.clone() };
        let choices = run.files.iter().map(part).collect();
        sources(app, &Sources { files: request.files, choices, mapping: None }).await?
    };
    let unit = if run.files.iter().all(|f| f.collection.is_none()) { JobUnit::Bytes } else { JobUnit::Records };
    Ok(jobs::start(app, JobKind::Import, "Going on with an import", unit, move |progress| async move {
        let (run, _) = runs::resume(&workspace, &request.run_id, files, progress.as_ref()).await?;
        discard_old(&workspace).await;
        Ok(JobOutcome::Run(run))
    }))
}

pub async fn validate(app: &Call, request: ValidateFiles) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let files = request.sources.files.iter().map(|id| app.files.handle(id)).collect::<ApiResult<_>>()?;
    let report = request.report.as_deref().map(|id| app.files.get(id)).transpose()?.map(|(path, _)| path);
    let spec = spec_to_validate(app, &workspace, request).await?;
    if spec.files.iter().any(|file| file.path().is_ok_and(|source| Some(source) == report.as_deref())) {
        return Err(ApiError::bad_request("The report cannot be written over the file that is checked."));
    }
    let title = format!("Checking {}", names(&spec));
    Ok(jobs::start(app, JobKind::Plan, title, unit(&spec), move |progress| async move {
        let findings = runs::validate(&workspace, &spec, report.as_deref(), progress.as_ref()).await?;
        Ok(JobOutcome::Plan(describe(files, &spec, Some(findings))))
    }))
}
