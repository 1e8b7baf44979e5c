//! The entries of rows that are kept out: how they are made, and why the store turned a row away.

use std::borrow::Cow;

use bson::Bson;
use steward_domain::run::RunFile;
use steward_domain::{QuarantineEntry, QuarantineStatus, Value, Violation};
use steward_store::upsert::{self, Incoming, Outcome};

use super::again::Seeds;
use super::{FineRow, ImportSpec};
use steward_workspace::Workspace;

/// A row that is kept out.
pub(super) struct RejectedRow<'a> {
    pub file: &'a RunFile,
    /// Its place among the files of the run.
    pub at: usize,
    pub number: u64,
    pub offset: u64,
    pub raw: &'a [u8],
    pub document: Option<bson::Document>,
}

/// The entry of a row that waits in quarantine.
pub(super) fn waiting(
    workspace: &Workspace,
    spec: &ImportSpec,
    run: &str,
    row: RejectedRow<'_>,
    errors: Vec<Violation>,
) -> QuarantineEntry {
    let (raw, raw_base64) = as_it_came(row.raw);
    QuarantineEntry {
        id: format!("{run}-{}-{}", row.at, row.number),
        run_id: run.to_owned(),
        collection: spec.collection.clone(),
        source_file: row.file.name.clone(),
        source_hash: row.file.sha256.clone(),
        row_number: i64::try_from(row.number).unwrap_or(i64::MAX),
        byte_offset: i64::try_from(row.offset).unwrap_or(i64::MAX),
        raw: raw.into_owned(),
        raw_base64,
        document: row.document.map(Value::from),
        errors,
        schema: spec.schema.clone(),
        status: QuarantineStatus::Waiting,
        quarantined_at: workspace.clock.stamp(),
        edited: false,
        resolved_at: None,
        reason: None,
        record_key: None,
        was: None,
        fingerprint: String::new(),
        also_runs: Vec::new(),
        again: Vec::new(),
    }
}

/// The bytes of a row as text, or in base64 where they are none.
pub(super) fn as_it_came(raw: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(raw) {
        Ok(text) => (text.into(), false),
        Err(_) => (base64::Engine::encode(&base64::engine::general_purpose::STANDARD, raw).into(), true),
    }
}

/// Why the store turned a row away.
pub fn turned_away_because(outcome: &Outcome, key: &Bson, key_field: &str) -> Violation {
    let (rule, message) = match outcome {
        Outcome::Exists => ("exists", format!("A record with this {key_field} exists already, and this import only inserts.")),
        Outcome::Older => ("duplicate_key", format!("A newer record or row with this {key_field} takes precedence.")),
        Outcome::Unpatchable { field } => return unpatchable(field),
        _ => (
            "conflict",
            "This record cannot be written: another one has a value that must be unique, or others kept changing it.".to_owned(),
        ),
    };
    Violation {
        pointer: steward_domain::FieldPath::new(key_field).to_pointer(),
        rule: rule.into(),
        message,
        value: Some(Value(key.clone())),
    }
}

/// Marks an entry as resolved by the policy on duplicates: it is kept, but waits for nobody.
pub fn set_aside(entry: &mut QuarantineEntry) {
    entry.status = QuarantineStatus::Discarded;
    entry.resolved_at = Some(entry.quarantined_at.clone());
    entry.reason = entry.errors.first().map(|e| e.message.clone());
}

/// Why a field of a record that exists cannot be changed.
pub fn unpatchable(field: &str) -> Violation {
    Violation {
        pointer: format!("/{}", field.replace('~', "~0").replace('/', "~1")),
        rule: "field_name".into(),
        message: format!("'{field}' differs from the record that exists, and a field with this name cannot be changed."),
        value: None,
    }
}

/// Where the rows that the store turns away come from.
#[derive(Clone, Copy)]
pub(super) struct Late<'a> {
    pub workspace: &'a Workspace,
    pub spec: &'a ImportSpec,
    pub run: &'a str,
    pub file: &'a RunFile,
    /// The place of the file among those of the run.
    pub at: usize,
    /// What rows are known again by, where that is asked.
    pub seeds: Option<&'a Seeds>,
}

impl Late<'_> {
    /// The entry of a row that the store turned away.
    pub fn entry(&self, outcome: &Outcome, incoming: &Incoming, row: &FineRow) -> QuarantineEntry {
        let document = upsert::decode(&incoming.document).ok();
        let kept = RejectedRow { file: self.file, at: self.at, number: row.number, offset: row.offset, raw: &row.raw, document };
        let errors = vec![turned_away_because(outcome, &incoming.key, &self.spec.key_field)];
        let mut entry = waiting(self.workspace, self.spec, self.run, kept, errors);
        entry.fingerprint = self.seeds.map(|seeds| seeds.fingerprint(self.at, &row.raw, row.nth)).unwrap_or_default();
        if *outcome == Outcome::Older {
            set_aside(&mut entry);
        }
        entry
    }
}
