//! Fields of a schema as forms, grids and documentation need them.

use serde_json::Value as Json;

use crate::pack::Pack;

/// One top-level field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    pub title: String,
    pub description: String,
    /// JSON Schema types.
    pub types: Vec<String>,
    pub required: bool,
    pub format: String,
    /// Allowed values, null left out.
    pub choices: Vec<Json>,
    /// Bounds and forms in words.
    pub rules: String,
}

/// The fields of a pack in the order of its document.
pub fn describe(pack: &Pack) -> Vec<Field> {
    let required = pack.required();
    let properties = pack.json.get("properties").and_then(Json::as_object);
    properties.into_iter().flatten().map(|(name, schema)| field(name, schema, required.contains(name))).collect()
}

fn field(name: &str, schema: &Json, required: bool) -> Field {
    let text = |member: &str| schema.get(member).and_then(Json::as_str).unwrap_or_default().to_owned();
    let types = match schema.get("type") {
        Some(Json::String(one)) => vec![one.clone()],
        Some(Json::Array(many)) => many.iter().filter_map(|t| t.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let choices: Vec<Json> = schema.get("enum").and_then(Json::as_array).into_iter().flatten().filter(|v| !v.is_null()).cloned().collect();
    Field {
        name: name.to_owned(),
        title: if text("title").is_empty() { name.replace('_', " ") } else { text("title") },
        description: text("description"),
        types,
        required,
        format: text("format"),
        choices,
        rules: rules(schema).join(", "),
    }
}

fn rules(schema: &Json) -> Vec<String> {
    // The bound is where `#` is.
    let words = [
        ("minimum", "at least #"),
        ("exclusiveMinimum", "more than #"),
        ("maximum", "at most #"),
        ("exclusiveMaximum", "less than #"),
        ("minLength", "at least # characters"),
        ("maxLength", "at most # characters"),
        ("minItems", "at least # items"),
        ("maxItems", "at most # items"),
        ("pattern", "of the form #"),
    ];
    let not_blank = schema.get("pattern").and_then(Json::as_str) == Some(r"\S");
    let bound = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let word_for = |(member, word): &(&str, &str)| {
        let value = schema.get(*member)?;
        match (*member, value.as_u64()) {
            ("minLength", Some(1)) if not_blank => None,
            ("minLength", Some(1)) => Some("not empty".to_owned()),
            ("pattern", _) if not_blank => Some("not blank".to_owned()),
            _ => Some(word.replace('#', &bound(value))),
        }
    };
    let mut out: Vec<String> = words.iter().filter_map(word_for).collect();
    if schema.get("uniqueItems").and_then(Json::as_bool) == Some(true) {
        out.push("no item twice".to_owned());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_as_a_person_says_them() {
        let schema = serde_json::json!({"minLength": 1, "maxLength": 200, "pattern": "^\\d{2}-\\d{4}$"});
        assert_eq!(rules(&schema), ["not empty", "at most 200 characters", "of the form ^\\d{2}-\\d{4}$"]);
        assert_eq!(rules(&serde_json::json!({"minLength": 1, "maxLength": 9, "pattern": "\\S"})), ["at most 9 characters", "not blank"]);
    }
}
