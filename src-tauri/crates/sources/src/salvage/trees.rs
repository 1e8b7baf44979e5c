//! Tables of records without any list of them: pages that lead to others and that no other page leads to.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use super::{Cell, INTERIOR, LEAF, Pages, be16, be32, is_record};

/// The roots of the trees that hold records, the one with the most pages first. A table of one page is no tree.
pub fn trees(path: &Path) -> io::Result<Vec<u32>> {
    let mut pages = Pages::open(path)?;
    let (mut parents, mut children) = (Vec::new(), HashSet::new());
    for number in 2..=pages.count {
        let Some(page) = pages.page(number)?.filter(|page| page[0] == INTERIOR) else { continue };
        parents.push(number);
        children.insert(be32(&page, 8));
        let cells = be16(&page, 3).min(pages.size / 2);
        children.extend((0..cells).map(|i| be32(&page, be16(&page, 12 + i * 2))));
    }
    let mut found = Vec::new();
    for root in parents.into_iter().filter(|number| !children.contains(number)) {
        let leaves = pages.leaves(root)?.0;
        let Some(first) = leaves.first() else { continue };
        let rows = pages.rows(*first)?;
        if rows.iter().flatten().filter(|(_, cells)| is_record(cells)).count() * 2 > rows.len() {
            found.push((leaves.len(), root));
        }
    }
    found.sort_by_key(|(leaves, root)| (std::cmp::Reverse(*leaves), *root));
    Ok(found.into_iter().map(|(_, root)| root).collect())
}

/// Tables by the rows of their list, on whichever pages these are.
pub fn listed_anywhere(pages: &mut Pages) -> io::Result<Vec<(String, u32)>> {
    let mut found = Vec::new();
    for number in 2..=pages.count {
        if pages.page(number)?.is_none_or(|page| page[0] != LEAF) {
            continue;
        }
        for (_, cells) in pages.rows(number)?.into_iter().flatten() {
            if let [_, name, of, Cell::Integer(_), Cell::Text(sql)] = cells.as_slice()
                && name == of
                && sql.starts_with(b"CREATE TABLE ")
            {
                found.extend(super::table(&cells));
            }
        }
    }
    Ok(found)
}
