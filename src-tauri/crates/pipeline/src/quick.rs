//! Rows that are surely fine, told without making records of them: tables by their cells, or by what a mapping makes of
//! them, JSON while it is read.
//!
//! All other rows go the whole way, and that answer counts. `tests/quick.rs` holds both answers against each other.

use std::sync::{Arc, OnceLock};

use bson::RawBsonRef;
use serde_json::Value as Json;
use steward_domain::{Violation, order};
use steward_mapping::{Cell, Compiled, Mapping, Shown, Source};
use steward_schema::{Checker, Pack};
use steward_sources::{Decoder, Row};

use crate::gates::RecordGate;
use crate::import::Reading;

pub use crate::gates::json::Seen;

/// The gates before the rows of one source. Each thread that uses them for long has its own.
#[derive(Debug, Clone)]
pub struct Quick {
    gate: RecordGate,
    way: Way,
    key_field: String,
    /// By column: what checks its field alone. Absent where records are wanted of rows that are not fine.
    alone: Option<Arc<Alone>>,
}

/// Checkers of single fields, made when they are first needed.
#[derive(Debug)]
struct Alone {
    pack: Arc<Pack>,
    checkers: Vec<OnceLock<Option<Checker>>>,
}

/// What the gates say of a row.
#[derive(Debug)]
pub enum Answer {
    Fine(Seen),
    /// All columns but this one are fine, and those that have to be there are.
    Doubt {
        column: usize,
        /// Of the key, unless it is what is doubted.
        key_hash: Option<u64>,
        unknown: Vec<String>,
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
    Mapped(Vec<Column>),
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
pub struct Desk<'b> {
    cells: Vec<&'b str>,
    inputs: Vec<Cell<'b>>,
}

impl Quick {
    /// Gates for a source, and what its columns go through. `None` where the schema asks for more than can be told by them.
    pub fn new(decoder: &Decoder, how: &Reading, by_name: Option<&Mapping>, mapping: Option<&Compiled>) -> Option<Self> {
        let pack = how.pack.as_deref().filter(|_| how.normaliser.is_none() && !how.key_field.is_empty())?;
        let gate = RecordGate::new(pack)?;
        let way = match (decoder, by_name, mapping) {
            (Decoder::Csv(decoder), Some(by_name), _) => Way::Cells(by_names(by_name, &decoder.columns, &gate, &how.key_field)?),
            (Decoder::Csv(_), None, Some(mapping)) => {
                let column = |field: &str| Column::new(field, &gate, &how.key_field);
                Way::Mapped(mapping.fields()?.into_iter().map(column).collect())
            }
            (Decoder::Json, None, None) => Way::Json,
            _ => return None,
        };
        let alone = match &way {
            Way::Cells(columns) if !how.documents => {
                let checkers = columns.iter().map(|_| OnceLock::new()).collect();
                Some(Arc::new(Alone { pack: Arc::new(pack.clone()), checkers }))
            }
            _ => None,
        };
        Some(Self { gate, way, key_field: how.key_field.clone(), alone })
    }

    /// Looks at a row.
    pub fn look<'b>(&self, row: Row<'b>, decoder: &Decoder, mapping: Option<&Compiled>, desk: &mut Desk<'b>) -> Answer {
        if row.fault.is_some() {
            return Answer::Unsure;
        }
        let Decoder::Csv(decoder) = decoder else {
            return self.gate.accepts_json(row.bytes, &self.key_field).into();
        };
        if std::str::from_utf8(row.bytes).is_ok_and(|row| decoder.split(row, &mut desk.cells)) {
            match (&self.way, mapping) {
                (Way::Cells(columns), _) => return self.look_at_cells(columns, &desk.cells),
                (Way::Mapped(columns), Some(mapping)) => {
                    desk.inputs.clear();
                    desk.inputs.extend(desk.cells.iter().map(|text| Cell::text(*text)));
                    return self.accepts_mapped(columns, mapping, &desk.inputs).into();
                }
                _ => {}
            }
        }
        Answer::Unsure
    }

