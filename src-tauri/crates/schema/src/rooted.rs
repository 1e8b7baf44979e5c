//! Documents of generators, as schemas of one record: those that only define, refer, combine or describe a list, and those that need
//! other documents. What they say stays; it is put where the fields of a record are looked for.

use serde_json::{Map, Value as Json, json};

use crate::draft::{SchemaFault, Wanted, fault, slug};
use crate::fields;
use crate::registry::Registry;

type Result<T> = std::result::Result<T, SchemaFault>;

/// Another document that a schema may refer to.
#[derive(Debug, Clone)]
pub struct Other {
    /// The name of its file.
    pub name: String,
    pub text: String,
}

/// Drafts of JSON Schema that are known, without scheme and fragment.
const DRAFTS: [&str; 5] = [
    "json-schema.org/draft-04/schema",
    "json-schema.org/draft-06/schema",
    "json-schema.org/draft-07/schema",
    "json-schema.org/draft/2019-09/schema",
    "json-schema.org/draft/2020-12/schema",
];

/// The document is written in a draft that is known.
pub(crate) fn known_draft(json: &Json) -> Result<()> {
    let Some(stated) = json.get("$schema") else { return Ok(()) };
    let text = stated.as_str().unwrap_or_default();
    let plain = text.split_once("://").map_or(text, |(_, rest)| rest).trim_end_matches('#').trim_end_matches('/');
    if DRAFTS.contains(&plain) {
        return Ok(());
    }
    let what = match plain.strip_prefix("json-schema.org/draft-0").and_then(|rest| rest.chars().next()) {
        Some(number) => format!("The schema is written in draft {number} of JSON Schema, which Steward does not read."),
        None => format!("'{text}' is no draft of JSON Schema that Steward knows."),
    };
    Err(fault("/$schema", what, "Use draft 4, 6, 7, 2019-09 or 2020-12; most generators can write one of them."))
}

/// The document as a schema of one record.
pub(crate) fn rooted(mut json: Json, file: &str, wanted: &Wanted, derived: &mut Vec<String>) -> Result<Json> {
    of_items(&mut json, derived)?;
    if fields::of(&json).names.is_empty() {
        of_definitions(&mut json, file, wanted, derived)?;
    }
    gather(&mut json);
    Ok(json)
}

/// A schema of a list of records is one of its items.
fn of_items(json: &mut Json, derived: &mut Vec<String>) -> Result<()> {
    let is_list = json.get("type").is_some_and(|kind| kind == "array") || json.get("type").is_none() && json.get("properties").is_none();
    let Some(items) = json.get("items").filter(|items| is_list && items.is_object()).cloned() else { return Ok(()) };
    if json.to_string().contains("\"#/items") {
        return Err(fault("/items", "References lead into the items of the list.", "Put the schema of one record under \"$defs\"."));
    }
    let Some(root) = json.as_object_mut() else { return Ok(()) };
    for of_lists in ["type", "items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"] {
        root.remove(of_lists);
    }
    match items.as_object() {
        // Next to its own definitions, what an item says is what the document says.
        Some(item) if item.keys().all(|name| !root.contains_key(name) || matches!(name.as_str(), "title" | "description")) => {
            root.extend(item.clone());
        }
        _ => drop(root.insert("allOf".into(), json!([items]))),
    }
    derived.push("The document describes a list; its records are the items.".into());
    Ok(())
}

