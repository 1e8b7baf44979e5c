//! Edits of single records, bulk changes, revert and undo. All go through the journal.

use bson::{Bson, Document};
use steward_domain::value::{self, Value};
use steward_domain::{ChangeKind, ChangeSet, FieldChange, Filter, RecordChange, RecordKey, RecordOp, Violation, order};
use steward_store::{Query, names, upsert};

use crate::docs::Change;
use crate::error::{Error, Result};
use crate::history::{self, Request, staged};
use crate::progress::Progress;
use crate::workspace::{Collection, Workspace};

/// A record as it is.
#[derive(Debug, Clone)]
pub struct Current {
    pub key: RecordKey,
    pub document: Document,
    pub violations: Vec<Violation>,
}

/// One field that two people changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Clash {
    pub path: String,
    pub before: Option<Value>,
    pub mine: Option<Value>,
    pub theirs: Option<Value>,
}

/// What became of an edit.
#[derive(Debug)]
pub enum Edited {
    Applied(ChangeSet),
    Conflict(Vec<Clash>),
    /// The rules that it would newly break.
    Invalid(Vec<Violation>),
    Unchanged,
}

/// Reads a record by its key.
pub async fn read(workspace: &Workspace, collection: &Collection, key: &RecordKey) -> Result<Current> {
    let found = workspace.store.get_many(collection.name(), &collection.settings.key_field, &[key.bson().clone()]).await?;
    let Some(raw) = found.first() else {
        return Err(Error::NotFound(format!("There is no record '{}' in {}.", key.label(), collection.name())));
    };
    let document = upsert::decode(raw)?;
    let violations = collection.violations(&document);
    Ok(Current { key: key.clone(), document, violations })
}

fn newly_broken(before: &[Violation], after: Vec<Violation>) -> Vec<Violation> {
    let known = |v: &Violation| before.iter().any(|b| b.pointer == v.pointer && b.rule == v.rule);
    after.into_iter().filter(|v| !known(v)).collect()
}

/// An edit of one record.
#[derive(Debug, Clone)]
pub struct Edit {
    pub key: RecordKey,
    pub changes: Vec<FieldChange>,
    pub reason: Option<String>,
    pub allow_invalid: bool,
    pub kind: ChangeKind,
    pub undoes: Option<String>,
}

/// Patches a record where the old values that the person saw still apply.
pub async fn edit(workspace: &Workspace, collection: &Collection, edit: Edit) -> Result<Edited> {
    let current = read(workspace, collection, &edit.key).await?;
    let mut next = current.document.clone();
    let mut clashes = Vec::new();
    for change in &edit.changes {
        check_path(&change.path, &collection.settings.key_field)?;
        let now = change.path.get(&current.document);
        if now.is_none() {
            // Nothing is there: rather the field of that name is meant.
            is_clear(&change.path, &current.document)?;
        }
        if !is_same(now, change.before.as_ref()) {
            if is_same(now, change.after.as_ref()) {
                continue;
            }
            clashes.push(Clash {
                path: change.path.to_string(),
                before: change.before.clone(),
                mine: change.after.clone(),
                theirs: now.cloned().map(Value),
            });
            continue;
        }
        let after = change.after.as_ref().map(|v| match now {
            Some(old) => value::keep_type(old, v.0.clone()),
            None => v.0.clone(),
        });
        if is_same(now, after.clone().map(Value).as_ref()) {
            continue;
        }
        is_clear(&change.path, &next)?;
        apply_change(&mut next, &change.path, after)?;
    }
    if !clashes.is_empty() {
        return Ok(Edited::Conflict(clashes));
    }
    // What really differs, so that undoing it leaves nothing behind (such as an object made on the way).
    let changes = value::diff(&current.document, &next);
    if changes.is_empty() {
        return Ok(Edited::Unchanged);
    }
    let broken = newly_broken(&current.violations, collection.violations(&next));
    if !broken.is_empty() && !edit.allow_invalid {
        return Ok(Edited::Invalid(broken));
    }
    let summary = summarise(&edit.key, &changes);
    let record = RecordChange {
        collection: collection.name().to_owned(),
        key: edit.key.clone(),
        op: RecordOp::Update,
        fields: changes,
        document: None,
    };
    let id = current.document.get("_id").cloned().unwrap_or(Bson::Null);
    let mut request = Request::new(edit.kind, collection.name(), summary, vec![Change { id, record }]);
    request.reason.clone_from(&edit.reason);
    request.undoes.clone_from(&edit.undoes);
    match history::commit(workspace, request).await {
        Ok(set) => Ok(Edited::Applied(set)),
        Err(e) if e.is_conflict() => clash_after_write(workspace, collection, &edit).await,
        Err(e) => Err(e),
    }
}

