//! What a person reads when a mapping cannot be used: where, what, and what to do.

use serde_json::{Value as Json, json};
use steward_mapping::{Mapping, compile};

fn refusal(mapping: Json) -> String {
    let header = ["Title", "Salary", "Started", "a", "a"].map(str::to_owned);
    let error = match Mapping::from_json(mapping) {
        Ok(mapping) => compile(&mapping, Some(&header), None).unwrap_err(),
        Err(error) => error,
    };
    format!("{}\n  {}\n  {}\n", error.pointer, error.message, error.hint)
}

fn rule(rule: Json) -> String {
    refusal(json!({"version": 1, "rules": [{"to": "title", "from": "Title"}, rule]}))
}

fn step(step: Json) -> String {
    rule(json!({"to": "x", "from": "Salary", "steps": [{"trim": "ends"}, step]}))
}

#[test]
fn documents() {
    let found = [
        refusal(json!([])),
        refusal(json!({"rules": []})),
        refusal(json!({"version": 2, "future": true})),
        refusal(json!({"version": "1"})),
        refusal(json!({"version": 1, "rule": []})),
        refusal(json!({"version": 1, "unmapped": "forget"})),
        refusal(json!({"version": 1, "zone": "Europe/Berln"})),
        refusal(json!({"version": 1, "drop": ["Titel"]})),
        refusal(json!({"version": 1, "rules": [{"to": "x"}]})),
        refusal(json!({"version": 1, "rules": [{"to": "x", "from": 5}]})),
        refusal(json!({"version": 1, "rules": [{"to": "x", "from": {"constant": 1, "template": "a"}}]})),
        Mapping::parse("{\"version\": 1,").unwrap_err().message,
    ];
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn rules() {
    let found = [
        rule(json!({"to": "title", "from": "Salary"})),
        rule(json!({"to": "title.short", "from": "Salary"})),
        rule(json!({"to": "a..b", "from": "Salary"})),
        rule(json!({"to": "$set", "from": "Salary"})),
        rule(json!({"to": "x", "from": "Saalry"})),
        rule(json!({"to": "x", "from": "a"})),
        rule(json!({"to": "x", "from": "nothing like it"})),
        rule(json!({"to": "x", "from": {"template": "{Title"}})),
        rule(json!({"to": "x", "from": {"template": "{Titles} {Salary}"}})),
        rule(
            json!({"to": "x", "from": {"cases": [{"then": "Salary"}, {"when": [{"column": "Title", "is": {"matches": "("}}], "then": "Salary"}]}}),
        ),
        rule(json!({"to": "x", "from": {"cases": [{"when": [{"column": "Title", "is": "absent"}], "then": "Salary"}]}})),
    ];
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn steps() {
    let found = [
        step(json!("trim")),
        step(json!({"trim": "left"})),
        step(json!({"shout": {}})),
        step(json!({"number": {"decimals": "comma"}})),
        step(json!({"number": {"range": {"min": "title"}}})),
        step(json!({"number": {"range": {"min": "x.min"}}})),
        step(json!({"number": {"range": {"max": ""}}})),
        step(json!({"date": {"formats": ["iso", "dd.mm.yyyy"]}})),
        step(json!({"date": {"formats": ["%d.%m."]}})),
        step(json!({"date": {"formats": ["%d.%m.%Y %Q"]}})),
        step(json!({"date": {"formats": ["%d.%m.%Y %H:%M %Z"]}})),
        step(json!({"date": {"zone": "CEST"}})),
        step(json!({"boolean": {"true": ["ja"], "false": ["Ja"]}})),
        step(json!({"extract": {"pattern": "(?<=a)b"}})),
        step(json!({"extract": {"pattern": "\\w{1000}{1000}"}})),
        step(json!({"extract": {"pattern": "a", "group": "1"}})),
        step(json!({"replace": {"pattern": "(a)", "with": "$1b"}})),
        step(json!({"split": {"separator": ""}})),
        step(json!({"lookup": {"table": {"a": 1, " A": 2}}})),
        step(json!({"cast": "int"})),
        step(json!({"pick": "a..b"})),
        rule(json!({"to": "x", "from": "Salary", "steps": [{"split": {"separator": ";"}}, {"number": {"range": {"min": "low"}}}]})),
    ];
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn kept_columns_do_not_overwrite() {
    let found = refusal(json!({"version": 1, "rules": [{"to": "Title", "from": "Salary"}], "drop": ["#4"]}));
    insta::assert_snapshot!(found);
}
