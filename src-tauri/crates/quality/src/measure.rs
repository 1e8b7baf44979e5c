//! Measuring a collection: completeness, adherence, uniqueness and freshness, in one parallel pass.
//!
//! Definitions: completeness = filled cells / (records × fields of the schema that are required or recommended by
//! `detect`), where missing, null, blank text and empty lists do not count as filled. Adherence = records without a
//! violation / records. Uniqueness = records whose key no other record has / records. Freshness = age of the newest
//! record, by the schema's date field, else by the moment its `_id` was made; a record older than the target fails.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bson::{Bson, Document};
use futures::StreamExt;
use steward_domain::quality::{FieldCompleteness, Metric, MetricName, MetricState, MetricUnit, QualityReport, RuleCount};
use steward_domain::{Filter, order, value};
use steward_schema::{Checker, Targets};

use steward_workspace::key_index::KeyIndex;
use steward_workspace::{CollectionSettings, Error, Progress, Result, Workspace};

use crate::findings::{Finding, Findings};

/// What the records of a batch are measured by.
struct MeasurementPlan {
    checker: Option<Arc<Checker>>,
    fields: Vec<(String, bool)>,
    key_field: String,
    /// A unique index vouches for the keys already.
    keys_are_unique: bool,
    freshness: Option<String>,
    targets: Targets,
    now: chrono::DateTime<chrono::Utc>,
}

/// What a batch came to.
#[derive(Default)]
struct Tally {
    records: i64,
    filled: Vec<i64>,
    valid: i64,
    rules: HashMap<(String, String), i64>,
    newest: Option<i64>,
    /// Records that fail each figure; the records themselves are in `failing` of their batch only.
    failed: HashMap<MetricName, i64>,
    failing: Vec<Finding>,
    /// Hashes of keys, where no index vouches for them.
    keys: Vec<u64>,
}

/// A report with the records that fail its figures; nothing is written yet.
pub struct Measurement {
    pub report: QualityReport,
    pub(crate) failing: Findings,
}

/// Measures a collection. Reads its records and writes nothing.
pub async fn measure(workspace: &Workspace, collection: &str, progress: &dyn Progress) -> Result<Measurement> {
    let settings = workspace.existing(collection).await?;
    let mut plan = measurement_plan(workspace, &settings)?;
    let indexes = workspace.store.indexes(collection).await?;
    plan.keys_are_unique |= indexes.iter().any(|i| i.unique && i.fields == [settings.key_field.clone()]);
    let plan = Arc::new(plan);
    progress.phase("Measuring");
    progress.total(workspace.store.count(collection, &Filter::all()).await?);
    let mut failing = Findings::new()?;
    let mut sum = Tally { filled: vec![0; plan.fields.len()], ..Tally::default() };
    let (mut seen, mut repeated) = (KeyIndex::default(), None::<KeyIndex>);
    let mut batches = std::pin::pin!(tallied(workspace, collection, &plan, tally).await?);
    while let Some(batch) = batches.next().await {
        progress.checkpoint()?;
        let mut batch = batch?;
        for key in std::mem::take(&mut batch.keys) {
            if seen.note(key, 0, 0)?.is_some() {
                repeated.get_or_insert_default().note(key, 0, 0)?;
            }
        }
        batch.failing.iter().try_for_each(|finding| failing.push(finding))?;
        add(&mut sum, batch);
        progress.done(u64::try_from(sum.records).unwrap_or(0));
    }
    let mut of_a_group = 0;
    if let Some(repeated) = repeated {
        progress.phase("Looking up repeated keys");
        of_a_group = note_repeated(workspace, collection, &plan, &mut failing, repeated, progress).await?;
        sum.failed.insert(MetricName::Uniqueness, of_a_group);
    }
    let report = report(workspace, &settings.schema, collection, &plan, &sum, of_a_group);
    Ok(Measurement { report, failing })
}

/// The records of a collection, worked on in parallel, batch by batch.
async fn tallied<T: Send + 'static>(
    workspace: &Workspace,
    collection: &str,
    plan: &Arc<MeasurementPlan>,
    work: fn(&MeasurementPlan, &[bson::RawDocumentBuf]) -> T,
) -> Result<impl futures::Stream<Item = Result<T>>> {
    let mut streams = Vec::new();
    for part in workspace.store.partitions(collection, 4).await? {
        streams.push(workspace.store.scan(collection, &Filter::all(), Some(part)).await?);
    }
    let plan = Arc::clone(plan);
    let batches = futures::stream::select_all(streams).map(move |batch| {
        let plan = Arc::clone(&plan);
        async move {
            let batch = batch?;
            tokio::task::spawn_blocking(move || work(&plan, &batch)).await.map_err(|_| Error::Damaged("A batch of records"))
        }
    });
    Ok(batches.buffer_unordered(3))
}

