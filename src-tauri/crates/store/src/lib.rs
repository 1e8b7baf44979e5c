//! What a workspace can do, whatever it is kept in: the [`Store`] trait, its errors and capabilities, and the
//! behaviour that both adapters share (batched upsert, layers around every operation).

pub mod alive;
pub mod definition;
pub mod delta;
pub mod error;
pub mod layers;
mod legacy;
pub mod model;
pub mod names;
pub mod private;
pub mod replay;
pub mod snapshot;
pub mod stage;
pub mod upsert;

use async_trait::async_trait;
use bson::{Bson, RawDocumentBuf};
use futures::stream::BoxStream;
use steward_domain::Filter;

pub use definition::{CollectionKind, Definition};
pub use delta::Delta;
pub use error::{StoreError, StoreErrorKind, StoreResult};
pub use model::{
    Access, Capabilities, Capability, ChangeEvent, ChangeOp, Cursor, Durability, FacetCount, Fence, Histogram, IndexSpec, OpFailure, Page,
    Partition, Query, Rename, ResumeToken, Room, SortBy, StoreInfo, StoreKind, Swap, WriteBatch, WriteOp, WriteReport,
};
pub use replay::{Change, Position, ReplayStream, Replayed, Step};
pub use snapshot::{Consistency, Snapshot, SnapshotCollection};

/// Batches of records as they come from a scan.
pub type RecordStream = BoxStream<'static, StoreResult<Vec<RawDocumentBuf>>>;

/// Events of a change feed.
pub type ChangeStream = BoxStream<'static, StoreResult<ChangeEvent>>;

/// A workspace's storage. Every record has an `_id`; documents are BSON bytes and come back unchanged.
///
/// Dropping a future cancels the operation: reads stop, writes that have begun are finished or rolled back whole.
/// What an adapter cannot do answers [`StoreErrorKind::Unsupported`], and [`Capabilities`] says so beforehand.
#[async_trait]
pub trait Store: Send + Sync {
    fn capabilities(&self) -> Capabilities;

    /// Kind, name, version and what a person should know about this store.
    async fn info(&self) -> StoreResult<StoreInfo>;

    /// Bytes that are stored, and how many of them are free for reuse; nothing where the store does not say.
    async fn room(&self) -> StoreResult<Option<Room>> {
        Ok(None)
    }

    /// Gives free room back to the system. Nobody else can write meanwhile; a file needs as much room again while it lasts.
    async fn compact(&self) -> StoreResult<()> {
        Ok(())
    }

    /// Looks through everything that is stored, and gives what is damaged, in sentences. Empty where all is whole, or where
    /// the server looks after that by itself.
    async fn damages(&self) -> StoreResult<Vec<String>> {
        Ok(Vec::new())
    }

    /// What the user may do here.
    async fn access(&self) -> StoreResult<Vec<Access>>;

    /// All collections, Steward's own (`steward.…`) included.
    async fn collections(&self) -> StoreResult<Vec<String>>;

    /// Creates a collection; nothing happens when it exists.
    async fn create_collection(&self, name: &str) -> StoreResult<()>;

    /// Drops a collection with its indexes; nothing happens when there is none.
    async fn drop_collection(&self, name: &str) -> StoreResult<()>;

    /// Renames a collection with its indexes. `replace` drops the target first, in the same step.
    async fn rename_collection(&self, from: &str, to: &str, replace: bool) -> StoreResult<()>;

    /// Renames collections in this order and writes `then`: in one step where the store can, else one rename after the
    /// other, with a ledger in [`names::SWAPS`]. Called again for the same swap, it goes on where it was, by the ledger's
    /// renames.
    ///
    /// Errors: `Conflict` where a name is taken; `Busy` while indexes are built.
    async fn swap(&self, swap: &Swap, then: WriteBatch) -> StoreResult<()>;

    async fn indexes(&self, collection: &str) -> StoreResult<Vec<IndexSpec>>;

    /// Makes sure that an index of this name and definition exists.
    async fn ensure_index(&self, collection: &str, index: &IndexSpec) -> StoreResult<()>;

    async fn drop_index(&self, collection: &str, name: &str) -> StoreResult<()>;

    /// What a collection or view is next to its records. `NotFound` where there is none.
    async fn definition(&self, collection: &str) -> StoreResult<Definition>;

