//! Checking records against a pack: JSON Schema with formats asserted, then the placeholder rules.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use regex::Regex;
use serde_json::Value as Json;
use steward_domain::Violation;
use steward_domain::value::Value;

use crate::pack::{Pack, PackError, PackId, PlaceholderRule};
use crate::prefilter::Prefilter;
use crate::registry::Registry;
use crate::{exact, forms, words};

/// A compiled pack. Cheap to share; checking takes no lock.
#[derive(Debug)]
pub struct Checker {
    pub id: PackId,
    validator: Validator,
    /// For records with numbers that JSON has no room for; compiled when the first one comes.
    exact: OnceLock<Option<Validator>>,
    sources: Arc<Sources>,
    placeholders: Vec<Placeholder>,
    /// All patterns of one field at once, to see quickly that none fits.
    quick: Vec<(String, Prefilter)>,
    known: HashSet<String>,
    patterns: Vec<Regex>,
}

/// A schema, and those that it may refer to, by `$id`. Nothing is ever fetched.
#[derive(Debug)]
struct Sources {
    schema: Json,
    others: HashMap<String, Json>,
}

impl Sources {
    fn options(self: &Arc<Self>) -> jsonschema::ValidationOptions<'static> {
        jsonschema::options()
            .should_validate_formats(true)
            .with_pattern_options(jsonschema::PatternOptions::fancy_regex())
            .with_retriever(Others(Arc::clone(self)))
    }
}

struct Others(Arc<Sources>);

impl jsonschema::Retrieve for Others {
    fn retrieve(&self, uri: &jsonschema::Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        self.0.others.get(uri.as_str()).cloned().ok_or_else(|| format!("there is no schema {uri} among the packs").into())
    }
}

#[derive(Debug)]
struct Placeholder {
    rule: PlaceholderRule,
    pattern: Option<Regex>,
}

impl Checker {
    /// Compiles a pack. What it refers to (`$ref` with the `$id` of a schema) is looked for among the packs.
    pub fn new(pack: &Pack, packs: &Registry) -> Result<Self, PackError> {
        let compile = |e: &dyn std::fmt::Display| PackError::Compile(e.to_string());
        let others = packs.all().map(|p| (p.text("$id").to_owned(), p.json.clone())).collect();
        let sources = Arc::new(Sources { schema: pack.json.clone(), others });
        let validator = sources.options().build(&pack.json).map_err(|e| compile(&e))?;
        let mut placeholders = Vec::new();
        for rule in &pack.steward.placeholder {
            let pattern = rule.pattern.as_deref().map(Regex::new).transpose().map_err(|e| compile(&e))?;
            placeholders.push(Placeholder { rule: rule.clone(), pattern });
        }
        let quick = quick_sets(&placeholders).map_err(|e| compile(&e))?;
        let known = pack.known_fields().map(str::to_owned).collect();
        // What is no pattern here the schema has compiled in its own way; of such names nothing is said.
        let patterns = pack.known_patterns().into_iter().filter_map(|pattern| Regex::new(pattern).ok()).collect();
        Ok(Self { id: pack.id.clone(), validator, exact: OnceLock::new(), sources, placeholders, quick, known, patterns })
    }

    /// Only what a pack says of one field, for records that hold nothing else. Of its rules about placeholders, those that look
    /// at other fields too are left out.
    ///
    /// Errors: the schema of the field cannot be compiled by itself.
    pub fn of_field(pack: &Pack, field: &str) -> Result<Self, PackError> {
        let mut alone = pack.clone();
        let schema = pack.json.get("properties").and_then(|properties| properties.get(field)).cloned().unwrap_or_default();
        alone.json = serde_json::json!({ "$schema": pack.text("$schema"), "type": "object", "properties": { field: schema } });
        alone.steward.placeholder.retain(|rule| rule.same_as.is_none() && rule.fields.iter().any(|f| f == field));
        alone.steward.placeholder.iter_mut().for_each(|rule| rule.fields = vec![field.to_owned()]);
        Self::new(&alone, &Registry::default())
    }

