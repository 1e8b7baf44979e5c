//! `quarantine …`

use std::path::Path;

use serde_json::json;
use steward_api::call;
use steward_api::dto::{
    DiscardQuarantine, Discarded, EditQuarantine, ExportQuarantine, Job, JobOutcome, ListQuarantine, QuarantineEdited,
    QuarantineExportFormat, QuarantineFilter, QuarantineId, QuarantinePage, QuarantineSelection, QuarantineStats, RecordsExported,
    RestoreQuarantine, RetryQuarantine,
};
use steward_api::{ApiError, ApiResult, ErrorCode};
use steward_domain::{FieldPath, QuarantineEntry, QuarantineStatus, SourceChoice};

use super::assignment;
use crate::args::{Narrow, Quarantine, QuarantineFormat};
use crate::exit;
use crate::output::{self, counted, cut, line, number};
use crate::session::Session;

fn narrowed(narrow: Narrow) -> ApiResult<QuarantineFilter> {
    let status = match narrow.status.as_deref() {
        None => None,
        Some("waiting") => Some(QuarantineStatus::Waiting),
        Some("released") => Some(QuarantineStatus::Released),
        Some("discarded") => Some(QuarantineStatus::Discarded),
        Some("withdrawn") => Some(QuarantineStatus::Withdrawn),
        Some(other) => return Err(ApiError::bad_request(format!("'{other}' is no status: waiting, released, discarded or withdrawn."))),
    };
    Ok(QuarantineFilter {
        collection: narrow.collection,
        rule: narrow.rule,
        field: narrow.field,
        run_id: narrow.run,
        file: narrow.file,
        schema: narrow.schema,
        status,
    })
}

pub(super) fn selection(ids: Vec<String>, all: bool, narrow: Narrow) -> ApiResult<QuarantineSelection> {
    let filter = narrowed(narrow)?;
    let narrowed = filter != QuarantineFilter::default();
    match (ids.is_empty(), all || narrowed) {
        (false, _) => Ok(QuarantineSelection::Ids { ids }),
        (true, true) => Ok(QuarantineSelection::Filter { filter }),
        (true, false) => {
            Err(ApiError::bad_request("Which rows? Give ids, --all, or narrow them with --rule, --field, --run, --file or --schema."))
        }
    }
}

pub async fn run(session: &Session, command: Quarantine) -> ApiResult<u8> {
    session.open(false).await?;
    match command {
        Quarantine::List { narrow, limit } => {
            let request = ListQuarantine { filter: narrowed(narrow)?, after: None, limit };
            let page: QuarantinePage = session.call(call::quarantine::List, &request).await?;
            output::answer(session.json, &page, print_list);
            Ok(exit::DONE)
        }
        Quarantine::Show { id } => {
            let entry: QuarantineEntry = session.call(call::quarantine::Get, &QuarantineId { id }).await?;
            output::answer(session.json, &entry, print_entry);
            Ok(exit::DONE)
        }
        Quarantine::Stats => {
            let stats: QuarantineStats = session.call(call::quarantine::Stats, &QuarantineFilter::default()).await?;
            output::answer(session.json, &stats, print_stats);
            Ok(exit::DONE)
        }
        Quarantine::Edit { id, set, unset } => edit(session, id, &set, &unset).await,
        Quarantine::Retry { ids, all, replace, narrow } => {
            let request = RetryQuarantine { selection: selection(ids, all, narrow)?, replace };
            resolved(session, session.run_job(call::quarantine::Retry, &request).await?)
        }
        Quarantine::Discard { ids, all, narrow, reason } => {
            let request = DiscardQuarantine { selection: selection(ids, all, narrow)?, reason };
            let done: Discarded = session.call(call::quarantine::Discard, &request).await?;
            output::answer(session.json, &done, |d| {
                line(&format!("{} discarded. Use 'steward quarantine restore' to restore them.", counted(d.discarded, "row")))
            });
            Ok(exit::DONE)
        }
        Quarantine::Restore { ids } => {
            let done: Discarded = session.call(call::quarantine::Restore, &RestoreQuarantine { ids }).await?;
            output::answer(session.json, &done, |d| line(&format!("{} restored.", counted(d.discarded, "row"))));
            Ok(exit::DONE)
        }
        Quarantine::Fix(fix) => super::fixes::fix(session, *fix).await,
        Quarantine::ImportCorrections { file, encoding, delimiter, reason, yes } => {
            let choice = SourceChoice { encoding, delimiter, ..SourceChoice::default() };
            super::fixes::import_corrections(session, &file, choice, reason, yes).await
        }
        Quarantine::Export { out, format, narrow } => export(session, &out, format, narrowed(narrow)?).await,
    }
}

