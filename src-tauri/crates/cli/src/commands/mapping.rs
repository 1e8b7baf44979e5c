//! `mapping`: saved mappings, suggestions and profiles.

use std::path::Path;

use serde_json::Value as Json;
use steward_api::call;
use steward_api::dto::{
    ColumnProfile, Empty, MappingName, ProfileSource, ProfiledSource, SaveMapping, SavedMapping, SavedMappings, SuggestMapping,
    SuggestedMapping, Suggestion,
};
use steward_api::{ApiError, ApiResult};

use super::files;
use crate::args::Mapping;
use crate::exit;
use crate::output::{self, counted, cut, line, number};
use crate::session::Session;

/// The mapping of `--mapping`: a file, else the name of a saved one. The workspace is open.
pub async fn chosen(session: &Session, given: Option<&str>) -> ApiResult<Option<Json>> {
    let Some(given) = given else {
        return Ok(None);
    };
    if Path::new(given).is_file() {
        return files::json(Path::new(given), "The mapping").map(Some);
    }
    let found: ApiResult<SavedMapping> = session.call(call::mappings::Get, &MappingName { name: given.to_owned() }).await;
    match found {
        Ok(saved) => Ok(Some(saved.mapping)),
        Err(e) if e.code == steward_api::ErrorCode::NotFound => {
            Err(ApiError::not_found(format!("'{given}' is neither a file nor a saved mapping."))
                .hint("See the saved ones with 'steward mapping list'."))
        }
        Err(e) => Err(e),
    }
}

/// [`chosen`] where no workspace is open yet; it is opened only when a name has to be looked up.
pub async fn chosen_before(session: &Session, given: Option<&str>) -> ApiResult<Option<Json>> {
    let is_name = given.is_some_and(|given| !Path::new(given).is_file());
    if is_name {
        session.open(false).await?;
    }
    let found = chosen(session, given).await;
    if is_name {
        session.app.close();
    }
    found
}

pub async fn run(session: &Session, command: Mapping) -> ApiResult<u8> {
    match command {
        Mapping::List => list(session).await,
        Mapping::Show { name } => show(session, name).await,
        Mapping::Save { name, file, schema, replace } => save(session, name, &file, schema, replace).await,
        Mapping::Remove { name } => remove(session, name).await,
        Mapping::Suggest { file, schema, choices } => {
            let _scratch = files::known_or_scratch(session).await?;
            let named = files::named(session, &[file], &choices).await?;
            suggest(session, SuggestMapping { sources: named.sources.clone(), schema }).await
        }
        Mapping::Profile { file, choices } => {
            let named = files::named(session, &[file], &choices).await?;
            profile(session, ProfileSource { sources: named.sources.clone() }).await
        }
    }
}

async fn list(session: &Session) -> ApiResult<u8> {
    session.open(false).await?;
    let saved: SavedMappings = session.call(call::mappings::List, &Empty {}).await?;
    output::answer(session.json, &saved, |saved| {
        if saved.mappings.is_empty() {
            line("No mapping is saved here. Save one with 'steward mapping save NAME FILE'.");
        }
        let row = |m: &SavedMapping| vec![m.name.clone(), m.schema.clone(), m.updated_at.clone(), m.by.clone()];
        output::table(&saved.mappings.iter().map(row).collect::<Vec<_>>());
    });
    Ok(exit::DONE)
}

fn print_document(mapping: &Json) {
    output::pretty(mapping);
}

async fn show(session: &Session, name: String) -> ApiResult<u8> {
    session.open(false).await?;
    let saved: SavedMapping = session.call(call::mappings::Get, &MappingName { name }).await?;
    output::answer(session.json, &saved, |saved| print_document(&saved.mapping));
    Ok(exit::DONE)
}

