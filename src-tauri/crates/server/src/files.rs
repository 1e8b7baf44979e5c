//! Files of the page: uploads come into the scratch folder, exports are fetched from it.

use std::path::PathBuf;

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::Deserialize;
use steward_api::{ApiError, ApiResult};
use tokio::io::AsyncWriteExt;

use crate::calls::failure;
use crate::{Interface, internal};

#[derive(Deserialize)]
pub struct Name {
    name: String,
}

/// A file in a folder of its own, which is removed with the guard unless that is kept.
fn scratch_file(interface: &Interface, name: &str) -> ApiResult<(PathBuf, tempfile::TempDir)> {
    let odd = || {
        ApiError::bad_request("This file has a name that cannot be used here.")
            .hint("Give it a name of at most 200 bytes, without control characters, colons and backslashes.")
    };
    let name = steward_domain::file_name::plain(name).ok_or_else(odd)?;
    let folder =
        tempfile::Builder::new().tempdir_in(interface.scratch.path()).map_err(|e| internal("No scratch folder can be created.", e))?;
    Ok((folder.path().join(name), folder))
}

pub async fn upload(State(interface): State<Interface>, Query(query): Query<Name>, request: Request) -> Response {
    match receive(&interface, &query.name, request.into_body()).await {
        Ok(handle) => axum::Json(handle).into_response(),
        Err(e) => failure(&e),
    }
}

async fn receive(interface: &Interface, name: &str, body: Body) -> ApiResult<steward_api::dto::FileHandle> {
    // Where it breaks off, what came of it goes with the folder.
    let (path, folder) = scratch_file(interface, name)?;
    let failed = |e: std::io::Error| internal("The upload cannot be saved.", e);
    let mut file = tokio::fs::File::create(&path).await.map_err(failed)?;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| ApiError::bad_request("The upload broke off.").details(e.to_string()))?;
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    let _kept = folder.keep();
    Ok(interface.app.files.register(&path))
}

pub async fn save_target(State(interface): State<Interface>, Query(query): Query<Name>) -> Response {
    match scratch_file(&interface, &query.name) {
        Ok((path, folder)) => {
            let _kept = folder.keep();
            axum::Json(interface.app.files.register(&path)).into_response()
        }
        Err(e) => failure(&e),
    }
}

pub async fn download(State(interface): State<Interface>, axum::extract::Path(id): axum::extract::Path<String>) -> Response {
    let (path, name) = match interface.app.files.get(&id) {
        Ok(found) => found,
        Err(e) => return failure(&e),
    };
    if !path.starts_with(interface.scratch.path()) {
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
