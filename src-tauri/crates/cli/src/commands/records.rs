//! `records …`

use serde_json::Value as Json;
use steward_api::call;
use steward_api::dto::{
    ApplyPlan, BulkAction, BulkPlan, ChangeOutcome, Collections, CountRecords, CreateRecord, EditOutcome, EditRecord, Empty, ExportFormat,
    ExportRecords, Facet, FacetQuery, FindRecords, Finding, JobOutcome, PlanBulk, RecordCount, RecordDetail, RecordHistory, RecordPage,
    RecordsFound, RevertRecord, SearchEverywhere, Selection, Sort,
};
use steward_api::{ApiError, ApiResult, ErrorCode};
use steward_domain::{FieldChange, FieldPath, Filter, Value, value};

use super::{assignment, filter, keys};
use crate::args::{Figure, Format, Records};
use crate::exit;
use crate::output::{self, brief, counted, cut, line, number};
use crate::session::Session;

pub async fn run(session: &Session, command: Records) -> ApiResult<u8> {
    session.open(false).await?;
    match command {
        Records::Collections => collections(session).await,
        Records::Find { filter: text, search: Some(search), everywhere: true, of, limit, .. } => {
            let collection = session.collection(&of.collection).await?;
            search_everywhere(session, SearchEverywhere { collection, text: search, filter: filter(&text)? }, limit).await
        }
        Records::Find { filter: text, search, everywhere: _, failing, of, sort, limit, after, from } => {
            let collection = session.collection(&of.collection).await?;
            let sort = sort.map(|s| Sort { descending: s.starts_with('-'), field: s.trim_start_matches('-').to_owned() });
            let request = FindRecords {
                collection,
                filter: searched(filter(&text)?, search),
                finding: failing.map(finding),
                sort,
                after,
                from: from.map(|row| row - 1),
                limit,
            };
            find(session, request).await
        }
        Records::Count { filter: text, failing, of } => {
            let collection = session.collection(&of.collection).await?;
            let request = CountRecords { collection, filter: filter(&text)?, finding: failing.map(finding) };
            let count: RecordCount = session.call(call::records::Count, &request).await?;
            output::answer(session.json, &count, |c| line(&number(c.count)));
            Ok(exit::DONE)
        }
        Records::Facet { field, filter: text, of, limit } => {
            let request = FacetQuery { collection: session.collection(&of.collection).await?, field, filter: filter(&text)?, limit };
            facet(session, request).await
        }
        Records::Get { key: text, of } => {
            let request = keys::resolve(session, session.collection(&of.collection).await?, &text).await?;
            let detail: RecordDetail = session.call(call::records::Get, &request).await?;
            output::answer(session.json, &detail, print_detail);
            Ok(if detail.violations.is_empty() { exit::DONE } else { exit::FINDINGS })
        }
        Records::Set { key: text, assignments, unset, of, reason, allow_invalid } => {
            let collection = session.collection(&of.collection).await?;
            set(session, collection, &text, &assignments, &unset, reason, allow_invalid).await
        }
        Records::Add { document, of, reason, allow_invalid } => {
            let document: Value =
                serde_json::from_str(&document).map_err(|e| ApiError::bad_request("The record must be JSON.").details(e.to_string()))?;
            let request = CreateRecord { collection: session.collection(&of.collection).await?, document, reason, allow_invalid };
            edited(session, session.call(call::records::Create, &request).await?)
        }
        Records::Bulk { filter: text, of, set, unset, delete, reason, yes } => {
            let action = match (set, unset, delete) {
                (Some(set), _, _) => {
                    let (path, value) = assignment(&set)?;
                    BulkAction::Set { path, value }
                }
                (_, Some(path), _) => BulkAction::Unset { path },
                (_, _, true) => BulkAction::Delete,
                _ => return Err(ApiError::bad_request("Say what to do: --set FIELD=VALUE, --unset FIELD or --delete.")),
            };
            let collection = session.collection(&of.collection).await?;
            let chosen = filter(&Some(text))?.unwrap_or_else(Filter::all);
            bulk(
                session,
                PlanBulk { collection, selection: Selection::Filter { filter: chosen }, change: action, leave_out_breaking: false },
                reason,
                yes,
            )
            .await
        }
        Records::History { key: text, of } => {
            let request = keys::resolve_history(session, session.collection(&of.collection).await?, &text).await?;
            let history: RecordHistory = session.call(call::records::History, &request).await?;
            output::answer(session.json, &history, print_history);
            Ok(exit::DONE)
        }
        Records::Revert { key: text, change, of } => {
            let record = keys::resolve(session, session.collection(&of.collection).await?, &text).await?;
            let request = RevertRecord { collection: record.collection, key: record.key, change_set: change };
            edited(session, session.call(call::records::Revert, &request).await?)
        }
        Records::Export { out, filter: text, failing, of, format } => {
            let format = format.unwrap_or_else(|| match out.extension().and_then(|e| e.to_str()) {
                Some("csv") => Format::Csv,
                Some("json") => Format::Json,
                _ => Format::Ndjson,
            });
            let format = match format {
                Format::Ndjson => ExportFormat::Ndjson,
                Format::Json => ExportFormat::Json,
                Format::Csv => ExportFormat::Csv,
            };
            let file = session.app.files.register(&out).id;
            let collection = session.collection(&of.collection).await?;
            let request = ExportRecords { collection, filter: filter(&text)?, finding: failing.map(finding), format, file };
            super::runs::exported(session, session.run_job(call::records::Export, &request).await?)
        }
    }
}

