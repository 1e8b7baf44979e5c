//! Sources of values, compiled: columns, constants, templates and cases.

use std::borrow::Cow;
use std::fmt::Write;

use regex::Regex;
use serde_json::Value as Json;

use crate::canonical::{self, Canonical};
use crate::columns::{Columns, Place};
use crate::document::{Case, Condition, Source, Test};
use crate::error::MappingError;
use crate::input::Input;
use crate::lists;
use crate::patterns;
use crate::slot::Slot;
use crate::words::Words;

#[derive(Debug)]
pub(crate) enum SourceOp {
    Place(Place),
    Constant(Json),
    Template(Vec<Part>),
    Cases(Vec<CaseOp>),
}

#[derive(Debug)]
pub(crate) enum Part {
    Text(String),
    Place(Place),
}

#[derive(Debug)]
pub(crate) struct CaseOp {
    when: Vec<(Place, TestOp)>,
    then: SourceOp,
}

#[derive(Debug)]
enum TestOp {
    Missing,
    Present,
    Equals(Json),
    NotEquals(Json),
    OneOf(Vec<Json>),
    LessThan(Json),
    AtMost(Json),
    MoreThan(Json),
    AtLeast(Json),
    Matches(Regex),
}

/// Cases inside cases; a document cannot be deeper than its JSON, but stacks are small.
const DEPTH: usize = 16;

impl SourceOp {
    /// Compiles a source. `used` gets every place that it reads.
    pub fn new(source: &Source, columns: &Columns<'_>, used: &mut Vec<Place>) -> Result<Self, MappingError> {
        Self::within(source, columns, used, DEPTH)
    }

    fn within(source: &Source, columns: &Columns<'_>, used: &mut Vec<Place>, depth: usize) -> Result<Self, MappingError> {
        let mut find = |name: &str| {
            let place = columns.find(name)?;
            used.push(place.clone());
            Ok(place)
        };
        Ok(match source {
            Source::Column(name) => Self::Place(find(name)?),
            Source::Constant(value) => Self::Constant(value.clone()),
            Source::Template(text) => Self::Template(template(text, &mut find).map_err(|e: MappingError| e.within("/template"))?),
            Source::Cases(_) if depth == 0 => return Err(MappingError::new("/cases", format!("Cases are nested more than {DEPTH} deep."))),
            Source::Cases(cases) => {
                let compile =
                    |(i, case): (usize, &Case)| CaseOp::new(case, columns, used, depth).map_err(|e| e.within(&format!("/cases/{i}")));
                Self::Cases(cases.iter().enumerate().map(compile).collect::<Result<_, _>>()?)
            }
        })
    }

    /// The column that it reads, if it reads one and nothing else.
    pub fn column(&self) -> Option<usize> {
        match self {
            Self::Place(Place::Column(at)) => Some(*at),
            _ => None,
        }
    }

    /// Whether the value depends on a place for which `at` says yes.
    pub fn reads(&self, at: &dyn Fn(&Place) -> bool) -> bool {
        match self {
            Self::Place(place) => at(place),
            Self::Constant(_) => false,
            Self::Template(parts) => parts.iter().any(|part| matches!(part, Part::Place(place) if at(place))),
            Self::Cases(cases) => cases.iter().any(|case| case.when.iter().any(|(place, _)| at(place)) || case.then.reads(at)),
        }
    }

    pub fn get<'a>(&'a self, row: Input<'a>, missing: &Words) -> Slot<'a> {
        match self {
            Self::Place(place) => value_at(place, row, missing),
            Self::Constant(value) => Slot::Json(Cow::Borrowed(value)),
            Self::Template(parts) => fill(parts, row, missing),
            Self::Cases(cases) => {
                let case = cases.iter().find(|case| case.when.iter().all(|(place, test)| test.holds(&value_at(place, row, missing))));
                case.map_or(Slot::Missing, |case| case.then.get(row, missing))
            }
        }
    }
}

/// The value at a place; tokens for missing are missing.
fn value_at<'a>(place: &Place, row: Input<'a>, missing: &Words) -> Slot<'a> {
    let slot = match (place, row) {
        (Place::Column(i), Input::Cells(cells)) => cells.get(*i).map_or(Slot::Missing, Slot::of_cell),
        (Place::Path(path), Input::Json(json)) => lists::at(json, path).map_or(Slot::Missing, Slot::of_json),
        // A row of the other kind; the caller reports it.
        (Place::Column(_), Input::Json(_)) | (Place::Path(_), Input::Cells(_)) => Slot::Missing,
    };
    if missing.fits(&slot) { Slot::Missing } else { slot }
}

