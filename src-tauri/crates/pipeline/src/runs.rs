//! Import runs: starting, resuming and listing. Taking them back is in [`undo`], staged rows in [`staging`].

mod staging;
mod undo;

use std::path::Path;

use bson::Bson;
use steward_domain::{ChangeKind, Comparison, Filter, ImportMode, RunRecord, RunState};
use steward_schema::Pack;
use steward_store::{Durability, WriteBatch, names};

use crate::alive;
use crate::docs;
use crate::error::{Error, Result};
use crate::import::{Comparing, Findings, ImportSpec, Loading, Pass, Sink, SourceFile, run_op};
use crate::journal::{self, Request};
use crate::progress::Progress;
use crate::quarantine::report::Told;
use crate::replace;
use crate::workspace::{Workspace, new_id};

pub use staging::{promotion, staging_name};
pub use undo::{Kept, UndoFindings, kept, plan_undo, settle, undo};

/// A run whose process gave no sign of life for this long is interrupted.
const SILENCE_SECONDS: i64 = 30;

/// Looks at everything, compares with what the workspace holds, and writes nothing.
pub async fn dry_run(workspace: &Workspace, spec: &ImportSpec, progress: &dyn Progress) -> Result<Findings> {
    progress.phase("Comparing");
    let mut findings = look(workspace, spec, &mut Comparing { spec }, progress).await?;
    if spec.mode == ImportMode::Replace {
        findings.counts.removed = removed(workspace, &spec.collection, "", &findings.counts).await?;
    }
    Ok(findings)
}

/// Checks every row, without a look at the workspace. What is wrong is written to the report, if one is wanted.
pub async fn judge(workspace: &Workspace, spec: &ImportSpec, report: Option<&Path>, progress: &dyn Progress) -> Result<Findings> {
    progress.phase("Checking");
    let pass = Pass { workspace, spec, run: "plan".into(), progress, skip: Vec::new(), findings: Findings::default() };
    pass.judge(report.map(Told::create).transpose()?).await
}

async fn look<'a>(workspace: &'a Workspace, spec: &'a ImportSpec, sink: &mut dyn Sink<'a>, progress: &'a dyn Progress) -> Result<Findings> {
    let pass = Pass { workspace, spec, run: "plan".into(), progress, skip: Vec::new(), findings: Findings::default() };
    let (findings, result) = pass.run(sink).await;
    result.map(|()| findings)
}

/// Records of a replaced collection that its rows do not have.
async fn removed(workspace: &Workspace, collection: &str, run: &str, counts: &steward_domain::RunCounts) -> Result<i64> {
    let held = i64::try_from(replace::held(workspace, collection, run).await?).unwrap_or(i64::MAX);
    Ok((held - counts.updated - counts.unchanged).max(0))
}

/// Loads everything. Whatever happens, the run tells how far it came.
pub async fn load(workspace: &Workspace, spec: &ImportSpec, progress: &dyn Progress) -> Result<(RunRecord, Findings)> {
    let pack = pack_of(workspace, &spec.schema)?;
    for file in &spec.files {
        crate::import::size(file).await?;
    }
    let id = new_id();
    if spec.mode == ImportMode::Replace {
        replace::begin(workspace, &spec.collection).await?;
        workspace.prepare(&replace::incoming(&id), pack, &spec.key_field).await?;
    } else {
        workspace.assign(&spec.collection, pack, Some(&spec.key_field)).await?;
    }
    let now = workspace.clock.stamp();
    let record = RunRecord {
        id,
        state: RunState::Running,
        collection: spec.collection.clone(),
        schema: spec.schema.clone(),
        mode: spec.mode,
        key_field: spec.key_field.clone(),
        files: Vec::new(),
        counts: steward_domain::RunCounts::default(),
        started_at: now.clone(),
        finished_at: None,
        heartbeat_at: now,
        process: alive::mark().to_owned(),
        actor: workspace.actor.clone(),
        notes: Vec::new(),
        error: None,
        unknown_fields: Vec::new(),
        duplicates: spec.duplicates.clone(),
        mapping: spec.mapping.as_ref().and_then(|m| serde_json::to_string(m).ok()),
        change_set: None,
        staging: spec.staging.clone(),
        promotes: spec.promotes.clone(),
        replaced: None,
        settled_at: None,
    };
    let empty = spec.mode == ImportMode::Replace || workspace.store.count(&spec.collection, &Filter::all()).await? == 0;
    drive(workspace, spec, record, empty, Vec::new(), progress).await
}

/// The schema that rows of this one are stored under; nothing without a schema.
fn pack_of<'a>(workspace: &'a Workspace, schema: &str) -> Result<Option<&'a Pack>> {
    match schema {
        "" => Ok(None),
        schema => crate::normalise::stored_as(&workspace.registry, workspace.registry.get(schema)?).map(Some),
    }
}

