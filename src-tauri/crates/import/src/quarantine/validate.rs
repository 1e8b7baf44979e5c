//! What a row would be as a record, and what it would still break: the live check and every attempt to release it.

use std::collections::HashMap;
use std::sync::Arc;

use bson::{Bson, Document};
use steward_domain::value::{self, Value};
use steward_domain::{FieldPath, QuarantineEntry, Violation};
use steward_schema::Checker;

use crate::faults;
use steward_workspace::{Result, Workspace, normalise::Normaliser};

/// Rules about other rows and records: an entry alone cannot show whether they still hold.
const OF_OTHERS: [&str; 2] = ["duplicate_key", "exists"];

/// A row as a record, with what is against it.
#[derive(Debug, Clone)]
pub struct Validated {
    pub record: Document,
    pub errors: Vec<Violation>,
}

#[derive(Clone)]
struct Rules {
    checker: Option<Arc<Checker>>,
    normaliser: Option<Arc<Normaliser>>,
}

/// Checks rows; keeps what it has looked up.
pub struct RowValidator<'a> {
    workspace: &'a Workspace,
    keys: HashMap<String, String>,
    rules: HashMap<String, Rules>,
}

impl<'a> RowValidator<'a> {
    pub fn new(workspace: &'a Workspace) -> Self {
        Self { workspace, keys: HashMap::new(), rules: HashMap::new() }
    }

    /// The field that identifies the records of a collection.
    pub async fn key_field(&mut self, collection: &str) -> Result<String> {
        if let Some(key) = self.keys.get(collection) {
            return Ok(key.clone());
        }
        let key = self.workspace.settings(collection).await?.key_field;
        self.keys.insert(collection.to_owned(), key.clone());
        Ok(key)
    }

    fn rules(&mut self, schema: &str) -> Result<Rules> {
        if let Some(rules) = self.rules.get(schema) {
            return Ok(rules.clone());
        }
        let checker = if schema.is_empty() { None } else { Some(self.workspace.checker(schema)?) };
        let rules = Rules { checker, normaliser: Normaliser::of(self.workspace, schema)? };
        self.rules.insert(schema.to_owned(), rules.clone());
        Ok(rules)
    }

    /// The record that a document of an entry would be stored as, and what it would still break. What was wrong with the row
    /// when it was read is until someone sets the place that it points at. Whether another row or
    /// record has its key counts for as long as the key is the one that was found twice.
    pub async fn validate(&mut self, entry: &QuarantineEntry, document: &Document) -> Result<Validated> {
        let key_field = self.key_field(&entry.collection).await?;
        let rules = self.rules(&entry.schema)?;
        let before = entry.document.as_ref().and_then(Value::as_document);
        let mut errors: Vec<Violation> = faults::standing(&entry.errors, before, document).cloned().collect();
        for error in rules.checker.iter().flat_map(|c| c.check(&value::doc_to_plain(document))) {
            // A value that could not be read is reported once.
            if !errors.iter().any(|e| e.pointer == error.pointer && e.is_of_reading()) {
                errors.push(error);
            }
        }
        let record = match &rules.normaliser {
            Some(normaliser) if errors.is_empty() => normaliser.apply(document, &mut errors),
            // Its key is made from what is to be put right first.
            Some(_) => return Ok(Validated { record: document.clone(), errors }),
            None => document.clone(),
        };
        let pointer = FieldPath::new(key_field.as_str()).to_pointer();
        let key = record.get(&key_field);
        if matches!(key, None | Some(Bson::Null)) {
            if !errors.iter().any(|e| e.pointer == pointer) {
                let message = format!("{key_field} identifies the record and is missing.");
                errors.push(Violation { pointer, rule: "missing_key".into(), message, value: None });
            }
        } else if let Some(key) = key {
            errors.extend(entry.errors.iter().filter(|e| concerns_key(e, key)).cloned());
        }
        Ok(Validated { record, errors })
    }

    /// The entry with another record, and its errors recomputed. Nothing is written. `set`: JSON Pointers of the places
    /// that someone has set, be it to what they hold already.
    pub async fn corrected(&mut self, before: &QuarantineEntry, document: Document, set: &[String]) -> Result<QuarantineEntry> {
        let document = with_types_of(before, document);
        let mut entry = before.clone();
        entry.errors.retain(|e| !(e.is_of_reading() && set.contains(&e.pointer)));
        entry.errors = self.validate(&entry, &document).await?.errors;
        entry.document = Some(document.into());
        entry.edited = true;
        Ok(entry)
    }
}

/// The violation says that this key is taken.
fn concerns_key(error: &Violation, key: &Bson) -> bool {
    OF_OTHERS.contains(&error.rule.as_str()) && error.value.as_ref().is_none_or(|v| value::same(&v.0, key))
}

/// The violation says that another row or record has the key.
pub(super) fn is_about_others(error: &Violation) -> bool {
    OF_OTHERS.contains(&error.rule.as_str())
}

/// JSON does not say every type: a field that had one keeps it.
fn with_types_of(entry: &QuarantineEntry, document: Document) -> Document {
    let Some(old) = entry.document.as_ref().and_then(Value::as_document) else {
        return document;
    };
    let typed = |(name, item): (String, Bson)| match old.get(&name) {
        Some(was) => (name, value::keep_type(was, item)),
        None => (name, item),
    };
    document.into_iter().map(typed).collect()
}