/// A document that only defines is a schema of one of its definitions: the one with the name that is wanted, else the only one that
/// has fields and that no other refers to.
fn of_definitions(json: &mut Json, file: &str, wanted: &Wanted, derived: &mut Vec<String>) -> Result<()> {
    let place = ["$defs", "definitions"].into_iter().find(|place| json.get(*place).is_some_and(Json::is_object));
    let Some(place) = place else { return Ok(()) };
    let definitions = json[place].as_object().cloned().unwrap_or_default();
    let reference = |name: &str| format!("#/{place}/{}", steward_domain::path::escaped(name));
    let has_fields = |name: &String| {
        let mut probe = json.clone();
        probe["$ref"] = reference(name).into();
        !fields::of(&probe).names.is_empty()
    };
    let records: Vec<&String> = definitions.keys().filter(|name| has_fields(name)).collect();
    let wanted_names: Vec<String> = [
        wanted.name.as_deref(),
        json.get("title").and_then(Json::as_str),
        Some(file.trim_end_matches(".json").trim_end_matches(".schema")),
    ]
    .into_iter()
    .flatten()
    .map(slug)
    .collect();
    let named = wanted_names.iter().find_map(|wanted| records.iter().find(|name| slug(name) == *wanted));
    let text = Json::Object(definitions.clone()).to_string();
    let mut unreferred = records.iter().filter(|name| !text.contains(&format!("\"{}\"", reference(name))));
    let only = unreferred.next().filter(|_| unreferred.next().is_none());
    match named.or(only) {
        Some(name) => {
            derived.push(format!("The document only defines; its records are '{name}'."));
            json["$ref"] = reference(name).into();
            Ok(())
        }
        None if records.is_empty() => Ok(()),
        None => {
            let names: Vec<&str> = records.iter().map(|name| name.as_str()).collect();
            let message = "The document defines several kinds of records, and it is not clear which one is meant.";
            Err(fault(&format!("/{place}"), message, &format!("Name it like one of them (--name): {}.", names.join(", "))))
        }
    }
}

/// Fields that a record has by `$ref` and `allOf` are said once more where fields are looked for, and so is what is required. That
/// changes nothing of what the document says, unless it closes the list of fields.
fn gather(json: &mut Json) {
    if json.get("additionalProperties").is_some() {
        return;
    }
    let (mut properties, mut required) = (Map::new(), Vec::new());
    let mut met = Vec::new();
    musts(json, json, &mut met, &mut properties, &mut required);
    let Some(root) = json.as_object_mut() else { return };
    if !properties.is_empty() {
        root.insert("properties".into(), Json::Object(properties));
    }
    if !required.is_empty() {
        root.insert("required".into(), Json::Array(required));
    }
}

/// What a record has to meet: the schema itself, what it refers to, and all of `allOf`.
fn musts<'a>(root: &'a Json, schema: &'a Json, met: &mut Vec<&'a Json>, properties: &mut Map<String, Json>, required: &mut Vec<Json>) {
    if met.len() > 1_000 || met.iter().any(|known| std::ptr::eq(*known, schema)) {
        return;
    }
    met.push(schema);
    for (name, of_field) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        if !properties.contains_key(name) {
            properties.insert(name.clone(), of_field.clone());
        }
    }
    for name in schema.get("required").and_then(Json::as_array).into_iter().flatten() {
        if !required.contains(name) {
            required.push(name.clone());
        }
    }
    let parts = schema.get("allOf").and_then(Json::as_array).into_iter().flatten();
    let referred = schema.get("$ref").and_then(Json::as_str).and_then(|reference| fields::local(root, reference));
    for part in parts.chain(referred) {
        musts(root, part, met, properties, required);
    }
}

