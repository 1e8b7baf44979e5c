//! The records that failed a figure at the last measurement: page by page, counted, and narrowed by a filter.
//!
//! What failed is kept by the measurement as a list of ids; here they are looked up. Measuring is in `quality`.

use std::collections::HashMap;

use async_trait::async_trait;
use bson::{Bson, RawDocumentBuf};
use steward_domain::quality::MetricName;
use steward_domain::{Filter, Value, order};
use steward_store::{Cursor, Query, names, upsert};

use crate::record::last_key;
use steward_workspace::{Result, Workspace, selection::Selection};

/// The records that failed a figure at the last measurement and fit a filter.
#[derive(Debug, Clone)]
pub struct Failing {
    pub metric: MetricName,
    pub filter: Filter,
}

#[async_trait]
impl Selection for Failing {
    async fn count(&self, workspace: &Workspace, collection: &str) -> Result<u64> {
        count(workspace, collection, self.metric, &self.filter).await
    }

    async fn page(
        &self,
        workspace: &Workspace,
        collection: &str,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<RawDocumentBuf>, Option<String>)> {
        page(workspace, collection, self.metric, &self.filter, after, limit).await
    }
}

/// How many findings are looked up at a time where nobody asked for a page of that size.
const BATCH: usize = 1000;

/// A page of the records that failed and fit the filter, and the cursor of the next. Only the last page is short.
pub async fn page(
    workspace: &Workspace,
    collection: &str,
    metric: MetricName,
    filter: &Filter,
    mut after: Option<String>,
    limit: usize,
) -> Result<(Vec<RawDocumentBuf>, Option<String>)> {
    let mut records = Vec::new();
    loop {
        // Never more than are still wanted: a cursor is behind a whole page of findings.
        let (ids, next) = ids(workspace, collection, metric, after, limit - records.len()).await?;
        records.extend(look_up(workspace, collection, &ids, filter).await?);
        if next.is_none() || records.len() >= limit {
            return Ok((records, next));
        }
        after = next;
    }
}

/// How many records failed and fit the filter.
pub async fn count(workspace: &Workspace, collection: &str, metric: MetricName, filter: &Filter) -> Result<u64> {
    if filter.is_all() {
        return Ok(workspace.store.count(names::FINDINGS, &Filter::eq("place", last_key(workspace, collection, metric).await?)).await?);
    }
    let (mut sum, mut after) = (0, None);
    loop {
        let (ids, next) = ids(workspace, collection, metric, after, BATCH).await?;
        if !ids.is_empty() {
            sum += workspace.store.count(collection, &among(&ids, filter)).await?;
        }
        if next.is_none() {
            return Ok(sum);
        }
        after = next;
    }
}

async fn ids(
    workspace: &Workspace,
    collection: &str,
    metric: MetricName,
    after: Option<String>,
    limit: usize,
) -> Result<(Vec<Bson>, Option<String>)> {
    let query = Query::new(Filter::eq("place", last_key(workspace, collection, metric).await?), limit).after(after.map(Cursor));
    let page = workspace.store.find(names::FINDINGS, &query).await?;
    let mut ids = Vec::with_capacity(page.records.len());
    for raw in &page.records {
        ids.push(upsert::decode(raw)?.remove("record").unwrap_or(Bson::Null));
    }
    Ok((ids, page.next.map(|c| c.0)))
}

/// The records of the ids in their order; those deleted since, and those that do not fit, are left out.
async fn look_up(workspace: &Workspace, collection: &str, ids: &[Bson], filter: &Filter) -> Result<Vec<RawDocumentBuf>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = if filter.is_all() {
        workspace.store.get_many(collection, "_id", ids).await?
    } else {
        workspace.store.find(collection, &Query::new(among(ids, filter), ids.len())).await?.records
    };
    let mut by_id: HashMap<Vec<u8>, RawDocumentBuf> =
        found.into_iter().map(|raw| (order::key(raw.get("_id").ok().flatten()), raw)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(&order::key_of(id))).collect())
}

fn among(ids: &[Bson], filter: &Filter) -> Filter {
    Filter::In { field: "_id".into(), values: ids.iter().cloned().map(Value).collect() }.and(filter.clone())
}
