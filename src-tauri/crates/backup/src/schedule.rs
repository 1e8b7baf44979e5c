//! When the next backup is due. A run that was missed, because nothing was running then, is caught up once.

use std::str::FromStr as _;

use chrono::{DateTime, Local, Utc};
use croner::Cron;
use steward_workspace::{Error, Result};

/// A cron expression of five fields (minute, hour, day of the month, month, day of the week), in local time.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
}

impl Schedule {
    /// Errors: `BadRequest` with what is wrong.
    pub fn parse(expression: &str) -> Result<Self> {
        let cron = Cron::from_str(expression.trim());
        let wrong = |e: croner::errors::CronError| {
            Error::BadRequest(format!("'{expression}' is no schedule: {e}. Write five fields, as '0 2 * * *' for two o'clock every night."))
        };
        Ok(Self { cron: cron.map_err(wrong)? })
    }

    /// The first time after this one.
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = after.with_timezone(&Local);
        self.cron.find_next_occurrence(&local, false).ok().map(|t| t.to_utc())
    }

    /// A run was due between the last one and now. Without a last one, the first is due at once.
    pub fn is_due(&self, last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        last.is_none_or(|last| self.next(last).is_some_and(|due| due <= now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn due_after_its_time_and_caught_up_once() {
        let hourly = Schedule::parse("0 * * * *").unwrap();
        let last = utc("2026-06-15T10:00:05Z");
        assert!(!hourly.is_due(Some(last), utc("2026-06-15T10:59:59Z")));
        assert!(hourly.is_due(Some(last), utc("2026-06-15T11:00:00Z")));
        // Three days without power are one backup, not seventy-two.
        let now = utc("2026-06-18T10:30:00Z");
        assert!(hourly.is_due(Some(last), now) && !hourly.is_due(Some(now), now));
        assert!(hourly.is_due(None, now));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "every day", "61 * * * *", "* * * *"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
