//! Examples of a pack: records that it accepts, and records that it refuses with the rules that they break.

use include_dir::Dir;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::check::Checker;
use crate::pack::PackId;
use crate::registry::SCHEMAS;

/// What an example claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    Valid,
    Invalid,
}

/// One example as its file holds it.
#[derive(Debug, Clone)]
pub struct Example {
    /// Its file, below the folder of the examples.
    pub name: String,
    pub claim: Claim,
    pub content: Json,
}

/// A refused example: the record, and every rule that it breaks.
#[derive(Deserialize)]
struct Refused {
    record: Json,
    expect: Vec<Expected>,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Expected {
    pointer: String,
    rule: String,
}

impl Expected {
    fn describe(&self) -> String {
        format!("{} at {}", self.rule, if self.pointer.is_empty() { "the record" } else { &self.pointer })
    }
}

impl Example {
    /// Compares what the example claims with what the checker finds; what differs, a sentence each.
    pub fn run(&self, checker: &Checker) -> Vec<String> {
        match self.claim {
            Claim::Valid => {
                let found = checker.check(&self.content);
                found.iter().map(|v| format!("Should be accepted, but breaks {} at {}: {}", v.rule, v.pointer, v.message)).collect()
            }
            Claim::Invalid => match serde_json::from_value::<Refused>(self.content.clone()) {
                Ok(refused) => refused.differences(checker),
                Err(e) => {
                    vec![format!("An example of what is refused has \"record\" and \"expect\", a list of \"pointer\" and \"rule\": {e}.")]
                }
            },
        }
    }
}

impl Refused {
    fn differences(mut self, checker: &Checker) -> Vec<String> {
        let found = checker.check(&self.record).into_iter().map(|v| Expected { pointer: v.pointer, rule: v.rule });
        let mut found: Vec<Expected> = found.collect();
        found.sort();
        found.dedup();
        self.expect.sort();
        self.expect.dedup();
        let missing = self.expect.iter().filter(|e| !found.contains(e)).map(|e| format!("Should break {}, and does not.", e.describe()));
        let surplus = found.iter().filter(|f| !self.expect.contains(f)).map(|f| format!("Breaks {}, which is not expected.", f.describe()));
        let mut out: Vec<String> = missing.chain(surplus).collect();
        if self.expect.is_empty() {
            out.push("Names no rule that it should break.".into());
        }
        out
    }
}

/// The examples that come with a built-in pack: those for every version, and those for this one.
pub fn of_builtin(id: &PackId) -> Vec<Example> {
    let folder = format!("{}/examples", id.name);
    let mut out = Vec::new();
    for place in [folder.clone(), format!("{folder}/{}", id.version)] {
        for (kind, claim) in [("valid", Claim::Valid), ("invalid", Claim::Invalid)] {
            if let Some(dir) = SCHEMAS.get_dir(format!("{place}/{kind}")) {
                out.extend(read(dir, &folder, claim));
            }
        }
    }
    out
}

fn read(dir: &Dir<'_>, below: &str, claim: Claim) -> Vec<Example> {
    let files = dir.files().filter_map(|file| {
        let name = file.path().strip_prefix(below).unwrap_or(file.path()).display().to_string();
        Some(Example { name, claim, content: serde_json::from_slice(file.contents()).ok()? })
    });
    let mut out: Vec<Example> = files.collect();
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry::Registry;

    #[test]
    fn examples_of_every_pack_do_what_they_say() {
        let registry = Registry::builtin().unwrap();
        let mut number = 0;
        for pack in registry.all() {
            let checker = Checker::new(pack, &registry).unwrap();
            let examples = of_builtin(&pack.id);
            let count = |claim| examples.iter().filter(|e| e.claim == claim).count();
            assert!(count(Claim::Valid) >= 2 && count(Claim::Invalid) >= 4, "{} has too few examples", pack.id);
            for example in &examples {
                assert_eq!(example.run(&checker), [] as [String; 0], "{} against {}", example.name, pack.id);
            }
            number += examples.len();
        }
        assert!(number > 120);
    }

    #[test]
    fn an_example_that_claims_too_much_is_reported() {
        let registry = Registry::builtin().unwrap();
        let checker = Checker::new(registry.get("buddy.event").unwrap(), &registry).unwrap();
        let run = |claim, content| Example { name: String::new(), claim, content }.run(&checker);
        assert!(run(Claim::Valid, json!({}))[0].contains("breaks required at /event_id"));
        let expect = json!([{"pointer": "/kind", "rule": "type"}]);
        let wrong = run(Claim::Invalid, json!({"record": {}, "expect": expect}));
        assert!(wrong[0].contains("Should break type at /kind") && wrong[1].contains("not expected"), "{wrong:?}");
        assert!(run(Claim::Invalid, json!({}))[0].contains("\"record\""));
    }
}
