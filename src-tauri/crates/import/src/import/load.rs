//! The sink that writes: records, quarantine, earlier states and the checkpoint, batch by batch.

use std::sync::{Mutex, PoisonError};

use steward_domain::run::Recorded;
use steward_domain::{ImportMode, QuarantineEntry, RunCounts, RunRecord, RunState, Value};
use steward_store::upsert::{self, Bookkeeper, Incoming, Ours, Outcome, Prepared, UpsertPlan};
use steward_store::{Durability, StoreErrorKind, StoreResult, WriteBatch, WriteOp, names};

use bson::Bson;

use super::again::{self, Again, Found, Seeds};
use super::entry::Late;
use super::{Checkpoint, ImportSpec, Sink, SinkBatch, Taken};
use steward_workspace::{
    Result, Workspace,
    docs::{self, Change},
};

/// Writes records, quarantine, earlier states and the checkpoint.
pub struct Loading<'a> {
    pub workspace: &'a Workspace,
    /// The same, not under the lease of the run: for making up for what was written after the lease was lost.
    pub free: &'a Workspace,
    pub spec: &'a ImportSpec,
    pub record: RunRecord,
    pub expect_new: bool,
    /// The rows replace the collection: they are loaded here first.
    pub staging: Option<&'a str>,
    /// What an earlier attempt wrote behind its checkpoint.
    pub ours: &'a Ours,
    /// Numbers of the next change and the next list of inserted records.
    pub numbers: Recorded,
    /// What rows that are kept out are known again by.
    pub seeds: Seeds,
}

/// More changes than one batch makes.
const LARGEST: usize = 1000;

/// How many numbers the holder of a lease has: those of another holder never meet them.
const NUMBERS: i64 = 1_000_000_000;

/// Where the bookkeeping of a new holder begins.
pub fn numbers_of(lease: i64) -> i64 {
    lease.saturating_mul(NUMBERS)
}

/// `_id` of a list of inserted records: sorts by its number within the run.
pub fn inserts_id(run: &str, number: i64) -> String {
    format!("{run}:{number:012}")
}

struct Books<'a> {
    loading: &'a Loading<'a>,
    batch: &'a SinkBatch<'a>,
    /// What the rows mean to the collection that they will replace.
    meaning: Option<&'a [Outcome]>,
    /// What is known of the rows that are kept out.
    found: Mutex<Found>,
}

impl Books<'_> {
    fn found(&self) -> Found {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait::async_trait]
impl Bookkeeper for Books<'_> {
    async fn history(&self, outcomes: &[Outcome], batch: &[Incoming]) -> StoreResult<Vec<WriteOp>> {
        let late = again::late(&self.loading.late(self.batch), outcomes, self.batch);
        let found = again::look_up(self.loading.workspace, &self.loading.seeds, self.batch, late).await?;
        let mut ops = found.new_entries(self.batch).map(quarantine_op).collect::<StoreResult<Vec<_>>>()?;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = found;
        let mut ids = Vec::new();
        let mut hashes = Vec::new();
        let mut number = usize::try_from(self.loading.numbers.changes).unwrap_or(usize::MAX);
        for (outcome, incoming) in outcomes.iter().zip(batch) {
            match outcome {
                // Undone as a whole.
                Outcome::Inserted { .. } | Outcome::Updated { .. } if self.loading.staging.is_some() => {}
                // Written down by the attempt that wrote it.
                Outcome::Inserted { id } if self.loading.ours.has_inserted(id) => {}
                Outcome::Updated { changes, .. } if changes.is_empty() => {}
                Outcome::Inserted { id } => {
                    ids.push(id.clone());
                    hashes.extend_from_slice(&crate::rows::content_hash(&incoming.document).to_le_bytes());
                }
                Outcome::Updated { id, changes } => {
                    let change = update_change(&self.loading.spec.collection, &incoming.key, id, changes);
                    let doc = docs::change_to_doc(&self.loading.record.id, number, &change);
                    ops.push(WriteOp::put(names::CHANGES, &doc)?);
                    number += 1;
                }
                Outcome::Exists | Outcome::Older | Outcome::Conflict | Outcome::Unpatchable { .. } | Outcome::Unchanged => {}
            }
        }
        if !ids.is_empty() {
            let chunk = bson::doc! {
                "_id": inserts_id(&self.loading.record.id, self.loading.numbers.inserts), "run": self.loading.record.id.as_str(),
                "ids": ids, "hashes": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: hashes },
            };
            ops.push(WriteOp::put(names::RUN_INSERTS, &chunk)?);
        }
        Ok(ops)
    }

    fn confirm(&self, outcomes: &[Outcome]) -> StoreResult<Vec<WriteOp>> {
        let found = self.found();
        let mut ops = found.links(self.batch.run);
        let Some(checkpoint) = self.batch.checkpoint else { return Ok(ops) };
        let mut record = self.loading.record.clone();
        at_checkpoint(&mut record, checkpoint);
        found.again().count(&mut record.counts, self.batch.quarantine);
        add_outcomes(&mut record.counts, &self.loading.meant(outcomes.to_vec(), self.meaning), &found.again());
        record.recorded = self.loading.numbers_behind(outcomes);
        ops.push(checkpoint_op(&record)?);
        Ok(ops)
    }
}

