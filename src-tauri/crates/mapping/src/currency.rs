//! Currency signs and codes in front of or behind an amount.

/// Signs with their ISO 4217 code, longer ones first. An empty code: several currencies share the sign.
const SIGNS: &[(&str, &str)] = &[
    ("US$", "USD"),
    ("CA$", "CAD"),
    ("AU$", "AUD"),
    ("NZ$", "NZD"),
    ("HK$", "HKD"),
    ("C$", "CAD"),
    ("A$", "AUD"),
    ("S$", "SGD"),
    ("R$", "BRL"),
    ("$", "USD"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "JPY"),
    ("₹", "INR"),
    ("Rs.", ""),
    ("Rs", ""),
    ("₩", "KRW"),
    ("₽", "RUB"),
    ("₺", "TRY"),
    ("₪", "ILS"),
    ("฿", "THB"),
    ("₫", "VND"),
    ("₴", "UAH"),
    ("₦", "NGN"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
    ("Ft", "HUF"),
    ("Fr.", "CHF"),
    ("kr.", ""),
    ("kr", ""),
];

/// Active codes of ISO 4217 that data is usually kept in.
const CODES: &[&str] = &[
    "AED", "ARS", "AUD", "BDT", "BGN", "BHD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "GHS", "HKD",
    "HUF", "IDR", "ILS", "INR", "ISK", "JOD", "JPY", "KES", "KRW", "KWD", "KZT", "LKR", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "OMR",
    "PEN", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SEK", "SGD", "THB", "TND", "TRY", "TWD", "UAH", "USD", "UYU", "VND",
    "ZAR",
];

/// The currency at the beginning of a text: the length of its sign, and its code where it has just one.
pub(crate) fn at_start(text: &str) -> Option<(usize, &'static str)> {
    // Most texts begin with a digit, and most amounts end after theirs.
    let first = *text.as_bytes().first()?;
    if first.is_ascii() && first != b'$' && !first.is_ascii_alphabetic() {
        return None;
    }
    if let Some((sign, code)) = SIGNS.iter().find(|(sign, _)| text.starts_with(sign)) {
        return Some((sign.len(), code));
    }
    let code = text.get(..3)?;
    let ends_there = !text[3..].starts_with(|c: char| c.is_alphabetic());
    let known = CODES.iter().find(|known| **known == code)?;
    ends_there.then_some((3, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_codes() {
        assert_eq!(at_start("$5"), Some((1, "USD")));
        assert_eq!(at_start("C$5"), Some((2, "CAD")));
        assert_eq!(at_start("EUR 5"), Some((3, "EUR")));
        assert_eq!(at_start("kr 5"), Some((2, "")));
        for none in ["EURO 5", "5", "", "é€", "usd 5", "ABC"] {
            assert_eq!(at_start(none), None, "{none}");
        }
    }
}