/// Takes `{Column}` out of a text; `{{` and `}}` are braces.
fn template(text: &str, find: &mut dyn FnMut(&str) -> Result<Place, MappingError>) -> Result<Vec<Part>, MappingError> {
    let open = || MappingError::new("", "A brace of the template is not closed.").hint("Write {{ and }} for literal braces.");
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
        } else if brace == "{" {
            let (name, after) = rest.split_once('}').ok_or_else(open)?;
            parts.push(Part::Text(std::mem::take(&mut plain)));
            parts.push(Part::Place(find(name)?));
            rest = after;
        } else {
            return Err(open());
        }
    }
    plain.push_str(rest);
    parts.push(Part::Text(plain));
    parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    if parts.iter().any(|part| matches!(part, Part::Place(_))) {
        return Ok(parts);
    }
    Err(MappingError::new("", "The template names no column.").hint("Write a column in braces, or use a constant."))
}

fn fill<'a>(parts: &'a [Part], row: Input<'a>, missing: &Words) -> Slot<'a> {
    let mut out = String::new();
    let mut found = false;
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Place(place) => match value_at(place, row, missing) {
                Slot::Text(text) => {
                    found = true;
                    out.push_str(&text);
                }
                slot if slot.is_null() => {}
                slot => {
                    if let Some(text) = slot.as_text() {
                        found = true;
                        out.push_str(&text);
                    } else if let Some(json) = slot.into_json() {
                        found = true;
                        // Writing to a String cannot fail.
                        let _ = write!(out, "{json}");
                    }
                }
            },
        }
    }
    if found { Slot::Text(Cow::Owned(out)) } else { Slot::Missing }
}

impl CaseOp {
    fn new(case: &Case, columns: &Columns<'_>, used: &mut Vec<Place>, depth: usize) -> Result<Self, MappingError> {
        let mut when = Vec::with_capacity(case.when.len());
        for (i, Condition { column, is }) in case.when.iter().enumerate() {
            let at = |e: MappingError, member: &str| e.within(&format!("/when/{i}/{member}"));
            let place = columns.find(column).map_err(|e| at(e, "column"))?;
            used.push(place.clone());
            when.push((place, TestOp::new(is).map_err(|e| at(e, "is"))?));
        }
        let then = SourceOp::within(&case.then, columns, used, depth - 1).map_err(|e| e.within("/then"))?;
        Ok(Self { when, then })
    }
}

impl TestOp {
    fn new(test: &Test) -> Result<Self, MappingError> {
        let ordered = |value: &Json| match value {
            Json::Number(_) | Json::String(_) => Ok(value.clone()),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => {
                Err(MappingError::new("", "Only numbers and texts have an order.").hint("Use equals for other values."))
            }
        };
        Ok(match test {
            Test::Missing => Self::Missing,
            Test::Present => Self::Present,
            Test::Equals(value) => Self::Equals(value.clone()),
            Test::NotEquals(value) => Self::NotEquals(value.clone()),
            Test::OneOf(values) => Self::OneOf(values.clone()),
            Test::LessThan(value) => Self::LessThan(ordered(value).map_err(|e| e.within("/lessThan"))?),
            Test::AtMost(value) => Self::AtMost(ordered(value).map_err(|e| e.within("/atMost"))?),
            Test::MoreThan(value) => Self::MoreThan(ordered(value).map_err(|e| e.within("/moreThan"))?),
            Test::AtLeast(value) => Self::AtLeast(ordered(value).map_err(|e| e.within("/atLeast"))?),
            Test::Matches(pattern) => Self::Matches(patterns::compile(pattern).map_err(|e| e.within("/matches"))?),
        })
    }

    fn holds(&self, slot: &Slot<'_>) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = |value: &Json| compare(slot, value);
        match self {
            Self::Missing => is_missing(slot),
            Self::Present => !is_missing(slot),
            Self::Equals(value) => equals(slot, value),
            Self::NotEquals(value) => !equals(slot, value),
            Self::OneOf(values) => values.iter().any(|value| equals(slot, value)),
            Self::LessThan(value) => order(value) == Some(Less),
            Self::AtMost(value) => matches!(order(value), Some(Less | Equal)),
            Self::MoreThan(value) => order(value) == Some(Greater),
            Self::AtLeast(value) => matches!(order(value), Some(Greater | Equal)),
            Self::Matches(regex) => slot.as_text().is_some_and(|text| regex.is_match(&text)),
        }
    }
}

fn is_missing(slot: &Slot<'_>) -> bool {
    matches!(slot, Slot::Missing) || slot.is_null()
}

fn equals(slot: &Slot<'_>, value: &Json) -> bool {
    match value {
        Json::Null => is_missing(slot),
        Json::Bool(wanted) => match slot {
            Slot::Bool(b) => b == wanted,
            other => other.as_text().is_some_and(|t| t.trim() == if *wanted { "true" } else { "false" }),
        },
        Json::Number(_) | Json::String(_) => compare(slot, value) == Some(std::cmp::Ordering::Equal),
        Json::Array(_) | Json::Object(_) => matches!(slot, Slot::Json(json) if json.as_ref() == value),
    }
}

