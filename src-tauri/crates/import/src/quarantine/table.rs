//! The table of rows to correct: which columns it has, and how a line is matched to the row that it was written from.

use std::collections::HashSet;

use steward_domain::QuarantineEntry;
use steward_domain::value::Value;

use steward_sources::formulas::without_apostrophe;

use crate::export::cell;
use steward_workspace::{Workspace, hash};

/// Columns that are Steward's own. They come first, and no field of a record is taken from them.
pub const OWN: [&str; 5] = ["quarantine_id", "quarantine_version", "quarantine_file", "quarantine_row", "quarantine_problems"];

/// The state of a row, for the column of the same name: a line that was written from another state is not taken.
/// It begins with a letter, so that no spreadsheet takes it for a number.
pub fn version(entry: &QuarantineEntry) -> String {
    let document = entry.document.as_ref().and_then(Value::as_document);
    let bytes = document.and_then(|d| bson::RawDocumentBuf::try_from(d).ok()).map(bson::RawDocumentBuf::into_bytes);
    format!("v{:016x}", bytes.map_or(0, |b| hash(&b)))
}

/// Names of fields, each once, in the order in which they are met.
#[derive(Debug, Default)]
pub struct Fields {
    pub names: Vec<String>,
    known: HashSet<String>,
    schemas: HashSet<String>,
}

impl Fields {
    /// Adds the fields of an entry: those of its schema, then those of its record.
    pub fn add(&mut self, workspace: &Workspace, entry: &QuarantineEntry) {
        if self.schemas.insert(entry.schema.clone())
            && let Ok(pack) = workspace.registry.get(&entry.schema)
        {
            pack.known_fields().for_each(|name| self.note(name));
        }
        for name in entry.document.as_ref().and_then(Value::as_document).into_iter().flat_map(|d| d.keys()) {
            self.note(name);
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    fn note(&mut self, name: &str) {
        if !self.known.contains(name) {
            self.known.insert(name.to_owned());
            self.names.push(name.to_owned());
        }
    }
}

/// The cell still says what was written into it. Spreadsheets keep the apostrophe that defuses a formula, and some write other
/// line ends.
pub fn is_as_written(given: &str, value: Option<&bson::Bson>) -> bool {
    let written = cell(value);
    let same = |text: &str| text == written || (text.contains('\r') || written.contains('\r')) && plain(text) == plain(&written);
    same(given) || without_apostrophe(given).is_some_and(same)
}

fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
