//! What previews, plans, mappings and runs need to know of the files of an import.

use std::sync::Arc;

use futures::StreamExt;
use steward_domain::{Duplicates, Filter, RecordKey, Staging, Value};
use steward_import::import::{CheckedBatch, Findings, ImportSpec, Place, Reading, SourceFile};
use steward_import::{import, runs};
use steward_mapping::Mapping;
use steward_schema::Pack;
use steward_workspace::Workspace;

use crate::app::App;
use crate::caller::Call;
use crate::dto::{
    Detection, DiffSample, FileHandle, ImportPlan, JobKind, JobOutcome, JobStarted, JobUnit, PlanImport, PreviewRow, ProblemCount,
    RecognisedFile, RejectedRow, Sources, ValidateFiles,
};
use crate::error::{ApiError, ApiResult};
use crate::imports::external;
use crate::imports::planned::{CollectionStamp, FileStamp, PlannedImport};
use crate::jobs;

/// Rows that a preview shows, and that detection looks at.
pub(crate) const PREVIEW: usize = 50;

/// After an import or its undo, what older ones retain may go.
pub(crate) async fn discard_old(workspace: &Workspace) {
    if let Err(e) = steward_import::retention::discard(workspace).await {
        tracing::warn!(error = %e, "what older imports retain for undo could not be discarded");
    }
}

pub(crate) async fn sources(app: &App, Sources { files, choices, .. }: &Sources) -> ApiResult<Vec<SourceFile>> {
    if files.is_empty() {
        return Err(ApiError::bad_request("Choose at least one file."));
    }
    let mut out = Vec::with_capacity(files.len());
    for (at, id) in files.iter().enumerate() {
        out.push(external::source(app, id, choices.get(at).cloned().unwrap_or_default()).await?);
    }
    Ok(out)
}

/// Says which names the columns of files may have.
pub(crate) fn expect(files: &mut [SourceFile], pack: Option<&Pack>, key_field: &str) {
    files.iter_mut().for_each(|file| file.expect(pack, key_field));
}

pub(crate) fn detections(workspace: &Workspace, records: &[serde_json::Value]) -> Vec<Detection> {
    let found = steward_schema::detect(&workspace.registry, records);
    found.into_iter().map(|d| Detection { schema: d.id.to_string(), confidence: d.confidence, reason: d.reason }).collect()
}

/// The first records of a file in their plain view, for detection.
pub(crate) async fn first_records(source: SourceFile, mapping: Option<Mapping>) -> ApiResult<Vec<serde_json::Value>> {
    let how = Reading { mapping, ..Reading::default() };
    let (rows, _) = first_rows(source, how).await?.into_parts();
    let document = |row: steward_import::rows::CheckedRow| row.validation.into_document().0;
    Ok(rows.into_iter().take(PREVIEW).filter_map(document).map(|d| steward_domain::value::doc_to_plain(&d)).collect())
}

pub(crate) fn mapping_of(json: Option<&serde_json::Value>) -> ApiResult<Option<Mapping>> {
    let read = |json: &serde_json::Value| Mapping::from_json(json.clone()).map_err(|e| ApiError::from(steward_workspace::Error::from(e)));
    json.map(read).transpose()
}

/// Plans what is resolved; the outcome of the job is the plan.
pub(crate) fn plan_of(app: &Call, spec: ImportSpec, files: Vec<FileHandle>, full: bool) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let owner = Arc::clone(app);
    let title = format!("Planning the import of {}", names(&spec));
    Ok(jobs::start(app, JobKind::Plan, title, unit(&spec), move |progress| async move {
        let stamps = spec.files.iter().map(stamp_of).collect();
        let state = if full { Some(stamp(&workspace, &spec.collection).await?) } else { None };
        let how = Reading::of(&workspace, &spec)?;
        for file in &spec.files {
            steward_import::preview::readable(file, &how)?;
        }
        let findings = if full { Some(runs::dry_run(&workspace, &spec, progress.as_ref()).await?) } else { None };
        let plan = describe(files, &spec, findings);
        let plan_id = owner.plans.put(PlannedImport { spec, stamps, state });
        Ok(JobOutcome::Plan(ImportPlan { plan_id, ..plan }))
    }))
}

/// The first rows of a file.
pub(crate) async fn first_rows(source: SourceFile, how: Reading) -> ApiResult<CheckedBatch> {
    let stream = import::checked(vec![source], how);
    let mut stream = std::pin::pin!(stream);
    let first = stream.next().await.ok_or_else(|| ApiError::bad_request("The file cannot be read."))?;
    Ok(first?)
}

