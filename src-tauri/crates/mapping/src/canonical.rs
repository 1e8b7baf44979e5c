//! Numbers in their canonical form: the JSON grammar without exponent, and only where nothing is lost.

use serde_json::{Value as Json, json};

/// A number that was written canonically.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Canonical {
    Integer(i64),
    Number(f64),
}

/// Reads `45`, `-0.5`, `86000.00`; not `007`, `+5`, `1e5`, `.5`, `-0`, nor digits that a double cannot hold.
pub fn number(text: &str) -> Option<Canonical> {
    let fraction = fraction(text)?;
    if fraction.is_none() {
        let negative_zero = text == "-0";
        return if negative_zero { None } else { text.parse().ok().map(Canonical::Integer) };
    }
    let number: f64 = text.parse().ok()?;
    // 15 digits always survive; more do only if the shortest form of the double is the text again.
    let exact = text.len() <= 16 || number.to_string() == text;
    (exact && number.is_finite()).then_some(Canonical::Number(number))
}

/// A number that is written canonically but has more digits than 64 bits or a double hold, as Extended JSON.
pub fn decimal(text: &str) -> Option<Json> {
    fraction(text)?;
    let decimal = steward_domain::decimal::decimal(text).filter(|_| number(text).is_none() && text != "-0")?;
    Some(json!({ "$numberDecimal": decimal.to_string() }))
}

/// A number with an exponent, written exactly as an export writes a Decimal128 or a double: `1E+3`, `1e+300`.
pub fn exported(text: &str) -> Option<Json> {
    if !text.contains(['e', 'E']) {
        return None;
    }
    let decimal = steward_domain::decimal::decimal(text).filter(|decimal| decimal.to_string() == text);
    if let Some(decimal) = decimal {
        return Some(json!({ "$numberDecimal": decimal.to_string() }));
    }
    let number = text.parse::<f64>().ok().filter(|n| n.is_finite())?;
    let written = json!(number).to_string();
    (written == text).then(|| json!(number))
}

/// The digits behind the point of a number in the grammar of JSON without exponent; none in the inner option for an integer.
fn fraction(text: &str) -> Option<Option<&[u8]>> {
    let bytes = text.as_bytes();
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let whole = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if whole == 0 || (whole > 1 && digits[0] == b'0') {
        return None;
    }
    if whole == digits.len() {
        return Some(None);
    }
    let fraction = digits[whole..].strip_prefix(b".")?;
    (!fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit)).then_some(Some(fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exports_write_with_an_exponent_is_a_number_where_one_is_wanted() {
        assert_eq!(exported("1E+3"), Some(json!({ "$numberDecimal": "1E+3" })));
        let written = json!(1e300).to_string();
        assert_eq!(exported(&written), Some(json!(1e300)));
        for text in ["1e3", "E9", "9E42", "1E", "e", "1e+", "Infinity"] {
            assert_eq!(exported(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_is_written_canonically_is_a_number() {
        for (text, expected) in [("45", 45), ("0", 0), ("-12", -12), ("9223372036854775807", i64::MAX)] {
            assert_eq!(number(text), Some(Canonical::Integer(expected)), "{text}");
        }
        for (text, expected) in [("-0.5", -0.5), ("86000.00", 86000.0), ("1.10", 1.1), ("0.1234567890123456", 0.1234567890123456)] {
            assert_eq!(number(text), Some(Canonical::Number(expected)), "{text}");
        }
        let refused = [
            "",
            "-",
            "007",
            "+5",
            "1e5",
            ".5",
            "5.",
            "-0",
            "1 000",
            "1,000",
            "9223372036854775808",
            "0.12345678901234567890",
            "1.2.3",
            "٣",
            "NaN",
        ];
        for text in refused {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
