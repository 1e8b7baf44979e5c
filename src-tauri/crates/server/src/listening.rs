//! Accepting connections until the server is asked to stop. A request that is begun and never finished holds nothing up: neither a
//! connection for ever, nor the end.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// For the head of a request; pages on this machine need milliseconds.
const HEAD: Duration = Duration::from_secs(20);

/// For answers that are on their way when the server is asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until it is asked to stop, and lets answers finish.
pub async fn until(listener: TcpListener, router: Router, stopping: &CancellationToken) {
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        let Ok((stream, _)) = accepted else {
            // Too many open files, as a rule: some are closed soon.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // What goes wrong on a connection concerns its other end alone.
            let _ = connection.await;
        });
    }
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(GRACE) => {}
    }
}
