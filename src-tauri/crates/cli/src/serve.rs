//! `steward serve`: the interface and the commands over HTTP, on this machine only, behind a random token.

use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::{Stream, StreamExt};
use include_dir::{Dir, include_dir};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use steward_api::dto::AppEvent;
use steward_api::{ApiError, ApiResult, App, Caller, ErrorCode, Origin, dispatch};
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use crate::args::Serve;
use crate::exit;
use crate::listening;
use crate::output;
use crate::scratch::Scratch;
use crate::session::Session;

static INTERFACE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../ui/dist");

const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
     connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// How long jobs are given to leave a state that can go on.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
struct Server {
    app: Arc<App>,
    /// SHA-256 of the token: comparing digests tells nothing of the token by its timing.
    token: [u8; 32],
    ui: Option<PathBuf>,
    /// Uploads and exports live here as long as the server does.
    scratch: Arc<Scratch>,
    /// The server is about to end: streams of events end with it, or it would wait for their pages.
    stopping: CancellationToken,
}

fn internal(message: &str, e: impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorCode::Internal, message).details(e.to_string())
}

fn new_token() -> ApiResult<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| internal("This machine gives no random numbers.", e))?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

pub async fn serve(session: &Session, command: Serve) -> ApiResult<u8> {
    if !command.listen.ip().is_loopback() {
        return Err(ApiError::bad_request("Steward serves this machine only.")
            .hint("Listen on 127.0.0.1 or [::1]; for others put a proxy with a login in front."));
    }
    let explicit = session.given.is_some();
    let exists = matches!(session.address()?, steward_api::Address::File(path) if path.exists());
    if explicit || exists {
        session.open(explicit).await?;
    }
    let token = new_token()?;
    let scratch = Scratch::new(&session.app.data).map_err(|e| internal("No scratch folder can be made.", e))?;
    let stopping = CancellationToken::new();
    let server = Server {
        app: Arc::clone(&session.app),
        token: Sha256::digest(token.as_bytes()).into(),
        ui: command.ui,
        scratch: Arc::new(scratch),
        stopping: stopping.clone(),
    };
    let listener = tokio::net::TcpListener::bind(command.listen).await.map_err(|e| {
        ApiError::new(ErrorCode::Unreachable, format!("{} cannot be listened on.", command.listen))
            .hint("Another program has this port; choose one with --listen 127.0.0.1:0.")
            .details(e.to_string())
    })?;
    let address = listener.local_addr().map_err(|e| internal("The address is not known.", e))?;
    let url = format!("http://{address}/#token={token}");
    let (asked, asked_again) = (stopped()?, stopping.clone());
    tokio::spawn(async move {
        asked.await;
        asked_again.cancel();
        // Who asks twice does not want to wait.
        match stopped() {
            Ok(again) => again.await,
            Err(_) => return,
        }
        std::process::exit(i32::from(exit::CANCELLED));
    });
    if session.json {
        output::json(&serde_json::json!({ "url": url, "address": address.to_string(), "token": token }));
    }
    output::say(&format!("Steward is at {url}"));
    output::say("Only this machine can reach it, and only with this address. Stop it with Ctrl-C.");
    let app = Arc::clone(&session.app);
    let keeper = steward_api::keeper::start(&app);
    listening::until(listener, router(server, address), &stopping).await;
    keeper.abort();
    app.jobs.stop_all(PATIENCE).await;
    app.note_history().await;
    app.close();
    Ok(exit::DONE)
}

/// Ctrl-C, or the system asking politely. Listens from the call on, not from the first poll.
#[cfg(unix)]
fn stopped() -> ApiResult<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |e| internal("Signals cannot be received.", e);
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

fn router(server: Server, address: SocketAddr) -> Router {
    let guarded = Router::new()
        .route("/api/call/{name}", post(call).layer(axum::extract::DefaultBodyLimit::max(64 << 20)))
        .route("/api/events", get(events))
        .route("/api/upload", post(upload))
        .route("/api/save-target", post(save_target))
        .route("/api/download/{id}", get(download))
        .layer(middleware::from_fn_with_state(server.clone(), authorise));
    Router::new()
        .merge(guarded)
        .route("/healthz", get(|| async { "ok" }))
        .fallback(get(asset))
        .layer(middleware::from_fn_with_state(address, harden))
        .with_state(server)
}

