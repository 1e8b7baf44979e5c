//! What a CSV cannot say of the records in it: types that have no writing of their own, and nothing of several kinds.

use std::collections::{BTreeMap, HashSet};

use bson::{Bson, Document};

/// Fields that a note names.
const NAMED: usize = 8;

/// What the values of a column are, a bit each.
const TEXT: u16 = 1;
const NUMBER: u16 = 2;
const BOOLEAN: u16 = 4;
const NULL: u16 = 8;
const EMPTY: u16 = 16;
const DATE: u16 = 32;
const DECIMAL: u16 = 64;
const LIST: u16 = 128;
const OBJECT: u16 = 256;
const OTHER: u16 = 512;
/// A decimal that an import under a number of a schema reads as a plain number.
const PLAIN_DECIMAL: u16 = 1024;

/// How each is called where it is lost without a schema.
const CALLED: [(u16, &str); 5] =
    [(DATE, "dates"), (DECIMAL, "decimals"), (LIST, "lists"), (OBJECT, "objects"), (OTHER, "identifiers or other types")];

/// Looks at the records that are written, column by column.
pub(super) struct Losses {
    /// Fields that a schema describes: it gives them their types again.
    described: HashSet<String>,
    kinds: BTreeMap<String, u16>,
}

impl Losses {
    pub fn new(described: impl Iterator<Item = String>) -> Self {
        Self { described: described.collect(), kinds: BTreeMap::new() }
    }

    pub fn note(&mut self, document: &Document) {
        for (name, value) in document {
            let kind = kind(value);
            match self.kinds.get_mut(name) {
                Some(kinds) => *kinds |= kind,
                None => drop(self.kinds.insert(name.clone(), kind)),
            }
        }
    }

    /// What a person should know before the file is the only thing that is left; nothing where it says all.
    pub fn notes(&self) -> Vec<String> {
        let columns: Vec<(&str, u16)> =
            self.kinds.iter().map(|(name, kinds)| (name.as_str(), *kinds)).filter(|(name, _)| *name != "_id").collect();
        let fields = |wanted: &dyn Fn(&str, u16) -> bool| {
            let all: Vec<&str> = columns.iter().filter(|(name, kinds)| wanted(name, *kinds)).map(|(name, _)| *name).collect();
            let more = if all.len() > NAMED { format!(" and {} more", all.len() - NAMED) } else { String::new() };
            (!all.is_empty()).then(|| format!("{}{more}", all[..all.len().min(NAMED)].join(", ")))
        };
        let plain = |kinds: u16| (kinds & (TEXT | NUMBER | BOOLEAN)).count_ones();
        let typed = DATE | DECIMAL | LIST | OBJECT | OTHER;
        let mut notes = Vec::new();
        let undescribed = |name: &str| !self.described.contains(name);
        if let Some(fields) = fields(&|name, kinds| undescribed(name) && (plain(kinds) > 1 || kinds & typed != 0)) {
            let all = columns.iter().filter(|(name, _)| undescribed(name)).fold(0, |all, (_, kinds)| all | kinds);
            let kinds: Vec<&str> = CALLED.iter().filter(|(kind, _)| all & kind != 0).map(|(_, called)| *called).collect();
            let what = if kinds.is_empty() { "values of several types".to_owned() } else { kinds.join(", ") };
            notes.push(format!(
                "A CSV contains only text: in {fields}, {what} are read back as text unless a schema says otherwise. NDJSON keeps every type."
            ));
        }
        if let Some(fields) = fields(&|name, kinds| !undescribed(name) && kinds & PLAIN_DECIMAL != 0) {
            notes.push(format!("In {fields}, decimals are read back as plain numbers where these are equal. NDJSON keeps every type."));
        }
        if let Some(fields) = fields(&|_, kinds| kinds & (NULL | EMPTY) != 0) {
            notes.push(format!("In a CSV, null, an empty text and a missing value are the same: {fields}. NDJSON distinguishes them."));
        }
        notes
    }
}

fn kind(value: &Bson) -> u16 {
    match value {
        Bson::String(text) if text.is_empty() => EMPTY,
        Bson::String(_) | Bson::Symbol(_) => TEXT,
        Bson::Int32(_) | Bson::Int64(_) => NUMBER,
        Bson::Double(n) if n.is_finite() => NUMBER,
        Bson::Boolean(_) => BOOLEAN,
        Bson::Null | Bson::Undefined => NULL,
        Bson::DateTime(_) => DATE,
        Bson::Decimal128(digits) if is_plain(&digits.to_string()) => DECIMAL | PLAIN_DECIMAL,
        Bson::Decimal128(_) => DECIMAL,
        Bson::Array(_) => LIST,
        Bson::Document(_) => OBJECT,
        _ => OTHER,
    }
}

/// A plain number says the same, but for zeros at its end.
fn is_plain(digits: &str) -> bool {
    let significant = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    !digits.contains('E') && digits.parse::<f64>().is_ok_and(|number| number.is_finite() && number.to_string() == significant)
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn notes(described: &[&str], documents: &[Document]) -> Vec<String> {
        let mut losses = Losses::new(described.iter().map(|name| (*name).to_owned()));
        documents.iter().for_each(|document| losses.note(document));
        losses.notes()
    }

    #[test]
    fn what_a_csv_cannot_say_is_reported() {
        let plain = [doc! { "_id": bson::oid::ObjectId::new(), "a": 1, "b": "x" }, doc! { "a": 2.5, "b": "y" }];
        assert_eq!(notes(&[], &plain), Vec::<String>::new());
        let mixed = [doc! { "v": 1, "at": bson::DateTime::now() }, doc! { "v": "1", "n": Bson::Null }];
        let found = notes(&[], &mixed);
        assert!(
            found[0].contains("in at, v, dates are read back as text") && found[1].ends_with("the same: n. NDJSON distinguishes them."),
            "{found:?}"
        );
        assert_eq!(notes(&["v", "at"], &mixed).len(), 1, "a schema gives them their types again");
        let price = [doc! { "price": "1.50".parse::<bson::Decimal128>().unwrap() }];
        assert!(notes(&["price"], &price)[0].starts_with("In price, decimals are read back as plain numbers"));
        for exact in ["1E+3", "12345678901234567890.10", "NaN"] {
            let kept = [doc! { "price": exact.parse::<bson::Decimal128>().unwrap() }];
            assert_eq!(notes(&["price"], &kept), Vec::<String>::new(), "{exact} stays a decimal");
        }
    }
}