/// What a checkpoint changes of a run.
const CHECKPOINT: [&str; 5] = ["counts", "files", "notes", "recorded", "unknownFields"];

/// Moves the checkpoint of a run, as long as it is still its own: whoever took the run over has written another lease into it. A batch
/// that was on its way when its process was paused can arrive long after it was checked, and is refused by the document itself.
fn checkpoint_op(record: &RunRecord) -> StoreResult<WriteOp> {
    let doc = docs::to_document(&record.id, record).map_err(|e| steward_store::StoreError::invalid(e.to_string()))?;
    let (set, unset): (Vec<&str>, Vec<&str>) = CHECKPOINT.iter().partition(|name| doc.contains_key(**name));
    Ok(WriteOp::Patch {
        collection: names::RUNS.into(),
        id: record.id.as_str().into(),
        expect: vec![("lease".into(), doc.get("lease").cloned())],
        set: set.into_iter().filter_map(|name| Some((name.into(), doc.get(name)?.clone()))).collect(),
        unset: unset.into_iter().map(Into::into).collect(),
    })
}

/// Puts a run to where a pass has come.
pub fn at_checkpoint(record: &mut RunRecord, checkpoint: &Checkpoint) {
    record.counts = checkpoint.counts;
    record.files.clone_from(&checkpoint.files);
    record.unknown_fields.clone_from(&checkpoint.unknown_fields);
    record.notes.clone_from(&checkpoint.notes);
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

/// Writes the run as it is.
pub fn run_op(record: &RunRecord) -> StoreResult<WriteOp> {
    let doc = docs::to_document(&record.id, record).map_err(|e| steward_store::StoreError::invalid(e.to_string()))?;
    WriteOp::put(names::RUNS, &doc)
}

/// Writes a quarantine entry; the document keeps its BSON types.
pub fn quarantine_op(entry: &QuarantineEntry) -> StoreResult<WriteOp> {
    let doc = crate::quarantine::to_doc(entry).map_err(|e| steward_store::StoreError::invalid(e.to_string()))?;
    WriteOp::put(names::QUARANTINE, &doc)
}

fn add_outcomes(counts: &mut RunCounts, outcomes: &[Outcome], again: &Again) {
    for (at, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Inserted { .. } => counts.inserted += 1,
            Outcome::Updated { .. } => counts.updated += 1,
            Outcome::Unchanged => counts.unchanged += 1,
            Outcome::Exists | Outcome::Conflict | Outcome::Unpatchable { .. } => *again.count_of(at, counts) += 1,
            Outcome::Older => counts.set_aside += 1,
        }
    }
}

