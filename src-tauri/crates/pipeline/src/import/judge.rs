//! Judging: which rows are fine, and what is wrong with the others. Nothing is compared, and nothing written but a report.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use steward_domain::run::{RunFile, UnknownField};
use steward_domain::{Duplicates, QuarantineStatus, Violation};
use steward_schema::Checker;
use steward_sources::Batch;

use super::read::{FileEnd, RawBatch, worked};
use super::sort::repeats;
use super::{Findings, ImportSpec, Kept, Pass, Reading, Rejected, SAMPLES, rejected, set_aside, waiting};
use crate::error::Result;
use crate::quarantine::report::{Report, Told};
use crate::rows::{CheckedRow, Judged, RowOutcome, RowReader};
use crate::seen::SeenKeys;
use crate::workspace::Workspace;

/// What a row came to.
enum Verdict {
    /// With the hash of its key, and which of the batch's lists of unknown fields it has.
    Fine {
        key_hash: u64,
        unknown: usize,
    },
    Bad(Box<Rejection>),
}

/// What is known of a row that is kept out, and how many bytes of the report are about it.
struct Rejection {
    errors: Vec<Violation>,
    waiting: bool,
    /// Of the first ones, to be shown.
    sample: Option<Rejected>,
    lines: usize,
}

/// The rows of a batch after judging.
struct Verdicts {
    file: usize,
    rows: Batch,
    reader: Arc<RowReader>,
    verdicts: Vec<Verdict>,
    /// Of the report, one after another.
    lines: Vec<u8>,
    /// Lists of fields that the schema does not know; the first one is empty.
    unknown: Vec<Vec<String>>,
    position: u64,
    end: Option<FileEnd>,
}

/// What making an entry of a row takes.
#[derive(Clone)]
struct Clerk {
    workspace: Workspace,
    spec: Arc<ImportSpec>,
    run: Arc<str>,
    files: Arc<[RunFile]>,
    report: Option<Report>,
    /// How many rows are shown already; workers may be behind, and make samples that nobody needs.
    shown: Arc<AtomicUsize>,
}

impl Clerk {
    /// Adds the lines of the report about a row to those before.
    fn told(&self, file: usize, number: u64, offset: u64, outcome: Bad, lines: &mut Vec<u8>) -> Box<Rejection> {
        let Bad { raw, document, errors } = outcome;
        let (before, shown) = (lines.len(), self.shown.load(Ordering::Relaxed) < SAMPLES);
        let repeats = errors.first().is_some_and(|e| e.rule == "duplicate_key");
        let row = Kept { file: &self.files[file], at: file, number, offset, raw: &raw, document };
        let mut entry = waiting(&self.workspace, &self.spec, &self.run, row, errors);
        if repeats && self.spec.duplicates == Duplicates::First {
            set_aside(&mut entry);
        }
        if let Some(report) = self.report {
            lines.extend(report.lines(&entry));
        }
        let waiting = entry.status == QuarantineStatus::Waiting;
        let sample = (shown && waiting).then(|| rejected(&entry));
        Box::new(Rejection { errors: entry.errors, waiting, sample, lines: lines.len() - before })
    }

    fn judge(&self, batch: RawBatch, checker: Option<&Checker>) -> Verdicts {
        let RawBatch { file, rows, reader, position, end, .. } = batch;
        let (mut unknown, mut lines) = (vec![Vec::new()], Vec::new());
        let mut list = |fields: Vec<String>| {
            // Most rows of a file have the same ones.
            unknown.iter().rposition(|known| *known == fields).unwrap_or_else(|| {
                unknown.push(fields);
                unknown.len() - 1
            })
        };
        let verdict = |judged| match judged {
            Judged::Fine(seen) => Verdict::Fine { key_hash: seen.key_hash, unknown: list(seen.unknown) },
            Judged::Checked(row) => {
                let CheckedRow { number, offset, outcome, unknown } = *row;
                match outcome {
                    RowOutcome::Fine { key_hash, .. } => Verdict::Fine { key_hash, unknown: list(unknown) },
                    RowOutcome::Bad { raw, document, errors } => {
                        Verdict::Bad(self.told(file, number, offset, Bad { raw, document, errors }, &mut lines))
                    }
                }
            }
        };
        let verdicts = reader.judge(&rows, checker, &self.spec.key_field).into_iter().map(verdict).collect();
        Verdicts { file, rows, reader, verdicts, lines, unknown, position, end }
    }
}

/// A row that is kept out.
struct Bad {
    raw: Vec<u8>,
    document: Option<bson::Document>,
    errors: Vec<Violation>,
}

