//! How a workspace is backed up: its settings, its places with their credentials, and what locks and opens its backups.
//! Settings are in the workspace; secrets in the keyring or the environment, nowhere else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use steward_backup::encryption::{DecryptionKey, EncryptionKey};
use steward_backup::listing::{self, ListedBackup};
use steward_backup::target::{self, Target, TargetSpec};
use steward_backup::{encryption, identity, manifest};
use steward_store::names;
use steward_workspace::Workspace;

use crate::app::App;
use crate::backups::destinations;
use crate::dto::{
    Backup, BackupCollection, BackupCompression, BackupEncryption, BackupPlace, BackupRef, BackupRetention, BackupSecret, BackupSettings,
    BackupVerification, HostKind,
};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::trust::agreement;

const SETTINGS: &str = "steward.backup";
/// Credentials that are kept for a place. What names a file comes from the command line of this machine alone.
const SECRETS: [&str; 9] = [
    "access_key_id",
    "secret_access_key",
    "session_token",
    "account_key",
    "sas_token",
    "tenant_id",
    "client_id",
    "client_secret",
    "service_account_key",
];
const FILES: [&str; 2] = ["service_account", "application_credentials"];

/// Where backups go when nothing was chosen.
pub fn usual_place(app: &App) -> String {
    app.data.join("backups").display().to_string()
}

/// The settings of a workspace; the usual ones where none were saved.
pub async fn settings(app: &App, workspace: &Workspace) -> ApiResult<BackupSettings> {
    let saved = workspace.own_document(names::SETTINGS, SETTINGS).await?;
    let saved = saved.as_ref().and_then(|doc| doc.get_str("value").ok()).and_then(|text| serde_json::from_str::<BackupSettings>(text).ok());
    let mut settings = saved.unwrap_or(BackupSettings {
        places: Vec::new(),
        compression: BackupCompression::Zstd,
        encryption: BackupEncryption::None,
        own: true,
        schedule: None,
        verification_schedule: None,
        increments: None,
        retention: BackupRetention { last: None, daily: None, weekly: None, monthly: None, yearly: None, days: Some(7) },
    });
    if settings.places.is_empty() {
        settings.places.push(BackupPlace { address: usual_place(app), options: BTreeMap::new() });
    }
    Ok(settings)
}

pub async fn save(workspace: &Workspace, settings: &BackupSettings) -> ApiResult<()> {
    let text =
        serde_json::to_string(settings).map_err(|e| ApiError::bad_request("These settings cannot be saved.").details(e.to_string()))?;
    Ok(workspace.put(names::SETTINGS, &bson::doc! { "_id": SETTINGS, "value": text }).await?)
}

fn secret_name(mark: &str, what: &str) -> String {
    format!("backup {mark} {what}")
}

fn spec(place: &BackupPlace) -> TargetSpec {
    TargetSpec { address: place.address.clone(), options: place.options.clone() }
}

fn place_name(place: &BackupPlace) -> String {
    format!("backup place {}", target::belongs_to(&spec(place)))
}

/// Keeps what locks the backups of a workspace.
pub async fn keep_secret(app: &App, workspace: &Workspace, what: &str, secret: String) -> ApiResult<()> {
    let mark = identity::of(workspace).await?.workspace;
    Ok(app.secrets.put(&secret_name(&mark, what), &secret).await?)
}

/// Keeps the credentials of a place: for this address, at its server, for its account, and nowhere else.
pub async fn keep_place_secrets(app: &App, place: &BackupPlace, secrets: &BTreeMap<String, String>) -> ApiResult<()> {
    let is = |name: &str, of: &[&str]| of.iter().any(|known| name.to_ascii_lowercase().ends_with(known));
    let by_hand = app.host.kind() == HostKind::Cli;
    if let Some(name) = secrets.keys().find(|name| !(is(name, &SECRETS) || by_hand && is(name, &FILES))) {
        return Err(ApiError::bad_request(format!("'{name}' is no credential of a place for backups.")));
    }
    let text = serde_json::to_string(secrets).unwrap_or_default();
    app.secrets.put(&place_name(place), &text).await.map_err(|e| ApiError {
        message: format!("No keyring is open on this machine, so the credentials of {} are not stored.", place.address),
        hint: Some("Open the keyring, or set them in the environment of Steward: they are read from there too.".into()),
        ..e.into()
    })
}

/// A store that cannot be asked has nothing.
async fn stored(app: &App, name: &str) -> Option<String> {
    app.secrets.get(name).await.ok().flatten()
}

