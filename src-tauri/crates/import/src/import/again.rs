//! Rows that wait already: an earlier run kept the same row of the same source out, and nobody has resolved it since. A file that
//! is imported again finds them instead of making them a second time, and what waits belongs to both runs.
//!
//! A row is known again by its source, how that is read and meant, and its bytes. Of rows that are equal to the byte, the first of one
//! run is the first of the other, wherever it is.

use std::collections::{BTreeMap, HashMap};

use bson::Bson;
use sha2::{Digest, Sha256};
use steward_domain::{Filter, QuarantineEntry, QuarantineStatus, RunCounts};
use steward_store::upsert::{self, Outcome};
use steward_store::{StoreResult, WriteOp, names};

use super::entry::Late;
use super::{ImportSpec, SinkBatch};
use steward_workspace::{Error, Result, Workspace};

/// Entries of a run, whichever run brought them first.
pub fn of_run(run: &str) -> Filter {
    Filter::Or { any: vec![Filter::eq("runId", run), Filter::eq("alsoRuns", run)] }
}

/// What the rows of each source have in common.
#[derive(Debug, Clone, Default)]
pub struct Seeds {
    of_files: Vec<[u8; 32]>,
    /// Nothing was in quarantine when the pass began: there is nothing to look for.
    nothing_waits: bool,
}

impl Seeds {
    /// [`Self::of`], with a look at the quarantine.
    pub async fn for_pass(workspace: &Workspace, spec: &ImportSpec) -> Result<Self> {
        let nothing_waits = workspace.store.count(names::QUARANTINE, &Filter::all()).await? == 0;
        Ok(Self { nothing_waits, ..Self::of(spec)? })
    }

    pub fn of(spec: &ImportSpec) -> Result<Self> {
        let wrong = |_| Error::Damaged("A mapping");
        let mapping = spec.mapping.as_ref().map(serde_json::to_string).transpose().map_err(wrong)?.unwrap_or_default();
        let seed = |file: &super::SourceFile| {
            let choice = serde_json::to_string(&file.choice).map_err(wrong)?;
            let mut hash = Sha256::new();
            for part in [&spec.collection, &spec.schema, &mapping, &file.name, &choice] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
            Ok(hash.finalize().into())
        };
        let of_files = spec.files.iter().map(seed).collect::<Result<_>>()?;
        Ok(Self { of_files, nothing_waits: false })
    }

    /// What each source, as it is read into this collection, is known again by.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.of_files.iter().map(|seed| hex::encode(&seed[..16]))
    }

    /// What a row of a file is known again by. `nth`: how many equal ones come before it.
    pub(super) fn fingerprint(&self, file: usize, raw: &[u8], nth: u32) -> String {
        let mut hash = Sha256::new();
        hash.update(self.of_files.get(file).map_or(&[][..], |seed| seed));
        hash.update(nth.to_le_bytes());
        hash.update(raw);
        hex::encode(&hash.finalize()[..16])
    }
}

/// How many equal rows came before. Rows whose hashes end alike share a number, which takes four megabytes whatever there is to count:
/// a file that is read again gets the same numbers.
#[derive(Default)]
pub(super) struct Occurrences(Vec<u32>);

impl Occurrences {
    const ROOM: u64 = 1 << 20;

    pub fn note(&mut self, file: usize, raw: &[u8]) -> u32 {
        if self.0.is_empty() {
            self.0 = vec![0; usize::try_from(Self::ROOM).unwrap_or_default()];
        }
        let at = steward_workspace::hash(raw).wrapping_add(file as u64) % Self::ROOM;
        let met = &mut self.0[usize::try_from(at).unwrap_or_default()];
        let before = *met;
        *met = met.saturating_add(1);
        before
    }
}

/// Rows of a batch that are kept out and wait already.
#[derive(Debug, Clone, Default)]
pub struct Again {
    /// Of those that were not fine.
    bad: i64,
    /// Of the fine ones that the store turned away: their places.
    late: Vec<usize>,
}

impl Again {
    /// Counts the rows of a batch that were not fine.
    pub(super) fn count(&self, counts: &mut RunCounts, quarantine: &[QuarantineEntry]) {
        let waiting = quarantine.iter().filter(|e| e.status == QuarantineStatus::Waiting).count();
        counts.waiting_already += self.bad;
        counts.quarantined += i64::try_from(waiting).unwrap_or(i64::MAX) - self.bad;
    }

    /// The count that a row belongs to which the store turned away.
    pub(super) fn count_of<'c>(&self, at: usize, counts: &'c mut RunCounts) -> &'c mut i64 {
        if self.late.contains(&at) { &mut counts.waiting_already } else { &mut counts.quarantined }
    }
}

