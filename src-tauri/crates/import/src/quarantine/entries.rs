//! Entries as they are stored and read: one by one, in pages, all that fit.

use std::collections::{BTreeMap, HashMap};

use bson::{Bson, Document};
use steward_domain::value::{self, Value};
use steward_domain::{Filter, QuarantineEntry, Violation};
use steward_store::{Cursor, Query, names, upsert};

use super::narrow::{Chosen, Narrow};
use steward_workspace::{Error, Result, Workspace, docs};

/// An entry as it is stored, with what the list is narrowed by.
pub fn to_doc(entry: &QuarantineEntry) -> Result<Document> {
    let plain = QuarantineEntry { document: None, record_key: None, errors: Vec::new(), ..entry.clone() };
    let mut doc = docs::to_document(&entry.id, &plain)?;
    for (field, value) in [("document", &entry.document), ("recordKey", &entry.record_key)] {
        if let Some(value) = value {
            doc.insert(field, value.0.clone());
        }
    }
    let mut errors = Vec::new();
    let (mut fields, mut rules, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for error in &entry.errors {
        let mut stored = bson::doc! {"pointer": &error.pointer, "rule": &error.rule, "message": &error.message};
        if let Some(value) = &error.value {
            stored.insert("value", value.0.clone());
        }
        errors.push(stored);
        for (list, item) in [
            (&mut fields, error.field().to_owned()),
            (&mut rules, error.rule.clone()),
            (&mut problems, format!("{} {}", error.field(), error.rule)),
        ] {
            if !list.contains(&item) {
                list.push(item);
            }
        }
    }
    doc.insert("errors", errors);
    doc.insert("fields", fields);
    doc.insert("rules", rules);
    doc.insert("problems", problems);
    Ok(doc)
}

/// The reverse of [`to_doc`].
pub fn from_doc(mut doc: Document) -> Result<QuarantineEntry> {
    let wrong = || Error::Damaged("An entry of the quarantine");
    let document = doc.remove("document").map(Value);
    let record_key = doc.remove("recordKey").map(Value);
    let mut errors = Vec::new();
    if let Some(bson::Bson::Array(stored)) = doc.remove("errors") {
        for item in stored {
            let error = item.as_document().ok_or_else(wrong)?;
            let text = |name: &str| error.get_str(name).map(str::to_owned).map_err(|_| wrong());
            errors.push(Violation {
                pointer: text("pointer")?,
                rule: text("rule")?,
                message: text("message")?,
                value: error.get("value").cloned().map(Value),
            });
        }
    }
    doc.insert("errors", bson::Bson::Array(Vec::new()));
    let entry: QuarantineEntry = docs::from_document(&doc)?;
    Ok(QuarantineEntry { document, record_key, errors, ..entry })
}

/// The change of an entry itself: its status is part of the history, and undone with the rest.
pub(super) fn entry_change(before: &QuarantineEntry, after: &QuarantineEntry) -> Result<docs::Change> {
    let fields = value::diff(&to_doc(before)?, &to_doc(after)?);
    let record = steward_domain::RecordChange {
        collection: names::QUARANTINE.to_owned(),
        key: steward_domain::RecordKey::new(before.id.as_str()),
        op: steward_domain::RecordOp::Update,
        fields,
        document: None,
    };
    Ok(docs::Change { id: before.id.as_str().into(), record })
}

/// A page of entries, in the order of their rows, and how many there are.
pub async fn list(
    workspace: &Workspace,
    narrow: &Narrow,
    after: Option<String>,
    limit: usize,
) -> Result<(Vec<QuarantineEntry>, Option<String>, u64)> {
    let filter = narrow.filter();
    let total = workspace.store.count(names::QUARANTINE, &filter).await?;
    let page = workspace.store.find(names::QUARANTINE, &Query::new(filter, limit).after(after.map(Cursor))).await?;
    let mut entries = Vec::new();
    for raw in &page.records {
        entries.push(from_doc(upsert::decode(raw)?)?);
    }
    name_sources(workspace, &mut entries).await?;
    Ok((entries, page.next.map(|c| c.0), total))
}

/// Fills in the hashes of the sources. A row is kept before its file is read to the end; the hash is with the run.
async fn name_sources(workspace: &Workspace, entries: &mut [QuarantineEntry]) -> Result<()> {
    let mut hashes: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for entry in entries.iter_mut().filter(|e| e.source_hash.is_empty()) {
        if !hashes.contains_key(&entry.run_id) {
            let run = workspace.own_document(names::RUNS, &entry.run_id).await?;
            let run: Option<steward_domain::RunRecord> = run.map(|doc| docs::from_document(&doc)).transpose()?;
            let files = run.map(|r| r.files).unwrap_or_default();
            hashes.insert(entry.run_id.clone(), files.into_iter().map(|f| (f.name, f.sha256)).collect());
        }
        let known = hashes.get(&entry.run_id).and_then(|files| files.iter().find(|(name, _)| *name == entry.source_file));
        if let Some((_, hash)) = known {
            entry.source_hash.clone_from(hash);
        }
    }
    Ok(())
}

pub async fn get(workspace: &Workspace, id: &str) -> Result<QuarantineEntry> {
    let doc = workspace.own_document(names::QUARANTINE, id).await?;
    let mut entry = from_doc(doc.ok_or_else(|| Error::NotFound(format!("There is no quarantined row '{id}'.")))?)?;
    name_sources(workspace, std::slice::from_mut(&mut entry)).await?;
    Ok(entry)
}

/// How many entries wait for a collection.
pub async fn waiting(workspace: &Workspace, collection: &str) -> Result<u64> {
    let narrow = Narrow { collection: Some(collection.to_owned()), ..Narrow::default() };
    Ok(workspace.store.count(names::QUARANTINE, &narrow.filter()).await?)
}

/// Ids of all entries that fit.
pub async fn ids(workspace: &Workspace, chosen: &Chosen) -> Result<Vec<String>> {
    let narrow = match chosen {
        Chosen::Ids(ids) => return Ok(ids.clone()),
        Chosen::Narrow(narrow) => narrow,
    };
    let mut out = Vec::new();
    let mut after = None;
    loop {
        let page = workspace.store.find(names::QUARANTINE, &Query::new(narrow.filter(), 1000).after(after)).await?;
        for raw in &page.records {
            out.extend(raw.get_str("_id").map(str::to_owned));
        }
        after = page.next;
        if after.is_none() {
            return Ok(out);
        }
    }
}

/// Entries by their ids, in this order; ids that are unknown are left out.
pub async fn by_ids(workspace: &Workspace, ids: &[String]) -> Result<Vec<QuarantineEntry>> {
    let mut out = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(1000) {
        let keys: Vec<Bson> = chunk.iter().map(|id| Bson::from(id.as_str())).collect();
        let mut found = HashMap::new();
        for raw in workspace.store.get_many(names::QUARANTINE, "_id", &keys).await? {
            let entry = from_doc(upsert::decode(&raw)?)?;
            found.insert(entry.id.clone(), entry);
        }
        out.extend(chunk.iter().filter_map(|id| found.remove(id)));
    }
    name_sources(workspace, &mut out).await?;
    Ok(out)
}

/// How many there are.
pub async fn count(workspace: &Workspace, chosen: &Chosen) -> Result<u64> {
    match chosen {
        Chosen::Ids(ids) => Ok(ids.len() as u64),
        Chosen::Narrow(narrow) => Ok(workspace.store.count(names::QUARANTINE, &narrow.filter()).await?),
    }
}

/// Chosen entries, a batch at a time.
pub struct Batches<'a> {
    chosen: &'a Chosen,
    filter: Filter,
    after: Option<Option<Cursor>>,
    at: usize,
}

impl<'a> Batches<'a> {
    const SIZE: usize = 500;

    pub fn new(chosen: &'a Chosen) -> Self {
        let filter = match chosen {
            Chosen::Narrow(narrow) => narrow.filter(),
            Chosen::Ids(_) => Filter::all(),
        };
        Self { chosen, filter, after: Some(None), at: 0 }
    }

    pub async fn next(&mut self, workspace: &Workspace) -> Result<Option<Vec<QuarantineEntry>>> {
        if let Chosen::Ids(ids) = self.chosen {
            let part = &ids[self.at.min(ids.len())..(self.at + Self::SIZE).min(ids.len())];
            self.at += part.len();
            return if part.is_empty() { Ok(None) } else { by_ids(workspace, part).await.map(Some) };
        }
        let Some(after) = self.after.take() else {
            return Ok(None);
        };
        let page = workspace.store.find(names::QUARANTINE, &Query::new(self.filter.clone(), Self::SIZE).after(after)).await?;
        self.after = page.next.map(Some);
        let entries = page.records.iter().map(|raw| from_doc(upsert::decode(raw)?));
        let mut entries = entries.collect::<Result<Vec<_>>>()?;
        name_sources(workspace, &mut entries).await?;
        Ok(Some(entries))
    }
}
