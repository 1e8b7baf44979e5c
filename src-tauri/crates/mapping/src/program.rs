//! Running one compiled rule on one row.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};
use steward_domain::{Value, Violation, value};

use crate::document::MissingBecomes;
use crate::fit::Fit;
use crate::input::{Cell, Input};
use crate::operation::{Op, Outcome};
use crate::slot::Slot;
use crate::source::SourceOp;
use crate::target::{Target, put};
use crate::text;
use crate::words::Words;

/// A compiled rule.
#[derive(Debug)]
pub(crate) struct RuleOp {
    pub source: SourceOp,
    /// The source in words, to begin a sentence: "The column 'Salary'".
    pub label: String,
    pub missing: Words,
    pub becomes: MissingBecomes,
    pub ops: Vec<Op>,
    /// For tables, unless a step has given a type.
    pub fit: Option<Fit>,
    pub default: Option<Json>,
    pub target: Target,
    /// The column is not mapped, and that has to be said.
    pub report: bool,
}

/// A value that a rule would write.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    Text(&'a str),
    Integer(i64),
    Number(f64),
    Bool(bool),
    Json(&'a Json),
}

/// One rule at work.
struct Run<'c, 'e> {
    rule: &'c RuleOp,
    errors: &'e mut Vec<Violation>,
    /// Indexes of the list items that the steps are in.
    inside: Vec<usize>,
    beside: &'e mut Vec<Companion<'c>>,
}

/// A value for a target next to the rule's own.
pub(crate) struct Companion<'c> {
    rule: &'c RuleOp,
    target: &'c Target,
    value: Json,
}

impl RuleOp {
    /// The cells of a column go to a place that no schema describes.
    pub fn is_untyped(&self) -> bool {
        self.ops.is_empty() && self.source.column().is_some() && self.fit.as_ref().is_some_and(Fit::is_free)
    }

    fn slot<'c>(&'c self, row: Input<'c>, beside: &mut Vec<Companion<'c>>, errors: &mut Vec<Violation>) -> Slot<'c> {
        let slot = self.source.get(row, &self.missing);
        Run { rule: self, errors, inside: Vec::new(), beside }.steps(&self.ops, slot)
    }

    /// The text of a column, as trimming and changing its case leave it; `None` where more is done with it, or nothing is left.
    fn plain_text<'c>(&self, row: Input<'c>) -> Option<Cow<'c, str>> {
        let (Some(column), Input::Cells(cells)) = (self.source.column(), row) else { return None };
        let Some(Cell::Text(text)) = cells.get(column) else { return None };
        if self.missing.contains(text) || !self.fit.as_ref().is_none_or(Fit::takes_text) {
            return None;
        }
        let mut text = Cow::Borrowed(text.as_ref());
        for op in &self.ops {
            text = match op {
                Op::Trim(kind) => text::trim(*kind, text),
                Op::Case(kind) => text::case(*kind, text),
                _ => return None,
            };
        }
        (!text.is_empty()).then_some(text)
    }

    /// Shows the value of the rule for a row, if there is one. False where there is more to it than this value.
    pub fn show(&self, row: Input<'_>, see: &mut dyn FnMut(Shown<'_>) -> bool) -> bool {
        if self.report {
            return false;
        }
        if let Some(text) = self.plain_text(row) {
            return see(Shown::Text(&text));
        }
        let (mut beside, mut errors) = (Vec::new(), Vec::new());
        let slot = self.slot(row, &mut beside, &mut errors);
        if !beside.is_empty() || !errors.is_empty() {
            return false;
        }
        match &slot {
            Slot::Missing => self.default.is_none() && self.becomes != MissingBecomes::Null,
            slot if slot.is_null() && self.default.is_some() => false,
            Slot::Text(text) => see(Shown::Text(text)),
            Slot::DateTime(text) => see(Shown::Text(text)),
            Slot::Integer(n) => see(Shown::Integer(*n)),
            Slot::Number(n) => n.is_finite() && see(Shown::Number(*n)),
            Slot::Bool(b) => see(Shown::Bool(*b)),
            Slot::Json(value) => see(Shown::Json(value)),
        }
    }

    /// The value of the rule for a row, if there is one and none for another target.
    pub fn only_value(&self, row: Input<'_>, errors: &mut Vec<Violation>) -> Option<Json> {
        let mut beside = Vec::new();
        self.value(row, &mut beside, errors).filter(|_| beside.is_empty())
    }

    /// The value of the rule for a row; values for other targets go to `next to`.
    pub fn value<'c>(&'c self, row: Input<'c>, beside: &mut Vec<Companion<'c>>, errors: &mut Vec<Violation>) -> Option<Json> {
        let slot = self.slot(row, beside, errors);
        let value = match (slot.into_json(), &self.default) {
            (None | Some(Json::Null), Some(default)) => Some(default.clone()),
            (None, None) if self.becomes == MissingBecomes::Null => Some(Json::Null),
            (value, _) => value,
        };
        if self.report && value.is_some() {
            errors.push(violation(&self.target.pointer, "mapping.unmapped", format!("{} is not mapped.", self.label), value.as_ref()));
        }
        value
    }

    /// Writes the value into a record; something else may be in its way.
    pub fn write(&self, value: Json, record: &mut Map<String, Json>, errors: &mut Vec<Violation>) {
        if self.target.path.is_empty() {
            return self.spread(value, record, errors);
        }
        if let Err(value) = put(record, &self.target.path, value) {
            errors.push(blocked(&self.target, &self.label, value));
        }
    }

    /// The fields of an object become fields of the record.
    fn spread(&self, value: Json, record: &mut Map<String, Json>, errors: &mut Vec<Violation>) {
        match value {
            Json::Object(fields) => {
                for (name, value) in fields {
                    let target = Target::new(vec![name]);
                    if let Err(value) = put(record, &target.path, value) {
                        errors.push(blocked(&target, &self.label, value));
                    }
                }
            }
            Json::Null => {}
            other => {
                let message = format!("{} is not an object, so its fields cannot be spread.", self.label);
                errors.push(violation("", "mapping.target", message, Some(&other)));
            }
        }
    }
}

