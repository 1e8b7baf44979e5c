//! A backup of a point in time between two backups: the whole backup before it is loaded into a scratch store, the changes up to the
//! moment are done again there, and what is there then is read as any other backup is.

pub mod oplog;
mod player;

use std::collections::HashMap;
use std::sync::Arc;

use steward_store::{CollectionKind, Store, names, upsert};
use steward_workspace::{Error, Progress, Result};

use crate::encryption::DecryptionKey;
use crate::events::{self, EVENTS};
use crate::manifest::{Increment, Manifest};
use crate::read::{Backup, Event, Listed};
use crate::restore;
use crate::target::Target;
use crate::timeline;

use player::Player;

/// What leads to a point in time.
pub struct Way {
    pub base: Backup,
    /// Oldest first.
    pub increments: Vec<(Arc<dyn Target>, Manifest)>,
    pub key: DecryptionKey,
}

/// An empty store, and the folder that goes with it when nobody needs it any more.
pub struct Scratch {
    pub store: Arc<dyn Store>,
    pub folder: tempfile::TempDir,
}

/// Builds the backup of a point in time (milliseconds since 1970). People's collections are exactly as they were; Steward's own,
/// views and time series are those of the whole backup.
///
/// Errors: `BadRequest` for damage, and for changes that do not fit the backup.
pub async fn build(way: Way, at: i64, scratch: Scratch, progress: &dyn Progress) -> Result<Backup> {
    let Way { base, increments, key } = way;
    let manifest = base.manifest.clone().ok_or_else(|| Error::BadRequest("Only a backup made by Steward has a point in time.".into()))?;
    let point_in_time =
        manifest.point_in_time.clone().ok_or_else(|| Error::BadRequest(format!("{} has no point in time.", manifest.id)))?;
    load(&base, scratch.store.as_ref(), false, progress).await?;
    let mut player = Player::new(Arc::clone(&scratch.store), &base.contents, &point_in_time, at);
    let mut settings = None;
    for (target, manifest) in increments {
        let increment = manifest.increment.clone().ok_or_else(|| Error::BadRequest(format!("{} has no changes.", manifest.id)))?;
        replay(target.as_ref(), manifest, &increment, &key, &mut player, progress).await?;
        if increment.until.at <= at {
            settings = Some(increment.settings);
        }
    }
    let mut contents = player.finish();
    if let Some(settings) = settings {
        for one in contents.iter_mut().filter(|c| !c.is_own()) {
            one.settings = settings.iter().find(|s| s.name == one.name).cloned();
        }
    }
    counted(&mut contents, scratch.store.as_ref(), progress).await?;
    let manifest = Manifest { made_at: timeline::display(at), ..manifest };
    Ok(base.moved(scratch.store, scratch.folder, contents).of_point_in_time(manifest))
}

/// A dump of another tool with the changes that were made meanwhile: its collections are as they were when it ended.
///
/// Errors: `BadRequest` where it holds no such changes, or some that cannot be read.
pub async fn with_oplog(base: Backup, scratch: Scratch, progress: &dyn Progress) -> Result<Backup> {
    let Some(mut entries) = base.oplog() else {
        return Err(Error::BadRequest(format!("{} has no oplog: it was dumped without one (mongodump --oplog).", base.name)));
    };
    // A record that was written again while its collection was read may be in the dump twice.
    load(&base, scratch.store.as_ref(), true, progress).await?;
    let mut player = Player::behind_a_dump(Arc::clone(&scratch.store), &base.contents);
    let mut oplog = oplog::Oplog::new(base.database());
    progress.phase("Doing the changes again");
    let mut done = 0;
    while let Some(event) = entries.recv().await {
        progress.checkpoint()?;
        let documents = match event? {
            Event::Documents { documents, .. } => documents,
            Event::Complete { checksum_fits: Some(false), .. } => {
                return Err(Error::BadRequest("The checksum of the oplog is wrong: it was changed or damaged.".into()));
            }
            Event::Complete { .. } => continue,
        };
        let mut changes = Vec::new();
        for entry in &documents {
            changes.extend(oplog.take(&upsert::decode(entry)?)?);
        }
        done += changes.len() as u64;
        player.play(changes).await?;
        progress.done(done);
    }
    let mut contents = player.finish();
    counted(&mut contents, scratch.store.as_ref(), progress).await?;
    let mut moved = base.moved(scratch.store, scratch.folder, contents);
    moved.passed_over.extend(oplog.notes);
    moved.passed_over.push(format!("Changes made during the dump are replayed: {done}."));
    Ok(moved)
}

/// What is in the scratch store now is what a restore is held against.
async fn counted(contents: &mut [Listed], store: &dyn Store, progress: &dyn Progress) -> Result<()> {
    for one in contents {
        let Some(place) = place(one) else { continue };
        progress.phase(&format!("Checking {}", one.name));
        let found = restore::content_of(store, &place, progress).await?;
        (one.records, one.content) = (Some(found.records), Some(found.hash()));
    }
    Ok(())
}

/// Where the buckets of a time series are in a scratch store.
fn series(name: &str) -> String {
    format!("{}series.{name}", names::PREFIX)
}

/// Where the documents of a collection are in a scratch store; a view has none.
pub(crate) fn place(one: &Listed) -> Option<String> {
    match one.definition.kind {
        CollectionKind::Collection => Some(one.name.clone()),
        CollectionKind::Timeseries => Some(series(&one.name)),
        CollectionKind::View => None,
    }
}

/// Loads a whole backup, and checks that it is the one that its manifest reports.
async fn load(base: &Backup, store: &dyn Store, over: bool, progress: &dyn Progress) -> Result<()> {
    let held: Vec<&Listed> = base.contents.iter().filter(|c| place(c).is_some()).collect();
    let places: HashMap<String, String> = held.iter().filter_map(|c| Some((c.name.clone(), place(c)?))).collect();
    for place in places.values() {
        store.create_collection(place).await?;
    }
    let loaded = restore::into_store(store, base, &places, over, progress).await?;
    for one in held {
        restore::check_content(one, loaded.get(&one.name).copied().unwrap_or_default())?;
    }
    Ok(())
}

async fn replay(
    target: &dyn Target,
    manifest: Manifest,
    increment: &Increment,
    key: &DecryptionKey,
    player: &mut Player,
    progress: &dyn Progress,
) -> Result<()> {
    let id = manifest.id.clone();
    let backup = Backup::of_target(target, manifest, key.clone(), progress).await?;
    progress.phase("Doing the changes again");
    progress.total(increment.changes);
    let mut done = 0;
    let mut reading = backup.events();
    while let Some(event) = reading.recv().await {
        progress.checkpoint()?;
        match event? {
            Event::Documents { collection, documents } if collection == EVENTS => {
                let changes = documents.iter().map(|d| events::decode(d)).collect::<Result<Vec<_>>>()?;
                done += changes.len() as u64;
                player.play(changes).await?;
                progress.done(done);
            }
            Event::Documents { .. } => {}
            Event::Complete { collection, content, checksum_fits } => {
                if checksum_fits == Some(false) {
                    return Err(Error::BadRequest(format!("The checksum of {id} is wrong.")));
                }
                if let Some(listed) = backup.listed(&collection) {
                    restore::check_content(listed, content)?;
                }
            }
        }
    }
    Ok(())
}

/// Steward's own collections that come with a whole backup stay as they are in it.
fn stays(collection: &str) -> bool {
    names::is_own(collection) && !names::is_staging(collection)
}