/// Writes a file; into a folder, every kind of it.
async fn export(session: &Session, out: &Path, format: Option<QuarantineFormat>, filter: QuarantineFilter) -> ApiResult<u8> {
    if out.is_dir() && format.is_none() {
        let mut files = Vec::new();
        for format in [QuarantineFormat::Ndjson, QuarantineFormat::Errors, QuarantineFormat::Rows] {
            let file = out.join(file_name(format));
            files.push((file.clone(), export_one(session, &file, format, filter.clone()).await?));
        }
        let written: Vec<_> =
            files.iter().map(|(file, done)| json!({"file": file.display().to_string(), "records": done.records})).collect();
        output::answer(session.json, &json!({ "files": written }), |_| {
            for (file, done) in &files {
                line(&format!("{} written to {}", counted(done.records, "row"), file.display()));
            }
        });
        return Ok(exit::DONE);
    }
    let csv = out.extension().is_some_and(|e| e == "csv");
    let format = format.unwrap_or(if csv { QuarantineFormat::Errors } else { QuarantineFormat::Ndjson });
    let out = if out.is_dir() { out.join(file_name(format)) } else { out.to_owned() };
    let done = export_one(session, &out, format, filter).await?;
    output::answer(session.json, &done, |d| line(&format!("{} written to {}", counted(d.records, "row"), out.display())));
    Ok(exit::DONE)
}

fn file_name(format: QuarantineFormat) -> &'static str {
    match format {
        QuarantineFormat::Ndjson => "quarantine.ndjson",
        QuarantineFormat::Errors => "errors.csv",
        QuarantineFormat::Rows => "rows-to-correct.csv",
    }
}

async fn export_one(session: &Session, out: &Path, format: QuarantineFormat, filter: QuarantineFilter) -> ApiResult<RecordsExported> {
    let format = match format {
        QuarantineFormat::Ndjson => QuarantineExportFormat::Ndjson,
        QuarantineFormat::Errors => QuarantineExportFormat::Errors,
        QuarantineFormat::Rows => QuarantineExportFormat::Rows,
    };
    let file = session.app.files.register(out).id;
    match session.run_job(call::quarantine::Export, &ExportQuarantine { filter, format, file }).await?.outcome {
        Some(JobOutcome::Exported(done)) => Ok(done),
        _ => Err(ApiError::new(ErrorCode::Internal, "The job ended without an outcome.")),
    }
}

fn print_list(page: &QuarantinePage) {
    if page.entries.is_empty() {
        line("Nothing is in quarantine.");
        return;
    }
    let rows: Vec<Vec<String>> = page
        .entries
        .iter()
        .map(|e| {
            let first = e.errors.first().map(|v| format!("{} {}", v.field(), v.message)).unwrap_or_default();
            let more = if e.errors.len() > 1 { format!(" (+{})", e.errors.len() - 1) } else { String::new() };
            vec![e.id.clone(), format!("{}:{}", e.source_file, e.row_number), format!("{}{more}", cut(&first, 90))]
        })
        .collect();
    output::table(&rows);
    let shown = i64::try_from(page.entries.len()).unwrap_or(0);
    if page.total > shown {
        line(&format!("{} of {}", number(shown), counted(page.total, "row")));
    }
}

