//! Which row of a table names its columns: the first one, one below titles, or none.

/// Rows above a header that may be titles and notes.
const TITLES: usize = 20;

/// What a cell looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Number,
    Date,
    Truth,
    Text,
}

/// The first row names columns, as far as it and the rows below tell. `expected`: names that columns may have.
pub fn names_columns<S: AsRef<str>>(rows: &[Vec<S>], expected: &[String]) -> bool {
    let Some((first, below)) = rows.split_first() else { return true };
    if known_names(first, expected) > 0 {
        return true;
    }
    let first: Vec<&str> = first.iter().map(|cell| cell.as_ref().trim()).collect();
    let blank = first.iter().filter(|cell| cell.is_empty()).count();
    if blank * 2 > first.len() {
        return false;
    }
    let (mut differ, mut fit, mut years) = (0, 0, true);
    for (at, cell) in first.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        let column =
            || below.iter().filter_map(|row| row.get(at)).map(|cell| cell.as_ref().trim()).filter(|cell| !stands_for_nothing(cell));
        let Some(kind) = common_kind(column()).filter(|kind| *kind != Kind::Text) else { continue };
        if kind_of(cell) == kind {
            fit += 1;
            // Years above figures: `2019, 2020, 2021`.
            years &= is_year(cell) && !column().all(is_year);
        } else if !stands_for_nothing(cell) {
            differ += 1;
        }
    }
    let distinct = || {
        let mut seen = std::collections::HashSet::new();
        first.iter().all(|cell| cell.is_empty() || seen.insert(cell))
    };
    match (differ, fit) {
        (0, 0) => distinct() && first.iter().enumerate().all(|(at, cell)| cell.is_empty() || is_name(cell) && !repeats(below, at, cell)),
        (_, 0) => true,
        // Where some cells are like those below and some are not, a row of data has a wrong value in it.
        (_, _) => years && distinct() && first.iter().any(|cell| is_name(cell)),
    }
}

/// How many cells are names that columns are expected to have.
pub fn known_names<S: AsRef<str>>(cells: &[S], expected: &[String]) -> usize {
    let known = |cell: &S| {
        let folded = fold(cell.as_ref());
        !folded.is_empty() && expected.iter().any(|name| fold(name) == folded)
    };
    cells.iter().filter(|cell| known(cell)).count()
}

/// How many rows are above the table: each holds one cell or none, and the first row of the table holds several.
pub fn titles<S: AsRef<str>>(rows: &[Vec<S>]) -> usize {
    let filled = |row: &Vec<S>| row.iter().filter(|cell| !cell.as_ref().trim().is_empty()).count();
    let Some(at) = rows.iter().take(TITLES + 1).position(|row| filled(row) > 1) else { return 0 };
    if at == 0 {
        return 0;
    }
    let (above, table) = rows.split_at(at);
    let width = table[0].len();
    let alike = table.iter().filter(|row| row.len() == width).count();
    // A title is shorter than the table is wide; where a spreadsheet filled it up, the row of names has hardly a gap.
    let short = |row: &Vec<S>| row.len() < width || filled(row) == 0 || width > 2 && filled(&table[0]) + 1 >= width;
    // One row below some others is no table.
    let tall = table.len() > 1 && (above.len() <= 3 || above.len() <= table.len());
    if tall && alike * 5 >= table.len() * 3 && above.iter().all(short) && names_columns(table, &[]) { at } else { 0 }
}

fn repeats<S: AsRef<str>>(below: &[Vec<S>], at: usize, cell: &str) -> bool {
    below.iter().filter_map(|row| row.get(at)).any(|other| other.as_ref().trim() == cell)
}

/// The kind of all cells, if they have one and there are any.
fn common_kind<'a>(cells: impl Iterator<Item = &'a str>) -> Option<Kind> {
    let mut common = None;
    for kind in cells.map(kind_of).filter(|kind| *kind != Kind::Blank) {
        match common {
            None => common = Some(kind),
            Some(known) if known != kind => return None,
            Some(_) => {}
        }
    }
    common
}

