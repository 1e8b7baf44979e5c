//! Numbers as people write them: currencies, thousands in either convention, `86k`, percent, accounting, ranges.
//!
//! Written manually, without regular expressions: one pass over the text, no allocation.

mod arithmetic;

use serde_json::{Number, Value as Json, json};

use crate::currency;
use crate::steps::{DecimalMark, NumberAs};

/// `mantissa × 10^exponent`, exactly as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount {
    mantissa: i128,
    exponent: i32,
    pub percent: bool,
    /// Power of ten of `k`, `M` and the like; 0 without one. Already in `exponent`.
    scale: i32,
    /// ISO 4217; empty where no currency is named, or not just one.
    pub currency: &'static str,
}

/// What a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    One(Amount),
    Range(Amount, Amount),
}

/// Why a text is not taken as a number. The sentence goes on after the name of the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotNumber {
    NoNumber,
    Ambiguous,
    TooManyDigits,
    NotWhole,
    Reversed,
}

impl NotNumber {
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoNumber => "does not hold a number",
            Self::Ambiguous => "holds a number whose comma or point could mean decimals or thousands; the mapping can say which",
            Self::TooManyDigits => "holds a number with more digits than can be kept exactly",
            Self::NotWhole => "does not hold a whole number",
            Self::Reversed => "holds a range whose lower end is above its upper end",
        }
    }
}

/// Powers of ten that are exact doubles.
const TENS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

type Reads<T> = Result<T, NotNumber>;

/// More would not fit into Decimal128.
const MAX_DIGITS: usize = 34;

/// Reads one number or a range of two.
pub(crate) fn read(text: &str, mark: DecimalMark) -> Reads<Reading> {
    let text = text.trim();
    match amount(text, mark) {
        Ok(amount) => Ok(Reading::One(amount)),
        Err(NotNumber::NoNumber) => range(text, mark),
        Err(other) => Err(other),
    }
}

/// Both ends must be numbers, wherever the dash is; what neither reading explains is no number.
fn range(text: &str, mark: DecimalMark) -> Reads<Reading> {
    let dashes = text.match_indices(['-', '–', '—', '…']);
    let words = [" to ", ".."].into_iter().flat_map(|word| text.match_indices(word));
    let mut failure = NotNumber::NoNumber;
    for (at, between) in dashes.chain(words).filter(|(at, _)| *at > 0) {
        match (amount(&text[..at], mark), amount(&text[at + between.len()..], mark)) {
            (Ok(low), Ok(high)) => return ordered(low, high),
            (Err(NotNumber::Ambiguous), Ok(_) | Err(NotNumber::Ambiguous)) | (Ok(_), Err(NotNumber::Ambiguous)) => {
                failure = NotNumber::Ambiguous;
            }
            _ => {}
        }
    }
    Err(failure)
}

/// `53-91K` means 53K: the first number takes scale, percent and currency of the second where that keeps them in order.
fn ordered(mut low: Amount, mut high: Amount) -> Reads<Reading> {
    if low.scale == 0 && high.scale != 0 {
        let scaled = Amount { exponent: low.exponent + high.scale, scale: high.scale, ..low };
        if scaled.compare(&high).is_some_and(std::cmp::Ordering::is_le) {
            low = scaled;
        }
    }
    low.percent |= high.percent;
    high.percent |= low.percent;
    if low.currency.is_empty() {
        low.currency = high.currency;
    }
    match low.compare(&high) {
        Some(std::cmp::Ordering::Greater) => Err(NotNumber::Reversed),
        Some(_) => Ok(Reading::Range(low, high)),
        None => Err(NotNumber::TooManyDigits),
    }
}

/// What is around the digits, each at most once.
#[derive(Default)]
struct Around {
    negative: bool,
    signed: bool,
    bracket: bool,
    percent: bool,
    scale: i32,
    currency: Option<&'static str>,
}

