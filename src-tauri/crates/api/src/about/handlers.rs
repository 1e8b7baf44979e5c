//! `app.*`

use steward_store::layers::{BreakerState, Health};

use crate::caller::Call;
use crate::dto::{AppInfo, CheckOutcome, DoctorCheck, DoctorReport, Empty};
use crate::error::ApiResult;

pub async fn info(app: &Call, _: Empty) -> ApiResult<AppInfo> {
    Ok(AppInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        host: app.host.kind(),
        can_pick_files: app.host.can_pick_files(),
        keyring: app.secrets.can_store().await,
    })
}

fn check(name: &str, outcome: CheckOutcome, message: impl Into<String>, hint: Option<&str>) -> DoctorCheck {
    DoctorCheck { name: name.into(), outcome, message: message.into(), hint: hint.map(str::to_owned) }
}

/// Free room in less than this is nobody's concern.
const MUCH: u64 = 32 << 20;

/// Everything that is stored, looked at once.
fn damages(found: Vec<String>) -> Vec<DoctorCheck> {
    const HINT: &str =
        "Restore from a backup; 'steward backup list' shows which there are. What can still be read can be imported from this file.";
    if found.is_empty() {
        return vec![check("Integrity", CheckOutcome::Ok, "Everything that is stored is as it was written.", None)];
    }
    found.into_iter().map(|message| check("Integrity", CheckOutcome::Failed, message, Some(HINT))).collect()
}

fn connection(health: &Health) -> DoctorCheck {
    let slow: u64 = health.slow.iter().map(|op| op.count).sum();
    match health.breaker {
        BreakerState::Closed if slow == 0 => check("Connection", CheckOutcome::Ok, "The workspace answers in time.", None),
        BreakerState::Closed => check(
            "Connection",
            CheckOutcome::Warning,
            format!("{slow} operations took longer than {} ms.", health.limits.slow.as_millis()),
            Some("The settings page lists them; an index on the fields they name may help."),
        ),
        BreakerState::Open { .. } | BreakerState::Trying => check(
            "Connection",
            CheckOutcome::Failed,
            format!("The workspace failed {} times in a row; operations are paused for a while.", health.failures),
            Some("It is tried again by itself. The settings page tries at once."),
        ),
    }
}

pub async fn doctor(app: &Call, _: Empty) -> ApiResult<DoctorReport> {
    let mut checks = vec![check("Version", CheckOutcome::Ok, format!("Steward {}", env!("CARGO_PKG_VERSION")), None)];
    checks.push(match std::fs::create_dir_all(&app.data).and_then(|()| tempfile::tempfile_in(&app.data)) {
        Ok(_) => check("Data folder", CheckOutcome::Ok, format!("{} can be written.", app.data.display()), None),
        Err(e) => check(
            "Data folder",
            CheckOutcome::Failed,
            format!("{} cannot be written: {e}.", app.data.display()),
            Some("Set STEWARD_DATA to a folder that you may write to."),
        ),
    });
    checks.push(if app.secrets.can_store().await {
        check("Keyring", CheckOutcome::Ok, "Passwords can be saved in the keyring.", None)
    } else {
        check(
            "Keyring",
            CheckOutcome::Warning,
            "There is no open keyring.",
            Some("Steward asks for passwords each time; it never writes them to a file."),
        )
    });
    let schemas = app.packs().all().count();
    checks.push(check("Schemas", CheckOutcome::Ok, format!("{schemas} schema packs are ready."), None));
    match app.current() {
        None => checks.push(check(
            "Workspace",
            CheckOutcome::Warning,
            "None is open.",
            Some("Name one with --workspace, or run 'steward init --sample'."),
        )),
        Some(open) => {
            checks.push(check("Workspace", CheckOutcome::Ok, format!("{} ({})", open.info.address, open.info.server), None));
            for notice in &open.info.notices {
                checks.push(check("Notice", CheckOutcome::Warning, notice.clone(), None));
            }
            for limit in &open.info.limits {
                checks.push(check("Limit", CheckOutcome::Warning, limit.clone(), None));
            }
            for one in crate::workspace::unfinished::found(&open.workspace).await? {
                let hint = crate::workspace::unfinished::hint(&one);
                let outcome = if one.swapping { CheckOutcome::Failed } else { CheckOutcome::Warning };
                checks.push(check("Unfinished", outcome, one.message, Some(&hint)));
            }
            checks.extend(open.workspace.store.room().await?.filter(|room| room.bytes > MUCH && room.free > room.bytes / 2).map(|room| {
                let message = format!("{} of {} MB that the workspace takes are free.", room.free >> 20, room.bytes >> 20);
                check("Room", CheckOutcome::Warning, message, Some("'steward workspace compact' gives them back."))
            }));
            checks.extend(damages(open.workspace.store.damages().await?));
            checks.push(connection(&open.layers.health()));
            for access in open.workspace.store.access().await? {
                let outcome = if access.allowed { CheckOutcome::Ok } else { CheckOutcome::Warning };
                let may = if access.allowed { "allowed" } else { "not allowed" };
                checks.push(check("Permission", outcome, format!("{} is {may}: {}.", access.name, access.needed_for), None));
            }
        }
    }
    Ok(DoctorReport { checks })
}
