//! Which records of a collection: those that fit a filter, or those that another capability lists.

use async_trait::async_trait;
use bson::RawDocumentBuf;
use steward_domain::Filter;
use steward_store::{Cursor, Query};

use crate::error::Result;
use crate::workspace::Workspace;

/// Records of a collection, counted and read page by page.
#[async_trait]
pub trait Selection: Send + Sync {
    /// How many records there are.
    async fn count(&self, workspace: &Workspace, collection: &str) -> Result<u64>;

    /// At most `limit` records after a cursor, and the cursor of the next page.
    async fn page(
        &self,
        workspace: &Workspace,
        collection: &str,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<RawDocumentBuf>, Option<String>)>;

    /// The filter where nothing but a filter selects the records: a store can then stream them.
    fn filter_alone(&self) -> Option<&Filter> {
        None
    }
}

#[async_trait]
impl Selection for Filter {
    async fn count(&self, workspace: &Workspace, collection: &str) -> Result<u64> {
        Ok(workspace.store.count(collection, self).await?)
    }

    async fn page(
        &self,
        workspace: &Workspace,
        collection: &str,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<RawDocumentBuf>, Option<String>)> {
        let page = workspace.store.find(collection, &Query::new(self.clone(), limit).after(after.map(Cursor))).await?;
        Ok((page.records, page.next.map(|c| c.0)))
    }

    fn filter_alone(&self) -> Option<&Filter> {
        Some(self)
    }
}
