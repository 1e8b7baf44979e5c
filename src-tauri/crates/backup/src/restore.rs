//! Bringing records back: they are loaded into staging next to the data, checked, and then swapped with it in single renames.
//! What was there is kept until the restore is undone or resolved. The same steps as those of an import that
//! replaces a collection; see `steward_workspace::swap`.
//!
//! Whatever ends it before the first rename, the data is as it was. Between the renames, [`go_on`] or [`clean_up`] does
//! what is left to do.

mod choice;
mod clashes;
mod folding;
pub(crate) mod indexes;
pub(crate) mod kinds;
mod ledger;
mod load;
mod plan;
mod trial;
mod undo;

use std::collections::HashMap;

use steward_domain::{ChangeKind, Filter, RestoreMode, RestoreRecord, RestoreState, RestoredCollection};
use steward_store::definition::is_id_index;
use steward_store::{CollectionKind, Definition, StoreError, StoreErrorKind, Swap, WriteBatch, names};
use steward_workspace::history::{self, Request};
use steward_workspace::lease::{self, Lease};
use steward_workspace::workspace::new_id;
use steward_workspace::{CollectionSettings, Error, Progress, Result, Workspace, swap};

use crate::create::{BackupRequest, create};
use crate::read::Backup;

pub use choice::{Choice, Chosen, choose};
pub use ledger::{get, interrupted, list};
pub(crate) use load::content_of;
pub use load::{check_content, into_store};
pub use plan::{CollectionPlan, Sample, plan};
pub use undo::{UndoPlan, can_go_back, clean_up, discard_undo_data, plan_undo, undo};

/// How long the end of a restore waits for a text index; the server goes on with it by itself.
const TEXT_GRACE: std::time::Duration = std::time::Duration::from_secs(2);

/// Something cannot be restored, and nobody has agreed to that.
fn incomplete(lost: &[String]) -> Error {
    Error::Conflict(format!("Not everything can be restored. {} Nothing was changed.", lost.join(" ")))
}

/// What the parts of a restore are called in `steward_workspace::swap`.
fn part(restore: &str, number: usize) -> String {
    format!("{restore}.{number}")
}

/// Brings records back. `safety` is taken first where there is anything to lose.
///
/// Errors: everything of reading and checking the backup; the data is as it was then.
pub async fn apply(
    workspace: &Workspace,
    backup: &Backup,
    from: &str,
    choice: &Choice,
    safety: Option<&BackupRequest>,
    progress: &dyn Progress,
) -> Result<RestoreRecord> {
    swap::may_swap(workspace, "Restoring").await?;
    let mut chosen = choose(backup, choice)?;
    let mut collections = Vec::with_capacity(chosen.len());
    let mut notes = backup.passed_over.clone();
    for one in &mut chosen {
        kinds::choose_name(workspace, one, choice.mode).await?;
        notes.extend(one.notes.iter().map(|note| format!("{} {note}.", one.listed.name)));
    }
    let lost: Vec<String> = chosen.iter().flat_map(Chosen::losses).collect();
    chosen.retain(|one| !one.left_out);
    if chosen.is_empty() {
        return Err(Error::BadRequest(format!("Nothing in it can be restored here: {}", notes.join(" "))));
    }
    if !choice.leave_out && !lost.is_empty() {
        return Err(incomplete(&lost));
    }
    for one in &chosen {
        collections.push(RestoredCollection {
            name: one.listed.name.clone(),
            into: one.into.clone(),
            records: 0,
            existed: workspace.standing(&one.into).await?.is_some(),
            series: None,
            left_out: false,
        });
    }
    let mut record = RestoreRecord {
        id: new_id(),
        state: RestoreState::Loading,
        backup: backup.name.clone(),
        from: from.to_owned(),
        made_at: backup.manifest.as_ref().map(|m| m.made_at.clone()),
        point_in_time: backup.point_in_time.clone(),
        replayed: backup.replayed,
        mode: choice.mode,
        leave_out: choice.leave_out,
        own: choice.own,
        safety: None,
        collections,
        started_at: workspace.clock.stamp(),
        finished_at: None,
        actor: workspace.actor.clone(),
        notes,
        error: None,
        discarded_at: None,
    };
    let lease = Lease::take(workspace, &lease::of_restore(&record.id), progress).await?;
    if let Some(request) = safety.filter(|_| record.collections.iter().any(|c| c.existed)) {
        progress.phase("Taking a backup of what is there now");
        record.safety = Some(create(workspace, request, progress).await?.manifest.id);
    }
    ledger::put(lease.workspace(), &record).await?;
    let id = record.id.clone();
    let done = run(lease.workspace(), backup, &chosen, record, progress).await;
    lease.release().await;
    make_up_for(workspace, &id, &done).await?;
    done
}

