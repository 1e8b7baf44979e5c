//! Small files that this machine keeps about workspaces, in the user's data folder: JSON, for their owner alone, replaced as a whole.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use steward_store::private;

use crate::error::{ApiError, ApiResult, ErrorCode};

/// What a file holds. One that is not there or cannot be read holds nothing.
pub(crate) fn read<T: DeserializeOwned + Default>(path: &Path) -> T {
    std::fs::read_to_string(path).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Replaces a file.
///
/// # Errors
/// `Internal` with this sentence: the folder cannot be written.
pub(crate) fn write<T: Serialize + ?Sized>(path: &Path, held: &T, sentence: &str) -> ApiResult<()> {
    let failed = |e: std::io::Error| ApiError::new(ErrorCode::Internal, sentence).details(e.to_string());
    let folder = path.parent().unwrap_or(Path::new("."));
    private::folder(folder).map_err(failed)?;
    let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    private::write(file.path(), serde_json::to_string_pretty(held).unwrap_or_default().as_bytes()).map_err(failed)?;
    file.persist(path).map(|_| ()).map_err(|e| failed(e.error))
}
