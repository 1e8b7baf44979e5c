//! `schemas.*`

use steward_schema::examples::{self, Claim, Example};
use steward_schema::{Checker, Other, Pack, Registry, SchemaFault, Wanted};
use steward_workspace::normalise;
use steward_workspace::packs::{self, Added};

use crate::app::App;
use crate::caller::Call;
use crate::dto::{
    AddedSchema, Empty, ExampleResult, InspectedSchema, OfferedSchema, SchemaDetail, SchemaExample, SchemaField, SchemaId, SchemaOutcome,
    SchemaProblem, SchemaSummary, SchemaVersion, Schemas, SchemasTested, TestSchemas,
};
use crate::error::{ApiError, ApiResult, ErrorCode};

fn summary(packs: &Registry, pack: &Pack) -> SchemaSummary {
    let stored = normalise::stored_as(packs, pack).unwrap_or(pack);
    SchemaSummary {
        id: pack.id.to_string(),
        pack: pack.id.name.clone(),
        version: pack.id.version.clone(),
        title: if pack.text("title").is_empty() { pack.id.name.clone() } else { pack.text("title").to_owned() },
        description: pack.text("description").to_owned(),
        collection: pack.steward.collection.clone(),
        key_field: pack.steward.key.clone(),
        stored_in: stored.steward.collection.clone(),
        stored_by: stored.steward.key.clone(),
        builtin: pack.builtin,
        added_at: pack.added.as_ref().map(|added| added.at.clone()),
        by: pack.added.as_ref().map(|added| added.by.clone()),
    }
}

fn versions(packs: &Registry, name: &str) -> Vec<SchemaVersion> {
    let all = packs.versions(name);
    let version = |(at, pack): (usize, &Pack)| SchemaVersion {
        id: pack.id.to_string(),
        version: pack.id.version.clone(),
        added_at: pack.added.as_ref().map(|added| added.at.clone()),
        by: pack.added.as_ref().map(|added| added.by.clone()),
        file: pack.added.as_ref().map(|added| added.file.clone()),
        changes: at.checked_sub(1).and_then(|before| all.get(before)).map_or_else(Vec::new, |before| steward_schema::changes(before, pack)),
    };
    let mut out: Vec<SchemaVersion> = all.iter().enumerate().map(version).collect();
    out.reverse();
    out
}

pub async fn list(app: &Call, _: Empty) -> ApiResult<Schemas> {
    let packs = app.packs();
    Ok(Schemas { schemas: packs.all().map(|pack| summary(&packs, pack)).collect() })
}

pub async fn get(app: &Call, request: SchemaId) -> ApiResult<SchemaDetail> {
    let packs = app.packs();
    let pack = packs.get(&request.schema).map_err(steward_workspace::Error::from)?;
    let fields = steward_schema::describe(pack).into_iter().map(|f| SchemaField {
        name: f.name,
        title: f.title,
        description: f.description,
        types: f.types,
        required: f.required,
        format: f.format,
        choices: f.choices,
        rules: f.rules,
    });
    Ok(SchemaDetail {
        summary: summary(&packs, pack),
        json: pack.json.clone(),
        fields: fields.collect(),
        readme: pack.readme.clone(),
        changelog: pack.changelog.clone(),
        versions: versions(&packs, &pack.id.name),
    })
}

/// Larger files hold something else; they are not read at all.
const LARGEST: u64 = 4 << 20;

/// The text of an offered document, and the name of its file.
async fn text_of(app: &App, file: &str) -> ApiResult<(String, String)> {
    let (path, name) = app.files.get(file)?;
    let failed = |e| ApiError::from(steward_workspace::Error::file(&path, e));
    if tokio::fs::metadata(&path).await.map_err(failed)?.len() > LARGEST {
        return Err(ApiError::bad_request(format!("{name} is too large for a schema.")).hint("Choose a JSON Schema document."));
    }
    let bytes = tokio::fs::read(&path).await.map_err(failed)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| ApiError::bad_request(format!("{name} is no text in UTF-8.")).hint("Choose a JSON Schema document."))?;
    Ok((text, name))
}

/// The documents that the offered one may refer to.
async fn others(app: &App, offered: &OfferedSchema) -> ApiResult<Vec<Other>> {
    let mut others = Vec::new();
    for id in &offered.others {
        let (text, name) = text_of(app, id).await?;
        others.push(Other { name, text });
    }
    Ok(others)
}

