//! Writing records to files: a temporary name first, renamed when whole.

mod losses;

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use bson::{Bson, RawDocumentBuf};
use futures::StreamExt;
use serde_json::Value as Json;
use steward_domain::value;
use steward_sources::formulas;
use steward_store::upsert;

use self::losses::Losses;
use steward_workspace::{Error, Progress, Result, Workspace, selection::Selection};

/// Records of a page, where there are pages.
const PAGE: usize = 1000;

/// File formats of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Ndjson,
    Json,
    Csv,
}

/// A file that appears under its name only when it is whole.
pub(crate) struct Whole {
    out: std::io::BufWriter<tempfile::NamedTempFile>,
}

impl Whole {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::NamedTempFile::new_in(folder).map_err(|e| Error::file(path, e))?;
        Ok(Self { out: std::io::BufWriter::with_capacity(256 << 10, file) })
    }

    pub(crate) fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|e| Error::file(path, e))
    }

    pub(crate) fn finish(self, path: &Path) -> Result<()> {
        let file = self.out.into_inner().map_err(|e| Error::file(path, e.into_error()))?;
        file.as_file().sync_all().map_err(|e| Error::file(path, e))?;
        file.persist(path).map_err(|e| Error::file(path, e.error))?;
        Ok(())
    }
}

/// What an export wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub records: i64,
    /// What the format cannot say of them.
    pub notes: Vec<String>,
}

/// Writes the selected records.
pub async fn records(
    workspace: &Workspace,
    collection: &str,
    chosen: &Arc<dyn Selection>,
    format: Format,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Written> {
    let settings = workspace.existing(collection).await?;
    progress.phase("Writing");
    progress.total(chosen.count(workspace, collection).await?);
    let columns = if format == Format::Csv { columns(workspace, collection, chosen).await? } else { Vec::new() };
    let mut file = Whole::create(path)?;
    let mut lines = Vec::new();
    match format {
        Format::Json => lines.push(b'['),
        Format::Csv => csv_header(&columns, &mut lines),
        Format::Ndjson => {}
    }
    let described = match settings.schema.as_str() {
        "" => Vec::new(),
        schema => workspace.registry.get(schema)?.known_fields().map(str::to_owned).collect(),
    };
    let mut losses = Losses::new(described.into_iter());
    let mut written = 0_i64;
    let mut pages = pages(workspace, collection, chosen).await?;
    while let Some(batch) = pages.next().await {
        progress.checkpoint()?;
        for raw in batch? {
            let doc = upsert::decode(&raw)?;
            match format {
                Format::Ndjson => lines.extend(format!("{}\n", Json::Object(value::doc_to_ext(&doc))).into_bytes()),
                Format::Json => {
                    let between = if written == 0 { "" } else { "," };
                    lines.extend(format!("{between}\n{}", Json::Object(value::doc_to_ext(&doc))).into_bytes());
                }
                Format::Csv => {
                    losses.note(&doc);
                    csv_line(columns.iter().map(|c| cell(doc.get(c))), &mut lines);
                }
            }
            written += 1;
        }
        file.write(path, &lines)?;
        lines.clear();
        progress.done(u64::try_from(written).unwrap_or(0));
    }
    if format == Format::Json {
        lines.extend(b"\n]\n");
    }
    file.write(path, &lines)?;
    file.finish(path)?;
    Ok(Written { records: written, notes: losses.notes() })
}

type Batches = std::pin::Pin<Box<dyn futures::Stream<Item = Result<Vec<RawDocumentBuf>>> + Send>>;

/// A scan, or pages where a text search needs its index or the records are listed elsewhere.
async fn pages(workspace: &Workspace, collection: &str, chosen: &Arc<dyn Selection>) -> Result<Batches> {
    if let Some(filter) = chosen.filter_alone().filter(|filter| filter.split_text().0.is_none()) {
        let scan = workspace.store.scan(collection, filter, None).await?;
        return Ok(Box::pin(scan.map(|batch| batch.map_err(Error::from))));
    }
    let start = (workspace.clone(), collection.to_owned(), Arc::clone(chosen), Some(None));
    Ok(Box::pin(futures::stream::try_unfold(start, |(workspace, collection, chosen, after)| async move {
        let Some(after) = after else {
            return Ok(None);
        };
        let (records, next) = chosen.page(&workspace, &collection, after, PAGE).await?;
        Ok(Some((records, (workspace, collection, chosen, next.map(Some)))))
    })))
}

/// Columns of a CSV export: the schema's fields, then what any record has besides.
async fn columns(workspace: &Workspace, collection: &str, chosen: &Arc<dyn Selection>) -> Result<Vec<String>> {
    let settings = workspace.settings(collection).await?;
    let mut columns: Vec<String> = Vec::new();
    if !settings.schema.is_empty() {
        columns.extend(workspace.registry.get(&settings.schema)?.known_fields().map(str::to_owned));
    }
    let mut known: HashSet<String> = columns.iter().cloned().collect();
    let mut pages = pages(workspace, collection, chosen).await?;
    while let Some(batch) = pages.next().await {
        for raw in batch? {
            for (name, _) in raw.iter().flatten() {
                if !known.contains(name.as_str()) {
                    known.insert(name.as_str().to_owned());
                    columns.push(name.as_str().to_owned());
                }
            }
        }
    }
    Ok(columns)
}

/// A value as the text of a cell.
pub(crate) fn cell(value: Option<&Bson>) -> Cow<'_, str> {
    match value {
        None | Some(Bson::Null) => Cow::Borrowed(""),
        Some(Bson::String(text)) => Cow::Borrowed(text),
        Some(Bson::Decimal128(digits)) => Cow::Owned(digits.to_string()),
        Some(other) => Cow::Owned(match value::to_plain(other) {
            Json::String(text) => text,
            json => json.to_string(),
        }),
    }
}

