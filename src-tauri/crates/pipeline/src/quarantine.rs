//! Quarantine: entries are Steward's own documents; the record in one keeps its BSON types.

use std::collections::BTreeMap;

use bson::Document;
use steward_domain::value::{self, Value};
use steward_domain::{ChangeKind, Filter, ImportMode, QuarantineEntry, QuarantineStatus, Violation};
use steward_store::upsert::{self, Outcome};
use steward_store::{Cursor, Durability, Query, WriteBatch, WriteOp, names};

use crate::docs;
use crate::edit;
use crate::error::{Error, Result};
use crate::journal::{self, Request};
use crate::progress::Progress;
use crate::workspace::Workspace;

/// Narrows the entries; every part is optional.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    pub collection: Option<String>,
    pub rule: Option<String>,
    pub field: Option<String>,
    pub run: Option<String>,
    pub file: Option<String>,
    pub status: Option<QuarantineStatus>,
}

impl Narrow {
    fn filter(&self) -> Filter {
        let status = match self.status.unwrap_or(QuarantineStatus::Waiting) {
            QuarantineStatus::Waiting => "waiting",
            QuarantineStatus::Released => "released",
            QuarantineStatus::Discarded => "discarded",
        };
        let mut filter = Filter::eq("status", status);
        let parts = [("collection", &self.collection), ("runId", &self.run), ("sourceFile", &self.file)];
        for (field, value) in parts {
            if let Some(value) = value {
                filter = filter.and(Filter::eq(field, value.as_str()));
            }
        }
        match (&self.field, &self.rule) {
            (Some(field), Some(rule)) => filter.and(Filter::eq("problems", format!("{field} {rule}"))),
            (Some(field), None) => filter.and(Filter::eq("fields", field.as_str())),
            (None, Some(rule)) => filter.and(Filter::eq("rules", rule.as_str())),
            (None, None) => filter,
        }
    }
}

