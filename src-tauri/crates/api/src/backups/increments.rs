//! `backups.increment` and `backups.timeline`: changes since the last backup, and the points in time that they lead to.

use std::sync::Arc;

use steward_backup::create::{BackupResult, FOR_INCREMENTS, ON_REQUEST, create};
use steward_backup::increment::{self, Taken};
use steward_backup::listing::ListedBackup;
use steward_backup::timeline::{self, display};
use steward_store::{Capability, StoreErrorKind};
use steward_workspace::{Error, Progress, Workspace};

use crate::backups::taking;
use steward_workspace::Event;

use crate::app::App;
use crate::backups::catalog;
use crate::caller::Call;
use crate::dto::{
    BackupIncrement, BackupIncremented, BackupSettings, BackupTimeline, CreateBackup, Empty, JobKind, JobOutcome, JobStarted, JobUnit,
    TakeIncrement, TimelineBase, TimelineGap, TimelineRange,
};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::jobs;

const STANDALONE: &str = "A standalone server does not report changes. Increments need a replica set (one member is enough).";
/// Minutes of a day.
const LONGEST: u32 = 1440;

pub async fn take(app: &Call, request: TakeIncrement) -> ApiResult<JobStarted> {
    Ok(start(app, app.workspace()?, request, ON_REQUEST))
}

/// Starts the job that takes an increment.
pub(crate) fn start(app: &Arc<App>, workspace: Workspace, request: TakeIncrement, reason: &'static str) -> JobStarted {
    let owner = Arc::clone(app);
    jobs::start(app, JobKind::Backup, "Taking an increment", JobUnit::Records, move |progress| async move {
        let taken = run(&owner, &workspace, &request, reason, progress.as_ref()).await?;
        workspace.events.emit(&Event::BackupsChanged);
        Ok(JobOutcome::Incremented(taken))
    })
}

/// Goes on from the newest increment; where its changes are lost, from the newest whole backup; else a new one is taken.
async fn run(
    app: &App,
    workspace: &Workspace,
    request: &TakeIncrement,
    reason: &str,
    progress: &dyn Progress,
) -> ApiResult<BackupIncremented> {
    if !workspace.store.capabilities().has(Capability::ChangeFeed) {
        return Err(ApiError::new(ErrorCode::Unsupported, STANDALONE));
    }
    workspace.store.record_changes(true).await?;
    let wish = || CreateBackup { passphrase: request.passphrase.clone(), ..CreateBackup::default() };
    let backup_request = taking::backup_request(app, workspace, wish(), reason).await?;
    let (listed, _) = catalog::ours(app, workspace).await?;
    let mut why = None;
    for head in timeline::heads(&listed) {
        match increment::take(workspace, &backup_request, &head, progress).await {
            Ok(Taken::Quiet(end)) => {
                return Ok(BackupIncremented { increment: None, base: None, why: None, until: display(end.at), failed: Vec::new() });
            }
            Ok(Taken::New(made)) => return and_base(app, workspace, *made, listed, wish(), progress).await,
            // What has to be done again is not known any more from there on.
            Err(Error::Store(e)) if e.kind == StoreErrorKind::NotFound => why = why.or(Some(e.message)),
            Err(e) => return Err(e.into()),
        }
    }
    whole(app, workspace, wish(), why, progress).await
}

/// A whole backup to build on.
async fn whole(
    app: &App,
    workspace: &Workspace,
    wish: CreateBackup,
    why: Option<String>,
    progress: &dyn Progress,
) -> ApiResult<BackupIncremented> {
    let mut backup_request = taking::backup_request(app, workspace, wish, FOR_INCREMENTS).await?;
    backup_request.gap.clone_from(&why);
    let made = create(workspace, &backup_request, progress).await?;
    let Some(point_in_time) = &made.manifest.point_in_time else {
        let (id, fuzzy) = (&made.manifest.id, made.manifest.fuzzy.clone().unwrap_or_default());
        let message = format!("{id} was taken, but no point in time can be restored from it: {fuzzy}");
        return Err(ApiError::new(ErrorCode::Conflict, message).hint("The next increment takes another whole backup to begin with."));
    };
    let until = display(point_in_time.at);
    let made = taking::as_created(made);
    Ok(BackupIncremented { increment: None, base: Some(made.backup), why, until, failed: made.failed })
}

