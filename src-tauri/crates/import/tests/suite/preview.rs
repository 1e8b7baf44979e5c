//! Trying a mapping on the first rows of a file: what is next to what, and a mapping that cannot be used.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;

use serde_json::json;
use steward_domain::SourceChoice;
use steward_domain::value::as_number;
use steward_import::import::{Reading, SourceFile};
use steward_import::preview;
use steward_import::sample::Sample;
use steward_mapping::Mapping;
use steward_schema::{Checker, Registry};

fn file(folder: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> SourceFile {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    SourceFile::file(name, path, SourceChoice::default())
}

fn careers(mapping: serde_json::Value) -> Reading {
    let registry = Registry::builtin().unwrap();
    let pack = registry.get("careers").unwrap().clone();
    let checker = Some(Arc::new(Checker::new(&pack, &registry).unwrap()));
    let mapping = Some(Mapping::from_json(mapping).unwrap());
    Reading { checker, key_field: pack.steward.key.clone(), pack: Some(Arc::new(pack)), mapping, ..Reading::default() }
}

fn rows(salary: impl Fn(usize) -> String) -> String {
    let row = |n: usize| format!("X-{n};Keeper {n};{};They look after gate {n} and all that passes through it.\n", salary(n));
    std::iter::once("career_id;title;Salary;description\n".to_owned()).chain((1..=500).map(row)).collect()
}

#[test]
fn source_stands_beside_result_and_late_problems_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let text = rows(|n| if n % 200 == 0 { "by agreement".into() } else { format!("${n},000") });
    let sample = Sample::read(&file(&folder, "a.csv", text)).unwrap();
    assert!(sample.whole);
    let how = careers(json!({"version": 1, "rules": [{"to": "average_salary", "from": "Salary", "steps": [{"number": {}}]}]}));
    let found = preview::run(&sample, &how, 5).unwrap();
    assert_eq!((found.checked, found.bad, found.rows.len(), found.bad_rows.len()), (500, 2, 5, 2));
    let first = &found.rows[0];
    assert_eq!(first.source.as_ref().unwrap().get_str("Salary").unwrap(), "$1,000");
    assert_eq!(first.document.as_ref().unwrap().get("average_salary").and_then(as_number), Some(1000.0));
    let bad = &found.bad_rows[0];
    assert_eq!(
        (bad.number, bad.violations[0].pointer.as_str(), bad.violations[0].rule.as_str()),
        (200, "/average_salary", "mapping.number")
    );
    assert_eq!(bad.document.as_ref().unwrap().get_str("average_salary").unwrap(), "by agreement");
    let problem = &found.problems[0];
    assert_eq!((problem.field.as_str(), problem.rule.as_str(), problem.rows), ("average_salary", "mapping.number", 2));
    assert!(found.filled.contains(&"average_salary".to_owned()) && !found.filled.contains(&"Salary".to_owned()));
}

#[test]
fn a_mapping_that_does_not_fit_says_where_and_the_rows_are_still_there() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample::read(&file(&folder, "a.csv", rows(|n| n.to_string()))).unwrap();
    let how = careers(json!({"version": 1, "rules": [{"to": "average_salary", "from": "Salery"}]}));
    let error = preview::fits(&sample, &how).unwrap_err();
    assert_eq!((error.pointer.as_str(), error.hint.as_str()), ("/rules/0/from", "Did you mean 'Salary'?"));
    let found = preview::untouched(&sample, 3);
    assert_eq!((found.rows.len(), found.checked), (3, 0));
    assert_eq!(found.rows[2].source.as_ref().unwrap().get_str("career_id").unwrap(), "X-3");
}

#[test]
fn rows_of_json_and_rows_that_cannot_be_read_are_shown_too() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(5_000);
    let text = format!("{{\"a\": {{\"b\": 1}}, \"long\": \"{long}\"}}\n{{\"a\": \n{{\"a\": {{\"$date\": 5}}}}\n");
    let sample = Sample::read(&file(&folder, "a.ndjson", text)).unwrap();
    let how = Reading { key_field: "_id".into(), ..Reading::default() };
    let found = preview::run(&sample, &how, 10).unwrap();
    let first = found.rows[0].source.as_ref().unwrap();
    assert_eq!(first.get_document("a").unwrap().get("b").and_then(as_number), Some(1.0));
    assert_eq!(first.get_str("long").unwrap().chars().count(), 2_001);
    assert!(found.bad >= 1 && found.bad_rows[0].source.is_none() && !found.bad_rows[0].raw.is_empty());
    assert_eq!(sample.profile().columns[0].name, "a.b");
}
