//! A workspace's own pack on its way in: a JSON Schema document is checked, and what its `x-steward` leaves open is taken
//! from what a person says, else from the document itself.
//!
//! Nothing is stored here, and nothing is known of records that use a pack.

use fancy_regex::Regex;
use serde_json::{Map, Value as Json, json};
use steward_domain::FieldPath;

use crate::check::Checker;
use crate::fields;
use crate::pack::{Pack, PackError};
use crate::registry::Registry;
use crate::rooted::{self, Other};

/// Larger documents hold something else.
const LARGEST: usize = 1 << 20;

/// What a person says of a schema; it goes before what is in the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub name: Option<String>,
    pub version: Option<String>,
    pub collection: Option<String>,
    pub key: Option<String>,
}

/// A pack that is ready to be kept.
#[derive(Debug, Clone)]
pub struct Draft {
    pub pack: Pack,
    /// What was concluded, a sentence each.
    pub derived: Vec<String>,
}

/// Why a document cannot become a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemaFault {
    /// RFC 6901, into the document.
    pub pointer: String,
    pub message: String,
    pub hint: String,
}

type Result<T> = std::result::Result<T, SchemaFault>;

pub(crate) fn fault(pointer: &str, message: impl Into<String>, hint: &str) -> SchemaFault {
    SchemaFault { pointer: pointer.to_owned(), message: message.into(), hint: hint.to_owned() }
}

/// Makes a pack of a JSON Schema document. `file` names it where nothing else does.
pub fn draft(text: &str, file: &str, wanted: &Wanted, packs: &Registry) -> Result<Draft> {
    draft_with(text, file, wanted, &[], packs)
}

/// [`draft`] of a document that refers to others, which are taken in.
pub fn draft_with(text: &str, file: &str, wanted: &Wanted, others: &[Other], packs: &Registry) -> Result<Draft> {
    if text.len() > LARGEST {
        return Err(fault("", "The file is too large for a schema.", "Choose a JSON Schema document."));
    }
    let json: Json = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|e| fault("", format!("The file is not valid JSON: {e}."), "Choose a JSON Schema document."))?;
    well_formed(&json)?;
    let mut derived = Vec::new();
    let json = rooted::bundled(json, others, packs)?;
    let mut json = rooted::rooted(json, file, wanted, &mut derived)?;
    let fields = named_fields(&json)?;
    let steward = completed(&json, &fields, file, wanted, &mut derived)?;
    json["x-steward"] = Json::Object(steward);
    let pack = Pack::parse(&json.to_string()).map_err(|e| unusable(&e))?;
    fits(&pack, &fields, packs)?;
    compiles(&pack, packs)?;
    Ok(Draft { pack, derived })
}

/// It is a JSON Schema of a draft that is known.
fn well_formed(json: &Json) -> Result<()> {
    if !json.is_object() {
        return Err(fault("", "A schema is a JSON object.", "Choose a JSON Schema document."));
    }
    rooted::known_draft(json)?;
    match jsonschema::meta::validate(json) {
        Ok(()) => Ok(()),
        Err(e) => {
            let place = e.instance_path().as_str().to_owned();
            Err(fault(&place, format!("This is not valid JSON Schema: {e}."), "Correct this place of the document."))
        }
    }
}

/// It is a schema of objects with named fields. Gives their names.
fn named_fields(json: &Json) -> Result<Vec<String>> {
    let fields: Vec<String> = fields::of(json).names.into_iter().map(str::to_owned).collect();
    match fields.is_empty() {
        false => Ok(fields),
        true => Err(fault("/properties", "The schema names no fields.", "A schema for records has its fields under \"properties\".")),
    }
}