/// The passphrase of all backups of this machine, else that of this workspace.
async fn known_passphrase(app: &App, workspace: &Workspace) -> ApiResult<Option<String>> {
    if let Some(given) = stored(app, "backup passphrase").await {
        return Ok(Some(given));
    }
    let mark = identity::of(workspace).await?.workspace;
    Ok(stored(app, &secret_name(&mark, "passphrase")).await)
}

/// Refuses a schedule whose runs would need a secret that this machine does not have: nobody is there to be asked.
pub async fn require_unattended(app: &App, workspace: &Workspace, settings: &BackupSettings) -> ApiResult<()> {
    let takes = settings.schedule.is_some() || settings.increments.is_some();
    let verifies = settings.verification_schedule.is_some();
    let (message, hint) = match &settings.encryption {
        BackupEncryption::Passphrase if (takes || verifies) && known_passphrase(app, workspace).await?.is_none() => (
            "Scheduled backups need the passphrase, and this machine does not have it.",
            "Open the keyring and enter the passphrase here, or set STEWARD_BACKUP_PASSPHRASE for Steward, or put it into the file \
             backup-passphrase in the folder that STEWARD_SECRETS names. A key instead of a passphrase needs no secret for backups.",
        ),
        BackupEncryption::Recipients { .. } if verifies && key(app, workspace, &BackupSecret::default()).await?.is_empty() => (
            "Scheduled test restores need the key of the backups, and this machine does not have it.",
            "Open the keyring and make the key here, or set STEWARD_BACKUP_IDENTITY for Steward. Or verify backups manually: turn the \
             schedule of test restores off.",
        ),
        _ => return Ok(()),
    };
    Err(ApiError::bad_request(message).hint(hint))
}

/// What opens backups: what was given, else the environment and the keyring.
pub async fn key(app: &App, workspace: &Workspace, secret: &BackupSecret) -> ApiResult<DecryptionKey> {
    let mut key = DecryptionKey { passphrase: secret.passphrase.clone().map(Into::into), identities: Vec::new() };
    key.identities.extend(secret.identity.iter().map(|text| text.clone().into()));
    if key.passphrase.is_none() {
        key.passphrase = known_passphrase(app, workspace).await?.map(Into::into);
    }
    if let Some(path) = std::env::var_os("STEWARD_BACKUP_IDENTITY").filter(|v| !v.is_empty()) {
        let path = Path::new(&path);
        let text = tokio::fs::read_to_string(path).await.map_err(|e| {
            ApiError::new(ErrorCode::Unreachable, format!("The key {} cannot be read.", path.display())).details(e.to_string())
        })?;
        let lines = text.lines().map(str::trim).filter(|l| l.starts_with("AGE-SECRET-KEY-"));
        key.identities.extend(lines.map(|l| l.to_owned().into()));
    }
    let mark = identity::of(workspace).await?.workspace;
    key.identities.extend(stored(app, &secret_name(&mark, "identity")).await.map(Into::into));
    Ok(key)
}

/// What new backups are locked with.
pub async fn lock(app: &App, workspace: &Workspace, encryption: &BackupEncryption, passphrase: Option<String>) -> ApiResult<EncryptionKey> {
    match encryption {
        BackupEncryption::None => Ok(EncryptionKey::None),
        BackupEncryption::Recipients { recipients } => {
            for text in recipients {
                encryption::recipient(text)?;
            }
            if recipients.is_empty() {
                return Err(
                    ApiError::bad_request("Encrypted for whom? No recipient is named.").hint("Make a key, or name a recipient (age1…).")
                );
            }
            Ok(EncryptionKey::Recipients(recipients.clone()))
        }
        BackupEncryption::Passphrase => {
            let known = match passphrase.filter(|p| !p.is_empty()) {
                Some(given) => Some(given),
                None => known_passphrase(app, workspace).await?,
            };
            let missing = || {
                ApiError::new(ErrorCode::Locked, "The passphrase of these backups is not known here.")
                    .hint("Give it in the settings of the backups, or as STEWARD_BACKUP_PASSPHRASE.")
            };
            Ok(EncryptionKey::Passphrase(known.ok_or_else(missing)?.into()))
        }
    }
}

/// Opens a place with its credentials, if this machine agreed to it.
pub async fn open(app: &App, workspace: &Workspace, place: &BackupPlace) -> ApiResult<Arc<dyn Target>> {
    agreement::require_place(app, workspace, place).await?;
    open_named(app, place).await
}

