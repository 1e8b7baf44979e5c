//! What a workspace wants to do outside itself, and what a person on this machine agreed to.
//!
//! Settings come with the workspace, and a workspace may come from anybody. So whatever acts outside it (destinations of backups
//! and the credentials that go there, schedules, retention; all that will come) is an [`OutsideAct`], and happens only if exactly
//! this act was agreed to here. The agreements are a file in the user's data folder: nothing in a workspace can grant one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use steward_backup::{identity, target};
use steward_workspace::Workspace;

use crate::app::App;
use crate::backups::catalog;
use crate::dto::{BackupEncryption, BackupPlace, BackupRetention, BackupSettings, HostKind, OutsideAct};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::machine;

/// Agreements by workspace, as they are in the file.
type Agreements = BTreeMap<String, BTreeSet<String>>;

fn path(app: &App) -> PathBuf {
    app.data.join("agreements.json")
}

fn read(app: &App) -> Agreements {
    machine::read(&path(app))
}

fn write(app: &App, agreements: &Agreements) -> ApiResult<()> {
    machine::write(&path(app), agreements, "The agreement cannot be saved.")
}

/// A workspace on this machine: its mark alone would be copied with the file.
async fn key(app: &App, workspace: &Workspace) -> ApiResult<String> {
    let mark = identity::of(workspace).await?.workspace;
    let address = app.address().map(|address| address.public()).unwrap_or_default();
    Ok(format!("{mark} {address}"))
}

fn act(kind: &str, address: Option<&str>, options: &BTreeMap<String, String>, sentence: String, detail: &str) -> OutsideAct {
    let exactly = serde_json::json!([kind, address, options, detail]).to_string();
    let id = hex::encode(Sha256::digest(exactly.as_bytes()));
    OutsideAct { id, sentence, address: address.map(str::to_owned), options: options.clone(), agreed: false }
}

fn of_place(place: &BackupPlace) -> OutsideAct {
    let server = target::endpoint(&place.options).map(|at| format!(" at the server {at}")).unwrap_or_default();
    let credentials = match place.address.contains("://") && !place.address.starts_with("file:") {
        true => " The credentials of this machine for such buckets (keyring, environment) go there.",
        false => "",
    };
    let sentence = format!("Backups are written to, read from and removed from {}{server}.{credentials}", place.address);
    act("place", Some(&place.address), &place.options, sentence, "")
}