/// Goes on with a run that was interrupted, cancelled or failed. Files are read from their old place unless given.
pub async fn resume(workspace: &Workspace, id: &str, files: Vec<SourceFile>, progress: &dyn Progress) -> Result<(RunRecord, Findings)> {
    let record = get(workspace, id).await?;
    if !matches!(record.state, RunState::Interrupted | RunState::Cancelled | RunState::Failed) {
        return Err(Error::Conflict("Only a run that was interrupted, cancelled or failed can go on.".into()));
    }
    let old = || record.files.iter().filter_map(|then| SourceFile::of_run(&workspace.store, then)).collect();
    let mut files: Vec<SourceFile> = if files.is_empty() { old() } else { files };
    if files.len() != record.files.len() {
        return Err(Error::BadRequest("Give the sources of this run again.".into()));
    }
    let pack = workspace.registry.get(&record.schema).ok();
    for (file, then) in files.iter_mut().zip(&record.files) {
        file.go_on(then);
        file.expect(pack, &record.key_field);
    }
    if files.is_empty() {
        return Err(Error::BadRequest("Give the files of this run again.".into()));
    }
    for (file, then) in files.iter().zip(&record.files) {
        let bytes = crate::import::size(file).await?;
        // A collection may have grown; reading goes on behind the last record that was read.
        if then.collection.is_none() && i64::try_from(bytes).unwrap_or(i64::MAX) != then.bytes {
            return Err(Error::Conflict(format!("{} has another size than when the run began. Start a new import.", file.name)));
        }
    }
    let spec = ImportSpec {
        files,
        collection: record.collection.clone(),
        key_field: record.key_field.clone(),
        schema: record.schema.clone(),
        mode: record.mode,
        mapping: record.mapping.as_deref().map(steward_mapping::Mapping::parse).transpose()?,
        duplicates: record.duplicates.clone(),
        staging: record.staging.clone(),
        promotes: record.promotes.clone(),
    };
    let skip = record.files.iter().map(|f| u64::try_from(f.rows_done).unwrap_or(0)).collect();
    let process = alive::mark().to_owned();
    let record = RunRecord { state: RunState::Running, error: None, finished_at: None, process, ..record };
    drive(workspace, &spec, record, false, skip, progress).await
}

async fn drive(
    workspace: &Workspace,
    spec: &ImportSpec,
    record: RunRecord,
    expect_new: bool,
    skip: Vec<u64>,
    progress: &dyn Progress,
) -> Result<(RunRecord, Findings)> {
    progress.phase("Loading");
    workspace.store.write(WriteBatch::data(vec![run_op(&record)?]), Durability::Full).await?;
    let beside = (spec.mode == ImportMode::Replace).then(|| replace::incoming(&record.id));
    let into = beside.clone().unwrap_or_else(|| spec.collection.clone());
    if expect_new {
        workspace.store.begin_load(&into).await?;
    }
    let findings = Findings {
        counts: record.counts,
        files: record.files.clone(),
        notes: record.notes.clone(),
        unknown_fields: record.unknown_fields.clone(),
        ..Findings::default()
    };
    let change_set = record.id.clone();
    let (updates, chunks) = if skip.is_empty() { (0, 0) } else { recorded(workspace, &record.id).await? };
    let pass = Pass { workspace, spec, run: record.id.clone(), progress, skip, findings };
    let mut sink = Loading { workspace, spec, record, expect_new, beside: beside.as_deref(), change_set, updates, chunks };
    let (mut findings, result) = pass.run(&mut sink).await;
    let mut record = sink.record;
    progress.phase("Indexing");
    let indexed = workspace.store.end_load(&into).await;
    let mut result = result.and_then(|()| indexed.map_err(Error::from));
    if result.is_ok() && spec.mode == ImportMode::Replace {
        result = put_in_place(workspace, spec, &mut record, &mut findings, progress).await;
    }
    let promotes = result.is_ok().then(|| spec.promotes.clone()).flatten();
    let (record, findings) = finish(workspace, record, findings, result).await?;
    // After the run has ended: killed here, the rows can be promoted once more and are found unchanged.
    if let Some(staged) = promotes {
        staging::promoted(workspace, &staged, &record).await?;
    }
    Ok((record, findings))
}

