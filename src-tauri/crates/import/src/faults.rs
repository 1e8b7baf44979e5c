//! What is wrong with a row before it is a record, each fault at its field: so it can be found, and remains
//! until that field is set.

use std::borrow::Cow;

use bson::{Bson, RawBsonRef, RawDocument};
use serde_json::Value as Json;
use steward_domain::Violation;
use steward_domain::value::{self, Value};
use steward_mapping::Compiled;
use steward_sources::Fault;

/// A row that nothing can be made of.
pub fn syntax(message: String) -> Violation {
    Violation { pointer: String::new(), rule: "syntax".into(), message, value: None }
}

/// How the cells of a table become fields.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    pub columns: &'a [String],
    pub mapping: Option<&'a Compiled>,
}

impl Fields<'_> {
    /// The fields that a column goes to. One without a name is kept under the name of its number, one that is dropped goes
    /// nowhere.
    fn of(&self, column: usize) -> Vec<String> {
        match self.mapping.filter(|_| column < self.columns.len()) {
            Some(mapping) => mapping.fields_of_column(column),
            None => vec![pointer_of(&surplus_name(column))],
        }
    }

    /// What is wrong with a row of separated values.
    pub fn of_row(&self, fault: Option<&Fault>, lossy: bool, cells: &[Cow<'_, str>], errors: &mut Vec<Violation>) {
        let last = cells.len().saturating_sub(1);
        let mut tell = |at: usize, rule: &str, message: String| {
            let value = cells.get(at).map(|cell| Value::text(cell));
            self.tell(at, rule, message, value, errors);
        };
        match fault {
            None if !lossy => {}
            None => undecodable(cells, "UTF-8", &mut tell),
            Some(Fault::Encoding(name)) => undecodable(cells, name, &mut tell),
            Some(fault @ Fault::Junk(at)) => tell(*at, "syntax", fault.sentence()),
            Some(fault @ Fault::Mark) => tell(0, "syntax", fault.sentence()),
            // The value that is open holds the rest of the line.
            Some(fault @ Fault::OpenQuote) => tell(last, "syntax", fault.sentence()),
            Some(fault) => errors.push(syntax(fault.sentence())),
        }
        let (given, surplus) = (self.columns.len(), cells.iter().skip(self.columns.len()).position(|cell| !cell.is_empty()));
        let place = match surplus {
            Some(first) => given + first,
            None if cells.len() < given => cells.len(),
            None => return,
        };
        let message = format!("This row has {} values; the table has {given} columns.", cells.len());
        let value = cells.get(place).map(|cell| Value::text(cell));
        let before = errors.len();
        self.tell(place, "columns", message.clone(), value, errors);
        if errors.len() == before {
            errors.push(Violation { pointer: String::new(), rule: "columns".into(), message, value: None });
        }
    }

    /// What is wrong with cells of a sheet or of a table of a database.
    pub fn of_cells(&self, fault: Option<&Fault>, row: &Json, errors: &mut Vec<Violation>) {
        match fault {
            None => {}
            Some(Fault::Cells(cells)) => {
                for cell in cells {
                    let value = row.get(&cell.column).and_then(|json| value::from_ext(json.clone()).ok()).map(Value);
                    match self.columns.iter().position(|name| *name == cell.column) {
                        Some(at) => self.tell(at, "unreadable", cell.why.clone(), value, errors),
                        None => errors.push(Violation {
                            pointer: pointer_of(&cell.column),
                            rule: "unreadable".into(),
                            message: cell.why.clone(),
                            value,
                        }),
                    }
                }
            }
            Some(fault) => errors.push(syntax(fault.sentence())),
        }
    }

    fn tell(&self, column: usize, rule: &str, message: String, value: Option<Value>, errors: &mut Vec<Violation>) {
        for pointer in self.of(column) {
            errors.push(Violation { pointer, rule: rule.into(), message: message.clone(), value: value.clone() });
        }
    }
}

fn undecodable(cells: &[Cow<'_, str>], encoding: &str, tell: &mut dyn FnMut(usize, &str, String)) {
    for (at, _) in cells.iter().enumerate().filter(|(_, cell)| cell.contains('\u{fffd}')) {
        tell(at, "unreadable", Fault::Encoding(encoding.to_owned()).sentence());
    }
}

/// What is wrong with a JSON row; places in it are those of the record after the mapping.
pub fn of_json(fault: Option<&Fault>, row: &Json, mapping: Option<&Compiled>, errors: &mut Vec<Violation>) {
    match fault {
        None => {}
        Some(fault @ Fault::Encoding(_)) => {
            let mut found = Vec::new();
            texts_with_losses("", row, &mut found);
            for (pointer, text) in found {
                let value = Some(Value::text(text));
                at_fields(mapping, &pointer, |pointer| {
                    errors.push(Violation { pointer, rule: "unreadable".into(), message: fault.sentence(), value: value.clone() });
                });
            }
        }
        Some(fault) => errors.push(syntax(fault.sentence())),
    }
}

fn texts_with_losses<'a>(pointer: &str, json: &'a Json, found: &mut Vec<(String, &'a str)>) {
    match json {
        Json::String(text) if text.contains('\u{fffd}') => found.push((pointer.to_owned(), text)),
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| texts_with_losses(&format!("{pointer}/{at}"), item, found));
        }
        Json::Object(fields) => {
            fields.iter().for_each(|(name, item)| texts_with_losses(&format!("{pointer}{}", pointer_of(name)), item, found));
        }
        _ => {}
    }
}

