//! From the bytes of a row to a record that may be loaded, or to the reasons why not.

use bson::{Bson, Document, RawDocumentBuf};
use serde_json::Value as Json;
use steward_domain::value::{self, Value};
use steward_domain::{Violation, order};
use steward_schema::Checker;

use crate::split::RawRow;

/// A row after all checks that need no other row.
#[derive(Debug)]
pub struct CheckedRow {
    pub number: u64,
    pub offset: u64,
    pub outcome: RowOutcome,
    /// Fields that the schema does not know.
    pub unknown: Vec<String>,
}

/// Fine, or to be kept out.
#[derive(Debug)]
pub enum RowOutcome {
    Fine { key: Bson, key_hash: u64, document: RawDocumentBuf, raw: Vec<u8> },
    Bad { raw: Vec<u8>, document: Option<Document>, errors: Vec<Violation> },
}

/// Checks a row. `checker` is absent for an import without a schema.
pub fn check_row(row: RawRow, checker: Option<&Checker>, key_field: &str) -> CheckedRow {
    let mut unknown = Vec::new();
    let (number, offset) = (row.number, row.offset);
    let outcome = match parse(&row, checker, &mut unknown) {
        Err(error) => RowOutcome::Bad { raw: row.bytes, document: None, errors: vec![error] },
        Ok((document, mut errors)) => finish(row.bytes, document, key_field, &mut errors),
    };
    CheckedRow { number, offset, outcome, unknown }
}

fn syntax(message: String) -> Violation {
    Violation { pointer: String::new(), rule: "syntax".into(), message, value: None }
}

