//! What a version of a pack changed, in sentences: fields that came, went, or have other rules.

use crate::describe::{Field, describe};
use crate::pack::Pack;

/// The differences from an earlier version to a later one; empty where only words changed.
pub fn changes(before: &Pack, after: &Pack) -> Vec<String> {
    let (old, new) = (describe(before), describe(after));
    let mut out = Vec::new();
    for field in &new {
        match old.iter().find(|f| f.name == field.name) {
            None => out.push(format!("{} is new{}.", field.name, if field.required { ", and required" } else { "" })),
            Some(earlier) => out.extend(changed(earlier, field)),
        }
    }
    for gone in old.iter().filter(|field| !new.iter().any(|f| f.name == field.name)) {
        out.push(format!("{} is no field any more.", gone.name));
    }
    if before.steward.key != after.steward.key {
        out.push(format!("Records are identified by {} instead of {}.", after.steward.key, before.steward.key));
    }
    out
}

fn changed(before: &Field, after: &Field) -> Option<String> {
    let mut what = Vec::new();
    match (before.required, after.required) {
        (false, true) => what.push("is required now".to_owned()),
        (true, false) => what.push("is optional now".to_owned()),
        _ => {}
    }
    if before.types != after.types || before.format != after.format {
        what.push(format!("is {} now", after.types.join(" or ")));
    }
    if before.rules != after.rules || before.choices != after.choices {
        what.push("has other rules".to_owned());
    }
    (!what.is_empty()).then(|| format!("{} {}.", after.name, what.join(" and ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry::Registry;

    #[test]
    fn fields_that_came_went_and_changed_are_reported() {
        let registry = Registry::builtin().unwrap();
        let found = changes(registry.get("careers@1.0.0").unwrap(), registry.get("careers@1.1.0").unwrap());
        assert_eq!(found, ["certifications is new."]);
        let pack = |properties: serde_json::Value, required: serde_json::Value| {
            let steward = json!({"pack": "p", "version": "1.0.0", "collection": "c", "key": "a"});
            Pack::parse(&json!({"properties": properties, "required": required, "x-steward": steward}).to_string()).unwrap()
        };
        let before = pack(json!({"a": {"type": "string"}, "b": {"type": "string", "maxLength": 3}, "c": {}}), json!([]));
        let after = pack(json!({"a": {"type": "integer"}, "b": {"type": "string", "maxLength": 4}}), json!(["a"]));
        assert_eq!(changes(&before, &after), ["a is required now and is integer now.", "b has other rules.", "c is no field any more."]);
    }
}
