//! Texts that are certainly valid: formats, lengths, choices and patterns, each decided by looking at the bytes once.

use serde_json::Value as Json;

use super::SILENT;
use super::pattern::Pattern;

#[derive(Debug, Clone)]
pub struct TextPrecheck {
    format: Format,
    least: usize,
    most: usize,
    pattern: Option<Pattern>,
    choices: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Free,
    Uuid,
    Email,
    DateTime,
    Date,
}

impl TextPrecheck {
    /// `None` where the schema asks for something that is not known here.
    pub fn new(schema: &Json) -> Option<Self> {
        let members = schema.as_object()?;
        let mut precheck = Self { format: Format::Free, least: 0, most: usize::MAX, pattern: None, choices: None };
        for (name, value) in members {
            match name.as_str() {
                "type" => {}
                "format" => {
                    precheck.format = match value.as_str()? {
                        "uuid" => Format::Uuid,
                        "email" => Format::Email,
                        "date-time" => Format::DateTime,
                        "date" => Format::Date,
                        _ => return None,
                    }
                }
                "minLength" => precheck.least = usize::try_from(value.as_u64()?).ok()?,
                "maxLength" => precheck.most = usize::try_from(value.as_u64()?).ok()?,
                "pattern" => precheck.pattern = Some(Pattern::new(value.as_str()?)?),
                "enum" => {
                    let texts = value.as_array()?.iter().filter(|c| !c.is_null()).map(|c| c.as_str().map(str::to_owned));
                    precheck.choices = Some(texts.collect::<Option<_>>()?);
                }
                other if SILENT.contains(&other) => {}
                _ => return None,
            }
        }
        Some(precheck)
    }

    pub fn accepts(&self, text: &str) -> bool {
        self.choices.as_ref().is_none_or(|choices| choices.iter().any(|choice| choice == text))
            && self.is_long_enough(text)
            // A text has never more characters than bytes.
            && text.len() <= self.most
            && self.pattern.as_ref().is_none_or(|pattern| pattern.fits(text))
            && match self.format {
                Format::Free => true,
                Format::Uuid => is_uuid(text.as_bytes()),
                Format::Email => is_plain_email(text.as_bytes()),
                Format::DateTime => is_date_time(text.as_bytes()),
                Format::Date => text.len() == 10 && is_date(text.as_bytes()),
            }
    }

    fn is_long_enough(&self, text: &str) -> bool {
        // At least a quarter as many characters as bytes.
        self.least <= text.len() / 4 || self.least <= text.len() && text.chars().take(self.least).count() == self.least
    }
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36 && [8, 13, 18, 23].iter().all(|at| text[*at] == b'-') && {
        let groups = [&text[..8], &text[9..13], &text[14..18], &text[19..23], &text[24..]];
        groups.iter().all(|group| group.iter().fold(true, |all, b| all & b.is_ascii_hexdigit()))
    }
}

/// Letters, digits and a few signs on both sides, with a dot on the right.
fn is_plain_email(text: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'@', text) else { return false };
    let (local, domain) = (&text[..at], &text[at + 1..]);
    let Some(dot) = memchr::memrchr(b'.', domain) else { return false };
    let last = &domain[dot + 1..];
    text.len() <= 254
        && local.len() <= 64
        && parts(local, 64, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
        && parts(domain, 63, |b| b.is_ascii_alphanumeric() || b == b'-')
        && last.len() >= 2
        && last.iter().all(u8::is_ascii_alphabetic)
}

/// Parts between dots: none of them empty or too long, none with a hyphen at its begin or end.
fn parts(text: &[u8], most: usize, inner: impl Fn(u8) -> bool) -> bool {
    let mut begin = 0;
    let ends = |part: &[u8]| !part.is_empty() && part.len() <= most && part[0] != b'-' && part[part.len() - 1] != b'-';
    for (at, b) in text.iter().enumerate() {
        if *b == b'.' {
            if !ends(&text[begin..at]) {
                return false;
            }
            begin = at + 1;
        } else if !inner(*b) {
            return false;
        }
    }
    ends(&text[begin..])
}

fn two(text: &[u8]) -> Option<u32> {
    match text {
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

/// `2026-01-31`, from the year 1 on.
fn is_date(text: &[u8]) -> bool {
    let &[a, b, c, d, b'-', e, f, b'-', g, h] = text else { return false };
    let (Some(century), Some(year), Some(month), Some(day)) = (two(&[a, b]), two(&[c, d]), two(&[e, f]), two(&[g, h])) else {
        return false;
    };
    let year = century * 100 + year;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    year > 0 && day >= 1 && day <= days
}

/// `2026-01-31T12:00:00Z`, with a fraction and an offset where there is one; no leap second.
fn is_date_time(text: &[u8]) -> bool {
    let (Some(date), Some(time)) = (text.get(..10), text.get(10..)) else { return false };
    let &[b'T', h1, h2, b':', m1, m2, b':', s1, s2, ref rest @ ..] = time else { return false };
    let below = |pair: [u8; 2], limit: u32| two(&pair).is_some_and(|n| n < limit);
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 || digits > 9 {
                return false;
            }
            &fraction[digits..]
        }
        None => rest,
    };
    let zone = match *rest {
        [b'Z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => below([a, b], 24) && below([c, d], 60),
        _ => false,
    };
    zone && is_date(date) && below([h1, h2], 24) && below([m1, m2], 60) && below([s1, s2], 60)
}
