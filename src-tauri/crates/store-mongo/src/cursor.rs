//! Where a page ended: the sort value and `_id` of its last record, and the condition for what follows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bson::{Bson, Document, RawBsonRef, RawDocument, doc};
use steward_store::{Cursor, SortBy, StoreError, StoreResult};

use crate::brackets;

/// The end of a page, typed.
struct Position {
    /// Null for a missing field: they sort alike.
    value: Bson,
    id: Bson,
}

/// The cursor after this record.
pub fn after_record(record: &RawDocument, sort: Option<&SortBy>) -> StoreResult<Cursor> {
    let id = match record.get("_id") {
        Ok(Some(id)) => owned(id)?,
        _ => return Err(damaged()),
    };
    let value = match sort {
        Some(by) => match sort_value(record, by)? {
            Some(value) => owned(value)?,
            None => Bson::Null,
        },
        None => Bson::Null,
    };
    let doc = doc! { "s": label(sort), "v": value, "i": id };
    Ok(Cursor(URL_SAFE_NO_PAD.encode(steward_store::model::raw(&doc)?.as_bytes())))
}

/// Fails where the record sorts by a list: it has several places in the order.
pub fn check_sortable(record: &RawDocument, sort: Option<&SortBy>) -> StoreResult<()> {
    sort.map_or(Ok(()), |by| sort_value(record, by).map(|_| ()))
}

/// The query for what follows a cursor. `named`: where the value of the sort field is, if not at its own path.
pub fn following(cursor: &Cursor, sort: Option<&SortBy>, named: Option<&str>) -> StoreResult<Document> {
    let position = decode(cursor, sort)?;
    let descending = sort.is_some_and(|s| s.descending);
    let Some(by) = sort.filter(|s| s.field.as_str() != "_id") else {
        return Ok(doc! { "$or": brackets::beyond("_id", &position.id, descending)? });
    };
    let field = named.unwrap_or(by.field.as_str());
    let mut any = brackets::beyond(field, &position.value, descending)?;
    let ties = match position.value {
        Bson::Null => vec![brackets::ids_beyond(&position.id, descending)],
        _ => brackets::beyond("_id", &position.id, descending)?,
    };
    // One flat list: each condition gets tight bounds on {field, _id} and the server merges them in order.
    for beyond in ties {
        let mut tie = doc! { field: { "$eq": position.value.clone() } };
        tie.extend(beyond);
        any.push(tie);
    }
    Ok(doc! { "$or": any })
}

fn label(sort: Option<&SortBy>) -> String {
    sort.map_or_else(String::new, |s| format!("{}{}", if s.descending { '-' } else { '+' }, s.field))
}

fn decode(cursor: &Cursor, sort: Option<&SortBy>) -> StoreResult<Position> {
    let invalid = || StoreError::invalid("This page marker does not belong to this list; start again from the first page.");
    let bytes = URL_SAFE_NO_PAD.decode(&cursor.0).map_err(|_| invalid())?;
    let mut doc = steward_domain::depth::decode(&bytes).ok_or_else(invalid)?;
    if doc.get_str("s").ok() != Some(label(sort).as_str()) {
        return Err(invalid());
    }
    match (doc.remove("v"), doc.remove("i")) {
        (Some(value), Some(id)) => Ok(Position { value, id }),
        _ => Err(invalid()),
    }
}

/// The value that a record sorts by; `None` where the field is missing.
fn sort_value<'a>(record: &'a RawDocument, by: &SortBy) -> StoreResult<Option<RawBsonRef<'a>>> {
    let mut current = RawBsonRef::Document(record);
    for segment in by.field.segments() {
        current = match current {
            RawBsonRef::Document(inner) => match inner.get(&*segment) {
                Ok(Some(value)) => value,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        if matches!(current, RawBsonRef::Array(_)) {
            return Err(StoreError::new(
                steward_store::StoreErrorKind::Unsupported,
                format!("Sorting by a list is not possible: '{}' holds one. Sort by another field.", by.field),
            ));
        }
    }
    Ok(Some(current))
}

fn owned(value: RawBsonRef<'_>) -> StoreResult<Bson> {
    Bson::try_from(value).map_err(|_| damaged())
}

fn damaged() -> StoreError {
    StoreError::new(steward_store::StoreErrorKind::Damaged, "A stored record is not valid BSON.")
}
