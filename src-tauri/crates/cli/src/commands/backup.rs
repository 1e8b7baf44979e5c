//! `backup …`

use std::collections::BTreeMap;

use steward_api::call;
use steward_api::dto::{
    ApplyPlan, Backup, BackupCompression, BackupEncryption, BackupKey, BackupMade, BackupPlace, BackupRecords, BackupRef, BackupRetention,
    BackupSetup, BackupVerified, Backups, BackupsCompared, BringBack, BrowseBackup, CompareBackups, CreateBackup as CreateRequest,
    EditOutcome, Empty, JobOutcome, PrunePlan, Pruned, SaveBackupSettings, VerifyBackup,
};
use steward_api::{ApiError, ApiResult, ErrorCode};

use crate::args::{Backup as Words, Compression, CreateBackup, Schedule};
use crate::ask;
use crate::exit;
use crate::output::{self, brief, counted, line, number};
use crate::session::Session;

pub async fn run(session: &Session, command: Words) -> ApiResult<u8> {
    // A backup that is named by its file or address needs no workspace.
    let alone = matches!(&command, Words::Show { id } | Words::Verify { id, .. } if placed(id).is_some());
    let _scratch = if alone {
        super::files::known_or_scratch(session).await?
    } else {
        session.open(false).await?;
        None
    };
    match command {
        Words::Create(command) => create(session, command).await,
        Words::Increment => super::increments::take(session).await,
        Words::Timeline => super::increments::timeline(session).await,
        Words::List => list(session).await,
        Words::Show { id } => show(session, &id).await,
        Words::Verify { id, test_restore } => verify(session, &id, test_restore, None).await,
        Words::Drill { report } => {
            let usual = || format!("recovery-drill-{}.md", chrono::Local::now().format("%Y-%m-%d"));
            let path = report.unwrap_or_else(|| usual().into());
            let handle = session.app.files.register(&path);
            session.say(&format!("The report is written to {}.", path.display()));
            verify(session, "latest", true, Some(handle.id)).await
        }
        Words::Prune { yes, .. } => prune(session, yes).await,
        Words::Schedule(command) => schedule(session, command).await,
        Words::Key => key(session).await,
        Words::Records { id, collection, text, limit, skip } => {
            let backup = named(session, &id).await?;
            let browse = async |secret| {
                let (backup, collection, text) = (backup.clone(), collection.clone(), text.clone());
                session.call(call::backups::Browse, &BrowseBackup { backup, secret, collection, text, skip, limit }).await
            };
            let found: BackupRecords = session.unlocking(browse).await?;
            output::answer(session.json, &found, |found| {
                for record in &found.records {
                    let state = match (record.exists, record.changes.len()) {
                        (false, _) => "is gone".to_owned(),
                        (true, 0) => "is the same".to_owned(),
                        (true, n) => format!("differs in {}", counted(i64::try_from(n).unwrap_or(i64::MAX), "field")),
                    };
                    line(&format!("{}  {}  {state}", brief(&steward_domain::value::to_ext(&record.id.0), 40), record.title));
                }
                if found.more {
                    line("There are more; use --skip.");
                }
            });
            Ok(exit::DONE)
        }
        Words::BringBack { id, collection, record, field } => {
            let backup = named(session, &id).await?;
            let record = super::parse_value(&record);
            let bring = async |secret| {
                let (backup, collection, record, fields) = (backup.clone(), collection.clone(), record.clone(), field.clone());
                session.call(call::backups::BringBack, &BringBack { backup, secret, collection, record, fields }).await
            };
            let outcome: EditOutcome = session.unlocking(bring).await?;
            super::records::edited(session, outcome)
        }
        Words::Compare { older, newer } => {
            let (older, newer) = (named(session, &older).await?, named(session, &newer).await?);
            let compare = async |secret| {
                let (older, newer) = (older.clone(), newer.clone());
                session.run_job(call::backups::Compare, &CompareBackups { older, newer, secret }).await
            };
            let job = session.unlocking(compare).await?;
            let found: BackupsCompared = super::outcome(job, |o| if let JobOutcome::Compared(found) = o { Some(found) } else { None })?;
            output::answer(session.json, &found, |found| {
                for d in &found.differences {
                    line(&format!(
                        "{}: {} added, {} changed, {} removed, {} the same",
                        d.collection,
                        number(d.added),
                        number(d.changed),
                        number(d.removed),
                        number(d.unchanged)
                    ));
                }
            });
            Ok(exit::DONE)
        }
    }
}

