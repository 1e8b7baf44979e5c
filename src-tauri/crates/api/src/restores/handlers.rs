//! `restores.*`: plan, apply, undo; going on and cleaning up after one that was interrupted.

use std::sync::Arc;

use steward_backup::Manifest;
use steward_backup::create::BEFORE_A_RESTORE;
use steward_backup::read::Backup as Archive;
use steward_backup::restore::{self, Choice, CollectionPlan};
use steward_domain::{RestoreRecord, RestoreState, Value, value};
use steward_store::names;
use steward_workspace::{Progress, Workspace, swap};

use steward_workspace::Event;

use crate::app::App;
use crate::backups::catalog;
use crate::backups::points_in_time;
use crate::caller::Call;
use crate::dto::{
    ApplyPlan, ApplyRestore, BackupRef, BackupSecret, BuildPointInTime, BuiltPointInTime, CreateBackup, DiscardRestorePlan, Empty, JobKind,
    JobOutcome, JobStarted, JobUnit, PlanRestore, RestoreCollection, RestoreDone, RestoreEntry, RestoreFrom, RestoreId, RestorePlan,
    RestoreSample, Restores, ResumeRestore, UndoRestoreCollection, UndoRestorePlan,
};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::history::anchors;
use crate::jobs;
use crate::plans::{self, Planned};

/// A restore that was looked at.
struct PlannedRestore {
    archive: Archive,
    /// The address of the backup.
    from: String,
    choice: Choice,
    /// What was given to open the backup; it encrypts the one that is taken first.
    passphrase: Option<String>,
    /// Collections with their records and last change when the plan was made.
    before: Vec<(String, Option<u64>, Option<String>)>,
    /// Why it would be refused, as a sentence.
    impossible: Option<String>,
    /// What cannot be restored; applied only if it may be left out.
    lost: Vec<String>,
}

struct PlannedUndo {
    restore: String,
}

/// Discarding what a restore retains for its undo.
struct PlannedDiscard {
    restore: String,
}

impl Planned for PlannedRestore {}
impl Planned for PlannedUndo {}
impl Planned for PlannedDiscard {}

/// Records a second that a restore was measured to bring in at least, for the estimate of the first one.
const USUAL_RATE: f64 = 15_000.0;

const OPLOG: &str = "It also contains the changes made during the dump (its oplog). They are left out unless the restore is to do \
                     them again (--oplog-replay); without them, its collections are not all of one point_in_time.";

const WITHOUT: &str = "To restore the rest without it, say so (--leave-out, or in the plan in the window).";

fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

async fn entry(workspace: &Workspace, restore: RestoreRecord) -> ApiResult<RestoreEntry> {
    let interrupted = restore::interrupted(workspace, &restore).await?;
    let can_go_back = interrupted && restore::can_go_back(workspace, &restore).await?;
    Ok(RestoreEntry { interrupted, can_undo: restore.can_be_undone(), can_go_back, restore })
}

pub async fn list(app: &Call, _: Empty) -> ApiResult<Restores> {
    let workspace = app.workspace()?;
    let mut restores = Vec::new();
    for record in restore::list(&workspace).await? {
        restores.push(entry(&workspace, record).await?);
    }
    Ok(Restores { restores })
}

/// Opens what is to be restored; the second part says where it lies.
async fn open(
    app: &App,
    workspace: &Workspace,
    from: &RestoreFrom,
    secret: &BackupSecret,
    progress: &dyn Progress,
) -> ApiResult<(Archive, String)> {
    let key = catalog::key(app, workspace, secret).await?;
    match from {
        RestoreFrom::Backup(wanted) => {
            let (target, listed) = catalog::find(app, workspace, wanted).await?;
            Ok((Archive::of_target(target.as_ref(), listed.manifest, key, progress).await?, listed.place))
        }
        RestoreFrom::Built(built) => {
            app.built.take(&built.id).ok_or_else(|| ApiError::not_found("The data assembled for this restore is gone. Start again."))
        }
        RestoreFrom::PointInTime(point_in_time) => {
            points_in_time::build(app, workspace, points_in_time::parse(&point_in_time.at)?, key, progress).await
        }
        RestoreFrom::File { file, database, oplog } => {
            let (path, _) = app.files.get(file)?;
            let archive = Archive::of_path(&path, key, database.as_deref(), progress).await?;
            Ok((points_in_time::replayed(archive, *oplog, progress).await?, path.display().to_string()))
        }
    }
}

