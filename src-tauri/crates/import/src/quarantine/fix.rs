//! One fix for many rows: set a value, transform it by steps of a mapping, or exchange values. Planned over all rows as a stream,
//! then applied in change sets that can be undone.

use std::collections::BTreeMap;

use bson::{Bson, Document};
use serde_json::json;
use steward_domain::value::{self, Value};
use steward_domain::{FieldPath, QuarantineEntry, QuarantineStatus, Violation, order};
use steward_mapping::{Compiled, Input, Mapping, Rule, Step};

use super::entries::{self, Batches, by_ids};
use super::narrow::{Chosen, Narrow};
use super::resolve::{Aim, Correction, Resolved, Resolver};
use super::validate::RowValidator;
use super::{BATCH, table};
use crate::import::Problem;
use steward_workspace::{Error, Progress, Result, Workspace};

/// Rows that a plan shows, of those that would be right and of those that would not.
const SAMPLES: usize = 6;
/// Different values of the field that a plan keeps count of, and how many it gives.
const COUNTED: usize = 10_000;
const GIVEN: usize = 200;

/// What to do with a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Nothing yet: only look.
    Look,
    Set(Value),
    /// Set where it is missing or blank.
    Default(Value),
    Unset,
    /// Steps of a mapping, one after the other.
    Steps(Vec<Step>),
    /// From old values to new ones; no new value takes the field away. Other values stay.
    Map(Vec<(Value, Option<Value>)>),
}

/// A field, and what to do with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    pub field: FieldPath,
    pub action: Action,
}

/// A row as it is and as it would be.
#[derive(Debug, Clone)]
pub struct FixSample {
    pub before: QuarantineEntry,
    pub old: Option<Value>,
    pub new: Option<Value>,
    /// What it would still break.
    pub errors: Vec<Violation>,
}

/// What a fix would come to.
#[derive(Debug, Clone, Default)]
pub struct FixPlan {
    pub rows: i64,
    pub changed: i64,
    /// Changed, and nothing wrong any more.
    pub right: i64,
    /// Changed, and still wrong.
    pub still_broken: i64,
    /// The steps could not transform the value; it stays.
    pub failed: i64,
    /// What changed rows would still break, most frequent first.
    pub problems: Vec<Problem>,
    pub samples: Vec<FixSample>,
    /// Values of the field as it is, most frequent first.
    pub values: Vec<(Value, i64)>,
    /// The field is missing in so many rows.
    pub missing: i64,
    /// There are more different values than are given.
    pub more_values: bool,
}

/// A fix that was planned: what is needed to do it, if the rows are still the same.
#[derive(Debug, Clone)]
pub struct Prepared {
    chosen: Chosen,
    fix: Fix,
    release: bool,
    stamp: Stamp,
}

/// Rows as they were when the plan was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Stamp {
    rows: u64,
    hash: u64,
}

impl Stamp {
    fn note(&mut self, entry: &QuarantineEntry) {
        self.rows += 1;
        self.hash = self.hash.wrapping_add(steward_workspace::hash(format!("{} {}", entry.id, table::version(entry)).as_bytes()));
    }
}

/// A fix made ready.
struct Ready<'a> {
    fix: &'a Fix,
    steps: Option<Compiled>,
}

impl<'a> Ready<'a> {
    fn new(fix: &'a Fix) -> Result<Self> {
        if fix.field.as_str().is_empty() {
            return Err(Error::BadRequest("Which field is to be changed?".into()));
        }
        let steps = match &fix.action {
            Action::Steps(steps) => {
                let rule = Rule { steps: steps.clone(), ..Rule::rename("value", "value") };
                Some(steward_mapping::compile(&Mapping { rules: vec![rule], ..Mapping::default() }, None, None)?)
            }
            _ => None,
        };
        Ok(Self { fix, steps })
    }

    /// A place that is set to what it holds already, where that resolves a doubt about how it was read.
    fn confirms(&self, entry: &QuarantineEntry, document: &Document) -> bool {
        let pointer = self.fix.field.to_pointer();
        let doubted = || entry.errors.iter().any(|e| e.is_of_reading() && e.pointer == pointer);
        let said = match &self.fix.action {
            Action::Set(value) => self.fix.field.get(document).is_some_and(|old| same_type(old, &value.0)),
            Action::Unset => self.fix.field.get(document).is_none(),
            _ => false,
        };
        said && doubted()
    }

    /// What to do with the row of an entry: the record that it is to have; nothing where it stays as it is.
    fn correction(&self, entry: &QuarantineEntry, document: &Document, errors: &mut Vec<Violation>) -> Result<Option<Document>> {
        if self.confirms(entry, document) {
            return Ok(Some(document.clone()));
        }
        self.apply(document, errors)
    }

