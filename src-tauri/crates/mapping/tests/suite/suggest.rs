//! A salary survey as someone downloads it, and the mapping that is suggested for it.

use serde_json::json;
use steward_mapping::{Cell, Input, Kind, compile, profile, suggest};
use steward_schema::{Checker, Registry};

const HEADER: [&str; 9] = [
    "Career ID",
    "Job Title",
    "Job Description",
    "Salary Estimate",
    "Education",
    "Skills",
    "Job Zone",
    "Remote friendly?",
    "Internal note",
];

const ROWS: [[&str; 9]; 4] = [
    [
        "a-1",
        " Data  Engineer ",
        "Builds pipelines that bring data to people.",
        "$53K-$91K",
        "bachelors degree",
        "SQL, Python",
        "4",
        "yes",
        "x",
    ],
    ["a-2", "Welder", "Joins metal parts by heat and pressure.", "$48,250.50", "high school", "Welding", "2", "no", ""],
    ["a-3", "Physicist", "Studies matter, energy and how they interact.", "$120K", "PhD", "Mathematics, Physics", "5", "N/A", "y"],
    ["a-4", "Teacher", "Teaches children to read, write and count.", "-", "Master's", "Speaking", "4", "no", ""],
];

fn rows() -> Vec<Vec<Cell<'static>>> {
    ROWS.iter().map(|row| row.iter().map(|cell| Cell::text(*cell)).collect()).collect()
}

#[test]
fn a_suggestion_brings_dirty_rows_to_the_schema() {
    let registry = Registry::builtin().unwrap();
    let pack = registry.get("careers@1.0.0").unwrap();
    let header: Vec<String> = HEADER.map(str::to_owned).to_vec();
    let rows = rows();
    let profile = profile(Some(&header), rows.iter().map(|row| Input::Cells(row)));
    let suggestion = suggest(&profile, pack);
    insta::assert_json_snapshot!(suggestion);
    let compiled = compile(&suggestion.mapping, Some(&header), Some(pack)).unwrap();
    let checker = Checker::new(pack, &registry).unwrap();
    let mut errors = Vec::new();
    let records: Vec<_> = rows.iter().map(|row| compiled.apply(Input::Cells(row), &mut errors)).collect();
    assert_eq!(errors, []);
    assert_eq!(
        records[0],
        json!({
            "career_id": "a-1", "title": "Data Engineer", "description": "Builds pipelines that bring data to people.", "average_salary": 72000,
            "salary_range": {"min": 53000, "max": 91000, "currency": "USD"}, "education_level": "Bachelor's",
            "required_skills": ["SQL", "Python"], "job_zone": 4, "remote_friendly": true, "Internal note": "x"
        })
    );
    assert_eq!(records[..3].iter().flat_map(|r| checker.check(r)).collect::<Vec<_>>(), []);
    // Its salary is missing in the source; nothing is made up for it.
    assert_eq!(checker.check(&records[3])[0].rule, "required");
}

#[test]
fn a_profile_counts_what_is_there() {
    let header: Vec<String> = HEADER.map(str::to_owned).to_vec();
    let rows = rows();
    let profile = profile(Some(&header), rows.iter().map(|row| Input::Cells(row)));
    assert_eq!((profile.rows, profile.table), (4, true));
    let kinds: Vec<Kind> = profile.columns.iter().map(|c| c.kind).collect();
    use Kind::{Boolean, Integer, Text, WrittenNumber};
    assert_eq!(kinds, [Text, Text, Text, WrittenNumber, Text, Text, Integer, Boolean, Text]);
    let zone = &profile.columns[6];
    assert_eq!((zone.min.clone(), zone.max.clone(), zone.distinct, zone.distinct_exact), (Some(json!(2)), Some(json!(5)), 3, true));
    assert_eq!((zone.top[0].value.as_str(), zone.top[0].count), ("4", 2));
    assert_eq!(profile.columns[8].missing, 2);
    assert_eq!(profile.columns[7].tokens[0].value, "N/A");
    assert_eq!(profile.columns[1].example.as_deref(), Some(" Data  Engineer "));
}

#[test]
fn json_rows_are_profiled_by_path_and_suggested_too() {
    let registry = Registry::builtin().unwrap();
    let pack = registry.get("careers@1.0.0").unwrap();
    let rows = [
        json!({"careerId": "a-1", "job": {"title": "Welder", "zone": "2"}, "averageSalary": "48250.5", "skills": ["Welding"]}),
        json!({"careerId": "a-2", "job": {"title": "Teacher", "zone": null}, "averageSalary": "60000", "skills": []}),
    ];
    let profile = profile(None, rows.iter().map(Input::Json));
    let names: Vec<&str> = profile.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["careerId", "job.title", "job.zone", "averageSalary", "skills"]);
    assert_eq!(profile.columns[2].missing, 1);
    let suggestion = suggest(&profile, pack);
    let compiled = compile(&suggestion.mapping, None, Some(pack)).unwrap();
    let mut errors = Vec::new();
    let record = compiled.apply(Input::Json(&rows[0]), &mut errors);
    assert_eq!(errors, []);
    assert_eq!(
        record,
        json!({"career_id": "a-1", "title": "Welder", "job_zone": 2, "average_salary": 48250.5, "required_skills": ["Welding"]})
    );
    assert_eq!(suggestion.missing_fields, ["description"]);
}

#[test]
fn memory_stays_bounded() {
    let header = ["v".to_owned()];
    let cells: Vec<[Cell<'_>; 1]> = (0..10_500).map(|n| [Cell::text(n.to_string())]).collect();
    let profile = profile(Some(&header), cells.iter().map(|row| Input::Cells(row)));
    assert_eq!((profile.columns[0].distinct, profile.columns[0].distinct_exact), (10_000, false));
}
