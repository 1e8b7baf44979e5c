//! Judging a table by its cells says the same as making records of it and checking them.

// Test code: a broken expectation is meant to panic, with the place.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use steward_domain::{Duplicates, ImportMode, SourceChoice};
use steward_mapping::default_for;
use steward_pipeline::import::{ImportSpec, Reading, SourceFile};
use steward_pipeline::quick::Quick;
use steward_pipeline::rows::{RowOutcome, RowReader};
use steward_pipeline::{Silent, SystemClock, Workspace, runs};
use steward_schema::{Checker, Registry};
use steward_sources::{Decoder, RawRow};
use steward_store_sqlite::SqliteStore;

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

fn reading(judging: bool) -> Reading {
    let registry = Registry::builtin().unwrap();
    let pack = registry.get("kintell.language_session@1.0.0").unwrap().clone();
    let checker = Some(Arc::new(Checker::new(&pack, &registry).unwrap()));
    Reading { checker, pack: Some(Arc::new(pack)), key_field: "session_id".into(), judging, ..Reading::default() }
}

/// What became of each row: its key, or the rules that it breaks.
fn told(decoder: &Decoder, rows: &[Vec<String>], how: &Reading) -> Vec<String> {
    let line = |row: &Vec<String>| row.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(",").into_bytes();
    let raw = rows.iter().enumerate().map(|(n, row)| RawRow { number: n as u64, offset: 0, bytes: line(row), fault: None }).collect();
    let checked = RowReader::new(decoder, how).unwrap().check(raw, how.checker.as_deref(), &how.key_field);
    let outcome = |outcome: RowOutcome| match outcome {
        RowOutcome::Fine { key, key_hash, raw, .. } => format!("{key} {key_hash} {}", raw.len()),
        RowOutcome::Bad { errors, document, .. } => format!("{errors:?} {document:?}"),
    };
    checked.into_iter().map(|row| format!("{} {:?}", outcome(row.outcome), row.unknown)).collect()
}

fn table(folder: &std::path::Path) -> Decoder {
    let path = folder.join("head.csv");
    std::fs::write(&path, format!("{}\n{}\n", COLUMNS.join(","), ["a"; 11].join(","))).unwrap();
    steward_sources::open(&path, &SourceChoice::default()).unwrap().decoder
}

#[test]
fn gates_and_records_agree() {
    let folder = tempfile::tempdir().unwrap();
    let (decoder, thorough, quick) = (table(folder.path()), reading(false), reading(true));
    let mut runner = TestRunner::new(Config { cases: 1500, failure_persistence: None, ..Config::default() });
    runner
        .run(&rows(), |rows| {
            let (expected, found) = (told(&decoder, &rows, &thorough), told(&decoder, &rows, &quick));
            if expected == found { Ok(()) } else { Err(TestCaseError::fail(format!("{expected:#?}\n{found:#?}"))) }
        })
        .unwrap();
}

#[test]
fn what_no_record_can_hold_is_judged_as_it_would_be_loaded() {
    let registry = Registry::builtin().unwrap();
    let pack = registry.get("careers@1.0.0").unwrap().clone();
    let checker = Some(Arc::new(Checker::new(&pack, &registry).unwrap()));
    let row = |more: &str| {
        let rest = r#""title": "Keepers", "description": "They look after things that others rely on.", "average_salary": 51000"#;
        format!("{{\"career_id\": \"a-1\", {rest}, {more}}}").into_bytes()
    };
    let rows =
        [(r#""extra": {"n": 9223372036854775807}"#, true), (r#""a\u0000b": 1"#, false), (r#""extra": [18446744073709551615]"#, false)];
    for (more, fine) in rows {
        for judging in [false, true] {
            let (checker, pack) = (checker.clone(), Some(Arc::new(pack.clone())));
            let how = Reading { checker, pack, key_field: "career_id".into(), judging, ..Reading::default() };
            let raw = RawRow { number: 1, offset: 0, bytes: row(more), fault: None };
            let checked = RowReader::new(&Decoder::Json, &how).unwrap().check(vec![raw], how.checker.as_deref(), "career_id");
            assert_eq!(matches!(checked[0].outcome, RowOutcome::Fine { .. }), fine, "{more}, judging: {judging}");
        }
    }
}

#[test]
fn a_usual_row_passes_the_gates() {
    let registry = Registry::builtin().unwrap();
    let pack = registry.get("kintell.language_session@1.0.0").unwrap();
    let columns: Vec<String> = COLUMNS.iter().map(|c| (*c).to_owned()).collect();
    let quick = Quick::new(&default_for(&columns, Some(pack)), &columns, pack, "session_id").unwrap();
    let row = [
        "4f6c2b1e-9a57-4c53-8d0a-6f1f7b0c2a11",
        "ana@example.org",
        "2026-03-02T16:30:00Z",
        "0.85",
        "B1",
        "45",
        "Spanish",
        "",
        "",
        "a;b",
        "",
    ];
    assert!(quick.accepts(&row).is_some());
    // Careers have rules that look at several fields.
    let careers = registry.get("careers@1.0.0").unwrap();
    let columns = vec!["career_id".to_owned()];
    assert!(Quick::new(&default_for(&columns, Some(careers)), &columns, careers, "career_id").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_file_is_judged_the_same() {
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
        staging: None,
        promotes: None,
    };
    let store = SqliteStore::open(&folder.path().join("w.steward")).await.unwrap();
    let workspace =
        Workspace::open(Arc::new(store), Arc::new(Registry::builtin().unwrap()), Arc::new(SystemClock), "ann".into()).await.unwrap();
    let judged = runs::judge(&workspace, &spec, None, &Silent).await.unwrap();
    let compared = runs::dry_run(&workspace, &spec, &Silent).await.unwrap();
    assert_eq!((judged.counts.read, judged.counts.quarantined), (3001, 2));
    assert_eq!(judged.counts, compared.counts);
    assert_eq!(format!("{:?}", judged.rejected), format!("{:?}", compared.rejected));
}
