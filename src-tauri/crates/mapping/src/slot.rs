//! A value on its way through the steps, borrowed from the row for as long as possible.

use std::borrow::Cow;

use serde_json::{Number, Value as Json};

use crate::input::Cell;

#[derive(Debug, Clone)]
pub(crate) enum Slot<'a> {
    Missing,
    /// Text of the source: in tables it may still be fitted to a type at the end.
    Text(Cow<'a, str>),
    /// RFC 3339 text that the source knows to be a date.
    DateTime(&'a str),
    Integer(i64),
    Number(f64),
    Bool(bool),
    /// Null, lists, objects and everything that has its final type.
    Json(Cow<'a, Json>),
}

impl<'a> Slot<'a> {
    pub fn of_cell(cell: &'a Cell<'a>) -> Self {
        match cell {
            Cell::Empty => Self::Missing,
            Cell::Text(text) if text.is_empty() => Self::Missing,
            Cell::Text(text) => Self::Text(Cow::Borrowed(text)),
            Cell::Number(n) => Self::Number(*n),
            Cell::Integer(n) => Self::Integer(*n),
            Cell::Bool(b) => Self::Bool(*b),
            Cell::DateTime(text) => Self::DateTime(text),
            Cell::Json(value) => Self::of_json(value),
        }
    }

    pub fn of_json(value: &'a Json) -> Self {
        match value {
            Json::String(text) => Self::Text(Cow::Borrowed(text)),
            Json::Bool(b) => Self::Bool(*b),
            Json::Number(n) => match (n.as_i64(), n.is_f64()) {
                (Some(i), _) => Self::Integer(i),
                (None, true) => n.as_f64().map_or(Self::Json(Cow::Borrowed(value)), Self::Number),
                (None, false) => Self::Json(Cow::Borrowed(value)),
            },
            Json::Null | Json::Array(_) | Json::Object(_) => Self::Json(Cow::Borrowed(value)),
        }
    }

    /// A value that keeps the type it has.
    pub fn typed(value: Json) -> Self {
        Self::Json(Cow::Owned(value))
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Json(value) if value.is_null())
    }

    pub fn is_list(&self) -> bool {
        matches!(self, Self::Json(value) if value.is_array())
    }

    /// The text of a scalar; `None` for lists, objects, null and what is missing.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::DateTime(text) => Some(Cow::Borrowed(text)),
            Self::Integer(n) => Some(Cow::Owned(n.to_string())),
            Self::Number(n) => Some(Cow::Owned(n.to_string())),
            Self::Bool(b) => Some(Cow::Borrowed(if *b { "true" } else { "false" })),
            Self::Json(value) => match value.as_ref() {
                Json::String(text) => Some(Cow::Borrowed(text)),
                Json::Number(n) => Some(Cow::Owned(n.to_string())),
                Json::Bool(_) | Json::Null | Json::Array(_) | Json::Object(_) => None,
            },
            Self::Missing => None,
        }
    }

    /// The value as it is in a record; `None` when it is missing.
    pub fn into_json(self) -> Option<Json> {
        Some(match self {
            Self::Missing => return None,
            Self::Text(text) => Json::String(text.into_owned()),
            Self::DateTime(text) => Json::String(text.to_owned()),
            Self::Integer(n) => Json::from(n),
            // JSON has no infinity: its name keeps it from being lost.
            Self::Number(n) => Number::from_f64(n).map_or_else(|| Json::String(n.to_string()), Json::Number),
            Self::Bool(b) => Json::Bool(b),
            Self::Json(value) => value.into_owned(),
        })
    }
}
