//! Files that are named on the command line: handed over by id, read as it was chosen.

use std::path::{Path, PathBuf};

use steward_api::dto::Sources;
use steward_api::{Address, ApiError, ApiResult, ErrorCode};
use steward_domain::SourceChoice;

use crate::args::Choices;
use crate::session::Session;

/// Files with the ways to read them. What came through standard input is removed when this is dropped.
pub struct Named {
    pub sources: Sources,
    _spools: Vec<tempfile::TempPath>,
}

/// Hands files over; the choices are the same for each of them.
pub fn named(session: &Session, files: &[PathBuf], choices: &Choices) -> ApiResult<Named> {
    let (files, spools) = handles(session, files)?;
    let choice = SourceChoice {
        part: choices.part.clone(),
        encoding: choices.encoding.clone(),
        delimiter: choices.delimiter.clone(),
        quote: choices.quote.clone(),
        header: choices.header,
    };
    let choices = vec![choice; files.len()];
    Ok(Named { sources: Sources { files, choices, mapping: None }, _spools: spools })
}

/// The JSON in a file.
pub fn json(path: &Path, what: &str) -> ApiResult<serde_json::Value> {
    let shown = path.display();
    let read = if path.as_os_str() == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    let text = read.map_err(|e| ApiError::new(ErrorCode::NotFound, format!("{what} {shown} cannot be read: {e}.")))?;
    serde_json::from_str(&text).map_err(|e| ApiError::bad_request(format!("{what} {shown} is not valid JSON: {e}.")))
}

/// Opens a workspace that is thrown away: looking at files needs none of the person's.
pub async fn scratch(session: &Session) -> ApiResult<tempfile::TempDir> {
    let folder =
        tempfile::tempdir().map_err(|e| ApiError::new(ErrorCode::Internal, "No scratch folder can be made.").details(e.to_string()))?;
    session.app.open(&Address::File(folder.path().join("scratch.steward")), false).await?;
    Ok(folder)
}

/// Standard input, kept in a temporary file so that it can be read more than once. Removed when dropped.
fn spool_input(session: &Session) -> ApiResult<(String, tempfile::TempPath)> {
    let failed =
        |e: std::io::Error| ApiError::new(ErrorCode::Internal, "Standard input cannot be kept for reading.").details(e.to_string());
    let mut spool = tempfile::NamedTempFile::new().map_err(failed)?;
    std::io::copy(&mut std::io::stdin().lock(), &mut spool).map_err(failed)?;
    let path = spool.into_temp_path();
    let id = session.app.files.register_as(&path, "standard input").id;
    Ok((id, path))
}

fn handles(session: &Session, files: &[PathBuf]) -> ApiResult<(Vec<String>, Vec<tempfile::TempPath>)> {
    let (mut out, mut spools) = (Vec::new(), Vec::new());
    for file in files {
        if file.as_os_str() == "-" {
            let (id, spool) = spool_input(session)?;
            out.push(id);
            spools.push(spool);
            continue;
        }
        let path = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        if !path.exists() {
            return Err(ApiError::new(ErrorCode::NotFound, format!("There is no file {}.", file.display())));
        }
        out.push(session.app.files.register(&path).id);
    }
    Ok((out, spools))
}
