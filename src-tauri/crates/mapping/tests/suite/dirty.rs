//! Numbers and dates as real files hold them, one row each: what comes out, or that it is a violation and the text stays.

use serde_json::{Value as Json, json};
use steward_mapping::{Cell, Input, Mapping, compile};

/// What one cell becomes by these steps, and the rule that it broke.
fn run(steps: &Json, text: &str) -> (Json, Option<String>) {
    let mapping = json!({"version": 1, "rules": [{"to": "v", "from": "Value", "steps": steps}]});
    let header = ["Value".to_owned()];
    let compiled = compile(&Mapping::from_json(mapping).unwrap(), Some(&header), None).unwrap();
    let mut errors = Vec::new();
    let cells = [Cell::text(text)];
    let mut record = compiled.apply(Input::Cells(&cells), &mut errors);
    assert!(errors.len() <= 1, "{errors:?}");
    for error in &errors {
        assert_eq!(error.pointer, "/v");
        assert!(error.message.starts_with("The column 'Value' ") && error.message.ends_with('.'), "{}", error.message);
        assert_eq!(record["v"], json!(text), "the text must stay");
        assert_eq!(serde_json::to_value(&error.value).unwrap(), json!(text));
    }
    (record["v"].take(), errors.pop().map(|e| e.rule))
}

fn table(steps: &Json, rows: &[(&str, Json)]) {
    for (text, expected) in rows {
        assert_eq!(run(steps, text), (expected.clone(), None), "{text}");
    }
}

fn refused(steps: &Json, rule: &str, rows: &[&str]) {
    for text in rows {
        assert_eq!(run(steps, text), (json!(text), Some(rule.to_owned())), "{text}");
    }
}

#[test]
fn numbers_with_a_decimal_point() {
    let steps = json!([{"number": {}}]);
    table(
        &steps,
        &[
            ("45", json!(45)),
            (" 45 ", json!(45)),
            ("007", json!(7)),
            ("+5", json!(5)),
            ("-0.50", json!(-0.5)),
            (".5", json!(0.5)),
            ("1,234", json!(1234)),
            ("1,234.56", json!(1234.56)),
            ("1,234,567.00", json!(1_234_567)),
            ("12,34,567", json!(1_234_567)),
            ("1 234 567", json!(1_234_567)),
            ("1\u{a0}234.5", json!(1234.5)),
            ("1'234'567.85", json!(1_234_567.85)),
            ("$86,000", json!(86000)),
            ("US$ 86,000.50", json!(86000.5)),
            ("86 000 €", json!(86000)),
            ("€86k", json!(86000)),
            ("86k", json!(86000)),
            ("86 K", json!(86000)),
            ("1.2M", json!(1_200_000)),
            ("1.1M", json!(1_100_000)),
            ("3.5 bn", json!(3_500_000_000_i64)),
            ("2 Mio. EUR", json!(2_000_000)),
            ("USD 1.5 million", json!(1_500_000)),
            ("£-12.50", json!(-12.5)),
            ("-£12.50", json!(-12.5)),
            ("−7", json!(-7)),
            ("123-", json!(-123)),
            ("(1,234)", json!(-1234)),
            ("$(1,234.50)", json!(-1234.5)),
            ("($1,234.50)", json!(-1234.5)),
            ("12%", json!(12)),
            ("12.5 %", json!(12.5)),
            ("1e5", json!(100_000)),
            ("1.5E-3", json!(0.0015)),
            ("0", json!(0)),
            ("-0", json!(0)),
            ("0.1", json!(0.1)),
            ("4.35k", json!(4350)),
            ("9007199254740993", json!(9_007_199_254_740_993_i64)),
            ("100 kr", json!(100)),
        ],
    );
    refused(
        &steps,
        "mapping.number",
        &[
            "1\u{202f}234,567",
            "twelve",
            "12 34",
            "1,23",
            "1,2345",
            "1.2.3",
            "1,234,56",
            "$",
            "-",
            "--5",
            "5-5-5",
            "(5",
            "5)",
            "(-5)",
            "12%%",
            "5 apples",
            "86kk",
            "$5$",
            "1e",
            "1e99999",
            "0x1F",
            "NaN",
            "Infinity",
            "2024-03-01",
            "12:30",
            "0.1234567890123456789",
            "12345678901234567890123456789012345",
            "$53K-$91K",
            "٣",
            "½",
        ],
    );
}

#[test]
fn numbers_with_a_decimal_comma() {
    let steps = json!([{"number": {"decimal": "comma"}}]);
    table(
        &steps,
        &[
            ("1.234,56", json!(1234.56)),
            ("1.234", json!(1234)),
            ("1,5", json!(1.5)),
            ("1.234.567", json!(1_234_567)),
            ("1 234,5 €", json!(1234.5)),
            ("1'234,5", json!(1234.5)),
            ("86,5k", json!(86500)),
            ("-0,25 %", json!(-0.25)),
        ],
    );
    refused(&steps, "mapping.number", &["1.5", "1,234.56", "1,2,3"]);
}

