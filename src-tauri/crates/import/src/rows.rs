//! From the bytes of a row to a record that may be loaded, or to the reasons why not.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bson::{Bson, Document, RawDocument, RawDocumentBuf};
use serde_json::{Map, Value as Json};
use steward_domain::value::{self, Value};
use steward_domain::{FieldPath, Violation};
use steward_mapping::{Cell, Compiled, Input, Mapping, Source, Untyped};
use steward_schema::Checker;
use steward_sources::{Batch, Decoder, Fault, Row, Scratch};

use crate::fast_path::{Answer, CellScratch, FastPath, Seen};
use crate::faults::{self, Fields, syntax};
use crate::import::Reading;
use steward_workspace::{Error, Result, hash, normalise::Normaliser};

mod record;

use record::{finish, from_json, key_of_plain, record, unknown_fields};

/// A row after all checks that need no other row.
#[derive(Debug)]
pub struct CheckedRow {
    pub number: u64,
    pub offset: u64,
    pub raw: Vec<u8>,
    pub validation: RowValidation,
}

/// The result of validating a row without a look at other rows: the one type of import, validation, split and preview, whichever
/// way the row was looked at.
#[derive(Debug)]
pub enum RowValidation {
    Valid {
        key_hash: u64,
        /// Fields that the schema does not know.
        unknown: Vec<String>,
        /// Absent where the fast path was sure without making one.
        record: Option<Box<ValidRecord>>,
    },
    Invalid {
        errors: Arc<[Violation]>,
        unknown: Vec<String>,
        /// What could be read of it; absent where nothing could, or where the fast path was sure without making one.
        document: Option<Box<Document>>,
    },
}

/// What an import loads of a valid row.
#[derive(Debug)]
pub struct ValidRecord {
    pub key: Bson,
    pub document: RawDocumentBuf,
}

impl RowValidation {
    fn invalid(errors: Vec<Violation>, document: Option<Document>) -> Self {
        Self::Invalid { errors: errors.into(), unknown: Vec::new(), document: document.map(Box::new) }
    }

    fn with_unknown(mut self, fields: Vec<String>) -> Self {
        let (Self::Valid { unknown, .. } | Self::Invalid { unknown, .. }) = &mut self;
        *unknown = fields;
        self
    }

    /// Fields that the schema does not know.
    pub fn unknown(&self) -> &[String] {
        let (Self::Valid { unknown, .. } | Self::Invalid { unknown, .. }) = self;
        unknown
    }

    /// The record as far as there is one, and what is wrong with it.
    pub fn into_document(self) -> (Option<Document>, Vec<Violation>) {
        match self {
            Self::Valid { record, .. } => (record.and_then(|r| steward_store::upsert::decode(&r.document).ok()), Vec::new()),
            Self::Invalid { errors, document, .. } => (document.map(|document| *document), errors.to_vec()),
        }
    }
}

impl From<Seen> for RowValidation {
    fn from(seen: Seen) -> Self {
        Self::Valid { key_hash: seen.key_hash, unknown: seen.unknown, record: None }
    }
}

/// Turns the rows of one file into records.
pub struct RowReader {
    decoder: Decoder,
    mapping: Option<Compiled>,
    /// Columns whose fields have other names, and what the mapping takes for granted.
    pub(crate) notes: Vec<String>,
    normaliser: Option<Arc<Normaliser>>,
    fast_path: Option<FastPath>,
    validating: bool,
    /// Records are wanted of rows that are not fine, too.
    documents: bool,
    /// Those that no thread has at work.
    workers: Mutex<Vec<Worker>>,
}

/// What a thread works with, batch after batch.
struct Worker {
    fast_path: Option<FastPath>,
    scratch: Option<Scratch>,
}

/// A row as a JSON object, or as a document where it came with types of its own.
enum Body {
    Json(Json),
    Document(Document),
}

