//! What people type to find records, taken apart. A record fits when it fits every term.
//!
//! Not here: how an index serves a term. That is each store's own way; [`Everywhere`] is the one that needs no index.

use bson::{RawBsonRef, RawDocument};

use crate::filter::text_words;

/// One piece of the text, between spaces.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// In lower case.
    pub text: String,
    /// Its runs of letters and digits. The last one may be unfinished.
    pub words: Vec<String>,
    /// The number that it is.
    pub number: Option<f64>,
}

/// The terms of a text. One without letters and digits restricts nothing.
pub fn terms(text: &str) -> Vec<Term> {
    let one = |piece: &str| {
        let number = piece.parse().ok().filter(|n: &f64| n.is_finite());
        Term { text: piece.to_lowercase(), words: text_words(piece), number }
    };
    text.split_whitespace().map(one).filter(|term| !term.words.is_empty()).collect()
}

/// The text has this part, which is in lower case.
pub fn has_part(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(part)
}

/// Finds terms anywhere in a record: in the middle of words, at any depth, in numbers too.
#[derive(Debug)]
pub struct Everywhere(Vec<Term>);

impl Everywhere {
    /// `None` where the text has nothing to look for.
    pub fn new(text: &str) -> Option<Self> {
        let terms = terms(text);
        (!terms.is_empty()).then_some(Self(terms))
    }

    pub fn matches(&self, record: &RawDocument) -> bool {
        let mut left: Vec<&Term> = self.0.iter().collect();
        visit(record, &mut |value| {
            left.retain(|term| !holds(value, term));
            left.is_empty()
        })
    }
}

fn holds(value: RawBsonRef<'_>, term: &Term) -> bool {
    match value {
        RawBsonRef::String(s) | RawBsonRef::Symbol(s) => has_part(s, &term.text),
        RawBsonRef::Int32(n) => n.to_string().contains(&term.text),
        RawBsonRef::Int64(n) => n.to_string().contains(&term.text),
        RawBsonRef::Double(n) => n.to_string().contains(&term.text),
        RawBsonRef::Decimal128(n) => n.to_string().contains(&term.text),
        RawBsonRef::ObjectId(id) => id.to_hex().contains(&term.text),
        _ => false,
    }
}

/// Visits the values that hold no others, until `done` says so.
fn visit(record: &RawDocument, done: &mut dyn FnMut(RawBsonRef<'_>) -> bool) -> bool {
    record.iter().flatten().any(|(_, value)| within(value, done))
}

fn within(value: RawBsonRef<'_>, done: &mut dyn FnMut(RawBsonRef<'_>) -> bool) -> bool {
    match value {
        RawBsonRef::Document(inner) => visit(inner, done),
        RawBsonRef::Array(items) => items.into_iter().flatten().any(|item| within(item, done)),
        one => done(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{RawDocumentBuf, doc};

    #[test]
    fn a_text_is_taken_apart() {
        let found = terms("  Eng 11-1011 & 269630");
        let words: Vec<&[String]> = found.iter().map(|t| t.words.as_slice()).collect();
        assert_eq!(words, [["eng"].as_slice(), ["11", "1011"].as_slice(), ["269630"].as_slice()]);
        assert_eq!(found.iter().map(|t| t.number).collect::<Vec<_>>(), [None, None, Some(269_630.0)]);
    }

    #[test]
    fn parts_are_found_in_any_case() {
        for (text, part, found) in
            [("Ab*C", "b*c", true), ("ab", "ab", true), ("ab", "abc", false), ("", "", true), ("Ärzte", "är", true), ("ARZTE", "är", false)]
        {
            assert_eq!(has_part(text, part), found, "{text} {part}");
        }
    }

    #[test]
    fn everything_in_a_record_is_looked_at() {
        let record = RawDocumentBuf::try_from(&doc! { "title": "Größe", "tags": ["a", { "deep": "Reengineering" }], "pay": 269_630.0 });
        let record = record.unwrap();
        let fits = |text: &str| Everywhere::new(text).unwrap().matches(&record);
        assert!(fits("engin"));
        assert!(fits("RÖẞE"));
        assert!(fits("engin 2696 größe"));
        assert!(!fits("engin python"));
        assert!(Everywhere::new(" & ").is_none());
    }
}
