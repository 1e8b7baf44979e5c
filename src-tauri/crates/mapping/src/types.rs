//! What a column of texts is where no schema says it: one type for all its cells, and only where each of them comes back as
//! it was written. `1.10` and `007` are texts, and so is every other cell of their columns.

use crate::canonical::{self, Canonical};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    Number,
    Boolean,
}

/// Looks at the cells of a column, one after another.
#[derive(Debug, Clone, Default)]
pub struct Typing {
    found: Option<ColumnType>,
}

impl Typing {
    /// Takes a cell. Empty ones say nothing.
    pub fn add(&mut self, cell: &str) {
        if cell.is_empty() || self.found == Some(ColumnType::Text) {
            return;
        }
        let kind = of(cell);
        self.found = Some(match self.found {
            None => kind,
            Some(known) if known == kind => kind,
            Some(_) => ColumnType::Text,
        });
    }

    /// No further cell changes it.
    pub fn is_discarded(&self) -> bool {
        self.found == Some(ColumnType::Text)
    }

    /// A column of another file with the same name.
    pub fn merge(&mut self, other: &Self) {
        self.found = match (self.found, other.found) {
            (Some(a), Some(b)) if a != b => Some(ColumnType::Text),
            (a, b) => a.or(b),
        };
    }

    /// A column without a cell is one of texts.
    pub fn finish(&self) -> ColumnType {
        self.found.unwrap_or(ColumnType::Text)
    }
}

fn of(cell: &str) -> ColumnType {
    match cell {
        "true" | "false" => ColumnType::Boolean,
        _ => match canonical::number(cell) {
            Some(Canonical::Integer(_)) => ColumnType::Number,
            Some(Canonical::Number(n)) if n.to_string() == cell => ColumnType::Number,
            _ => ColumnType::Text,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(cells: &[&str]) -> ColumnType {
        let mut typing = Typing::default();
        cells.iter().for_each(|cell| typing.add(cell));
        typing.finish()
    }

    #[test]
    fn a_column_has_one_type_and_loses_nothing() {
        assert_eq!(typed(&["1", "", "-2", "2.5"]), ColumnType::Number);
        assert_eq!(typed(&["true", "false"]), ColumnType::Boolean);
        for cells in [
            &["10115", "01067"][..],
            &["250.1", "250.10"],
            &["1", "n/a"],
            &["1", "true"],
            &["9223372036854775808"],
            &["1e3"],
            &["0x1F"],
            &["+5"],
            &["-0"],
            &["TRUE"],
            &[" 1"],
            &["86000.00"],
            &["0.1000000000000000055511151231257827"],
            &[],
        ] {
            assert_eq!(typed(cells), ColumnType::Text, "{cells:?}");
        }
    }
}