    /// Every rule that a record breaks; empty when it is fine. The record is given in its plain view.
    pub fn check(&self, record: &Json) -> Vec<Violation> {
        let mut out = Vec::new();
        let validator = self.validator_for(record);
        if !validator.is_valid(record) {
            broken_rules(validator, &self.sources.schema, record, &mut out);
            // A schema may say the same of a place twice, by `allOf` and by itself.
            let mut reported: Vec<(String, String, String)> = Vec::new();
            out.retain(|v| {
                let this = (v.pointer.clone(), v.rule.clone(), v.message.clone());
                let new = !reported.contains(&this);
                reported.push(this);
                new
            });
        }
        if self.may_be_placeholder(record) {
            self.placeholder_rules(record, &mut out);
        }
        out
    }

    /// The record breaks no rule.
    pub fn is_fine(&self, record: &Json) -> bool {
        self.validator_for(record).is_valid(record) && (!self.may_be_placeholder(record) || self.check(record).is_empty())
    }

    /// Top-level fields that the schema does not name.
    pub fn unknown_fields<'a>(&'a self, record: &'a Json) -> impl Iterator<Item = &'a str> {
        let fields = record.as_object().into_iter().flat_map(|o| o.keys());
        let is_known =
            |name: &str| name == "_id" || self.known.contains(name) || self.patterns.iter().any(|pattern| pattern.is_match(name));
        fields.map(String::as_str).filter(move |name| !is_known(name))
    }

    fn validator_for(&self, record: &Json) -> &Validator {
        if !exact::is_needed(record) {
            return &self.validator;
        }
        // What the other one could compile, this one can.
        let compile = || exact::with_keywords(self.sources.options()).build(&self.sources.schema).ok();
        self.exact.get_or_init(compile).as_ref().unwrap_or(&self.validator)
    }

    fn may_be_placeholder(&self, record: &Json) -> bool {
        let quick = self.quick.iter().any(|(field, set)| texts(record, field).any(|(_, text)| set.may_fit(text)));
        quick || self.placeholders.iter().filter(|p| p.pattern.is_none()).any(|p| p.hits(record).next().is_some())
    }

    /// At most one placeholder violation per place: the first rule that hits.
    fn placeholder_rules(&self, record: &Json, out: &mut Vec<Violation>) {
        let mut seen = HashSet::new();
        for placeholder in &self.placeholders {
            for (pointer, value) in placeholder.hits(record) {
                if seen.insert(pointer.clone()) {
                    let value = steward_domain::value::from_ext(value.clone()).ok().map(Value);
                    out.push(Violation { pointer, rule: "placeholder".into(), message: placeholder.rule.message.clone(), value });
                }
            }
        }
    }
}

fn broken_rules(validator: &Validator, schema: &Json, record: &Json, out: &mut Vec<Violation>) {
    for error in validator.iter_errors(record) {
        tell(&error, schema, "", out);
    }
}

/// What an error says; of several allowed forms what is wrong with the nearest one, since that is what has to be put right.
fn tell(error: &ValidationError<'_>, schema: &Json, note: &str, out: &mut Vec<Violation>) {
    if let Some((at, inner)) = forms::nearest(error) {
        let note = match forms::names(schema, error).into_iter().nth(at).flatten() {
            Some(name) => format!(" The form {name} is the nearest of those allowed."),
            None => note.to_owned(),
        };
        return inner.iter().for_each(|error| tell(error, schema, &note, out));
    }
    let mut pointer = error.instance_path().as_str().to_owned();
    let mut value = Some(Value(steward_domain::value::from_ext(error.instance().as_ref().clone()).unwrap_or(bson::Bson::Null)));
    if let ValidationErrorKind::Required { property } = error.kind() {
        // Point at the field that is missing, so that it can be found and filled.
        let name = property.as_str().unwrap_or_default();
        pointer = format!("{pointer}/{}", steward_domain::path::escaped(name));
        value = None;
    }
    let mut message = words::sentence(error.kind());
    let names: Vec<String> = match error.kind() {
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            forms::names(schema, error).into_iter().flatten().collect()
        }
        _ => Vec::new(),
    };
    if !names.is_empty() {
        message = format!("{}: {}.", message.trim_end_matches('.'), names.join(", "));
    }
    out.push(Violation { pointer, rule: error.kind().keyword().to_owned(), message: message + note, value });
}

