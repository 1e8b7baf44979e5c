//! How well a column fits a field: by their names, and by what the column holds.

use serde_json::Value as Json;
use steward_schema::Pack;

use crate::dates::iso;
use crate::guess::weighted;
use crate::names::{Name, fold};
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

/// A field with all that comparing it with a column takes, made once for all columns.
pub(crate) struct Candidate<'p> {
    pub place: &'p Place<'p>,
    /// Names of columns that the schema lists for it.
    listed: Vec<String>,
    spoken: Name,
    last: Name,
    title: Name,
    pattern: Option<regex::Regex>,
    choices: Vec<Choice<'p>>,
}

impl<'p> Candidate<'p> {
    pub fn new(place: &'p Place<'p>, pack: &Pack) -> Self {
        let path = place.path.join(".");
        let listed = pack.steward.columns.get(&path).map(|c| c.names.iter().map(|name| fold(name)).collect());
        Self {
            place,
            choices: Choice::all(&place.shape),
            listed: listed.unwrap_or_default(),
            spoken: Name::new(&path.replace('.', " ")),
            last: Name::new(place.path.last().map(String::as_str).unwrap_or_default()),
            title: Name::new(place.shape.title),
            pattern: Some(place.shape.pattern).filter(|p| !p.is_empty()).and_then(|p| patterns::compile(p).ok()),
        }
    }
}

/// `called` is the column's name.
pub(crate) fn validate(column: &ColumnProfile, called: &Name, candidate: &Candidate<'_>) -> Option<Match> {
    let place = candidate.place;
    let (name, why) = by_name(called, candidate);
    let values = by_values(column, candidate);
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

fn by_name(called: &Name, candidate: &Candidate<'_>) -> (f64, &'static str) {
    if candidate.listed.iter().any(|listed| called.is(listed)) {
        return (1.0, "The schema names this column");
    }
    // Inner names such as "min" mean little alone.
    let inner = if candidate.place.path.len() > 1 { 0.7 } else { 1.0 };
    let score = called
        .similarity(&candidate.spoken)
        .max(called.similarity(&candidate.last) * inner)
        .max(called.similarity(&candidate.title) * inner);
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

fn by_values(column: &ColumnProfile, candidate: &Candidate<'_>) -> Values {
    let shape = &candidate.place.shape;
    let total: u64 = column.values.iter().map(|(_, n)| n).sum();
    if total == 0 {
        return Values::None;
    }
    let share = |fits: &dyn Fn(&str) -> bool| Values::Counted(weighted(&column.values, fits) as f64 / total as f64);
    let only = |kind: Kind| Values::Counted(if column.kind == kind { column.share } else { 0.0 });
    if shape.text && !shape.choices.is_empty() {
        return share(&|text| choice_among(&candidate.choices, text).is_some());
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
        _ => match &candidate.pattern {
            Some(regex) => share(&|text| regex.is_match(text.trim())),
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
    choice_among(&Choice::all(shape), text)
}

/// An allowed value, and its letters and digits alone.
pub(crate) struct Choice<'p> {
    value: &'p str,
    plain: String,
}

impl<'p> Choice<'p> {
    fn all(shape: &Shape<'p>) -> Vec<Self> {
        shape.choices.iter().filter_map(|c| c.as_str()).map(|value| Self { value, plain: plain(value) }).collect()
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn choice_among<'p>(choices: &[Choice<'p>], text: &str) -> Option<&'p str> {
    let wanted = plain(text);
    // Longer than any choice, and comparing takes the product of both lengths.
    if wanted.is_empty() || wanted.len() > 1_000 {
        return None;
    }
    let long = |choice: &&Choice<'p>| choice.plain.len() > 5;
    let found = choices
        .iter()
        .find(|choice| choice.plain == wanted)
        .or_else(|| choices.iter().filter(long).find(|choice| strsim::jaro_winkler(&choice.plain, &wanted) > 0.93))
        // "Bachelor's degree"
        .or_else(|| choices.iter().filter(long).find(|choice| wanted.starts_with(&choice.plain)));
    found.map(|choice| choice.value)
}

/// RFC 3339 in full, as schemas want it.
pub(crate) fn is_rfc3339(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T') && text.len() >= 20 && iso(text).is_some_and(|m| m.offset.is_some())
}
