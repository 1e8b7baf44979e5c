//! What holds for every mapping and every row.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use steward_mapping::{Cell, Input, Mapping, compile, default_for};
use steward_schema::Registry;

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        dirty().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof!["[ab$.]{0,3}", Just("$date".to_owned()), Just("$oid".to_owned()), Just("$numberDecimal".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::vec((key, inner), 0..4).prop_map(|fields| Json::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Texts near to what the steps look for, and any others.
fn dirty() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-+($€]{0,2}[0-9.,' ]{0,12}[kMe%)-]{0,2}( ?- ?[$0-9.,kM]{1,6})?",
        "[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}([T ][0-9:.]{1,8}(Z|[+-][0-9:]{2,5})?)?",
        "[{\\[\"]?[a-z0-9:,;|\" ]{0,10}[}\\]\"]?",
        "(true|false|yes|N/A|-|null|\\?| )",
        any::<String>(),
    ]
}

fn cell() -> impl Strategy<Value = Cell<'static>> {
    prop_oneof![
        Just(Cell::Empty),
        dirty().prop_map(|t| Cell::Text(t.into())),
        any::<f64>().prop_map(Cell::Number),
        any::<i64>().prop_map(Cell::Integer),
        any::<bool>().prop_map(Cell::Bool),
        dirty().prop_map(Cell::DateTime),
        json().prop_map(Cell::Json),
    ]
}

/// Every step, in several forms.
fn step() -> impl Strategy<Value = Json> {
    prop::sample::select(vec![
        json!({"trim": "ends"}),
        json!({"trim": "collapse"}),
        json!({"case": "title"}),
        json!({"case": "upper"}),
        json!({"number": {}}),
        json!({"number": {"decimal": "auto", "as": "decimal", "range": {"here": "max"}}}),
        json!({"number": {"decimal": "comma", "as": "integer", "percent": "fraction"}}),
        json!({"date": {"formats": ["iso", "excel", "epochMilliseconds", "%d.%m.%y"], "zone": "America/New_York", "as": "bson"}}),
        json!({"date": {"formats": ["epochSeconds", "%m/%d/%Y"], "as": "offset"}}),
        json!({"boolean": {}}),
        json!({"extract": {"pattern": "([a-z]+)([0-9])?", "group": "2", "otherwise": "absent"}}),
        json!({"replace": {"pattern": "\\s+", "with": ""}}),
        json!({"replace": {"pattern": ",", "with": "é", "literal": true}}),
        json!({"split": {"separator": ";", "unique": true}}),
        json!({"lookup": {"table": {"true": 1, "": null}, "unknown": "keep"}}),
        json!({"lookup": {"table": {}, "unknown": "error"}}),
        json!({"cast": "text"}),
        json!({"cast": "integer"}),
        json!({"cast": "number"}),
        json!({"cast": "decimal"}),
        json!({"cast": "objectId"}),
        json!({"cast": "json"}),
        json!({"pick": "a.0"}),
        json!({"flatten": {}}),
        json!({"calculate": {"multiply": "0.001", "add": "-2"}}),
        json!({"duration": {"as": "minutes", "unit": "seconds"}}),
    ])
}

fn source() -> impl Strategy<Value = Json> {
    prop::sample::select(vec![
        json!("a"),
        json!("b"),
        json!({"constant": {"x": [1, "-"]}}),
        json!({"template": "{a}{{{b}"}),
        json!({"cases": [{"when": [{"column": "a", "is": {"lessThan": 5}}], "then": "b"}, {"when": [{"column": "b", "is": "missing"}], "then": {"constant": null}}, {"then": "a"}]}),
    ])
}

fn mapping() -> impl Strategy<Value = Mapping> {
    let rule = (source(), prop::collection::vec(step(), 0..4), any::<bool>());
    let unmapped = prop::sample::select(vec!["keep", "drop", "report"]);
    let targets = prop::sample::select(vec![["x", "y.z", "y.w"], ["", "/a.b", "q"], ["a", "b", "c"]]);
    (prop::collection::vec(rule, 0..4), unmapped, targets).prop_map(|(rules, unmapped, targets)| {
        let rules: Vec<Json> = rules
            .into_iter()
            .zip(targets)
            .map(|((from, steps, default), to)| {
                let mut rule = json!({"to": to, "from": from, "steps": steps});
                if default {
                    rule["default"] = json!("none");
                }
                rule
            })
            .collect();
        let missing = json!({"tokens": ["N/A", "-", "0"], "becomes": "null"});
        Mapping::from_json(json!({"version": 1, "missing": missing, "unmapped": unmapped, "rules": rules, "drop": ["c"]})).unwrap()
    })
}

/// What of a text must be found again: everything but separators and white space.
fn essence(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ';' | '|')).collect()
}

