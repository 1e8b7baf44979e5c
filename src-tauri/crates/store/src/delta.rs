//! A change of some places in a record, as a server says it (`updateDescription` of a change event).

use bson::{Bson, Document, doc};

/// Places are paths with dots; a number is the place in a list, or a name, depending on what is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Delta {
    pub id: Bson,
    pub set: Document,
    pub unset: Vec<String>,
    /// Lists that were cut to a length.
    pub cut: Vec<(String, usize)>,
    /// Paths that could be read in two ways (names with dots or of digits only), part by part.
    pub parts: Document,
}

/// What the change speaks of is not in the record: it was made to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoesNotFit;

impl Delta {
    /// Reads an `updateDescription`.
    pub fn of(id: Bson, description: &Document) -> Self {
        let list = |name: &str| description.get_array(name).map(Vec::as_slice).unwrap_or_default();
        let cut = list("truncatedArrays").iter().filter_map(Bson::as_document).filter_map(|cut| {
            let length = cut.get("newSize").and_then(as_index)?;
            Some((cut.get_str("field").ok()?.to_owned(), length))
        });
        Self {
            id,
            set: description.get_document("updatedFields").cloned().unwrap_or_default(),
            unset: list("removedFields").iter().filter_map(Bson::as_str).map(str::to_owned).collect(),
            cut: cut.collect(),
            parts: description.get_document("disambiguatedPaths").cloned().unwrap_or_default(),
        }
    }

    /// The reverse of [`Self::of`].
    pub fn description(&self) -> Document {
        let cut = self.cut.iter().map(|(field, length)| doc! { "field": field, "newSize": i64::try_from(*length).unwrap_or(i64::MAX) });
        let mut out = doc! {
            "updatedFields": self.set.clone(), "removedFields": self.unset.clone(),
            "truncatedArrays": cut.map(Bson::Document).collect::<Vec<_>>(),
        };
        if !self.parts.is_empty() {
            out.insert("disambiguatedPaths", self.parts.clone());
        }
        out
    }

    /// Changes a record as the other one was changed: lists are cut first, so that what was appended is behind.
    pub fn apply(&self, record: &mut Document) -> Result<(), DoesNotFit> {
        for (path, length) in &self.cut {
            match find(record, &self.path(path)) {
                Some(Bson::Array(list)) => list.truncate(*length),
                _ => return Err(DoesNotFit),
            }
        }
        for path in &self.unset {
            unset(record, &self.path(path))?;
        }
        for (path, value) in &self.set {
            set(record, &self.path(path), value.clone())?;
        }
        Ok(())
    }

    /// As [`Self::apply`] on a record that may be of a later time than the change: what does not fit has been changed again since,
    /// and is passed over.
    pub fn apply_what_fits(&self, record: &mut Document) {
        for (path, length) in &self.cut {
            if let Some(Bson::Array(list)) = find(record, &self.path(path)) {
                list.truncate(*length);
            }
        }
        for path in &self.unset {
            let _ = unset(record, &self.path(path));
        }
        for (path, value) in &self.set {
            let _ = set(record, &self.path(path), value.clone());
        }
    }

    fn path(&self, path: &str) -> Vec<String> {
        match self.parts.get_array(path) {
            Ok(parts) => {
                parts.iter().map(|part| part.as_str().map_or_else(|| as_index(part).unwrap_or(0).to_string(), str::to_owned)).collect()
            }
            Err(_) => path.split('.').map(str::to_owned).collect(),
        }
    }
}

fn as_index(value: &Bson) -> Option<usize> {
    match value {
        Bson::Int32(n) => usize::try_from(*n).ok(),
        Bson::Int64(n) => usize::try_from(*n).ok(),
        _ => None,
    }
}

fn within<'a>(value: &'a mut Bson, part: &str) -> Option<&'a mut Bson> {
    match value {
        Bson::Document(inner) => inner.get_mut(part),
        Bson::Array(list) => list.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    }
}

fn find<'a>(record: &'a mut Document, path: &[String]) -> Option<&'a mut Bson> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(record.get_mut(first)?, |value, part| within(value, part))
}

