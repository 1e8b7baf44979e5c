//! Reading the rows of a SQLite table from its pages, when the tree over them is damaged.
//!
//! First the table's tree is walked as far as it holds. Then leaf pages that no tree leads to are looked at: one whose
//! rows all have the table's number of columns is taken for the table's. Pages of the free list are left alone: what
//! they hold was deleted. Source: <https://www.sqlite.org/fileformat2.html>.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

mod layout;
mod trees;

pub use trees::trees;

/// A stored value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    /// UTF-8, if it is not damaged.
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// Rowid and values.
type Row = (i64, Vec<Cell>);

/// What could not be read, and what was found outside the tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    pub lost_pages: u64,
    pub lost_cells: u64,
    pub orphans: u64,
}

/// How a file begins whose first page is there.
pub const MAGIC: &[u8] = b"SQLite format 3\0";

const INTERIOR: u8 = 0x05;
const LEAF: u8 = 0x0d;

struct Pages {
    file: File,
    size: usize,
    /// Bytes of a page that hold content.
    usable: usize,
    count: u32,
    /// Where page 1 begins; below 0 where the front of the file is missing.
    base: i64,
    /// The first page is gone, and with it the list of tables.
    headless: bool,
    /// 1 for UTF-8, 2 and 3 for UTF-16 little and big endian.
    encoding: u32,
    first_free: u32,
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn be16(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, |b| usize::from(u16::from_be_bytes(b)))
}

