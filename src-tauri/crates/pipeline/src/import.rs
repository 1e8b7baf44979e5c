//! Import: read, cut, check, then compare (plan) or load (run).
//!
//! One thread reads, the blocking threads check batches in order, this task loads. Quarantine entries and the earlier
//! state of updated records are written with each batch, and with it the checkpoint that a resume goes on from.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use bson::Bson;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use steward_domain::run::{RunFile, UnknownField};
use steward_domain::{ImportMode, QuarantineEntry, QuarantineStatus, RunCounts, Value, Violation};
use steward_schema::Checker;
use steward_store::upsert::{self, Bookkeeper, Incoming, Outcome, UpsertPlan};
use steward_store::{StoreResult, WriteOp, names};
use tokio::sync::mpsc;

use crate::docs::{self, Change};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::rows::{CheckedRow, RowOutcome, check_row};
use crate::seen::SeenKeys;
use crate::split::{Layout, RawRow, Splitter};
use crate::workspace::Workspace;

/// Rows of one batch, and bytes that end it earlier.
const BATCH_ROWS: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;
/// Samples kept for a plan.
const SAMPLES: usize = 20;

/// A file to be read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub name: String,
    pub path: PathBuf,
}

/// What is to be loaded where.
#[derive(Debug, Clone)]
pub struct ImportSpec {
    pub files: Vec<SourceFile>,
    pub collection: String,
    pub key_field: String,
    /// `careers@1.0.0`; empty without a schema.
    pub schema: String,
    pub mode: ImportMode,
}

/// Fields of a record that would be updated.
#[derive(Debug, Clone)]
pub struct UpdateSample {
    pub key: Bson,
    pub title: String,
    pub changes: Vec<steward_domain::FieldChange>,
}

/// A row that is kept out.
#[derive(Debug, Clone)]
pub struct Rejected {
    pub file: String,
    pub row_number: u64,
    pub raw: String,
    pub errors: Vec<Violation>,
}

/// How often a rule is broken at a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub field: String,
    pub rule: String,
    pub message: String,
    pub rows: i64,
}

/// What a pass over the files found, whether it wrote or not.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    pub counts: RunCounts,
    pub updates: Vec<UpdateSample>,
    pub rejected: Vec<Rejected>,
    pub problems: Vec<Problem>,
    pub unknown_fields: Vec<UnknownField>,
    pub notes: Vec<String>,
    pub files: Vec<RunFile>,
}

/// Rows of one file, cut and read ahead.
struct RawBatch {
    file: usize,
    rows: Vec<RawRow>,
    position: u64,
    /// Set with the last batch of a file.
    end: Option<FileEnd>,
}

struct FileEnd {
    sha256: String,
    note: Option<String>,
}

/// Rows after checking.
pub struct CheckedBatch {
    file: usize,
    rows: Vec<CheckedRow>,
    position: u64,
    end: Option<FileEnd>,
}

impl CheckedBatch {
    /// The rows, and what there is to say about the file at its end.
    pub fn into_parts(self) -> (Vec<CheckedRow>, Option<String>) {
        (self.rows, self.end.and_then(|e| e.note))
    }
}

/// Hashes what passes through.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R: std::io::Read> std::io::Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hash.update(&buffer[..n]);
        Ok(n)
    }
}

/// Hex of a digest.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

/// Opens a source for reading; a folder is refused in words.
pub fn open(file: &SourceFile) -> Result<(std::fs::File, u64)> {
    let handle = std::fs::File::open(&file.path).map_err(|e| Error::file(&file.path, e))?;
    let meta = handle.metadata().map_err(|e| Error::file(&file.path, e))?;
    if meta.is_dir() {
        return Err(Error::BadRequest(format!("{} is a folder. Choose the files in it.", file.path.display())));
    }
    Ok((handle, meta.len()))
}

