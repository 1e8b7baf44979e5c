//! What a collection is next to its records: its kind, options, validator and indexes, written as MongoDB writes them.
//! A backup carries it, a restore makes it again.

use bson::{Bson, Document, doc};

use crate::IndexSpec;

/// The kinds of collection that a server tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CollectionKind {
    #[default]
    Collection,
    /// A stored query; it has no records of its own.
    View,
    /// Its records are in buckets, in a collection of the server's own.
    Timeseries,
}

impl CollectionKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::View => "view",
            Self::Timeseries => "timeseries",
        }
    }

    /// Anything that is not known is a plain collection.
    pub fn of(name: &str) -> Self {
        match name {
            "view" => Self::View,
            "timeseries" => Self::Timeseries,
            _ => Self::Collection,
        }
    }

    /// The collection that holds the documents of one of this kind.
    pub fn data_of(self, collection: &str) -> String {
        match self {
            Self::Timeseries => format!("{}{collection}", crate::names::BUCKETS),
            Self::Collection | Self::View => collection.to_owned(),
        }
    }
}

/// Kind, options (`validator`, `capped`, `viewOn`…) and index documents (`{v, key, name, …}`, that of `_id` included).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Definition {
    pub kind: CollectionKind,
    pub options: Document,
    pub indexes: Vec<Document>,
}

/// Options that decide which records are let in. Left out while records are loaded that were let in before.
const VALIDATION: [&str; 3] = ["validator", "validationLevel", "validationAction"];

/// What a validator is where nobody says otherwise. A server says it or leaves it out, depending on how the validator came to be.
const USUAL: [(&str, &str); 2] = [("validationLevel", "strict"), ("validationAction", "error")];

/// Options of servers before 4.0 that today's refuse or that say nothing.
const RETIRED: [&str; 4] = ["autoIndexId", "create", "temp", "flags"];
/// What a server works out by itself for a time series, differently from version to version.
const WORKED_OUT: [&str; 2] = ["bucketMaxSpanSeconds", "bucketRoundingSeconds"];

impl Definition {
    /// The same without indexes and validator: to load records into.
    #[must_use]
    pub fn bare(&self) -> Self {
        let mut options = self.options.clone();
        for name in VALIDATION {
            options.remove(name);
        }
        let indexes = self.indexes.iter().filter(|i| is_id_index(i)).cloned().collect();
        Self { kind: self.kind, options, indexes }
    }

    /// The same as servers of today take it, and what that changes: ends of sentences that begin with the collection's name.
    pub fn of_today(&self) -> (Self, Vec<String>) {
        let mut notes = Vec::new();
        let cleaned = |index| match crate::legacy::cleaned(index, &mut notes) {
            Ok(index) => Some(index),
            Err(lost) => {
                notes.push(lost);
                None
            }
        };
        let indexes = self.indexes.iter().filter_map(cleaned).collect();
        let mut options = self.options.clone();
        for name in RETIRED {
            options.remove(name);
        }
        (Self { kind: self.kind, options, indexes }, notes)
    }

    /// What servers of today have no more, of what [`Definition::of_today`] changes.
    pub fn gone_today(&self) -> Vec<String> {
        self.indexes.iter().filter_map(|index| crate::legacy::cleaned(index, &mut Vec::new()).err()).collect()
    }

    /// These indexes of it alone, as they are added to a collection that is there: what an index inherits stays with them.
    #[must_use]
    pub fn only(&self, indexes: Vec<Document>) -> Self {
        let options = self.options.get("collation").map(|collation| ("collation".to_owned(), collation.clone())).into_iter().collect();
        Self { kind: self.kind, options, indexes }
    }

    /// Old records give way to new ones when it is full.
    pub fn is_capped(&self) -> bool {
        match self.options.get("capped") {
            None | Some(Bson::Boolean(false) | Bson::Null) => false,
            Some(value) => as_int(value) != 0 || *value == Bson::Boolean(true),
        }
    }

    /// Validator, level and action, where there are any.
    pub fn validation(&self) -> Document {
        VALIDATION.iter().filter_map(|name| self.options.get(*name).map(|value| ((*name).to_owned(), value.clone()))).collect()
    }

    /// As one document: kind, options, indexes.
    pub fn to_document(&self) -> Document {
        let indexes: Vec<Bson> = self.indexes.iter().cloned().map(Bson::Document).collect();
        doc! { "kind": self.kind.name(), "options": self.options.clone(), "indexes": indexes }
    }

