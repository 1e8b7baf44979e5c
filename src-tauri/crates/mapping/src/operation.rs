//! One compiled step.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::calculate::Calculation;
use crate::casts;
use crate::columns::path;
use crate::dates::{Dates, Zone};
use crate::durations::Durations;
use crate::error::MappingError;
use crate::lists;
use crate::number_step::Numbers;
use crate::patterns::{Extract, Replace};
use crate::slot::Slot;
use crate::steps::{CaseKind, CastTo, DecimalMark, FlattenStep, NoMatch, SplitStep, Step, TrimKind, UnknownValue};
use crate::target::Target;
use crate::text;
use crate::words::{Booleans, Lookup};

#[derive(Debug)]
pub(crate) enum Op {
    Trim(TrimKind),
    Case(CaseKind),
    Number(Box<Numbers>),
    Calculate(Box<Calculation>),
    Duration(Durations),
    Date(Box<Dates>),
    Boolean(Box<Booleans>),
    Extract(Box<Extract>),
    Replace(Box<Replace>),
    Split(Box<SplitStep>),
    Lookup(Box<Lookup>),
    Cast(CastTo),
    Pick(Vec<String>),
    Flatten(FlattenStep),
}

/// What the steps of a mapping fall back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults {
    pub mark: DecimalMark,
    pub zone: Zone,
}

/// What a step made of a value.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    Value(Slot<'a>),
    /// Each of them goes through the rest of the steps; the same items once if `unique`.
    Items(Vec<Slot<'a>>, bool),
    /// A value here, and values for the further targets of a range.
    Range(Slot<'a>, Vec<(&'a Target, Json)>),
}

/// Why a value could not be transformed, to follow the name of its column.
pub(crate) type Reason = &'static str;

impl Op {
    pub fn new(step: &Step, defaults: Defaults) -> Result<Self, MappingError> {
        let op = match step {
            Step::Trim(kind) => Ok(Self::Trim(*kind)),
            Step::Case(kind) => Ok(Self::Case(*kind)),
            Step::Number(step) => Numbers::new(step, defaults.mark).map(|n| Self::Number(Box::new(n))),
            Step::Calculate(step) => Calculation::new(step).map(|c| Self::Calculate(Box::new(c))),
            Step::Duration(step) => Ok(Self::Duration(Durations::new(step))),
            Step::Date(step) => Dates::new(step, defaults.zone).map(|d| Self::Date(Box::new(d))),
            Step::Boolean(step) => Booleans::new(step).map(|b| Self::Boolean(Box::new(b))),
            Step::Extract(step) => Extract::new(step).map(|e| Self::Extract(Box::new(e))),
            Step::Replace(step) => Replace::new(step).map(|r| Self::Replace(Box::new(r))),
            Step::Split(step) if step.separator.is_empty() => Err(MappingError::new("/separator", "The separator is empty.")),
            Step::Split(step) => Ok(Self::Split(Box::new(step.clone()))),
            Step::Lookup(step) => Lookup::new(step).map(|l| Self::Lookup(Box::new(l))),
            Step::Cast(to) => Ok(Self::Cast(*to)),
            Step::Pick(text) => path(text).map(Self::Pick),
            Step::Flatten(step) => Ok(Self::Flatten(step.clone())),
        };
        op.map_err(|e| e.within(&format!("/{}", step.name())))
    }