    /// The record with the field changed; nothing where it stays as it is. What could not be transformed is among the errors.
    fn apply(&self, document: &Document, errors: &mut Vec<Violation>) -> Result<Option<Document>> {
        let field = &self.fix.field;
        if !matches!(self.fix.action, Action::Look) {
            steward_workspace::edit::is_clear(field, document)?;
        }
        let old = field.get(document);
        let new = match &self.fix.action {
            Action::Look => return Ok(None),
            Action::Set(value) => Some(value.0.clone()),
            Action::Default(value) if value::is_blank(old) => Some(value.0.clone()),
            Action::Default(_) => return Ok(None),
            Action::Unset => None,
            Action::Steps(_) => match old {
                Some(old) => self.transformed(old, errors),
                None => return Ok(None),
            },
            Action::Map(pairs) => match old.and_then(|old| pairs.iter().find(|(from, _)| value::same(&from.0, old))) {
                Some((_, to)) => to.as_ref().map(|to| to.0.clone()),
                None => return Ok(None),
            },
        };
        let mut next = document.clone();
        match new {
            Some(new) if old.is_some_and(|old| same_type(old, &new)) => return Ok(None),
            Some(new) => field.set(&mut next, new).map_err(|e| Error::BadRequest(format!("This field cannot be set: {e}.")))?,
            None if old.is_none() => return Ok(None),
            None => field.unset(&mut next),
        }
        Ok(Some(next))
    }

    fn transformed(&self, old: &Bson, errors: &mut Vec<Violation>) -> Option<Bson> {
        let Some(steps) = &self.steps else {
            return Some(old.clone());
        };
        let mut failed = Vec::new();
        let row = json!({"value": value::to_ext(old)});
        let made = steps.apply(Input::Json(&row), &mut failed);
        let at = self.fix.field.to_pointer();
        errors.extend(failed.into_iter().map(|e| {
            let pointer = e.pointer.strip_prefix("/value").map(|rest| format!("{at}{rest}")).unwrap_or(e.pointer);
            let message = e.message.replacen("The field 'value'", &format!("'{}'", self.fix.field), 1);
            Violation { pointer, message, ..e }
        }));
        made.get("value").cloned().and_then(|json| value::from_ext(json).ok())
    }
}

fn same_type(a: &Bson, b: &Bson) -> bool {
    value::same(a, b) && a.element_type() == b.element_type()
}

/// Works out what a fix would come to, over all chosen rows that wait. Writes nothing.
pub async fn plan(workspace: &Workspace, chosen: Chosen, fix: Fix, release: bool, progress: &dyn Progress) -> Result<(FixPlan, Prepared)> {
    if let Chosen::Narrow(Narrow { status: Some(QuarantineStatus::Released | QuarantineStatus::Discarded), .. }) = &chosen {
        return Err(Error::BadRequest("Only rows that wait can be fixed.".into()));
    }
    let ready = Ready::new(&fix)?;
    progress.total(entries::count(workspace, &chosen).await?);
    let mut stamp = Stamp::default();
    let mut planning = Planning {
        ready: &ready,
        validate: RowValidator::new(workspace),
        plan: FixPlan::default(),
        values: BTreeMap::new(),
        other: Vec::new(),
    };
    let mut batches = Batches::new(&chosen);
    while let Some(batch) = batches.next(workspace).await? {
        progress.checkpoint()?;
        for entry in batch.into_iter().filter(|e| e.status == QuarantineStatus::Waiting) {
            stamp.note(&entry);
            planning.row(entry).await?;
        }
        progress.done(stamp.rows);
    }
    let plan = planning.done();
    Ok((plan, Prepared { chosen, fix, release, stamp }))
}

struct Planning<'a> {
    ready: &'a Ready<'a>,
    validate: RowValidator<'a>,
    plan: FixPlan,
    values: BTreeMap<Vec<u8>, (Value, i64)>,
    /// Samples of rows that would still be wrong.
    other: Vec<FixSample>,
}

