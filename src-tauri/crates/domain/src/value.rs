//! Values are BSON. This module is their JSON face: MongoDB Extended JSON v2 (relaxed, but canonical for integers
//! beyond 2^53 and for Decimal128), the plain view that JSON Schema sees, and equality across the two.
//!
//! Source: MongoDB Extended JSON (v2) specification.

use bson::{Bson, Document};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};
use ts_rs::TS;

use crate::decimal::{self, Exact};

/// Largest integer that a JavaScript number holds exactly.
pub const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// A BSON value that travels as Extended JSON.
#[derive(Debug, Clone, PartialEq, TS)]
#[ts(type = "import(\"../ext\").Ext")]
pub struct Value(pub Bson);

impl Value {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self(Bson::String(text.to_owned()))
    }

    pub fn as_document(&self) -> Option<&Document> {
        self.0.as_document()
    }
}

impl From<Document> for Value {
    fn from(doc: Document) -> Self {
        Self(Bson::Document(doc))
    }
}

impl From<Bson> for Value {
    fn from(bson: Bson) -> Self {
        Self(bson)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        to_ext(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        from_ext(json).map(Value).map_err(serde::de::Error::custom)
    }
}

/// For `Option<Value>` fields where null and absent differ: `#[serde(default, deserialize_with = "…::some")]`.
pub fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Extended JSON that is not valid: an unknown or malformed `$` wrapper, or an integer that BSON cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtError {
    #[error("'{0}' is not valid MongoDB Extended JSON")]
    Wrapper(String),
    #[error("a decimal number is written wrongly or has more than 34 digits")]
    Decimal,
    #[error("the number {0} is beyond 64 bits; write it as {{\"$numberDecimal\": \"…\"}}")]
    Number(String),
}

/// BSON to Extended JSON as the user interface and files see it.
pub fn to_ext(value: &Bson) -> Json {
    match value {
        Bson::String(s) => Json::String(s.clone()),
        Bson::Int32(n) => Json::from(*n),
        Bson::Int64(n) if n.abs_diff(0) <= MAX_SAFE_INTEGER as u64 => Json::from(*n),
        Bson::Double(n) if n.is_finite() => double_to_json(*n),
        Bson::Boolean(b) => Json::Bool(*b),
        Bson::Null => Json::Null,
        Bson::Array(items) => Json::Array(items.iter().map(to_ext).collect()),
        Bson::Document(doc) => Json::Object(doc_to_ext(doc)),
        Bson::Int64(_) | Bson::Decimal128(_) => value.clone().into_canonical_extjson(),
        // Years that RFC 3339 cannot write: the driver would write the last one that it can.
        Bson::DateTime(d) if !is_common(*d) => value.clone().into_canonical_extjson(),
        other => other.clone().into_relaxed_extjson(),
    }
}

/// A document to an Extended JSON object.
pub fn doc_to_ext(doc: &Document) -> Map<String, Json> {
    doc.iter().map(|(k, v)| (k.clone(), to_ext(v))).collect()
}

/// Doubles without a fraction keep their `.0`, so that they come back as doubles.
fn double_to_json(n: f64) -> Json {
    serde_json::Number::from_f64(n).map_or(Json::Null, Json::Number)
}

/// Extended JSON (relaxed, canonical or plain) to BSON. Integers become Int32 where they fit, else Int64.
pub fn from_ext(json: Json) -> Result<Bson, ExtError> {
    Ok(match json {
        Json::Null => Bson::Null,
        Json::Bool(b) => Bson::Boolean(b),
        Json::Number(n) => number_to_bson(&n)?,
        Json::String(s) => Bson::String(s),
        Json::Array(items) => Bson::Array(items.into_iter().map(from_ext).collect::<Result<_, _>>()?),
        Json::Object(map) => object_from_ext(map)?,
    })
}

fn number_to_bson(n: &serde_json::Number) -> Result<Bson, ExtError> {
    if let Some(i) = n.as_i64() {
        return Ok(i32::try_from(i).map_or(Bson::Int64(i), Bson::Int32));
    }
    if n.is_u64() {
        return decimal::decimal(&n.to_string()).map(Bson::Decimal128).ok_or_else(|| ExtError::Number(n.to_string()));
    }
    n.as_f64().map(Bson::Double).ok_or_else(|| ExtError::Number(n.to_string()))
}

const WRAPPERS: &[&str] = &[
    "$oid",
    "$date",
    "$numberInt",
    "$numberLong",
    "$numberDouble",
    "$numberDecimal",
    "$binary",
    "$uuid",
    "$regularExpression",
    "$timestamp",
    "$code",
    "$scope",
    "$minKey",
    "$maxKey",
    "$undefined",
    "$symbol",
    "$dbPointer",
];

fn object_from_ext(map: Map<String, Json>) -> Result<Bson, ExtError> {
    let wrapped = map.keys().next().is_some_and(|k| WRAPPERS.contains(&k.as_str()));
    if wrapped {
        let name = map.keys().next().cloned().unwrap_or_default();
        if let (1, Some(Json::String(text))) = (map.len(), map.get("$numberDecimal")) {
            let special = ["NaN", "Infinity", "-Infinity"].contains(&text.as_str());
            let number = if special { text.parse().ok() } else { decimal::decimal(text) };
            return number.map(Bson::Decimal128).ok_or(ExtError::Decimal);
        }
        return Bson::try_from(map).map_err(|_| ExtError::Wrapper(name));
    }
    let mut doc = Document::new();
    for (key, value) in map {
        doc.insert(key, from_ext(value)?);
    }
    Ok(Bson::Document(doc))
}

/// An Extended JSON object to a document; `None` when it is not an object.
pub fn doc_from_ext(json: Json) -> Result<Option<Document>, ExtError> {
    Ok(match from_ext(json)? {
        Bson::Document(doc) => Some(doc),
        _ => None,
    })
}

/// The plain view for JSON Schema: Date as RFC 3339 UTC, ObjectId as 24 hex digits, UUID as text,
/// Decimal128 and Int64 as number; types without a plain form stay Extended JSON.
pub fn to_plain(value: &Bson) -> Json {
    match value {
        Bson::Int64(n) => Json::from(*n),
        Bson::DateTime(d) if is_common(*d) => d.try_to_rfc3339_string().map_or_else(|_| to_ext(value), Json::String),
        Bson::ObjectId(id) => Json::String(id.to_hex()),
        Bson::Decimal128(d) => plain_decimal(d),
        Bson::Binary(b) => b.to_uuid().map_or_else(|_| to_ext(value), |u| Json::String(u.to_string())),
        Bson::Array(items) => Json::Array(items.iter().map(to_plain).collect()),
        Bson::Document(doc) => doc_to_plain(doc),
        other => to_ext(other),
    }
}

/// A number where JSON has one that says the same, else Extended JSON: [`crate::decimal`] has all its digits.
fn plain_decimal(d: &bson::Decimal128) -> Json {
    let text = d.to_string();
    match decimal::number(&text) {
        Some(Bson::Int32(n)) => return Json::from(n),
        Some(Bson::Int64(n)) => return Json::from(n),
        Some(Bson::Double(n)) => return double_to_json(n),
        _ => {}
    }
    // `9007199254740993.0` and the like are integers, too.
    let whole = Exact::parse(&text).filter(Exact::is_whole).and_then(|exact| exact.floor());
    whole.map_or_else(|| serde_json::json!({ "$numberDecimal": text }), Json::from)
}

/// RFC 3339 has years of four digits.
fn is_common(date: bson::DateTime) -> bool {
    const FIRST: i64 = -62_135_596_800_000;
    const LAST: i64 = 253_402_300_799_999;
    (FIRST..=LAST).contains(&date.timestamp_millis())
}

/// The plain view of a whole record.
pub fn doc_to_plain(doc: &Document) -> Json {
    Json::Object(doc.iter().map(|(k, v)| (k.clone(), to_plain(v))).collect())
}

/// A numeric view that ignores the width of the type; `None` for what is not a number.
pub fn as_number(value: &Bson) -> Option<f64> {
    match value {
        Bson::Int32(n) => Some(f64::from(*n)),
        Bson::Int64(n) => Some(*n as f64),
        Bson::Double(n) => Some(*n),
        Bson::Decimal128(d) => d.to_string().parse().ok(),
        _ => None,
    }
}

/// The value at a JSON Pointer; the empty one is the document itself and has none.
pub fn at_pointer<'a>(doc: &'a Document, pointer: &str) -> Option<&'a Bson> {
    let mut segments = pointer.strip_prefix('/')?.split('/').map(|s| s.replace("~1", "/").replace("~0", "~"));
    let first = doc.get(segments.next()?)?;
    segments.try_fold(first, |value, segment| match value {
        Bson::Document(inner) => inner.get(&segment),
        Bson::Array(items) => items.get(segment.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Same content: numbers by value, fields in any order, everything else exactly.
/// This decides "unchanged" on import and whether an edit's expected old value still applies.
pub fn same(a: &Bson, b: &Bson) -> bool {
    match (a, b) {
        (Bson::Int32(x), Bson::Int64(y)) | (Bson::Int64(y), Bson::Int32(x)) => i64::from(*x) == *y,
        (Bson::Double(x), Bson::Double(y)) => x == y || (x.is_nan() && y.is_nan()),
        (Bson::Double(x), Bson::Int32(y)) | (Bson::Int32(y), Bson::Double(x)) => *x == f64::from(*y),
        (Bson::Double(x), Bson::Int64(y)) | (Bson::Int64(y), Bson::Double(x)) => {
            y.abs_diff(0) <= MAX_SAFE_INTEGER as u64 && *x == *y as f64
        }
        (Bson::Array(x), Bson::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(p, q)| same(p, q)),
        (Bson::Document(x), Bson::Document(y)) => same_doc(x, y),
        (x, y) => x == y,
    }
}

/// [`same`] for whole documents.
pub fn same_doc(a: &Document, b: &Document) -> bool {
    a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w)))
}