/// Two values for one field: which one is meant only a person can tell.
pub fn repeated_names(pointers: Vec<String>, row: &Json, mapping: Option<&Compiled>, errors: &mut Vec<Violation>) {
    for pointer in pointers {
        let last = row.pointer(&pointer).cloned().and_then(|v| value::from_ext(v).ok()).map(Value);
        at_fields(mapping, &pointer, |field| errors.push(repeated(&pointer, field, last.clone())));
    }
}

fn repeated(pointer: &str, field: String, last: Option<Value>) -> Violation {
    let name = pointer.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
    let message = format!("'{name}' occurs more than once in this record; set it to the intended value.");
    Violation { pointer: field, rule: "duplicate_field".into(), message, value: last }
}

fn at_fields(mapping: Option<&Compiled>, pointer: &str, mut each: impl FnMut(String)) {
    match mapping {
        Some(mapping) => mapping.fields_of_pointer(pointer).into_iter().for_each(each),
        None => each(pointer.to_owned()),
    }
}

/// JSON Pointers of the names that are more than once in one document of a BSON document.
pub fn repeated_in_bson(document: &RawDocument) -> Vec<String> {
    let mut found = Vec::new();
    repeated_below("", document, &mut found);
    found
}

fn repeated_below(pointer: &str, document: &RawDocument, found: &mut Vec<String>) {
    let mut names: Vec<&str> = Vec::new();
    let mut many = std::collections::HashSet::new();
    for (name, item) in document.iter().flatten() {
        let name = name.as_str();
        // Most documents are small; in those that are not, each name is looked up once.
        let known = if many.is_empty() { names.contains(&name) } else { many.contains(name) };
        if names.len() < 32 {
            names.push(name);
        } else {
            if many.is_empty() {
                many.extend(names.iter().copied());
            }
            many.insert(name);
        }
        let here = || format!("{pointer}{}", pointer_of(name));
        if known {
            let here = here();
            if !found.contains(&here) {
                found.push(here);
            }
        }
        match item {
            RawBsonRef::Document(inner) => repeated_below(&here(), inner, found),
            RawBsonRef::Array(items) => {
                for (at, item) in items.into_iter().flatten().enumerate() {
                    if let RawBsonRef::Document(inner) = item {
                        repeated_below(&format!("{}/{at}", here()), inner, found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The violations of reading that still apply for a record: nobody has set the places that they point at.
pub fn standing<'a>(
    errors: &'a [Violation],
    before: Option<&'a bson::Document>,
    after: &'a bson::Document,
) -> impl Iterator<Item = &'a Violation> {
    let unchanged = move |violation: &&Violation| {
        if violation.pointer.is_empty() {
            return before == Some(after);
        }
        let at = |document: &'a bson::Document| value::at_pointer(document, &violation.pointer);
        match (before.and_then(at), at(after)) {
            (Some(was), Some(is)) => same_type(was, is),
            (was, is) => was.is_none() && is.is_none(),
        }
    };
    errors.iter().filter(|violation| violation.is_of_reading()).filter(unchanged)
}

fn same_type(a: &Bson, b: &Bson) -> bool {
    value::same(a, b) && a.element_type() == b.element_type()
}

/// The name of a value that has no column.
pub fn surplus_name(column: usize) -> String {
    format!("column_{}", column + 1)
}

fn pointer_of(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stand_twice_in_bson_are_reported_with_their_place() {
        let element = |name: &str, n: i32| [&[0x10], name.as_bytes(), &[0], &n.to_le_bytes()[..]].concat();
        let document = |elements: Vec<u8>| [&(u32::try_from(elements.len()).unwrap() + 5).to_le_bytes()[..], &elements, &[0]].concat();
        let inner = document([element("x", 1), element("x", 2)].concat());
        let outer = document([element("a", 1), [&[0x03], b"b\0".as_slice(), &inner].concat(), element("a", 3)].concat());
        assert_eq!(repeated_in_bson(RawDocument::from_bytes(&outer).unwrap()), ["/b/x", "/a"]);
        let many: Vec<u8> = (0..100).flat_map(|n| element(&format!("n{n}"), n)).chain(element("n7", 1)).collect();
        assert_eq!(repeated_in_bson(RawDocument::from_bytes(&document(many)).unwrap()), ["/n7"]);
    }
}
