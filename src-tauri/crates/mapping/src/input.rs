//! One source row as the engine sees it.

use std::borrow::Cow;

use serde_json::Value as Json;

/// A row: cells that go with the header given to [`compile`](crate::compile), or a JSON object.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    Cells(&'a [Cell<'a>]),
    Json(&'a Json),
}

/// One cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    Number(f64),
    Integer(i64),
    Bool(bool),
    /// RFC 3339, or the same without an offset where the source knows none.
    DateTime(String),
    /// A value that the source already holds typed, as relaxed Extended JSON.
    Json(Json),
}

impl<'a> Cell<'a> {
    /// A text cell; empty text is an empty cell.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }
}
