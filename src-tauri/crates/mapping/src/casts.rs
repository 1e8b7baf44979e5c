//! Strict casts: what is not written exactly as the type wants it is not taken.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use crate::canonical::{self, Canonical};
use crate::slot::Slot;
use crate::steps::CastTo;

/// The value with its type, or the reason why not, to follow the name of the column.
pub(crate) fn cast<'a>(to: CastTo, slot: Slot<'a>) -> Result<Slot<'a>, &'static str> {
    match to {
        CastTo::Text => Ok(text(slot)),
        CastTo::Integer => integer(&slot).map(Slot::Integer).ok_or("does not hold a whole number, written plainly"),
        CastTo::Number => number(slot).ok_or("does not hold a number, written plainly"),
        CastTo::Boolean => boolean(&slot).map(Slot::Bool).ok_or("is neither true nor false"),
        CastTo::Decimal => decimal(slot).ok_or("does not hold a decimal number, written plainly, of at most 34 digits"),
        CastTo::ObjectId => object_id(slot).ok_or("does not hold an object id (24 hexadecimal digits)"),
        CastTo::Json => json_value(slot).ok_or("does not hold JSON"),
    }
}

fn text(slot: Slot<'_>) -> Slot<'_> {
    if let Slot::Text(_) | Slot::Missing = slot {
        return slot;
    }
    match slot.as_text() {
        Some(text) => Slot::Text(Cow::Owned(text.into_owned())),
        // Lists and objects as their JSON.
        None => Slot::Text(Cow::Owned(slot.into_json().unwrap_or_default().to_string())),
    }
}

fn integer(slot: &Slot<'_>) -> Option<i64> {
    const BOUND: f64 = 9_007_199_254_740_992.0;
    match slot {
        Slot::Integer(n) => Some(*n),
        Slot::Number(n) if n.fract() == 0.0 && n.abs() <= BOUND => Some(*n as i64),
        Slot::Text(text) => match canonical::number(text.trim())? {
            Canonical::Integer(n) => Some(n),
            Canonical::Number(_) => None,
        },
        _ => None,
    }
}

fn number(slot: Slot<'_>) -> Option<Slot<'_>> {
    match slot {
        Slot::Integer(_) | Slot::Number(_) => Some(slot),
        Slot::Text(text) => {
            let text = text.trim();
            canonical::number(text).map(of_canonical).or_else(|| canonical::decimal(text).map(Slot::typed))
        }
        Slot::Json(value) if value.is_number() => Some(Slot::Json(value)),
        _ => None,
    }
}

pub(crate) fn of_canonical(number: Canonical) -> Slot<'static> {
    match number {
        Canonical::Integer(n) => Slot::Integer(n),
        Canonical::Number(n) => Slot::Number(n),
    }
}

fn boolean(slot: &Slot<'_>) -> Option<bool> {
    match slot {
        Slot::Bool(b) => Some(*b),
        Slot::Text(text) => match text.trim() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn decimal(slot: Slot<'_>) -> Option<Slot<'_>> {
    if let Slot::Json(value) = &slot
        && value.get("$numberDecimal").is_some()
    {
        return Some(slot);
    }
    let text = slot.as_text()?;
    let decimal = steward_domain::decimal::decimal(text.trim())?;
    Some(Slot::typed(json!({ "$numberDecimal": decimal.to_string() })))
}

fn object_id(slot: Slot<'_>) -> Option<Slot<'_>> {
    if let Slot::Json(value) = &slot
        && value.get("$oid").is_some()
    {
        return Some(slot);
    }
    let id = bson::oid::ObjectId::parse_str(slot.as_text()?.trim()).ok()?;
    Some(Slot::typed(json!({ "$oid": id.to_hex() })))
}

fn json_value(slot: Slot<'_>) -> Option<Slot<'_>> {
    match slot {
        Slot::Text(text) => serde_json::from_str::<Json>(&text).ok().map(Slot::typed),
        Slot::DateTime(_) | Slot::Missing => None,
        typed => Some(typed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(to: CastTo, text: &str) -> Option<Json> {
        cast(to, Slot::Text(text.into())).ok().and_then(Slot::into_json)
    }

    #[test]
    fn casts_take_only_what_is_written_exactly_so() {
        assert_eq!(of(CastTo::Integer, " 45 "), Some(json!(45)));
        assert_eq!(of(CastTo::Integer, "45.0"), None);
        assert_eq!(cast(CastTo::Integer, Slot::Number(45.0)).unwrap().into_json(), Some(json!(45)));
        assert_eq!(of(CastTo::Number, "0.5"), Some(json!(0.5)));
        assert_eq!(of(CastTo::Number, "1e5"), None);
        assert_eq!(of(CastTo::Boolean, "true"), Some(json!(true)));
        assert_eq!(of(CastTo::Boolean, "yes"), None);
        assert_eq!(of(CastTo::Decimal, "12345678901234567890.10"), Some(json!({"$numberDecimal": "12345678901234567890.10"})));
        for nothing in ["NaN", ".", "++5", "E9", "", "1e", "1234567890123456789012345678901234567890"] {
            assert_eq!(of(CastTo::Decimal, nothing), None, "{nothing}");
        }
        assert_eq!(of(CastTo::Number, "12345678901234567890"), Some(json!({"$numberDecimal": "12345678901234567890"})));
        assert_eq!(of(CastTo::ObjectId, "65A000000000000000000001"), Some(json!({"$oid": "65a000000000000000000001"})));
        assert_eq!(of(CastTo::ObjectId, "65a0"), None);
        assert_eq!(of(CastTo::Json, "{\"a\": [1]}"), Some(json!({"a": [1]})));
        assert_eq!(of(CastTo::Json, "{a}"), None);
    }

    #[test]
    fn everything_has_a_text() {
        assert_eq!(cast(CastTo::Text, Slot::Number(45.0)).unwrap().into_json(), Some(json!("45")));
        assert_eq!(cast(CastTo::Text, Slot::typed(json!({"a": 1}))).unwrap().into_json(), Some(json!("{\"a\":1}")));
    }
}