fn finding(figure: Figure) -> Finding {
    match figure {
        Figure::Completeness => Finding::Completeness,
        Figure::Adherence => Finding::Adherence,
        Figure::Uniqueness => Finding::Uniqueness,
        Figure::Freshness => Finding::Freshness,
    }
}

async fn collections(session: &Session) -> ApiResult<u8> {
    let list: Collections = session.call(call::collections::List, &Empty {}).await?;
    output::answer(session.json, &list, |list| {
        let rows: Vec<Vec<String>> = list
            .collections
            .iter()
            .map(|c| {
                vec![
                    c.name.clone(),
                    counted(c.records, "record"),
                    c.schema.clone().unwrap_or_default(),
                    format!("key {}", c.key_field),
                    format!("{} in quarantine", number(c.waiting)),
                ]
            })
            .collect();
        output::table(&rows);
    });
    Ok(exit::DONE)
}

async fn find(session: &Session, request: FindRecords) -> ApiResult<u8> {
    let page: RecordPage = session.call(call::records::Find, &request).await?;
    output::answer(session.json, &page, |page| {
        let rows: Vec<Vec<String>> = page
            .records
            .iter()
            .map(|r| {
                let doc = r.document.as_document().cloned().unwrap_or_default();
                let field = |name: &str| doc.get(name).map(|v| brief(&value::to_ext(v), 50)).unwrap_or_default();
                let others =
                    doc.iter().filter(|(k, v)| !matches!(k.as_str(), "_id" | "title") && matches!(v.element_type() as u8, 1 | 16 | 18));
                let numbers: Vec<String> = others.take(3).map(|(k, v)| format!("{k}={}", value::to_ext(v))).collect();
                let mark = if r.violations.is_empty() {
                    String::new()
                } else {
                    format!("! {}", counted(i64::try_from(r.violations.len()).unwrap_or(0), "violation"))
                };
                vec![r.key.label(), field("title"), numbers.join(" "), mark]
            })
            .collect();
        output::table(&rows);
        if let Some(next) = &page.next {
            line(&format!("More: --after {next}"));
        }
    });
    Ok(exit::DONE)
}

/// A filter that also asks for what was searched for.
fn searched(filter: Option<Filter>, search: Option<String>) -> Option<Filter> {
    let Some(text) = search else { return filter };
    Some(Filter::Text { text }.and(filter.unwrap_or_else(Filter::all)))
}

async fn search_everywhere(session: &Session, request: SearchEverywhere, limit: i64) -> ApiResult<u8> {
    let collection = request.collection.clone();
    let job = session.run_job(call::records::SearchEverywhere, &request).await?;
    let found: RecordsFound = super::outcome(job, |o| if let JobOutcome::Found(found) = o { Some(found) } else { None })?;
    if session.json {
        output::answer(true, &found, |_| {});
        return Ok(exit::DONE);
    }
    line(&format!("{} found; {} read.", counted(found.found, "record"), counted(found.read, "record")));
    let list: Collections = session.call(call::collections::List, &Empty {}).await?;
    let field = list.collections.iter().find(|c| c.name == collection).map_or("_id", |c| c.key_field.as_str());
    let shown = usize::try_from(limit.clamp(1, 1000)).unwrap_or(1);
    let keys = found.keys.into_iter().take(shown).map(|key| key.0).collect();
    let filter = Filter::In { field: FieldPath::name(field), values: keys };
    find(session, FindRecords { collection, filter: Some(filter), finding: None, sort: None, after: None, from: None, limit }).await
}

async fn facet(session: &Session, request: FacetQuery) -> ApiResult<u8> {
    let facet: Facet = session.call(call::records::Facet, &request).await?;
    output::answer(session.json, &facet, |facet| {
        let mut rows: Vec<Vec<String>> =
            facet.values.iter().map(|v| vec![number(v.count), brief(&value::to_ext(&v.value.0), 70)]).collect();
        rows.push(vec![number(facet.missing), "(missing)".into()]);
        rows.push(vec![number(facet.nulls), "(null)".into()]);
        output::table(&rows);
    });
    Ok(exit::DONE)
}

fn print_detail(detail: &RecordDetail) {
    output::pretty(&detail.document);
    if !detail.violations.is_empty() {
        line(&format!("{}:", counted(i64::try_from(detail.violations.len()).unwrap_or(0), "violation")));
        output::violations(&detail.violations);
    }
}

