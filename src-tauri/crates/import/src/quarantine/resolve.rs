//! Corrections and attempts to release rows, batch by batch: each batch is one change set that can be undone.

use std::collections::{HashMap, HashSet};

use bson::{Bson, Document};
use steward_domain::value::Value;
use steward_domain::words::{counted, number};
use steward_domain::{ChangeKind, ImportMode, QuarantineEntry, QuarantineStatus, RecordChange, RecordKey, RecordOp, Violation};
use steward_store::upsert::{self, Incoming, Outcome, UpsertPlan};
use steward_store::{Durability, WriteBatch, names};

use super::entries::{by_ids, entry_change};
use super::validate::{RowValidator, is_about_others};
use steward_workspace::{
    Result, Workspace,
    docs::{self, Change},
    edit,
    history::{self, Request},
};

/// Entries that an outcome shows one by one.
const SHOWN: usize = 100;

/// What is to be done with rows.
#[derive(Debug, Clone, Default)]
pub struct Aim {
    /// Load what breaks no rule any more.
    pub release: bool,
    /// A row whose key another row or record has takes its place.
    pub replace: bool,
    pub reason: Option<String>,
}

/// An entry, and the record that it is to have from now on (its own one, where there is nothing to correct).
#[derive(Debug, Clone)]
pub struct Correction {
    pub before: QuarantineEntry,
    pub document: Option<Document>,
    /// JSON Pointers of the places that are set, be it to what they hold already.
    pub set: Vec<String>,
}

/// What became of rows.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    pub tried: i64,
    pub corrected: i64,
    pub released: i64,
    pub still_waiting: i64,
    /// Someone else changed or released them meanwhile; they are left as they are.
    pub conflicts: i64,
    /// The first hundred.
    pub results: Vec<QuarantineEntry>,
    /// What can be undone, oldest first.
    pub change_sets: Vec<String>,
}

/// Resolves rows of one request.
pub struct Resolver<'a> {
    workspace: &'a Workspace,
    aim: Aim,
    validate: RowValidator<'a>,
    modes: HashMap<String, ImportMode>,
    /// Keys that this request has released: a second row of a key is not loaded over the first.
    keys: HashMap<String, HashSet<Vec<u8>>>,
    pub out: Resolved,
}

/// One row on its way.
struct Row {
    before: QuarantineEntry,
    after: QuarantineEntry,
    /// Fine, and to be compared with what is there.
    record: Option<Incoming>,
    /// Nothing is against it but that its key was taken: it may be loaded where no record has the key any more.
    if_new: bool,
    /// The key that it is released with.
    key: Option<Bson>,
    /// The change of the record, where it differs.
    load: Option<Change>,
    corrected: bool,
}

impl<'a> Resolver<'a> {
    pub fn new(workspace: &'a Workspace, aim: Aim) -> Self {
        let validate = RowValidator::new(workspace);
        Self { workspace, aim, validate, modes: HashMap::new(), keys: HashMap::new(), out: Resolved::default() }
    }

    /// Resolves a batch. Rows that do not wait any more are passed over.
    pub async fn batch(&mut self, corrections: Vec<Correction>) -> Result<()> {
        let mut groups: Vec<(String, ImportMode, Vec<Row>)> = Vec::new();
        for correction in corrections.into_iter().filter(|c| c.before.status == QuarantineStatus::Waiting) {
            let mode = self.mode_of(&correction.before).await?;
            let row = self.row(correction).await?;
            match groups.iter_mut().find(|(collection, of, _)| *collection == row.before.collection && *of == mode) {
                Some((_, _, rows)) => rows.push(row),
                None => groups.push((row.before.collection.clone(), mode, vec![row])),
            }
        }
        for (collection, mode, mut rows) in groups {
            if self.aim.release {
                self.compare(&collection, mode, &mut rows).await?;
            }
            self.write(&collection, rows).await?;
        }
        Ok(())
    }

    /// The mode of the import that kept the row out.
    async fn mode_of(&mut self, entry: &QuarantineEntry) -> Result<ImportMode> {
        if self.aim.replace {
            return Ok(ImportMode::Upsert);
        }
        if let Some(mode) = self.modes.get(&entry.run_id) {
            return Ok(*mode);
        }
        let run = self.workspace.own_document(names::RUNS, &entry.run_id).await?;
        let run: Option<steward_domain::RunRecord> = run.map(|doc| docs::from_document(&doc)).transpose()?;
        let mode = run.map_or(ImportMode::Upsert, |run| run.mode);
        self.modes.insert(entry.run_id.clone(), mode);
        Ok(mode)
    }

