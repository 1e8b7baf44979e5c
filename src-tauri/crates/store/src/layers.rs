//! What goes around every operation of any store: a circuit breaker, a limited wait for a connection, and timing.
//! One decorator, so that no adapter and no caller has to think of it.

mod breaker;
mod fenced;
mod gate;
mod own;
mod slow;
mod swapping;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bson::{Bson, RawDocumentBuf};
use steward_domain::Filter;

use crate::{
    Access, Capabilities, Capability, ChangeStream, Consistency, Cursor, Definition, Durability, FacetCount, Fence, Histogram, IndexSpec,
    Page, Partition, Position, Query, RecordStream, ReplayStream, ResumeToken, Room, Snapshot, Store, StoreError, StoreErrorKind,
    StoreInfo, StoreResult, Swap, WriteBatch, WriteReport,
};

use breaker::Breaker;
use gate::Gate;
use own::OwnCollections;
use slow::SlowOps;

pub use breaker::BreakerState;
pub use fenced::Fenced;
pub use gate::PoolSettings;
pub use slow::{Shape, SlowOp};

/// Settings of the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Outages in a row that open the breaker.
    pub failures: u32,
    /// How long it stays open.
    pub pause: Duration,
    /// Operations that take longer are kept.
    pub slow: Duration,
    /// The store's connections; none where it has no pool.
    pub pool: Option<PoolSettings>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { failures: 5, pause: Duration::from_secs(60), slow: Duration::from_secs(1), pool: None }
    }
}

/// How the connection fares.
#[derive(Debug, Clone)]
pub struct Health {
    pub limits: Limits,
    pub breaker: BreakerState,
    /// Outages in a row.
    pub failures: u32,
    /// Operations that hold a connection of the pool now.
    pub in_use: u32,
    /// Longest first.
    pub slow: Vec<SlowOp>,
}

/// A store with breaker, gate and timing.
pub struct Layered {
    inner: Arc<dyn Store>,
    limits: Limits,
    breaker: Breaker,
    gate: Option<Gate>,
    slow: SlowOps,
    own: OwnCollections,
}

impl Layered {
    pub fn new(inner: Arc<dyn Store>, limits: Limits) -> Self {
        let breaker = Breaker::new(limits.failures, limits.pause);
        Self { inner, limits, breaker, gate: limits.pool.map(Gate::new), slow: SlowOps::default(), own: OwnCollections::default() }
    }

    pub fn health(&self) -> Health {
        let (breaker, failures) = self.breaker.state();
        let in_use = self.gate.as_ref().map_or(0, Gate::in_use);
        Health { limits: self.limits, breaker, failures, in_use, slow: self.slow.list() }
    }

    /// Closes the breaker manually and forgets the slow operations.
    pub fn reset(&self) {
        self.breaker.reset();
        self.slow.clear();
    }

    async fn around<T>(
        &self,
        operation: &'static str,
        collection: &str,
        work: impl Future<Output = StoreResult<T>> + Send,
    ) -> StoreResult<T> {
        self.around_shaped(operation, collection, String::new, work).await
    }

    /// `asked` is called for slow operations only.
    async fn around_shaped<T>(
        &self,
        operation: &'static str,
        collection: &str,
        asked: impl FnOnce() -> String + Send,
        work: impl Future<Output = StoreResult<T>> + Send,
    ) -> StoreResult<T> {
        self.breaker.admit()?;
        let permit = match &self.gate {
            Some(gate) => Some(gate.enter().await?),
            None => None,
        };
        let started = Instant::now();
        let result = work.await;
        drop(permit);
        let took = started.elapsed();
        if took >= self.limits.slow {
            tracing::warn!(operation, collection, millis = took.as_millis(), "slow operation");
            self.slow.note(Shape { operation, collection: collection.to_owned(), asked: asked() }, took);
        }
        self.breaker.note(result.as_ref().is_err_and(StoreError::is_outage));
        result
    }

    /// Where a collection is to be read from beginning to end.
    async fn place_of(&self, collection: &str) -> StoreResult<String> {
        let places = swapping::places(self.inner.as_ref(), collection).await?;
        if places.is_empty() {
            return Ok(collection.to_owned());
        }
        let there = self.inner.collections().await?;
        Ok(places.into_iter().find(|place| there.contains(place)).unwrap_or_else(|| collection.to_owned()))
    }