/// An entry that holds a row already.
#[derive(Debug, Clone)]
enum There {
    /// Made by an attempt of this run that did not come to count it. Someone may have looked after it since.
    Ours,
    /// Made by an earlier run.
    Theirs { id: String, also_runs: Vec<String>, again: Vec<String> },
}

/// What a look-up found: the entries of a batch, and those that are there already.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    late: BTreeMap<usize, QuarantineEntry>,
    there: HashMap<String, (There, QuarantineStatus)>,
}

/// The entries of the fine rows that the store turned away.
pub(super) fn late(of: &Late<'_>, outcomes: &[Outcome], batch: &SinkBatch<'_>) -> BTreeMap<usize, QuarantineEntry> {
    let entry = |(at, outcome): (usize, &Outcome)| match outcome {
        Outcome::Exists | Outcome::Older | Outcome::Conflict | Outcome::Unpatchable { .. } => {
            Some((at, of.entry(outcome, &batch.fine[at], &batch.rows[at])))
        }
        Outcome::Inserted { .. } | Outcome::Updated { .. } | Outcome::Unchanged => None,
    };
    outcomes.iter().enumerate().filter_map(entry).collect()
}

/// Looks for the rows of a batch that are kept out among the entries that are there.
pub(super) async fn look_up(
    workspace: &Workspace,
    seeds: &Seeds,
    batch: &SinkBatch<'_>,
    late: BTreeMap<usize, QuarantineEntry>,
) -> StoreResult<Found> {
    let mut found = Found { late, ..Found::default() };
    let entries: Vec<&QuarantineEntry> = batch.quarantine.iter().chain(found.late.values()).collect();
    if entries.is_empty() || seeds.nothing_waits {
        return Ok(found);
    }
    let keys: Vec<Bson> = entries.iter().map(|e| Bson::from(e.fingerprint.as_str())).collect();
    let mut known: HashMap<String, Vec<QuarantineEntry>> = HashMap::new();
    for some in keys.chunks(1000) {
        for raw in workspace.store.get_many(names::QUARANTINE, "fingerprint", some).await? {
            let entry = crate::quarantine::from_doc(upsert::decode(&raw)?)
                .map_err(|e| steward_store::StoreError::new(steward_store::StoreErrorKind::Damaged, e.to_string()))?;
            known.entry(entry.fingerprint.clone()).or_default().push(entry);
        }
    }
    let mut there = HashMap::new();
    for entry in entries {
        let Some(known) = known.get(&entry.fingerprint) else { continue };
        let ours = known.iter().any(|k| k.id == entry.id);
        let theirs = known.iter().find(|k| k.run_id != entry.run_id && k.status == entry.status);
        let found = match theirs {
            _ if ours => There::Ours,
            Some(k) => There::Theirs { id: k.id.clone(), also_runs: k.also_runs.clone(), again: k.again.clone() },
            None => continue,
        };
        there.insert(entry.id.clone(), (found, entry.status));
    }
    found.there = there;
    Ok(found)
}

impl Found {
    /// The entries that are new.
    pub fn new_entries<'e>(&'e self, batch: &'e SinkBatch<'_>) -> impl Iterator<Item = &'e QuarantineEntry> {
        batch.quarantine.iter().chain(self.late.values()).filter(|entry| !self.there.contains_key(&entry.id))
    }

    /// Writes down that what waits belongs to this run, too.
    pub fn links(&self, run: &str) -> Vec<WriteOp> {
        let mut links: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
        for (own, (there, _)) in &self.there {
            let There::Theirs { id, also_runs, again } = there else { continue };
            let (runs, rows) = links.entry(id).or_insert_with(|| (also_runs.clone(), again.clone()));
            for (list, item) in [(runs, run), (rows, own.as_str())] {
                if !list.iter().any(|known| known == item) {
                    list.push(item.to_owned());
                }
            }
        }
        let link = |(id, (runs, rows)): (&str, (Vec<String>, Vec<String>))| WriteOp::Patch {
            collection: names::QUARANTINE.into(),
            id: id.into(),
            expect: Vec::new(),
            set: vec![("alsoRuns".into(), runs.into()), ("again".into(), rows.into())],
            unset: Vec::new(),
        };
        links.into_iter().map(link).collect()
    }

    pub fn again(&self) -> Again {
        let theirs = |id: &str| matches!(self.there.get(id), Some((There::Theirs { .. }, QuarantineStatus::Waiting)));
        let late: Vec<usize> = self.late.iter().filter(|(_, entry)| theirs(&entry.id)).map(|(at, _)| *at).collect();
        let all = self.there.keys().filter(|id| theirs(id)).count();
        Again { bad: i64::try_from(all - late.len()).unwrap_or(i64::MAX), late }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_are_reported_apart_by_their_order() {
        let mut met = Occurrences::default();
        assert_eq!([met.note(0, b"a"), met.note(0, b"b"), met.note(0, b"a"), met.note(1, b"a")], [0, 0, 1, 0]);
    }
}