/// What a file is. One that nobody can name is shown as a table of one column, with the reason: a person says then what separates
/// its values. Importing it asks the same.
pub(crate) async fn examined(source: &mut SourceFile) -> ApiResult<(steward_sources::Examined, Option<String>)> {
    let e = match import::examine(source).await {
        Err(e @ steward_workspace::Error::BadRequest(_)) if source.choice.delimiter.is_none() => e,
        other => return Ok((other?, None)),
    };
    let mut as_table = source.clone();
    as_table.choice.delimiter = Some(",".into());
    match import::examine(&as_table).await {
        Ok(examined) => {
            *source = as_table;
            Ok((examined, Some(e.to_string())))
        }
        Err(_) => Err(e.into()),
    }
}

pub(crate) fn fields_of(records: &[serde_json::Value]) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for name in records.iter().filter_map(|r| r.as_object()).flat_map(|o| o.keys()) {
        if !fields.contains(name) {
            fields.push(name.clone());
        }
    }
    fields
}

pub(crate) async fn preview_rows(
    workspace: &Workspace,
    source: SourceFile,
    schema: &str,
    mapping: Option<Mapping>,
) -> ApiResult<(Vec<PreviewRow>, Vec<String>)> {
    let key_field = if schema.is_empty() {
        "_id".to_owned()
    } else {
        let pack = workspace.registry.get(schema).map_err(steward_workspace::Error::from)?;
        steward_workspace::normalise::stored_as(&workspace.registry, pack)?.steward.key.clone()
    };
    let spec = ImportSpec {
        files: Vec::new(),
        collection: String::new(),
        key_field,
        schema: schema.to_owned(),
        mode: steward_domain::ImportMode::Upsert,
        mapping,
        duplicates: steward_domain::Duplicates::default(),
        schema_reason: String::new(),
        staging: None,
        promotes: None,
    };
    let (checked, notes) = first_rows(source, Reading::of(workspace, &spec)?).await?.into_parts();
    let mut rows = Vec::new();
    for row in checked.into_iter().take(PREVIEW) {
        let (document, violations) = row.validation.into_document();
        rows.push(PreviewRow {
            row_number: i64::try_from(row.number).unwrap_or(i64::MAX),
            source: None,
            document: document.map(Value::from),
            raw: String::from_utf8_lossy(&row.raw).chars().take(2000).collect(),
            violations,
        });
    }
    Ok((rows, notes))
}

/// Resolves schema, collection and key.
pub(crate) async fn spec_of(app: &App, workspace: &Workspace, request: &PlanImport) -> ApiResult<ImportSpec> {
    let mut files = sources(app, &request.sources).await?;
    let named = request.schema.as_deref().and_then(|schema| workspace.registry.get(schema).ok());
    expect(&mut files, named, request.key_field.as_deref().unwrap_or_default());
    external::require_part(app, &request.sources.files, &request.sources.choices).await?;
    let mapping = mapping_of(request.sources.mapping.as_ref())?;
    let (schema, schema_reason) = match &request.schema {
        Some(schema) if schema.is_empty() => (String::new(), "none is wanted".to_owned()),
        Some(schema) => {
            (workspace.registry.get(schema).map_err(steward_workspace::Error::from)?.id.to_string(), "it was chosen".to_owned())
        }
        None => detect_one(workspace, &files, mapping.as_ref(), request.collection.as_deref()).await?,
    };
    let pack = match workspace.registry.get(&schema).ok() {
        Some(pack) => Some(steward_workspace::normalise::stored_as(&workspace.registry, pack)?),
        None => None,
    };
    let collection = match (&request.collection, pack) {
        (Some(name), _) if !name.is_empty() => name.clone(),
        (_, Some(pack)) => pack.steward.collection.clone(),
        _ => {
            return Err(ApiError::bad_request("It is not clear which collection these records belong to.")
                .hint("Choose a collection (--collection), or a schema (--schema)."));
        }
    };
    let key_field = match (&request.key_field, pack) {
        (Some(key), _) if !key.is_empty() => key.clone(),
        (_, Some(pack)) => pack.steward.key.clone(),
        _ => workspace.settings(&collection).await?.key_field,
    };
    if !steward_domain::FieldPath::name(&key_field).is_dotted() {
        return Err(ApiError::bad_request(format!(
            "'{key_field}' cannot be a key: a MongoDB index cannot have a name that contains a dot or begins with a dollar sign."
        ))
        .hint("Choose another field (--key), or give the column another name in a mapping."));
    }
    expect(&mut files, workspace.registry.get(&schema).ok(), &key_field);
    let duplicates = match (&request.duplicates, pack.and_then(|p| p.steward.newest.clone())) {
        (Some(chosen), _) => chosen.clone(),
        (None, Some(field)) => Duplicates::Newest { field },
        (None, None) => Duplicates::Ask,
    };
    let (mut collection, mut mode, mut staging) = (collection, request.mode, None);
    if request.staged {
        let staged = runs::staging_name(workspace, &collection).await?;
        staging = Some(Staging { collection: std::mem::replace(&mut collection, staged), mode, promoted_by: None });
        mode = steward_domain::ImportMode::Upsert;
    }
    Ok(ImportSpec { files, collection, key_field, schema, schema_reason, mode, mapping, duplicates, staging, promotes: None })
}

