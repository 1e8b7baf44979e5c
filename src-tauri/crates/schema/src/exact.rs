//! Numbers that JSON has no room for, checked with all their digits.
//!
//! The plain view of a record shows a decimal number that no double holds as `{"$numberDecimal": "…"}`. The keywords that look
//! at numbers are read here as JSON Schema means them, over decimal digits; to every other keyword such a value is what it
//! looks like. Records without one never come here.

use std::cmp::Ordering;

use jsonschema::{Keyword, ValidationError, ValidationOptions, paths::Location};
use serde_json::{Map, Value as Json};
use steward_domain::decimal::Exact;

use crate::words;

/// The record holds a number that JSON has no room for.
pub fn is_needed(json: &Json) -> bool {
    match json {
        Json::Object(fields) => of_wrapper(json).is_some() || fields.values().any(is_needed),
        Json::Array(items) => items.iter().any(is_needed),
        _ => false,
    }
}

fn of_wrapper(json: &Json) -> Option<Exact> {
    let fields = json.as_object().filter(|fields| fields.len() == 1)?;
    Exact::parse(fields.get("$numberDecimal")?.as_str()?)
}

fn number_of(json: &Json) -> Option<Exact> {
    match json {
        Json::Number(n) => Exact::of_json(n),
        other => of_wrapper(other),
    }
}

/// The options with the keywords of this module.
pub fn with_keywords(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    let mut options = options;
    for name in ["type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
        options = options.with_keyword(name, move |schema, value, _: Location| Ok(Box::new(Rule::new(name, schema, value))));
    }
    options
}

struct Rule {
    test: Test,
    sentence: String,
}

enum Test {
    Types(Vec<String>),
    OneOf(Vec<Json>),
    /// The number must not be on this side of the limit; `true`: nor be the limit.
    Limit(Exact, Ordering, bool),
    MultipleOf(Exact),
    /// Said by another keyword (the truth values of draft 4), or nothing that could be checked.
    Nothing,
}

impl Rule {
    fn new(name: &str, schema: &Map<String, Json>, value: &Json) -> Self {
        let strictly = |with: &str| schema.get(with).and_then(Json::as_bool).unwrap_or(false);
        let limit = |below: Ordering, strict: bool| number_of(value).map_or(Test::Nothing, |limit| Test::Limit(limit, below, strict));
        let test = match name {
            "type" => Test::Types(match value {
                Json::String(one) => vec![one.clone()],
                other => other.as_array().into_iter().flatten().filter_map(|t| t.as_str().map(str::to_owned)).collect(),
            }),
            "enum" => value.as_array().map_or(Test::Nothing, |choices| Test::OneOf(choices.clone())),
            "const" => Test::OneOf(vec![value.clone()]),
            "minimum" => limit(Ordering::Less, strictly("exclusiveMinimum")),
            "exclusiveMinimum" => limit(Ordering::Less, true),
            "maximum" => limit(Ordering::Greater, strictly("exclusiveMaximum")),
            "exclusiveMaximum" => limit(Ordering::Greater, true),
            _ => number_of(value).map_or(Test::Nothing, Test::MultipleOf),
        };
        let sentence = match &test {
            Test::Types(names) => words::must_be(names.iter().map(String::as_str)),
            Test::OneOf(choices) => words::one_of(choices),
            Test::Limit(_, below, strict) => words::limit(*below == Ordering::Less, *strict, value),
            Test::MultipleOf(_) | Test::Nothing => words::multiple(value),
        };
        Self { test, sentence }
    }

    fn holds(&self, instance: &Json) -> bool {
        match &self.test {
            Test::Types(names) => names.iter().any(|name| is_of_type(instance, name)),
            Test::OneOf(choices) => choices.iter().any(|choice| is_same(instance, choice)),
            Test::Limit(limit, below, strict) => number_of(instance).is_none_or(|n| {
                let order = n.cmp(limit);
                order != *below && !(*strict && order == Ordering::Equal)
            }),
            Test::MultipleOf(of) => number_of(instance).and_then(|n| n.is_multiple_of(of)).unwrap_or(true),
            Test::Nothing => true,
        }
    }
}

impl<'i> Keyword<'i> for Rule {
    fn validate(&self, instance: &'i Json) -> Result<(), ValidationError<'i>> {
        if self.holds(instance) { Ok(()) } else { Err(ValidationError::custom(self.sentence.clone())) }
    }

    fn is_valid(&self, instance: &'i Json) -> bool {
        self.holds(instance)
    }
}

fn is_of_type(instance: &Json, name: &str) -> bool {
    let number = || number_of(instance);
    match name {
        "number" => number().is_some(),
        "integer" => number().is_some_and(|n| n.is_whole()),
        "object" => instance.is_object() && of_wrapper(instance).is_none(),
        "string" => instance.is_string(),
        "boolean" => instance.is_boolean(),
        "array" => instance.is_array(),
        "null" => instance.is_null(),
        _ => false,
    }
}

/// Equal as JSON Schema sees it: numbers by their values.
fn is_same(a: &Json, b: &Json) -> bool {
    if let (Some(a), Some(b)) = (number_of(a), number_of(b)) {
        return a == b;
    }
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Json::Object(a), Json::Object(b)) => a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b))),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::{Checker, Pack, Registry};

    fn broken(schema: Json, text: &str) -> Vec<(String, String)> {
        let steward = json!({"pack": "things", "version": "1.0.0", "collection": "things", "key": "id"});
        let schema = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"n": schema}, "x-steward": steward});
        let pack = Pack::parse(&schema.to_string()).unwrap();
        let checker = Checker::new(&pack, &Registry::default()).unwrap();
        let value = bson::Bson::Decimal128(text.parse().unwrap());
        let record = steward_domain::value::doc_to_plain(&bson::doc! {"id": "a", "n": value});
        assert_eq!(checker.is_fine(&record), checker.check(&record).is_empty());
        checker.check(&record).into_iter().map(|v| (v.rule, v.message)).collect()
    }

    #[test]
    fn every_digit_counts() {
        assert_eq!(broken(json!({"type": "number", "maximum": 100}), "100"), []);
        let over = broken(json!({"type": "number", "maximum": 100}), "100.0000000000000000000001");
        assert_eq!(over, [("maximum".to_owned(), "Must be at most 100.".to_owned())]);
        assert_eq!(broken(json!({"maximum": 0.1}), "0.09999999999999999999999"), []);
        assert_eq!(broken(json!({"exclusiveMinimum": 0.1}), "0.1000000000000000000001"), []);
        assert_eq!(broken(json!({"minimum": 0.1}), "0.0999999999999999999999").len(), 1);
        assert_eq!(broken(json!({"type": "integer"}), "12345678901234567890"), []);
        assert_eq!(
            broken(json!({"type": "integer"}), "12345678901234567890.5"),
            [("type".to_owned(), "Must be a whole number.".to_owned())]
        );
        assert_eq!(broken(json!({"type": ["string", "null"]}), "12345678901234567890.5").len(), 1);
        assert_eq!(broken(json!({"type": "object"}), "12345678901234567890.5").len(), 1);
        assert_eq!(broken(json!({"multipleOf": 0.01}), "1234567890123456789012345678.10"), []);
        assert_eq!(broken(json!({"multipleOf": 0.01}), "1234567890123456789012345678.105").len(), 1);
        assert_eq!(broken(json!({"enum": [1, 2]}), "1.0000000000000000000000001").len(), 1);
        assert_eq!(broken(json!({"oneOf": [{"type": "string"}, {"type": "number", "minimum": 5}]}), "5.0000000000000000000001"), []);
    }
}
