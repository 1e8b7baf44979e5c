//! Paths to fields, written with dots (`salary_range.min`, `required_skills.0`) or as JSON Pointers (`/usb 3.1`, `/n/$in`).
//!
//! Dots lead into objects. A field whose name has a dot, begins with `$` or is empty is written as a JSON Pointer: one way of
//! writing for every place where a field is named.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use bson::{Bson, Document};

/// Segments of a path: half of what a document may be deep, so that there is room for what is put there.
const MOST: usize = crate::depth::MOST / 2;

/// A path into a document: segments separated by dots, or a JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(from = "String", into = "String")]
#[ts(type = "string")]
pub struct FieldPath(String);

impl FieldPath {
    /// As a person writes it: with dots, or as a JSON Pointer.
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// The same path as it is written where nobody has to say which of two fields is meant: with dots, if they can say it.
    pub fn canonical(&self) -> Self {
        if self.0.starts_with('/') { Self::of(pointer_segments(&self.0)) } else { self.clone() }
    }

    /// The field of a record that has this name, whatever is in it.
    pub fn name(name: &str) -> Self {
        Self::of([Cow::Borrowed(name)])
    }

    /// The path of these names.
    pub fn of<'a>(segments: impl IntoIterator<Item = Cow<'a, str>>) -> Self {
        let segments: Vec<Cow<'a, str>> = segments.into_iter().collect();
        let first = segments.first().is_some_and(|first| !first.starts_with('/'));
        if first && segments.iter().all(|segment| is_plain(segment)) {
            return Self(segments.join("."));
        }
        Self(segments.iter().map(|segment| format!("/{}", escaped(segment))).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn segments(&self) -> std::vec::IntoIter<Cow<'_, str>> {
        let segments: Vec<Cow<'_, str>> = match self.0.starts_with('/') {
            true => pointer_segments(&self.0),
            false => self.0.split('.').map(Cow::Borrowed).collect(),
        };
        segments.into_iter()
    }

    /// It leads no deeper than records go.
    fn is_short(&self) -> bool {
        self.segments().nth(MOST).is_none()
    }

    /// The path is usable in a patch: it leads somewhere, and no name on it holds what no record can hold.
    pub fn is_patchable(&self) -> bool {
        self.is_short()
            && match self.0.starts_with('/') {
                true => !self.0.contains('\0'),
                false => !self.0.is_empty() && self.segments().all(|s| is_plain(&s) && !s.contains('\0')),
            }
    }

    /// Every name on it may be in a dotted path, as queries and updates of MongoDB write it.
    pub fn is_dotted(&self) -> bool {
        !self.0.starts_with('/') && self.is_patchable()
    }

    /// RFC 6901 pointer of the same place.
    pub fn to_pointer(&self) -> String {
        self.segments().map(|segment| format!("/{}", escaped(&segment))).collect()
    }

    /// The path of an RFC 6901 pointer; the empty pointer (the whole document) gives `None`.
    pub fn from_pointer(pointer: &str) -> Option<Self> {
        pointer.starts_with('/').then(|| Self::new(pointer).canonical())
    }

    /// The field of a record itself that is called as this path is written, if it has one: then it is not clear whether the
    /// path or that field is meant.
    pub fn namesake(&self, doc: &Document) -> Option<&str> {
        let dotted = !self.0.starts_with('/') && self.0.contains('.');
        (dotted && doc.contains_key(&self.0)).then_some(self.0.as_str())
    }

    /// The value at this path, walking documents by name and arrays by index.
    pub fn get<'a>(&self, doc: &'a Document) -> Option<&'a Bson> {
        let mut segments = self.segments();
        let mut current = doc.get(&*segments.next()?)?;
        for segment in segments {
            current = match current {
                Bson::Document(inner) => inner.get(&*segment)?,
                Bson::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(current)
    }

    /// Sets the value, making the documents in between. Fails where a scalar or a too short array is in the way.
    pub fn set(&self, doc: &mut Document, value: Bson) -> Result<(), PathBlocked> {
        if !self.is_short() {
            return Err(PathBlocked(self.0.chars().take(200).collect()));
        }
        let segments: Vec<Cow<'_, str>> = self.segments().collect();
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        set_in(doc, &segments, value).ok_or_else(|| PathBlocked(self.0.clone()))
    }

    /// Removes the value; an array element becomes null, as MongoDB's `$unset` does.
    pub fn unset(&self, doc: &mut Document) {
        let segments: Vec<Cow<'_, str>> = self.segments().collect();
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        unset_in(doc, &segments);
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains('.') && !name.starts_with('$')
}

/// A name as a token of a JSON Pointer (RFC 6901).
pub fn escaped(name: &str) -> Cow<'_, str> {
    match jsonptr::Token::new(name).encoded() {
        same if same == name => Cow::Borrowed(name),
        other => Cow::Owned(other.to_owned()),
    }
}

/// The name of a token of a JSON Pointer. A tilde that escapes nothing stands for itself.
pub fn unescaped(token: &str) -> Cow<'_, str> {
    match jsonptr::Token::from_encoded(token) {
        Ok(token) => Cow::Owned(token.decoded().into_owned()),
        Err(_) => Cow::Borrowed(token),
    }
}

