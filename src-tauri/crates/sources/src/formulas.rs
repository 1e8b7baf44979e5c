//! Cells that a spreadsheet would compute: an apostrophe in front of them keeps it from that, and is taken off again.
//!
//! The two are each other's reverse: a cell that begins with apostrophes and then like a formula gets one more.

/// A cell that needs an apostrophe in front.
pub fn needs_apostrophe(cell: &str) -> bool {
    let bare = cell.trim_start_matches('\'');
    begins_like_one(bare) && (bare.len() < cell.len() || !is_number(cell))
}

/// A cell without the apostrophe in front; `None` where it has none that was put there.
pub fn without_apostrophe(cell: &str) -> Option<&str> {
    cell.strip_prefix('\'').filter(|rest| begins_like_one(rest.trim_start_matches('\'')))
}

/// It begins with a sign of formulas, of whichever width, with or without blanks before it.
fn begins_like_one(cell: &str) -> bool {
    let text = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '＠', '－']) || cell.starts_with(['\t', '\r'])
}

/// Negative numbers begin like formulas and are none.
fn is_number(cell: &str) -> bool {
    let text = cell.trim();
    text.starts_with('-') && text.parse::<f64>().is_ok() && !cell.starts_with(['\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_front_is_taken_off() {
        for cell in ["=x", "'=x", "''=x", "-5", "'-5", "-n", " =x", "＝x", "\t", "'", "''", "x", "'x", "+1", "@a", "\u{feff}=x", "--", ""]
        {
            let written = if needs_apostrophe(cell) { format!("'{cell}") } else { cell.to_owned() };
            assert_eq!(without_apostrophe(&written).unwrap_or(&written), cell, "{cell:?} {written:?}");
        }
        assert!(needs_apostrophe("＝cmd") && needs_apostrophe(" =x") && !needs_apostrophe("-1.5e3") && !needs_apostrophe("it's"));
    }
}
