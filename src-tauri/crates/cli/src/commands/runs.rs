//! `runs …` and `changes …`

use steward_api::call;
use steward_api::dto::{
    ApplyPlan, ChainReport, ChangeDetail, ChangeId, ChangeOutcome, Changes as ChangeList, DiscardRunPlan, Empty, HistoryEnd, Job,
    JobOutcome, ListChanges, RunDetail, RunId, Runs as RunList, UndoChange, UndoRunPlan, VerifyChanges,
};
use steward_api::{ApiError, ApiResult, ErrorCode};

use crate::args::{History, Runs};
use crate::exit;
use crate::output::{self, counted, line, number};
use crate::session::Session;

fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Says what an export wrote.
pub fn exported(session: &Session, job: Job) -> ApiResult<u8> {
    let Some(JobOutcome::Exported(done)) = job.outcome else {
        return Err(ApiError::new(ErrorCode::Internal, "The job ended without an outcome."));
    };
    output::answer(session.json, &done, |d| {
        line(&format!("{} written to {} ({} bytes).", counted(d.records, "record"), d.file.name, number(d.file.bytes)));
        for note in &d.notes {
            line(&format!("Note: {note}"));
        }
    });
    Ok(exit::DONE)
}

pub async fn runs(session: &Session, command: Runs) -> ApiResult<u8> {
    session.open(false).await?;
    match command {
        Runs::List => {
            let list: RunList = session.call(call::runs::List, &Empty {}).await?;
            output::answer(session.json, &list, |list| {
                let rows: Vec<Vec<String>> = list
                    .runs
                    .iter()
                    .map(|r| {
                        let files: Vec<&str> = r.files.iter().map(|f| f.name.as_str()).collect();
                        let c = r.counts;
                        vec![
                            r.id.clone(),
                            r.started_at.clone(),
                            word(&r.state),
                            r.collection.clone(),
                            format!("+{} ~{} ={} !{}", number(c.inserted), number(c.updated), number(c.unchanged), number(c.quarantined)),
                            files.join(", "),
                        ]
                    })
                    .collect();
                output::table(&rows);
            });
            Ok(exit::DONE)
        }
        Runs::Show { id } => {
            let detail: RunDetail = session.call(call::runs::Get, &RunId { run_id: id }).await?;
            output::answer(session.json, &detail, |detail| {
                let run = &detail.run;
                let schema = super::import::schema_and_reason(&run.schema, &run.schema_reason);
                line(&format!("{}  {}  {} {schema}, by {}", run.id, word(&run.state), run.collection, run.key_field));
                for file in &run.files {
                    line(&format!("  {} ({} bytes, sha256 {})", file.name, number(file.bytes), file.sha256));
                    if !file.recognised.is_empty() {
                        line(&format!("    {}", file.recognised));
                    }
                }
                let c = run.counts;
                line(&format!(
                    "  {} read: {} inserted, {} updated, {} unchanged, {} quarantined, {} waiting already",
                    counted(c.read, "row"),
                    number(c.inserted),
                    number(c.updated),
                    number(c.unchanged),
                    number(c.quarantined),
                    number(c.waiting_already)
                ));
                for p in &detail.problems {
                    line(&format!("  {:>8} {}  {}  {}", number(p.rows), p.field, p.rule, p.message));
                }
                for note in &run.notes {
                    line(&format!("Note: {note}"));
                }
                if let Some(kept) = detail.kept {
                    line(&format!("Keeps {} so that it can be undone; 'steward runs discard' deletes them.", counted(kept, "record")));
                }
            });
            Ok(exit::DONE)
        }
        Runs::Promote { id, dry_run } => super::import::promote(session, id, dry_run).await,
        Runs::Undo { id, yes } => undo_run(session, id, yes).await,
        Runs::GoBack { id } => {
            let detail: RunDetail = session.call(call::runs::GoBack, &RunId { run_id: id }).await?;
            output::answer(session.json, &detail, |_| line("The import is in effect again."));
            Ok(exit::DONE)
        }
        Runs::Discard { id, yes } => discard_run(session, id, yes).await,
    }
}

async fn undo_run(session: &Session, id: String, yes: bool) -> ApiResult<u8> {
    let plan: UndoRunPlan = session.call(call::runs::PlanUndo, &RunId { run_id: id }).await?;
    if !yes {
        output::answer(session.json, &plan, |plan| {
            line(&format!(
                "Would remove {}, restore {}, withdraw {} from quarantine; {} changed since would stay as they are.",
                counted(plan.remove, "record"),
                counted(plan.restore, "record"),
                counted(plan.withdraw, "row"),
                counted(plan.edited_since, "record")
            ));
            if plan.released > 0 {
                line(&format!(
                    "Would undo {} released from its quarantine, with the records created from them.",
                    counted(plan.released, "row")
                ));
            }
            if plan.handed_on > 0 {
                line(&format!("{} of its quarantine would wait on for a later import that had them, too.", counted(plan.handed_on, "row")));
            }
            if let Some(kept) = &plan.kept_as {
                line(&format!("The current data was changed since; it will be archived as {kept}."));
            }
            line("Nothing is written yet; add --yes to do it.");
        });
        return Ok(exit::DONE);
    }
    let job = session.run_job(call::runs::Undo, &ApplyPlan { plan_id: plan.plan_id, reason: None }).await?;
    let Some(JobOutcome::RunUndone(done)) = job.outcome else {
        return Err(ApiError::new(ErrorCode::Internal, "The job ended without an outcome."));
    };
    output::answer(session.json, &done, |done| {
        line(&format!(
            "{} removed, {} restored, {} left as changed since.",
            number(done.removed),
            number(done.restored),
            number(done.kept)
        ));
        if done.withdrawn + done.released > 0 {
            line(&format!("{} withdrawn from quarantine, {} released from it undone.", number(done.withdrawn), number(done.released)));
        }
        if let Some(set) = &done.run.undo_set {
            line(&format!("Undo this with 'steward history undo {set}'."));
        }
        if let Some(place) = &done.staged_in {
            line(&format!("The staged rows are in {place} again."));
        }
    });
    Ok(if done.kept > 0 { exit::FINDINGS } else { exit::DONE })
}

