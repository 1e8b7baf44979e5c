//! Everything in a workspace as it was at one point in time: what a backup reads.

use async_trait::async_trait;

use crate::{Definition, Position, RecordStream, StoreResult};

/// How far a snapshot is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consistency {
    /// All collections at the same point in time.
    PointInTime,
    /// Each collection while it was read, because of what the sentence says.
    Fuzzy(String),
}

/// A collection in a snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotCollection {
    pub name: String,
    pub definition: Definition,
    /// As the store estimates it; for progress only.
    pub records: u64,
    /// It is not read as of the point in time of the others: why, as the end of a sentence that begins with its name.
    pub apart: Option<String>,
}

/// A view of a workspace that later writes do not change. Kept alive by holding it; dropped, it is given up.
#[async_trait]
pub trait Snapshot: Send + Sync {
    fn consistency(&self) -> Consistency;

    /// Where the change feed was at that moment, where there is one: what comes after it is not in the snapshot.
    fn position(&self) -> Option<Position>;

    /// All collections and views, Steward's own included, by name.
    fn collections(&self) -> &[SnapshotCollection];

    /// What people may have made and is not among them: sentences.
    fn left_out(&self) -> &[String] {
        &[]
    }

    /// The records of a collection in batches, in no order. Those of a time-series collection are its buckets.
    async fn scan(&self, collection: &str) -> StoreResult<RecordStream>;
}
