//! Changing many records at once: planned first, applied in change sets of bounded size that can be undone.

use std::collections::HashMap;

use bson::{Bson, Document};
use steward_domain::value::{self, Value};
use steward_domain::{ChangeKind, FieldChange, FieldPath, Filter, RecordChange, RecordKey, RecordOp, Violation};
use steward_store::{Query, upsert};

use crate::docs::Change;
use crate::edit;
use crate::error::{Error, Result};
use crate::history::{self, Request};
use crate::progress::Progress;
use crate::workspace::{Collection, Workspace};

/// A bulk change touches at most this many records, so that it stays one change set and one undo.
pub const LIMIT: usize = 50_000;

/// Which records.
#[derive(Debug, Clone, PartialEq)]
pub enum Select {
    Keys(Vec<RecordKey>),
    Matching(Filter),
}

/// What to do with each.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    Set { path: FieldPath, value: Value },
    Unset { path: FieldPath },
    Replace { path: FieldPath, pattern: String, with: String, regex: bool },
    Trim { path: FieldPath },
    Delete,
    Patches(Vec<(RecordKey, Vec<FieldChange>)>),
}

/// What a bulk change comes to, with every change ready to be written.
#[derive(Debug)]
pub struct Prepared {
    pub collection: String,
    /// What is done to the records, as the summary begins.
    done: String,
    pub matched: i64,
    pub changes: Vec<Change>,
    /// Changes that make a record break a rule, in the order of `changes`.
    pub breaking: Vec<Breaking>,
}

/// A change that makes a record break rules that it does not break now.
#[derive(Debug)]
pub struct Breaking {
    /// Its place among the changes.
    at: usize,
    pub key: RecordKey,
    pub violations: Vec<Violation>,
}

impl Prepared {
    /// `Set level in 3 records of careers`.
    pub fn summary(&self) -> String {
        let records = self.changes.len();
        format!("{} {records} {} of {}", self.done, if records == 1 { "record" } else { "records" }, self.collection)
    }

    /// Takes out the changes that break rules: their records stay as they are.
    pub fn leave_out_breaking(&mut self) {
        let mut left_out = self.breaking.iter().map(|b| b.at).peekable();
        let mut at = 0;
        self.changes.retain(|_| {
            let stays = left_out.next_if_eq(&at).is_none();
            at += 1;
            stays
        });
    }
}

/// Works out every change.
pub async fn prepare(
    workspace: &Workspace,
    collection: &str,
    select: &Select,
    action: &Action,
    progress: &dyn Progress,
) -> Result<Prepared> {
    let Collection { settings, checker } = workspace.collection(collection).await?;
    let transform = Transform::new(action, &settings.key_field)?;
    let mut out =
        Prepared { collection: collection.to_owned(), done: transform.done(), matched: 0, changes: Vec::new(), breaking: Vec::new() };
    let mut source = Source::new(select, action);
    while let Some(batch) = source.next(workspace, collection, &settings.key_field).await? {
        progress.checkpoint()?;
        for doc in batch {
            out.matched += 1;
            let key = RecordKey(Value(doc.get(&settings.key_field).cloned().unwrap_or(Bson::Null)));
            let Some(change) = transform.change(collection, &key, &doc)? else {
                continue;
            };
            if let (Some(checker), RecordOp::Update) = (&checker, change.record.op) {
                let violations = newly_broken(checker, &doc, &change)?;
                if !violations.is_empty() {
                    out.breaking.push(Breaking { at: out.changes.len(), key, violations });
                }
            }
            out.changes.push(change);
            if out.changes.len() > LIMIT {
                return Err(Error::BadRequest(format!(
                    "This would change more than {LIMIT} records. Narrow the filter and do it in parts."
                )));
            }
        }
    }
    Ok(out)
}