fn read_file(index: usize, file: &SourceFile, send: &mpsc::Sender<Result<RawBatch>>) -> Result<()> {
    let (handle, _) = open(file)?;
    let failed = |e| Error::file(&file.path, e);
    let mut splitter = Splitter::new(Hashing { inner: handle, hash: Sha256::new() }).map_err(failed)?;
    let mut rows = Vec::new();
    let mut bytes = 0;
    let mut cut = false;
    while let Some(row) = splitter.next_row().map_err(failed)? {
        bytes += row.bytes.len();
        cut |= row.cut_off;
        rows.push(row);
        if rows.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
            let batch = RawBatch { file: index, rows: std::mem::take(&mut rows), position: splitter.position(), end: None };
            bytes = 0;
            if send.blocking_send(Ok(batch)).is_err() {
                return Ok(());
            }
        }
    }
    let layout = splitter.layout();
    let note = match layout {
        Layout::Empty => Some(format!("{} is empty.", file.name)),
        Layout::Unknown => Some(format!("{} does not look like JSON.", file.name)),
        Layout::Array if cut || !splitter.closed => Some(format!("{} is cut off: the list in it has no end.", file.name)),
        _ if cut => Some(format!("{} is cut off in the middle of its last record.", file.name)),
        _ => None,
    };
    let position = splitter.position();
    let end = Some(FileEnd { sha256: hex(&splitter.into_input().hash.finalize()), note });
    let _ = send.blocking_send(Ok(RawBatch { file: index, rows, position, end }));
    Ok(())
}

/// Checked batches in the order of the files.
pub fn checked(
    files: Vec<SourceFile>,
    checker: Option<Arc<Checker>>,
    key_field: String,
) -> impl Stream<Item = Result<CheckedBatch>> + Send {
    let (send, receive) = mpsc::channel::<Result<RawBatch>>(2);
    tokio::task::spawn_blocking(move || {
        for (index, file) in files.iter().enumerate() {
            if let Err(e) = read_file(index, file, &send) {
                let _ = send.blocking_send(Err(e));
                return;
            }
        }
    });
    let batches = futures::stream::unfold(receive, |mut receive| async { receive.recv().await.map(|b| (b, receive)) });
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(8);
    batches
        .map(move |batch| {
            let (checker, key_field) = (checker.clone(), key_field.clone());
            async move {
                let batch = batch?;
                let work = move || {
                    let rows = batch.rows.into_iter().map(|row| check_row(row, checker.as_deref(), &key_field)).collect();
                    CheckedBatch { file: batch.file, rows, position: batch.position, end: batch.end }
                };
                tokio::task::spawn_blocking(work).await.map_err(|e| Error::BadRequest(format!("Reading stopped unexpectedly: {e}.")))
            }
        })
        .buffered(threads + 1)
}

/// Where the pass writes to, if it does.
#[async_trait::async_trait]
pub trait Sink: Send {
    /// Loads or compares the fine rows of a batch; gives an outcome each.
    async fn take(&mut self, batch: SinkBatch<'_>) -> Result<Vec<Outcome>>;
}

/// One batch on its way to a sink.
pub struct SinkBatch<'a> {
    pub fine: &'a [Incoming],
    pub quarantine: &'a [QuarantineEntry],
    /// Rows that insert-only turned away: made by the sink's outcome, not known before.
    pub rows: &'a [FineRow],
    pub findings: &'a Findings,
    pub run: &'a str,
}

/// Where a fine row came from.
#[derive(Debug, Clone)]
pub struct FineRow {
    pub number: u64,
    pub offset: u64,
    pub raw: Vec<u8>,
}

/// One pass over all files.
pub struct Pass<'a> {
    pub workspace: &'a Workspace,
    pub spec: &'a ImportSpec,
    pub run: String,
    pub progress: &'a dyn Progress,
    /// Rows per file that an earlier attempt has loaded.
    pub skip: Vec<u64>,
    pub findings: Findings,
}