/// Refuses other host names (DNS rebinding) and other origins; adds the security headers.
async fn harden(State(address): State<SocketAddr>, request: Request, next: Next) -> Response {
    if !is_own(address, request.headers()) {
        return (StatusCode::FORBIDDEN, "This address is not Steward's.").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The request names this server, and comes from its own page or from no page.
fn is_own(address: SocketAddr, headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let allowed = [address.to_string(), format!("localhost:{}", address.port())];
    let host_fits = text(header::HOST).is_none_or(|host| allowed.iter().any(|a| a == host));
    let origin_fits = text(header::ORIGIN).is_none_or(|origin| allowed.iter().any(|a| origin == format!("http://{a}")));
    host_fits && origin_fits
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
}

async fn authorise(State(server): State<Server>, Query(query): Query<Token>, request: Request, next: Next) -> Response {
    // A page cannot send headers with these two; everywhere else an address with a token in it would end up in histories and logs.
    let without_header =
        request.method() == Method::GET && ["/api/events", "/api/download/"].iter().any(|p| request.uri().path().starts_with(p));
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let given = bearer.map(str::to_owned).or(query.token.filter(|_| without_header)).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(given.as_bytes()).into();
    if digest != server.token {
        return failure(
            &ApiError::new(ErrorCode::Unauthorized, "The token is missing or wrong.")
                .hint("Open the address that 'steward serve' printed."),
        );
    }
    next.run(request).await
}

fn failure(e: &ApiError) -> Response {
    let status = match e.code {
        ErrorCode::BadRequest | ErrorCode::NewerVersion | ErrorCode::Damaged => StatusCode::BAD_REQUEST,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorCode::Locked => StatusCode::LOCKED,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::Conflict | ErrorCode::StalePlan | ErrorCode::NoWorkspace | ErrorCode::Cancelled => StatusCode::CONFLICT,
        ErrorCode::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, axum::Json(e)).into_response()
}

async fn call(State(server): State<Server>, axum::extract::Path(name): axum::extract::Path<String>, body: Bytes) -> Response {
    let request = if body.is_empty() { Ok(serde_json::Value::Null) } else { serde_json::from_slice(&body) };
    let result = match request {
        Ok(request) => dispatch::dispatch(&server.app, &Caller::system_user(Origin::Page), &name, request).await,
        Err(e) => Err(ApiError::bad_request("The request is not JSON.").details(e.to_string())),
    };
    match result {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(e) => failure(&e),
    }
}

async fn events(State(server): State<Server>) -> Sse<impl Stream<Item = Result<Event, std::convert::Infallible>>> {
    let mut events = server.app.listen();
    let stream = async_stream::stream! {
        loop {
            let received = tokio::select! {
                () = server.stopping.cancelled() => break,
                received = events.recv() => received,
            };
            let event = match received {
                Ok(event) => event,
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => AppEvent::Missed,
                Err(tokio::sync::broadcast::error::RecvError::Closed) => break,
            };
            if let Ok(text) = serde_json::to_string(&event) {
                yield Ok(Event::default().data(text));
            }
        }
    };
    Sse::new(stream).keep_alive(KeepAlive::default())
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// A file in a folder of its own, which is removed with the guard unless that is kept.
fn scratch_file(server: &Server, name: &str) -> ApiResult<(PathBuf, tempfile::TempDir)> {
    let odd = || {
        ApiError::bad_request("This file has a name that cannot be used here.")
            .hint("Give it a name of at most 200 bytes, without control characters, colons and backslashes.")
    };
    let name = steward_domain::file_name::plain(name).ok_or_else(odd)?;
    let folder = tempfile::Builder::new().tempdir_in(server.scratch.path()).map_err(|e| internal("No scratch folder can be made.", e))?;
    Ok((folder.path().join(name), folder))
}

async fn upload(State(server): State<Server>, Query(query): Query<Name>, request: Request) -> Response {
    match receive(&server, &query.name, request.into_body()).await {
        Ok(handle) => axum::Json(handle).into_response(),
        Err(e) => failure(&e),
    }
}

async fn receive(server: &Server, name: &str, body: Body) -> ApiResult<steward_api::dto::FileHandle> {
    // Where it breaks off, what came of it goes with the folder.
    let (path, folder) = scratch_file(server, name)?;
    let failed = |e: std::io::Error| internal("The upload cannot be kept.", e);
    let mut file = tokio::fs::File::create(&path).await.map_err(failed)?;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| ApiError::bad_request("The upload broke off.").details(e.to_string()))?;
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    let _kept = folder.keep();
    Ok(server.app.files.register(&path))
}

async fn save_target(State(server): State<Server>, Query(query): Query<Name>) -> Response {
    match scratch_file(&server, &query.name) {
        Ok((path, folder)) => {
            let _kept = folder.keep();
            axum::Json(server.app.files.register(&path)).into_response()
        }
        Err(e) => failure(&e),
    }
}

async fn download(State(server): State<Server>, axum::extract::Path(id): axum::extract::Path<String>) -> Response {
    let (path, name) = match server.app.files.get(&id) {
        Ok(found) => found,
        Err(e) => return failure(&e),
    };
    if !path.starts_with(server.scratch.path()) {
        return failure(&ApiError::not_found("This file cannot be downloaded."));
    }
    match tokio::fs::File::open(&path).await {
        Ok(file) => {
            let mut headers = HeaderMap::new();
            let safe: String = name.chars().filter(|c| !c.is_control() && *c != '"' && *c != '\\').collect();
            if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\"")) {
                headers.insert(header::CONTENT_DISPOSITION, value);
            }
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            (headers, Body::from_stream(tokio_util::io::ReaderStream::new(file))).into_response()
        }
        Err(e) => failure(&internal("The file cannot be read.", e)),
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        _ => "application/octet-stream",
    }
}

/// A file of the interface; anything else is its first page.
async fn asset(State(server): State<Server>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let path = if path.is_empty() { "index.html".to_owned() } else { path };
    let found = match &server.ui {
        Some(folder) => from_folder(folder, &path).await,
        None => INTERFACE.get_file(&path).map(|f| f.contents().to_vec()),
    };
    match found {
        Some(bytes) => ([(header::CONTENT_TYPE, content_type(&path))], bytes).into_response(),
        None => (StatusCode::NOT_FOUND, "There is no such page.").into_response(),
    }
}

async fn from_folder(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let inside = Path::new(path).components().all(|c| matches!(c, Component::Normal(_)));
    if !inside {
        return None;
    }
    tokio::fs::read(folder.join(path)).await.ok()
}