fn amount(text: &str, mark: DecimalMark) -> Reads<Amount> {
    let mut around = Around::default();
    let text = around.before(text.trim());
    let (mut amount, rest) = digits(text, mark)?;
    around.after(rest)?;
    if around.negative {
        amount.mantissa = -amount.mantissa;
    }
    amount.exponent += around.scale;
    amount.scale = around.scale;
    amount.percent = around.percent;
    amount.currency = around.currency.unwrap_or_default();
    Ok(amount)
}

impl Around {
    /// Signs, currency and an opening bracket, in any order; returns what follows them.
    fn before<'t>(&mut self, mut text: &'t str) -> &'t str {
        loop {
            text = text.trim_start();
            let length = if !self.signed
                && !self.bracket
                && let Some(sign) = sign_at(text)
            {
                self.signed = true;
                self.negative = sign.1;
                sign.0
            } else if !self.bracket && !self.signed && text.starts_with('(') {
                self.bracket = true;
                self.negative = true;
                1
            } else if self.currency.is_none()
                && let Some((length, code)) = currency::at_start(text)
            {
                self.currency = Some(code);
                length
            } else {
                return text;
            };
            text = &text[length..];
        }
    }

    /// Scale, percent, currency, a trailing minus and the closing bracket; then the text must be at its end.
    fn after(&mut self, mut text: &str) -> Reads<()> {
        let mut open = self.bracket;
        loop {
            text = text.trim_start();
            if text.is_empty() {
                return if open { Err(NotNumber::NoNumber) } else { Ok(()) };
            }
            let length = if self.currency.is_none()
                && let Some((length, code)) = currency::at_start(text)
            {
                self.currency = Some(code);
                length
            } else if self.scale == 0
                && !self.percent
                && let Some((length, power)) = scale_at(text)
            {
                self.scale = power;
                length
            } else if !self.percent && self.scale == 0 && text.starts_with('%') {
                self.percent = true;
                1
            } else if open && text.starts_with(')') {
                open = false;
                1
            } else if !self.signed
                && !self.bracket
                && let Some((length, true)) = sign_at(text)
            {
                self.signed = true;
                self.negative = true;
                length
            } else {
                return Err(NotNumber::NoNumber);
            };
            text = &text[length..];
        }
    }
}

/// Length of a sign, and whether it is a minus.
fn sign_at(text: &str) -> Option<(usize, bool)> {
    let first = text.chars().next()?;
    match first {
        '-' | '\u{2212}' => Some((first.len_utf8(), true)),
        '+' => Some((1, false)),
        _ => None,
    }
}

fn scale_at(text: &str) -> Option<(usize, i32)> {
    let length = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let word = &text[..length];
    let is = |words: &[&str]| words.iter().any(|w| w.eq_ignore_ascii_case(word));
    let power = if is(&["k", "thousand", "tsd"]) {
        3
    } else if is(&["m", "mn", "mio", "mln", "million", "millions"]) {
        6
    } else if is(&["b", "bn", "billion", "billions", "mrd"]) {
        9
    } else if is(&["tn", "trn", "trillion", "trillions"]) {
        12
    } else {
        return None;
    };
    let dot = matches!(word.len(), 2..=3) && text[length..].starts_with('.');
    Some((length + usize::from(dot), power))
}

/// A separator inside a number, with what it may mean.
fn separator(c: char) -> bool {
    matches!(c, '.' | ',' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// The digits with their separators and exponent, and what follows them.
fn digits(text: &str, mark: DecimalMark) -> Reads<(Amount, &str)> {
    let end = body_end(text);
    let (body, mut rest) = text.split_at(end);
    let decimal = decimal_at(body, mark)?;
    let (whole, fraction) = match decimal {
        Some(at) => (&body[..at], &body[at + 1..]),
        None => (body, ""),
    };
    if !grouped(whole) || (whole.is_empty() && fraction.is_empty()) || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotNumber::NoNumber);
    }
    let mut mantissa: i128 = 0;
    let mut count = 0;
    for digit in whole.bytes().chain(fraction.bytes()).filter(u8::is_ascii_digit) {
        mantissa = mantissa * 10 + i128::from(digit - b'0');
        count += usize::from(mantissa != 0);
        if count > MAX_DIGITS {
            return Err(NotNumber::TooManyDigits);
        }
    }
    let mut exponent = -i32::try_from(fraction.len()).map_err(|_| NotNumber::TooManyDigits)?;
    if let Some((length, power)) = power_at(rest) {
        exponent += power;
        rest = &rest[length..];
    }
    Ok((Amount { mantissa, exponent, percent: false, scale: 0, currency: "" }, rest))
}