pub async fn build_point_in_time(app: &Call, request: BuildPointInTime) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let owner = Arc::clone(app);
    Ok(jobs::start(app, JobKind::Plan, "Bringing a point in time together", JobUnit::Records, move |progress| async move {
        let key = catalog::key(&owner, &workspace, &request.secret).await?;
        let built = points_in_time::build(&owner, &workspace, points_in_time::parse(&request.at)?, key, progress.as_ref()).await?;
        Ok(JobOutcome::PointInTimeBuilt(BuiltPointInTime { id: owner.built.put(built) }))
    }))
}

pub async fn plan(app: &Call, request: PlanRestore) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let owner = Arc::clone(app);
    Ok(jobs::start(app, JobKind::Plan, "Comparing a backup with what is there", JobUnit::Records, move |progress| async move {
        let (archive, from) = open(&owner, &workspace, &request.from, &request.secret, progress.as_ref()).await?;
        let names = request.collections.iter().map(|c| (c.name.clone(), c.into.clone())).collect();
        let choice = Choice { collections: names, own: request.own, mode: request.mode, leave_out: false };
        let found = restore::plan(&workspace, &archive, &choice, progress.as_ref()).await?;
        let safety = found.iter().any(|c| c.now.is_some());
        let records: u64 = found.iter().map(|c| c.records).sum();
        let (backup, made_at) = (archive.name.clone(), archive.manifest.as_ref().map(|m| m.made_at.clone()));
        let mut notes: Vec<String> = archive.manifest.iter().flat_map(Manifest::notes).collect();
        notes.extend(archive.passed_over.iter().cloned());
        if archive.has_oplog() {
            notes.push(OPLOG.to_owned());
        }
        if archive.point_in_time.is_some() && request.own {
            notes.push(format!("History, quarantine, mappings and settings are those of the backup {backup}."));
        }
        let before = stamp(&workspace, &found).await?;
        let impossible = found.iter().find(|c| c.impossible).map(|c| format!("{} {}.", c.into, c.notes.join("; ")));
        let seconds = seconds(&workspace, records).await?;
        let lost: Vec<String> = found.iter().flat_map(|c| c.lost.iter().cloned()).collect();
        let passphrase = request.secret.passphrase.clone();
        let planned = PlannedRestore { archive, from, choice, passphrase, before, impossible, lost: lost.clone() };
        Ok(JobOutcome::RestorePlan(RestorePlan {
            plan_id: owner.plans.put(planned),
            backup,
            made_at,
            mode: request.mode,
            collections: found.into_iter().map(shown).collect(),
            safety,
            seconds,
            notes,
            lost,
        }))
    }))
}

/// What was there when the plan was made: number of records and last change, collection by collection.
async fn stamp(workspace: &Workspace, plans: &[CollectionPlan]) -> ApiResult<Vec<(String, Option<u64>, Option<String>)>> {
    let mut out = Vec::new();
    for plan in plans.iter().filter(|p| !names::is_own(&p.into)) {
        out.push(state_of(workspace, &plan.into).await?);
    }
    Ok(out)
}

async fn state_of(workspace: &Workspace, collection: &str) -> ApiResult<(String, Option<u64>, Option<String>)> {
    let there = swap::exists(workspace, collection).await?;
    let records = if there { Some(workspace.store.count(collection, &steward_domain::Filter::all()).await?) } else { None };
    let last = steward_workspace::history::list(workspace, Some(collection), None, 1).await?.into_iter().next().map(|set| set.id);
    Ok((collection.to_owned(), records, last))
}