    /// Nothing is written where the store says that it cannot.
    fn writable(&self) -> StoreResult<()> {
        if self.inner.capabilities().has(Capability::Write) {
            Ok(())
        } else {
            Err(StoreError::new(StoreErrorKind::Forbidden, "This workspace is open for reading only."))
        }
    }
}

/// Reads a collection; where nothing is found, once more where it may be while collections are swapped.
macro_rules! read_where_it_is {
    ($layers:ident, $collection:ident, $empty:expr, |$place:ident| $read:expr) => {{
        let $place = $collection;
        let mut found = $read.await;
        if $empty(&found) {
            for other in swapping::places($layers.inner.as_ref(), $collection).await? {
                let $place = other.as_str();
                let again = $read.await;
                if !$empty(&again) {
                    found = again;
                    break;
                }
            }
        }
        found
    }};
}

fn is_absent<T>(found: &StoreResult<T>) -> bool {
    found.as_ref().is_err_and(|e| e.kind == StoreErrorKind::NotFound)
}

/// What is counted, and among which records.
fn of_field(field: &str, filter: &Filter) -> String {
    match slow::of_filter(filter) {
        narrowed if narrowed.is_empty() => format!("of {field}"),
        narrowed => format!("of {field}; {narrowed}"),
    }
}

#[async_trait]
impl Store for Layered {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn info(&self) -> StoreResult<StoreInfo> {
        self.around("info", "", self.inner.info()).await
    }

    async fn room(&self) -> StoreResult<Option<Room>> {
        self.around("room", "", self.inner.room()).await
    }

    async fn compact(&self) -> StoreResult<()> {
        self.writable()?;
        self.around("compact", "", self.inner.compact()).await
    }

    async fn damages(&self) -> StoreResult<Vec<String>> {
        self.around("check", "", self.inner.damages()).await
    }

    async fn access(&self) -> StoreResult<Vec<Access>> {
        self.around("access", "", self.inner.access()).await
    }

    async fn collections(&self) -> StoreResult<Vec<String>> {
        let mut list = self.around("collections", "", self.inner.collections()).await?;
        list.extend(swapping::missing(self.inner.as_ref(), &list).await?);
        Ok(list)
    }

    async fn create_collection(&self, name: &str) -> StoreResult<()> {
        self.writable()?;
        self.around("create collection", name, self.inner.create_collection(name)).await
    }

    async fn drop_collection(&self, name: &str) -> StoreResult<()> {
        self.writable()?;
        self.around("drop collection", name, self.inner.drop_collection(name)).await
    }

    async fn rename_collection(&self, from: &str, to: &str, replace: bool) -> StoreResult<()> {
        self.writable()?;
        self.around("rename collection", from, self.inner.rename_collection(from, to, replace)).await
    }

    async fn swap(&self, swap: &Swap, then: WriteBatch) -> StoreResult<()> {
        self.writable()?;
        let collection = swap.renames.first().map(|r| r.from.clone()).unwrap_or_default();
        self.around("swap collections", &collection, async {
            self.own.prepare(self.inner.as_ref(), &then).await?;
            self.inner.swap(swap, then).await
        })
        .await
    }

    async fn indexes(&self, collection: &str) -> StoreResult<Vec<IndexSpec>> {
        read_where_it_is!(self, collection, is_absent, |place| self.around("list indexes", place, self.inner.indexes(place)))
    }

    async fn ensure_index(&self, collection: &str, index: &IndexSpec) -> StoreResult<()> {
        self.writable()?;
        self.around("create index", collection, self.inner.ensure_index(collection, index)).await
    }

    async fn drop_index(&self, collection: &str, name: &str) -> StoreResult<()> {
        self.writable()?;
        self.around("drop index", collection, self.inner.drop_index(collection, name)).await
    }

    async fn definition(&self, collection: &str) -> StoreResult<Definition> {
        read_where_it_is!(self, collection, is_absent, |place| self.around("read definition", place, self.inner.definition(place)))
    }

    async fn define(&self, collection: &str, definition: &Definition) -> StoreResult<()> {
        self.writable()?;
        self.around("define", collection, self.inner.define(collection, definition)).await
    }

    async fn snapshot(&self, wanted: Consistency) -> StoreResult<Box<dyn Snapshot>> {
        self.around("snapshot", "", self.inner.snapshot(wanted)).await
    }

