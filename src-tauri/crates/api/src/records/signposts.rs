//! Signposts along an order: which cursor precedes which row, so that any row of millions is reached from the nearest one.
//! They are of this process, and forgotten when something in the collection changes: a page behind an old one still follows the
//! order, but its rows would have other numbers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use steward_store::{Cursor, Query};
use steward_workspace::{Result, Workspace};

/// Rows between two signposts: passing over so many takes a few milliseconds where an index serves the order.
const STEP: usize = 10_000;
/// Orders that are kept: the one not used for longest makes room.
const ORDERS: usize = 32;

/// The signposts of a program.
#[derive(Default)]
pub struct Signposts {
    orders: Mutex<HashMap<Order, Posts>>,
}

/// A collection, a filter and a sort, as one text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Order {
    collection: String,
    what: String,
}

#[derive(Default)]
struct Posts {
    used: u64,
    /// Row numbers, and what a page that begins there follows.
    at: BTreeMap<usize, Cursor>,
    /// The rest of them are being looked up, or were.
    followed: bool,
}

impl Signposts {
    /// Where a page begins that starts at row `from`, 0 being the first; `None` where there are fewer rows.
    ///
    /// Errors: those of the store.
    pub async fn before(&self, workspace: &Workspace, collection: &str, query: &Query, from: usize) -> Result<Option<Option<Cursor>>> {
        let order = Order::of(collection, query);
        let (mut row, mut cursor) = self.nearest(&order, from);
        while row < from {
            let skip = (from - row).min(STEP);
            let start = Query { after: cursor, ..query.clone() };
            let Some(next) = workspace.store.position(collection, &start, skip).await? else { return Ok(None) };
            row += skip;
            self.put(&order, row, next.clone());
            cursor = Some(next);
        }
        Ok(Some(cursor))
    }

    /// Looks up the rest of an order that an index serves, so that a jump to its end does not wait for it.
    pub fn follow(self: &Arc<Self>, workspace: &Workspace, collection: &str, query: &Query) {
        let order = Order::of(collection, query);
        {
            let mut orders = self.lock();
            let posts = orders.entry(order.clone()).or_default();
            if std::mem::replace(&mut posts.followed, true) {
                return;
            }
        }
        let (this, workspace, collection, query) = (Arc::clone(self), workspace.clone(), collection.to_owned(), query.clone());
        tokio::spawn(async move {
            let (mut row, mut cursor) = (0, None);
            loop {
                let start = Query { after: cursor, ..query.clone() };
                match workspace.store.position(&collection, &start, STEP).await {
                    Ok(Some(next)) if this.is_followed(&order) => {
                        row += STEP;
                        this.put(&order, row, next.clone());
                        cursor = Some(next);
                    }
                    // The end, a change, or a store that does not answer: the next jump finds its way alone.
                    _ => return,
                }
            }
        });
    }

    /// Forgets the signposts of a collection, or all.
    pub fn forget(&self, collection: Option<&str>) {
        self.lock().retain(|order, _| collection.is_some_and(|changed| order.collection != changed));
    }

    fn is_followed(&self, order: &Order) -> bool {
        self.lock().get(order).is_some_and(|posts| posts.followed)
    }

    fn nearest(&self, order: &Order, from: usize) -> (usize, Option<Cursor>) {
        let mut orders = self.lock();
        let latest = orders.values().map(|posts| posts.used).max().unwrap_or(0);
        let Some(posts) = orders.get_mut(order) else { return (0, None) };
        posts.used = latest + 1;
        posts.at.range(..=from).next_back().map_or((0, None), |(row, cursor)| (*row, Some(cursor.clone())))
    }

    fn put(&self, order: &Order, row: usize, cursor: Cursor) {
        let mut orders = self.lock();
        if !orders.contains_key(order) && orders.len() >= ORDERS {
            let oldest = orders.iter().min_by_key(|(_, posts)| posts.used).map(|(order, _)| order.clone());
            oldest.and_then(|oldest| orders.remove(&oldest));
        }
        orders.entry(order.clone()).or_default().at.insert(row, cursor);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Order, Posts>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Order {
    fn of(collection: &str, query: &Query) -> Self {
        let sort = query.sort.as_ref().map(|by| (by.field.as_str(), by.descending));
        Self { collection: collection.to_owned(), what: format!("{:?} {sort:?}", query.filter) }
    }
}
