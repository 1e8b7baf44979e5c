//! How well a column fits a field: by their names, and by what the column holds.

use serde_json::Value as Json;
use steward_schema::Pack;

use crate::dates::iso;
use crate::guess::weighted;
use crate::names::{fold, similarity};
use crate::patterns;
use crate::profile::{ColumnProfile, Kind};
use crate::shape::{Place, Shape};

/// 0 to 1, with the sentence that says why.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub confidence: f64,
    pub reason: String,
}

/// Below this a match is not worth showing.
const ENOUGH: f64 = 0.55;

pub(crate) fn judge(column: &ColumnProfile, place: &Place<'_>, pack: &Pack) -> Option<Match> {
    let (name, why) = by_name(column, place, pack);
    let values = by_values(column, &place.shape);
    let mut confidence = 0.7 * name + 0.3 * values.score();
    // A column that is called like the field is that field, however its values are written.
    if values.score() < 0.2 && name < 0.95 {
        confidence *= 0.6;
    }
    // Values that only one kind of field has speak for themselves.
    if name < 0.5 && matches!(values, Values::Counted(share) if share >= 0.95) && is_telling(&place.shape) {
        confidence = confidence.max(0.56);
    }
    let confidence = (confidence * 100.0).round() / 100.0;
    (confidence >= ENOUGH).then(|| Match { confidence, reason: format!("{why}; {}.", values.words()) })
}

/// What the values say about a match.
#[derive(Debug, Clone, Copy)]
enum Values {
    /// The share of the values that the field takes, cleaned where steps can do that.
    Counted(f64),
    /// The field takes many kinds of values; this is how usual the column's is.
    Kind(f64),
    None,
}

impl Values {
    fn score(self) -> f64 {
        match self {
            Self::Counted(share) | Self::Kind(share) => share,
            Self::None => 0.6,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Counted(share) => format!("{} of the values fit", percent(share)),
            Self::Kind(usual) if usual >= 0.6 => "the values are of the right kind".to_owned(),
            Self::Kind(_) => "the values are of another kind".to_owned(),
            Self::None => "there are no values to compare".to_owned(),
        }
    }
}

fn percent(share: f64) -> String {
    match (share * 100.0).round() as u64 {
        0 => "none".to_owned(),
        100 => "all".to_owned(),
        percent => format!("{percent} %"),
    }
}

fn by_name(column: &ColumnProfile, place: &Place<'_>, pack: &Pack) -> (f64, &'static str) {
    let path = place.path.join(".");
    let listed = pack.steward.columns.get(&path).is_some_and(|c| c.names.iter().any(|n| fold(n) == fold(&column.name)));
    if listed {
        return (1.0, "The schema names this column");
    }
    let last = place.path.last().map(String::as_str).unwrap_or_default();
    let spoken = path.replace('.', " ");
    // Inner names such as "min" mean little alone.
    let inner = if place.path.len() > 1 { 0.7 } else { 1.0 };
    let score = similarity(&column.name, &spoken)
        .max(similarity(&column.name, last) * inner)
        .max(similarity(&column.name, place.shape.title) * inner);
    let why = match score {
        s if s >= 1.0 => "The names are the same",
        s if s >= 0.6 => "The names are alike",
        _ => "The names differ",
    };
    (score, why)
}

/// Formats and choices that few other fields have.
fn is_telling(shape: &Shape<'_>) -> bool {
    matches!(shape.format, "uuid" | "email" | "uri") || (shape.choices.len() > 1 && shape.text)
}

fn by_values(column: &ColumnProfile, shape: &Shape<'_>) -> Values {
    let total: u64 = column.values.iter().map(|(_, n)| n).sum();
    if total == 0 {
        return Values::None;
    }
    let share = |fits: &dyn Fn(&str) -> bool| Values::Counted(weighted(&column.values, fits) as f64 / total as f64);
    let only = |kind: Kind| Values::Counted(if column.kind == kind { column.share } else { 0.0 });
    if shape.text && !shape.choices.is_empty() {
        return share(&|text| choice(shape, text).is_some());
    }
    if shape.integer || shape.number {
        let numeric = matches!(column.kind, Kind::Integer | Kind::Number | Kind::WrittenNumber);
        return Values::Counted(if numeric { within(column, shape) } else { 0.0 });
    }
    match (shape.boolean, shape.list, shape.object) {
        (true, ..) => return only(Kind::Boolean),
        // Any text can be a list of one.
        (_, true, _) if column.kind != Kind::List => return Values::Kind(0.7),
        (_, true, _) => return only(Kind::List),
        (.., true) => return only(Kind::Object),
        _ => {}
    }
    match shape.format {
        "date-time" | "date" => match column.kind {
            Kind::Date | Kind::DateTime => Values::Counted(column.share),
            Kind::Integer => Values::Kind(0.4),
            _ => Values::Counted(0.0),
        },
        "uuid" => share(&is_uuid),
        "email" => share(&|text| text.trim().split_once('@').is_some_and(|(a, b)| !a.is_empty() && b.contains('.') && !b.contains(' '))),
        "uri" => share(&|text| text.contains("://")),
        _ => match patterns::compile(shape.pattern) {
            Ok(regex) if !shape.pattern.is_empty() => share(&|text| regex.is_match(text.trim())),
            // Any text will do, but a column of numbers or dates hardly is one.
            _ => Values::Kind(if column.kind == Kind::Text { 0.8 } else { 0.4 }),
        },
    }
}

/// A field with bounds does not take all numbers.
fn within(column: &ColumnProfile, shape: &Shape<'_>) -> f64 {
    let bound = |value: &Option<Json>| value.as_ref().and_then(Json::as_f64);
    let low = bound(&column.min).zip(shape.minimum).is_none_or(|(found, least)| found >= least);
    let high = bound(&column.max).zip(shape.maximum).is_none_or(|(found, most)| found <= most);
    if low && high { column.share } else { 0.5 }
}

pub(crate) fn is_uuid(text: &str) -> bool {
    let text = text.trim();
    text.len() == 36 && text.bytes().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}

/// The allowed value that a text means: the same but for case and punctuation, or very near.
pub(crate) fn choice<'p>(shape: &Shape<'p>, text: &str) -> Option<&'p str> {
    let plain = |t: &str| t.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = plain(text);
    // Longer than any choice, and comparing takes the product of both lengths.
    if wanted.is_empty() || wanted.len() > 1_000 {
        return None;
    }
    let choices = || shape.choices.iter().filter_map(|c| c.as_str());
    choices()
        .find(|c| plain(c) == wanted)
        .or_else(|| choices().find(|c| plain(c).len() > 5 && strsim::jaro_winkler(&plain(c), &wanted) > 0.93))
        // "Bachelor's degree"
        .or_else(|| choices().find(|c| plain(c).len() > 5 && wanted.starts_with(&plain(c))))
}

/// RFC 3339 in full, as schemas want it.
pub(crate) fn is_rfc3339(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T') && text.len() >= 20 && iso(text).is_some_and(|m| m.offset.is_some())
}
