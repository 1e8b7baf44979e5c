//! The fields that a schema knows: its own, and those of the schemas next to it that a record has to meet, or may meet (`allOf`,
//! `anyOf`, `oneOf`, `if`, `then`, `else`, `dependentSchemas`, and `$ref` within the document).

use serde_json::Value as Json;

/// Schemas that are looked into: one that refers to itself ends.
const MOST: usize = 1_000;

/// What a schema knows, in the order of the document.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Fields<'a> {
    pub names: Vec<&'a str>,
    pub patterns: Vec<&'a str>,
}

pub(crate) fn of(root: &Json) -> Fields<'_> {
    let mut found = Fields::default();
    let mut met: Vec<&Json> = Vec::new();
    collect(root, root, &mut met, &mut found);
    found
}

fn collect<'a>(root: &'a Json, schema: &'a Json, met: &mut Vec<&'a Json>, found: &mut Fields<'a>) {
    if met.len() >= MOST || met.iter().any(|known| std::ptr::eq(*known, schema)) {
        return;
    }
    met.push(schema);
    let names = |member: &str| schema.get(member).and_then(Json::as_object).into_iter().flat_map(|o| o.keys().map(String::as_str));
    for (list, member) in [(&mut found.names, "properties"), (&mut found.patterns, "patternProperties")] {
        for name in names(member) {
            if !list.contains(&name) {
                list.push(name);
            }
        }
    }
    let lists = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|member| schema.get(member)?.as_array()).flatten();
    let single = ["if", "then", "else"].into_iter().filter_map(|member| schema.get(member));
    let dependent = schema.get("dependentSchemas").and_then(Json::as_object).into_iter().flat_map(|o| o.values());
    let referred = schema.get("$ref").and_then(Json::as_str).and_then(|reference| local(root, reference));
    for part in lists.chain(single).chain(dependent).chain(referred) {
        collect(root, part, met, found);
    }
}

/// What a reference within a document points at.
pub(crate) fn local<'a>(root: &'a Json, reference: &str) -> Option<&'a Json> {
    let pointer = reference.strip_prefix('#')?;
    let pointer = percent_decoded(pointer);
    if pointer.is_empty() || pointer.starts_with('/') {
        return root.pointer(&pointer);
    }
    // An anchor.
    let definitions = root.get("$defs").or_else(|| root.get("definitions"))?.as_object()?;
    definitions.values().find(|schema| schema.get("$anchor").and_then(Json::as_str) == Some(pointer.as_str()))
}

/// Pointers in references are parts of an address.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_of_every_part_are_known() {
        let schema = json!({
            "properties": { "a": {} }, "patternProperties": { "^x-": {} }, "$ref": "#/$defs/base",
            "allOf": [{ "properties": { "b": {} } }, { "$ref": "#/$defs/more" }],
            "if": { "properties": { "a": {} } }, "then": { "properties": { "c": {} } },
            "$defs": {
                "base": { "properties": { "d": {} }, "allOf": [{ "$ref": "#" }] },
                "more": { "$anchor": "more", "oneOf": [{ "properties": { "e": {} } }], "$ref": "#more" },
                "unused": { "properties": { "z": {} } },
            },
        });
        let found = of(&schema);
        assert_eq!((found.names, found.patterns), (vec!["a", "b", "e", "c", "d"], vec!["^x-"]));
        assert_eq!(local(&json!({ "$defs": { "a b": 1 } }), "#/$defs/a%20b"), Some(&json!(1)));
    }
}
