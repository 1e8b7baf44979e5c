//! The version of how Steward's own documents are stored in a workspace. A file has its own number next to it for its tables (see
//! `store-sqlite`); this one is the same on both stores. Nothing is written when a workspace is opened: the number is stored next to the
//! first entry of the history, and a workspace without one has the first layout.

use bson::doc;
use steward_store::{StoreError, StoreErrorKind, WriteOp, names};

use crate::error::Result;
use crate::workspace::Workspace;

/// The layout that this program writes.
pub const LAYOUT: i32 = 1;
/// The layout before there was a number.
const FIRST: i32 = 1;
const ID: &str = "layout";

/// The write that notes the layout.
pub(crate) fn note() -> Result<WriteOp> {
    Ok(WriteOp::put(names::CATALOG, &doc! { "_id": ID, "version": LAYOUT })?)
}

/// The layout of a workspace.
pub async fn of(workspace: &Workspace) -> Result<i32> {
    let noted = workspace.own_document(names::CATALOG, ID).await?;
    Ok(noted.and_then(|doc| doc.get_i32("version").ok()).unwrap_or(FIRST))
}

/// Refuses a layout that this program does not know.
///
/// Errors: `NewerVersion`.
pub(crate) async fn check(workspace: &Workspace) -> Result<()> {
    let found = of(workspace).await?;
    if found > LAYOUT {
        let message = format!("This workspace was written by a newer version of Steward (layout {found}; this one supports {LAYOUT}).");
        return Err(StoreError::new(StoreErrorKind::NewerVersion, message).into());
    }
    Ok(())
}
