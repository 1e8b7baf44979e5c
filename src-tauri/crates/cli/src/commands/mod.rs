//! One module a group of commands.

pub mod backup;
pub mod connection;
pub mod files;
pub mod fixes;
pub mod import;
mod increments;
pub mod init;
mod keys;
pub mod mapping;
pub mod quality;
pub mod quarantine;
pub mod records;
pub mod restore;
pub mod runs;
pub mod schema;
pub mod split;
pub mod tasks;
pub mod trust;
pub mod workspace;

use serde_json::Value as Json;
use steward_api::dto::{Job, JobOutcome};
use steward_api::{ApiError, ApiResult, ErrorCode};
use steward_domain::{Filter, Value, filter_text};

/// FIELD=VALUE; the value is JSON where it reads as JSON, else text.
pub fn assignment(text: &str) -> ApiResult<(String, Value)> {
    let (path, value) = text.split_once('=').ok_or_else(|| ApiError::bad_request(format!("'{text}' must be FIELD=VALUE.")))?;
    Ok((path.trim().to_owned(), parse_value(value)))
}

/// JSON where it reads as JSON, else text.
pub fn parse_value(text: &str) -> Value {
    let json: Json = serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()));
    serde_json::from_value(json).unwrap_or_else(|_| Value::text(text))
}

/// A written filter.
pub fn filter(text: &Option<String>) -> ApiResult<Option<Filter>> {
    let Some(text) = text else {
        return Ok(None);
    };
    match filter_text::parse(text) {
        Ok(filter) => Ok(Some(filter)),
        Err(e) => {
            let hint = format!("{text}\n  {}^", " ".repeat(e.position));
            Err(ApiError::bad_request(format!("The filter is not valid: {}.", e.message)).hint(hint))
        }
    }
}

/// What a job of one's own has come to.
pub fn outcome<T>(job: Job, of: impl FnOnce(JobOutcome) -> Option<T>) -> ApiResult<T> {
    job.outcome.and_then(of).ok_or_else(|| ApiError::new(ErrorCode::Internal, "The job ended without an outcome."))
}
