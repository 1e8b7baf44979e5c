//! `connection status` and `connection reset`

use steward_api::dto::{BreakerState, ConnectionStatus, Empty};
use steward_api::{ApiResult, call};

use crate::args::Connection;
use crate::exit;
use crate::output::{self, counted, line, number};
use crate::session::Session;

pub async fn connection(session: &Session, command: Connection) -> ApiResult<u8> {
    session.open(false).await?;
    let status = match command {
        Connection::Status => session.call(call::connection::Status, &Empty {}).await?,
        Connection::Reset => session.call(call::connection::Reset, &Empty {}).await?,
    };
    output::answer(session.json, &status, print);
    Ok(exit::DONE)
}

fn print(status: &ConnectionStatus) {
    match &status.pool {
        Some(pool) => line(&format!(
            "Pool      {} to {} connections, {} in use; idle ones close after {} s; an operation waits {} s for one",
            number(pool.min),
            number(pool.max),
            number(pool.in_use),
            pool.idle_seconds,
            pool.wait_seconds
        )),
        None => line("Pool      none: a file has no connections to share"),
    }
    let breaker = &status.breaker;
    let state = match (&breaker.state, breaker.seconds_left) {
        (BreakerState::Closed, _) => "closed: all is well".to_owned(),
        (BreakerState::Open, left) => format!("open: everything is refused for {:.0} s more", left.unwrap_or_default()),
        (BreakerState::Trying, _) => "half open: the next operation decides".to_owned(),
    };
    let opens = counted(breaker.limit, "failure");
    line(&format!("Breaker   {state}; {opens} in a row open it for {} s", breaker.pause_seconds));
    if status.slow.is_empty() {
        line(&format!("Slow      nothing took longer than {} ms", number(status.slow_millis)));
        return;
    }
    line(&format!("Slow      operations that took longer than {} ms", number(status.slow_millis)));
    let rows = status.slow.iter().map(|op| {
        let times = format!("{} x, {} ms at most, {} ms on average", number(op.count), number(op.longest_millis), number(op.mean_millis));
        vec![format!("  {}", op.operation), op.collection.clone(), times, op.shape.clone()]
    });
    output::table(&rows.collect::<Vec<_>>());
}
