//! Keeping a measurement: the report, a point of its series, and the records that failed, exchanged in one step.

use bson::oid::ObjectId;
use bson::{Bson, Document};
use steward_domain::quality::{MetricName, QualityPoint, QualityReport};
use steward_domain::{Comparison, Filter};
use steward_store::{Durability, WriteBatch, WriteOp, names};
use steward_workspace::{Event, Progress, Result, Workspace, docs, measured};

use crate::findings::METRICS;
use crate::measure::Measurement;

/// Writes a measurement. Until it is done, the last report and its failing records stay as they are.
pub async fn record_measurement(workspace: &Workspace, measurement: Measurement, progress: &dyn Progress) -> Result<QualityReport> {
    let Measurement { report, failing } = measurement;
    let collection = report.collection.clone();
    let before = measured::last(workspace, &collection).await?;
    let findings = ObjectId::new().to_hex();
    let report = QualityReport { findings: findings.clone(), ..report };
    let written = async {
        progress.phase("Recording");
        for batch in failing.batches(1000)? {
            progress.checkpoint()?;
            let docs = batch?.into_iter().map(|finding| {
                let doc = bson::doc! { "_id": ObjectId::new(), "place": key(&collection, finding.metric, &findings), "record": finding.id };
                Ok(WriteOp::insert(names::FINDINGS, &doc)?)
            });
            workspace.store.write(WriteBatch::data(docs.collect::<Result<_>>()?), Durability::Bulk).await?;
        }
        let ops = vec![WriteOp::put(names::QUALITY, &docs::to_document(&collection, &report)?)?, point(&report)?];
        workspace.store.write(WriteBatch::data(ops), Durability::Full).await?;
        Ok(())
    };
    let written: Result<()> = written.await;
    if let Err(e) = written {
        clear(workspace, &collection, &findings).await?;
        return Err(e);
    }
    if let Some(before) = before.filter(|before| !before.findings.is_empty()) {
        clear(workspace, &collection, &before.findings).await?;
    }
    clear_abandoned(workspace, &collection, &findings).await?;
    workspace.events.emit(&Event::Measured { collection });
    Ok(report)
}

/// The point of a report in the series of its collection. Its id sorts by time within the collection.
fn point(report: &QualityReport) -> Result<WriteOp> {
    let value = |name| report.metrics.iter().find(|m| m.name == name).and_then(|m| m.value);
    let point = QualityPoint {
        at: report.measured_at.clone(),
        records: report.records,
        completeness: value(MetricName::Completeness),
        adherence: value(MetricName::Adherence),
        uniqueness: value(MetricName::Uniqueness),
        freshness: value(MetricName::Freshness),
    };
    Ok(WriteOp::put(names::MEASUREMENTS, &docs::to_document(&format!("{}${}", report.collection, report.measured_at), &point)?)?)
}

/// The points of a collection's series, oldest first, the newest `limit` of them.
pub async fn series(workspace: &Workspace, collection: &str, limit: usize) -> Result<Vec<QualityPoint>> {
    let bound = |cmp, end: &str| Filter::Compare { field: "_id".into(), cmp, value: Bson::from(format!("{collection}{end}")).into() };
    // `%` is the character after `$`.
    let own = bound(Comparison::Gte, "$").and(bound(Comparison::Lt, "%"));
    let mut found = workspace.own_documents(names::MEASUREMENTS, own, "_id", limit).await?;
    found.reverse();
    found.iter().map(|doc: &Document| docs::from_document(doc)).collect()
}

/// What the records that fail a figure are stored under: collection, figure and measurement. No collection has a `$` in its name.
fn key(collection: &str, metric: MetricName, findings: &str) -> String {
    format!("{collection}${metric:?}${findings}")
}

/// The key of the last measurement; nothing is stored under it before the first one.
pub(crate) async fn last_key(workspace: &Workspace, collection: &str, metric: MetricName) -> Result<String> {
    let findings = measured::last(workspace, collection).await?.map(|report| report.findings).unwrap_or_default();
    Ok(key(collection, metric, &findings))
}

/// Removes the failing records of a measurement.
async fn clear(workspace: &Workspace, collection: &str, findings: &str) -> Result<()> {
    let ops = METRICS.map(|metric| WriteOp::DeleteMany {
        collection: names::FINDINGS.into(),
        filter: Filter::eq("place", key(collection, metric, findings)),
    });
    workspace.store.write(WriteBatch::data(ops.into()), Durability::Bulk).await?;
    Ok(())
}

/// Removes what measurements left whose process was killed: a day later nobody is at work on them.
async fn clear_abandoned(workspace: &Workspace, collection: &str, findings: &str) -> Result<()> {
    let yesterday = (workspace.clock.now() - chrono::Duration::days(1)).timestamp();
    let oldest = u32::try_from(yesterday).map_or_else(|_| String::new(), |seconds| format!("{seconds:08x}"));
    let bound = |cmp, text: String| Filter::Compare { field: "place".into(), cmp, value: Bson::from(text).into() };
    let ops = METRICS.map(|metric| {
        let own = Filter::Not { not: Box::new(Filter::eq("place", key(collection, metric, findings))) };
        let old = bound(Comparison::Gte, key(collection, metric, "")).and(bound(Comparison::Lt, key(collection, metric, &oldest)));
        WriteOp::DeleteMany { collection: names::FINDINGS.into(), filter: old.and(own) }
    });
    workspace.store.write(WriteBatch::data(ops.into()), Durability::Bulk).await?;
    Ok(())
}
