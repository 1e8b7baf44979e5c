//! Building the record of a row.
//!
//! Most rules write a field of the record itself. Their names are hashed once, when the mapping is compiled: a row clones
//! the ready object and fills in the values, which takes about half the time of inserting them.

use serde_json::{Map, Value as Json};
use steward_domain::Violation;

use crate::input::Input;
use crate::program::RuleOp;

/// The rules of a mapping, sorted by how they write.
#[derive(Debug)]
pub(crate) struct Layout {
    /// One field for each of `fields`, in their order.
    ready: Map<String, Json>,
    fields: Vec<RuleOp>,
    /// Rules that write into objects, or spread one.
    deeper: Vec<RuleOp>,
}

impl Layout {
    /// No two rules may have the same target.
    pub fn new(rules: Vec<RuleOp>) -> Self {
        let (fields, deeper): (Vec<_>, Vec<_>) = rules.into_iter().partition(|rule| rule.target.path.len() == 1);
        let ready = fields.iter().map(|rule| (rule.target.path[0].clone(), Json::Null)).collect();
        Self { ready, fields, deeper }
    }

    /// The rules of which each writes a field of the record itself, if all do.
    pub fn plain(&self) -> Option<&[RuleOp]> {
        self.deeper.is_empty().then_some(&self.fields)
    }

    pub fn rules(&self) -> impl Iterator<Item = &RuleOp> {
        self.fields.iter().chain(&self.deeper)
    }

    pub fn rules_mut(&mut self) -> impl Iterator<Item = &mut RuleOp> {
        self.fields.iter_mut().chain(&mut self.deeper)
    }

    pub fn fill<'a>(&'a self, row: Input<'a>, errors: &mut Vec<Violation>) -> Map<String, Json> {
        let mut record = self.ready.clone();
        let mut beside = Vec::new();
        let mut missing = Vec::new();
        for (index, (rule, place)) in self.fields.iter().zip(record.values_mut()).enumerate() {
            match rule.value(row, &mut beside, errors) {
                Some(value) => *place = value,
                None => missing.push(index),
            }
        }
        if !missing.is_empty() {
            let mut missing = missing.into_iter().peekable();
            let mut index = 0..;
            record.retain(|_, _| missing.next_if_eq(&index.next().unwrap_or_default()).is_none());
        }
        for rule in &self.deeper {
            if let Some(value) = rule.value(row, &mut beside, errors) {
                rule.write(value, &mut record, errors);
            }
        }
        for value in beside {
            value.write(&mut record, errors);
        }
        record
    }
}
