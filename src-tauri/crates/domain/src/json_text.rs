//! Reading JSON text without losing what it says twice. JSON leaves open what `{"a": 1, "a": 2}` means, and readers
//! silently keep one of the two; here the repeated names are reported.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

/// What a text holds, and the JSON Pointers of the names that are more than once in one object. The last value of
/// such a name is the one that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub json: Json,
    pub repeated: Vec<String>,
}

/// Reads one JSON value; white space may follow. A number that neither 64 bits nor a double hold as it is written becomes
/// `{"$numberDecimal": "…"}`.
pub fn parse(bytes: &[u8]) -> Result<Parsed, serde_json::Error> {
    match with_exact_numbers(bytes) {
        // What is wrong is reported for the text as it came.
        Some(exact) => parse_as_it_is(&exact).or_else(|_| parse_as_it_is(bytes)),
        None => parse_as_it_is(bytes),
    }
}

/// Digits in a row that any double holds.
const SAFE_DIGITS: usize = 15;

/// The text with Extended JSON for each number that would be rounded; `None` where there is none, as almost always.
fn with_exact_numbers(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut copied) = (Vec::new(), 0);
    for (from, to) in long_numbers(bytes) {
        if let Some(token) = std::str::from_utf8(&bytes[from..to]).ok().filter(|token| would_be_rounded(token)) {
            out.extend_from_slice(&bytes[copied..from]);
            out.extend_from_slice(format!("{{\"$numberDecimal\":\"{token}\"}}").as_bytes());
            copied = to;
        }
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(&bytes[copied..]);
    Some(out)
}

/// Some number has so many digits, or such an exponent, that a double may not hold it.
pub fn has_long_numbers(bytes: &[u8]) -> bool {
    long_numbers(bytes).next().is_some()
}

/// Where the numbers are that have more digits than any double holds, or an exponent of three digits. Those in texts are none.
fn long_numbers(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = behind_text(bytes, at),
                b'-' | b'0'..=b'9' => {
                    let from = at;
                    let is_part = |b: &u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
                    at += bytes[at..].iter().take_while(|b| is_part(b)).count();
                    if is_long(&bytes[from..at]) {
                        return Some((from, at));
                    }
                }
                _ => at += 1,
            }
        }
        None
    })
}

fn is_long(number: &[u8]) -> bool {
    if number.len() <= SAFE_DIGITS && !number.iter().any(|b| matches!(b, b'e' | b'E')) {
        return false;
    }
    let exponent = number.iter().position(|b| matches!(b, b'e' | b'E')).unwrap_or(number.len());
    let digits = |part: &[u8]| part.iter().filter(|b| b.is_ascii_digit()).count();
    digits(&number[..exponent]) > SAFE_DIGITS || digits(&number[exponent..]) >= 3
}

fn behind_text(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

fn would_be_rounded(token: &str) -> bool {
    matches!(crate::decimal::number(token), Some(bson::Bson::Decimal128(_)) | None)
        && token.parse::<u64>().is_err()
        && crate::decimal::Exact::parse(token).is_some()
}

fn parse_as_it_is(bytes: &[u8]) -> Result<Parsed, serde_json::Error> {
    let repeated = RefCell::default();
    // Text that is known to be UTF-8 is not looked at again, part by part.
    let json = match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => read(&mut serde_json::Deserializer::from_str(text), &repeated)?,
        Err(_) => read(&mut serde_json::Deserializer::from_slice(bytes), &repeated)?,
    };
    let mut repeated = repeated.into_inner();
    repeated.dedup();
    Ok(Parsed { json, repeated })
}

fn read<'de, R: serde_json::de::Read<'de>>(
    reader: &mut serde_json::Deserializer<R>,
    repeated: &RefCell<Vec<String>>,
) -> Result<Json, serde_json::Error> {
    let json = Node(repeated).deserialize(&mut *reader)?;
    reader.end()?;
    Ok(json)
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
    fn repeated_names_are_reported_wherever_they_stand() {
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
            r#"{"n": 9007199254740993, "m": "123456789012345678901234567890"}"#,
        ];
        for text in texts {
            assert_eq!(parse(text.as_bytes()).unwrap().json, serde_json::from_str::<Json>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn errors_are_those_of_serde_json() {
        for text in ["{\"a\":\n tru}", "{\"a\": 1} x", "", "{\"a\"", "\"\u{1}\""] {
            let (ours, theirs) = (parse(text.as_bytes()).unwrap_err(), serde_json::from_slice::<Json>(text.as_bytes()).unwrap_err());
            assert_eq!(ours.to_string(), theirs.to_string(), "{text:?}");
        }
        let deep = "[".repeat(500);
        assert!(parse(deep.as_bytes()).unwrap_err().to_string().contains("recursion"));
    }

    #[test]
    fn no_number_is_rounded() {
        let read = |text: &str| crate::value::from_ext(parse(text.as_bytes()).unwrap().json).unwrap();
        let digits = |text: &str| match read(text) {
            bson::Bson::Decimal128(d) => d.to_string(),
            other => panic!("{text}: {other:?}"),
        };
        for text in
            ["12345678901234567890", "-123456789012345678901234567890", "0.1000000000000000055511151231257827", "18446744073709551616"]
        {
            assert_eq!(digits(text), text);
        }
        assert_eq!((digits("1e999").as_str(), digits("1E-400").as_str()), ("1E+999", "1E-400"));
        let text = r#"{"id": "12345678901234567890", "a\"1e999": [1.5, 12345678901234567890123, {"b": 0.30000000000000004}], "c": 5}"#;
        assert_eq!(
            parse(text.as_bytes()).unwrap().json,
            serde_json::json!({
                "id": "12345678901234567890",
                "a\"1e999": [1.5, {"$numberDecimal": "12345678901234567890123"}, {"b": 0.30000000000000004}],
                "c": 5
            })
        );
        // More digits than anything holds are no value.
        let long = "1".repeat(40);
        assert!(crate::value::from_ext(parse(long.as_bytes()).unwrap().json).is_err());
        for broken in ["{\"a\": 12345678901234567890,,}", "12345678901234567890 x", "1234567890123456.7.8"] {
            assert!(parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
