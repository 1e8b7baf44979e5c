//! Import: read, cut, check, then compare (plan) or load (run).
//!
//! One thread reads, the blocking threads check batches in order, this task loads. Quarantine entries and the earlier
//! state of updated records are written with each batch, and with it the checkpoint that a resume goes on from.

mod again;
mod comparing;
mod entry;
mod examine;
mod load;
mod place;
mod read;
mod sort;
mod validate;

use std::collections::{BTreeMap, HashMap};

use bson::Bson;
use smallvec::SmallVec;
use steward_domain::run::{RunFile, UnknownField};
use steward_domain::{Duplicates, ImportMode, QuarantineEntry, QuarantineStatus, RunCounts, Staging, Value, Violation};
use steward_mapping::Mapping;
use steward_store::upsert::{self, Incoming, Outcome, Prepared, UpsertPlan};

use crate::typing::texts_of;
use steward_workspace::{Progress, Result, Workspace, key_index::KeyIndex};

pub use again::{Again, Seeds, of_run};
pub use comparing::Comparing;
use entry::{Late, RejectedRow, as_it_came, set_aside, waiting};
pub use entry::{turned_away_because, unpatchable};
pub(crate) use examine::collection_of;
pub use examine::examine;
pub use load::{Loading, at_checkpoint, inserts_id, numbers_of, quarantine_op, run_op};
pub use place::{CollectionSource, Place, SourceFile};
pub use read::{CheckedBatch, Reading, checked, run_file, size};
use sort::{Sorted, Sorter};

/// Samples kept for a plan.
const SAMPLES: usize = 20;

/// Problems that are looked for one by one.
const FEW: usize = 32;

/// What is to be loaded where.
#[derive(Debug, Clone)]
pub struct ImportSpec {
    pub files: Vec<SourceFile>,
    pub collection: String,
    pub key_field: String,
    /// `careers@1.0.0`; empty without a schema.
    pub schema: String,
    /// Why it is this schema, in a few words.
    pub schema_reason: String,
    pub mode: ImportMode,
    /// How rows become records. Without one, columns go to the fields of their names and other rows stay as they are.
    pub mapping: Option<Mapping>,
    /// What happens to rows that share a key.
    pub duplicates: Duplicates,
    /// `collection` is a staging collection: where its rows are meant to go later.
    pub staging: Option<Staging>,
    /// The staged run whose rows these are.
    pub promotes: Option<String>,
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

/// How far a pass has come: what a resume goes on from. It moves only once everything before it is written.
#[derive(Debug, Clone, Default)]
pub struct Checkpoint {
    pub counts: RunCounts,
    pub files: Vec<RunFile>,
    pub unknown_fields: Vec<UnknownField>,
    pub notes: Vec<String>,
}

/// Where the pass writes to, if it does.
#[async_trait::async_trait]
pub trait Sink<'a>: Send {
    /// How rows are loaded: the same for all batches.
    fn plan(&self) -> UpsertPlan<'a>;

    /// Loads or compares the fine rows of a batch.
    async fn take(&mut self, batch: SinkBatch<'_>, prepared: Prepared) -> Result<Taken>;
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Taken {
    /// One for each fine row.
    pub outcomes: Vec<Outcome>,
    /// Rows that are kept out and wait already.
    pub again: Again,
}

/// One batch on its way to a sink.
pub struct SinkBatch<'a> {
    pub fine: &'a [Incoming],
    pub quarantine: &'a [QuarantineEntry],
    /// Rows that insert-only turned away: made by the sink's outcome, not known before.
    pub rows: &'a [FineRow],
    pub run: &'a str,
    /// The file that the rows come from, and its place among those of the run.
    pub file: &'a RunFile,
    pub file_index: usize,
    /// Where the run is once this is written, but for the outcomes of these rows. Absent where more rows have to be
    /// written before a resume may go on behind them.
    pub checkpoint: Option<&'a Checkpoint>,
}

/// Where a fine row came from.
#[derive(Debug, Clone)]
pub struct FineRow {
    pub number: u64,
    pub offset: u64,
    pub raw: Vec<u8>,
    /// How many equal rows come before it, where that can be.
    pub nth: u32,
}

/// What is counted from batch to batch.
struct Tally {
    unknown: BTreeMap<String, i64>,
    /// Where the problem of a field and rule is among the findings.
    problems: HashMap<(String, String), usize>,
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

impl<'a> Pass<'a> {
    /// Reads, checks and hands on everything.
    pub async fn run(mut self, sink: &mut dyn Sink<'a>) -> (Findings, Result<()>) {
        let result = self.all_batches(sink).await;
        self.findings.problems.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.field.cmp(&b.field)));
        (self.findings, result)
    }

