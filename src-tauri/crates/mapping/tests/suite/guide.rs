//! The guide on mappings: its examples do what it says, and none of the steps is forgotten.

use serde_json::{Value as Json, json};
use steward_mapping::{Cell, Input, Mapping, Typing, compile};

const GUIDE: &str = include_str!("../../../../../docs/guide/mapping.md");

fn examples() -> Vec<Json> {
    let blocks = GUIDE.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(|block| serde_json::from_str(block).unwrap_or_else(|e| panic!("{e}\n{block}"))).collect()
}

/// An example is a mapping with a row, the record of it and what is reported next to it.
fn run(mut example: Json) {
    let object = example.as_object_mut().unwrap();
    let mut take = |name: &str| object.shift_remove(name);
    let (row, rows) = (take("row"), take("json"));
    let (record, violations) = (take("record").unwrap(), take("violations").unwrap_or_else(|| json!([])));
    object.insert("version".into(), json!(1));
    let mapping = Mapping::from_json(example.clone()).unwrap();
    let mut errors = Vec::new();
    let found = match (row, rows) {
        (Some(Json::Object(row)), None) => {
            let header: Vec<String> = row.keys().cloned().collect();
            let cells: Vec<Cell<'_>> = row.values().map(|v| Cell::text(v.as_str().unwrap())).collect();
            let column = |at: usize| {
                let mut typing = Typing::default();
                typing.add(row.values().nth(at).unwrap().as_str().unwrap());
                typing.finish()
            };
            compile(&mapping, Some(&header), None).unwrap().with_types(column).apply(Input::Cells(&cells), &mut errors)
        }
        (None, Some(json)) => compile(&mapping, None, None).unwrap().apply(Input::Json(&json), &mut errors),
        _ => panic!("an example has a row or json: {example}"),
    };
    assert_eq!(found, record, "{example}");
    let reported: Json = errors.iter().map(|e| json!([e.pointer, e.rule])).collect();
    assert_eq!(reported, violations, "{example}");
}

#[test]
fn every_example_does_what_it_says() {
    let examples = examples();
    assert!(examples.len() >= 18, "{}", examples.len());
    examples.into_iter().for_each(run);
}

#[test]
fn every_step_and_source_has_an_example() {
    let all = Json::Array(examples()).to_string();
    let steps = [
        "trim",
        "case",
        "number",
        "calculate",
        "duration",
        "date",
        "boolean",
        "extract",
        "replace",
        "split",
        "lookup",
        "cast",
        "pick",
        "flatten",
    ];
    for name in steps {
        assert!(GUIDE.contains(&format!("### {name}\n")), "{name} has no section");
        assert!(all.contains(&format!("{{\"{name}\":")), "{name} has no example");
    }
    for name in ["constant", "template", "cases", "missing", "default", "unmapped", "drop", "decimal", "zone"] {
        assert!(all.contains(&format!("\"{name}\":")), "{name} has no example");
    }
}
