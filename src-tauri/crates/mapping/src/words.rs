//! Words for missing, true and false, and lookup tables: texts compared trimmed and, mostly, without regard to case.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value as Json;

use crate::error::MappingError;
use crate::slot::Slot;
use crate::steps::{BooleanStep, LookupStep, UnknownValue};
use crate::text::lower;

/// A few words; compared one by one, because there are few.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    lowered: Vec<String>,
    longest: usize,
    /// One of them could be a number, so numbers have to be looked at too.
    numeric: bool,
}

impl Words {
    pub fn new(words: &[String]) -> Self {
        let lowered: Vec<String> = words.iter().map(|w| w.trim().to_lowercase()).collect();
        let longest = lowered.iter().map(String::len).max().unwrap_or(0);
        let numeric = lowered.iter().any(|w| w.parse::<f64>().is_ok());
        Self { lowered, longest, numeric }
    }

    pub fn contains(&self, text: &str) -> bool {
        if self.lowered.is_empty() {
            return false;
        }
        let text = text.trim();
        if text.is_ascii() {
            return text.len() <= self.longest && self.lowered.iter().any(|w| w.eq_ignore_ascii_case(text));
        }
        // Lower case may have another length than what was written, but not by this much.
        text.len() <= 3 * self.longest && self.lowered.contains(&text.to_lowercase())
    }

    /// The value is one of the words.
    pub fn fits(&self, slot: &Slot<'_>) -> bool {
        match slot {
            Slot::Text(text) => self.contains(text),
            Slot::Integer(_) | Slot::Number(_) if self.numeric => slot.as_text().is_some_and(|t| self.contains(&t)),
            _ => false,
        }
    }
}

/// The words of a boolean step.
#[derive(Debug)]
pub(crate) struct Booleans {
    yes: Words,
    no: Words,
}

impl Booleans {
    pub fn new(step: &BooleanStep) -> Result<Self, MappingError> {
        let (yes, no) = (Words::new(&step.yes), Words::new(&step.no));
        match yes.lowered.iter().find(|w| no.lowered.contains(w)) {
            Some(word) => Err(MappingError::new("", format!("'{word}' cannot mean both true and false."))),
            None => Ok(Self { yes, no }),
        }
    }

    pub fn read(&self, text: &str) -> Option<bool> {
        if self.yes.contains(text) {
            return Some(true);
        }
        self.no.contains(text).then_some(false)
    }
}

/// A lookup step.
#[derive(Debug)]
pub(crate) struct Lookup {
    table: HashMap<String, Json>,
    pub unknown: UnknownValue,
    match_case: bool,
}

impl Lookup {
    pub fn new(step: &LookupStep) -> Result<Self, MappingError> {
        let mut table = HashMap::with_capacity(step.table.len());
        for (key, value) in &step.table {
            let key = key.trim();
            let folded = if step.match_case { key.to_owned() } else { key.to_lowercase() };
            if table.insert(folded, value.clone()).is_some() {
                return Err(MappingError::new("/table", format!("The lookup table has '{key}' twice."))
                    .hint("Entries are compared trimmed and, unless matchCase is true, without regard to case."));
            }
        }
        Ok(Self { table, unknown: step.unknown, match_case: step.match_case })
    }

    pub fn get(&self, text: &str) -> Option<&Json> {
        let text = text.trim();
        let folded = if self.match_case { Cow::Borrowed(text) } else { lower(Cow::Borrowed(text)) };
        self.table.get(folded.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_ignore_case_and_space_in_any_script() {
        let words = Words::new(&["N/A".into(), "нет".into(), "-999".into()]);
        for text in ["n/a", " N/A ", "НЕТ", "-999"] {
            assert!(words.contains(text), "{text}");
        }
        assert!(!words.contains("") && !words.contains("n/a/b"));
        assert!(words.fits(&Slot::Integer(-999)) && words.fits(&Slot::Number(-999.0)) && !words.fits(&Slot::Integer(999)));
        assert!(Words::new(&[String::new()]).contains("  "));
    }

    #[test]
    fn a_word_is_true_or_false_but_not_both() {
        let booleans = Booleans::new(&BooleanStep::default()).unwrap();
        assert_eq!([" Yes", "0", "maybe"].map(|w| booleans.read(w)), [Some(true), Some(false), None]);
        let both = BooleanStep { yes: vec!["Ja".into()], no: vec!["ja".into()] };
        assert_eq!(Booleans::new(&both).unwrap_err().message, "'ja' cannot mean both true and false.");
    }

    #[test]
    fn tables_are_compared_as_they_say() {
        let table: std::collections::BTreeMap<String, Json> =
            [("BA".to_owned(), Json::from("Bachelor's")), ("HS".to_owned(), Json::Null)].into();
        let lookup = Lookup::new(&LookupStep { table: table.clone(), ..LookupStep::default() }).unwrap();
        assert_eq!((lookup.get(" ba "), lookup.get("hs"), lookup.get("x")), (Some(&Json::from("Bachelor's")), Some(&Json::Null), None));
        let exact = Lookup::new(&LookupStep { table, match_case: true, ..LookupStep::default() }).unwrap();
        assert_eq!(exact.get("ba"), None);
        let twice = [("a".to_owned(), Json::Null), ("A".to_owned(), Json::Null)].into();
        assert_eq!(Lookup::new(&LookupStep { table: twice, ..LookupStep::default() }).unwrap_err().pointer, "/table");
    }
}
