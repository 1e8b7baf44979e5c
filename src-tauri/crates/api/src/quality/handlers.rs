//! `quality.*`

use crate::caller::Call;
use crate::dto::{JobKind, JobOutcome, JobStarted, JobUnit, LastQuality, QualityHistory, QualityQuery};
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

/// Points that an answer has at most: five a day for eleven years.
const POINTS: usize = 20_000;

pub async fn history(app: &Call, request: QualityQuery) -> ApiResult<QualityHistory> {
    Ok(QualityHistory { points: steward_quality::series(&app.workspace()?, &request.collection, POINTS).await? })
}

pub async fn measure(app: &Call, request: QualityQuery) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    workspace.existing(&request.collection).await?;
    let collection = request.collection;
    let title = format!("Measuring {collection}");
    Ok(jobs::start(app, JobKind::Quality, title, JobUnit::Records, move |progress| async move {
        let report = steward_quality::measure_and_record(&workspace, &collection, progress.as_ref()).await?;
        Ok(JobOutcome::Quality(report))
    }))
}