impl Pass<'_> {
    /// Reads, checks and hands on everything.
    pub async fn run(mut self, sink: &mut dyn Sink) -> (Findings, Result<()>) {
        let result = self.all_batches(sink).await;
        self.findings.problems.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.field.cmp(&b.field)));
        (self.findings, result)
    }

    async fn all_batches(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let checker = if self.spec.schema.is_empty() { None } else { Some(self.workspace.checker(&self.spec.schema)?) };
        let mut base = Vec::new();
        let mut total = 0;
        for (index, file) in self.spec.files.iter().enumerate() {
            let (_, bytes) = open(file)?;
            base.push(total);
            total += bytes;
            if self.findings.files.len() <= index {
                self.findings.files.push(crate::split::run_file(&file.name, &file.path, bytes));
            }
        }
        self.progress.total(total);
        let mut seen = SeenKeys::default();
        let mut unknown: BTreeMap<String, i64> = self.findings.unknown_fields.iter().map(|u| (u.field.clone(), u.rows)).collect();
        let mut problems: HashMap<(String, String), usize> = HashMap::new();
        let stream = checked(self.spec.files.clone(), checker, self.spec.key_field.clone());
        let mut stream = std::pin::pin!(stream);
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            self.progress.checkpoint()?;
            let (file, position) = (batch.file, batch.position);
            self.one_batch(batch, &mut seen, &mut unknown, &mut problems, sink).await?;
            self.progress.done(base[file] + position);
        }
        Ok(())
    }

    async fn one_batch(
        &mut self,
        batch: CheckedBatch,
        seen: &mut SeenKeys,
        unknown: &mut BTreeMap<String, i64>,
        problems: &mut HashMap<(String, String), usize>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let skip = self.skip.get(batch.file).copied().unwrap_or(0);
        let mut fine = Vec::new();
        let mut rows = Vec::new();
        let mut bad = Vec::new();
        let mut last = 0;
        for row in batch.rows {
            last = row.number;
            let (number, offset) = (row.number, row.offset);
            let loaded = number <= skip;
            match self.first_of_its_key(row.outcome, number, seen) {
                _ if loaded => continue,
                RowOutcome::Fine { key, document, raw, .. } => {
                    for field in row.unknown {
                        *unknown.entry(field).or_default() += 1;
                    }
                    fine.push(Incoming { key, document });
                    rows.push(FineRow { number, offset, raw });
                }
                RowOutcome::Bad { raw, document, errors } => bad.push(self.entry(batch.file, number, offset, &raw, document, errors)),
            }
            self.findings.counts.read += 1;
        }
        self.findings.unknown_fields = unknown.iter().map(|(field, rows)| UnknownField { field: field.clone(), rows: *rows }).collect();
        for entry in &bad {
            self.note_rejected(entry, problems);
        }
        if let Some(file) = self.findings.files.get_mut(batch.file)
            && last > 0
        {
            file.rows_done = file.rows_done.max(i64::try_from(last).unwrap_or(i64::MAX));
        }
        if let Some(end) = batch.end {
            self.findings.files[batch.file].sha256 = end.sha256;
            // An earlier attempt may have said it.
            self.findings.notes.extend(end.note.filter(|note| !self.findings.notes.contains(note)));
        }
        // Counts of this batch are known only after it is taken; the checkpoint carries those before plus its own.
        let outcomes =
            sink.take(SinkBatch { fine: &fine, quarantine: &bad, rows: &rows, findings: &self.findings, run: &self.run }).await?;
        self.count(batch.file, outcomes, fine, rows, problems);
        Ok(())
    }

    fn first_of_its_key(&self, outcome: RowOutcome, number: u64, seen: &mut SeenKeys) -> RowOutcome {
        let RowOutcome::Fine { key, key_hash, document, raw } = outcome else {
            return outcome;
        };
        let Some(earlier) = seen.note(key_hash, number) else {
            return RowOutcome::Fine { key, key_hash, document, raw };
        };
        let place = earlier.row.map_or_else(|| "An earlier row".to_owned(), |row| format!("Row {row}"));
        let error = Violation {
            pointer: steward_domain::FieldPath::new(self.spec.key_field.as_str()).to_pointer(),
            rule: "duplicate_key".into(),
            message: format!("{place} has this {} already; the first one is kept.", self.spec.key_field),
            value: Some(Value(key)),
        };
        RowOutcome::Bad { raw, document: upsert::decode(&document).ok(), errors: vec![error] }
    }

    fn entry(
        &self,
        file: usize,
        number: u64,
        offset: u64,
        raw: &[u8],
        document: Option<bson::Document>,
        errors: Vec<Violation>,
    ) -> QuarantineEntry {
        let (raw, raw_base64) = match std::str::from_utf8(raw) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (base64::Engine::encode(&base64::engine::general_purpose::STANDARD, raw), true),
        };
        let info = &self.findings.files[file];
        QuarantineEntry {
            id: format!("{}-{file}-{number}", self.run),
            run_id: self.run.clone(),
            collection: self.spec.collection.clone(),
            source_file: info.name.clone(),
            source_hash: info.sha256.clone(),
            row_number: i64::try_from(number).unwrap_or(i64::MAX),
            byte_offset: i64::try_from(offset).unwrap_or(i64::MAX),
            raw,
            raw_base64,
            document: document.map(Value::from),
            errors,
            schema: self.spec.schema.clone(),
            status: QuarantineStatus::Waiting,
            quarantined_at: self.workspace.clock.stamp(),
            edited: false,
            resolved_at: None,
            reason: None,
        }
    }

    fn note_rejected(&mut self, entry: &QuarantineEntry, problems: &mut HashMap<(String, String), usize>) {
        self.findings.counts.quarantined += 1;
        if self.findings.rejected.len() < SAMPLES {
            self.findings.rejected.push(Rejected {
                file: entry.source_file.clone(),
                row_number: u64::try_from(entry.row_number).unwrap_or(0),
                raw: entry.raw.chars().take(500).collect(),
                errors: entry.errors.clone(),
            });
        }
        let mut counted: Vec<(String, String)> = Vec::new();
        for error in &entry.errors {
            let place = (error.field().to_owned(), error.rule.clone());
            if counted.contains(&place) {
                continue;
            }
            let at = *problems.entry(place.clone()).or_insert_with(|| {
                self.findings.problems.push(Problem {
                    field: place.0.clone(),
                    rule: place.1.clone(),
                    message: general_message(error),
                    rows: 0,
                });
                self.findings.problems.len() - 1
            });
            self.findings.problems[at].rows += 1;
            counted.push(place);
        }
    }

    fn count(
        &mut self,
        file: usize,
        outcomes: Vec<Outcome>,
        fine: Vec<Incoming>,
        rows: Vec<FineRow>,
        problems: &mut HashMap<(String, String), usize>,
    ) {
        for ((outcome, incoming), row) in outcomes.into_iter().zip(fine).zip(rows) {
            match outcome {
                Outcome::Inserted { .. } => self.findings.counts.inserted += 1,
                Outcome::Unchanged => self.findings.counts.unchanged += 1,
                Outcome::Updated { changes, .. } => {
                    self.findings.counts.updated += 1;
                    if self.findings.updates.len() < SAMPLES {
                        let title = label(&incoming.key);
                        self.findings.updates.push(UpdateSample { key: incoming.key, title, changes });
                    }
                }
                Outcome::Exists | Outcome::Conflict | Outcome::Unpatchable { .. } => {
                    let entry = turned_away(self, file, &outcome, &incoming, &row);
                    self.note_rejected(&entry, problems);
                }
            }
        }
    }
}

