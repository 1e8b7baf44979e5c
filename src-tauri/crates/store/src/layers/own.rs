//! Steward's own collections are made when something is first written to them, with their indexes: a database that is
//! only looked at stays as it is.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::{IndexSpec, Store, StoreErrorKind, StoreResult, WriteBatch, WriteOp, names};

/// Those that are known to be there.
#[derive(Debug, Default)]
pub(super) struct OwnCollections(Mutex<HashSet<String>>);

impl OwnCollections {
    /// Makes what a batch is going to write to.
    pub(super) async fn prepare(&self, store: &dyn Store, batch: &WriteBatch) -> StoreResult<()> {
        for name in self.missing(batch) {
            self.make(store, &name).await?;
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        }
        Ok(())
    }

    fn missing(&self, batch: &WriteBatch) -> Vec<String> {
        let ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing: Vec<String> = Vec::new();
        for op in batch.history.iter().chain(&batch.data).chain(&batch.confirm) {
            let name = op.collection();
            let adds = matches!(op, WriteOp::Insert { .. } | WriteOp::Put { .. });
            if adds && names::is_own(name) && !ready.contains(name) && !missing.iter().any(|m| m == name) {
                missing.push(name.to_owned());
            }
        }
        missing
    }

    async fn make(&self, store: &dyn Store, name: &str) -> StoreResult<()> {
        let mut made = store.create_collection(name).await;
        for field in names::indexed_fields(name).unwrap_or_default() {
            if made.is_ok() {
                made = store.ensure_index(name, &IndexSpec::on(field)).await;
            }
        }
        match made {
            // Allowed to write into what exists, but not to make what does not: the write itself will tell.
            Err(e) if e.kind == StoreErrorKind::Forbidden => Ok(()),
            other => other,
        }
    }
}
