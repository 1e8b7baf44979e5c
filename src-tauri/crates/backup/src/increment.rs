//! Taking an increment: the changes since a backup, or since the increment before, in a file of their own. It lies on the same
//! destination, is sealed and published as a backup is, and names what it builds on.

use futures::TryStreamExt as _;
use steward_store::{Change, Definition, Position, ReplayStream, Replayed, Step, names};
use steward_workspace::{CollectionSettings, Error, Progress, Result, Workspace};
use tokio::sync::mpsc;

use crate::archive::Announced;
use crate::create::{BackupRequest, BackupResult, stamp};
use crate::events::{self, EVENTS};
use crate::identity;
use crate::listing::{self, ListedBackup};
use crate::manifest::{BackedUpCollection, INCREMENT_FORMAT, Increment, Manifest, json};
use crate::payload::{self, Work};

/// What came of it.
#[derive(Debug)]
pub enum Taken {
    New(Box<BackupResult>),
    /// Nothing happened since.
    Quiet(Position),
}

/// Writes what happened since the end of `onto`. Cancelled or failed, it leaves nothing that could be taken for an increment.
///
/// Errors: `NotFound` of the store where the changes are not kept so far back; `Unsupported`.
pub async fn take(workspace: &Workspace, request: &BackupRequest, onto: &ListedBackup, progress: &dyn Progress) -> Result<Taken> {
    let from = onto.manifest.end().ok_or_else(|| Error::BadRequest(format!("{} has no point in time to build on.", onto.manifest.id)))?;
    progress.phase("Reading changes");
    let resumed = onto.covered_until.clone().unwrap_or_else(|| from.clone());
    let mut changes = workspace.store.replay(&resumed).await?;
    let first = match changes.try_next().await? {
        Some(Replayed::Changes(some)) => some,
        Some(Replayed::End(mut end)) => {
            end.at = end.at.max(resumed.at);
            note_quiet(request, onto, &end).await;
            return Ok(Taken::Quiet(end));
        }
        None => return Err(cut_off()),
    };
    let begun = workspace.clock.now();
    let source = identity::of(workspace).await?;
    let id = identity::backup_id(&source.name, begun);
    let definition = Definition::default();
    let announced = vec![Announced { collection: EVENTS.to_owned(), definition: definition.clone(), bytes: 0 }];
    let mut noted = Noted { at: resumed.at, clock: Some(resumed.at), ..Noted::default() };
    let (send, receive) = payload::channel();
    let feeding = feed(first, changes, send, &mut noted, progress);
    let payload = payload::write(request, &id, &source, announced, progress, receive, feeding).await?;
    let mut until = noted.end.ok_or_else(cut_off)?;
    until.at = until.at.max(noted.at);
    let content = payload.contents.get(EVENTS).copied().unwrap_or_default();
    let manifest = Manifest {
        format: INCREMENT_FORMAT,
        id,
        made_at: stamp(begun),
        finished_at: workspace.clock.stamp(),
        tool: concat!("Steward ", env!("CARGO_PKG_VERSION")).to_owned(),
        database: identity::database_name(&source.name),
        source,
        fuzzy: (noted.behind > CLOCKS_DIFFER).then(|| {
            format!(
                "The clock was set back by {} s while these changes were recorded: their order is exact, their times follow one another from where it was before.",
                noted.behind / 1000
            )
        }),
        notes: Vec::new(),
        position: Some(until.token.0.clone()),
        point_in_time: None,
        parent: Some(onto.manifest.id.clone()),
        increment: Some(Increment {
            from,
            until,
            changes: content.records,
            put_in_place: noted.put_in_place,
            settings: settings(workspace).await?,
        }),
        history: None,
        gap: None,
        file: payload.file.clone(),
        collections: vec![BackedUpCollection {
            invalid: None,
            name: EVENTS.to_owned(),
            kind: definition.kind.name().to_owned(),
            records: content.records,
            bytes: content.bytes,
            content: content.hash(),
            settings: None,
            options: json(&definition.options),
            indexes: Vec::new(),
        }],
        reason: request.reason.clone(),
        made_by: workspace.actor.clone(),
    };
    let places = payload::publish(payload, &request.targets, &manifest, progress).await?;
    Ok(Taken::New(Box::new(BackupResult { manifest, places })))
}

fn cut_off() -> Error {
    Error::Conflict("The changes ended before their end; try again.".into())
}

/// A small file says so: an increment without changes would only be in the way. A place that fails is asked again next time.
async fn note_quiet(request: &BackupRequest, onto: &ListedBackup, end: &Position) {
    for target in &request.targets {
        if let Err(e) = listing::note_covered_until(target.as_ref(), &onto.manifest, end).await {
            tracing::warn!(error = %e, place = target.address(), "how far nothing happened could not be noted");
        }
    }
}

async fn settings(workspace: &Workspace) -> Result<Vec<CollectionSettings>> {
    let mut all = Vec::new();
    for name in workspace.store.collections().await?.iter().filter(|name| !names::is_own(name)) {
        let one = workspace.settings(name).await?;
        if !one.schema.is_empty() || one.key_field != "_id" {
            all.push(one);
        }
    }
    Ok(all)
}

/// Clocks are put right by so many milliseconds all the time.
const CLOCKS_DIFFER: i64 = 2_000;

/// What is learned while the changes go by.
#[derive(Default)]
struct Noted {
    number: i64,
    at: i64,
    /// What the clock said of the last transaction.
    clock: Option<i64>,
    /// How far the clock was behind what it had said before, in milliseconds.
    behind: i64,
    end: Option<Position>,
    put_in_place: Vec<(String, i64)>,
}

async fn feed(
    first: Vec<Change>,
    mut rest: ReplayStream,
    send: mpsc::Sender<Work>,
    noted: &mut Noted,
    progress: &dyn Progress,
) -> Result<()> {
    let mut next = Some(first);
    while let Some(changes) = next.take() {
        progress.checkpoint()?;
        let mut documents = Vec::with_capacity(changes.len());
        for mut change in changes {
            // A clock that was set back must not bring the changes out of order, nor put those of different transactions into one
            // point in time: until it has caught up, they are a millisecond apart.
            if noted.clock != Some(change.at) {
                noted.behind = noted.behind.max(noted.at.saturating_sub(change.at));
                noted.at = change.at.max(noted.at + 1);
                noted.clock = Some(change.at);
            }
            change.at = noted.at;
            if let Step::Rename { to } = &change.step
                && names::is_staging(&change.collection)
                && !names::is_own(to)
            {
                noted.put_in_place.push((change.collection.clone(), change.at));
            }
            documents.push(events::encode(noted.number, &change)?);
            noted.number += 1;
        }
        if send.send(Work::Documents(EVENTS.to_owned(), documents)).await.is_err() {
            return Ok(());
        }
        progress.done(noted.number.unsigned_abs());
        match rest.try_next().await? {
            Some(Replayed::Changes(some)) => next = Some(some),
            Some(Replayed::End(end)) => noted.end = Some(end),
            None => return Err(cut_off()),
        }
    }
    // Whoever writes has failed already if nobody listens.
    let _ = send.send(Work::Complete(EVENTS.to_owned())).await;
    Ok(())
}
