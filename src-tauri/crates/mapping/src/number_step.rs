//! The number step: what becomes of the numbers and ranges that were read.

use serde_json::Value as Json;

use crate::casts;
use crate::error::MappingError;
use crate::numbers::{self, Amount, NotNumber, Reading};
use crate::operation::{Outcome, Reason};
use crate::slot::Slot;
use crate::steps::{CastTo, DecimalMark, NumberAs, NumberStep, Percent, RangePart, RangeStep};
use crate::target::Target;

/// A compiled number step.
#[derive(Debug)]
pub(crate) struct Numbers {
    mark: DecimalMark,
    percent: Percent,
    output: NumberAs,
    range: Option<Range>,
}

#[derive(Debug)]
struct Range {
    here: RangePart,
    further: Vec<Further>,
}

/// A target next to the rule's own.
#[derive(Debug)]
pub(crate) struct Further {
    part: Part,
    pub target: Target,
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Number(RangePart),
    Currency,
}

impl Further {
    /// The member of the document that names the target.
    pub fn member(&self) -> &'static str {
        match self.part {
            Part::Number(RangePart::Min) => "min",
            Part::Number(RangePart::Max) => "max",
            Part::Number(RangePart::Mean) => "mean",
            Part::Currency => "currency",
        }
    }
}

impl Range {
    fn new(step: &RangeStep) -> Result<Self, MappingError> {
        let parts = [
            (Part::Number(RangePart::Min), &step.min),
            (Part::Number(RangePart::Max), &step.max),
            (Part::Number(RangePart::Mean), &step.mean),
            (Part::Currency, &step.currency),
        ];
        let mut further = Vec::new();
        for (part, text) in parts {
            let Some(text) = text else { continue };
            let found = Target::parse(text).map(|target| Further { part, target });
            let found = found.and_then(|f| if text.is_empty() { Err(MappingError::new("", "The target is empty.")) } else { Ok(f) });
            let member = Further { part, target: Target::new(Vec::new()) }.member();
            further.push(found.map_err(|e| e.within(&format!("/range/{member}")))?);
        }
        Ok(Self { here: step.here, further })
    }
}

impl Numbers {
    /// `mark` is the mapping's own.
    pub fn new(step: &NumberStep, mark: DecimalMark) -> Result<Self, MappingError> {
        let range = step.range.as_ref().map(Range::new).transpose()?;
        Ok(Self { mark: step.decimal.unwrap_or(mark), percent: step.percent, output: step.output, range })
    }

    pub fn further(&self) -> &[Further] {
        self.range.as_ref().map_or(&[], |range| &range.further)
    }

    pub fn apply<'a>(&'a self, slot: Slot<'a>) -> Result<Outcome<'a>, Reason> {
        let reading = match &slot {
            Slot::Text(text) => numbers::read(text, self.mark).map_err(NotNumber::reason)?,
            Slot::Integer(_) | Slot::Number(_) | Slot::Json(_) => return self.typed(slot).map(Outcome::Value),
            Slot::Missing | Slot::DateTime(_) | Slot::Bool(_) => return Err(NotNumber::NoNumber.reason()),
        };
        match (reading, &self.range) {
            (Reading::One(amount), _) => self.finish(amount).map(|json| Outcome::Value(of_number(json))),
            (Reading::Range(..), None) => Err("holds a range, and the mapping does not say how to convert it"),
            (Reading::Range(low, high), Some(range)) => self.range(range, low, high),
        }
    }

    /// Numbers that are numbers already only change their type.
    fn typed<'a>(&self, slot: Slot<'a>) -> Result<Slot<'a>, Reason> {
        let to = match self.output {
            NumberAs::Number => CastTo::Number,
            NumberAs::Integer => CastTo::Integer,
            NumberAs::Decimal => CastTo::Decimal,
        };
        let reason = if self.output == NumberAs::Integer { NotNumber::NotWhole } else { NotNumber::NoNumber }.reason();
        casts::cast(to, slot).map_err(|_| reason)
    }

    fn finish(&self, amount: Amount) -> Result<Json, Reason> {
        let amount = match (amount.percent, self.percent) {
            (true, Percent::Fraction) => amount.hundredth(),
            (true, Percent::Refuse) => return Err("holds a percentage, which the mapping refuses"),
            (true, Percent::Points) | (false, _) => amount,
        };
        amount.to_json(self.output).map_err(NotNumber::reason)
    }

    fn range<'a>(&'a self, range: &'a Range, low: Amount, high: Amount) -> Result<Outcome<'a>, Reason> {
        let part = |part: RangePart| match part {
            RangePart::Mean => self.finish(low.mean(&high).map_err(NotNumber::reason)?),
            RangePart::Min => self.finish(low),
            RangePart::Max => self.finish(high),
        };
        let mut values = Vec::with_capacity(range.further.len());
        for further in &range.further {
            let value = match further.part {
                Part::Number(which) => part(which)?,
                Part::Currency if low.currency.is_empty() => continue,
                Part::Currency => Json::from(low.currency),
            };
            values.push((&further.target, value));
        }
        Ok(Outcome::Range(of_number(part(range.here)?), values))
    }
}

fn of_number<'a>(json: Json) -> Slot<'a> {
    json.as_i64().map_or_else(|| Slot::typed(json), Slot::Integer)
}