    /// Makes a collection by its definition, or adds to an existing one the indexes and the validator that it lacks.
    /// What the store cannot act on (a special index in a file) it keeps, and gives back with [`Store::definition`].
    ///
    /// Errors: `Unsupported` for a kind that the store does not have; `DuplicateKey` where records break a unique index.
    async fn define(&self, collection: &str, definition: &Definition) -> StoreResult<()>;

    /// Everything as it is now, to be read at leisure. With [`Consistency::PointInTime`] of one point in time where the store can;
    /// with [`Consistency::Fuzzy`] a store that would have to keep a snapshot reads each collection at a different time,
    /// and the snapshot gives that reason.
    ///
    /// Errors while it is read: `Expired` where the server no longer keeps the snapshot; `Conflict` where a collection was made,
    /// renamed or dropped since, so that a later snapshot is to be taken.
    async fn snapshot(&self, wanted: Consistency) -> StoreResult<Box<dyn Snapshot>>;

    /// One page in a stable order.
    async fn find(&self, collection: &str, query: &Query) -> StoreResult<Page>;

    /// The cursor behind the `skip`-th record from the start of the query on, 1 being the first: what a page begins after, `skip`
    /// records further. Nothing where there are fewer. Where an index serves the query, records are not read for it.
    async fn position(&self, collection: &str, query: &Query, skip: usize) -> StoreResult<Option<Cursor>>;

    /// Records whose `field` equals one of `values`, in no order. At most 1,000 values.
    async fn get_many(&self, collection: &str, field: &str, values: &[Bson]) -> StoreResult<Vec<RawDocumentBuf>>;

    async fn count(&self, collection: &str, filter: &Filter) -> StoreResult<u64>;

    /// Values of a field with their counts, most frequent first; lists count by element.
    async fn facet(&self, collection: &str, field: &str, filter: &Filter, limit: usize) -> StoreResult<FacetCount>;

    /// Equal-width bins between the smallest and the largest number; `None` where there is no number.
    async fn histogram(&self, collection: &str, field: &str, filter: &Filter, bins: usize) -> StoreResult<Option<Histogram>>;

    /// Cuts a collection into at most `parts` disjoint parts that cover it.
    async fn partitions(&self, collection: &str, parts: usize) -> StoreResult<Vec<Partition>>;

    /// Streams the records of a part (or all) that fit the filter. Text search is not served here.
    async fn scan(&self, collection: &str, filter: &Filter, part: Option<Partition>) -> StoreResult<RecordStream>;

    /// Writes a batch: in one transaction where the store has them, else history, data and confirmation in this order.
    ///
    /// With [`Durability::Full`] the batch is all or nothing as far as the store can, and a failed expectation or
    /// duplicate key is an error of kind `Conflict` or `DuplicateKey`. With [`Durability::Bulk`] operations fail one
    /// by one and are listed in the report. A batch whose [`Fence`] does not be is refused with `Fenced`.
    async fn write(&self, batch: WriteBatch, durability: Durability) -> StoreResult<WriteReport>;

    /// Before a big load into an empty collection: index upkeep may be put off until [`Store::end_load`].
    async fn begin_load(&self, collection: &str) -> StoreResult<()>;

    /// Builds what [`Store::begin_load`] put off; safe to call at any time, and done at open after a crash. Where nobody
    /// else can write meanwhile, the lease of the fence is renewed in the same step.
    async fn end_load(&self, collection: &str, fence: Option<&Fence>) -> StoreResult<()>;

    /// Changes after `since`, or from now on. Ends only with an error or when dropped.
    async fn changes(&self, since: Option<ResumeToken>) -> StoreResult<ChangeStream>;

    /// Where the change feed is now.
    async fn change_position(&self) -> StoreResult<ResumeToken>;

    /// Says whether changes are kept so that they can be done again. A server that reports changes does so by itself.
    async fn record_changes(&self, on: bool) -> StoreResult<()>;

    /// Changes after a position and up to now, so that they can be done again; then the position that this led to.
    /// People's collections, and those that an import or a restore holds next to them. What was given out up to
    /// `since` may be forgotten by this.
    ///
    /// Errors: `NotFound` where the changes are not kept as far back as that.
    async fn replay(&self, since: &Position) -> StoreResult<ReplayStream>;
}
