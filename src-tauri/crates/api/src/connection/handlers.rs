//! `connection.*`

use std::time::Duration;

use steward_store::layers::{BreakerState as State, Health, SlowOp};

use crate::caller::Call;
use crate::dto::{BreakerState, ConnectionBreaker, ConnectionPool, ConnectionStatus, Empty, SlowOperation};
use crate::error::ApiResult;

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn slow(op: SlowOp) -> SlowOperation {
    let last_at: chrono::DateTime<chrono::Utc> = op.last_at.into();
    let count = u32::try_from(op.count).unwrap_or(u32::MAX).max(1);
    SlowOperation {
        operation: op.shape.operation.to_owned(),
        collection: op.shape.collection,
        shape: op.shape.asked,
        count: i64::try_from(op.count).unwrap_or(i64::MAX),
        longest_millis: millis(op.longest),
        mean_millis: millis(op.total / count),
        last_at: last_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
    }
}

fn status_of(health: Health) -> ConnectionStatus {
    let limits = health.limits;
    let (state, left) = match health.breaker {
        State::Closed => (BreakerState::Closed, None),
        State::Open { left } => (BreakerState::Open, Some(left.as_secs_f64())),
        State::Trying => (BreakerState::Trying, None),
    };
    ConnectionStatus {
        pool: limits.pool.map(|pool| ConnectionPool {
            min: pool.min.into(),
            max: pool.max.into(),
            idle_seconds: pool.idle.as_secs_f64(),
            wait_seconds: pool.wait.as_secs_f64(),
            in_use: health.in_use.into(),
        }),
        breaker: ConnectionBreaker {
            state,
            failures: health.failures.into(),
            limit: limits.failures.into(),
            pause_seconds: limits.pause.as_secs_f64(),
            seconds_left: left,
        },
        slow_millis: millis(limits.slow),
        slow: health.slow.into_iter().map(slow).collect(),
    }
}

pub async fn status(app: &Call, _: Empty) -> ApiResult<ConnectionStatus> {
    Ok(status_of(app.layers()?.health()))
}

pub async fn reset(app: &Call, _: Empty) -> ApiResult<ConnectionStatus> {
    let layers = app.layers()?;
    layers.reset();
    Ok(status_of(layers.health()))
}
