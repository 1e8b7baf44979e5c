//! Import runs: starting, resuming and listing. Undoing them is in [`undo`], staged rows in [`staging`].

mod account;
mod records;
mod redo;
mod releases;
mod resume;
mod staging;
mod turns;
mod undo;

use std::path::Path;
use std::time::Duration;

use bson::{Bson, Document};
use steward_domain::run::{Recorded, RunFile};
use steward_domain::words::number;
use steward_domain::{ChangeKind, Comparison, Filter, ImportMode, RunRecord, RunState};
use steward_schema::Pack;
use steward_store::upsert::Ours;
use steward_store::{Durability, StoreErrorKind, Swap, WriteBatch, names};

use crate::import::{Comparing, Findings, ImportSpec, Loading, Pass, Seeds, Sink, at_checkpoint, inserts_id, numbers_of, run_file, run_op};
use crate::quarantine::report::RejectionReport;
use steward_workspace::Event;
use steward_workspace::{
    Error, Progress, Result, docs,
    history::{self, Request},
    lease::{self, Lease},
    swap,
    workspace::{Workspace, new_id},
};

use records::stored;
pub use records::{get, import_of, list};
pub use redo::redo;
pub use resume::resume;
pub use staging::{promotion, staging_name};
pub use undo::{ArchivedCollection, UndoFindings, can_go_back, discard_undo_data, go_back, kept, plan_undo, undo};

/// Looks at everything, compares with what the workspace holds, and writes nothing.
pub async fn dry_run(workspace: &Workspace, spec: &ImportSpec, progress: &dyn Progress) -> Result<Findings> {
    progress.phase("Comparing");
    let mut findings =
        look(workspace, spec, &mut Comparing { workspace, spec, seeds: Seeds::for_pass(workspace, spec).await? }, progress).await?;
    if spec.mode == ImportMode::Replace {
        findings.counts.removed = removed(workspace, &spec.collection, "", &findings.counts).await?;
    }
    Ok(findings)
}

/// Checks every row, without a look at the workspace. What is wrong is written to the report, if one is wanted.
pub async fn validate(workspace: &Workspace, spec: &ImportSpec, report: Option<&Path>, progress: &dyn Progress) -> Result<Findings> {
    progress.phase("Checking");
    let pass = Pass { workspace, spec, run: "plan".into(), progress, skip: Vec::new(), findings: Findings::default() };
    pass.validate(report.map(RejectionReport::create).transpose()?).await
}

async fn look<'a>(workspace: &'a Workspace, spec: &'a ImportSpec, sink: &mut dyn Sink<'a>, progress: &'a dyn Progress) -> Result<Findings> {
    let pass = Pass { workspace, spec, run: "plan".into(), progress, skip: Vec::new(), findings: Findings::default() };
    let (findings, result) = pass.run(sink).await;
    result.map(|()| findings)
}

/// Records of a replaced collection that its rows do not have.
async fn removed(workspace: &Workspace, collection: &str, run: &str, counts: &steward_domain::RunCounts) -> Result<i64> {
    let held = i64::try_from(swap::held(workspace, collection, run).await?).unwrap_or(i64::MAX);
    Ok((held - counts.updated - counts.unchanged).max(0))
}

/// Loads everything. Whatever happens, the run says how far it came.
pub async fn load(workspace: &Workspace, spec: &ImportSpec, progress: &dyn Progress) -> Result<(RunRecord, Findings)> {
    pack_of(workspace, &spec.schema)?;
    if spec.mode == ImportMode::Replace {
        swap::may_swap(workspace, "Replacing a collection").await?;
    }
    let mut files = Vec::new();
    for file in &spec.files {
        files.push(run_file(file, crate::import::size(file).await?));
    }
    let id = new_id();
    let lease = Lease::take(workspace, &lease::of_run(&id), progress).await?;
    let done = match turns::Turn::take(workspace, spec, progress).await {
        Ok(turn) => {
            let done = load_held(workspace, &lease, spec, id, files, progress).await;
            turn.end().await;
            done
        }
        Err(e) => Err(e),
    };
    lease.release().await;
    done
}

