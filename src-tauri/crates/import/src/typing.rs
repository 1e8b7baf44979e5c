//! Types of columns that no schema describes. Texts of separated values say nothing of their type: only all cells of a column
//! together say whether it is one of numbers. So such a file is looked through once before it is read.

use std::collections::{HashMap, HashSet};

use bson::RawBsonRef;
use steward_domain::Filter;
use steward_mapping::{ColumnType, Typing, Untyped};
use steward_sources::{Batch, CsvDecoder, Decoder, Opened, Row, Scratch};
use steward_store::{Query, Store};

use crate::import::{Place, Reading, SourceFile};
use crate::rows::RowReader;
use steward_workspace::{Error, Result};

/// Rows that are looked at together.
const BATCH: usize = 4_000;

/// What the columns of files hold, by name: columns of one name have one type.
#[derive(Debug, Clone, Default)]
pub struct Types {
    columns: HashMap<String, Typing>,
    /// Fields that hold texts already.
    texts: HashSet<String>,
}

/// Records that show which type a field is.
const RECORDS: usize = 500;

/// Fields that hold texts, and nothing else, in the records that a collection has: a column with the name of one stays a text.
pub async fn texts_of(store: &dyn Store, collection: &str) -> Result<HashSet<String>> {
    let (mut texts, mut others) = (HashSet::new(), HashSet::new());
    let first = store.find(collection, &Query::new(Filter::all(), RECORDS)).await?;
    for (name, value) in first.records.iter().flat_map(|record| record.iter().flatten()) {
        let is_text = matches!(value, RawBsonRef::String(_));
        if is_text {
            texts.insert(name.as_str().to_owned())
        } else {
            others.insert(name.as_str().to_owned())
        };
    }
    texts.retain(|name| !others.contains(name));
    Ok(texts)
}

impl Types {
    /// Looks through files, as far as any of their columns has no type. Blocking.
    pub fn of(files: &[SourceFile], how: &Reading) -> Result<Self> {
        let mut types = Self { texts: how.texts.clone(), ..Self::default() };
        for file in files {
            let Place::File(path) = &file.place else { continue };
            let opened = steward_sources::open(path, &file.choice).map_err(|e| Error::source(path, e))?.without_hash();
            let Decoder::Csv(decoder) = &opened.decoder else { continue };
            let (decoder, reader) = (decoder.clone(), RowReader::new(&opened.decoder, how)?);
            if let Some(looking) = Looking::new(decoder, &reader) {
                types.add(looking.through(opened).map_err(|e| Error::file(path, e))?);
            }
        }
        Ok(types)
    }

    /// The same for rows that are at hand.
    pub fn of_rows<'r>(decoder: &Decoder, rows: impl Iterator<Item = Row<'r>>, how: &Reading) -> Result<Self> {
        let mut types = Self::default();
        let reader = RowReader::new(decoder, how)?;
        if let Decoder::Csv(csv) = decoder
            && let Some(mut looking) = Looking::new(csv.clone(), &reader)
        {
            rows.for_each(|row| looking.row(row));
            types.add(looking);
        }
        Ok(types)
    }

    fn add(&mut self, looking: Looking<'_>) {
        for (column, typing) in looking.columns {
            self.columns.entry(looking.decoder.columns[column.at].clone()).or_default().merge(&typing);
        }
    }

    pub fn column(&self, name: &str) -> ColumnType {
        let found = self.columns.get(name).filter(|_| !self.texts.contains(name));
        found.map_or(ColumnType::Text, Typing::finish)
    }
}

struct Looking<'r> {
    decoder: CsvDecoder,
    columns: Vec<(Untyped<'r>, Typing)>,
    scratch: Scratch,
}

impl<'r> Looking<'r> {
    /// `None` where every column has a type.
    fn new(decoder: CsvDecoder, reader: &'r RowReader) -> Option<Self> {
        let columns: Vec<_> = reader.untyped_columns().map(|column| (column, Typing::default())).collect();
        let scratch = decoder.scratch();
        (!columns.is_empty()).then_some(Self { decoder, columns, scratch })
    }

    fn through(mut self, mut opened: Opened) -> std::io::Result<Self> {
        let mut more = true;
        while more && !self.columns.iter().all(|(_, typing)| typing.is_discarded()) {
            let mut batch = Batch::default();
            while more && batch.len() < BATCH {
                more = opened.next_into(&mut batch)?;
            }
            batch.iter().for_each(|row| self.row(row));
        }
        Ok(self)
    }

    /// Rows that go to quarantine say nothing.
    fn row(&mut self, row: Row<'_>) {
        let Self { decoder, columns, scratch } = self;
        let (Ok(text), None) = (std::str::from_utf8(row.bytes), row.fault) else { return };
        let mut plain = Vec::new();
        if decoder.split(text, &mut plain) {
            return take(columns, &plain, decoder.columns.len());
        }
        let cells = decoder.cells(row.bytes, scratch);
        let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
        take(columns, &cells, decoder.columns.len());
    }
}

fn take(columns: &mut [(Untyped<'_>, Typing)], cells: &[&str], width: usize) {
    if cells.len() != width {
        return;
    }
    for (column, typing) in columns.iter_mut().filter(|(_, typing)| !typing.is_discarded()) {
        if !column.is_missing(cells[column.at]) {
            typing.add(cells[column.at]);
        }
    }
}