impl Pages {
    fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut head = [0; 100];
        let whole = file.read_exact(&mut head).is_ok() && head.starts_with(MAGIC);
        let size = match be16(&head, 16) {
            1 => 65536,
            n => n,
        };
        if whole && size.is_power_of_two() && size >= 512 {
            let (usable, encoding, first_free) = (size - usize::from(head[20]), be32(&head, 56), be32(&head, 32));
            return Ok(Self { usable, encoding, first_free, headless: false, ..Self::laid_out(file, length, size, 0) });
        }
        match layout::guess(&mut file, length)? {
            Some((size, base)) => Ok(Self::laid_out(file, length, size, base)),
            None => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "The first page of the file is damaged, and no other page holds records."))
            }
        }
    }

    /// Pages of a file of which no more is known.
    fn laid_out(file: File, length: u64, size: usize, base: i64) -> Self {
        // Of a page that was truncated in its middle, what is there is looked at, too.
        let count = length.saturating_add_signed(base.saturating_neg()).div_ceil(size as u64);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Self { file, size, usable: size, base, headless: true, count, encoding: 1, first_free: 0 }
    }

    fn page(&mut self, number: u32) -> io::Result<Option<Vec<u8>>> {
        if number == 0 || number > self.count {
            return Ok(None);
        }
        let Ok(at) = u64::try_from(i64::from(number - 1) * self.size as i64 + self.base) else { return Ok(None) };
        self.file.seek(SeekFrom::Start(at))?;
        let mut page = Vec::with_capacity(self.size);
        (&self.file).take(self.size as u64).read_to_end(&mut page)?;
        page.resize(self.size, 0);
        Ok(Some(page))
    }

    /// Pages of the free list.
    fn free(&mut self) -> io::Result<HashSet<u32>> {
        let mut out = HashSet::new();
        let mut trunk = self.first_free;
        while trunk != 0 && out.insert(trunk) {
            let Some(page) = self.page(trunk)? else { break };
            let leaves = (be32(&page, 4) as usize).min(self.size / 4 - 2);
            out.extend((0..leaves).map(|i| be32(&page, 8 + i * 4)));
            trunk = be32(&page, 0);
        }
        Ok(out)
    }

    /// The leaf pages below a root, in order, and how many pages on the way are no pages of a table.
    fn leaves(&mut self, root: u32) -> io::Result<(Vec<u32>, HashSet<u32>, u64)> {
        let (mut leaves, mut seen, mut lost) = (Vec::new(), HashSet::new(), 0);
        let mut stack = vec![root];
        while let Some(number) = stack.pop() {
            if !seen.insert(number) {
                continue;
            }
            let Some(page) = self.page(number)? else {
                lost += 1;
                continue;
            };
            let start = if number == 1 { 100 } else { 0 };
            match page[start] {
                LEAF => leaves.push(number),
                INTERIOR => {
                    stack.push(be32(&page, start + 8));
                    let cells = be16(&page, start + 3).min(self.size / 2);
                    for i in (0..cells).rev() {
                        stack.push(be32(&page, be16(&page, start + 12 + i * 2)));
                    }
                }
                _ => lost += 1,
            }
        }
        Ok((leaves, seen, lost))
    }

    /// The rows of a leaf page: rowid and values, or `None` for one that cannot be read.
    fn rows(&mut self, number: u32) -> io::Result<Vec<Option<Row>>> {
        let Some(page) = self.page(number)? else {
            return Ok(Vec::new());
        };
        let start = if number == 1 { 100 } else { 0 };
        let cells = be16(&page, start + 3).min(self.size / 2);
        let mut out = Vec::with_capacity(cells);
        for i in 0..cells {
            let at = be16(&page, start + 8 + i * 2);
            let inside = at >= start + 8 + cells * 2 && at < self.usable;
            out.push(if inside { self.row(&page, at)? } else { None });
        }
        Ok(out)
    }

    fn row(&mut self, page: &[u8], at: usize) -> io::Result<Option<Row>> {
        let Some((length, n)) = varint(page, at) else { return Ok(None) };
        let Some((rowid, m)) = varint(page, at + n) else { return Ok(None) };
        let Some(length) = usize::try_from(length).ok().filter(|l| *l <= crate::MAX_ROW) else { return Ok(None) };
        let body = at + n + m;
        let most = self.usable - 35;
        let local = if length <= most {
            length
        } else {
            let least = (self.usable - 12) * 32 / 255 - 23;
            let fit = least + (length - least) % (self.usable - 4);
            if fit <= most { fit } else { least }
        };
        let Some(mut payload) = page.get(body..body + local).map(<[u8]>::to_vec) else { return Ok(None) };
        let mut next = if length > local { be32(page, body + local) } else { 0 };
        while payload.len() < length {
            let Some(more) = self.page(next)? else { return Ok(None) };
            let take = (length - payload.len()).min(self.usable - 4);
            payload.extend_from_slice(&more[4..4 + take]);
            next = be32(&more, 0);
        }
        Ok(self.values(&payload).map(|cells| (rowid, cells)))
    }

    /// Decodes a record; `None` where it contradicts itself.
    fn values(&self, payload: &[u8]) -> Option<Vec<Cell>> {
        let (header, mut at) = varint(payload, 0)?;
        let header = usize::try_from(header).ok().filter(|h| *h <= payload.len())?;
        let mut body = header;
        let mut cells = Vec::new();
        while at < header {
            let (kind, n) = varint(payload, at)?;
            at += n;
            let length = match kind {
                0 | 8 | 9 => 0,
                1..=4 => usize::try_from(kind).ok()?,
                5 => 6,
                6 | 7 => 8,
                12.. => usize::try_from((kind - 12) / 2).ok()?,
                _ => return None,
            };
            let bytes = payload.get(body..body.checked_add(length)?)?;
            body += length;
            cells.push(match kind {
                0 => Cell::Null,
                7 => Cell::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
                8 | 9 => Cell::Integer(kind - 8),
                1..=6 => Cell::Integer(integer(bytes)),
                _ if kind % 2 == 0 => Cell::Blob(bytes.to_vec()),
                _ => Cell::Text(self.text(bytes)),
            });
        }
        (at == header && body == payload.len()).then_some(cells)
    }

    fn text(&self, bytes: &[u8]) -> Vec<u8> {
        let wide = match self.encoding {
            2 => encoding_rs::UTF_16LE,
            3 => encoding_rs::UTF_16BE,
            _ => return bytes.to_vec(),
        };
        wide.decode_without_bom_handling(bytes).0.into_owned().into_bytes()
    }
}

