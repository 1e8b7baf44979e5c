//! HTTP: the web page, the commands, their events and files. Each listener is an address with a router; what is served on it and
//! who may use it is in that router alone.

#![forbid(unsafe_code)]

mod assets;
mod auth;
mod calls;
mod events;
mod files;
mod headers;
mod health;
mod listening;
mod scratch;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use steward_api::{ApiError, ApiResult, App, ErrorCode};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::trace::TraceLayer;

use auth::Token;
use scratch::Scratch;

/// Bytes of a request to a command. Files travel in another way.
const LARGEST_CALL: usize = 64 << 20;

/// What every handler of the interface knows.
#[derive(Clone)]
struct Interface {
    app: Arc<App>,
    token: Token,
    /// Serves the page from this folder instead of the embedded one.
    ui: Option<PathBuf>,
    /// Uploads and exports live here as long as the server does.
    scratch: Arc<Scratch>,
    /// The server is about to end: streams of events end with it, or it would wait for their pages.
    stopping: CancellationToken,
}

/// An address that is listened on, and what is served there.
pub struct Mount {
    listener: TcpListener,
    router: Router,
}

impl Mount {
    /// Where it can be restored.
    pub fn address(&self) -> ApiResult<SocketAddr> {
        self.listener.local_addr().map_err(|e| internal("The address is not known.", e))
    }
}

/// The page and its commands on this machine, behind a random token.
pub struct Page {
    pub mount: Mount,
    pub token: String,
}

/// Listens for the page.
///
/// Errors: `BadRequest` for an address of other machines, `Unreachable` where something else has the port.
pub async fn page(app: &Arc<App>, listen: SocketAddr, ui: Option<PathBuf>, stopping: &CancellationToken) -> ApiResult<Page> {
    if !listen.ip().is_loopback() {
        return Err(ApiError::bad_request("Steward serves this machine only.")
            .hint("Listen on 127.0.0.1 or [::1]; for others put a proxy with a login in front."));
    }
    let (token, secret) = Token::new()?;
    let interface = Interface {
        app: Arc::clone(app),
        token,
        ui,
        scratch: Arc::new(Scratch::new(&app.data).map_err(|e| internal("No scratch folder can be created.", e))?),
        stopping: stopping.clone(),
    };
    let listener = bind(listen).await?;
    let address = listener.local_addr().map_err(|e| internal("The address is not known.", e))?;
    Ok(Page { mount: Mount { listener, router: router(interface, address) }, token: secret })
}

async fn bind(listen: SocketAddr) -> ApiResult<TcpListener> {
    TcpListener::bind(listen).await.map_err(|e| {
        ApiError::new(ErrorCode::Unreachable, format!("Steward cannot listen on {listen}."))
            .hint("Another program uses this port. Choose another one with --listen 127.0.0.1:0.")
            .details(e.to_string())
    })
}

/// Serves every mount until the server is asked to stop, and lets answers finish.
pub async fn serve(mounts: Vec<Mount>, stopping: &CancellationToken) {
    let each = mounts.into_iter().map(|mount| listening::until(mount.listener, mount.router, stopping));
    futures::future::join_all(each).await;
}

fn router(interface: Interface, address: SocketAddr) -> Router {
    let guarded = Router::new()
        .route("/api/call/{name}", post(calls::call).layer(axum::extract::DefaultBodyLimit::max(LARGEST_CALL)))
        .route("/api/events", get(events::events))
        .route("/api/upload", post(files::upload))
        .route("/api/save-target", post(files::save_target))
        .route("/api/download/{id}", get(files::download))
        .layer(middleware::from_fn_with_state(interface.clone(), auth::authorise));
    let open = Router::new().merge(guarded).route("/healthz", get(health::health)).fallback(get(assets::asset)).with_state(interface);
    headers::secured(open.layer(CompressionLayer::new())).layer(middleware::from_fn_with_state(address, auth::own_page)).layer(
        // Neither the query, which may hold a token, nor headers.
        TraceLayer::new_for_http().make_span_with(
            |request: &axum::extract::Request| tracing::debug_span!("http", method = %request.method(), path = request.uri().path()),
        ),
    )
}

fn internal(message: &str, e: impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorCode::Internal, message).details(e.to_string())
}
