//! Values that fit none of several allowed forms (`oneOf`, `anyOf`): which form is nearest, and what is wrong with it there.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value as Json;

/// Whoever states another kind, or is of another type, means another form.
const OTHER_FORM: usize = 50;

/// The errors of the form that a value comes nearest to, and which one it is. `None` where it comes near none.
pub fn nearest<'e>(error: &'e ValidationError<'_>) -> Option<(usize, &'e [ValidationError<'static>])> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else { return None };
    let here = depth(error);
    let costs: Vec<usize> = context.iter().map(|errors| errors.iter().map(|inner| cost(inner, here)).sum()).collect();
    let least = costs.iter().copied().min().filter(|cost| *cost < OTHER_FORM)?;
    let at = costs.iter().position(|cost| *cost == least)?;
    Some((at, context.get(at)?))
}

fn depth(error: &ValidationError<'_>) -> usize {
    error.instance_path().as_str().matches('/').count()
}

fn cost(error: &ValidationError<'_>, here: usize) -> usize {
    let below = depth(error) > here;
    match error.kind() {
        ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } if below => OTHER_FORM,
        ValidationErrorKind::Type { kind: TypeKind::Single(_) | TypeKind::Multiple(_) } if !below => OTHER_FORM,
        _ => 1,
    }
}

/// What the forms are called: by the value that a field must have in each, by their titles, or by their definitions.
pub fn names(root: &Json, error: &ValidationError<'_>) -> Vec<Option<String>> {
    let forms = root.pointer(error.schema_path().as_str()).and_then(Json::as_array);
    forms.into_iter().flatten().map(|form| name_of(root, form)).collect()
}

fn name_of(root: &Json, form: &Json) -> Option<String> {
    let reference = form.get("$ref").and_then(Json::as_str);
    let form = reference.and_then(|to| root.pointer(to.strip_prefix('#')?)).unwrap_or(form);
    let fields = form.get("properties").and_then(Json::as_object);
    let constant = fields.into_iter().flatten().find_map(|(field, schema)| Some(format!("{field}: {}", schema.get("const")?.as_str()?)));
    let title = || form.get("title").and_then(Json::as_str).map(str::to_owned);
    let definition = || reference?.rsplit('/').next().map(str::to_owned);
    constant.or_else(title).or_else(definition)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::{Checker, Pack, Registry};

    fn broken(how: Json) -> Vec<(String, String, String)> {
        let form = |kind: &str, field: &str, schema: Json| json!({"type": "object", "required": ["kind", field], "properties": {"kind": {"const": kind}, field: schema}});
        let pack = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "x-steward": {"pack": "things", "version": "1.0.0", "collection": "things", "key": "id"},
            "properties": {
                "how": {"oneOf": [{"$ref": "#/$defs/mail"}, form("phone", "number", json!({"type": "string", "pattern": "^[+]"}))]},
                "size": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "enum": ["S", "M"]}]}
            },
            "$defs": {"mail": form("mail", "address", json!({"type": "string"}))}
        });
        let checker = Checker::new(&Pack::parse(&pack.to_string()).unwrap(), &Registry::default()).unwrap();
        checker.check(&how).into_iter().map(|v| (v.pointer, v.rule, v.message)).collect()
    }

    fn one(pointer: &str, rule: &str, message: &str) -> Vec<(String, String, String)> {
        vec![(pointer.into(), rule.into(), message.into())]
    }

    #[test]
    fn the_nearest_form_tells_what_is_wrong() {
        let form = "Does not have the required form (^[+]). The form kind: phone is the nearest of those allowed.";
        assert_eq!(broken(json!({"how": {"kind": "phone", "number": "0049"}})), one("/how/number", "pattern", form));
        let missing = "address is required and is missing. The form kind: mail is the nearest of those allowed.";
        assert_eq!(broken(json!({"how": {"kind": "mail"}})), one("/how/address", "required", missing));
        assert_eq!(broken(json!({"size": 0})), one("/size", "minimum", "Must be at least 1."));
        assert_eq!(broken(json!({"size": "L"})), one("/size", "enum", "Must be one of S or M."));
        let none = "Fits none of the allowed forms: kind: mail, kind: phone.";
        assert_eq!(broken(json!({"how": {"kind": "fax", "number": "+4"}})), one("/how", "oneOf", none));
        assert_eq!(broken(json!({"how": "call me"})), one("/how", "oneOf", none));
    }
}
