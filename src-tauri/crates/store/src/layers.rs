//! What goes around every operation of any store: a circuit breaker and timing. One decorator, so that no adapter and
//! no caller has to think of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bson::{Bson, RawDocumentBuf};
use steward_domain::Filter;

use crate::{
    Access, Capabilities, Capability, ChangeStream, Durability, FacetCount, Histogram, IndexSpec, Page, Partition, Query, RecordStream,
    ResumeToken, Store, StoreError, StoreErrorKind, StoreInfo, StoreResult, WriteBatch, WriteReport,
};

/// Settings of the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Outages in a row that open the breaker.
    pub failures: u32,
    /// How long it stays open.
    pub pause: Duration,
    /// Operations that take longer are kept.
    pub slow: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { failures: 5, pause: Duration::from_secs(60), slow: Duration::from_secs(1) }
    }
}

/// A slow operation: what it was and on what, without values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowOp {
    pub operation: &'static str,
    pub collection: String,
    pub took: Duration,
}

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    open_since: Option<Instant>,
}

/// A store with breaker and timing.
pub struct Layered {
    inner: Arc<dyn Store>,
    limits: Limits,
    breaker: Mutex<Breaker>,
    slow: Mutex<VecDeque<SlowOp>>,
}

const KEPT: usize = 200;

impl Layered {
    pub fn new(inner: Arc<dyn Store>, limits: Limits) -> Self {
        Self { inner, limits, breaker: Mutex::default(), slow: Mutex::default() }
    }

    /// Slow operations, newest last.
    pub fn slow_operations(&self) -> Vec<SlowOp> {
        self.slow.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Closes the breaker by hand.
    pub fn reset(&self) {
        *self.breaker.lock().unwrap_or_else(PoisonError::into_inner) = Breaker::default();
    }

    fn admit(&self) -> StoreResult<()> {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        match breaker.open_since {
            Some(since) if since.elapsed() < self.limits.pause => Err(StoreError::new(
                StoreErrorKind::BreakerOpen,
                "The workspace failed several times in a row and is left alone for a while.",
            )),
            Some(_) => {
                // One try: if it fails, the breaker opens again at once.
                breaker.open_since = None;
                breaker.failures = self.limits.failures.saturating_sub(1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn note<T>(&self, operation: &'static str, collection: &str, started: Instant, result: &StoreResult<T>) {
        let took = started.elapsed();
        if took >= self.limits.slow {
            tracing::warn!(operation, collection, millis = took.as_millis(), "slow operation");
            let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
            if slow.len() == KEPT {
                slow.pop_front();
            }
            slow.push_back(SlowOp { operation, collection: collection.to_owned(), took });
        }
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Err(e) if e.is_outage() => {
                breaker.failures += 1;
                if breaker.failures >= self.limits.failures && breaker.open_since.is_none() {
                    breaker.open_since = Some(Instant::now());
                }
            }
            _ => breaker.failures = 0,
        }
    }

    async fn around<T>(
        &self,
        operation: &'static str,
        collection: &str,
        work: impl Future<Output = StoreResult<T>> + Send,
    ) -> StoreResult<T> {
        self.admit()?;
        let started = Instant::now();
        let result = work.await;
        self.note(operation, collection, started, &result);
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

    async fn find(&self, collection: &str, query: &Query) -> StoreResult<Page> {
        self.around("find", collection, self.inner.find(collection, query)).await
    }

    async fn get_many(&self, collection: &str, field: &str, values: &[Bson]) -> StoreResult<Vec<RawDocumentBuf>> {
        self.around("look up", collection, self.inner.get_many(collection, field, values)).await
    }

    async fn count(&self, collection: &str, filter: &Filter) -> StoreResult<u64> {
        self.around("count", collection, self.inner.count(collection, filter)).await
    }

    async fn facet(&self, collection: &str, field: &str, filter: &Filter, limit: usize) -> StoreResult<FacetCount> {
        self.around("facet", collection, self.inner.facet(collection, field, filter, limit)).await
    }

    async fn histogram(&self, collection: &str, field: &str, filter: &Filter, bins: usize) -> StoreResult<Option<Histogram>> {
        self.around("histogram", collection, self.inner.histogram(collection, field, filter, bins)).await
    }

    async fn partitions(&self, collection: &str, parts: usize) -> StoreResult<Vec<Partition>> {
        self.around("partition", collection, self.inner.partitions(collection, parts)).await
    }

    async fn scan(&self, collection: &str, filter: &Filter, part: Option<Partition>) -> StoreResult<RecordStream> {
        self.around("scan", collection, self.inner.scan(collection, filter, part)).await
    }

    async fn write(&self, batch: WriteBatch, durability: Durability) -> StoreResult<WriteReport> {
        self.writable()?;
        let collection = batch.data.first().map(|op| op.collection().to_owned()).unwrap_or_default();
        self.around("write", &collection, self.inner.write(batch, durability)).await
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
}