/// The record of a row and the rules that it breaks; an error when there is no record in it.
fn parse(row: &RawRow, checker: Option<&Checker>, unknown: &mut Vec<String>) -> Result<(Document, Vec<Violation>), Violation> {
    if row.too_large {
        return Err(syntax("This row is larger than 32 MB; only its beginning is kept here.".into()));
    }
    if row.cut_off {
        return Err(syntax("The file ends in the middle of this row: it was cut off.".into()));
    }
    let json: Json = serde_json::from_slice(&row.bytes).map_err(|e| syntax(explain(&e, row)))?;
    if !json.is_object() {
        return Err(Violation {
            pointer: String::new(),
            rule: "type".into(),
            message: "A record must be an object in braces.".into(),
            value: value::from_ext(json).ok().map(Value),
        });
    }
    let mut look = |plain: &Json| match checker {
        Some(checker) => {
            unknown.extend(checker.unknown_fields(plain).map(str::to_owned));
            checker.check(plain)
        }
        None => Vec::new(),
    };
    // Without `$` in a name the JSON is its own plain view.
    let extended = memchr::memmem::find(&row.bytes, b"\"$").is_some();
    let early = if extended { Vec::new() } else { look(&json) };
    let document = value::doc_from_ext(json).map_err(|e| syntax(format!("{e}.")))?.unwrap_or_default();
    let errors = if extended { look(&value::doc_to_plain(&document)) } else { early };
    Ok((id_first(document), errors))
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

fn explain(e: &serde_json::Error, row: &RawRow) -> String {
    let line_start: usize = row.bytes.split_inclusive(|b| *b == b'\n').take(e.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let byte = row.offset + (line_start + e.column().saturating_sub(1)) as u64;
    let text = e.to_string();
    let reason = text.split(" at line ").next().unwrap_or(&text);
    if std::str::from_utf8(&row.bytes).is_err() {
        return format!("This row is not UTF-8 text (byte {byte} of the file).");
    }
    format!("This row is not valid JSON: {reason} (byte {byte} of the file).")
}

fn finish(raw: Vec<u8>, mut document: Document, key_field: &str, errors: &mut Vec<Violation>) -> RowOutcome {
    if key_field == "_id" && !document.contains_key("_id") {
        // Without a key of their own, records get one each; otherwise all of them would count as the same.
        document.insert("_id", bson::oid::ObjectId::new());
        document = id_first(document);
    }
    let key = document.get(key_field);
    if let Some(error) = key_error(key, key_field)
        && !errors.iter().any(|e| e.pointer == error.pointer)
    {
        errors.push(error);
    }
    if !errors.is_empty() {
        return RowOutcome::Bad { raw, document: Some(document), errors: std::mem::take(errors) };
    }
    let key = key.cloned().unwrap_or(Bson::Null);
    match RawDocumentBuf::try_from(&document) {
        Ok(document) => RowOutcome::Fine { key_hash: hash(&order::key_of(&key)), key, document, raw },
        Err(_) => {
            let error = syntax("A field name holds a NUL character, which no record can have.".into());
            RowOutcome::Bad { raw, document: None, errors: vec![error] }
        }
    }
}

/// A record cannot be found again without a key.
fn key_error(key: Option<&Bson>, key_field: &str) -> Option<Violation> {
    let message = match key {
        None | Some(Bson::Null | Bson::Undefined) if key_field == "_id" => return None,
        None | Some(Bson::Null | Bson::Undefined) => format!("{key_field} identifies the record and is missing."),
        Some(Bson::Array(_) | Bson::Document(_)) => format!("{key_field} identifies the record and must be a single value."),
        Some(_) => return None,
    };
    Some(Violation {
        pointer: steward_domain::FieldPath::new(key_field).to_pointer(),
        rule: "missing_key".into(),
        message,
        value: key.cloned().map(Value),
    })
}

/// 64-bit xxHash (XXH3).
pub fn hash(bytes: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(bytes)
}

/// Hash of a record's content without its `_id`, to see later whether it was edited.
pub fn content_hash(raw: &bson::RawDocument) -> i64 {
    let bytes = raw.as_bytes();
    // An ObjectId in front: type, "_id\0", 12 bytes.
    let body = if bytes.get(4..9) == Some(b"\x07_id\0".as_slice()) { &bytes[21..] } else { bytes.get(4..).unwrap_or_default() };
    hash(body) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> RawRow {
        RawRow { number: 1, offset: 100, bytes: text.as_bytes().to_vec(), cut_off: false, too_large: false }
    }

    #[test]
    fn syntax_errors_carry_the_byte() {
        let checked = check_row(row("{\"a\":\n tru}"), None, "a");
        let RowOutcome::Bad { errors, .. } = checked.outcome else { panic!("must be refused") };
        assert!(errors[0].message.contains("byte 110"), "{}", errors[0].message);
    }

    #[test]
    fn extended_json_keeps_its_types_and_the_key_is_needed() {
        let checked =
            check_row(row("{\"k\": 1, \"_id\": {\"$oid\": \"65a000000000000000000001\"}, \"n\": {\"$numberLong\": \"5\"}}"), None, "k");
        let RowOutcome::Fine { document, .. } = checked.outcome else { panic!("must be fine") };
        let doc = Document::try_from(document).unwrap();
        assert_eq!(doc.keys().next().unwrap(), "_id");
        assert_eq!(doc.get("n"), Some(&Bson::Int64(5)));
        let checked = check_row(row("{\"n\": 1}"), None, "k");
        let RowOutcome::Bad { errors, .. } = checked.outcome else { panic!("must be refused") };
        assert_eq!((errors[0].rule.as_str(), errors[0].pointer.as_str()), ("missing_key", "/k"));
    }

    #[test]
    fn records_without_an_id_are_not_duplicates_of_each_other() {
        let hash = |text: &str| match check_row(row(text), None, "_id").outcome {
            RowOutcome::Fine { key_hash, .. } => key_hash,
            RowOutcome::Bad { errors, .. } => panic!("{errors:?}"),
        };
        assert_ne!(hash("{\"a\": 1}"), hash("{\"a\": 1}"));
    }

    #[test]
    fn the_content_hash_ignores_an_object_id_in_front() {
        let plain = RawDocumentBuf::try_from(&bson::doc! {"a": 1}).unwrap();
        let (_, with_id) = steward_store::upsert::with_id(&plain).unwrap();
        assert_eq!(content_hash(&plain), content_hash(&with_id));
    }
}