fn kept(rules: &BackupRetention) -> String {
    let of = |n: Option<u32>, what: &str| n.map(|n| format!("{n} {what}"));
    let parts = [
        of(rules.last, "last"),
        of(rules.daily, "daily"),
        of(rules.weekly, "weekly"),
        of(rules.monthly, "monthly"),
        of(rules.yearly, "yearly"),
        of(rules.days, "days"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "all".into() } else { parts.join(", ") }
}

/// Everything that the settings of a workspace make happen outside it.
fn wanted(app: &App, settings: &BackupSettings) -> Vec<OutsideAct> {
    let none = BTreeMap::new();
    let by_itself = |kind: &str, sentence: String, detail: &str| act(kind, None, &none, sentence, detail);
    let usual = catalog::usual_place(app);
    let mut acts: Vec<OutsideAct> = settings.places.iter().filter(|p| p.address != usual).map(of_place).collect();
    if let Some(at) = &settings.schedule {
        acts.push(by_itself("schedule", format!("Backups are taken by themselves ({at})."), at));
        let kept = kept(&settings.retention);
        acts.push(by_itself("retention", format!("After each backup older ones are removed; kept: {kept}."), &kept));
    }
    if let Some(at) = &settings.verification_schedule {
        acts.push(by_itself("verification", format!("Backups are verified by themselves ({at})."), at));
    }
    if let Some(minutes) = settings.increments {
        acts.push(by_itself("increments", format!("Increments are taken every {minutes} minutes."), &minutes.to_string()));
    }
    if let BackupEncryption::Recipients { recipients } = &settings.encryption {
        let whom = recipients.join(", ");
        acts.push(by_itself("recipients", format!("Only someone with the key of {whom} can open the backups."), &whom));
    }
    acts
}

/// What the workspace wants to do, and what of it was agreed to.
pub(crate) async fn acts(app: &App, workspace: &Workspace, settings: &BackupSettings) -> ApiResult<Vec<OutsideAct>> {
    let mut acts = wanted(app, settings);
    if !acts.is_empty() {
        let agreed = read(app).remove(&key(app, workspace).await?).unwrap_or_default();
        acts.iter_mut().for_each(|act| act.agreed = agreed.contains(&act.id));
    }
    Ok(acts)
}

/// Everything that the settings make happen was agreed to.
pub(crate) async fn is_agreed(app: &App, workspace: &Workspace, settings: &BackupSettings) -> ApiResult<bool> {
    Ok(acts(app, workspace, settings).await?.iter().all(|act| act.agreed))
}

/// Keeps agreements; those to what is not wanted any more end.
pub(crate) async fn agree(app: &App, workspace: &Workspace, acts: &[OutsideAct]) -> ApiResult<()> {
    let mut all = read(app);
    let key = key(app, workspace).await?;
    match acts.is_empty() {
        true => all.remove(&key),
        false => all.insert(key, acts.iter().map(|act| act.id.clone()).collect()),
    };
    write(app, &all)
}

/// A place may be opened: it is the usual one, or was agreed to.
pub(crate) async fn require_place(app: &App, workspace: &Workspace, place: &BackupPlace) -> ApiResult<()> {
    let agreed = place.address == catalog::usual_place(app) || {
        let agreed = read(app).remove(&key(app, workspace).await?).unwrap_or_default();
        agreed.contains(&of_place(place).id)
    };
    if agreed { Ok(()) } else { Err(not_agreed(&of_place(place))) }
}

/// Whom the settings encrypt for was agreed to: a backup that only someone else can open is none.
pub(crate) async fn require_encryption(app: &App, workspace: &Workspace, settings: &BackupSettings) -> ApiResult<()> {
    let asked = BackupSettings { places: Vec::new(), schedule: None, verification_schedule: None, increments: None, ..settings.clone() };
    match acts(app, workspace, &asked).await?.into_iter().find(|act| !act.agreed) {
        None => Ok(()),
        Some(act) => Err(not_agreed(&act)),
    }
}

fn not_agreed(act: &OutsideAct) -> ApiError {
    ApiError::new(ErrorCode::Forbidden, format!("Nobody on this machine has agreed to this yet: {}", act.sentence)).hint(
        "These settings came with the workspace. Look at them and agree: 'steward trust show', 'steward trust agree', or in the window.",
    )
}

/// Places that a request names, before anything goes there. On the command line a person names them; the page can only name what
/// was agreed to, unless the person answers a dialog of the program's own.
pub(crate) async fn require_named(app: &App, workspace: &Workspace, places: &[BackupPlace]) -> ApiResult<()> {
    for place in places {
        target::check_options(&place.options)?;
        if app.host.kind() == HostKind::Cli || require_place(app, workspace, place).await.is_ok() {
            continue;
        }
        ask(app, place).await?;
    }
    Ok(())
}

/// A folder is chosen in a dialog. A bucket is typed, so the program itself asks whether that was a person.
async fn ask(app: &App, place: &BackupPlace) -> ApiResult<()> {
    let is_bucket = place.address.split_once("://").is_some_and(|(scheme, _)| scheme != "file");
    let refused = || {
        ApiError::new(ErrorCode::Forbidden, format!("{} was not chosen on this machine.", place.address))
            .hint("Choose the folder in the window, or name it on the command line: steward backup schedule --to PLACE.")
    };
    if !is_bucket || !app.host.can_confirm() {
        return Err(refused());
    }
    match app.host.confirm("Send backups there?", &of_place(place).sentence).await? {
        true => Ok(()),
        false => Err(ApiError::new(ErrorCode::Cancelled, "Cancelled; nothing was changed.")),
    }
}

/// Settings that a person saves: what is new in them is theirs; what was there before must have been agreed to.
pub(crate) async fn require_saved(app: &App, workspace: &Workspace, before: &BackupSettings, after: &BackupSettings) -> ApiResult<()> {
    let stood = acts(app, workspace, before).await?;
    for act in wanted(app, after) {
        if let Some(unseen) = stood.iter().find(|old| old.id == act.id && !old.agreed) {
            return Err(not_agreed(unseen));
        }
    }
    let new = |place: &&BackupPlace| !before.places.contains(place);
    let new: Vec<BackupPlace> = after.places.iter().filter(new).cloned().collect();
    require_named(app, workspace, &new).await
}

/// What a person should know when the workspace is opened.
pub(crate) async fn notice(app: &App, workspace: &Workspace) -> ApiResult<Option<String>> {
    let settings = catalog::settings(app, workspace).await?;
    let open: Vec<String> = acts(app, workspace, &settings).await?.into_iter().filter(|a| !a.agreed).map(|a| a.sentence).collect();
    if open.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "This workspace has settings that act outside it. None of this happens until you agree ('steward trust agree', or Backups in the window): {}",
        open.join(" ")
    )))
}