/// The schema of the collection if it has one, else the one that fits, with the reason; a tie is asked about.
pub(crate) async fn detect_one(
    workspace: &Workspace,
    files: &[SourceFile],
    mapping: Option<&Mapping>,
    collection: Option<&str>,
) -> ApiResult<(String, String)> {
    if let Some(collection) = collection {
        let settings = workspace.settings(collection).await?;
        if !settings.schema.is_empty() {
            return Ok((settings.schema, format!("the records of {collection} have it")));
        }
    }
    let (mut chosen, mut reason) = (String::new(), "none fits these fields".to_owned());
    for file in files {
        let records = first_records(file.clone(), mapping.cloned()).await?;
        let found = detections(workspace, &records);
        if let [first, second, ..] = found.as_slice()
            && (first.confidence - second.confidence).abs() < 0.05
        {
            return Err(ApiError::bad_request(format!("{} fits {} and {} alike.", file.name, first.schema, second.schema))
                .hint("Choose the schema (--schema)."));
        }
        let Some(best) = found.first() else {
            continue;
        };
        if !chosen.is_empty() && chosen != best.schema {
            return Err(ApiError::bad_request("These files are of different kinds.").hint("Import them one by one."));
        }
        chosen.clone_from(&best.schema);
        best.reason.trim_end_matches('.').clone_into(&mut reason);
    }
    Ok((chosen, reason))
}

pub(crate) async fn stamp(workspace: &Workspace, collection: &str) -> ApiResult<CollectionStamp> {
    let last = steward_workspace::history::list(workspace, Some(collection), None, 1).await?;
    Ok(CollectionStamp {
        records: workspace.store.count(collection, &Filter::all()).await?,
        last_change: last.first().map(|set| set.id.clone()),
    })
}

/// What the progress of reading these sources counts.
pub(crate) fn unit(spec: &ImportSpec) -> JobUnit {
    if spec.files.iter().all(|f| matches!(f.place, Place::File(_))) { JobUnit::Bytes } else { JobUnit::Records }
}

/// A source as it was when the plan was made. A collection is read as it is then.
pub(crate) fn stamp_of(file: &SourceFile) -> FileStamp {
    match &file.place {
        Place::File(path) => FileStamp::of(path),
        Place::Collection(_) => FileStamp { bytes: 0, modified: None },
    }
}

pub(crate) fn names(spec: &ImportSpec) -> String {
    spec.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ")
}

pub(crate) fn describe(files: Vec<FileHandle>, spec: &ImportSpec, findings: Option<Findings>) -> ImportPlan {
    let counts = findings.as_ref().map(|f| f.counts);
    let findings = findings.unwrap_or_default();
    ImportPlan {
        plan_id: String::new(),
        files,
        collection: spec.collection.clone(),
        key_field: spec.key_field.clone(),
        schema: spec.schema.clone(),
        schema_reason: spec.schema_reason.clone(),
        mode: spec.mode,
        staging: spec.staging.clone(),
        counts,
        updates: findings
            .updates
            .into_iter()
            .map(|u| DiffSample { key: RecordKey(Value(u.key)), title: u.title, changes: u.changes })
            .collect(),
        rejected: findings
            .rejected
            .into_iter()
            .map(|r| RejectedRow {
                file: r.file,
                row_number: i64::try_from(r.row_number).unwrap_or(i64::MAX),
                raw: r.raw,
                errors: r.errors,
            })
            .collect(),
        problems: findings
            .problems
            .into_iter()
            .map(|p| ProblemCount { field: p.field, rule: p.rule, message: p.message, rows: p.rows })
            .collect(),
        unknown_fields: findings.unknown_fields,
        notes: findings.notes,
        recognised: findings
            .files
            .into_iter()
            .filter(|f| !f.recognised.is_empty())
            .map(|f| RecognisedFile { file: f.name, recognised: f.recognised })
            .collect(),
    }
}

/// How files are read and checked that nobody wants to import.
pub(crate) async fn spec_to_validate(app: &App, workspace: &Workspace, request: ValidateFiles) -> ApiResult<ImportSpec> {
    let plan = PlanImport {
        sources: request.sources,
        duplicates: None,
        schema: request.schema,
        collection: None,
        key_field: None,
        mode: steward_domain::ImportMode::Upsert,
        staged: false,
        full: true,
    };
    match spec_of(app, workspace, &plan).await {
        Ok(spec) if !spec.schema.is_empty() => Ok(spec),
        Ok(_) | Err(_) if plan.schema.is_none() => Err(ApiError::bad_request("No schema fits these files.").hint("Choose one (--schema).")),
        Ok(_) => Err(ApiError::bad_request("Choose a schema to check against.")),
        Err(e) => Err(e),
    }
}