/// Someone was faster between reading and writing: report what clashes now.
async fn clash_after_write(workspace: &Workspace, collection: &Collection, edit: &Edit) -> Result<Edited> {
    let current = read(workspace, collection, &edit.key).await?;
    let clashes = edit
        .changes
        .iter()
        .filter(|c| !is_same(c.path.get(&current.document), c.before.as_ref()))
        .map(|c| Clash {
            path: c.path.to_string(),
            before: c.before.clone(),
            mine: c.after.clone(),
            theirs: c.path.get(&current.document).cloned().map(Value),
        })
        .collect();
    Ok(Edited::Conflict(clashes))
}

fn is_same(now: Option<&Bson>, then: Option<&Value>) -> bool {
    match (now, then) {
        (None, None) => true,
        (Some(now), Some(then)) => value::same(now, &then.0) || value::same(now, &value::keep_type(now, then.0.clone())),
        _ => false,
    }
}

fn check_path(path: &steward_domain::FieldPath, key_field: &str) -> Result<()> {
    if path.as_str() == "_id" || path.as_str() == key_field {
        return Err(Error::BadRequest(format!("{path} identifies the record and cannot be changed. Add a new record instead.")));
    }
    if !path.is_patchable() {
        let name = steward_domain::FieldPath::name(path.as_str());
        let hint = if name.is_patchable() { format!(" Write {name} for the field that is called so.") } else { String::new() };
        return Err(Error::BadRequest(format!("'{path}' is not a field that can be set.{hint}")));
    }
    Ok(())
}

/// A path with dots may also be the name of a field: then a person says which is meant.
pub fn is_clear(path: &steward_domain::FieldPath, doc: &Document) -> Result<()> {
    if let Some(name) = path.namesake(doc) {
        let (field, inner) = (steward_domain::FieldPath::name(name), path.to_pointer());
        return Err(Error::BadRequest(format!("This record has a field '{name}'. Write {field} for it, or {inner} for the field inside.")));
    }
    Ok(())
}

fn apply_change(doc: &mut Document, path: &steward_domain::FieldPath, after: Option<Bson>) -> Result<()> {
    match after {
        Some(new) => path.set(doc, new).map_err(|e| Error::BadRequest(format!("This field cannot be set: {e}."))),
        None => {
            path.unset(doc);
            Ok(())
        }
    }
}

fn summarise(key: &RecordKey, changes: &[FieldChange]) -> String {
    let paths: Vec<&str> = changes.iter().take(3).map(|c| c.path.as_str()).collect();
    let more = if changes.len() > 3 { format!(" and {} more fields", changes.len() - 3) } else { String::new() };
    format!("Changed {}{more} of {}", paths.join(", "), key.label())
}

/// Adds a record.
pub async fn create(
    workspace: &Workspace,
    collection: &Collection,
    mut document: Document,
    reason: Option<String>,
    allow_invalid: bool,
) -> Result<(Edited, RecordKey)> {
    let settings = &collection.settings;
    if !document.contains_key("_id") {
        let mut with_id = bson::doc! {"_id": bson::oid::ObjectId::new()};
        with_id.extend(document);
        document = with_id;
    }
    let key = match document.get(&settings.key_field) {
        Some(key) if steward_domain::can_be_key(key, &settings.key_field) => RecordKey(Value(key.clone())),
        _ => {
            return Err(Error::BadRequest(format!("{} identifies the record: give it a single value.", settings.key_field)));
        }
    };
    let broken = collection.violations(&document);
    if !broken.is_empty() && !allow_invalid {
        return Ok((Edited::Invalid(broken), key));
    }
    let change = insertion(collection.name(), &key, document);
    let mut request = Request::new(ChangeKind::Create, collection.name(), format!("Added {}", key.label()), vec![change]);
    request.reason = reason;
    match history::commit(workspace, request).await {
        Ok(set) => Ok((Edited::Applied(set), key)),
        Err(e) if e.is_conflict() => Err(Error::Conflict(format!("There is a record '{}' already.", key.label()))),
        Err(e) => Err(e),
    }
}

