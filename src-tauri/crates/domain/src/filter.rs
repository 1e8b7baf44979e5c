//! The one typed filter. Adapters translate it; `matching` is its reference meaning, `filter_text` its written form.
//!
//! The meaning follows MongoDB: a comparison on a list matches when any element matches, comparisons stay within
//! one type bracket (a number never equals a text), and `ne`/`not` also match records without the field.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{FieldPath, Value};

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Comparison {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
}

/// Value types a filter can ask for; `number` is any numeric BSON type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TypeName {
    String,
    Number,
    Bool,
    Date,
    ObjectId,
    Array,
    Object,
    Binary,
    Null,
}

/// A condition on records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "op", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Filter {
    And {
        all: Vec<Filter>,
    },
    Or {
        any: Vec<Filter>,
    },
    Not {
        not: Box<Filter>,
    },
    /// What people type to find records: every term of it fits by an index ([`crate::search`]). A term fits where its words are in
    /// the text index, where the key or another indexed field begins with it, or where an indexed field is that number. Some
    /// stores find more: the beginnings of words, and any part of a key. Only at the top or inside `and`.
    Text {
        text: String,
    },
    Compare {
        field: FieldPath,
        cmp: Comparison,
        value: Value,
    },
    In {
        field: FieldPath,
        values: Vec<Value>,
    },
    /// The field is there, whatever its value (null included).
    Exists {
        field: FieldPath,
        exists: bool,
    },
    /// The field is there and null.
    IsNull {
        field: FieldPath,
    },
    /// Missing, null, blank text, empty list or empty object.
    Blank {
        field: FieldPath,
    },
    /// Rust/PCRE-common regular expression, unanchored.
    Regex {
        field: FieldPath,
        pattern: String,
        ignore_case: bool,
    },
    /// The text occurs literally.
    Contains {
        field: FieldPath,
        text: String,
        ignore_case: bool,
    },
    StartsWith {
        field: FieldPath,
        text: String,
        ignore_case: bool,
    },
    IsType {
        field: FieldPath,
        of: TypeName,
    },
}

impl Filter {
    /// Matches everything.
    pub fn all() -> Self {
        Self::And { all: Vec::new() }
    }

    pub fn is_all(&self) -> bool {
        matches!(self, Self::And { all } if all.is_empty())
    }

    pub fn eq(field: impl Into<String>, value: impl Into<bson::Bson>) -> Self {
        Self::Compare { field: FieldPath::new(field), cmp: Comparison::Eq, value: Value(value.into()) }
    }

    /// Both must hold; flattens so that adapters see one list.
    pub fn and(self, other: Self) -> Self {
        let mut all = match self {
            Self::And { all } => all,
            one => vec![one],
        };
        match other {
            Self::And { all: more } => all.extend(more),
            one => all.push(one),
        }
        if all.len() == 1 { all.remove(0) } else { Self::And { all } }
    }

    /// Takes the text searches of the top conjunction out: (their words joined, what is left).
    pub fn split_text(&self) -> (Option<String>, Filter) {
        match self {
            Self::Text { text } => (Some(text.clone()), Self::all()),
            Self::And { all } => {
                let (texts, rest): (Vec<&Filter>, Vec<&Filter>) = all.iter().partition(|f| matches!(f, Self::Text { .. }));
                let words: Vec<&str> = texts
                    .iter()
                    .filter_map(|f| match f {
                        Self::Text { text } => Some(text.as_str()),
                        _ => None,
                    })
                    .collect();
                let text = (!words.is_empty()).then(|| words.join(" "));
                (text, Self::And { all: rest.into_iter().cloned().collect() })
            }
            other => (None, other.clone()),
        }
    }

    /// A text search is somewhere below `or` or `not`, where no adapter can serve it.
    pub fn has_nested_text(&self) -> bool {
        let (_, rest) = self.split_text();
        rest.contains_text()
    }

    fn contains_text(&self) -> bool {
        match self {
            Self::Text { .. } => true,
            Self::And { all: list } | Self::Or { any: list } => list.iter().any(Self::contains_text),
            Self::Not { not } => not.contains_text(),
            Self::Compare { .. }
            | Self::In { .. }
            | Self::Exists { .. }
            | Self::IsNull { .. }
            | Self::Blank { .. }
            | Self::Regex { .. }
            | Self::Contains { .. }
            | Self::StartsWith { .. }
            | Self::IsType { .. } => false,
        }
    }
}

/// The words of a text search: runs of letters and digits, lower case.
pub fn text_words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}
