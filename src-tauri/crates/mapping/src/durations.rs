//! The duration step: lengths of time as people, sheets and ISO 8601 write them.
//!
//! Months and years are refused: they have no fixed length.

use serde_json::Value as Json;

use crate::numbers::{Amount, NotNumber};
use crate::operation::Reason;
use crate::slot::Slot;
use crate::steps::{DurationAs, DurationStep, DurationUnit, NumberAs};

/// A compiled duration step.
#[derive(Debug)]
pub(crate) struct Durations {
    output: DurationAs,
    unit: Option<DurationUnit>,
}

const NONE: Reason = "does not hold a duration such as 60 min, 1h 30m, 1:30 or PT90M";
const BARE: Reason = "holds a number without a unit; the mapping can say which unit it has";
const ENDLESS: Reason = "holds a duration that is no exact number of the unit that is wanted";

impl DurationUnit {
    fn seconds(self) -> i64 {
        match self {
            Self::Seconds => 1,
            Self::Minutes => 60,
            Self::Hours => 3600,
            Self::Days => 86_400,
            Self::Weeks => 604_800,
        }
    }

    /// By the words and signs that people write.
    fn of(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().trim_end_matches('.') {
            "s" | "sec" | "secs" | "second" | "seconds" => Self::Seconds,
            "m" | "min" | "mins" | "minute" | "minutes" => Self::Minutes,
            "h" | "hr" | "hrs" | "hour" | "hours" => Self::Hours,
            "d" | "day" | "days" => Self::Days,
            "w" | "wk" | "wks" | "week" | "weeks" => Self::Weeks,
            _ => return None,
        })
    }
}

impl Durations {
    pub fn new(step: &DurationStep) -> Self {
        Self { output: step.output, unit: step.unit }
    }

    pub fn read<'a>(&self, slot: Slot<'a>) -> Result<Slot<'a>, Reason> {
        let text = match &slot {
            Slot::Text(_) | Slot::Integer(_) | Slot::Number(_) | Slot::Json(_) => slot.as_text().ok_or(NONE)?,
            Slot::Missing | Slot::DateTime(_) | Slot::Bool(_) => return Err(NONE),
        };
        let seconds = self.seconds(text.trim())?;
        let by = match self.output {
            DurationAs::Iso => return iso(seconds).map(|text| Slot::Text(text.into())),
            DurationAs::Seconds => 1,
            DurationAs::Minutes => 60,
            DurationAs::Hours => 3600,
            DurationAs::Days => 86_400,
        };
        let json: Json = seconds.part(by).ok_or(ENDLESS)?.to_json(NumberAs::Number).map_err(NotNumber::reason)?;
        Ok(json.as_i64().map_or_else(|| Slot::typed(json), Slot::Integer))
    }

    fn seconds(&self, text: &str) -> Result<Amount, Reason> {
        if let Some(amount) = number(text) {
            return of(amount, self.unit.ok_or(BARE)?);
        }
        if text.starts_with(['P', 'p']) {
            return parts(text).ok_or(NONE);
        }
        if text.contains(':') {
            return clock(text).ok_or(NONE);
        }
        words(text).ok_or(NONE)
    }
}

/// Digits with a point or without; durations have no sign.
fn number(text: &str) -> Option<Amount> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if plain { Amount::plain(text) } else { None }
}

fn of(amount: Amount, unit: DurationUnit) -> Result<Amount, Reason> {
    amount.times(Amount::from(unit.seconds())).map_err(NotNumber::reason)
}

fn sum(all: impl IntoIterator<Item = Option<(Amount, DurationUnit)>>) -> Option<Amount> {
    let mut total = None;
    for one in all {
        let (amount, unit) = one?;
        let seconds = of(amount, unit).ok()?;
        total = Some(match total {
            None => seconds,
            Some(before) => seconds.plus(before).ok()?,
        });
    }
    total
}

/// `1:30` is an hour and a half, `1:30:15` has seconds.
fn clock(text: &str) -> Option<Amount> {
    let units = [DurationUnit::Hours, DurationUnit::Minutes, DurationUnit::Seconds];
    let parts: Vec<&str> = text.split(':').collect();
    let whole = |part: &str, at: usize| match at {
        0 => part.bytes().all(|b| b.is_ascii_digit()),
        2 => part.split('.').next().is_some_and(|p| p.len() == 2 && p < "60"),
        _ => part.len() == 2 && part < "60" && part.bytes().all(|b| b.is_ascii_digit()),
    };
    if !(2..=3).contains(&parts.len()) || !parts.iter().enumerate().all(|(at, part)| whole(part, at)) {
        return None;
    }
    sum(parts.iter().zip(units).map(|(part, unit)| Some((number(part)?, unit))))
}

/// `1h 30m`, `1 hour, 30 minutes`, `90 min`: the units fall, and none comes twice.
fn words(text: &str) -> Option<Amount> {
    let mut rest = text;
    let mut found: Vec<(Amount, DurationUnit)> = Vec::new();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (amount, after) = (number(&rest[..digits])?, rest[digits..].trim_start());
        let end = after.find(|c: char| !c.is_alphabetic() && c != '.').unwrap_or(after.len());
        let unit = DurationUnit::of(&after[..end])?;
        if found.last().is_some_and(|(_, before)| before.seconds() <= unit.seconds()) {
            return None;
        }
        found.push((amount, unit));
        let next = after[end..].trim_start();
        rest = next.strip_prefix(',').or_else(|| next.strip_prefix("and ")).unwrap_or(next).trim_start();
    }
    sum(found.into_iter().map(Some))
}

