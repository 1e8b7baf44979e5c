//! A workspace whose list of tables SQLite cannot read any more: truncated, or with a damaged first page. Its collections are recognised by what
//! is left of the list; records on pages that none of them leads to are a part of their own. Where the first page is gone, tables that
//! no list names are found by the pages that lead to their records.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use super::{OWN, Table, is_of_records};
use crate::SourceResult;
use crate::salvage::{self, Cell};

/// As the recovery of SQLite itself calls it.
const LOST_AND_FOUND: &str = "lost_and_found";
/// Columns of a collection's table: rowid, record, checksum.
const WIDTH: usize = 3;

/// Collections by what is left of their list, and the records that none of them leads to; empty where no record is found at all.
pub fn recovered(path: &Path) -> SourceResult<Vec<Table>> {
    let listed = salvage::listed(path)?;
    let names = names(path, &listed)?;
    let table = |name: String, stored_as: String, root, found| Table {
        name,
        columns: Vec::new(),
        stored_as,
        width: WIDTH,
        rowid: None,
        root,
        found,
    };
    let mut roots: Vec<u32> = listed.iter().map(|(_, root)| *root).collect();
    let listed_roots = roots.clone();
    let mut tables = Vec::new();
    for (stored_as, root) in listed.into_iter().filter(|(name, _)| is_of_records(name)) {
        let name = names.get(&stored_as).cloned().unwrap_or_else(|| stored_as.clone());
        if !name.starts_with(OWN) {
            tables.push(table(name, stored_as, root, None));
        }
    }
    if is_headless(path) {
        for root in salvage::trees(path)?.into_iter().filter(|root| !listed_roots.contains(root)) {
            tables.push(table(format!("page_{root}"), String::new(), root, None));
            roots.push(root);
        }
    }
    let mut any = false;
    salvage::records(path, &roots, &mut |_, _| {
        any = true;
        false
    })?;
    if any {
        tables.push(table(LOST_AND_FOUND.to_owned(), String::new(), 0, Some(roots)));
    }
    Ok(tables)
}

/// The file does not begin as one of SQLite does.
pub fn is_headless(path: &Path) -> bool {
    let mut head = [0; salvage::MAGIC.len()];
    let whole = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    whole.is_err() || head != *salvage::MAGIC
}

/// Names of collections by their tables.
fn names(path: &Path, listed: &[(String, u32)]) -> SourceResult<HashMap<String, String>> {
    let mut names = HashMap::new();
    if let Some((_, root)) = listed.iter().find(|(name, _)| name == "collections") {
        salvage::read(path, *root, usize::MAX, None, &mut |id, cells| {
            if let Some(Cell::Text(name)) = cells.get(1) {
                names.insert(format!("c{id}"), String::from_utf8_lossy(name).into_owned());
            }
            true
        })?;
    }
    Ok(names)
}
