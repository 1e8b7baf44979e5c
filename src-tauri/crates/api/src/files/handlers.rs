//! `files.*`

use crate::caller::Call;
use crate::dto::{PickOpen, PickSave, PickedFiles};
use crate::error::ApiResult;

pub async fn pick_open(app: &Call, request: PickOpen) -> ApiResult<PickedFiles> {
    let paths = app.host.pick_open(request.purpose, request.multiple).await?;
    Ok(PickedFiles { files: paths.iter().map(|p| app.files.register(p)).collect() })
}

pub async fn pick_save(app: &Call, request: PickSave) -> ApiResult<PickedFiles> {
    let path = app.host.pick_save(request.purpose, &request.suggested_name).await?;
    Ok(PickedFiles { files: path.iter().map(|p| app.files.register(p)).collect() })
}