#[test]
fn numbers_that_tell_their_own_convention() {
    let steps = json!([{"number": {"decimal": "auto"}}]);
    table(
        &steps,
        &[
            ("1.234,56", json!(1234.56)),
            ("1,234.56", json!(1234.56)),
            ("1.234.567", json!(1_234_567)),
            ("1,234,567", json!(1_234_567)),
            ("1,5", json!(1.5)),
            ("1.50", json!(1.5)),
            ("0,234", json!(0.234)),
            ("1234,567", json!(1234.567)),
            ("1 234,567", json!(1234.567)),
            ("86000", json!(86000)),
        ],
    );
    refused(&steps, "mapping.number", &["1,234", "1.234", "-12,345", "$1.234", "1.2,3.4", "1,234-2,345"]);
}

#[test]
fn types_of_numbers() {
    table(
        &json!([{"number": {"as": "decimal"}}]),
        &[
            ("$1,234.50", json!({"$numberDecimal": "1234.50"})),
            ("0.1234567890123456789", json!({"$numberDecimal": "0.1234567890123456789"})),
        ],
    );
    table(&json!([{"number": {"as": "integer"}}]), &[("86.0k", json!(86000)), ("12.00", json!(12))]);
    refused(&json!([{"number": {"as": "integer"}}]), "mapping.number", &["12.5", "9223372036854775808"]);
    table(&json!([{"number": {"percent": "fraction"}}]), &[("12%", json!(0.12)), ("12", json!(12)), ("7 %", json!(0.07))]);
    refused(&json!([{"number": {"percent": "refuse"}}]), "mapping.number", &["12%"]);
}

#[test]
fn ranges() {
    let range = |text: &str| {
        let range = json!({"here": "mean", "min": "r.min", "max": "r.max", "currency": "r.currency"});
        let mapping = json!({"version": 1, "rules": [{"to": "v", "from": "Value", "steps": [{"number": {"range": range}}]}]});
        let compiled = compile(&Mapping::from_json(mapping).unwrap(), Some(&["Value".to_owned()]), None).unwrap();
        let mut errors = Vec::new();
        let record = compiled.apply(Input::Cells(&[Cell::text(text.to_owned())]), &mut errors);
        (record, errors.len())
    };
    let whole = |v: Json, min: Json, max: Json| (json!({"v": v, "r": {"min": min, "max": max}}), 0);
    let dollars = |v: Json, min: Json, max: Json| (json!({"v": v, "r": {"min": min, "max": max, "currency": "USD"}}), 0);
    assert_eq!(range("$53K-$91K"), dollars(json!(72000), json!(53000), json!(91000)));
    assert_eq!(range("$53-91K"), dollars(json!(72000), json!(53000), json!(91000)));
    assert_eq!(range("500 - 1k"), whole(json!(750), json!(500), json!(1000)));
    assert_eq!(range("1,000 to 2,001"), whole(json!(1500.5), json!(1000), json!(2001)));
    assert_eq!(range("10–20 %"), whole(json!(15), json!(10), json!(20)));
    assert_eq!(range("-5 - -3"), whole(json!(-4), json!(-5), json!(-3)));
    assert_eq!(range("5..5"), whole(json!(5), json!(5), json!(5)));
    assert_eq!(range("0.1-0.2"), whole(json!(0.15), json!(0.1), json!(0.2)));
    assert_eq!(range("$60K"), (json!({"v": 60000}), 0));
    assert_eq!(range("91K-53K"), (json!({"v": "91K-53K"}), 1));
    assert_eq!(range("2024-03"), (json!({"v": "2024-03"}), 1));
    assert_eq!(range("a-b"), (json!({"v": "a-b"}), 1));
}

#[test]
fn iso_dates() {
    let steps = json!([{"date": {}}]);
    table(
        &steps,
        &[
            ("2024-03-01", json!("2024-03-01T00:00:00Z")),
            ("2024-03-01T10:00", json!("2024-03-01T10:00:00Z")),
            ("2024-03-01 10:00:30", json!("2024-03-01T10:00:30Z")),
            ("2024-03-01T10:00:30.25Z", json!("2024-03-01T10:00:30.250Z")),
            ("2024-03-01T10:00:00+01:00", json!("2024-03-01T09:00:00Z")),
            ("2024-03-01T10:00:00-0530", json!("2024-03-01T15:30:00Z")),
            ("2024-03-01 10:00:00 +02", json!("2024-03-01T08:00:00Z")),
            ("20240301", json!("2024-03-01T00:00:00Z")),
            ("20240301T100000Z", json!("2024-03-01T10:00:00Z")),
            ("2024-02-29", json!("2024-02-29T00:00:00Z")),
            ("0001-01-01", json!("0001-01-01T00:00:00Z")),
        ],
    );
    refused(
        &steps,
        "mapping.date",
        &[
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "2024-3-1",
            "01/02/2024",
            "2024",
            "2024-03",
            "2024-03-01T",
            "2024-03-01T25:00",
            "2024-03-01T10:60",
            "2024-03-01T10:00:60",
            "2024-03-01T10:00:00.",
            "2024-03-01T10:00+25:00",
            "yesterday",
            "2024-03-01x",
            "٢٠٢٤-03-01",
            "9999-12-31T23:59:59-01:00",
        ],
    );
}

