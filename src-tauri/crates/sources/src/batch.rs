//! Rows of a source in one piece of memory, to hand many of them from one thread to another.

use crate::{Fault, RawRow};

/// Rows one after another.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    rows: Vec<Spot>,
}

/// Where a row is; it begins where the one before it ends.
#[derive(Debug)]
struct Spot {
    number: u64,
    offset: u64,
    end: usize,
    fault: Option<Box<Fault>>,
}

/// A row of a batch; as [`RawRow`], but borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub number: u64,
    pub offset: u64,
    pub bytes: &'a [u8],
    pub fault: Option<&'a Fault>,
}

impl Batch {
    /// With room for this many rows and bytes.
    pub fn with_room(rows: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), rows: Vec::with_capacity(rows) }
    }

    pub fn push(&mut self, row: Row<'_>) {
        self.bytes.extend_from_slice(row.bytes);
        let fault = row.fault.cloned().map(Box::new);
        self.rows.push(Spot { number: row.number, offset: row.offset, end: self.bytes.len(), fault });
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of all rows together.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The row at a position from 0.
    pub fn get(&self, at: usize) -> Option<Row<'_>> {
        let spot = self.rows.get(at)?;
        let begin = at.checked_sub(1).map_or(0, |before| self.rows[before].end);
        Some(Row { number: spot.number, offset: spot.offset, bytes: &self.bytes[begin..spot.end], fault: spot.fault.as_deref() })
    }

    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows.len()).filter_map(|at| self.get(at))
    }
}

impl RawRow {
    pub fn borrowed(&self) -> Row<'_> {
        Row { number: self.number, offset: self.offset, bytes: &self.bytes, fault: self.fault.as_ref() }
    }
}
