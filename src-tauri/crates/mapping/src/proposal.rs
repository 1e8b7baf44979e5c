//! The steps that make the values of a column fit a field.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use steward_schema::Pack;

use crate::defaults::separator_of;
use crate::guess::weighted;
use crate::matching::{choice, is_rfc3339};
use crate::numbers::{self, Reading};
use crate::profile::{ColumnProfile, Kind};
use crate::shape::{Place, Shape};
use crate::steps::{
    BooleanStep, CastTo, DateAs, DateStep, DecimalMark, LookupStep, NumberAs, NumberStep, RangePart, RangeStep, SplitStep, Step, TrimKind,
    UnknownValue,
};

/// Steps, and what a person should look at.
#[derive(Debug, Default)]
pub(crate) struct Proposal {
    pub steps: Vec<Step>,
    pub questions: Vec<String>,
}

/// What the steps need to know next to the column and its field.
pub(crate) struct Around<'a> {
    pub pack: &'a Pack,
    pub places: &'a [Place<'a>],
    /// Cells of tables are fitted to the schema without steps.
    pub table: bool,
    /// Targets that another column has already.
    pub taken: &'a dyn Fn(&[String]) -> bool,
}

pub(crate) fn propose(column: &ColumnProfile, place: &Place<'_>, around: &Around<'_>) -> Proposal {
    let shape = &place.shape;
    let mut out = Proposal::default();
    if shape.integer || shape.number {
        numbers(column, place, around, &mut out);
    } else if shape.boolean {
        let canonical = column.values.iter().all(|(text, _)| matches!(text.trim(), "true" | "false"));
        if !canonical && column.kind == Kind::Boolean {
            out.steps.push(Step::Boolean(BooleanStep::default()));
        }
    } else if shape.list {
        list(column, place, around, &mut out);
    } else if matches!(shape.format, "date-time" | "date") {
        dates(column, shape, &mut out);
    } else if !shape.choices.is_empty() {
        choices(column, shape, &mut out);
    } else if shape.text {
        out.steps.extend(trim(column));
    }
    out
}

fn numbers(column: &ColumnProfile, place: &Place<'_>, around: &Around<'_>, out: &mut Proposal) {
    let output = if place.shape.integer && !place.shape.number { NumberAs::Integer } else { NumberAs::Number };
    match column.kind {
        Kind::Integer | Kind::Number if around.table && column.share >= 1.0 => return,
        Kind::Integer | Kind::Number if column.share >= 1.0 => {
            out.steps.push(Step::Cast(if output == NumberAs::Integer { CastTo::Integer } else { CastTo::Number }));
            return;
        }
        Kind::Integer | Kind::Number | Kind::WrittenNumber => {}
        _ => return,
    }
    let decimal = column.decimal.filter(|mark| *mark != DecimalMark::Point);
    let mark = decimal.unwrap_or_default();
    if column.decimal_ambiguous {
        out.questions.push(format!(
            "In '{}', is the 1,234 or 1.234 of some values a thousand or a fraction? It is read as in '1,234.5'.",
            column.name
        ));
    }
    let ranges = weighted(&column.values, &|text| matches!(numbers::read(text, mark), Ok(Reading::Range(..)))) > 0;
    let range = ranges.then(|| range(place, around));
    out.steps.push(Step::Number(NumberStep { decimal, output, range, ..NumberStep::default() }));
}

/// A range goes to an object with `min` and `max` next to the field, if its name tells that they belong together.
fn range(place: &Place<'_>, around: &Around<'_>) -> RangeStep {
    let mut step = RangeStep { here: RangePart::Mean, ..RangeStep::default() };
    let words: Vec<&str> = place.path.last().map(|name| name.split('_').collect()).unwrap_or_default();
    let belongs = |parent: &[String]| parent.last().is_some_and(|name| name.split('_').any(|w| words.contains(&w)));
    let find = |name: &str| {
        let mut found = around.places.iter().filter(|p| p.path.len() > 1 && p.path.last().is_some_and(|l| l == name));
        found.find(|p| belongs(&p.path[..p.path.len() - 1]) && !(around.taken)(&p.path)).map(|p| p.path.join("."))
    };
    if let (Some(min), Some(max)) = (find("min"), find("max")) {
        step.min = Some(min);
        step.max = Some(max);
        step.currency = find("currency");
    }
    step
}