#[test]
fn dates_in_stated_formats() {
    let german = json!([{"date": {"formats": ["%d.%m.%Y %H:%M", "%d.%m.%Y", "%d.%m.%y"], "zone": "Europe/Berlin", "as": "offset"}}]);
    table(
        &german,
        &[
            ("01.03.2024", json!("2024-03-01T00:00:00+01:00")),
            ("1.7.2024", json!("2024-07-01T00:00:00+02:00")),
            ("01.03.24", json!("2024-03-01T00:00:00+01:00")),
            ("01.03.69", json!("1969-03-01T00:00:00+01:00")),
            ("01.03.70", json!("1970-03-01T00:00:00+01:00")),
            ("01.03.2024 14:30", json!("2024-03-01T14:30:00+01:00")),
            // The day on which clocks go forward, before and after the gap.
            ("31.03.2024 01:59", json!("2024-03-31T01:59:00+01:00")),
            ("31.03.2024 03:00", json!("2024-03-31T03:00:00+02:00")),
        ],
    );
    refused(
        &german,
        "mapping.date",
        &["31.03.2024 02:30", "27.10.2024 02:30", "30.02.2024", "03/01/2024", "2024-03-01", "01.03.", "1.3.024"],
    );
    let american = json!([{"date": {"formats": ["%m/%d/%Y %I:%M %p", "%B %d, %Y", "%a, %d %b %Y %H:%M:%S %z"]}}]);
    table(
        &american,
        &[
            ("03/01/2024 02:30 PM", json!("2024-03-01T14:30:00Z")),
            ("March 1, 2024", json!("2024-03-01T00:00:00Z")),
            ("Mar 1, 2024", json!("2024-03-01T00:00:00Z")),
            ("Fri, 01 Mar 2024 10:00:00 +0100", json!("2024-03-01T09:00:00Z")),
        ],
    );
    refused(&american, "mapping.date", &["Mon, 01 Mar 2024 10:00:00 +0100", "13/01/2024 02:30 PM", "Maerz 1, 2024", "03/01/24 02:30 PM"]);
}

#[test]
fn dates_as_numbers() {
    table(
        &json!([{"date": {"formats": ["excel"]}}]),
        &[
            ("1", json!("1900-01-01T00:00:00Z")),
            ("59", json!("1900-02-28T00:00:00Z")),
            ("61", json!("1900-03-01T00:00:00Z")),
            ("45352", json!("2024-03-01T00:00:00Z")),
            ("45352.4375", json!("2024-03-01T10:30:00Z")),
        ],
    );
    refused(&json!([{"date": {"formats": ["excel"]}}]), "mapping.date", &["0", "60", "-1", "2958466", "abc"]);
    table(
        &json!([{"date": {"formats": ["excel1904"]}}]),
        &[("0", json!("1904-01-01T00:00:00Z")), ("43890", json!("2024-03-01T00:00:00Z"))],
    );
    table(
        &json!([{"date": {"formats": ["epochSeconds"]}}]),
        &[("1709287200", json!("2024-03-01T10:00:00Z")), ("-1", json!("1969-12-31T23:59:59Z"))],
    );
    table(&json!([{"date": {"formats": ["epochMilliseconds"]}}]), &[("1709287200250", json!("2024-03-01T10:00:00.250Z"))]);
    refused(&json!([{"date": {"formats": ["epochSeconds"]}}]), "mapping.date", &["1e99", "999999999999999"]);
}

#[test]
fn types_of_dates() {
    let berlin = |output: &str| json!([{"date": {"zone": "Europe/Berlin", "as": output}}]);
    table(
        &berlin("bson"),
        &[
            ("2024-03-01", json!({"$date": "2024-02-29T23:00:00Z"})),
            ("1969-01-01T00:00:00.0019Z", json!({"$date": {"$numberLong": "-31535999999"}})),
        ],
    );
    table(&berlin("bson"), &[("2024-03-01T00:00:00.123456Z", json!({"$date": "2024-03-01T00:00:00.123Z"}))]);
    table(&berlin("day"), &[("2024-03-01T23:30:00Z", json!("2024-03-01")), ("2024-03-31 02:30", json!("2024-03-31"))]);
    table(&berlin("offset"), &[("2024-03-01T23:30:00-05:00", json!("2024-03-01T23:30:00-05:00"))]);
    table(&json!([{"date": {"zone": "+05:30"}}]), &[("2024-03-01", json!("2024-02-29T18:30:00Z"))]);
}
