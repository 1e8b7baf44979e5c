//! `jobs.*`

use crate::caller::Call;
use crate::dto::{Empty, Job, JobId, Jobs};
use crate::error::ApiResult;

pub async fn list(app: &Call, _: Empty) -> ApiResult<Jobs> {
    Ok(Jobs { jobs: app.jobs.list() })
}

pub async fn get(app: &Call, request: JobId) -> ApiResult<Job> {
    app.jobs.get(&request.job_id)
}

pub async fn cancel(app: &Call, request: JobId) -> ApiResult<Job> {
    app.jobs.cancel(&request.job_id)
}
