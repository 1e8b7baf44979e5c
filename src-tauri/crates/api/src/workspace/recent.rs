//! Workspaces that were opened before: a small file in the user's data folder, without secrets.

use std::path::{Path, PathBuf};

use crate::dto::{RecentWorkspace, WorkspaceKind};
use crate::error::{ApiError, ApiResult};
use crate::machine;

const KEPT: usize = 20;

/// An entry of the file.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    pub workspace: RecentWorkspace,
    pub production: bool,
}

/// The list of recent workspaces.
#[derive(Debug)]
pub struct Recent {
    path: PathBuf,
}

impl Recent {
    pub fn new(data: &Path) -> Self {
        Self { path: data.join("recent.json") }
    }

    /// Newest first. A file that cannot be read counts as empty.
    pub fn list(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = machine::read(&self.path);
        for entry in &mut entries {
            entry.workspace.exists = entry.workspace.kind == WorkspaceKind::Mongo || Path::new(&entry.workspace.address).exists();
        }
        entries
    }

    pub fn find(&self, id: &str) -> ApiResult<Entry> {
        let found = self.list().into_iter().find(|e| e.workspace.id == id);
        found.ok_or_else(|| ApiError::not_found("This workspace is not on the list any more."))
    }

    /// Whether the workspace at an address was marked as production.
    pub fn is_production(&self, address: &str) -> bool {
        let path = whole_path(address);
        self.list().iter().any(|e| e.production && (e.workspace.address == address || e.workspace.address == path))
    }

    /// Puts a workspace in front. Its id stays the same for the same address.
    pub fn remember(&self, name: &str, kind: WorkspaceKind, address: &str, production: bool) -> ApiResult<()> {
        let mut entries = self.list();
        let address = if kind == WorkspaceKind::File { &whole_path(address) } else { address };
        entries.retain(|e| e.workspace.address != address);
        let id = format!("{:016x}", steward_workspace::hash(address.as_bytes()));
        let opened_at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let workspace = RecentWorkspace { id, name: name.to_owned(), kind, address: address.to_owned(), opened_at, exists: true };
        entries.insert(0, Entry { workspace, production });
        entries.truncate(KEPT);
        self.save(&entries)
    }

    pub fn forget(&self, id: &str) -> ApiResult<()> {
        let mut entries = self.list();
        entries.retain(|e| e.workspace.id != id);
        self.save(&entries)
    }

    fn save(&self, entries: &[Entry]) -> ApiResult<()> {
        machine::write(&self.path, entries, "The list of recent workspaces cannot be written.")
    }
}

/// A path from the command line may begin at the folder that the program was started in.
fn whole_path(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |whole| whole.display().to_string())
}
