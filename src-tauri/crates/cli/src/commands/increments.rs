//! `backup increment` and `backup timeline`

use steward_api::ApiResult;
use steward_api::call;
use steward_api::dto::{BackupIncremented, BackupTimeline, Empty, JobOutcome, TakeIncrement};

use crate::exit;
use crate::output::{self, counted, line, number, when};
use crate::session::Session;

pub async fn take(session: &Session) -> ApiResult<u8> {
    let job = session.run_job(call::backups::Take, &TakeIncrement::default()).await?;
    let taken: BackupIncremented = super::outcome(job, |o| if let JobOutcome::Incremented(taken) = o { Some(taken) } else { None })?;
    output::answer(session.json, &taken, |taken| {
        if let Some(one) = &taken.increment {
            line(&format!("{}: {}, {} bytes, in {}", one.id, counted(one.changes, "change"), number(one.bytes), one.place));
        }
        if let Some(why) = &taken.why {
            line(&format!("Increments could not go on: {why}"));
        }
        if let Some(base) = &taken.base {
            line(&format!("{}: a whole backup of {} to build on, in {}", base.id, counted(base.records, "record"), base.place));
        }
        if taken.increment.is_none() && taken.base.is_none() {
            line("Nothing happened since.");
        }
        line(&format!("The latest point in time that can be restored: {}", when(&taken.until)));
        for why in &taken.failed {
            line(&format!("Not there: {why}"));
        }
    });
    Ok(if taken.failed.is_empty() { exit::DONE } else { exit::FINDINGS })
}

pub async fn timeline(session: &Session) -> ApiResult<u8> {
    let found: BackupTimeline = session.call(call::backups::Timeline, &Empty {}).await?;
    output::answer(session.json, &found, print);
    Ok(exit::DONE)
}

fn print(found: &BackupTimeline) {
    let mut rows: Vec<(&str, String)> = Vec::new();
    for range in &found.ranges {
        rows.push((&range.from, format!("{}  to  {}  can be restored", when(&range.from), when(&range.until))));
    }
    for gap in &found.gaps {
        rows.push((&gap.from, format!("{}  to  {}  GAP: {}", when(&gap.from), when(&gap.until), gap.why)));
    }
    // A gap begins where a range ends.
    rows.sort_by_key(|(from, _)| *from);
    for (_, row) in &rows {
        line(row);
    }
    let counts = format!(
        "{}, {}",
        counted(i64::try_from(found.bases.len()).unwrap_or(i64::MAX), "whole backup"),
        counted(i64::try_from(found.increments.len()).unwrap_or(i64::MAX), "increment")
    );
    match (&found.impossible, rows.is_empty()) {
        (Some(why), _) => line(why),
        (None, true) => line("No point in time can be restored yet. Take an increment with 'steward backup increment'."),
        (None, false) => line(&counts),
    }
    for note in &found.notes {
        line(&format!("Note: {note}"));
    }
}