fn list(column: &ColumnProfile, place: &Place<'_>, around: &Around<'_>, out: &mut Proposal) {
    let stated = separator_of(around.pack, &place.path);
    if column.kind == Kind::List || (around.table && stated.is_some()) {
        return;
    }
    let uses = |separator: &str| weighted(&column.values, &|text| text.contains(separator));
    let usual = [";", "|", ",", "\n"].into_iter().map(|s| (uses(s), s));
    // Of equals the first: "a, b; c, d" has two items.
    let best = usual.rev().max_by_key(|(count, _)| *count).filter(|(count, _)| *count > 0).map(|(_, s)| s);
    let separator = stated.or(best).unwrap_or(";");
    if around.table && matches!(separator, ";" | "|") {
        return;
    }
    if separator == "," {
        out.questions.push(format!("Do commas in '{}' separate items, or do they belong to the text?", column.name));
    }
    out.steps.push(Step::Split(SplitStep { separator: separator.to_owned(), trim: true, drop_empty: true, unique: false }));
}

fn dates(column: &ColumnProfile, shape: &Shape<'_>, out: &mut Proposal) {
    let day = shape.format == "date";
    let fine = |text: &str| if day { text.len() == 10 && crate::dates::iso(text).is_some() } else { is_rfc3339(text) };
    if column.values.iter().all(|(text, _)| fine(text)) {
        return;
    }
    let formats = match column.kind {
        Kind::Integer | Kind::Number => numeric_dates(column),
        _ => column.date_formats.clone(),
    };
    if formats.is_empty() {
        return;
    }
    if formats.iter().any(|format| format.contains("%y")) {
        out.questions.push(format!("Which century are the years of '{}' in? They are read as 1930 to 2029.", column.name));
    }
    if column.date_ambiguous {
        out.questions.push(format!("In '{}', does the day or the month come first? It is read as {}.", column.name, formats.join(", ")));
    }
    let zoned = column.values.iter().all(|(text, _)| crate::dates::iso(text.trim()).is_some_and(|m| m.offset.is_some()));
    if !day && !zoned && !matches!(column.kind, Kind::Integer | Kind::Number) {
        out.questions.push(format!("In which time zone are the times of '{}'? They are read as UTC.", column.name));
    }
    let output = if day { DateAs::Day } else { DateAs::Utc };
    out.steps.push(Step::Date(DateStep { formats, zone: None, years_from: None, output }));
}

/// What whole columns of numbers can be, from their size.
fn numeric_dates(column: &ColumnProfile) -> Vec<String> {
    let bound = |value: &Option<Json>| value.as_ref().and_then(Json::as_f64);
    let Some((low, high)) = bound(&column.min).zip(bound(&column.max)) else { return Vec::new() };
    // The years 1980 to 2100 in each unit.
    let guesses = [
        ("excel", 29_221.0, 73_051.0),
        ("iso", 19_800_101.0, 21_001_231.0),
        ("epochSeconds", 315_532_800.0, 4_133_894_400.0),
        ("epochMilliseconds", 315_532_800_000.0, 4_133_894_400_000.0),
    ];
    guesses.iter().filter(|(_, from, to)| low >= *from && high <= *to).map(|(name, ..)| (*name).to_owned()).take(1).collect()
}

/// A lookup for values that mean an allowed one but are written otherwise; what is unknown stays for the schema to report.
fn choices(column: &ColumnProfile, shape: &Shape<'_>, out: &mut Proposal) {
    let exact = |text: &str| shape.choices.iter().any(|c| c.as_str() == Some(text));
    let mut table = BTreeMap::new();
    for (text, _) in column.values.iter().filter(|(text, _)| !exact(text)).take(200) {
        if let Some(meant) = choice(shape, text) {
            table.entry(text.trim().to_lowercase()).or_insert_with(|| Json::from(meant));
        }
    }
    if !table.is_empty() {
        out.steps.push(Step::Lookup(LookupStep { table, unknown: UnknownValue::Keep, match_case: false }));
    }
}

fn trim(column: &ColumnProfile) -> Option<Step> {
    let text_of = |(text, _): &(String, u64)| text.clone();
    let collapsed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let texts: Vec<String> = column.values.iter().map(text_of).collect();
    // Line breaks in long texts are meant.
    if texts.iter().any(|t| t.trim().contains("  ") && !t.contains('\n') && t.len() < 200 && collapsed(t) != t.trim()) {
        return Some(Step::Trim(TrimKind::Collapse));
    }
    texts.iter().any(|t| t.trim() != t).then_some(Step::Trim(TrimKind::Ends))
}