fn print_entry(entry: &QuarantineEntry) {
    line(&format!(
        "{}  row {} at byte {}, {}",
        entry.source_file,
        number(entry.row_number),
        number(entry.byte_offset),
        entry.quarantined_at
    ));
    output::violations(&entry.errors);
    match &entry.document {
        Some(document) => output::pretty(document),
        None => line(&cut(&entry.raw, 2000)),
    }
}

fn print_stats(stats: &QuarantineStats) {
    line(&format!("{} waiting, {} released, {} discarded", number(stats.waiting), number(stats.released), number(stats.discarded)));
    let rows: Vec<Vec<String>> =
        stats.problems.iter().map(|p| vec![format!("{:>8}", number(p.rows)), p.field.clone(), p.rule.clone(), p.message.clone()]).collect();
    output::table(&rows);
    for group in stats.by_file.iter().chain(stats.by_schema.iter().filter(|s| !s.name.is_empty())) {
        line(&format!("{:>8}  {}", number(group.count), group.name));
    }
}

async fn edit(session: &Session, id: String, set: &[String], unset: &[String]) -> ApiResult<u8> {
    let entry: QuarantineEntry = session.call(call::quarantine::Get, &QuarantineId { id: id.clone() }).await?;
    let mut document = entry.document.and_then(|d| d.as_document().cloned()).unwrap_or_default();
    let mut places = Vec::new();
    for text in set {
        let (path, value) = assignment(text)?;
        let path = FieldPath::new(path);
        clear(&path, path.namesake(&document))?;
        path.set(&mut document, value.0).map_err(|e| ApiError::bad_request(format!("{e}.")))?;
        places.push(path.to_pointer());
    }
    for path in unset {
        let path = FieldPath::new(path.as_str());
        clear(&path, path.namesake(&document))?;
        path.unset(&mut document);
        places.push(path.to_pointer());
    }
    let request = EditQuarantine { id, document: Some(document.into()), changes: Vec::new(), set: places, release: false };
    let edited: QuarantineEdited = session.call(call::quarantine::Edit, &request).await?;
    output::answer(session.json, &edited, |edited| {
        if edited.violations.is_empty() {
            line(&format!("Nothing is wrong with it any more. Load it with 'steward quarantine retry {}'.", edited.entry.id));
        } else {
            line("Saved. Still wrong:");
            output::violations(&edited.violations);
        }
    });
    Ok(if edited.violations.is_empty() { exit::DONE } else { exit::FINDINGS })
}

/// A path with dots may also be the name of a field: then a person says which is meant.
fn clear(path: &FieldPath, namesake: Option<&str>) -> ApiResult<()> {
    let Some(name) = namesake else { return Ok(()) };
    let (field, inner) = (FieldPath::name(name), path.to_pointer());
    Err(ApiError::bad_request(format!("This record has a field '{name}'. Write {field} for it, or {inner} for the field inside.")))
}

/// What became of rows that were tried again.
pub(super) fn resolved(session: &Session, job: Job) -> ApiResult<u8> {
    let Some(JobOutcome::Retried(done)) = job.outcome else {
        return Err(ApiError::new(ErrorCode::Internal, "The job ended without an outcome."));
    };
    output::answer(session.json, &done, |done| {
        let corrected = if done.corrected > 0 { format!("{} corrected, ", number(done.corrected)) } else { String::new() };
        line(&format!(
            "{} tried: {corrected}{} released, {} still waiting.",
            counted(done.tried, "row"),
            number(done.released),
            number(done.still_waiting)
        ));
        if done.conflicts > 0 {
            line(&format!("{} changed meanwhile and left as they are.", counted(done.conflicts, "row")));
        }
        for result in done.results.iter().filter(|r| !r.errors.is_empty()).take(20) {
            line(&result.id);
            output::violations(&result.errors);
        }
    });
    Ok(if done.still_waiting + done.conflicts > 0 { exit::FINDINGS } else { exit::DONE })
}
