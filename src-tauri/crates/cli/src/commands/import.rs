//! `import` and `validate`.

use std::path::PathBuf;

use steward_api::call;
use steward_api::dto::{ApplyPlan, ImportPlan, Job, JobOutcome, PlanImport, PromoteRun, ResumeRun, Runs, ValidateFiles};
use steward_api::{ApiError, ApiResult, ErrorCode};
use steward_domain::{ImportMode, RunCounts, RunRecord, RunState};

use super::{files, mapping};
use crate::args::{Import, Mode, Validate};
use crate::exit;
use crate::output::{self, counted, line, number};
use crate::session::Session;

fn broken() -> ApiError {
    ApiError::new(ErrorCode::Internal, "The job ended without an outcome.")
}

fn plan_of(job: Job) -> ApiResult<ImportPlan> {
    match job.outcome {
        Some(JobOutcome::Plan(plan)) => Ok(plan),
        _ => Err(broken()),
    }
}

pub async fn import(session: &Session, command: Import) -> ApiResult<u8> {
    session.open(true).await?;
    let mut named = files::named(session, &command.files, &command.reading.choices).await?;
    if let Some(resume) = &command.resume {
        let part = command.reading.choices.part.as_deref();
        return go_on(session, resume, &command.files, named.sources.files.clone(), part).await;
    }
    named.sources.mapping = mapping::chosen(session, command.reading.mapping.as_deref()).await?;
    let mode = match command.mode {
        Mode::Upsert => ImportMode::Upsert,
        Mode::Merge => ImportMode::Merge,
        Mode::Insert => ImportMode::Insert,
        Mode::Replace => ImportMode::Replace,
    };
    let schema = if command.no_schema { Some(String::new()) } else { command.schema };
    let request = PlanImport {
        sources: named.sources.clone(),
        schema,
        collection: command.collection,
        key_field: command.key,
        mode,
        duplicates: command.duplicates,
        staged: command.stage,
        full: command.dry_run,
    };
    let plan = plan_of(session.run_job(call::imports::Plan, &request).await?)?;
    carry_out(session, plan, command.dry_run).await
}

/// Loads the rows of a staged run into their collection.
pub async fn promote(session: &Session, run_id: String, dry_run: bool) -> ApiResult<u8> {
    let plan = plan_of(session.run_job(call::runs::PlanPromote, &PromoteRun { run_id, full: dry_run }).await?)?;
    carry_out(session, plan, dry_run).await
}

async fn carry_out(session: &Session, plan: ImportPlan, dry_run: bool) -> ApiResult<u8> {
    if dry_run {
        output::answer(session.json, &plan, |plan| print_plan(plan, "would be"));
        let quarantined = plan.counts.map_or(0, |c| c.quarantined + c.waiting_already);
        return Ok(if quarantined > 0 { exit::FINDINGS } else { exit::DONE });
    }
    let apply = ApplyPlan { plan_id: plan.plan_id, reason: None };
    finish(session, session.run_job(call::imports::Apply, &apply).await?)
}

async fn go_on(session: &Session, which: &str, paths: &[PathBuf], files: Vec<String>, part: Option<&str>) -> ApiResult<u8> {
    let run_id = if which == "last" { last_stopped(session, paths, part).await? } else { which.to_owned() };
    let request = ResumeRun { run_id, files };
    finish(session, session.run_job(call::imports::Resume, &request).await?)
}

/// The newest run of these files that did not finish.
async fn last_stopped(session: &Session, paths: &[PathBuf], part: Option<&str>) -> ApiResult<String> {
    let runs: Runs = session.call(call::runs::List, &steward_api::dto::Empty {}).await?;
    let wanted: Vec<String> = paths.iter().map(|path| files::noted(path)).collect();
    let same_part = |run: &RunRecord| part.is_none() || run.files.iter().all(|f| f.collection.is_none() || f.collection.as_deref() == part);
    let stopped = |run: &&RunRecord| {
        matches!(run.state, RunState::Interrupted | RunState::Cancelled | RunState::Failed)
            && (wanted.is_empty() || run.files.iter().map(|f| f.path.clone()).eq(wanted.iter().cloned()))
            && same_part(run)
    };
    let found = runs.runs.iter().find(stopped);
    found.map(|run| run.id.clone()).ok_or_else(|| {
        ApiError::not_found("No run of these files waits to go on.")
            .hint("A run whose process ended counts as interrupted after half a minute, on this machine immediately.")
    })
}

fn finish(session: &Session, job: Job) -> ApiResult<u8> {
    let Some(JobOutcome::Run(run)) = job.outcome else {
        return Err(broken());
    };
    output::answer(session.json, &run, print_run);
    Ok(match run.state {
        RunState::Cancelled => exit::CANCELLED,
        _ if run.counts.quarantined + run.counts.waiting_already > 0 || !run.notes.is_empty() => exit::FINDINGS,
        _ => exit::DONE,
    })
}

