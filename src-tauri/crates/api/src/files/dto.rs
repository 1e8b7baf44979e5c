//! Files that the host handed over. The interface holds ids, never paths that it made up.

use crate::dto::wire;

wire! {
    pub enum FilePurpose { Import, OpenWorkspace, NewWorkspace, Export, Folder, Archive }

    pub struct PickOpen { pub purpose: FilePurpose, pub multiple: bool }

    pub struct PickSave { pub purpose: FilePurpose, pub suggested_name: String }

    /// A file that may be read or written: picked in a native dialog, dropped, uploaded, or named on the command line.
    pub struct FileHandle { pub id: String, pub name: String, pub bytes: i64 }

    /// What was picked; empty when the dialog was cancelled.
    pub struct PickedFiles { pub files: Vec<FileHandle> }
}
