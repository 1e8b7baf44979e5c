//! What a collation of MongoDB leaves of a value: texts that it may take for the same have the same key. Coarse on purpose, because the
//! store has the last word; what a language alone holds for the same (`ae` and `ä` in phone books) is not found.

use bson::{Bson, Document};
use steward_domain::order;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// How texts are compared. Source: "Collation" in the manual of MongoDB.
pub struct Folding {
    case: bool,
    marks: bool,
    /// Blanks and punctuation do not count.
    shifted: bool,
    /// Digits are numbers.
    numeric: bool,
}

impl Folding {
    /// Of an index; nothing where it compares bytes.
    pub fn of(index: &Document) -> Option<Self> {
        let collation = index.get_document("collation").ok().filter(|c| c.get_str("locale").ok() != Some("simple"))?;
        let strength = match collation.get("strength") {
            Some(Bson::Int32(n)) => i64::from(*n),
            Some(Bson::Int64(n)) => *n,
            Some(Bson::Double(n)) => *n as i64,
            _ => 3,
        };
        let case_level = collation.get_bool("caseLevel").unwrap_or(false);
        Some(Self {
            case: strength < 3 && !case_level,
            marks: strength < 2,
            shifted: strength < 4 && collation.get_str("alternate").ok() == Some("shifted"),
            numeric: collation.get_bool("numericOrdering").unwrap_or(false),
        })
    }

    /// One key for each combination of values, one of each field.
    pub fn keys(&self, fields: impl Iterator<Item = Vec<Bson>>) -> Vec<Vec<u8>> {
        fields.fold(vec![Vec::new()], |keys, values| {
            let parts: Vec<Vec<u8>> = values.iter().map(|value| order::key_of(&self.folded(value))).collect();
            keys.iter().flat_map(|key| parts.iter().map(move |part| [key.as_slice(), part].concat())).collect()
        })
    }

    fn folded(&self, value: &Bson) -> Bson {
        match value {
            Bson::String(text) => self.text(text).into(),
            Bson::Array(items) => items.iter().map(|item| self.folded(item)).collect::<Vec<_>>().into(),
            Bson::Document(inner) => inner.iter().map(|(name, value)| (name.clone(), self.folded(value))).collect::<Document>().into(),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let text = if self.case { text.to_uppercase().to_lowercase() } else { text.to_owned() };
        let mut out = String::with_capacity(text.len());
        let mut in_number = false;
        for c in text.nfkd() {
            if self.marks && is_combining_mark(c) || self.shifted && (c.is_whitespace() || c.is_ascii_punctuation()) {
                continue;
            }
            // Zeros ahead of a number do not count.
            if self.numeric && c == '0' && !in_number {
                continue;
            }
            in_number = c.is_ascii_digit();
            out.push(c);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn same(collation: Document, one: &str, other: &str) -> bool {
        let folding = Folding::of(&doc! { "collation": collation }).unwrap();
        folding.text(one) == folding.text(other)
    }

    #[test]
    fn texts_that_a_collation_takes_for_the_same_have_the_same_key() {
        assert!(same(doc! { "locale": "en", "strength": 2 }, "Ann@X", "ann@x"));
        assert!(same(doc! { "locale": "de", "strength": 1 }, "STRASSE \u{c4}", "stra\u{df}e a"));
        assert!(!same(doc! { "locale": "en", "strength": 2 }, "resume", "r\u{e9}sum\u{e9}"));
        assert!(!same(doc! { "locale": "en" }, "Ann", "ann") && same(doc! { "locale": "en" }, "\u{e9}", "e\u{301}"));
        assert!(same(doc! { "locale": "en", "alternate": "shifted" }, "a-b c", "abc"));
        assert!(same(doc! { "locale": "en", "numericOrdering": true }, "v007", "v7"));
        assert!(Folding::of(&doc! { "collation": { "locale": "simple" } }).is_none() && Folding::of(&doc! {}).is_none());
    }
}