    /// The reverse; what is missing is usual.
    pub fn from_document(found: &Document) -> Self {
        let indexes = found.get_array("indexes").map(Vec::as_slice).unwrap_or_default();
        Self {
            kind: CollectionKind::of(found.get_str("kind").unwrap_or_default()),
            options: found.get_document("options").cloned().unwrap_or_default(),
            indexes: indexes.iter().filter_map(|i| i.as_document().cloned()).collect(),
        }
    }

    /// Whether two collections are the same but for their records. The order of indexes and the server's own marks
    /// (`v`, `ns`, `background`) do not count.
    pub fn means(&self, other: &Self) -> bool {
        let indexes = |definition: &Self| {
            let mut all: Vec<Document> = definition.indexes.iter().filter(|i| !is_id_index(i)).map(|i| essential(&as_stored(i))).collect();
            all.sort_by(|a, b| a.get_str("name").unwrap_or_default().cmp(b.get_str("name").unwrap_or_default()));
            all
        };
        let options = |definition: &Self| essential(&as_asked(&definition.options));
        self.kind == other.kind && options(self) == options(other) && indexes(self) == indexes(other)
    }
}

/// Options without what a server has worked out from them.
fn as_asked(options: &Document) -> Document {
    let mut options = options.clone();
    for (name, usual) in USUAL {
        if options.get_str(name).is_ok_and(|value| value == usual) {
            options.remove(name);
        }
    }
    if let Ok(times) = options.get_document_mut("timeseries")
        && times.contains_key("granularity")
    {
        for name in WORKED_OUT {
            times.remove(name);
        }
    }
    options
}

/// The index that every collection has, whatever it is called: a clustered collection can give it a name.
pub fn is_id_index(index: &Document) -> bool {
    let named = index.get_str("name").is_ok_and(|name| name == "_id_");
    let is_id = |key: &Document| key.len() == 1 && key.get("_id").is_some_and(|direction| as_int(direction) == 1);
    named || index.get_document("key").is_ok_and(is_id)
}

/// A text index as a server says it: its fields are in the weights, and one of the server's own is in the key.
fn as_stored(index: &Document) -> Document {
    let Ok(key) = index.get_document("key") else {
        return index.clone();
    };
    let is_text = |value: &Bson| value.as_str() == Some("text");
    if !key.values().any(is_text) {
        return index.clone();
    }
    let mut out = index.clone();
    let words = key.iter().filter(|(name, value)| is_text(value) && *name != "_fts");
    let weights: Document = words.map(|(name, _)| (name.clone(), Bson::Int32(1))).collect();
    let rest: Document =
        key.iter().filter(|(name, value)| !is_text(value) && *name != "_ftsx").map(|(k, v)| (k.clone(), v.clone())).collect();
    out.insert("key", rest);
    for (name, usual) in
        [("weights", weights.into()), ("default_language", Bson::from("english")), ("language_override", "language".into())]
    {
        if !out.contains_key(name) {
            out.insert(name, usual);
        }
    }
    out
}

/// As it is, without what a server adds by itself, numbers in one type, fields in order (those of keys keep theirs).
fn essential(doc: &Document) -> Document {
    let mut out: Vec<(String, Bson)> = doc
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "v" | "ns" | "background" | "textIndexVersion" | "2dsphereIndexVersion" | "uuid"))
        .map(|(name, value)| (name.clone(), plain(value)))
        .collect();
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out.into_iter().collect()
}

fn plain(value: &Bson) -> Bson {
    match value {
        Bson::Int32(n) => Bson::Double(f64::from(*n)),
        Bson::Int64(n) => Bson::Double(*n as f64),
        Bson::Document(d) => Bson::Document(d.iter().map(|(k, v)| (k.clone(), plain(v))).collect()),
        Bson::Array(a) => Bson::Array(a.iter().map(plain).collect()),
        other => other.clone(),
    }
}

/// Steward's own way of making a text index: no stemming and no stop words, every word counts, in any language.
const TEXT_LANGUAGE: &str = "none";
const TEXT_OVERRIDE: &str = "steward_text_language";

impl IndexSpec {
    /// As a server takes it. A secondary index carries `_id` as its last field, so that it also serves the page order;
    /// in a text index the first field weighs most, which keeps their order.
    pub fn to_document(&self) -> Document {
        let mut key = Document::new();
        if self.is_text() {
            let mut weights = Document::new();
            for (i, field) in self.text.iter().enumerate() {
                key.insert(field, "text");
                weights.insert(field, i32::try_from(self.text.len() - i).unwrap_or(1));
            }
            return doc! {
                "name": &self.name, "key": key, "weights": weights,
                "default_language": TEXT_LANGUAGE, "language_override": TEXT_OVERRIDE,
            };
        }
        for field in &self.fields {
            key.insert(field, 1);
        }
        if self.unique {
            return doc! { "name": &self.name, "key": key, "unique": true };
        }
        if !key.contains_key("_id") {
            key.insert("_id", 1);
        }
        doc! { "name": &self.name, "key": key }
    }

