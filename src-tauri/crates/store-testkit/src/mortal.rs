//! A store whose process dies at a chosen write: what comes after it never happens, and nothing is heard of what came before.
//!
//! Tests step through every write of an operation, let it die there, and look with another handle at what is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bson::{Bson, RawDocumentBuf};
use steward_domain::Filter;
use steward_store::{
    Access, Capabilities, ChangeStream, Consistency, Cursor, Definition, Durability, FacetCount, Fence, Histogram, IndexSpec, Page,
    Partition, Position, Query, RecordStream, ReplayStream, ResumeToken, Room, Snapshot, Store, StoreError, StoreErrorKind, StoreInfo,
    StoreResult, Swap, WriteBatch, WriteReport, names,
};

use crate::async_trait;

/// When, at its last write, a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// The write never reaches the store.
    Before,
    /// The write is done, and its answer never arrives.
    After,
}

/// See the module.
pub struct Mortal {
    inner: Arc<dyn Store>,
    left: AtomicI64,
    death: Death,
}

impl Mortal {
    /// Dies at write `number` (from 0).
    pub fn new(inner: Arc<dyn Store>, number: i64, death: Death) -> Arc<Self> {
        Arc::new(Self { inner, left: AtomicI64::new(number), death })
    }

    pub fn is_dead(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }

    fn alive(&self) -> StoreResult<()> {
        if self.is_dead() { Err(StoreError::new(StoreErrorKind::Unreachable, "This process is dead.")) } else { Ok(()) }
    }

    async fn write_once<T>(&self, work: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        self.alive()?;
        let last = self.left.fetch_sub(1, Ordering::SeqCst) == 0;
        match (last, self.death) {
            (true, Death::Before) => {}
            (true, Death::After) => drop(work.await),
            (false, _) => return work.await,
        }
        self.alive()?;
        unreachable!("the last write leaves nothing alive")
    }

    async fn read<T>(&self, work: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        self.alive()?;
        work.await
    }
}

#[async_trait]
impl Store for Mortal {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn info(&self) -> StoreResult<StoreInfo> {
        self.inner.info().await
    }

    async fn room(&self) -> StoreResult<Option<Room>> {
        self.read(self.inner.room()).await
    }

    async fn compact(&self) -> StoreResult<()> {
        self.write_once(self.inner.compact()).await
    }

    async fn damages(&self) -> StoreResult<Vec<String>> {
        self.read(self.inner.damages()).await
    }

    async fn access(&self) -> StoreResult<Vec<Access>> {
        self.inner.access().await
    }

    async fn collections(&self) -> StoreResult<Vec<String>> {
        self.read(self.inner.collections()).await
    }

    async fn create_collection(&self, name: &str) -> StoreResult<()> {
        self.write_once(self.inner.create_collection(name)).await
    }

    async fn drop_collection(&self, name: &str) -> StoreResult<()> {
        self.write_once(self.inner.drop_collection(name)).await
    }

    async fn rename_collection(&self, from: &str, to: &str, replace: bool) -> StoreResult<()> {
        self.write_once(self.inner.rename_collection(from, to, replace)).await
    }

    async fn swap(&self, swap: &Swap, then: WriteBatch) -> StoreResult<()> {
        self.write_once(self.inner.swap(swap, then)).await
    }

    async fn indexes(&self, collection: &str) -> StoreResult<Vec<IndexSpec>> {
        self.read(self.inner.indexes(collection)).await
    }

    async fn ensure_index(&self, collection: &str, index: &IndexSpec) -> StoreResult<()> {
        self.write_once(self.inner.ensure_index(collection, index)).await
    }

    async fn drop_index(&self, collection: &str, name: &str) -> StoreResult<()> {
        self.write_once(self.inner.drop_index(collection, name)).await
    }

    async fn definition(&self, collection: &str) -> StoreResult<Definition> {
        self.read(self.inner.definition(collection)).await
    }

    async fn define(&self, collection: &str, definition: &Definition) -> StoreResult<()> {
        self.write_once(self.inner.define(collection, definition)).await
    }

    async fn snapshot(&self, wanted: Consistency) -> StoreResult<Box<dyn Snapshot>> {
        self.read(self.inner.snapshot(wanted)).await
    }

    async fn find(&self, collection: &str, query: &Query) -> StoreResult<Page> {
        self.read(self.inner.find(collection, query)).await
    }

    async fn position(&self, collection: &str, query: &Query, skip: usize) -> StoreResult<Option<Cursor>> {
        self.read(self.inner.position(collection, query, skip)).await
    }

    async fn get_many(&self, collection: &str, field: &str, values: &[Bson]) -> StoreResult<Vec<RawDocumentBuf>> {
        self.read(self.inner.get_many(collection, field, values)).await
    }

    async fn count(&self, collection: &str, filter: &Filter) -> StoreResult<u64> {
        self.read(self.inner.count(collection, filter)).await
    }

    async fn facet(&self, collection: &str, field: &str, filter: &Filter, limit: usize) -> StoreResult<FacetCount> {
        self.read(self.inner.facet(collection, field, filter, limit)).await
    }

    async fn histogram(&self, collection: &str, field: &str, filter: &Filter, bins: usize) -> StoreResult<Option<Histogram>> {
        self.read(self.inner.histogram(collection, field, filter, bins)).await
    }

    async fn partitions(&self, collection: &str, parts: usize) -> StoreResult<Vec<Partition>> {
        self.read(self.inner.partitions(collection, parts)).await
    }

    async fn scan(&self, collection: &str, filter: &Filter, part: Option<Partition>) -> StoreResult<RecordStream> {
        self.read(self.inner.scan(collection, filter, part)).await
    }

    async fn write(&self, batch: WriteBatch, durability: Durability) -> StoreResult<WriteReport> {
        // That a lease is renewed is a matter of time, not a step of the work.
        let renews = |batch: &WriteBatch| batch.history.is_empty() && batch.data.iter().all(|op| op.collection() == names::LEASES);
        if renews(&batch) && durability == Durability::Bulk {
            return self.read(self.inner.write(batch, durability)).await;
        }
        self.write_once(self.inner.write(batch, durability)).await
    }

    async fn begin_load(&self, collection: &str) -> StoreResult<()> {
        self.write_once(self.inner.begin_load(collection)).await
    }

    async fn end_load(&self, collection: &str, fence: Option<&Fence>) -> StoreResult<()> {
        self.write_once(self.inner.end_load(collection, fence)).await
    }

    async fn changes(&self, since: Option<ResumeToken>) -> StoreResult<ChangeStream> {
        self.read(self.inner.changes(since)).await
    }

    async fn change_position(&self) -> StoreResult<ResumeToken> {
        self.read(self.inner.change_position()).await
    }

    async fn record_changes(&self, on: bool) -> StoreResult<()> {
        self.write_once(self.inner.record_changes(on)).await
    }

    async fn replay(&self, since: &Position) -> StoreResult<ReplayStream> {
        self.read(self.inner.replay(since)).await
    }
}
