//! Collections that are swapped. The server has no transaction over names: the ledger is written before the first rename and
//! counts those that are done, so that a swap which was interrupted goes on, or back, from where it stopped.

use bson::{Document, doc};
use steward_store::{Durability, Rename, StoreResult, Swap, WriteBatch, WriteOp, names};

use crate::{MongoStore, collections, errors, write};

/// How long a swap that has ended is still reported: a reader may have looked in its middle.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(60);

pub async fn swap(store: &MongoStore, swap: &Swap, mut then: WriteBatch) -> StoreResult<()> {
    let fence = then.fence.clone();
    let (renames, done) = match ledger(store, &swap.id).await? {
        Some(found) => found,
        None => {
            let begun = WriteBatch { fence: fence.clone(), ..WriteBatch::data(vec![WriteOp::put(names::SWAPS, &begin(swap))?]) };
            write::write(store, begun, Durability::Full).await?;
            (swap.renames.clone(), 0)
        }
    };
    for (number, one) in renames.iter().enumerate().skip(done) {
        write::check_fence(store, fence.as_ref()).await?;
        if !already(&collections::list(store).await?, one) {
            collections::rename(store, &one.from, &one.to, false).await?;
        }
        let counted = WriteBatch { fence: fence.clone(), ..WriteBatch::data(vec![set(&swap.id, "done", count(number + 1))]) };
        write::write(store, counted, Durability::Full).await?;
    }
    then.confirm.push(set(&swap.id, "ended", bson::DateTime::now().into()));
    write::write(store, then, Durability::Full).await?;
    forget(store).await
}

fn begin(swap: &Swap) -> Document {
    let renames: Vec<Document> = swap.renames.iter().map(|one| doc! { "from": one.from.as_str(), "to": one.to.as_str() }).collect();
    let (title, lease) = (swap.title.as_str(), swap.lease.as_str());
    doc! { "_id": swap.id.as_str(), "title": title, "lease": lease, "renames": renames, "done": 0_i64, "begun": bson::DateTime::now() }
}

fn count(number: usize) -> bson::Bson {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

fn set(id: &str, field: &str, value: bson::Bson) -> WriteOp {
    WriteOp::Patch {
        collection: names::SWAPS.into(),
        id: id.into(),
        expect: Vec::new(),
        set: vec![(field.into(), value)],
        unset: Vec::new(),
    }
}

/// The renames of a swap that has not ended, and how many of them are done.
async fn ledger(store: &MongoStore, id: &str) -> StoreResult<Option<(Vec<Rename>, usize)>> {
    let swaps = store.db().collection::<Document>(names::SWAPS);
    let found = swaps.find_one(doc! { "_id": id, "ended": { "$exists": false } }).await.map_err(|e| errors::from_driver(&e))?;
    let Some(found) = found else { return Ok(None) };
    let renames = found.get_array("renames").map(Vec::as_slice).unwrap_or_default();
    let one = |name: &Document| Some(Rename { from: name.get_str("from").ok()?.to_owned(), to: name.get_str("to").ok()?.to_owned() });
    let renames = renames.iter().filter_map(|r| r.as_document().and_then(one)).collect();
    Ok(Some((renames, usize::try_from(found.get_i64("done").unwrap_or(0)).unwrap_or(0))))
}

/// The rename was made, and its process ended before it was counted.
fn already(there: &[String], one: &Rename) -> bool {
    let exists = |name: &String| there.contains(name);
    !exists(&one.from) || names::is_own(&one.to) && exists(&one.to)
}

/// Old entries say nothing to anybody.
async fn forget(store: &MongoStore) -> StoreResult<()> {
    let age = i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX);
    let before = bson::DateTime::from_millis(bson::DateTime::now().timestamp_millis() - age);
    let swaps = store.db().collection::<Document>(names::SWAPS);
    swaps.delete_many(doc! { "ended": { "$lt": before } }).await.map(|_| ()).map_err(|e| errors::from_driver(&e))
}
