//! Guessing from the values of a column: its kind, the formats of its dates, the convention of its numbers.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::canonical::{self, Canonical};
use crate::dates::Probe;
use crate::numbers;
use crate::profile::Kind;
use crate::steps::{BooleanStep, DecimalMark};
use crate::words::Booleans;

/// Texts that usually stand for a missing value.
pub(crate) const MISSING: [&str; 16] =
    ["n/a", "na", "#n/a", "n.a.", "-", "--", "–", "?", "null", "none", "nil", "nan", "(null)", "(none)", "missing", "#value!"];

/// Formats that are tried on texts, the most usual first. Numbers alone could be any of the numeric ones.
const FORMATS: &[&str] = &[
    "iso",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y %I:%M %p",
    "%m-%d-%Y",
    "%d-%m-%Y",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y.%m.%d",
    "%d %B %Y",
    "%B %d, %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%a, %d %b %Y %H:%M:%S %z",
];

/// A kind is taken when this share of the values is of it: a few dirty ones do not hide what a column is.
const ENOUGH: f64 = 0.85;

#[derive(Debug)]
pub(crate) struct Guess {
    pub kind: Kind,
    pub share: f64,
    pub date_formats: Vec<String>,
    pub date_ambiguous: bool,
    pub decimal: Option<DecimalMark>,
    pub decimal_ambiguous: bool,
}

/// `lists` and `objects` count the values that are such already.
pub(crate) fn column(values: &[(String, u64)], lists: u64, objects: u64) -> Guess {
    let total: u64 = values.iter().map(|(_, n)| n).sum();
    let mut guess =
        Guess { kind: Kind::Empty, share: 1.0, date_formats: Vec::new(), date_ambiguous: false, decimal: None, decimal_ambiguous: false };
    if total == 0 {
        return guess;
    }
    let share = |fits: &dyn Fn(&str) -> bool| weighted(values, fits) as f64 / total as f64;
    let of = |count: u64| count as f64 / total as f64;
    let canonical_integer = |text: &str| matches!(canonical::number(text.trim()), Some(Canonical::Integer(_)));
    let canonical_number = |text: &str| canonical::number(text.trim()).is_some();
    let words = Booleans::new(&BooleanStep::default()).ok();
    let boolean = |text: &str| words.as_ref().is_some_and(|w| w.read(text).is_some());
    let digits_only = share(&canonical_number) >= 1.0;
    let mut kinds = vec![
        (Kind::List, of(lists).max(share(&|t| json(t).is_some_and(|j| j.is_array())))),
        (Kind::Object, of(objects).max(share(&|t| json(t).is_some_and(|j| j.is_object())))),
        // 0 and 1 alone are more often numbers.
        (Kind::Boolean, if digits_only { 0.0 } else { share(&boolean) }),
        (Kind::Integer, share(&canonical_integer)),
        (Kind::Number, share(&canonical_number)),
    ];
    if !digits_only {
        let dates = Dates::of(values);
        kinds.push((if dates.day_only { Kind::Date } else { Kind::DateTime }, of(dates.read)));
        guess.date_formats = dates.formats;
        guess.date_ambiguous = dates.ambiguous;
        let (decimal, ambiguous) = convention(values);
        guess.decimal = decimal;
        guess.decimal_ambiguous = ambiguous;
        kinds.push((Kind::WrittenNumber, share(&|t| numbers::read(t, decimal.unwrap_or(DecimalMark::Point)).is_ok())));
    }
    let found = kinds.into_iter().find(|(_, share)| *share >= ENOUGH);
    (guess.kind, guess.share) = found.unwrap_or((Kind::Text, 1.0));
    guess
}

fn json(text: &str) -> Option<Json> {
    let text = text.trim();
    text.starts_with(['[', '{']).then(|| serde_json::from_str(text).ok())?
}

pub(crate) fn weighted(values: &[(String, u64)], fits: &dyn Fn(&str) -> bool) -> u64 {
    values.iter().filter(|(text, _)| fits(text)).map(|(_, n)| n).sum()
}

struct Dates {
    formats: Vec<String>,
    read: u64,
    day_only: bool,
    ambiguous: bool,
}

impl Dates {
    /// The fewest formats that read what any of them can read.
    fn of(values: &[(String, u64)]) -> Self {
        // Some hundred values tell the formats of a column.
        let values: Vec<&(String, u64)> = values.iter().take(500).collect();
        let mut open: BTreeSet<usize> = (0..values.len()).collect();
        let mut reads: Vec<(&str, BTreeSet<usize>, bool)> = Vec::new();
        for format in FORMATS {
            let Some(probe) = Probe::new(format) else { continue };
            let mut day_only = true;
            let mut set = BTreeSet::new();
            for (i, (text, _)) in values.iter().enumerate() {
                if let Some(timestamp) = probe.reads(text) {
                    day_only &= timestamp.day_only;
                    set.insert(i);
                }
            }
            if !set.is_empty() {
                reads.push((format, set, day_only));
            }
        }
        let mut out = Self { formats: Vec::new(), read: 0, day_only: true, ambiguous: false };
        while let Some((format, set, day_only)) = best(&reads, &open) {
            let swapped = reads.iter().find(|(other, ..)| *other != format && swap(other) == swap(format));
            out.ambiguous |= swapped.is_some_and(|(_, other, _)| set.iter().all(|i| other.contains(i)));
            out.day_only &= day_only;
            out.read += open.intersection(&set).map(|i| values[*i].1).sum::<u64>();
            open = open.difference(&set).copied().collect();
            out.formats.push(format.to_owned());
            if out.formats.len() == 4 {
                break;
            }
        }
        out
    }
}

