//! Native dialogs. Paths are chosen here, in Rust; the page only ever sees ids of files.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock, mpsc};

use async_trait::async_trait;
use rfd::{AsyncFileDialog, AsyncMessageDialog, MessageButtons, MessageDialogResult, MessageLevel};
use steward_api::dto::{FilePurpose, HostKind};
use steward_api::host::{Host, Notifier};
use steward_api::{ApiError, ApiResult, ErrorCode};

use crate::notifier::DesktopNotifier;

/// The desktop.
#[derive(Default)]
pub struct DesktopHost {
    handle: OnceLock<tauri::AppHandle>,
}

impl DesktopHost {
    /// Dialogs need the running application.
    pub fn attach(&self, handle: tauri::AppHandle) {
        let _ = self.handle.set(handle);
    }
}

fn failed(details: impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorCode::Internal, "The file dialog cannot be opened.").details(details.to_string())
}

/// Makes a dialog on the main thread, as window systems want it, and waits for it elsewhere.
async fn on_main<T, F>(handle: &tauri::AppHandle, make: impl FnOnce() -> F + Send + 'static) -> ApiResult<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let (send, receive) = mpsc::channel();
    handle
        .run_on_main_thread(move || {
            // The receiver is gone only when nobody waits any more.
            let _ = send.send(make());
        })
        .map_err(failed)?;
    let dialog = tokio::task::spawn_blocking(move || receive.recv()).await.map_err(failed)?.map_err(failed)?;
    Ok(dialog.await)
}

/// Asks a question whose careful answer is the default.
pub async fn confirm(handle: &tauri::AppHandle, title: &str, text: &str, yes: &'static str, no: &'static str) -> bool {
    let (title, text) = (title.to_owned(), text.to_owned());
    let make = move || {
        AsyncMessageDialog::new()
            .set_level(MessageLevel::Warning)
            .set_title(title)
            .set_description(text)
            .set_buttons(MessageButtons::OkCancelCustom(yes.into(), no.into()))
            .show()
    };
    match on_main(handle, make).await {
        Ok(MessageDialogResult::Ok | MessageDialogResult::Yes) => true,
        Ok(MessageDialogResult::Custom(label)) => label == yes,
        Ok(MessageDialogResult::Cancel | MessageDialogResult::No) | Err(_) => false,
    }
}

/// Endings of files that records usually come in; any other file can be chosen as well.
const RECORDS: &[&str] = &[
    "json", "ndjson", "jsonl", "csv", "tsv", "txt", "xlsx", "xls", "xlsb", "ods", "db", "sqlite", "bson", "archive", "gz", "zst", "bz2",
    "zip",
];

fn dialog(purpose: &FilePurpose) -> AsyncFileDialog {
    match purpose {
        FilePurpose::Import => {
            AsyncFileDialog::new().set_title("Choose files to import").add_filter("Records", RECORDS).add_filter("All files", &["*"])
        }
        FilePurpose::OpenWorkspace => AsyncFileDialog::new()
            .set_title("Open a workspace")
            .add_filter("Steward workspace", &["steward"])
            .add_filter("All files", &["*"]),
        FilePurpose::NewWorkspace => AsyncFileDialog::new().set_title("Make a new workspace").add_filter("Steward workspace", &["steward"]),
        FilePurpose::Export => AsyncFileDialog::new().set_title("Save as"),
        FilePurpose::Folder => AsyncFileDialog::new().set_title("Choose a folder"),
        FilePurpose::Archive => AsyncFileDialog::new()
            .set_title("Choose a backup")
            .add_filter("Backups", &["json", "archive", "zst", "gz", "age"])
            .add_filter("All files", &["*"]),
    }
}

/// What the next dialogs answer in end-to-end tests, which cannot reach a native one. Debug builds only.
fn rehearsed() -> Option<Vec<PathBuf>> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let paths = std::env::var_os("STEWARD_TEST_PICK")?;
    Some(std::env::split_paths(&paths).collect())
}

#[async_trait]
impl Host for DesktopHost {
    fn kind(&self) -> HostKind {
        HostKind::Desktop
    }

    fn notifiers(&self) -> Vec<Arc<dyn Notifier>> {
        vec![Arc::new(DesktopNotifier)]
    }

    fn can_pick_files(&self) -> bool {
        true
    }

    fn can_confirm(&self) -> bool {
        true
    }

    async fn confirm(&self, title: &str, text: &str) -> ApiResult<bool> {
        if rehearsed().is_some() {
            return Ok(true);
        }
        let handle = self.handle.get().ok_or_else(|| failed("the window is not ready"))?;
        Ok(confirm(handle, title, text, "Agree", "Do not agree").await)
    }

    async fn pick_open(&self, purpose: FilePurpose, multiple: bool) -> ApiResult<Vec<PathBuf>> {
        if let Some(paths) = rehearsed() {
            return Ok(paths);
        }
        let handle = self.handle.get().ok_or_else(|| failed("the window is not ready"))?;
        if purpose == FilePurpose::Folder {
            let picked = on_main(handle, move || dialog(&purpose).pick_folder()).await?;
            return Ok(picked.into_iter().map(|f| f.path().to_owned()).collect());
        }
        if multiple {
            let picked = on_main(handle, move || dialog(&purpose).pick_files()).await?;
            return Ok(picked.unwrap_or_default().into_iter().map(|f| f.path().to_owned()).collect());
        }
        let picked = on_main(handle, move || dialog(&purpose).pick_file()).await?;
        Ok(picked.into_iter().map(|f| f.path().to_owned()).collect())
    }

    async fn pick_save(&self, purpose: FilePurpose, suggested: &str) -> ApiResult<Option<PathBuf>> {
        if let Some(paths) = rehearsed() {
            return Ok(paths.into_iter().next());
        }
        let handle = self.handle.get().ok_or_else(|| failed("the window is not ready"))?;
        let suggested = suggested.to_owned();
        let new_workspace = purpose == FilePurpose::NewWorkspace;
        let picked = on_main(handle, move || dialog(&purpose).set_file_name(suggested).save_file()).await?;
        let path = picked.map(|f| f.path().to_owned());
        Ok(path.map(|p| if new_workspace && p.extension().is_none() { p.with_extension("steward") } else { p }))
    }
}