/// Gives `after` the numeric type of `before` where nothing is lost: JSON cannot say Int64 or Double.
pub fn keep_type(before: &Bson, after: Bson) -> Bson {
    match (before, &after) {
        (Bson::Int64(_), Bson::Int32(n)) => Bson::Int64(i64::from(*n)),
        (Bson::Double(_), Bson::Int32(n)) => Bson::Double(f64::from(*n)),
        (Bson::Double(_), Bson::Int64(n)) if n.abs_diff(0) <= MAX_SAFE_INTEGER as u64 => Bson::Double(*n as f64),
        (Bson::Decimal128(_), Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_)) => {
            let text = to_ext(&after).to_string();
            text.parse().map_or(after, Bson::Decimal128)
        }
        (Bson::DateTime(_), Bson::String(s)) => bson::DateTime::parse_rfc3339_str(s).map_or(after, Bson::DateTime),
        (Bson::ObjectId(_), Bson::String(s)) => bson::oid::ObjectId::parse_str(s).map_or(after, Bson::ObjectId),
        (Bson::Array(old), Bson::Array(_)) => keep_array_types(old, after),
        (Bson::Document(old), Bson::Document(_)) => keep_document_types(old, after),
        _ => after,
    }
}

fn keep_array_types(before: &[Bson], after: Bson) -> Bson {
    match after {
        Bson::Array(items) => Bson::Array(
            items
                .into_iter()
                .enumerate()
                .map(|(i, v)| match before.get(i) {
                    Some(old) => keep_type(old, v),
                    None => v,
                })
                .collect(),
        ),
        other => other,
    }
}

