//! Indexes of old servers, as servers of today take them: what those of before 3.4 let in is cleaned, and each change is reported.

use bson::{Bson, Document};

/// Kinds of index that a server knows by name.
const PLUGINS: [&str; 5] = ["text", "2d", "2dsphere", "2dsphere_bucket", "hashed"];

/// Options that an index can have.
const KNOWN: [&str; 23] = [
    "v",
    "key",
    "name",
    "unique",
    "sparse",
    "hidden",
    "prepareUnique",
    "clustered",
    "expireAfterSeconds",
    "partialFilterExpression",
    "collation",
    "storageEngine",
    "weights",
    "default_language",
    "language_override",
    "textIndexVersion",
    "2dsphereIndexVersion",
    "bits",
    "min",
    "max",
    "wildcardProjection",
    "columnstoreProjection",
    "finestIndexedLevel",
];

/// Written by servers into indexes of their own; they say nothing about the index.
const MARKS: [&str; 3] = ["ns", "background", "dropDups"];
const FLAGS: [&str; 4] = ["unique", "sparse", "hidden", "prepareUnique"];
const TTL: &str = "expireAfterSeconds";

/// An index as it can be made today; `Err` where its kind is no more, with the end of such a sentence. What differs is pushed to `notes`, as ends of a sentence
/// that begins with the collection's name.
pub(crate) fn cleaned(index: &Document, notes: &mut Vec<String>) -> Result<Document, String> {
    let mut out = index.clone();
    let Ok(key) = index.get_document("key") else { return Ok(out) };
    let name = match index.get_str("name") {
        Ok(name) if !name.is_empty() => name.to_owned(),
        _ => {
            let made = usual_name(key);
            notes.push(format!("has an index without a name: it is called {made}"));
            out.insert("name", made.as_str());
            made
        }
    };
    if key.values().any(|kind| kind.as_str() == Some("geoHaystack")) {
        return Err(format!("loses the index {name}: servers have no geoHaystack indexes any more"));
    }
    let directions: Document = key.iter().map(|(field, value)| (field.clone(), direction(&name, field, value, notes))).collect();
    out.insert("key", directions);
    for flag in FLAGS {
        let Some(value) = index.get(flag).filter(|value| !matches!(value, Bson::Boolean(_))) else { continue };
        let meant = is_true(value);
        if as_number(value).is_none() {
            notes.push(format!("has the index {name}, whose option {flag} is {value}: it is taken as {meant}"));
        }
        out.insert(flag, meant);
    }
    expiry(&name, index, &mut out, notes);
    for mark in MARKS {
        out.remove(mark);
    }
    let unknown: Vec<String> = out.keys().filter(|option| !KNOWN.contains(&option.as_str())).cloned().collect();
    if !unknown.is_empty() {
        notes.push(format!("has the index {name}, which is restored without options that no server uses any more: {}", unknown.join(", ")));
    }
    for option in &unknown {
        out.remove(option);
    }
    Ok(out)
}

/// As old servers read the direction of a field: what is no number and no known kind is ascending.
fn direction(index: &str, field: &str, value: &Bson, notes: &mut Vec<String>) -> Bson {
    let same = match value {
        Bson::String(kind) => PLUGINS.contains(&kind.as_str()),
        other => as_number(other).is_some_and(|n| n != 0.0 && !n.is_nan()),
    };
    if same {
        return value.clone();
    }
    notes.push(format!("has the index {index}, whose direction {value} of {field} servers of today refuse: it is ascending"));
    Bson::Int32(1)
}

/// Only a number ever made records expire; one that no server takes becomes the longest time, so that nothing is lost early.
fn expiry(name: &str, index: &Document, out: &mut Document, notes: &mut Vec<String>) {
    let Some(value) = index.get(TTL) else { return };
    let longest = f64::from(i32::MAX);
    match as_number(value) {
        None => {
            notes.push(format!("has the index {name}, whose option {TTL} is {value}, which never took effect: it is restored without it"));
            out.remove(TTL);
        }
        Some(seconds) if seconds.is_nan() || seconds < 0.0 || seconds > longest => {
            notes.push(format!("has the index {name}, whose option {TTL} is {value}: it is {longest}, the longest that servers take"));
            out.insert(TTL, i32::MAX);
        }
        Some(seconds) if seconds.fract() != 0.0 => {
            notes.push(format!("has the index {name}, whose option {TTL} is {value}: it is {}", seconds.trunc()));
            out.insert(TTL, seconds as i32);
        }
        Some(_) => {}
    }
}

