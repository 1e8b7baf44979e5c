//! Rules about placeholders, as far as they can be told while a row is looked at: texts and numbers that stand for nothing,
//! and one text that only repeats another.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aho_corasick::packed::Searcher;
use regex::bytes;
use serde_json::Value as Json;
use smallvec::SmallVec;
use steward_schema::{Pack, Prefilter};

use super::required;
use crate::memo::Memo;

/// Room for the compiled patterns of one field.
const ROOM: usize = 64 << 20;

/// What one field must not hold.
#[derive(Debug)]
pub struct Filler {
    patterns: Arc<Patterns>,
    ascii: Option<Ascii>,
    numbers: Vec<f64>,
    words: Vec<String>,
    /// Texts that are none. Used by one thread at a time, so that its lock never waits.
    known: Mutex<Memo>,
}

impl Clone for Filler {
    /// Another thread begins without memories.
    fn clone(&self) -> Self {
        let Self { patterns, ascii, numbers, words, .. } = self;
        Self {
            patterns: Arc::clone(patterns),
            ascii: ascii.clone(),
            numbers: numbers.clone(),
            words: words.clone(),
            known: Mutex::default(),
        }
    }
}

/// Patterns for any text, compiled when the first one comes that is not ASCII: that takes longer than a small file.
#[derive(Debug)]
struct Patterns {
    written: Vec<String>,
    compiled: OnceLock<Option<Prefilter>>,
}

impl Patterns {
    /// What may fit, or cannot be compiled, is taken for a match: the full way finds out.
    fn fit(&self, text: &str) -> bool {
        let compile = || Prefilter::new(self.written.iter().map(String::as_str)).ok();
        self.compiled.get_or_init(compile).as_ref().is_none_or(|patterns| patterns.may_fit(text))
    }
}

/// Patterns for texts of ASCII alone: they say the same there without Unicode, and are much smaller.
#[derive(Debug, Clone)]
struct Ascii {
    /// Those that are tried on every text.
    always: bytes::RegexSet,
    /// Those that need one of certain texts, in lower case.
    needing: bytes::RegexSet,
    needed: Option<Searcher>,
    /// Those that need one of certain signs.
    signed: bytes::RegexSet,
    signs: Vec<u8>,
}

/// Texts that are quickly looked for at once.
const TEXTS: usize = 64;
/// Signs, three of which are looked for at once.
const SIGNS: usize = 6;

impl Ascii {
    /// `None` where one of the patterns needs too much room.
    fn new(patterns: &[&str]) -> Option<Self> {
        let set = |patterns: Vec<&str>| bytes::RegexSetBuilder::new(patterns).unicode(false).size_limit(ROOM).build().ok();
        let (mut always, mut needing, mut texts, mut signed, mut signs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for pattern in patterns {
            let required = required::texts(pattern).unwrap_or_default();
            let sign = |text: &Vec<u8>| text.iter().copied().find(|b| b.is_ascii_punctuation());
            match required.iter().map(sign).collect::<Option<Vec<u8>>>() {
                _ if required.is_empty() => always.push(*pattern),
                Some(its) => {
                    signed.push(*pattern);
                    signs.extend(its);
                }
                None => {
                    needing.push(*pattern);
                    texts.extend(required);
                }
            }
        }
        signs.sort_unstable();
        signs.dedup();
        let needed = required::at_most(TEXTS, &texts).and_then(Searcher::new);
        if needed.is_none() {
            always.append(&mut needing);
        }
        if signs.len() > SIGNS {
            always.append(&mut signed);
        }
        Some(Self { always: set(always)?, needing: set(needing)?, needed, signed: set(signed)?, signs })
    }

    fn fit(&self, text: &[u8]) -> bool {
        let needed = || {
            let mut lower: SmallVec<[u8; 512]> = SmallVec::from_slice(text);
            lower.make_ascii_lowercase();
            self.needed.as_ref().is_some_and(|needed| needed.find(&lower).is_some())
        };
        let signs = || {
            self.signs.chunks(3).any(|signs| match *signs {
                [a] => memchr::memchr(a, text).is_some(),
                [a, b] => memchr::memchr2(a, b, text).is_some(),
                [a, b, c, ..] => memchr::memchr3(a, b, c, text).is_some(),
                [] => false,
            })
        };
        self.always.is_match(text)
            || !self.needing.is_empty() && needed() && self.needing.is_match(text)
            || !self.signed.is_empty() && signs() && self.signed.is_match(text)
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
        let ascii = Ascii::new(&patterns);
        let written = patterns.into_iter().map(str::to_owned).collect();
        let patterns = Arc::new(Patterns { written, compiled: OnceLock::new() });
        Some(Some(Self { patterns, ascii, numbers, words, known: Mutex::default() }))
    }

    pub fn is_text(&self, text: &str) -> bool {
        let matches = || match &self.ascii {
            Some(ascii) if text.is_ascii() => ascii.fit(text.as_bytes()),
            _ => self.patterns.fit(text),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        !known.fine(text, || !matches() && self.words.iter().all(|word| word != text))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATTERNS: [&str; 5] = [
        r"(?i)^[\s(]*(?:tbd|n/?a)[\s)]*$",
        r"(?i)\b(?:lorem\s+ipsum|dolor\s+sit)\b",
        r"(?i)^.{0,9}\bto be (?:added|defined)\b",
        r"\$\{[^{}]*\}|%[A-Z]{2,}%|\[object Object\]",
        r"(?i)\bthis is (?:just )?an? (?:test|sample)\b",
    ];

    #[test]
    fn most_texts_need_none_of_the_long_patterns() {
        let ascii = Ascii::new(&PATTERNS).unwrap();
        assert_eq!([ascii.always.len(), ascii.needing.len(), ascii.signed.len()], [1, 3, 1]);
        assert_eq!((ascii.needed.is_some(), ascii.signs.as_slice()), (true, b"$%[".as_slice()));
    }

    proptest! {
        /// However the patterns are tried, the answer is that of all of them.
        #[test]
        fn as_all_patterns_together(
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "tbd", "N/A", "Lorem", "ipsum", "dolor", "To be", "added", "${x}", "%AB%", "[object Object]", "this is", "just",
                    "a", "an", "TEST", "sample", "work", "(", ")",
                ]),
                0..6,
            )
        ) {
            let text = words.join(" ");
            let all = bytes::RegexSetBuilder::new(PATTERNS).unicode(false).build().unwrap();
            prop_assert_eq!(Ascii::new(&PATTERNS).unwrap().fit(text.as_bytes()), all.is_match(text.as_bytes()), "{}", text);
        }
    }
}