async fn load_held(
    free: &Workspace,
    lease: &Lease,
    spec: &ImportSpec,
    id: String,
    files: Vec<RunFile>,
    progress: &dyn Progress,
) -> Result<(RunRecord, Findings)> {
    let (held, pack) = (lease.workspace(), pack_of(free, &spec.schema)?);
    if spec.mode == ImportMode::Replace {
        swap::begin(held, &spec.collection).await?;
        held.prepare(&swap::incoming(&id), pack, &spec.key_field).await?;
    } else {
        held.assign(&spec.collection, pack, Some(&spec.key_field)).await?;
    }
    let empty = spec.mode == ImportMode::Replace || held.store.count(&spec.collection, &Filter::all()).await? == 0;
    // What is to be read is known before the first row: a resume asks for it.
    let record = RunRecord { files, ..begun(held, spec, id, lease.number()) };
    let start = Start { record, expect_new: empty, skip: Vec::new(), ours: Ours::default(), free };
    drive(held, spec, start, progress).await
}

/// A run of which nothing is done yet.
fn begun(workspace: &Workspace, spec: &ImportSpec, id: String, lease: i64) -> RunRecord {
    let numbers = numbers_of(lease);
    RunRecord {
        id,
        state: RunState::Running,
        collection: spec.collection.clone(),
        schema: spec.schema.clone(),
        schema_reason: spec.schema_reason.clone(),
        mode: spec.mode,
        key_field: spec.key_field.clone(),
        files: Vec::new(),
        counts: steward_domain::RunCounts::default(),
        started_at: workspace.clock.stamp(),
        finished_at: None,
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
        discarded_at: None,
        undo_set: None,
        lease,
        undone_from: None,
        undo_sets: Vec::new(),
        recorded: Recorded { inserts: numbers, changes: numbers, reported: 0 },
    }
}

/// The schema that rows of this one are stored under; nothing without a schema.
fn pack_of<'a>(workspace: &'a Workspace, schema: &str) -> Result<Option<&'a Pack>> {
    match schema {
        "" => Ok(None),
        schema => steward_workspace::normalise::stored_as(&workspace.registry, workspace.registry.get(schema)?).map(Some),
    }
}

/// Where a pass begins.
struct Start<'a> {
    record: RunRecord,
    expect_new: bool,
    skip: Vec<u64>,
    ours: Ours,
    /// The workspace without the lease.
    free: &'a Workspace,
}

async fn drive(workspace: &Workspace, spec: &ImportSpec, start: Start<'_>, progress: &dyn Progress) -> Result<(RunRecord, Findings)> {
    let run = start.record.id.clone();
    workspace.events.emit(&Event::RunChanged { run: run.clone(), collection: spec.collection.clone() });
    let done = driven(workspace, spec, start, progress).await;
    workspace.events.emit(&Event::RunChanged { run, collection: spec.collection.clone() });
    done
}

async fn driven(workspace: &Workspace, spec: &ImportSpec, start: Start<'_>, progress: &dyn Progress) -> Result<(RunRecord, Findings)> {
    let Start { mut record, expect_new, skip, ours, free } = start;
    workspace.store.write(WriteBatch::data(vec![run_op(&record)?]), Durability::Full).await?;
    let findings = Findings {
        counts: record.counts,
        files: record.files.clone(),
        notes: record.notes.clone(),
        unknown_fields: record.unknown_fields.clone(),
        ..Findings::default()
    };
    // Its rows are loaded and checked already: only the swap, or what follows it, is left.
    let loaded = record.replaced.is_some();
    let (mut findings, mut result) = match loaded {
        true => (findings, Ok(())),
        false => load_rows(workspace, spec, &mut record, Rows { expect_new, skip, ours: &ours, free, findings }, progress).await,
    };
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

struct Rows<'a> {
    expect_new: bool,
    skip: Vec<u64>,
    ours: &'a Ours,
    free: &'a Workspace,
    findings: Findings,
}

