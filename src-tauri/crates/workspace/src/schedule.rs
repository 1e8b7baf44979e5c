//! When something runs next. A run that was missed, because nothing was running then, is made up once.

use std::fmt;
use std::str::FromStr as _;

use chrono::{DateTime, Local, Utc};
use croner::Cron;

use crate::error::{Error, Result};

/// A stored time (RFC 3339); nothing where it cannot be read.
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

/// A cron expression of five fields (minute, hour, day of the month, month, day of the week) in local time, or a fixed distance.
#[derive(Debug, Clone)]
pub enum Schedule {
    Cron(Box<Cron>),
    /// Minutes from the start of one run to that of the next; at least one.
    Every(u32),
}

impl Schedule {
    /// Reads a cron expression.
    ///
    /// Errors: `BadRequest` with what is wrong.
    pub fn parse(expression: &str) -> Result<Self> {
        let cron = Cron::from_str(expression.trim());
        let wrong = |e: croner::errors::CronError| {
            Error::BadRequest(format!(
                "'{expression}' is not a schedule: {}. Write five fields, as '0 2 * * *' for two o'clock every night.",
                e.to_string().trim_end_matches('.')
            ))
        };
        Ok(Self::Cron(Box::new(cron.map_err(wrong)?)))
    }

    /// The first time after this one.
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Cron(cron) => cron.find_next_occurrence(&after.with_timezone(&Local), false).ok().map(|t| t.to_utc()),
            Self::Every(minutes) => Some(after + chrono::Duration::minutes(i64::from(*minutes).max(1))),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron(cron) => f.write_str(&cron.pattern.to_string()),
            Self::Every(minutes) => write!(f, "every {minutes} min"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_time_is_after_the_last_one() {
        let hourly = Schedule::parse("0 * * * *").unwrap();
        assert_eq!(hourly.next(utc("2026-06-15T10:00:05Z")), Some(utc("2026-06-15T11:00:00Z")));
        assert_eq!(hourly.to_string(), "0 * * * *");
        let quarter = Schedule::Every(15);
        assert_eq!(quarter.next(utc("2026-06-15T10:00:05Z")), Some(utc("2026-06-15T10:15:05Z")));
        assert_eq!(quarter.to_string(), "every 15 min");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "every day", "61 * * * *", "* * * *"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