    async fn row(&mut self, correction: Correction) -> Result<Row> {
        self.out.tried += 1;
        let Correction { before, document, set } = correction;
        let mut after = match document {
            Some(document) => self.validate.corrected(&before, document, &set).await?,
            None => before.clone(),
        };
        // To confirm a value that was read with doubt is a correction, too.
        let confirmed = before.errors.iter().any(|e| e.is_of_reading() && set.contains(&e.pointer));
        let corrected = confirmed || after.document != before.document;
        if !corrected {
            after = before.clone();
        }
        let mut row = Row { before, after, record: None, if_new: false, key: None, load: None, corrected };
        let document = row.after.document.as_ref().and_then(Value::as_document).cloned();
        if let (true, Some(document)) = (self.aim.release, document) {
            let validated = self.validate.validate(&row.after, &document).await?;
            row.after.errors = validated.errors;
            if self.aim.replace {
                row.after.errors.retain(|e| !is_about_others(e));
            }
            row.if_new = !row.after.errors.is_empty();
            if row.after.errors.iter().all(is_about_others) {
                let key_field = self.validate.key_field(&row.after.collection).await?;
                let key = validated.record.get(&key_field).cloned().unwrap_or(Bson::Null);
                row.record = Some(Incoming { key, document: steward_store::model::raw(&validated.record)? });
            }
        }
        Ok(row)
    }

    /// Compares the fine rows with what is there; those that may be loaded become released.
    async fn compare(&mut self, collection: &str, mode: ImportMode, rows: &mut [Row]) -> Result<()> {
        let key_field = self.validate.key_field(collection).await?;
        let keys = self.keys.entry(collection.to_owned()).or_default();
        let mut batch = Vec::new();
        let mut places = Vec::new();
        for (at, row) in rows.iter_mut().enumerate() {
            let Some(incoming) = row.record.take() else {
                continue;
            };
            if keys.insert(steward_domain::order::key_of(&incoming.key)) {
                batch.push(incoming);
                places.push(at);
            } else {
                row.after.errors = vec![taken(&key_field, incoming.key)];
            }
        }
        let plan = UpsertPlan { collection, key_field: &key_field, mode, expect_new: false, newest_by: None, ours: None };
        let outcomes = upsert::prepare(self.workspace.store.as_ref(), plan, &batch).await?.into_outcomes();
        for ((at, incoming), outcome) in places.into_iter().zip(batch).zip(outcomes) {
            let row = &mut rows[at];
            if row.if_new && !matches!(outcome, Outcome::Inserted { .. }) {
                continue;
            }
            match load(collection, &incoming, outcome)? {
                Ok(change) => {
                    row.load = change;
                    row.after.record_key = Some(Value(incoming.key.clone()));
                    row.key = Some(incoming.key);
                    row.after.errors.clear();
                    row.after.status = QuarantineStatus::Released;
                    row.after.resolved_at = Some(self.workspace.clock.stamp());
                }
                Err(Refusal::Exists) => row.after.errors = vec![taken(&key_field, incoming.key)],
                Err(Refusal::Field(field)) => row.after.errors = vec![crate::import::unpatchable(&field)],
            }
        }
        Ok(())
    }