/// The text that a value was made of, as far as it can be reported.
fn found(value: &Json, text: &str) -> bool {
    match value {
        Json::String(s) => s == text,
        Json::Number(n) => match (text.trim().parse::<f64>(), n.as_i64()) {
            (_, Some(n)) => text.trim() == n.to_string(),
            (Ok(parsed), None) => n.as_f64() == Some(parsed),
            (Err(_), None) => false,
        },
        Json::Bool(b) => text.trim() == b.to_string(),
        Json::Array(_) | Json::Object(_) if serde_json::from_str::<Json>(text).is_ok_and(|json| json == *value) => true,
        Json::Array(items) => {
            let joined: String = items.iter().map(|i| i.as_str().map_or_else(|| i.to_string(), str::to_owned)).collect();
            essence(&joined) == essence(text)
        }
        Json::Object(_) | Json::Null => false,
    }
}

/// The values at the ends of a record's objects; objects and lists of one cell stay whole.
fn leaves<'a>(mapping: &Mapping, record: &'a Json) -> Vec<&'a Json> {
    let pointer = |to: &str| {
        if to.starts_with('/') { to.to_owned() } else { format!("/{}", to.replace('~', "~0").replace('/', "~1").replace('.', "/")) }
    };
    mapping.rules.iter().filter_map(|rule| record.pointer(&pointer(&rule.to))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_default_mapping_loses_no_text(
        names in prop::collection::vec(prop_oneof!["[a-c.$/~ ]{0,4}", Just("Required Skills".to_owned()), Just("salary_range".to_owned()), Just("job-zone".to_owned()), any::<String>()], 1..6),
        texts in prop::collection::vec(dirty(), 1..6),
        with_schema in any::<bool>(),
    ) {
        let registry = Registry::builtin().unwrap();
        let pack = with_schema.then(|| registry.get("careers@1.0.0").unwrap());
        let mapping = default_for(&names, pack);
        let compiled = compile(&mapping, Some(&names), pack).unwrap();
        let cells: Vec<Cell<'_>> = texts.iter().take(names.len()).map(|t| Cell::text(t.as_str())).collect();
        let mut errors = Vec::new();
        let record = compiled.apply(Input::Cells(&cells), &mut errors);
        prop_assert_eq!(errors.len(), 0);
        let values = leaves(&mapping, &record);
        let wanted: Vec<&String> = texts.iter().take(names.len()).filter(|t| !t.is_empty()).collect();
        prop_assert_eq!(values.len(), wanted.len(), "{}", record);
        for text in wanted {
            prop_assert!(values.iter().any(|value| found(value, text)), "{:?} is lost in {}", text, record);
        }
    }

    #[test]
    fn no_table_row_makes_it_panic(mapping in mapping(), cells in prop::collection::vec(cell(), 0..5)) {
        let header = ["a", "b", "c"].map(str::to_owned);
        // A kept column may be in the way of a rule; that is refused, not wrong.
        if let Ok(compiled) = compile(&mapping, Some(&header), None) {
            let mut errors = Vec::new();
            prop_assert!(compiled.apply(Input::Cells(&cells), &mut errors).is_object());
            prop_assert!(compiled.apply(Input::Json(&Json::Null), &mut errors).is_object());
        }
    }

    #[test]
    fn no_json_row_makes_it_panic(mapping in mapping(), a in json(), b in json(), whole in json()) {
        let compiled = compile(&mapping, None, None).unwrap();
        let mut errors = Vec::new();
        let row = json!({"a": a, "b": b, "q": 1});
        prop_assert!(compiled.apply(Input::Json(&row), &mut errors).is_object());
        prop_assert!(compiled.apply(Input::Json(&whole), &mut errors).is_object());
        prop_assert!(compiled.apply(Input::Cells(&[Cell::Integer(1)]), &mut errors).is_object());
    }

    #[test]
    fn mappings_survive_their_document(mapping in mapping()) {
        let text = serde_json::to_string(&mapping).unwrap();
        prop_assert_eq!(Mapping::parse(&text).unwrap(), mapping);
    }

    #[test]
    fn kept_json_rows_come_out_as_they_are(row in json()) {
        let compiled = compile(&Mapping::default(), None, None).unwrap();
        let mut errors = Vec::new();
        let record = compiled.apply(Input::Json(&row), &mut errors);
        if row.is_object() {
            prop_assert_eq!(record, row);
        }
    }
}