async fn discard_run(session: &Session, id: String, yes: bool) -> ApiResult<u8> {
    let plan: DiscardRunPlan = session.call(call::runs::PlanDiscard, &RunId { run_id: id }).await?;
    if !yes {
        output::answer(session.json, &plan, |plan| {
            line(&format!("Would delete the {} that this run keeps so that it can be undone.", counted(plan.records, "record")));
            line("Nothing is written yet; add --yes to do it.");
        });
        return Ok(exit::DONE);
    }
    let run: RunDetail = session.call(call::runs::Discard, &ApplyPlan { plan_id: plan.plan_id, reason: None }).await?;
    output::answer(session.json, &run, |_| line(&format!("{} dropped.", counted(plan.records, "record"))));
    Ok(exit::DONE)
}

pub async fn history(session: &Session, command: History) -> ApiResult<u8> {
    session.open(false).await?;
    match command {
        History::List { collection, limit } => {
            let list: ChangeList = session.call(call::history::List, &ListChanges { collection, before_seq: None, limit }).await?;
            output::answer(session.json, &list, |list| {
                let rows: Vec<Vec<String>> = list
                    .changes
                    .iter()
                    .map(|c| {
                        vec![
                            format!("#{}", c.seq),
                            c.id.clone(),
                            c.at.clone(),
                            c.actor.clone(),
                            word(&c.origin),
                            word(&c.kind),
                            c.summary.clone(),
                        ]
                    })
                    .collect();
                output::table(&rows);
            });
            Ok(exit::DONE)
        }
        History::Show { id } => {
            let detail: ChangeDetail = session.call(call::history::Get, &ChangeId { change_set: id }).await?;
            output::answer(session.json, &detail, |detail| {
                line(&detail.change_set.summary);
                for record in &detail.records {
                    line(&format!("  {} {}: {}", word(&record.op), record.key.label(), super::records::fields(&record.fields)));
                }
            });
            Ok(exit::DONE)
        }
        History::Undo { id } => {
            let outcome = match session.call(call::history::Undo, &UndoChange { change_set: id }).await? {
                ChangeOutcome::Started { job_id } => changed(session.finish_job(&job_id).await?)?,
                outcome => outcome,
            };
            output::answer(session.json, &outcome, |outcome| match outcome {
                ChangeOutcome::Applied { change_set } => line(&change_set.summary),
                ChangeOutcome::Conflict { records } => {
                    line("Nothing was written; these records were changed since:");
                    for record in records {
                        line(&format!("  {}", record.key.label()));
                    }
                }
                ChangeOutcome::Started { .. } => {}
            });
            Ok(if matches!(outcome, ChangeOutcome::Applied { .. }) { exit::DONE } else { exit::REFUSED })
        }
        History::Resume { id } => {
            let job = session.run_job(call::history::Resume, &ChangeId { change_set: id }).await?;
            ended(session, &job);
            Ok(exit::DONE)
        }
        History::RollBack { id } => {
            let job = session.run_job(call::history::GoBack, &ChangeId { change_set: id }).await?;
            ended(session, &job);
            Ok(exit::DONE)
        }
        History::Verify { end } => {
            let kept = end.as_deref().map(kept_end).transpose()?.flatten();
            let report: ChainReport = session.call(call::history::Verify, &VerifyChanges { kept }).await?;
            if let (Some(path), Some(found)) = (&end, &report.end) {
                let text = serde_json::to_string_pretty(found).unwrap_or_default();
                std::fs::write(path, text).map_err(|e| unwritable(path, &e))?;
            }
            output::answer(session.json, &report, |report| line(&report.message));
            Ok(if report.ok { exit::DONE } else { exit::FINDINGS })
        }
    }
}

fn changed(job: Job) -> ApiResult<ChangeOutcome> {
    match job.outcome {
        Some(JobOutcome::Changed(outcome)) => Ok(outcome),
        _ => Err(ApiError::new(ErrorCode::Internal, "The undo ended without an answer.")),
    }
}

/// What became of a change that was interrupted.
fn ended(session: &Session, job: &Job) {
    output::answer(session.json, &job.outcome, |outcome| match outcome {
        Some(JobOutcome::Changed(ChangeOutcome::Applied { change_set })) => line(&change_set.summary),
        _ => line("The change is rolled back; the records are as they were before it."),
    });
}

/// The end of a history as someone kept it in a file.
fn kept_end(path: &std::path::Path) -> ApiResult<Option<HistoryEnd>> {
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|e| ApiError::bad_request(format!("{} does not contain the end of a history: {e}.", path.display()))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(ApiError::bad_request(format!("{} cannot be read: {e}.", path.display()))),
    }
}

fn unwritable(path: &std::path::Path, e: &std::io::Error) -> ApiError {
    ApiError::bad_request(format!("{} cannot be written: {e}.", path.display()))
}