impl RowReader {
    /// For a source of this kind. Rows of a table go through a mapping always: without one of the person's, each column
    /// goes to the field of its name.
    ///
    /// Errors: the mapping does not fit the source.
    pub fn new(decoder: &Decoder, how: &Reading) -> Result<Self> {
        let (columns, pack) = (decoder.columns(), how.pack.as_deref());
        let mut by_name = None;
        let mapping = match (&how.mapping, columns) {
            (Some(mapping), _) => Some(steward_mapping::compile(mapping, columns, pack)?),
            (None, Some(columns)) => {
                let mapping = by_name.insert(steward_mapping::default_for(columns, pack));
                Some(steward_mapping::compile(mapping, Some(columns), pack)?)
            }
            (None, None) => None,
        };
        // Sheets and databases say the types of their cells.
        let mapping = match (mapping, decoder, &how.types) {
            (Some(mapping), Decoder::Csv(csv), Some(types)) => Some(mapping.with_types(|at| types.column(&csv.columns[at]))),
            (mapping, ..) => mapping,
        };
        let mut notes = by_name.as_ref().filter(|_| pack.is_none()).map_or_else(Vec::new, renamed);
        notes.extend(how.mapping.iter().chain(&by_name).flat_map(Mapping::notes));
        let fast_path = if how.validating { FastPath::new(decoder, how, by_name.as_ref(), mapping.as_ref()) } else { None };
        Ok(Self {
            decoder: decoder.clone(),
            mapping,
            notes,
            normaliser: how.normaliser.clone(),
            fast_path,
            validating: how.validating,
            documents: how.documents,
            workers: Mutex::default(),
        })
    }

    /// Whether rows of a table can have this key at all.
    ///
    /// Errors: no column goes to it.
    pub fn can_have(&self, key_field: &str) -> Result<()> {
        let (Some(columns), Some(mapping), None) = (self.decoder.columns(), &self.mapping, &self.normaliser) else { return Ok(()) };
        if columns.is_empty() || matches!(key_field, "" | "_id") || mapping.may_write(key_field) {
            return Ok(());
        }
        let hint = match steward_mapping::nearest(key_field, columns.iter().map(String::as_str)) {
            Some(near) => format!(" Did you mean '{near}'?"),
            None => format!(" The columns are {}.", columns.iter().take(20).map(|c| format!("'{c}'")).collect::<Vec<_>>().join(", ")),
        };
        Err(Error::BadRequest(format!("No column goes to the key '{key_field}'.{hint}")))
    }

