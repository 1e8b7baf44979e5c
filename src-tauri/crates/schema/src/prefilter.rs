//! Many patterns at once over texts of any script, to see quickly that none of them fits.
//!
//! A word boundary (`\b`) means the same in every script: a letter with an accent is part of its word. To look for such
//! boundaries takes the slow way of the `regex` crate from the first character beyond ASCII on. So they are left out here:
//! what is left fits every text that the pattern fits, and a few more. Where it fits, the patterns themselves have the word.

use regex::RegexSet;
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

/// Room for the compiled patterns of one field.
const ROOM: usize = 64 << 20;

/// Patterns without their word boundaries.
#[derive(Debug, Clone)]
pub struct Prefilter(RegexSet);

impl Prefilter {
    /// Errors: a pattern that cannot be compiled.
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, regex::Error> {
        let loose = |pattern| match regex_syntax::parse(pattern) {
            Ok(hir) => without_boundaries(hir).to_string(),
            // The compiler says what is wrong with it.
            Err(_) => pattern.to_owned(),
        };
        regex::RegexSetBuilder::new(patterns.into_iter().map(loose)).size_limit(ROOM).dfa_size_limit(ROOM).build().map(Self)
    }

    /// False where surely none of the patterns fits.
    pub fn may_fit(&self, text: &str) -> bool {
        self.0.is_match(text)
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
    use regex::Regex;

    use super::*;

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
        assert!(!Prefilter::new([patterns[0], patterns[1]]).unwrap().may_fit("Zusammenfassung für Ärzte"));
        assert!(Prefilter::new(["("]).is_err());
    }
}
