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
use steward_store::{Durability, WriteBatch, WriteOp, names};

use crate::docs;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::workspace::Workspace;

/// What the records of a batch are measured by.
struct Yardstick {
    checker: Option<Arc<Checker>>,
    fields: Vec<(String, bool)>,
    key_field: String,
    /// A unique index vouches for the keys already.
    keys_are_unique: bool,
    freshness: Option<String>,
    targets: Targets,
    now: chrono::DateTime<chrono::Utc>,
}

/// One record that fails a figure.
struct Failing {
    id: Bson,
    metric: MetricName,
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
    failing: Vec<Failing>,
    keys: Vec<(u64, Bson)>,
}

/// Measures a collection, keeps the report and the records that fail.
pub async fn measure(workspace: &Workspace, collection: &str, progress: &dyn Progress) -> Result<QualityReport> {
    let settings = workspace.existing(collection).await?;
    let mut yard = yardstick(workspace, &settings)?;
    let indexes = workspace.store.indexes(collection).await?;
    yard.keys_are_unique |= indexes.iter().any(|i| i.unique && i.fields == [settings.key_field.clone()]);
    let yard = Arc::new(yard);
    progress.phase("Measuring");
    progress.total(workspace.store.count(collection, &Filter::all()).await?);
    clear_findings(workspace, collection).await?;
    let mut sum = Tally { filled: vec![0; yard.fields.len()], ..Tally::default() };
    let mut seen: HashMap<u64, (u32, Option<Bson>)> = HashMap::new();
    let mut repeated = 0;
    let parts = workspace.store.partitions(collection, 4).await?;
    let mut streams = Vec::new();
    for part in parts {
        streams.push(workspace.store.scan(collection, &Filter::all(), Some(part)).await?);
    }
    let batches = futures::stream::select_all(streams).map(|batch| {
        let yard = Arc::clone(&yard);
        async move {
            let batch = batch?;
            tokio::task::spawn_blocking(move || tally(&yard, &batch)).await.map_err(|_| Error::Damaged("A batch of records"))
        }
    });
    let mut batches = std::pin::pin!(batches.buffer_unordered(3));
    while let Some(batch) = batches.next().await {
        progress.checkpoint()?;
        let mut batch = batch?;
        repeated += note_keys(&mut seen, &mut batch);
        save_findings(workspace, collection, &batch.failing).await?;
        add(&mut sum, batch);
        progress.done(u64::try_from(sum.records).unwrap_or(0));
    }
    let report = report(workspace, &settings.schema, collection, &yard, &sum, repeated);
    workspace.put(names::QUALITY, &docs::to_document(collection, &report)?).await?;
    Ok(report)
}