    /// Columns that no schema gives a type to.
    pub(crate) fn untyped_columns(&self) -> impl Iterator<Item = Untyped<'_>> {
        self.mapping.iter().flat_map(Compiled::untyped_columns)
    }

    /// Checks rows. `checker` is absent for an import without a schema.
    pub fn check<'r>(&self, rows: impl Iterator<Item = Row<'r>>, checker: Option<&Checker>, key_field: &str) -> Vec<CheckedRow> {
        let mut scratch = self.decoder.scratch();
        rows.map(|row| self.check_row(row, &mut scratch, checker, key_field)).collect()
    }

    /// Whether rows are fine: of those that surely are, only what has to be known of them.
    pub fn validate(&self, rows: &Batch, checker: Option<&Checker>, key_field: &str) -> Vec<RowValidation> {
        let mut worker =
            self.workers().pop().unwrap_or_else(|| Worker { fast_path: self.fast_path.clone(), scratch: self.decoder.scratch() });
        let mut cell_scratch = CellScratch::default();
        let validate = |row: Row<'_>, worker: &mut Worker| self.validate_row(row, &mut worker.scratch, checker, key_field);
        let mut out = Vec::with_capacity(rows.len());
        for row in rows.iter() {
            let validated = worker.fast_path.as_mut().and_then(|fast_path| self.without_a_record(fast_path, row, &mut cell_scratch));
            out.push(validated.unwrap_or_else(|| validate(row, &mut worker)));
        }
        self.workers().push(worker);
        out
    }

    fn workers(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can be said of a row without going the full way.
    fn without_a_record<'b>(&self, fast_path: &mut FastPath, row: Row<'b>, cell_scratch: &mut CellScratch<'b>) -> Option<RowValidation> {
        let mapping = self.mapping.as_ref();
        match fast_path.look(row, &self.decoder, mapping, cell_scratch) {
            Answer::Fine(seen) => Some(seen.into()),
            Answer::Doubt { place, seen } => {
                let errors = fast_path.broken_rules(place, mapping, cell_scratch)?;
                if errors.is_empty() {
                    return Some(seen.into());
                }
                Some(RowValidation::Invalid { errors, unknown: Vec::new(), document: None })
            }
            Answer::Unsure => None,
        }
    }

    fn validate_row(&self, row: Row<'_>, scratch: &mut Option<Scratch>, checker: Option<&Checker>, key_field: &str) -> RowValidation {
        let mut errors = Vec::new();
        let body = self.body(row, scratch, &mut errors);
        if self.validating
            && errors.is_empty()
            && self.normaliser.is_none()
            && let (Some(Body::Json(json)), Some(checker)) = (&body, checker)
            && let Some(key_hash) = key_of_plain(json, row.bytes, key_field)
        {
            // The JSON is its own plain view: no record is made of it.
            if self.documents {
                if checker.is_fine(json) {
                    return RowValidation::Valid { key_hash, unknown: unknown_fields(json, checker), record: None };
                }
            } else {
                let errors = checker.check(json);
                if !errors.is_empty() {
                    return RowValidation::invalid(errors, None);
                }
                return RowValidation::Valid { key_hash, unknown: unknown_fields(json, checker), record: None };
            }
        }
        self.checked(row, body, errors, checker, key_field)
    }

    fn check_row(&self, row: Row<'_>, scratch: &mut Option<Scratch>, checker: Option<&Checker>, key_field: &str) -> CheckedRow {
        let mut errors = Vec::new();
        let body = self.body(row, scratch, &mut errors);
        let validation = self.checked(row, body, errors, checker, key_field);
        CheckedRow { number: row.number, offset: row.offset, raw: row.bytes.to_vec(), validation }
    }

    fn checked(
        &self,
        row: Row<'_>,
        body: Option<Body>,
        mut errors: Vec<Violation>,
        checker: Option<&Checker>,
        key_field: &str,
    ) -> RowValidation {
        let mut unknown = Vec::new();
        let validation = match body.and_then(|body| record(body, row.bytes, checker, &mut unknown, &mut errors)) {
            Some(document) => {
                let stored = match &self.normaliser {
                    // A record that breaks its own rules is kept as it came.
                    Some(normaliser) if errors.is_empty() => {
                        let stored = normaliser.apply(&document, &mut errors);
                        if errors.is_empty() { stored } else { document }
                    }
                    _ => document,
                };
                finish(stored, key_field, self.normaliser.is_some(), &mut errors)
            }
            None => RowValidation::invalid(errors, None),
        };
        validation.with_unknown(unknown)
    }

    /// What is in a row; nothing, with the reason among the errors, when it cannot be read.
    fn body(&self, row: Row<'_>, scratch: &mut Option<Scratch>, errors: &mut Vec<Violation>) -> Option<Body> {
        // What is left of a broken row is shown where there is a whole value, so that it can be put right.
        let broken = matches!(
            (&self.decoder, row.fault),
            (Decoder::Csv(_), Some(Fault::TooLarge))
                | (Decoder::Bson, Some(_))
                | (Decoder::Json | Decoder::Table(_), Some(Fault::TooLarge | Fault::CutOff))
        );
        if let (true, Some(fault)) = (broken, row.fault) {
            errors.push(syntax(fault.sentence()));
            return None;
        }
        match (&self.decoder, &mut *scratch) {
            (Decoder::Csv(decoder), Some(scratch)) => {
                let bytes = row.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(row.bytes);
                let cells = decoder.cells(bytes, scratch);
                let fields = Fields { columns: &decoder.columns, mapping: self.mapping.as_ref() };
                fields.of_row(row.fault, std::str::from_utf8(bytes).is_err(), &cells, errors);
                Some(Body::Json(self.mapped_cells(&cells, &decoder.columns, errors)))
            }
            (Decoder::Bson, _) => self.document(row, errors),
            (Decoder::Table(columns), _) => {
                let json = from_json(row, None, errors)?;
                let fields = Fields { columns, mapping: self.mapping.as_ref() };
                fields.of_cells(row.fault, &json, errors);
                let (cells, beyond) = cells_of(json, columns);
                let Some(mapping) = &self.mapping else { return Some(Body::Json(Json::Null)) };
                let mut json = mapping.apply(Input::Cells(&cells), errors);
                keep_beyond(&mut json, beyond, errors);
                Some(Body::Json(json))
            }
            _ => {
                let json = from_json(row, self.mapping.as_ref(), errors)?;
                faults::of_json(row.fault, &json, self.mapping.as_ref(), errors);
                Some(Body::Json(match &self.mapping {
                    Some(mapping) => mapping.apply(Input::Json(&json), errors),
                    None => json,
                }))
            }
        }
    }

    fn document(&self, row: Row<'_>, errors: &mut Vec<Violation>) -> Option<Body> {
        let (Some(document), Ok(raw)) = (steward_domain::depth::decode(row.bytes), RawDocument::from_bytes(row.bytes)) else {
            errors.push(syntax("This document cannot be decoded: it is damaged, or nested too deeply.".into()));
            return None;
        };
        let repeated = faults::repeated_in_bson(raw);
        if repeated.is_empty() && self.mapping.is_none() {
            return Some(Body::Document(document));
        }
        let json = Json::Object(value::doc_to_ext(&document));
        faults::repeated_names(repeated, &json, self.mapping.as_ref(), errors);
        Some(match &self.mapping {
            Some(mapping) => Body::Json(mapping.apply(Input::Json(&json), errors)),
            None => Body::Document(document),
        })
    }

    fn mapped_cells(&self, cells: &[Cow<'_, str>], columns: &[String], errors: &mut Vec<Violation>) -> Json {
        let given = columns.len();
        let mut inputs: Vec<Cell<'_>> = cells.iter().take(given).map(|text| Cell::text(text.as_ref())).collect();
        inputs.resize(given, Cell::Empty);
        let mut json = match &self.mapping {
            Some(mapping) => mapping.apply(Input::Cells(&inputs), errors),
            None => Json::Null,
        };
        // Nothing is lost: values without a column are kept next to the others.
        if let Some(record) = json.as_object_mut() {
            for (at, text) in cells.iter().enumerate().skip(given).filter(|(_, text)| !text.is_empty()) {
                record.entry(faults::surplus_name(at)).or_insert_with(|| Json::from(text.as_ref()));
            }
        }
        json
    }
}