/// `x-steward` with what it needs.
fn completed(json: &Json, fields: &[String], file: &str, wanted: &Wanted, derived: &mut Vec<String>) -> Result<Map<String, Json>> {
    let mut out = match json.get("x-steward") {
        None => Map::new(),
        Some(Json::Object(given)) => given.clone(),
        Some(_) => return Err(fault("/x-steward", "x-steward is not an object.", "Correct it, or leave it away.")),
    };
    let said = |member: &str, wanted: &Option<String>| {
        wanted.clone().filter(|text| !text.trim().is_empty()).or_else(|| out.get(member).and_then(Json::as_str).map(str::to_owned))
    };
    let (name, version) = (said("pack", &wanted.name), said("version", &wanted.version));
    let (collection, key) = (said("collection", &wanted.collection), said("key", &wanted.key));
    let name = name.map_or_else(|| name_of(json, file, derived), Ok)?;
    let version = version.unwrap_or_else(|| {
        derived.push("No version is given, so it is 1.0.0.".into());
        "1.0.0".into()
    });
    let required = texts(json.get("required"));
    let key = match key {
        Some(key) => key,
        None => key_of(json, &name, &required, fields, derived)?,
    };
    out.insert("collection".into(), collection.unwrap_or_else(|| name.replace('.', "_")).into());
    out.insert("pack".into(), name.into());
    out.insert("version".into(), version.into());
    out.insert("key".into(), key.into());
    if !out.contains_key("detect") {
        let (first, then) = if required.is_empty() { (fields.to_vec(), Vec::new()) } else { (required.clone(), others(fields, &required)) };
        derived.push(format!("Records of this kind are recognised by {}.", first.join(", ")));
        out.insert("detect".into(), json!({"required": first, "supporting": then}));
    }
    if !out.contains_key("title")
        && let Some(field) = ["title", "name"].into_iter().find(|name| fields.iter().any(|field| field == name))
    {
        out.insert("title".into(), field.into());
    }
    Ok(out)
}

fn others(fields: &[String], but: &[String]) -> Vec<String> {
    fields.iter().filter(|field| !but.contains(field)).cloned().collect()
}

fn texts(list: Option<&Json>) -> Vec<String> {
    list.and_then(Json::as_array).into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

/// From the title, else from the name of the file: `Plant list.schema.json` becomes `plant_list`.
fn name_of(json: &Json, file: &str, derived: &mut Vec<String>) -> Result<String> {
    let title = json.get("title").and_then(Json::as_str).unwrap_or_default();
    let stem = file.trim_end_matches(".json").trim_end_matches(".schema");
    let from = if slug(title).is_empty() { stem } else { title };
    let name = slug(from);
    if name.is_empty() {
        return Err(fault("/x-steward/pack", "This schema has no name.", "Give it a name (--name)."));
    }
    derived.push(format!("It is called {name}, after '{from}'."));
    Ok(name)
}

pub(crate) fn slug(text: &str) -> String {
    let plain = text.trim().to_lowercase();
    let signs: String = plain.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }).collect();
    let words: Vec<&str> = signs.split('_').filter(|word| !word.is_empty()).collect();
    words.join("_").trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches('.').chars().take(64).collect()
}

/// The field that identifies a record.
fn key_of(json: &Json, name: &str, required: &[String], fields: &[String], derived: &mut Vec<String>) -> Result<String> {
    let kind = name.rsplit('.').next().unwrap_or(name);
    let own = [format!("{kind}_id"), format!("{}_id", kind.trim_end_matches('s')), "id".to_owned(), "_id".to_owned()];
    let is_id = |field: &&String| field.ends_with("_id") || field.ends_with("Id") || field.ends_with("ID");
    let is_uuid = |field: &&String| json["properties"][field.as_str()]["format"] == "uuid";
    let only = |found: Vec<&String>| if let [one] = found.as_slice() { Some((*one).clone()) } else { None };
    let found = own
        .into_iter()
        .find(|name| fields.contains(name))
        .or_else(|| only(required.iter().filter(is_uuid).collect()))
        .or_else(|| only(required.iter().filter(is_id).collect()));
    match found {
        Some(key) => {
            derived.push(format!("Records are identified by {key}."));
            Ok(key)
        }
        None => {
            let choices = if required.is_empty() { fields } else { required };
            let hint = format!("Say which one (--key): {}.", choices.join(", "));
            Err(fault("/x-steward/key", "It is not clear which field identifies a record.", &hint))
        }
    }
}