async fn save(session: &Session, name: String, file: &Path, schema: Option<String>, replace: bool) -> ApiResult<u8> {
    let mapping = files::json(file, "The mapping")?;
    session.open(true).await?;
    let request = SaveMapping { name, schema: schema.unwrap_or_default(), mapping, replace, renamed_from: None };
    let saved: SavedMapping = session.call(call::mappings::Save, &request).await.map_err(|e: ApiError| match e.code {
        steward_api::ErrorCode::Conflict => e.hint("Replace it with --replace, or choose another name."),
        _ => e,
    })?;
    output::answer(session.json, &saved, |saved| line(&format!("Saved. Use it with 'steward import FILE --mapping \"{}\"'.", saved.name)));
    Ok(exit::DONE)
}

async fn remove(session: &Session, name: String) -> ApiResult<u8> {
    session.open(false).await?;
    let gone: Empty = session.call(call::mappings::Remove, &MappingName { name: name.clone() }).await?;
    output::answer(session.json, &gone, |_| line(&format!("The mapping '{name}' is removed.")));
    Ok(exit::DONE)
}

async fn suggest(session: &Session, request: SuggestMapping) -> ApiResult<u8> {
    let found: SuggestedMapping = session.call(call::mappings::Suggest, &request).await?;
    let Some(suggestion) = &found.suggestion else {
        return Err(ApiError::bad_request("No schema fits this file.").hint("Choose one (--schema)."));
    };
    if session.json {
        output::answer(true, &found, |_| {});
    } else {
        // The document alone goes to standard output, so that it can go on into a file.
        explain(session, &found, suggestion);
        print_document(&serde_json::to_value(&suggestion.mapping).unwrap_or_default());
    }
    Ok(exit::DONE)
}

fn explain(session: &Session, found: &SuggestedMapping, suggestion: &Suggestion) {
    session.say(&format!("To {}:", found.schema));
    for m in &suggestion.matches {
        session.say(&format!("  {} -> {}  {:.0} %  {}", m.column, m.to, m.confidence * 100.0, m.reason));
    }
    for column in &suggestion.unmatched_columns {
        session.say(&format!("  {column} matches no field; it is imported unchanged."));
    }
    for field in &suggestion.missing_fields {
        session.say(&format!("  No column fits {field}, which is required."));
    }
    for question in &suggestion.questions {
        session.say(&format!("  {question}"));
    }
    session.say(&format!(
        "Of {}, {} have problems with it and {} without.",
        counted(found.checked, "row"),
        number(found.bad_with),
        number(found.bad_without)
    ));
}

async fn profile(session: &Session, request: ProfileSource) -> ApiResult<u8> {
    let found: ProfiledSource = session.call(call::mappings::Profile, &request).await?;
    output::answer(session.json, &found, |found| {
        let rows = i64::try_from(found.profile.rows).unwrap_or(i64::MAX);
        line(&format!("{}{} of {}", if found.whole { "All " } else { "The first " }, counted(rows, "row"), found.file.name));
        let head = ["column", "type", "missing", "distinct", "smallest", "largest", "example"].map(str::to_owned).to_vec();
        let rows = found.profile.columns.iter().map(|column| column_row(column, found.profile.rows));
        output::table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    });
    Ok(exit::DONE)
}

fn column_row(column: &ColumnProfile, rows: u64) -> Vec<String> {
    let kind = serde_json::to_value(column.kind).ok().and_then(|k| k.as_str().map(str::to_owned)).unwrap_or_default();
    let bound = |value: &Option<Json>| value.as_ref().map(|v| output::brief(v, 24)).unwrap_or_default();
    vec![
        cut(&column.name, 40),
        kind,
        format!("{:.0} %", 100.0 * column.missing as f64 / rows.max(1) as f64),
        format!("{}{}", if column.distinct_exact { "" } else { "at least " }, number(i64::try_from(column.distinct).unwrap_or(i64::MAX))),
        bound(&column.min),
        bound(&column.max),
        cut(&column.example.clone().unwrap_or_default().replace('\n', " "), 60),
    ]
}
