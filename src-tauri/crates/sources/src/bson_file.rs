//! BSON documents one after another, as `mongodump` writes them. A damaged document is a row of its own; reading goes
//! on at the next place where a whole document begins.

use std::io::{self, Read};

use steward_domain::depth::{self, Nesting};

use crate::window::Window;
use crate::{Fault, KEPT_OF_OVERSIZED, RawRow, Rows};

/// The server's limit is 16 MB; its own tools allow a little more.
const MAX_DOCUMENT: usize = (16 << 20) + (16 << 10);

/// How far a whole document is searched for behind a damaged one.
const SEARCH: usize = 32 << 20;

pub struct BsonRows<R> {
    window: Window<R>,
    number: u64,
    note: Option<String>,
}

impl<R: Read> BsonRows<R> {
    pub fn new(input: R) -> io::Result<Self> {
        Ok(Self { window: Window::new(input)?, number: 0, note: None })
    }

    /// Length of the whole, readable document at `ahead`.
    fn document(&mut self, ahead: usize) -> io::Result<Option<usize>> {
        if !self.window.fill(ahead + 4)? {
            return Ok(None);
        }
        let length = length_at(&self.window.rest()[ahead..]);
        let plausible = (5..=MAX_DOCUMENT).contains(&length) && self.window.fill(ahead + length - 1)?;
        let whole = plausible && is_readable(&self.window.rest()[ahead..ahead + length]);
        Ok(whole.then_some(length))
    }

    /// A document that is laid out well and nested too deeply: its length.
    fn too_deep(&mut self) -> io::Result<Option<usize>> {
        let length = length_at(self.window.rest());
        let whole = (5..=MAX_DOCUMENT).contains(&length) && self.window.fill(length - 1)?;
        Ok((whole && depth::of(&self.window.rest()[..length]) == Nesting::TooDeep).then_some(length))
    }

    fn damaged(&mut self) -> io::Result<RawRow> {
        let offset = self.window.position();
        let mut ahead = 1;
        while ahead < SEARCH && self.window.fill(ahead)? {
            // Almost every place is ruled out by the three upper bytes of the length alone.
            if self.document(ahead)?.is_some_and(|length| length > 5) {
                break;
            }
            ahead += 1;
        }
        let bytes = self.window.rest()[..ahead.min(KEPT_OF_OVERSIZED).min(self.window.rest().len())].to_vec();
        self.window.at += ahead.min(self.window.rest().len());
        let ended = !self.window.fill(0)?;
        let why = if ended && self.number > 0 {
            self.note = Some(format!("The file is damaged or truncated from byte {offset} on."));
            "The rest of the file is not a complete document: it is damaged or truncated.".to_owned()
        } else {
            format!("Bytes {offset} to {} are no readable document.", offset + ahead as u64 - 1)
        };
        Ok(RawRow { number: self.number, offset, bytes, fault: Some(Fault::Unreadable(why)) })
    }
}

/// The little-endian length that a document begins with.
pub fn length_at(bytes: &[u8]) -> usize {
    let length = bytes.get(..4).and_then(|b| b.try_into().ok()).map_or(0, i32::from_le_bytes);
    usize::try_from(length).unwrap_or(0)
}

/// Every element of the document, and of those in it, can be decoded.
pub fn is_readable(bytes: &[u8]) -> bool {
    bytes.last() == Some(&0) && depth::decode(bytes).is_some()
}

impl<R: Read + Send> Rows for BsonRows<R> {
    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        if !self.window.fill(0)? {
            return Ok(None);
        }
        self.number += 1;
        let Some(length) = self.document(0)? else {
            if let Some(length) = self.too_deep()? {
                let (offset, kept) = (self.window.position(), self.window.rest()[..length.min(KEPT_OF_OVERSIZED)].to_vec());
                self.window.at += length;
                let fault = Some(Fault::Unreadable(depth::SENTENCE.into()));
                return Ok(Some(RawRow { number: self.number, offset, bytes: kept, fault }));
            }
            return self.damaged().map(Some);
        };
        let row = RawRow { number: self.number, offset: self.window.position(), bytes: self.window.rest()[..length].to_vec(), fault: None };
        self.window.at += length;
        Ok(Some(row))
    }

    fn notes(&mut self) -> Vec<String> {
        match (self.number, self.note.take()) {
            (0, _) => vec!["The file is empty.".into()],
            (_, note) => note.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(n: i32) -> Vec<u8> {
        bson::doc! {"_id": n, "name": format!("record {n}"), "at": bson::DateTime::from_millis(0)}.to_vec().unwrap()
    }

    fn read(input: &[u8]) -> (Vec<bool>, Vec<String>) {
        let mut rows = BsonRows::new(input).unwrap();
        let mut out = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            out.push(row.fault.is_none());
        }
        (out, rows.notes())
    }

    #[test]
    fn documents_follow_each_other() {
        let all = [bytes(1), bytes(2), bytes(3)].concat();
        assert_eq!(read(&all), (vec![true; 3], Vec::new()));
    }

    #[test]
    fn a_damaged_document_is_one_row_and_the_rest_is_read() {
        let mut all = [bytes(1), bytes(2), bytes(3), bytes(4)].concat();
        let second = bytes(1).len();
        all[second + 4] = 0x77;
        assert_eq!(read(&all).0, [true, false, true, true]);
        all[second..second + 4].copy_from_slice(&i32::MAX.to_le_bytes());
        assert_eq!(read(&all).0, [true, false, true, true]);
    }

    #[test]
    fn a_cut_says_so() {
        let all = [bytes(1), bytes(2)].concat();
        let (rows, notes) = read(&all[..all.len() - 3]);
        assert_eq!(rows, [true, false]);
        assert!(notes[0].contains("truncated"), "{notes:?}");
    }
}
