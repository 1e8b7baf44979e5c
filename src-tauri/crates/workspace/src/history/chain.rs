//! The chain of hashes: what an entry says cannot be changed without a trace, nor what became of it.
//!
//! An entry's hash covers the hash before it and everything that it says for good. Two things come later. Its state is said by the
//! entry after it, which holds where this one stood when it was written; where that was still open, by the entry of its recovery.
//! What undid it is said by that entry itself. The newest entry is said by nobody but an [`Anchor`], which is kept outside.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bson::Document;
use sha2::{Digest as _, Sha256};
use steward_domain::{ChangeKind, ChangeSet, ChangeState, EntryState, Filter};
use steward_store::{Capability, Query, names};

use super::{Head, found_head, stored_hash};
use crate::docs;
use crate::error::Result;
use crate::workspace::Workspace;

/// How long the writes of one entry may be seen by halves where there are no transactions.
const IN_FLIGHT: Duration = Duration::from_secs(5);

/// SHA-256 over the previous hash and what the entry says; its state and `undone_by` change later and are left out.
pub(super) fn chain_hash(set: &ChangeSet) -> String {
    let mut said = serde_json::json!([
        set.previous_hash,
        set.id,
        set.seq,
        set.at,
        set.actor,
        set.kind,
        set.collection,
        set.summary,
        set.reason,
        set.records,
        set.run_id,
        set.undoes,
        set.payload_hash
    ]);
    if let (Some(origin), Some(list)) = (set.origin, said.as_array_mut()) {
        list.push(serde_json::json!(origin));
    }
    // The first entry has none before it.
    if let (false, Some(list)) = (set.stood.is_empty(), said.as_array_mut()) {
        list.push(serde_json::json!(set.stood));
    }
    hex::encode(Sha256::digest(said.to_string().as_bytes()))
}

/// The state of the newest entry.
pub(super) async fn newest(workspace: &Workspace, head: &Head) -> Result<Option<EntryState>> {
    if head.seq == 0 {
        return Ok(None);
    }
    let found = entry(workspace, head.seq).await?;
    let state = |doc: Document| docs::from_document::<ChangeSet>(&doc).map(|set| EntryState { id: set.id, state: set.state });
    found.map(state).transpose()
}

async fn entry(workspace: &Workspace, seq: i64) -> Result<Option<Document>> {
    let mut found = workspace.own_documents(names::CHANGE_SETS, Filter::eq("seq", seq), "seq", 2).await?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// What a broken chain looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    pub entries: i64,
    pub broken_at: Option<i64>,
    pub message: String,
}

/// An entry by its place in the chain: kept outside, it tells later whether the chain still goes that far.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Anchor {
    pub seq: i64,
    pub hash: String,
    /// Where it stood, if it had come to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ChangeState>,
}

/// The newest entry; `None` where there is none.
pub async fn anchor(workspace: &Workspace) -> Result<Option<Anchor>> {
    let Some(head) = found_head(workspace).await?.filter(|head| head.seq > 0) else { return Ok(None) };
    let state = newest(workspace, &head).await?.map(|newest| newest.state).filter(|state| *state != ChangeState::Pending);
    Ok(Some(Anchor { seq: head.seq, hash: head.hash, state }))
}

/// The entry has the same place and state as then.
pub async fn holds(workspace: &Workspace, anchor: &Anchor) -> Result<bool> {
    let Some(found) = entry(workspace, anchor.seq).await? else { return Ok(false) };
    let found: ChangeSet = docs::from_document(&found)?;
    Ok(found.hash == anchor.hash && anchor.state.is_none_or(|state| state == found.state))
}

/// What entries say of each other, as far as the chain was read.
#[derive(Default)]
struct Said {
    /// The entry before.
    last: Option<(i64, EntryState)>,
    /// Entries that were still open when the next one was written, with their place and their state now.
    open: HashMap<String, (i64, ChangeState)>,
    /// Entries that say to be undone: place, id, by which, run of an import.
    undone: Vec<(i64, String, String, Option<String>)>,
    /// What undoes something: by its id.
    undoing: HashMap<String, Undoing>,
}

struct Undoing {
    seq: i64,
    of: Option<String>,
    run: Option<String>,
    failed: bool,
}

impl Said {
    /// The place of an entry whose state is not the one that the chain gives.
    fn take(&mut self, set: &ChangeSet) -> Option<i64> {
        for stood in &set.stood {
            let known = match &self.last {
                Some((seq, last)) if last.id == stood.id => Some((*seq, last.state)),
                _ => self.open.get(&stood.id).copied(),
            };
            // The next entry of a Steward that did not say how entries stood.
            let Some((seq, now)) = known else { continue };
            if stood.state == ChangeState::Pending {
                self.open.insert(stood.id.clone(), (seq, now));
            } else if stood.state != now {
                return Some(seq);
            }
        }
        self.last = Some((set.seq, EntryState { id: set.id.clone(), state: set.state }));
        let run = set.run_id.clone().filter(|_| matches!(set.kind, ChangeKind::Import | ChangeKind::Undo));
        if let Some(by) = &set.undone_by {
            self.undone.push((set.seq, set.id.clone(), by.clone(), run.clone().filter(|_| set.kind == ChangeKind::Import)));
        }
        if set.undoes.is_some() || set.kind == ChangeKind::Undo && run.is_some() {
            let failed = set.state != ChangeState::Confirmed;
            self.undoing.insert(set.id.clone(), Undoing { seq: set.seq, of: set.undoes.clone(), run, failed });
        }
        None
    }

