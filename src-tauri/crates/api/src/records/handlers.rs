//! `records.*`

use std::sync::Arc;

use bson::{Bson, Document};
use steward_domain::quality::MetricName;
use steward_domain::{ChangeKind, Filter, RecordChange, RecordKey, RecordOp, Value, value};
use steward_import::export as exporting;
use steward_import::runs;
use steward_quality as quality;
use steward_quality::failing;
use steward_store::{Cursor, Query, SortBy, upsert};
use steward_workspace::bulk::{self, Action, Select};
use steward_workspace::edit::{self, Edit};
use steward_workspace::{Collection, Silent, Workspace};

use crate::caller::Call;
use crate::dto::{
    ApplyPlan, BreakingRecord, BulkAction, BulkPlan, CountRecords, CreateRecord, DiffSample, EditOutcome, EditRecord, ExportFormat,
    ExportRecords, Facet, FacetQuery, FacetValue, FindRecords, Finding, HistogramBin, HistoryEntry, JobKind, JobOutcome, JobStarted,
    JobUnit, PlanBulk, RecordCount, RecordDetail, RecordHistory, RecordPage, RecordRef, RecordRow, RecordsExported, RevertRecord,
    Selection, ValidateRecord, Violations,
};
use crate::error::{ApiError, ApiResult};
use crate::jobs;
use crate::plans::Planned;
use crate::records::shown::{detail, outcome};

pub use crate::records::everywhere::search_everywhere;

/// The figure whose failures are asked for. Before the first measurement there are none to show.
async fn figure(workspace: &Workspace, collection: &str, finding: Option<Finding>) -> ApiResult<Option<MetricName>> {
    let metric = match finding {
        None => return Ok(None),
        Some(Finding::Completeness) => MetricName::Completeness,
        Some(Finding::Adherence) => MetricName::Adherence,
        Some(Finding::Uniqueness) => MetricName::Uniqueness,
        Some(Finding::Freshness) => MetricName::Freshness,
    };
    if quality::last(workspace, collection).await?.is_none() {
        return Err(ApiError::not_found(format!("'{collection}' was not measured yet.")).hint("Measure its quality first."));
    }
    Ok(Some(metric))
}

pub async fn find(app: &Call, request: FindRecords) -> ApiResult<RecordPage> {
    let workspace = app.workspace()?;
    let Collection { settings, checker } = workspace.collection(&request.collection).await?;
    let started = std::time::Instant::now();
    let limit = usize::try_from(request.limit.clamp(1, 1000)).unwrap_or(1);
    if request.from.is_some() && request.after.is_some() {
        return Err(ApiError::bad_request("A page begins after a cursor or at a row, not both."));
    }
    let filter = request.filter.clone().unwrap_or_else(Filter::all);
    let (found, next, scanned) = match figure(&workspace, &request.collection, request.finding.clone()).await? {
        Some(metric) => {
            let Some(after) = failing_from(&workspace, &request, metric, &filter).await? else { return Ok(nothing(started)) };
            let (found, next) = failing::page(&workspace, &request.collection, metric, &filter, after, limit).await?;
            (found, next, false)
        }
        None => {
            let sort = request.sort.map(|s| SortBy { field: s.field.as_str().into(), descending: s.descending });
            let mut query = Query { filter, sort, after: request.after.map(Cursor), limit };
            if let Some(from) = request.from {
                let from = usize::try_from(from).unwrap_or(0);
                let start = app.signposts.before(&workspace, &request.collection, &query, from).await?;
                let Some(after) = start else { return Ok(nothing(started)) };
                query.after = after;
            }
            let page = workspace.store.find(&request.collection, &query).await?;
            if request.from.is_some() && page.next.is_some() && !page.scanned {
                app.signposts.follow(&workspace, &request.collection, &Query { after: None, ..query });
            }
            (page.records, page.next.map(|c| c.0), page.scanned)
        }
    };
    let mut records = Vec::with_capacity(found.len());
    for raw in &found {
        let document = upsert::decode(raw)?;
        let key = RecordKey(Value(document.get(&settings.key_field).cloned().unwrap_or(Bson::Null)));
        let violations = checker.as_ref().map_or_else(Vec::new, |c| c.check(&value::doc_to_plain(&document)));
        records.push(RecordRow { key, document: document.into(), violations });
    }
    Ok(RecordPage { records, next, scanned, millis: started.elapsed().as_secs_f64() * 1000.0 })
}

fn nothing(started: std::time::Instant) -> RecordPage {
    RecordPage { records: Vec::new(), next: None, scanned: false, millis: started.elapsed().as_secs_f64() * 1000.0 }
}