/// The change that inserts a record.
pub fn insertion(collection: &str, key: &RecordKey, document: Document) -> Change {
    let id = document.get("_id").cloned().unwrap_or(Bson::Null);
    let record = RecordChange {
        collection: collection.to_owned(),
        key: key.clone(),
        op: RecordOp::Insert,
        fields: Vec::new(),
        document: Some(document.into()),
    };
    Change { id, record }
}

/// The change that deletes a record as it is.
pub fn deletion(collection: &str, key: &RecordKey, document: Document) -> Change {
    let mut change = insertion(collection, key, document);
    change.record.op = RecordOp::Delete;
    change
}

/// The change that takes another one back.
pub fn inverted(change: &Change) -> Change {
    let mut out = change.clone();
    out.record.op = match change.record.op {
        RecordOp::Insert => RecordOp::Delete,
        RecordOp::Delete => RecordOp::Insert,
        RecordOp::Update => RecordOp::Update,
    };
    out.record.fields = change.record.fields.iter().map(FieldChange::inverted).collect();
    out
}

/// Changes of one record, newest first: (change set, change).
pub async fn history(workspace: &Workspace, collection: &str, key: &RecordKey) -> Result<Vec<(ChangeSet, Change)>> {
    let filter = Filter::eq("key", key.bson().clone()).and(Filter::eq("collection", collection));
    let page = workspace.store.find(names::CHANGES, &Query::new(filter, 1000)).await?;
    let mut out = Vec::new();
    for raw in &page.records {
        let doc = upsert::decode(raw)?;
        let set = doc.get_str("set").map_err(|_| Error::Damaged("An entry of the history"))?.to_owned();
        if let Ok(set) = history::get(workspace, &set).await {
            out.push((set, crate::docs::change_from_doc(&doc)?));
        }
    }
    out.sort_by_key(|(set, _)| std::cmp::Reverse(set.seq));
    Ok(out)
}

/// Brings a record back to how it was before a change set: that change and all later ones are undone together.
pub async fn revert(workspace: &Workspace, collection: &Collection, key: &RecordKey, set: &str) -> Result<Edited> {
    let history = history(workspace, collection.name(), key).await?;
    let Some(at) = history.iter().position(|(s, _)| s.id == set) else {
        return Err(Error::NotFound("This record was not part of that change.".into()));
    };
    let current = read(workspace, collection, key).await?;
    let mut target = current.document.clone();
    for (_, change) in &history[..=at] {
        if change.record.op != RecordOp::Update {
            return Err(Error::BadRequest("The record was added or removed by that change; undo the change instead.".into()));
        }
        for field in &change.record.fields {
            apply_change(&mut target, &field.path, field.before.clone().map(|v| v.0))?;
        }
    }
    let changes = value::diff(&current.document, &target);
    let request = Edit { key: key.clone(), changes, reason: None, allow_invalid: true, kind: ChangeKind::Revert, undoes: None };
    edit(workspace, collection, request).await
}

/// What became of an undo.
#[derive(Debug)]
pub enum Undone {
    Applied(ChangeSet),
    /// Records that were changed since; nothing was written.
    Conflict(Vec<RecordChange>),
}

