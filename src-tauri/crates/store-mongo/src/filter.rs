//! The typed filter as a query document, with the exact meaning of `steward_domain::matching`.
//!
//! Where MongoDB's own operators mean something else (null and missing, NaN, lists as operands, `$` before a final
//! line end), the translation says so at the place.

use bson::{Bson, Document, doc};
use steward_domain::filter::{Comparison, TypeName};
use steward_domain::{FieldPath, Filter, matching};
use steward_store::{IndexSpec, StoreError, StoreErrorKind, StoreResult};

use crate::brackets::is_nan;
use crate::{expressions, indexes, search};

/// Translates a filter. `indexes` are those of the collection.
pub fn translate(filter: &Filter, indexes: &[IndexSpec]) -> StoreResult<Document> {
    let (text, rest) = filter.split_text();
    let rest = node(&rest)?;
    let Some(text) = text else {
        return Ok(rest);
    };
    let Some(fields) = indexes::text_fields(indexes) else {
        return Err(StoreError::new(StoreErrorKind::Unsupported, "This collection has no text index, so it cannot be searched by words."));
    };
    let found = search::conditions(&text, fields, indexes);
    let all = found.into_iter().chain([rest]).filter(|part| !part.is_empty()).collect();
    Ok(join("$and", all))
}

/// Translates a filter that must not search by words.
pub fn translate_plain(filter: &Filter) -> StoreResult<Document> {
    match filter.split_text().0 {
        Some(_) => Err(nested_text()),
        None => node(filter),
    }
}

fn node(filter: &Filter) -> StoreResult<Document> {
    Ok(match filter {
        Filter::And { all } => {
            let parts: Vec<Document> = all.iter().map(node).collect::<StoreResult<_>>()?;
            join("$and", parts.into_iter().filter(|d| !d.is_empty()).collect())
        }
        Filter::Or { any } if any.is_empty() => nothing(),
        Filter::Or { any } => join("$or", any.iter().map(node).collect::<StoreResult<_>>()?),
        Filter::Not { not } => doc! { "$nor": [node(not)?] },
        Filter::Text { .. } => return Err(nested_text()),
        one if odd_field(one)?.is_some() => expressions::condition(one)?,
        Filter::Compare { field, cmp, value } => compare(name(field)?, *cmp, &value.0)?,
        Filter::In { field, values } => {
            let field = name(field)?;
            one_of(field, values.iter().map(|v| &v.0))
        }
        Filter::Exists { field, exists } => doc! { name(field)?: { "$exists": *exists } },
        Filter::IsNull { field } => is_null(name(field)?),
        Filter::Blank { field } => blank(name(field)?),
        Filter::Regex { field, .. } | Filter::Contains { field, .. } | Filter::StartsWith { field, .. } => {
            let (pattern, ignore_case) = matching::pattern_of(filter).unwrap_or_default();
            matching::build_regex(&pattern, ignore_case)?;
            let options = if ignore_case { "i" } else { "" };
            doc! { name(field)?: { "$regex": to_pcre(&pattern), "$options": options } }
        }
        Filter::IsType { field, of } => doc! { name(field)?: { "$type": type_alias(*of) } },
    })
}

/// The field of a condition, where a query cannot name it.
///
/// Errors: no record can have such a field.
fn odd_field(filter: &Filter) -> StoreResult<Option<&FieldPath>> {
    let field = match filter {
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Exists { field, .. }
        | Filter::IsNull { field }
        | Filter::Blank { field }
        | Filter::Regex { field, .. }
        | Filter::Contains { field, .. }
        | Filter::StartsWith { field, .. }
        | Filter::IsType { field, .. } => field,
        Filter::And { .. } | Filter::Or { .. } | Filter::Not { .. } | Filter::Text { .. } => return Ok(None),
    };
    if field.is_dotted() {
        return Ok(None);
    }
    if field.is_patchable() { Ok(Some(field)) } else { name(field).map(|_| None) }
}

/// A field name that cannot be mistaken for an operator.
pub fn name(field: &FieldPath) -> StoreResult<&str> {
    if field.is_dotted() {
        return Ok(field.as_str());
    }
    let why = match field.is_patchable() {
        true => format!("MongoDB cannot do this with '{field}': the name has a dot or begins with a dollar sign."),
        false => format!("'{field}' is not a usable field name."),
    };
    Err(StoreError::invalid(why))
}

fn nested_text() -> StoreError {
    StoreError::new(StoreErrorKind::Unsupported, "A text search can be used alone or with other conditions, but not inside 'or' or 'not'.")
}

/// Matches no record, without reading any.
pub fn nothing() -> Document {
    doc! { "_id": { "$in": [] } }
}

/// The parts under an operator, which a single one does not need.
pub fn join(operator: &str, mut parts: Vec<Document>) -> Document {
    match parts.len() {
        0 => Document::new(),
        1 => parts.remove(0),
        _ => doc! { operator: parts },
    }
}

