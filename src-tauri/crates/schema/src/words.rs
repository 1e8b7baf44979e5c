//! What a broken rule means, in one plain sentence without the value.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value as Json;

/// The sentence for an error.
pub fn sentence(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as K;
    match kind {
        K::Required { property } => format!("{} is required and is missing.", plain(property)),
        K::Type { kind } => types(kind),
        K::Enum { options } => format!("Must be one of {}.", choices(options.as_array().map_or(&[], Vec::as_slice))),
        K::Constant { expected_value } => format!("Must be {}.", plain(expected_value)),
        K::Pattern { pattern } if pattern == r"\S" => "Must not be blank.".to_owned(),
        K::Pattern { pattern } => format!("Does not have the required form ({pattern})."),
        K::Format { format } => format!("Is not a valid {}.", format_name(format)),
        K::MinLength { limit: 1 } => "Must not be empty.".to_owned(),
        K::MinLength { limit } => format!("Is too short: at least {limit} characters."),
        K::MaxLength { limit } => format!("Is too long: at most {limit} characters."),
        K::Minimum { limit } => self::limit(true, false, limit),
        K::Maximum { limit } => self::limit(false, false, limit),
        K::ExclusiveMinimum { limit } => self::limit(true, true, limit),
        K::ExclusiveMaximum { limit } => self::limit(false, true, limit),
        K::MultipleOf { multiple_of } => format!("Must be a multiple of {multiple_of}."),
        K::MinItems { limit } => format!("Needs at least {limit} items."),
        K::MaxItems { limit } => format!("Has more than {limit} items."),
        K::UniqueItems => "Has the same item more than once.".to_owned(),
        K::Contains => "Has no item of the required kind.".to_owned(),
        K::MinProperties { limit } => format!("Needs at least {limit} fields."),
        K::MaxProperties { limit } => format!("Has more than {limit} fields."),
        K::AdditionalProperties { unexpected } | K::UnevaluatedProperties { unexpected } => {
            format!("Has unexpected fields: {}.", unexpected.join(", "))
        }
        K::AdditionalItems { .. } | K::UnevaluatedItems { .. } => "Has more items than allowed.".to_owned(),
        K::AnyOf { .. } | K::OneOfNotValid { .. } => "Fits none of the allowed forms.".to_owned(),
        K::OneOfMultipleValid { .. } => "Fits more than one form where exactly one is allowed.".to_owned(),
        K::Not { .. } => "Has a form that is not allowed.".to_owned(),
        K::FalseSchema => "Is not allowed here.".to_owned(),
        K::PropertyNames { .. } => "Has a field name that is not allowed.".to_owned(),
        K::ContentEncoding { content_encoding } => format!("Is not valid {content_encoding}."),
        K::ContentMediaType { content_media_type } => format!("Is not valid {content_media_type}."),
        K::FromUtf8 { .. } => "Is not valid text.".to_owned(),
        K::Custom { message, .. } => message.clone(),
        K::BacktrackLimitExceeded { .. } | K::RegexEngineFailure { .. } => "Could not be compared with the required form.".to_owned(),
        K::Referencing(_) => "The schema refers to something that is not there.".to_owned(),
    }
}

/// That a value must be of one of these types.
pub fn must_be<'t>(types: impl Iterator<Item = &'t str>) -> String {
    format!("Must be {}.", types.map(type_name).collect::<Vec<_>>().join(" or "))
}

/// That a value must be one of these, or this one.
pub fn one_of(options: &[Json]) -> String {
    match options {
        [one] => format!("Must be {}.", plain(one)),
        _ => format!("Must be one of {}.", choices(options)),
    }
}

/// That a number must keep to a limit.
pub fn limit(least: bool, strict: bool, limit: &Json) -> String {
    let words = match (least, strict) {
        (true, false) => "at least",
        (true, true) => "more than",
        (false, false) => "at most",
        (false, true) => "less than",
    };
    format!("Must be {words} {}.", plain(limit))
}

/// That a number must be a multiple of another one.
pub fn multiple(of: &Json) -> String {
    format!("Must be a multiple of {of}.")
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(s) => s.clone(),
        other => other.to_string(),
    }
}

fn type_name(name: &str) -> &str {
    match name {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}

fn types(kind: &TypeKind) -> String {
    let names: Vec<String> = match kind {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(set) => set.iter().map(|t| t.to_string()).collect(),
    };
    must_be(names.iter().map(String::as_str))
}

fn choices(options: &[Json]) -> String {
    let list: Vec<String> = options.iter().filter(|v| !v.is_null()).map(plain).collect();
    match list.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => "the allowed values".to_owned(),
    }
}

fn format_name(format: &str) -> &str {
    match format {
        "date-time" => "date and time (RFC 3339, such as 2026-01-31T12:00:00Z)",
        "date" => "date (such as 2026-01-31)",
        "email" => "e-mail address",
        "uri" => "web address",
        "uuid" => "UUID",
        other => other,
    }
}