/// An entry as it is stored, with what the list is narrowed by.
pub fn to_doc(entry: &QuarantineEntry) -> Result<Document> {
    let plain = QuarantineEntry { document: None, errors: Vec::new(), ..entry.clone() };
    let mut doc = docs::to_document(&entry.id, &plain)?;
    if let Some(document) = &entry.document {
        doc.insert("document", document.0.clone());
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
    Ok(QuarantineEntry { document, errors, ..entry })
}

/// The change of an entry itself: its status is part of the history, and undone with the rest.
fn entry_change(before: &QuarantineEntry, after: &QuarantineEntry) -> Result<docs::Change> {
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

/// Fills in the hashes of the sources. A row is kept before its file is read to the end; the hash stands with the run.
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

/// Figures of the quarantine.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    pub waiting: u64,
    pub released: u64,
    pub discarded: u64,
    pub by_rule: Vec<(String, u64)>,
    pub by_field: Vec<(String, u64)>,
    pub by_file: Vec<(String, u64)>,
    pub by_run: Vec<(String, u64)>,
    /// (field, rule, message of one of them, rows).
    pub problems: Vec<(String, String, String, u64)>,
}

pub async fn stats(workspace: &Workspace) -> Result<Stats> {
    let count = async |status| {
        let narrow = Narrow { status: Some(status), ..Narrow::default() };
        workspace.store.count(names::QUARANTINE, &narrow.filter()).await
    };
    let waiting = Narrow::default().filter();
    let facet = async |field: &str| -> Result<Vec<(String, u64)>> {
        let found = workspace.store.facet(names::QUARANTINE, field, &waiting, 200).await?;
        Ok(found.values.into_iter().filter_map(|(v, n)| v.as_str().map(|s| (s.to_owned(), n))).collect())
    };
    let mut problems = Vec::new();
    for (problem, rows) in facet("problems").await? {
        let (field, rule) = problem.rsplit_once(' ').unwrap_or((&problem, ""));
        let narrow = Narrow { field: Some(field.to_owned()), rule: Some(rule.to_owned()), ..Narrow::default() };
        let (example, _, _) = list(workspace, &narrow, None, 1).await?;
        let message = example.iter().flat_map(|e| &e.errors).find(|e| e.field() == field && e.rule == rule);
        problems.push((field.to_owned(), rule.to_owned(), message.map(|e| e.message.clone()).unwrap_or_default(), rows));
    }
    Ok(Stats {
        waiting: count(QuarantineStatus::Waiting).await?,
        released: count(QuarantineStatus::Released).await?,
        discarded: count(QuarantineStatus::Discarded).await?,
        by_rule: facet("rules").await?,
        by_field: facet("fields").await?,
        by_file: facet("sourceFile").await?,
        by_run: facet("runId").await?,
        problems,
    })
}

/// What a document of an entry would still break: its schema, and the key.
pub fn recheck(workspace: &Workspace, entry: &QuarantineEntry, key_field: &str, document: &Document) -> Result<Vec<Violation>> {
    Ok(record_of(workspace, entry, key_field, document)?.1)
}

/// The record that a document of an entry would be stored as, and what it would still break.
fn record_of(workspace: &Workspace, entry: &QuarantineEntry, key_field: &str, document: &Document) -> Result<(Document, Vec<Violation>)> {
    let mut errors =
        if entry.schema.is_empty() { Vec::new() } else { workspace.checker(&entry.schema)?.check(&value::doc_to_plain(document)) };
    let normaliser = crate::normalise::Normaliser::of(workspace, &entry.schema)?;
    let record = match &normaliser {
        Some(normaliser) if errors.is_empty() => normaliser.apply(document, &mut errors),
        // Its key is made from what is to be put right first.
        Some(_) => return Ok((document.clone(), errors)),
        None => document.clone(),
    };
    let missing = matches!(record.get(key_field), None | Some(bson::Bson::Null));
    let pointer = format!("/{key_field}");
    if missing && !errors.iter().any(|e| e.pointer == pointer) {
        errors.push(Violation {
            pointer,
            rule: "missing_key".into(),
            message: format!("{key_field} identifies the record and is missing."),
            value: None,
        });
    }
    Ok((record, errors))
}

/// Replaces the record of a waiting entry and works its errors out anew.
pub async fn correct(workspace: &Workspace, id: &str, document: Document) -> Result<QuarantineEntry> {
    let before = get(workspace, id).await?;
    let mut entry = before.clone();
    if entry.status != QuarantineStatus::Waiting {
        return Err(Error::Conflict("This row is not waiting any more.".into()));
    }
    let settings = workspace.settings(&entry.collection).await?;
    let document = match entry.document.as_ref().and_then(Value::as_document) {
        Some(old) => document
            .into_iter()
            .map(|(k, v)| match old.get(&k) {
                Some(was) => (k, value::keep_type(was, v)),
                None => (k, v),
            })
            .collect(),
        None => document,
    };
    entry.errors = recheck(workspace, &entry, &settings.key_field, &document)?;
    entry.document = Some(document.into());
    entry.edited = true;
    let change = entry_change(&before, &entry)?;
    if !change.record.fields.is_empty() {
        let summary = format!("Corrected row {} of {} in quarantine", entry.row_number, entry.source_file);
        journal::commit(workspace, Request::new(ChangeKind::Quarantine, &entry.collection, summary, vec![change])).await?;
    }
    Ok(entry)
}

/// What became of the rows that were tried again.
#[derive(Debug, Clone, Default)]
pub struct Retried {
    pub tried: i64,
    pub released: i64,
    pub still_waiting: i64,
    pub results: Vec<QuarantineEntry>,
    pub change_set: Option<String>,
}

/// Tries entries again: those that break no rule any more are loaded (as an upsert, or as their run's mode says) and
/// released, in change sets that can be undone.
pub async fn retry(workspace: &Workspace, ids: &[String], progress: &dyn Progress) -> Result<Retried> {
    let mut out = Retried::default();
    progress.total(ids.len() as u64);
    for chunk in ids.chunks(500) {
        progress.checkpoint()?;
        let mut entries = Vec::new();
        for id in chunk {
            let entry = get(workspace, id).await?;
            if entry.status == QuarantineStatus::Waiting {
                entries.push(entry);
            }
        }
        retry_chunk(workspace, entries, &mut out).await?;
        progress.done(u64::try_from(out.tried).unwrap_or(0));
    }
    Ok(out)
}

async fn retry_chunk(workspace: &Workspace, entries: Vec<QuarantineEntry>, out: &mut Retried) -> Result<()> {
    let mut by_collection: BTreeMap<String, Vec<QuarantineEntry>> = BTreeMap::new();
    for entry in entries {
        by_collection.entry(entry.collection.clone()).or_default().push(entry);
    }
    for (collection, entries) in by_collection {
        let settings = workspace.settings(&collection).await?;
        let mut changes = Vec::new();
        let mut still = Vec::new();
        let mut keys: Vec<Vec<u8>> = Vec::new();
        let mut released = 0;
        for before in entries {
            out.tried += 1;
            let mut entry = before.clone();
            match release(workspace, &mut entry, &settings.key_field, &mut keys).await? {
                Some(change) => {
                    entry.status = QuarantineStatus::Released;
                    entry.resolved_at = Some(workspace.clock.stamp());
                    changes.extend(change);
                    changes.push(entry_change(&before, &entry)?);
                    released += 1;
                }
                None => {
                    still.push(WriteOp::put(names::QUARANTINE, &to_doc(&entry)?)?);
                    out.still_waiting += 1;
                }
            }
            if out.results.len() < 100 {
                out.results.push(entry);
            }
        }
        out.released += released;
        if !still.is_empty() {
            workspace.store.write(WriteBatch::data(still), Durability::Full).await?;
        }
        if !changes.is_empty() {
            let rows = if released == 1 { "row" } else { "rows" };
            let summary = format!("Released {released} {rows} from quarantine");
            let request = Request::new(ChangeKind::Quarantine, &collection, summary, changes);
            out.change_set = Some(journal::commit(workspace, request).await?.id);
        }
    }
    Ok(())
}

/// The change that loads an entry's record; `Some(None)`-like empty when the record is there unchanged; `None` when it
/// must go on waiting (its errors say why).
async fn release(
    workspace: &Workspace,
    entry: &mut QuarantineEntry,
    key_field: &str,
    keys: &mut Vec<Vec<u8>>,
) -> Result<Option<Option<docs::Change>>> {
    let Some(document) = entry.document.as_ref().and_then(Value::as_document).cloned() else {
        return Ok(None);
    };
    let had_duplicate = !entry.edited && entry.errors.iter().any(|e| e.rule == "duplicate_key" || e.rule == "exists");
    let (document, mut errors) = record_of(workspace, entry, key_field, &document)?;
    if !entry.edited {
        // The record holds one of the two values; nobody has said yet that it is the right one.
        errors.extend(entry.errors.iter().filter(|e| e.rule == "duplicate_field").cloned());
    }
    let key = document.get(key_field).cloned().unwrap_or(bson::Bson::Null);
    let key_bytes = steward_domain::order::key_of(&key);
    if errors.is_empty() && (had_duplicate || keys.contains(&key_bytes)) {
        errors.push(Violation {
            pointer: format!("/{key_field}"),
            rule: "duplicate_key".into(),
            message: format!("Another row or record has this {key_field}. Give it another one, or discard the row."),
            value: Some(Value(key.clone())),
        });
    }
    if !errors.is_empty() {
        entry.errors = errors;
        return Ok(None);
    }
    keys.push(key_bytes);
    let incoming = upsert::Incoming { key: key.clone(), document: steward_store::model::raw(&document)? };
    let plan =
        upsert::UpsertPlan { collection: &entry.collection, key_field, mode: ImportMode::Upsert, expect_new: false, newest_by: None };
    let outcomes = upsert::compare(workspace.store.as_ref(), plan, std::slice::from_ref(&incoming)).await?;
    let record_key = steward_domain::RecordKey(Value(key));
    let change = match outcomes.into_iter().next() {
        Some(Outcome::Inserted { .. }) => {
            let (_, raw) = upsert::with_id(&incoming.document)?;
            Some(edit::insertion(&entry.collection, &record_key, upsert::decode(&raw)?))
        }
        Some(Outcome::Updated { id, changes }) => Some(docs::Change {
            id,
            record: steward_domain::RecordChange {
                collection: entry.collection.clone(),
                key: record_key,
                op: steward_domain::RecordOp::Update,
                fields: changes,
                document: None,
            },
        }),
        Some(Outcome::Unpatchable { field }) => {
            entry.errors = vec![crate::import::unpatchable(&field)];
            return Ok(None);
        }
        Some(Outcome::Unchanged | Outcome::Exists | Outcome::Older | Outcome::Conflict) | None => None,
    };
    entry.errors.clear();
    Ok(Some(change))
}

/// Ids of all entries that fit.
pub async fn ids(workspace: &Workspace, narrow: &Narrow) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let mut after = None;
    loop {
        let (entries, next, _) = list(workspace, narrow, after, 1000).await?;
        out.extend(entries.into_iter().map(|e| e.id));
        after = next;
        if after.is_none() {
            return Ok(out);
        }
    }
}