/// What is counted from row to row.
#[derive(Default)]
struct Counts {
    seen: SeenKeys,
    unknown: BTreeMap<String, i64>,
    problems: HashMap<(String, String), usize>,
}

impl Pass<'_> {
    /// Looks at everything. What is wrong is told in the report, if there is one.
    pub async fn judge(mut self, mut report: Option<Told>) -> Result<Findings> {
        // The report for people shows rows as they came.
        let documents = report.as_ref().is_some_and(|report| report.kind() != Report::Errors);
        let how = Reading { judging: true, documents, ..Reading::of(self.workspace, self.spec)? };
        let base = self.begin().await?;
        let clerk = Clerk {
            workspace: self.workspace.clone(),
            spec: Arc::new(self.spec.clone()),
            run: self.run.as_str().into(),
            files: self.findings.files.clone().into(),
            report: report.as_ref().map(Told::kind),
            shown: Arc::default(),
        };
        let (checker, at_work) = (how.checker.clone(), clerk.clone());
        let stream = worked(self.spec.files.clone(), how, move |batch| at_work.judge(batch, checker.as_deref()));
        let mut stream = std::pin::pin!(stream);
        let mut counts = Counts::default();
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            self.progress.checkpoint()?;
            let done = base[batch.file] + batch.position;
            self.count_verdicts(batch, &clerk, &mut counts, &mut report)?;
            self.progress.done(done);
        }
        if let Some(report) = report {
            report.finish()?;
        }
        self.findings.unknown_fields = counts.unknown.into_iter().map(|(field, rows)| UnknownField { field, rows }).collect();
        self.findings.problems.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.field.cmp(&b.field)));
        Ok(self.findings)
    }

    fn count_verdicts(&mut self, mut batch: Verdicts, clerk: &Clerk, counts: &mut Counts, report: &mut Option<Told>) -> Result<()> {
        let mut unknown = vec![0_i64; batch.unknown.len()];
        let mut told_to = 0;
        for (at, verdict) in std::mem::take(&mut batch.verdicts).into_iter().enumerate() {
            self.findings.counts.read += 1;
            let mut late = Vec::new();
            let (rejection, lines) = match verdict {
                Verdict::Fine { key_hash, unknown: list } => {
                    let Some(rejection) = self.repeated(&batch, at, key_hash, clerk, &mut counts.seen, &mut late)? else {
                        self.findings.counts.inserted += 1;
                        unknown[list] += 1;
                        continue;
                    };
                    (rejection, late.as_slice())
                }
                Verdict::Bad(rejection) => {
                    let from = told_to;
                    told_to += rejection.lines;
                    (rejection, &batch.lines[from..told_to])
                }
            };
            if let Some(report) = report {
                report.write(lines)?;
            }
            let Rejection { errors, waiting, sample, .. } = *rejection;
            if waiting {
                self.note_rejected(&errors, || sample, &mut counts.problems);
                clerk.shown.store(self.findings.rejected.len(), Ordering::Relaxed);
            } else {
                self.findings.counts.set_aside += 1;
            }
        }
        for (fields, rows) in batch.unknown.into_iter().zip(unknown).filter(|(_, rows)| *rows > 0) {
            for field in fields {
                *counts.unknown.entry(field).or_default() += rows;
            }
        }
        // An earlier file may have said it.
        for note in batch.end.into_iter().flat_map(|end| end.notes) {
            if !self.findings.notes.contains(&note) {
                self.findings.notes.push(note);
            }
        }
        Ok(())
    }

    /// What there is to tell of a fine row whose key an earlier row has.
    fn repeated(
        &self,
        batch: &Verdicts,
        at: usize,
        key_hash: u64,
        clerk: &Clerk,
        seen: &mut SeenKeys,
        lines: &mut Vec<u8>,
    ) -> Result<Option<Box<Rejection>>> {
        let Some(row) = batch.rows.get(at).filter(|_| !self.spec.duplicates.lets_later_in()) else {
            return Ok(None);
        };
        let Some(earlier) = seen.note(key_hash, batch.file, row.number)? else {
            return Ok(None);
        };
        // Its key is wanted now: the full way makes one.
        let checker = self.workspace.checker(&self.spec.schema).ok();
        let checked = batch.reader.check(std::iter::once(row), checker.as_deref(), &self.spec.key_field).pop();
        Ok(match checked.map(|checked| repeats(self.spec, checked.outcome, batch.file, earlier)) {
            Some(RowOutcome::Bad { raw, document, errors }) => {
                Some(clerk.told(batch.file, row.number, row.offset, Bad { raw, document, errors }, lines))
            }
            Some(RowOutcome::Fine { .. }) | None => None,
        })
    }
}
