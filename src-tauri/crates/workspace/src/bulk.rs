//! Changing many records at once, however many: planned first, applied as one change set that can be undone.

mod spool;

use std::collections::HashMap;

use bson::{Bson, Document};
use steward_domain::value::{self, Value};
use steward_domain::words::counted;
use steward_domain::{ChangeKind, FieldChange, FieldPath, Filter, RecordChange, RecordKey, RecordOp, Violation};
use steward_store::{Query, upsert};

use crate::docs::Change;
use crate::edit;
use crate::error::{Error, Result};
use crate::history::{self, Request, staged};
use crate::progress::Progress;
use crate::workspace::{Collection, Workspace};

use spool::{Spool, Spooled};

/// Changes that a plan shows.
const SAMPLES: usize = 20;
/// Records that would break a rule, of those that a plan shows; their number is exact.
const BREAKING: usize = 100;

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
    pub summary: String,
    pub matched: i64,
    pub changed: i64,
    /// Records that would break a rule that they do not break now, left out or not.
    pub newly_invalid: i64,
    /// The first of them.
    pub breaking: Vec<Breaking>,
    /// The first changes.
    pub samples: Vec<RecordChange>,
    changes: Spooled,
    kind: ChangeKind,
}

/// A record that a change would make break rules that it does not break now.
#[derive(Debug)]
pub struct Breaking {
    pub key: RecordKey,
    pub violations: Vec<Violation>,
}

/// Works out every change. `leave_out_breaking`: records that would newly break a rule stay as they are.
pub async fn prepare(
    workspace: &Workspace,
    collection: &str,
    select: &Select,
    action: &Action,
    leave_out_breaking: bool,
    progress: &dyn Progress,
) -> Result<Prepared> {
    let Collection { settings, checker } = workspace.collection(collection).await?;
    let transform = Transform::new(action, &settings.key_field)?;
    let (mut matched, mut newly_invalid, mut changed, mut samples, mut breaking) = (0, 0, 0, Vec::new(), Vec::new());
    let mut spool = Spool::new()?;
    let mut source = Source::new(select, action);
    while let Some(batch) = source.next(workspace, collection, &settings.key_field).await? {
        progress.checkpoint()?;
        for doc in batch {
            matched += 1;
            let key = RecordKey(Value(doc.get(&settings.key_field).cloned().unwrap_or(Bson::Null)));
            let Some(change) = transform.change(collection, &key, &doc)? else {
                continue;
            };
            if let (Some(checker), RecordOp::Update) = (&checker, change.record.op) {
                let violations = newly_broken(checker, &doc, &change)?;
                if !violations.is_empty() {
                    newly_invalid += 1;
                    if breaking.len() < BREAKING {
                        breaking.push(Breaking { key, violations });
                    }
                    if leave_out_breaking {
                        continue;
                    }
                }
            }
            changed += 1;
            spool.push(&change)?;
            if samples.len() < SAMPLES {
                samples.push(change.record);
            }
        }
        progress.done(u64::try_from(matched).unwrap_or(0));
    }
    let kind = if matches!(action, Action::Delete) { ChangeKind::Delete } else { ChangeKind::Bulk };
    let (summary, changes) = (format!("{} {} of {collection}", transform.done(), counted(changed, "record")), spool.into_reader()?);
    Ok(Prepared { collection: collection.to_owned(), summary, matched, changed, newly_invalid, breaking, samples, changes, kind })
}

/// Writes a prepared change as one change set.
///
/// Errors: `StalePlan` where a record is not what it was any more; nothing is written then.
pub async fn apply(workspace: &Workspace, prepared: Prepared, reason: Option<String>, progress: &dyn Progress) -> Result<edit::Undone> {
    let mut changes = prepared.changes;
    if changes.is_empty() {
        return Err(Error::BadRequest("Nothing would change.".into()));
    }
    let mut request = Request::new(prepared.kind, &prepared.collection, prepared.summary, Vec::new());
    request.reason = reason;
    if changes.len() > staged::AT_ONCE {
        return match staged::write(workspace, request, &mut changes, progress).await? {
            staged::Outcome::Written(set) => Ok(edit::Undone::Applied(*set)),
            staged::Outcome::Conflict(_) => Err(Error::StalePlan),
        };
    }
    request.changes = changes.all()?;
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
    let unchanged = match (now, &field.before) {
        (None, None) => true,
        (Some(now), Some(then)) => value::same(now, &value::keep_type(now, then.0.clone())),
        _ => false,
    };
    if !unchanged {
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
