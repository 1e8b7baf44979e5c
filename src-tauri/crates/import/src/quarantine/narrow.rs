//! Which entries are meant.

use steward_domain::{Filter, QuarantineStatus};

/// Narrows the entries; every part is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrow {
    pub collection: Option<String>,
    pub rule: Option<String>,
    pub field: Option<String>,
    pub run: Option<String>,
    pub file: Option<String>,
    /// `careers@1.0.0`, or `careers` for all its versions.
    pub schema: Option<String>,
    /// Waiting when absent.
    pub status: Option<QuarantineStatus>,
}

/// Entries by a condition, or by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    Narrow(Narrow),
    Ids(Vec<String>),
}

impl Narrow {
    pub(super) fn filter(&self) -> Filter {
        let status = match self.status.unwrap_or(QuarantineStatus::Waiting) {
            QuarantineStatus::Waiting => "waiting",
            QuarantineStatus::Released => "released",
            QuarantineStatus::Discarded => "discarded",
            QuarantineStatus::Withdrawn => "withdrawn",
        };
        let mut filter = Filter::eq("status", status);
        if let Some(run) = &self.run {
            filter = filter.and(crate::import::of_run(run));
        }
        let parts = [("collection", &self.collection), ("sourceFile", &self.file)];
        for (field, value) in parts {
            if let Some(value) = value {
                filter = filter.and(Filter::eq(field, value.as_str()));
            }
        }
        if let Some(schema) = &self.schema {
            filter = filter.and(of_schema(schema));
        }
        match (&self.field, &self.rule) {
            (Some(field), Some(rule)) => filter.and(Filter::eq("problems", format!("{field} {rule}"))),
            (Some(field), None) => filter.and(Filter::eq("fields", field.as_str())),
            (None, Some(rule)) => filter.and(Filter::eq("rules", rule.as_str())),
            (None, None) => filter,
        }
    }
}

/// A version, or all versions of a pack; empty means rows that were loaded without a schema.
fn of_schema(schema: &str) -> Filter {
    if schema.is_empty() || schema.contains('@') {
        return Filter::eq("schema", schema);
    }
    Filter::StartsWith { field: "schema".into(), text: format!("{schema}@"), ignore_case: false }
}
