//! Validating: which rows are fine, and what is wrong with the others. Nothing is compared, and nothing written but a report.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use steward_domain::run::{RunFile, UnknownField};
use steward_domain::{Duplicates, Violation};
use steward_schema::Checker;
use steward_sources::Batch;

use super::read::{FileEnd, RawBatch, worked};
use super::sort::repeats;
use super::{Findings, ImportSpec, Pass, Reading, Rejected, RejectedRow, SAMPLES, as_it_came, set_aside, waiting};
use crate::quarantine::report::{RejectionReport, Report, Wrong};
use crate::rows::{RowReader, RowValidation};
use steward_workspace::{Result, Workspace, key_index::KeyIndex};

/// What is counted of a valid row. Small: one thread makes them, another reads them.
struct ValidRow {
    key_hash: u64,
    /// Which of the batch's lists of unknown fields it has.
    unknown: u32,
}

/// A row that is kept out.
struct Rejection {
    /// Which of the batch's lists of reasons it has; none where it is set aside.
    errors: Option<usize>,
    /// Of the first ones, to be shown.
    sample: Option<Box<Rejected>>,
    /// How many bytes of the report are about it.
    lines: usize,
}

/// The rows of a batch after validating.
struct ValidatedBatch {
    file: usize,
    rows: Batch,
    reader: Arc<RowReader>,
    /// Each row in its order; without a value, it is the next of the rejections.
    valid: Vec<Option<ValidRow>>,
    rejections: Vec<Rejection>,
    reported: ReportedRows,
    /// Lists of fields that the schema does not know; the first one is empty.
    unknown: Vec<Vec<String>>,
    position: u64,
    end: Option<FileEnd>,
}

/// What is reported about the rows of a batch that are kept out.
#[derive(Default)]
struct ReportedRows {
    /// Of the report, one after another.
    lines: Vec<u8>,
    /// Lists of reasons, each with how many rows wait for it.
    errors: Vec<(Arc<[Violation]>, i64)>,
    /// When it was found.
    at: String,
}

/// Lists of reasons that are compared with the one of the next row.
const LAST_REASONS: usize = 16;

impl ReportedRows {
    /// Which list these reasons are.
    fn note(&mut self, errors: Arc<[Violation]>) -> usize {
        let recent = self.errors.len().saturating_sub(LAST_REASONS);
        let known = self.errors[recent..].iter().position(|(known, _)| Arc::ptr_eq(known, &errors)).map(|at| recent + at);
        let at = known.unwrap_or_else(|| {
            self.errors.push((errors, 0));
            self.errors.len() - 1
        });
        self.errors[at].1 += 1;
        at
    }
}

/// What making an entry of a row takes.
#[derive(Clone)]
struct Worker {
    workspace: Workspace,
    spec: Arc<ImportSpec>,
    run: Arc<str>,
    files: Arc<[RunFile]>,
    report: Option<Report>,
    /// How many rows are shown already; workers may be behind, and make samples that nobody needs.
    shown: Arc<AtomicUsize>,
}

impl Worker {
    /// Tells of a row that is kept out.
    fn tell(&self, row: RejectedRow<'_>, errors: Arc<[Violation]>, reported: &mut ReportedRows) -> Rejection {
        if reported.at.is_empty() {
            reported.at = self.workspace.clock.stamp();
        }
        let repeats = errors.first().is_some_and(|e| e.rule == "duplicate_key");
        let aside = repeats && self.spec.duplicates == Duplicates::First;
        let sample = !aside && self.shown.load(Ordering::Relaxed) < SAMPLES;
        let (raw, _) = as_it_came(row.raw);
        let sample = sample.then(|| Box::new(Rejected::new(&row.file.name, row.number, &raw, &errors)));
        let before = reported.lines.len();
        match self.report {
            None => {}
            Some(Report::Errors) => {
                let wrong = Wrong {
                    file: &row.file.name,
                    row: i64::try_from(row.number).unwrap_or(i64::MAX),
                    byte: i64::try_from(row.offset).unwrap_or(i64::MAX),
                    schema: &self.spec.schema,
                    at: &reported.at,
                    raw: &raw,
                    errors: &errors,
                };
                wrong.lines(&mut reported.lines);
            }
            Some(report) => {
                let mut entry = waiting(&self.workspace, &self.spec, &self.run, row, errors.to_vec());
                if aside {
                    set_aside(&mut entry);
                }
                report.lines(&entry, &mut reported.lines);
            }
        }
        Rejection { errors: (!aside).then(|| reported.note(errors)), sample, lines: reported.lines.len() - before }
    }

    fn validate(&self, batch: RawBatch, checker: Option<&Checker>) -> ValidatedBatch {
        let RawBatch { file, rows, reader, position, end, .. } = batch;
        let (mut unknown, mut reported) = (vec![Vec::new()], ReportedRows::default());
        let mut list = |fields: Vec<String>| {
            // Most rows of a file have the same ones.
            let at = unknown.iter().rposition(|known| *known == fields).unwrap_or_else(|| {
                unknown.push(fields);
                unknown.len() - 1
            });
            // A batch has far fewer rows.
            u32::try_from(at).unwrap_or(u32::MAX)
        };
        let mut rejections = Vec::new();
        let mut valid = Vec::with_capacity(rows.len());
        for (validation, row) in reader.validate(&rows, checker, &self.spec.key_field).into_iter().zip(rows.iter()) {
            valid.push(match validation {
                RowValidation::Valid { key_hash, unknown, .. } => Some(ValidRow { key_hash, unknown: list(unknown) }),
                RowValidation::Invalid { errors, document, .. } => {
                    let (number, offset, document) = (row.number, row.offset, document.map(|document| *document));
                    let rejected = RejectedRow { file: &self.files[file], at: file, number, offset, raw: row.bytes, document };
                    rejections.push(self.tell(rejected, errors, &mut reported));
                    None
                }
            });
        }
        ValidatedBatch { file, rows, reader, valid, rejections, reported, unknown, position, end }
    }
}

