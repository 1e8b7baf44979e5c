//! Calculating with amounts: exactly, or not at all.

use super::{Amount, NotNumber, Reads, amount};
use crate::steps::DecimalMark;

impl Amount {
    /// A number without percent, scale or currency, with a point before its decimals.
    pub fn plain(text: &str) -> Option<Self> {
        let plain = |a: &Self| !a.percent && a.scale == 0 && a.currency.is_empty();
        amount(text.trim(), DecimalMark::Point).ok().filter(plain)
    }

    /// Its digits, with a point before the decimals and without an exponent.
    pub fn plainly(self) -> Option<String> {
        let Self { mantissa, exponent, .. } = self.reduced();
        let Ok(zeros) = u32::try_from(exponent) else {
            let decimals = usize::try_from(exponent.unsigned_abs()).ok()?;
            let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = decimals + 1);
            let sign = if mantissa < 0 { "-" } else { "" };
            let (whole, fraction) = digits.split_at(digits.len() - decimals);
            return Some(format!("{sign}{whole}.{fraction}"));
        };
        Some(mantissa.checked_mul(10_i128.checked_pow(zeros)?)?.to_string())
    }

    pub fn times(self, other: Self) -> Reads<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa).ok_or(NotNumber::TooManyDigits)?;
        let exponent = self.exponent.checked_add(other.exponent).ok_or(NotNumber::TooManyDigits)?;
        Ok(Self { mantissa, exponent, ..self }.reduced())
    }

    pub fn plus(self, other: Self) -> Reads<Self> {
        let (a, b, exponent) = self.aligned(&other).ok_or(NotNumber::TooManyDigits)?;
        Ok(Self { mantissa: a.checked_add(b).ok_or(NotNumber::TooManyDigits)?, exponent, ..self }.reduced())
    }

    /// One `by`-th of it; `None` where that has no end in decimals.
    pub fn part(self, by: i64) -> Option<Self> {
        let mut parts = self.reduced();
        let mut left = i128::from(by);
        while left > 1 {
            if parts.mantissa % left == 0 {
                return Some(Self { mantissa: parts.mantissa / left, ..parts }.reduced());
            }
            // A tenth is one more decimal: what is left of `by` shares 2 or 5 with it.
            let shared = if left % 10 == 0 {
                10
            } else if left % 2 == 0 {
                2
            } else if left % 5 == 0 {
                5
            } else {
                return None;
            };
            parts = Self { mantissa: parts.mantissa.checked_mul(10 / shared)?, exponent: parts.exponent.checked_sub(1)?, ..parts };
            left /= shared;
        }
        Some(parts.reduced())
    }
}

impl From<i64> for Amount {
    fn from(whole: i64) -> Self {
        Self { mantissa: whole.into(), exponent: 0, percent: false, scale: 0, currency: "" }
    }
}
