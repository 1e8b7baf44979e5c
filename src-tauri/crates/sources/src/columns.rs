//! Names that are once, in time that grows with their number: a header may hold thousands of equal ones.

use std::collections::{HashMap, HashSet};

/// Names that are taken, and the next number of each that stood twice.
#[derive(Default)]
pub struct Taken {
    names: HashSet<String>,
    next: HashMap<String, usize>,
}

impl Taken {
    /// The wanted name, or the first of `name_2`, `name_3`… that is free. `base` is what the numbers are put behind.
    pub fn free(&mut self, wanted: String, base: &str) -> String {
        let mut name = wanted;
        if self.names.contains(&name) {
            let number = self.next.entry(base.to_owned()).or_insert(2);
            while self.names.contains(&name) {
                name = format!("{base}_{number}");
                *number += 1;
            }
        }
        self.names.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_number_is_taken() {
        let mut taken = Taken::default();
        let names: Vec<String> = ["a", "a_2", "a", "a", "b", "a_2"].map(|name| taken.free(name.to_owned(), name)).to_vec();
        assert_eq!(names, ["a", "a_2", "a_3", "a_4", "b", "a_2_2"]);
    }

    #[test]
    fn equal_names_cost_no_more_than_others() {
        let mut taken = Taken::default();
        let last = (0..300_000).map(|_| taken.free("a".into(), "a")).last();
        assert_eq!(last.as_deref(), Some("a_300000"));
    }
}