fn compare(field: &str, cmp: Comparison, value: &Bson) -> StoreResult<Document> {
    let operator = match cmp {
        Comparison::Eq => return Ok(equals(field, value)),
        Comparison::Ne => return Ok(doc! { "$nor": [equals(field, value)] }),
        Comparison::Gt => "$gt",
        Comparison::Gte => "$gte",
        Comparison::Lt => "$lt",
        Comparison::Lte => "$lte",
    };
    let or_equal = matches!(cmp, Comparison::Gte | Comparison::Lte);
    Ok(match value {
        // A missing field is not "at most null"; nothing is above or below null within its bracket.
        Bson::Null | Bson::Undefined if or_equal => is_null(field),
        Bson::MinKey | Bson::MaxKey if or_equal => doc! { field: { "$eq": value.clone() } },
        Bson::Null | Bson::Undefined | Bson::MinKey | Bson::MaxKey => nothing(),
        Bson::RegularExpression(_) => return Err(StoreError::invalid("A regular expression can be compared for equality only.")),
        // MongoDB would also compare the whole list.
        Bson::Array(_) => doc! { field: { "$elemMatch": { operator: value.clone() } } },
        number if is_nan(number) => compare_nan(field, cmp),
        // MongoDB sorts NaN below all numbers, but its comparisons leave it out.
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) if matches!(cmp, Comparison::Lt | Comparison::Lte) => {
            doc! { "$or": [{ field: { operator: value.clone() } }, { field: { "$eq": f64::NAN } }] }
        }
        _ => doc! { field: { operator: value.clone() } },
    })
}

fn compare_nan(field: &str, cmp: Comparison) -> Document {
    match cmp {
        Comparison::Gt => doc! { field: { "$gte": f64::NEG_INFINITY } },
        Comparison::Gte => doc! { field: { "$type": "number" } },
        Comparison::Lt => nothing(),
        Comparison::Lte | Comparison::Eq | Comparison::Ne => doc! { field: { "$eq": f64::NAN } },
    }
}

fn equals(field: &str, value: &Bson) -> Document {
    match value {
        // Below a list, `{field: null}` also matches where only some elements lack the field. Not "null or missing"
        // as two alternatives: see `brackets::beyond` for what merging them does to the order.
        Bson::Null | Bson::Undefined if field.contains('.') => {
            doc! { "$nor": [{ field: { "$exists": true, "$not": { "$type": [10, 6] } } }] }
        }
        Bson::Null | Bson::Undefined => doc! { field: Bson::Null },
        other => doc! { field: { "$eq": other.clone() } },
    }
}

/// `$in`, but null means "null or missing" as above, and a regular expression is a value, not a pattern.
pub fn one_of<'a>(field: &str, values: impl Iterator<Item = &'a Bson>) -> Document {
    let (odd, plain): (Vec<&Bson>, Vec<&Bson>) =
        values.partition(|v| matches!(v, Bson::Null | Bson::Undefined | Bson::RegularExpression(_)));
    let mut any: Vec<Document> = odd.into_iter().map(|v| equals(field, v)).collect();
    if !plain.is_empty() {
        let plain: Vec<Bson> = plain.into_iter().cloned().collect();
        any.push(doc! { field: { "$in": plain } });
    }
    if any.is_empty() { nothing() } else { join("$or", any) }
}

/// Null or the old "undefined", in a list too.
fn is_null(field: &str) -> Document {
    doc! { field: { "$type": [10, 6] } }
}

/// What is not blank. What Rust's `trim` removes: Unicode White_Space.
pub const NOT_SPACE: &str =
    "[^\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]";

/// Nothing at the path is of use. Each condition below finds something of use; one that looks into a list finds it
/// only in a list that is not empty, which is of use anyway.
fn blank(field: &str) -> Document {
    const SCALARS: [i32; 15] = [1, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 18, 19, -1, 127];
    doc! { "$nor": [
        { field: { "$type": SCALARS.to_vec() } },
        { field: { "$type": 14 } },
        { field: { "$regex": NOT_SPACE } },
        { field: { "$gt": {} } },
        { format!("{field}.0"): { "$exists": true } },
    ] }
}

fn type_alias(of: TypeName) -> &'static str {
    match of {
        TypeName::String => "string",
        TypeName::Number => "number",
        TypeName::Bool => "bool",
        TypeName::Date => "date",
        TypeName::ObjectId => "objectId",
        TypeName::Array => "array",
        TypeName::Object => "object",
        TypeName::Binary => "binData",
        TypeName::Null => "null",
    }
}

/// The same expression in PCRE: classes such as `\w` are Unicode's in Rust, and `$` there is the very end.
pub fn to_pcre(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let multi_line = pattern.contains("(?") && pattern.contains('m');
    let mut unicode = false;
    let mut class = 0_u32;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let next = chars.next().unwrap_or('\\');
                unicode |= matches!(next, 'w' | 'W' | 'd' | 'D' | 's' | 'S' | 'b' | 'B');
                out.push('\\');
                out.push(next);
            }
            '\0' => out.push_str("\\x{0}"),
            '[' => {
                class += 1;
                out.push(c);
            }
            ']' => {
                class = class.saturating_sub(1);
                out.push(c);
            }
            '$' if class == 0 && !multi_line => out.push_str("\\z"),
            other => out.push(other),
        }
    }
    if unicode { format!("(*UCP){out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_keep_their_meaning_in_pcre() {
        assert_eq!(to_pcre("^a\\$b$"), "^a\\$b\\z");
        assert_eq!(to_pcre("[$]\\d"), "(*UCP)[$]\\d");
        assert_eq!(to_pcre("(?m)^a$"), "(?m)^a$");
    }

    #[test]
    fn a_text_below_or_is_refused() {
        let text = Filter::Text { text: "a".into() };
        let nested = Filter::Or { any: vec![text.clone(), Filter::all()] };
        assert_eq!(translate(&nested, &[IndexSpec::text(&["a"])]).unwrap_err().kind, StoreErrorKind::Unsupported);
        assert_eq!(translate(&text, &[]).unwrap_err().kind, StoreErrorKind::Unsupported);
    }

    #[test]
    fn operators_cannot_come_in_as_field_names() {
        assert_eq!(translate(&Filter::eq("$where", 1), &[]).unwrap_err().kind, StoreErrorKind::Invalid);
    }
}