/// The line with the names of the columns. The first of them is quoted where it need not be, and the others are not: that is
/// how an import knows such a file again, and takes off the apostrophes that [`csv_line`] puts before formulas.
fn csv_header(names: &[String], out: &mut Vec<u8>) {
    let begin = out.len();
    csv_line(names.iter(), out);
    if let Some(first) = names.first()
        && out.get(begin) != Some(&b'"')
    {
        out.splice(begin..begin + first.len(), format!("\"{first}\"").into_bytes());
    }
}

/// Adds one CSV line (RFC 4180). A cell that a spreadsheet would run as a formula gets an apostrophe in front; so does one that
/// would look the same then.
pub(crate) fn csv_line<S: AsRef<str>>(cells: impl Iterator<Item = S>, out: &mut Vec<u8>) {
    for (at, cell) in cells.enumerate() {
        let cell = cell.as_ref();
        if at > 0 {
            out.push(b',');
        }
        let formula = formulas::needs_apostrophe(cell);
        let bytes = cell.as_bytes();
        if formula || memchr::memchr3(b',', b'"', b'\n', bytes).or_else(|| memchr::memchr(b'\r', bytes)).is_some() {
            out.push(b'"');
            if formula {
                out.push(b'\'');
            }
            let mut from = 0;
            for quote in memchr::memchr_iter(b'"', bytes) {
                out.extend_from_slice(&bytes[from..=quote]);
                from = quote;
            }
            out.extend_from_slice(&bytes[from..]);
            out.push(b'"');
        } else {
            out.extend_from_slice(bytes);
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_defuses_formulas_and_quotes() {
        let line = |cells: &[&str]| {
            let mut line = Vec::new();
            csv_line(cells.iter(), &mut line);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(line(&["a", "b,c", "say \"x\"", "=1+1", "-5", "-x"]), "a,\"b,c\",\"say \"\"x\"\"\",\"'=1+1\",-5,\"'-x\"\r\n");
    }
}