/// Takes the documents in that the schema refers to, and those that they refer to. Nothing is ever fetched.
///
/// Errors: one of them is no JSON.
pub(crate) fn bundled(mut json: Json, others: &[Other], packs: &Registry) -> Result<Json> {
    let broken =
        |name: &str, e: &dyn std::fmt::Display| fault("", format!("{name} is not valid JSON: {e}."), "Choose a JSON Schema document.");
    let mut documents = Vec::new();
    for other in others {
        let parsed: Json = serde_json::from_str(other.text.trim_start_matches('\u{feff}')).map_err(|e| broken(&other.name, &e))?;
        documents.push((other.name.as_str(), parsed));
    }
    let old =
        json.get("$schema").and_then(Json::as_str).is_some_and(|s| ["draft-04", "draft-06", "draft-07"].iter().any(|d| s.contains(d)));
    let (place, id) =
        (if old { "definitions" } else { "$defs" }, if json["$schema"].to_string().contains("draft-04") { "id" } else { "$id" });
    let mut open = references(&json);
    let mut taken: Vec<String> = Vec::new();
    while let Some(reference) = open.pop() {
        if taken.contains(&reference) || packs.all().any(|pack| pack.text("$id") == reference) {
            continue;
        }
        let Some((name, document)) = documents.iter().find(|(name, document)| is_meant(&reference, name, document)) else { continue };
        let mut document = document.clone();
        open.extend(references(&document));
        if let Some(members) = document.as_object_mut() {
            members.insert(id.into(), reference.clone().into());
        }
        let mut key = format!("bundled {name}");
        while json[place].get(&key).is_some() {
            key.push('_');
        }
        if !json[place].is_object() {
            json[place] = json!({});
        }
        json[place][key] = document;
        taken.push(reference);
    }
    Ok(json)
}

/// The reference means this document: by its `$id`, or by the name of its file.
fn is_meant(reference: &str, name: &str, document: &Json) -> bool {
    let id = document.get("$id").or_else(|| document.get("id")).and_then(Json::as_str).unwrap_or_default().trim_end_matches('#');
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    id == reference || !id.is_empty() && id.ends_with(&format!("/{}", reference.trim_start_matches("./"))) || last(reference) == name
}

/// The other documents that a document refers to.
pub(crate) fn references(json: &Json) -> Vec<String> {
    let mut found = Vec::new();
    walk(json, &mut |reference| {
        let document = reference.split('#').next().unwrap_or_default().to_owned();
        if !document.is_empty() && !found.contains(&document) {
            found.push(document);
        }
    });
    let own: Vec<String> = ids(json);
    found.retain(|reference| !own.contains(reference));
    found
}

fn walk(json: &Json, see: &mut dyn FnMut(&str)) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| walk(item, see)),
        Json::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("$ref" | "$dynamicRef", Json::String(reference)) => see(reference),
                    ("enum" | "const" | "examples" | "default", _) => {}
                    _ => walk(value, see),
                }
            }
        }
        _ => {}
    }
}

