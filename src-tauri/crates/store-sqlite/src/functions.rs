//! SQL functions over BSON documents. They are deterministic, so that expression indexes can be built on them.
//!
//! | function | gives |
//! |---|---|
//! | `steward_ord(doc, path)` | the ordering key of the value ([`steward_domain::order`]); missing counts as null |
//! | `steward_match(doc, filter)` | 1 where the filter (JSON) matches |
//! | `steward_text(doc, fields)` | the text of some fields (JSON list) for the full-text index |
//! | `steward_list(doc, path)` | 1 where a list is at the path or on the way to it |
//! | `steward_part(key, text)` | 1 where the text of an ordering key has this part, in lower case |
//! | `steward_sum(doc)` | the checksum of the bytes ([`sum_of`]) |

use bson::raw::RawDocumentBuf;
use bson::{RawBsonRef, RawDocument};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use steward_domain::matching::Matcher;
use steward_domain::search::has_part;
use steward_domain::{FieldPath, Filter, depth, order};

type Failure = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Registers the functions on a connection.
pub fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("steward_ord", 2, flags, |ctx| {
        let path = aux_path(ctx)?;
        Ok(order::key(value_at(document(ctx)?, &path)))
    })?;
    connection.create_scalar_function("steward_match", 2, flags, |ctx| {
        let matcher = ctx.get_or_create_aux(1, |v| -> Result<Matcher, Failure> {
            let filter: Filter = serde_json::from_str(text(v)?)?;
            Ok(Matcher::new(&filter)?)
        })?;
        Ok(matcher.matches(document(ctx)?))
    })?;
    connection.create_scalar_function("steward_text", 2, flags, |ctx| {
        let fields = ctx.get_or_create_aux(1, |v| -> Result<Vec<Vec<String>>, Failure> {
            let fields: Vec<String> = serde_json::from_str(text(v)?)?;
            Ok(fields.iter().map(|f| split(f)).collect())
        })?;
        Ok(text_of(document(ctx)?, &fields))
    })?;
    connection.create_scalar_function("steward_part", 2, flags, |ctx| {
        let part = ctx.get_raw(1).as_str()?;
        Ok(order::text_of_key(ctx.get_raw(0).as_blob()?).is_some_and(|text| has_part(text, part)))
    })?;
    connection.create_scalar_function("steward_sum", 1, flags, |ctx| Ok(sum_of(ctx.get_raw(0).as_blob()?)))?;
    connection.create_scalar_function("steward_list", 2, flags, |ctx| {
        let path = aux_path(ctx)?;
        Ok(touches_list(document(ctx)?, &path))
    })
}

/// The checksum that a record carries: XXH3, 64 bits.
pub fn sum_of(doc: &[u8]) -> i64 {
    i64::from_ne_bytes(twox_hash::XxHash3_64::oneshot(doc).to_ne_bytes())
}

fn text(value: ValueRef<'_>) -> Result<&str, Failure> {
    value.as_str().map_err(Into::into)
}

fn aux_path(ctx: &Context<'_>) -> Result<std::sync::Arc<Vec<String>>> {
    ctx.get_or_create_aux(1, |v| -> Result<Vec<String>, Failure> { Ok(split(text(v)?)) })
}

/// The names on a path.
pub fn split(path: &str) -> Vec<String> {
    FieldPath::new(path).segments().map(Into::into).collect()
}

fn document<'a>(ctx: &'a Context<'_>) -> Result<&'a RawDocument> {
    let bytes = ctx.get_raw(0).as_blob().map_err(|e| rusqlite::Error::UserFunctionError(e.into()))?;
    if !depth::is_fine(bytes) {
        return Err(rusqlite::Error::UserFunctionError(depth::SENTENCE.into()));
    }
    RawDocument::from_bytes(bytes).map_err(|e| rusqlite::Error::UserFunctionError(e.into()))
}

/// The value at a path; a list on the way ends it, a list at its end is the value.
pub fn value_at<'a>(doc: &'a RawDocument, path: &[String]) -> Option<RawBsonRef<'a>> {
    let (first, rest) = path.split_first()?;
    let value = doc.get(first).ok().flatten()?;
    if rest.is_empty() {
        return Some(value);
    }
    match value {
        RawBsonRef::Document(inner) => value_at(inner, rest),
        _ => None,
    }
}

/// A list is at the path or on the way to it, so that a comparison has several values to look at.
pub fn touches_list(doc: &RawDocument, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    match doc.get(first).ok().flatten() {
        Some(RawBsonRef::Array(_)) => true,
        Some(RawBsonRef::Document(inner)) => touches_list(inner, rest),
        _ => false,
    }
}

/// The text of some fields, for the full-text index.
pub fn text_of(doc: &RawDocument, fields: &[Vec<String>]) -> String {
    let mut out = String::new();
    for path in fields {
        if let Some(value) = value_at(doc, path) {
            push_text(value, &mut out);
        }
    }
    out
}

fn push_text(value: RawBsonRef<'_>, out: &mut String) {
    match value {
        RawBsonRef::String(s) => {
            out.push_str(s);
            out.push('\n');
        }
        RawBsonRef::Array(items) => {
            for item in items.into_iter().flatten() {
                push_text(item, out);
            }
        }
        _ => {}
    }
}

/// `{_id: …}` of a document.
pub fn id_document(doc: &RawDocument) -> RawDocumentBuf {
    let mut out = RawDocumentBuf::new();
    if let Ok(Some(id)) = doc.get("_id") {
        out.append(bson::cstr!("_id"), id);
    }
    out
}