    /// While a batch is written, the next one is sorted and the store is asked about it: otherwise a server would wait for
    /// Steward half of the time, and Steward for the server.
    async fn all_batches(&mut self, sink: &mut dyn Sink<'a>) -> Result<()> {
        let texts = texts_of(self.workspace.store.as_ref(), &self.spec.collection).await?;
        let how = Reading { texts, ..Reading::of(self.workspace, self.spec)? };
        let base = self.begin().await?;
        let mut sorter = Sorter {
            workspace: self.workspace,
            spec: self.spec,
            run: self.run.clone(),
            files: self.findings.files.clone(),
            skip: std::mem::take(&mut self.skip),
            plan: sink.plan(),
            seen: KeyIndex::default(),
            seeds: Seeds::of(self.spec)?,
            met: again::Occurrences::default(),
        };
        let mut tally =
            Tally { unknown: self.findings.unknown_fields.iter().map(|u| (u.field.clone(), u.rows)).collect(), problems: HashMap::new() };
        let stream = checked(self.spec.files.clone(), how);
        let mut stream = std::pin::pin!(stream);
        let mut ready = sorter.next(&mut stream).await?;
        while let Some(batch) = ready {
            self.progress.checkpoint()?;
            let done = base[batch.file] + batch.position;
            let (taken, next) = futures::join!(self.one_batch(batch, &mut tally, sink), sorter.next(&mut stream));
            taken?;
            self.progress.done(done);
            ready = next?;
        }
        Ok(())
    }

    /// Looks at the sizes of the files; gives how much comes before each.
    async fn begin(&mut self) -> Result<Vec<u64>> {
        let mut base = Vec::new();
        let mut total = 0;
        for (index, file) in self.spec.files.iter().enumerate() {
            let bytes = size(file).await?;
            base.push(total);
            total += bytes;
            if self.findings.files.len() <= index {
                self.findings.files.push(run_file(file, bytes));
            }
        }
        self.progress.total(total);
        Ok(base)
    }

    /// Hands on one batch, part by part. What is counted becomes the pass's own only when all of it is written: a batch that
    /// fails is read again by a resume.
    async fn one_batch(&mut self, batch: Sorted, tally: &mut Tally, sink: &mut dyn Sink<'a>) -> Result<()> {
        let mut ahead = self.findings.checkpoint();
        self.count_read(&mut ahead, &batch, tally);
        let Sorted { file, fine, rows, parts, mut prepared, bad, .. } = batch;
        let (mut fine, mut rows) = (fine.into_iter(), rows.into_iter());
        for (at, length) in parts.iter().enumerate() {
            let (part, its_rows): (Vec<Incoming>, Vec<FineRow>) =
                (fine.by_ref().take(*length).collect(), rows.by_ref().take(*length).collect());
            let prepared = match prepared.take() {
                Some(prepared) => prepared,
                None => upsert::prepare(self.workspace.store.as_ref(), sink.plan(), &part).await?,
            };
            // Quarantine entries go first: a resume writes those behind its checkpoint again, under the same ids.
            let quarantine: &[QuarantineEntry] = if at == 0 { &bad } else { &[] };
            let part_of = SinkBatch {
                fine: &part,
                quarantine,
                rows: &its_rows,
                run: &self.run,
                file: &ahead.files[file],
                file_index: file,
                checkpoint: (at + 1 == parts.len()).then_some(&ahead),
            };
            let taken = sink.take(part_of, prepared).await?;
            taken.again.count(&mut ahead.counts, quarantine);
            self.count(&mut ahead, file, taken, part, its_rows, &mut tally.problems);
        }
        self.findings.advance(ahead);
        Ok(())
    }

    /// Where the run will be behind a batch, as far as that is known before the batch is written.
    fn count_read(&mut self, ahead: &mut Checkpoint, batch: &Sorted, tally: &mut Tally) {
        ahead.counts.read += batch.read;
        ahead.counts.set_aside += batch.set_aside;
        for (field, rows) in &batch.unknown {
            *tally.unknown.entry(field.clone()).or_default() += rows;
        }
        ahead.unknown_fields = tally.unknown.iter().map(|(field, rows)| UnknownField { field: field.clone(), rows: *rows }).collect();
        for entry in batch.bad.iter().filter(|e| e.status == QuarantineStatus::Waiting) {
            self.keep_sample(entry);
            self.note_rejected(&entry.errors, 1, &mut tally.problems);
        }
        let file = &mut ahead.files[batch.file];
        file.rows_done = file.rows_done.max(i64::try_from(batch.last).unwrap_or(i64::MAX));
        if batch.cursor.is_some() {
            file.cursor.clone_from(&batch.cursor);
        }
        if let Some(end) = &batch.end {
            file.sha256.clone_from(&end.sha256);
            file.recognised.clone_from(&end.recognised);
            // An earlier attempt may have said it.
            for note in &end.notes {
                if !ahead.notes.contains(note) {
                    ahead.notes.push(note.clone());
                }
            }
        }
    }