/// Where a page of records that fail a figure begins; `None` behind the last one. The list is walked: it is short, or something
/// is wrong that no far row of it tells better.
async fn failing_from(
    workspace: &Workspace,
    request: &FindRecords,
    metric: MetricName,
    filter: &Filter,
) -> ApiResult<Option<Option<String>>> {
    let mut left = usize::try_from(request.from.unwrap_or(0)).unwrap_or(0);
    let mut after = request.after.clone();
    while left > 0 {
        let (found, next) = failing::page(workspace, &request.collection, metric, filter, after, left.min(1000)).await?;
        left -= found.len().min(left);
        match next {
            Some(next) => after = Some(next),
            None => return Ok(None),
        }
    }
    Ok(Some(after))
}

pub async fn count(app: &Call, request: CountRecords) -> ApiResult<RecordCount> {
    let workspace = app.workspace()?;
    let filter = request.filter.unwrap_or_else(Filter::all);
    let count = match figure(&workspace, &request.collection, request.finding).await? {
        Some(metric) => failing::count(&workspace, &request.collection, metric, &filter).await?,
        None => workspace.store.count(&request.collection, &filter).await?,
    };
    Ok(RecordCount { count: i64::try_from(count).unwrap_or(i64::MAX) })
}

pub async fn facet(app: &Call, request: FacetQuery) -> ApiResult<Facet> {
    let workspace = app.workspace()?;
    let filter = request.filter.unwrap_or_else(Filter::all);
    let limit = usize::try_from(request.limit.clamp(1, 1000)).unwrap_or(1);
    let found = workspace.store.facet(&request.collection, &request.field, &filter, limit).await?;
    let numeric = found.values.iter().any(|(v, _)| value::as_number(v).is_some());
    let histogram = if numeric { workspace.store.histogram(&request.collection, &request.field, &filter, 30).await? } else { None };
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let bins = histogram.map_or_else(Vec::new, |h| {
        let width = (h.max - h.min) / h.counts.len() as f64;
        let bin = |(i, count): (usize, &u64)| HistogramBin {
            from: h.min + width * i as f64,
            to: h.min + width * (i + 1) as f64,
            count: number(*count),
        };
        h.counts.iter().enumerate().map(bin).collect()
    });
    Ok(Facet {
        field: request.field,
        values: found.values.into_iter().map(|(v, n)| FacetValue { value: Value(v), count: number(n) }).collect(),
        distinct: number(found.distinct),
        missing: number(found.missing),
        nulls: number(found.nulls),
        histogram: bins,
    })
}

pub async fn get(app: &Call, request: RecordRef) -> ApiResult<RecordDetail> {
    let workspace = app.workspace()?;
    detail(&workspace, &workspace.collection(&request.collection).await?, &request.key).await
}

fn object(value: Value) -> ApiResult<Document> {
    match value.0 {
        Bson::Document(doc) => Ok(doc),
        _ => Err(ApiError::bad_request("A record must be an object in braces.")),
    }
}

pub async fn validate(app: &Call, request: ValidateRecord) -> ApiResult<Violations> {
    let violations = app.workspace()?.collection(&request.collection).await?.violations(&object(request.document)?);
    Ok(Violations { violations })
}

pub async fn edit(app: &Call, request: EditRecord) -> ApiResult<EditOutcome> {
    let workspace = app.workspace()?;
    let collection = workspace.collection(&request.collection).await?;
    let change = Edit {
        key: request.key.clone(),
        changes: request.changes,
        reason: request.reason,
        allow_invalid: request.allow_invalid,
        kind: ChangeKind::Edit,
        undoes: None,
    };
    let edited = edit::edit(&workspace, &collection, change).await?;
    outcome(&workspace, &collection, &request.key, edited).await
}

pub async fn create(app: &Call, request: CreateRecord) -> ApiResult<EditOutcome> {
    let workspace = app.workspace()?;
    let document = object(request.document)?;
    let collection = workspace.collection(&request.collection).await?;
    let (edited, key) = edit::create(&workspace, &collection, document, request.reason, request.allow_invalid).await?;
    outcome(&workspace, &collection, &key, edited).await
}

pub async fn revert(app: &Call, request: RevertRecord) -> ApiResult<EditOutcome> {
    let workspace = app.workspace()?;
    let collection = workspace.collection(&request.collection).await?;
    let edited = edit::revert(&workspace, &collection, &request.key, &request.change_set).await?;
    outcome(&workspace, &collection, &request.key, edited).await
}

