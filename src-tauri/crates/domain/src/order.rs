//! One total order over all BSON values, as bytes that compare with `memcmp`.
//!
//! The order is MongoDB's ("Comparison/Sort Order" in its manual): MinKey, null and missing, numbers, text, objects,
//! lists, binary, ObjectId, boolean, date, timestamp, regular expression, code, MaxKey. The file workspace indexes and
//! sorts by these bytes, so that both stores answer alike. Numbers are ordered by their exact values, whatever their types.

use bson::{Bson, Decimal128, RawBsonRef};

use crate::decimal::Exact;

const NULL: u8 = 0x05;
const NUMBER: u8 = 0x10;
const TEXT: u8 = 0x14;
const OBJECT: u8 = 0x18;
const LIST: u8 = 0x1c;
const BINARY: u8 = 0x20;
const OBJECT_ID: u8 = 0x24;
const BOOL: u8 = 0x28;
const DATE: u8 = 0x2c;
const TIMESTAMP: u8 = 0x30;
const REGEX: u8 = 0x34;
const OTHER: u8 = 0x38;

/// First byte of the key of missing and null values.
pub const NULL_KEY: &[u8] = &[NULL];

/// Type bracket of a value: comparisons other than the order itself stay within one bracket.
pub fn bracket(value: RawBsonRef<'_>) -> u8 {
    match value {
        RawBsonRef::MinKey => 0x01,
        RawBsonRef::Null | RawBsonRef::Undefined => NULL,
        RawBsonRef::Int32(_) | RawBsonRef::Int64(_) | RawBsonRef::Double(_) | RawBsonRef::Decimal128(_) => NUMBER,
        RawBsonRef::String(_) | RawBsonRef::Symbol(_) => TEXT,
        RawBsonRef::Document(_) => OBJECT,
        RawBsonRef::Array(_) => LIST,
        RawBsonRef::Binary(_) => BINARY,
        RawBsonRef::ObjectId(_) => OBJECT_ID,
        RawBsonRef::Boolean(_) => BOOL,
        RawBsonRef::DateTime(_) => DATE,
        RawBsonRef::Timestamp(_) => TIMESTAMP,
        RawBsonRef::RegularExpression(_) => REGEX,
        RawBsonRef::MaxKey => 0x7f,
        _ => OTHER,
    }
}

/// The ordering key of a value; a missing one has the key of null.
pub fn key(value: Option<RawBsonRef<'_>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    match value {
        Some(v) => write(v, &mut out),
        None => out.push(NULL),
    }
    out
}

/// The text that an ordering key stands for; `None` for other values, and for text with a NUL.
pub fn text_of_key(key: &[u8]) -> Option<&str> {
    let text = key.strip_prefix(&[TEXT])?.strip_suffix(&[0, 0])?;
    std::str::from_utf8(text).ok().filter(|text| !text.contains('\0'))
}

/// Ordering keys of text: from the first up to before the second.
pub const TEXT_KEYS: (u8, u8) = (TEXT, TEXT + 1);

/// Adds the ordering key of a value to what is there.
pub fn write_key(value: RawBsonRef<'_>, out: &mut Vec<u8>) {
    write(value, out);
}

/// The ordering key of an owned value.
pub fn key_of(value: &Bson) -> Vec<u8> {
    let mut doc = bson::Document::new();
    doc.insert("v", value.clone());
    match bson::RawDocumentBuf::try_from(&doc) {
        Ok(raw) => key(raw.get("v").ok().flatten()),
        // A value that BSON itself cannot hold (a key with a NUL) orders last.
        Err(_) => vec![0x7f],
    }
}

