//! `mappings.*`: saved mappings, and what is reported while one is made.

use std::sync::Arc;

use bson::Document;
use steward_domain::{Filter, Value};
use steward_import::import::Reading;
use steward_import::preview::{self, Trial, Tried};
use steward_import::sample::Sample;
use steward_mapping::{Mapping, MappingError, Suggestion};
use steward_schema::{Pack, Registry};
use steward_store::{Durability, WriteBatch, WriteOp, names};
use steward_workspace::Workspace;

use crate::imports::reading::{detections, first_records, mapping_of, sources};
use steward_workspace::Event;

use crate::app::App;
use crate::caller::Call;
use crate::dto::{
    Empty, FileHandle, MappingFault, MappingFile, MappingName, MappingPreview, PreviewMapping, PreviewRow, ProblemCount, ProfileSource,
    ProfiledSource, ReadMapping, SaveMapping, SavedMapping, SavedMappings, Sources, SuggestMapping, SuggestedMapping, WriteMapping,
};
use crate::error::{ApiError, ApiResult, ErrorCode};

/// Saved mappings that a workspace may have.
const MANY: usize = 10_000;

fn saved(doc: &Document) -> Option<SavedMapping> {
    let text = |name: &str| doc.get_str(name).map(str::to_owned).ok();
    Some(SavedMapping {
        name: text("_id")?,
        schema: text("schema")?,
        updated_at: text("updatedAt")?,
        by: text("by")?,
        mapping: serde_json::from_str(doc.get_str("mapping").ok()?).ok()?,
    })
}

pub async fn list(app: &Call, _: Empty) -> ApiResult<SavedMappings> {
    let documents = app.workspace()?.own_documents(names::MAPPINGS, Filter::all(), "_id", MANY).await?;
    let mut mappings: Vec<SavedMapping> = documents.iter().filter_map(saved).collect();
    mappings.sort_by_key(|m| m.name.to_lowercase());
    Ok(SavedMappings { mappings })
}

async fn find(workspace: &Workspace, name: &str) -> ApiResult<Option<SavedMapping>> {
    Ok(workspace.own_document(names::MAPPINGS, name).await?.as_ref().and_then(saved))
}

pub async fn get(app: &Call, request: MappingName) -> ApiResult<SavedMapping> {
    let found = find(&app.workspace()?, &request.name).await?;
    found.ok_or_else(|| ApiError::not_found(format!("There is no saved mapping '{}'.", request.name)))
}

pub async fn save(app: &Call, request: SaveMapping) -> ApiResult<SavedMapping> {
    let workspace = app.workspace()?;
    let name = request.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(ApiError::bad_request("A mapping needs a name of 1 to 100 characters."));
    }
    let mapping = mapping_of(Some(&request.mapping))?.unwrap_or_default();
    if !request.schema.is_empty() {
        workspace.registry.get(&request.schema).map_err(steward_workspace::Error::from)?;
    }
    let itself = request.renamed_from.as_ref() == Some(&name);
    if !request.replace && !itself && find(&workspace, &name).await?.is_some() {
        return Err(
            ApiError::new(ErrorCode::Conflict, format!("There is a mapping '{name}' already.")).hint("Choose another name, or replace it.")
        );
    }
    // The name is in the document, too, so that a file that is shared keeps it.
    let mapping = serde_json::to_value(Mapping { name: name.clone(), ..mapping }).unwrap_or(request.mapping);
    let saved = SavedMapping { name, schema: request.schema, updated_at: workspace.clock.stamp(), by: workspace.actor.clone(), mapping };
    let doc = bson::doc! {
        "_id": &saved.name, "schema": &saved.schema, "updatedAt": &saved.updated_at, "by": &saved.by,
        // As text: names of columns may hold dots and dollar signs.
        "mapping": saved.mapping.to_string(),
    };
    let mut ops = vec![WriteOp::put(names::MAPPINGS, &doc)?];
    if let Some(before) = request.renamed_from.filter(|_| !itself) {
        ops.push(WriteOp::DeleteMany { collection: names::MAPPINGS.into(), filter: Filter::eq("_id", before) });
    }
    workspace.store.write(WriteBatch::data(ops), Durability::Full).await?;
    workspace.events.emit(&Event::SettingsChanged);
    Ok(saved)
}