    /// Writes the rows that became something else, in one change set. Where the data does not let it, in smaller ones, down to
    /// single rows; those that cannot be written alone are in the way of someone else's change.
    async fn write(&mut self, collection: &str, rows: Vec<Row>) -> Result<()> {
        let mut stack = vec![rows];
        while let Some(mut rows) = stack.pop() {
            match self.commit(collection, &rows).await {
                Ok(()) => rows.into_iter().for_each(|row| self.note(row)),
                Err(e) if e.is_conflict() && rows.len() > 1 => {
                    let later = rows.split_off(rows.len() / 2);
                    stack.push(later);
                    stack.push(rows);
                }
                Err(e) if e.is_conflict() => {
                    for row in rows {
                        self.refused(row).await?;
                    }
                }
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    async fn commit(&mut self, collection: &str, rows: &[Row]) -> Result<()> {
        let mut changes = Vec::new();
        let mut also = Vec::new();
        let (mut released, mut corrected) = (0, 0);
        for row in rows {
            let change = entry_change(&row.before, &row.after)?;
            if change.record.fields.is_empty() {
                continue;
            }
            if row.corrected || row.after.status == QuarantineStatus::Released {
                corrected += usize::from(row.corrected);
                released += usize::from(row.after.status == QuarantineStatus::Released);
                changes.extend(row.load.clone());
                changes.push(change);
            } else {
                // Only what is wrong is known better now: nothing for the history.
                also.push(upsert::patch(names::QUARANTINE, change.id, &change.record.fields));
            }
        }
        if !also.is_empty() {
            self.workspace.store.write(WriteBatch::data(also), Durability::Bulk).await?;
        }
        if changes.is_empty() {
            return Ok(());
        }
        let mut request = Request::new(ChangeKind::Quarantine, collection, summary(corrected, released), changes);
        request.reason.clone_from(&self.aim.reason);
        self.out.change_sets.push(history::commit(self.workspace, request).await?.id);
        Ok(())
    }

    fn note(&mut self, row: Row) {
        let released = row.after.status == QuarantineStatus::Released;
        self.out.corrected += i64::from(row.corrected);
        self.out.released += i64::from(released);
        self.out.still_waiting += i64::from(!released);
        self.show(row.after);
    }

    /// A single row that could not be written: the row, or the record, is not what it was; or a unique index has its values.
    async fn refused(&mut self, row: Row) -> Result<()> {
        if let (Some(key), Some(keys)) = (&row.key, self.keys.get_mut(&row.before.collection)) {
            keys.remove(&steward_domain::order::key_of(key));
        }
        let now = by_ids(self.workspace, std::slice::from_ref(&row.before.id)).await?;
        let Some(now) = now.into_iter().next().filter(|now| *now == row.before) else {
            self.out.conflicts += 1;
            self.show(row.before);
            return Ok(());
        };
        let mut after = now.clone();
        if row.corrected {
            after.document.clone_from(&row.after.document);
            after.edited = true;
        }
        let message = "This record cannot be written: another one has a value that must be unique, or others changed it just now.";
        after.errors = vec![Violation { pointer: String::new(), rule: "conflict".into(), message: message.into(), value: None }];
        let row = Row { before: now, after, load: None, key: None, ..row };
        let collection = row.before.collection.clone();
        self.commit(&collection, std::slice::from_ref(&row)).await?;
        self.note(row);
        Ok(())
    }

    fn show(&mut self, entry: QuarantineEntry) {
        if self.out.results.len() < SHOWN {
            self.out.results.push(entry);
        }
    }
}

/// Why a fine row is not loaded.
enum Refusal {
    Exists,
    Field(String),
}

/// The change that loads a record; none where it is there already, unchanged.
fn load(collection: &str, incoming: &Incoming, outcome: Outcome) -> Result<std::result::Result<Option<Change>, Refusal>> {
    let key = RecordKey(Value(incoming.key.clone()));
    Ok(match outcome {
        Outcome::Inserted { .. } => {
            let (_, raw) = upsert::with_id(&incoming.document)?;
            Ok(Some(edit::insertion(collection, &key, upsert::decode(&raw)?)))
        }
        Outcome::Updated { id, changes } => {
            let record = RecordChange { collection: collection.to_owned(), key, op: RecordOp::Update, fields: changes, document: None };
            Ok(Some(Change { id, record }))
        }
        Outcome::Unchanged => Ok(None),
        Outcome::Exists | Outcome::Older | Outcome::Conflict => Err(Refusal::Exists),
        Outcome::Unpatchable { field } => Err(Refusal::Field(field)),
    })
}

fn taken(key_field: &str, key: Bson) -> Violation {
    Violation {
        pointer: steward_domain::FieldPath::new(key_field).to_pointer(),
        rule: "duplicate_key".into(),
        message: format!("Another row or record has this {key_field}. Give it another one, replace the record, or discard the row."),
        value: Some(Value(key)),
    }
}

fn summary(corrected: usize, released: usize) -> String {
    match (corrected, released) {
        (0, n) => format!("Released {} from quarantine", counted(n, "row")),
        (n, 0) => format!("Corrected {} in quarantine", counted(n, "row")),
        (n, m) => format!("Corrected {} in quarantine, released {}", counted(n, "row"), number(m)),
    }
}
