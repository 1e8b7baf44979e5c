//! A workspace in a MongoDB database: standalone, replica set or sharded cluster.
//!
//! What is here translates the [`Store`] contract into the server's own commands. Nothing is filtered or sorted in
//! Rust, and no rule about records lives here.
//!
//! Secondary indexes are made as `{field: 1, _id: 1}`, so that one index serves the filter, the order and the page.

mod access;
mod brackets;
mod bulk;
mod changes;
mod collections;
mod connect;
mod cursor;
mod definition;
mod errors;
mod expressions;
mod facets;
mod filter;
mod indexes;
mod load;
mod odd_names;
mod probe;
mod read;
mod replay;
mod scan;
mod search;
mod secrets;
mod sessions;
mod snapshot;
mod stamps;
mod swap;
mod together;
mod transaction;
pub mod uri;
mod write;

use async_trait::async_trait;
use bson::{Bson, RawDocumentBuf};
use steward_domain::Filter;
use steward_store::{
    Access, Capabilities, ChangeStream, Consistency, Cursor, Definition, Durability, FacetCount, Fence, Histogram, IndexSpec, Page,
    Partition, Position, Query, RecordStream, ReplayStream, ResumeToken, Room, Snapshot, Store, StoreInfo, StoreResult, Swap, WriteBatch,
    WriteReport,
};

pub use connect::{MongoOptions, MongoStore};
pub use probe::probe;

#[async_trait]
impl Store for MongoStore {
    fn capabilities(&self) -> Capabilities {
        self.deployment().capabilities
    }

    async fn info(&self) -> StoreResult<StoreInfo> {
        Ok(self.describe())
    }

    async fn room(&self) -> StoreResult<Option<Room>> {
        collections::room(self).await
    }

    async fn compact(&self) -> StoreResult<()> {
        collections::compact_own(self).await
    }

    async fn access(&self) -> StoreResult<Vec<Access>> {
        access::read(self.db()).await
    }

    async fn collections(&self) -> StoreResult<Vec<String>> {
        collections::list(self).await
    }

    async fn create_collection(&self, name: &str) -> StoreResult<()> {
        collections::create(self, name).await
    }

    async fn drop_collection(&self, name: &str) -> StoreResult<()> {
        collections::drop(self, name).await
    }

    async fn rename_collection(&self, from: &str, to: &str, replace: bool) -> StoreResult<()> {
        collections::rename(self, from, to, replace).await
    }

    async fn swap(&self, swap: &Swap, then: WriteBatch) -> StoreResult<()> {
        swap::swap(self, swap, then).await
    }

    async fn indexes(&self, collection: &str) -> StoreResult<Vec<IndexSpec>> {
        indexes::list(self, collection).await
    }

    async fn ensure_index(&self, collection: &str, index: &IndexSpec) -> StoreResult<()> {
        indexes::ensure(self, collection, index).await
    }

    async fn drop_index(&self, collection: &str, name: &str) -> StoreResult<()> {
        indexes::drop(self, collection, name).await
    }

    async fn definition(&self, collection: &str) -> StoreResult<Definition> {
        definition::read(self, collection).await
    }

    async fn define(&self, collection: &str, definition: &Definition) -> StoreResult<()> {
        definition::write(self, collection, definition).await
    }

    async fn snapshot(&self, wanted: Consistency) -> StoreResult<Box<dyn Snapshot>> {
        Ok(Box::new(snapshot::MongoSnapshot::take(self, wanted).await?))
    }

    async fn find(&self, collection: &str, query: &Query) -> StoreResult<Page> {
        read::find(self, collection, query).await
    }

    async fn position(&self, collection: &str, query: &Query, skip: usize) -> StoreResult<Option<Cursor>> {
        read::position(self, collection, query, skip).await
    }

    async fn get_many(&self, collection: &str, field: &str, values: &[Bson]) -> StoreResult<Vec<RawDocumentBuf>> {
        read::get_many(self, collection, field, values).await
    }

    async fn count(&self, collection: &str, filter: &Filter) -> StoreResult<u64> {
        read::count(self, collection, filter).await
    }

    async fn facet(&self, collection: &str, field: &str, filter: &Filter, limit: usize) -> StoreResult<FacetCount> {
        facets::facet(self, collection, field, filter, limit).await
    }

    async fn histogram(&self, collection: &str, field: &str, filter: &Filter, bins: usize) -> StoreResult<Option<Histogram>> {
        facets::histogram(self, collection, field, filter, bins).await
    }

    async fn partitions(&self, collection: &str, parts: usize) -> StoreResult<Vec<Partition>> {
        scan::partitions(self, collection, parts).await
    }

    async fn scan(&self, collection: &str, filter: &Filter, part: Option<Partition>) -> StoreResult<RecordStream> {
        scan::scan(self, collection, filter, part).await
    }

    async fn write(&self, batch: WriteBatch, durability: Durability) -> StoreResult<WriteReport> {
        write::write(self, batch, durability).await
    }

    async fn begin_load(&self, collection: &str) -> StoreResult<()> {
        load::begin(self, collection).await
    }

    async fn end_load(&self, collection: &str, _: Option<&Fence>) -> StoreResult<()> {
        load::end(self, collection).await
    }

    async fn changes(&self, since: Option<ResumeToken>) -> StoreResult<ChangeStream> {
        changes::follow(self, since).await
    }

    async fn change_position(&self) -> StoreResult<ResumeToken> {
        changes::position(self).await
    }

    async fn record_changes(&self, on: bool) -> StoreResult<()> {
        if on { replay::check(self) } else { Ok(()) }
    }

    async fn replay(&self, since: &Position) -> StoreResult<ReplayStream> {
        replay::start(self, since).await
    }
}