    /// What entries say of being undone is what others say to have undone.
    fn fault(&self) -> Option<(i64, String)> {
        let undid = |id: &str, by: &str, run: &Option<String>| {
            self.undoing.get(by).is_some_and(|one| one.of.as_deref() == Some(id) || run.is_some() && one.run == *run)
        };
        if let Some((seq, ..)) = self.undone.iter().find(|(_, id, by, run)| !undid(id, by, run)) {
            return Some((*seq, format!("Entry {seq} says that it was undone, and no entry did that.")));
        }
        let undone_ids: std::collections::HashSet<&str> = self.undone.iter().map(|(_, id, ..)| id.as_str()).collect();
        // An undo that was undone itself has given back what it undid.
        let holds = |id: &str, one: &Undoing| {
            !one.failed && !undone_ids.contains(id) && one.of.as_deref().is_some_and(|of| !undone_ids.contains(of))
        };
        let first = self.undoing.iter().filter(|(id, one)| holds(id, one)).map(|(_, one)| one).min_by_key(|one| one.seq)?;
        Some((first.seq, format!("Entry {} undid another one, which does not say so any more.", first.seq)))
    }
}

/// Recomputes the chain from the first entry on, up to where it ended when this began or further.
///
/// Entries are read one after another while others may write: an undo can come between an entry and what undid it. What is wrong
/// stays wrong, so that a fault counts when a second reading finds the same. A store without transactions shows an entry before its
/// values are there, and its number before the entry: there a fault counts once it lasts longer than any write ([`IN_FLIGHT`]).
pub async fn verify(workspace: &Workspace) -> Result<ChainReport> {
    let atomic = workspace.store.capabilities().has(Capability::Transactions);
    let (lasting, pause) = if atomic { (Duration::ZERO, Duration::ZERO) } else { (IN_FLIGHT, IN_FLIGHT / 50) };
    let mut report = read_through(workspace).await?;
    let mut since = Instant::now();
    while report.broken_at.is_some() {
        tokio::time::sleep(pause).await;
        let again = read_through(workspace).await?;
        let same = again.broken_at == report.broken_at && again.message == report.message;
        report = again;
        if !same {
            since = Instant::now();
        } else if since.elapsed() >= lasting {
            break;
        }
    }
    Ok(report)
}

async fn read_through(workspace: &Workspace) -> Result<ChainReport> {
    // Before the entries: those that are written from now on are more than it knows, never fewer.
    let head = found_head(workspace).await?.unwrap_or(Head { seq: 0, hash: String::new() });
    let mut holds = head.seq == 0;
    let mut previous = String::new();
    let mut entries = 0;
    let mut after = None;
    let mut said = Said::default();
    loop {
        let query = Query::new(Filter::all(), 500).sorted("seq", false).after(after);
        let page = workspace.store.find(names::CHANGE_SETS, &query).await?;
        for raw in &page.records {
            let set: ChangeSet = docs::from_raw(raw)?;
            let fault = if set.seq != entries + 1 {
                Some(format!("Entry {} is missing.", entries + 1))
            } else if set.previous_hash != previous || set.hash != chain_hash(&set) {
                Some(format!("Entry {} was changed after it was written.", set.seq))
            } else if set.run_id.is_none() && set.payload_hash != stored_hash(workspace, &set.id).await? {
                // What imports replaced is written batch by batch and not part of their entry.
                Some(format!("The values of entry {} were changed after they were written.", set.seq))
            } else {
                None
            };
            if let Some(message) = fault {
                return Ok(ChainReport { entries, broken_at: Some(entries + 1), message });
            }
            if let Some(seq) = said.take(&set) {
                let message = format!("The state of entry {seq} was changed after it was written.");
                return Ok(ChainReport { entries, broken_at: Some(seq), message });
            }
            entries += 1;
            holds |= entries == head.seq && set.hash == head.hash;
            previous = set.hash;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if let Some((seq, message)) = said.fault() {
        return Ok(ChainReport { entries, broken_at: Some(seq), message });
    }
    let now = found_head(workspace).await?.unwrap_or(Head { seq: 0, hash: String::new() });
    if !holds || now.seq < entries || now.seq == entries && now.hash != previous {
        let message = "The newest entries are missing.".to_owned();
        return Ok(ChainReport { entries, broken_at: Some(entries + 1), message });
    }
    Ok(ChainReport { entries, broken_at: None, message: format!("All {entries} entries are as they were written.") })
}