impl Placeholder {
    fn hits<'a>(&'a self, record: &'a Json) -> impl Iterator<Item = (String, &'a Json)> {
        self.rule.fields.iter().flat_map(move |field| items(record, field)).filter(move |(_, value)| self.fits(record, value))
    }

    fn fits(&self, record: &Json, value: &Json) -> bool {
        if let Some(pattern) = &self.pattern {
            return value.as_str().is_some_and(|text| pattern.is_match(text));
        }
        if let Some(other) = &self.rule.same_as {
            let texts = (record.get(other).and_then(Json::as_str), value.as_str());
            return matches!(texts, (Some(other), Some(text)) if same_text(other, text));
        }
        match (&self.rule.equals, value) {
            (Some(Json::Number(wanted)), Json::Number(found)) => wanted.as_f64() == found.as_f64(),
            (Some(wanted), found) => wanted == found,
            (None, _) => false,
        }
    }
}

/// The texts are the same but for case and the white space around them.
pub fn same_text(one: &str, other: &str) -> bool {
    lower(one.trim()).eq(lower(other.trim()))
}

/// The two small sigmas are one letter: which of them it is depends on where it is.
fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c })
}

/// The value of a field, or each item of a list, with its pointer.
fn items<'a>(record: &'a Json, field: &str) -> Vec<(String, &'a Json)> {
    match record.get(field) {
        Some(Json::Array(list)) => list.iter().enumerate().map(|(i, v)| (format!("/{field}/{i}"), v)).collect(),
        Some(value) => vec![(format!("/{field}"), value)],
        None => Vec::new(),
    }
}

fn texts<'a>(record: &'a Json, field: &str) -> impl Iterator<Item = ((), &'a str)> {
    let (list, one) = match record.get(field) {
        Some(Json::Array(list)) => (Some(list), None),
        Some(Json::String(text)) => (None, Some(text.as_str())),
        _ => (None, None),
    };
    list.into_iter().flatten().filter_map(Json::as_str).chain(one).map(|t| ((), t))
}

fn quick_sets(placeholders: &[Placeholder]) -> Result<Vec<(String, Prefilter)>, regex::Error> {
    let mut fields: Vec<&String> = placeholders.iter().flat_map(|p| &p.rule.fields).collect();
    fields.sort();
    fields.dedup();
    let mut out = Vec::new();
    for field in fields {
        let patterns: Vec<&str> =
            placeholders.iter().filter(|p| p.rule.fields.contains(field)).filter_map(|p| p.rule.pattern.as_deref()).collect();
        if !patterns.is_empty() {
            out.push((field.clone(), Prefilter::new(patterns)?));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn careers() -> Checker {
        let registry = Registry::builtin().unwrap();
        Checker::new(registry.get("careers@1.0.0").unwrap(), &registry).unwrap()
    }

    fn sample(name: &str) -> Vec<Json> {
        serde_json::from_slice(crate::registry::sample("careers", name).unwrap()).unwrap()
    }

    #[test]
    fn all_361_production_records_are_fine() {
        let checker = careers();
        let records = sample("production_career_data.json");
        assert_eq!(records.len(), 361);
        for record in &records {
            assert_eq!(checker.check(record), [], "{}", record["career_id"]);
            assert!(checker.is_fine(record));
            assert_eq!(checker.unknown_fields(record).count(), 0);
        }
    }

    #[test]
    fn no_placeholder_record_gets_through() {
        let checker = careers();
        let records = sample("new_career_data.json");
        let as_placeholder = records.iter().filter(|r| checker.check(r).iter().any(|v| v.rule == "placeholder")).count();
        assert!(records.iter().all(|r| !checker.is_fine(r)));
        assert!(as_placeholder >= 20, "{as_placeholder} of {}", records.len());
    }

    #[test]
    fn sentences_hold_no_value() {
        let record = serde_json::json!({"career_id": "x", "title": "T", "description": "secret text", "average_salary": "12,345"});
        for violation in careers().check(&record) {
            assert!(!violation.message.contains("secret") && !violation.message.contains("12,345"), "{}", violation.message);
        }
    }
}