fn keep_document_types(before: &Document, after: Bson) -> Bson {
    match after {
        Bson::Document(doc) => Bson::Document(
            doc.into_iter()
                .map(|(k, v)| match before.get(&k) {
                    Some(old) => (k, keep_type(old, v)),
                    None => (k, v),
                })
                .collect(),
        ),
        other => other,
    }
}

/// Missing, null, blank text, empty list or empty object: nothing that a reader could use.
pub fn is_blank(value: Option<&Bson>) -> bool {
    match value {
        None | Some(Bson::Null | Bson::Undefined) => true,
        Some(Bson::String(s)) => s.trim().is_empty(),
        Some(Bson::Array(items)) => items.is_empty(),
        Some(Bson::Document(doc)) => doc.is_empty(),
        Some(_) => false,
    }
}

/// Field-level differences from `before` to `after`, top-level fields and nested documents, lists as a whole.
/// `_id` is left out: identity never changes.
pub fn diff(before: &Document, after: &Document) -> Vec<crate::FieldChange> {
    let mut out = Vec::new();
    diff_into(&[], before, after, &mut out);
    out
}

fn diff_into(prefix: &[&str], before: &Document, after: &Document, out: &mut Vec<crate::FieldChange>) {
    let path = |key: &str| crate::FieldPath::of(prefix.iter().copied().chain([key]).map(std::borrow::Cow::Borrowed));
    for (key, old) in before {
        if prefix.is_empty() && key == "_id" {
            continue;
        }
        match after.get(key) {
            Some(new) if same(old, new) => {}
            Some(Bson::Document(new)) if is_patchable_object(old, new) => {
                if let Bson::Document(old) = old {
                    let inner: Vec<&str> = prefix.iter().copied().chain([key.as_str()]).collect();
                    diff_into(&inner, old, new, out);
                }
            }
            new => out.push(change(path(key), Some(old.clone()), new.cloned())),
        }
    }
    for (key, new) in after {
        let identity = prefix.is_empty() && key == "_id";
        if !identity && !before.contains_key(key) {
            out.push(change(path(key), None, Some(new.clone())));
        }
    }
}

