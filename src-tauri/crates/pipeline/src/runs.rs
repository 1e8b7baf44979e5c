//! Import runs: starting, resuming, listing, and taking them back.

use std::collections::HashMap;

use bson::{Bson, Document};
use steward_domain::{ChangeKind, ChangeState, Comparison, Filter, ImportMode, RecordKey, RecordOp, RunRecord, RunState, Staging, Value};
use steward_store::{Durability, Query, WriteBatch, WriteOp, names, upsert};

use crate::docs::{self, Change};
use crate::edit;
use crate::error::{Error, Result};
use crate::import::{Comparing, Findings, ImportSpec, Loading, Pass, SourceFile, run_op};
use crate::journal::{self, Request};
use crate::progress::Progress;
use crate::replace;
use crate::workspace::{Workspace, new_id};

/// A run whose process gave no sign of life for this long is interrupted.
const SILENCE_SECONDS: i64 = 30;

/// Looks at everything and writes nothing. `against` compares with what the workspace holds.
pub async fn dry_run(workspace: &Workspace, spec: &ImportSpec, against: bool, progress: &dyn Progress) -> Result<Findings> {
    progress.phase(if against { "Comparing" } else { "Checking" });
    let mut sink = Comparing { workspace, spec, against };
    let pass = Pass { workspace, spec, run: "plan".into(), progress, skip: Vec::new(), findings: Findings::default() };
    let (mut findings, result) = pass.run(&mut sink).await;
    result?;
    if against && spec.mode == ImportMode::Replace {
        findings.counts.removed = removed(workspace, &spec.collection, "", &findings.counts).await?;
    }
    Ok(findings)
}

/// Records of a replaced collection that its rows do not have.
async fn removed(workspace: &Workspace, collection: &str, run: &str, counts: &steward_domain::RunCounts) -> Result<i64> {
    let held = i64::try_from(replace::held(workspace, collection, run).await?).unwrap_or(i64::MAX);
    Ok((held - counts.updated - counts.unchanged).max(0))
}

