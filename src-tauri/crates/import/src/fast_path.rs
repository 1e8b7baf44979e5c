//! Rows that are certainly valid, recognised without making records of them: tables by their cells, or by what a mapping makes of
//! them, JSON while it is read.
//!
//! All other rows go the whole way, and that answer counts. `tests/quick.rs` holds both answers against each other.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use bson::RawBsonRef;
use serde_json::Value as Json;
use steward_domain::{Violation, order};
use steward_mapping::{Cell, Compiled, Mapping, Shown, Source};
use steward_schema::{Checker, Pack};
use steward_sources::{Decoder, Row};

use crate::import::Reading;
use crate::prechecks::RecordPrecheck;
use crate::value_cache::{ValueCache, ViolationCache};

pub use crate::prechecks::json::Seen;

/// The prechecks before the rows of one source. Each thread that uses them for long has its own.
#[derive(Debug, Clone)]
pub struct FastPath {
    precheck: RecordPrecheck,
    way: Way,
    key_field: String,
    /// By place: what checks one field alone. Absent where records are wanted of rows that are not fine.
    field_validators: Option<Arc<FieldValidators>>,
    violations: ViolationCache,
}

/// Checkers of single fields, made when they are first needed.
#[derive(Debug)]
struct FieldValidators {
    pack: Arc<Pack>,
    checkers: Vec<OnceLock<Option<Checker>>>,
}

/// What the prechecks say of a row.
#[derive(Debug)]
pub enum Answer {
    Fine(Seen),
    /// All but the value at this place are fine, and those that have to be there are.
    Doubt {
        place: usize,
        seen: Seen,
    },
    Unsure,
}

impl From<Option<Seen>> for Answer {
    fn from(seen: Option<Seen>) -> Self {
        seen.map_or(Self::Unsure, Self::Fine)
    }
}

#[derive(Debug, Clone)]
enum Way {
    Json,
    /// Columns go to fields by name.
    Cells(Vec<Column>),
    /// The fields that the mapping of the person writes.
    Mapped(Vec<Mapped>),
}

/// A field that a mapping writes.
#[derive(Debug, Clone)]
struct Mapped {
    to: Column,
    /// The only column that it comes from, and what of it was fine before. Not of the key, whose value is wanted.
    from: Option<(usize, ValueCache)>,
}

/// Where the value of a column goes.
#[derive(Debug, Clone)]
enum Column {
    /// To the field of the schema at this place; of the key, the value counts.
    Field { at: usize, key: bool },
    /// To a field that the schema does not know.
    Unknown(String),
    /// Somewhere that is not known here.
    Elsewhere,
}

/// Room for the cells of rows.
#[derive(Default)]
pub struct CellScratch<'b> {
    cells: Vec<&'b str>,
    inputs: Vec<Cell<'b>>,
}

impl FastPath {
    /// Gates for a source, and what its columns go through. `None` where the schema asks for more than they can decide.
    pub fn new(decoder: &Decoder, how: &Reading, by_name: Option<&Mapping>, mapping: Option<&Compiled>) -> Option<Self> {
        let pack = how.pack.as_deref().filter(|_| how.normaliser.is_none() && !how.key_field.is_empty())?;
        let precheck = RecordPrecheck::new(pack)?;
        let way = match (decoder, by_name, mapping) {
            (Decoder::Csv(decoder), Some(by_name), _) => Way::Cells(by_names(by_name, &decoder.columns, &precheck, &how.key_field)?),
            (Decoder::Csv(_), None, Some(mapping)) => {
                let field = |(at, field): (usize, &str)| {
                    let to = Column::new(field, &precheck, &how.key_field);
                    let from = mapping.column_of(at).filter(|_| field != how.key_field);
                    Mapped { to, from: from.map(|column| (column, ValueCache::default())) }
                };
                Way::Mapped(mapping.fields()?.into_iter().enumerate().map(field).collect())
            }
            (Decoder::Json, None, None) => Way::Json,
            _ => return None,
        };
        let places = match &way {
            Way::Cells(columns) => columns.len(),
            Way::Mapped(fields) => fields.len(),
            Way::Json => 0,
        };
        let field_validators = (!how.documents && places > 0).then(|| {
            let checkers = (0..places).map(|_| OnceLock::new()).collect();
            Arc::new(FieldValidators { pack: Arc::new(pack.clone()), checkers })
        });
        Some(Self { precheck, way, key_field: how.key_field.clone(), field_validators, violations: ViolationCache::default() })
    }

