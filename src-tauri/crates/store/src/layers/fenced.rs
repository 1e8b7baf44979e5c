//! A store as one who holds a lease sees it: every write carries the fence, and collections are changed only while it is valid.

use std::sync::Arc;

use async_trait::async_trait;
use bson::{Bson, RawDocumentBuf};
use steward_domain::Filter;

use crate::{
    Access, Capabilities, ChangeStream, Consistency, Cursor, Definition, Durability, FacetCount, Fence, Histogram, IndexSpec, Page,
    Partition, Position, Query, RecordStream, ReplayStream, ResumeToken, Room, Snapshot, Store, StoreError, StoreInfo, StoreResult, Swap,
    WriteBatch, WriteReport, names,
};

/// Writes under a lease.
pub struct Fenced {
    inner: Arc<dyn Store>,
    fence: Fence,
}

impl Fenced {
    pub fn new(inner: Arc<dyn Store>, fence: Fence) -> Self {
        Self { inner, fence }
    }

    fn under(&self, batch: WriteBatch) -> WriteBatch {
        WriteBatch { fence: Some(self.fence.clone()), ..batch }
    }

    /// Looked at before what no batch can carry.
    async fn check(&self) -> StoreResult<()> {
        let found = self.inner.get_many(names::LEASES, "_id", &[Bson::from(self.fence.lease.as_str())]).await?;
        let number = found.first().and_then(|doc| doc.get_i64("number").ok());
        if number == Some(self.fence.number) { Ok(()) } else { Err(StoreError::fenced()) }
    }
}

#[async_trait]
impl Store for Fenced {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn info(&self) -> StoreResult<StoreInfo> {
        self.inner.info().await
    }

    async fn room(&self) -> StoreResult<Option<Room>> {
        self.inner.room().await
    }

    async fn compact(&self) -> StoreResult<()> {
        self.check().await?;
        self.inner.compact().await
    }

    async fn damages(&self) -> StoreResult<Vec<String>> {
        self.inner.damages().await
    }

    async fn access(&self) -> StoreResult<Vec<Access>> {
        self.inner.access().await
    }

    async fn collections(&self) -> StoreResult<Vec<String>> {
        self.inner.collections().await
    }

    async fn create_collection(&self, name: &str) -> StoreResult<()> {
        self.check().await?;
        self.inner.create_collection(name).await
    }

    async fn drop_collection(&self, name: &str) -> StoreResult<()> {
        self.check().await?;
        self.inner.drop_collection(name).await
    }

    async fn rename_collection(&self, from: &str, to: &str, replace: bool) -> StoreResult<()> {
        self.check().await?;
        self.inner.rename_collection(from, to, replace).await
    }

    async fn swap(&self, swap: &Swap, then: WriteBatch) -> StoreResult<()> {
        self.inner.swap(swap, self.under(then)).await
    }

    async fn indexes(&self, collection: &str) -> StoreResult<Vec<IndexSpec>> {
        self.inner.indexes(collection).await
    }

    async fn ensure_index(&self, collection: &str, index: &IndexSpec) -> StoreResult<()> {
        self.check().await?;
        self.inner.ensure_index(collection, index).await
    }

    async fn drop_index(&self, collection: &str, name: &str) -> StoreResult<()> {
        self.check().await?;
        self.inner.drop_index(collection, name).await
    }

    async fn definition(&self, collection: &str) -> StoreResult<Definition> {
        self.inner.definition(collection).await
    }

    async fn define(&self, collection: &str, definition: &Definition) -> StoreResult<()> {
        self.check().await?;
        self.inner.define(collection, definition).await
    }

    async fn snapshot(&self, wanted: Consistency) -> StoreResult<Box<dyn Snapshot>> {
        self.inner.snapshot(wanted).await
    }

    async fn find(&self, collection: &str, query: &Query) -> StoreResult<Page> {
        self.inner.find(collection, query).await
    }

    async fn position(&self, collection: &str, query: &Query, skip: usize) -> StoreResult<Option<Cursor>> {
        self.inner.position(collection, query, skip).await
    }

    async fn get_many(&self, collection: &str, field: &str, values: &[Bson]) -> StoreResult<Vec<RawDocumentBuf>> {
        self.inner.get_many(collection, field, values).await
    }

    async fn count(&self, collection: &str, filter: &Filter) -> StoreResult<u64> {
        self.inner.count(collection, filter).await
    }

    async fn facet(&self, collection: &str, field: &str, filter: &Filter, limit: usize) -> StoreResult<FacetCount> {
        self.inner.facet(collection, field, filter, limit).await
    }

    async fn histogram(&self, collection: &str, field: &str, filter: &Filter, bins: usize) -> StoreResult<Option<Histogram>> {
        self.inner.histogram(collection, field, filter, bins).await
    }

    async fn partitions(&self, collection: &str, parts: usize) -> StoreResult<Vec<Partition>> {
        self.inner.partitions(collection, parts).await
    }

    async fn scan(&self, collection: &str, filter: &Filter, part: Option<Partition>) -> StoreResult<RecordStream> {
        self.inner.scan(collection, filter, part).await
    }

    async fn write(&self, batch: WriteBatch, durability: Durability) -> StoreResult<WriteReport> {
        self.inner.write(self.under(batch), durability).await
    }

    async fn begin_load(&self, collection: &str) -> StoreResult<()> {
        self.check().await?;
        self.inner.begin_load(collection).await
    }

    async fn end_load(&self, collection: &str, _: Option<&Fence>) -> StoreResult<()> {
        self.check().await?;
        self.inner.end_load(collection, Some(&self.fence)).await
    }

    async fn changes(&self, since: Option<ResumeToken>) -> StoreResult<ChangeStream> {
        self.inner.changes(since).await
    }

    async fn change_position(&self) -> StoreResult<ResumeToken> {
        self.inner.change_position().await
    }

    async fn record_changes(&self, on: bool) -> StoreResult<()> {
        self.check().await?;
        self.inner.record_changes(on).await
    }

    async fn replay(&self, since: &Position) -> StoreResult<ReplayStream> {
        self.inner.replay(since).await
    }
}
