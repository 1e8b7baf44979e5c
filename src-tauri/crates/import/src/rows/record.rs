//! JSON and documents as records: read, checked, with their key, or the reasons why not.

use bson::{Bson, Document, RawDocumentBuf};
use serde_json::Value as Json;
use steward_domain::json_text::{self, Parsed};
use steward_domain::value::{self, Value};
use steward_domain::{Violation, can_be_key, order};
use steward_mapping::Compiled;
use steward_schema::Checker;
use steward_sources::Row;

use super::{Body, RowValidation, ValidRecord};
use crate::faults::{self, syntax};
use steward_workspace::hash;

pub(super) fn from_json(row: Row<'_>, mapping: Option<&Compiled>, errors: &mut Vec<Violation>) -> Option<Json> {
    let Parsed { json, repeated } = match json_text::parse(row.bytes) {
        Ok(parsed) => parsed,
        Err(e) => {
            if errors.is_empty() {
                errors.push(syntax(explain(&e, row)));
            }
            return None;
        }
    };
    if !json.is_object() {
        let message = "A record must be an object in braces.".into();
        errors.push(Violation { pointer: String::new(), rule: "type".into(), message, value: value::from_ext(json).ok().map(Value) });
        return None;
    }
    faults::repeated_names(repeated, &json, mapping, errors);
    Some(json)
}

/// The hash of the key of a row whose JSON is its own plain view and can be stored as it is.
pub(super) fn key_of_plain(json: &Json, bytes: &[u8], key_field: &str) -> Option<u64> {
    let key = match json.get(key_field)? {
        Json::String(text) => crate::fast_path::hash(bson::RawBsonRef::String(text)),
        number @ Json::Number(_) => hash(&order::key_of(&value::from_ext(number.clone()).ok()?)),
        _ => return None,
    };
    (memchr::memmem::find(bytes, b"\"$").is_none() && is_plain(json)).then_some(key)
}

pub(super) fn unknown_fields(json: &Json, checker: &Checker) -> Vec<String> {
    checker.unknown_fields(json).map(str::to_owned).collect()
}

/// The record, with the rules that it breaks among the errors.
pub(super) fn record(
    body: Body,
    bytes: &[u8],
    checker: Option<&Checker>,
    unknown: &mut Vec<String>,
    errors: &mut Vec<Violation>,
) -> Option<Document> {
    let mut look = |plain: &Json, errors: &mut Vec<Violation>| {
        if let Some(checker) = checker {
            unknown.extend(unknown_fields(plain, checker));
            for violation in checker.check(plain) {
                // A value that could not be read or transformed is reported once.
                if !errors.iter().any(|e| e.pointer == violation.pointer && e.is_of_reading()) {
                    errors.push(violation);
                }
            }
        }
    };
    let document = match body {
        Body::Document(document) => {
            look(&value::doc_to_plain(&document), errors);
            document
        }
        Body::Json(json) => {
            // Without `$` in a name the JSON is its own plain view.
            let extended = memchr::memmem::find(bytes, b"\"$").is_some() || has_extended(&json);
            if !extended {
                look(&json, errors);
            }
            let document = match value::doc_from_ext(json) {
                Ok(Some(document)) => document,
                // `{"$oid": …}` is one value, not a record with a field of that name.
                Ok(None) => {
                    errors.push(syntax("This is a single value in braces, not a record.".into()));
                    return None;
                }
                Err(e) => {
                    errors.push(syntax(format!("{e}.")));
                    return None;
                }
            };
            if extended {
                look(&value::doc_to_plain(&document), errors);
            }
            document
        }
    };
    Some(id_first(document))
}

/// Every name and number can be in a record as it is.
fn is_plain(json: &Json) -> bool {
    match json {
        Json::Object(fields) => fields.iter().all(|(name, value)| !name.starts_with('$') && !name.contains('\0') && is_plain(value)),
        Json::Array(items) => items.iter().all(is_plain),
        Json::Number(n) => n.is_i64() || n.is_f64(),
        _ => true,
    }
}

/// A value of the record was given a type of its own by the mapping.
fn has_extended(json: &Json) -> bool {
    match json {
        Json::Object(fields) => fields.iter().any(|(name, value)| name.starts_with('$') || has_extended(value)),
        Json::Array(items) => items.iter().any(has_extended),
        _ => false,
    }
}

/// MongoDB keeps `_id` in front; so does Steward, on both stores.
fn id_first(mut document: Document) -> Document {
    if document.keys().next().is_some_and(|k| k == "_id") || !document.contains_key("_id") {
        return document;
    }
    let mut out = Document::new();
    if let Some(id) = document.remove("_id") {
        out.insert("_id", id);
    }
    out.extend(document);
    out
}

fn explain(e: &serde_json::Error, row: Row<'_>) -> String {
    let line_start: usize = row.bytes.split_inclusive(|b| *b == b'\n').take(e.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let byte = row.offset + (line_start + e.column().saturating_sub(1)) as u64;
    let text = e.to_string();
    let reason = text.split(" at line ").next().unwrap_or(&text);
    if std::str::from_utf8(row.bytes).is_err() {
        return format!("This row is not UTF-8 text (byte {byte} of the file).");
    }
    format!("This row is not valid JSON: {reason} (byte {byte} of the file).")
}

/// The validation of a readable row. Without a key field rows are only looked at.
///
/// `by_other_pack`: the key belongs to the pack that the record is turned into, once it is fine.
pub(super) fn finish(mut document: Document, key_field: &str, by_other_pack: bool, errors: &mut Vec<Violation>) -> RowValidation {
    if key_field == "_id" && !document.contains_key("_id") {
        // Without a key of their own, records get one each; otherwise all of them would count as the same.
        document.insert("_id", bson::oid::ObjectId::new());
        document = id_first(document);
    }
    let key = document.get(key_field);
    if !key_field.is_empty()
        && (!by_other_pack || errors.is_empty())
        && let Some(error) = key_error(key, key_field)
        && !errors.iter().any(|e| e.pointer == error.pointer)
    {
        errors.push(error);
    }
    if !errors.is_empty() {
        return RowValidation::invalid(std::mem::take(errors), Some(document));
    }
    let key = key.cloned().unwrap_or(Bson::Null);
    match RawDocumentBuf::try_from(&document) {
        Ok(document) => {
            let key_hash = hash(&order::key_of(&key));
            RowValidation::Valid { key_hash, unknown: Vec::new(), record: Some(Box::new(ValidRecord { key, document })) }
        }
        Err(_) => {
            let error = syntax("A field name holds a NUL character, which no record can have.".into());
            RowValidation::invalid(vec![error], None)
        }
    }
}

/// A record cannot be found again without a key.
fn key_error(key: Option<&Bson>, key_field: &str) -> Option<Violation> {
    let message = match key {
        None | Some(Bson::Null | Bson::Undefined) if key_field == "_id" => return None,
        None | Some(Bson::Null | Bson::Undefined) => format!("{key_field} identifies the record and is missing."),
        Some(key) if can_be_key(key, key_field) => return None,
        Some(_) if key_field == "_id" => {
            "_id identifies the record and cannot be a list, nor have names with a dollar sign in front.".to_owned()
        }
        Some(_) => format!("{key_field} identifies the record and must be a single value."),
    };
    Some(Violation {
        pointer: steward_domain::FieldPath::new(key_field).to_pointer(),
        rule: "missing_key".into(),
        message,
        value: key.cloned().map(Value),
    })
}