    /// Looks at a row.
    pub fn look<'b>(&mut self, row: Row<'b>, decoder: &Decoder, mapping: Option<&Compiled>, cell_scratch: &mut CellScratch<'b>) -> Answer {
        if row.fault.is_some() {
            return Answer::Unsure;
        }
        let Decoder::Csv(decoder) = decoder else {
            return self.precheck.accepts_json(row.bytes, &self.key_field).into();
        };
        if std::str::from_utf8(row.bytes).is_ok_and(|row| decoder.split(row, &mut cell_scratch.cells)) {
            let found = match (&mut self.way, mapping) {
                (Way::Cells(columns), _) => self.precheck.look_at_cells(columns, &cell_scratch.cells),
                (Way::Mapped(columns), Some(mapping)) => {
                    cell_scratch.inputs.clear();
                    cell_scratch.inputs.extend(cell_scratch.cells.iter().map(|text| Cell::text(*text)));
                    self.precheck.look_at_mapped(columns, mapping, &cell_scratch.cells, &cell_scratch.inputs)
                }
                _ => None,
            };
            return found.map_or(Answer::Unsure, |found| self.answer(found));
        }
        Answer::Unsure
    }

    /// The rules that the value at a doubted place breaks: those of the row, since all else in it is fine. `None` where that
    /// cannot be decided from this value alone.
    pub fn broken_rules(
        &mut self,
        place: usize,
        mapping: Option<&Compiled>,
        cell_scratch: &mut CellScratch<'_>,
    ) -> Option<Arc<[Violation]>> {
        let field_validators = self.field_validators.as_ref()?;
        // The only cell that the value comes from.
        let cell = match &self.way {
            Way::Cells(_) => cell_scratch.cells.get(place).copied(),
            Way::Mapped(fields) => fields.get(place)?.from.as_ref().and_then(|(column, _)| cell_scratch.cells.get(*column).copied()),
            Way::Json => None,
        };
        match cell {
            Some(cell) => self.violations.of(place, cell, || Self::broken_uncached(field_validators, place, mapping, cell_scratch)),
            None => Self::broken_uncached(field_validators, place, mapping, cell_scratch).map(Arc::from),
        }
    }

    fn broken_uncached(
        field_validators: &FieldValidators,
        place: usize,
        mapping: Option<&Compiled>,
        cell_scratch: &mut CellScratch<'_>,
    ) -> Option<Vec<Violation>> {
        cell_scratch.inputs.clear();
        cell_scratch.inputs.extend(cell_scratch.cells.iter().map(|text| Cell::text(*text)));
        let mut errors = Vec::new();
        let (field, value) = mapping?.value_of(place, &cell_scratch.inputs, &mut errors)?;
        let scalar = |value: &Json| !value.is_object() && !value.is_array();
        if !scalar(&value) && !value.as_array().is_some_and(|items| items.iter().all(scalar)) {
            return None;
        }
        let checker =
            field_validators.checkers.get(place)?.get_or_init(|| Checker::of_field(&field_validators.pack, field).ok()).as_ref()?;
        let record: Json = std::iter::once((field.to_owned(), value)).collect();
        for violation in checker.check(&record) {
            // A value that could not be transformed is reported once.
            if !errors.iter().any(|e: &Violation| e.pointer == violation.pointer && e.rule.starts_with("mapping.")) {
                errors.push(violation);
            }
        }
        Some(errors)
    }

    /// What the places of the fields that have a value, and the one that is doubted, come to.
    fn answer(&self, found: Found) -> Answer {
        let Found { there, doubt, key_hash, unknown } = found;
        let Some(seen) = key_hash.filter(|_| self.precheck.has_all(there)).map(|key_hash| Seen { key_hash, unknown }) else {
            return Answer::Unsure;
        };
        match doubt {
            None => Answer::Fine(seen),
            Some(place) if self.field_validators.is_some() => Answer::Doubt { place, seen },
            Some(_) => Answer::Unsure,
        }
    }
}

