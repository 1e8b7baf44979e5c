//! Taking a backup: one snapshot, written as a payload, with a manifest of what was in it.

use std::sync::Arc;

use futures::TryStreamExt as _;
use steward_domain::quality::MetricName;
use steward_store::{Consistency, Snapshot, SnapshotCollection, StoreErrorKind, names};
use steward_workspace::{Error, Progress, Result, Workspace, measured};
use tokio::sync::mpsc;

use crate::archive::Announced;
use crate::content::Content;
use crate::encryption::{Compression, EncryptionKey};
use crate::identity;
use crate::manifest::{BackedUpCollection, FORMAT, Manifest, PointInTime, Source, json};
use crate::payload::{self, Payload, Work};
use crate::restore::kinds;
use crate::target::Target;

/// Why a backup was taken.
pub const ON_REQUEST: &str = "on request";
pub const ON_SCHEDULE: &str = "on schedule";
pub const BEFORE_A_RESTORE: &str = "before a restore";
pub const FOR_INCREMENTS: &str = "for increments";

/// What to back up, how, and where to.
pub struct BackupRequest {
    /// The first one is written to; the file is brought to the others from there.
    pub targets: Vec<Arc<dyn Target>>,
    pub compression: Compression,
    pub lock: EncryptionKey,
    /// People's collections by name; all where empty.
    pub collections: Vec<String>,
    /// History, quarantine, saved mappings and settings too.
    pub own: bool,
    /// One of the reasons above.
    pub reason: String,
    /// Why increments could not go on from what was there before.
    pub gap: Option<String>,
}

/// A backup that was taken.
#[derive(Debug, Clone)]
pub struct BackupResult {
    pub manifest: Manifest,
    /// Each place, and why it does not have the backup.
    pub places: Vec<(String, Option<String>)>,
}

/// Takes a backup. Cancelled or failed, it leaves nothing that could be taken for one.
///
/// Errors: a collection that is not there, no place that could be written to, the store's own.
pub async fn create(workspace: &Workspace, request: &BackupRequest, progress: &dyn Progress) -> Result<BackupResult> {
    let source = identity::of(workspace).await?;
    let begun = workspace.clock.now();
    let id = identity::backup_id(&source.name, begun);
    // Before the snapshot: what it holds goes at least that far.
    let history = steward_workspace::history::anchor(workspace).await?;
    let (snapshot, chosen, payload) = read(workspace, request, &id, &source, progress).await?;
    let mut collections = Vec::with_capacity(chosen.len());
    for one in &chosen {
        collections.push(kept(workspace, one, payload.contents.get(&one.name).copied().unwrap_or_default()).await?);
    }
    let position = snapshot.position();
    let whole = request.collections.is_empty();
    let manifest = Manifest {
        format: FORMAT,
        id,
        made_at: stamp(begun),
        finished_at: workspace.clock.stamp(),
        tool: concat!("Steward ", env!("CARGO_PKG_VERSION")).to_owned(),
        database: identity::database_name(&source.name),
        source,
        fuzzy: match snapshot.consistency() {
            Consistency::PointInTime => None,
            Consistency::Fuzzy(why) => Some(why),
        },
        notes: notes(workspace, snapshot.as_ref(), &chosen),
        position: position.as_ref().map(|p| p.token.0.clone()),
        point_in_time: position.filter(|_| whole).map(|p| PointInTime {
            mark: p.mark,
            at: p.at,
            beside: beside(snapshot.as_ref()),
            apart: apart(&chosen),
        }),
        parent: None,
        increment: None,
        history,
        gap: request.gap.clone(),
        file: payload.file.clone(),
        collections,
        reason: request.reason.clone(),
        made_by: workspace.actor.clone(),
    };
    drop(snapshot);
    let places = payload::publish(payload, &request.targets, &manifest, progress).await?;
    Ok(BackupResult { manifest, places })
}

/// How often a point in time is tried: one in whose middle collections were made or renamed gives way to the next one.
const ATTEMPTS: usize = 3;

/// Writes the payload from a snapshot of one point in time; where the server cannot keep one, each collection as it is.
async fn read(
    workspace: &Workspace,
    request: &BackupRequest,
    id: &str,
    source: &Source,
    progress: &dyn Progress,
) -> Result<(Box<dyn Snapshot>, Vec<SnapshotCollection>, Payload)> {
    let mut why = String::new();
    for _ in 0..ATTEMPTS {
        match read_as(workspace, request, id, source, Consistency::PointInTime, progress).await {
            Err(Error::Store(e)) if e.kind == StoreErrorKind::Conflict => why = e.message,
            Err(Error::Store(e)) if e.kind == StoreErrorKind::Expired => {
                why = e.message;
                break;
            }
            read => return read,
        }
    }
    let why = format!("{why} Each collection was read at a different time.");
    read_as(workspace, request, id, source, Consistency::Fuzzy(why), progress).await
}

