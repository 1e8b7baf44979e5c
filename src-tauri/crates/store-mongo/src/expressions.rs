//! Conditions on fields that a query cannot name: a dot in the name leads nowhere there, and a dollar sign is an operator. Expressions
//! can name them. They mean what `filter` means, and are never served by an index.

use bson::{Bson, Document, bson, doc};
use steward_domain::filter::{Comparison, TypeName};
use steward_domain::{FieldPath, Filter, matching};
use steward_store::StoreResult;

use crate::filter::{NOT_SPACE, nothing, to_pcre};

/// The values at a path, in a list: lists on the way are entered, element by element and by index.
fn reached(path: &FieldPath) -> Bson {
    path.segments().fold(bson!(["$$ROOT"]), |values, name| step(&values, &name))
}

/// The values one name further.
fn step(values: &Bson, name: &str) -> Bson {
    let of = |object: &str| {
        let field = doc! { "$getField": { "field": { "$literal": name }, "input": object } };
        let there = doc! { "$ne": [{ "$type": "$$field" }, "missing"] };
        let found = doc! { "$let": { "vars": { "field": field }, "in": { "$cond": [there, ["$$field"], []] } } };
        doc! { "$cond": [{ "$eq": [{ "$type": object }, "object"] }, found, []] }
    };
    let mut within = vec![Bson::Document(doc! {
        "$reduce": { "input": "$$here", "initialValue": [], "in": { "$concatArrays": ["$$value", of("$$this")] } }
    })];
    if let Ok(index) = name.parse::<i32>() {
        within.push(Bson::Document(doc! { "$slice": ["$$here", index, 1] }));
    }
    let here = doc! { "$cond": [{ "$isArray": "$$here" }, { "$concatArrays": within }, of("$$here")] };
    let one = doc! { "$let": { "vars": { "here": "$$this" }, "in": here } };
    bson!({ "$reduce": { "input": values.clone(), "initialValue": [], "in": { "$concatArrays": ["$$value", one] } } })
}

/// Each value, and the elements of a list: in its place, or next to it.
fn items(values: Bson, lists_too: bool) -> Bson {
    let list = match lists_too {
        true => bson!({ "$concatArrays": [["$$this"], "$$this"] }),
        false => bson!("$$this"),
    };
    let each = doc! { "$cond": [{ "$isArray": "$$this" }, list, ["$$this"]] };
    bson!({ "$reduce": { "input": values, "initialValue": [], "in": { "$concatArrays": ["$$value", each] } } })
}

fn any(items: Bson, test: Document) -> Document {
    doc! { "$anyElementTrue": [{ "$map": { "input": items, "as": "v", "in": test } }] }
}

fn has_type(types: &[&str]) -> Document {
    doc! { "$in": [{ "$type": "$$v" }, { "$literal": types.to_vec() }] }
}

const NOTHING: [&str; 2] = ["null", "undefined"];
const NUMBERS: [&str; 4] = ["int", "long", "double", "decimal"];

/// Types that compare with a value.
fn bracket(value: &Bson) -> Vec<&'static str> {
    match value {
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => NUMBERS.to_vec(),
        Bson::String(_) | Bson::Symbol(_) => vec!["string", "symbol"],
        Bson::Document(_) => vec!["object"],
        Bson::Array(_) => vec!["array"],
        Bson::Binary(_) => vec!["binData"],
        Bson::ObjectId(_) => vec!["objectId"],
        Bson::Boolean(_) => vec!["bool"],
        Bson::DateTime(_) => vec!["date"],
        Bson::Timestamp(_) => vec!["timestamp"],
        Bson::RegularExpression(_) => vec!["regex"],
        Bson::MinKey => vec!["minKey"],
        Bson::MaxKey => vec!["maxKey"],
        Bson::JavaScriptCode(_) => vec!["javascript"],
        Bson::JavaScriptCodeWithScope(_) => vec!["javascriptWithScope"],
        Bson::DbPointer(_) => vec!["dbPointer"],
        Bson::Null | Bson::Undefined => NOTHING.to_vec(),
    }
}

