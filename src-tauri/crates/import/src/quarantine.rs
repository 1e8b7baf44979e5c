//! Quarantine: what was kept out, and how it gets back in. Entries are Steward's own documents; the record in one keeps its
//! BSON types. Reading files belongs to `import`, single records to `edit`.

pub mod corrections;
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
use steward_domain::{QuarantineEntry, QuarantineStatus, Violation};

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

/// Replaces the record of a waiting entry and works its errors out again. `set`: JSON Pointers of the places that someone has
/// set, be it to what they hold already.
pub async fn correct(workspace: &Workspace, id: &str, document: Document, set: Vec<String>) -> Result<QuarantineEntry> {
    let before = get(workspace, id).await?;
    if before.status != QuarantineStatus::Waiting {
        return Err(Error::Conflict("This row is not waiting any more.".into()));
    }
    let mut resolver = Resolver::new(workspace, Aim::default());
    resolver.batch(vec![Correction { before, document: Some(document), set }]).await?;
    if resolver.out.conflicts > 0 {
        return Err(Error::Conflict("Someone else changed this row just now.".into()));
    }
    resolver.out.results.pop().ok_or(Error::Damaged("An entry of the quarantine"))
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
