//! One kind of lease for everything that only one process may do at a time: a run, a restore, what runs by schedule.
//!
//! A lease is a document with a number that grows whenever the lease changes hands. Its holder renews it and gives every write
//! the number as a [`Fence`]: a process that was paused, lost its lease and wakes up writes nothing more.
//!
//! Nobody's clock decides. Whoever finds a lease held by a process that has ended takes it at once; otherwise the lease is
//! watched, and taken when it was not renewed for [`NEAR`] (on this machine) or [`FAR`] (elsewhere).

use std::sync::Arc;
use std::time::{Duration, Instant};

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, doc};
use steward_store::layers::Fenced;
use steward_store::{Durability, Fence, Store, StoreErrorKind, WriteBatch, WriteOp, alive, names};

use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::workspace::Workspace;

/// How often a holder shows that it lives.
const RENEWED: Duration = Duration::from_secs(2);
/// Silence after which the lease of a process on this machine is taken.
const NEAR: Duration = Duration::from_secs(7);
/// Silence after which the lease of a process elsewhere is taken.
const FAR: Duration = Duration::from_secs(20);
/// How often a lease is looked at while it is watched.
const LOOK: Duration = Duration::from_millis(200);

/// A lease that this process holds. Dropped, it is no longer renewed; [`Lease::release`] gives it back at once.
pub struct Lease {
    fence: Fence,
    workspace: Workspace,
    renewal: tokio::task::JoinHandle<()>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

impl Lease {
    /// Takes the lease `name`, waiting while its holder may have ended.
    ///
    /// Errors: `Conflict` where the holder lives; `Cancelled`.
    pub async fn take(workspace: &Workspace, name: &str, progress: &dyn Progress) -> Result<Self> {
        let mut watched: Option<(Bson, Instant)> = None;
        loop {
            let Some(held) = workspace.own_document(names::LEASES, name).await? else {
                if let Some(lease) = Self::write(workspace, name, None).await? {
                    return Ok(lease);
                }
                continue;
            };
            // Whoever asked for quiet is not taken for dead before that is over, unless its process has ended.
            if !is_free(&held) && held.get_datetime("quietUntil").is_ok_and(|until| *until > DateTime::now()) {
                return Err(Error::Conflict(held_by(&held)));
            }
            let beat = held.get("beat").cloned().unwrap_or(Bson::Null);
            let silent = watched.as_ref().filter(|(then, _)| *then == beat).is_some_and(|(_, since)| since.elapsed() >= patience(&held));
            if is_free(&held) || silent {
                if let Some(lease) = Self::write(workspace, name, Some(&held)).await? {
                    return Ok(lease);
                }
                continue;
            }
            match &watched {
                Some((then, _)) if *then != beat => return Err(Error::Conflict(held_by(&held))),
                Some(_) => {}
                None => watched = Some((beat, Instant::now())),
            }
            progress.checkpoint()?;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes the lease if nobody holds it, or its holder has been silent for half a minute.
    pub async fn try_take(workspace: &Workspace, name: &str) -> Result<Option<Self>> {
        match workspace.own_document(names::LEASES, name).await? {
            None => Self::write(workspace, name, None).await,
            Some(held) if is_over(workspace, Some(&held)) => Self::write(workspace, name, Some(&held)).await,
            Some(_) => Ok(None),
        }
    }

    /// Writes this process into the lease, unless someone was quicker.
    async fn write(workspace: &Workspace, name: &str, held: Option<&Document>) -> Result<Option<Self>> {
        let number = held.and_then(|held| held.get_i64("number").ok()).unwrap_or(0) + 1;
        let set = doc! {
            "number": number, "process": alive::mark(), "by": workspace.actor.as_str(), "beat": ObjectId::new(),
            "renewed": DateTime::now(), "released": false, "quietUntil": Bson::Null,
        };
        let op = match held {
            None => {
                let mut whole = doc! { "_id": name };
                whole.extend(set);
                WriteOp::insert(names::LEASES, &whole)?
            }
            Some(held) => WriteOp::Patch {
                collection: names::LEASES.into(),
                id: name.into(),
                expect: ["number", "beat", "released"].map(|field| (field.into(), held.get(field).cloned())).into(),
                set: set.into_iter().map(|(field, value)| (field.as_str().into(), value)).collect(),
                unset: Vec::new(),
            },
        };
        match workspace.store.write(WriteBatch::data(vec![op]), Durability::Full).await {
            Ok(_) => {}
            Err(e) if matches!(e.kind, StoreErrorKind::Conflict | StoreErrorKind::DuplicateKey) => return Ok(None),
            Err(e) => return Err(e.into()),
        }
        let fence = Fence { lease: name.to_owned(), number };
        let renewal = tokio::spawn(renew(Arc::clone(&workspace.store), fence.clone()));
        let store = Arc::new(Fenced::new(Arc::clone(&workspace.store), fence.clone()));
        Ok(Some(Self { fence, workspace: workspace.with_store(store), renewal }))
    }

    /// The workspace as the holder writes to it.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Grows with each holder.
    pub fn number(&self) -> i64 {
        self.fence.number
    }

    /// Gives the lease back. One that was lost meanwhile is another's.
    pub async fn release(self) {
        self.renewal.abort();
        let op = patch(&self.fence, vec![("released".into(), Bson::Boolean(true))]);
        if let Err(e) = self.workspace.store.write(WriteBatch::data(vec![op]), Durability::Bulk).await {
            tracing::debug!(error = %e, lease = self.fence.lease, "the lease could not be given back");
        }
    }
}

/// The name of the lease of an import run.
pub fn of_run(run: &str) -> String {
    format!("run:{run}")
}

/// The name of the lease of a source that is read into a collection.
pub fn of_source(source: &str) -> String {
    format!("source:{source}")
}

/// The name of the lease of a restore.
pub fn of_restore(restore: &str) -> String {
    format!("restore:{restore}")
}

/// The name of the lease of a change that is written in batches.
pub fn of_change(set: &str) -> String {
    format!("change:{set}")
}

/// Shows that the holder lives, until it gives up the lease or has lost it.
async fn renew(store: Arc<dyn Store>, fence: Fence) {
    loop {
        tokio::time::sleep(RENEWED).await;
        let op = patch(&fence, vec![("beat".into(), ObjectId::new().into()), ("renewed".into(), DateTime::now().into())]);
        // A server that does not answer for a moment is asked again.
        if store.write(WriteBatch::data(vec![op]), Durability::Bulk).await.is_ok_and(|report| !report.failures.is_empty()) {
            return;
        }
    }
}

fn patch(fence: &Fence, set: Vec<(steward_domain::FieldPath, Bson)>) -> WriteOp {
    WriteOp::Patch {
        collection: names::LEASES.into(),
        id: fence.lease.as_str().into(),
        expect: vec![("number".into(), Some(fence.number.into()))],
        set,
        unset: Vec::new(),
    }
}

fn process(held: &Document) -> &str {
    held.get_str("process").unwrap_or_default()
}

/// It was given back, or its holder has ended.
fn is_free(held: &Document) -> bool {
    held.get_bool("released").unwrap_or(false) || alive::has_ended(process(held))
}

fn patience(held: &Document) -> Duration {
    if alive::is_near(process(held)) { NEAR } else { FAR }
}

fn held_by(held: &Document) -> String {
    let by = held.get_str("by").unwrap_or("another process");
    format!("This is still going: {by} is at work on it in another process. Wait until that ends, or cancel it there.")
}

/// Nobody is at work under a lease any more, as far as is known without waiting. Where only the time since the last
/// renewal tells, half a minute decides, or the time that the holder asked for: while it builds an index, nobody writes to a file.
pub fn is_over(workspace: &Workspace, held: Option<&Document>) -> bool {
    let Some(held) = held else { return true };
    let at = |field: &str| held.get_datetime(field).map_or(0, |at| at.timestamp_millis());
    is_free(held) || workspace.clock.now().timestamp_millis() > (at("renewed") + 30_000).max(at("quietUntil"))
}

/// The holder of a lease will not be able to renew it for about so long; absent: it is able again.
pub async fn quiet(workspace: &Workspace, name: &str, time: Option<Duration>) -> Result<()> {
    let until = time.map(|time| DateTime::from_millis(DateTime::now().timestamp_millis().saturating_add_unsigned(time.as_millis() as u64)));
    let op = WriteOp::Patch {
        collection: names::LEASES.into(),
        id: name.into(),
        expect: Vec::new(),
        set: until.into_iter().map(|until| ("quietUntil".into(), Bson::DateTime(until))).collect(),
        unset: if until.is_none() { vec!["quietUntil".into()] } else { Vec::new() },
    };
    workspace.store.write(WriteBatch::data(vec![op]), Durability::Bulk).await?;
    Ok(())
}
