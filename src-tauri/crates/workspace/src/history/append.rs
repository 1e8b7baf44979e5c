//! Appending to the chain. It has one end, so the entries of a process are written one after the other. Those that wait
//! meanwhile are written together: many people who edit at once share one durable write, and each gets an entry.

use std::sync::{Arc, Mutex, PoisonError};

use steward_domain::{ChangeSet, ChangeState, EntryState};
use steward_store::{Capability, Durability, StoreErrorKind, WriteBatch};
use tokio::sync::{MutexGuard, oneshot};
use tracing::Instrument as _;

use super::{ATTEMPTS, Request, announced, as_they_stand, chain, head, move_head, others_first, prepare};
use crate::error::{Error, Result};
use crate::workspace::Workspace;

/// Changes that are written together at most: a transaction stays small. A larger request is written alone.
const CHANGES_TOGETHER: usize = 1000;

/// What waits to be appended, and whose turn it is.
#[derive(Default)]
pub struct Appending {
    turn: tokio::sync::Mutex<()>,
    waiting: Mutex<Vec<Waiting>>,
}

struct Waiting {
    workspace: Workspace,
    request: Request,
    answer: oneshot::Sender<Result<ChangeSet>>,
}

impl Waiting {
    fn answer(self, result: Result<ChangeSet>) {
        // Whoever asked may be gone; what was written stays written.
        let _ = self.answer.send(result);
    }
}

/// Writes the changes and their entry. An expectation that does not hold is an error of kind `Conflict`, a key that
/// exists one of kind `DuplicateKey`; nothing is written then. Once begun it comes to its end, even where the caller
/// stops waiting.
pub async fn commit(workspace: &Workspace, request: Request) -> Result<ChangeSet> {
    let (answer, answered) = oneshot::channel();
    let appending = Arc::clone(&workspace.appending);
    appending.waiting().push(Waiting { workspace: workspace.clone(), request, answer });
    tokio::spawn(async move { appending.write_next().await }.in_current_span());
    answered.await.unwrap_or_else(|_| Err(Error::Conflict("The change was interrupted. Look at the record, then try again.".into())))
}

impl Appending {
    /// Waits for a turn to append.
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes whatever waits first, and what can be written with it. Each request brings one call of this: where an earlier
    /// call has taken its request along, there is nothing left to do.
    async fn write_next(&self) {
        let _turn = self.turn().await;
        let mut group = self.next_group();
        if group.len() > 1 {
            match write_together(&group).await {
                Ok(sets) => {
                    for (waiting, set) in group.into_iter().zip(sets) {
                        let set = announced(&waiting.workspace, set);
                        waiting.answer(Ok(set));
                    }
                    return;
                }
                // One of them is in conflict, or another program has appended: each by itself finds out.
                Err(e) if e.is_conflict() => {}
                Err(Error::Store(e)) => {
                    group.into_iter().for_each(|waiting| waiting.answer(Err(e.clone().into())));
                    return;
                }
                Err(_) => {}
            }
        }
        for mut waiting in group.drain(..) {
            let result = write_alone(&waiting.workspace, &mut waiting.request).await;
            waiting.answer(result);
        }
    }

    /// The first request that waits, and those behind it that go through the same store, as far as one transaction takes them.
    fn next_group(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        let Some(first) = waiting.first() else { return Vec::new() };
        let store = Arc::clone(&first.workspace.store);
        let mut together = 1;
        if store.capabilities().has(Capability::Transactions) {
            let mut changes = 0;
            together = waiting
                .iter()
                .take_while(|one| {
                    changes += one.request.changes.len() + one.request.also.len();
                    changes <= CHANGES_TOGETHER && Arc::ptr_eq(&one.workspace.store, &store)
                })
                .count()
                .max(1);
        }
        waiting.drain(..together).collect()
    }
}

/// One transaction for all of them, one entry for each.
async fn write_together(group: &[Waiting]) -> Result<Vec<ChangeSet>> {
    let workspace = &group[0].workspace;
    let first = head(workspace).await?;
    let mut newest = chain::newest(workspace, &first).await?;
    let mut sets: Vec<ChangeSet> = Vec::with_capacity(group.len());
    let mut all = WriteBatch::default();
    for one in group {
        let before = sets.last().map_or_else(|| first.clone(), super::Head::at);
        let (set, batch) = prepare(&one.workspace, &one.request, &before, newest.take())?;
        newest = Some(EntryState { id: set.id.clone(), state: set.state });
        all.history.extend(batch.history);
        all.data.extend(batch.data);
        sets.push(set);
    }
    if let Some(last) = sets.last() {
        all.history.insert(0, move_head(&first, last));
    }
    workspace.store.write(all, Durability::Full).await?;
    Ok(sets)
}

async fn write_alone(workspace: &Workspace, request: &mut Request) -> Result<ChangeSet> {
    for attempt in 0..ATTEMPTS {
        others_first(attempt).await;
        let head = head(workspace).await?;
        let (set, mut batch) = prepare(workspace, request, &head, chain::newest(workspace, &head).await?)?;
        batch.history.insert(0, move_head(&head, &set));
        match workspace.store.write(batch, Durability::Full).await {
            Ok(_) => return Ok(announced(workspace, ChangeSet { state: ChangeState::Confirmed, ..set })),
            Err(e) if matches!(e.kind, StoreErrorKind::Conflict | StoreErrorKind::DuplicateKey) => {
                // Another program appended to the chain: take the new head and try again. Otherwise the data is in the way.
                // Without transactions the head may have moved to this very entry, written before the data.
                let now = super::head(workspace).await?;
                if (now == head || now.hash == set.hash) && !as_they_stand(workspace, &mut request.changes).await? {
                    return Err(e.into());
                }
            }
            Err(e) => return Err(e.into()),
        }
    }
    Err(Error::Conflict("Others are writing to this workspace. Try again in a moment.".into()))
}
