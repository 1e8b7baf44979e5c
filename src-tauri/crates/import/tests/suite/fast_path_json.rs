//! Validating a JSON row while it is read says the same as making a record of it and checking that.

// Test code: a broken expectation is meant to panic, with the place.

use std::sync::Arc;

use proptest::prelude::{BoxedStrategy, Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use steward_import::import::Reading;
use steward_import::rows::{RowReader, RowValidation};
use steward_schema::{Checker, Registry};
use steward_sources::{Batch, Decoder, Row};

fn reading(schema: &str) -> Reading {
    let registry = Registry::builtin().unwrap();
    let pack = registry.get(schema).unwrap().clone();
    let checker = Some(Arc::new(Checker::new(&pack, &registry).unwrap()));
    let key_field = pack.steward.key.clone();
    Reading { checker, pack: Some(Arc::new(pack)), key_field, validating: true, ..Reading::default() }
}

fn shown(validation: RowValidation) -> String {
    match validation {
        RowValidation::Valid { key_hash, unknown, .. } => format!("{key_hash} {unknown:?}"),
        RowValidation::Invalid { errors, document, unknown } => format!("{errors:?} {document:?} {unknown:?}"),
    }
}

/// What the full way says of a row, what validating says, and whether the prechecks were sure.
fn both(row: &str, reader: &RowReader, how: &Reading) -> (String, String, bool) {
    let mut rows = Batch::default();
    rows.push(Row { number: 1, offset: 0, bytes: row.as_bytes(), fault: None });
    let checker = how.checker.as_deref();
    let thorough = RowReader::new(&Decoder::Json, &Reading { validating: false, ..how.clone() }).unwrap();
    let full = thorough.check(rows.iter(), checker, &how.key_field).pop().unwrap();
    let full = full.validation;
    match (reader.validate(&rows, checker, &how.key_field).pop().unwrap(), full) {
        // Of rows that are wrong, validating makes no record.
        (RowValidation::Invalid { errors, document: None, .. }, RowValidation::Invalid { errors: all, document: Some(_), .. }) => {
            (format!("{all:?}"), format!("{errors:?}"), false)
        }
        (validated, full) => {
            let sure = matches!(validated, RowValidation::Valid { record: None, .. });
            (shown(full), shown(validated), sure)
        }
    }
}

/// JSON of any kind, as text.
fn any_json() -> BoxedStrategy<String> {
    const LEAVES: &[&str] = &[
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "5.0",
        "-3",
        "1e3",
        "1E400",
        "9007199254740993",
        "9223372036854775808",
        "123456789012345678901234567890",
        "0.1",
        "\"\"",
        "\"x\"",
        "\" \"",
        "\"\\u00e9\"",
        "\"\\ud800\"",
        "\"a\\u0000\"",
        "\"TBD\"",
        "\"\u{feff}\"",
        "{}",
        "[]",
        "01",
        "tru",
        "\"\t\"",
        "'x'",
        "\"$5\"",
        "{\"$oid\": \"65a000000000000000000001\"}",
        "{\"$numberLong\": \"5\"}",
        "{\"\\u0024date\": 1}",
        "{\"a\": 1, \"a\": 2}",
        "{\"a\": 1, \"\\u0061\": 2}",
        "{\"a\\u0000\": 1}",
    ];
    let leaf = prop_oneof![3 => proptest::sample::select(LEAVES).prop_map(str::to_owned), 1 => "\"[ -!#-~äß€]{0,30}\""];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = proptest::sample::select(&["a", "b", "min", "max", "currency", "\\u006din", "$set"][..]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            proptest::collection::vec((name, inner), 0..4)
                .prop_map(|fields| format!("{{{}}}", fields.iter().map(|(n, v)| format!("\"{n}\":{v}")).collect::<Vec<_>>().join(","))),
        ]
    })
    .boxed()
}

fn pick(from: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(from).prop_map(str::to_owned)
}