/// `P1DT2H30M15.5S`, `P2W`. After [ISO 8601-1:2019, 5.5.2], without months and years.
fn parts(text: &str) -> Option<Amount> {
    let upper = text.to_ascii_uppercase();
    let (days, time) = upper[1..].split_once('T').map_or((&upper[1..], None), |(days, time)| (days, Some(time)));
    let mut found: Vec<(Amount, DurationUnit)> = Vec::new();
    let dated: [(char, DurationUnit); 2] = [('W', DurationUnit::Weeks), ('D', DurationUnit::Days)];
    let timed = [('H', DurationUnit::Hours), ('M', DurationUnit::Minutes), ('S', DurationUnit::Seconds)];
    take(days, &dated, &mut found)?;
    if let Some(time) = time.filter(|time| !time.is_empty()) {
        take(time, &timed, &mut found)?;
    } else if time.is_some() {
        return None;
    }
    sum(found.into_iter().map(Some))
}

fn take(text: &str, units: &[(char, DurationUnit)], found: &mut Vec<(Amount, DurationUnit)>) -> Option<()> {
    let mut rest = text;
    let mut units = units.iter();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let sign = rest[end..].chars().next()?;
        let (_, unit) = units.by_ref().find(|(of, _)| *of == sign)?;
        found.push((number(&rest[..end])?, *unit));
        rest = &rest[end + 1..];
    }
    Some(())
}

/// Hours, minutes and seconds; days have no sign of their own here, since a day of a calendar is not always 24 hours.
fn iso(seconds: Amount) -> Result<String, Reason> {
    let text = seconds.plainly().ok_or(NONE)?;
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole: u64 = whole.parse().map_err(|_| NONE)?;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    let mut out = String::from("PT");
    if hours > 0 {
        out += &format!("{hours}H");
    }
    if minutes > 0 {
        out += &format!("{minutes}M");
    }
    if !fraction.is_empty() {
        out += &format!("{rest}.{fraction}S");
    } else if rest > 0 || whole == 0 {
        out += &format!("{rest}S");
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(output: DurationAs, unit: Option<DurationUnit>, value: Slot<'_>) -> Result<Json, Reason> {
        Durations::new(&DurationStep { output, unit }).read(value).map(|slot| slot.into_json().unwrap())
    }

    fn minutes(text: &str) -> Result<Json, Reason> {
        read(DurationAs::Minutes, None, Slot::Text(text.to_owned().into()))
    }

    #[test]
    fn durations_are_read_in_every_form() {
        for text in [
            "90 min",
            "90min",
            "1h 30m",
            "1 hour, 30 minutes",
            "1.5 hrs",
            "1:30",
            "1:30:00",
            "PT90M",
            "PT1H30M",
            "pt1.5h",
            "5400 s",
            "1 hr and 30 min.",
        ] {
            assert_eq!(minutes(text), Ok(json!(90)), "{text}");
        }
        assert_eq!(minutes("P1DT1M"), Ok(json!(1441)));
        assert_eq!(minutes("2 weeks"), Ok(json!(20_160)));
        assert_eq!(minutes("45 s"), Ok(json!(0.75)));
        assert_eq!(read(DurationAs::Hours, Some(DurationUnit::Minutes), Slot::Integer(90)), Ok(json!(1.5)));
        assert_eq!(read(DurationAs::Minutes, Some(DurationUnit::Hours), Slot::typed(json!(1.5))), Ok(json!(90)));
        assert_eq!(read(DurationAs::Days, Some(DurationUnit::Hours), Slot::Number(1.5)), Ok(json!(0.0625)));
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        for text in
            ["", "soon", "1 month", "P1M", "P1Y", "-5 min", "30m 1h", "1h 2h", "1:75", "1:5", "PT", "P", "1:30 min", "1 h x", "1..5 h"]
        {
            assert!(minutes(text).is_err(), "{text}: {:?}", minutes(text));
        }
        assert_eq!(minutes("90"), Err(BARE));
        assert_eq!(read(DurationAs::Hours, None, Slot::Text("100 s".into())), Err(ENDLESS));
        for value in [Slot::Bool(true), Slot::typed(json!(null)), Slot::typed(json!(true)), Slot::typed(json!(["1h"]))] {
            assert_eq!(read(DurationAs::Iso, None, value.clone()), Err(NONE), "{value:?}");
        }
    }

    #[test]
    fn iso_texts_have_hours_minutes_and_seconds() {
        for (text, expected) in [("90 min", "PT1H30M"), ("2 days", "PT48H"), ("0 s", "PT0S"), ("1.25 s", "PT1.25S"), ("1:00:05", "PT1H5S")]
        {
            assert_eq!(read(DurationAs::Iso, None, Slot::Text(text.into())), Ok(json!(expected)), "{text}");
        }
    }

    proptest! {
        /// What is written as ISO 8601 is read back as the same number of seconds.
        #[test]
        fn iso_comes_back(seconds in 0_i64..10_000_000, thousandths in 0_i64..1000) {
            let given = format!("{seconds}.{thousandths:03} s");
            let there = read(DurationAs::Iso, None, Slot::Text(given.clone().into())).unwrap();
            let back = read(DurationAs::Seconds, None, Slot::of_json(&there)).unwrap();
            prop_assert_eq!(back, read(DurationAs::Seconds, None, Slot::Text(given.into())).unwrap());
        }
    }
}
