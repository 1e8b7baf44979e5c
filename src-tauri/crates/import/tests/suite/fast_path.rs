//! Validating a table by its cells says the same as making records of it and checking them.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;

use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use steward_domain::{Duplicates, ImportMode, SourceChoice};
use steward_import::import::{ImportSpec, Reading, SourceFile};
use steward_import::rows::{RowReader, RowValidation};
use steward_import::runs;
use steward_mapping::Mapping;
use steward_schema::{Checker, Registry};
use steward_sources::{Batch, Decoder, Row};
use steward_store_sqlite::SqliteStore;
use steward_workspace::{Silent, SystemClock, Workspace};

const COLUMNS: [&str; 11] = [
    "session_id",
    "participant_email",
    "started_at",
    "rating",
    "cefr_level",
    "duration_minutes",
    "language",
    "partner_email",
    "ended_at",
    "topics",
    "notes",
];

/// A cell that is right, nearly right, or anything.
fn cell(right: &'static [&'static str], wrong: &'static [&'static str]) -> impl Strategy<Value = String> {
    let pick = |from: &'static [&'static str]| proptest::sample::select(from).prop_map(str::to_owned);
    prop_oneof![12 => pick(right), 2 => pick(wrong), 1 => Just(String::new()), 1 => "[ -~äß€,;|\"\t]{0,12}"]
}

fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    const ID: &[&str] =
        &["4f6c2b1e-9a57-4c53-8d0a-6f1f7b0c2a11", "4F6C2B1E-9A57-4C53-8D0A-6F1F7B0C2A12", "00000000-0000-0000-0000-000000000000"];
    const NO_ID: &[&str] =
        &["4f6c2b1e9a574c538d0a6f1f7b0c2a11", "{4f6c2b1e-9a57-4c53-8d0a-6f1f7b0c2a11}", "4f6c2b1e-9a57-4c53-8d0a-6f1f7b0c2a1g", " "];
    const MAIL: &[&str] = &["ana@example.org", "a.b+c_d@x-y.co", "A1@b.museum"];
    const NO_MAIL: &[&str] = &[
        "ana@",
        "@b.org",
        "a..b@c.org",
        ".a@b.org",
        "a@b",
        "a b@c.org",
        "a@-b.org",
        "a@b-.org",
        "ä@b.org",
        "a@b.c1",
        "\"a b\"@c.org",
        "a@[1.2.3.4]",
    ];
    const WHEN: &[&str] = &["2026-03-02T16:30:00Z", "2024-02-29T23:59:59.123+05:30", "2026-12-31T00:00:00-00:00"];
    const NEVER: &[&str] = &[
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T23:59:60Z",
        "2026-01-01 10:00:00Z",
        "2026-01-01T10:00Z",
        "2026-01-01T10:00:00",
        "2026-1-1T10:00:00Z",
        "2026-01-01t10:00:00z",
        "0000-01-01T00:00:00Z",
        "2026-01-01T10:00:00.Z",
        "2026-01-01T10:00:00+24:00",
    ];
    const RATING: &[&str] = &["0", "1", "0.5", "1.00", "0.123456789", " 0.7 "];
    const NO_RATING: &[&str] = &["1.01", "-0.1", "-0", "00.5", ".5", "5.", "1e0", "0,5", "NaN", "0.12345678901234567890", "+1"];
    const LEVEL: &[&str] = &["A1", "B2", "C2"];
    const NO_LEVEL: &[&str] = &["D1", "a1", "A1 ", "B"];
    const MINUTES: &[&str] = &["1", "45", "1440"];
    const NO_MINUTES: &[&str] = &["0", "1441", "45.0", "045", "-5", "9223372036854775808", "4 5"];
    const LANGUAGE: &[&str] = &["Spanish", "日本語", "x"];
    const NO_LANGUAGE: &[&str] = &["   ", "\u{a0}", "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL"];
    const TOPICS: &[&str] = &["travel", "travel;work", "a | b", "[\"a\",\"b\"]", ";a;"];
    const NO_TOPICS: &[&str] = &["a;a", ";;", "[", "[1,2]", "{\"a\":1}", " ; "];
    let row = (
        (
            cell(ID, NO_ID),
            cell(MAIL, NO_MAIL),
            cell(WHEN, NEVER),
            cell(RATING, NO_RATING),
            cell(LEVEL, NO_LEVEL),
            cell(MINUTES, NO_MINUTES),
        ),
        (
            cell(LANGUAGE, NO_LANGUAGE),
            cell(MAIL, NO_MAIL),
            cell(WHEN, NEVER),
            cell(TOPICS, NO_TOPICS),
            cell(&["Fine.", "$5", "N/A"], &["{\"$oid\": 1}"]),
        ),
    )
        .prop_map(|((a, b, c, d, e, f), (g, h, i, j, k))| vec![a, b, c, d, e, f, g, h, i, j, k]);
    proptest::collection::vec(row, 1..20)
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