/// Digits, and separators that a digit follows.
fn body_end(text: &str) -> usize {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next_is_digit = chars.peek().is_some_and(|(_, n)| n.is_ascii_digit());
        if c.is_ascii_digit() || (separator(c) && next_is_digit) {
            end = at + c.len_utf8();
        } else {
            break;
        }
    }
    end
}

/// `e5`, `E-3`
fn power_at(text: &str) -> Option<(usize, i32)> {
    let rest = text.strip_prefix(['e', 'E'])?;
    let sign = usize::from(rest.starts_with(['-', '+']));
    let count = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
    // Beyond three digits no double holds it.
    (1..=3).contains(&count).then(|| rest[..sign + count].parse().ok().map(|power| (1 + sign + count, power)))?
}

/// Where the decimal sign is.
fn decimal_at(body: &str, mark: DecimalMark) -> Reads<Option<usize>> {
    let only = |sign: char| match (body.find(sign), body.rfind(sign)) {
        (Some(first), Some(last)) if first != last => Err(NotNumber::NoNumber),
        (found, _) => Ok(found),
    };
    match mark {
        DecimalMark::Point => only('.'),
        DecimalMark::Comma => only(','),
        DecimalMark::Auto => match (body.rfind('.'), body.rfind(',')) {
            (Some(point), Some(comma)) => only(if point > comma { '.' } else { ',' }),
            (Some(at), None) | (None, Some(at)) => lone_separator(body, at),
            (None, None) => Ok(None),
        },
    }
}

/// Only points or only commas, the last one at `at`: decimals, thousands, or no way to tell.
fn lone_separator(body: &str, at: usize) -> Reads<Option<usize>> {
    let sign = body.as_bytes()[at];
    if body.bytes().filter(|b| *b == sign).count() > 1 {
        return Ok(None);
    }
    let (before, after) = (&body[..at], &body[at + 1..]);
    let other_groups = before.contains(|c: char| !c.is_ascii_digit());
    let like_thousands = after.len() == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0');
    if like_thousands && !other_groups { Err(NotNumber::Ambiguous) } else { Ok(Some(at)) }
}

/// Plain digits, or groups of three by one kind of separator; the Indian form (`12,34,567`) too. Empty is fine: `.5`.
fn grouped(whole: &str) -> bool {
    let Some(sign) = whole.chars().find(|c| !c.is_ascii_digit()) else {
        return true;
    };
    let mut groups = whole.split(sign).map(|g| if g.bytes().all(|b| b.is_ascii_digit()) { g.len() } else { usize::MAX });
    let first = groups.next().unwrap_or(0);
    let mut size = 0;
    let mut last = 0;
    let mut even = true;
    for group in groups {
        // The group before must have the size of the other groups in the middle.
        if last != 0 {
            even &= size == 0 || size == last;
            size = last;
        }
        last = group;
    }
    let indian = sign == ',' && size == 2 && first <= 2;
    (1..=3).contains(&first) && last == 3 && even && (size == 0 || size == 3 || indian)
}