async fn set(
    session: &Session,
    collection: String,
    text: &str,
    assignments: &[String],
    unset: &[String],
    reason: Option<String>,
    allow_invalid: bool,
) -> ApiResult<u8> {
    let record = keys::resolve(session, collection.clone(), text).await?;
    let detail: RecordDetail = session.call(call::records::Get, &record).await?;
    let before = |path: &FieldPath| detail.document.as_document().and_then(|doc| path.get(doc)).cloned().map(Value);
    let mut changes = Vec::new();
    for text in assignments {
        let (path, after) = assignment(text)?;
        let path = FieldPath::new(path);
        changes.push(FieldChange { before: before(&path), path, after: Some(after) });
    }
    for path in unset {
        let path = FieldPath::new(path.as_str());
        changes.push(FieldChange { before: before(&path), path, after: None });
    }
    let request = EditRecord { collection, key: record.key, changes, reason, allow_invalid };
    edited(session, session.call(call::records::Edit, &request).await?)
}

/// Says what became of an edit.
pub fn edited(session: &Session, outcome: EditOutcome) -> ApiResult<u8> {
    output::answer(session.json, &outcome, |outcome| match outcome {
        EditOutcome::Applied { change_set, .. } => {
            line(&change_set.summary);
            line(&format!("Undo it with 'steward history undo {}'.", change_set.id));
        }
        EditOutcome::Unchanged { .. } => line("Nothing to change."),
        EditOutcome::Invalid { violations } => {
            line("Nothing was written; it would break these rules (--allow-invalid writes it all the same):");
            output::violations(violations);
        }
        EditOutcome::Conflict { conflicts, .. } => {
            line("Nothing was written; the record was changed in the meantime:");
            for c in conflicts {
                let show = |v: &Option<Value>| v.as_ref().map_or("(missing)".to_owned(), |v| brief(&value::to_ext(&v.0), 60));
                line(&format!("  {}: before {}, yours {}, theirs {}", c.path, show(&c.before), show(&c.mine), show(&c.theirs)));
            }
        }
    });
    Ok(match outcome {
        EditOutcome::Applied { .. } | EditOutcome::Unchanged { .. } => exit::DONE,
        EditOutcome::Invalid { .. } => exit::FINDINGS,
        EditOutcome::Conflict { .. } => exit::REFUSED,
    })
}

async fn bulk(session: &Session, request: PlanBulk, reason: Option<String>, yes: bool) -> ApiResult<u8> {
    let plan: BulkPlan = session.call(call::records::PlanBulk, &request).await?;
    if !yes || plan.changed == 0 {
        output::answer(session.json, &plan, |plan| {
            line(&format!("{} ({} match). Nothing is written yet; add --yes to do it.", plan.summary, counted(plan.matched, "record")));
            if plan.newly_invalid > 0 {
                line(&format!("{} would break a rule that they do not break now.", counted(plan.newly_invalid, "record")));
            }
            for sample in plan.samples.iter().take(10) {
                line(&format!("  {}: {}", sample.title, fields(&sample.changes)));
            }
        });
        return Ok(exit::DONE);
    }
    let job = session.run_job(call::records::ApplyBulk, &ApplyPlan { plan_id: plan.plan_id, reason }).await?;
    let Some(JobOutcome::Changed(ChangeOutcome::Applied { change_set })) = job.outcome else {
        return Err(ApiError::new(ErrorCode::Internal, "The job ended without an outcome."));
    };
    output::answer(session.json, &change_set, |set| {
        line(&set.summary);
        line(&format!("Undo it with 'steward history undo {}'.", set.id));
    });
    Ok(exit::DONE)
}

/// `average_salary 52000 -> 53000`.
pub fn fields(changes: &[FieldChange]) -> String {
    let show = |v: &Option<Value>| v.as_ref().map_or("(missing)".to_owned(), |v| brief(&value::to_ext(&v.0), 40));
    let all: Vec<String> = changes.iter().map(|c| format!("{} {} -> {}", c.path, show(&c.before), show(&c.after))).collect();
    cut(&all.join("; "), 200)
}

fn print_history(history: &RecordHistory) {
    if history.entries.is_empty() {
        line("Steward has no change of this record; it is as it was loaded.");
    }
    for entry in &history.entries {
        let set = &entry.change_set;
        let kind = serde_json::to_value(set.kind).unwrap_or(Json::Null);
        let origin = serde_json::to_value(set.origin).ok().and_then(|o| o.as_str().map(|o| format!("  {o}"))).unwrap_or_default();
        line(&format!("{}  {}{origin}  {}  {}", set.at, set.actor, brief(&kind, 12), set.id));
        let what = if entry.change.fields.is_empty() { set.summary.clone() } else { fields(&entry.change.fields) };
        line(&format!("    {what}"));
    }
}
