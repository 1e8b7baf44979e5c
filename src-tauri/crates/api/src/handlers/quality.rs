//! `quality.*`

use crate::caller::Call;
use crate::dto::{JobKind, JobOutcome, JobStarted, JobUnit, LastQuality, QualityQuery};
use crate::error::ApiResult;
use crate::jobs;

pub async fn last(app: &Call, request: QualityQuery) -> ApiResult<LastQuality> {
    let workspace = app.workspace()?;
    let report = steward_quality::last(&workspace, &request.collection).await?;
    let stale = match &report {
        Some(report) => steward_quality::changed_since(&workspace, &request.collection, &report.measured_at).await?,
        None => false,
    };
    Ok(LastQuality { report, stale })
}

pub async fn measure(app: &Call, request: QualityQuery) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    workspace.existing(&request.collection).await?;
    let collection = request.collection;
    let title = format!("Measuring {collection}");
    Ok(jobs::start(app, JobKind::Quality, title, JobUnit::Records, move |progress| async move {
        let report = steward_quality::measure(&workspace, &collection, progress.as_ref()).await?;
        Ok(JobOutcome::Quality(report))
    }))
}