const SESSIONS: &str = "kintell.language_session@1.0.0";

fn reading(schema: &str) -> Reading {
    let registry = Registry::builtin().unwrap();
    let pack = registry.get(schema).unwrap().clone();
    let checker = Some(Arc::new(Checker::new(&pack, &registry).unwrap()));
    let key_field = pack.steward.key.clone();
    Reading { checker, pack: Some(Arc::new(pack)), key_field, validating: true, ..Reading::default() }
}

/// What became of each row that the full way looked at, or that was validated: a hash of its key, or the rules that it breaks.
fn outcomes(decoder: &Decoder, lines: &[Vec<u8>], how: &Reading) -> Vec<String> {
    let mut rows = Batch::default();
    lines.iter().zip(1..).for_each(|(bytes, number)| rows.push(Row { number, offset: 0, bytes, fault: None }));
    let (reader, checker) = (RowReader::new(decoder, how).unwrap(), how.checker.as_deref());
    let shown = |validation: RowValidation| match validation {
        RowValidation::Valid { key_hash, unknown, .. } => format!("{key_hash} {unknown:?}"),
        RowValidation::Invalid { errors, document, .. } => format!("{errors:?} {:?}", document.filter(|_| how.documents)),
    };
    if !how.validating {
        return reader.check(rows.iter(), checker, &how.key_field).into_iter().map(|row| shown(row.validation)).collect();
    }
    reader.validate(&rows, checker, &how.key_field).into_iter().map(shown).collect()
}

/// How many of the rows go no further than the prechecks.
fn let_through(decoder: &Decoder, lines: &[Vec<u8>], how: &Reading) -> usize {
    let mut rows = Batch::default();
    lines.iter().zip(1..).for_each(|(bytes, number)| rows.push(Row { number, offset: 0, bytes, fault: None }));
    let validated = RowReader::new(decoder, how).unwrap().validate(&rows, how.checker.as_deref(), &how.key_field);
    validated.iter().filter(|row| matches!(row, RowValidation::Valid { record: None, .. })).count()
}

/// Validating says what the full way says, for 500 lots of rows.
fn agree(decoder: &Decoder, how: &Reading, lots: impl Strategy<Value = Vec<Vec<u8>>>) {
    let (thorough, with) = (Reading { validating: false, ..how.clone() }, Reading { documents: true, ..how.clone() });
    let mut runner = TestRunner::new(Config { cases: 500, failure_persistence: None, ..Config::default() });
    runner
        .run(&lots, |lines| {
            let whole = Reading { documents: true, ..thorough.clone() };
            let expected = (outcomes(decoder, &lines, &thorough), outcomes(decoder, &lines, &whole));
            let found = (outcomes(decoder, &lines, how), outcomes(decoder, &lines, &with));
            let shown = || lines.iter().map(|l| String::from_utf8_lossy(l).into_owned()).collect::<Vec<_>>();
            if expected == found { Ok(()) } else { Err(TestCaseError::fail(format!("{:#?}\n{expected:#?}\n{found:#?}", shown()))) }
        })
        .unwrap();
}

fn table(columns: &[&str]) -> Decoder {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head.csv");
    std::fs::write(&path, format!("{}\n{}\n", columns.join(","), vec!["a"; columns.len()].join(","))).unwrap();
    steward_sources::open(&path, &SourceChoice::default()).unwrap().decoder
}

fn lines(rows: &[Vec<String>]) -> Vec<Vec<u8>> {
    rows.iter().map(|row| row.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(",").into_bytes()).collect()
}

#[test]
fn gates_and_records_agree() {
    agree(&table(&COLUMNS), &reading(SESSIONS), rows().prop_map(|rows| lines(&rows)));
}

#[test]
fn a_column_that_the_schema_does_not_know_is_reported() {
    let mut columns = COLUMNS.to_vec();
    columns[9] = "Room No";
    columns[10] = "a.b";
    agree(&table(&columns), &reading(SESSIONS), rows().prop_map(|rows| lines(&rows)));
}

