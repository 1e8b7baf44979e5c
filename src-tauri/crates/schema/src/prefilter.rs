//! Many patterns at once over texts of any script, to see quickly that none of them fits.
//!
//! A word boundary (`\b`) means the same in every script: a letter with an accent is part of its word. To look for such
//! boundaries takes the slow way of the `regex` crate from the first character beyond ASCII on. So they are left out here:
//! what is left fits every text that the pattern fits, and a few more. Where it fits, the patterns themselves have the word.

//!
//! Most patterns need one of certain texts or signs, which are looked for first, all at once: a text that holds none of them
//! is done with. See [`crate::required`].

use std::sync::{Arc, OnceLock};

use aho_corasick::packed::Searcher;
use regex::{RegexSet, bytes};
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};
use smallvec::SmallVec;

use crate::required::{self, FOLDED};

/// Room for the compiled patterns of one field.
const ROOM: usize = 64 << 20;
/// Texts that are quickly looked for at once.
const TEXTS: usize = 64;
/// Signs, three of which are looked for at once.
const SIGNS: usize = 6;

/// Patterns without their word boundaries. A clone has its own room to search in: threads do not wait for each other.
#[derive(Debug, Clone)]
pub struct Prefilter {
    /// Those that are tried on every text.
    always: Set,
    /// Those that need one of certain texts, in lower case.
    needing: Set,
    needed: Option<Searcher>,
    /// Those that need one of certain signs.
    signed: Set,
    signs: Vec<u8>,
}

/// Patterns that are compiled when they are first tried: for texts of ASCII, where they are much smaller, and for all others.
#[derive(Debug, Clone, Default)]
struct Set {
    written: Vec<String>,
    /// Compiled once for all clones, each of which has a copy with a cache to search in.
    compiled: Arc<Compiled>,
    own: Compiled,
}

#[derive(Debug, Clone, Default)]
struct Compiled {
    ascii: OnceLock<Option<bytes::RegexSet>>,
    any: OnceLock<Option<RegexSet>>,
}

impl Set {
    /// What cannot be compiled counts as fitting.
    fn fits(&self, text: &str, is_ascii: bool) -> bool {
        if self.written.is_empty() {
            return false;
        }
        if is_ascii && let Some(set) = self.own.ascii.get_or_init(|| self.compiled.ascii.get_or_init(|| self.for_ascii()).clone()) {
            return set.is_match(text.as_bytes());
        }
        let any = self.own.any.get_or_init(|| self.compiled.any.get_or_init(|| self.for_any()).clone());
        any.as_ref().is_none_or(|set| set.is_match(text))
    }

    fn for_ascii(&self) -> Option<bytes::RegexSet> {
        bytes::RegexSetBuilder::new(&self.written).unicode(false).size_limit(ROOM).build().ok()
    }

    fn for_any(&self) -> Option<RegexSet> {
        let loose =
            self.written.iter().filter_map(|pattern| regex_syntax::parse(pattern).ok()).map(|hir| without_boundaries(hir).to_string());
        regex::RegexSetBuilder::new(loose).size_limit(ROOM).dfa_size_limit(ROOM).build().ok()
    }
}

