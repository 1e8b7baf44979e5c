//! What a mapping makes of the first rows of a file, and of the first rows that it does not bring into order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bson::Document;
use steward_domain::Violation;
use steward_mapping::MappingError;
use steward_sources::RawRow;

use crate::import::{Problem, Reading, SourceFile};
use crate::rows::{RowReader, RowValidation};
use crate::sample::{self, Sample};
use crate::typing::Types;
use steward_workspace::Result;

/// Rows that a trial checks: few enough to try again at each key that is pressed.
const CHECKED: usize = 2_000;
/// Rows that are checked at once.
const STEP: usize = 250;

/// One row, before and after.
#[derive(Debug)]
pub struct Tried {
    pub number: u64,
    /// As the source has it, by column; absent where the row cannot be read.
    pub source: Option<Document>,
    pub document: Option<Document>,
    pub raw: Vec<u8>,
    pub violations: Vec<Violation>,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Trial {
    /// The first rows.
    pub rows: Vec<Tried>,
    /// The first rows with problems.
    pub bad_rows: Vec<Tried>,
    pub checked: u64,
    pub bad: u64,
    /// Most frequent first.
    pub problems: Vec<Problem>,
    /// Fields of the schema that got a value in at least one row.
    pub filled: Vec<String>,
}

/// Tries a way of reading on a sample; gives `limit` rows of each kind.
///
/// Errors: the mapping does not fit the source (see [`fits`]).
pub fn run(sample: &Sample, how: &Reading, limit: usize) -> Result<Trial> {
    let types = Types::of_rows(&sample.decoder, sample.rows.iter().map(RawRow::borrowed), how)?;
    let how = &Reading { types: Some(Arc::new(types)), ..how.clone() };
    let reader = RowReader::new(&sample.decoder, how)?;
    let mut work = Work { sample, limit, trial: Trial::default(), places: HashMap::new(), filled: HashSet::new() };
    for rows in sample.rows[..sample.rows.len().min(CHECKED)].chunks(STEP) {
        let checked = reader.check(rows.iter().map(RawRow::borrowed), how.checker.as_deref(), &how.key_field);
        for (row, checked) in rows.iter().zip(checked) {
            work.take(row, checked.validation);
        }
    }
    let mut trial = work.trial;
    trial.problems.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.field.cmp(&b.field)));
    Ok(trial)
}

/// Rows without what a mapping makes of them: for a mapping that cannot be used.
pub fn untouched(sample: &Sample, limit: usize) -> Trial {
    let rows = &sample.rows[..sample.rows.len().min(limit)];
    let tried = |(row, source): (&RawRow, Option<Document>)| Tried {
        number: row.number,
        source,
        document: None,
        raw: row.bytes.clone(),
        violations: Vec::new(),
    };
    Trial { rows: rows.iter().zip(sample.values(rows)).map(tried).collect(), ..Trial::default() }
}

/// Whether the mapping can be used for this sample; if not, where in the document it is wrong.
pub fn fits(sample: &Sample, how: &Reading) -> std::result::Result<(), MappingError> {
    match &how.mapping {
        Some(mapping) => steward_mapping::compile(mapping, sample.decoder.columns(), how.pack.as_deref()).map(drop),
        None => Ok(()),
    }
}

/// Says in words why a file cannot be read in this way: the file itself, a mapping that does not fit it, or a key that none of
/// its rows can have.
pub fn readable(file: &SourceFile, how: &Reading) -> Result<()> {
    RowReader::new(&sample::decoder(file)?, how)?.can_have(&how.key_field)
}

struct Work<'s> {
    sample: &'s Sample,
    limit: usize,
    trial: Trial,
    /// Where in the problems a rule at a field is.
    places: HashMap<(String, String), usize>,
    /// Fields that some row has.
    filled: HashSet<String>,
}

impl Work<'_> {
    fn take(&mut self, row: &RawRow, validation: RowValidation) {
        let unknown: HashSet<String> = validation.unknown().iter().cloned().collect();
        let (document, violations) = validation.into_document();
        for name in document.iter().flat_map(|d| d.keys()).filter(|name| !unknown.contains(*name)) {
            if self.filled.insert(name.clone()) {
                self.trial.filled.push(name.clone());
            }
        }
        self.trial.checked += 1;
        self.trial.bad += u64::from(!violations.is_empty());
        self.note(&violations);
        let tried = |violations| Tried {
            number: row.number,
            source: self.sample.values(std::slice::from_ref(row)).pop().flatten(),
            document: document.clone(),
            raw: row.bytes.clone(),
            violations,
        };
        if !violations.is_empty() && self.trial.bad_rows.len() < self.limit {
            self.trial.bad_rows.push(tried(violations.clone()));
        }
        if self.trial.rows.len() < self.limit {
            self.trial.rows.push(tried(violations));
        }
    }

    /// A row counts once for each rule that it breaks at a field.
    fn note(&mut self, violations: &[Violation]) {
        let mut counted: HashSet<usize> = HashSet::new();
        for violation in violations {
            let (field, rule) = (violation.field().to_owned(), violation.rule.clone());
            let problems = &mut self.trial.problems;
            let at = *self.places.entry((field.clone(), rule.clone())).or_insert_with(|| {
                problems.push(Problem { field, rule, message: violation.message.clone(), rows: 0 });
                problems.len() - 1
            });
            if counted.insert(at) {
                problems[at].rows += 1;
            }
        }
    }
}
