//! Rows that are surely fine, told without making records of them: tables by their cells, or by what a mapping makes of
//! them, JSON while it is read.
//!
//! All other rows go the whole way, and that answer counts. `tests/quick.rs` holds both answers against each other.

use bson::RawBsonRef;
use steward_domain::order;
use steward_mapping::{Cell, Compiled, Mapping, Shown, Source};
use steward_sources::{CsvDecoder, Decoder, Row, Scratch};

use crate::gates::RecordGate;
use crate::import::Reading;

pub use crate::gates::json::Seen;

/// The gates before the rows of one source.
#[derive(Debug)]
pub struct Quick {
    gate: RecordGate,
    way: Way,
    key_field: String,
}

#[derive(Debug)]
enum Way {
    Json,
    /// Columns go to fields by name.
    Cells(Vec<Column>),
    /// The fields that the mapping of the person writes.
    Mapped(Vec<Column>),
}

/// Where the value of a column goes.
#[derive(Debug)]
enum Column {
    /// To the field of the schema at this place; of the key, the value counts.
    Field { at: usize, key: bool },
    /// To a field that the schema does not know.
    Unknown(String),
    /// Somewhere that is not known here.
    Elsewhere,
}

/// What a worker keeps between rows.
pub struct Desk<'b> {
    scratch: Option<Scratch>,
    cells: Vec<&'b str>,
    inputs: Vec<Cell<'b>>,
}

impl Desk<'_> {
    pub fn new(decoder: &Decoder) -> Self {
        Self { scratch: decoder.scratch(), cells: Vec::new(), inputs: Vec::new() }
    }

    /// What decoding a row of separated values takes.
    pub fn scratch(&mut self) -> &mut Option<Scratch> {
        &mut self.scratch
    }
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
        Some(Self { gate, way, key_field: how.key_field.clone() })
    }

    /// What is known of a row that is surely fine.
    pub fn accepts<'b>(&self, row: Row<'b>, decoder: &Decoder, mapping: Option<&Compiled>, desk: &mut Desk<'b>) -> Option<Seen> {
        if row.fault.is_some() {
            return None;
        }
        match (&self.way, decoder) {
            (Way::Json, _) => self.gate.accepts_json(row.bytes, &self.key_field),
            (Way::Cells(columns), Decoder::Csv(decoder)) => {
                split(decoder, row.bytes, &mut desk.cells)?;
                self.accepts_cells(columns, &desk.cells)
            }
            (Way::Mapped(columns), Decoder::Csv(decoder)) => {
                split(decoder, row.bytes, &mut desk.cells)?;
                desk.inputs.clear();
                desk.inputs.extend(desk.cells.iter().map(|text| Cell::text(*text)));
                self.accepts_mapped(columns, mapping?, &desk.inputs)
            }
            _ => None,
        }
    }

    fn accepts_cells(&self, columns: &[Column], cells: &[&str]) -> Option<Seen> {
        if cells.len() != columns.len() {
            return None;
        }
        let (mut there, mut seen, mut key) = (0_u64, Seen::default(), None);
        for (column, cell) in columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            match column {
                Column::Field { at, key: is_key } => {
                    if !self.gate.accepts_cell(*at, cell) {
                        return None;
                    }
                    there |= 1 << at;
                    if *is_key {
                        key = Some(text_hash(cell));
                    }
                }
                Column::Unknown(name) => seen.unknown.push(name.clone()),
                Column::Elsewhere => return None,
            }
        }
        let cell = |field: usize| {
            let column = columns.iter().position(|c| matches!(c, Column::Field { at, .. } if *at == field))?;
            Some(cells[column]).filter(|cell| !cell.is_empty())
        };
        let distinct = self.gate.pairs_differ(cell);
        seen.key_hash = key?;
        (distinct && self.gate.has_all(there)).then_some(seen)
    }

    fn accepts_mapped(&self, columns: &[Column], mapping: &Compiled, cells: &[Cell<'_>]) -> Option<Seen> {
        let (mut there, mut seen, mut key) = (0_u64, Seen::default(), None);
        let fine = self.gate.has_no_pairs()
            && mapping.show(cells, &mut |place, shown| match &columns[place] {
                Column::Field { at, key: is_key } => {
                    there |= 1 << at;
                    if let (true, Shown::Text(text)) = (*is_key, shown) {
                        key = Some(text_hash(text));
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

fn split<'b>(decoder: &CsvDecoder, row: &'b [u8], cells: &mut Vec<&'b str>) -> Option<()> {
    decoder.split(std::str::from_utf8(row).ok()?, cells).then_some(())
}

fn text_hash(text: &str) -> u64 {
    crate::rows::hash(&order::key(Some(RawBsonRef::String(text))))
}
