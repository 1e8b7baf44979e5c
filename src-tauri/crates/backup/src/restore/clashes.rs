//! Foreseeing that a merge would break a unique index: a record of the backup and another one that is here would have the
//! same value. Candidates are looked up by value, or by [`Folding`] where a collation takes different texts for the same; whether two
//! of them really clash (with its collation, its partial filter, in lists) is asked of the store itself.

use std::collections::{HashMap, HashSet};

use bson::{Bson, Document, RawDocumentBuf};
use futures::StreamExt as _;
use steward_domain::{FieldPath, Filter, order};
use steward_store::{Definition, upsert};
use steward_workspace::{Progress, Result, Workspace};

use super::folding::Folding;
use super::{indexes, trial};
use crate::read::{Backup, Event};

/// Values that can be looked up at once.
const AT_ONCE: usize = 1000;
/// Clashes that are reported for one collection.
const NAMED: usize = 10;
/// Candidates that are tried of one collection.
const TRIED: usize = 200;

/// Ids of records by what a collation leaves of their values.
type Folded = HashMap<Vec<u8>, Vec<Bson>>;

/// One unique index of a collection that is here.
struct Unique {
    name: String,
    fields: Vec<String>,
    /// A missing value is in the index, as null.
    has_missing: bool,
    /// With a collation: how texts are compared, and the records that are here by what that leaves of their values.
    folded: Option<(Folding, Folded)>,
    alone: Definition,
}

struct Clash {
    unique: usize,
    /// From the backup.
    coming: RawDocumentBuf,
    /// Here, under another `_id`.
    standing: RawDocumentBuf,
}

/// The unique indexes of a collection, and what a merge would come to.
pub(super) struct Clashes {
    collection: String,
    uniques: Vec<Unique>,
    found: Vec<Clash>,
    tried: usize,
}

impl Clashes {
    pub async fn of(workspace: &Workspace, collection: &str) -> Result<Self> {
        let definition = workspace.store.definition(collection).await?;
        let uniques = definition.indexes.iter().filter(|index| index.get_bool("unique").unwrap_or(false));
        let uniques = uniques.filter(|index| !steward_store::definition::is_id_index(index)).map(|index| Unique {
            name: index.get_str("name").unwrap_or_default().to_owned(),
            fields: indexes::fields_of(index),
            has_missing: !["sparse", "partialFilterExpression"].iter().any(|option| index.contains_key(option)),
            folded: Folding::of(index).map(|folding| (folding, HashMap::new())),
            alone: definition.only(vec![index.clone()]),
        });
        let mut uniques: Vec<Unique> = uniques.collect();
        note_folded(workspace, collection, &mut uniques).await?;
        Ok(Self { collection: collection.to_owned(), uniques, found: Vec::new(), tried: 0 })
    }

    /// Some records of the backup that are not here, or differ.
    pub async fn look(&mut self, workspace: &Workspace, coming: &[&RawDocumentBuf]) -> Result<()> {
        for number in 0..self.uniques.len() {
            if coming.is_empty() || self.found.len() >= NAMED || self.tried >= TRIED {
                return Ok(());
            }
            let pairs = candidates(workspace, &self.collection, &self.uniques[number], coming).await?;
            for (coming, standing) in pairs {
                if self.found.len() >= NAMED || self.tried >= TRIED {
                    break;
                }
                self.tried += 1;
                if trial::clash(workspace, &self.uniques[number].alone, &standing, &coming).await? {
                    self.found.push(Clash { unique: number, coming, standing });
                }
            }
        }
        Ok(())
    }

    /// Sentences' ends about what clashes. A record here that the backup itself changes is seen as it would be.
    pub async fn sentences(mut self, workspace: &Workspace, backup: &Backup, name: &str, progress: &dyn Progress) -> Result<Vec<String>> {
        if !self.found.is_empty() {
            let changed = changed(backup, name, &self.found, progress).await?;
            let mut left = Vec::new();
            for clash in self.found {
                let then = changed.get(&key(&clash.standing));
                let alone = &self.uniques[clash.unique].alone;
                let goes = match then {
                    Some(then) => !trial::clash(workspace, alone, then, &clash.coming).await?,
                    None => false,
                };
                if !goes {
                    left.push(clash);
                }
            }
            self.found = left;
        }
        self.found.iter().map(|clash| sentence(&self.uniques[clash.unique], clash)).collect()
    }
}

fn key(record: &RawDocumentBuf) -> Vec<u8> {
    order::key(record.get("_id").ok().flatten())
}

fn sentence(unique: &Unique, clash: &Clash) -> Result<String> {
    let coming = upsert::decode(&clash.coming)?;
    let shared: Vec<String> = unique
        .fields
        .iter()
        .map(|field| {
            let values = values_at(&coming, field);
            let shown: Vec<String> = values.iter().filter(|value| **value != Bson::Null).map(indexes::shown).collect();
            format!("{field} {}", if shown.is_empty() { "nothing".to_owned() } else { shown.join(" or ") })
        })
        .collect();
    Ok(format!(
        "cannot be merged: the record {} of the backup and the record {} here would both have {}, which the unique index {} does not allow",
        indexes::id_of(&clash.coming).unwrap_or_default(),
        indexes::id_of(&clash.standing).unwrap_or_default(),
        shared.join(", "),
        unique.name
    ))
}

/// The values that an index sees at a field: of a list its elements, and lists on the way are entered.
fn values_at(record: &Document, field: &str) -> Vec<Bson> {
    let path = FieldPath::new(field);
    let names: Vec<_> = path.segments().collect();
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let mut out = Vec::new();
    match names.split_first() {
        Some((first, rest)) => within(record.get(*first), rest, &mut out),
        None => out.push(Bson::Null),
    }
    out
}