/// What is counted from row to row.
#[derive(Default)]
struct Counts {
    seen: KeyIndex,
    unknown: BTreeMap<String, i64>,
    problems: HashMap<(String, String), usize>,
}

impl Pass<'_> {
    /// Looks at everything. What is wrong is reported in the report, if there is one.
    pub async fn validate(mut self, mut report: Option<RejectionReport>) -> Result<Findings> {
        // The report for people shows rows as they came.
        let documents = report.as_ref().is_some_and(|report| report.kind() != Report::Errors);
        let how = Reading { validating: true, documents, ..Reading::of(self.workspace, self.spec)? };
        let base = self.begin().await?;
        let worker = Worker {
            workspace: self.workspace.clone(),
            spec: Arc::new(self.spec.clone()),
            run: self.run.as_str().into(),
            files: self.findings.files.clone().into(),
            report: report.as_ref().map(RejectionReport::kind),
            shown: Arc::default(),
        };
        let (checker, at_work) = (how.checker.clone(), worker.clone());
        let stream = worked(self.spec.files.clone(), how, move |batch| at_work.validate(batch, checker.as_deref()));
        let mut stream = std::pin::pin!(stream);
        let mut counts = Counts::default();
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            self.progress.checkpoint()?;
            let done = base[batch.file] + batch.position;
            self.count_rows(batch, &worker, &mut counts, &mut report)?;
            self.progress.done(done);
        }
        if let Some(report) = report {
            report.finish()?;
        }
        self.findings.unknown_fields = counts.unknown.into_iter().map(|(field, rows)| UnknownField { field, rows }).collect();
        self.findings.problems.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.field.cmp(&b.field)));
        Ok(self.findings)
    }

    fn count_rows(
        &mut self,
        mut batch: ValidatedBatch,
        worker: &Worker,
        counts: &mut Counts,
        report: &mut Option<RejectionReport>,
    ) -> Result<()> {
        let mut unknown = vec![0_i64; batch.unknown.len()];
        let mut rejections = std::mem::take(&mut batch.rejections).into_iter();
        let mut late = ReportedRows::default();
        // The lines of these bytes are reported, and those up to there are known.
        let (mut written, mut known) = (0, 0);
        for (at, valid) in std::mem::take(&mut batch.valid).into_iter().enumerate() {
            self.findings.counts.read += 1;
            let rejection = match valid {
                Some(ValidRow { key_hash, unknown: list }) => {
                    let Some(rejection) = self.repeated(&batch, at, key_hash, worker, &mut counts.seen, &mut late)? else {
                        self.findings.counts.inserted += 1;
                        unknown[list as usize] += 1;
                        continue;
                    };
                    if let Some(report) = report {
                        report.write(&batch.reported.lines[written..known])?;
                        report.write(&late.lines)?;
                    }
                    written = known;
                    late.lines.clear();
                    rejection
                }
                None => {
                    let Some(rejection) = rejections.next() else { continue };
                    known += rejection.lines;
                    rejection
                }
            };
            if rejection.errors.is_none() {
                self.findings.counts.set_aside += 1;
            }
            if self.findings.rejected.len() < SAMPLES {
                self.findings.rejected.extend(rejection.sample.map(|sample| *sample));
                worker.shown.store(self.findings.rejected.len(), Ordering::Relaxed);
            }
        }
        if let Some(report) = report {
            report.write(&batch.reported.lines[written..])?;
        }
        for (errors, rows) in batch.reported.errors.iter().chain(&late.errors) {
            self.findings.counts.quarantined += *rows;
            self.note_rejected(errors, *rows, &mut counts.problems);
        }
        for (fields, rows) in batch.unknown.into_iter().zip(unknown).filter(|(_, rows)| *rows > 0) {
            for field in fields {
                *counts.unknown.entry(field).or_default() += rows;
            }
        }
        if let Some(end) = &batch.end {
            self.findings.files[batch.file].recognised.clone_from(&end.recognised);
        }
        // An earlier file may have said it.
        for note in batch.end.into_iter().flat_map(|end| end.notes) {
            if !self.findings.notes.contains(&note) {
                self.findings.notes.push(note);
            }
        }
        Ok(())
    }

    /// Tells of a fine row whose key an earlier row has.
    fn repeated(
        &self,
        batch: &ValidatedBatch,
        at: usize,
        key_hash: u64,
        worker: &Worker,
        seen: &mut KeyIndex,
        late: &mut ReportedRows,
    ) -> Result<Option<Rejection>> {
        let Some(row) = batch.rows.get(at).filter(|_| !self.spec.duplicates.lets_later_in()) else {
            return Ok(None);
        };
        let Some(earlier) = seen.note(key_hash, batch.file, row.number)? else {
            return Ok(None);
        };
        // Its key is wanted now: the full way makes one.
        let checker = self.workspace.checker(&self.spec.schema).ok();
        let checked = batch.reader.check(std::iter::once(row), checker.as_deref(), &self.spec.key_field).pop();
        Ok(match checked.map(|checked| repeats(self.spec, checked.validation, batch.file, earlier)) {
            Some(RowValidation::Invalid { errors, document, .. }) => {
                let (file, document) = (&worker.files[batch.file], document.map(|document| *document));
                let row = RejectedRow { file, at: batch.file, number: row.number, offset: row.offset, raw: row.bytes, document };
                Some(worker.tell(row, errors, late))
            }
            Some(RowValidation::Valid { .. }) | None => None,
        })
    }
}