    fn keep_sample(&mut self, entry: &QuarantineEntry) {
        if self.findings.rejected.len() < SAMPLES {
            let row = u64::try_from(entry.row_number).unwrap_or(0);
            self.findings.rejected.push(Rejected::new(&entry.source_file, row, &entry.raw, &entry.errors));
        }
    }

    /// Notes why rows are kept out.
    fn note_rejected(&mut self, errors: &[Violation], rows: i64, problems: &mut HashMap<(String, String), usize>) {
        let mut counted: SmallVec<[usize; 8]> = SmallVec::new();
        for error in errors {
            let at = self.problem(error, problems);
            if !counted.contains(&at) {
                counted.push(at);
                self.findings.problems[at].rows += rows;
            }
        }
    }

    /// Where the rule that an error breaks is among the problems.
    fn problem(&mut self, error: &Violation, problems: &mut HashMap<(String, String), usize>) -> usize {
        // Most files have few of them.
        let same = |problem: &Problem| problem.field == error.field() && problem.rule == error.rule;
        if let Some(at) = self.findings.problems.iter().take(FEW).position(same) {
            return at;
        }
        *problems.entry((error.field().to_owned(), error.rule.clone())).or_insert_with(|| {
            let (field, rule) = (error.field().to_owned(), error.rule.clone());
            self.findings.problems.push(Problem { field, rule, message: general_message(error), rows: 0 });
            self.findings.problems.len() - 1
        })
    }

    fn count(
        &mut self,
        ahead: &mut Checkpoint,
        file: usize,
        taken: Taken,
        fine: Vec<Incoming>,
        rows: Vec<FineRow>,
        problems: &mut HashMap<(String, String), usize>,
    ) {
        let Taken { outcomes, again } = taken;
        for (at, ((outcome, incoming), row)) in outcomes.into_iter().zip(fine).zip(rows).enumerate() {
            match outcome {
                Outcome::Inserted { .. } => ahead.counts.inserted += 1,
                Outcome::Unchanged => ahead.counts.unchanged += 1,
                Outcome::Updated { changes, .. } => {
                    ahead.counts.updated += 1;
                    if self.findings.updates.len() < SAMPLES {
                        let title = label(&incoming.key);
                        self.findings.updates.push(UpdateSample { key: incoming.key, title, changes });
                    }
                }
                Outcome::Older => ahead.counts.set_aside += 1,
                Outcome::Exists | Outcome::Conflict | Outcome::Unpatchable { .. } => {
                    *again.count_of(at, &mut ahead.counts) += 1;
                    let (workspace, spec) = (self.workspace, self.spec);
                    let late = Late { workspace, spec, run: &self.run, file: &self.findings.files[file], at: file, seeds: None };
                    let entry = late.entry(&outcome, &incoming, &row);
                    self.keep_sample(&entry);
                    self.note_rejected(&entry.errors, 1, problems);
                }
            }
        }
    }
}

impl Findings {
    /// What a run that ended here would have to know to go on.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            counts: self.counts,
            files: self.files.clone(),
            unknown_fields: self.unknown_fields.clone(),
            notes: self.notes.clone(),
        }
    }

    fn advance(&mut self, to: Checkpoint) {
        (self.counts, self.files, self.unknown_fields, self.notes) = (to.counts, to.files, to.unknown_fields, to.notes);
    }
}

impl Rejected {
    fn new(file: &str, row_number: u64, raw: &str, errors: &[Violation]) -> Self {
        Self { file: file.to_owned(), row_number, raw: raw.chars().take(500).collect(), errors: errors.to_vec() }
    }
}

/// The message without what is special to one row.
fn general_message(error: &Violation) -> String {
    match error.rule.as_str() {
        "duplicate_key" => "An earlier row has the same key; the first one is imported.".to_owned(),
        "syntax" => "The row cannot be read.".to_owned(),
        _ => error.message.clone(),
    }
}

fn label(key: &Bson) -> String {
    steward_domain::RecordKey(Value(key.clone())).label()
}

/// Into the collection that the rows are meant for.
fn plan(spec: &ImportSpec) -> UpsertPlan<'_> {
    UpsertPlan {
        collection: &spec.collection,
        key_field: &spec.key_field,
        mode: spec.mode,
        expect_new: false,
        newest_by: spec.duplicates.newest_by(),
        ours: None,
    }
}