impl Planning<'_> {
    async fn row(&mut self, entry: QuarantineEntry) -> Result<()> {
        self.plan.rows += 1;
        let Some(document) = entry.document.as_ref().and_then(Value::as_document).cloned() else {
            self.plan.missing += 1;
            return Ok(());
        };
        self.protect_key(&entry).await?;
        let field = &self.ready.fix.field;
        let old = field.get(&document).cloned().map(Value);
        self.count_value(old.clone());
        let mut failed = Vec::new();
        let Some(next) = self.ready.correction(&entry, &document, &mut failed)? else {
            self.plan.failed += i64::from(!failed.is_empty());
            if !failed.is_empty() && self.other.len() < SAMPLES {
                self.other.push(FixSample { before: entry, new: old.clone(), old, errors: failed });
            }
            return Ok(());
        };
        let after = self.validate.corrected(&entry, next, &[field.to_pointer()]).await?;
        self.plan.changed += 1;
        let right = after.errors.is_empty();
        if right {
            self.plan.right += 1;
        } else {
            self.plan.still_broken += 1;
            self.count_problems(&after.errors);
        }
        let samples = if right { &mut self.plan.samples } else { &mut self.other };
        if samples.len() < SAMPLES {
            let new = after.document.as_ref().and_then(Value::as_document).and_then(|d| field.get(d)).cloned().map(Value);
            samples.push(FixSample { before: entry, old, new, errors: after.errors });
        }
        Ok(())
    }

    /// One value for the keys of many rows makes them the same row.
    async fn protect_key(&mut self, entry: &QuarantineEntry) -> Result<()> {
        let one_for_all = matches!(self.ready.fix.action, Action::Set(_) | Action::Default(_) | Action::Unset);
        if one_for_all && self.plan.rows > 1 && self.validate.key_field(&entry.collection).await? == self.ready.fix.field.as_str() {
            let field = &self.ready.fix.field;
            return Err(Error::BadRequest(format!("{field} identifies the records: one value for many rows would make them one.")));
        }
        Ok(())
    }

    fn count_value(&mut self, value: Option<Value>) {
        let Some(value) = value else {
            self.plan.missing += 1;
            return;
        };
        let key = order::key_of(&value.0);
        if let Some((_, count)) = self.values.get_mut(&key) {
            *count += 1;
        } else if self.values.len() < COUNTED {
            self.values.insert(key, (value, 1));
        } else {
            self.plan.more_values = true;
        }
    }

    fn count_problems(&mut self, errors: &[Violation]) {
        let mut met: Vec<(&str, &str)> = Vec::new();
        for error in errors {
            let place = (error.field(), error.rule.as_str());
            if met.contains(&place) {
                continue;
            }
            met.push(place);
            match self.plan.problems.iter_mut().find(|p| (p.field.as_str(), p.rule.as_str()) == place) {
                Some(problem) => problem.rows += 1,
                None => self.plan.problems.push(Problem {
                    field: place.0.to_owned(),
                    rule: place.1.to_owned(),
                    message: error.message.clone(),
                    rows: 1,
                }),
            }
        }
    }

    fn done(self) -> FixPlan {
        let mut plan = self.plan;
        plan.samples.extend(self.other);
        plan.problems.sort_by_key(|p| std::cmp::Reverse(p.rows));
        plan.values = self.values.into_values().collect();
        plan.values.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        plan.more_values |= plan.values.len() > GIVEN;
        plan.values.truncate(GIVEN);
        plan
    }
}

/// Does a planned fix. Rows that are not what they were make the plan stale; those that someone changes while it runs are
/// conflicts, and left as they are.
pub async fn apply(workspace: &Workspace, prepared: Prepared, reason: Option<String>, progress: &dyn Progress) -> Result<Resolved> {
    let Prepared { chosen, fix, release, stamp } = prepared;
    let ready = Ready::new(&fix)?;
    progress.phase("Looking whether the rows are still the same");
    let mut now = Stamp::default();
    let mut ids = Vec::new();
    let mut batches = Batches::new(&chosen);
    while let Some(batch) = batches.next(workspace).await? {
        progress.checkpoint()?;
        for entry in batch.into_iter().filter(|e| e.status == QuarantineStatus::Waiting) {
            now.note(&entry);
            ids.push(entry.id);
        }
    }
    if now != stamp {
        return Err(Error::StalePlan);
    }
    progress.phase(if release { "Fixing and loading" } else { "Fixing" });
    progress.total(now.rows);
    let mut resolver = Resolver::new(workspace, Aim { release, replace: false, reason });
    let mut done = 0;
    for chunk in ids.chunks(BATCH) {
        progress.checkpoint()?;
        let mut corrections = Vec::new();
        for before in by_ids(workspace, chunk).await? {
            let Some(document) = before.document.as_ref().and_then(Value::as_document) else {
                continue;
            };
            if let Some(next) = ready.correction(&before, document, &mut Vec::new())? {
                corrections.push(Correction { before, document: Some(next), set: vec![ready.fix.field.to_pointer()] });
            }
        }
        resolver.batch(corrections).await?;
        done += chunk.len() as u64;
        progress.done(done);
    }
    Ok(resolver.out)
}
