//! Resuming a run: its sources are read on from the last checkpoint.

use steward_domain::run::Recorded;
use steward_domain::{RunRecord, RunState};
use steward_workspace::lease::{self, Lease};
use steward_workspace::{Error, Progress, Result, Workspace};

use super::records::{get, stored};
use super::{Start, drive, turns, uncounted};
use crate::import::{Findings, ImportSpec, SourceFile, numbers_of};

/// Goes on with a run that was interrupted, cancelled or failed. Files are read from their old place unless given.
pub async fn resume(workspace: &Workspace, id: &str, files: Vec<SourceFile>, progress: &dyn Progress) -> Result<(RunRecord, Findings)> {
    // Whoever may still be at work on it is waited for, or loses the run.
    let record = get(workspace, id).await?;
    can_go_on(&record)?;
    let reads = if record.replaced.is_some() { Vec::new() } else { sources_again(workspace, &record, files.clone()).await? };
    let spec = spec_of(&record, reads)?;
    // The run and the turn of its sources may have the same silent holder: both are watched at once.
    let lost = turns::Lost::new(progress);
    let run = async {
        let taken = Lease::take(workspace, &lease::of_run(id), progress).await;
        if taken.is_err() {
            lost.give_up();
        }
        taken
    };
    let (lease, turn) = tokio::join!(run, turns::Turn::take(workspace, &spec, &lost));
    match (lease, turn) {
        (Ok(lease), Ok(turn)) => {
            let done = resume_held(workspace, &lease, id, files, progress).await;
            turn.end().await;
            lease.release().await;
            done
        }
        (Ok(lease), Err(e)) => {
            lease.release().await;
            Err(e)
        }
        (Err(e), Ok(turn)) => {
            turn.end().await;
            Err(e)
        }
        (Err(e), Err(_)) => Err(e),
    }
}

fn can_go_on(record: &RunRecord) -> Result<()> {
    match record.state {
        RunState::Running | RunState::Interrupted | RunState::Cancelled | RunState::Failed => Ok(()),
        RunState::Undoing | RunState::HalfUndone => {
            Err(Error::Conflict("This run is being undone. Run the undo again to finish it.".into()))
        }
        RunState::Done | RunState::Undone => Err(Error::Conflict("Only a run that was interrupted, cancelled or failed can go on.".into())),
    }
}

async fn resume_held(
    free: &Workspace,
    lease: &Lease,
    id: &str,
    files: Vec<SourceFile>,
    progress: &dyn Progress,
) -> Result<(RunRecord, Findings)> {
    let workspace = lease.workspace();
    let record = stored(workspace, id).await?;
    can_go_on(&record)?;
    let files = if record.replaced.is_some() { Vec::new() } else { sources_again(workspace, &record, files).await? };
    let spec = spec_of(&record, files)?;
    let skip = record.files.iter().map(|f| u64::try_from(f.rows_done).unwrap_or(0)).collect();
    let ours = uncounted(workspace, &record).await?;
    let numbers = numbers_of(lease.number());
    let recorded = Recorded { inserts: numbers, changes: numbers, ..record.recorded };
    let record = RunRecord { state: RunState::Running, error: None, finished_at: None, recorded, lease: lease.number(), ..record };
    drive(workspace, &spec, Start { record, expect_new: false, skip, ours, free }, progress).await
}

/// The sources of a run, to be read on from its checkpoint.
async fn sources_again(workspace: &Workspace, record: &RunRecord, files: Vec<SourceFile>) -> Result<Vec<SourceFile>> {
    let old = || record.files.iter().filter_map(|then| SourceFile::of_run(&workspace.store, then)).collect();
    let mut files: Vec<SourceFile> = if files.is_empty() { old() } else { files };
    if files.len() != record.files.len() {
        return Err(Error::BadRequest("Give the sources of this run again.".into()));
    }
    if files.is_empty() {
        return Err(Error::BadRequest("Give the files of this run again.".into()));
    }
    let pack = workspace.registry.get(&record.schema).ok();
    for (file, then) in files.iter_mut().zip(&record.files) {
        file.go_on(then);
        file.expect(pack, &record.key_field);
        let bytes = crate::import::size(file).await?;
        // A collection may have grown; reading goes on behind the last record that was read.
        if then.collection.is_none() && i64::try_from(bytes).unwrap_or(i64::MAX) != then.bytes {
            return Err(Error::Conflict(format!("{} has another size than when the run began. Start a new import.", file.name)));
        }
    }
    Ok(files)
}

fn spec_of(record: &RunRecord, files: Vec<SourceFile>) -> Result<ImportSpec> {
    Ok(ImportSpec {
        files,
        collection: record.collection.clone(),
        key_field: record.key_field.clone(),
        schema: record.schema.clone(),
        schema_reason: record.schema_reason.clone(),
        mode: record.mode,
        mapping: record.mapping.as_deref().map(steward_mapping::Mapping::parse).transpose()?,
        duplicates: record.duplicates.clone(),
        staging: record.staging.clone(),
        promotes: record.promotes.clone(),
    })
}
