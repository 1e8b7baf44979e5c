//! Where backups of a workspace were written manually, outside its settings: kept on this machine, so that they are listed and found.
//! They are read from; schedules, retention and increments know the settings alone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::app::App;
use crate::dto::BackupPlace;
use crate::error::ApiResult;
use crate::machine;

/// Destinations of a workspace that are remembered, the newest first.
const REMEMBERED: usize = 30;

/// Destinations by the mark of the workspace.
type Known = BTreeMap<String, Vec<BackupPlace>>;

fn path(app: &App) -> PathBuf {
    app.data.join("destinations.json")
}

fn read(app: &App) -> Known {
    machine::read(&path(app))
}

fn write(app: &App, known: &Known) -> ApiResult<()> {
    machine::write(&path(app), known, "The destination of the backup cannot be noted.")
}

/// The destinations that are remembered of a workspace.
pub(crate) fn of(app: &App, mark: &str) -> Vec<BackupPlace> {
    read(app).remove(mark).unwrap_or_default()
}

/// Remembers where a backup was written.
pub(crate) fn remember(app: &App, mark: &str, places: &[BackupPlace]) -> ApiResult<()> {
    let mut all = read(app);
    let known = all.entry(mark.to_owned()).or_default();
    for place in places {
        known.retain(|k| k.address != place.address);
        known.insert(0, place.clone());
    }
    known.truncate(REMEMBERED);
    write(app, &all)
}

/// Forgets destinations that hold no backup of the workspace any more.
pub(crate) fn forget(app: &App, mark: &str, addresses: &[String]) -> ApiResult<()> {
    if addresses.is_empty() {
        return Ok(());
    }
    let mut all = read(app);
    if let Some(known) = all.get_mut(mark) {
        known.retain(|k| !addresses.contains(&k.address));
    }
    all.retain(|_, known| !known.is_empty());
    write(app, &all)
}
