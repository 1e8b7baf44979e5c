//! The calculate step: a number times another one, plus a third. Exact: a result that no number holds is a violation.

use serde_json::Value as Json;

use crate::casts;
use crate::error::MappingError;
use crate::numbers::{Amount, NotNumber};
use crate::operation::Reason;
use crate::slot::Slot;
use crate::steps::{CalculateStep, CastTo, NumberAs};

/// A compiled calculate step.
#[derive(Debug)]
pub(crate) struct Calculation {
    multiply: Option<Amount>,
    add: Option<Amount>,
}

impl Calculation {
    pub fn new(step: &CalculateStep) -> Result<Self, MappingError> {
        let read = |member: &str, text: &Option<String>| {
            let number = |text: &String| {
                Amount::plain(text)
                    .ok_or_else(|| MappingError::new(format!("/{member}"), format!("'{text}' is not a plain number such as 0.45.")))
            };
            text.as_ref().map(number).transpose()
        };
        Ok(Self { multiply: read("multiply", &step.multiply)?, add: read("add", &step.add)? })
    }

    /// Decimals stay decimals; other numbers become whole numbers where they are, else doubles.
    pub fn apply<'a>(&self, slot: Slot<'a>) -> Result<Slot<'a>, Reason> {
        const NONE: Reason = "does not hold a number, written plainly; a number step before this one reads other forms";
        let exact = match &slot {
            Slot::Json(value) => value.get("$numberDecimal").and_then(Json::as_str).map(str::to_owned),
            _ => None,
        };
        let (text, output) = match exact {
            Some(text) => (text, NumberAs::Decimal),
            None => {
                let number = casts::cast(CastTo::Number, slot).map_err(|_| NONE)?;
                (number.as_text().ok_or(NONE)?.into_owned(), NumberAs::Number)
            }
        };
        let amount = Amount::plain(&text).ok_or(NONE)?;
        let result = self.multiply.map_or(Ok(amount), |by| amount.times(by));
        let result = result.and_then(|amount| self.add.map_or(Ok(amount), |more| amount.plus(more)));
        let json = result.and_then(|amount| amount.to_json(output)).map_err(NotNumber::reason)?;
        Ok(json.as_i64().map_or_else(|| Slot::typed(json), Slot::Integer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn calculated(multiply: &str, add: &str, value: Slot<'_>) -> Result<Json, Reason> {
        let given = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        let step = CalculateStep { multiply: given(multiply), add: given(add) };
        Calculation::new(&step).unwrap().apply(value).map(|slot| slot.into_json().unwrap())
    }

    #[test]
    fn results_are_those_on_paper() {
        for (multiply, add, value, expected) in [
            ("1000", "", Slot::Number(86.5), json!(86_500)),
            ("0.1", "0.2", Slot::Integer(1), json!(0.3)),
            ("-1", "", Slot::Integer(7), json!(-7)),
            ("1.8", "32", Slot::Number(36.6), json!(97.88)),
            ("", "273.15", Slot::Text("-0.15".into()), json!(273)),
            ("0.01", "", Slot::typed(json!({"$numberDecimal": "1.10"})), json!({"$numberDecimal": "0.011"})),
        ] {
            assert_eq!(calculated(multiply, add, value), Ok(expected), "x {multiply} + {add}");
        }
    }

    #[test]
    fn what_is_no_number_or_has_too_many_digits_is_refused() {
        assert!(calculated("2", "", Slot::Text("$86k".into())).unwrap_err().contains("number step before"));
        assert!(calculated("2", "", Slot::Number(f64::NAN)).is_err());
        assert!(calculated("2", "", Slot::Bool(true)).is_err());
        assert!(calculated("1.2345678901", "", Slot::Number(0.123_456_789_012_345)).unwrap_err().contains("more digits"));
        assert!(Calculation::new(&CalculateStep { multiply: Some("a half".into()), add: None }).is_err());
    }

    proptest! {
        /// A thousandth of a thousand times a number is the number.
        #[test]
        fn scales_are_reversed(n in -1_000_000_000_i64..1_000_000_000) {
            let there = calculated("0.001", "-4", Slot::Integer(n)).unwrap();
            let back = calculated("1000", "4000", Slot::of_json(&there)).unwrap();
            prop_assert_eq!(back, json!(n));
        }
    }
}
