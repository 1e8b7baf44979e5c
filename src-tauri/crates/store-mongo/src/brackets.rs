//! MongoDB's order of types, for predicates that have to cross them.
//!
//! Query comparisons stay within one type, but sorting does not. A page that continues "beyond this value" therefore
//! asks for the rest of the value's own bracket and for all brackets after it.
//! Source: "Comparison/Sort Order" in the manual, `canonicalizeBSONType` in the server.

use bson::{Bson, Document, doc};
use steward_store::{StoreError, StoreResult};

/// Type codes of each bracket in ascending order.
const BRACKETS: &[&[i32]] =
    &[&[-1], &[6], &[10], &[1, 16, 18, 19], &[2, 14], &[3], &[4], &[5], &[7], &[8], &[9], &[17], &[11], &[12], &[13], &[15], &[127]];
const UNDEFINED: usize = 1;
const NULL: usize = 2;
const NUMBER: usize = 3;
const LIST: usize = 6;

fn bracket(value: &Bson) -> usize {
    match value {
        Bson::MinKey => 0,
        Bson::Undefined => UNDEFINED,
        Bson::Null => NULL,
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => NUMBER,
        Bson::String(_) | Bson::Symbol(_) => 4,
        Bson::Document(_) => 5,
        Bson::Array(_) => LIST,
        Bson::Binary(_) => 7,
        Bson::ObjectId(_) => 8,
        Bson::Boolean(_) => 9,
        Bson::DateTime(_) => 10,
        Bson::Timestamp(_) => 11,
        Bson::RegularExpression(_) => 12,
        Bson::DbPointer(_) => 13,
        Bson::JavaScriptCode(_) => 14,
        Bson::JavaScriptCodeWithScope(_) => 15,
        Bson::MaxKey => 16,
    }
}

/// A number that is none; MongoDB sorts it below all others, but no comparison except equality finds it.
pub fn is_nan(value: &Bson) -> bool {
    match value {
        Bson::Double(n) => n.is_nan(),
        Bson::Decimal128(d) => d.to_string() == "NaN",
        _ => false,
    }
}

/// Conditions of which each finds values strictly after (or before) `value` in the order of types; all together find
/// every one. A missing field counts as null.
///
/// Null and missing are always one condition: where the server merges several index scans in order, it takes a
/// missing value for less than null.
pub fn beyond(field: &str, value: &Bson, descending: bool) -> StoreResult<Vec<Document>> {
    if matches!(value, Bson::RegularExpression(_) | Bson::Undefined) {
        return Err(StoreError::unsupported("continuing a page at a regular expression or an undefined value"));
    }
    let own = bracket(value);
    let mut any = within(field, value, own, descending);
    let others = if descending { 0..own } else { own + 1..BRACKETS.len() };
    if others.contains(&NULL) {
        any.push(doc! { field: Bson::Null });
    }
    // An empty list sorts as "undefined"; other lists sort by their elements.
    if others.contains(&UNDEFINED) {
        any.push(doc! { field: { "$eq": [] } });
    }
    let types = codes(others.filter(|i| *i != LIST && *i != NULL));
    if !types.is_empty() {
        any.push(doc! { field: { "$type": types } });
    }
    Ok(any)
}

/// As [`beyond`], for `_id`, as one condition: not at it and not before it.
pub fn ids_beyond(id: &Bson, descending: bool) -> Document {
    let own = bracket(id);
    let at_or_before = match (own, is_nan(id), descending) {
        (NUMBER, true, true) => vec![doc! { "_id": { "$type": "number" } }],
        (NUMBER, true, false) => vec![doc! { "_id": { "$eq": f64::NAN } }],
        (NUMBER, false, false) => vec![doc! { "_id": { "$lte": id.clone() } }, doc! { "_id": { "$eq": f64::NAN } }],
        (0 | UNDEFINED | NULL | 16, ..) => vec![doc! { "_id": { "$type": codes(std::iter::once(own)) } }],
        (_, _, false) => vec![doc! { "_id": { "$lte": id.clone() } }],
        (_, _, true) => vec![doc! { "_id": { "$gte": id.clone() } }],
    };
    let mut none = at_or_before;
    let types = codes(if descending { own + 1..BRACKETS.len() } else { 0..own });
    if !types.is_empty() {
        none.push(doc! { "_id": { "$type": types } });
    }
    doc! { "$nor": none }
}

fn codes(brackets: impl Iterator<Item = usize>) -> Vec<i32> {
    brackets.filter_map(|i| BRACKETS.get(i)).flat_map(|codes| codes.iter().copied()).collect()
}

/// The rest of the value's own bracket.
fn within(field: &str, value: &Bson, own: usize, descending: bool) -> Vec<Document> {
    if matches!(own, 0 | UNDEFINED | NULL | 16) {
        return Vec::new();
    }
    if own == NUMBER {
        return match (is_nan(value), descending) {
            (true, true) => Vec::new(),
            (true, false) => vec![doc! { field: { "$gte": f64::NEG_INFINITY } }],
            (false, true) => vec![doc! { field: { "$lt": value.clone() } }, doc! { field: { "$eq": f64::NAN } }],
            (false, false) => vec![doc! { field: { "$gt": value.clone() } }],
        };
    }
    let operator = if descending { "$lt" } else { "$gt" };
    vec![doc! { field: { operator: value.clone() } }]
}