fn print_counts(counts: &RunCounts, verb: &str) {
    line(&format!("{} read", counted(counts.read, "row")));
    let rows =
        [("inserted", counts.inserted), ("updated", counts.updated), ("unchanged", counts.unchanged), ("quarantined", counts.quarantined)];
    let aside = [
        ("waiting in quarantine already", counts.waiting_already),
        ("set aside, another row or record has the same key", counts.set_aside),
        ("removed, the rows do not have them", counts.removed),
    ];
    for (name, n) in rows.into_iter().chain(aside.into_iter().filter(|(_, n)| *n > 0)) {
        line(&format!("  {:>12} {verb}{}{name}", number(n), if verb.is_empty() { "" } else { " " }));
    }
}

fn print_plan(plan: &ImportPlan, verb: &str) {
    line(&format!("Into {} {}, by {}", plan.collection, schema_and_reason(&plan.schema, &plan.schema_reason), plan.key_field));
    recognised(plan.recognised.iter().map(|r| (r.file.as_str(), r.recognised.as_str())));
    if let Some(counts) = &plan.counts {
        print_counts(counts, verb);
    }
    for p in &plan.problems {
        line(&format!("  {:>12} {}  {}  {}", number(p.rows), p.field, p.rule, p.message));
    }
    for rejected in plan.rejected.iter().take(10) {
        line(&format!("{}, row {}:", rejected.file, number(rejected.row_number)));
        output::violations(&rejected.errors);
    }
    notes(&plan.notes, plan.unknown_fields.iter().map(|u| (u.field.as_str(), u.rows)));
}

/// The schema of an import, and why it is that one.
pub fn schema_and_reason(schema: &str, reason: &str) -> String {
    let schema = if schema.is_empty() { "without a schema".to_owned() } else { format!("as {schema}") };
    if reason.is_empty() { schema } else { format!("{schema} ({reason})") }
}

/// What each file was taken for.
fn recognised<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) {
    for (file, what) in files.filter(|(_, what)| !what.is_empty()) {
        line(&format!("{file}: {what}"));
    }
}

fn notes<'a>(notes: &[String], unknown: impl Iterator<Item = (&'a str, i64)>) {
    for note in notes {
        line(&format!("Note: {note}"));
    }
    for (field, rows) in unknown {
        line(&format!("Note: the schema does not define {field} ({}); it is imported unchanged.", counted(rows, "row")));
    }
}

fn print_run(run: &RunRecord) {
    let files: Vec<&str> = run.files.iter().map(|f| f.name.as_str()).collect();
    line(&format!(
        "Imported {} into {} {}, by {}{}",
        files.join(", "),
        run.collection,
        schema_and_reason(&run.schema, &run.schema_reason),
        run.key_field,
        if run.state == RunState::Cancelled { " until it was cancelled" } else { "" }
    ));
    recognised(run.files.iter().map(|f| (f.name.as_str(), f.recognised.as_str())));
    print_counts(&run.counts, "");
    notes(&run.notes, run.unknown_fields.iter().map(|u| (u.field.as_str(), u.rows)));
    if run.counts.quarantined + run.counts.waiting_already > 0 {
        line("See what is wrong with 'steward quarantine list', fix it, and 'steward quarantine retry --all'.");
    }
    if let Some(staging) = &run.staging {
        line(&format!("These rows are staged for {}. Promote them with 'steward runs promote {}'.", staging.collection, run.id));
    }
    if run.change_set.is_some() {
        line(&format!("Undo it with 'steward runs undo {}'.", run.id));
    }
}

pub async fn validate(session: &Session, command: Validate) -> ApiResult<u8> {
    if let Some(collection) = command.collection {
        session.open(false).await?;
        return super::quality::measure(session, &collection, true).await;
    }
    let chosen = mapping::chosen_before(session, command.reading.mapping.as_deref()).await?;
    let _scratch = files::known_or_scratch(session).await?;
    let mut named = files::named(session, &command.files, &command.reading.choices).await?;
    named.sources.mapping = chosen;
    let report = command.report.as_deref().map(|path| session.app.files.register(path).id);
    let request = ValidateFiles { sources: named.sources.clone(), schema: command.schema, report };
    let plan = plan_of(session.run_job(call::imports::Validate, &request).await?)?;
    if let Some(folder) = &command.split {
        let request = ValidateFiles { schema: Some(plan.schema.clone()), report: None, ..request };
        super::split::split(session, &request, folder).await?;
    }
    session.app.close();
    output::answer(session.json, &plan, |plan| {
        let counts = plan.counts.unwrap_or_default();
        line(&format!(
            "{} checked {}: {} valid, {} not",
            counted(counts.read, "row"),
            schema_and_reason(&plan.schema, &plan.schema_reason),
            number(counts.read - counts.quarantined),
            number(counts.quarantined)
        ));
        recognised(plan.recognised.iter().map(|r| (r.file.as_str(), r.recognised.as_str())));
        for p in &plan.problems {
            line(&format!("  {:>12} {}  {}  {}", number(p.rows), p.field, p.rule, p.message));
        }
        for rejected in &plan.rejected {
            line(&format!("{}, row {}:", rejected.file, number(rejected.row_number)));
            output::violations(&rejected.errors);
        }
        notes(&plan.notes, plan.unknown_fields.iter().map(|u| (u.field.as_str(), u.rows)));
    });
    let bad = plan.counts.map_or(0, |c| c.quarantined);
    Ok(if bad > 0 || !plan.notes.is_empty() { exit::FINDINGS } else { exit::DONE })
}