fn yardstick(workspace: &Workspace, settings: &crate::CollectionSettings) -> Result<Yardstick> {
    let now = workspace.clock.now();
    if settings.schema.is_empty() {
        let key_field = settings.key_field.clone();
        let keys_are_unique = key_field == "_id";
        return Ok(Yardstick {
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
    Ok(Yardstick {
        checker: Some(workspace.checker(&settings.schema)?),
        fields,
        key_field: settings.key_field.clone(),
        keys_are_unique: settings.key_field == "_id",
        freshness: pack.steward.freshness.clone(),
        targets: pack.steward.targets,
        now,
    })
}

fn tally(yard: &Yardstick, batch: &[bson::RawDocumentBuf]) -> Tally {
    let mut out = Tally { filled: vec![0; yard.fields.len()], ..Tally::default() };
    for raw in batch {
        let Ok(doc) = Document::try_from(raw.as_ref()) else {
            continue;
        };
        tally_record(yard, &doc, &mut out);
    }
    out
}

fn tally_record(yard: &Yardstick, doc: &Document, out: &mut Tally) {
    out.records += 1;
    let id = doc.get("_id").cloned().unwrap_or(Bson::Null);
    let mut complete = true;
    for (at, (field, _)) in yard.fields.iter().enumerate() {
        let filled = !value::is_blank(doc.get(field));
        out.filled[at] += i64::from(filled);
        complete &= filled;
    }
    if !complete {
        out.failing.push(Failing { id: id.clone(), metric: MetricName::Completeness });
    }
    let violations = yard.checker.as_ref().map_or_else(Vec::new, |c| c.check(&value::doc_to_plain(doc)));
    if violations.is_empty() {
        out.valid += 1;
    } else {
        out.failing.push(Failing { id: id.clone(), metric: MetricName::Adherence });
        let mut places: Vec<(String, String)> = violations.iter().map(|v| (v.field().to_owned(), v.rule.clone())).collect();
        places.sort();
        places.dedup();
        for place in places {
            *out.rules.entry(place).or_default() += 1;
        }
    }
    if let Some(moment) = moment(yard, doc) {
        out.newest = Some(out.newest.map_or(moment, |newest| newest.max(moment)));
        if (yard.now.timestamp_millis() - moment) as f64 > yard.targets.freshness_days * 86_400_000.0 {
            out.failing.push(Failing { id: id.clone(), metric: MetricName::Freshness });
        }
    }
    if yard.keys_are_unique {
        return;
    }
    let key = doc.get(&yard.key_field).map_or_else(Vec::new, order::key_of);
    out.keys.push((crate::rows::hash(&key), id));
}

/// When a record was last brought up to date, in milliseconds since 1970.
fn moment(yard: &Yardstick, doc: &Document) -> Option<i64> {
    let dated = yard.freshness.as_ref().and_then(|field| doc.get(field)).and_then(|v| match v {
        Bson::DateTime(at) => Some(at.timestamp_millis()),
        Bson::String(text) => chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp_millis()),
        _ => None,
    });
    dated.or_else(|| match doc.get("_id") {
        Some(Bson::ObjectId(id)) => Some(id.timestamp().timestamp_millis()),
        _ => None,
    })
}

/// Notes the keys of a batch; records whose key was met before fail uniqueness, and so does the first of them.
fn note_keys(seen: &mut HashMap<u64, (u32, Option<Bson>)>, batch: &mut Tally) -> i64 {
    let mut repeated = 0;
    for (hash, id) in std::mem::take(&mut batch.keys) {
        match seen.get_mut(&hash) {
            None => {
                seen.insert(hash, (1, Some(id)));
            }
            Some((times, first)) => {
                *times += 1;
                repeated += 1;
                if let Some(first) = first.take() {
                    repeated += 1;
                    batch.failing.push(Failing { id: first, metric: MetricName::Uniqueness });
                }
                batch.failing.push(Failing { id, metric: MetricName::Uniqueness });
            }
        }
    }
    repeated
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

pub(crate) fn place(collection: &str, metric: MetricName) -> String {
    format!("{collection} {metric:?}")
}

async fn clear_findings(workspace: &Workspace, collection: &str) -> Result<()> {
    let metrics = [MetricName::Completeness, MetricName::Adherence, MetricName::Uniqueness, MetricName::Freshness];
    for metric in metrics {
        let filter = Filter::eq("place", place(collection, metric));
        let clear = WriteOp::DeleteMany { collection: names::FINDINGS.into(), filter };
        workspace.store.write(WriteBatch::data(vec![clear]), Durability::Bulk).await?;
    }
    Ok(())
}

async fn save_findings(workspace: &Workspace, collection: &str, failing: &[Failing]) -> Result<()> {
    for chunk in failing.chunks(1000) {
        let mut ops = Vec::with_capacity(chunk.len());
        for found in chunk {
            let doc = bson::doc! {"_id": bson::oid::ObjectId::new(), "place": place(collection, found.metric), "record": found.id.clone()};
            ops.push(WriteOp::insert(names::FINDINGS, &doc)?);
        }
        workspace.store.write(WriteBatch::data(ops), Durability::Bulk).await?;
    }
    Ok(())
}

fn report(workspace: &Workspace, schema: &str, collection: &str, yard: &Yardstick, sum: &Tally, repeated: i64) -> QualityReport {
    let records = sum.records;
    let failing = |metric: MetricName| sum.failed.get(&metric).copied().unwrap_or(0);
    let share = |good: i64, of: i64| (of > 0).then(|| good as f64 / of as f64);
    let cells = records * i64::try_from(yard.fields.len()).unwrap_or(0);
    let age = sum.newest.map(|newest| ((yard.now.timestamp_millis() - newest) as f64 / 86_400_000.0).max(0.0));
    let fields: Vec<&str> = yard.fields.iter().map(|(f, _)| f.as_str()).collect();
    let high = |name, value: Option<f64>, target: f64, explanation: String| Metric {
        name,
        value,
        target,
        unit: MetricUnit::Ratio,
        state: value.map_or(MetricState::Unknown, |v| if v >= target { MetricState::Good } else { MetricState::Bad }),
        failing: failing(name),
        explanation,
    };
    let has_schema = yard.checker.is_some();
    let metrics = vec![
        high(
            MetricName::Completeness,
            share(sum.filled.iter().sum(), cells),
            yard.targets.completeness,
            format!("Share of filled values in {}.", fields.join(", ")),
        ),
        high(
            MetricName::Adherence,
            if has_schema { share(sum.valid, records) } else { None },
            yard.targets.adherence,
            if has_schema { format!("Share of records that break no rule of {schema}.") } else { "No schema is assigned.".into() },
        ),
        high(
            MetricName::Uniqueness,
            share(records - repeated, records),
            yard.targets.uniqueness,
            format!("Share of records whose {} no other record has.", yard.key_field),
        ),
        Metric {
            name: MetricName::Freshness,
            value: age,
            target: yard.targets.freshness_days,
            unit: MetricUnit::Days,
            state: age.map_or(MetricState::Unknown, |a| if a < yard.targets.freshness_days { MetricState::Good } else { MetricState::Bad }),
            failing: failing(MetricName::Freshness),
            explanation: match &yard.freshness {
                Some(field) => format!("Age of the newest record, by {field} or else by when it was added."),
                None => "Age of the newest record, by when it was added.".into(),
            },
        },
    ];
    let completeness = yard.fields.iter().zip(&sum.filled).map(|((field, required), filled)| FieldCompleteness {
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
    }
}

/// The last report, if there is one.
pub async fn last(workspace: &Workspace, collection: &str) -> Result<Option<QualityReport>> {
    let doc = workspace.own_document(names::QUALITY, collection).await?;
    doc.map(|d| docs::from_document(&d)).transpose()
}

/// The collection was written to since a moment.
pub async fn changed_since(workspace: &Workspace, collection: &str, at: &str) -> Result<bool> {
    let newest = crate::journal::list(workspace, Some(collection), None, 1).await?;
    Ok(newest.first().is_some_and(|set| set.at.as_str() > at))
}