/// Writes a prepared change as one change set.
pub async fn apply(workspace: &Workspace, prepared: Prepared, reason: Option<String>) -> Result<edit::Undone> {
    if prepared.changes.is_empty() {
        return Err(Error::BadRequest("Nothing would change.".into()));
    }
    let kind = if prepared.changes.iter().all(|c| c.record.op == RecordOp::Delete) { ChangeKind::Delete } else { ChangeKind::Bulk };
    let summary = prepared.summary();
    let mut request = Request::new(kind, &prepared.collection, summary, prepared.changes);
    request.reason = reason;
    match history::commit(workspace, request).await {
        Ok(set) => Ok(edit::Undone::Applied(set)),
        Err(e) if e.is_conflict() => Err(Error::StalePlan),
        Err(e) => Err(e),
    }
}

/// Records in batches.
enum Source {
    Keys(Vec<Vec<RecordKey>>),
    Pages { filter: Filter, after: Option<Option<steward_store::Cursor>> },
}

impl Source {
    fn new(select: &Select, action: &Action) -> Self {
        let chunks = |keys: &[RecordKey]| Self::Keys(keys.chunks(500).rev().map(<[RecordKey]>::to_vec).collect());
        match (action, select) {
            (Action::Patches(patches), _) => chunks(&patches.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>()),
            (_, Select::Keys(keys)) => chunks(keys),
            (_, Select::Matching(filter)) => Self::Pages { filter: filter.clone(), after: Some(None) },
        }
    }

    async fn next(&mut self, workspace: &Workspace, collection: &str, key_field: &str) -> Result<Option<Vec<Document>>> {
        let records = match self {
            Self::Keys(chunks) => {
                let Some(keys) = chunks.pop() else {
                    return Ok(None);
                };
                let keys: Vec<Bson> = keys.iter().map(|k| k.bson().clone()).collect();
                workspace.store.get_many(collection, key_field, &keys).await?
            }
            Self::Pages { filter, after } => {
                let Some(cursor) = after.take() else {
                    return Ok(None);
                };
                let page = workspace.store.find(collection, &Query::new(filter.clone(), 1000).after(cursor)).await?;
                *after = page.next.map(Some);
                page.records
            }
        };
        records.iter().map(|raw| upsert::decode(raw).map_err(Error::from)).collect::<Result<_>>().map(Some)
    }
}

/// An action made ready.
struct Transform<'a> {
    action: &'a Action,
    pattern: Option<regex::Regex>,
    /// Patches by the bucket of their key: a block has thousands.
    patches: HashMap<String, Vec<&'a (RecordKey, Vec<FieldChange>)>>,
}

impl<'a> Transform<'a> {
    fn new(action: &'a Action, key_field: &str) -> Result<Self> {
        let path = match action {
            Action::Set { path, .. } | Action::Unset { path } | Action::Replace { path, .. } | Action::Trim { path } => Some(path),
            Action::Delete | Action::Patches(_) => None,
        };
        if let Some(path) = path
            && (path.as_str() == key_field || path.as_str() == "_id" || !path.is_patchable())
        {
            return Err(Error::BadRequest(format!("'{path}' cannot be changed in many records at once.")));
        }
        let pattern = match action {
            Action::Replace { pattern, regex: true, .. } => {
                Some(steward_domain::matching::build_regex(pattern, false).map_err(|e| Error::BadRequest(format!("{e}.")))?)
            }
            _ => None,
        };
        let mut patches: HashMap<String, Vec<_>> = HashMap::new();
        if let Action::Patches(all) = action {
            for patch in all {
                patches.entry(bucket(&patch.0)).or_default().push(patch);
            }
        }
        Ok(Self { action, pattern, patches })
    }

