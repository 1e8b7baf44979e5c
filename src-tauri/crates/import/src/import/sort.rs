//! Sorting the rows of a checked batch: fine ones, those whose key an earlier row has, and those to be kept out. What the
//! store says of the fine ones is asked here too, so that it is known when their turn comes to be written.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use steward_domain::run::RunFile;
use steward_domain::{Duplicates, QuarantineEntry, Value, Violation};
use steward_store::upsert::{self, Incoming, Prepared, UpsertPlan};

use super::again::{Occurrences, Seeds};
use super::read::{CheckedBatch, FileEnd};
use super::{FineRow, ImportSpec, RejectedRow, set_aside, waiting};
use crate::rows::{RowValidation, ValidRecord};
use steward_workspace::{
    Error, Result, Workspace,
    key_index::{Earlier, KeyIndex},
};

/// Sorts one batch after the other.
pub(super) struct Sorter<'a> {
    pub workspace: &'a Workspace,
    pub spec: &'a ImportSpec,
    pub run: String,
    /// The files as they were when the pass began.
    pub files: Vec<RunFile>,
    /// Rows per file that an earlier attempt has loaded.
    pub skip: Vec<u64>,
    pub plan: UpsertPlan<'a>,
    pub seen: KeyIndex,
    /// What rows that are kept out are known again by.
    pub seeds: Seeds,
    pub met: Occurrences,
}

/// A batch that is ready for the sink.
pub(super) struct Sorted {
    pub file: usize,
    pub position: u64,
    pub cursor: Option<String>,
    pub end: Option<FileEnd>,
    pub fine: Vec<Incoming>,
    /// Where each of them came from.
    pub rows: Vec<FineRow>,
    /// Lengths of parts in which no key occurs twice; always at least one.
    pub parts: Vec<usize>,
    /// What becomes of the only part; absent where earlier rows may still have a say in it.
    pub prepared: Option<Prepared>,
    pub bad: Vec<QuarantineEntry>,
    pub read: i64,
    pub set_aside: i64,
    /// Fields that the schema does not know, with the rows that have them.
    pub unknown: BTreeMap<String, i64>,
    /// Number of the last row.
    pub last: u64,
}

impl Sorter<'_> {
    /// The next batch of the stream.
    pub async fn next(&mut self, stream: &mut (impl Stream<Item = Result<CheckedBatch>> + Unpin)) -> Result<Option<Sorted>> {
        let Some(batch) = stream.next().await.transpose()? else {
            return Ok(None);
        };
        let mut sorted = self.sort(batch)?;
        // Where a later row of a key is let in, what it does depends on the write before.
        if !self.spec.duplicates.lets_later_in() && sorted.parts.len() == 1 {
            sorted.prepared = Some(upsert::prepare(self.workspace.store.as_ref(), self.plan, &sorted.fine).await?);
        }
        Ok(Some(sorted))
    }

    fn sort(&mut self, batch: CheckedBatch) -> Result<Sorted> {
        let CheckedBatch { file, rows, position, cursor, end } = batch;
        let mut sorted = Sorted {
            file,
            position,
            cursor,
            end,
            fine: Vec::with_capacity(rows.len()),
            rows: Vec::with_capacity(rows.len()),
            parts: Vec::new(),
            prepared: None,
            bad: Vec::new(),
            read: 0,
            set_aside: 0,
            unknown: BTreeMap::new(),
            last: 0,
        };
        let skip = self.skip.get(file).copied().unwrap_or(0);
        let mut hashes = Vec::with_capacity(rows.len());
        for row in rows {
            let (number, offset, raw) = (row.number, row.offset, row.raw);
            sorted.last = number;
            let validation = self.first_of_its_key(row.validation, file, number)?;
            // Of fine rows, the first one only is let in, unless later ones are.
            let nth = match &validation {
                RowValidation::Valid { .. } if !self.spec.duplicates.lets_later_in() => 0,
                _ => self.met.note(file, &raw),
            };
            if number <= skip {
                continue;
            }
            match validation {
                RowValidation::Valid { key_hash, unknown, record } => {
                    let ValidRecord { key, document } = *record.ok_or(Error::Damaged("A checked row"))?;
                    for field in unknown {
                        *sorted.unknown.entry(field).or_default() += 1;
                    }
                    hashes.push(key_hash);
                    sorted.fine.push(Incoming { key, document });
                    sorted.rows.push(FineRow { number, offset, raw, nth });
                }
                RowValidation::Invalid { errors, document, .. } => {
                    let repeats = errors.first().is_some_and(|e| e.rule == "duplicate_key");
                    let row = RejectedRow {
                        file: &self.files[file],
                        at: file,
                        number,
                        offset,
                        raw: &raw,
                        document: document.map(|document| *document),
                    };
                    let mut entry = waiting(self.workspace, self.spec, &self.run, row, errors.to_vec());
                    entry.fingerprint = self.seeds.fingerprint(file, &raw, nth);
                    if repeats && self.spec.duplicates == Duplicates::First {
                        set_aside(&mut entry);
                        sorted.set_aside += 1;
                    }
                    sorted.bad.push(entry);
                }
            }
            sorted.read += 1;
        }
        sorted.parts = parts(&hashes);
        Ok(sorted)
    }

    fn first_of_its_key(&mut self, validation: RowValidation, file: usize, number: u64) -> Result<RowValidation> {
        let RowValidation::Valid { key_hash, .. } = &validation else {
            return Ok(validation);
        };
        if self.spec.duplicates.lets_later_in() {
            return Ok(validation);
        }
        Ok(match self.seen.note(*key_hash, file, number)? {
            None => validation,
            Some(earlier) => repeats(self.spec, validation, file, earlier),
        })
    }
}

/// What a fine row is whose key an earlier one has.
pub(super) fn repeats(spec: &ImportSpec, validation: RowValidation, file: usize, earlier: Earlier) -> RowValidation {
    let RowValidation::Valid { unknown, record: Some(record), .. } = validation else {
        return validation;
    };
    let ValidRecord { key, document } = *record;
    let place = match earlier {
        Earlier { file: same, row } if same == file => format!("Row {row}"),
        Earlier { file: other, row } => format!("Row {row} of {}", spec.files.get(other).map_or("another file", |f| f.name.as_str())),
    };
    let error = Violation {
        pointer: steward_domain::FieldPath::new(spec.key_field.as_str()).to_pointer(),
        rule: "duplicate_key".into(),
        message: format!("{place} already has this {}; the first one is imported.", spec.key_field),
        value: Some(Value(key)),
    };
    let document = if document.is_empty() { None } else { upsert::decode(&document).ok() };
    RowValidation::Invalid { errors: Arc::new([error]), unknown, document: document.map(Box::new) }
}

/// Rows of one key must not be in the same write: each such row begins a part of its own.
fn parts(hashes: &[u64]) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut begin = 0;
    let mut met = std::collections::HashSet::with_capacity(hashes.len());
    for (at, hash) in hashes.iter().enumerate() {
        if !met.insert(*hash) {
            lengths.push(at - begin);
            begin = at;
            met.clear();
            met.insert(*hash);
        }
    }
    lengths.push(hashes.len() - begin);
    lengths
}
