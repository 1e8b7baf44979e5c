//! The last quality report of a collection, as it is stored. Measuring is a capability above; what it found belongs to the
//! workspace, so that a backup can say how many of its records were invalid.

use steward_domain::quality::QualityReport;
use steward_store::names;

use crate::error::Result;
use crate::workspace::Workspace;
use crate::{docs, history};

/// The last report, if there is one.
pub async fn last(workspace: &Workspace, collection: &str) -> Result<Option<QualityReport>> {
    let doc = workspace.own_document(names::QUALITY, collection).await?;
    doc.map(|d| docs::from_document(&d)).transpose()
}

/// Whether the collection was written to after a time (RFC 3339, UTC).
pub async fn changed_since(workspace: &Workspace, collection: &str, at: &str) -> Result<bool> {
    let newest = history::list(workspace, Some(collection), None, 1).await?;
    Ok(newest.first().is_some_and(|set| set.at.as_str() > at))
}