fn unusable(e: &PackError) -> SchemaFault {
    let why = match e {
        PackError::Json(why) | PackError::Steward(why) | PackError::Compile(why) | PackError::Unknown(why) => why,
    };
    fault("/x-steward", format!("x-steward cannot be used: {why}."), "Correct it, or leave it away: what it says can be given otherwise.")
}

/// Names and fields that `x-steward` gives can be used.
fn fits(pack: &Pack, fields: &[String], packs: &Registry) -> Result<()> {
    let (name, version) = (&pack.id.name, &pack.id.version);
    let is_word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !name.split('.').all(is_word) || name.len() > 64 {
        let hint = "Use small letters, digits and _, with dots between words of their own, at most 64 characters.";
        return Err(fault("/x-steward/pack", format!("'{name}' cannot name a schema."), hint));
    }
    let numbers = version.split('.').map(str::parse::<u32>);
    if numbers.clone().count() != 3 || numbers.into_iter().any(|n| n.is_err()) {
        return Err(fault("/x-steward/version", format!("'{version}' is not a version."), "Use three numbers, such as 1.0.0."));
    }
    if packs.all().any(|known| known.builtin && known.id.name == *name) {
        let hint = "Give yours another name (--name).";
        return Err(fault("/x-steward/pack", format!("{name} is a schema that comes with Steward."), hint));
    }
    let first = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
    let unknown = |path: &str| first(path) != "_id" && !fields.contains(&first(path));
    if !FieldPath::name(&pack.steward.key).is_dotted() && fields.contains(&pack.steward.key) {
        let message = format!("'{}' cannot be the key: an index cannot hold a name with a dot or a dollar sign.", pack.steward.key);
        return Err(fault("/x-steward/key", message, "Choose another field (--key), or give this one another name with a mapping."));
    }
    if unknown(&pack.steward.key) {
        let hint = format!("Choose one of its fields (--key): {}.", fields.join(", "));
        return Err(fault("/x-steward/key", format!("The key '{}' is no field of the schema.", pack.steward.key), &hint));
    }
    for (at, index) in pack.steward.indexes.iter().enumerate() {
        if let Some(field) = index.fields.iter().chain(&index.text).find(|field| unknown(field)) {
            let pointer = format!("/x-steward/indexes/{at}");
            return Err(fault(&pointer, format!("An index is on '{field}', which is no field of the schema."), "Correct the index."));
        }
    }
    match pack.steward.normalise {
        Some(_) => Err(fault("/x-steward/normalise", "Only schemas that come with Steward turn records into others.", "Use a mapping.")),
        None => Ok(()),
    }
}

fn compiles(pack: &Pack, packs: &Registry) -> Result<()> {
    let Err(e) = Checker::new(pack, packs) else {
        return Ok(());
    };
    let why = match &e {
        PackError::Compile(why) => why.clone(),
        other => other.to_string(),
    };
    let pointer = culprit(&pack.json, packs, &rooted::references(&pack.json), String::new()).unwrap_or_default();
    let named = pack.json.pointer(&pointer).and_then(Json::as_str).filter(|_| pointer.ends_with("Ref") || pointer.ends_with("$ref"));
    if let Some(reference) = named {
        let document = reference.split('#').next().unwrap_or_default();
        let message = format!("The schema refers to {document}, which is not here; nothing is fetched.");
        return Err(fault(&pointer, message, "Give that document, too (--with FILE)."));
    }
    Err(fault(&pointer, format!("The schema cannot be used: {why}."), "Correct this place of the document."))
}

/// Where an invalid pattern is, or a reference to what does not exist. The compiler does not always tell.
fn culprit(json: &Json, packs: &Registry, bundled: &[String], at: String) -> Option<String> {
    let below = |name: &str| format!("{at}/{}", steward_domain::path::escaped(name));
    match json {
        Json::Array(items) => items.iter().enumerate().find_map(|(n, item)| culprit(item, packs, bundled, format!("{at}/{n}"))),
        Json::Object(members) => members.iter().find_map(|(name, value)| match (name.as_str(), value) {
            ("pattern", Json::String(pattern)) if Regex::new(pattern).is_err() => Some(below(name)),
            ("$ref" | "$dynamicRef", Json::String(to)) if !to.starts_with('#') && !known(to, packs, bundled) => Some(below(name)),
            ("enum" | "const" | "examples" | "default", _) => None,
            _ => culprit(value, packs, bundled, below(name)),
        }),
        _ => None,
    }
}

