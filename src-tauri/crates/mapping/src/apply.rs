//! Applying a compiled mapping to rows.

use serde_json::{Map, Value as Json};
use steward_domain::Violation;

use crate::columns::Place;
use crate::document::Unmapped;
use crate::fit::Fit;
use crate::input::{Cell, Input};
use crate::kept::{Used, keep};
use crate::program::{RuleOp, Shown, violation};
use crate::record::Layout;
use crate::slot::Slot;
use crate::source::SourceOp;
use crate::target::Target;
use crate::types::ColumnType;

/// A mapping, ready for rows of one header or for JSON rows. Cheap to share; applying takes no lock.
#[derive(Debug)]
pub struct Compiled {
    pub(crate) layout: Layout,
    pub(crate) rows: Rows,
    pub(crate) unmapped: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum Rows {
    Table { columns: usize },
    Json { unmapped: Unmapped, used: Used },
}

impl Compiled {
    /// The record of a row: an object, as relaxed Extended JSON. What could not be transformed is in it as it came,
    /// with a violation each in `out_errors` (rules `mapping.…`); violations already there are left alone.
    pub fn apply(&self, input: Input<'_>, out_errors: &mut Vec<Violation>) -> Json {
        Json::Object(match (&self.rows, input) {
            (Rows::Table { columns }, Input::Cells(cells)) => {
                let record = self.layout.fill(input, out_errors);
                if cells.len() > *columns {
                    surplus(&cells[*columns..], out_errors);
                }
                record
            }
            (Rows::Json { unmapped, used }, Input::Json(Json::Object(row))) => {
                let mut record = self.layout.fill(input, out_errors);
                keep(*unmapped, used, row, &mut record, out_errors);
                record
            }
            (Rows::Json { .. }, Input::Json(other)) => refused("The row is not an object in braces.", other, out_errors),
            (Rows::Table { .. }, Input::Json(other)) => refused("The row is JSON, but the mapping is for a table.", other, out_errors),
            (Rows::Json { .. }, Input::Cells(cells)) => {
                refused("The row is of a table, but the mapping is for JSON.", &texts(cells), out_errors)
            }
        })
    }

    /// The fields that are written, where each rule writes one field of the record itself.
    pub fn fields(&self) -> Option<Vec<&str>> {
        Some(self.layout.plain()?.iter().map(|rule| rule.target.path[0].as_str()).collect())
    }

    /// The field at a place among [`Compiled::fields`], and what is written there for the cells of a row. `None` if there is
    /// more to it than this value. What could not be transformed is among the errors.
    pub fn value_of(&self, at: usize, cells: &[Cell<'_>], errors: &mut Vec<Violation>) -> Option<(&str, Json)> {
        let rule = self.layout.plain()?.get(at)?;
        Some((rule.target.path[0].as_str(), rule.only_value(Input::Cells(cells), errors)?))
    }

    /// The only column that the field at this place comes from.
    pub fn column_of(&self, at: usize) -> Option<usize> {
        self.layout.plain()?.get(at)?.source.column()
    }

    /// Shows what would be written to a field for the cells of a row, without making a record. False where `see` says no, or
    /// where the value cannot be transformed or is not all there is to say.
    pub fn show(&self, at: usize, cells: &[Cell<'_>], see: &mut dyn FnMut(Shown<'_>) -> bool) -> bool {
        self.layout.plain().and_then(|rules| rules.get(at)).is_some_and(|rule| rule.show(Input::Cells(cells), see))
    }

    /// How many columns the table has that the mapping was compiled for.
    pub fn columns(&self) -> Option<usize> {
        match self.rows {
            Rows::Table { columns } => Some(columns),
            Rows::Json { .. } => None,
        }
    }

    /// Columns whose texts no schema gives a type to, and no step changes.
    pub fn untyped_columns(&self) -> impl Iterator<Item = Untyped<'_>> {
        self.layout.rules().filter(|rule| rule.is_untyped()).filter_map(|rule| Some(Untyped { at: rule.source.column()?, rule }))
    }

    /// Gives types to columns that have none.
    pub fn with_types(mut self, of: impl Fn(usize) -> ColumnType) -> Self {
        for rule in self.layout.rules_mut().filter(|rule| rule.is_untyped()) {
            rule.fit = rule.source.column().map(|column| Fit::of_column(of(column)));
        }
        self
    }

    /// Whether a field of the record itself may get a value from some row.
    pub fn may_write(&self, field: &str) -> bool {
        self.layout.rules().any(|rule| rule.target.path.first().is_none_or(|first| first == field))
    }

    /// JSON Pointers of the fields whose values depend on a column of the table.
    pub fn fields_of_column(&self, column: usize) -> Vec<String> {
        let reads = |place: &Place| *place == Place::Column(column);
        self.layout.rules().filter(|rule| rule.source.reads(&reads)).map(|rule| rule.target.pointer.clone()).collect()
    }

    /// JSON Pointers of the places in a record that depend on a place (JSON Pointer) in a JSON row.
    pub fn fields_of_pointer(&self, pointer: &str) -> Vec<String> {
        let within = |inner: &str, outer: &str| inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
        let mut found = Vec::new();
        for rule in self.layout.rules() {
            if let SourceOp::Place(Place::Path(path)) = &rule.source {
                let from = Target::new(path.clone()).pointer;
                if within(pointer, &from) {
                    found.push(format!("{}{}", rule.target.pointer, &pointer[from.len()..]));
                } else if within(&from, pointer) {
                    found.push(rule.target.pointer.clone());
                }
            } else if rule.source.reads(&|place| matches!(place, Place::Path(path) if within(&Target::new(path.clone()).pointer, pointer)))
            {
                found.push(rule.target.pointer.clone());
            }
        }
        let kept = matches!(&self.rows, Rows::Json { unmapped, .. } if *unmapped != Unmapped::Drop);
        if found.is_empty() && kept {
            found.push(pointer.to_owned());
        }
        found
    }

    /// Columns that no rule uses, in the order of the header; empty for JSON rows.
    pub fn unmapped_columns(&self) -> &[String] {
        &self.unmapped
    }
}

/// A column without a type.
pub struct Untyped<'c> {
    /// Its place in the header.
    pub at: usize,
    rule: &'c RuleOp,
}

impl Untyped<'_> {
    /// The cell stands for no value.
    pub fn is_missing(&self, cell: &str) -> bool {
        self.rule.missing.contains(cell)
    }
}

/// No record comes out; the row is in the violation.
fn refused(message: &str, row: &Json, errors: &mut Vec<Violation>) -> Map<String, Json> {
    errors.push(violation("", "mapping.source", message.to_owned(), Some(row)));
    Map::new()
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