fn set(record: &mut Document, path: &[String], new: Bson) -> Result<(), DoesNotFit> {
    let (last, before) = path.split_last().ok_or(DoesNotFit)?;
    if before.is_empty() {
        record.insert(last, new);
        return Ok(());
    }
    match find(record, before) {
        Some(Bson::Document(inner)) => {
            inner.insert(last, new);
            Ok(())
        }
        Some(Bson::Array(list)) => {
            let at: usize = last.parse().map_err(|_| DoesNotFit)?;
            // A server fills what lies between with nulls, and tells only of what was set.
            while list.len() <= at {
                list.push(Bson::Null);
            }
            list[at] = new;
            Ok(())
        }
        _ => Err(DoesNotFit),
    }
}

fn unset(record: &mut Document, path: &[String]) -> Result<(), DoesNotFit> {
    let (last, before) = path.split_last().ok_or(DoesNotFit)?;
    if before.is_empty() {
        record.remove(last);
        return Ok(());
    }
    match find(record, before) {
        Some(Bson::Document(inner)) => {
            inner.remove(last);
            Ok(())
        }
        _ => Err(DoesNotFit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(before: Document, description: Document) -> Result<Document, DoesNotFit> {
        let delta = Delta::of(1.into(), &description);
        assert_eq!(Delta::of(1.into(), &delta.description()), delta, "written and read again");
        let mut record = before;
        delta.apply(&mut record).map(|()| record)
    }

    #[test]
    fn names_lists_and_what_lies_within() {
        let before = || doc! { "_id": 1, "a": { "b": [1, 2, { "c": 3 }], "gone": true }, "z": 1 };
        let description = doc! {
            "updatedFields": { "a.b.1": 9, "a.new": "x", "z": 2, "y": 3 }, "removedFields": ["a.gone"],
            "truncatedArrays": [{ "field": "a.b", "newSize": 2 }],
        };
        let expected = doc! { "_id": 1, "a": { "b": [1, 9], "new": "x" }, "z": 2, "y": 3 };
        let found = after(before(), description).unwrap();
        assert_eq!(found.to_vec().unwrap(), expected.to_vec().unwrap(), "in this order too");
        assert_eq!(
            after(before(), doc! { "updatedFields": { "a.b.2.c": 4 } }).unwrap().get_document("a").unwrap().get_array("b").unwrap()[2],
            doc! { "c": 4 }.into()
        );
        assert_eq!(after(doc! { "l": [1] }, doc! { "updatedFields": { "l.3": 4 } }).unwrap(), doc! { "l": [1, Bson::Null, Bson::Null, 4] });
        // In a document, digits are a name.
        assert_eq!(after(doc! { "l": { "0": 1 } }, doc! { "updatedFields": { "l.0": 4 } }).unwrap(), doc! { "l": { "0": 4 } });
    }

    #[test]
    fn names_with_dots_are_reported_apart() {
        let description = doc! { "updatedFields": { "a.b": 2 }, "disambiguatedPaths": { "a.b": ["a.b"] } };
        assert_eq!(after(doc! { "a.b": 1, "a": { "b": 1 } }, description).unwrap(), doc! { "a.b": 2, "a": { "b": 1 } });
    }

    #[test]
    fn of_a_later_record_what_fits_is_changed() {
        let delta =
            Delta::of(1.into(), &doc! { "updatedFields": { "a.b": 2, "c": 3 }, "truncatedArrays": [{ "field": "l", "newSize": 2 }] });
        let mut record = doc! { "a": 1 };
        delta.apply_what_fits(&mut record);
        assert_eq!(record, doc! { "a": 1, "c": 3 });
    }

    #[test]
    fn another_record_is_refused() {
        assert_eq!(after(doc! { "a": 1 }, doc! { "updatedFields": { "a.b": 2 } }), Err(DoesNotFit));
        assert_eq!(after(doc! {}, doc! { "truncatedArrays": [{ "field": "l", "newSize": 2 }] }), Err(DoesNotFit));
    }
}