impl Amount {
    /// Without zeros at the end of the mantissa.
    fn reduced(mut self) -> Self {
        if self.mantissa == 0 {
            self.exponent = 0;
            return self;
        }
        // Dividing 128 bits is slow, and hardly ever needed.
        if let Ok(mut small) = i64::try_from(self.mantissa) {
            while small % 10 == 0 {
                small /= 10;
                self.exponent += 1;
            }
            return Self { mantissa: i128::from(small), ..self };
        }
        while self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.exponent += 1;
        }
        self
    }

    /// Both mantissas for the smaller exponent.
    fn aligned(&self, other: &Self) -> Option<(i128, i128, i32)> {
        let (a, b) = (self.reduced(), other.reduced());
        let exponent = a.exponent.min(b.exponent);
        let lift = |x: Self| 10_i128.checked_pow(u32::try_from(x.exponent - exponent).ok()?)?.checked_mul(x.mantissa);
        Some((lift(a)?, lift(b)?, exponent))
    }

    fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.aligned(other).map(|(a, b, _)| a.cmp(&b))
    }

    /// Exactly half of the sum.
    pub fn mean(&self, other: &Self) -> Reads<Self> {
        let (a, b, exponent) = self.aligned(other).ok_or(NotNumber::TooManyDigits)?;
        let sum = a.checked_add(b).and_then(|s| s.checked_mul(5)).ok_or(NotNumber::TooManyDigits)?;
        Ok(Self { mantissa: sum, exponent: exponent - 1, ..*self }.reduced())
    }

    /// A hundredth of it.
    pub fn hundredth(self) -> Self {
        Self { exponent: self.exponent - 2, ..self }
    }

    pub fn to_json(self, output: NumberAs) -> Reads<Json> {
        match output {
            NumberAs::Decimal => self.decimal(),
            NumberAs::Integer => self.integer().map(Json::from).ok_or(NotNumber::NotWhole),
            NumberAs::Number => match self.integer() {
                Some(whole) => Ok(Json::from(whole)),
                None => self.double(),
            },
        }
    }

    pub fn integer(self) -> Option<i64> {
        if self.exponent == 0 {
            return i64::try_from(self.mantissa).ok();
        }
        let Self { mantissa, exponent, .. } = self.reduced();
        let power = 10_i128.checked_pow(u32::try_from(exponent).ok()?)?;
        i64::try_from(mantissa.checked_mul(power)?).ok()
    }

    /// The nearest double.
    fn double(self) -> Reads<Json> {
        let Self { mantissa, exponent, .. } = self.reduced();
        // Both parts are exact doubles, so one division rounds right (Clinger 1990).
        if mantissa.unsigned_abs() < 1 << 53 && (-22..0).contains(&exponent) {
            let quotient = mantissa as f64 / TENS[exponent.unsigned_abs() as usize];
            return Number::from_f64(quotient).map(Json::Number).ok_or(NotNumber::TooManyDigits);
        }
        if mantissa.unsigned_abs() >= 100_000_000_000_000_000 {
            return Err(NotNumber::TooManyDigits);
        }
        let number = format!("{mantissa}e{exponent}").parse().ok().and_then(Number::from_f64);
        number.map(Json::Number).ok_or(NotNumber::TooManyDigits)
    }

    /// Decimal128 with the decimals that were written.
    fn decimal(self) -> Reads<Json> {
        let text = format!("{}E{}", self.mantissa, self.exponent);
        let decimal: bson::Decimal128 = text.parse().map_err(|_| NotNumber::TooManyDigits)?;
        Ok(json!({ "$numberDecimal": decimal.to_string() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The short way to a double gives what parsing the text gives.
        #[test]
        fn doubles_are_the_nearest_ones(text in "-?(0|[1-9][0-9]{0,11})\\.[0-9]{0,4}[1-9]") {
            let Ok(Reading::One(amount)) = read(&text, DecimalMark::Point) else { panic!("{text}") };
            prop_assert_eq!(amount.to_json(NumberAs::Number).unwrap().as_f64(), text.parse::<f64>().ok());
        }

        /// A mean lies in the middle, exactly.
        #[test]
        fn means_are_exact(a in 0..1_000_000_i64, b in 0..1_000_000_i64) {
            let (low, high) = (a.min(b), a.max(b));
            let Ok(Reading::Range(x, y)) = read(&format!("{low} - {high}"), DecimalMark::Point) else { panic!("{low} - {high}") };
            prop_assert_eq!(x.mean(&y).unwrap().to_json(NumberAs::Number).unwrap().as_f64(), Some((low + high) as f64 / 2.0));
        }
    }
}
