//! Cells of several rows that a person typed or pasted: each says what it held, and all are listed before anything is written.
//! They are written by [`corrections::apply`](super::corrections::apply).

use std::collections::{HashMap, HashSet};

use bson::Document;
use steward_domain::value::{self, Value};
use steward_domain::{FieldChange, QuarantineEntry, QuarantineStatus};

use super::BATCH;
use super::corrections::{CorrectionsPlan, Fate, Line, Tally};
use super::entries::by_ids;
use super::validate::RowValidator;
use steward_workspace::{Error, Progress, Result, Workspace};

/// Changes of one row.
#[derive(Debug, Clone)]
pub struct Edit {
    pub id: String,
    pub changes: Vec<FieldChange>,
}

/// Works out what the edits would change. Writes nothing.
pub async fn plan(workspace: &Workspace, edits: &[Edit], progress: &dyn Progress) -> Result<CorrectionsPlan> {
    progress.total(edits.len() as u64);
    let mut validate = RowValidator::new(workspace);
    let mut tally = Tally::default();
    let mut seen = HashSet::new();
    let mut number = 0;
    for chunk in edits.chunks(BATCH) {
        progress.checkpoint()?;
        let ids: Vec<String> = chunk.iter().map(|edit| edit.id.clone()).collect();
        let found = by_ids(workspace, &ids).await?;
        let mut entries: HashMap<String, QuarantineEntry> = found.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
        for edit in chunk {
            number += 1;
            let entry = entries.remove(&edit.id);
            let mut line = Line::of(number, &edit.id, entry.as_ref());
            match entry {
                None if seen.contains(&edit.id) => line.fate = Fate::Repeated,
                None => line.fate = Fate::Unknown,
                Some(entry) if entry.status != QuarantineStatus::Waiting => line.fate = Fate::NotWaiting,
                Some(entry) => match changed(&entry, &edit.changes)? {
                    None => line.fate = Fate::Edited,
                    Some(document) => {
                        let set = set_by(&edit.changes).collect();
                        tally.compare(&mut validate, entry, document, set, &mut line).await?;
                    }
                },
            }
            seen.insert(edit.id.clone());
            tally.tell(line);
        }
    }
    Ok(tally.done())
}

/// The record of an entry with the changes; nothing where a field does not hold any more what a change says.
pub(super) fn changed(entry: &QuarantineEntry, changes: &[FieldChange]) -> Result<Option<Document>> {
    let mut document = entry.document.as_ref().and_then(Value::as_document).cloned().unwrap_or_default();
    for change in changes {
        let now = change.path.get(&document);
        let is_as_said = match (now, &change.before) {
            (Some(now), Some(before)) => value::same(now, &value::keep_type(now, before.0.clone())),
            (None, None) => true,
            _ => false,
        };
        if !is_as_said {
            return Ok(None);
        }
        match &change.after {
            Some(after) => {
                let typed = now.map_or_else(|| after.0.clone(), |now| value::keep_type(now, after.0.clone()));
                let blocked =
                    |_| Error::BadRequest(format!("{} cannot be written in this row. Open it to correct it.", change.path.as_str()));
                change.path.set(&mut document, typed).map_err(blocked)?;
            }
            None => change.path.unset(&mut document),
        }
    }
    Ok(Some(document))
}

/// JSON Pointers of the places that changes set.
pub(super) fn set_by(changes: &[FieldChange]) -> impl Iterator<Item = String> {
    changes.iter().map(|change| change.path.to_pointer())
}