/// What the cells of a row hold.
#[derive(Default)]
struct Found {
    /// A bit for each field of the schema that has a value.
    there: u64,
    /// The only place whose value is not surely fine.
    doubt: Option<usize>,
    key_hash: Option<u64>,
    unknown: Vec<String>,
}

impl RecordPrecheck {
    /// `None` where more than one value is doubted, or something is in the row that is not known here.
    fn look_at_cells(&self, columns: &[Column], cells: &[&str]) -> Option<Found> {
        if cells.len() != columns.len() {
            return None;
        }
        let mut found = Found::default();
        for (index, (column, cell)) in columns.iter().zip(cells).enumerate().filter(|(_, (_, cell))| !cell.is_empty()) {
            match column {
                Column::Field { at, key } => {
                    found.there |= 1 << at;
                    if *key {
                        found.key_hash = Some(hash(RawBsonRef::String(cell)));
                    }
                    if !self.accepts_cell(*at, cell) && (found.doubt.replace(index).is_some() || self.is_compared(*at)) {
                        return None;
                    }
                }
                Column::Unknown(name) => found.unknown.push(name.clone()),
                Column::Elsewhere => return None,
            }
        }
        let cell = |field: usize| {
            let column = columns.iter().position(|c| matches!(c, Column::Field { at, .. } if *at == field))?;
            Some(cells[column]).filter(|cell| !cell.is_empty())
        };
        self.pairs_differ(cell).then_some(found)
    }

    fn look_at_mapped(&self, fields: &mut [Mapped], mapping: &Compiled, cells: &[&str], inputs: &[Cell<'_>]) -> Option<Found> {
        if !self.has_no_pairs() || mapping.columns() != Some(cells.len()) {
            return None;
        }
        let mut found = Found::default();
        for (place, field) in fields.iter_mut().enumerate() {
            let Column::Field { at, key } = field.to else { return None };
            let (mut fine, mut value) = (true, true);
            let mut look = || {
                value = false;
                fine = mapping.show(place, inputs, &mut |shown| {
                    value = true;
                    if let (true, Shown::Text(text)) = (key, shown) {
                        found.key_hash = Some(hash(RawBsonRef::String(text)));
                    }
                    self.accepts_shown(at, shown)
                });
                // Only of values it is remembered that they are fine.
                fine && value
            };
            match &mut field.from {
                Some((column, cache)) => cache.fine(cells[*column], &mut look),
                None => look(),
            };
            if !fine && found.doubt.replace(place).is_some() {
                return None;
            }
            found.there |= u64::from(value || !fine) << at;
        }
        Some(found)
    }
}

impl Column {
    fn new(field: &str, precheck: &RecordPrecheck, key_field: &str) -> Self {
        match precheck.place(field) {
            Some(at) => Self::Field { at, key: field == key_field },
            None => Self::Elsewhere,
        }
    }
}

/// The columns of a mapping that only gives them names.
fn by_names(mapping: &Mapping, columns: &[String], precheck: &RecordPrecheck, key_field: &str) -> Option<Vec<Column>> {
    if mapping.rules.len() != columns.len() {
        return None;
    }
    let column = |rule: &steward_mapping::Rule| {
        let renames = matches!(rule.from, Source::Column(_)) && rule.steps.is_empty() && rule.default.is_none() && rule.missing.is_none();
        // Other signs may lead into objects.
        let simple = !rule.to.is_empty() && rule.to.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '));
        match Column::new(&rule.to, precheck, key_field) {
            _ if !renames || !simple => Column::Elsewhere,
            Column::Elsewhere if rule.to != "_id" && rule.to != key_field => Column::Unknown(rule.to.clone()),
            // Only of a text is it known how it is read.
            Column::Field { at, key: true } if !precheck.is_text(at) => Column::Elsewhere,
            known => known,
        }
    };
    Some(mapping.rules.iter().map(column).collect())
}

/// The hash of a key.
pub(crate) fn hash(key: RawBsonRef<'_>) -> u64 {
    thread_local! {
        static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    ROOM.with_borrow_mut(|bytes| {
        bytes.clear();
        order::write_key(key, bytes);
        steward_workspace::hash(bytes)
    })
}