/// `open`: the documents that are referred to and not within this one.
fn known(reference: &str, packs: &Registry, open: &[String]) -> bool {
    let document = reference.split('#').next().unwrap_or_default();
    !open.iter().any(|one| one == document) || packs.all().any(|pack| pack.text("$id") == document)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packs() -> Registry {
        Registry::builtin().unwrap()
    }

    fn made(schema: &Json) -> Result<Draft> {
        draft(&schema.to_string(), "Plant list.schema.json", &Wanted::default(), &packs())
    }

    #[test]
    fn what_is_left_open_is_concluded_from_the_document() {
        let schema = json!({"required": ["plant_id", "name"], "properties": {"plant_id": {"type": "string"}, "name": {}, "height": {}}});
        let made = made(&schema).unwrap();
        assert_eq!(made.pack.id.to_string(), "plant_list@1.0.0");
        let steward = &made.pack.steward;
        assert_eq!((steward.collection.as_str(), steward.key.as_str(), steward.title.as_deref()), ("plant_list", "plant_id", Some("name")));
        assert_eq!((steward.detect.required.len(), steward.detect.supporting.as_slice()), (2, ["height".to_owned()].as_slice()));
        assert_eq!(made.derived.len(), 4, "{:?}", made.derived);
    }

    #[test]
    fn what_a_person_says_goes_first() {
        let schema = json!({"title": "Trees", "properties": {"a": {}, "id": {}}, "x-steward": {"pack": "p", "version": "2.0.0"}});
        let said = |s: &str| Some(s.to_owned());
        let wanted = Wanted { name: said("garden.trees"), version: said("1.2.0"), collection: said("trees"), key: said("a") };
        let made = draft(&schema.to_string(), "x.json", &wanted, &packs()).unwrap();
        let steward = &made.pack.steward;
        assert_eq!(
            (made.pack.id.to_string(), steward.collection.as_str(), steward.key.as_str()),
            ("garden.trees@1.2.0".into(), "trees", "a")
        );
    }

    #[test]
    fn what_is_wrong_is_reported_with_its_place() {
        let with = |properties: Json, steward: Json| json!({"properties": properties, "x-steward": steward});
        let id = json!({"id": {"type": "string"}});
        let cases = [
            (json!([]), "", "JSON object"),
            (json!({"type": "object"}), "/properties", "names no fields"),
            (with(json!({"id": {"type": "txt"}}), json!({})), "/properties/id/type", "not valid JSON Schema"),
            (with(json!({"id": {"pattern": "("}}), json!({})), "/properties/id/pattern", ""),
            (with(json!({"id": {"$ref": "https://example.org/a.json"}}), json!({})), "/properties/id/$ref", "not here"),
            (with(json!({"a": {}, "b": {}}), json!({})), "/x-steward/key", "identifies a record"),
            (with(id.clone(), json!({"key": "no"})), "/x-steward/key", "no field"),
            (with(json!({"No.": {}}), json!({"key": "No."})), "/x-steward/key", "a name with a dot"),
            (with(id.clone(), json!({"pack": "careers"})), "/x-steward/pack", "comes with Steward"),
            (with(id.clone(), json!({"pack": "No Name"})), "/x-steward/pack", "cannot name"),
            (with(id.clone(), json!({"version": "1"})), "/x-steward/version", "not a version"),
            (with(id.clone(), json!({"indexes": 3})), "/x-steward", "cannot be used"),
            (with(id, json!({"indexes": [{"name": "x", "fields": ["y"]}]})), "/x-steward/indexes/0", "no field"),
        ];
        for (schema, pointer, words) in cases {
            let fault = made(&schema).unwrap_err();
            assert_eq!(fault.pointer, pointer, "{fault:?}");
            assert!(fault.message.contains(words) && !fault.hint.is_empty(), "{fault:?}");
        }
        assert!(draft("{", "x", &Wanted::default(), &packs()).unwrap_err().message.contains("line 1"));
    }
}
