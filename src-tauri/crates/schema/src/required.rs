//! Texts of which at least one is in everything that a pattern fits: where none of them does, the pattern need not be tried.
//!
//! Texts are looked for in lower case, of ASCII alone. That is sound in every script but for the two characters beyond ASCII
//! that Unicode counts as the same as a letter of it: see [`FOLDED`].

use std::cmp::Reverse;
use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// More of them would be found nearly everywhere, and take long to look for.
const MOST: usize = 64;
/// A character of so many others is not spelled out.
const SPELLED: usize = 4;
/// As rare as a text needs to be.
const LONG: usize = 8;
/// Beginnings that are shorter would be found in too many other texts.
const SHORTEST: usize = 4;
/// Of patterns that end soon on other texts, only what is rare enough is worth looking for.
const RARE: usize = 4;

/// The long s and the sign of the kelvin: the same as `s` and `k` where case does not matter. Texts with one of them are not
/// decided by what is required.
pub const FOLDED: [char; 2] = ['\u{17f}', '\u{212a}'];

type Texts = BTreeSet<Vec<u8>>;

/// What is known of a part of a pattern. All texts are in lower case.
#[derive(Default)]
struct Part {
    /// All that it fits, where that can be spelled out.
    exact: Option<Texts>,
    /// Texts of which one is in all that it fits.
    required: Option<Texts>,
}

impl Part {
    fn exact(texts: Texts) -> Self {
        Self { exact: Some(texts).filter(|texts| texts.len() <= MOST), required: None }
    }

    fn required(texts: Option<Texts>) -> Self {
        Self { exact: None, required: texts }
    }

    fn best(self) -> Option<Texts> {
        better(self.exact, self.required)
    }
}

/// In lower case. `None` where nothing is required that would be worth looking for.
pub fn texts(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let anchored = hir.properties().look_set_prefix().contains(Look::Start);
    let texts = part(hir).best()?;
    (!anchored || shortest(&texts) >= RARE).then(|| texts.into_iter().collect())
}

/// Texts that stand wherever one of these does, and are no more than can be looked for at once: their beginnings where they
/// are too many.
pub fn at_most(most: usize, texts: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let within = |text: &Vec<u8>, others: &Texts| others.iter().any(|other| other != text && memchr::memmem::find(text, other).is_some());
    let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
    let beginnings = |length: usize| {
        let all: Texts = texts.iter().map(|text| text[..text.len().min(length)].to_vec()).collect();
        all.iter().filter(|text| !within(text, &all)).cloned().collect::<Vec<_>>()
    };
    (SHORTEST..=longest).rev().map(beginnings).find(|texts| texts.len() <= most)
}

fn shortest(texts: &Texts) -> usize {
    texts.iter().map(Vec::len).min().unwrap_or(0)
}

/// The longer, the rarer; of rare ones, the fewer. What the empty text is among is everywhere.
fn better(one: Option<Texts>, other: Option<Texts>) -> Option<Texts> {
    let usable = |texts: &Texts| shortest(texts) > 0;
    match (one.filter(usable), other.filter(usable)) {
        (Some(one), Some(other)) => {
            let worth = |texts: &Texts| (shortest(texts).min(LONG), Reverse(texts.len()));
            Some(if worth(&other) > worth(&one) { other } else { one })
        }
        (one, other) => one.or(other),
    }
}

fn part(hir: &Hir) -> Part {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Part::exact([Vec::new()].into()),
        HirKind::Literal(literal) => Part::exact([literal.0.to_ascii_lowercase()].into()),
        HirKind::Class(class) => spelled(class).map_or_else(Part::default, Part::exact),
        HirKind::Capture(capture) => part(&capture.sub),
        HirKind::Repetition(times) => {
            let sub = part(&times.sub);
            match (times.min, times.max, sub) {
                (0, Some(1), Part { exact: Some(mut texts), .. }) => {
                    texts.insert(Vec::new());
                    Part::exact(texts)
                }
                (0, ..) => Part::default(),
                (1, Some(1), sub) => sub,
                (_, _, sub) => Part::required(sub.best()),
            }
        }
        HirKind::Concat(parts) => one_after_the_other(parts),
        HirKind::Alternation(parts) => one_of(parts),
    }
}

/// A class of few characters.
fn spelled(class: &Class) -> Option<Texts> {
    let Class::Unicode(class) = class else { return None };
    let mut texts = Texts::new();
    let mut count = 0;
    for range in class.ranges() {
        for c in (range.start()..=range.end()).take(SPELLED + FOLDED.len() + 1).filter(|c| !FOLDED.contains(c)) {
            count += 1;
            if count > SPELLED || !c.is_ascii() {
                return None;
            }
            texts.insert(vec![c.to_ascii_lowercase() as u8]);
        }
    }
    (count > 0).then_some(texts)
}