/// A server may have taken records after the lease was lost. Where the new holder has ended the restore, they go again.
async fn make_up_for(workspace: &Workspace, id: &str, done: &Result<RestoreRecord>) -> Result<()> {
    if !matches!(done, Err(Error::Store(e)) if e.kind == StoreErrorKind::Fenced) {
        return Ok(());
    }
    let now = get(workspace, id).await?;
    if !now.is_open() {
        for (number, _) in now.collections.iter().enumerate() {
            workspace.store.drop_collection(&swap::incoming(&part(id, number))).await?;
        }
    }
    Ok(())
}

/// Goes on with a restore that was interrupted: loads again what was being loaded, or finishes the swap.
pub async fn go_on(workspace: &Workspace, id: &str, backup: Option<&Backup>, progress: &dyn Progress) -> Result<RestoreRecord> {
    let lease = Lease::take(workspace, &lease::of_restore(id), progress).await?;
    let record = get(lease.workspace(), id).await?;
    let done = go_on_held(lease.workspace(), record, backup, progress).await;
    lease.release().await;
    make_up_for(workspace, id, &done).await?;
    done
}

async fn go_on_held(
    workspace: &Workspace,
    record: RestoreRecord,
    backup: Option<&Backup>,
    progress: &dyn Progress,
) -> Result<RestoreRecord> {
    match (record.state, backup) {
        (RestoreState::Swapping, _) => swap(workspace, record, backup, progress).await,
        (RestoreState::Loading, Some(backup)) => {
            let choice = Choice {
                collections: record
                    .collections
                    .iter()
                    .filter(|c| !names::is_own(&c.into))
                    .map(|c| (c.name.clone(), c.into.clone()))
                    .collect(),
                own: record.own,
                mode: record.mode,
                leave_out: record.leave_out,
            };
            let chosen = choose(backup, &choice)?;
            let of = |part: &RestoredCollection| {
                let one = chosen.iter().find(|one| one.listed.name == part.name)?;
                Some(Chosen { into: part.into.clone(), ..one.clone() })
            };
            let chosen: Vec<Chosen> = record.collections.iter().filter_map(of).collect();
            run(workspace, backup, &chosen, record, progress).await
        }
        (RestoreState::Loading, None) => Err(Error::BadRequest("The backup is needed to go on with this restore.".into())),
        (RestoreState::Undoing, _) => Err(Error::Conflict("Undoing this restore has begun. Run the undo again to finish it.".into())),
        _ => Err(Error::Conflict("This restore is finished.".into())),
    }
}

async fn run(
    workspace: &Workspace,
    backup: &Backup,
    chosen: &[Chosen],
    mut record: RestoreRecord,
    progress: &dyn Progress,
) -> Result<RestoreRecord> {
    match bring_in(workspace, backup, chosen, &mut record, progress).await {
        Ok(()) => {
            record.state = RestoreState::Swapping;
            ledger::put(workspace, &record).await?;
            swap(workspace, record, Some(backup), progress).await
        }
        // It is another process's by now, which decides about it.
        Err(Error::Store(e)) if e.kind == StoreErrorKind::Fenced => Err(e.into()),
        Err(e) => {
            for (number, _) in record.collections.iter().enumerate() {
                workspace.store.drop_collection(&swap::incoming(&part(&record.id, number))).await?;
            }
            record.state = if matches!(e, Error::Cancelled) { RestoreState::Cancelled } else { RestoreState::Failed };
            record.error = (record.state == RestoreState::Failed).then(|| e.to_string());
            record.finished_at = Some(workspace.clock.stamp());
            ledger::put(workspace, &record).await?;
            Err(e)
        }
    }
}

