//! `restore` and `restores …`

use std::path::Path;

use steward_api::call;
use steward_api::dto::{
    ApplyPlan, ApplyRestore, Backup, BackupRef, BuildPointInTime, DiscardRestorePlan, Empty, Job, JobOutcome, PlanRestore, RestoreDone,
    RestoreEntry, RestoreFrom, RestoreId, RestoreName, RestorePlan, RestorePointInTime, Restores as RestoreList, ResumeRestore,
    UndoRestorePlan,
};
use steward_api::{Address, ApiError, ApiResult};
use steward_domain::RestoreMode;

use crate::args::{Restore, Restores};
use crate::exit;
use crate::output::{self, brief, counted, line, number};
use crate::session::Session;

fn done(job: Job) -> ApiResult<RestoreDone> {
    super::outcome(job, |o| if let JobOutcome::Restored(done) = o { Some(done) } else { None })
}

pub async fn restore(session: &Session, command: Restore) -> ApiResult<u8> {
    let from = source(session, &command).await?;
    let collections = command.collection.iter().map(|text| {
        let (name, into) = text.split_once('=').unwrap_or((text, text));
        RestoreName { name: name.to_owned(), into: into.to_owned() }
    });
    let collections: Vec<RestoreName> = collections.collect();
    let mode = if command.merge { RestoreMode::Merge } else { RestoreMode::Clean };
    let planned = session.unlocking(async |secret| {
        let (from, collections, mode) = (from.clone(), collections.clone(), mode);
        session.run_job(call::restores::Plan, &PlanRestore { from, secret, collections, own: command.with_history, mode }).await
    });
    let job = planned.await?;
    let plan: RestorePlan = super::outcome(job, |o| if let JobOutcome::RestorePlan(plan) = o { Some(plan) } else { None })?;
    if !command.yes {
        output::answer(session.json, &plan, print);
        return Ok(exit::DONE);
    }
    let job = session.run_job(call::restores::Apply, &ApplyRestore { plan_id: plan.plan_id, leave_out: command.leave_out }).await?;
    output::answer(session.json, &done(job)?, |done| {
        for c in done.restore.collections.iter().filter(|c| !c.into.starts_with("steward.") && !c.left_out) {
            let verb = if c.records == 1 { "is" } else { "are" };
            line(&format!("{}: {} {verb} back.", c.into, counted(c.records, "record")));
        }
        for note in &done.restore.notes {
            line(&format!("Note: {note}"));
        }
        if let Some(safety) = &done.restore.safety {
            line(&format!("What was there before is in the backup {safety}."));
        }
        line(&format!("To undo it: steward restores undo {} --yes", done.restore.id));
    });
    Ok(exit::DONE)
}

/// What is meant: a file or folder, or a backup at one of the places. Opens the workspace that is restored into.
async fn source(session: &Session, command: &Restore) -> ApiResult<RestoreFrom> {
    if let Some(at) = &command.at {
        session.open(false).await?;
        let point_in_time = RestorePointInTime { at: at.clone() };
        let Some(into) = &command.into else { return Ok(RestoreFrom::PointInTime(point_in_time)) };
        // What leads there is known to this workspace; it is assembled before the other one is opened.
        let into = Address::parse(into)?;
        let built = session.unlocking(async |secret| {
            session.run_job(call::restores::BuildPointInTime, &BuildPointInTime { at: point_in_time.at.clone(), secret }).await
        });
        let built = super::outcome(built.await?, |o| if let JobOutcome::PointInTimeBuilt(built) = o { Some(built) } else { None })?;
        session.open_at(&into).await?;
        return Ok(RestoreFrom::Built(built));
    }
    let from = command.from.as_deref().unwrap_or("latest");
    let path = Path::new(from);
    let file = |path: &Path| RestoreFrom::File {
        file: session.app.files.register(path).id,
        database: command.database.clone(),
        oplog: command.oplog_replay,
    };
    let into = command.into.as_deref().map(Address::parse).transpose()?;
    if path.exists() {
        match &into {
            Some(address) => session.open_at(address).await?,
            None => session.open(true).await?,
        }
        return Ok(file(path));
    }
    if command.oplog_replay {
        return Err(ApiError::bad_request("Only a dump of mongodump has an oplog to replay; name its archive or folder."));
    }
    if let Some(placed) = super::backup::placed(from) {
        match &into {
            Some(address) => session.open_at(address).await?,
            None => session.open(true).await?,
        }
        return Ok(RestoreFrom::Backup(placed));
    }
    session.open(false).await?;
    let wanted = super::backup::named(session, from).await?;
    let Some(address) = into else {
        return Ok(RestoreFrom::Backup(wanted));
    };
    let found: Backup = session.call(call::backups::Get, &wanted).await?;
    session.open_at(&address).await?;
    Ok(RestoreFrom::Backup(BackupRef { id: found.id, place: Some(found.place) }))
}