/// The entry of a row that the store turned away.
fn turned_away(pass: &Pass<'_>, file: usize, outcome: &Outcome, incoming: &Incoming, row: &FineRow) -> QuarantineEntry {
    let error = turned_away_because(outcome, &incoming.key, &pass.spec.key_field);
    pass.entry(file, row.number, row.offset, &row.raw, upsert::decode(&incoming.document).ok(), vec![error])
}

/// Why the store turned a row away.
pub fn turned_away_because(outcome: &Outcome, key: &Bson, key_field: &str) -> Violation {
    let (rule, message) = match outcome {
        Outcome::Exists => ("exists", format!("A record with this {key_field} exists already, and this import only inserts.")),
        Outcome::Unpatchable { field } => return unpatchable(field),
        _ => (
            "conflict",
            "This record cannot be written: another one has a value that must be unique, or others kept changing it.".to_owned(),
        ),
    };
    Violation {
        pointer: steward_domain::FieldPath::new(key_field).to_pointer(),
        rule: rule.into(),
        message,
        value: Some(Value(key.clone())),
    }
}

/// Why a field of a record that exists cannot be changed.
pub fn unpatchable(field: &str) -> Violation {
    Violation {
        pointer: format!("/{}", field.replace('~', "~0").replace('/', "~1")),
        rule: "field_name".into(),
        message: format!("'{field}' differs from the record that exists, and a field with this name cannot be changed."),
        value: None,
    }
}