/// Values of a sheet in columns that its header does not have are kept next to the others, for a person to look at.
fn keep_beyond(json: &mut Json, beyond: Map<String, Json>, errors: &mut Vec<Violation>) {
    let Some(record) = json.as_object_mut() else { return };
    for (name, found) in beyond {
        let message = "This value is in a column without a name.".into();
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        let value = value::from_ext(found.clone()).ok().map(Value);
        errors.push(Violation { pointer, rule: "columns".into(), message, value });
        record.entry(name).or_insert(found);
    }
}

/// Says which columns go to fields that are not called like them, where nobody has chosen it.
fn renamed(mapping: &Mapping) -> Vec<String> {
    let moved = mapping.rules.iter().filter_map(|rule| match &rule.from {
        Source::Column(name) if !name.starts_with('#') && FieldPath::name(name) != FieldPath::new(rule.to.as_str()).canonical() => {
            Some(format!("{name} to {}", FieldPath::new(rule.to.as_str()).segments().collect::<Vec<_>>().join(" › ")))
        }
        _ => None,
    });
    let moved: Vec<String> = moved.collect();
    if moved.is_empty() { moved } else { vec![format!("The file has columns that go to fields of other names: {}.", moved.join(", "))] }
}

/// The cells of a row that a reader of sheets or tables made.
///
/// What is in no column is given next to them.
pub(crate) fn cells_of(json: Json, columns: &[String]) -> (Vec<Cell<'static>>, Map<String, Json>) {
    let Json::Object(mut record) = json else {
        return (vec![Cell::Empty; columns.len()], Map::new());
    };
    let cell = |value: Option<Json>| match value {
        None | Some(Json::Null) => Cell::Empty,
        Some(Json::String(text)) => Cell::text(text),
        Some(Json::Bool(b)) => Cell::Bool(b),
        Some(Json::Number(n)) => match n.as_i64() {
            Some(n) => Cell::Integer(n),
            None => Cell::Number(n.as_f64().unwrap_or_default()),
        },
        Some(other) => Cell::Json(other),
    };
    let cells = columns.iter().map(|name| cell(record.swap_remove(name))).collect();
    record.retain(|_, value| !value.is_null());
    (cells, record)
}