/// As long as the last restore took for so many records.
async fn seconds(workspace: &Workspace, records: u64) -> ApiResult<f64> {
    let time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
    let rates = restore::list(workspace).await?.into_iter().filter(|r| r.state == RestoreState::Done).filter_map(|r| {
        let took = time(r.finished_at.as_deref()?)? - time(&r.started_at)?;
        let brought: i64 = r.collections.iter().map(|c| c.records).sum();
        // What took moments says nothing about the rate.
        (brought > 5_000).then(|| brought as f64 / (took.num_milliseconds() as f64 / 1000.0).max(0.1))
    });
    let rate = rates.into_iter().next().unwrap_or(USUAL_RATE);
    Ok(records as f64 / rate + 0.5)
}

fn shown(plan: CollectionPlan) -> RestoreCollection {
    let title = |doc: &bson::Document| {
        let named = ["title", "name", "career_id"].iter().find_map(|field| doc.get_str(field).ok());
        named.map_or_else(
            || doc.get("_id").map(|id| steward_domain::RecordKey(Value(id.clone())).label()).unwrap_or_default(),
            str::to_owned,
        )
    };
    let samples = plan.samples.into_iter().map(|s| RestoreSample {
        title: title(&s.then),
        changes: s.now.as_ref().map(|now| value::diff(now, &s.then)).unwrap_or_default(),
        now: s.now.map(|doc| Value(bson::Bson::Document(doc))),
        then: Value(bson::Bson::Document(s.then)),
    });
    RestoreCollection {
        own: names::is_own(&plan.into),
        name: plan.name,
        into: plan.into,
        records: count(plan.records),
        now: plan.now.map(count),
        added: count(plan.added),
        changed: count(plan.changed),
        removed: count(plan.removed),
        unchanged: count(plan.unchanged),
        samples: samples.collect(),
        left_out: plan.left_out,
        impossible: plan.impossible,
        notes: plan.notes,
    }
}

pub async fn apply(app: &Call, request: ApplyRestore) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let planned: PlannedRestore = app.plans.take(&request.plan_id)?;
    if let Some(why) = &planned.impossible {
        let hint = "Change or delete one of the records first, or restore the collection under another name.";
        return Err(ApiError::new(ErrorCode::Conflict, why.clone()).hint(hint));
    }
    if !request.leave_out && !planned.lost.is_empty() {
        let message = format!("Not everything can be restored. {} Nothing was changed.", planned.lost.join(" "));
        return Err(ApiError::new(ErrorCode::Conflict, message).hint(WITHOUT));
    }
    for then in &planned.before {
        if state_of(&workspace, &then.0).await? != *then {
            return Err(plans::stale());
        }
    }
    let wish = CreateBackup { passphrase: planned.passphrase.clone(), ..CreateBackup::default() };
    let safety = crate::backups::taking::backup_request(app, &workspace, wish, BEFORE_A_RESTORE).await?;
    let owner = Arc::clone(app);
    let title = format!("Restoring {}", planned.archive.name);
    Ok(jobs::start(app, JobKind::Restore, title, JobUnit::Records, move |progress| async move {
        let PlannedRestore { archive, from, choice, .. } = planned;
        let choice = Choice { leave_out: request.leave_out, ..choice };
        let record = restore::apply(&workspace, &archive, &from, &choice, Some(&safety), progress.as_ref()).await;
        // A backup of what was there was taken first.
        let record = record?;
        finished(&owner, record, Vec::new()).await
    }))
}

/// Tells everybody what came back; packs of the workspace may be among it.
async fn finished(app: &Arc<App>, restore: RestoreRecord, kept_as: Vec<String>) -> ApiResult<JobOutcome> {
    if restore.own {
        app.reload_packs().await?;
        anchors::renew(app, &app.workspace()?).await?;
    }
    app.workspace()?.events.emit(&Event::RestoreChanged { restore: restore.id.clone() });
    Ok(JobOutcome::Restored(RestoreDone { restore, kept_as }))
}

pub async fn resume(app: &Call, request: ResumeRestore) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let record = open_restore(&workspace, &request.restore_id).await?;
    let owner = Arc::clone(app);
    Ok(jobs::start(app, JobKind::Restore, "Going on with a restore", JobUnit::Records, move |progress| async move {
        let archive = again(&owner, &workspace, &record, &request.secret, progress.as_ref()).await?;
        let record = restore::go_on(&workspace, &record.id, Some(&archive), progress.as_ref()).await?;
        finished(&owner, record, Vec::new()).await
    }))
}

