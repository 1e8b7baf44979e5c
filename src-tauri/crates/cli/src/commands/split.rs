//! `validate --split`: the valid and the invalid rows of files, each in files of their own.

use std::path::Path;

use steward_api::call;
use steward_api::dto::{JobOutcome, RowsSplit, SplitFile, SplitNames, SplitSource, ValidateFiles};
use steward_api::{ApiError, ApiResult, ErrorCode};

use crate::output::{counted, number};
use crate::session::Session;

/// Writes both halves of each file into a folder, and says so.
pub async fn split(session: &Session, check: &ValidateFiles, folder: &Path) -> ApiResult<()> {
    std::fs::create_dir_all(folder)
        .map_err(|e| ApiError::bad_request(format!("The folder {} cannot be created: {e}.", folder.display())))?;
    for (at, file) in check.sources.files.iter().enumerate() {
        let mut one = check.clone();
        one.sources.files = vec![file.clone()];
        one.sources.choices = check.sources.choices.get(at).cloned().into_iter().collect();
        let source = SplitSource::File { check: one };
        let names: SplitNames = session.call(call::imports::SplitNames, &source).await?;
        let handle = |name: &str| Some(session.app.files.register(&folder.join(name)).id);
        let request = SplitFile { source, valid: handle(&names.valid), invalid: handle(&names.invalid) };
        let done = outcome(session.run_job(call::imports::Split, &request).await?.outcome)?;
        session.say(&format!(
            "{} written to {}, {} to {}.",
            counted(done.valid, "valid row"),
            folder.join(&names.valid).display(),
            number(done.invalid),
            folder.join(&names.invalid).display()
        ));
    }
    Ok(())
}

fn outcome(outcome: Option<JobOutcome>) -> ApiResult<RowsSplit> {
    match outcome {
        Some(JobOutcome::Split(done)) => Ok(done),
        _ => Err(ApiError::new(ErrorCode::Internal, "The job ended without an outcome.")),
    }
}