/// The destination and the file name of a backup that is named by its file or its address.
pub fn placed(text: &str) -> Option<BackupRef> {
    let of = |place: &str, id: &str| BackupRef { id: id.to_owned(), place: Some(place.to_owned()) };
    if text.contains("://") {
        return text.rsplit_once('/').map(|(place, id)| of(place, id));
    }
    let path = std::path::absolute(text).ok().filter(|path| path.is_file())?;
    Some(of(&path.parent()?.display().to_string(), path.file_name()?.to_str()?))
}

/// A backup as it is named: by its id, its file or address, or `latest`, which is the newest that is verified, else the newest.
pub async fn named(session: &Session, id: &str) -> ApiResult<BackupRef> {
    if let Some(placed) = placed(id) {
        return Ok(placed);
    }
    if id != "latest" {
        return Ok(BackupRef { id: id.to_owned(), place: None });
    }
    let list: Backups = session.call(call::backups::List, &Empty {}).await?;
    let ours = || list.backups.iter().filter(|b| b.of_this && b.damage.is_none());
    let found = ours().find(|b| b.verified).or_else(|| ours().next());
    let none = || ApiError::not_found("There is no backup of this workspace yet.").hint("Take one with 'steward backup create'.");
    let found = found.ok_or_else(none)?;
    Ok(BackupRef { id: found.id.clone(), place: Some(found.place.clone()) })
}

fn compression(of: Compression) -> BackupCompression {
    match of {
        Compression::Zstd => BackupCompression::Zstd,
        Compression::Gzip => BackupCompression::Gzip,
        Compression::None => BackupCompression::None,
    }
}

fn encryption(passphrase: bool, recipients: Vec<String>) -> Option<BackupEncryption> {
    match (passphrase, recipients.is_empty()) {
        (true, _) => Some(BackupEncryption::Passphrase),
        (false, false) => Some(BackupEncryption::Recipients { recipients }),
        (false, true) => None,
    }
}

async fn create(session: &Session, command: CreateBackup) -> ApiResult<u8> {
    let mut request = CreateRequest {
        places: command.to.into_iter().map(|address| BackupPlace { address: absolute(address), options: BTreeMap::new() }).collect(),
        compression: command.compress.map(compression),
        encryption: encryption(command.encrypt, command.recipient),
        passphrase: None,
        collections: command.collection,
        own: command.records_only.then_some(false),
    };
    let job = match session.run_job(call::backups::Create, &request).await {
        Err(e) if e.code == ErrorCode::Locked => {
            request.passphrase = ask::new_secret("Passphrase for the backup").await?;
            if request.passphrase.is_none() {
                return Err(e);
            }
            session.run_job(call::backups::Create, &request).await?
        }
        other => other?,
    };
    let made: BackupMade = super::outcome(job, |o| if let JobOutcome::BackedUp(made) = o { Some(made) } else { None })?;
    output::answer(session.json, &made, |made| {
        let b = &made.backup;
        line(&format!(
            "{}: {}, {} bytes of {}, in {}",
            b.id,
            counted(b.records, "record"),
            number(b.bytes),
            number(b.plain_bytes),
            b.place
        ));
        for copy in &b.copies {
            line(&format!("  copied to {copy}"));
        }
        for note in b.fuzzy.iter().chain(&b.notes) {
            line(&format!("Note: {note}"));
        }
        for why in &made.failed {
            line(&format!("Not there: {why}"));
        }
    });
    Ok(if made.failed.is_empty() { exit::DONE } else { exit::FINDINGS })
}

/// A folder, whatever folder the daemon runs in later.
fn absolute(address: String) -> String {
    if address.contains("://") {
        return address;
    }
    std::path::absolute(&address).map_or(address, |path| path.display().to_string())
}

fn verification(b: &Backup) -> String {
    match (&b.damage, &b.verification) {
        (Some(damage), _) => format!("DAMAGED: {damage}"),
        (None, None) => "never verified".into(),
        (None, Some(p)) if !p.passed => format!("FAILED {}: {}", p.at, p.problems.first().map_or("", String::as_str)),
        (None, Some(p)) if p.restored => format!("verified {}", p.at),
        (None, Some(p)) => format!("read {}", p.at),
    }
}

async fn list(session: &Session) -> ApiResult<u8> {
    let list: Backups = session.call(call::backups::List, &Empty {}).await?;
    output::answer(session.json, &list, |list| {
        let rows: Vec<Vec<String>> = list
            .backups
            .iter()
            .map(|b| vec![b.id.clone(), counted(b.records, "record"), number(b.bytes), b.reason.clone(), b.place.clone(), verification(b)])
            .collect();
        output::table(&rows);
        if rows.is_empty() {
            line("There is no backup yet. Take one with 'steward backup create'.");
        }
        for note in &list.notes {
            line(&format!("Note: {note}"));
        }
    });
    Ok(exit::DONE)
}