    fn change(&self, collection: &str, key: &RecordKey, doc: &Document) -> Result<Option<Change>> {
        if matches!(self.action, Action::Delete) {
            return Ok(Some(edit::deletion(collection, key, doc.clone())));
        }
        if let Action::Set { path, .. } | Action::Unset { path } | Action::Replace { path, .. } | Action::Trim { path } = self.action {
            edit::is_clear(path, doc)?;
        }
        let mut next = doc.clone();
        match self.action {
            Action::Set { path, value } => {
                let typed = path.get(doc).map_or_else(|| value.0.clone(), |old| value::keep_type(old, value.0.clone()));
                set(&mut next, path, typed)?;
            }
            Action::Unset { path } => path.unset(&mut next),
            Action::Replace { path, pattern, with, .. } => self.texts(&mut next, path, |text| match &self.pattern {
                Some(regex) => regex.replace_all(text, with.as_str()).into_owned(),
                None => text.replace(pattern.as_str(), with),
            })?,
            Action::Trim { path } => self.texts(&mut next, path, |text| text.split_whitespace().collect::<Vec<_>>().join(" "))?,
            Action::Patches(_) => {
                let patches = self.patches.get(&bucket(key)).into_iter().flatten();
                for field in patches.filter(|(k, _)| value::same(k.bson(), key.bson())).flat_map(|(_, fields)| fields) {
                    patch_field(doc, &mut next, field)?;
                }
            }
            Action::Delete => {}
        }
        let fields = value::diff(doc, &next);
        let record = RecordChange { collection: collection.to_owned(), key: key.clone(), op: RecordOp::Update, fields, document: None };
        let id = doc.get("_id").cloned().unwrap_or(Bson::Null);
        Ok((!record.fields.is_empty()).then_some(Change { id, record }))
    }

    /// Changes a text, or each text of a list.
    fn texts(&self, doc: &mut Document, path: &FieldPath, change: impl Fn(&str) -> String) -> Result<()> {
        let next = match path.get(doc) {
            Some(Bson::String(text)) => Bson::String(change(text)),
            Some(Bson::Array(items)) => Bson::Array(
                items.iter().map(|item| item.as_str().map_or_else(|| item.clone(), |text| Bson::String(change(text)))).collect(),
            ),
            _ => return Ok(()),
        };
        set(doc, path, next)
    }

    fn done(&self) -> String {
        match self.action {
            Action::Set { path, .. } => format!("Set {path} in"),
            Action::Unset { path } => format!("Removed {path} from"),
            Action::Replace { path, .. } => format!("Replaced text in {path} of"),
            Action::Trim { path } => format!("Trimmed {path} in"),
            Action::Delete => "Deleted".to_owned(),
            Action::Patches(_) => "Changed".to_owned(),
        }
    }
}

/// Keys that are the same are in the same bucket: 1 and 1.0, too.
fn bucket(key: &RecordKey) -> String {
    match key.bson() {
        Bson::Double(number) => number.to_string(),
        _ => key.label(),
    }
}

fn set(doc: &mut Document, path: &FieldPath, next: Bson) -> Result<()> {
    path.set(doc, next).map_err(|e| Error::BadRequest(format!("This field cannot be set: {e}.")))
}

fn patch_field(doc: &Document, next: &mut Document, field: &FieldChange) -> Result<()> {
    let now = field.path.get(doc);
    let stands = match (now, &field.before) {
        (None, None) => true,
        (Some(now), Some(then)) => value::same(now, &value::keep_type(now, then.0.clone())),
        _ => false,
    };
    if !stands {
        return Err(Error::StalePlan);
    }
    match &field.after {
        Some(after) => set(next, &field.path, now.map_or_else(|| after.0.clone(), |old| value::keep_type(old, after.0.clone()))),
        None => {
            field.path.unset(next);
            Ok(())
        }
    }
}

/// Rules that the record breaks after the change and does not break now.
fn newly_broken(checker: &steward_schema::Checker, doc: &Document, change: &Change) -> Result<Vec<Violation>> {
    let mut next = doc.clone();
    for field in &change.record.fields {
        match &field.after {
            Some(after) => set(&mut next, &field.path, after.0.clone())?,
            None => field.path.unset(&mut next),
        }
    }
    let before: Vec<Violation> = checker.check(&value::doc_to_plain(doc));
    let mut after = checker.check(&value::doc_to_plain(&next));
    after.retain(|v| !before.iter().any(|b| b.pointer == v.pointer && b.rule == v.rule));
    Ok(after)
}