/// Opens a place that a person named just now ([`agreement::require_named`]).
pub async fn open_named(app: &App, place: &BackupPlace) -> ApiResult<Arc<dyn Target>> {
    let mut hidden: BTreeMap<String, String> = BTreeMap::new();
    if place.address.contains("://") {
        let variables = target::variables(&place.address);
        hidden.extend(std::env::vars().filter(|(name, _)| name.starts_with(variables)).map(|(name, v)| (name.to_ascii_lowercase(), v)));
        let text = stored(app, &place_name(place)).await;
        let kept: Option<BTreeMap<String, String>> = text.and_then(|text| serde_json::from_str(&text).ok());
        hidden.extend(kept.unwrap_or_default());
    }
    Ok(target::open(&spec(place), &hidden)?)
}

/// Everything at the places of a workspace, newest first, with what could not be read.
pub async fn all(app: &App, workspace: &Workspace) -> ApiResult<(Vec<ListedBackup>, Vec<String>)> {
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for place in &settings(app, workspace).await?.places {
        let listed = async { Ok::<_, ApiError>(listing::list(open(app, workspace, place).await?.as_ref()).await?) };
        match listed.await {
            Ok((backups, more)) => {
                found.extend(backups);
                notes.extend(more);
            }
            Err(e) => notes.push(format!("{}: {}", place.address, e.message)),
        }
    }
    found.sort_by(|a, b| b.manifest.made_at.cmp(&a.manifest.made_at).then_with(|| b.manifest.id.cmp(&a.manifest.id)));
    Ok((found, notes))
}

/// [`all`], and those of the workspace at destinations that were named manually. One that was looked at and holds none of them any
/// more is forgotten.
pub async fn known(app: &App, workspace: &Workspace) -> ApiResult<(Vec<ListedBackup>, Vec<String>)> {
    let mark = identity::of(workspace).await?.workspace;
    let (mut found, mut notes) = all(app, workspace).await?;
    let mut empty = Vec::new();
    for place in by_hand(app, workspace).await? {
        let listed = async { Ok::<_, ApiError>(listing::list(open_named(app, &place).await?.as_ref()).await?) };
        match listed.await {
            Ok((mut backups, more)) => {
                backups.retain(|b| b.manifest.source.workspace == mark);
                if backups.is_empty() && more.is_empty() && is_there(&place) {
                    empty.push(place.address.clone());
                }
                found.extend(backups);
                notes.extend(more);
            }
            Err(e) => notes.push(format!("{}: {}", place.address, e.message)),
        }
    }
    destinations::forget(app, &mark, &empty)?;
    found.sort_by(|a, b| b.manifest.made_at.cmp(&a.manifest.made_at).then_with(|| b.manifest.id.cmp(&a.manifest.id)));
    Ok((found, notes))
}

/// A folder of a disk that is not plugged in may come back.
fn is_there(place: &BackupPlace) -> bool {
    place.address.contains("://") || Path::new(&place.address).is_dir()
}

/// Destinations that were named manually and are not among the settings.
async fn by_hand(app: &App, workspace: &Workspace) -> ApiResult<Vec<BackupPlace>> {
    let mark = identity::of(workspace).await?.workspace;
    let chosen = settings(app, workspace).await?.places;
    let mut more = destinations::of(app, &mark);
    more.retain(|place| !chosen.iter().any(|c| c.address == place.address));
    Ok(more)
}

/// Those of the open workspace, whole backups and increments.
pub async fn ours(app: &App, workspace: &Workspace) -> ApiResult<(Vec<ListedBackup>, Vec<String>)> {
    let mark = identity::of(workspace).await?.workspace;
    let (mut found, notes) = all(app, workspace).await?;
    found.retain(|b| b.manifest.source.workspace == mark);
    Ok((found, notes))
}

/// A destination by its address: of the settings, remembered, or named on the command line just now.
pub async fn at(app: &App, workspace: &Workspace, address: &str) -> ApiResult<Arc<dyn Target>> {
    let is = |place: &&BackupPlace| place.address == address;
    if let Some(place) = settings(app, workspace).await?.places.iter().find(is) {
        return open(app, workspace, place).await;
    }
    if let Some(place) = by_hand(app, workspace).await?.iter().find(is) {
        return open_named(app, place).await;
    }
    let place = BackupPlace { address: address.to_owned(), options: BTreeMap::new() };
    agreement::require_named(app, workspace, std::slice::from_ref(&place)).await?;
    open_named(app, &place).await
}