/// Numbers with numbers, texts with texts; nothing else has an order.
fn compare(slot: &Slot<'_>, value: &Json) -> Option<std::cmp::Ordering> {
    match value {
        Json::Number(wanted) => {
            if let (Slot::Integer(found), Some(wanted)) = (slot, wanted.as_i64()) {
                return Some(found.cmp(&wanted));
            }
            number(slot)?.partial_cmp(&wanted.as_f64()?)
        }
        Json::String(wanted) => Some(slot.as_text()?.trim().cmp(wanted.as_str())),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

fn number(slot: &Slot<'_>) -> Option<f64> {
    match slot {
        Slot::Integer(n) => Some(*n as f64),
        Slot::Number(n) => Some(*n),
        Slot::Text(text) => match canonical::number(text.trim())? {
            Canonical::Integer(n) => Some(n as f64),
            Canonical::Number(n) => Some(n),
        },
        Slot::Json(json) => json.as_f64(),
        Slot::Missing | Slot::DateTime(_) | Slot::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Cell;
    use serde_json::json;

    fn value(source: Json, cells: &[&str]) -> Option<Json> {
        let header: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let source: Source = serde_json::from_value(source).unwrap();
        let op = SourceOp::new(&source, &Columns::new(Some(&header)), &mut Vec::new()).unwrap();
        let cells: Vec<Cell<'_>> = cells.iter().map(|c| Cell::text(*c)).collect();
        op.get(Input::Cells(&cells), &Words::new(&["-".into()])).into_json()
    }

    fn refused(source: Json) -> MappingError {
        let header: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        SourceOp::new(&serde_json::from_value(source).unwrap(), &Columns::new(Some(&header)), &mut Vec::new()).unwrap_err()
    }

    #[test]
    fn templates_put_columns_together() {
        let source = || json!({"template": "{a} {{{b}}} of {c}"});
        assert_eq!(value(source(), &["x", "y", "z"]), Some(json!("x {y} of z")));
        assert_eq!(value(source(), &["x", "-", ""]), Some(json!("x {} of ")));
        assert_eq!(value(source(), &["", "-", ""]), None);
        assert_eq!(refused(json!({"template": "{a"})).pointer, "/template");
        assert_eq!(refused(json!({"template": "a}"})).pointer, "/template");
        assert_eq!(refused(json!({"template": "plain"})).message, "The template names no column.");
    }

    #[test]
    fn the_first_case_that_holds_counts() {
        let source = || {
            json!({"cases": [
                {"when": [{"column": "a", "is": {"equals": "x"}}, {"column": "b", "is": "present"}], "then": "b"},
                {"when": [{"column": "b", "is": {"atLeast": 10}}], "then": {"constant": "many"}},
                {"when": [{"column": "c", "is": {"matches": "^z"}}], "then": {"template": "<{c}>"}},
                {"then": {"constant": 0}}
            ]})
        };
        assert_eq!(value(source(), &["x", "1", ""]), Some(json!("1")));
        assert_eq!(value(source(), &["y", "10.5", ""]), Some(json!("many")));
        assert_eq!(value(source(), &["y", "9", "zz"]), Some(json!("<zz>")));
        assert_eq!(value(source(), &["x", "-", "a"]), Some(json!(0)));
    }

    #[test]
    fn tests_compare_numbers_as_numbers_and_text_as_text() {
        let holds = |test: Json, cell: &str| {
            let source = json!({"cases": [{"when": [{"column": "a", "is": test}], "then": {"constant": true}}]});
            value(source, &[cell]).is_some()
        };
        assert!(holds(json!({"lessThan": 10}), "9") && !holds(json!({"lessThan": "10"}), "9"));
        assert!(holds(json!({"moreThan": "2024-01-01"}), "2024-03-01") && holds(json!({"atMost": 1.5}), "1.50"));
        assert!(!holds(json!({"lessThan": 10}), "many") && !holds(json!({"lessThan": 10}), ""));
        assert!(holds(json!({"notEquals": "x"}), "") && holds(json!({"equals": null}), "-") && holds(json!("missing"), "-"));
        assert!(holds(json!({"oneOf": ["x", 7, true]}), "7") && holds(json!({"oneOf": ["x", 7, true]}), "true"));
        assert_eq!(
            refused(json!({"cases": [{"when": [{"column": "a", "is": {"atLeast": null}}], "then": "a"}]})).pointer,
            "/cases/0/when/0/is/atLeast"
        );
        assert_eq!(refused(json!({"cases": [{"then": "nope"}]})).pointer, "/cases/0/then");
    }
}