    async fn find(&self, collection: &str, query: &Query) -> StoreResult<Page> {
        read_where_it_is!(self, collection, |found: &StoreResult<Page>| found.as_ref().is_ok_and(|page| page.records.is_empty()), |place| {
            self.around_shaped("find", place, || slow::of_query(query), self.inner.find(place, query))
        })
    }

    async fn position(&self, collection: &str, query: &Query, skip: usize) -> StoreResult<Option<Cursor>> {
        read_where_it_is!(self, collection, |found: &StoreResult<Option<Cursor>>| matches!(found, Ok(None)), |place| {
            self.around_shaped("find position", place, || slow::of_query(query), self.inner.position(place, query, skip))
        })
    }

    async fn get_many(&self, collection: &str, field: &str, values: &[Bson]) -> StoreResult<Vec<RawDocumentBuf>> {
        let none = |found: &StoreResult<Vec<RawDocumentBuf>>| found.as_ref().is_ok_and(Vec::is_empty);
        read_where_it_is!(self, collection, none, |place| {
            self.around_shaped("look up", place, || format!("{field} in"), self.inner.get_many(place, field, values))
        })
    }

    async fn count(&self, collection: &str, filter: &Filter) -> StoreResult<u64> {
        let none = |found: &StoreResult<u64>| found.as_ref().is_ok_and(|count| *count == 0);
        read_where_it_is!(self, collection, none, |place| {
            self.around_shaped("count", place, || slow::of_filter(filter), self.inner.count(place, filter))
        })
    }

    async fn facet(&self, collection: &str, field: &str, filter: &Filter, limit: usize) -> StoreResult<FacetCount> {
        let none =
            |found: &StoreResult<FacetCount>| found.as_ref().is_ok_and(|facet| facet.values.is_empty() && facet.missing + facet.nulls == 0);
        read_where_it_is!(self, collection, none, |place| {
            self.around_shaped("facet", place, || of_field(field, filter), self.inner.facet(place, field, filter, limit))
        })
    }

    async fn histogram(&self, collection: &str, field: &str, filter: &Filter, bins: usize) -> StoreResult<Option<Histogram>> {
        let none = |found: &StoreResult<Option<Histogram>>| found.as_ref().is_ok_and(Option::is_none);
        read_where_it_is!(self, collection, none, |place| {
            self.around_shaped("histogram", place, || of_field(field, filter), self.inner.histogram(place, field, filter, bins))
        })
    }

    async fn partitions(&self, collection: &str, parts: usize) -> StoreResult<Vec<Partition>> {
        self.around("partition", collection, self.inner.partitions(collection, parts)).await
    }

    async fn scan(&self, collection: &str, filter: &Filter, part: Option<Partition>) -> StoreResult<RecordStream> {
        let place = self.place_of(collection).await?;
        let work = self.inner.scan(&place, filter, part);
        let stream = self.around_shaped("scan", collection, || slow::of_filter(filter), work).await?;
        Ok(match &self.gate {
            Some(gate) => gate.around(stream),
            None => stream,
        })
    }

    async fn write(&self, batch: WriteBatch, durability: Durability) -> StoreResult<WriteReport> {
        self.writable()?;
        let collection = batch.data.first().map(|op| op.collection().to_owned()).unwrap_or_default();
        self.around("write", &collection, async {
            self.own.prepare(self.inner.as_ref(), &batch).await?;
            self.inner.write(batch, durability).await
        })
        .await
    }

    async fn begin_load(&self, collection: &str) -> StoreResult<()> {
        self.writable()?;
        self.around("begin load", collection, self.inner.begin_load(collection)).await
    }

    async fn end_load(&self, collection: &str, fence: Option<&Fence>) -> StoreResult<()> {
        self.writable()?;
        self.around("end load", collection, self.inner.end_load(collection, fence)).await
    }

    async fn changes(&self, since: Option<ResumeToken>) -> StoreResult<ChangeStream> {
        self.around("follow changes", "", self.inner.changes(since)).await
    }

    async fn change_position(&self) -> StoreResult<ResumeToken> {
        self.around("change position", "", self.inner.change_position()).await
    }

    async fn record_changes(&self, on: bool) -> StoreResult<()> {
        self.writable()?;
        self.around("record changes", "", self.inner.record_changes(on)).await
    }

    async fn replay(&self, since: &Position) -> StoreResult<ReplayStream> {
        self.around("replay changes", "", self.inner.replay(since)).await
    }
}
