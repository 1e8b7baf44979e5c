//! A file in two: its valid rows and its invalid rows, each with the bytes that they came with.

use std::path::Path;

use futures::StreamExt;
use steward_sources::Framing;

use crate::export::Whole;
use crate::import::{ImportSpec, Reading, SourceFile, checked, size};
use crate::rows::RowValidation;
use steward_workspace::{Error, Progress, Result, Workspace, key_index::KeyIndex};

/// Where the halves go; one that is not wanted is not written.
#[derive(Debug, Clone, Default)]
pub struct Halves<T> {
    pub valid: T,
    pub invalid: T,
}

/// How the rows of a file are put together again: what its name ends in, and whether their bytes are kept.
fn framing(file: &SourceFile) -> Result<Framing> {
    let path = file.path()?;
    steward_sources::framing(path, &file.choice).map_err(|e| Error::source(path, e))
}

/// Names for the halves of a file: `rows.valid.csv` and `rows.invalid.csv`, without the end that a compression gives.
pub fn names(file: &SourceFile) -> Result<Halves<String>> {
    let framing = framing(file)?;
    let mut stem = file.name.as_str();
    for end in [".gz", ".zst", ".bz2", ".zip"] {
        stem = stem.strip_suffix(end).unwrap_or(stem);
    }
    let (stem, end) = match (stem.rsplit_once('.'), framing.extension) {
        (Some((stem, own)), None) => (stem, own),
        (Some((stem, _)), Some(end)) => (stem, end),
        (None, end) => (stem, end.unwrap_or("txt")),
    };
    Ok(Halves { valid: format!("{stem}.valid.{end}"), invalid: format!("{stem}.invalid.{end}") })
}

/// One half on its way.
struct Half<'a> {
    path: &'a Path,
    file: Whole,
    rows: i64,
}

impl<'a> Half<'a> {
    fn begin(path: &'a Path, framing: &Framing) -> Result<Self> {
        let mut file = Whole::create(path)?;
        file.write(path, &framing.head)?;
        Ok(Self { path, file, rows: 0 })
    }

    fn row(&mut self, framing: &Framing, bytes: &[u8]) -> Result<()> {
        if self.rows > 0 {
            self.file.write(self.path, &framing.between)?;
        }
        self.file.write(self.path, bytes)?;
        self.file.write(self.path, &framing.after)?;
        self.rows += 1;
        Ok(())
    }

    fn finish(mut self, framing: &Framing) -> Result<i64> {
        self.file.write(self.path, &framing.tail)?;
        self.file.finish(self.path)?;
        Ok(self.rows)
    }
}

/// Splits the one file of a spec; gives how many rows went where. Streamed: rows are written as they are checked.
pub async fn split(workspace: &Workspace, spec: &ImportSpec, to: Halves<Option<&Path>>, progress: &dyn Progress) -> Result<Halves<i64>> {
    let [file] = spec.files.as_slice() else {
        return Err(Error::BadRequest("Choose one file to split.".into()));
    };
    progress.phase("Checking");
    progress.total(size(file).await?);
    let framing = framing(file)?;
    let mut halves = Halves {
        valid: to.valid.map(|path| Half::begin(path, &framing)).transpose()?,
        invalid: to.invalid.map(|path| Half::begin(path, &framing)).transpose()?,
    };
    let mut rows = Halves::<i64>::default();
    let mut seen = KeyIndex::default();
    let stream = checked(spec.files.clone(), Reading::of(workspace, spec)?);
    let mut stream = std::pin::pin!(stream);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        progress.checkpoint()?;
        progress.done(batch.position());
        for row in batch.into_parts().0 {
            let is_valid = match row.validation {
                RowValidation::Valid { key_hash, .. } => spec.duplicates.lets_later_in() || seen.note(key_hash, 0, row.number)?.is_none(),
                RowValidation::Invalid { .. } => false,
            };
            let (half, count) = if is_valid { (&mut halves.valid, &mut rows.valid) } else { (&mut halves.invalid, &mut rows.invalid) };
            *count += 1;
            if let Some(half) = half {
                half.row(&framing, &framing.bytes(&row.raw))?;
            }
        }
    }
    for half in [halves.valid, halves.invalid].into_iter().flatten() {
        half.finish(&framing)?;
    }
    Ok(rows)
}