fn write(value: RawBsonRef<'_>, out: &mut Vec<u8>) {
    out.push(bracket(value));
    match value {
        RawBsonRef::Int32(n) => write_integer(i64::from(n), out),
        RawBsonRef::Int64(n) => write_integer(n, out),
        RawBsonRef::Double(n) => write_double(n, 0, out),
        RawBsonRef::Decimal128(d) => write_decimal(&d, out),
        RawBsonRef::String(s) | RawBsonRef::Symbol(s) => write_text(s.as_bytes(), out),
        RawBsonRef::Document(doc) => {
            for (name, item) in doc.iter().flatten() {
                out.push(bracket(item));
                write_text(name.as_str().as_bytes(), out);
                write(item, out);
            }
            out.push(0);
        }
        RawBsonRef::Array(items) => {
            for item in items.into_iter().flatten() {
                write(item, out);
            }
            out.push(0);
        }
        RawBsonRef::Binary(b) => {
            out.extend_from_slice(&u32::try_from(b.bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.push(u8::from(b.subtype));
            out.extend_from_slice(b.bytes);
        }
        RawBsonRef::ObjectId(id) => out.extend_from_slice(&id.bytes()),
        RawBsonRef::Boolean(b) => out.push(u8::from(b)),
        RawBsonRef::DateTime(d) => write_signed(d.timestamp_millis(), out),
        RawBsonRef::Timestamp(t) => {
            out.extend_from_slice(&t.time.to_be_bytes());
            out.extend_from_slice(&t.increment.to_be_bytes());
        }
        RawBsonRef::RegularExpression(r) => {
            write_text(r.pattern.as_str().as_bytes(), out);
            write_text(r.options.as_str().as_bytes(), out);
        }
        RawBsonRef::MinKey | RawBsonRef::MaxKey | RawBsonRef::Null | RawBsonRef::Undefined => {}
        other => write_text(format!("{other:?}").as_bytes(), out),
    }
}

fn write_text(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.contains(&0) {
        for &byte in bytes {
            out.push(byte);
            if byte == 0 {
                out.push(0xff);
            }
        }
    } else {
        out.extend_from_slice(bytes);
    }
    out.extend_from_slice(&[0, 0]);
}

fn write_signed(n: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&((n as u64) ^ (1 << 63)).to_be_bytes());
}

/// Integers sort among doubles by their nearest double, then by what that rounding lost (at most 1024).
fn write_integer(n: i64, out: &mut Vec<u8>) {
    let near = n as f64;
    let lost = i128::from(n) - near as i128;
    write_double(near, i16::try_from(lost).unwrap_or(0), out);
}

fn write_double(n: f64, lost: i16, out: &mut Vec<u8>) {
    let bits = if n.is_nan() {
        0
    } else {
        let bits = (if n == 0.0 { 0.0 } else { n }).to_bits();
        if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
    };
    out.extend_from_slice(&bits.to_be_bytes());
    out.extend_from_slice(&((lost as u16) ^ 0x8000).to_be_bytes());
}

/// What comes behind a double or an integer and before the next one. Whatever else follows a number begins with less.
const BETWEEN: u8 = 0xff;

/// A decimal that a double or an integer of 64 bits holds is written as that; any other right behind the greatest one below it.
fn write_decimal(n: &Decimal128, out: &mut Vec<u8>) {
    let Some(exact) = Exact::of_decimal(n) else {
        return write_double(n.to_string().parse().unwrap_or(f64::NAN), 0, out);
    };
    let near = exact.to_double();
    let of_near = Exact::of_double(near);
    if of_near.as_ref() == Some(&exact) {
        return write_double(near, 0, out);
    }
    // Beyond 2^53 there are integers between doubles.
    match exact.floor().filter(|n| n.unsigned_abs() >= 1 << 53) {
        Some(below) => {
            write_integer(below, out);
            if exact.is_whole() {
                return;
            }
        }
        None => write_double(if of_near.is_none_or(|of_near| of_near > exact) { near.next_down() } else { near }, 0, out),
    }
    out.push(BETWEEN);
    write_digits(&exact, out);
}

/// Digits of a number, in the order of numbers.
fn write_digits(n: &Exact, out: &mut Vec<u8>) {
    let begin = out.len();
    let (digits, point) = n.parts();
    // Decimal128 goes from 10^-6176 to 10^6144.
    out.extend_from_slice(&u16::try_from(point + 10_000).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(digits.iter().map(|d| d - b'0' + 1));
    out.push(0);
    if n.is_negative() {
        out[begin..].iter_mut().for_each(|b| *b = !*b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{bson, oid::ObjectId};

    #[test]
    fn follows_the_order_of_types_and_values() {
        let ascending = [
            Bson::MinKey,
            Bson::Null,
            Bson::Double(f64::NAN),
            Bson::Double(f64::NEG_INFINITY),
            Bson::Int64(i64::MIN),
            Bson::Int32(-2),
            Bson::Double(-1.5),
            Bson::Int32(0),
            Bson::Double(0.5),
            Bson::Int64(1),
            Bson::Decimal128("2.5".parse().unwrap()),
            Bson::Int64(9_007_199_254_740_992),
            Bson::Int64(9_007_199_254_740_993),
            Bson::Int64(i64::MAX),
            Bson::from(""),
            Bson::from("a"),
            Bson::from("a\0"),
            Bson::from("ab"),
            Bson::from("b"),
            bson!({}),
            bson!({"a": 1}),
            bson!({"a": 2}),
            bson!([]),
            bson!([1]),
            bson!([1, 2]),
            bson!([2]),
            Bson::ObjectId(ObjectId::from_bytes([1; 12])),
            Bson::Boolean(false),
            Bson::Boolean(true),
            Bson::DateTime(bson::DateTime::from_millis(-1)),
            Bson::DateTime(bson::DateTime::from_millis(0)),
            Bson::MaxKey,
        ];
        for pair in ascending.windows(2) {
            assert!(key_of(&pair[0]) < key_of(&pair[1]), "{:?} < {:?}", pair[0], pair[1]);
        }
        assert_eq!(key_of(&Bson::Int32(3)), key_of(&Bson::Double(3.0)));
        assert_eq!(key_of(&Bson::Double(-0.0)), key_of(&Bson::Int64(0)));
        assert_eq!(key(None), key_of(&Bson::Null));
    }

    #[test]
    fn decimals_stand_where_their_digits_say() {
        let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
        let ascending = [
            Bson::Double(f64::NEG_INFINITY),
            decimal("-1E+6144"),
            Bson::Double(f64::MIN),
            Bson::Int64(-9_007_199_254_740_993),
            decimal("-9007199254740992.5"),
            Bson::Int64(-9_007_199_254_740_992),
            decimal("-0.10000000000000000000001"),
            decimal("-0.1"),
            decimal("-1E-6176"),
            Bson::Int32(0),
            decimal("1E-6176"),
            Bson::Double(5e-324),
            decimal("0.1"),
            Bson::Double(0.1),
            decimal("0.1000000000000000055511151231257828"),
            Bson::Int32(5),
            decimal("5.000000000000000000000000000000001"),
            decimal("5.000000000000000000000000000000002"),
            Bson::Double(5.000_000_000_000_001),
            Bson::Int64(9_007_199_254_740_993),
            decimal("9007199254740993.1"),
            decimal("9007199254740993.2"),
            Bson::Int64(9_007_199_254_740_994),
            Bson::Int64(9_007_199_254_740_995),
            decimal("9007199254740995.5"),
            Bson::Int64(i64::MAX),
            decimal("9223372036854775807.5"),
            Bson::Double(9_223_372_036_854_775_808.0),
            decimal("9223372036854775809"),
            decimal("1234567890123456789012345678.10"),
            decimal("1234567890123456789012345678.20"),
            Bson::Double(f64::MAX),
            decimal("1E+6144"),
            Bson::Double(f64::INFINITY),
        ];
        for pair in ascending.windows(2) {
            assert!(key_of(&pair[0]) < key_of(&pair[1]), "{:?} < {:?}", pair[0], pair[1]);
            let list = |v: &Bson| key_of(&bson!([v.clone(), "z"]));
            assert!(list(&pair[0]) < list(&pair[1]), "[{:?}] < [{:?}]", pair[0], pair[1]);
        }
        assert_eq!(key_of(&decimal("1.50")), key_of(&Bson::Double(1.5)));
        assert_eq!(key_of(&decimal("9007199254740993")), key_of(&Bson::Int64(9_007_199_254_740_993)));
        assert_eq!(key_of(&decimal("5E+1")), key_of(&Bson::Int32(50)));
    }
}
