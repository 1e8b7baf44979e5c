//! Rules about placeholders, as far as they can be reported while a row is looked at: texts and numbers that stand for nothing,
//! and one text that only repeats another.

use std::sync::{Mutex, PoisonError};

use serde_json::Value as Json;
use steward_schema::{Pack, Prefilter};

use crate::value_cache::ValueCache;

/// What one field must not hold.
#[derive(Debug)]
pub struct Filler {
    patterns: Prefilter,
    numbers: Vec<f64>,
    words: Vec<String>,
    /// Texts that are none. Used by one thread at a time, so that its lock never waits.
    known: Mutex<ValueCache>,
}

impl Clone for Filler {
    /// Another thread begins without memories.
    fn clone(&self) -> Self {
        let Self { patterns, numbers, words, .. } = self;
        Self { patterns: patterns.clone(), numbers: numbers.clone(), words: words.clone(), known: Mutex::default() }
    }
}

impl Filler {
    /// The rules for a field; `None` in the inner option where there are none, in the outer one where one of them cannot be
    /// reported here.
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
        let patterns = Prefilter::new(patterns).ok()?;
        Some(Some(Self { patterns, numbers, words, known: Mutex::default() }))
    }

    pub fn is_text(&self, text: &str) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        !known.fine(text, || !self.patterns.may_fit(text) && self.words.iter().all(|word| word != text))
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
