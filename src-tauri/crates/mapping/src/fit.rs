//! Fitting table cells to the schema, which every rule for a table does at its end unless a step has given a type.
//!
//! Only canonical text changes its type. All other text stays as it is: the check against the schema then reports it.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::canonical::{self, Canonical};
use crate::casts::of_canonical;
use crate::shape::{Shape, shape_of};
use crate::slot::Slot;
use crate::types::ColumnType;

/// The types that a place takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fit {
    free: bool,
    text: bool,
    integer: bool,
    number: bool,
    boolean: bool,
    object: bool,
    /// The place wants a day without a time.
    day: bool,
    list: Option<Box<ListFit>>,
}

#[derive(Debug, Clone, PartialEq)]
struct ListFit {
    /// Which of these occurs first in a text separates its items; a text without any is a list of one.
    separators: Vec<String>,
    item: Fit,
}

impl Fit {
    /// For places that no schema describes: what the source says, and of texts what all cells of the column allow.
    pub fn free() -> Self {
        Self { free: true, ..Self::of_column(ColumnType::Text) }
    }

    /// For the cells of a column of this type.
    pub fn of_column(kind: ColumnType) -> Self {
        let (number, boolean) = (kind == ColumnType::Number, kind == ColumnType::Boolean);
        Self { free: false, text: kind == ColumnType::Text, integer: number, number, boolean, object: false, day: false, list: None }
    }

    /// No schema describes the place.
    pub fn is_free(&self) -> bool {
        self.free
    }

    /// For a place in a schema. `separator` is what the pack says of lists in a cell.
    pub fn new(shape: &Shape<'_>, root: &Json, separator: Option<&str>) -> Self {
        if !shape.known {
            return Self::free();
        }
        let separators = match separator {
            Some(one) => vec![one.to_owned()],
            None => vec![";".to_owned(), "|".to_owned()],
        };
        let list = shape.list.then(|| {
            let item = shape.items.map_or_else(Self::free, |items| Self::new(&shape_of(root, items), root, separator));
            Box::new(ListFit { separators, item })
        });
        Self {
            free: false,
            text: shape.text,
            integer: shape.integer,
            number: shape.number,
            boolean: shape.boolean,
            object: shape.object,
            day: shape.text && shape.format == "date",
            list,
        }
    }

    /// The type that one item of a list gets.
    pub fn item(&self) -> &Self {
        self.list.as_ref().map_or(self, |list| &list.item)
    }

    /// A text stays as it is.
    pub fn takes_text(&self) -> bool {
        self.text
    }

    pub fn apply<'a>(&self, slot: Slot<'a>) -> Slot<'a> {
        match slot {
            Slot::Text(text) => self.text(text),
            Slot::DateTime(text) if self.day => midnight(text).map_or(Slot::DateTime(text), |day| Slot::Text(Cow::Borrowed(day))),
            Slot::Number(n) => self.number(n),
            Slot::Integer(n) if self.only_text() => Slot::Text(Cow::Owned(n.to_string())),
            Slot::Bool(b) if self.only_text() => Slot::Text(Cow::Borrowed(if b { "true" } else { "false" })),
            other => other,
        }
    }

    fn only_text(&self) -> bool {
        !self.free && self.text && !self.integer && !self.number && !self.boolean
    }

    /// Spreadsheets hold every number as a double, ids and years too.
    fn number<'a>(&self, n: f64) -> Slot<'a> {
        if self.only_text() {
            return Slot::Text(Cow::Owned(n.to_string()));
        }
        let whole = n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0;
        if (self.integer || self.free) && whole { Slot::Integer(n as i64) } else { Slot::Number(n) }
    }

    fn text<'a>(&self, text: Cow<'a, str>) -> Slot<'a> {
        if self.text {
            return Slot::Text(text);
        }
        self.typed(text.trim()).unwrap_or(Slot::Text(text))
    }

    fn typed<'a>(&self, text: &str) -> Option<Slot<'a>> {
        let first = *text.as_bytes().first()?;
        if first == b'{' && self.object {
            return serde_json::from_str(text).ok().filter(Json::is_object).map(Slot::typed);
        }
        if let Some(list) = &self.list {
            return list.of(text);
        }
        if first == b'-' || first.is_ascii_digit() {
            return match canonical::number(text) {
                Some(Canonical::Integer(_)) if !self.integer && !self.number => None,
                Some(Canonical::Number(_)) if !self.number => None,
                Some(number) => Some(of_canonical(number)),
                None if self.number => canonical::decimal(text).or_else(|| canonical::exported(text)).map(Slot::typed),
                None if self.integer => canonical::decimal(text).map(Slot::typed),
                None => None,
            };
        }
        match text {
            "true" | "TRUE" if self.boolean => Some(Slot::Bool(true)),
            "false" | "FALSE" if self.boolean => Some(Slot::Bool(false)),
            _ => None,
        }
    }
}

