//! Applying a compiled mapping to rows.

use serde_json::{Map, Value as Json};
use steward_domain::Violation;

use crate::document::Unmapped;
use crate::input::{Cell, Input};
use crate::kept::{Used, keep};
use crate::program::{RuleOp, violation};
use crate::slot::Slot;

/// A mapping, ready for rows of one header or for JSON rows. Cheap to share; applying takes no lock.
#[derive(Debug)]
pub struct Compiled {
    pub(crate) rules: Vec<RuleOp>,
    pub(crate) rows: Rows,
    pub(crate) unmapped: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum Rows {
    Table { columns: usize },
    Json { unmapped: Unmapped, used: Used },
}

impl Compiled {
    /// The record of a row: an object, as relaxed Extended JSON. What could not be transformed stands in it as it came,
    /// with a violation each in `out_errors` (rules `mapping.…`); violations already there are left alone.
    pub fn apply(&self, input: Input<'_>, out_errors: &mut Vec<Violation>) -> Json {
        let mut record = Map::with_capacity(self.rules.len());
        match (&self.rows, input) {
            (Rows::Table { columns }, Input::Cells(cells)) => {
                self.rules(input, &mut record, out_errors);
                if cells.len() > *columns {
                    surplus(&cells[*columns..], out_errors);
                }
            }
            (Rows::Json { unmapped, used }, Input::Json(Json::Object(row))) => {
                self.rules(input, &mut record, out_errors);
                keep(*unmapped, used, row, &mut record, out_errors);
            }
            (Rows::Json { .. }, Input::Json(other)) => {
                out_errors.push(violation("", "mapping.source", "The row is not an object in braces.".to_owned(), Some(other)));
            }
            (Rows::Table { .. }, Input::Json(other)) => {
                out_errors.push(violation(
                    "",
                    "mapping.source",
                    "The row is JSON, but the mapping is for a table.".to_owned(),
                    Some(other),
                ));
            }
            (Rows::Json { .. }, Input::Cells(cells)) => {
                let json = texts(cells);
                out_errors.push(violation(
                    "",
                    "mapping.source",
                    "The row is of a table, but the mapping is for JSON.".to_owned(),
                    Some(&json),
                ));
            }
        }
        Json::Object(record)
    }

    /// Columns that no rule uses, in the order of the header; empty for JSON rows.
    pub fn unmapped_columns(&self) -> &[String] {
        &self.unmapped
    }

    fn rules<'a>(&'a self, input: Input<'a>, record: &mut Map<String, Json>, errors: &mut Vec<Violation>) {
        for rule in &self.rules {
            rule.apply(input, record, errors);
        }
    }
}

/// Cells beyond the header belong to no column; they must not vanish unseen.
fn surplus(cells: &[Cell<'_>], errors: &mut Vec<Violation>) {
    let values = texts(cells);
    if values.as_array().is_some_and(|list| list.iter().any(|v| !v.is_null())) {
        let message = format!("The row has {} more than the header has columns.", count(cells.len()));
        errors.push(violation("", "mapping.columns", message, Some(&values)));
    }
}

fn count(cells: usize) -> String {
    if cells == 1 { "one cell".to_owned() } else { format!("{cells} cells") }
}

fn texts(cells: &[Cell<'_>]) -> Json {
    cells.iter().map(|cell| Slot::of_cell(cell).into_json().unwrap_or_default()).collect()
}
