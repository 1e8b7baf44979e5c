//! `steward serve`: the page and the commands over HTTP, and what runs on a schedule.

use std::sync::Arc;
use std::time::Duration;

use steward_api::{ApiError, ApiResult, ErrorCode};
use tokio_util::sync::CancellationToken;

use crate::args::Serve;
use crate::exit;
use crate::output;
use crate::session::Session;

/// How long jobs are given to leave a state that can go on.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn serve(session: &Session, command: Serve) -> ApiResult<u8> {
    let stopping = CancellationToken::new();
    let explicit = session.given.is_some();
    let exists = matches!(session.address()?, steward_api::Address::File(path) if path.exists());
    let page = steward_server::page(&session.app, command.listen, command.ui, &stopping).await?;
    if explicit || exists {
        session.open(explicit).await?;
        session.app.list_as_recent()?;
    }
    let address = page.mount.address()?;
    let url = format!("http://{address}/#token={}", page.token);
    stop_when_asked(&stopping)?;
    if session.json {
        output::json(&serde_json::json!({ "url": url, "address": address.to_string(), "token": page.token }));
    }
    output::say(&format!("Steward is at {url}"));
    output::say("It is reachable only from this machine, and only with this address. Stop it with Ctrl-C.");
    let app = Arc::clone(&session.app);
    let scheduler = steward_api::scheduler::start(&app);
    steward_server::serve(vec![page.mount], &stopping).await;
    scheduler.abort();
    app.jobs.stop_all(PATIENCE).await;
    app.note_history().await;
    app.close();
    Ok(exit::DONE)
}

/// The first request to stop lets everything finish; the second one ends the program.
fn stop_when_asked(stopping: &CancellationToken) -> ApiResult<()> {
    let (asked, stopping) = (stopped()?, stopping.clone());
    tokio::spawn(async move {
        asked.await;
        stopping.cancel();
        match stopped() {
            Ok(again) => again.await,
            Err(_) => return,
        }
        std::process::exit(i32::from(exit::CANCELLED));
    });
    Ok(())
}

/// Ctrl-C, or the system asking politely. Listens from the call on, not from the first poll.
#[cfg(unix)]
fn stopped() -> ApiResult<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |e: std::io::Error| ApiError::new(ErrorCode::Internal, "Signals cannot be received.").details(e.to_string());
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ctrl-C.
#[cfg(not(unix))]
fn stopped() -> ApiResult<impl Future<Output = ()> + Send> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
