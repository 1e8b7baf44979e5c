//! `jobs.*`

use std::sync::Arc;

use crate::app::App;
use crate::dto::{Empty, Job, JobId, Jobs};
use crate::error::ApiResult;

pub async fn list(app: &Arc<App>, _: Empty) -> ApiResult<Jobs> {
    Ok(Jobs { jobs: app.jobs.list() })
}

pub async fn get(app: &Arc<App>, request: JobId) -> ApiResult<Job> {
    app.jobs.get(&request.job_id)
}

pub async fn cancel(app: &Arc<App>, request: JobId) -> ApiResult<Job> {
    app.jobs.cancel(&request.job_id)
}