/// Loads and checks everything next to the data.
async fn bring_in(
    workspace: &Workspace,
    backup: &Backup,
    chosen: &[Chosen],
    record: &mut RestoreRecord,
    progress: &dyn Progress,
) -> Result<()> {
    let mut places = HashMap::new();
    let mut lost = Vec::new();
    for (number, one) in chosen.iter().enumerate() {
        let incoming = swap::incoming(&part(&record.id, number));
        workspace.store.drop_collection(&incoming).await?;
        match one.listed.definition.kind {
            CollectionKind::Collection => {}
            // A view is a definition: it is made when the places change.
            CollectionKind::View => continue,
            CollectionKind::Timeseries => record.collections[number].series = Some(kinds::noted(&one.listed.definition)),
        }
        match workspace.store.define(&incoming, &kinds::loading(&one.listed.definition)).await {
            Ok(()) => {}
            Err(e) if indexes::is_refusal(&e) => {
                lost.push(format!("{} is left out: {}.", one.listed.name, indexes::words(&e)));
                record.collections[number].left_out = true;
                continue;
            }
            Err(e) => return Err(e.into()),
        }
        if is_plain(one) && record.mode == RestoreMode::Merge && swap::exists(workspace, &one.into).await? {
            progress.phase(&format!("Copying {}", one.into));
            load::copy(workspace, &one.into, &incoming, progress).await?;
        }
        places.insert(one.listed.name.clone(), incoming);
    }
    let loaded = into_store(workspace.store.as_ref(), backup, &places, record.mode == RestoreMode::Merge, progress).await?;
    for (number, one) in chosen.iter().enumerate() {
        let Some(incoming) = places.get(&one.listed.name) else { continue };
        let found = loaded.get(&one.listed.name).copied().unwrap_or_default();
        check_content(&one.listed, found)?;
        record.collections[number].records = i64::try_from(found.records).unwrap_or(i64::MAX);
        if record.mode == RestoreMode::Clean || !is_plain(one) {
            progress.phase(&format!("Checking {}", one.into));
            if let Some(kept) = load::kept_by_cap(workspace, incoming, one, found).await? {
                record.notes.push(format!("{} keeps the newest {kept} of {} records: it is capped.", one.into, found.records));
                record.collections[number].records = i64::try_from(kept).unwrap_or(i64::MAX);
            } else {
                load::check_stored(workspace, incoming, &one.into, found, progress).await?;
            }
        }
        if is_plain(one) {
            lost.extend(build_indexes(workspace, one, incoming, record.mode, progress).await?);
        }
    }
    if !record.leave_out && !lost.is_empty() {
        return Err(incomplete(&lost));
    }
    record.notes.extend(lost);
    Ok(())
}

/// Gives back, as sentences, what of the backup's indexes cannot be built. What a collection has that is merged into, it keeps: a
/// merge that breaks it is refused.
async fn build_indexes(
    workspace: &Workspace,
    one: &Chosen,
    incoming: &str,
    mode: RestoreMode,
    progress: &dyn Progress,
) -> Result<Vec<String>> {
    progress.phase(&format!("Building the indexes of {}", one.into));
    let store = workspace.store.as_ref();
    let wanted = wanted_definition(workspace, mode, one).await?;
    let mut lost = Vec::new();
    let merged = mode == RestoreMode::Merge && swap::exists(workspace, &one.into).await?;
    for refused in indexes::build(store, incoming, &without_text(&wanted)).await? {
        let (what, why) = (refused.what(), indexes::why(store, incoming, &refused).await?);
        if merged {
            return Err(Error::Conflict(format!(
                "{} cannot be merged, since {what} would not hold: {why}. Nothing was changed.",
                one.into
            )));
        }
        lost.push(format!("{} loses {what}: {why}.", one.into));
    }
    Ok(lost)
}

fn is_plain(one: &Chosen) -> bool {
    one.listed.definition.kind == CollectionKind::Collection
}

/// A merge leaves a collection its own indexes and validator.
async fn wanted_definition(workspace: &Workspace, mode: RestoreMode, one: &Chosen) -> Result<Definition> {
    if mode == RestoreMode::Merge && swap::exists(workspace, &one.into).await? {
        return Ok(workspace.store.definition(&one.into).await?);
    }
    Ok(one.listed.definition.clone())
}

fn is_text(index: &bson::Document) -> bool {
    index.get_document("key").is_ok_and(|key| key.values().any(|v| v.as_str() == Some("text")))
}

fn without_text(definition: &Definition) -> Definition {
    let indexes = definition.indexes.iter().filter(|i| !is_text(i)).cloned().collect();
    Definition { indexes, ..definition.clone() }
}

fn only_text(definition: &Definition) -> Definition {
    let indexes = definition.indexes.iter().filter(|i| is_text(i) && !is_id_index(i)).cloned().collect();
    definition.only(indexes)
}

