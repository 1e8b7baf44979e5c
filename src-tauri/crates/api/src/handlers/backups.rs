//! `backups.*`: taking, listing, proving and removing backups.

use std::collections::BTreeMap;
use std::sync::Arc;

use steward_backup::create::{BY_HAND, Made, Making, create as take};
use steward_backup::read::Backup as Archive;
use steward_backup::retention::{self, Retention};
use steward_backup::shelf::{self, Shelved};
use steward_backup::{identity, seal, verify as proving};
use steward_workspace::schedule::Schedule;
use steward_workspace::{Error, Progress, Workspace};

use super::increments;
use steward_workspace::Event;

use crate::app::App;
use crate::caller::Call;
use crate::dto::{
    ApplyPlan, Backup, BackupChecked, BackupEncryption, BackupKey, BackupMade, BackupPlace, BackupRef, BackupRetention, BackupSettings,
    BackupSetup, BackupVerified, Backups, CreateBackup, Empty, JobKind, JobOutcome, JobStarted, JobUnit, PrunePlan, PruneVerdict, Pruned,
    SaveBackupSettings, VerifyBackup,
};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::plans::{self, Plan};
use crate::{destinations, drill, jobs, scheduler, scratch, shelves, trust};

pub async fn setup(app: &Call, _: Empty) -> ApiResult<BackupSetup> {
    let workspace = app.workspace()?;
    let settings = shelves::settings(app, &workspace).await?;
    let next_at = match &settings.schedule {
        Some(expression) => Schedule::parse(expression)?.next(workspace.clock.now()).map(|t| t.to_rfc3339()),
        None => None,
    };
    let has_key = match &settings.encryption {
        BackupEncryption::None => true,
        _ => !shelves::key(app, &workspace, &crate::dto::BackupSecret::default()).await?.is_empty(),
    };
    Ok(BackupSetup { settings, usual_place: shelves::usual_place(app), has_key, next_at })
}

pub async fn save(app: &Call, request: SaveBackupSettings) -> ApiResult<BackupSetup> {
    let workspace = app.workspace()?;
    let mut settings = request.settings;
    let before = shelves::settings(app, &workspace).await?;
    trust::require_saved(app, &workspace, &before, &settings).await?;
    if let Some(id) = &request.add_folder {
        let (path, _) = app.files.get(id)?;
        let usual = shelves::usual_place(app);
        // What stands there only because nothing else was chosen gives way.
        settings.places.retain(|p| p.address != usual);
        settings.places.push(BackupPlace { address: path.display().to_string(), options: BTreeMap::new() });
    }
    for expression in [&settings.schedule, &settings.proof_schedule].into_iter().flatten() {
        Schedule::parse(expression)?;
    }
    increments::switch(&workspace, &before, &settings).await?;
    for (address, secrets) in &request.secrets {
        let missing = || ApiError::bad_request(format!("{address} is no place of backups."));
        let place = settings.places.iter().find(|p| &p.address == address).ok_or_else(missing)?;
        shelves::keep_place_secrets(app, place, secrets).await?;
    }
    for place in &settings.places {
        shelves::open_named(app, place).await?;
    }
    if let Some(passphrase) = request.passphrase.filter(|p| !p.is_empty()) {
        shelves::keep_secret(app, &workspace, "passphrase", passphrase).await?;
    }
    if let BackupEncryption::Recipients { recipients } = &settings.encryption {
        for text in recipients {
            seal::recipient(text)?;
        }
    }
    shelves::save(&workspace, &settings).await?;
    // Who saves settings agrees to them, as they stand now.
    let acts = trust::acts(app, &workspace, &settings).await?;
    trust::agree(app, &workspace, &acts).await?;
    scheduler::reschedule(app, &workspace).await?;
    workspace.events.emit(&Event::BackupsChanged);
    setup(app, Empty {}).await
}

pub async fn new_key(app: &Call, _: Empty) -> ApiResult<BackupKey> {
    use steward_backup::seal::Exposed as _;
    let (identity, recipient) = seal::new_identity();
    shelves::keep_secret(app, &app.workspace()?, "identity", identity.exposed().to_owned()).await?;
    Ok(BackupKey { recipient, identity: identity.exposed().to_owned() })
}

pub async fn list(app: &Call, _: Empty) -> ApiResult<Backups> {
    let workspace = app.workspace()?;
    let mark = identity::of(&workspace).await?.workspace;
    let (all, mut notes) = shelves::known(app, &workspace).await?;
    // Increments are told of by the timeline.
    let all: Vec<Shelved> = all.into_iter().filter(|b| !b.is_increment()).collect();
    let ours = || all.iter().filter(|b| b.manifest.source.workspace == mark);
    notes.extend(retention::suspicion(&ours().cloned().collect::<Vec<_>>()));
    let proven_at = ours().find(|b| b.is_proven()).map(|b| b.manifest.made_at.clone());
    let newest_at = ours().next().map(|b| b.manifest.made_at.clone());
    Ok(Backups { backups: shelves::together(&all, &mark), notes, proven_at, newest_at })
}

