//! What changed between two backups. Of each record of the older one a hash of its `_id` and one of its content are
//! held: 32 bytes a record, so that a million records take some 60 MB.

use std::collections::{BTreeMap, HashMap};

use bson::RawDocumentBuf;
use steward_domain::order;
use steward_workspace::{Progress, Result};
use twox_hash::XxHash3_128;

use crate::read::{Backup, Event};

/// Records of one collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    pub collection: String,
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
    pub unchanged: u64,
}

fn id(document: &RawDocumentBuf) -> u128 {
    XxHash3_128::oneshot(&order::key(document.get("_id").ok().flatten()))
}

/// Compares people's collections, by name.
pub async fn compare(older: &Backup, newer: &Backup, progress: &dyn Progress) -> Result<Vec<Difference>> {
    let mut before: HashMap<String, HashMap<u128, u128>> = HashMap::new();
    let mut out: BTreeMap<String, Difference> = BTreeMap::new();
    for one in older.contents.iter().chain(&newer.contents).filter(|c| !c.is_own()) {
        out.entry(one.name.clone()).or_insert_with(|| Difference { collection: one.name.clone(), ..Difference::default() });
    }
    progress.phase("Reading the older backup");
    let mut events = older.events();
    while let Some(event) = events.recv().await {
        progress.checkpoint()?;
        if let Event::Documents { collection, documents } = event?
            && out.contains_key(&collection)
        {
            let records = before.entry(collection).or_default();
            records.extend(documents.iter().map(|d| (id(d), XxHash3_128::oneshot(d.as_bytes()))));
        }
    }
    progress.phase("Reading the newer backup");
    let mut events = newer.events();
    while let Some(event) = events.recv().await {
        progress.checkpoint()?;
        if let Event::Documents { collection, documents } = event?
            && let Some(difference) = out.get_mut(&collection)
        {
            let records = before.entry(collection).or_default();
            for document in &documents {
                match records.remove(&id(document)) {
                    None => difference.added += 1,
                    Some(then) if then == XxHash3_128::oneshot(document.as_bytes()) => difference.unchanged += 1,
                    Some(_) => difference.changed += 1,
                }
            }
        }
    }
    for (collection, left) in before {
        if let Some(difference) = out.get_mut(&collection) {
            difference.removed = left.len() as u64;
        }
    }
    Ok(out.into_values().collect())
}