/// Moves entries between waiting and discarded, with the reason in the history.
pub async fn set_status(workspace: &Workspace, ids: &[String], to: QuarantineStatus, reason: Option<&str>) -> Result<Vec<String>> {
    let mut moved = Vec::new();
    for chunk in ids.chunks(500) {
        let mut changes = Vec::new();
        let mut collection = String::new();
        for id in chunk {
            let before = get(workspace, id).await?;
            let mut entry = before.clone();
            let allowed = matches!(
                (entry.status, to),
                (QuarantineStatus::Waiting, QuarantineStatus::Discarded) | (QuarantineStatus::Discarded, QuarantineStatus::Waiting)
            );
            if !allowed {
                continue;
            }
            entry.status = to;
            entry.reason = reason.map(str::to_owned);
            entry.resolved_at = (to == QuarantineStatus::Discarded).then(|| workspace.clock.stamp());
            collection.clone_from(&entry.collection);
            changes.push(entry_change(&before, &entry)?);
            moved.push(entry.id);
        }
        if changes.is_empty() {
            continue;
        }
        let what = if to == QuarantineStatus::Discarded { "Discarded" } else { "Brought back" };
        let rows = if changes.len() == 1 { "row" } else { "rows" };
        let summary = format!("{what} {} quarantined {rows}", changes.len());
        let mut request = Request::new(ChangeKind::Quarantine, &collection, summary, changes);
        request.reason = reason.map(str::to_owned);
        journal::commit(workspace, request).await?;
    }
    Ok(moved)
}
