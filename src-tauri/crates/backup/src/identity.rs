//! Who a backup is of, and what it is called.

use bson::doc;
use steward_store::{StoreErrorKind, names};
use steward_workspace::{Result, Workspace};

use crate::manifest::Source;

const MARK: &str = "workspace";

/// The workspace, as a manifest names it. Its mark is made when it is first asked for; a workspace that is only read goes by
/// its address.
pub async fn of(workspace: &Workspace) -> Result<Source> {
    let info = workspace.store.info().await?;
    let mark = match workspace.own_document(names::CATALOG, MARK).await? {
        Some(found) => found.get_str("mark").unwrap_or_default().to_owned(),
        None if workspace.can_write() => {
            let mark = steward_workspace::workspace::new_id();
            match workspace.put(names::CATALOG, &doc! { "_id": MARK, "mark": &mark }).await {
                Ok(()) => mark,
                Err(steward_workspace::Error::Store(e)) if e.kind == StoreErrorKind::Forbidden => info.address.clone(),
                Err(e) => return Err(e),
            }
        }
        None => info.address.clone(),
    };
    Ok(Source { workspace: mark, name: info.name, address: info.address, server: info.server })
}

/// The workspace's mark, if it was ever needed: nothing is written for a look.
pub async fn known(workspace: &Workspace) -> Result<Option<String>> {
    let found = workspace.own_document(names::CATALOG, MARK).await?;
    Ok(found.and_then(|doc| doc.get_str("mark").ok().map(str::to_owned)))
}

/// A name that is a file name everywhere: `career_db-20261122T114503Z-1f3a9c`.
pub fn backup_id(workspace: &str, at: chrono::DateTime<chrono::Utc>) -> String {
    let chance = steward_workspace::workspace::new_id();
    let tail = &chance[chance.len().saturating_sub(6)..];
    format!("{}-{}-{tail}", plain(workspace, 60), at.format("%Y%m%dT%H%M%SZ"))
}

/// A name that a MongoDB database can have.
pub fn database_name(workspace: &str) -> String {
    plain(workspace, 60)
}

fn plain(name: &str, longest: usize) -> String {
    let mut out: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' }).collect();
    out.truncate(longest);
    if out.is_empty() { "workspace".into() } else { out }
}
