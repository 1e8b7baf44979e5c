//! Dates and times: ISO 8601, strftime patterns, spreadsheet serial numbers and Unix epochs, in named time zones.

use chrono::format::{Fixed, Item, Numeric, Parsed, StrftimeItems, parse};
use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, SecondsFormat, TimeDelta, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;
use serde_json::{Value as Json, json};

use crate::digits::{self, Digits};
use crate::error::MappingError;
use crate::slot::Slot;
use crate::steps::{DateAs, DateStep};

/// A compiled date step.
#[derive(Debug)]
pub(crate) struct Dates {
    formats: Vec<Format>,
    zone: Zone,
    output: DateAs,
}

#[derive(Debug)]
enum Format {
    Iso,
    /// Days since the serial number 0 of a spreadsheet.
    Serial {
        since_1904: bool,
    },
    /// Units in a second.
    Epoch(i64),
    Pattern {
        items: Vec<Item<'static>>,
        /// `%Y` alone would take "24" for the year 24.
        full_year: bool,
        /// The same for texts that are filled up with zeros, as most are: tried first.
        digits: Option<Digits>,
        /// The first year that two digits can mean.
        years_from: i32,
    },
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Zone {
    Named(Tz),
    Fixed(FixedOffset),
}

/// A date and time as written, with the offset if it says one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Timestamp {
    pub local: NaiveDateTime,
    pub offset: Option<FixedOffset>,
    /// No time is written: midnight is in.
    pub day_only: bool,
}

/// Why a value is not taken as a date. The sentence goes on after the name of the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotDate {
    NoDate,
    Skipped,
    Repeated,
    OutOfRange,
}

impl NotDate {
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoDate => "does not hold a date in one of the stated formats",
            Self::Skipped => "holds a time that the clocks of its zone skip",
            Self::Repeated => "holds a time that comes twice in its zone, when clocks are restored",
            Self::OutOfRange => "holds a date beyond the years 0 to 9999",
        }
    }
}

impl Zone {
    pub fn parse(name: &str) -> Option<Self> {
        match name.parse::<Tz>() {
            Ok(Tz::UTC) => Some(Self::utc()),
            Ok(zone) => Some(Self::Named(zone)),
            Err(_) => name.parse::<FixedOffset>().ok().map(Self::Fixed),
        }
    }

    /// Its clocks are never restored: no table has to be looked at.
    pub fn utc() -> Self {
        Self::Fixed(Utc.fix())
    }

    fn resolve(self, local: NaiveDateTime) -> Result<DateTime<FixedOffset>, NotDate> {
        use chrono::MappedLocalTime as L;
        let found = match self {
            Self::Named(zone) => zone.from_local_datetime(&local).map(|t| t.fixed_offset()),
            Self::Fixed(offset) => offset.from_local_datetime(&local),
        };
        match found {
            L::Single(time) => Ok(time),
            L::None => Err(NotDate::Skipped),
            L::Ambiguous(..) => Err(NotDate::Repeated),
        }
    }
}

impl Dates {
    /// `zone` is the mapping's own.
    pub fn new(step: &DateStep, zone: Zone) -> Result<Self, MappingError> {
        let zone = match &step.zone {
            Some(name) => Zone::parse(name).ok_or_else(|| unknown_zone(name).within("/zone"))?,
            None => zone,
        };
        let mut formats = Vec::with_capacity(step.formats.len().max(1));
        for (i, format) in step.formats.iter().enumerate() {
            formats.push(Format::parse(format, step.years_from.unwrap_or(YEARS_FROM)).map_err(|e| e.within(&format!("/formats/{i}")))?);
        }
        if formats.is_empty() {
            formats.push(Format::Iso);
        }
        Ok(Self { formats, zone, output: step.output })
    }

