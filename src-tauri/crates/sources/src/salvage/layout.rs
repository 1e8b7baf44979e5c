//! How the pages of a file lie whose first page is gone: their size, and where the first one began.
//!
//! Only files of records are recognised: a leaf page says its own size by how many records its cells lead to. Where the front of
//! the file was truncated, page numbers no longer fit their places; what pages say of each other tells by how much.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::{INTERIOR, LEAF, Pages, be16, be32, is_record, varint};

/// The size that Steward writes comes first: it wins where several fit equally.
const SIZES: [usize; 8] = [8192, 4096, 16384, 2048, 1024, 32768, 65536, 512];
/// A larger file is looked at in so many places, so many bytes each.
const PLACES: u64 = 8;
const PLACE: u64 = 4 << 20;
/// Pages that may be missing at the front for the others to be found by their numbers.
const MISSING: i64 = 4096;
/// Statements of pages about each other that are tried.
const LINKS: usize = 64;

/// Page size, and the offset of page 1: below 0 where the file was truncated at the front.
pub fn guess(file: &mut File, length: u64) -> io::Result<Option<(usize, i64)>> {
    let mut best = (0, 0, 0);
    for size in SIZES {
        let rest = i64::try_from(length % size as u64).unwrap_or(0);
        for phase in [0, rest] {
            let records = fitting(file, length, size, phase)?;
            if records > best.0 {
                best = (records, size, phase);
            }
        }
    }
    let (records, size, phase) = best;
    if records == 0 {
        return Ok(None);
    }
    let links = links(file, length, size, phase)?;
    // Ahead of a first page in pieces there was at least the rest of it.
    let least = i64::from(phase > 0);
    let mut found = (0, least);
    for missing in least..=if links.is_empty() { least } else { MISSING } {
        let mut pages = Pages::laid_out(file.try_clone()?, length, size, phase - missing * size as i64);
        let mut holding = 0;
        for link in &links {
            holding += usize::from(link.holds(&mut pages, missing)?);
        }
        if holding > found.0 {
            found = (holding, missing);
        }
        if holding == links.len() {
            break;
        }
    }
    Ok(Some((size, phase - found.1 * size as i64)))
}

/// The places that are looked at, each from and to an offset.
fn places(length: u64) -> Vec<(u64, u64)> {
    if length <= PLACES * PLACE {
        return vec![(0, length)];
    }
    (0..PLACES).map(|n| (length - PLACE) / (PLACES - 1) * n).map(|from| (from, from + PLACE)).collect()
}

/// Calls `each` with the pages in the places that are looked at: their ordinals from the phase on, and their bytes.
fn each_page(file: &mut File, length: u64, size: usize, phase: i64, mut each: impl FnMut(u32, &[u8])) -> io::Result<()> {
    let (phase, wide) = (u64::try_from(phase).unwrap_or(0), size as u64);
    let mut page = vec![0; size];
    for (from, to) in places(length) {
        let first = from.saturating_sub(phase).div_ceil(wide);
        file.seek(SeekFrom::Start(phase + first * wide))?;
        let mut reader = io::BufReader::with_capacity(1 << 17, &*file);
        for ordinal in first.. {
            if phase + (ordinal + 1) * wide > to {
                break;
            }
            reader.read_exact(&mut page)?;
            each(u32::try_from(ordinal).unwrap_or(u32::MAX), &page);
        }
    }
    Ok(())
}

/// Cells of leaf pages that begin a record.
fn fitting(file: &mut File, length: u64, size: usize, phase: i64) -> io::Result<usize> {
    let mut records = 0;
    each_page(file, length, size, phase, |_, page| {
        if page[0] == LEAF {
            let cells = be16(page, 3).min(size / 2);
            records += (0..cells).filter(|i| begins_record(page, be16(page, 8 + i * 2), cells)).count();
        }
    })?;
    Ok(records)
}

/// A cell with no first value, and BSON of the length that is stated as its second.
fn begins_record(page: &[u8], at: usize, cells: usize) -> bool {
    let inside = at >= 8 + cells * 2;
    let stated = || {
        let (length, n) = varint(page, at)?;
        let (_, m) = varint(page, at + n)?;
        let body = at + n + m;
        let (header, h) = varint(page, body)?;
        let (first, f) = varint(page, body + h)?;
        let (second, _) = varint(page, body + h + f)?;
        let bytes = usize::try_from(second.checked_sub(12)?).ok().filter(|b| second >= 12 && b % 2 == 0)? / 2;
        let document = body + usize::try_from(header).ok().filter(|h| *h < 16)?;
        let said = u32::from_le_bytes(page.get(document..document + 4)?.try_into().ok()?);
        Some(first == 0 && bytes >= 5 && said as usize == bytes && length > second / 2 - 6)
    };
    inside && stated().unwrap_or(false)
}

/// What a page says of another one.
enum Link {
    /// The cell at this place of the page with this ordinal goes on there.
    Rest { ordinal: u32, at: usize },
    /// The rowids of the page with this number are behind the first and up to the second.
    Rowids { child: u32, behind: i64, to: i64 },
}

fn links(file: &mut File, length: u64, size: usize, phase: i64) -> io::Result<Vec<Link>> {
    let (mut rests, mut rowids) = (Vec::new(), Vec::new());
    each_page(file, length, size, phase, |ordinal, page| {
        let cells = be16(page, 3).min(size / 2);
        match page[0] {
            LEAF => {
                for at in (0..cells).map(|i| be16(page, 8 + i * 2)).filter(|at| begins_record(page, *at, cells)) {
                    let bytes = varint(page, at).map_or(0, |(length, _)| usize::try_from(length).unwrap_or(0));
                    if rests.len() < LINKS && bytes > size && bytes < size * 8 {
                        rests.push(Link::Rest { ordinal, at });
                    }
                }
            }
            INTERIOR => {
                let mut behind = i64::MIN;
                for at in (0..cells).map(|i| be16(page, 12 + i * 2)) {
                    let Some((to, _)) = varint(page, at + 4) else { break };
                    if rowids.len() < LINKS && to > behind {
                        rowids.push(Link::Rowids { child: be32(page, at), behind, to });
                    }
                    behind = to;
                }
            }
            _ => {}
        }
    })?;
    rests.append(&mut rowids);
    Ok(rests)
}

impl Link {
    fn holds(&self, pages: &mut Pages, missing: i64) -> io::Result<bool> {
        match *self {
            Self::Rest { ordinal, at } => {
                let Ok(number) = u32::try_from(i64::from(ordinal) + missing + 1) else { return Ok(false) };
                let Some(page) = pages.page(number)? else { return Ok(false) };
                Ok(pages.row(&page, at)?.is_some_and(|(_, cells)| is_record(&cells)))
            }
            Self::Rowids { child, behind, to } => {
                let Some(page) = pages.page(child)?.filter(|page| page[0] == LEAF) else { return Ok(false) };
                let cells = be16(&page, 3).min(page.len() / 2);
                let rowid = |i: usize| {
                    let at = be16(&page, 8 + i * 2);
                    varint(&page, at).and_then(|(_, n)| varint(&page, at + n)).map(|(rowid, _)| rowid)
                };
                let within = |rowid: Option<i64>| rowid.is_some_and(|rowid| rowid > behind && rowid <= to);
                Ok(cells > 0 && within(rowid(0)) && within(rowid(cells - 1)))
            }
        }
    }
}