/// Reads, checks and writes all rows, and makes sure that they are there.
async fn load_rows(
    workspace: &Workspace,
    spec: &ImportSpec,
    record: &mut RunRecord,
    rows: Rows<'_>,
    progress: &dyn Progress,
) -> (Findings, Result<()>) {
    progress.phase("Loading");
    let Rows { expect_new, skip, ours, free, findings } = rows;
    let staging = (spec.mode == ImportMode::Replace).then(|| swap::incoming(&record.id));
    let into = staging.clone().unwrap_or_else(|| spec.collection.clone());
    if expect_new && let Err(e) = workspace.store.begin_load(&into).await {
        return (findings, Err(e.into()));
    }
    let seeds = match Seeds::for_pass(workspace, spec).await {
        Ok(seeds) => seeds,
        Err(e) => return (findings, Err(e)),
    };
    let pass = Pass { workspace, spec, run: record.id.clone(), progress, skip, findings };
    let (numbers, staging) = (record.recorded, staging.as_deref());
    let mut sink = Loading { workspace, free, spec, record: record.clone(), expect_new, staging, ours, numbers, seeds };
    let (findings, result) = pass.run(&mut sink).await;
    record.recorded = sink.numbers;
    at_checkpoint(record, &findings.checkpoint());
    progress.phase("Indexing");
    let indexed = index(workspace, &lease::of_run(&record.id), &into).await;
    let mut result = result.and(indexed);
    if result.is_ok() {
        progress.phase("Counting");
        result = account::all_there(workspace, record, &into, expect_new).await;
    }
    (findings, result)
}

/// Builds the indexes of what was loaded. A file takes no other writes meanwhile, so that the lease is not renewed: other machines are
/// it says how long that may last, ten thousand records a second at least.
async fn index(workspace: &Workspace, lease: &str, into: &str) -> Result<()> {
    let records = workspace.store.count(into, &Filter::all()).await?;
    lease::quiet(workspace, lease, Some(Duration::from_secs(30 + records / 10_000))).await?;
    workspace.store.end_load(into, None).await?;
    lease::quiet(workspace, lease, None).await
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
    let (incoming, ready, kept) = (swap::incoming(&record.id), swap::ready(&record.id), swap::replaced(&record.id));
    if record.replaced.is_none() {
        findings.counts.removed = removed(workspace, &spec.collection, &record.id, &findings.counts).await?;
        record.counts = findings.counts;
        // From now on a resume has nothing to read.
        record.replaced = Some(kept.clone());
        workspace.store.write(WriteBatch::data(vec![run_op(record)?]), Durability::Full).await?;
    }
    let open = swap::cut_off(workspace, &record.id).await?;
    if open.as_ref().is_some_and(|open| open.backwards) {
        swap::swap_back(workspace, &record.id, progress).await?;
    }
    if open.is_some() || swap::exists(workspace, &incoming).await? {
        let swap = Swap {
            id: record.id.clone(),
            title: format!("Replacing {} by {}", spec.collection, names_of(record)),
            lease: lease::of_run(&record.id),
            renames: vec![swap::step(&incoming, &ready), swap::step(&spec.collection, &kept), swap::step(&ready, &spec.collection)],
        };
        let then = WriteBatch::data(workspace.noting(&spec.collection, &kept).await?.into_iter().collect());
        swap::swap(workspace, &swap, &then, progress).await?;
    }
    workspace.assign(&spec.collection, pack_of(workspace, &spec.schema)?, Some(&spec.key_field)).await?;
    Ok(())
}

