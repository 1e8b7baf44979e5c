//! Numbers as they are written, with all their digits: what a double would round is compared, ordered and kept exactly.

use std::cmp::Ordering;

use bson::{Bson, Decimal128};

/// A finite number: `0.d₁d₂…dₙ × 10^point`, without zeros at either end of its digits. Zero has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exact {
    negative: bool,
    digits: Vec<u8>,
    point: i64,
}

impl Exact {
    /// Reads digits with an optional sign, point and exponent; nothing else is a number (`.`, `++5`, `E9`, an empty text).
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (mantissa, exponent) = match rest.iter().position(|b| matches!(b, b'e' | b'E')) {
            Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.iter().position(|b| *b == b'.') {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &[][..]),
        };
        if whole.len() + fraction.len() == 0 || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
            return None;
        }
        Some(Self::of(negative, whole.iter().chain(fraction).copied().collect(), i64::try_from(whole.len()).ok()?.checked_add(exponent)?))
    }

    fn of(negative: bool, mut digits: Vec<u8>, mut point: i64) -> Self {
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let zeros = digits.iter().take_while(|d| **d == b'0').count();
        digits.drain(..zeros);
        point -= zeros as i64;
        if digits.is_empty() {
            return Self { negative: false, digits, point: 0 };
        }
        Self { negative, digits, point }
    }

    /// All digits that a double has; `None` for what is not finite.
    pub fn of_double(n: f64) -> Option<Self> {
        if !n.is_finite() {
            return None;
        }
        // `m × 2^e` with a negative e has no more than -e digits behind the point.
        let exponent = i32::try_from(n.to_bits() >> 52 & 0x7ff).unwrap_or(0).max(1) - 1075;
        Self::parse(&format!("{n:.*}", usize::try_from(-exponent).unwrap_or(0)))
    }

    /// `None` for NaN and infinity.
    pub fn of_decimal(n: &Decimal128) -> Option<Self> {
        Self::parse(&n.to_string())
    }

    pub fn of_integer(n: i64) -> Self {
        Self::of(n < 0, n.unsigned_abs().to_string().into_bytes(), n.unsigned_abs().to_string().len() as i64)
    }

    /// `None` for what is no finite number.
    pub fn of_bson(value: &Bson) -> Option<Self> {
        match value {
            Bson::Int32(n) => Some(Self::of_integer(i64::from(*n))),
            Bson::Int64(n) => Some(Self::of_integer(*n)),
            Bson::Double(n) => Self::of_double(*n),
            Bson::Decimal128(n) => Self::of_decimal(n),
            _ => None,
        }
    }

    /// What a JSON number was written as. JSON texts mean their digits, not the double that is nearest to them.
    pub fn of_json(n: &serde_json::Number) -> Option<Self> {
        Self::parse(&n.to_string())
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub fn is_negative(&self) -> bool {
        self.negative
    }

    pub fn is_whole(&self) -> bool {
        self.point >= self.digits.len() as i64 || self.is_zero()
    }

    /// The nearest double, which may be infinite.
    pub fn to_double(&self) -> f64 {
        let digits = std::str::from_utf8(&self.digits).unwrap_or_default();
        let sign = if self.negative { "-" } else { "" };
        if self.is_zero() { 0.0 } else { format!("{sign}0.{digits}e{}", self.point).parse().unwrap_or(f64::NAN) }
    }

    /// The number without what is behind its point, if it has 64 bits; rounded down.
    pub fn floor(&self) -> Option<i64> {
        let whole = usize::try_from(self.point).unwrap_or(0);
        if whole > 19 {
            return None;
        }
        let digits = self.digits.iter().copied().chain(std::iter::repeat(b'0')).take(whole);
        let value = digits.fold(0_i128, |n, d| n * 10 + i128::from(d - b'0'));
        let value = if self.negative { -value - i128::from(!self.is_whole()) } else { value };
        i64::try_from(value).ok()
    }

    /// Digits and place of the point, for whoever writes them down in an order of their own.
    pub fn parts(&self) -> (&[u8], i64) {
        (&self.digits, self.point)
    }

    /// The number is a multiple of another one. `None` where that takes too many digits to tell.
    pub fn is_multiple_of(&self, of: &Self) -> Option<bool> {
        if of.is_zero() {
            return None;
        }
        if self.is_zero() {
            return Some(true);
        }
        // Both as integers of the same unit; the remainder digit by digit.
        let end = |n: &Self| n.point - n.digits.len() as i64;
        let unit = end(self).min(end(of));
        let divisor_zeros = usize::try_from(end(of) - unit).ok()?;
        let zeros = usize::try_from(end(self) - unit).ok()?;
        if of.digits.len() + divisor_zeros > 36 || zeros > 10_000 {
            return None;
        }
        let fold = |n: u128, d: u8| n * 10 + u128::from(d - b'0');
        let divisor = of.digits.iter().copied().chain(std::iter::repeat_n(b'0', divisor_zeros)).fold(0_u128, fold);
        let dividend = self.digits.iter().copied().chain(std::iter::repeat_n(b'0', zeros));
        Some(dividend.fold(0_u128, |rest, d| fold(rest, d) % divisor) == 0)
    }
}

