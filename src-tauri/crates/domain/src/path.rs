//! Dotted field paths (`salary_range.min`, `required_skills.0`) and their JSON Pointer form.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use bson::{Bson, Document};

/// Segments of a path: half of what a document may be deep, so that there is room for what is put there.
const MOST: usize = crate::depth::MOST / 2;

/// A path into a document, segments separated by dots as MongoDB writes them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct FieldPath(String);

impl FieldPath {
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// It leads no deeper than records go.
    fn is_short(&self) -> bool {
        self.segments().nth(MOST).is_none()
    }

    /// The path is usable in a patch: no empty segment, no segment that MongoDB reserves (`$…`), no deeper than records go.
    pub fn is_patchable(&self) -> bool {
        !self.0.is_empty() && self.is_short() && self.segments().all(|s| !s.is_empty() && !s.starts_with('$') && !s.contains('\0'))
    }

    /// RFC 6901 pointer of the same place.
    pub fn to_pointer(&self) -> String {
        let mut out = String::with_capacity(self.0.len() + 1);
        for segment in self.segments() {
            out.push('/');
            out.push_str(&segment.replace('~', "~0").replace('/', "~1"));
        }
        out
    }

    /// The dotted path of an RFC 6901 pointer; the empty pointer (the whole document) gives `None`.
    pub fn from_pointer(pointer: &str) -> Option<Self> {
        let rest = pointer.strip_prefix('/')?;
        let parts: Vec<String> = rest.split('/').map(|s| s.replace("~1", "/").replace("~0", "~")).collect();
        Some(Self(parts.join(".")))
    }

    /// The value at this path, walking documents by name and arrays by index.
    pub fn get<'a>(&self, doc: &'a Document) -> Option<&'a Bson> {
        let mut segments = self.segments();
        let mut current = doc.get(segments.next()?)?;
        for segment in segments {
            current = match current {
                Bson::Document(inner) => inner.get(segment)?,
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
        let segments: Vec<&str> = self.segments().collect();
        set_in(doc, &segments, value).ok_or_else(|| PathBlocked(self.0.clone()))
    }

    /// Removes the value; an array element becomes null, as MongoDB's `$unset` does.
    pub fn unset(&self, doc: &mut Document) {
        let segments: Vec<&str> = self.segments().collect();
        unset_in(doc, &segments);
    }
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

impl From<&str> for FieldPath {
    fn from(path: &str) -> Self {
        Self(path.to_owned())
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