fn wanted(offered: &OfferedSchema) -> Wanted {
    Wanted {
        name: offered.name.clone(),
        version: offered.version.clone(),
        collection: offered.collection.clone(),
        key: offered.key_field.clone(),
    }
}

pub async fn inspect(app: &Call, request: OfferedSchema) -> ApiResult<InspectedSchema> {
    let workspace = app.workspace()?;
    let (text, name) = text_of(app, &request.file).await?;
    Ok(match packs::draft(&workspace, &text, &name, &wanted(&request), &others(app, &request).await?) {
        Ok(draft) => InspectedSchema { summary: Some(summary(&app.packs(), &draft.pack)), derived: draft.derived, problem: None },
        Err(SchemaFault { pointer, message, hint }) => {
            InspectedSchema { summary: None, derived: Vec::new(), problem: Some(SchemaProblem { pointer, message, hint }) }
        }
    })
}

pub async fn add(app: &Call, request: OfferedSchema) -> ApiResult<AddedSchema> {
    let workspace = app.workspace()?;
    let (text, name) = text_of(app, &request.file).await?;
    let draft = packs::draft(&workspace, &text, &name, &wanted(&request), &others(app, &request).await?).map_err(|e| {
        let place = if e.pointer.is_empty() { String::new() } else { format!(" (at {})", e.pointer) };
        ApiError::bad_request(format!("{name}: {}{place}", e.message)).hint(e.hint)
    })?;
    let added = packs::add(&workspace, &draft.pack, &name)
        .await
        .map_err(|e| hinted(e, "Give the changed schema a higher version, in x-steward or with --version."))?;
    app.reload_packs().await?;
    let packs = app.packs();
    let pack = packs.get(&draft.pack.id.to_string()).map_err(steward_workspace::Error::from)?;
    let outcome = match added {
        Added::New => SchemaOutcome::New,
        Added::Unchanged => SchemaOutcome::Unchanged,
        Added::Replaced => SchemaOutcome::Replaced,
    };
    Ok(AddedSchema { summary: summary(&packs, pack), outcome, derived: draft.derived })
}

/// What to do where something uses the pack.
fn hinted(e: steward_workspace::Error, hint: &str) -> ApiError {
    let e = ApiError::from(e);
    if e.code == ErrorCode::Conflict { e.hint(hint) } else { e }
}

pub async fn remove(app: &Call, request: SchemaId) -> ApiResult<Empty> {
    let workspace = app.workspace()?;
    let id = workspace.registry.get(&request.schema).map_err(steward_workspace::Error::from)?.id.clone();
    packs::remove(&workspace, &id)
        .await
        .map_err(|e| hinted(e, "First give the collection another schema or none, and resolve the rows that wait in quarantine."))?;
    app.reload_packs().await?;
    Ok(Empty {})
}

pub async fn test(app: &Call, request: TestSchemas) -> ApiResult<SchemasTested> {
    let packs = app.packs();
    let chosen = chosen(&packs, request.schema.as_deref())?;
    let given: Option<Vec<Example>> = request.examples.map(|all| all.into_iter().map(example).collect());
    let mut results = Vec::new();
    for pack in chosen {
        let checker = Checker::new(pack, &packs).map_err(steward_workspace::Error::from)?;
        let examples = match &given {
            Some(examples) => examples.clone(),
            None => examples::of_builtin(&pack.id),
        };
        for example in examples {
            let problems = example.run(&checker);
            let (schema, valid) = (pack.id.to_string(), example.claim == Claim::Valid);
            results.push(ExampleResult { schema, name: example.name, valid, passed: problems.is_empty(), problems });
        }
    }
    if results.is_empty() {
        return Err(ApiError::not_found("There are no examples.").hint("Name a folder that has them in 'valid' and 'invalid'."));
    }
    let failed = results.iter().filter(|result| !result.passed).count();
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(SchemasTested { passed: number(results.len() - failed), failed: number(failed), results })
}

/// One version, all versions of a pack, or every pack.
fn chosen<'p>(packs: &'p Registry, schema: Option<&str>) -> ApiResult<Vec<&'p Pack>> {
    match schema {
        None => Ok(packs.all().collect()),
        Some(id) => {
            let pack = packs.get(id).map_err(steward_workspace::Error::from)?;
            Ok(if id.contains('@') { vec![pack] } else { packs.versions(id).iter().collect() })
        }
    }
}

fn example(given: SchemaExample) -> Example {
    Example { name: given.name, claim: if given.valid { Claim::Valid } else { Claim::Invalid }, content: given.content }
}