async fn show(session: &Session, id: &str) -> ApiResult<u8> {
    let backup: Backup = session.call(call::backups::Get, &named(session, id).await?).await?;
    output::answer(session.json, &backup, |b| {
        line(&format!("{}  {}  by {}  ({})", b.id, b.made_at, b.made_by, b.reason));
        line(&format!("  of {} ({}, {})", b.workspace, b.address, b.server));
        line(&format!("  in {}: {}, {} bytes, sha256 {}", b.place, b.file, number(b.bytes), b.sha256));
        line(&format!("  {}", verification(b)));
        for c in &b.collections {
            let schema = c.schema.as_deref().unwrap_or("");
            line(&format!("  {:>9} {}  {} bytes  {schema}", number(c.records), c.name, number(c.bytes)));
        }
        for note in b.fuzzy.iter().chain(&b.notes) {
            line(&format!("Note: {note}"));
        }
    });
    Ok(exit::DONE)
}

async fn verify(session: &Session, id: &str, test_restore: bool, report: Option<String>) -> ApiResult<u8> {
    let backup = named(session, id).await?;
    let verify = async |secret| {
        let (backup, report) = (backup.clone(), report.clone());
        session.run_job(call::backups::Verify, &VerifyBackup { backup, test_restore, secret, report }).await
    };
    let job = session.unlocking(verify).await?;
    let done: BackupVerified = super::outcome(job, |o| if let JobOutcome::Verified(done) = o { Some(done) } else { None })?;
    output::answer(session.json, &done, |done| {
        for c in &done.collections {
            let fits = match (&c.schema, c.invalid) {
                (Some(schema), Some(0)) => format!(", all fit {schema}"),
                (Some(schema), Some(n)) => format!(", {} break {schema}", number(n)),
                _ => String::new(),
            };
            line(&format!("  {}: {}{fits}", c.name, counted(c.records, "record")));
        }
        for problem in &done.verification.problems {
            line(&format!("  PROBLEM: {problem}"));
        }
        for note in &done.notes {
            line(&format!("Note: {note}"));
        }
        let how = if done.verification.restored { "verified by a test restore" } else { "read to its end" };
        match done.verification.passed {
            true => line(&format!("{} was {how} in {:.1} s.", done.backup.id, done.verification.seconds)),
            false => line(&format!("{} is NOT good.", done.backup.id)),
        }
    });
    Ok(if done.verification.passed { exit::DONE } else { exit::FINDINGS })
}

async fn prune(session: &Session, yes: bool) -> ApiResult<u8> {
    let plan: PrunePlan = session.call(call::backups::PlanPrune, &Empty {}).await?;
    if !yes {
        output::answer(session.json, &plan, |plan| {
            for b in &plan.keep {
                line(&format!("  stays  {}  {}", b.id, b.why));
            }
            for b in &plan.remove {
                line(&format!("  delete {}  {} bytes", b.id, number(b.bytes)));
            }
            let files = counted(i64::try_from(plan.remove.len()).unwrap_or(i64::MAX), "backup");
            line(&format!("{files} would go ({} bytes). Nothing is removed yet; add --yes to do it.", number(plan.bytes)));
        });
        return Ok(exit::DONE);
    }
    let done: Pruned = session.call(call::backups::Prune, &ApplyPlan { plan_id: plan.plan_id, reason: None }).await?;
    output::answer(session.json, &done, |done| {
        line(&format!("{} removed, {} bytes are free again.", counted(done.removed, "backup"), number(done.bytes)));
        for note in &done.notes {
            line(&format!("Note: {note}"));
        }
    });
    Ok(exit::DONE)
}

async fn key(session: &Session) -> ApiResult<u8> {
    let key: BackupKey = session.call(call::backups::NewKey, &Empty {}).await?;
    output::answer(session.json, &key, |key| {
        line(&format!("Encrypt for:  {}", key.recipient));
        line(&format!("Opens them:   {}", key.identity));
        line("The second line is in this machine's keyring. Print it and lock it away: without it the backups are lost.");
    });
    Ok(exit::DONE)
}

