//! Fields whose names have dots or begin with a dollar sign. The server's queries and updates read those as paths and operators;
//! only its expressions can say them.

use bson::{Bson, Document, doc};
use steward_domain::FieldPath;
use steward_store::{Query, StoreError, StoreResult};

use crate::cursor;

fn names(path: &FieldPath) -> StoreResult<Vec<String>> {
    if !path.is_patchable() {
        return Err(StoreError::invalid(format!("'{path}' is not a usable field name.")));
    }
    Ok(path.segments().map(Into::into).collect())
}

fn get(name: &str, input: Bson) -> Bson {
    Bson::Document(doc! { "$getField": { "field": { "$literal": name }, "input": input } })
}

fn value_at(names: &[String]) -> Bson {
    names.iter().fold(Bson::from("$$ROOT"), |input, name| get(name, input))
}

/// The value at a path, for expressions; missing where something on the way is no object.
pub fn value(path: &FieldPath) -> StoreResult<Bson> {
    let step = |input: Bson, name: &String| {
        let is_object = doc! { "$eq": [{ "$type": "$$input" }, "object"] };
        let found = doc! { "$cond": [is_object, get(name, Bson::from("$$input")), "$$REMOVE"] };
        Bson::Document(doc! { "$let": { "vars": { "input": input }, "in": found } })
    };
    Ok(names(path)?.iter().fold(Bson::from("$$ROOT"), step))
}

/// A page in the order of such a field, which no index serves; nothing where the order is by another one. The value stands next to the
/// record while it is sorted.
pub fn sorted(query: &Query, filter: &Document, wanted: usize) -> StoreResult<Option<Vec<Document>>> {
    const BY: &str = "by";
    let Some(sort) = query.sort.as_ref().filter(|sort| !sort.field.is_dotted()) else { return Ok(None) };
    let beside = doc! { "_id": "$_id", BY: value(&sort.field)?, "record": "$$ROOT" };
    let mut stages = vec![doc! { "$match": filter.clone() }, doc! { "$replaceWith": beside }];
    if let Some(after) = &query.after {
        stages.push(doc! { "$match": cursor::following(after, Some(sort), Some(BY))? });
    }
    let direction = if sort.descending { -1 } else { 1 };
    stages.push(doc! { "$sort": { BY: direction, "_id": direction } });
    stages.push(doc! { "$limit": i64::try_from(wanted).unwrap_or(i64::MAX) });
    stages.push(doc! { "$replaceWith": "$record" });
    Ok(Some(stages))
}

/// The field has exactly this value, or is missing.
pub fn equals(path: &FieldPath, value: Option<&Bson>) -> StoreResult<Document> {
    let found = value_at(&names(path)?);
    Ok(match value {
        None => doc! { "$expr": { "$eq": [{ "$type": found }, "missing"] } },
        Some(value) => doc! { "$expr": { "$eq": [found, { "$literal": value.clone() }] } },
    })
}

/// A pipeline that sets and removes fields, one after another.
pub fn update(set: &[(FieldPath, Bson)], unset: &[FieldPath]) -> StoreResult<Bson> {
    let mut stages = Vec::new();
    for (path, value) in set {
        stages.push(stage(path, Bson::Document(doc! { "$literal": value.clone() }))?);
    }
    for path in unset {
        stages.push(stage(path, Bson::from("$$REMOVE"))?);
    }
    Ok(Bson::Array(stages))
}

fn stage(path: &FieldPath, value: Bson) -> StoreResult<Bson> {
    Ok(Bson::Document(doc! { "$replaceWith": set_in(&[], &names(path)?, value) }))
}

/// An object with a field in it set, and the objects around it.
fn set_in(before: &[String], rest: &[String], value: Bson) -> Bson {
    let Some((name, inner)) = rest.split_first() else { return value };
    let here = value_at(before);
    // An object that is not there yet is made, as an update with a path does.
    let input = Bson::Document(doc! { "$ifNull": [here, {}] });
    let mut path = before.to_vec();
    path.push(name.clone());
    Bson::Document(doc! { "$setField": { "field": { "$literal": name }, "input": input, "value": set_in(&path, inner, value) } })
}
