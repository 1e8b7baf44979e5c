//! `backups.*`: taking, listing, verifying and removing backups.

use std::collections::BTreeMap;

use steward_backup::create::ON_REQUEST;
use steward_backup::listing::ListedBackup;
use steward_backup::retention::{self};
use steward_backup::{encryption, identity};
use steward_workspace::schedule::Schedule;

use crate::backups::increments;
use steward_workspace::Event;

use crate::backups::catalog;
use crate::backups::{pruning, taking, verifying};
use crate::caller::Call;
use crate::dto::{
    ApplyPlan, Backup, BackupEncryption, BackupKey, BackupPlace, BackupRef, BackupSetup, Backups, CreateBackup, Empty, JobStarted,
    PrunePlan, Pruned, SaveBackupSettings, VerifyBackup,
};
use crate::error::{ApiError, ApiResult};
use crate::plans::Planned;
use crate::tasks::scheduler;
use crate::trust::agreement;

pub async fn setup(app: &Call, _: Empty) -> ApiResult<BackupSetup> {
    let workspace = app.workspace()?;
    let settings = catalog::settings(app, &workspace).await?;
    let next_at = match &settings.schedule {
        Some(expression) => Schedule::parse(expression)?.next(workspace.clock.now()).map(|t| t.to_rfc3339()),
        None => None,
    };
    let has_key = match &settings.encryption {
        BackupEncryption::None => true,
        _ => !catalog::key(app, &workspace, &crate::dto::BackupSecret::default()).await?.is_empty(),
    };
    Ok(BackupSetup { settings, usual_place: catalog::usual_place(app), has_key, next_at })
}

pub async fn save(app: &Call, request: SaveBackupSettings) -> ApiResult<BackupSetup> {
    let workspace = app.workspace()?;
    let mut settings = request.settings;
    let before = catalog::settings(app, &workspace).await?;
    agreement::require_saved(app, &workspace, &before, &settings).await?;
    if let Some(id) = &request.add_folder {
        let (path, _) = app.files.get(id)?;
        let usual = catalog::usual_place(app);
        // What is there only because nothing else was chosen gives way.
        settings.places.retain(|p| p.address != usual);
        settings.places.push(BackupPlace { address: path.display().to_string(), options: BTreeMap::new() });
    }
    for expression in [&settings.schedule, &settings.verification_schedule].into_iter().flatten() {
        Schedule::parse(expression)?;
    }
    for (address, secrets) in &request.secrets {
        let missing = || ApiError::bad_request(format!("{address} is no place of backups."));
        let place = settings.places.iter().find(|p| &p.address == address).ok_or_else(missing)?;
        catalog::keep_place_secrets(app, place, secrets).await?;
    }
    for place in &settings.places {
        catalog::open_named(app, place).await?;
    }
    if let Some(passphrase) = request.passphrase.filter(|p| !p.is_empty()) {
        catalog::keep_secret(app, &workspace, "passphrase", passphrase).await?;
    }
    if let BackupEncryption::Recipients { recipients } = &settings.encryption {
        for text in recipients {
            encryption::recipient(text)?;
        }
    }
    catalog::require_unattended(app, &workspace, &settings).await?;
    increments::switch(&workspace, &before, &settings).await?;
    catalog::save(&workspace, &settings).await?;
    // Who saves settings agrees to them, as they are now.
    let acts = agreement::acts(app, &workspace, &settings).await?;
    agreement::agree(app, &workspace, &acts).await?;
    scheduler::reschedule(app, &workspace).await?;
    workspace.events.emit(&Event::BackupsChanged);
    setup(app, Empty {}).await
}

pub async fn new_key(app: &Call, _: Empty) -> ApiResult<BackupKey> {
    use steward_backup::encryption::Exposed as _;
    let (identity, recipient) = encryption::new_identity();
    catalog::keep_secret(app, &app.workspace()?, "identity", identity.exposed().to_owned()).await?;
    Ok(BackupKey { recipient, identity: identity.exposed().to_owned() })
}

pub async fn list(app: &Call, _: Empty) -> ApiResult<Backups> {
    let workspace = app.workspace()?;
    let mark = identity::of(&workspace).await?.workspace;
    let (all, mut notes) = catalog::known(app, &workspace).await?;
    // Increments are listed by the timeline.
    let all: Vec<ListedBackup> = all.into_iter().filter(|b| !b.is_increment()).collect();
    let ours = || all.iter().filter(|b| b.manifest.source.workspace == mark);
    notes.extend(retention::suspicion(&ours().cloned().collect::<Vec<_>>()));
    let verified_at = ours().find(|b| b.is_verified()).map(|b| b.manifest.made_at.clone());
    let newest_at = ours().next().map(|b| b.manifest.made_at.clone());
    Ok(Backups { backups: catalog::together(&all, &mark), notes, verified_at, newest_at })
}

pub async fn get(app: &Call, request: BackupRef) -> ApiResult<Backup> {
    let workspace = app.workspace()?;
    let mark = identity::of(&workspace).await?.workspace;
    if request.place.is_some() {
        let (_, found) = catalog::find(app, &workspace, &request).await?;
        return Ok(catalog::shown(&found, &mark, Vec::new()));
    }
    let (all, _) = catalog::known(app, &workspace).await?;
    let found = catalog::together(&all, &mark).into_iter().find(|b| b.id == request.id);
    found.ok_or_else(|| {
        ApiError::not_found(format!("There is no backup {}.", request.id))
            .hint("See 'steward backup list', or name the file or address of its archive.")
    })
}

pub async fn create(app: &Call, request: CreateBackup) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let by_hand = request.places.clone();
    let backup_request = taking::backup_request(app, &workspace, request, ON_REQUEST).await?;
    Ok(taking::start(app, workspace, backup_request, by_hand))
}

pub async fn verify(app: &Call, request: VerifyBackup) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let report = request.report.as_deref().map(|id| app.files.get(id)).transpose()?.map(|(path, _)| path);
    Ok(verifying::start(app, workspace, request, report))
}

/// Backups that the rules let go.
struct PlannedPrune(Vec<BackupRef>);

impl Planned for PlannedPrune {}

pub async fn plan_prune(app: &Call, _: Empty) -> ApiResult<PrunePlan> {
    let workspace = app.workspace()?;
    let settings = catalog::settings(app, &workspace).await?;
    let (plan, gone) = pruning::decide(app, &workspace, &settings).await?;
    Ok(PrunePlan { plan_id: app.plans.put(PlannedPrune(gone)), ..plan })
}

pub async fn prune(app: &Call, request: ApplyPlan) -> ApiResult<Pruned> {
    let workspace = app.workspace()?;
    let PlannedPrune(planned) = app.plans.take(&request.plan_id)?;
    pruning::remove(app, &workspace, &planned).await
}
