//! What goes around every operation of any store: a circuit breaker, a limited wait for a connection, and timing.
//! One decorator, so that no adapter and no caller has to think of it.

mod breaker;
mod gate;
mod own;
mod slow;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bson::{Bson, RawDocumentBuf};
use steward_domain::Filter;

use crate::{
    Access, Capabilities, Capability, ChangeStream, Consistency, Definition, Durability, FacetCount, Histogram, IndexSpec, Page, Partition,
    Position, Query, RecordStream, ReplayStream, ResumeToken, Snapshot, Store, StoreError, StoreErrorKind, StoreInfo, StoreResult,
    WriteBatch, WriteReport,
};

use breaker::Breaker;
use gate::Gate;
use own::OwnCollections;
use slow::SlowOps;

pub use breaker::BreakerState;
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

    /// Closes the breaker by hand and forgets the slow operations.
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

    /// Nothing is written where the store says that it cannot.
    fn writable(&self) -> StoreResult<()> {
        if self.inner.capabilities().has(Capability::Write) {
            Ok(())
        } else {
            Err(StoreError::new(StoreErrorKind::Forbidden, "This workspace is open for reading only."))
        }
    }
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

    async fn access(&self) -> StoreResult<Vec<Access>> {
        self.around("access", "", self.inner.access()).await
    }

    async fn collections(&self) -> StoreResult<Vec<String>> {
        self.around("collections", "", self.inner.collections()).await
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

    async fn indexes(&self, collection: &str) -> StoreResult<Vec<IndexSpec>> {
        self.around("list indexes", collection, self.inner.indexes(collection)).await
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
        self.around("read definition", collection, self.inner.definition(collection)).await
    }

    async fn define(&self, collection: &str, definition: &Definition) -> StoreResult<()> {
        self.writable()?;
        self.around("define", collection, self.inner.define(collection, definition)).await
    }

    async fn snapshot(&self, wanted: Consistency) -> StoreResult<Box<dyn Snapshot>> {
        self.around("snapshot", "", self.inner.snapshot(wanted)).await
    }

    async fn find(&self, collection: &str, query: &Query) -> StoreResult<Page> {
        self.around_shaped("find", collection, || slow::of_query(query), self.inner.find(collection, query)).await
    }

    async fn get_many(&self, collection: &str, field: &str, values: &[Bson]) -> StoreResult<Vec<RawDocumentBuf>> {
        self.around_shaped("look up", collection, || format!("{field} in"), self.inner.get_many(collection, field, values)).await
    }

    async fn count(&self, collection: &str, filter: &Filter) -> StoreResult<u64> {
        self.around_shaped("count", collection, || slow::of_filter(filter), self.inner.count(collection, filter)).await
    }

    async fn facet(&self, collection: &str, field: &str, filter: &Filter, limit: usize) -> StoreResult<FacetCount> {
        let work = self.inner.facet(collection, field, filter, limit);
        self.around_shaped("facet", collection, || of_field(field, filter), work).await
    }

    async fn histogram(&self, collection: &str, field: &str, filter: &Filter, bins: usize) -> StoreResult<Option<Histogram>> {
        let work = self.inner.histogram(collection, field, filter, bins);
        self.around_shaped("histogram", collection, || of_field(field, filter), work).await
    }

    async fn partitions(&self, collection: &str, parts: usize) -> StoreResult<Vec<Partition>> {
        self.around("partition", collection, self.inner.partitions(collection, parts)).await
    }

    async fn scan(&self, collection: &str, filter: &Filter, part: Option<Partition>) -> StoreResult<RecordStream> {
        let work = self.inner.scan(collection, filter, part);
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

    async fn end_load(&self, collection: &str) -> StoreResult<()> {
        self.writable()?;
        self.around("end load", collection, self.inner.end_load(collection)).await
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