/// Changes places, all collections in one swap, and writes it down.
async fn swap(workspace: &Workspace, mut record: RestoreRecord, backup: Option<&Backup>, progress: &dyn Progress) -> Result<RestoreRecord> {
    progress.phase("Changing places");
    change_places(workspace, &record, progress).await?;
    for (number, one) in record.collections.clone().iter().enumerate().filter(|(_, one)| !one.left_out) {
        if let Some(definition) = &one.series {
            record.notes.extend(kinds::put_in_place(workspace, &one.into, &part(&record.id, number), definition, progress).await?);
            record.collections[number].left_out = workspace.standing(&one.into).await?.is_none();
        }
        let listed = backup.and_then(|b| b.listed(&one.name));
        if let Some(listed) = listed {
            if let Some(why) = kinds::show(workspace, &one.into, &listed.definition).await? {
                record.notes.push(format!("{} {why}.", one.into));
                record.collections[number].left_out = true;
            }
            if let Some(refused) = text_index(workspace, &one.into, &listed.definition.of_today().0).await? {
                record.notes.push(format!("{} loses its text index: {}.", one.into, indexes::words(&refused)));
            }
            note_settings(workspace, &mut record, one, listed.settings.as_ref()).await?;
        }
    }
    for one in record.collections.iter().filter(|c| !names::is_own(&c.into) && !c.left_out) {
        // A restore that was killed here goes on here.
        if history::of_run(workspace, &one.into, &record.id).await? {
            continue;
        }
        let reason = match &record.point_in_time {
            Some(point_in_time) => format!("Restored as of {point_in_time}, from the backup {} and its increments", record.backup),
            None => format!("Restored from the backup {}", record.backup),
        };
        let mut request = Request::new(ChangeKind::Restore, &one.into, reason, Vec::new());
        request.run_id = Some(record.id.clone());
        history::record_bulk(workspace, request, &new_id(), one.records).await?;
    }
    record.state = RestoreState::Done;
    record.finished_at = Some(workspace.clock.stamp());
    ledger::put(workspace, &record).await?;
    Ok(record)
}

/// The collections that can be renamed are swapped at once.
async fn change_places(workspace: &Workspace, record: &RestoreRecord, progress: &dyn Progress) -> Result<()> {
    let open = swap::cut_off(workspace, &record.id).await?;
    if open.as_ref().is_some_and(|open| open.backwards) {
        swap::swap_back(workspace, &record.id, progress).await?;
    }
    let there = workspace.store.collections().await?;
    let (mut waiting, mut renames) = (Vec::new(), Vec::new());
    let mut then = WriteBatch::default();
    for (number, one) in record.collections.iter().enumerate().filter(|(_, one)| one.series.is_none()) {
        let part = part(&record.id, number);
        let (incoming, ready, kept) = (swap::incoming(&part), swap::ready(&part), swap::replaced(&part));
        // A view has no records; a collection that was renamed already has none waiting.
        if !there.contains(&incoming) && open.is_none() {
            continue;
        }
        if there.contains(&one.into) {
            then.data.extend(workspace.noting(&one.into, &kept).await?);
            renames.push(swap::step(&one.into, &kept));
        }
        waiting.push(swap::step(&incoming, &ready));
        renames.push(swap::step(&ready, &one.into));
    }
    if renames.is_empty() && open.is_none() {
        return Ok(());
    }
    let renames = waiting.into_iter().chain(renames).collect();
    let swap = Swap { id: record.id.clone(), title: format!("Restoring {}", record.backup), lease: lease::of_restore(&record.id), renames };
    swap::swap(workspace, &swap, &then, progress).await
}

/// The search by words may come a little later: nothing but it needs this index.
async fn text_index(workspace: &Workspace, collection: &str, definition: &Definition) -> Result<Option<StoreError>> {
    let text = only_text(definition);
    if text.indexes.is_empty() || definition.kind != CollectionKind::Collection {
        return Ok(None);
    }
    let (store, name) = (std::sync::Arc::clone(&workspace.store), collection.to_owned());
    let building = tokio::spawn(async move { store.define(&name, &text).await });
    match tokio::time::timeout(TEXT_GRACE, building).await {
        Ok(Ok(Err(e))) if indexes::is_refusal(&e) => Ok(Some(e)),
        Ok(Ok(done)) => Ok(done.map(|()| None)?),
        Ok(Err(e)) => Err(Error::File { path: collection.to_owned(), source: std::io::Error::other(e) }),
        Err(_) => Ok(None),
    }
}

/// Schema, key and title come back with the records, as far as this workspace knows the schema.
async fn note_settings(
    workspace: &Workspace,
    record: &mut RestoreRecord,
    one: &RestoredCollection,
    settings: Option<&CollectionSettings>,
) -> Result<()> {
    let Some(settings) = settings.filter(|_| record.mode == RestoreMode::Clean || !one.existed) else {
        return Ok(());
    };
    let mut settings = CollectionSettings { name: one.into.clone(), ..settings.clone() };
    if !settings.schema.is_empty() && workspace.registry.get(&settings.schema).is_err() {
        record.notes.push(format!("The schema {} of {} is not known here; the records are without one.", settings.schema, one.into));
        settings.schema.clear();
    }
    workspace.set_settings(&settings).await
}

/// Records that a collection holds now; `None` where there is none.
pub(crate) async fn count_now(workspace: &Workspace, collection: &str) -> Result<Option<u64>> {
    if !swap::exists(workspace, collection).await? {
        return Ok(None);
    }
    Ok(Some(workspace.store.count(collection, &Filter::all()).await?))
}
