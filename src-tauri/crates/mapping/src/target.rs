//! Where values go: target paths, conflicts between them, and writing into the record.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::columns::path;
use crate::document::escape;
use crate::error::MappingError;
use crate::lists::is_wrapper;

/// A compiled target. An empty path is the record itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub path: Vec<String>,
    /// RFC 6901.
    pub pointer: String,
}

impl Target {
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let path = if text.is_empty() { Vec::new() } else { path(text)? };
        match path.iter().find(|s| s.starts_with('$') || s.contains('\0')) {
            Some(name) => Err(MappingError::new("", format!("A field cannot be called '{}'.", name.escape_default()))
                .hint("Names must not begin with $ and hold no NUL character.")),
            None => Ok(Self::new(path)),
        }
    }

    pub fn new(path: Vec<String>) -> Self {
        let pointer = path.iter().map(|s| format!("/{}", escape(s))).collect();
        Self { path, pointer }
    }

    /// As documents write it.
    pub fn text(&self) -> String {
        let plain = self.path.iter().all(|s| !s.contains('.')) && self.path.first().is_none_or(|s| !s.starts_with('/'));
        if plain { self.path.join(".") } else { self.pointer.clone() }
    }
}

/// All targets of a mapping, to find two rules that write the same place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken {
    leaf: bool,
    inner: BTreeMap<String, Taken>,
}

/// Why a target is not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clash {
    Twice,
    ValueAndObject,
}

impl Taken {
    /// Takes a target if it is free.
    pub fn take(&mut self, path: &[String]) -> Result<(), Clash> {
        self.check(path)?;
        let leaf = path.iter().fold(self, |node, segment| node.inner.entry(segment.clone()).or_default());
        leaf.leaf = true;
        Ok(())
    }

    /// Whether a target is free.
    pub fn check(&self, path: &[String]) -> Result<(), Clash> {
        let mut node = self;
        for segment in path {
            if node.leaf {
                return Err(Clash::ValueAndObject);
            }
            match node.inner.get(segment) {
                Some(inner) => node = inner,
                None => return Ok(()),
            }
        }
        match node {
            Self { leaf: true, .. } => Err(Clash::Twice),
            Self { inner, .. } if inner.is_empty() => Ok(()),
            _ => Err(Clash::ValueAndObject),
        }
    }
}

impl Clash {
    pub fn error(self, target: &Target) -> MappingError {
        let name = target.text();
        let message = match self {
            Self::Twice => format!("Two rules write '{name}'."),
            Self::ValueAndObject => format!("'{name}' would be both a value and an object."),
        };
        MappingError::new("", message).hint("Give one of them another target, or remove it.")
    }
}

/// Writes a value, making objects on the way; gives it back where something else is in the way.
pub(crate) fn put(record: &mut Map<String, Json>, path: &[String], value: Json) -> Result<(), Json> {
    let Some((last, before)) = path.split_last() else { return Err(value) };
    let mut object = record;
    for segment in before {
        if !object.contains_key(segment) {
            object.insert(segment.clone(), Json::Object(Map::new()));
        }
        match object.get_mut(segment) {
            Some(Json::Object(inner)) => object = inner,
            _ => return Err(value),
        }
    }
    // Rules have targets of their own; only what is kept or spread can meet something.
    match object.insert(last.clone(), value) {
        None => Ok(()),
        Some(earlier) => match object.insert(last.clone(), earlier) {
            Some(value) => Err(value),
            None => Ok(()),
        },
    }
}

/// [`put`] for one field, but two objects become one.
pub(crate) fn merge(record: &mut Map<String, Json>, key: &str, value: Json) -> Result<(), Json> {
    match (record.get_mut(key), value) {
        (None, value) => {
            record.insert(key.to_owned(), value);
            Ok(())
        }
        (Some(Json::Object(there)), Json::Object(value)) if !is_wrapper(there) && !is_wrapper(&value) => {
            let mut left = Map::new();
            for (key, value) in value {
                if let Err(value) = merge(there, &key, value) {
                    left.insert(key, value);
                }
            }
            if left.is_empty() { Ok(()) } else { Err(Json::Object(left)) }
        }
        (Some(_), value) => Err(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(text: &str) -> Vec<String> {
        path(text).unwrap()
    }

    #[test]
    fn targets_clash_where_a_value_would_be_lost() {
        let mut taken = Taken::default();
        assert_eq!(taken.take(&names("a.b")), Ok(()));
        assert_eq!(taken.take(&names("a.c")), Ok(()));
        assert_eq!(taken.take(&names("a.b")), Err(Clash::Twice));
        assert_eq!(taken.take(&names("a")), Err(Clash::ValueAndObject));
        assert_eq!(taken.take(&names("a.b.c")), Err(Clash::ValueAndObject));
        assert_eq!(taken.take(&names("b")), Ok(()));
    }

    #[test]
    fn target_texts_survive() {
        for text in ["a", "a.b", "/a.b", "/a.b/c", "/~1a"] {
            assert_eq!(Target::parse(text).unwrap().text(), text);
        }
        assert!(Target::parse("$set").is_err() && Target::parse("a.").is_err());
        assert_eq!(Target::parse("/a.b").unwrap().path, ["a.b"]);
    }

    #[test]
    fn nothing_is_overwritten() {
        let mut record = Map::new();
        put(&mut record, &names("a.b"), json!(1)).unwrap();
        assert_eq!(put(&mut record, &names("a.b"), json!(2)), Err(json!(2)));
        assert_eq!(put(&mut record, &names("a.b.c"), json!(2)), Err(json!(2)));
        assert_eq!(merge(&mut record, "a", json!({"b": 3, "c": 4})), Err(json!({"b": 3})));
        assert_eq!(merge(&mut record, "d", json!(5)), Ok(()));
        assert_eq!(Json::Object(record), json!({"a": {"b": 1, "c": 4}, "d": 5}));
    }
}