/// One field of a row, usually right; now and then under a name that is not its own.
fn field(name: &'static str, right: &'static [&'static str], wrong: &'static [&'static str]) -> BoxedStrategy<String> {
    let name =
        prop_oneof![200 => Just(name.to_owned()), 1 => pick(&["extra", "_id", "$x", "x\\u0000", "title", "career_\\u0069d", "a.b", "äö"])];
    let value = prop_oneof![120 => pick(right), 8 => pick(wrong), 1 => any_json()];
    let space = prop_oneof![60 => Just(""), 1 => Just(" "), 1 => Just("\t\r\n "), 1 => Just("\u{a0}")];
    (name, space, value).prop_map(|(name, space, value)| format!("\"{name}\":{space}{value}")).boxed()
}

fn careers() -> BoxedStrategy<String> {
    let must = (
        field("career_id", &["\"a-1\"", "\"17-2141.00\"", "\"CAREER_0042\""], &["\"-x\"", "\"\"", "\"é\"", "7", "null"]),
        field(
            "title",
            &["\"Keepers\"", "\"Data Nurses 7\"", "\"Pfleger für Käfer\""],
            &["\"a-1\"", "\"TBD\"", "\"Title\"", "\"  \"", "\"T\\\"x\\\"\""],
        ),
        field(
            "description",
            &[
                "\"They look after things that others rely on.\"",
                "\"They look\\nafter things that others \\\"rely\\\" on.\"",
                "\"Pfleger, die sich um Käfer kümmern – täglich.\"",
            ],
            &[
                "\"Too short\"",
                "\"lorem ipsum dolor sit amet and so on and on\"",
                "\"This text is coming soon for everybody here.\"",
                "\"keepers\"",
            ],
        ),
        field("average_salary", &["51000", "48250.5"], &["0", "1", "999999", "5000000", "5000000.5", "-1", "\"51000\"", "1e5"]),
    );
    let may = (
        field("median_salary", &["null", "104110"], &["1", "999999.0", "0"]),
        field(
            "salary_range",
            &[
                "null",
                "{\"min\": 62000, \"max\": 155000, \"currency\": \"USD\"}",
                "{\"min\": 62000, \"max\": 155000, \"currency\": \"USD\", \"note\": {\"by\": [\"x\", 1, null]}}",
            ],
            &[
                "{\"min\": 62000, \"max\": 155000, \"currency\": \"usd\"}",
                "{\"min\": 0, \"max\": 0, \"currency\": \"EUR\"}",
                "{\"min\": 1, \"max\": 2}",
                "{\"min\": 1, \"min\": 1, \"max\": 2, \"currency\": \"EUR\"}",
            ],
        ),
        field("education_level", &["null", "\"PhD\"", "\"Bachelor's\""], &["\"Kindergarten\""]),
        field(
            "required_skills",
            &["null", "[]", "[\"Speaking\"]", "[\"Speaking\", \"Writing\"]"],
            &["[\"A\", \"A\"]", "[\"Speaking\", \"skill 1\"]", "[1]", "[\"\"]", "[\"A\\u0042\", \"AB\"]"],
        ),
        field("soc_code", &["\"17-2141\"", "null"], &["\"17-214\""]),
        field("job_zone", &["1", "5", "null"], &["6", "5.0"]),
        field("remote_friendly", &["true", "false", "null"], &["\"true\""]),
        field("updated_at", &["\"2026-05-04T09:30:00Z\"", "null"], &["\"2026-05-04\"", "\"2026-02-30T09:30:00Z\""]),
        field("extra", &["1", "{\"a\": {\"b\": [1, 2.5, \"x\"]}}", "[[], {}]"], &["\"$\""]),
    );
    let all = (must, may).prop_map(|((a, b, c, d), (e, f, g, h, i, j, k, l, m))| vec![a, b, c, d, e, f, g, h, i, j, k, l, m]);
    let shuffled = all.prop_flat_map(|fields| proptest::sample::subsequence(fields.clone(), 8..=fields.len())).prop_shuffle();
    let end =
        prop_oneof![30 => Just("}"), 1 => Just("} "), 1 => Just("}\r"), 1 => Just(""), 1 => Just("},"), 1 => Just("} x"), 1 => Just("}}")];
    (shuffled, end).prop_map(|(fields, end)| format!("{{{}{end}", fields.join(","))).boxed()
}

fn agree(schema: &str, rows: impl Strategy<Value = String>, cases: u32, least_sure: u32) {
    let how = reading(schema);
    let reader = RowReader::new(&Decoder::Json, &how).unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let sure = std::cell::Cell::new(0_u32);
    runner
        .run(&rows, |row| {
            let (full, validated, passed) = both(&row, &reader, &how);
            sure.set(sure.get() + u32::from(passed));
            if full == validated { Ok(()) } else { Err(TestCaseError::fail(format!("{row}\n{full}\n{validated}"))) }
        })
        .unwrap();
    assert!(sure.get() >= least_sure, "the prechecks were sure of {} rows only", sure.get());
}

#[test]
fn careers_are_validated_as_they_are_checked() {
    agree("careers@1.0.0", careers(), 5000, 400);
}

#[test]
fn anything_is_validated_as_it_is_checked() {
    agree("careers@1.0.0", any_json(), 2000, 0);
}

/// Every example of every pack, and each of them with a byte changed or left out.
#[test]
fn examples_of_all_packs_are_validated_as_they_are_checked() {
    let registry = Registry::builtin().unwrap();
    for pack in registry.all().filter(|pack| pack.steward.normalise.is_none()) {
        let how = reading(&pack.id.to_string());
        let reader = RowReader::new(&Decoder::Json, &how).unwrap();
        let properties = pack.json["properties"].as_object().unwrap();
        let fields = properties.iter().map(|(name, schema)| (name.clone(), schema["examples"][0].clone()));
        let whole = serde_json::Value::Object(fields.filter(|(_, v)| !v.is_null()).collect()).to_string();
        let mut rows = vec![whole.clone()];
        for at in (0..whole.len()).filter(|at| whole.is_char_boundary(*at) && whole.is_char_boundary(at + 1)) {
            for with in ["", "x", "\"", "0", "-", " "] {
                rows.push(format!("{}{with}{}", &whole[..at], &whole[at + 1..]));
            }
        }
        for row in rows {
            let (full, validated, _) = both(&row, &reader, &how);
            assert_eq!(full, validated, "{}: {row}", pack.id);
        }
    }
}