fn exponent(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Exponents of more digits than this are of no number that anything here can hold.
    let exponent: i64 = std::str::from_utf8(digits).ok().filter(|d| d.len() <= 9)?.parse().ok()?;
    Some(if text.starts_with(b"-") { -exponent } else { exponent })
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |n: &Self| {
            if n.is_zero() {
                0
            } else if n.negative {
                -1
            } else {
                1
            }
        };
        let size = || (self.point, &self.digits).cmp(&(other.point, &other.digits));
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            0 => Ordering::Equal,
            1 => size(),
            _ => size().reverse(),
        })
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A decimal number as a person or a file writes it, with the zeros at its end; `None` where it is none, or has more digits
/// than a Decimal128 (34).
pub fn decimal(text: &str) -> Option<Decimal128> {
    Exact::parse(text)?;
    text.parse().ok()
}

/// The value of a number that is written as JSON writes it: an integer of 64 bits, a double if that says what was written, else
/// a Decimal128. `None` where no type holds all its digits.
pub fn number(text: &str) -> Option<Bson> {
    let exact = Exact::parse(text)?;
    if !text.contains(['.', 'e', 'E'])
        && let Ok(n) = text.parse::<i64>()
    {
        return Some(i32::try_from(n).map_or(Bson::Int64(n), Bson::Int32));
    }
    if text.contains(['.', 'e', 'E'])
        && let Some(double) = faithful_double(text, &exact)
    {
        return Some(Bson::Double(double));
    }
    decimal(text).map(Bson::Decimal128)
}

/// The double that stands for a number: written in the shortest way, it has the digits again.
fn faithful_double(text: &str, exact: &Exact) -> Option<f64> {
    let double: f64 = text.parse().ok().filter(|n: &f64| n.is_finite())?;
    (Exact::parse(&format!("{double:e}"))? == *exact).then_some(double)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_numbers() {
        for text in ["", ".", "+", "-", "++5", "E9", "1e", "1e+", "5x", "1.2.3", " 1", "NaN", "Infinity", "٣"] {
            assert_eq!((Exact::parse(text), decimal(text)), (None, None), "{text:?}");
        }
        for (a, b) in [("1.10", "1.1"), ("-0", "0"), ("1e3", "1000.0"), (".5", "0.5"), ("5.", "5"), ("0.00120e-2", "+12e-6")] {
            assert_eq!(Exact::parse(a), Exact::parse(b), "{a} {b}");
        }
    }

    #[test]
    fn the_order_is_exact() {
        let ascending =
            ["-1e400", "-2", "-1.5", "-1.4999999999999999999999", "0", "1e-400", "0.1", "0.10000000000000000001", "9", "10", "1e400"];
        for pair in ascending.windows(2) {
            assert!(Exact::parse(pair[0]) < Exact::parse(pair[1]), "{pair:?}");
        }
        assert!(Exact::of_double(0.1) > Exact::parse("0.1"), "a double has more digits than are shown");
        assert_eq!(Exact::of_double(5e-324).unwrap().to_double(), 5e-324);
        assert_eq!(Exact::of_double(f64::MAX).unwrap().to_double(), f64::MAX);
    }

    #[test]
    fn numbers_get_a_type_that_holds_them() {
        assert_eq!(number("5"), Some(Bson::Int32(5)));
        assert_eq!(number("9223372036854775807"), Some(Bson::Int64(i64::MAX)));
        assert_eq!(number("5.0"), Some(Bson::Double(5.0)));
        assert_eq!(number("1e3"), Some(Bson::Double(1000.0)));
        assert_eq!(number("0.30000000000000004"), Some(Bson::Double(0.1 + 0.2)));
        let is_decimal = |text: &str| matches!(number(text), Some(Bson::Decimal128(d)) if Exact::of_decimal(&d) == Exact::parse(text));
        for text in ["12345678901234567890", "0.1000000000000000055511151231257827", "1e400", "1e-400", "123456789012345678.5"] {
            assert!(is_decimal(text), "{text} {:?}", number(text));
        }
        assert_eq!(number(&"1".repeat(35)), None);
    }

    #[test]
    fn floors_and_multiples() {
        let exact = |text: &str| Exact::parse(text).unwrap();
        assert_eq!(
            (exact("-1.5").floor(), exact("1.5").floor(), exact("-2").floor(), exact("0.5").floor()),
            (Some(-2), Some(1), Some(-2), Some(0))
        );
        assert_eq!((exact("9223372036854775807.5").floor(), exact("9223372036854775808").floor()), (Some(i64::MAX), None));
        assert_eq!(exact("1234567890123456789012345678.10").is_multiple_of(&exact("0.01")), Some(true));
        assert_eq!(exact("0.105").is_multiple_of(&exact("0.01")), Some(false));
        assert_eq!(exact("9007199254740993").is_multiple_of(&exact("2")), Some(false));
    }
}