/// Undoes a change set by a new one, however large it is.
pub async fn undo(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<Undone> {
    let set = history::get(workspace, id).await?;
    if let Some(by) = &set.undone_by {
        return Err(Error::Conflict(format!("This change was already undone (by {by}).")));
    }
    if set.kind == ChangeKind::Recovery {
        return Err(Error::BadRequest("This entry only records the outcome of another one; there is nothing to undo.".into()));
    }
    if set.run_id.is_some() && set.kind == ChangeKind::Restore {
        return Err(Error::Conflict("A restore is undone as a whole: see the restores under the backups.".into()));
    }
    if set.run_id.is_some() && set.kind == ChangeKind::Import {
        return Err(Error::BadRequest("To undo an import, undo its run.".into()));
    }
    let mut request = Request::new(ChangeKind::Undo, &set.collection, format!("Undo: {}", set.summary), Vec::new());
    request.undoes = Some(set.id.clone());
    let mut pages = history::Pages::of(workspace, id);
    let mut changes = Vec::new();
    while let Some(page) = pages.next().await? {
        changes.extend(page.iter().map(inverted));
        if changes.len() > staged::AT_ONCE {
            let mut all = Inverted(history::Pages::of(workspace, id));
            return Ok(match staged::write(workspace, request, &mut all, progress).await? {
                staged::Outcome::Written(set) => Undone::Applied(*set),
                staged::Outcome::Conflict(records) => Undone::Conflict(records),
            });
        }
    }
    if changes.is_empty() && set.kind == ChangeKind::Undo {
        // A replaced collection came back as a whole.
        return Err(Error::BadRequest("What was replaced is back as a whole; to replace it again, import the file again.".into()));
    }
    request.changes.clone_from(&changes);
    match history::commit(workspace, request).await {
        Ok(set) => Ok(Undone::Applied(set)),
        Err(e) if e.is_conflict() => Ok(Undone::Conflict(in_the_way(workspace, &changes, 100).await?)),
        Err(e) => Err(e),
    }
}

/// More changes than one transaction takes: undoing them takes a while.
pub async fn is_large(workspace: &Workspace, set: &ChangeSet) -> Result<bool> {
    let most = staged::AT_ONCE as u64;
    if set.records.unsigned_abs() <= most && set.kind != ChangeKind::Undo {
        return Ok(false);
    }
    Ok(workspace.store.count(names::CHANGES, &Filter::eq("set", set.id.as_str())).await? > most)
}

/// The changes that undo others.
struct Inverted(history::Pages);

#[async_trait::async_trait]
impl staged::Changes for Inverted {
    async fn next(&mut self) -> Result<Option<Vec<Change>>> {
        Ok(self.0.next().await?.map(|page| page.iter().map(inverted).collect()))
    }
}

/// The records that changes are about, as they are now; `None` where there is none.
pub(crate) async fn as_they_are(workspace: &Workspace, changes: &[Change]) -> Result<Vec<Option<Document>>> {
    let mut out = Vec::with_capacity(changes.len());
    for of_one in changes.chunk_by(|a, b| a.record.collection == b.record.collection) {
        for some in of_one.chunks(1000) {
            let ids: Vec<Bson> = some.iter().map(|change| change.id.clone()).collect();
            let mut now = std::collections::HashMap::new();
            for raw in workspace.store.get_many(&some[0].record.collection, "_id", &ids).await? {
                now.insert(order::key(raw.get("_id").ok().flatten()), upsert::decode(&raw)?);
            }
            // Two changes of one record are about the same one.
            out.extend(some.iter().map(|change| now.get(&order::key_of(&change.id)).cloned()));
        }
    }
    Ok(out)
}

/// The record is as the change expects it.
pub(crate) fn is_expected(change: &Change, now: Option<&Document>) -> bool {
    match (now, change.record.op) {
        (None, RecordOp::Insert) => true,
        (Some(doc), RecordOp::Update) => change.record.fields.iter().all(|f| is_same(f.path.get(doc), f.before.as_ref())),
        (Some(doc), RecordOp::Delete) => {
            change.record.document.as_ref().and_then(Value::as_document).is_some_and(|then| value::same_doc(doc, then))
        }
        _ => false,
    }
}

/// Changes of records that are not as they expect, `most` at most.
pub(crate) async fn in_the_way(workspace: &Workspace, changes: &[Change], most: usize) -> Result<Vec<RecordChange>> {
    let now = as_they_are(workspace, changes).await?;
    let unexpected = changes.iter().zip(now).filter(|(change, now)| !is_expected(change, now.as_ref()));
    Ok(unexpected.take(most).map(|(change, _)| change.record.clone()).collect())
}