/// A restore that has not finished. Whether someone is at it, its lease tells.
async fn open_restore(workspace: &Workspace, id: &str) -> ApiResult<RestoreRecord> {
    let record = restore::get(workspace, id).await?;
    if record.is_open() { Ok(record) } else { Err(ApiError::new(ErrorCode::Conflict, "This restore is finished.")) }
}

/// Opens the backup of a restore again, from where it was read then.
async fn again(
    app: &App,
    workspace: &Workspace,
    record: &RestoreRecord,
    secret: &BackupSecret,
    progress: &dyn Progress,
) -> ApiResult<Archive> {
    if let Some(point_in_time) = &record.point_in_time {
        let key = catalog::key(app, workspace, secret).await?;
        return Ok(points_in_time::build(app, workspace, points_in_time::parse(point_in_time)?, key, progress).await?.0);
    }
    let wanted = BackupRef { id: record.backup.clone(), place: None };
    if let Ok((target, listed)) = catalog::find(app, workspace, &wanted).await {
        let key = catalog::key(app, workspace, secret).await?;
        return Ok(Archive::of_target(target.as_ref(), listed.manifest, key, progress).await?);
    }
    let key = catalog::key(app, workspace, secret).await?;
    let archive = Archive::of_path(std::path::Path::new(&record.from), key, None, progress).await?;
    points_in_time::replayed(archive, record.replayed, progress).await
}

pub async fn clean_up(app: &Call, request: RestoreId) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let record = open_restore(&workspace, &request.restore_id).await?;
    let owner = Arc::clone(app);
    Ok(jobs::start(app, JobKind::Restore, "Cleaning up after a restore", JobUnit::Records, move |progress| async move {
        let record = restore::clean_up(&workspace, &record.id, progress.as_ref()).await?;
        finished(&owner, record, Vec::new()).await
    }))
}

pub async fn plan_undo(app: &Call, request: RestoreId) -> ApiResult<UndoRestorePlan> {
    let workspace = app.workspace()?;
    let (restore, plans) = restore::plan_undo(&workspace, &request.restore_id).await?;
    let collections = plans.into_iter().map(|p| UndoRestoreCollection {
        collection: p.collection,
        back: p.back.map(count),
        away: count(p.away),
        edited_since: p.edited_since,
        kept_as: p.kept_as,
    });
    Ok(UndoRestorePlan { collections: collections.collect(), plan_id: app.plans.put(PlannedUndo { restore: restore.id.clone() }), restore })
}

pub async fn undo(app: &Call, request: ApplyPlan) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let PlannedUndo { restore } = app.plans.take(&request.plan_id)?;
    let owner = Arc::clone(app);
    Ok(jobs::start(app, JobKind::Restore, "Undoing a restore", JobUnit::Records, move |progress| async move {
        let (record, plans) = restore::undo(&workspace, &restore, progress.as_ref()).await?;
        finished(&owner, record, plans.into_iter().filter_map(|p| p.kept_as).collect()).await
    }))
}

pub async fn plan_discard(app: &Call, request: RestoreId) -> ApiResult<DiscardRestorePlan> {
    let workspace = app.workspace()?;
    let (restore, plans) = restore::plan_undo(&workspace, &request.restore_id).await?;
    let records = plans.iter().filter_map(|p| p.back).sum();
    Ok(DiscardRestorePlan { plan_id: app.plans.put(PlannedDiscard { restore: restore.id.clone() }), restore, records: count(records) })
}

pub async fn discard(app: &Call, request: ApplyPlan) -> ApiResult<RestoreEntry> {
    let workspace = app.workspace()?;
    let PlannedDiscard { restore } = app.plans.take(&request.plan_id)?;
    let record = restore::discard_undo_data(&workspace, &restore).await?;
    workspace.events.emit(&Event::BackupsChanged);
    entry(&workspace, record).await
}
