//! `records.searchEverywhere`: reads the records for what no index serves.

use futures::StreamExt as _;
use steward_domain::search::Everywhere;
use steward_domain::{Filter, RecordKey, Value};
use steward_store::upsert;
use steward_workspace::Progress as _;

use crate::caller::Call;
use crate::dto::{JobKind, JobOutcome, JobStarted, JobUnit, RecordsFound, SearchEverywhere};
use crate::error::{ApiError, ApiResult};
use crate::jobs;

/// Records whose keys are given out. A filter by keys has an index up to as many.
const LISTED: usize = 1000;

pub async fn search_everywhere(app: &Call, request: SearchEverywhere) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let Some(wanted) = Everywhere::new(&request.text) else {
        return Err(ApiError::bad_request("There is nothing to search for.").hint("Enter at least one letter or digit."));
    };
    let key_field = workspace.existing(&request.collection).await?.key_field;
    let filter = request.filter.unwrap_or_else(Filter::all);
    let title = format!("Searching all text of {}", request.collection);
    Ok(jobs::start(app, JobKind::Search, title, JobUnit::Records, move |progress| async move {
        progress.phase("Reading");
        progress.total(workspace.store.count(&request.collection, &filter).await?);
        let mut batches = workspace.store.scan(&request.collection, &filter, None).await?;
        let mut found = RecordsFound { keys: Vec::new(), found: 0, read: 0 };
        while let Some(batch) = batches.next().await {
            progress.checkpoint()?;
            for record in batch? {
                found.read += 1;
                if !wanted.matches(&record) {
                    continue;
                }
                found.found += 1;
                let key = upsert::decode(&record)?.remove(&key_field);
                if let Some(key) = key.filter(|_| found.keys.len() < LISTED) {
                    found.keys.push(RecordKey(Value(key)));
                }
            }
            progress.done(u64::try_from(found.read).unwrap_or(0));
        }
        Ok(JobOutcome::Found(found))
    }))
}
