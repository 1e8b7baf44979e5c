//! Patterns that can be matched from left to right without ever going back: `^[A-Z]{3}$`, `^\d{2}-\d{4}$`.
//!
//! Each part takes as many characters as it can. Where that leads to the end of the text, the pattern fits; where it does
//! not, going back might still have helped, and the text is not surely fine.

#[derive(Debug, Clone)]
pub enum Pattern {
    /// `\S` somewhere in the text.
    Visible,
    /// The whole text, from the first character to the last.
    Whole(Vec<Part>),
}

/// Characters of one kind, so and so many of them.
#[derive(Debug, Clone)]
pub struct Part {
    /// A bit for each character of ASCII.
    fits: u128,
    least: usize,
    most: usize,
}

impl Pattern {
    /// `None` for patterns of other kinds.
    pub fn new(pattern: &str) -> Option<Self> {
        if pattern == "\\S" {
            return Some(Self::Visible);
        }
        let mut rest = pattern.strip_prefix('^')?.strip_suffix('$')?.as_bytes();
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let fits = characters(&mut rest)?;
            let (least, most) = times(&mut rest)?;
            parts.push(Part { fits, least, most });
        }
        Some(Self::Whole(parts))
    }

    pub fn fits(&self, text: &str) -> bool {
        match self {
            Self::Visible => text.bytes().any(|b| b.is_ascii_graphic()) || text.chars().any(char::is_alphanumeric),
            Self::Whole(parts) => {
                let mut rest = text.as_bytes();
                for part in parts {
                    let fitting = |b: &u8| b.is_ascii() && part.fits >> b & 1 == 1;
                    let taken = rest.iter().take(part.most).take_while(|b| fitting(b)).count();
                    if taken < part.least {
                        return false;
                    }
                    rest = &rest[taken..];
                }
                rest.is_empty()
            }
        }
    }
}

const DIGITS: u128 = span(b'0', b'9');
const WORD: u128 = DIGITS | span(b'a', b'z') | span(b'A', b'Z') | span(b'_', b'_');

const fn span(from: u8, to: u8) -> u128 {
    let (mut bits, mut at) = (0, from);
    while at <= to {
        bits |= 1 << at;
        at += 1;
    }
    bits
}

/// One character, or a class of them.
fn characters(rest: &mut &[u8]) -> Option<u128> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    match first {
        b'[' => class(rest),
        b'\\' => escaped(rest),
        b if b.is_ascii_alphanumeric() || b"-_:@/, ".contains(b) => Some(span(*b, *b)),
        _ => None,
    }
}

fn escaped(rest: &mut &[u8]) -> Option<u128> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    match first {
        b'd' => Some(DIGITS),
        b'w' => Some(WORD),
        b'.' | b'-' | b'+' | b'/' | b'(' | b')' => Some(span(*first, *first)),
        _ => None,
    }
}

/// Behind an opening bracket. Brackets and signs that regular expressions read in different ways are none of this kind.
fn class(rest: &mut &[u8]) -> Option<u128> {
    let mut bits = 0;
    loop {
        match **rest {
            [b']', ref after @ ..] if bits != 0 => {
                *rest = after;
                return Some(bits);
            }
            [from, b'-', to, ref after @ ..] if from.is_ascii_alphanumeric() && to.is_ascii_alphanumeric() && from <= to => {
                bits |= span(from, to);
                *rest = after;
            }
            // At the end of a class a hyphen stands for itself.
            [b'-', b']', ..] => {
                bits |= span(b'-', b'-');
                *rest = &rest[1..];
            }
            [b'\\', ref after @ ..] => {
                *rest = after;
                bits |= escaped(rest)?;
            }
            [b, ref after @ ..]
                if (b.is_ascii_alphanumeric() || b"._:@/, +".contains(&b)) && after.first() != Some(&b'-')
                    || (b.is_ascii_alphanumeric() || b"._:@/, +".contains(&b)) && after.starts_with(b"-]") =>
            {
                bits |= span(b, b);
                *rest = after;
            }
            _ => return None,
        }
    }
}

/// How often: `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}`, or once.
fn times(rest: &mut &[u8]) -> Option<(usize, usize)> {
    let (times, length) = match rest.first() {
        Some(b'*') => ((0, usize::MAX), 1),
        Some(b'+') => ((1, usize::MAX), 1),
        Some(b'?') => ((0, 1), 1),
        Some(b'{') => {
            let end = memchr::memchr(b'}', rest)?;
            let inner = std::str::from_utf8(&rest[1..end]).ok()?;
            let number = |text: &str| text.parse::<u16>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit())).map(usize::from);
            let times = match inner.split_once(',') {
                None => (number(inner)?, number(inner)?),
                Some((least, "")) => (number(least)?, usize::MAX),
                Some((least, most)) => (number(least)?, number(most)?),
            };
            (times, end + 1)
        }
        _ => ((1, 1), 0),
    };
    *rest = &rest[length..];
    // A sign behind it makes another kind of repetition.
    (!matches!(rest.first(), Some(b'*' | b'+' | b'?' | b'{')) || length == 0).then_some(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        let known = Pattern::new(pattern).unwrap_or_else(|| panic!("{pattern} is of a kind that is known"));
        let fits = known.fits(text);
        assert!(!fits || regex::Regex::new(pattern).unwrap().is_match(text), "{pattern} {text:?}");
        fits
    }

    #[test]
    fn what_fits_fits_for_the_library_too() {
        assert!(fits("^[A-Za-z0-9][A-Za-z0-9._:-]*$", "17-2141.00") && !fits("^[A-Za-z0-9][A-Za-z0-9._:-]*$", "-17"));
        assert!(fits("^\\d{2}-\\d{4}$", "17-2141") && !fits("^\\d{2}-\\d{4}$", "17-21411") && !fits("^\\d{2}-\\d{4}$", "١٧-2141"));
        assert!(fits("^[A-Z]{3}$", "USD") && !fits("^[A-Z]{3}$", "USDX") && !fits("^[A-Z]{3}$", "usd"));
        assert!(fits("^a?b+c{2,}\\.$", "abbccc.") && fits("^a?b+c{2,}\\.$", "bcc.") && !fits("^a?b+c{2,}\\.$", "bc."));
        assert!(!fits("^[a-z]*z$", "az"), "going back is for others");
        assert!(fits("\\S", " x") && fits("\\S", "é") && !fits("\\S", " \u{a0}\u{feff}"));
        assert!(fits("^$", "") && !fits("^$", "x"));
    }

    #[test]
    fn other_kinds_are_left_to_others() {
        for pattern in [
            "abc",
            "^abc",
            "^a|b$",
            "^(ab)+$",
            "^[^a]$",
            "^.$",
            "^a*?$",
            "^[a&&b]$",
            "^[[:alpha:]]$",
            "^[é]$",
            "^\\p{L}$",
            "^a{,2}$",
            "^[]a]$",
            "^a\\$",
        ] {
            assert!(Pattern::new(pattern).is_none(), "{pattern}");
        }
    }
}
