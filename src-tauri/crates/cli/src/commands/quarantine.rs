//! `quarantine …`

use steward_api::dto::{
    DiscardQuarantine, Discarded, EditQuarantine, Empty, ExportQuarantine, JobOutcome, ListQuarantine, QuarantineEdited,
    QuarantineExportFormat, QuarantineFilter, QuarantineId, QuarantinePage, QuarantineSelection, QuarantineStats, RestoreQuarantine,
    RetryQuarantine,
};
use steward_api::{ApiError, ApiResult, ErrorCode};
use steward_domain::{FieldPath, QuarantineEntry, QuarantineStatus};

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
        Some(other) => return Err(ApiError::bad_request(format!("'{other}' is no status: waiting, released or discarded."))),
    };
    Ok(QuarantineFilter {
        collection: narrow.collection,
        rule: narrow.rule,
        field: narrow.field,
        run_id: narrow.run,
        file: narrow.file,
        status,
    })
}

fn selection(ids: Vec<String>, all: bool, narrow: Narrow) -> ApiResult<QuarantineSelection> {
    let filter = narrowed(narrow)?;
    let narrowed = filter != QuarantineFilter::default();
    match (ids.is_empty(), all || narrowed) {
        (false, _) => Ok(QuarantineSelection::Ids { ids }),
        (true, true) => Ok(QuarantineSelection::Filter { filter }),
        (true, false) => Err(ApiError::bad_request("Which rows? Give ids, --all, or narrow them with --rule, --field, --run or --file.")),
    }
}

pub async fn run(session: &Session, command: Quarantine) -> ApiResult<u8> {
    session.open(false).await?;
    match command {
        Quarantine::List { narrow, limit } => {
            let request = ListQuarantine { filter: narrowed(narrow)?, after: None, limit };
            let page: QuarantinePage = session.call("quarantine.list", &request).await?;
            output::answer(session.json, &page, print_list);
            Ok(exit::DONE)
        }
        Quarantine::Show { id } => {
            let entry: QuarantineEntry = session.call("quarantine.get", &QuarantineId { id }).await?;
            output::answer(session.json, &entry, print_entry);
            Ok(exit::DONE)
        }
        Quarantine::Stats => {
            let stats: QuarantineStats = session.call("quarantine.stats", &Empty {}).await?;
            output::answer(session.json, &stats, print_stats);
            Ok(exit::DONE)
        }
        Quarantine::Edit { id, set, unset } => edit(session, id, &set, &unset).await,
        Quarantine::Retry { ids, all, narrow } => retry(session, selection(ids, all, narrow)?).await,
        Quarantine::Discard { ids, all, narrow, reason } => {
            let request = DiscardQuarantine { selection: selection(ids, all, narrow)?, reason };
            let done: Discarded = session.call("quarantine.discard", &request).await?;
            output::answer(session.json, &done, |d| {
                line(&format!("{} discarded. 'steward quarantine restore' brings them back.", counted(d.discarded, "row")))
            });
            Ok(exit::DONE)
        }
        Quarantine::Restore { ids } => {
            let done: Discarded = session.call("quarantine.restore", &RestoreQuarantine { ids }).await?;
            output::answer(session.json, &done, |d| line(&format!("{} brought back.", counted(d.discarded, "row"))));
            Ok(exit::DONE)
        }
        Quarantine::Export { out, format, narrow } => {
            let csv = format == Some(QuarantineFormat::Csv) || (format.is_none() && out.extension().is_some_and(|e| e == "csv"));
            let format = if csv { QuarantineExportFormat::Csv } else { QuarantineExportFormat::Ndjson };
            let out = if out.is_dir() { out.join(if csv { "quarantine.csv" } else { "quarantine.ndjson" }) } else { out };
            let file = session.app.files.register(&out).id;
            let request = ExportQuarantine { filter: narrowed(narrow)?, format, file };
            super::runs::exported(session, session.run_job("quarantine.export", &request).await?)
        }
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
        Some(document) => line(&serde_json::to_string_pretty(document).unwrap_or_default()),
        None => line(&cut(&entry.raw, 2000)),
    }
}

fn print_stats(stats: &QuarantineStats) {
    line(&format!("{} waiting, {} released, {} discarded", number(stats.waiting), number(stats.released), number(stats.discarded)));
    let rows: Vec<Vec<String>> =
        stats.problems.iter().map(|p| vec![format!("{:>8}", number(p.rows)), p.field.clone(), p.rule.clone(), p.message.clone()]).collect();
    output::table(&rows);
    for file in &stats.by_file {
        line(&format!("{:>8}  {}", number(file.count), file.name));
    }
}

async fn edit(session: &Session, id: String, set: &[String], unset: &[String]) -> ApiResult<u8> {
    let entry: QuarantineEntry = session.call("quarantine.get", &QuarantineId { id: id.clone() }).await?;
    let mut document = entry.document.and_then(|d| d.as_document().cloned()).unwrap_or_default();
    for text in set {
        let (path, value) = assignment(text)?;
        FieldPath::new(path).set(&mut document, value.0).map_err(|e| ApiError::bad_request(format!("{e}.")))?;
    }
    for path in unset {
        FieldPath::new(path.as_str()).unset(&mut document);
    }
    let edited: QuarantineEdited = session.call("quarantine.edit", &EditQuarantine { id, document: document.into() }).await?;
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

async fn retry(session: &Session, selection: QuarantineSelection) -> ApiResult<u8> {
    let job = session.run_job("quarantine.retry", &RetryQuarantine { selection }).await?;
    let Some(JobOutcome::Retried(done)) = job.outcome else {
        return Err(ApiError::new(ErrorCode::Internal, "The job ended without an outcome."));
    };
    output::answer(session.json, &done, |done| {
        line(&format!(
            "{} tried: {} released, {} still waiting.",
            counted(done.tried, "row"),
            number(done.released),
            number(done.still_waiting)
        ));
        for result in done.results.iter().filter(|r| !r.errors.is_empty()).take(20) {
            line(&result.id);
            output::violations(&result.errors);
        }
    });
    Ok(if done.still_waiting > 0 { exit::FINDINGS } else { exit::DONE })
}