/// Both sides are objects whose field names can be in a dotted path.
fn is_patchable_object(old: &Bson, new: &Document) -> bool {
    let plain = |doc: &Document| doc.keys().all(|k| !k.is_empty() && !k.contains('.') && !k.starts_with('$'));
    matches!(old, Bson::Document(old) if plain(old)) && plain(new)
}

fn change(path: crate::FieldPath, before: Option<Bson>, after: Option<Bson>) -> crate::FieldChange {
    crate::FieldChange { path, before: before.map(Value), after: after.map(Value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::doc;

    #[test]
    fn integers_beyond_javascript_are_canonical() {
        assert_eq!(to_ext(&Bson::Int64(5)), serde_json::json!(5));
        assert_eq!(to_ext(&Bson::Int64(MAX_SAFE_INTEGER + 1)), serde_json::json!({"$numberLong": "9007199254740992"}));
        assert_eq!(from_ext(serde_json::json!({"$numberLong": "9007199254740992"})), Ok(Bson::Int64(9_007_199_254_740_992)));
    }

    #[test]
    fn doubles_stay_doubles() {
        let text = serde_json::to_string(&Value(Bson::Double(269_630.0))).unwrap();
        assert_eq!(text, "269630.0");
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back.0, Bson::Double(269_630.0));
    }

    #[test]
    fn edits_keep_the_number_type() {
        assert_eq!(keep_type(&Bson::Int64(1), Bson::Int32(2)), Bson::Int64(2));
        assert_eq!(keep_type(&Bson::Double(1.0), Bson::Int32(2)), Bson::Double(2.0));
        assert_eq!(keep_type(&Bson::Int32(1), Bson::Double(2.5)), Bson::Double(2.5));
    }

    #[test]
    fn diff_goes_into_documents_and_takes_lists_whole() {
        let a = doc! {"_id": 1, "n": {"x": 1, "y": 2}, "l": [1], "gone": true};
        let b = doc! {"n": {"x": 1, "y": 3}, "l": [1, 2], "new": null};
        let paths: Vec<String> = diff(&a, &b).iter().map(|c| c.path.to_string()).collect();
        assert_eq!(paths, ["n.y", "l", "gone", "new"]);
        assert!(diff(&a, &a).is_empty());
    }

    #[test]
    fn unknown_wrappers_are_refused() {
        assert!(from_ext(serde_json::json!({"$oid": "nope"})).is_err());
        for text in [".", "++5", "E9", "", "1e", " 5", "12345678901234567890123456789012345"] {
            assert_eq!(from_ext(serde_json::json!({"$numberDecimal": text})), Err(ExtError::Decimal), "{text}");
        }
    }

    #[test]
    fn dates_beyond_four_digits_keep_their_year() {
        for millis in [253_402_300_800_000, -62_135_596_800_001, i64::MAX, i64::MIN] {
            let date = Bson::DateTime(bson::DateTime::from_millis(millis));
            assert_eq!(to_ext(&date), serde_json::json!({"$date": {"$numberLong": millis.to_string()}}));
            assert_eq!(from_ext(to_ext(&date)), Ok(date));
        }
    }

    #[test]
    fn numbers_beyond_doubles_keep_their_digits() {
        assert_eq!(
            from_ext(serde_json::json!(18_446_744_073_709_551_615_u64)),
            Ok(Bson::Decimal128("18446744073709551615".parse().unwrap()))
        );
        let plain = |text: &str| to_plain(&Bson::Decimal128(text.parse().unwrap()));
        assert_eq!((plain("1.50"), plain("1E+3"), plain("5")), (serde_json::json!(1.5), serde_json::json!(1000.0), serde_json::json!(5)));
        assert_eq!(plain("0.1000000000000000000001"), serde_json::json!({"$numberDecimal": "0.1000000000000000000001"}));
    }
}
