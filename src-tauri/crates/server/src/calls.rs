//! Commands over HTTP, and how their errors travel.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use steward_api::{ApiError, Caller, ErrorCode, dispatch};

use crate::Interface;

pub async fn call(
    State(interface): State<Interface>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    let request = if body.is_empty() { Ok(serde_json::Value::Null) } else { serde_json::from_slice(&body) };
    let result = match request {
        Ok(request) => dispatch::dispatch(&interface.app, &caller, &name, request).await,
        Err(e) => Err(ApiError::bad_request("The request is not JSON.").details(e.to_string())),
    };
    match result {
        Ok(answer) => Json(answer).into_response(),
        Err(e) => failure(&e),
    }
}

/// An error with the status that fits its code.
pub fn failure(e: &ApiError) -> Response {
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
    (status, Json(e)).into_response()
}