    /// The rule of violations.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Trim(_) => "mapping.trim",
            Self::Case(_) => "mapping.case",
            Self::Number(_) => "mapping.number",
            Self::Calculate(_) => "mapping.calculate",
            Self::Duration(_) => "mapping.duration",
            Self::Date(_) => "mapping.date",
            Self::Boolean(_) => "mapping.boolean",
            Self::Extract(_) => "mapping.extract",
            Self::Replace(_) => "mapping.replace",
            Self::Split(_) => "mapping.split",
            Self::Lookup(_) => "mapping.lookup",
            Self::Cast(_) => "mapping.cast",
            Self::Pick(_) => "mapping.pick",
            Self::Flatten(_) => "mapping.flatten",
        }
    }

    /// On a list, the step works on each item. The others take a list as a whole.
    pub fn is_itemwise(&self) -> bool {
        !matches!(self, Self::Pick(_) | Self::Flatten(_) | Self::Cast(CastTo::Json))
    }

    pub fn apply<'a>(&'a self, slot: Slot<'a>) -> Result<Outcome<'a>, Reason> {
        Ok(Outcome::Value(match self {
            Self::Trim(kind) => on_text(slot, |t| text::trim(*kind, t)),
            Self::Case(kind) => on_text(slot, |t| text::case(*kind, t)),
            Self::Number(numbers) => return numbers.apply(slot),
            Self::Calculate(calculation) => calculation.apply(slot)?,
            Self::Duration(durations) => durations.read(slot)?,
            Self::Date(dates) => dates.read(&slot).map(Slot::typed).map_err(|e| e.reason())?,
            Self::Boolean(words) => boolean(words, slot)?,
            Self::Extract(extract) => extracted(extract, slot)?,
            Self::Replace(replace) => Slot::Text(replace.apply(to_text(slot, "is not a text in which something could be replaced")?)),
            Self::Split(step) => {
                let text = to_text(slot, "is not a text that could be split")?;
                return Ok(Outcome::Items(lists::split(step, text), step.unique));
            }
            Self::Lookup(lookup) => looked_up(lookup, slot)?,
            Self::Cast(to) => casts::cast(*to, slot)?,
            Self::Pick(path) => match slot {
                Slot::Json(value) => lists::pick(value, path),
                _ => return Err("is not an object or list to pick from"),
            },
            Self::Flatten(step) => match &slot {
                Slot::Json(value) => match value.as_object() {
                    Some(object) => Slot::typed(Json::Object(lists::flatten(step, object))),
                    None => return Err("is not an object that could be flattened"),
                },
                _ => return Err("is not an object that could be flattened"),
            },
        }))
    }
}

/// Numbers, dates and truth values have no white space and no case.
fn on_text<'a>(slot: Slot<'a>, change: impl FnOnce(Cow<'a, str>) -> Cow<'a, str>) -> Slot<'a> {
    match slot {
        Slot::Text(text) => Slot::Text(change(text)),
        other => other,
    }
}

fn to_text<'a>(slot: Slot<'a>, reason: Reason) -> Result<Cow<'a, str>, Reason> {
    match slot {
        Slot::Text(text) => Ok(text),
        Slot::DateTime(text) => Ok(Cow::Borrowed(text)),
        other => other.as_text().map(|text| Cow::Owned(text.into_owned())).ok_or(reason),
    }
}

fn boolean<'a>(words: &Booleans, slot: Slot<'a>) -> Result<Slot<'a>, Reason> {
    if let Slot::Bool(_) = slot {
        return Ok(slot);
    }
    slot.as_text().and_then(|text| words.read(&text)).map(Slot::Bool).ok_or("holds no word that means true or false")
}

fn extracted<'a>(extract: &Extract, slot: Slot<'a>) -> Result<Slot<'a>, Reason> {
    let before = (extract.otherwise == NoMatch::Keep).then(|| slot.clone());
    match (extract.apply(to_text(slot, "is not a text in which something could be found")?), extract.otherwise) {
        (Some(found), _) => Ok(found),
        (None, NoMatch::Absent) => Ok(Slot::Missing),
        (None, NoMatch::Keep) => Ok(before.unwrap_or(Slot::Missing)),
        (None, NoMatch::Error) => Err("does not have the form that the mapping looks for"),
    }
}

fn looked_up<'a>(lookup: &'a Lookup, slot: Slot<'a>) -> Result<Slot<'a>, Reason> {
    if let Some(found) = slot.as_text().and_then(|text| lookup.get(&text)) {
        return Ok(Slot::Json(Cow::Borrowed(found)));
    }
    match lookup.unknown {
        UnknownValue::Keep => Ok(slot),
        UnknownValue::Absent => Ok(Slot::Missing),
        UnknownValue::Error => Err("holds a value that is not in the lookup table"),
    }
}
