//! Dates in digits at fixed places, such as `%d/%m/%Y %H:%M`: what fits them says the same to the library, which takes longer.

use chrono::format::{Item, Numeric, Pad};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use crate::dates::Timestamp;

/// A pattern whose parts all have one length.
#[derive(Debug)]
pub(crate) struct Digits {
    /// Where year, month, day, hour, minute and second begin.
    places: [Option<usize>; 6],
    /// Each other byte, with its place.
    between: Vec<(usize, u8)>,
    length: usize,
}

impl Digits {
    /// `None` for other patterns.
    pub fn new(items: &[Item<'_>]) -> Option<Self> {
        let mut out = Self { places: [None; 6], between: Vec::new(), length: 0 };
        for item in items {
            let part = match item {
                Item::Numeric(Numeric::Year, Pad::Zero) => 0,
                Item::Numeric(Numeric::Month, Pad::Zero) => 1,
                Item::Numeric(Numeric::Day, Pad::Zero) => 2,
                Item::Numeric(Numeric::Hour, Pad::Zero) => 3,
                Item::Numeric(Numeric::Minute, Pad::Zero) => 4,
                Item::Numeric(Numeric::Second, Pad::Zero) => 5,
                Item::Literal(text) | Item::Space(text) => {
                    out.between.extend(text.bytes().enumerate().map(|(at, byte)| (out.length + at, byte)));
                    out.length += text.len();
                    continue;
                }
                Item::OwnedLiteral(text) | Item::OwnedSpace(text) => {
                    out.between.extend(text.bytes().enumerate().map(|(at, byte)| (out.length + at, byte)));
                    out.length += text.len();
                    continue;
                }
                _ => return None,
            };
            if out.places[part].replace(out.length).is_some() {
                return None;
            }
            out.length += if part == 0 { 4 } else { 2 };
        }
        let [year, month, day, hour, minute, second] = out.places.map(|place| place.is_some());
        (year && month && day && hour == minute && (hour || !second)).then_some(out)
    }

    /// `None` where the text is no date in these digits, or one that the library takes in a way of its own.
    pub fn read(&self, text: &str) -> Option<Timestamp> {
        let bytes = text.as_bytes();
        if bytes.len() != self.length || self.between.iter().any(|(at, byte)| bytes[*at] != *byte) {
            return None;
        }
        let number = |at: usize, length: usize| {
            let digits = bytes.get(at..at + length)?;
            digits.iter().try_fold(0_u32, |n, d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')))
        };
        let [year, month, day, hour, minute, second] = self.places;
        let year = i32::try_from(number(year?, 4)?).ok().filter(|year| *year >= 1000)?;
        let date = NaiveDate::from_ymd_opt(year, number(month?, 2)?, number(day?, 2)?)?;
        let clock = |place: Option<usize>| place.map_or(Some(0), |at| number(at, 2));
        let time = NaiveTime::from_hms_opt(clock(hour)?, clock(minute)?, clock(second)?)?;
        Some(Timestamp { local: date.and_time(time), offset: None, day_only: hour.is_none() })
    }
}

/// `2026-01-31T12:00:00Z`, for the years 0 to 9999.
pub(crate) fn written(utc: NaiveDateTime) -> String {
    let mut out = String::from("0000-00-00T00:00:00Z").into_bytes();
    let (year, mut put) = (utc.year().unsigned_abs(), |at: usize, n: u32| {
        out[at] += (n / 10 % 10) as u8;
        out[at + 1] += (n % 10) as u8;
    });
    put(0, year / 100);
    put(2, year);
    put(5, utc.month());
    put(8, utc.day());
    put(11, utc.hour());
    put(14, utc.minute());
    put(17, utc.second());
    // Digits are ASCII.
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::format::StrftimeItems;
    use chrono::{DateTime, SecondsFormat, Utc};
    use proptest::prelude::*;

    use super::*;

    fn digits(pattern: &str) -> Option<Digits> {
        Digits::new(&StrftimeItems::new(pattern).parse_to_owned().unwrap())
    }

    #[test]
    fn only_whole_dates_in_digits_at_fixed_places_are_read_here() {
        for pattern in ["%d/%m/%Y %H:%M", "%Y-%m-%d", "%Y%m%d%H%M%S", "%H:%M:%S, %d.%m.%Y", "%Y年%m月%d日"] {
            assert!(digits(pattern).is_some(), "{pattern}");
        }
        for pattern in ["%d/%m/%y", "%e.%m.%Y", "%-d.%m.%Y", "%d %b %Y", "%Y-%m-%d %H", "%Y-%m-%d %S", "%Y-%m", "%Y-%m-%d %d", "%I:%M %p"] {
            assert!(digits(pattern).is_none(), "{pattern}");
        }
        let read = |text: &str| digits("%d/%m/%Y %H:%M").unwrap().read(text);
        assert_eq!(read("31/01/2026 23:59").unwrap().local.to_string(), "2026-01-31 23:59:00");
        for text in
            ["31/02/2026 23:59", "1/01/2026 23:59", "31/01/2026 24:00", "31-01-2026 23:59", "31/01/0026 23:59", "+1/01/2026 23:59", ""]
        {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(digits("%Y-%m-%d").unwrap().read("2026-01-31").unwrap().day_only);
    }

    proptest! {
        /// The library reads and writes the same.
        #[test]
        fn as_the_library(seconds in -62_167_219_200_i64..253_402_300_800) {
            let timestamp = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
            prop_assert_eq!(written(timestamp.naive_utc()), timestamp.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            for pattern in ["%d/%m/%Y %H:%M:%S", "%Y%m%d%H%M%S"] {
                let text = timestamp.format(pattern).to_string();
                let read = digits(pattern).unwrap().read(&text).map(|read| read.local);
                prop_assert_eq!(read, Some(timestamp.naive_utc()).filter(|utc| utc.year() >= 1000), "{}", text);
            }
        }
    }
}
