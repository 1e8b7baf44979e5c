//! How deeply a document is nested, found out without decoding it: decoders call themselves for each level, and a few bytes a level
//! are enough to exhaust any stack. Whatever comes from outside (a file, an archive, a workspace, a server) goes through here first.

use bson::{Document, RawDocument};

/// Levels that a document may have. MongoDB itself stores at most 200, and its own tools ask for 100.
pub const MOST: usize = 200;

/// The error for a document with more.
pub const SENTENCE: &str = "This document is nested deeper than 200 levels.";

/// The least that a level takes: an element's type, an empty name, a length and the end.
const LEAST: usize = 7;

/// What a look at the structure of a document found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    Fine,
    TooDeep,
    /// Its lengths do not fit each other.
    Broken,
}

/// Looks at the bytes of a whole document. Nothing is allocated for a document that is too small to be deep.
pub fn of(bytes: &[u8]) -> Nesting {
    if bytes.len() < MOST * LEAST {
        return Nesting::Fine;
    }
    walk(bytes).unwrap_or(Nesting::Broken)
}

/// The document may be decoded.
pub fn is_fine(bytes: &[u8]) -> bool {
    of(bytes) == Nesting::Fine
}

/// Decodes a document from outside. `None` where it is damaged or too deep.
pub fn decode(bytes: &[u8]) -> Option<Document> {
    let raw = RawDocument::from_bytes(bytes).ok().filter(|_| is_fine(bytes))?;
    Document::try_from(raw).ok()
}

/// `None` where the bytes are not laid out as a document is.
fn walk(bytes: &[u8]) -> Option<Nesting> {
    let mut ends = Vec::with_capacity(16);
    let mut at = open(bytes, 0, bytes.len(), &mut ends)?;
    while let Some(end) = ends.last().copied() {
        let kind = *bytes.get(at)?;
        at += 1;
        if kind == 0 {
            (at == end).then_some(())?;
            ends.pop();
            continue;
        }
        at = behind_name(bytes, at)?;
        at = match kind {
            0x03 | 0x04 => open(bytes, at, end, &mut ends)?,
            // Code with a scope: its length, the code, and a document.
            0x0f => open(bytes, behind_text(bytes, at + 4)?, end, &mut ends)?,
            0x01 | 0x09 | 0x11 | 0x12 => at + 8,
            0x02 | 0x0d | 0x0e => behind_text(bytes, at)?,
            0x05 => at + 5 + length(bytes, at)?,
            0x06 | 0x0a | 0x7f | 0xff => at,
            0x07 => at + 12,
            0x08 => at + 1,
            0x0b => behind_name(bytes, behind_name(bytes, at)?)?,
            0x0c => behind_text(bytes, at)? + 12,
            0x10 => at + 4,
            0x13 => at + 16,
            _ => return None,
        };
        if ends.len() > MOST {
            return Some(Nesting::TooDeep);
        }
    }
    Some(Nesting::Fine)
}

/// Begins a document within another: what follows its length.
fn open(bytes: &[u8], at: usize, outer: usize, ends: &mut Vec<usize>) -> Option<usize> {
    let end = at.checked_add(length(bytes, at)?)?;
    (end <= outer && end >= at + 5).then_some(())?;
    ends.push(end);
    Some(at + 4)
}

fn length(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(i32::from_le_bytes(four.try_into().ok()?)).ok()
}

fn behind_text(bytes: &[u8], at: usize) -> Option<usize> {
    at.checked_add(4)?.checked_add(length(bytes, at)?)
}

fn behind_name(bytes: &[u8], at: usize) -> Option<usize> {
    Some(at + bytes.get(at..)?.iter().position(|b| *b == 0)? + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bson::{Bson, doc};

    /// A document with so many levels, written without recursion.
    fn nested(levels: usize, kind: u8) -> Vec<u8> {
        let mut out = vec![5, 0, 0, 0, 0];
        for _ in 1..levels {
            let length = i32::try_from(out.len() + 8).unwrap();
            let mut outer = length.to_le_bytes().to_vec();
            outer.extend_from_slice(&[kind, b'0', 0]);
            outer.append(&mut out);
            outer.push(0);
            out = outer;
        }
        out
    }

    #[test]
    fn depth_is_counted_without_decoding() {
        for kind in [0x03, 0x04] {
            assert_eq!(of(&nested(MOST, kind)), Nesting::Fine);
            assert!(decode(&nested(MOST, kind)).is_some());
            assert_eq!(of(&nested(MOST + 1, kind)), Nesting::TooDeep);
            assert_eq!(decode(&nested(100_000, kind)), None);
        }
    }

    #[test]
    fn every_type_is_stepped_over() {
        let all = doc! {
            "double": 1.5, "text": "x".repeat(2000), "document": {"a": {"b": 1}}, "list": [1, [2, {"c": 3}]],
            "binary": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![3; 300] },
            "old binary": bson::Binary { subtype: bson::spec::BinarySubtype::BinaryOld, bytes: vec![3; 300] },
            "undefined": Bson::Undefined, "id": bson::oid::ObjectId::new(), "bool": true, "date": bson::DateTime::now(), "null": Bson::Null,
            "regex": bson::Regex { pattern: "a.*".try_into().unwrap(), options: "i".try_into().unwrap() },
            "code": Bson::JavaScriptCode("f()".into()), "symbol": Bson::Symbol("s".into()),
            "scoped": bson::JavaScriptCodeWithScope { code: "f(x)".into(), scope: doc! {"x": {"y": 1}} },
            "int": 1, "timestamp": bson::Timestamp { time: 1, increment: 2 }, "long": 1_i64,
            "decimal": "1.5".parse::<bson::Decimal128>().unwrap(), "min": Bson::MinKey, "max": Bson::MaxKey, "": {"": []},
        };
        let bytes = all.to_vec().unwrap();
        assert_eq!(of(&bytes), Nesting::Fine);
        assert_eq!(decode(&bytes), Some(all));
    }

    #[test]
    fn lengths_that_lead_out_are_broken() {
        let whole = doc! {"a": "x".repeat(2000), "b": {"c": 1}}.to_vec().unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            // Any answer, but an answer.
            let _ = decode(&bytes);
        }
        assert_eq!(of(&whole[..whole.len() - 1]), Nesting::Broken);
    }
}
