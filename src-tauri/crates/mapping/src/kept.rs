//! Fields of JSON rows that no rule uses.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use steward_domain::Violation;

use crate::document::{Unmapped, escape};
use crate::lists::is_wrapper;
use crate::program::violation;
use crate::target::merge;

/// What of a row is used, as a tree of names.
#[derive(Debug, Default)]
pub(crate) struct Used {
    whole: bool,
    inner: BTreeMap<String, Used>,
}

impl Used {
    pub fn add(&mut self, path: &[String]) {
        path.iter().fold(self, |node, name| node.inner.entry(name.clone()).or_default()).whole = true;
    }

    /// The rest of an object: fields that are not used, and what is left of those that are used in part.
    fn rest(&self, object: &Map<String, Json>) -> Map<String, Json> {
        let mut out = Map::new();
        for (name, value) in object {
            let value = match self.inner.get(name) {
                None => value.clone(),
                Some(used) if used.whole => continue,
                Some(used) => match value {
                    Json::Object(inner) if !is_wrapper(inner) => {
                        let rest = used.rest(inner);
                        if rest.is_empty() {
                            continue;
                        }
                        Json::Object(rest)
                    }
                    // A list of which items are used stays whole: better twice than lost.
                    other => other.clone(),
                },
            };
            out.insert(name.clone(), value);
        }
        out
    }
}

/// Writes what no rule uses into the record, as the mapping wants it.
pub(crate) fn keep(policy: Unmapped, used: &Used, row: &Map<String, Json>, record: &mut Map<String, Json>, errors: &mut Vec<Violation>) {
    if policy == Unmapped::Drop {
        return;
    }
    for (name, value) in used.rest(row) {
        let pointer = format!("/{}", escape(&name));
        if policy == Unmapped::Report {
            errors.push(violation(&pointer, "mapping.unmapped", format!("The field '{name}' is not mapped."), Some(&value)));
        }
        if let Err(value) = merge(record, &name, value) {
            let message = format!("The field '{name}' is not mapped, and a rule has written another value there.");
            errors.push(violation(&pointer, "mapping.target", message, Some(&value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_used_in_part_keeps_its_rest() {
        let mut used = Used::default();
        used.add(&["a".to_owned(), "b".to_owned()]);
        used.add(&["c".to_owned()]);
        used.add(&["l".to_owned(), "0".to_owned()]);
        let row = json!({"a": {"b": 1, "x": 2}, "c": 3, "d": 4, "l": [1, 2]});
        assert_eq!(Json::Object(used.rest(row.as_object().unwrap())), json!({"a": {"x": 2}, "d": 4, "l": [1, 2]}));
    }

    #[test]
    fn kept_fields_do_not_overwrite_and_are_reported() {
        let mut record = json!({"d": "mapped"}).as_object().unwrap().clone();
        let mut errors = Vec::new();
        keep(Unmapped::Report, &Used::default(), json!({"d": 1, "e": 2}).as_object().unwrap(), &mut record, &mut errors);
        assert_eq!(Json::Object(record), json!({"d": "mapped", "e": 2}));
        let rules: Vec<(&str, &str)> = errors.iter().map(|e| (e.pointer.as_str(), e.rule.as_str())).collect();
        assert_eq!(rules, [("/d", "mapping.unmapped"), ("/d", "mapping.target"), ("/e", "mapping.unmapped")]);
    }
}