fn one_after_the_other(parts: &[Hir]) -> Part {
    let nothing = || Texts::from([Vec::new()]);
    // Neighbours that can be spelled out are one text.
    let (mut run, mut whole, mut required) = (nothing(), true, None);
    for part in parts.iter().map(part) {
        match part.exact {
            Some(exact) if run.len() * exact.len() <= MOST && (exact.len() == 1 || shortest(&run) < LONG) => {
                run = run.iter().flat_map(|begin| exact.iter().map(move |end| [begin.as_slice(), end].concat())).collect();
            }
            exact => {
                // What is long enough is not made many for being made longer.
                whole = false;
                required = better(required, better(Some(std::mem::replace(&mut run, nothing())), part.required));
                run = exact.unwrap_or_else(nothing);
            }
        }
    }
    if whole { Part::exact(run) } else { Part::required(better(Some(run), required)) }
}

fn one_of(parts: &[Hir]) -> Part {
    let parts: Vec<Part> = parts.iter().map(part).collect();
    let exact = parts.iter().map(|part| part.exact.clone()).collect::<Option<Vec<Texts>>>().map(|all| all.into_iter().flatten().collect());
    match exact {
        Some(texts) => Part::exact(texts),
        None => {
            let all: Option<Vec<Texts>> = parts.into_iter().map(Part::best).collect();
            let all = all.map(|all| all.into_iter().flatten().collect::<Texts>());
            Part::required(all.filter(|texts| texts.len() <= MOST))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(pattern: &str) -> Option<Vec<String>> {
        Some(texts(&regex_syntax::parse(pattern).unwrap())?.into_iter().map(|text| String::from_utf8(text).unwrap()).collect())
    }

    #[test]
    fn what_a_pattern_cannot_do_without() {
        let some = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(r"(?i)\b(?:lorem\s+ipsum|dolor\s+sit)\b"), some(&["dolor", "ipsum"]));
        assert_eq!(of(r"(?i)^.{0,40}\bto be (?:added|defined)(?: later)?[\s.]*$"), some(&["to be added", "to be defined"]));
        assert_eq!(of(r"(?i)\bthis is (?:just )?an? (?:test|sample)\b"), some(&["this is "]));
        assert_eq!(of(r"\{\{[^{}]*\}\}|%[A-Z]{2,}%"), some(&["%", "}}"]));
        assert_eq!(of("(?i)(?:Do){2,}|Re+Mi"), some(&["do", "mi"]));
        assert_eq!(of("[Aa]b"), some(&["ab"]));
    }

    #[test]
    fn too_many_texts_become_their_beginnings() {
        let all: Vec<Vec<u8>> = ["to be added", "to be added later", "to be defined", "lorem"].map(|text| text.as_bytes().to_vec()).into();
        let most = |most| at_most(most, &all).map(|texts| texts.concat()).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(most(3).as_deref(), Some("loremto be addedto be defined"));
        assert_eq!(most(2).as_deref(), Some("loremto be "));
        assert_eq!(most(1), None);
    }

    #[test]
    fn what_has_no_such_text() {
        for pattern in [r"\d+", "a*", "(?:ab|)", "(?:ab|c*)", ".", "[^a]", "^(?i)(?:tbd|n/?a)$", "é?", "(?:a?b?)*"] {
            assert_eq!(of(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn what_fits_a_pattern_of_the_packs_has_one() {
        let examples = [
            (r"(?i)^.{0,40}\bto be (?:determined|announced)(?: later| soon)?[\s.!)\]]*$", "Salary TO BE announced soon."),
            (r"(?i)\b(?:insert|enter)\b[^.]{0,40}\b(?:title|skills?) here\b|\b(?:title|skills?) goes? here\b", "Insert your Skill here"),
            (r"\$\{[^{}]*\}|\[object Object\]|(?i:\[(?:insert|your)\b[^\]]*\])", "[Your name]"),
        ];
        for (pattern, text) in examples {
            assert!(regex::Regex::new(pattern).unwrap().is_match(text), "{pattern}");
            let lower = text.to_ascii_lowercase();
            let required = of(pattern).unwrap();
            assert!(required.iter().any(|part| lower.contains(part.as_str())), "{pattern}: {required:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn nothing_fits_without_one(pattern in "(\\(\\?i\\))?(\\^)?([aké][?*+]?|[AKÉaké]|\\([ak]k?\\|[aA]s\\)[?+]?|[ak]\\{2\\}|\\.|\\[\\^k\\]){1,5}(\\|[aks]{1,3})?(\\$)?", text in "[aksAKSéÉ名]{0,8}") {
            let regex = regex::Regex::new(&pattern).unwrap();
            if let Some(required) = of(&pattern) && regex.is_match(&text) {
                let lower = text.to_ascii_lowercase();
                prop_assert!(required.iter().any(|part| lower.contains(part.as_str())), "{} {} {:?}", pattern, text, required);
            }
        }
    }
}