/// What an earlier attempt wrote and did not count.
async fn uncounted(workspace: &Workspace, record: &RunRecord) -> Result<Ours> {
    let mut ours = Ours::default();
    if record.mode == ImportMode::Replace {
        return Ok(ours);
    }
    let first = inserts_id(&record.id, record.recorded.inserts);
    for doc in behind(workspace, names::RUN_INSERTS, &record.id, first).await? {
        let ids = doc.get_array("ids").map_err(|_| Error::Damaged("A run's list of records"))?;
        ids.iter().for_each(|id| ours.inserted(id));
    }
    let first = docs::change_id(&record.id, usize::try_from(record.recorded.changes).unwrap_or(0));
    for doc in behind(workspace, names::CHANGES, &record.id, first).await? {
        ours.updated(&docs::change_from_doc(&doc)?.id);
    }
    Ok(ours)
}

/// Bookkeeping of a run from an id on: what one batch of each attempt wrote, at most.
async fn behind(workspace: &Workspace, collection: &str, run: &str, first: String) -> Result<Vec<Document>> {
    let filter = id_range(run).and(Filter::Compare { field: "_id".into(), cmp: Comparison::Gte, value: Bson::from(first).into() });
    workspace.own_documents(collection, filter, "_id", usize::MAX).await
}

pub(crate) fn id_range(run: &str) -> Filter {
    let bound = |cmp, id: String| Filter::Compare { field: "_id".into(), cmp, value: Bson::from(id).into() };
    bound(Comparison::Gte, format!("{run}:")).and(bound(Comparison::Lt, format!("{run};")))
}

fn names_of(record: &RunRecord) -> String {
    record.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Writes down how a run ended. One that another process has taken over is left to that process.
async fn finish(workspace: &Workspace, mut record: RunRecord, findings: Findings, result: Result<()>) -> Result<(RunRecord, Findings)> {
    if let Err(Error::Store(e)) = &result
        && e.kind == StoreErrorKind::Fenced
    {
        return Err(result.err().unwrap_or(Error::StalePlan));
    }
    at_checkpoint(&mut record, &findings.checkpoint());
    record.finished_at = Some(workspace.clock.stamp());
    record.state = match &result {
        Ok(()) => RunState::Done,
        Err(Error::Cancelled) => RunState::Cancelled,
        Err(_) => RunState::Failed,
    };
    record.error = result.as_ref().err().map(ToString::to_string);
    let written = record.counts.inserted + record.counts.updated;
    let replaced = record.replaced.is_some() && result.is_ok();
    if written > record.recorded.reported || replaced && record.change_set.is_none() {
        tell(workspace, &mut record, written).await?;
    } else {
        workspace.store.write(WriteBatch::data(vec![run_op(&record)?]), Durability::Full).await?;
    }
    match result {
        Ok(()) | Err(Error::Cancelled) => Ok((record, findings)),
        Err(e) => Err(e),
    }
}

/// The entry of the history, with the whole counts. A run that goes on gets another one, which is its own later part.
async fn tell(workspace: &Workspace, record: &mut RunRecord, written: i64) -> Result<()> {
    let counts = record.counts;
    let again = record.change_set.is_some();
    let summary = format!(
        "{} {}: {} inserted, {} updated, {}{} quarantined{}",
        if record.replaced.is_some() { format!("Replaced {} by", record.collection) } else { "Imported".into() },
        names_of(record),
        number(counts.inserted),
        number(counts.updated),
        if record.replaced.is_some() { format!("{} removed, ", number(counts.removed)) } else { String::new() },
        number(counts.quarantined),
        if again { " in all, after it was stopped" } else { "" },
    );
    let mut request = Request::new(ChangeKind::Import, &record.collection, summary, Vec::new());
    request.run_id = Some(record.id.clone());
    // The first entry has the id of the run, under which its record changes are kept.
    let id = if again { new_id() } else { record.id.clone() };
    let records = written + counts.removed - record.recorded.reported;
    record.change_set = Some(id.clone());
    record.recorded.reported = written;
    request.also.push(run_op(record)?);
    history::record_bulk(workspace, request, &id, records).await?;
    Ok(())
}