impl Prefilter {
    /// Errors: a pattern that cannot be compiled.
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, regex::Error> {
        let (mut always, mut needing, mut signed) = (Vec::new(), Vec::new(), Vec::new());
        let (mut texts, mut signs) = (Vec::new(), Vec::new());
        for pattern in patterns {
            let hir = regex_syntax::parse(pattern).map_err(|e| regex::Error::Syntax(e.to_string()))?;
            let required = required::texts(&hir).unwrap_or_default();
            let sign = |text: &Vec<u8>| text.iter().copied().find(|b| b.is_ascii_punctuation());
            match required.iter().map(sign).collect::<Option<Vec<u8>>>() {
                _ if required.is_empty() => always.push(pattern.to_owned()),
                Some(its) => {
                    signed.push(pattern.to_owned());
                    signs.extend(its);
                }
                None => {
                    needing.push(pattern.to_owned());
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
        let set = |written| Set { written, ..Set::default() };
        Ok(Self { always: set(always), needing: set(needing), needed, signed: set(signed), signs })
    }

    /// False where surely none of the patterns fits.
    pub fn may_fit(&self, text: &str) -> bool {
        let is_ascii = text.is_ascii();
        let folded = !is_ascii && text.contains(FOLDED);
        let needed = || {
            let mut lower: SmallVec<[u8; 512]> = SmallVec::from_slice(text.as_bytes());
            lower.make_ascii_lowercase();
            folded || self.needed.as_ref().is_some_and(|needed| needed.find(&lower).is_some())
        };
        let signs = || {
            self.signs.chunks(3).any(|signs| match *signs {
                [a] => memchr::memchr(a, text.as_bytes()).is_some(),
                [a, b] => memchr::memchr2(a, b, text.as_bytes()).is_some(),
                [a, b, c, ..] => memchr::memchr3(a, b, c, text.as_bytes()).is_some(),
                [] => false,
            })
        };
        self.always.fits(text, is_ascii)
            || !self.needing.written.is_empty() && needed() && self.needing.fits(text, is_ascii)
            || !self.signed.written.is_empty() && signs() && self.signed.fits(text, is_ascii)
    }
}

fn without_boundaries(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Look(
            Look::WordUnicode
            | Look::WordUnicodeNegate
            | Look::WordStartUnicode
            | Look::WordEndUnicode
            | Look::WordStartHalfUnicode
            | Look::WordEndHalfUnicode,
        ) => Hir::empty(),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(without_boundaries(*repetition.sub));
            Hir::repetition(Repetition { sub, ..repetition })
        }
        HirKind::Capture(capture) => without_boundaries(*capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(without_boundaries).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(without_boundaries).collect()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

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
        let all = Prefilter::new(PATTERNS).unwrap();
        assert_eq!([&all.always, &all.needing, &all.signed].map(|set| set.written.len()), [1, 3, 1]);
        assert_eq!((all.needed.is_some(), all.signs.as_slice()), (true, b"$%[".as_slice()));
    }

    proptest! {
        /// However the patterns are tried, in whatever script: what one of them fits may fit.
        #[test]
        fn as_all_patterns_together(
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "tbd", "N/A", "Lorem", "ipsum", "dolor", "To be", "added", "${x}", "%AB%", "[object Object]", "this is", "just",
                    "a", "an", "TEST", "sample", "work", "(", ")", "é", "名前", "thi\u{17f} i\u{17f}", "dolor \u{17f}it",
                ]),
                0..6,
            )
        ) {
            let text = words.join(" ");
            let fits = PATTERNS.iter().any(|pattern| Regex::new(pattern).unwrap().is_match(&text));
            prop_assert!(!fits || Prefilter::new(PATTERNS).unwrap().may_fit(&text), "{}", text);
        }
    }

    #[test]
    fn what_a_pattern_fits_its_prefilter_fits() {
        let patterns = [r"(?i)\bto-?do\b", r"(?i)^\W*test\b", r"\b\w{3}\b$", r"(?i)\B[kß]\b", r"a\bb", r"(?:\bé){2,3}|x"];
        let pieces = ["todo", "TO-DO", "é", "test", "ß", "K", " ", "a", "b", "名前", "😀", "\u{301}", "x"];
        for pattern in patterns {
            let (exact, loose) = (Regex::new(pattern).unwrap(), Prefilter::new([pattern]).unwrap());
            for (first, second) in pieces.iter().flat_map(|a| pieces.iter().map(move |b| (a, b))) {
                for third in pieces {
                    let text = format!("{first}{second}{third}");
                    assert!(!exact.is_match(&text) || loose.may_fit(&text), "{pattern} {text}");
                }
            }
        }
        let both = Prefilter::new([patterns[0], patterns[1]]).unwrap();
        assert!(!both.may_fit("Zusammenfassung für Ärzte") && !both.may_fit("Summary for doctors"));
        assert!(Prefilter::new(["("]).is_err());
    }
}