pub async fn get(app: &Call, request: BackupRef) -> ApiResult<Backup> {
    let workspace = app.workspace()?;
    let mark = identity::of(&workspace).await?.workspace;
    if request.place.is_some() {
        let (_, found) = shelves::find(app, &workspace, &request).await?;
        return Ok(shelves::shown(&found, &mark, Vec::new()));
    }
    let (all, _) = shelves::known(app, &workspace).await?;
    let found = shelves::together(&all, &mark).into_iter().find(|b| b.id == request.id);
    found.ok_or_else(|| {
        ApiError::not_found(format!("There is no backup {}.", request.id))
            .hint("See 'steward backup list', or name the file or address of its archive.")
    })
}

/// What a backup is made by: the request, else the settings.
pub(crate) async fn making(app: &App, workspace: &Workspace, request: CreateBackup, reason: &str) -> ApiResult<Making> {
    let settings = shelves::settings(app, workspace).await?;
    let mut targets = Vec::with_capacity(settings.places.len().max(request.places.len()));
    if request.places.is_empty() {
        for place in &settings.places {
            targets.push(shelves::open(app, workspace, place).await?);
        }
    } else {
        trust::require_named(app, workspace, &request.places).await?;
        for place in &request.places {
            targets.push(shelves::open_named(app, place).await?);
        }
    }
    if request.encryption.is_none() {
        trust::require_encryption(app, workspace, &settings).await?;
    }
    let encryption = request.encryption.unwrap_or(settings.encryption);
    Ok(Making {
        targets,
        compression: shelves::as_compression(&request.compression.unwrap_or(settings.compression)),
        lock: shelves::lock(app, workspace, &encryption, request.passphrase).await?,
        collections: request.collections,
        own: request.own.unwrap_or(settings.own),
        reason: reason.to_owned(),
        gap: None,
    })
}

pub async fn create(app: &Call, request: CreateBackup) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let by_hand = request.places.clone();
    let making = making(app, &workspace, request, BY_HAND).await?;
    Ok(start(app, workspace, making, by_hand))
}

/// Starts the job that takes a backup. `by_hand`: the destinations that were named for it, to be remembered.
pub(crate) fn start(app: &Arc<App>, workspace: Workspace, making: Making, mut by_hand: Vec<BackupPlace>) -> JobStarted {
    let owner = Arc::clone(app);
    jobs::start(app, JobKind::Backup, "Taking a backup", JobUnit::Records, move |progress| async move {
        let made = take(&workspace, &making, progress.as_ref()).await?;
        by_hand.retain(|p| made.places.iter().any(|(place, why)| *place == p.address && why.is_none()));
        if !by_hand.is_empty() {
            destinations::remember(&owner, &made.manifest.source.workspace, &by_hand)?;
        }
        workspace.events.emit(&Event::BackupsChanged);
        Ok(JobOutcome::BackedUp(made_and_shown(made)))
    })
}

/// A backup that was just taken, and where it could not be brought.
pub(crate) fn made_and_shown(made: Made) -> BackupMade {
    let mark = made.manifest.source.workspace.clone();
    let failed = made.places.iter().filter_map(|(place, why)| why.as_ref().map(|why| format!("{place}: {why}"))).collect();
    let mut there = made.places.iter().filter(|(_, why)| why.is_none()).map(|(place, _)| place.clone());
    let place = there.next().unwrap_or_default();
    let copies = there.collect();
    BackupMade { backup: shelves::shown(&Shelved::new(made.manifest, place), &mark, copies), failed }
}

pub async fn verify(app: &Call, request: VerifyBackup) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let report = request.report.as_deref().map(|id| app.files.get(id)).transpose()?.map(|(path, _)| path);
    let owner = Arc::clone(app);
    let title = if request.test_restore { "Proving a backup by a test restore" } else { "Reading a backup to its end" };
    Ok(jobs::start(app, JobKind::Proof, title, JobUnit::Records, move |progress| async move {
        let verified = prove(&owner, &workspace, &request, progress.as_ref()).await?;
        if let Some(path) = report {
            drill::write(&path, &verified).await?;
        }
        workspace.events.emit(&Event::BackupsChanged);
        Ok(JobOutcome::Verified(verified))
    }))
}

