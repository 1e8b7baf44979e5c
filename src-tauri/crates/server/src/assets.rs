//! The page itself, embedded in the program.

use std::borrow::Cow;
use std::path::{Component, Path};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::Interface;

#[derive(RustEmbed)]
#[folder = "../../../ui/dist"]
struct Embedded;

/// A file of the page; its first one where no path is given.
pub async fn asset(State(interface): State<Interface>, request: Request) -> Response {
    let path = match request.uri().path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let found = match &interface.ui {
        Some(folder) => from_folder(folder, path).await.map(Cow::Owned),
        None => Embedded::get(path).map(|file| file.data),
    };
    match found {
        Some(bytes) => ([(header::CONTENT_TYPE, content_type(path))], bytes.into_owned()).into_response(),
        None => (StatusCode::NOT_FOUND, "There is no such page.").into_response(),
    }
}

fn content_type(path: &str) -> String {
    let guessed = mime_guess::from_path(path).first_or_octet_stream();
    match guessed.type_() {
        mime_guess::mime::TEXT => format!("{guessed}; charset=utf-8"),
        _ => guessed.to_string(),
    }
}

async fn from_folder(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let inside = Path::new(path).components().all(|c| matches!(c, Component::Normal(_)));
    if !inside {
        return None;
    }
    tokio::fs::read(folder.join(path)).await.ok()
}
