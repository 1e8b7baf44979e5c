//! The rows of a table whose file is damaged: what SQLite cannot reach any more is read from the pages themselves.

use std::io;

use super::{Reading, counted, is_of_records, roots};
use crate::salvage::{self, Cell};

impl Reading {
    /// Reads on from the pages: rows behind the last one that SQLite could give.
    pub(super) fn salvaged(&mut self) -> io::Result<Vec<String>> {
        let others = self.others()?;
        let after = self.last;
        let (root, width, rowid_at, path) = (self.table.root, self.table.width, self.table.rowid, self.path.clone());
        let mut emit = |rowid: i64, mut cells: Vec<Cell>| {
            if after.is_some_and(|last| rowid <= last) {
                return true;
            }
            // Columns that were added later are missing at the end of old rows.
            cells.resize_with(width, || Cell::Null);
            if let Some(at) = rowid_at {
                cells[at] = Cell::Integer(rowid);
            }
            self.emit(cells)
        };
        let found = salvage::read(&path, root, width, others.as_deref(), &mut emit)?;
        let mut notes = vec![format!(
            "The file is damaged. From the table {} {} could be read, {} of them from pages that SQLite itself can no longer reach.",
            self.table.name,
            counted(self.number, "row"),
            found.orphans,
        )];
        if found.lost_pages > 0 || found.lost_cells > 0 {
            notes.push(format!(
                "{} and {} on other pages are unreadable; their content is lost.",
                counted(found.lost_pages, "page"),
                counted(found.lost_cells, "single row")
            ));
        }
        Ok(notes)
    }

    /// The other tables, where pages that no tree leads to can only be of this one. All collections of a workspace look alike: with
    /// gaps in several of them, nobody can tell whose such a page was.
    fn others(&self) -> io::Result<Option<Vec<u32>>> {
        let listed = salvage::listed(&self.path)?;
        if self.table.columns.is_empty() {
            for (_, root) in listed.iter().filter(|(name, root)| is_of_records(name) && *root != self.table.root) {
                if salvage::lost_pages(&self.path, *root)? > 0 {
                    return Ok(None);
                }
            }
        }
        let all = roots(&self.path).unwrap_or_else(|_| listed.into_iter().map(|(_, root)| root).collect());
        Ok(Some(all.into_iter().filter(|root| *root != self.table.root).collect()))
    }

    /// Records that no collection leads to, whichever they were of.
    pub(super) fn lost_and_found(&mut self, roots: &[u32]) -> io::Result<Vec<String>> {
        let path = self.path.clone();
        let found = salvage::records(&path, roots, &mut |_, cells| self.emit(cells))?;
        let mut notes = vec![format!(
            "The file is damaged. {} were on pages that no collection refers to any more; which collection they belonged to is not known.",
            counted(found.orphans, "record")
        )];
        if found.lost_cells > 0 {
            notes.push(format!("{} on these pages are unreadable; their content is lost.", counted(found.lost_cells, "single row")));
        }
        Ok(notes)
    }
}