/// The message without what is special to one row.
fn general_message(error: &Violation) -> String {
    match error.rule.as_str() {
        "duplicate_key" => "An earlier row has the same key; the first one is kept.".to_owned(),
        "syntax" => "The row cannot be read.".to_owned(),
        _ => error.message.clone(),
    }
}

fn label(key: &Bson) -> String {
    steward_domain::RecordKey(Value(key.clone())).label()
}

/// Compares and writes nothing.
pub struct Comparing<'a> {
    pub workspace: &'a Workspace,
    pub spec: &'a ImportSpec,
    /// Without a workspace to compare with, every fine row counts as one to insert.
    pub against: bool,
}

#[async_trait::async_trait]
impl Sink for Comparing<'_> {
    async fn take(&mut self, batch: SinkBatch<'_>) -> Result<Vec<Outcome>> {
        if !self.against {
            return Ok(batch.fine.iter().map(|_| Outcome::Inserted { id: Bson::Null }).collect());
        }
        let plan =
            UpsertPlan { collection: &self.spec.collection, key_field: &self.spec.key_field, mode: self.spec.mode, expect_new: false };
        Ok(upsert::compare(self.workspace.store.as_ref(), plan, batch.fine).await?)
    }
}

/// Writes records, quarantine, earlier states and the checkpoint.
pub struct Loading<'a> {
    pub workspace: &'a Workspace,
    pub spec: &'a ImportSpec,
    pub record: steward_domain::RunRecord,
    pub expect_new: bool,
    /// The change set of the run.
    pub change_set: String,
    /// Updates recorded so far: numbers the history entries.
    pub updates: usize,
    pub chunks: usize,
}

struct Books<'a> {
    loading: &'a Loading<'a>,
    batch: &'a SinkBatch<'a>,
}

impl Bookkeeper for Books<'_> {
    fn history(&self, outcomes: &[Outcome], batch: &[Incoming]) -> StoreResult<Vec<WriteOp>> {
        let mut ops = Vec::new();
        for entry in self.batch.quarantine {
            ops.push(quarantine_op(entry)?);
        }
        let mut ids = Vec::new();
        let mut hashes = Vec::new();
        let mut number = self.loading.updates;
        for (at, (outcome, incoming)) in outcomes.iter().zip(batch).enumerate() {
            match outcome {
                Outcome::Inserted { id } => {
                    ids.push(id.clone());
                    hashes.extend_from_slice(&crate::rows::content_hash(&incoming.document).to_le_bytes());
                }
                Outcome::Updated { id, changes } => {
                    let change = update_change(&self.loading.spec.collection, &incoming.key, id, changes);
                    let doc = docs::change_to_doc(&self.loading.change_set, number, &change);
                    ops.push(WriteOp::put(names::CHANGES, &doc)?);
                    number += 1;
                }
                Outcome::Exists | Outcome::Conflict | Outcome::Unpatchable { .. } => {
                    let row = &self.batch.rows[at];
                    ops.push(quarantine_op(&self.loading.late_entry(outcome, incoming, row, self.batch))?);
                }
                Outcome::Unchanged => {}
            }
        }
        if !ids.is_empty() {
            let chunk = bson::doc! {
                "_id": format!("{}:{:09}", self.loading.record.id, self.loading.chunks), "run": self.loading.record.id.as_str(),
                "ids": ids, "hashes": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: hashes },
            };
            ops.push(WriteOp::put(names::RUN_INSERTS, &chunk)?);
        }
        Ok(ops)
    }

    fn confirm(&self, outcomes: &[Outcome]) -> StoreResult<Vec<WriteOp>> {
        let mut record = self.loading.record.clone();
        record.counts = self.batch.findings.counts;
        add_outcomes(&mut record.counts, outcomes);
        record.files.clone_from(&self.batch.findings.files);
        record.unknown_fields.clone_from(&self.batch.findings.unknown_fields);
        record.notes.clone_from(&self.batch.findings.notes);
        record.heartbeat_at = self.loading.workspace.clock.stamp();
        Ok(vec![run_op(&record)?])
    }
}

