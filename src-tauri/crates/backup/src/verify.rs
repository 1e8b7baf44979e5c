//! Verifying a backup: every byte is read, decrypted, decompressed and checked; with a test restore it is also loaded into a
//! scratch workspace, and what is there is compared with the manifest.

use std::collections::HashMap;
use std::time::Instant;

use futures::TryStreamExt as _;
use steward_domain::Filter;
use steward_store::{CollectionKind, upsert};
use steward_workspace::{Error, Progress, Result, Workspace};

use crate::events;
use crate::manifest::{Manifest, Verification};
use crate::read::{Backup, Event, Listed};
use crate::restore::{self, indexes, kinds};

/// What was looked at of one collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub name: String,
    pub records: u64,
    /// `careers@1.0.0`, where it has a schema that is known here.
    pub schema: Option<String>,
    /// Records that break a rule of it; `None` where they were not looked at.
    pub invalid: Option<u64>,
}

/// A verification with its details.
#[derive(Debug, Clone)]
pub struct Verified {
    pub verification: Verification,
    pub collections: Vec<Checked>,
    /// What could not be tried, and why.
    pub notes: Vec<String>,
}

/// Reads a backup to its end. The file's hash was compared when it was opened.
///
/// Damage is a problem in the verification, not an error; errors are a missing key, a cancelled job, a place that cannot be reached.
pub async fn verify(workspace: &Workspace, backup: &Backup, progress: &dyn Progress) -> Result<Verified> {
    let begun = Instant::now();
    progress.phase("Reading every record");
    progress.total(backup.contents.iter().filter_map(|c| c.records).sum());
    let mut problems = missing(backup);
    let mut collections = Vec::new();
    let mut done = 0;
    let changes = backup.manifest.as_ref().is_some_and(|m| m.increment.is_some());
    let mut reading = backup.events();
    while let Some(event) = reading.recv().await {
        progress.checkpoint()?;
        match event {
            Ok(Event::Documents { documents, .. }) => {
                done += documents.len() as u64;
                progress.done(done);
                if changes && let Some(e) = documents.iter().find_map(|d| events::decode(d).err()) {
                    problems.push(as_problem(e)?);
                    break;
                }
            }
            Ok(Event::Complete { collection, content, checksum_fits }) => {
                if checksum_fits == Some(false) {
                    problems.push(format!("The checksum of {collection} is wrong."));
                }
                if let Some(listed) = backup.listed(&collection) {
                    problems.extend(restore::check_content(listed, content).err().map(|e| e.to_string()));
                }
                collections.push(Checked { name: collection, records: content.records, schema: None, invalid: None });
            }
            Err(e) => problems.push(as_problem(e)?),
        }
    }
    Ok(Verified { verification: verification(workspace, backup, false, problems, begun), collections, notes: Vec::new() })
}