impl Loading<'_> {
    /// A server without a transaction around a whole batch may have taken records after the lease was lost. Where the new holder
    /// undoes or has undone the run, they go again; where it goes on with the run, they are its rows as well.
    async fn make_up_for_the_last(&self) -> Result<()> {
        let now = crate::runs::get(self.free, &self.record.id).await?;
        if !matches!(now.state, RunState::Undoing | RunState::HalfUndone | RunState::Undone) {
            return Ok(());
        }
        if let Some(staging) = self.staging {
            return Ok(self.free.store.drop_collection(staging).await?);
        }
        // What a batch sets out to write is written down before it.
        let mut ops = Vec::new();
        let list = inserts_id(&self.record.id, self.numbers.inserts);
        if let Some(list) = self.free.own_document(names::RUN_INSERTS, &list).await? {
            let ids = list.get_array("ids").into_iter().flatten();
            ops.extend(ids.map(|id| WriteOp::Delete { collection: self.spec.collection.clone(), id: id.clone(), expect: Vec::new() }));
        }
        let first = usize::try_from(self.numbers.changes).unwrap_or(usize::MAX);
        for change in steward_workspace::history::changes(self.free, &self.record.id, first, LARGEST).await? {
            let back = steward_workspace::edit::inverted(&change);
            ops.push(upsert::patch(&change.record.collection, change.id.clone(), &back.record.fields));
        }
        // What never arrived, or was undone already, fails on its own.
        self.free.store.write(WriteBatch::data(ops), Durability::Bulk).await?;
        Ok(())
    }

    /// The outcomes as the collection sees them that the rows will replace.
    fn meant(&self, outcomes: Vec<Outcome>, meaning: Option<&[Outcome]>) -> Vec<Outcome> {
        let Some(meaning) = meaning else {
            return outcomes;
        };
        // Where a key is let in once, a row that is there already was put there by an attempt that did not count it.
        let once = !self.spec.duplicates.lets_later_in();
        let one = |(outcome, meaning): (Outcome, &Outcome)| match (outcome, meaning) {
            (Outcome::Inserted { .. }, Outcome::Updated { .. } | Outcome::Unchanged) => meaning.clone(),
            (Outcome::Unchanged, meaning) if once => meaning.clone(),
            (outcome, _) => outcome,
        };
        outcomes.into_iter().zip(meaning).map(one).collect()
    }

    /// The numbers that come after what is written down for these rows.
    fn numbers_behind(&self, outcomes: &[Outcome]) -> Recorded {
        if self.staging.is_some() {
            return self.numbers;
        }
        let updated = outcomes.iter().filter(|o| matches!(o, Outcome::Updated { changes, .. } if !changes.is_empty())).count();
        Recorded {
            inserts: self.numbers.inserts + 1,
            changes: self.numbers.changes + i64::try_from(updated).unwrap_or(i64::MAX),
            ..self.numbers
        }
    }

    /// What is the same for all rows of a batch that the store turns away.
    fn late<'b>(&'b self, batch: &'b SinkBatch<'_>) -> Late<'b> {
        let seeds = Some(&self.seeds);
        Late { workspace: self.workspace, spec: self.spec, run: batch.run, file: batch.file, at: batch.file_index, seeds }
    }
}

#[async_trait::async_trait]
impl<'a> Sink<'a> for Loading<'a> {
    fn plan(&self) -> UpsertPlan<'a> {
        // Where later rows of a key are let in, each of them is to be written again.
        let again = self.spec.duplicates.lets_later_in() && self.spec.mode != ImportMode::Insert;
        UpsertPlan {
            collection: self.staging.unwrap_or(&self.spec.collection),
            expect_new: self.expect_new,
            ours: (!again && self.staging.is_none() && !self.ours.is_empty()).then_some(self.ours),
            ..super::plan(self.spec)
        }
    }

    async fn take(&mut self, batch: SinkBatch<'_>, prepared: Prepared) -> Result<Taken> {
        if batch.fine.is_empty() && batch.quarantine.is_empty() {
            return Ok(Taken::default());
        }
        let store = self.workspace.store.as_ref();
        let meaning = match self.staging {
            Some(_) => {
                let plan = UpsertPlan { newest_by: None, ..super::plan(self.spec) };
                Some(upsert::prepare(store, plan, batch.fine).await?.into_outcomes())
            }
            None => None,
        };
        let books = Books { loading: self, batch: &batch, meaning: meaning.as_deref(), found: Mutex::default() };
        let written = upsert::upsert(store, self.plan(), batch.fine, prepared, &books).await;
        if written.as_ref().is_err_and(|e| e.kind == StoreErrorKind::Fenced) {
            self.make_up_for_the_last().await?;
        }
        let (outcomes, again) = (written?, books.found().again());
        self.numbers = self.numbers_behind(&outcomes);
        Ok(Taken { outcomes: self.meant(outcomes, meaning.as_deref()), again })
    }
}