impl ListFit {
    fn of<'a>(&self, text: &str) -> Option<Slot<'a>> {
        if text.starts_with('[')
            && let Ok(list @ Json::Array(_)) = serde_json::from_str(text)
        {
            return Some(Slot::typed(list));
        }
        let separator = self.separators.iter().filter_map(|s| text.find(s.as_str()).map(|at| (at, s))).min();
        let parts: Vec<&str> = match separator {
            Some((_, separator)) => text.split(separator.as_str()).map(str::trim).filter(|part| !part.is_empty()).collect(),
            None => vec![text],
        };
        // Separators alone are no list: the text stays, so that someone sees it.
        (!parts.is_empty()).then(|| {
            let item = |part: &str| self.item.apply(Slot::Text(Cow::Borrowed(part))).into_json();
            Slot::typed(Json::Array(parts.into_iter().filter_map(item).collect()))
        })
    }
}

/// The day of RFC 3339 text at midnight.
fn midnight(text: &str) -> Option<&str> {
    let (day, time) = text.split_once(['T', ' '])?;
    let clock = time.trim_end_matches(['Z', 'z']);
    let zero = clock.strip_prefix("00:00").is_some_and(|rest| rest.bytes().all(|b| matches!(b, b'0' | b':' | b'.')));
    zero.then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fitted(schema: Json, separator: Option<&str>, text: &str) -> Json {
        Fit::new(&shape_of(&schema, &schema), &schema, separator).apply(Slot::Text(text.into())).into_json().unwrap()
    }

    #[test]
    fn canonical_text_takes_the_type_of_the_schema() {
        assert_eq!(fitted(json!({"type": "integer"}), None, " 45 "), json!(45));
        assert_eq!(fitted(json!({"type": "integer"}), None, "45.0"), json!("45.0"));
        assert_eq!(fitted(json!({"type": ["number", "null"]}), None, "0.5"), json!(0.5));
        assert_eq!(fitted(json!({"type": "number"}), None, " $5 "), json!(" $5 "));
        assert_eq!(fitted(json!({"type": "boolean"}), None, "true"), json!(true));
        assert_eq!(fitted(json!({"type": "boolean"}), None, "TRUE"), json!(true));
        assert_eq!(fitted(json!({"type": ["string", "number"]}), None, "45"), json!("45"));
        assert_eq!(fitted(json!({"type": "boolean"}), None, "True"), json!("True"));
        // What no double holds keeps its digits.
        assert_eq!(fitted(json!({"type": "integer"}), None, "12345678901234567890"), json!({"$numberDecimal": "12345678901234567890"}));
        assert_eq!(fitted(json!({"type": "number"}), None, "0.1234567890123456789"), json!({"$numberDecimal": "0.1234567890123456789"}));
        assert_eq!(fitted(json!({"type": "number"}), None, "1.10"), json!(1.1));
        assert_eq!(fitted(json!({"type": "number"}), None, "007"), json!("007"));
        // Without a schema a text is a text until all cells of its column are known.
        assert_eq!(fitted(json!({}), None, "45"), json!("45"));
        assert_eq!(Fit::of_column(ColumnType::Number).apply(Slot::Text("45".into())).into_json(), Some(json!(45)));
    }

    #[test]
    fn lists_are_json_or_separated() {
        let list = || json!({"type": "array", "items": {"type": "string"}});
        assert_eq!(fitted(list(), None, "[\"a\", \"b;c\"]"), json!(["a", "b;c"]));
        assert_eq!(fitted(list(), None, "a; b|c"), json!(["a", "b|c"]));
        assert_eq!(fitted(list(), Some(","), "a, b;c,"), json!(["a", "b;c"]));
        assert_eq!(fitted(list(), None, "Python"), json!(["Python"]));
        assert_eq!(fitted(list(), None, " ; ;"), json!(" ; ;"));
        assert_eq!(fitted(json!({"type": "array", "items": {"type": "integer"}}), None, "1;2;x"), json!([1, 2, "x"]));
    }

    #[test]
    fn objects_are_json() {
        assert_eq!(fitted(json!({"type": "object"}), None, "{\"a\": 1}"), json!({"a": 1}));
        assert_eq!(fitted(json!({"type": "object"}), None, "{a"), json!("{a"));
    }

    #[test]
    fn typed_cells_follow_the_schema_where_nothing_is_lost() {
        let fit = |schema: Json, slot: Slot<'static>| Fit::new(&shape_of(&schema, &schema), &schema, None).apply(slot).into_json().unwrap();
        assert_eq!(fit(json!({"type": "string"}), Slot::Number(45.0)), json!("45"));
        assert_eq!(fit(json!({"type": "integer"}), Slot::Number(45.0)), json!(45));
        assert_eq!(fit(json!({"type": "integer"}), Slot::Number(45.5)), json!(45.5));
        assert_eq!(fit(json!({"type": "string", "format": "date"}), Slot::DateTime("2024-03-01T00:00:00Z")), json!("2024-03-01"));
        assert_eq!(fit(json!({"type": "string", "format": "date"}), Slot::DateTime("2024-03-01T10:00:00Z")), json!("2024-03-01T10:00:00Z"));
    }
}