fn within(value: Option<&Bson>, names: &[&str], out: &mut Vec<Bson>) {
    match (value, names.split_first()) {
        (Some(Bson::Array(list)), None) if !list.is_empty() => out.extend(list.iter().cloned()),
        (Some(value), None) => out.push(value.clone()),
        (Some(Bson::Document(inner)), Some((name, rest))) => within(inner.get(*name), rest, out),
        (Some(Bson::Array(list)), Some((name, rest))) => {
            match name.parse::<usize>().ok().and_then(|at| list.get(at)) {
                Some(item) => within(Some(item), rest, out),
                None => list.iter().filter(|item| matches!(item, Bson::Document(_))).for_each(|item| within(Some(item), names, out)),
            }
            if out.is_empty() {
                out.push(Bson::Null);
            }
        }
        _ => out.push(Bson::Null),
    }
}

/// Notes the records that are here for the indexes with a collation, in one pass.
async fn note_folded(workspace: &Workspace, collection: &str, uniques: &mut [Unique]) -> Result<()> {
    if uniques.iter().all(|unique| unique.folded.is_none()) {
        return Ok(());
    }
    let mut standing = workspace.store.scan(collection, &Filter::all(), None).await?;
    while let Some(batch) = standing.next().await {
        for raw in batch? {
            let record = upsert::decode(&raw)?;
            for unique in uniques.iter_mut() {
                let fields = &unique.fields;
                let Some((folding, known)) = &mut unique.folded else { continue };
                for key in folding.keys(fields.iter().map(|field| values_at(&record, field))) {
                    known.entry(key).or_default().push(record.get("_id").cloned().unwrap_or(Bson::Null));
                }
            }
        }
    }
    Ok(())
}

/// [`candidates`] for an index with a collation.
async fn folded_candidates(
    workspace: &Workspace,
    collection: &str,
    unique: &Unique,
    (folding, known): &(Folding, Folded),
    coming: &[(&RawDocumentBuf, Document)],
) -> Result<Vec<(RawDocumentBuf, RawDocumentBuf)>> {
    let mut out = Vec::new();
    for (raw, record) in coming {
        let keys = folding.keys(unique.fields.iter().map(|field| values_at(record, field)));
        let ids: HashMap<Vec<u8>, &Bson> =
            keys.iter().filter_map(|key| known.get(key)).flatten().map(|id| (order::key_of(id), id)).collect();
        let others: Vec<Bson> = ids.into_iter().filter(|(id, _)| *id != key(raw)).map(|(_, id)| id.clone()).take(TRIED).collect();
        if !others.is_empty() {
            let standing = workspace.store.get_many(collection, "_id", &others).await?;
            out.extend(standing.into_iter().map(|standing| ((*raw).clone(), standing)));
        }
    }
    Ok(out)
}

/// Records that come and records that are here with the same value at each field.
async fn candidates(
    workspace: &Workspace,
    collection: &str,
    unique: &Unique,
    coming: &[&RawDocumentBuf],
) -> Result<Vec<(RawDocumentBuf, RawDocumentBuf)>> {
    let coming: Vec<(&RawDocumentBuf, Document)> = coming.iter().map(|raw| Ok((*raw, upsert::decode(raw)?))).collect::<Result<_>>()?;
    if let Some(folded) = &unique.folded {
        return folded_candidates(workspace, collection, unique, folded, &coming).await;
    }
    // By the field that tells most records apart.
    let values = |field: &String| -> HashMap<Vec<u8>, Bson> {
        coming.iter().flat_map(|(_, record)| values_at(record, field)).map(|value| (order::key_of(&value), value)).collect()
    };
    let Some((field, wanted)) = unique.fields.iter().map(|field| (field, values(field))).max_by_key(|(_, values)| values.len()) else {
        return Ok(Vec::new());
    };
    // Nothing is looked up by what many records may lack; an index of one field has one record at most that lacks it.
    let with_null = unique.has_missing && unique.fields.len() == 1;
    let wanted: Vec<Bson> = wanted.into_values().filter(|value| with_null || *value != Bson::Null).collect();
    let mut out = Vec::new();
    for some in wanted.chunks(AT_ONCE) {
        for standing in workspace.store.get_many(collection, field, some).await? {
            let record = upsert::decode(&standing)?;
            let same = |other: &Document| {
                unique.fields.iter().all(|field| {
                    let here: HashSet<Vec<u8>> = values_at(&record, field).iter().map(order::key_of).collect();
                    values_at(other, field).iter().any(|value| here.contains(&order::key_of(value)))
                })
            };
            let others = coming.iter().filter(|(raw, other)| key(raw) != key(&standing) && same(other));
            out.extend(others.map(|(raw, _)| ((*raw).clone(), standing.clone())));
        }
    }
    Ok(out)
}

/// What the backup makes of the records that are here and clash.
async fn changed(backup: &Backup, name: &str, clashes: &[Clash], progress: &dyn Progress) -> Result<HashMap<Vec<u8>, RawDocumentBuf>> {
    let wanted: HashSet<Vec<u8>> = clashes.iter().map(|clash| key(&clash.standing)).collect();
    let mut found = HashMap::new();
    let mut events = backup.events();
    while let Some(event) = events.recv().await {
        progress.checkpoint()?;
        if let Event::Documents { collection, documents } = event?
            && collection == name
        {
            found.extend(documents.into_iter().map(|record| (key(&record), record)).filter(|(key, _)| wanted.contains(key)));
        }
    }
    Ok(found)
}
