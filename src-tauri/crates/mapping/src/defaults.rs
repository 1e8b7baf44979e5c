//! The mapping when nobody wrote one: which field a column goes to by its name alone.

use std::collections::{HashMap, HashSet};

use steward_schema::Pack;

use crate::columns::Columns;
use crate::document::{Mapping, Rule, Source};
use crate::names::fold;
use crate::shape::places;
use crate::target::{Taken, Target};

/// Each column to the field of that name: first the names that the pack gives its columns, then the fields of its schema
/// (ignoring case, spaces, `_` and `-`), else a field called like the column. No two columns share a field.
///
/// The rules have no steps: cells are fitted to the schema, or to plain numbers, true and false where there is none.
pub fn default_for(header: &[String], target: Option<&Pack>) -> Mapping {
    let columns = Columns::new(Some(header));
    let mut naming = Naming::new(target, header);
    let mut taken = Taken::default();
    let mut rules = vec![Rule::rename("", ""); header.len()];
    // A column with exactly the name of a field gets it, wherever it is; those whose names are only like it come after.
    let mut order: Vec<(usize, &String)> = header.iter().enumerate().collect();
    order.sort_by_key(|(_, name)| !naming.is_exact(name));
    for (index, name) in order {
        let free = naming.candidates(name, index).into_iter().find(|path| taken.take(path).is_ok());
        let to = Target::new(free.unwrap_or_else(|| naming.numbered(name, index, &mut taken))).text();
        rules[index] = Rule { from: Source::Column(columns.name_of(index)), ..Rule::rename("", to) };
    }
    Mapping { rules, ..Mapping::default() }
}

/// From names of columns to fields of a pack.
pub(crate) struct Naming {
    fields: HashMap<String, Vec<String>>,
    /// Names of the columns.
    header: HashSet<String>,
    /// The next number of names that several columns have; what is below is taken.
    numbers: HashMap<Vec<String>, usize>,
}

impl Naming {
    pub fn new(target: Option<&Pack>, header: &[String]) -> Self {
        let mut fields = HashMap::new();
        if let Some(pack) = target {
            for (path, column) in &pack.steward.columns {
                for name in &column.names {
                    fields.entry(fold(name)).or_insert_with(|| path.split('.').map(str::to_owned).collect());
                }
            }
            let mut places = places(pack);
            // Should an inner field be called like an outer one, the outer one is meant.
            places.sort_by_key(|place| place.path.len());
            for place in places {
                fields.entry(fold(&place.path.join("."))).or_insert(place.path);
            }
        }
        Self { fields, header: header.iter().map(|name| name.trim().to_owned()).collect(), numbers: HashMap::new() }
    }

    /// The column has exactly the name of its field.
    fn is_exact(&self, name: &str) -> bool {
        self.fields.get(&fold(name)).is_some_and(|path| path.join(".") == name.trim())
    }

    /// Fields that a column may go to, the best first.
    pub fn candidates(&self, name: &str, index: usize) -> Vec<Vec<String>> {
        let plain = self.plain(name, index);
        let flat = vec![plain.join(".")];
        let mut out: Vec<Vec<String>> = self.fields.get(&fold(name)).cloned().into_iter().chain([plain, flat]).collect();
        out.dedup();
        out
    }

    /// The field called like the column with a number behind, the next that is free: where several columns have the same name.
    pub fn numbered(&mut self, name: &str, index: usize, taken: &mut Taken) -> Vec<String> {
        let plain = self.plain(name, index);
        let next = self.numbers.entry(plain.clone()).or_insert(2);
        loop {
            let mut path = plain.clone();
            if let Some(last) = path.last_mut() {
                last.push_str(&format!("_{next}"));
            }
            *next += 1;
            if taken.take(&path).is_ok() {
                return path;
            }
        }
    }

    /// The field called like the column. Dots make objects, as in the exports of databases, where each part is a name of its
    /// own and no other column has the name of the object; any other name is one name, whatever is in it.
    pub fn plain(&self, name: &str, index: usize) -> Vec<String> {
        let clean: String = name.trim().chars().filter(|c| *c != '\0').collect();
        let clean = clean.trim_start_matches('$');
        if clean.is_empty() {
            return vec![format!("column_{}", index + 1)];
        }
        let path: Vec<&str> = clean.split('.').collect();
        let part = |part: &&str| {
            part.starts_with(|c: char| c.is_alphabetic() || c == '_') && part.chars().all(|c| c.is_alphanumeric() || c == '_')
        };
        let taken = |end: usize| self.header.contains(&path[..end].join("."));
        // A name that merely has dots in it ("Avg. Salary") is one name, and so is one that would lead deeper than records go.
        if path.len() > crate::columns::MOST_LEVELS || !path.iter().all(part) || (1..path.len()).any(taken) {
            return vec![clean.to_owned()];
        }
        path.into_iter().map(str::to_owned).collect()
    }
}

/// What the pack says of lists in a cell of this field.
pub(crate) fn separator_of<'p>(pack: &'p Pack, path: &[String]) -> Option<&'p str> {
    pack.steward.columns.get(&path.join("."))?.separator.as_deref().filter(|s| !s.is_empty())
}
