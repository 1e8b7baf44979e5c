//! `workspace.space`, `workspace.setSpace`, `workspace.compact`

use steward_import::retention::{self, Retention};

use steward_workspace::Event;

use crate::caller::Call;
use crate::dto::{Empty, SetSpace, Space};
use crate::error::{ApiError, ApiResult};

pub async fn get(app: &Call, _: Empty) -> ApiResult<Space> {
    shown(app, 0).await
}

async fn shown(app: &Call, discarded: u64) -> ApiResult<Space> {
    let workspace = app.workspace()?;
    let rules = retention::retention(&workspace).await?;
    let room = workspace.store.room().await?;
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(Space {
        bytes: room.map(|room| number(room.bytes)),
        free: room.map(|room| number(room.free)),
        days: rules.days,
        records: rules.records,
        discarded: number(discarded),
    })
}

pub async fn set(app: &Call, request: SetSpace) -> ApiResult<Space> {
    let workspace = app.workspace()?;
    let now = retention::retention(&workspace).await?;
    let rules = Retention { days: request.days.unwrap_or(now.days), records: request.records.unwrap_or(now.records) };
    if rules.records < 0 {
        return Err(ApiError::bad_request("The number of records cannot be negative."));
    }
    retention::set_retention(&workspace, rules).await?;
    let discarded = retention::discard(&workspace).await?;
    workspace.events.emit(&Event::UndoDataDiscarded);
    shown(app, discarded.runs).await
}

pub async fn compact(app: &Call, _: Empty) -> ApiResult<Space> {
    let workspace = app.workspace()?;
    let discarded = retention::discard(&workspace).await?;
    workspace.store.compact().await?;
    workspace.events.emit(&Event::UndoDataDiscarded);
    shown(app, discarded.runs).await
}
