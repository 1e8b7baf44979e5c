//! Changes that can be done again, one after the other, on what a backup holds: what an increment is made of.
//!
//! Other than the change feed, which says that something changed, this says to what.

use bson::{Bson, Document, RawDocumentBuf};
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::{Definition, Delta, ResumeToken, StoreResult};

/// A point in the life of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Where to go on; means something to the adapter only.
    pub token: ResumeToken,
    /// Grows with every change, and is the same for changes that were made in one step.
    pub mark: i64,
    /// Milliseconds since 1970, by the clock of the store.
    pub at: i64,
}

/// What happened to a collection or to one of its records.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The record is this now, whether or not it was there before.
    Put(RawDocumentBuf),
    /// The record was changed in some places.
    Patch(Delta),
    /// The record of this `_id` is gone.
    Delete(Bson),
    /// The collection is gone.
    Drop,
    /// The collection has another name; what had that name before is gone.
    Rename {
        to: String,
    },
    /// The collection is there and is this next to its records.
    Define(Definition),
    /// It has this index; another one of its name is gone.
    Index(Document),
    DropIndex(String),
    /// Some of its options are others.
    Options(Document),
}

impl Step {
    /// About a record; everything else is about the collection as a whole.
    pub fn is_of_record(&self) -> bool {
        matches!(self, Self::Put(_) | Self::Patch(_) | Self::Delete(_))
    }
}

/// One change, in the order in which they were made.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// See [`Position`].
    pub mark: i64,
    /// Milliseconds since 1970, by the clock of the store. Servers before 6.0 tell the second only.
    pub at: i64,
    pub collection: String,
    pub step: Step,
}

/// What a replay hands over.
#[derive(Debug)]
pub enum Replayed {
    Changes(Vec<Change>),
    /// The last item: everything up to here was handed over.
    End(Position),
}

/// Ends with [`Replayed::End`], or with an error.
pub type ReplayStream = BoxStream<'static, StoreResult<Replayed>>;