/// After an increment: something may have come in that no whole backup holds.
async fn and_base(
    app: &App,
    workspace: &Workspace,
    made: BackupResult,
    mut listed: Vec<ListedBackup>,
    wish: CreateBackup,
    progress: &dyn Progress,
) -> ApiResult<BackupIncremented> {
    let place = made.places.iter().find(|(_, why)| why.is_none()).map(|(place, _)| place.clone()).unwrap_or_default();
    let failed: Vec<String> = made.places.iter().filter_map(|(place, why)| why.as_ref().map(|why| format!("{place}: {why}"))).collect();
    let one = ListedBackup::new(made.manifest, place);
    let increment = shown(&one);
    let until = increment.as_ref().map(|i| i.until.clone()).unwrap_or_default();
    listed.insert(0, one);
    match timeline::needs_base(&listed) {
        None => Ok(BackupIncremented { increment, base: None, why: None, until, failed }),
        why => {
            let more = whole(app, workspace, wish, why, progress).await?;
            Ok(BackupIncremented { increment, failed: [failed, more.failed.clone()].concat(), ..more })
        }
    }
}

fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn shown(of: &ListedBackup) -> Option<BackupIncrement> {
    let increment = of.manifest.increment.as_ref()?;
    let until = of.covered_until.as_ref().map_or(increment.until.at, |r| r.at.max(increment.until.at));
    Some(BackupIncrement {
        id: of.manifest.id.clone(),
        place: of.place.clone(),
        from: display(increment.from.at),
        until: display(until),
        changes: count(increment.changes),
        bytes: count(of.manifest.file.bytes),
        damage: of.damage.clone(),
    })
}

pub async fn timeline(app: &Call, _: Empty) -> ApiResult<BackupTimeline> {
    let workspace = app.workspace()?;
    let (listed, notes) = catalog::ours(app, &workspace).await?;
    let found = timeline::timeline(&listed);
    let mut bases: Vec<TimelineBase> = Vec::new();
    let mut increments: Vec<BackupIncrement> = Vec::new();
    // Newest first at the destination, oldest first here; the same at several destinations is listed once.
    for one in listed.iter().rev() {
        let known = bases.iter().any(|b| b.id == one.manifest.id) || increments.iter().rev().any(|i| i.id == one.manifest.id);
        if known {
            continue;
        }
        increments.extend(shown(one));
        bases.extend(one.manifest.point_in_time.as_ref().map(|point_in_time| TimelineBase {
            id: one.manifest.id.clone(),
            place: one.place.clone(),
            at: display(point_in_time.at),
            verified: one.is_verified(),
            failed: one.damage.is_some() || one.verification.as_ref().is_some_and(|p| !p.passed()),
        }));
    }
    let possible = workspace.store.capabilities().has(Capability::ChangeFeed);
    Ok(BackupTimeline {
        ranges: found.ranges.iter().map(|r| TimelineRange { from: display(r.from), until: display(r.until) }).collect(),
        gaps: found.gaps.into_iter().map(|g| TimelineGap { from: display(g.from), until: display(g.until), why: g.why }).collect(),
        bases,
        increments,
        every: catalog::settings(app, &workspace).await?.increments,
        impossible: (!possible).then(|| STANDALONE.to_owned()),
        notes,
    })
}

/// Follows the settings: changes are recorded from when increments are wanted.
pub(crate) async fn switch(workspace: &Workspace, before: &BackupSettings, after: &BackupSettings) -> ApiResult<()> {
    match (before.increments, after.increments) {
        (_, Some(minutes)) if !(1..=LONGEST).contains(&minutes) => {
            Err(ApiError::bad_request(format!("Increments are taken every 1 to {LONGEST} minutes.")))
        }
        (_, Some(_)) if !workspace.store.capabilities().has(Capability::ChangeFeed) => {
            Err(ApiError::new(ErrorCode::Unsupported, STANDALONE))
        }
        (_, Some(_)) => Ok(workspace.store.record_changes(true).await?),
        (Some(_), None) => Ok(workspace.store.record_changes(false).await?),
        (None, None) => Ok(()),
    }
}
