//! Rules about placeholders, as far as they can be told while a row is looked at: texts and numbers that stand for nothing,
//! and one text that only repeats another.

use std::sync::{Arc, OnceLock};

use regex::{RegexSet, RegexSetBuilder, bytes};
use serde_json::Value as Json;
use steward_schema::Pack;

use crate::memo::Memo;

/// Room for the compiled patterns of one field.
const ROOM: usize = 64 << 20;

/// What one field must not hold.
#[derive(Debug, Clone)]
pub struct Filler {
    patterns: Arc<Patterns>,
    /// For texts of ASCII alone: patterns say the same there without Unicode, and are much smaller.
    ascii: Option<bytes::RegexSet>,
    numbers: Vec<f64>,
    words: Vec<String>,
    /// Texts that are none.
    known: Memo,
}

/// Patterns for any text, compiled when the first one comes that is not ASCII: that takes longer than a small file.
#[derive(Debug)]
struct Patterns {
    written: Vec<String>,
    compiled: OnceLock<Option<RegexSet>>,
}

impl Patterns {
    /// What cannot be compiled is taken for a match: the full way finds out.
    fn fit(&self, text: &str) -> bool {
        let compile = || RegexSetBuilder::new(&self.written).size_limit(ROOM).build().ok();
        self.compiled.get_or_init(compile).as_ref().is_none_or(|set| set.is_match(text))
    }
}

impl Filler {
    /// The rules for a field; `None` in the inner option where there are none, in the outer one where one of them cannot be
    /// told here.
    pub fn of(pack: &Pack, field: &str) -> Option<Option<Self>> {
        let rules = || pack.steward.placeholder.iter().filter(|rule| rule.fields.iter().any(|f| f == field));
        let patterns: Vec<&str> = rules().filter_map(|rule| rule.pattern.as_deref()).collect();
        let (mut numbers, mut words) = (Vec::new(), Vec::new());
        for equal in rules().filter_map(|rule| rule.equals.as_ref()) {
            match equal {
                Json::Number(n) => numbers.push(n.as_f64()?),
                Json::String(text) => words.push(text.clone()),
                _ => return None,
            }
        }
        if patterns.is_empty() && numbers.is_empty() && words.is_empty() {
            return Some(None);
        }
        let ascii = bytes::RegexSetBuilder::new(&patterns).unicode(false).size_limit(ROOM).build().ok();
        let written = patterns.into_iter().map(str::to_owned).collect();
        let patterns = Arc::new(Patterns { written, compiled: OnceLock::new() });
        Some(Some(Self { patterns, ascii, numbers, words, known: Memo::default() }))
    }

    pub fn is_text(&self, text: &str) -> bool {
        let matches = || match &self.ascii {
            Some(ascii) if text.is_ascii() => ascii.is_match(text.as_bytes()),
            _ => self.patterns.fit(text),
        };
        !self.known.fine(text, || !matches() && self.words.iter().all(|word| word != text))
    }

    pub fn is_number(&self, number: f64) -> bool {
        self.numbers.contains(&number)
    }
}

/// Fields of which one must not repeat another, by their places.
pub fn pairs(pack: &Pack, place: impl Fn(&str) -> Option<usize>) -> Option<Vec<(usize, usize)>> {
    let mut pairs = Vec::new();
    for rule in &pack.steward.placeholder {
        let Some(other) = &rule.same_as else { continue };
        for field in &rule.fields {
            pairs.push((place(field)?, place(other)?));
        }
    }
    Some(pairs)
}

/// The texts are the same but for case and the white space around them.
pub fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    one.to_lowercase() == other.to_lowercase()
}