    /// The rules that the value of a doubted column breaks: those of the row, since all else in it is fine. `None` where that
    /// cannot be told from this value alone.
    pub fn broken_rules(&self, column: usize, mapping: Option<&Compiled>, desk: &mut Desk<'_>) -> Option<Vec<Violation>> {
        let alone = self.alone.as_ref()?;
        desk.inputs.clear();
        desk.inputs.extend(desk.cells.iter().map(|text| Cell::text(*text)));
        let (field, value) = mapping?.value_of(column, &desk.inputs)?;
        let checker = alone.checkers.get(column)?.get_or_init(|| Checker::of_field(&alone.pack, field).ok()).as_ref()?;
        let record: Json = std::iter::once((field.to_owned(), value)).collect();
        Some(checker.check(&record))
    }

    fn look_at_cells(&self, columns: &[Column], cells: &[&str]) -> Answer {
        if cells.len() != columns.len() {
            return Answer::Unsure;
        }
        let (mut there, mut unknown, mut key_hash, mut doubt) = (0_u64, Vec::new(), None, None);
        for (index, (column, cell)) in columns.iter().zip(cells).enumerate().filter(|(_, (_, cell))| !cell.is_empty()) {
            match column {
                Column::Field { at, key } => {
                    there |= 1 << at;
                    if self.gate.accepts_cell(*at, cell) {
                        key_hash = if *key { Some(hash(RawBsonRef::String(cell))) } else { key_hash };
                    } else if doubt.replace(index).is_some() || self.gate.is_compared(*at) {
                        return Answer::Unsure;
                    }
                }
                Column::Unknown(name) => unknown.push(name.clone()),
                Column::Elsewhere => return Answer::Unsure,
            }
        }
        let cell = |field: usize| {
            let column = columns.iter().position(|c| matches!(c, Column::Field { at, .. } if *at == field))?;
            Some(cells[column]).filter(|cell| !cell.is_empty())
        };
        match (doubt, key_hash) {
            _ if !self.gate.has_all(there) || !self.gate.pairs_differ(cell) => Answer::Unsure,
            (None, Some(key_hash)) => Answer::Fine(Seen { key_hash, unknown }),
            (Some(column), key_hash) if self.alone.is_some() => Answer::Doubt { column, key_hash, unknown },
            _ => Answer::Unsure,
        }
    }

    fn accepts_mapped(&self, columns: &[Column], mapping: &Compiled, cells: &[Cell<'_>]) -> Option<Seen> {
        let (mut there, mut seen, mut key) = (0_u64, Seen::default(), None);
        let fine = self.gate.has_no_pairs()
            && mapping.show(cells, &mut |place, shown| match &columns[place] {
                Column::Field { at, key: is_key } => {
                    there |= 1 << at;
                    if let (true, Shown::Text(text)) = (*is_key, shown) {
                        key = Some(hash(RawBsonRef::String(text)));
                    }
                    self.gate.accepts_shown(*at, shown)
                }
                Column::Unknown(_) | Column::Elsewhere => false,
            });
        seen.key_hash = key?;
        (fine && self.gate.has_all(there)).then_some(seen)
    }
}

impl Column {
    fn new(field: &str, gate: &RecordGate, key_field: &str) -> Self {
        match gate.place(field) {
            Some(at) => Self::Field { at, key: field == key_field },
            None => Self::Elsewhere,
        }
    }
}

/// The columns of a mapping that only gives them names.
fn by_names(mapping: &Mapping, columns: &[String], gate: &RecordGate, key_field: &str) -> Option<Vec<Column>> {
    if mapping.rules.len() != columns.len() {
        return None;
    }
    let column = |rule: &steward_mapping::Rule| {
        let renames = matches!(rule.from, Source::Column(_)) && rule.steps.is_empty() && rule.default.is_none() && rule.missing.is_none();
        // Other signs may lead into objects.
        let simple = !rule.to.is_empty() && rule.to.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '));
        match Column::new(&rule.to, gate, key_field) {
            _ if !renames || !simple => Column::Elsewhere,
            Column::Elsewhere if rule.to != "_id" && rule.to != key_field => Column::Unknown(rule.to.clone()),
            // Only of a text is it known how it is read.
            Column::Field { at, key: true } if !gate.is_text(at) => Column::Elsewhere,
            known => known,
        }
    };
    Some(mapping.rules.iter().map(column).collect())
}

/// The hash of a key.
pub(crate) fn hash(key: RawBsonRef<'_>) -> u64 {
    let mut bytes = Vec::with_capacity(64);
    order::write_key(key, &mut bytes);
    crate::rows::hash(&bytes)
}