impl Companion<'_> {
    pub fn write(self, record: &mut Map<String, Json>, errors: &mut Vec<Violation>) {
        if let Err(value) = put(record, &self.target.path, self.value) {
            errors.push(blocked(self.target, &self.rule.label, value));
        }
    }
}

impl<'c> Run<'c, '_> {
    /// The value after the steps; where one fails, the value before all of them.
    fn steps(&mut self, ops: &'c [Op], slot: Slot<'c>) -> Slot<'c> {
        if ops.is_empty() {
            return self.fit(slot);
        }
        let before = slot.clone();
        let mut slot = slot;
        for (i, op) in ops.iter().enumerate() {
            if matches!(slot, Slot::Missing) || slot.is_null() {
                return slot;
            }
            if slot.is_list() && op.is_itemwise() {
                let items = items_of(slot);
                return self.items(&ops[i..], items, false);
            }
            match op.apply(slot) {
                Ok(Outcome::Value(value)) => slot = value,
                Ok(Outcome::Items(items, unique)) => return self.items(&ops[i + 1..], items, unique),
                Ok(Outcome::Range(value, further)) => {
                    slot = value;
                    // A list has many ranges, but each further target has room for one.
                    if self.inside.is_empty() {
                        let rule = self.rule;
                        self.beside.extend(further.into_iter().map(|(target, value)| Companion { rule, target, value }));
                    }
                }
                Err(reason) => {
                    self.fail(op.rule(), reason, &before);
                    return before;
                }
            }
        }
        self.fit(slot)
    }

    fn items(&mut self, ops: &'c [Op], items: Vec<Slot<'c>>, unique: bool) -> Slot<'c> {
        let mut out: Vec<Json> = Vec::with_capacity(items.len());
        for item in items {
            let failed = self.errors.len();
            self.inside.push(out.len());
            let value = self.steps(ops, item).into_json();
            self.inside.pop();
            // What failed stays, so that its violation points at it.
            out.extend(value.filter(|value| !unique || self.errors.len() > failed || !out.contains(value)));
        }
        Slot::typed(Json::Array(out))
    }

    fn fit(&self, slot: Slot<'c>) -> Slot<'c> {
        let Some(fit) = &self.rule.fit else { return slot };
        // A table has no empty texts, only empty cells.
        if let Slot::Text(text) = &slot
            && text.is_empty()
        {
            return Slot::Missing;
        }
        if self.inside.is_empty() { fit.apply(slot) } else { fit.item().apply(slot) }
    }

    fn fail(&mut self, rule: &str, reason: &str, value: &Slot<'_>) {
        let mut pointer = self.rule.target.pointer.clone();
        for index in &self.inside {
            pointer.push_str(&format!("/{index}"));
        }
        let value = value.clone().into_json();
        self.errors.push(violation(&pointer, rule, format!("{} {reason}.", self.rule.label), value.as_ref()));
    }
}

fn items_of<'a>(list: Slot<'a>) -> Vec<Slot<'a>> {
    match list {
        Slot::Json(Cow::Borrowed(Json::Array(items))) => items.iter().map(Slot::of_json).collect(),
        Slot::Json(Cow::Owned(Json::Array(items))) => items
            .into_iter()
            .map(|item| match item {
                Json::String(text) => Slot::Text(Cow::Owned(text)),
                other => Slot::typed(other),
            })
            .collect(),
        other => vec![other],
    }
}

/// Something else is at the target already.
fn blocked(target: &Target, label: &str, value: Json) -> Violation {
    let message = format!("{label} cannot be written here: another value is in the way.");
    violation(&target.pointer, "mapping.target", message, Some(&value))
}

pub(crate) fn violation(pointer: &str, rule: &str, message: String, json: Option<&Json>) -> Violation {
    // What is no Extended JSON is shown as its text.
    let value = json.map(|json| Value(value::from_ext(json.clone()).unwrap_or_else(|_| bson::Bson::String(json.to_string()))));
    Violation { pointer: pointer.to_owned(), rule: rule.to_owned(), message, value }
}
