//! Reading JSON text without losing what it says twice. JSON leaves open what `{"a": 1, "a": 2}` means, and readers
//! silently keep one of the two; here the repeated names are told.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

/// What a text holds, and the JSON Pointers of the names that stand more than once in one object. The last value of
/// such a name is the one that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub json: Json,
    pub repeated: Vec<String>,
}

/// Reads one JSON value; white space may follow.
pub fn parse(bytes: &[u8]) -> Result<Parsed, serde_json::Error> {
    let repeated = RefCell::default();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let json = Node(&repeated).deserialize(&mut reader)?;
    reader.end()?;
    let mut repeated = repeated.into_inner();
    repeated.dedup();
    Ok(Parsed { json, repeated })
}

/// Reads one value and notes what is repeated below it, as seen from it. Paths are made only where there is something
/// to tell.
#[derive(Clone, Copy)]
struct Node<'a>(&'a RefCell<Vec<String>>);

impl Node<'_> {
    fn found(self) -> usize {
        self.0.borrow().len()
    }

    /// Puts a segment before all that was noted from a position on.
    fn below(self, from: usize, segment: &str) {
        for path in self.0.borrow_mut().iter_mut().skip(from) {
            path.insert_str(0, &format!("/{}", segment.replace('~', "~0").replace('/', "~1")));
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        let mut before = self.found();
        while let Some(item) = items.next_element_seed(self)? {
            if self.found() > before {
                self.below(before, &list.len().to_string());
                before = self.found();
            }
            list.push(item);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let before = self.found();
            let value = entries.next_value_seed(self)?;
            if self.found() > before {
                self.below(before, &name);
            }
            match map.entry(name) {
                serde_json::map::Entry::Vacant(free) => {
                    free.insert(value);
                }
                serde_json::map::Entry::Occupied(mut taken) => {
                    let at = self.found();
                    self.0.borrow_mut().push(String::new());
                    self.below(at, taken.key());
                    taken.insert(value);
                }
            }
        }
        Ok(Json::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(text: &str) -> Vec<String> {
        parse(text.as_bytes()).unwrap().repeated
    }

    #[test]
    fn repeated_names_are_told_wherever_they_stand() {
        assert_eq!(repeated(r#"{"a": 1, "a": 2}"#), ["/a"]);
        assert_eq!(repeated(r#"{"a": 1, "b": {"c": [0, {"x/y": 1, "x/y": 2}]}, "a": 1}"#), ["/b/c/1/x~1y", "/a"]);
        assert_eq!(repeated(r#"[{"a": 1, "\u0061": 2, "a": 3}]"#), ["/0/a"]);
        assert_eq!(repeated(r#"{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}"#), Vec::<String>::new());
    }

    #[test]
    fn the_last_value_is_kept_and_all_else_is_as_serde_json_reads_it() {
        let texts = [
            r#"{"a": 1, "b": [null, true, -1, 1.5, 1e3, 18446744073709551615, "text é\n"], "a": {"b": {}}}"#,
            r#"[]"#,
            r#" "x" "#,
            r#"-0.0"#,
            r#"{"n": 9007199254740993, "m": 123456789012345678901234567890}"#,
        ];
        for text in texts {
            assert_eq!(parse(text.as_bytes()).unwrap().json, serde_json::from_str::<Json>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn errors_are_those_of_serde_json() {
        for text in ["{\"a\":\n tru}", "{\"a\": 1} x", "", "{\"a\"", "\"\u{1}\"", "1e999"] {
            let (ours, theirs) = (parse(text.as_bytes()).unwrap_err(), serde_json::from_slice::<Json>(text.as_bytes()).unwrap_err());
            assert_eq!(ours.to_string(), theirs.to_string(), "{text:?}");
        }
        let deep = "[".repeat(500);
        assert!(parse(deep.as_bytes()).unwrap_err().to_string().contains("recursion"));
    }
}