/// A backup with the place that it lies at.
pub async fn find(app: &App, workspace: &Workspace, wanted: &BackupRef) -> ApiResult<(Arc<dyn Target>, ListedBackup)> {
    if let Some(named) = &wanted.place {
        let target = at(app, workspace, named).await?;
        let found = listing::find(target.as_ref(), &wanted.id).await?;
        return Ok((target, found));
    }
    let (mut missing, mut refused) = (None, None);
    let places = settings(app, workspace).await?.places;
    let more = by_hand(app, workspace).await?;
    let many = places.len() + more.len() > 1;
    for address in places.iter().chain(&more).map(|p| &p.address) {
        let found = async {
            let target = at(app, workspace, address).await?;
            let found = listing::find(target.as_ref(), &wanted.id).await?;
            Ok::<_, ApiError>((target, found))
        };
        match found.await {
            Ok(found) => return Ok(found),
            Err(e) if e.code == ErrorCode::Forbidden && many => refused = Some(e),
            Err(e) if e.code == ErrorCode::NotFound || many => missing = Some(e),
            Err(e) => return Err(e),
        }
    }
    Err(refused.or(missing).unwrap_or_else(|| ApiError::not_found(format!("There is no backup {}.", wanted.id))))
}

fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

pub fn compression(of: encryption::Compression) -> BackupCompression {
    match of {
        encryption::Compression::Zstd => BackupCompression::Zstd,
        encryption::Compression::Gzip => BackupCompression::Gzip,
        encryption::Compression::None => BackupCompression::None,
    }
}

pub fn as_compression(of: &BackupCompression) -> encryption::Compression {
    match of {
        BackupCompression::Zstd => encryption::Compression::Zstd,
        BackupCompression::Gzip => encryption::Compression::Gzip,
        BackupCompression::None => encryption::Compression::None,
    }
}

pub fn verification(of: &manifest::Verification) -> BackupVerification {
    BackupVerification { at: of.at.clone(), restored: of.restored, passed: of.passed(), problems: of.problems.clone(), seconds: of.seconds }
}

/// A backup as it is shown. `mark` is that of the open workspace.
pub fn shown(of: &ListedBackup, mark: &str, copies: Vec<String>) -> Backup {
    let m = &of.manifest;
    let encryption = match &m.file.encryption {
        None => BackupEncryption::None,
        Some(encryption::Encryption::Passphrase) => BackupEncryption::Passphrase,
        Some(encryption::Encryption::Recipients { recipients }) => BackupEncryption::Recipients { recipients: recipients.clone() },
    };
    let index = |json: &serde_json::Value| json.get("name").and_then(|n| n.as_str()).map(str::to_owned);
    let collections = m.collections.iter().map(|c| BackupCollection {
        name: c.name.clone(),
        kind: c.kind.clone(),
        records: size(c.records),
        bytes: size(c.bytes),
        content: c.content.to_string(),
        schema: c.settings.as_ref().map(|s| s.schema.clone()).filter(|s| !s.is_empty()),
        own: c.is_own(),
        indexes: c.indexes.iter().filter_map(index).filter(|name| name != "_id_").collect(),
    });
    Backup {
        id: m.id.clone(),
        place: of.place.clone(),
        copies,
        made_at: m.made_at.clone(),
        finished_at: m.finished_at.clone(),
        made_by: m.made_by.clone(),
        reason: m.reason.clone(),
        workspace: m.source.name.clone(),
        of_this: m.source.workspace == mark,
        address: m.source.address.clone(),
        server: m.source.server.clone(),
        tool: m.tool.clone(),
        records: size(m.records()),
        bytes: size(m.file.bytes),
        plain_bytes: size(m.plain_bytes()),
        compression: compression(m.file.compression),
        encryption,
        file: m.file.name.clone(),
        sha256: m.file.sha256.clone(),
        fuzzy: m.fuzzy.clone(),
        notes: m.notes.clone(),
        collections: collections.collect(),
        verification: of.verification.as_ref().map(verification),
        verified: of.is_verified(),
        damage: of.damage.clone(),
    }
}

/// The same backup at several places is shown once, at the first of them.
pub fn together(all: &[ListedBackup], mark: &str) -> Vec<Backup> {
    let mut out: Vec<Backup> = Vec::new();
    for one in all {
        match out.iter_mut().find(|b| b.id == one.manifest.id) {
            Some(first) => first.copies.push(one.place.clone()),
            None => out.push(shown(one, mark, Vec::new())),
        }
    }
    out
}
