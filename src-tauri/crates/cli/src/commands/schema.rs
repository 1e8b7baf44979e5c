//! `schema …`: packs that come with Steward, and those of the workspace's own.

use std::path::Path;

use steward_api::call;
use steward_api::dto::{
    AddedSchema, AssignSchema, CollectionInfo, Empty, ExampleResult, OfferedSchema, SchemaDetail, SchemaExample, SchemaId, SchemaOutcome,
    SchemaSummary, Schemas, SchemasTested, TestSchemas,
};
use steward_api::{Address, ApiError, ApiResult};

use super::files;
use crate::args::{AddSchema, Schema};
use crate::exit;
use crate::output::{self, counted, line};
use crate::session::Session;

pub async fn run(session: &Session, command: Schema) -> ApiResult<u8> {
    match command {
        Schema::List => list(session).await,
        Schema::Show { id } => show(session, id).await,
        Schema::Assign { collection, schema } => assign(session, collection, schema).await,
        Schema::Add(command) => add(session, command).await,
        Schema::Remove { id } => remove(session, id).await,
        Schema::Test { pack, folder } => test(session, pack, folder.as_deref()).await,
    }
}

/// Opens the workspace where there is one, for the packs of its own.
pub async fn know_own_packs(session: &Session) -> ApiResult<bool> {
    let there = match session.address()? {
        Address::File(path) => path.exists(),
        Address::Mongo(_) => true,
    };
    if there {
        session.open(false).await?;
    }
    Ok(there)
}

async fn list(session: &Session) -> ApiResult<u8> {
    know_own_packs(session).await?;
    let list: Schemas = session.call(call::schemas::List, &Empty {}).await?;
    output::answer(session.json, &list, |list| {
        let row = |s: &SchemaSummary| {
            let of = if s.builtin { "comes with Steward" } else { "of this workspace" };
            vec![s.id.clone(), s.title.clone(), format!("collection {}", s.collection), format!("key {}", s.key_field), of.into()]
        };
        output::table(&list.schemas.iter().map(row).collect::<Vec<_>>());
    });
    Ok(exit::DONE)
}

async fn show(session: &Session, id: String) -> ApiResult<u8> {
    know_own_packs(session).await?;
    let detail: SchemaDetail = session.call(call::schemas::Get, &SchemaId { schema: id }).await?;
    output::answer(session.json, &detail, |detail| {
        line(&format!("{}  {}", detail.summary.id, detail.summary.title));
        line(&detail.summary.description);
        let rows: Vec<Vec<String>> = detail
            .fields
            .iter()
            .map(|f| vec![f.name.clone(), f.types.join("|"), if f.required { "required".into() } else { String::new() }, f.rules.clone()])
            .collect();
        output::table(&rows);
        for version in &detail.versions {
            let when = version.added_at.as_deref().map(|at| format!(", added {at} by {}", version.by.as_deref().unwrap_or_default()));
            line(&format!("Version {}{}", version.version, when.unwrap_or_default()));
            for change in &version.changes {
                line(&format!("  {change}"));
            }
        }
    });
    Ok(exit::DONE)
}

async fn assign(session: &Session, collection: String, schema: String) -> ApiResult<u8> {
    session.open(false).await?;
    let schema = (schema != "none").then_some(schema);
    let info: CollectionInfo = session.call(call::collections::AssignSchema, &AssignSchema { collection, schema }).await?;
    output::answer(session.json, &info, |info| {
        line(&format!("{} follows {}", info.name, info.schema.as_deref().unwrap_or("no schema")));
    });
    Ok(exit::DONE)
}

async fn add(session: &Session, command: AddSchema) -> ApiResult<u8> {
    if command.files.len() > 1 && (command.name.is_some() || command.key.is_some() || command.collection.is_some()) {
        return Err(ApiError::bad_request("A name, key or collection is for one file.").hint("Add the files one by one."));
    }
    session.open(true).await?;
    let mut added: Vec<AddedSchema> = Vec::new();
    let others = files::registered(session, &command.with)?;
    for file in files::registered(session, &command.files)? {
        let request = OfferedSchema {
            file,
            others: others.clone(),
            name: command.name.clone(),
            version: command.version.clone(),
            collection: command.collection.clone(),
            key_field: command.key.clone(),
        };
        added.push(session.call(call::schemas::Add, &request).await?);
    }
    if session.json {
        output::answer(true, &serde_json::json!({"added": added}), |_| {});
        return Ok(exit::DONE);
    }
    for one in &added {
        let said = match one.outcome {
            SchemaOutcome::New => "is added",
            SchemaOutcome::Unchanged => "is there already",
            SchemaOutcome::Replaced => "took the place of the one that nothing used",
        };
        line(&format!("{} {said}: collection {}, key {}", one.summary.id, one.summary.collection, one.summary.key_field));
        for sentence in &one.derived {
            line(&format!("  {sentence}"));
        }
    }
    Ok(exit::DONE)
}

async fn remove(session: &Session, id: String) -> ApiResult<u8> {
    session.open(false).await?;
    let gone: Empty = session.call(call::schemas::Remove, &SchemaId { schema: id.clone() }).await?;
    output::answer(session.json, &gone, |_| line(&format!("The schema {id} is removed.")));
    Ok(exit::DONE)
}

async fn test(session: &Session, schema: Option<String>, folder: Option<&Path>) -> ApiResult<u8> {
    know_own_packs(session).await?;
    let examples = folder.map(examples_in).transpose()?;
    let tested: SchemasTested = session.call(call::schemas::Test, &TestSchemas { schema, examples }).await?;
    output::answer(session.json, &tested, |tested| {
        for result in &tested.results {
            print_result(result);
        }
        line(&format!("{} passed, {} failed", counted(tested.passed, "example"), tested.failed));
    });
    Ok(if tested.failed > 0 { exit::FINDINGS } else { exit::DONE })
}

fn print_result(result: &ExampleResult) {
    let claim = if result.valid { "is accepted" } else { "is refused as it should be" };
    let said = if result.passed { format!("ok    {} {claim}", result.name) } else { format!("FAIL  {}", result.name) };
    line(&format!("{}  {said}", result.schema));
    for problem in &result.problems {
        line(&format!("      {problem}"));
    }
}

/// The examples in a folder, or in `examples` below it.
fn examples_in(folder: &Path) -> ApiResult<Vec<SchemaExample>> {
    let below = folder.join("examples");
    let folder = if below.is_dir() { &below } else { folder };
    let mut out = Vec::new();
    for (kind, valid) in [("valid", true), ("invalid", false)] {
        let Ok(entries) = std::fs::read_dir(folder.join(kind)) else {
            continue;
        };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
        paths.sort();
        for path in paths {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            out.push(SchemaExample { name: format!("{kind}/{name}"), valid, content: files::json(&path, "The example")? });
        }
    }
    if out.is_empty() {
        return Err(ApiError::not_found(format!("There are no examples in {}.", folder.display()))
            .hint("Examples are JSON files in its folders 'valid' and 'invalid'."));
    }
    Ok(out)
}