    pub fn read(&self, slot: &Slot<'_>) -> Result<Json, NotDate> {
        let timestamp = match slot {
            Slot::DateTime(text) => iso(text),
            Slot::Integer(n) => self.formats.iter().find_map(|f| f.of_number(*n as f64)),
            Slot::Number(n) => self.formats.iter().find_map(|f| f.of_number(*n)),
            // A BSON date of a JSON row.
            Slot::Json(value) if value.is_object() => {
                steward_domain::value::from_ext(value.as_ref().clone()).ok().and_then(|v| v.as_datetime().copied().and_then(of_bson))
            }
            other => other.as_text().and_then(|text| self.formats.iter().find_map(|f| f.of_text(text.trim()))),
        };
        self.write(timestamp.ok_or(NotDate::NoDate)?)
    }

    /// A whole second that is written in UTC already.
    fn as_utc(&self, timestamp: Timestamp) -> Option<String> {
        let written = match (timestamp.offset, self.zone) {
            (Some(offset), _) | (None, Zone::Fixed(offset)) => offset.local_minus_utc() == 0,
            (None, Zone::Named(_)) => false,
        };
        (written && timestamp.local.nanosecond() == 0).then(|| digits::written(timestamp.local))
    }

    fn write(&self, timestamp: Timestamp) -> Result<Json, NotDate> {
        if !(0..=9999).contains(&timestamp.local.year()) {
            return Err(NotDate::OutOfRange);
        }
        if self.output == DateAs::Day {
            return Ok(Json::String(timestamp.local.date().to_string()));
        }
        if let (Some(text), DateAs::Utc) = (self.as_utc(timestamp), self.output) {
            return Ok(Json::String(text));
        }
        let time = match timestamp.offset {
            Some(offset) => Zone::Fixed(offset).resolve(timestamp.local)?,
            None => self.zone.resolve(timestamp.local)?,
        };
        let utc = time.with_timezone(&Utc);
        if !(0..=9999).contains(&utc.year()) {
            return Err(NotDate::OutOfRange);
        }
        Ok(match self.output {
            DateAs::Offset => Json::String(time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            DateAs::Bson if utc.year() >= 1970 => {
                let utc = utc - TimeDelta::nanoseconds(i64::from(utc.timestamp_subsec_nanos() % 1_000_000));
                json!({ "$date": utc.to_rfc3339_opts(SecondsFormat::AutoSi, true) })
            }
            // Relaxed Extended JSON writes years before 1970 as milliseconds.
            DateAs::Bson => json!({ "$date": { "$numberLong": utc.timestamp_millis().to_string() } }),
            DateAs::Utc | DateAs::Day => Json::String(utc.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        })
    }
}

pub(crate) fn unknown_zone(name: &str) -> MappingError {
    MappingError::new("", format!("There is no time zone '{name}'.")).hint("Use a name such as Europe/Berlin, or an offset such as +02:00.")
}

fn of_bson(date: bson::DateTime) -> Option<Timestamp> {
    let utc = DateTime::<Utc>::from_timestamp_millis(date.timestamp_millis())?;
    Some(Timestamp { local: utc.naive_utc(), offset: FixedOffset::east_opt(0), day_only: false })
}

impl Format {
    fn parse(text: &str, years_from: i32) -> Result<Self, MappingError> {
        Ok(match text {
            "iso" => Self::Iso,
            "excel" => Self::Serial { since_1904: false },
            "excel1904" => Self::Serial { since_1904: true },
            "epochSeconds" => Self::Epoch(1),
            "epochMilliseconds" => Self::Epoch(1000),
            _ => return pattern(text, years_from),
        })
    }

    fn of_number(&self, number: f64) -> Option<Timestamp> {
        match self {
            Self::Serial { since_1904 } => serial(number, *since_1904),
            Self::Epoch(units) => epoch(number, *units),
            // 20240301 as a number is a day, too.
            Self::Iso | Self::Pattern { .. } => self.of_text(&number.to_string()),
        }
    }

    fn of_text(&self, text: &str) -> Option<Timestamp> {
        match self {
            Self::Iso => iso(text),
            Self::Serial { .. } | Self::Epoch(_) => match crate::canonical::number(text)? {
                crate::canonical::Canonical::Integer(n) => self.of_number(n as f64),
                crate::canonical::Canonical::Number(n) => self.of_number(n),
            },
            Self::Pattern { items, full_year, digits, years_from } => {
                let read = digits.as_ref().and_then(|digits| digits.read(text));
                read.or_else(|| by_pattern(text, items, *full_year, *years_from))
            }
        }
    }
}

/// Compiles a pattern, and makes sure that it says the whole date.
fn pattern(text: &str, years_from: i32) -> Result<Format, MappingError> {
    let wrong =
        |what: &str| Err(MappingError::new("", format!("The date format '{text}' {what}.")).hint("Such as %d.%m.%Y or %Y-%m-%d %H:%M:%S."));
    if !text.contains('%') {
        return wrong("is not known");
    }
    let Ok(items) = StrftimeItems::new(text).parse_to_owned() else {
        return wrong("has a part that is not known");
    };
    if items.iter().any(|i| matches!(i, Item::Fixed(Fixed::TimezoneName) | Item::Numeric(Numeric::Timestamp, _))) {
        return wrong("has a part that cannot be read back: use %z for offsets, epochSeconds for %s");
    }
    let full_year = items.iter().any(|i| matches!(i, Item::Numeric(Numeric::Year | Numeric::IsoYear, _)));
    let sample = DateTime::from_timestamp(1_709_287_445, 0).unwrap_or_default().fixed_offset();
    let written = sample.format_with_items(items.iter()).to_string();
    match by_pattern(&written, &items, full_year, 1970) {
        Some(timestamp) if timestamp.local.date() == sample.date_naive() => {
            let digits = Digits::new(&items);
            Ok(Format::Pattern { items, full_year, digits, years_from })
        }
        _ => wrong("does not say a whole date"),
    }
}

/// The first year that two digits mean where nobody says another one: as spreadsheets have it.
pub(crate) const YEARS_FROM: i32 = 1930;

/// A pattern takes years of two digits.
pub(crate) fn has_short_years(format: &str) -> bool {
    let items = |item| matches!(item, Item::Numeric(Numeric::YearMod100 | Numeric::IsoYearMod100, _));
    format.contains('%') && StrftimeItems::new(format).any(items)
}

fn by_pattern(text: &str, items: &[Item<'_>], full_year: bool, years_from: i32) -> Option<Timestamp> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, items.iter()).ok()?;
    if let (Some(short), None, None) = (parsed.year_mod_100(), parsed.year(), parsed.year_div_100()) {
        let year = years_from + (short - years_from).rem_euclid(100);
        parsed.set_year_div_100(i64::from(year / 100)).ok()?;
    }
    let date = parsed.to_naive_date().ok()?;
    if full_year && date.year() < 1000 {
        return None;
    }
    let day_only = parsed.hour_mod_12().is_none() && parsed.hour_div_12().is_none();
    let time = if day_only { NaiveTime::MIN } else { parsed.to_naive_time().ok()? };
    Some(Timestamp { local: date.and_time(time), offset: parsed.to_fixed_offset().ok(), day_only })
}

/// ISO 8601 in its usual forms: `2024-03-01`, `2024-03-01T10:00`, `2024-03-01 10:00:00.5+01:00`, `20240301`, `20240301T100000Z`.
pub(crate) fn iso(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| {
        let digits = bytes.get(range)?;
        digits.iter().try_fold(0_u32, |n, d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')))
    };
    let dashes = bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    let (month, day, rest) = if dashes { (5, 8, 10) } else { (4, 6, 8) };
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0..4)?).ok()?, number(month..month + 2)?, number(day..day + 2)?)?;
    if bytes.len() == rest {
        return Some(Timestamp { local: date.and_time(NaiveTime::MIN), offset: None, day_only: true });
    }
    if !matches!(bytes[rest], b'T' | b't' | b' ') {
        return None;
    }
    let (time, offset) = iso_time(text.get(rest + 1..)?)?;
    Some(Timestamp { local: date.and_time(time), offset, day_only: false })
}

/// `10:00`, `10:00:00.123Z`, `100000+0100`
fn iso_time(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let end = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, offset) = text.split_at(end);
    let clock = clock.trim_end();
    let (whole, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let (hour, minute, second) = clock_parts(whole)?;
    if clock.len() > whole.len() && (fraction.is_empty() || whole.len() < 6 || fraction.len() > 9) {
        return None;
    }
    let mut nanos = 0;
    for digit in fraction.bytes().chain(std::iter::repeat(b'0')).take(9) {
        nanos = nanos * 10 + u32::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?;
    let offset = match offset {
        "" => None,
        "Z" | "z" => FixedOffset::east_opt(0),
        other => Some(iso_offset(other)?),
    };
    Some((time, offset))
}

fn clock_parts(text: &str) -> Option<(u32, u32, u32)> {
    let two = |at: usize| match text.as_bytes().get(at..at + 2)? {
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    };
    let colon = |at: usize| (text.as_bytes().get(at) == Some(&b':')).then_some(());
    match text.len() {
        4 => Some((two(0)?, two(2)?, 0)),
        5 => colon(2).and(Some((two(0)?, two(3)?, 0))),
        6 => Some((two(0)?, two(2)?, two(4)?)),
        8 => colon(2).and(colon(5)).and(Some((two(0)?, two(3)?, two(6)?))),
        _ => None,
    }
}

/// `+01`, `+0100`, `+01:00`
fn iso_offset(text: &str) -> Option<FixedOffset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.get(1..)?;
    let (hours, minutes, _) = match digits.len() {
        2 => clock_parts(&format!("{digits}00"))?,
        4 | 5 => clock_parts(digits)?,
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(sign * i32::try_from(hours * 3600 + minutes * 60).ok()?)
}

/// Serial numbers of spreadsheets, to the millisecond. Since 1900 they count a 29 February 1900 that never was.
fn serial(number: f64, since_1904: bool) -> Option<Timestamp> {
    // 31 December 9999
    if !(0.0..2_958_466.0).contains(&number) {
        return None;
    }
    let days = number.floor() as i64;
    let epoch = match days {
        _ if since_1904 => NaiveDate::from_ymd_opt(1904, 1, 1)?,
        0 | 60 => return None,
        1..60 => NaiveDate::from_ymd_opt(1899, 12, 31)?,
        _ => NaiveDate::from_ymd_opt(1899, 12, 30)?,
    };
    let milliseconds = (number.fract() * 86_400_000.0).round() as i64;
    let date = epoch.checked_add_signed(TimeDelta::days(days))?.and_time(NaiveTime::MIN);
    let local = date.checked_add_signed(TimeDelta::milliseconds(milliseconds))?;
    Some(Timestamp { local, offset: None, day_only: number.fract() == 0.0 })
}

fn epoch(number: f64, units: i64) -> Option<Timestamp> {
    // Beyond 2^53 a double skips whole numbers.
    if number.abs() > 9.0e15 {
        return None;
    }
    let milliseconds = (number * (1000 / units) as f64).round() as i64;
    let utc = DateTime::<Utc>::from_timestamp_millis(milliseconds)?;
    Some(Timestamp { local: utc.naive_utc(), offset: FixedOffset::east_opt(0), day_only: false })
}

/// Whether a pattern or name reads this text, for guessing the format of a column.
pub(crate) struct Probe(Format);

impl Probe {
    pub fn new(format: &str) -> Option<Self> {
        Format::parse(format, YEARS_FROM).ok().map(Self)
    }

    pub fn reads(&self, text: &str) -> Option<Timestamp> {
        self.0.of_text(text.trim())
    }
}
