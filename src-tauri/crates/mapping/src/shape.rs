//! What a schema says about one place of a record: types, choices, items. Enough to fit and to suggest; checking is
//! `steward-schema`'s.

use serde_json::Value as Json;
use steward_schema::Pack;

/// The types that are allowed at a place. `known` is false where the schema says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shape<'p> {
    pub known: bool,
    pub text: bool,
    pub integer: bool,
    pub number: bool,
    pub boolean: bool,
    pub list: bool,
    pub object: bool,
    pub format: &'p str,
    pub pattern: &'p str,
    pub title: &'p str,
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub choices: Vec<&'p Json>,
    pub items: Option<&'p Json>,
    pub properties: Option<&'p serde_json::Map<String, Json>>,
}

/// References and combinations are followed this deep; schemas may refer to themselves.
const DEPTH: usize = 8;

/// The shape at a path of names; `None` where the schema does not know it.
pub(crate) fn shape_at<'p>(pack: &'p Pack, path: &[String]) -> Option<Shape<'p>> {
    let mut shape = shape_of(&pack.json, &pack.json);
    for name in path {
        shape = shape_of(&pack.json, shape.properties?.get(name)?);
    }
    Some(shape)
}

/// The shape that a schema describes. `root` holds its definitions.
pub(crate) fn shape_of<'p>(root: &'p Json, schema: &'p Json) -> Shape<'p> {
    let mut shape = Shape::default();
    collect(root, schema, DEPTH, &mut shape);
    shape
}

fn collect<'p>(root: &'p Json, schema: &'p Json, depth: usize, shape: &mut Shape<'p>) {
    if depth == 0 {
        return;
    }
    if let Some(inner) = schema.get("$ref").and_then(Json::as_str).and_then(|r| root.pointer(r.strip_prefix('#')?)) {
        collect(root, inner, depth - 1, shape);
    }
    for member in ["allOf", "anyOf", "oneOf"] {
        for inner in schema.get(member).and_then(Json::as_array).into_iter().flatten() {
            collect(root, inner, depth - 1, shape);
        }
    }
    types(schema, shape);
    let text = |member: &str| schema.get(member).and_then(Json::as_str);
    let number = |members: [&str; 2]| members.iter().find_map(|m| schema.get(*m).and_then(Json::as_f64));
    shape.format = text("format").unwrap_or(shape.format);
    shape.pattern = text("pattern").unwrap_or(shape.pattern);
    shape.title = text("title").unwrap_or(shape.title);
    shape.minimum = number(["minimum", "exclusiveMinimum"]).or(shape.minimum);
    shape.maximum = number(["maximum", "exclusiveMaximum"]).or(shape.maximum);
    shape.items = schema.get("items").or(shape.items);
    shape.properties = schema.get("properties").and_then(Json::as_object).or(shape.properties);
}

fn types<'p>(schema: &'p Json, shape: &mut Shape<'p>) {
    let choices: Vec<&Json> = schema.get("enum").and_then(Json::as_array).into_iter().flatten().chain(schema.get("const")).collect();
    let stated: Vec<&str> = match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(many)) => many.iter().filter_map(Json::as_str).collect(),
        // Without a type the allowed values tell it.
        _ => choices.iter().map(|c| type_name(c)).collect(),
    };
    shape.choices.extend(choices.into_iter().filter(|c| !c.is_null()));
    for name in stated {
        shape.known = true;
        match name {
            "string" => shape.text = true,
            "integer" => shape.integer = true,
            "number" => shape.number = true,
            "boolean" => shape.boolean = true,
            "array" => shape.list = true,
            "object" => shape.object = true,
            _ => {}
        }
    }
}

fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(n) if n.is_f64() => "number",
        Json::Number(_) => "integer",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// One field that a column can go to.
#[derive(Debug, Clone)]
pub(crate) struct Place<'p> {
    pub path: Vec<String>,
    pub shape: Shape<'p>,
    pub required: bool,
}

/// All fields of a pack: top-level ones, and those inside objects, in the order of the schema.
pub(crate) fn places(pack: &Pack) -> Vec<Place<'_>> {
    let mut out = Vec::new();
    places_of(&pack.json, &pack.json, &mut Vec::new(), true, 4, &mut out);
    out
}

fn places_of<'p>(root: &'p Json, schema: &'p Json, path: &mut Vec<String>, required: bool, depth: usize, out: &mut Vec<Place<'p>>) {
    let Some(properties) = shape_of(root, schema).properties else { return };
    let wanted = schema.get("required").and_then(Json::as_array);
    for (name, inner) in properties {
        path.push(name.clone());
        let required = required && wanted.is_some_and(|list| list.iter().any(|w| w == name));
        out.push(Place { path: path.clone(), shape: shape_of(root, inner), required });
        if depth > 0 {
            places_of(root, inner, path, required, depth - 1, out);
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_and_combinations_are_seen_through() {
        let root = json!({"$defs": {"n": {"type": ["integer", "null"], "minimum": 1}}});
        let schema = json!({"anyOf": [{"$ref": "#/$defs/n"}, {"enum": ["few", "many"]}]});
        let shape = shape_of(&root, &schema);
        assert!(shape.integer && shape.text && !shape.number);
        assert_eq!((shape.choices.len(), shape.minimum), (2, Some(1.0)));
        let round = json!({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"});
        assert!(!shape_of(&round, &round).known);
    }

    #[test]
    fn places_go_into_objects() {
        let registry = steward_schema::Registry::builtin().unwrap();
        let places = places(registry.get("careers@1.0.0").unwrap());
        let names: Vec<String> = places.iter().map(|p| p.path.join(".")).collect();
        assert!(names.contains(&"salary_range.min".to_owned()) && names.contains(&"title".to_owned()));
        let required = places.iter().filter(|p| p.required).count();
        assert_eq!(required, 4);
    }
}
