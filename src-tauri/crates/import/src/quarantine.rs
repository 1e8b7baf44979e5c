//! Quarantine: what was kept out, and how it gets back in. Entries are Steward's own documents; the record in one keeps its
//! BSON types. Reading files belongs to `import`, single records to `edit`.

pub mod corrections;
pub mod edits;
mod entries;
pub mod fix;
mod moved;
mod narrow;
pub mod report;
mod resolve;
mod stats;
mod status;
mod table;
mod validate;

use bson::Document;
use steward_domain::{FieldChange, QuarantineEntry, QuarantineStatus, Violation};

use steward_workspace::{Error, Progress, Result, Workspace};

pub use crate::import::of_run;
pub use entries::{Batches, by_ids, count, from_doc, get, ids, list, to_doc, waiting};
pub use moved::move_waiting;
pub use narrow::{Chosen, Narrow};
pub use report::Report;
pub use resolve::{Aim, Correction, Resolved, Resolver};
pub use stats::{Stats, stats};
pub use status::{Moved, set_status};
pub use validate::{RowValidator, Validated};

/// Rows that are resolved together, and undone together.
const BATCH: usize = 1000;

/// What a document of an entry would still break: its schema, and the key.
pub async fn recheck(workspace: &Workspace, entry: &QuarantineEntry, document: &Document) -> Result<Vec<Violation>> {
    Ok(RowValidator::new(workspace).validate(entry, document).await?.errors)
}

/// What a person wants of one entry.
#[derive(Debug, Clone)]
pub enum Revision {
    /// Another record.
    Document(Document),
    /// Some fields of its record, each with what it held.
    Changes(Vec<FieldChange>),
}

/// An entry that was corrected, and the change sets that undo it, oldest first.
#[derive(Debug, Clone)]
pub struct Corrected {
    pub entry: QuarantineEntry,
    pub change_sets: Vec<String>,
}

/// Corrects a waiting entry and works its errors out again; with `release`, it is loaded where none is left. `set`: JSON
/// Pointers of the places that someone has set, be it to what they hold already.
pub async fn correct(workspace: &Workspace, id: &str, revision: Revision, set: Vec<String>, release: bool) -> Result<Corrected> {
    let before = get(workspace, id).await?;
    if before.status != QuarantineStatus::Waiting {
        return Err(Error::Conflict("This row is not waiting any more. Reload to see its current state.".into()));
    }
    let (document, set) = match revision {
        Revision::Document(document) => (document, set),
        Revision::Changes(changes) => {
            let document = edits::changed(&before, &changes)?
                .ok_or_else(|| Error::Conflict("Someone else changed this field just now. Reload to see the new value.".into()))?;
            (document, edits::set_by(&changes).chain(set).collect())
        }
    };
    let mut resolver = Resolver::new(workspace, Aim { release, ..Aim::default() });
    resolver.batch(vec![Correction { before, document: Some(document), set }]).await?;
    if resolver.out.conflicts > 0 {
        return Err(Error::Conflict("Someone else changed this row just now. Reload to see its current state.".into()));
    }
    let entry = resolver.out.results.pop().ok_or(Error::Damaged("An entry of the quarantine"))?;
    Ok(Corrected { entry, change_sets: resolver.out.change_sets })
}

/// Tries entries again: those that break no rule any more are loaded, as the import that kept them out would have, and
/// released, in change sets that can be undone.
pub async fn retry(workspace: &Workspace, ids: &[String], aim: Aim, progress: &dyn Progress) -> Result<Resolved> {
    let mut resolver = Resolver::new(workspace, Aim { release: true, ..aim });
    progress.phase("Checking and loading");
    progress.total(ids.len() as u64);
    let mut done = 0;
    for chunk in ids.chunks(BATCH) {
        progress.checkpoint()?;
        let entries = by_ids(workspace, chunk).await?;
        resolver.batch(entries.into_iter().map(|before| Correction { before, document: None, set: Vec::new() }).collect()).await?;
        done += chunk.len() as u64;
        progress.done(done);
    }
    Ok(resolver.out)
}