fn print(plan: &RestorePlan) {
    line(&format!("{}{}", plan.backup, plan.made_at.as_ref().map(|at| format!(", taken {at}")).unwrap_or_default()));
    for c in &plan.collections {
        if c.left_out {
            line(&format!("  {} {}", c.name, c.notes.join("; ")));
            continue;
        }
        let now = c.now.map_or("is not there".to_owned(), |n| format!("has {}", counted(n, "record")));
        line(&format!(
            "  {} {now}: {} would be added, {} changed, {} removed, {} stay",
            c.into,
            number(c.added),
            number(c.changed),
            number(c.removed),
            number(c.unchanged)
        ));
        for sample in c.samples.iter().take(3).filter(|s| s.now.is_some()) {
            for change in sample.changes.iter().take(3) {
                let side = |v: &Option<steward_domain::Value>| {
                    v.as_ref().map_or("nothing".to_owned(), |v| brief(&steward_domain::value::to_ext(&v.0), 40))
                };
                line(&format!("      {}: {} {} -> {}", sample.title, change.path.as_str(), side(&change.before), side(&change.after)));
            }
        }
        for note in &c.notes {
            line(&format!("      {note}"));
        }
    }
    for note in &plan.notes {
        line(&format!("Note: {note}"));
    }
    if !plan.lost.is_empty() {
        line("Not everything can be restored; --leave-out restores the rest:");
        plan.lost.iter().for_each(|lost| line(&format!("  {lost}")));
    }
    if plan.safety {
        line("A backup of what is there now is taken first.");
    }
    line(&format!("It will take about {:.0} s. Nothing is written yet; add --yes to do it.", plan.seconds.max(1.0)));
}

pub async fn restores(session: &Session, command: Restores) -> ApiResult<u8> {
    session.open(false).await?;
    match command {
        Restores::List => {
            let list: RestoreList = session.call(call::restores::List, &Empty {}).await?;
            output::answer(session.json, &list, |list| {
                let row = |e: &RestoreEntry| {
                    let state = serde_json::to_value(e.restore.state).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
                    let state = if e.interrupted { format!("{state}, interrupted") } else { state };
                    let names: Vec<&str> = e.restore.collections.iter().map(|c| c.into.as_str()).collect();
                    vec![e.restore.id.clone(), e.restore.started_at.clone(), state, e.restore.backup.clone(), names.join(", ")]
                };
                output::table(&list.restores.iter().map(row).collect::<Vec<_>>());
            });
        }
        Restores::Undo { id, yes } => return undo(session, id, yes).await,
        Restores::Discard { id, yes } => {
            let plan: DiscardRestorePlan = session.call(call::restores::PlanDiscard, &RestoreId { restore_id: id }).await?;
            if !yes {
                output::answer(session.json, &plan, |plan| {
                    line(&format!(
                        "{} kept for undoing this restore would be deleted; it can then no longer be undone. Add --yes to do it.",
                        counted(plan.records, "record")
                    ));
                });
                return Ok(exit::DONE);
            }
            let entry: RestoreEntry = session.call(call::restores::Discard, &ApplyPlan { plan_id: plan.plan_id, reason: None }).await?;
            output::answer(session.json, &entry, |_| line("Given up. This restore stays."));
        }
        Restores::Resume { id } => {
            let resume = async |secret| session.run_job(call::restores::Resume, &ResumeRestore { restore_id: id.clone(), secret }).await;
            let job = session.unlocking(resume).await?;
            output::answer(session.json, &done(job)?, |done| line(&format!("The restore from {} is done.", done.restore.backup)));
        }
        Restores::CleanUp { id } => {
            let job = session.run_job(call::restores::CleanUp, &RestoreId { restore_id: id }).await?;
            output::answer(session.json, &done(job)?, |_| line("Everything is as it was before this restore."));
        }
    }
    Ok(exit::DONE)
}

async fn undo(session: &Session, id: String, yes: bool) -> ApiResult<u8> {
    let plan: UndoRestorePlan = session.call(call::restores::PlanUndo, &RestoreId { restore_id: id }).await?;
    if !yes {
        output::answer(session.json, &plan, |plan| {
            for c in &plan.collections {
                let back = c.back.map_or("would be gone again".to_owned(), |n| format!("would have its {} again", counted(n, "record")));
                line(&format!("  {} {back}", c.collection));
                if let Some(kept) = &c.kept_as {
                    line(&format!("    {} changed since; the current data is archived as {kept}", counted(c.edited_since, "record")));
                }
            }
            line("Nothing is written yet; add --yes to do it.");
        });
        return Ok(exit::DONE);
    }
    let job = session.run_job(call::restores::Undo, &ApplyPlan { plan_id: plan.plan_id, reason: None }).await?;
    output::answer(session.json, &done(job)?, |done| {
        line("Everything is as it was before this restore.");
        for kept in &done.kept_as {
            line(&format!("What was changed since is archived as {kept}."));
        }
    });
    Ok(exit::DONE)
}