#[test]
fn mapped_cells_and_records_agree() {
    let mapping = r#"{"version": 1, "missing": {"tokens": ["N/A", "B"]}, "rules": [
        {"to": "session_id", "from": "session_id", "steps": [{"trim": "ends"}]},
        {"to": "participant_email", "from": "participant_email", "steps": [{"case": "lower"}]},
        {"to": "started_at", "from": "started_at", "steps": [{"date": {"formats": ["iso"], "zone": "UTC"}}]},
        {"to": "rating", "from": "rating", "steps": [{"number": {"decimal": "comma"}}]},
        {"to": "cefr_level", "from": "cefr_level", "steps": [{"case": "upper"}], "default": "A1"},
        {"to": "duration_minutes", "from": "duration_minutes", "steps": [{"extract": {"pattern": "(\\d+)"}}, {"cast": "integer"}]},
        {"to": "language", "from": "language", "missing": {"tokens": ["x"], "becomes": "null"}},
        {"to": "topics", "from": "topics", "steps": [{"split": {"separator": ";"}}]},
        {"to": "notes", "from": "notes"}]}"#;
    let how = Reading { mapping: Some(Mapping::parse(mapping).unwrap()), ..reading(SESSIONS) };
    agree(&table(&COLUMNS), &how, rows().prop_map(|rows| lines(&rows)));
}

#[test]
fn what_no_record_can_hold_is_validated_as_it_would_be_loaded() {
    let how = reading("careers@1.0.0");
    let row = |more: &str| {
        let rest = r#""title": "Keepers", "description": "They look after things that others rely on.", "average_salary": 51000"#;
        format!("{{\"career_id\": \"a-1\", {rest}, {more}}}").into_bytes()
    };
    let rows = [
        (r#""extra": {"n": 9223372036854775807}"#, true),
        (r#""a\u0000b": 1"#, false),
        (r#""extra": [18446744073709551615, 1e999]"#, true),
        (r#""extra": [12345678901234567890123456789012345]"#, false),
        (r#""extra": {"\u0024oid": "x"}"#, false),
    ];
    for (more, fine) in rows {
        for validating in [false, true] {
            let how = Reading { validating, ..how.clone() };
            let found = outcomes(&Decoder::Json, &[row(more)], &how);
            assert_eq!(!found[0].contains("Violation"), fine, "{more}, validating: {validating}: {found:?}");
        }
    }
}

#[test]
fn usual_rows_pass_the_gates() {
    let session = "4f6c2b1e-9a57-4c53-8d0a-6f1f7b0c2a11,ana@example.org,2026-03-02T16:30:00Z,0.85,B1,45,Spanish,,,a;b,\"x, y\"";
    assert_eq!(let_through(&table(&COLUMNS), &[session.into()], &reading(SESSIONS)), 1);
    let sample = steward_schema::sample("careers", "production_career_data.json").unwrap();
    let careers: Vec<serde_json::Value> = serde_json::from_slice(sample).unwrap();
    let careers: Vec<Vec<u8>> = careers.iter().map(|career| career.to_string().into_bytes()).collect();
    let passed = let_through(&Decoder::Json, &careers, &reading("careers@1.0.0"));
    assert!(passed > 350, "{passed} of {}", careers.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_file_is_validated_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let good = |n: usize| format!("4f6c2b1e-9a57-4c53-8d0a-{n:012},ana@example.org,2026-03-02T16:30:00Z,0.5,B1,45,Spanish,,,,\n");
    let mut text = format!("{}\n", COLUMNS.join(","));
    (0..3000).for_each(|n| text.push_str(&good(if n == 2500 { 7 } else { n })));
    text.push_str("not-an-id,ana@example.org,2026-03-02T16:30:00Z,0.5,B1,45,Spanish,,,,\n");
    let path = folder.path().join("sessions.csv");
    std::fs::write(&path, text).unwrap();
    let spec = ImportSpec {
        files: vec![SourceFile::file("sessions.csv", path, SourceChoice::default())],
        collection: "sessions".into(),
        key_field: "session_id".into(),
        schema: "kintell.language_session@1.0.0".into(),
        mode: ImportMode::Upsert,
        mapping: None,
        duplicates: Duplicates::default(),
        schema_reason: String::new(),
        staging: None,
        promotes: None,
    };
    let store = SqliteStore::open(&folder.path().join("w.steward")).await.unwrap();
    let workspace =
        Workspace::open_and_recover(Arc::new(store), Arc::new(Registry::builtin().unwrap()), Arc::new(SystemClock), "ann".into())
            .await
            .unwrap();
    let validated = runs::validate(&workspace, &spec, None, &Silent).await.unwrap();
    let compared = runs::dry_run(&workspace, &spec, &Silent).await.unwrap();
    assert_eq!((validated.counts.read, validated.counts.quarantined), (3001, 2));
    assert_eq!(validated.counts, compared.counts);
    assert_eq!(format!("{:?}", validated.rejected), format!("{:?}", compared.rejected));
}