/// What is to be known of a backup: what is not as it was at that point in time, what is not in it, and what could not come back here.
fn notes(workspace: &Workspace, snapshot: &dyn Snapshot, chosen: &[SnapshotCollection]) -> Vec<String> {
    let apart = chosen.iter().filter_map(|one| one.apart.as_ref().map(|why| format!("{} {why}.", one.name)));
    let mut notes: Vec<String> = apart.collect();
    notes.extend(snapshot.left_out().iter().cloned());
    for one in chosen.iter().filter(|one| !names::is_own(&one.name)) {
        let (_, lost) = one.definition.of_today();
        notes.extend(lost.iter().map(|what| format!("Restored here, {} {what}.", one.name)));
        if let Some(why) = kinds::hindered(workspace, one.definition.kind) {
            notes.push(format!("{} could not be restored here: {why}.", one.name));
        }
    }
    notes
}

/// Writes the payload from a snapshot.
async fn read_as(
    workspace: &Workspace,
    request: &BackupRequest,
    id: &str,
    source: &Source,
    wanted: Consistency,
    progress: &dyn Progress,
) -> Result<(Box<dyn Snapshot>, Vec<SnapshotCollection>, Payload)> {
    progress.phase("Reading");
    let snapshot = workspace.store.snapshot(wanted).await?;
    let chosen = choose(snapshot.as_ref(), request)?;
    progress.total(chosen.iter().map(|c| c.records).sum());
    let announced = chosen.iter().map(|c| Announced { collection: c.name.clone(), definition: c.definition.clone(), bytes: 0 }).collect();
    let (send, receive) = payload::channel();
    let payload =
        payload::write(request, id, source, announced, progress, receive, feed(snapshot.as_ref(), &chosen, send, progress)).await?;
    Ok((snapshot, chosen, payload))
}

/// What is there for the time being and is not in the backup.
fn beside(snapshot: &dyn Snapshot) -> Vec<String> {
    snapshot.collections().iter().filter(|c| names::is_staging(&c.name)).map(|c| c.name.clone()).collect()
}

fn apart(chosen: &[SnapshotCollection]) -> Vec<String> {
    chosen.iter().filter(|one| one.apart.is_some()).map(|one| one.name.clone()).collect()
}

pub(crate) fn stamp(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn choose(snapshot: &dyn Snapshot, request: &BackupRequest) -> Result<Vec<SnapshotCollection>> {
    let all = snapshot.collections();
    for name in &request.collections {
        if !all.iter().any(|c| &c.name == name) {
            return Err(Error::NotFound(format!("There is no collection '{name}' in this workspace.")));
        }
    }
    let wanted = |c: &&SnapshotCollection| match names::is_own(&c.name) {
        true => request.own && names::is_backed_up(&c.name),
        false => request.collections.is_empty() || request.collections.contains(&c.name),
    };
    Ok(all.iter().filter(wanted).cloned().collect())
}

/// Records that break a rule of their schema, by the last measurement if it is of what was backed up.
async fn invalid_records(workspace: &Workspace, schema: &str, collection: &str, records: u64) -> Result<Option<u64>> {
    let Some(report) = measured::last(workspace, collection).await? else { return Ok(None) };
    let adherence = report.metrics.iter().find(|m| m.name == MetricName::Adherence);
    let fits = report.schema == schema && u64::try_from(report.records) == Ok(records);
    if !fits || measured::changed_since(workspace, collection, &report.measured_at).await? {
        return Ok(None);
    }
    Ok(adherence.and_then(|m| u64::try_from(m.failing).ok()))
}

async fn kept(workspace: &Workspace, one: &SnapshotCollection, content: Content) -> Result<BackedUpCollection> {
    let settings = match names::is_own(&one.name) {
        true => None,
        false => Some(workspace.settings(&one.name).await?).filter(|s| !s.schema.is_empty() || s.key_field != "_id"),
    };
    let invalid = match &settings {
        Some(settings) => invalid_records(workspace, &settings.schema, &one.name, content.records).await?,
        None => None,
    };
    Ok(BackedUpCollection {
        invalid,
        name: one.name.clone(),
        kind: one.definition.kind.name().to_owned(),
        records: content.records,
        bytes: content.bytes,
        content: content.hash(),
        settings,
        options: json(&one.definition.options),
        indexes: one.definition.indexes.iter().map(json).collect(),
    })
}

async fn feed(snapshot: &dyn Snapshot, chosen: &[SnapshotCollection], send: mpsc::Sender<Work>, progress: &dyn Progress) -> Result<()> {
    let mut done = 0;
    for one in chosen {
        progress.phase(&format!("Reading {}", one.name));
        // A view has no records, but tools that read the archive wait for its end.
        let name = one.definition.kind.data_of(&one.name);
        let mut batches = snapshot.scan(&one.name).await?;
        while let Some(batch) = batches.try_next().await? {
            progress.checkpoint()?;
            done += batch.len() as u64;
            if send.send(Work::Documents(name.clone(), batch)).await.is_err() {
                return Ok(());
            }
            progress.done(done);
        }
        if send.send(Work::Complete(name)).await.is_err() {
            return Ok(());
        }
    }
    progress.phase("Finishing the file");
    Ok(())
}
