//! Before a run may say that it is done: each row that was read is accounted for, and what the counts say is really there.

use bson::Bson;
use steward_domain::{Filter, ImportMode, RunRecord};
use steward_store::{Query, names};

use super::id_range;
use steward_workspace::{Error, Result, Workspace};

/// Errors: `Conflict`, with what is missing.
pub async fn all_there(workspace: &Workspace, record: &RunRecord, into: &str, fresh: bool) -> Result<()> {
    let counts = &record.counts;
    let accounted = counts.inserted + counts.updated + counts.unchanged + counts.quarantined + counts.waiting_already + counts.set_aside;
    if accounted != counts.read {
        return Err(missing(format!("{} rows were read, but only {accounted} are accounted for.", counts.read)));
    }
    let kept_out = counts.quarantined + counts.waiting_already + counts.set_aside;
    if kept_out > 0 {
        let waiting = count(workspace, names::QUARANTINE, &crate::import::of_run(&record.id)).await?;
        if waiting < kept_out {
            return Err(missing(format!("{kept_out} rows were rejected, but quarantine has only {waiting} of them.")));
        }
    }
    if record.mode == ImportMode::Replace {
        let written = counts.inserted + counts.updated + counts.unchanged;
        let there = count(workspace, into, &Filter::all()).await?;
        // Later rows of a key are let in: there are fewer records than rows.
        if !record.duplicates.lets_later_in() && there != written {
            return Err(missing(format!("{written} rows were written, but there are {there} records.")));
        }
        return Ok(());
    }
    if fresh && count(workspace, into, &Filter::all()).await? >= counts.inserted {
        return Ok(());
    }
    let lost = counts.inserted - there(workspace, record).await?;
    if lost > 0 {
        return Err(missing(format!("{lost} of the {} records that were inserted are not in {into} any more.", counts.inserted)));
    }
    Ok(())
}

async fn count(workspace: &Workspace, collection: &str, filter: &Filter) -> Result<i64> {
    Ok(i64::try_from(workspace.store.count(collection, filter).await?).unwrap_or(i64::MAX))
}

/// How many of the records that the run set out to insert are there. An attempt that was interrupted may have listed some that
/// never arrived, and the next one listed them again under other ids.
async fn there(workspace: &Workspace, record: &RunRecord) -> Result<i64> {
    let mut there = 0;
    let mut after = None;
    loop {
        let query = Query::new(id_range(&record.id), 10).sorted("_id", false).after(after);
        let page = workspace.store.find(names::RUN_INSERTS, &query).await?;
        for raw in &page.records {
            let list = steward_store::upsert::decode(raw)?;
            let ids = list.get_array("ids").map_err(|_| Error::Damaged("A run's list of records"))?;
            for some in ids.chunks(1000) {
                there += count(workspace, &record.collection, &any_of(some)).await?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(there);
        }
    }
}

fn any_of(ids: &[Bson]) -> Filter {
    Filter::In { field: "_id".into(), values: ids.iter().cloned().map(Into::into).collect() }
}

fn missing(what: String) -> Error {
    Error::Conflict(format!(
        "{what} Records were deleted while the import was running, or the server lost them. Import the same file again: what is there \
         stays as it is, and what is missing is added."
    ))
}