/// The earlier state of an updated record.
fn update_change(collection: &str, key: &Bson, id: &Bson, changes: &[steward_domain::FieldChange]) -> Change {
    Change {
        id: id.clone(),
        record: steward_domain::RecordChange {
            collection: collection.to_owned(),
            key: steward_domain::RecordKey(Value(key.clone())),
            op: steward_domain::RecordOp::Update,
            fields: changes.to_vec(),
            document: None,
        },
    }
}

/// Writes the run as it stands.
pub fn run_op(record: &steward_domain::RunRecord) -> StoreResult<WriteOp> {
    let doc = docs::to_document(&record.id, record).map_err(|e| steward_store::StoreError::invalid(e.to_string()))?;
    WriteOp::put(names::RUNS, &doc)
}

/// Writes a quarantine entry; the document keeps its BSON types.
pub fn quarantine_op(entry: &QuarantineEntry) -> StoreResult<WriteOp> {
    let doc = crate::quarantine::to_doc(entry).map_err(|e| steward_store::StoreError::invalid(e.to_string()))?;
    WriteOp::put(names::QUARANTINE, &doc)
}

fn add_outcomes(counts: &mut RunCounts, outcomes: &[Outcome]) {
    for outcome in outcomes {
        match outcome {
            Outcome::Inserted { .. } => counts.inserted += 1,
            Outcome::Updated { .. } => counts.updated += 1,
            Outcome::Unchanged => counts.unchanged += 1,
            Outcome::Exists | Outcome::Conflict | Outcome::Unpatchable { .. } => counts.quarantined += 1,
        }
    }
}

impl Loading<'_> {
    fn late_entry(&self, outcome: &Outcome, incoming: &Incoming, row: &FineRow, batch: &SinkBatch<'_>) -> QuarantineEntry {
        // The file is the one being read: the last with a hash still open, or the last one.
        let file = batch.findings.files.iter().position(|f| f.sha256.is_empty()).unwrap_or(batch.findings.files.len() - 1);
        let name = batch.findings.files[file].name.clone();
        QuarantineEntry {
            id: format!("{}-{file}-{}", batch.run, row.number),
            run_id: batch.run.to_owned(),
            collection: self.spec.collection.clone(),
            source_file: name,
            source_hash: String::new(),
            row_number: i64::try_from(row.number).unwrap_or(i64::MAX),
            byte_offset: i64::try_from(row.offset).unwrap_or(i64::MAX),
            raw: String::from_utf8_lossy(&row.raw).into_owned(),
            raw_base64: false,
            document: upsert::decode(&incoming.document).ok().map(Value::from),
            errors: vec![turned_away_because(outcome, &incoming.key, &self.spec.key_field)],
            schema: self.spec.schema.clone(),
            status: QuarantineStatus::Waiting,
            quarantined_at: self.workspace.clock.stamp(),
            edited: false,
            resolved_at: None,
            reason: None,
        }
    }
}

#[async_trait::async_trait]
impl Sink for Loading<'_> {
    async fn take(&mut self, batch: SinkBatch<'_>) -> Result<Vec<Outcome>> {
        if batch.fine.is_empty() && batch.quarantine.is_empty() {
            return Ok(Vec::new());
        }
        let plan = UpsertPlan {
            collection: &self.spec.collection,
            key_field: &self.spec.key_field,
            mode: self.spec.mode,
            expect_new: self.expect_new,
        };
        let books = Books { loading: self, batch: &batch };
        let outcomes = upsert::upsert(self.workspace.store.as_ref(), plan, batch.fine, &books).await?;
        self.updates += outcomes.iter().filter(|o| matches!(o, Outcome::Updated { .. })).count();
        self.chunks += 1;
        Ok(outcomes)
    }
}