/// What servers call an index that nobody named.
fn usual_name(key: &Document) -> String {
    let parts = key.iter().map(|(field, value)| match value {
        Bson::String(kind) => format!("{field}_{kind}"),
        other => format!("{field}_{}", as_number(other).unwrap_or(1.0)),
    });
    parts.collect::<Vec<_>>().join("_")
}

fn as_number(value: &Bson) -> Option<f64> {
    match value {
        Bson::Int32(n) => Some(f64::from(*n)),
        Bson::Int64(n) => Some(*n as f64),
        Bson::Double(n) => Some(*n),
        _ => None,
    }
}

/// `BSONElement::trueValue` of the servers.
fn is_true(value: &Bson) -> bool {
    match value {
        Bson::Null | Bson::Undefined => false,
        Bson::Boolean(yes) => *yes,
        other => as_number(other).is_none_or(|n| n != 0.0),
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[track_caller]
    fn check(index: &Document, wanted: Option<Document>, noted: usize) {
        let mut notes = Vec::new();
        assert_eq!(cleaned(index, &mut notes).ok(), wanted);
        assert_eq!(notes.len(), noted, "{notes:?}");
    }

    #[test]
    fn what_servers_take_stays_as_it_is() {
        for index in [
            doc! { "v": 2, "key": { "a": 1, "b": -1_i64, "c": 1.0, "d": -0.5 }, "name": "n", "unique": true, "expireAfterSeconds": 60_i64 },
            doc! { "key": { "_fts": "text", "_ftsx": 1 }, "name": "t", "weights": { "a": 1 }, "default_language": "none" },
            doc! { "key": { "at": "2dsphere" }, "name": "g" },
            doc! { "key": { "$**": 1 }, "name": "w", "wildcardProjection": { "a": 1 }, "collation": { "locale": "simple" } },
        ] {
            check(&index, Some(index.clone()), 0);
        }
    }

    #[test]
    fn what_only_old_servers_took_is_cleaned_with_a_word() {
        let key = |value: Bson| doc! { "key": { "a": value }, "name": "n" };
        for odd in [Bson::Boolean(true), "".into(), "1".into(), 0.into(), f64::NAN.into(), Bson::Null] {
            check(&key(odd), Some(key(1.into())), 1);
        }
        let with = |option: &str, value: Bson| {
            let mut index = key(1.into());
            index.insert(option, value);
            index
        };
        check(&with("sparse", "1".into()), Some(with("sparse", true.into())), 1);
        check(&with("unique", 1.into()), Some(with("unique", true.into())), 0);
        check(&with("unique", Bson::Null), Some(with("unique", false.into())), 1);
        check(&with("w", 1.into()), Some(key(1.into())), 1);
        check(&with("ns", "a.b".into()), Some(key(1.into())), 0);
        check(&with("expireAfterSeconds", "3600".into()), Some(key(1.into())), 1);
        check(&with("expireAfterSeconds", f64::NAN.into()), Some(with("expireAfterSeconds", i32::MAX.into())), 1);
        check(&with("expireAfterSeconds", 3600.5.into()), Some(with("expireAfterSeconds", 3600.into())), 1);
        check(&with("expireAfterSeconds", (1_i64 << 40).into()), Some(with("expireAfterSeconds", i32::MAX.into())), 1);
        check(&doc! { "key": { "a": 1, "b": -1.0 }, "name": "" }, Some(doc! { "key": { "a": 1, "b": -1.0 }, "name": "a_1_b_-1" }), 1);
        check(&doc! { "key": { "a": "geoHaystack", "b": 1 }, "name": "hay" }, None, 0);
    }
}
