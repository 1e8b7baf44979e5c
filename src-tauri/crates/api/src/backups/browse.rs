//! Looking into backups: records inside one, a single record restored, two compared.

use std::sync::Arc;

use bson::{Bson, Document};
use steward_backup::read::{Backup as Archive, Event};
use steward_backup::{compare as comparing, read};
use steward_domain::{ChangeKind, FieldChange, RecordKey, Value, value};
use steward_store::upsert;
use steward_workspace::edit::{self, Edit};
use steward_workspace::{Silent, Workspace};

use crate::app::App;
use crate::backups::catalog;
use crate::caller::Call;
use crate::dto::{
    BackupDifference, BackupRecord, BackupRecords, BackupRef, BackupSecret, BackupsCompared, BringBack, BrowseBackup, CompareBackups,
    EditOutcome, JobKind, JobOutcome, JobStarted, JobUnit,
};
use crate::error::{ApiError, ApiResult};
use crate::jobs;

async fn open(app: &App, workspace: &Workspace, of: &BackupRef, secret: &BackupSecret) -> ApiResult<Archive> {
    let (target, listed) = catalog::find(app, workspace, of).await?;
    let key = catalog::key(app, workspace, secret).await?;
    Ok(Archive::of_target(target.as_ref(), listed.manifest, key, &Silent).await?)
}

/// Goes through the records of a collection until `look` has enough.
async fn walk(archive: &Archive, collection: &str, mut look: impl FnMut(Document) -> bool) -> ApiResult<()> {
    if archive.listed(collection).is_none() {
        return Err(ApiError::not_found(format!("This backup has no collection '{collection}'.")));
    }
    let mut events: read::Events = archive.events();
    while let Some(event) = events.recv().await {
        match event? {
            Event::Documents { collection: of, documents } if of == collection => {
                for raw in &documents {
                    if !look(upsert::decode(raw)?) {
                        return Ok(());
                    }
                }
            }
            Event::Complete { collection: of, .. } if of == collection => return Ok(()),
            _ => {}
        }
    }
    Ok(())
}

pub async fn browse(app: &Call, request: BrowseBackup) -> ApiResult<BackupRecords> {
    let workspace = app.workspace()?;
    let archive = open(app, &workspace, &request.backup, &request.secret).await?;
    let limit = usize::try_from(request.limit.clamp(1, 200)).unwrap_or(50);
    let mut skip = request.skip.max(0);
    let wanted = request.text.as_deref().map(str::to_lowercase).filter(|t| !t.is_empty());
    let mut found: Vec<Document> = Vec::new();
    walk(&archive, &request.collection, |doc| {
        let fits = wanted.as_ref().is_none_or(|text| holds(&doc, text));
        match (fits, skip) {
            (false, _) => {}
            (true, 1..) => skip -= 1,
            (true, _) => found.push(doc),
        }
        found.len() <= limit
    })
    .await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let title = archive.listed(&request.collection).and_then(|l| l.settings.as_ref()).and_then(|s| s.title_field.clone());
    let mut records = Vec::with_capacity(found.len());
    for doc in found {
        records.push(compared(&workspace, &request.collection, title.as_deref(), doc).await?);
    }
    Ok(BackupRecords { records, more })
}

/// Some text or number of the record holds what is looked for.
fn holds(doc: &Document, text: &str) -> bool {
    fn within(value: &Bson, text: &str) -> bool {
        match value {
            Bson::String(s) => s.to_lowercase().contains(text),
            Bson::Document(doc) => doc.values().any(|v| within(v, text)),
            Bson::Array(list) => list.iter().any(|v| within(v, text)),
            other => other.to_string().to_lowercase().contains(text),
        }
    }
    doc.values().any(|v| within(v, text))
}

async fn now(workspace: &Workspace, collection: &str, id: &Bson) -> ApiResult<Option<Document>> {
    match workspace.store.get_many(collection, "_id", std::slice::from_ref(id)).await {
        Ok(found) => Ok(found.first().map(|raw| upsert::decode(raw)).transpose()?),
        Err(e) if e.kind == steward_store::StoreErrorKind::NotFound => Ok(None),
        Err(e) => Err(e.into()),
    }
}

async fn compared(workspace: &Workspace, collection: &str, title: Option<&str>, doc: Document) -> ApiResult<BackupRecord> {
    let id = doc.get("_id").cloned().unwrap_or(Bson::Null);
    let current = now(workspace, collection, &id).await?;
    let label = || RecordKey(Value(id.clone())).label();
    let title = title.and_then(|field| doc.get_str(field).ok()).map_or_else(label, str::to_owned);
    Ok(BackupRecord {
        title,
        exists: current.is_some(),
        changes: current.map(|current| value::diff(&current, &doc)).unwrap_or_default(),
        id: Value(id),
        document: Value(Bson::Document(doc)),
    })
}

pub async fn bring_back(app: &Call, request: BringBack) -> ApiResult<EditOutcome> {
    let workspace = app.workspace()?;
    let archive = open(app, &workspace, &request.backup, &request.secret).await?;
    let mut found = None;
    walk(&archive, &request.collection, |doc| {
        let is_it = doc.get("_id").is_some_and(|id| value::same(id, &request.record.0));
        if is_it {
            found = Some(doc);
        }
        !is_it
    })
    .await?;
    let then = found.ok_or_else(|| ApiError::not_found("This record is not in the backup."))?;
    let collection = workspace.collection(&request.collection).await?;
    let reason = Some(format!("Brought back from the backup {}", archive.name));
    let Some(current) = now(&workspace, &request.collection, &request.record.0).await? else {
        if !request.fields.is_empty() {
            return Err(ApiError::not_found("This record is not in the workspace any more.").hint("Bring the whole record back."));
        }
        let (edited, key) = edit::create(&workspace, &collection, then, reason, true).await?;
        return crate::records::shown::outcome(&workspace, &collection, &key, edited).await;
    };
    let wanted = |change: &FieldChange| request.fields.is_empty() || request.fields.iter().any(|f| f == change.path.as_str());
    let changes: Vec<FieldChange> = value::diff(&current, &then).into_iter().filter(wanted).collect();
    if changes.is_empty() {
        return Err(ApiError::bad_request("There is nothing to restore: the record is the same."));
    }
    let key = RecordKey(Value(current.get(&collection.settings.key_field).cloned().unwrap_or(request.record.0)));
    let wish = Edit {
        key: key.clone(),
        changes,
        reason,
        // What was in the backup was let in once.
        allow_invalid: true,
        kind: ChangeKind::Restore,
        undoes: None,
    };
    let edited = edit::edit(&workspace, &collection, wish).await?;
    crate::records::shown::outcome(&workspace, &collection, &key, edited).await
}

pub async fn compare(app: &Call, request: CompareBackups) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    let owner = Arc::clone(app);
    Ok(jobs::start(app, JobKind::Plan, "Comparing two backups", JobUnit::Records, move |progress| async move {
        let older = open(&owner, &workspace, &request.older, &request.secret).await?;
        let newer = open(&owner, &workspace, &request.newer, &request.secret).await?;
        let found = comparing::compare(&older, &newer, progress.as_ref()).await?;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let differences = found.into_iter().map(|d| BackupDifference {
            collection: d.collection,
            added: count(d.added),
            changed: count(d.changed),
            removed: count(d.removed),
            unchanged: count(d.unchanged),
        });
        Ok(JobOutcome::Compared(BackupsCompared { older: request.older.id, newer: request.newer.id, differences: differences.collect() }))
    }))
}