pub async fn history(app: &Call, request: RecordRef) -> ApiResult<RecordHistory> {
    let workspace = app.workspace()?;
    let RecordRef { collection, key } = request;
    let found = edit::history(&workspace, &collection, &key).await?;
    let mut entries: Vec<HistoryEntry> =
        found.into_iter().map(|(change_set, change)| HistoryEntry { change_set, change: change.record }).collect();
    // A load keeps no copy of what it inserted: the record itself is that.
    if entries.last().is_none_or(|first| first.change.op != RecordOp::Insert)
        && let Some(id) = id_of(&workspace, &collection, &key, &entries).await?
        && let Some(change_set) = runs::import_of(&workspace, &collection, &id).await?
    {
        let change = RecordChange { collection, key, op: RecordOp::Insert, fields: Vec::new(), document: None };
        entries.push(HistoryEntry { change_set, change });
    }
    Ok(RecordHistory { entries })
}

/// `_id` of a record, also of one that was deleted.
async fn id_of(workspace: &Workspace, collection: &str, key: &RecordKey, entries: &[HistoryEntry]) -> ApiResult<Option<Bson>> {
    let deleted = entries.iter().find_map(|entry| entry.change.document.as_ref().and_then(|document| document.0.as_document()));
    if let Some(id) = deleted.and_then(|document| document.get("_id")) {
        return Ok(Some(id.clone()));
    }
    let key_field = workspace.settings(collection).await?.key_field;
    let found = workspace.store.get_many(collection, &key_field, std::slice::from_ref(key.bson())).await?;
    Ok(found.first().map(|raw| upsert::decode(raw)).transpose()?.and_then(|mut document| document.remove("_id")))
}

fn action(change: BulkAction) -> Action {
    match change {
        BulkAction::Set { path, value } => Action::Set { path: path.as_str().into(), value },
        BulkAction::Unset { path } => Action::Unset { path: path.as_str().into() },
        BulkAction::Replace { path, pattern, with, regex } => Action::Replace { path: path.as_str().into(), pattern, with, regex },
        BulkAction::Trim { path } => Action::Trim { path: path.as_str().into() },
        BulkAction::Delete => Action::Delete,
        BulkAction::Patches { patches } => Action::Patches(patches.into_iter().map(|p| (p.key, p.changes)).collect()),
    }
}

/// A bulk change that was looked at.
struct PlannedBulk(bulk::Prepared);

impl Planned for PlannedBulk {}

pub async fn plan_bulk(app: &Call, request: PlanBulk) -> ApiResult<BulkPlan> {
    let workspace = app.workspace()?;
    let select = match request.selection {
        Selection::Keys { keys } => Select::Keys(keys),
        Selection::Filter { filter } => Select::Matching(filter),
    };
    let leave_out = request.leave_out_breaking;
    let prepared = bulk::prepare(&workspace, &request.collection, &select, &action(request.change), leave_out, &Silent).await?;
    let samples = prepared.samples.iter().map(|c| DiffSample { key: c.key.clone(), title: c.key.label(), changes: c.fields.clone() });
    let breaking = prepared.breaking.iter().map(|b| BreakingRecord { key: b.key.clone(), violations: b.violations.clone() });
    let plan = BulkPlan {
        plan_id: String::new(),
        collection: prepared.collection.clone(),
        summary: prepared.summary.clone(),
        matched: prepared.matched,
        changed: prepared.changed,
        newly_invalid: prepared.newly_invalid,
        breaking: breaking.collect(),
        samples: samples.collect(),
    };
    let plan_id = app.plans.put(PlannedBulk(prepared));
    Ok(BulkPlan { plan_id, ..plan })
}

pub async fn apply_bulk(app: &Call, request: ApplyPlan) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let PlannedBulk(prepared) = app.plans.take(&request.plan_id)?;
    let title = prepared.summary.clone();
    Ok(jobs::start(app, JobKind::Bulk, title, JobUnit::Records, move |progress| async move {
        let applied = bulk::apply(&workspace, prepared, request.reason, progress.as_ref()).await?;
        Ok(JobOutcome::Changed(applied.into()))
    }))
}

pub async fn export(app: &Call, request: ExportRecords) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let (path, name) = app.files.get(&request.file)?;
    let failing = figure(&workspace, &request.collection, request.finding).await?;
    let filter = request.filter.unwrap_or_else(Filter::all);
    let chosen: Arc<dyn steward_workspace::selection::Selection> = match failing {
        Some(metric) => Arc::new(steward_quality::Failing { metric, filter }),
        None => Arc::new(filter),
    };
    let owner = Arc::clone(app);
    Ok(jobs::start(app, JobKind::Export, format!("Exporting to {name}"), JobUnit::Records, move |progress| async move {
        let format = match request.format {
            ExportFormat::Ndjson => exporting::Format::Ndjson,
            ExportFormat::Json => exporting::Format::Json,
            ExportFormat::Csv => exporting::Format::Csv,
        };
        let written = exporting::records(&workspace, &request.collection, &chosen, format, &path, progress.as_ref()).await?;
        Ok(JobOutcome::Exported(RecordsExported {
            file: owner.files.handle(&request.file)?,
            records: written.records,
            notes: written.notes,
        }))
    }))
}