async fn prove(app: &App, workspace: &Workspace, request: &VerifyBackup, progress: &dyn Progress) -> ApiResult<BackupVerified> {
    let (target, shelved) = shelves::find(app, workspace, &request.backup).await?;
    if shelved.is_increment() && request.test_restore {
        return Err(ApiError::bad_request("An increment cannot be restored by itself.")
            .hint("Read it to its end, or plan a restore to a moment that it reaches: that does its changes again beside the data."));
    }
    let key = shelves::key(app, workspace, &request.secret).await?;
    let manifest = shelved.manifest.clone();
    let opened = Archive::of_target(target.as_ref(), manifest.clone(), key, progress).await;
    let (proof, collections, notes) = match opened {
        // Without a key nothing was learned about the backup.
        Err(e @ Error::Locked(_)) => return Err(e.into()),
        Err(e) => (proving::failed(workspace, &manifest, e)?, Vec::new(), Vec::new()),
        Ok(archive) => {
            let verified = match request.test_restore {
                false => proving::verify(workspace, &archive, progress).await?,
                true => {
                    let place = scratch::make(app, workspace).await?;
                    let verified = proving::test_restore(workspace, &archive, &place.workspace, progress).await;
                    place.remove().await;
                    verified?
                }
            };
            (verified.proof, verified.collections, verified.notes)
        }
    };
    shelf::note_proof(target.as_ref(), &manifest, &proof).await?;
    let mark = identity::of(workspace).await?.workspace;
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let checked =
        |c: proving::Checked| BackupChecked { name: c.name, records: count(c.records), schema: c.schema, invalid: c.invalid.map(count) };
    Ok(BackupVerified {
        proof: shelves::proof(&proof),
        backup: shelves::shown(&Shelved { proof: Some(proof), ..shelved }, &mark, Vec::new()),
        collections: collections.into_iter().map(checked).collect(),
        notes,
    })
}

fn rules(of: &BackupRetention) -> Retention {
    Retention { last: of.last, daily: of.daily, weekly: of.weekly, monthly: of.monthly, yearly: of.yearly, days: of.days }
}

/// Which backups of this workspace go, place by place.
pub(crate) async fn judged(app: &App, workspace: &Workspace, settings: &BackupSettings) -> ApiResult<(PrunePlan, Vec<BackupRef>)> {
    let mark = identity::of(workspace).await?.workspace;
    let (all, notes) = shelves::all(app, workspace).await?;
    let mut plan = PrunePlan { plan_id: String::new(), keep: Vec::new(), remove: Vec::new(), bytes: 0, notes };
    let mut gone = Vec::new();
    for place in &settings.places {
        let here: Vec<Shelved> = all.iter().filter(|b| b.place == place.address && b.manifest.source.workspace == mark).cloned().collect();
        let verdicts = retention::judge(&here, &rules(&settings.retention), workspace.clock.now());
        for (backup, verdict) in here.iter().zip(verdicts) {
            let bytes = i64::try_from(backup.manifest.file.bytes).unwrap_or(i64::MAX);
            let row = PruneVerdict {
                id: verdict.id.clone(),
                place: backup.place.clone(),
                made_at: backup.manifest.made_at.clone(),
                bytes,
                why: verdict.kept.unwrap_or_default().to_owned(),
            };
            if verdict.kept.is_some() {
                plan.keep.push(row);
            } else {
                plan.remove.push(row);
                plan.bytes += bytes;
                gone.push(BackupRef { id: verdict.id, place: Some(backup.place.clone()) });
            }
        }
    }
    Ok((plan, gone))
}

pub async fn plan_prune(app: &Call, _: Empty) -> ApiResult<PrunePlan> {
    let workspace = app.workspace()?;
    let settings = shelves::settings(app, &workspace).await?;
    let (plan, gone) = judged(app, &workspace, &settings).await?;
    Ok(PrunePlan { plan_id: app.plans.put(Plan::Prune(gone)), ..plan })
}

pub async fn prune(app: &Call, request: ApplyPlan) -> ApiResult<Pruned> {
    let workspace = app.workspace()?;
    let Plan::Prune(planned) = app.plans.take(&request.plan_id)? else {
        return Err(plans::stale());
    };
    remove(app, &workspace, &planned).await
}

/// Removes backups that the rules still let go: what was proven or built upon since the plan stays.
pub(crate) async fn remove(app: &Arc<App>, workspace: &Workspace, planned: &[BackupRef]) -> ApiResult<Pruned> {
    let settings = shelves::settings(app, workspace).await?;
    let (_, gone) = judged(app, workspace, &settings).await?;
    let mut done = Pruned { removed: 0, bytes: 0, notes: Vec::new() };
    for place in &settings.places {
        shelf::sweep(shelves::open(app, workspace, place).await?.as_ref()).await?;
    }
    for one in planned {
        if !gone.contains(one) {
            done.notes.push(format!("{} stays: the rules keep it now.", one.id));
            continue;
        }
        let (target, shelved) = match shelves::find(app, workspace, one).await {
            Err(e) if e.code == ErrorCode::NotFound => {
                done.notes.push(format!("{} is gone already.", one.id));
                continue;
            }
            found => found?,
        };
        shelf::remove(target.as_ref(), &shelved.manifest).await?;
        done.removed += 1;
        done.bytes += i64::try_from(shelved.manifest.file.bytes).unwrap_or(i64::MAX);
    }
    workspace.events.emit(&Event::BackupsChanged);
    Ok(done)
}
