//! PointsInTime between two backups: how they are written, and the backup that is made of one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Local, NaiveDateTime, TimeZone as _};
use steward_backup::encryption::DecryptionKey;
use steward_backup::point_in_time::{self, Scratch, Way};
use steward_backup::read::Backup;
use steward_backup::timeline::{self, Route};
use steward_workspace::{Error, Progress, Workspace};

use crate::app::App;
use crate::backups::catalog;
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::workspace::open::{self, Address};

/// Local times as people write them.
const LOCAL: [&str; 6] =
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"];

/// Milliseconds since 1970 of a point in time: RFC 3339, or local time.
pub fn parse(text: &str) -> ApiResult<i64> {
    let text = text.trim();
    if let Ok(exact) = DateTime::parse_from_rfc3339(text) {
        return Ok(exact.timestamp_millis());
    }
    let local = LOCAL.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let local = local.and_then(|local| Local.from_local_datetime(&local).earliest());
    local.map(|at| at.timestamp_millis()).ok_or_else(|| {
        ApiError::bad_request(format!("'{text}' is not a date and time."))
            .hint("Write '2026-11-22 14:05' or '2026-11-22 14:05:30' in local time, or RFC 3339 (2026-11-22T13:05:30Z).")
    })
}

/// Points in time that were assembled and not yet restored, with the place of their backup. They outlive the workspace that
/// they come from: another one is opened to restore them into.
#[derive(Default)]
pub struct Built(Mutex<HashMap<String, (Backup, String)>>);

impl Built {
    pub fn put(&self, built: (Backup, String)) -> String {
        let id = steward_workspace::workspace::new_id();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), built);
        id
    }

    pub fn take(&self, id: &str) -> Option<(Backup, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }
}

/// The backup of a point in time, and the place that the whole backup lies at. Where the newest one is damaged, an older one leads
/// there too.
pub async fn build(app: &App, workspace: &Workspace, at: i64, key: DecryptionKey, progress: &dyn Progress) -> ApiResult<(Backup, String)> {
    let (listed, _) = catalog::ours(app, workspace).await?;
    let mut damaged = None;
    for route in timeline::routes(&listed, at)? {
        let place = route.base.place.clone();
        match along(app, workspace, route, at, &key, progress).await {
            Ok(backup) => return Ok((backup, place)),
            Err(e) if e.code == ErrorCode::BadRequest => damaged = Some(damaged.unwrap_or(e)),
            Err(e) => return Err(e),
        }
    }
    Err(damaged.unwrap_or_else(|| Error::NotFound("No backup leads there.".into()).into()))
}

async fn along(app: &App, workspace: &Workspace, route: Route, at: i64, key: &DecryptionKey, progress: &dyn Progress) -> ApiResult<Backup> {
    let mut increments = Vec::with_capacity(route.increments.len());
    for one in route.increments {
        increments.push((catalog::at(app, workspace, &one.place).await?, one.manifest));
    }
    let target = catalog::at(app, workspace, &route.base.place).await?;
    let base = Backup::of_target(target.as_ref(), route.base.manifest, key.clone(), progress).await?;
    let way = Way { base, increments, key: key.clone() };
    Ok(point_in_time::build(way, at, scratch().await?, progress).await?)
}

async fn scratch() -> ApiResult<Scratch> {
    let folder = tempfile::tempdir()
        .map_err(|e| ApiError::new(ErrorCode::Unreachable, "There is no room to do the changes again.").details(e.to_string()))?;
    let store = open::store(&Address::File(folder.path().join("moment.steward"))).await?;
    Ok(Scratch { store, folder })
}

/// A dump with the changes that were made meanwhile, where they are to be done again.
pub async fn replayed(archive: Backup, wanted: bool, progress: &dyn Progress) -> ApiResult<Backup> {
    if wanted { Ok(point_in_time::with_oplog(archive, scratch().await?, progress).await?) } else { Ok(archive) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_as_people_write_them() {
        assert_eq!(parse("2026-11-22T13:05:30.250Z").unwrap(), 1_795_352_730_250);
        assert_eq!(parse("2026-11-22T14:05:30+01:00").unwrap(), parse("2026-11-22T13:05:30Z").unwrap());
        let local = Local.with_ymd_and_hms(2026, 11, 22, 14, 5, 0).unwrap().timestamp_millis();
        for text in ["2026-11-22 14:05", " 2026-11-22 14:05:00", "2026-11-22T14:05", "22.11.2026 14:05"] {
            assert_eq!(parse(text).unwrap(), local, "{text}");
        }
        assert_eq!(parse("yesterday").unwrap_err().code, ErrorCode::BadRequest);
    }
}