fn pointer_segments(pointer: &str) -> Vec<Cow<'_, str>> {
    pointer.split('/').skip(1).map(|token| if token.contains('~') { unescaped(token) } else { Cow::Borrowed(token) }).collect()
}

/// A path goes through something that is not a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' goes through a value that has no fields, or too deep")]
pub struct PathBlocked(pub String);

fn set_in(doc: &mut Document, segments: &[&str], value: Bson) -> Option<()> {
    let (first, rest) = segments.split_first()?;
    if rest.is_empty() {
        doc.insert(*first, value);
        return Some(());
    }
    if !doc.contains_key(first) {
        doc.insert(*first, Document::new());
    }
    set_in_value(doc.get_mut(first)?, rest, value)
}

fn set_in_value(target: &mut Bson, segments: &[&str], value: Bson) -> Option<()> {
    match target {
        Bson::Document(inner) => set_in(inner, segments, value),
        Bson::Array(items) => {
            let (first, rest) = segments.split_first()?;
            let index = first.parse::<usize>().ok()?;
            if index == items.len() && rest.is_empty() {
                items.push(value);
                return Some(());
            }
            let slot = items.get_mut(index)?;
            if rest.is_empty() {
                *slot = value;
                Some(())
            } else {
                set_in_value(slot, rest, value)
            }
        }
        _ => None,
    }
}

fn unset_in(doc: &mut Document, segments: &[&str]) {
    let Some((first, rest)) = segments.split_first() else {
        return;
    };
    if rest.is_empty() {
        doc.remove(*first);
        return;
    }
    if let Some(inner) = doc.get_mut(*first) {
        unset_in_value(inner, rest);
    }
}

fn unset_in_value(target: &mut Bson, segments: &[&str]) {
    match target {
        Bson::Document(inner) => unset_in(inner, segments),
        Bson::Array(items) => {
            let Some((first, rest)) = segments.split_first() else {
                return;
            };
            let Some(slot) = first.parse::<usize>().ok().and_then(|i| items.get_mut(i)) else {
                return;
            };
            if rest.is_empty() {
                *slot = Bson::Null;
            } else {
                unset_in_value(slot, rest);
            }
        }
        _ => {}
    }
}

impl From<String> for FieldPath {
    fn from(path: String) -> Self {
        Self::new(path)
    }
}

impl From<FieldPath> for String {
    fn from(path: FieldPath) -> Self {
        path.0
    }
}

impl From<&str> for FieldPath {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl std::fmt::Display for FieldPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    #[test]
    fn pointer_round_trip_escapes() {
        let path = FieldPath::new("a/b.c~d");
        assert_eq!(path.to_pointer(), "/a~1b/c~0d");
        assert_eq!(FieldPath::from_pointer("/a~1b/c~0d"), Some(path));
        assert_eq!(FieldPath::from_pointer(""), None);
    }

    #[test]
    fn names_with_dots_and_dollars_are_one_name() {
        let mut d = doc! {"a.b": 1, "a": {"b": 2}, "$p": 3, "": 4, "n": {"c.d": 5}, "/x": 6};
        for (text, value) in [("/a.b", 1), ("a.b", 2), ("/a/b", 2), ("/$p", 3), ("/", 4), ("/n/c.d", 5), ("/~1x", 6)] {
            let path = FieldPath::new(text);
            assert!(path.is_patchable(), "{text}");
            assert_eq!(path.get(&d), Some(&Bson::Int32(value)), "{text}");
            assert_eq!(FieldPath::from_pointer(&path.to_pointer()), Some(path.canonical()));
            assert_eq!(path.canonical().get(&d), path.get(&d));
        }
        assert_eq!((FieldPath::new("/a/b").canonical().as_str(), FieldPath::name("v1.0").as_str()), ("a.b", "/v1.0"));
        FieldPath::new("/n/c.d").set(&mut d, Bson::Int32(9)).unwrap();
        FieldPath::new("/a.b").unset(&mut d);
        assert_eq!(d, doc! {"a": {"b": 2}, "$p": 3, "": 4, "n": {"c.d": 9}, "/x": 6});
        assert_eq!(FieldPath::new("v1.0").namesake(&doc! {"v1.0": 1}), Some("v1.0"));
        assert!(!FieldPath::new("$p").is_patchable() && !FieldPath::new("a..b").is_patchable());
    }

    #[test]
    fn set_and_unset_nested() {
        let mut d = doc! {"a": 1, "l": ["x", "y"]};
        FieldPath::new("n.m").set(&mut d, Bson::Int32(2)).unwrap();
        FieldPath::new("l.1").set(&mut d, "z".into()).unwrap();
        assert_eq!(d, doc! {"a": 1, "l": ["x", "z"], "n": {"m": 2}});
        assert!(FieldPath::new("a.b").set(&mut d, Bson::Null).is_err());
        FieldPath::new("n.m").unset(&mut d);
        FieldPath::new("l.0").unset(&mut d);
        assert_eq!(d, doc! {"a": 1, "l": [null, "z"], "n": {}});
    }
}