/// Loads everything. Whatever happens, the run tells how far it came.
pub async fn load(workspace: &Workspace, spec: &ImportSpec, progress: &dyn Progress) -> Result<(RunRecord, Findings)> {
    let pack = match spec.schema.as_str() {
        "" => None,
        schema => Some(crate::normalise::stored_as(workspace, workspace.registry.get(schema)?)?),
    };
    for file in &spec.files {
        crate::import::size(file).await?;
    }
    let id = new_id();
    if spec.mode == ImportMode::Replace {
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
    };
    let empty = spec.mode == ImportMode::Replace || workspace.store.count(&spec.collection, &Filter::all()).await? == 0;
    drive(workspace, spec, record, empty, Vec::new(), progress).await
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
    for (file, then) in files.iter_mut().zip(&record.files) {
        file.go_on(then);
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
    let record = RunRecord { state: RunState::Running, error: None, finished_at: None, ..record };
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
    let mut sink = Loading { workspace, spec, record, expect_new, beside, change_set, updates, chunks };
    let (mut findings, result) = pass.run(&mut sink).await;
    let mut record = sink.record;
    progress.phase("Indexing");
    let indexed = workspace.store.end_load(&into).await;
    let mut result = result.and_then(|()| indexed.map_err(Error::from));
    if result.is_ok() && spec.mode == ImportMode::Replace {
        result = put_in_place(workspace, spec, &mut record, &mut findings, progress).await;
    }
    if result.is_ok()
        && let Some(staged) = &spec.promotes
    {
        result = promoted(workspace, spec, staged, &record.id).await;
    }
    finish(workspace, record, findings, result).await
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
    let pack = match spec.schema.as_str() {
        "" => None,
        schema => Some(crate::normalise::stored_as(workspace, workspace.registry.get(schema)?)?),
    };
    workspace.assign(&spec.collection, pack, Some(&spec.key_field)).await?;
    Ok(())
}

/// The end of a run that promotes staged rows: their staging collection goes.
async fn promoted(workspace: &Workspace, spec: &ImportSpec, staged: &str, by: &str) -> Result<()> {
    let mut record = get(workspace, staged).await?;
    if let Some(staging) = &mut record.staging {
        staging.promoted_by = Some(by.to_owned());
    }
    workspace.store.write(WriteBatch::data(vec![run_op(&record)?]), Durability::Full).await?;
    crate::quarantine::move_waiting(workspace, staged, &spec.collection).await?;
    workspace.forget(&record.collection).await
}

/// What loading the rows of a staged run into their collection takes.
///
/// Errors: the run is not staged, not whole, or promoted already.
pub async fn promotion(workspace: &Workspace, id: &str) -> Result<ImportSpec> {
    let record = get(workspace, id).await?;
    let Some(Staging { collection, mode, promoted_by }) = record.staging.clone() else {
        return Err(Error::Conflict("This run did not go to a staging collection; its rows are where they belong.".into()));
    };
    if promoted_by.is_some() {
        return Err(Error::Conflict("The rows of this run were promoted already.".into()));
    }
    if record.state != RunState::Done {
        return Err(Error::Conflict("Only a run that came to its end can be promoted. Let it go on first.".into()));
    }
    let schema = match record.schema.as_str() {
        "" => String::new(),
        // What a webhook was turned into is stored as another schema.
        schema => crate::normalise::stored_as(workspace, workspace.registry.get(schema)?)?.id.to_string(),
    };
    Ok(ImportSpec {
        files: vec![SourceFile::own(&workspace.store, &record.collection)],
        collection,
        key_field: record.key_field,
        schema,
        mode,
        mapping: None,
        duplicates: steward_domain::Duplicates::default(),
        staging: None,
        promotes: Some(record.id),
    })
}

/// A name for a staging collection that nobody uses yet.
pub async fn staging_name(workspace: &Workspace, collection: &str) -> Result<String> {
    let taken = workspace.store.collections().await?;
    let first = format!("{collection}.staging");
    let further = (2..).map(|n| format!("{first}-{n}"));
    Ok(std::iter::once(first.clone()).chain(further).find(|name| !taken.contains(name)).unwrap_or(first))
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
    found.iter().map(|doc| Ok(seen_now(workspace, docs::from_document(doc)?))).collect()
}

fn seen_now(workspace: &Workspace, mut record: RunRecord) -> RunRecord {
    if record.state == RunState::Running {
        let beat = chrono::DateTime::parse_from_rfc3339(&record.heartbeat_at);
        let silent = beat.map_or(i64::MAX, |beat| workspace.clock.now().signed_duration_since(beat).num_seconds());
        if silent > SILENCE_SECONDS {
            record.state = RunState::Interrupted;
        }
    }
    record
}

/// What taking a run back would do, or did.
#[derive(Debug, Clone, Default)]
pub struct UndoFindings {
    pub remove: i64,
    pub restore: i64,
    pub withdraw: i64,
    /// Records that were changed since; they are left alone.
    pub edited_since: i64,
    pub samples: Vec<Change>,
    /// What a replacement put in place was edited since: it stands under this name afterwards.
    pub kept_as: Option<String>,
}

/// Looks at what taking a run back would do.
pub async fn plan_undo(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<UndoFindings> {
    walk_undo(workspace, &undoable(workspace, id).await?, None, progress).await
}

async fn undoable(workspace: &Workspace, id: &str) -> Result<RunRecord> {
    let record = get(workspace, id).await?;
    match record.state {
        RunState::Running => Err(Error::Conflict("This run is still going. Cancel it first.".into())),
        RunState::Undone => Err(Error::Conflict("This run was taken back already.".into())),
        _ => Ok(record),
    }
}

/// Takes a run back: removes what it inserted, restores what it updated, withdraws what it quarantined. Records that
/// were changed since are left alone. Killed in the middle, it can simply be run again.
pub async fn undo(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<(RunRecord, UndoFindings)> {
    let mut record = undoable(workspace, id).await?;
    let undo_set = new_id();
    let found = walk_undo(workspace, &record, Some(&undo_set), progress).await?;
    let waiting = Filter::eq("runId", record.id.as_str()).and(Filter::eq("status", "waiting"));
    record.state = RunState::Undone;
    let mut request = Request::new(ChangeKind::Undo, &record.collection, format!("Took back the import of {}", files(&record)), Vec::new());
    request.run_id = Some(record.id.clone());
    request.undoes.clone_from(&record.change_set);
    request.also.push(run_op(&record)?);
    if let Some(set) = &record.change_set {
        request.also.push(journal::mark(set, "undoneBy", undo_set.as_str().into()));
    }
    journal::record_bulk(workspace, request, &undo_set, found.remove + found.restore).await?;
    let withdraw = WriteOp::DeleteMany { collection: names::QUARANTINE.into(), filter: waiting };
    workspace.store.write(WriteBatch::data(vec![withdraw]), Durability::Full).await?;
    Ok((record, found))
}

fn files(record: &RunRecord) -> String {
    record.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Goes through everything that the run wrote, chunk by chunk; writes the reverse when `undo_set` is given.
async fn walk_undo(workspace: &Workspace, record: &RunRecord, undo_set: Option<&str>, progress: &dyn Progress) -> Result<UndoFindings> {
    progress.phase(if undo_set.is_some() { "Taking back" } else { "Comparing" });
    progress.total(u64::try_from(record.counts.inserted + record.counts.updated).unwrap_or(0));
    let mut found = UndoFindings::default();
    let mut number = 0;
    let waiting = Filter::eq("runId", record.id.as_str()).and(Filter::eq("status", "waiting"));
    found.withdraw = i64::try_from(workspace.store.count(names::QUARANTINE, &waiting).await?).unwrap_or(0);
    if record.mode == ImportMode::Replace {
        return take_back_replacement(workspace, record, undo_set.is_some(), found, progress).await;
    }
    for collection in [names::CHANGES, names::RUN_INSERTS] {
        let mut after = None;
        loop {
            progress.checkpoint()?;
            let limit = if collection == names::CHANGES { 1000 } else { 1 };
            // The newest first: what a run changed twice is taken back in the reverse order.
            let query = Query::new(id_range(&record.id), limit).sorted("_id", true).after(after);
            let page = workspace.store.find(collection, &query).await?;
            let stored: Vec<Document> = page.records.iter().map(|r| upsert::decode(r)).collect::<std::result::Result<_, _>>()?;
            let changes = if collection == names::CHANGES {
                restorations(workspace, &stored, &mut found).await?
            } else {
                removals(workspace, record, &stored, &mut found).await?
            };
            if let Some(set) = undo_set {
                number = write_reverse(workspace, set, number, &changes).await?;
            }
            for change in changes {
                if found.samples.len() < 20 {
                    found.samples.push(change);
                }
            }
            progress.done(u64::try_from(found.remove + found.restore + found.edited_since).unwrap_or(0));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

/// What stood before a replacement comes back as a whole.
async fn take_back_replacement(
    workspace: &Workspace,
    record: &RunRecord,
    write: bool,
    mut found: UndoFindings,
    progress: &dyn Progress,
) -> Result<UndoFindings> {
    if record.replaced.is_some() {
        let later = |run: &RunRecord| {
            run.collection == record.collection
                && run.replaced.is_some()
                && run.state != RunState::Undone
                && run.started_at > record.started_at
        };
        if list(workspace).await?.iter().any(later) {
            return Err(Error::Conflict(format!("{} was replaced again since. Take the later import back first.", record.collection)));
        }
        found.remove = record.counts.inserted;
        found.restore = record.counts.updated + record.counts.removed;
        found.edited_since = written_since(workspace, record).await?;
        if found.edited_since > 0 {
            let taken = workspace.store.collections().await?;
            let first = format!("{}.taken-back", record.collection);
            let further = (2..).map(|n| format!("{first}-{n}"));
            found.kept_as = std::iter::once(first.clone()).chain(further).find(|name| !taken.contains(name));
        }
    }
    if write {
        replace::take_back(workspace, &record.collection, &record.id, found.kept_as.as_deref(), progress).await?;
        if let Some(aside) = &found.kept_as {
            let pack = workspace.registry.get(&record.schema).ok();
            let pack = pack.map(|pack| crate::normalise::stored_as(workspace, pack)).transpose()?;
            workspace.assign(aside, pack, Some(&record.key_field)).await?;
        }
    }
    Ok(found)
}

/// Records of a replaced collection that somebody wrote since.
async fn written_since(workspace: &Workspace, record: &RunRecord) -> Result<i64> {
    let (mut records, mut before) = (0, None);
    loop {
        let sets = journal::list(workspace, Some(&record.collection), before, 200).await?;
        for set in &sets {
            if set.run_id.as_deref() == Some(record.id.as_str()) {
                return Ok(records);
            }
            if set.state == ChangeState::Confirmed {
                records += set.records;
            }
        }
        match sets.last() {
            Some(last) => before = Some(last.seq),
            None => return Ok(records),
        }
    }
}

/// Records by `_id`.
async fn by_id(workspace: &Workspace, collection: &str, ids: &[Bson]) -> Result<HashMap<Vec<u8>, bson::RawDocumentBuf>> {
    let mut out = HashMap::new();
    for chunk in ids.chunks(1000) {
        for raw in workspace.store.get_many(collection, "_id", chunk).await? {
            let id = steward_domain::order::key(raw.get("_id").ok().flatten());
            out.insert(id, raw);
        }
    }
    Ok(out)
}

/// Updates that can be taken back: the values that the run wrote still stand.
async fn restorations(workspace: &Workspace, stored: &[Document], found: &mut UndoFindings) -> Result<Vec<Change>> {
    let changes: Vec<Change> = stored.iter().map(docs::change_from_doc).collect::<Result<_>>()?;
    let ids: Vec<Bson> = changes.iter().map(|c| c.id.clone()).collect();
    let collection = changes.first().map_or(String::new(), |c| c.record.collection.clone());
    let mut now = HashMap::new();
    for (id, raw) in by_id(workspace, &collection, &ids).await? {
        now.insert(id, upsert::decode(&raw)?);
    }
    let mut out: Vec<Change> = Vec::new();
    let mut of_record: HashMap<Vec<u8>, usize> = HashMap::new();
    for change in changes {
        let id = steward_domain::order::key_of(&change.id);
        let Some(doc) = now.get_mut(&id) else {
            found.edited_since += 1;
            continue;
        };
        let is = |doc: &Document, f: &steward_domain::FieldChange, value: &Option<Value>| match (f.path.get(doc), value) {
            (None, None) => true,
            (Some(a), Some(b)) => steward_domain::value::same(a, &b.0),
            _ => false,
        };
        if change.record.fields.iter().all(|f| is(doc, f, &f.after)) {
            found.restore += 1;
            let back = edit::inverted(&change);
            take_back(doc, &back);
            // A record that the run changed twice gets one patch: from what stands to what stood first.
            match of_record.get(&id) {
                Some(at) => combine(&mut out[*at], back),
                None => {
                    of_record.insert(id, out.len());
                    out.push(back);
                }
            }
        } else if !change.record.fields.iter().all(|f| is(doc, f, &f.before)) {
            found.edited_since += 1;
        }
    }
    Ok(out)
}

/// The record as it is after a change, so that an earlier change of it can be looked at.
fn take_back(doc: &mut Document, change: &Change) {
    for field in &change.record.fields {
        match &field.after {
            // A path that is blocked by another value shows as "edited since" with the next change.
            Some(value) => drop(field.path.set(doc, value.0.clone())),
            None => field.path.unset(doc),
        }
    }
}

/// Adds a change that comes right after another one of the same record.
fn combine(first: &mut Change, then: Change) {
    for field in then.record.fields {
        match first.record.fields.iter_mut().find(|f| f.path == field.path) {
            Some(known) => known.after = field.after,
            None => first.record.fields.push(field),
        }
    }
}

/// Inserted records that can be removed: their content is what was inserted.
async fn removals(workspace: &Workspace, record: &RunRecord, stored: &[Document], found: &mut UndoFindings) -> Result<Vec<Change>> {
    let mut out = Vec::new();
    for chunk in stored {
        let wrong = || Error::Damaged("A run's list of records");
        let ids = chunk.get_array("ids").map_err(|_| wrong())?;
        let hashes = chunk.get_binary_generic("hashes").map_err(|_| wrong())?;
        let now = by_id(workspace, &record.collection, ids).await?;
        for (id, hash) in ids.iter().zip(hashes.chunks_exact(8)) {
            let Some(raw) = now.get(&steward_domain::order::key_of(id)) else {
                continue;
            };
            let then = i64::from_le_bytes(hash.try_into().unwrap_or_default());
            if crate::rows::content_hash(raw) != then {
                found.edited_since += 1;
                continue;
            }
            found.remove += 1;
            let doc = upsert::decode(raw)?;
            let key = RecordKey(Value(doc.get(&record.key_field).cloned().unwrap_or(Bson::Null)));
            out.push(edit::deletion(&record.collection, &key, doc));
        }
    }
    Ok(out)
}

/// Writes the reverse changes with their history, in bulk.
async fn write_reverse(workspace: &Workspace, set: &str, mut number: usize, changes: &[Change]) -> Result<usize> {
    let mut batch = WriteBatch::default();
    for change in changes {
        batch.history.push(WriteOp::put(names::CHANGES, &docs::change_to_doc(set, number, change))?);
        number += 1;
        batch.data.push(match change.record.op {
            RecordOp::Update => upsert::patch(&change.record.collection, change.id.clone(), &change.record.fields),
            _ => WriteOp::Delete { collection: change.record.collection.clone(), id: change.id.clone(), expect: Vec::new() },
        });
    }
    if !batch.is_empty() {
        workspace.store.write(batch, Durability::Bulk).await?;
    }
    Ok(number)
}