/// Hash of a record's content without its `_id`, to see later whether it was edited.
pub fn content_hash(raw: &bson::RawDocument) -> i64 {
    let bytes = raw.as_bytes();
    // An ObjectId in front: type, "_id\0", 12 bytes.
    let body = if bytes.get(4..9) == Some(b"\x07_id\0".as_slice()) { &bytes[21..] } else { bytes.get(4..).unwrap_or_default() };
    hash(body) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, key_field: &str) -> CheckedRow {
        let how = Reading { key_field: key_field.into(), ..Reading::default() };
        let row = Row { number: 1, offset: 100, bytes: text.as_bytes(), fault: None };
        RowReader::new(&Decoder::Json, &how).unwrap().check(std::iter::once(row), None, key_field).remove(0)
    }

    #[test]
    fn a_name_that_stands_twice_is_a_finding_with_its_place() {
        let checked = check(r#"{"k": 1, "a": {"b": 1, "b": 2}, "k": 1}"#, "k");
        let RowValidation::Invalid { errors, .. } = checked.validation else { panic!("must be refused") };
        let found: Vec<(&str, &str)> = errors.iter().map(|e| (e.pointer.as_str(), e.rule.as_str())).collect();
        assert_eq!(found, [("/a/b", "duplicate_field"), ("/k", "duplicate_field")]);
        assert!(errors[0].message.starts_with("'b' occurs more than once"), "{}", errors[0].message);
        assert_eq!(errors[0].value, Some(Value(Bson::Int32(2))));
        assert!(checked.raw.starts_with(b"{\"k\": 1, \"a\": {\"b\": 1"), "the row is kept as it came");
    }

    #[test]
    fn syntax_errors_carry_the_byte() {
        let checked = check("{\"a\":\n tru}", "a");
        let RowValidation::Invalid { errors, .. } = checked.validation else { panic!("must be refused") };
        assert!(errors[0].message.contains("byte 110"), "{}", errors[0].message);
    }

    #[test]
    fn extended_json_keeps_its_types_and_the_key_is_needed() {
        let checked = check("{\"k\": 1, \"_id\": {\"$oid\": \"65a000000000000000000001\"}, \"n\": {\"$numberLong\": \"5\"}}", "k");
        let doc = checked.validation.into_document().0.unwrap();
        assert_eq!(doc.keys().next().unwrap(), "_id");
        assert_eq!(doc.get("n"), Some(&Bson::Int64(5)));
        let checked = check("{\"n\": 1}", "k");
        let RowValidation::Invalid { errors, .. } = checked.validation else { panic!("must be refused") };
        assert_eq!((errors[0].rule.as_str(), errors[0].pointer.as_str()), ("missing_key", "/k"));
    }

    #[test]
    fn records_without_an_id_are_not_duplicates_of_each_other() {
        let hash = |text: &str| match check(text, "_id").validation {
            RowValidation::Valid { key_hash, .. } => key_hash,
            RowValidation::Invalid { errors, .. } => panic!("{errors:?}"),
        };
        assert_ne!(hash("{\"a\": 1}"), hash("{\"a\": 1}"));
    }

    #[test]
    fn the_content_hash_ignores_an_object_id_in_front() {
        let plain = RawDocumentBuf::try_from(&bson::doc! {"a": 1}).unwrap();
        let (_, with_id) = steward_store::upsert::with_id(&plain).unwrap();
        assert_eq!(content_hash(&plain), content_hash(&with_id));
    }
}
