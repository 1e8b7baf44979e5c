//! Reading while collections are swapped. On a store that renames one collection after the other there is a moment, or, after
//! a kill, a long time, in which a name stands for nothing: then what it stood for is read where it is now.

use bson::RawDocument;
use steward_domain::Filter;

use crate::{Query, Store, StoreResult, names};

/// More swaps at a time than anybody makes.
const MOST: usize = 100;

/// Where a collection that was found empty may be read, most likely place first. Empty where no swap concerns it.
pub(super) async fn places(store: &dyn Store, collection: &str) -> StoreResult<Vec<String>> {
    if names::is_own(collection) {
        return Ok(Vec::new());
    }
    let page = store.find(names::SWAPS, &Query::new(Filter::all(), MOST)).await?;
    let mut places = Vec::new();
    for swap in &page.records {
        for (from, to) in renames(swap) {
            if from == collection || to == collection {
                places.push(collection.to_owned());
            }
            if from == collection {
                places.push(to);
            }
        }
    }
    places.dedup();
    Ok(places)
}

/// People's collections that are missing from a list because they are just being swapped.
pub(super) async fn missing(store: &dyn Store, list: &[String]) -> StoreResult<Vec<String>> {
    if !list.iter().any(|name| names::is_staging(name)) {
        return Ok(Vec::new());
    }
    let page = store.find(names::SWAPS, &Query::new(Filter::all(), MOST)).await?;
    let mut missing = Vec::new();
    for swap in page.records.iter().filter(|swap| swap.get("ended").ok().flatten().is_none()) {
        for (from, to) in renames(swap) {
            let moved = list.contains(&to) && !list.contains(&from);
            if moved && !names::is_own(&from) && !missing.contains(&from) {
                missing.push(from);
            }
        }
    }
    Ok(missing)
}

fn renames(swap: &RawDocument) -> Vec<(String, String)> {
    let Ok(renames) = swap.get_array("renames") else { return Vec::new() };
    let one = |rename: &RawDocument| Some((rename.get_str("from").ok()?.to_owned(), rename.get_str("to").ok()?.to_owned()));
    renames.into_iter().flatten().filter_map(|rename| rename.as_document().and_then(one)).collect()
}