pub async fn remove(app: &Call, request: MappingName) -> ApiResult<Empty> {
    let workspace = app.workspace()?;
    if find(&workspace, &request.name).await?.is_none() {
        return Err(ApiError::not_found(format!("There is no saved mapping '{}'.", request.name)));
    }
    let gone = WriteOp::DeleteMany { collection: names::MAPPINGS.into(), filter: Filter::eq("_id", request.name) };
    workspace.store.write(WriteBatch::data(vec![gone]), Durability::Full).await?;
    workspace.events.emit(&Event::SettingsChanged);
    Ok(Empty {})
}

/// Larger files hold something else.
const LARGEST: u64 = 4 << 20;

pub async fn read(app: &Call, request: MappingFile) -> ApiResult<ReadMapping> {
    let (path, name) = app.files.get(&request.file)?;
    let failed = |e| ApiError::from(steward_workspace::Error::file(&path, e));
    if tokio::fs::metadata(&path).await.map_err(failed)?.len() > LARGEST {
        return Err(ApiError::bad_request(format!("{name} is too large for a mapping.")).hint("Choose the file of a mapping."));
    }
    let text = tokio::fs::read_to_string(&path).await.map_err(failed)?;
    let mapping = Mapping::parse(&text).map_err(|e| ApiError::from(steward_workspace::Error::from(e)))?;
    let mapping =
        serde_json::to_value(&mapping).map_err(|e| ApiError::bad_request("The mapping cannot be read.").details(e.to_string()))?;
    Ok(ReadMapping { mapping })
}

pub async fn write(app: &Call, request: WriteMapping) -> ApiResult<FileHandle> {
    let (path, _) = app.files.get(&request.file)?;
    let text = serde_json::to_string_pretty(&request.mapping).unwrap_or_default();
    tokio::fs::write(&path, text).await.map_err(|e| ApiError::from(steward_workspace::Error::file(&path, e)))?;
    app.files.handle(&request.file)
}

/// The sample of the first file.
async fn sample(app: &App, asked: &Sources, schema: Option<&str>) -> ApiResult<Arc<Sample>> {
    let mut first = sources(app, asked).await?.into_iter().next().ok_or_else(|| ApiError::bad_request("Choose a file."))?;
    if let (Some(schema), Ok(workspace)) = (schema, app.workspace())
        && let Ok(pack) = workspace.registry.get(schema)
    {
        first.expect(Some(pack), &pack.steward.key);
    }
    app.samples.of(first).await
}

/// Work that keeps a processor busy, off the threads that answer.
async fn busy<T: Send + 'static>(work: impl FnOnce() -> ApiResult<T> + Send + 'static) -> ApiResult<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| ApiError::new(ErrorCode::Internal, "Looking at the file stopped unexpectedly.").details(e.to_string()))?
}

pub async fn profile(app: &Call, request: ProfileSource) -> ApiResult<ProfiledSource> {
    let sample = sample(app, &request.sources, None).await?;
    let file = app.files.handle(&request.sources.files[0])?;
    busy(move || Ok(ProfiledSource { file, whole: sample.whole, profile: sample.profile() })).await
}

/// Records are checked against the schema itself, even where they are stored as those of another one: that is what the
/// rules of a mapping write to.
fn reading(workspace: &Workspace, schema: &str, mapping: Option<Mapping>) -> ApiResult<Reading> {
    if schema.is_empty() {
        return Ok(Reading { mapping, key_field: "_id".into(), ..Reading::default() });
    }
    let pack = workspace.registry.get(schema).map_err(steward_workspace::Error::from)?.clone();
    let checker = Some(workspace.checker(schema)?);
    Ok(Reading { checker, key_field: pack.steward.key.clone(), pack: Some(Arc::new(pack)), mapping, ..Reading::default() })
}