fn kind_of(cell: &str) -> Kind {
    match cell {
        "" => Kind::Blank,
        _ if is_number(cell) => Kind::Number,
        _ if is_date(cell) => Kind::Date,
        _ if ["true", "false", "yes", "no"].iter().any(|word| cell.eq_ignore_ascii_case(word)) => Kind::Truth,
        _ => Kind::Text,
    }
}

/// Numbers, dates, truth values: what hardly comes about by cutting in the wrong places.
pub fn is_typed(cell: &str) -> bool {
    !matches!(kind_of(cell.trim()), Kind::Text | Kind::Blank)
}

/// Digits, with a sign, marks between them, an exponent, a percent sign or a sign of a currency.
fn is_number(cell: &str) -> bool {
    let plain = cell.trim_start_matches(['+', '-', '$', '€', '£', ' ']).trim_end_matches(['%', '$', '€', '£', ' ']);
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    let marks = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | ' ' | '\u{a0}' | 'e' | 'E' | '+' | '-');
    let begins = plain.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let signs = plain.bytes().skip(1).filter(|b| matches!(b, b'-' | b'+')).count();
    digits > 0 && begins && plain.chars().all(marks) && signs <= usize::from(plain.contains(['e', 'E']))
}

/// Digits with separators of dates and times between them.
fn is_date(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let marks = |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | ':' | ' ' | 'T' | 'Z' | '+');
    digits >= 4 && cell.starts_with(|c: char| c.is_ascii_digit()) && cell.contains(['-', '/', '.', ':']) && cell.chars().all(marks)
}

fn is_year(cell: &str) -> bool {
    cell.len() == 4 && cell.parse().is_ok_and(|year: u32| (1800..=2200).contains(&year))
}

/// What people write where there is no value: it says nothing about its column.
fn stands_for_nothing(cell: &str) -> bool {
    ["", "-", "n/a", "na", "nan", "null", "none", "nil", "?"].iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// A word or a few, as names of columns are.
fn is_name(cell: &str) -> bool {
    let address = cell.contains("://") || cell.split_once('@').is_some_and(|(_, host)| host.contains('.'));
    let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
    kind_of(cell) == Kind::Text && letters > 0 && !address && cell.len() <= 200
}

/// Lower case, without white space, `_` and `-`: names that differ only in these are the same.
fn fold(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<&str>> {
        text.lines().map(|line| line.split(',').collect()).collect()
    }

    #[test]
    fn names_may_have_digits_in_them() {
        for text in [
            "id,Q1,Q10\na,yes,no\nb,no,maybe",
            "id,B12,inf\nx,210,none\ny,180,mild",
            "id,contact@home,note\nx,1,none",
            "country,2019,2020\nNorth,1.5,2.5\nSouth,4,5",
            "id,name\n1,Ada",
            "name\nAda\nBob",
            "id,,name\n1,2,Ada",
            "id,name",
        ] {
            assert!(names_columns(&rows(text), &[]), "{text}");
        }
        for text in
            ["1,Ada\n2,Bob", "Ann,n/a,3\nBob,5,4", "red,small\nblue,large\nred,large", "a@b.org,2019\nc@d.org,2020", "Ada,2019\nBob,2020"]
        {
            assert!(!names_columns(&rows(text), &[]), "{text}");
        }
        assert!(names_columns(&rows("1,red\n2,red"), &["RED".into()]));
    }

    #[test]
    fn titles_stand_above_a_table() {
        assert_eq!(titles(&rows("Export of 3 March\n\nid,amount\n1,2\n2,3")), 2);
        assert_eq!(titles(&rows("Report,,\nid,amount,text\n1,2,a\n2,3,b")), 1);
        for text in ["id,amount\n1,2", "name\nAda\nBob", "id\n1,2\n3\n4,5", "1,\n2,a\n3,b", ""] {
            assert_eq!(titles(&rows(text)), 0, "{text}");
        }
    }
}
