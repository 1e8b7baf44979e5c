//! The sink that writes: records, quarantine, earlier states and the checkpoint, batch by batch.

use steward_domain::{QuarantineEntry, RunCounts, Value};
use steward_store::upsert::{self, Bookkeeper, Incoming, Outcome, Prepared, UpsertPlan};
use steward_store::{StoreResult, WriteOp, names};

use bson::Bson;

use super::{FineRow, ImportSpec, Kept, Sink, SinkBatch, set_aside, turned_away_because, waiting};
use crate::docs::{self, Change};
use crate::error::Result;
use crate::workspace::Workspace;

/// Writes records, quarantine, earlier states and the checkpoint.
pub struct Loading<'a> {
    pub workspace: &'a Workspace,
    pub spec: &'a ImportSpec,
    pub record: steward_domain::RunRecord,
    pub expect_new: bool,
    /// The rows replace the collection: they are loaded here first.
    pub beside: Option<&'a str>,
    /// The change set of the run.
    pub change_set: String,
    /// Updates recorded so far: numbers the history entries.
    pub updates: usize,
    pub chunks: usize,
}

struct Books<'a> {
    loading: &'a Loading<'a>,
    batch: &'a SinkBatch<'a>,
    /// What the rows mean to the collection that they will replace.
    meaning: Option<&'a [Outcome]>,
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
                // Taken back as a whole.
                Outcome::Inserted { .. } | Outcome::Updated { .. } if self.loading.beside.is_some() => {}
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
                Outcome::Exists | Outcome::Older | Outcome::Conflict | Outcome::Unpatchable { .. } => {
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
        add_outcomes(&mut record.counts, &meant(outcomes.to_vec(), self.meaning));
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

/// The outcomes as the collection sees them that the rows will replace.
fn meant(outcomes: Vec<Outcome>, meaning: Option<&[Outcome]>) -> Vec<Outcome> {
    let Some(meaning) = meaning else {
        return outcomes;
    };
    let one = |(outcome, meaning): (Outcome, &Outcome)| match (outcome, meaning) {
        (Outcome::Inserted { .. }, Outcome::Updated { .. } | Outcome::Unchanged) => meaning.clone(),
        (outcome, _) => outcome,
    };
    outcomes.into_iter().zip(meaning).map(one).collect()
}

fn add_outcomes(counts: &mut RunCounts, outcomes: &[Outcome]) {
    for outcome in outcomes {
        match outcome {
            Outcome::Inserted { .. } => counts.inserted += 1,
            Outcome::Updated { .. } => counts.updated += 1,
            Outcome::Unchanged => counts.unchanged += 1,
            Outcome::Exists | Outcome::Conflict | Outcome::Unpatchable { .. } => counts.quarantined += 1,
            Outcome::Older => counts.set_aside += 1,
        }
    }
}

impl Loading<'_> {
    fn late_entry(&self, outcome: &Outcome, incoming: &Incoming, row: &FineRow, batch: &SinkBatch<'_>) -> QuarantineEntry {
        // The file is the one being read: the last with a hash still open, or the last one.
        let file = batch.findings.files.iter().position(|f| f.sha256.is_empty()).unwrap_or(batch.findings.files.len() - 1);
        let row = Kept {
            file: &batch.findings.files[file],
            at: file,
            number: row.number,
            offset: row.offset,
            raw: &row.raw,
            document: upsert::decode(&incoming.document).ok(),
        };
        let errors = vec![turned_away_because(outcome, &incoming.key, &self.spec.key_field)];
        let mut entry = waiting(self.workspace, self.spec, batch.run, row, errors);
        if *outcome == Outcome::Older {
            set_aside(&mut entry);
        }
        entry
    }
}

#[async_trait::async_trait]
impl<'a> Sink<'a> for Loading<'a> {
    fn plan(&self) -> UpsertPlan<'a> {
        UpsertPlan { collection: self.beside.unwrap_or(&self.spec.collection), expect_new: self.expect_new, ..super::plan(self.spec) }
    }

    async fn take(&mut self, batch: SinkBatch<'_>, prepared: Prepared) -> Result<Vec<Outcome>> {
        if batch.fine.is_empty() && batch.quarantine.is_empty() {
            return Ok(Vec::new());
        }
        let store = self.workspace.store.as_ref();
        let meaning = match self.beside {
            Some(_) => {
                let plan = UpsertPlan { newest_by: None, ..super::plan(self.spec) };
                Some(upsert::prepare(store, plan, batch.fine).await?.into_outcomes())
            }
            None => None,
        };
        let books = Books { loading: self, batch: &batch, meaning: meaning.as_deref() };
        let outcomes = upsert::upsert(store, self.plan(), batch.fine, prepared, &books).await?;
        self.updates += if self.beside.is_some() { 0 } else { outcomes.iter().filter(|o| matches!(o, Outcome::Updated { .. })).count() };
        self.chunks += 1;
        Ok(meant(outcomes, meaning.as_deref()))
    }
}
