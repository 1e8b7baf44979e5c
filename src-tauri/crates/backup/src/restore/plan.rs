//! What a restore would do, compared record by record with what is there now.

use std::collections::HashMap;

use bson::{Bson, Document};
use steward_domain::{RestoreMode, order};
use steward_store::{CollectionKind, upsert};
use steward_workspace::{Progress, Result, Workspace};

use super::clashes::Clashes;
use super::trial::{self, TrialResult};
use super::{Choice, Chosen, choose, count_now, indexes, kinds};
use crate::read::{Backup, Event};

/// Differences shown of a collection.
const SAMPLES: usize = 10;
/// Records that can be looked up at once.
const AT_ONCE: usize = 1000;

/// A record that would change.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// As it is now; `None` where it would be added.
    pub now: Option<Document>,
    /// As it is in the backup.
    pub then: Document,
}

/// What would become of one collection.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectionPlan {
    pub name: String,
    pub into: String,
    /// In the backup.
    pub records: u64,
    /// In the workspace; `None` where there is no such collection.
    pub now: Option<u64>,
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
    pub unchanged: u64,
    pub samples: Vec<Sample>,
    /// Nothing in it can be restored; the note says why.
    pub left_out: bool,
    /// The restore would be refused because of it; the notes say why.
    pub impossible: bool,
    /// What does not come back as it was: ends of sentences that begin with its name.
    pub notes: Vec<String>,
    /// What does not come back at all, as sentences.
    pub lost: Vec<String>,
}

/// Reads the backup to its end, which also checks it, and compares.
pub async fn plan(workspace: &Workspace, backup: &Backup, choice: &Choice, progress: &dyn Progress) -> Result<Vec<CollectionPlan>> {
    let chosen = choose(backup, choice)?;
    let mut plans: HashMap<&str, CollectionPlan> = HashMap::new();
    for one in &chosen {
        plans.insert(&one.listed.name, begin(workspace, one, choice.mode).await?);
    }
    let mut clashes: HashMap<&str, Clashes> = HashMap::new();
    for one in chosen.iter().filter(|_| choice.mode == RestoreMode::Merge) {
        let plan = plans.get(one.listed.name.as_str());
        if let Some(plan) = plan.filter(|plan| !plan.left_out && plan.now.is_some() && !one.listed.is_own()) {
            clashes.insert(&one.listed.name, Clashes::of(workspace, &plan.into).await?);
        }
    }
    progress.phase("Comparing");
    progress.total(chosen.iter().filter_map(|c| c.listed.records).sum());
    let mut done = 0;
    let mut events = backup.events();
    while let Some(event) = events.recv().await {
        progress.checkpoint()?;
        match event? {
            Event::Documents { collection, documents } => {
                let Some(plan) = plans.get_mut(collection.as_str()).filter(|plan| !plan.left_out) else { continue };
                done += documents.len() as u64;
                for some in documents.chunks(AT_ONCE) {
                    let differing = compare(workspace, plan, some).await?;
                    if let Some(clashes) = clashes.get_mut(collection.as_str()) {
                        clashes.look(workspace, &differing).await?;
                    }
                }
                progress.done(done);
            }
            Event::Complete { collection, content, checksum_fits } => {
                let Some(listed) = backup.listed(&collection).filter(|l| plans.contains_key(l.name.as_str())) else { continue };
                super::check_content(listed, content)?;
                if checksum_fits == Some(false) {
                    return Err(steward_workspace::Error::BadRequest(format!("The checksum of {collection} is wrong.")));
                }
            }
        }
    }
    for (name, clashes) in clashes {
        let found = clashes.sentences(workspace, backup, name, progress).await?;
        if let Some(plan) = plans.get_mut(name) {
            plan.impossible = !found.is_empty();
            plan.notes.extend(found);
        }
    }
    Ok(chosen
        .iter()
        .filter_map(|one| plans.remove(one.listed.name.as_str()))
        .map(|mut plan| {
            if choice.mode == RestoreMode::Clean {
                plan.removed = plan.now.unwrap_or(0).saturating_sub(plan.changed + plan.unchanged);
            }
            plan
        })
        .collect())
}

async fn begin(workspace: &Workspace, one: &Chosen, mode: RestoreMode) -> Result<CollectionPlan> {
    let kind = one.listed.definition.kind;
    let now = if kind == CollectionKind::Collection { count_now(workspace, &one.into).await? } else { None };
    let mut resolved = one.clone();
    kinds::choose_name(workspace, &mut resolved, mode).await?;
    // A merge leaves a collection what it has.
    let keeps = mode == RestoreMode::Merge && now.is_some();
    if kind == CollectionKind::Collection && !resolved.left_out && !keeps && !one.listed.is_own() {
        foresee(workspace, &mut resolved).await?;
    }
    match kind {
        CollectionKind::View if !resolved.left_out => resolved.notes.push("is a view: its definition is restored".to_owned()),
        CollectionKind::Timeseries if !resolved.left_out => resolved.notes.push("is a time series: its buckets are counted".to_owned()),
        _ => {}
    }
    let lost = resolved.losses().collect();
    Ok(CollectionPlan {
        name: one.listed.name.clone(),
        into: resolved.into,
        records: 0,
        now,
        added: 0,
        changed: 0,
        removed: 0,
        unchanged: 0,
        samples: Vec::new(),
        left_out: resolved.left_out,
        impossible: false,
        lost,
        notes: resolved.notes,
    })
}

/// What of its definition the store would not take.
async fn foresee(workspace: &Workspace, one: &mut Chosen) -> Result<()> {
    match trial::of(workspace, &one.listed.definition).await? {
        TrialResult::Takes(refused) => {
            refused.iter().for_each(|index| one.lose(format!("loses {}: {}", index.what(), indexes::words(&index.error))));
        }
        TrialResult::Refuses(why) => one.leave_out(format!("is left out: {why}")),
    }
    Ok(())
}

/// Hands back the records that are not here, or differ.
async fn compare<'a>(
    workspace: &Workspace,
    plan: &mut CollectionPlan,
    documents: &'a [bson::RawDocumentBuf],
) -> Result<Vec<&'a bson::RawDocumentBuf>> {
    let mut differing = Vec::new();
    plan.records += documents.len() as u64;
    let mut there = HashMap::new();
    if plan.now.unwrap_or(0) > 0 {
        let ids: Vec<Bson> =
            documents.iter().filter_map(|d| d.get("_id").ok().flatten()).filter_map(|id| Bson::try_from(id).ok()).collect();
        for record in workspace.store.get_many(&plan.into, "_id", &ids).await? {
            there.insert(order::key(record.get("_id").ok().flatten()), record);
        }
    }
    for document in documents {
        let now = there.get(&order::key(document.get("_id").ok().flatten()));
        match now {
            None => plan.added += 1,
            Some(now) if now.as_bytes() == document.as_bytes() => {
                plan.unchanged += 1;
                continue;
            }
            Some(_) => plan.changed += 1,
        }
        differing.push(document);
        // Changes say more than additions.
        let full = plan.samples.len() >= SAMPLES;
        let instead = plan.samples.iter().position(|s| s.now.is_none()).filter(|_| full && now.is_some());
        if !full || instead.is_some() {
            let sample = Sample { now: now.map(|raw| upsert::decode(raw)).transpose()?, then: upsert::decode(document)? };
            match instead {
                Some(at) => plan.samples[at] = sample,
                None => plan.samples.push(sample),
            }
        }
    }
    Ok(differing)
}