/// Goes through the records once more for all whose key another one has: the first of them is not known before its second is met.
/// Gives how many they are.
async fn note_repeated(
    workspace: &Workspace,
    collection: &str,
    plan: &Arc<MeasurementPlan>,
    failing: &mut Findings,
    mut repeated: KeyIndex,
    progress: &dyn Progress,
) -> Result<i64> {
    let mut found = 0;
    let mut batches = std::pin::pin!(tallied(workspace, collection, plan, keys).await?);
    while let Some(batch) = batches.next().await {
        progress.checkpoint()?;
        for (key, id) in batch? {
            if repeated.has(key)? {
                failing.push(&Finding { id, metric: MetricName::Uniqueness })?;
                found += 1;
            }
        }
    }
    Ok(found)
}

/// Hashes of the keys of some records, with their `_id`.
fn keys(plan: &MeasurementPlan, batch: &[bson::RawDocumentBuf]) -> Vec<(u64, Bson)> {
    let docs = batch.iter().filter_map(|raw| Document::try_from(raw.as_ref()).ok());
    docs.map(|doc| (key_hash(plan, &doc), doc.get("_id").cloned().unwrap_or(Bson::Null))).collect()
}

fn key_hash(plan: &MeasurementPlan, doc: &Document) -> u64 {
    steward_workspace::hash(&doc.get(&plan.key_field).map_or_else(Vec::new, order::key_of))
}

fn measurement_plan(workspace: &Workspace, settings: &CollectionSettings) -> Result<MeasurementPlan> {
    let now = workspace.clock.now();
    if settings.schema.is_empty() {
        let key_field = settings.key_field.clone();
        let keys_are_unique = key_field == "_id";
        return Ok(MeasurementPlan {
            checker: None,
            fields: Vec::new(),
            key_field,
            keys_are_unique,
            freshness: None,
            targets: Targets::default(),
            now,
        });
    }
    let pack = workspace.registry.get(&settings.schema)?;
    let mut fields: Vec<(String, bool)> = pack.required().into_iter().map(|f| (f, true)).collect();
    for field in pack.steward.detect.required.iter().chain(&pack.steward.detect.supporting) {
        if !fields.iter().any(|(f, _)| f == field) {
            fields.push((field.clone(), false));
        }
    }
    Ok(MeasurementPlan {
        checker: Some(workspace.checker(&settings.schema)?),
        fields,
        key_field: settings.key_field.clone(),
        keys_are_unique: settings.key_field == "_id",
        freshness: pack.steward.freshness.clone(),
        targets: pack.steward.targets,
        now,
    })
}

fn tally(plan: &MeasurementPlan, batch: &[bson::RawDocumentBuf]) -> Tally {
    let mut out = Tally { filled: vec![0; plan.fields.len()], ..Tally::default() };
    for raw in batch {
        let Ok(doc) = Document::try_from(raw.as_ref()) else {
            continue;
        };
        tally_record(plan, &doc, &mut out);
    }
    out
}

fn tally_record(plan: &MeasurementPlan, doc: &Document, out: &mut Tally) {
    out.records += 1;
    let id = doc.get("_id").cloned().unwrap_or(Bson::Null);
    let mut complete = true;
    for (at, (field, _)) in plan.fields.iter().enumerate() {
        let filled = !value::is_blank(doc.get(field));
        out.filled[at] += i64::from(filled);
        complete &= filled;
    }
    if !complete {
        out.failing.push(Finding { id: id.clone(), metric: MetricName::Completeness });
    }
    let violations = plan.checker.as_ref().map_or_else(Vec::new, |c| c.check(&value::doc_to_plain(doc)));
    if violations.is_empty() {
        out.valid += 1;
    } else {
        out.failing.push(Finding { id: id.clone(), metric: MetricName::Adherence });
        let mut places: Vec<(String, String)> = violations.iter().map(|v| (v.field().to_owned(), v.rule.clone())).collect();
        places.sort();
        places.dedup();
        for place in places {
            *out.rules.entry(place).or_default() += 1;
        }
    }
    if let Some(timestamp) = timestamp(plan, doc) {
        out.newest = Some(out.newest.map_or(timestamp, |newest| newest.max(timestamp)));
        if (plan.now.timestamp_millis() - timestamp) as f64 > plan.targets.freshness_days * 86_400_000.0 {
            out.failing.push(Finding { id: id.clone(), metric: MetricName::Freshness });
        }
    }
    if !plan.keys_are_unique {
        out.keys.push(key_hash(plan, doc));
    }
}