/// Restores a backup into an empty workspace and compares. `scratch` is filled; who made it removes it.
pub async fn test_restore(workspace: &Workspace, backup: &Backup, scratch: &Workspace, progress: &dyn Progress) -> Result<Verified> {
    let begun = Instant::now();
    let mut problems = missing(backup);
    let mut notes = Vec::new();
    let mut places = HashMap::new();
    let mut contents = backup.contents.clone();
    for one in &mut contents {
        let (definition, lost) = one.definition.of_today();
        one.definition = definition;
        notes.extend(lost.iter().map(|lost| format!("{} {lost}.", one.name)));
        let kind = one.definition.kind;
        if kind == CollectionKind::View {
            notes.push(format!("{} is a view, which has no records; it was not restored.", one.name));
            continue;
        }
        if let Some(why) = kinds::hindered(scratch, kind) {
            notes.push(format!("{} was read, not restored: {why}.", one.name));
            continue;
        }
        let place = place_of(&one.name, places.len());
        let made = scratch.store.define(&place, &one.definition.bare()).await;
        match made {
            Ok(()) => places.insert(one.name.clone(), place),
            Err(e) => {
                problems.push(format!("{} could not be created: {e}", one.name));
                continue;
            }
        };
    }
    let data = |one: &Listed| Some((one.name.clone(), one.definition.kind.data_of(places.get(&one.name)?)));
    let loading = contents.iter().filter_map(data).collect();
    let loaded = match restore::into_store(scratch.store.as_ref(), backup, &loading, false, progress).await {
        Ok(loaded) => loaded,
        Err(e) => {
            problems.push(as_problem(e)?);
            HashMap::new()
        }
    };
    let mut collections = Vec::new();
    let comparable = if problems.is_empty() { contents.as_slice() } else { &[] };
    for one in comparable {
        let Some(place) = places.get(&one.name) else { continue };
        progress.phase(&format!("Comparing {}", one.name));
        progress.checkpoint()?;
        let refused = indexes::build(scratch.store.as_ref(), place, &one.definition).await?;
        for one_of in &refused {
            let why = indexes::why(scratch.store.as_ref(), place, one_of).await?;
            problems.push(format!("{} loses {}: {why}.", one.name, one_of.what()));
        }
        if refused.is_empty() && !scratch.store.definition(place).await?.means(&one.definition) {
            problems.push(format!("Indexes, options or validator of {} are not those of the backup.", one.name));
        }
        let read = loaded.get(&one.name).copied().unwrap_or_default();
        problems.extend(restore::check_content(one, read).err().map(|e| e.to_string()));
        let stored = restore::content_of(scratch.store.as_ref(), &one.definition.kind.data_of(place), progress).await?;
        if one.definition.is_capped() && stored.records < read.records {
            notes.push(format!("{} keeps the newest {} of {} records: it is capped.", one.name, stored.records, read.records));
        } else if stored != read {
            problems.push(format!(
                "{} has {} records after the test restore, or different ones than the {} of the backup.",
                one.name, stored.records, read.records
            ));
        }
        let schema = one.settings.as_ref().map(|s| s.schema.clone()).filter(|s| !s.is_empty());
        let invalid = adherence(workspace, scratch, (&one.name, place), schema.as_deref(), &mut notes, progress).await?;
        let then = backup.manifest.as_ref().and_then(|m| m.collection(&one.name)).and_then(|kept| kept.invalid);
        if let (Some(then), Some(now), Some(schema)) = (then, invalid, &schema)
            && then != now
        {
            notes.push(format!(
                "{then} records of {} broke a rule of {schema} when the backup was taken, {now} do now: the schema or its checks are other ones here.",
                one.name
            ));
        }
        collections.push(Checked { name: one.name.clone(), records: stored.records, schema, invalid });
    }
    Ok(Verified { verification: verification(workspace, backup, true, problems, begun), collections, notes })
}

/// What a collection is called in the scratch workspace, whose name may be longer than that of the workspace.
fn place_of(name: &str, number: usize) -> String {
    const ROOM: usize = 120;
    if name.len() <= ROOM { name.to_owned() } else { format!("collection-{number}") }
}

/// How many restored records break their schema.
async fn adherence(
    workspace: &Workspace,
    scratch: &Workspace,
    (collection, place): (&str, &str),
    schema: Option<&str>,
    notes: &mut Vec<String>,
    progress: &dyn Progress,
) -> Result<Option<u64>> {
    let Some(schema) = schema else { return Ok(None) };
    let Ok(checker) = workspace.checker(schema) else {
        notes.push(format!("The schema {schema} of {collection} is not known here; its records were not checked against it."));
        return Ok(None);
    };
    let mut invalid = 0;
    let mut batches = scratch.store.scan(place, &Filter::all(), None).await?;
    while let Some(batch) = batches.try_next().await? {
        progress.checkpoint()?;
        for raw in &batch {
            let mut record = upsert::decode(raw)?;
            record.remove("_id");
            invalid += u64::from(!checker.is_fine(&steward_domain::value::doc_to_plain(&record)));
        }
    }
    Ok(Some(invalid))
}

/// Collections that the manifest reports and the archive does not report, or reports as something else.
fn missing(backup: &Backup) -> Vec<String> {
    let Some(manifest) = &backup.manifest else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    for kept in &manifest.collections {
        match backup.listed(&kept.name) {
            None => problems.push(format!("{} is not in the archive.", kept.name)),
            Some(listed) if !listed.definition.means(&kept.definition()) => {
                problems.push(format!("Indexes, options or validator of {} differ from the manifest.", kept.name));
            }
            Some(_) => {}
        }
    }
    problems
}

/// What is wrong with a backup is a finding; everything else ends the job.
fn as_problem(e: Error) -> Result<String> {
    match e {
        Error::BadRequest(sentence) | Error::Conflict(sentence) => Ok(sentence),
        e => Err(e),
    }
}

fn verification(workspace: &Workspace, backup: &Backup, restored: bool, problems: Vec<String>, begun: Instant) -> Verification {
    let sha256 = backup.manifest.as_ref().map(|m| m.file.sha256.clone()).unwrap_or_default();
    Verification { at: workspace.clock.stamp(), restored, problems, seconds: begun.elapsed().as_secs_f64(), sha256 }
}

/// A verification that the file itself already failed.
pub fn failed(workspace: &Workspace, manifest: &Manifest, e: Error) -> Result<Verification> {
    let problems = vec![as_problem(e)?];
    Ok(Verification { at: workspace.clock.stamp(), restored: false, problems, seconds: 0.0, sha256: manifest.file.sha256.clone() })
}
