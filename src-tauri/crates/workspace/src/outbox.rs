//! Notices that have to reach someone. A notice is written in the batch of what causes it, and delivered by a task: it survives a
//! crash between the two, and is delivered again after a failure. Its id is made from its cause, so that the same cause writes one
//! notice however often it is written, and a channel can tell a second delivery from a second notice.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use steward_domain::Filter;
use steward_store::{Durability, WriteBatch, WriteOp, names};

use crate::docs;
use crate::error::Result;
use crate::schedule::time;
use crate::workspace::Workspace;

/// The pause after a first failed delivery; each further one doubles it, up to an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// Nobody needs to hear of it any more.
const STALE: chrono::Duration = chrono::Duration::days(7);
/// Delivered ones are kept for this long, so that their cause cannot write them a second time.
const REMEMBERED: chrono::Duration = chrono::Duration::days(30);
/// Notices of one round.
const ROUND: usize = 100;

/// Where a notice is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    Waiting,
    Delivered,
    /// Too old to be of use: it was never delivered.
    Expired,
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The idempotency key: the same for the same cause.
    pub id: String,
    /// One line.
    pub title: String,
    /// What happened and what to do.
    pub text: String,
    /// RFC 3339.
    pub at: String,
    pub state: State,
    /// Failed deliveries so far.
    pub attempts: u32,
    /// Not before this time, RFC 3339.
    pub next_at: String,
    /// Why the last delivery failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A way to reach someone.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// For the log: "desktop", "mail".
    fn name(&self) -> &str;

    /// Delivers a notice. One that was delivered before has the same id.
    ///
    /// Errors: a sentence on why it did not arrive; it is tried again.
    async fn deliver(&self, notice: &Notice) -> std::result::Result<(), String>;
}

/// The write of a new notice, for the batch of its cause.
pub fn put(workspace: &Workspace, id: &str, title: &str, text: &str) -> Result<WriteOp> {
    let now = workspace.clock.stamp();
    let notice = Notice {
        id: id.to_owned(),
        title: title.to_owned(),
        text: text.to_owned(),
        at: now.clone(),
        state: State::Waiting,
        attempts: 0,
        next_at: now,
        error: None,
    };
    Ok(WriteOp::put(names::OUTBOX, &docs::to_document(id, &notice)?)?)
}

/// All notices, newest first, at most `limit`.
pub async fn list(workspace: &Workspace, limit: usize) -> Result<Vec<Notice>> {
    let found = workspace.own_documents(names::OUTBOX, Filter::all(), "at", limit).await?;
    found.iter().map(docs::from_document).collect()
}

/// A notice waits. One read.
pub async fn is_waiting(workspace: &Workspace) -> Result<bool> {
    Ok(workspace.store.count(names::OUTBOX, &Filter::eq("state", "waiting")).await? > 0)
}

/// Delivers what waits and is due through every notifier. Gives how many notices were delivered.
pub async fn deliver(workspace: &Workspace, notifiers: &[Arc<dyn Notifier>]) -> Result<usize> {
    let waiting = workspace.own_documents(names::OUTBOX, Filter::eq("state", "waiting"), "_id", ROUND).await?;
    let now = workspace.clock.now();
    let mut delivered = 0;
    for doc in &waiting {
        let mut notice: Notice = docs::from_document(doc)?;
        if time(&notice.next_at).is_some_and(|next| next > now) {
            continue;
        }
        let mut failure = None;
        for notifier in notifiers {
            if let Err(why) = notifier.deliver(&notice).await {
                tracing::warn!(notifier = notifier.name(), why, "a notice was not delivered");
                failure = Some(why);
            }
        }
        match failure {
            None if !notifiers.is_empty() => {
                notice.state = State::Delivered;
                notice.error = None;
                delivered += 1;
            }
            None => {}
            Some(why) => {
                let pause = FIRST_PAUSE.saturating_mul(1 << notice.attempts.min(16)).min(LONGEST_PAUSE);
                notice.attempts += 1;
                notice.error = Some(why);
                notice.next_at = (now + pause).to_rfc3339();
            }
        }
        if notice.state == State::Waiting && time(&notice.at).is_none_or(|at| now - at > STALE) {
            notice.state = State::Expired;
        }
        workspace.put(names::OUTBOX, &docs::to_document(&notice.id, &notice)?).await?;
    }
    Ok(delivered)
}

/// Forgets notices that were delivered or expired long ago.
pub async fn forget_old(workspace: &Workspace) -> Result<()> {
    let oldest = (workspace.clock.now() - REMEMBERED).to_rfc3339();
    let old = Filter::Compare { field: "at".into(), cmp: steward_domain::Comparison::Lt, value: bson::Bson::from(oldest).into() };
    let done = Filter::Not { not: Box::new(Filter::eq("state", "waiting")) };
    let gone = WriteOp::DeleteMany { collection: names::OUTBOX.into(), filter: old.and(done) };
    workspace.store.write(WriteBatch::data(vec![gone]), Durability::Bulk).await?;
    Ok(())
}