/// When a record was last brought up to date, in milliseconds since 1970.
fn timestamp(plan: &MeasurementPlan, doc: &Document) -> Option<i64> {
    let dated = plan.freshness.as_ref().and_then(|field| doc.get(field)).and_then(|v| match v {
        Bson::DateTime(at) => Some(at.timestamp_millis()),
        Bson::String(text) => chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp_millis()),
        _ => None,
    });
    dated.or_else(|| match doc.get("_id") {
        Some(Bson::ObjectId(id)) => Some(id.timestamp().timestamp_millis()),
        _ => None,
    })
}

fn add(sum: &mut Tally, batch: Tally) {
    sum.records += batch.records;
    sum.valid += batch.valid;
    for (total, more) in sum.filled.iter_mut().zip(batch.filled) {
        *total += more;
    }
    for (place, n) in batch.rules {
        *sum.rules.entry(place).or_default() += n;
    }
    sum.newest = sum.newest.max(batch.newest);
    for failing in batch.failing {
        *sum.failed.entry(failing.metric).or_default() += 1;
    }
}

fn report(workspace: &Workspace, schema: &str, collection: &str, plan: &MeasurementPlan, sum: &Tally, repeated: i64) -> QualityReport {
    let records = sum.records;
    let failing = |metric: MetricName| sum.failed.get(&metric).copied().unwrap_or(0);
    let share = |good: i64, of: i64| (of > 0).then(|| good as f64 / of as f64);
    let cells = records * i64::try_from(plan.fields.len()).unwrap_or(0);
    let age = sum.newest.map(|newest| ((plan.now.timestamp_millis() - newest) as f64 / 86_400_000.0).max(0.0));
    let fields: Vec<&str> = plan.fields.iter().map(|(f, _)| f.as_str()).collect();
    let high = |name, value: Option<f64>, target: f64, explanation: String| Metric {
        name,
        value,
        target,
        unit: MetricUnit::Ratio,
        state: value.map_or(MetricState::Unknown, |v| if v >= target { MetricState::Good } else { MetricState::Bad }),
        failing: failing(name),
        explanation,
    };
    let has_schema = plan.checker.is_some();
    let metrics = vec![
        high(
            MetricName::Completeness,
            share(sum.filled.iter().sum(), cells),
            plan.targets.completeness,
            format!("Share of filled values in {}.", fields.join(", ")),
        ),
        high(
            MetricName::Adherence,
            if has_schema { share(sum.valid, records) } else { None },
            plan.targets.adherence,
            if has_schema { format!("Share of records that break no rule of {schema}.") } else { "No schema is assigned.".into() },
        ),
        high(
            MetricName::Uniqueness,
            share(records - repeated, records),
            plan.targets.uniqueness,
            format!("Share of records whose {} no other record has.", plan.key_field),
        ),
        Metric {
            name: MetricName::Freshness,
            value: age,
            target: plan.targets.freshness_days,
            unit: MetricUnit::Days,
            state: age.map_or(MetricState::Unknown, |a| if a < plan.targets.freshness_days { MetricState::Good } else { MetricState::Bad }),
            failing: failing(MetricName::Freshness),
            explanation: match &plan.freshness {
                Some(field) => format!("Age of the newest record, by {field} or else by when it was added."),
                None => "Age of the newest record, by when it was added.".into(),
            },
        },
    ];
    let completeness = plan.fields.iter().zip(&sum.filled).map(|((field, required), filled)| FieldCompleteness {
        field: field.clone(),
        required: *required,
        filled: *filled,
        missing: records - filled,
    });
    let rules: BTreeMap<_, _> = sum.rules.iter().collect();
    let mut rules: Vec<RuleCount> =
        rules.into_iter().map(|((field, rule), n)| RuleCount { field: field.clone(), rule: rule.clone(), records: *n }).collect();
    rules.sort_by_key(|r| std::cmp::Reverse(r.records));
    QualityReport {
        collection: collection.to_owned(),
        schema: schema.to_owned(),
        measured_at: workspace.clock.stamp(),
        records,
        metrics,
        fields: completeness.collect(),
        rules,
        findings: String::new(),
    }
}