/// The end of a run that replaces its collection.
async fn put_in_place(
    workspace: &Workspace,
    spec: &ImportSpec,
    record: &mut RunRecord,
    findings: &mut Findings,
    progress: &dyn Progress,
) -> Result<()> {
    progress.phase("Replacing");
    findings.counts.removed = removed(workspace, &spec.collection, &record.id, &findings.counts).await?;
    // Written before the first step: a run that is killed in the middle knows what it has to put right.
    record.replaced = Some(replace::replaced(&record.id));
    workspace.store.write(WriteBatch::data(vec![run_op(record)?]), Durability::Full).await?;
    replace::put_in_place(workspace, &spec.collection, &record.id, progress).await?;
    workspace.assign(&spec.collection, pack_of(workspace, &spec.schema)?, Some(&spec.key_field)).await?;
    Ok(())
}

/// How much of the history an earlier attempt wrote.
async fn recorded(workspace: &Workspace, run: &str) -> Result<(usize, usize)> {
    let range = id_range(run);
    let updates = workspace.store.count(names::CHANGES, &range).await?;
    let chunks = workspace.store.count(names::RUN_INSERTS, &range).await?;
    // A batch may have written its history before the checkpoint: leave a gap that it cannot reach.
    Ok((usize::try_from(updates).unwrap_or(0) + 2000, usize::try_from(chunks).unwrap_or(0) + 2))
}

fn id_range(run: &str) -> Filter {
    let bound = |cmp, id: String| Filter::Compare { field: "_id".into(), cmp, value: Bson::from(id).into() };
    bound(Comparison::Gte, format!("{run}:")).and(bound(Comparison::Lt, format!("{run};")))
}

async fn finish(workspace: &Workspace, mut record: RunRecord, findings: Findings, result: Result<()>) -> Result<(RunRecord, Findings)> {
    record.counts = findings.counts;
    record.files.clone_from(&findings.files);
    record.notes.clone_from(&findings.notes);
    record.unknown_fields.clone_from(&findings.unknown_fields);
    let now = workspace.clock.stamp();
    record.heartbeat_at.clone_from(&now);
    record.finished_at = Some(now);
    record.state = match &result {
        Ok(()) => RunState::Done,
        Err(Error::Cancelled) => RunState::Cancelled,
        Err(_) => RunState::Failed,
    };
    record.error = result.as_ref().err().map(ToString::to_string);
    let wrote = record.counts.inserted + record.counts.updated > 0 || record.replaced.is_some() && result.is_ok();
    if wrote && record.change_set.is_none() {
        let names: Vec<&str> = record.files.iter().map(|f| f.name.as_str()).collect();
        let counts = &record.counts;
        let summary = format!(
            "{} {}: {} inserted, {} updated, {}{} quarantined",
            if record.replaced.is_some() { format!("Replaced {} by", record.collection) } else { "Imported".into() },
            names.join(", "),
            counts.inserted,
            counts.updated,
            if record.replaced.is_some() { format!("{} removed, ", counts.removed) } else { String::new() },
            counts.quarantined
        );
        let mut request = Request::new(ChangeKind::Import, &record.collection, summary, Vec::new());
        request.run_id = Some(record.id.clone());
        record.change_set = Some(record.id.clone());
        request.also.push(run_op(&record)?);
        journal::record_bulk(workspace, request, &record.id, record.counts.inserted + record.counts.updated + record.counts.removed)
            .await?;
    } else {
        workspace.store.write(WriteBatch::data(vec![run_op(&record)?]), Durability::Full).await?;
    }
    match result {
        Ok(()) | Err(Error::Cancelled) => Ok((record, findings)),
        Err(e) => Err(e),
    }
}

/// A run; one whose process is gone shows as interrupted.
pub async fn get(workspace: &Workspace, id: &str) -> Result<RunRecord> {
    let doc = workspace.own_document(names::RUNS, id).await?;
    let record = docs::from_document(&doc.ok_or_else(|| Error::NotFound(format!("There is no run '{id}'.")))?)?;
    Ok(seen_now(workspace, record))
}

/// Newest first, at most a thousand.
pub async fn list(workspace: &Workspace) -> Result<Vec<RunRecord>> {
    let found = workspace.own_documents(names::RUNS, Filter::all(), "_id", 1000).await?;
    let mut found = found.iter().map(|doc| Ok(seen_now(workspace, docs::from_document(doc)?))).collect::<Result<Vec<RunRecord>>>()?;
    // Ids of different programs tell the second only.
    found.sort_by(|a, b| b.started_at.cmp(&a.started_at));
    Ok(found)
}

fn seen_now(workspace: &Workspace, mut record: RunRecord) -> RunRecord {
    if record.state == RunState::Running {
        let beat = chrono::DateTime::parse_from_rfc3339(&record.heartbeat_at);
        let silent = beat.map_or(i64::MAX, |beat| workspace.clock.now().signed_duration_since(beat).num_seconds());
        if silent > SILENCE_SECONDS || alive::has_ended(&record.process) {
            record.state = RunState::Interrupted;
        }
    }
    record
}