/// Identifiers of the document and of those within it.
fn ids(json: &Json) -> Vec<String> {
    match json {
        Json::Array(items) => items.iter().flat_map(ids).collect(),
        Json::Object(members) => {
            let own = members.get("$id").and_then(Json::as_str).map(|id| id.trim_end_matches('#').to_owned());
            own.into_iter().chain(members.values().flat_map(ids)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{Draft, draft};
    use crate::{Checker, draft_with};

    fn packs() -> Registry {
        Registry::builtin().unwrap()
    }

    fn made(schema: &Json) -> Result<Draft> {
        draft(&schema.to_string(), "plant.schema.json", &Wanted::default(), &packs())
    }

    /// The rules that records break.
    fn broken(draft: &Draft, record: &Json) -> Vec<String> {
        Checker::new(&draft.pack, &packs()).unwrap().check(record).into_iter().map(|v| format!("{} {}", v.pointer, v.rule)).collect()
    }

    #[test]
    fn roots_of_generators_are_taken() {
        let plant = json!({"type": "object", "required": ["plant_id"], "properties": {"plant_id": {"type": "string"}, "height": {"type": "number"}}});
        let roots = [
            json!({"$ref": "#/$defs/Plant", "$defs": {"Plant": plant}}),
            json!({"allOf": [plant, {"properties": {"colour": {"type": "string"}}}]}),
            json!({"$defs": {"Plant": plant, "Soil": {"type": "object", "properties": {"ph": {}}}}}),
            json!({"definitions": {"Field": {"type": "object", "properties": {"plant_id": {"type": "string"}, "height": {"$ref": "#/definitions/Cm"}}, "required": ["plant_id"]}, "Cm": {"type": "number"}}}),
            json!({"type": "array", "items": plant, "minItems": 1}),
            json!({"type": "array", "items": {"$ref": "#/$defs/Plant"}, "$defs": {"Plant": plant}}),
        ];
        for root in roots {
            let made = made(&root).unwrap_or_else(|e| panic!("{e:?} of {root}"));
            assert_eq!((made.pack.steward.key.as_str(), made.pack.required()), ("plant_id", vec!["plant_id".to_owned()]), "{root}");
            assert_eq!(broken(&made, &json!({"plant_id": "a", "height": 3})), Vec::<String>::new(), "{root}");
            assert_eq!(broken(&made, &json!({"height": "x"})).len(), 2, "{root}");
            assert!(made.pack.known_fields().any(|name| name == "height"), "{root}");
        }
        let several = json!({"$defs": {"A": plant, "B": plant}});
        let fault = made(&several).unwrap_err();
        assert!(fault.hint.contains("A, B") && fault.pointer == "/$defs", "{fault:?}");
    }

    #[test]
    fn drafts_that_are_not_known_are_refused_in_words() {
        let with = |schema: &str| json!({"$schema": schema, "properties": {"id": {}}});
        for known in ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"] {
            made(&with(known)).unwrap();
        }
        let fault = made(&with("http://json-schema.org/draft-03/schema#")).unwrap_err();
        assert_eq!((fault.pointer.as_str(), fault.message.contains("draft 3 of JSON Schema")), ("/$schema", true), "{fault:?}");
        let fault = made(&with("https://example.org/own-dialect")).unwrap_err();
        assert!(fault.message.contains("'https://example.org/own-dialect' is no draft"), "{fault:?}");
    }

    #[test]
    fn documents_that_are_referred_to_are_taken_in_or_named() {
        let schema = json!({"$id": "https://example.org/plant.json", "properties": {
            "plant_id": {"type": "string"}, "soil": {"$ref": "soil.json"}, "size": {"$ref": "https://example.org/units/cm.json#/$defs/Length"},
        }});
        let text = schema.to_string();
        let soil = Other {
            name: "soil.json".into(),
            text: json!({"type": "object", "required": ["ph"], "properties": {"ph": {"$ref": "ph.json"}}}).to_string(),
        };
        let ph = Other { name: "ph.json".into(), text: json!({"type": "number", "maximum": 14}).to_string() };
        let cm = Other {
            name: "c.json".into(),
            text: json!({"$id": "https://example.org/units/cm.json", "$defs": {"Length": {"minimum": 0}}}).to_string(),
        };
        let fault = draft_with(&text, "plant.json", &Wanted::default(), &[soil.clone(), ph.clone()], &packs()).unwrap_err();
        assert_eq!(fault.pointer, "/properties/size/$ref");
        assert!(fault.message.contains("https://example.org/units/cm.json") && fault.hint.contains("--with"), "{fault:?}");
        let made = draft_with(&text, "plant.json", &Wanted::default(), &[soil, ph, cm], &packs()).unwrap();
        assert_eq!(broken(&made, &json!({"plant_id": "a", "soil": {"ph": 7}, "size": 3})), Vec::<String>::new());
        assert_eq!(broken(&made, &json!({"soil": {"ph": 15}, "size": -1})), ["/soil/ph maximum", "/size minimum"]);
    }

    #[test]
    fn international_names_are_checked() {
        let schema = json!({"properties": {"id": {}, "mail": {"format": "idn-email"}, "host": {"format": "idn-hostname"}}});
        let made = made(&schema).unwrap();
        assert_eq!(broken(&made, &json!({"mail": "jörg@müller.example", "host": "müller.example"})), Vec::<String>::new());
        assert_eq!(broken(&made, &json!({"mail": "no address", "host": "a..b"})).len(), 2);
    }
}