/// The format that reads most of what is open; of equals, the first.
fn best<'f>(reads: &[(&'f str, BTreeSet<usize>, bool)], open: &BTreeSet<usize>) -> Option<(&'f str, BTreeSet<usize>, bool)> {
    let gain = |set: &BTreeSet<usize>| set.intersection(open).count();
    let found = reads.iter().rev().max_by_key(|(_, set, _)| gain(set))?;
    (gain(&found.1) > 0).then(|| found.clone())
}

/// The same text for two formats that differ in the order of day and month alone.
fn swap(format: &str) -> String {
    format.replace("%d", "%m")
}

/// Which sign separates decimals, and whether there are values that could be read both ways.
fn convention(values: &[(String, u64)]) -> (Option<DecimalMark>, bool) {
    let (mut point, mut comma, mut both) = (false, false, false);
    for (text, _) in values {
        let read = |mark| numbers::read(text, mark).ok();
        match (read(DecimalMark::Point), read(DecimalMark::Comma)) {
            (Some(_), None) => point = true,
            (None, Some(_)) => comma = true,
            (Some(a), Some(b)) => both |= a != b,
            (None, None) => {}
        }
    }
    match (point, comma) {
        (true, false) => (Some(DecimalMark::Point), false),
        (false, true) => (Some(DecimalMark::Comma), false),
        (true, true) => (Some(DecimalMark::Auto), both),
        (false, false) => (None, both),
    }
}

/// Smallest and largest value.
pub(crate) fn bounds(values: &[(String, u64)], numeric: bool) -> (Option<Json>, Option<Json>) {
    if !numeric {
        let texts = || values.iter().map(|(text, _)| text.as_str());
        return (texts().min().map(Json::from), texts().max().map(Json::from));
    }
    let mut numbers: Vec<(f64, Json)> = values
        .iter()
        .filter_map(|(text, _)| match canonical::number(text.trim())? {
            Canonical::Integer(n) => Some((n as f64, Json::from(n))),
            Canonical::Number(n) => Some((n, Json::from(n))),
        })
        .collect();
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    (numbers.first().map(|(_, n)| n.clone()), numbers.last().map(|(_, n)| n.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Guess {
        let values: Vec<(String, u64)> = texts.iter().map(|t| ((*t).to_owned(), 1)).collect();
        column(&values, 0, 0)
    }

    #[test]
    fn kinds() {
        let kind = |texts: &[&str]| of(texts).kind;
        assert_eq!(kind(&[]), Kind::Empty);
        assert_eq!(kind(&["1", "0"]), Kind::Integer);
        assert_eq!(kind(&["1", "0.5"]), Kind::Number);
        assert_eq!(kind(&["yes", "No"]), Kind::Boolean);
        assert_eq!(kind(&["$1,200", "86k", "$53K-$91K"]), Kind::WrittenNumber);
        assert_eq!(kind(&["2024-03-01", "2024-03-02"]), Kind::Date);
        assert_eq!(kind(&["2024-03-01T10:00:00Z", "2024-03-02"]), Kind::DateTime);
        assert_eq!(kind(&["[1]", "[]"]), Kind::List);
        assert_eq!(kind(&["{\"a\": 1}"]), Kind::Object);
        assert_eq!(kind(&["a", "1"]), Kind::Text);
        assert_eq!(kind(&["1", "2", "3", "4", "5", "6", "oops"]), Kind::Integer);
    }

    #[test]
    fn the_rest_of_the_column_tells_the_decimal_sign() {
        assert_eq!(of(&["1,234", "1,234.5"]).decimal, Some(DecimalMark::Point));
        assert_eq!(of(&["1.234", "1,5"]).decimal, Some(DecimalMark::Comma));
        assert_eq!(of(&["1,234,567.5", "1,5"]).decimal, Some(DecimalMark::Auto));
        let unknown = of(&["1,234", "$5,678"]);
        assert_eq!((unknown.decimal, unknown.decimal_ambiguous), (None, true));
    }

    #[test]
    fn the_rest_of_the_column_tells_day_and_month() {
        let german = of(&["01.02.2024", "13.02.2024"]);
        assert_eq!((german.date_formats, german.date_ambiguous), (vec!["%d.%m.%Y".to_owned()], false));
        assert_eq!(of(&["01/02/2024", "13/02/2024"]).date_formats, ["%d/%m/%Y"]);
        assert_eq!(of(&["01/02/2024", "02/13/2024"]).date_formats, ["%m/%d/%Y"]);
        assert!(of(&["01/02/2024", "03/04/2024"]).date_ambiguous);
        assert_eq!(of(&["2024-01-01", "March 1, 2024", "2024-01-02"]).date_formats, ["iso", "%B %d, %Y"]);
    }
}