/// The credentials of each bucket, as they are in the environment.
fn credentials(places: &[BackupPlace]) -> ApiResult<BTreeMap<String, BTreeMap<String, String>>> {
    let mut all = BTreeMap::new();
    for place in places {
        let names: &[&str] = match place.address.split_once("://").map(|(scheme, _)| scheme) {
            None | Some("file") => continue,
            Some("s3" | "s3a") => &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
            Some("gs") => &["GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_APPLICATION_CREDENTIALS"],
            Some(_) => {
                &["AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]
            }
        };
        let value = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let found: BTreeMap<String, String> = names.iter().filter_map(|name| Some((name.to_ascii_lowercase(), value(name)?))).collect();
        if found.is_empty() {
            return Err(ApiError::bad_request(format!("There are no credentials for {} in the environment.", place.address))
                .hint(format!("Set {}, or add the bucket in the window.", names.join(", "))));
        }
        all.insert(place.address.clone(), found);
    }
    Ok(all)
}

async fn schedule(session: &Session, command: Schedule) -> ApiResult<u8> {
    let setup: BackupSetup = session.call(call::backups::Setup, &Empty {}).await?;
    let mut settings = setup.settings.clone();
    if !command.to.is_empty() {
        let pairs = command.option.iter().map(|text| {
            let pair = text.split_once('=').ok_or_else(|| ApiError::bad_request(format!("'{text}' must be NAME=VALUE.")))?;
            Ok((pair.0.to_owned(), pair.1.to_owned()))
        });
        let options: BTreeMap<String, String> = pairs.collect::<ApiResult<_>>()?;
        let of = |address: &String| if address.contains("://") { options.clone() } else { BTreeMap::new() };
        settings.places = command.to.iter().map(|a| BackupPlace { options: of(a), address: absolute(a.clone()) }).collect();
    }
    if command.off {
        settings.schedule = None;
    }
    settings.schedule = command.at.clone().or(settings.schedule);
    if command.no_increments {
        settings.increments = None;
    }
    settings.increments = command.increments.or(settings.increments);
    settings.verification_schedule = command.verify_at.clone().or(settings.verification_schedule);
    if let Some(of) = command.compress {
        settings.compression = compression(of);
    }
    if command.plain {
        settings.encryption = BackupEncryption::None;
    }
    settings.encryption = encryption(command.encrypt, command.recipient.clone()).unwrap_or(settings.encryption);
    let rules = BackupRetention {
        last: command.keep_last,
        daily: command.keep_daily,
        weekly: command.keep_weekly,
        monthly: command.keep_monthly,
        yearly: command.keep_yearly,
        days: command.keep_days,
    };
    let none = BackupRetention { last: None, daily: None, weekly: None, monthly: None, yearly: None, days: None };
    if command.keep_all || rules != none {
        settings.retention = rules;
    }
    let passphrase = match std::env::var("STEWARD_BACKUP_PASSPHRASE").ok().filter(|p| !p.is_empty()) {
        Some(given) => Some(given).filter(|_| command.encrypt),
        None if command.encrypt => ask::new_secret("Passphrase for the backups").await?,
        None => None,
    };
    let secrets = if command.keep_credentials { credentials(&settings.places)? } else { BTreeMap::new() };
    let setup: BackupSetup = if settings == setup.settings && passphrase.is_none() && secrets.is_empty() {
        setup
    } else {
        let request = SaveBackupSettings { settings, add_folder: None, passphrase, secrets };
        session.call(call::backups::Save, &request).await?
    };
    output::answer(session.json, &setup, |setup| {
        let s = &setup.settings;
        for place in &s.places {
            line(&format!("Place:      {}", place.address));
        }
        line(&format!("When:       {}", s.schedule.as_deref().unwrap_or("not scheduled")));
        if let Some(next) = &setup.next_at {
            line(&format!("Next:       {next}"));
        }
        let minutes = |n: u32| format!("every {}", counted(i64::from(n), "minute"));
        line(&format!("Increments: {}", s.increments.map_or_else(|| "not scheduled".to_owned(), minutes)));
        line(&format!("Verification:      {}", s.verification_schedule.as_deref().unwrap_or("not scheduled")));
        line(&format!(
            "Encrypted:  {}",
            match &s.encryption {
                BackupEncryption::None => "no".to_owned(),
                BackupEncryption::Passphrase => "with a passphrase".to_owned(),
                BackupEncryption::Recipients { recipients } => format!("for {}", recipients.join(", ")),
            }
        ));
        let r = &s.retention;
        let rules = [(r.last, "the last"), (r.daily, "days"), (r.weekly, "weeks"), (r.monthly, "months"), (r.yearly, "years")];
        let mut kept: Vec<String> = rules.iter().filter_map(|(n, what)| n.map(|n| format!("{what}: {n}"))).collect();
        kept.extend(r.days.map(|n| format!("younger than {}", counted(i64::from(n), "day"))));
        line(&format!("Kept:       {}", if kept.is_empty() { "everything".to_owned() } else { kept.join(", ") }));
        if !setup.has_key {
            line("Note: what opens these backups is not known on this machine.");
        }
    });
    Ok(exit::DONE)
}