fn equals(path: &FieldPath, value: &Bson) -> Document {
    let among = items(reached(path), true);
    match value {
        Bson::Null | Bson::Undefined => {
            doc! { "$or": [{ "$eq": [{ "$size": reached(path) }, 0] }, any(among, has_type(&NOTHING))] }
        }
        value => any(among, doc! { "$eq": ["$$v", { "$literal": value.clone() }] }),
    }
}

fn compare(path: &FieldPath, cmp: Comparison, value: &Bson) -> Document {
    let operator = match cmp {
        Comparison::Eq => return equals(path, value),
        Comparison::Ne => return doc! { "$not": [equals(path, value)] },
        Comparison::Gt => "$gt",
        Comparison::Gte => "$gte",
        Comparison::Lt => "$lt",
        Comparison::Lte => "$lte",
    };
    let test = match (value, cmp) {
        (Bson::Null | Bson::Undefined, Comparison::Gte | Comparison::Lte) => has_type(&NOTHING),
        (Bson::Null | Bson::Undefined, _) => doc! { "$literal": false },
        (value, _) => doc! { "$and": [has_type(&bracket(value)), { operator: ["$$v", { "$literal": value.clone() }] }] },
    };
    any(items(reached(path), false), test)
}

/// Nothing at the path is of use.
fn blank(path: &FieldPath) -> Document {
    let full = doc! { "$regexMatch": { "input": "$$v", "regex": { "$literal": NOT_SPACE } } };
    let branch = |of: &str, then: Document| doc! { "case": { "$eq": [{ "$type": "$$v" }, of] }, "then": then };
    let test = doc! { "$switch": {
        "branches": [
            doc! { "case": has_type(&NOTHING), "then": true },
            branch("string", doc! { "$not": [full] }),
            branch("array", doc! { "$eq": ["$$v", []] }),
            branch("object", doc! { "$eq": ["$$v", { "$literal": {} }] }),
        ],
        "default": false,
    } };
    doc! { "$allElementsTrue": [{ "$map": { "input": reached(path), "as": "v", "in": test } }] }
}

fn types(of: TypeName) -> Vec<&'static str> {
    match of {
        TypeName::String => vec!["string"],
        TypeName::Number => NUMBERS.to_vec(),
        TypeName::Bool => vec!["bool"],
        TypeName::Date => vec!["date"],
        TypeName::ObjectId => vec!["objectId"],
        TypeName::Array => vec!["array"],
        TypeName::Object => vec!["object"],
        TypeName::Binary => vec!["binData"],
        TypeName::Null => vec!["null"],
    }
}

/// A condition on one field as a query.
pub fn condition(filter: &Filter) -> StoreResult<Document> {
    let expression = match filter {
        Filter::Compare { field, cmp, value } => compare(field, *cmp, &value.0),
        Filter::In { values, .. } if values.is_empty() => return Ok(nothing()),
        Filter::In { field, values } => {
            let any: Vec<Document> = values.iter().map(|v| equals(field, &v.0)).collect();
            doc! { "$or": any }
        }
        Filter::Exists { field, exists } => {
            let size = doc! { "$size": reached(field) };
            if *exists {
                doc! { "$gt": [size, 0] }
            } else {
                doc! { "$eq": [size, 0] }
            }
        }
        Filter::IsNull { field } => any(items(reached(field), false), has_type(&NOTHING)),
        Filter::Blank { field } => blank(field),
        Filter::IsType { field, of } => any(items(reached(field), true), has_type(&types(*of))),
        Filter::Regex { field, .. } | Filter::Contains { field, .. } | Filter::StartsWith { field, .. } => {
            let (pattern, ignore_case) = matching::pattern_of(filter).unwrap_or_default();
            matching::build_regex(&pattern, ignore_case)?;
            let options = if ignore_case { "i" } else { "" };
            let regex = doc! { "$literal": to_pcre(&pattern) };
            let found = doc! { "$regexMatch": { "input": { "$toString": "$$v" }, "regex": regex, "options": options } };
            any(items(reached(field), false), doc! { "$cond": [has_type(&["string", "symbol"]), found, false] })
        }
        Filter::And { .. } | Filter::Or { .. } | Filter::Not { .. } | Filter::Text { .. } => return Ok(nothing()),
    };
    Ok(doc! { "$expr": expression })
}