    /// What Steward understands of an index of a server; `None` for that of `_id`.
    pub fn from_document(found: &Document) -> Option<Self> {
        let name = found.get_str("name").ok()?;
        if is_id_index(found) {
            return None;
        }
        let key = found.get_document("key").ok()?;
        let unique = found.get_bool("unique").unwrap_or(false);
        if let Ok(weights) = found.get_document("weights") {
            let mut text: Vec<(&String, i64)> = weights.iter().map(|(f, w)| (f, as_int(w))).collect();
            text.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
            let text = text.into_iter().map(|(f, _)| f.clone()).collect();
            return Some(Self { name: name.to_owned(), fields: Vec::new(), unique, text });
        }
        let mut fields: Vec<String> = key.keys().cloned().collect();
        if !unique && fields.len() > 1 && fields.last().is_some_and(|f| f == "_id") {
            fields.pop();
        }
        Some(Self { name: name.to_owned(), fields, unique, text: Vec::new() })
    }

    /// As [`Self::from_document`], for a store that has no other kinds of index: `None` for sparse, partial, expiring,
    /// hashed, geographic and the like, and for those with a collation.
    pub fn plainly(found: &Document) -> Option<Self> {
        const SPECIAL: [&str; 6] = ["sparse", "partialFilterExpression", "expireAfterSeconds", "collation", "wildcardProjection", "hidden"];
        if SPECIAL.iter().any(|option| found.contains_key(option)) {
            return None;
        }
        let spec = Self::from_document(found)?;
        let key = found.get_document("key").ok()?;
        let ordered = |value: &Bson| matches!(as_int(value), 1 | -1);
        let plain = if spec.is_text() {
            key.values().all(|v| v.as_str() == Some("text")) || key.contains_key("_fts")
        } else {
            key.iter().all(|(field, value)| ordered(value) && !field.contains('$'))
        };
        plain.then_some(spec)
    }
}

fn as_int(value: &Bson) -> i64 {
    match value {
        Bson::Int32(n) => i64::from(*n),
        Bson::Int64(n) => *n,
        Bson::Double(n) => *n as i64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_comes_back_from_its_document() {
        let mut two = IndexSpec::on("a");
        two.fields.push("b".into());
        for spec in [IndexSpec::on("salary"), IndexSpec::unique("career_id"), IndexSpec::text(&["title", "description"]), two] {
            assert_eq!(IndexSpec::from_document(&spec.to_document()), Some(spec.clone()));
            assert_eq!(IndexSpec::plainly(&spec.to_document()), Some(spec));
        }
    }

    #[test]
    fn special_indexes_are_not_taken_for_plain_ones() {
        for special in [
            doc! { "name": "a", "key": { "at": 1 }, "expireAfterSeconds": 60 },
            doc! { "name": "a", "key": { "at": "2dsphere" } },
            doc! { "name": "a", "key": { "$**": 1 } },
            doc! { "name": "a", "key": { "at": 1 }, "partialFilterExpression": { "n": { "$gt": 1 } } },
        ] {
            assert_eq!(IndexSpec::plainly(&special), None, "{special}");
        }
    }

    #[test]
    fn definitions_are_compared_by_meaning() {
        let one = Definition {
            options: doc! { "validator": { "n": { "$gt": 1 } } },
            indexes: vec![doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" }, doc! { "v": 2, "key": { "a": 1_i64 }, "name": "a" }],
            ..Definition::default()
        };
        let other = Definition { indexes: vec![doc! { "name": "a", "key": { "a": 1 } }], ..one.clone() };
        assert!(one.means(&other));
        let text = |key: Document| Definition { indexes: vec![doc! { "name": "t", "key": key, "weights": { "a": 1 } }], ..one.clone() };
        assert!(text(doc! { "a": "text" }).means(&text(doc! { "_fts": "text", "_ftsx": 1 })));
        assert!(!text(doc! { "a": "text", "b": 1 }).means(&text(doc! { "_fts": "text", "_ftsx": 1 })));
        assert!(!one.means(&one.bare()));
        let other = Definition { options: doc! { "validator": { "n": { "$gt": 1 } }, "validationAction": "error" }, ..one.clone() };
        let warns = Definition { options: doc! { "validator": { "n": { "$gt": 1 } }, "validationAction": "warn" }, ..one.clone() };
        assert!(one.means(&other) && !one.means(&warns));
        assert_eq!(one.validation(), doc! { "validator": { "n": { "$gt": 1 } } });
    }
}