/// Big-endian two's complement of any length.
fn integer(bytes: &[u8]) -> i64 {
    let start = if bytes.first().is_some_and(|b| b & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(start, |n, b| (n << 8) | i64::from(*b))
}

/// A variable-length integer and how many bytes it has.
fn varint(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let mut value: u64 = 0;
    for i in 0..9 {
        let b = *bytes.get(at + i)?;
        if i == 8 {
            return Some((((value << 8) | u64::from(b)).cast_signed(), 9));
        }
        value = (value << 7) | u64::from(b & 0x7f);
        if b & 0x80 == 0 {
            return Some((value.cast_signed(), i + 1));
        }
    }
    None
}

/// Tables as the file itself lists them, as far as the tree of that list can be read: name and root page.
pub fn listed(path: &Path) -> io::Result<Vec<(String, u32)>> {
    let mut pages = Pages::open(path)?;
    if pages.headless {
        return trees::listed_anywhere(&mut pages);
    }
    let mut found = Vec::new();
    for leaf in pages.leaves(1)?.0 {
        for (_, cells) in pages.rows(leaf)?.into_iter().flatten() {
            found.extend(table(&cells));
        }
    }
    Ok(found)
}

/// The table that a row of the list of tables is about.
fn table(cells: &[Cell]) -> Option<(String, u32)> {
    let text = |cell: &Cell| match cell {
        Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    match cells {
        [kind, name, _, Cell::Integer(root), _] if text(kind) == "table" => {
            Some((text(name), u32::try_from(*root).ok().filter(|root| *root > 0)?))
        }
        _ => None,
    }
}

/// Pages that the tree of a table leads to and that are none of a table.
pub fn lost_pages(path: &Path, root: u32) -> io::Result<u64> {
    Ok(Pages::open(path)?.leaves(root)?.2)
}

/// Gives every row that holds a record on a page that the trees at `roots` do not lead to, whatever the table was: a rowid, the
/// record as BSON, perhaps its checksum. No list of tables is needed for it. Stops where `emit` says false.
pub fn records(path: &Path, roots: &[u32], emit: &mut dyn FnMut(i64, Vec<Cell>) -> bool) -> io::Result<Found> {
    let mut pages = Pages::open(path)?;
    let mut known = pages.free()?;
    for root in roots {
        known.extend(pages.leaves(*root)?.1);
    }
    let mut found = Found::default();
    for number in 1..=pages.count {
        if known.contains(&number) || pages.page(number)?.is_none_or(|p| p[0] != LEAF) {
            continue;
        }
        let rows = pages.rows(number)?;
        let fits = |row: &&Option<Row>| row.as_ref().is_some_and(|(_, cells)| is_record(cells));
        if rows.iter().filter(fits).count() * 2 <= rows.len() {
            continue;
        }
        for row in rows {
            match row {
                Some((rowid, cells)) if is_record(&cells) => {
                    found.orphans += 1;
                    if !emit(rowid, cells) {
                        return Ok(found);
                    }
                }
                _ => found.lost_cells += 1,
            }
        }
    }
    Ok(found)
}

fn is_record(cells: &[Cell]) -> bool {
    match cells {
        [Cell::Null, Cell::Blob(bytes)] | [Cell::Null, Cell::Blob(bytes), Cell::Integer(_) | Cell::Null] => {
            let document = bson::RawDocument::from_bytes(bytes).ok().filter(|_| crate::is_readable(bytes));
            document.is_some_and(|document| document.get("_id").is_ok_and(|id| id.is_some()))
        }
        _ => false,
    }
}

/// Gives every row of the table at `root` that can be read, each rowid once; `others` are the roots of the other
/// tables, whose pages are not this one's; `None` where pages that no tree leads to may be those of several. Stops where `emit` says
/// false.
pub fn read(
    path: &Path,
    root: u32,
    columns: usize,
    others: Option<&[u32]>,
    emit: &mut dyn FnMut(i64, Vec<Cell>) -> bool,
) -> io::Result<Found> {
    let mut pages = Pages::open(path)?;
    let (leaves, mut known, lost_pages) = pages.leaves(root)?;
    let mut found = Found { lost_pages, ..Found::default() };
    let mut given = HashSet::new();
    for leaf in leaves {
        for row in pages.rows(leaf)? {
            match row {
                Some((rowid, cells)) if cells.len() <= columns => {
                    if given.insert(rowid) && !emit(rowid, cells) {
                        return Ok(found);
                    }
                }
                _ => found.lost_cells += 1,
            }
        }
    }
    let Some(others) = others.filter(|_| lost_pages > 0) else { return Ok(found) };
    for other in others {
        known.extend(pages.leaves(*other)?.1);
    }
    known.extend(pages.free()?);
    for number in 1..=pages.count {
        if known.contains(&number) || pages.page(number)?.is_none_or(|p| p[0] != LEAF) {
            continue;
        }
        let rows = pages.rows(number)?;
        let fits = |row: &&Option<Row>| row.as_ref().is_some_and(|(_, cells)| cells.len() == columns);
        // A page of another table, or no table's page at all, has rows of another shape.
        if rows.iter().filter(fits).count() * 2 <= rows.len() {
            continue;
        }
        for row in rows {
            match row {
                Some((rowid, cells)) if cells.len() == columns => {
                    if given.insert(rowid) {
                        found.orphans += 1;
                        if !emit(rowid, cells) {
                            return Ok(found);
                        }
                    }
                }
                _ => found.lost_cells += 1,
            }
        }
    }
    Ok(found)
}