pub async fn suggest(app: &Call, request: SuggestMapping) -> ApiResult<SuggestedMapping> {
    let workspace = app.workspace()?;
    let sample = sample(app, &request.sources, request.schema.as_deref()).await?;
    let schema = match request.schema {
        Some(schema) => schema,
        None => {
            let first = sources(app, &request.sources).await?.into_iter().next();
            let records = first_records(first.ok_or_else(|| ApiError::bad_request("Choose a file."))?, None).await?;
            detections(&workspace, &records).into_iter().next().map(|d| d.schema).unwrap_or_default()
        }
    };
    busy(move || {
        let profile = sample.profile();
        let chosen = match schema.as_str() {
            "" => nearest(&workspace.registry, &profile),
            id => Some(workspace.registry.get(id).map_err(steward_workspace::Error::from)?),
        };
        let Some(pack) = chosen else {
            return Ok(SuggestedMapping { schema, suggestion: None, needed: false, checked: 0, bad_without: 0, bad_with: 0 });
        };
        let (schema, suggestion) = (pack.id.to_string(), steward_mapping::suggest(&profile, pack));
        let without = preview::run(&sample, &reading(&workspace, &schema, None)?, 0)?;
        let with = preview::run(&sample, &reading(&workspace, &schema, Some(suggestion.mapping.clone()))?, 0)?;
        Ok(SuggestedMapping {
            schema,
            needed: is_better(&with, &without),
            suggestion: Some(suggestion),
            checked: whole(with.checked),
            bad_without: whole(without.bad),
            bad_with: whole(with.bad),
        })
    })
    .await
}

/// Fewer rows have problems, or fields get values that stay empty otherwise.
fn is_better(with: &Trial, without: &Trial) -> bool {
    with.bad < without.bad || (with.bad == without.bad && with.filled.iter().any(|field| !without.filled.contains(field)))
}

/// The schema that most columns could be mapped to, where none is recognised by its names: at least half of what it
/// requires has to be there.
fn nearest<'r>(registry: &'r Registry, profile: &steward_mapping::Profile) -> Option<&'r Pack> {
    let newest = registry.all().filter(|pack| registry.get(&pack.id.name).is_ok_and(|p| p.id == pack.id));
    let fits = |suggestion: &Suggestion| {
        let found = suggestion.matches.len();
        found >= 2 && found >= suggestion.missing_fields.len() && found * 2 >= profile.columns.len()
    };
    let score =
        |suggestion: &Suggestion| suggestion.matches.iter().map(|m| m.confidence).sum::<f64>() - suggestion.missing_fields.len() as f64;
    let validated = newest.map(|pack| (pack, steward_mapping::suggest(profile, pack))).filter(|(_, suggestion)| fits(suggestion));
    validated.max_by(|(_, a), (_, b)| score(a).total_cmp(&score(b))).map(|(pack, _)| pack)
}

fn fault(e: MappingError) -> MappingFault {
    MappingFault { pointer: e.pointer, message: e.message, hint: e.hint }
}

pub async fn attempt(app: &Call, request: PreviewMapping) -> ApiResult<MappingPreview> {
    let workspace = app.workspace()?;
    let limit = usize::try_from(request.limit.clamp(1, 100)).unwrap_or(1);
    let sample = sample(app, &request.sources, request.schema.as_deref()).await?;
    let mapping = request.sources.mapping.map(Mapping::from_json).transpose();
    let schema = request.schema.unwrap_or_default();
    busy(move || {
        let mapping = match mapping {
            Ok(mapping) => mapping,
            Err(e) => return Ok(shown(preview::untouched(&sample, limit), Some(fault(e)))),
        };
        let how = reading(&workspace, &schema, mapping)?;
        Ok(match preview::fits(&sample, &how) {
            Ok(()) => shown(preview::run(&sample, &how, limit)?, None),
            Err(e) => shown(preview::untouched(&sample, limit), Some(fault(e))),
        })
    })
    .await
}

fn shown(trial: Trial, error: Option<MappingFault>) -> MappingPreview {
    MappingPreview {
        rows: trial.rows.into_iter().map(tried).collect(),
        bad_rows: trial.bad_rows.into_iter().map(tried).collect(),
        checked: whole(trial.checked),
        bad: whole(trial.bad),
        problems: trial
            .problems
            .into_iter()
            .map(|p| ProblemCount { field: p.field, rule: p.rule, message: p.message, rows: p.rows })
            .collect(),
        filled: trial.filled,
        error,
    }
}

fn tried(row: Tried) -> PreviewRow {
    PreviewRow {
        row_number: whole(row.number),
        source: row.source.map(Value::from),
        document: row.document.map(Value::from),
        raw: String::from_utf8_lossy(&row.raw).chars().take(2000).collect(),
        violations: row.violations,
    }
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
