//! Values of cells as JSON: dates and times as ISO 8601 writes them, spans as durations.

use calamine::{Data, DataType};
use serde_json::Value as Json;

use crate::cells::UNCOMPUTED;

/// Seconds of a day.
const SECONDS: f64 = 86_400.0;

/// To the millisecond: serial numbers of days do not hold more.
fn clock(seconds: f64) -> (u64, u64, u64, u64) {
    let all = (seconds.abs() * 1000.0).round() as u64;
    (all / 3_600_000, all / 60_000 % 60, all / 1000 % 60, all % 1000)
}

fn with_thousandths(seconds: u64, thousandths: u64, width: usize) -> String {
    let whole = format!("{seconds:0width$}");
    if thousandths == 0 { whole } else { format!("{whole}.{thousandths:03}").trim_end_matches('0').to_owned() }
}

/// `18:00:00`
fn time_of_day(seconds: f64) -> String {
    let (hours, minutes, seconds, thousandths) = clock(seconds);
    // What rounds up to the next day is its last moment.
    if hours > 23 {
        return "23:59:59.999".into();
    }
    format!("{hours:02}:{minutes:02}:{}", with_thousandths(seconds, thousandths, 2))
}

/// A duration as ISO 8601 writes it, in hours as a sheet shows it: `PT36H`, `-PT6H30M`.
fn span(seconds: f64) -> String {
    let (hours, minutes, rest, thousandths) = clock(seconds);
    let part = |n: u64, unit: &str| if n == 0 { String::new() } else { format!("{n}{unit}") };
    let rest = if rest + thousandths == 0 { String::new() } else { format!("{}S", with_thousandths(rest, thousandths, 1)) };
    let text = format!("{}{}{rest}", part(hours, "H"), part(minutes, "M"));
    let sign = if seconds < 0.0 && !text.is_empty() { "-" } else { "" };
    if text.is_empty() { "PT0S".into() } else { format!("{sign}PT{text}") }
}

/// The seconds of `PT36H00M00S`, as OpenDocument writes times.
fn seconds_of(text: &str) -> Option<f64> {
    let (sign, rest) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let mut rest = rest.strip_prefix("PT")?;
    let mut all = 0.0;
    for (unit, seconds) in [('H', 3600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, after)) = rest.split_once(unit) {
            all += number.replace(',', ".").parse::<f64>().ok()? * seconds;
            rest = after;
        }
    }
    rest.is_empty().then_some(sign * all)
}

/// A date with a time of day other than midnight.
pub fn has_time(cell: &Data) -> bool {
    match cell {
        Data::DateTime(serial) => !serial.is_duration() && serial.as_f64() >= 60.0 && serial.as_f64().fract() != 0.0,
        Data::DateTimeIso(text) => text.contains('T'),
        _ => false,
    }
}

/// The cell holds nothing that a person would see.
pub fn is_blank(cell: &Data) -> bool {
    matches!(cell, Data::Empty) || matches!(cell, Data::String(s) if s.trim().is_empty())
}

/// The value of a cell. `timed`: dates of its column are written with a time.
pub fn to_json(cell: &Data, timed: bool) -> Option<Json> {
    Some(match cell {
        Data::Empty => return None,
        Data::String(text) if text.is_empty() => return None,
        Data::String(text) => Json::from(text.as_str()),
        Data::Int(n) => Json::from(*n),
        // Workbooks know one kind of number.
        Data::Float(n) if n.fract() == 0.0 && n.abs() < 9e15 => Json::from(*n as i64),
        Data::Float(n) => Json::from(*n),
        Data::Bool(b) => Json::from(*b),
        Data::DateTime(serial) if serial.is_duration() => Json::from(span(serial.as_f64() * SECONDS)),
        // A time of day has no day; what is shown as one and goes beyond a day is a span.
        Data::DateTime(serial) if (0.0..1.0).contains(&serial.as_f64()) => Json::from(time_of_day(serial.as_f64() * SECONDS)),
        Data::DateTime(serial) if serial.as_f64() < 60.0 && serial.as_f64().fract() != 0.0 => Json::from(span(serial.as_f64() * SECONDS)),
        Data::DateTime(_) => match (cell.as_datetime(), cell.as_duration()) {
            (Some(when), _) if when.time() == chrono::NaiveTime::MIN && !timed => Json::from(when.date().to_string()),
            (Some(when), _) => Json::from(when.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()),
            (None, Some(span)) => Json::from(span.num_seconds()),
            (None, None) => return None,
        },
        Data::DateTimeIso(text) if text.contains('T') => Json::from(format!("{}Z", text.trim_end_matches('Z'))),
        Data::DateTimeIso(text) if timed => Json::from(format!("{text}T00:00:00Z")),
        Data::DateTimeIso(text) => Json::from(text.as_str()),
        Data::DurationIso(text) => Json::from(seconds_of(text).map_or_else(|| text.clone(), span)),
        Data::Error(e) if *e == UNCOMPUTED => return None,
        Data::Error(e) => Json::from(e.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_opendocument_are_read() {
        assert_eq!(["PT36H00M00S", "-PT0H30M1.5S", "P1D"].map(seconds_of), [Some(129_600.0), Some(-1801.5), None]);
    }
}
