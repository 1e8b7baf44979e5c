//! Three hundred files of known dialects, made from a seed: how many are recognised, how many are asked about, and that none is
//! taken for something else without a word.

// Test code: a broken expectation is meant to panic, with the place.

use steward_sources::{Choice, Examined, SourceError, examine};

/// A small generator of pseudo-random numbers (SplitMix64): the same files on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const NAMES: [&str; 24] = [
    "id",
    "name",
    "Q1",
    "B12",
    "note",
    "No.",
    "Price (approx.)",
    "e-mail",
    "città",
    "größe",
    "2nd owner",
    "first name",
    "amount",
    "date",
    "tags",
    "usb 3.1",
    "city",
    "ZIP",
    "価格",
    "x",
    "comment",
    "phone",
    "weight_kg",
    "Straße",
];
const WORDS: [&str; 16] = [
    "Anna",
    "Müller",
    "blue",
    "Zürich",
    "n/a",
    "москва",
    "東京",
    "ok",
    "a.b@example.org",
    "5 kg",
    "x|y",
    "Ring 5",
    "O'Hara",
    "yes",
    "no",
    "-",
];

/// A value of a column of one kind.
fn value(random: &mut Random, kind: usize, row: usize) -> String {
    match kind {
        0 => row.to_string(),
        1 => format!("{}.{:02}", random.below(1000), random.below(100)),
        2 => format!("{},{:02}", random.below(1000), random.below(100)),
        3 => format!("20{:02}-{:02}-{:02}", random.below(30), 1 + random.below(12), 1 + random.below(28)),
        4 => format!("{}; {}", random.pick(&WORDS), random.pick(&WORDS)),
        5 => format!("{}, {} and {}", random.pick(&WORDS), random.pick(&WORDS), random.pick(&WORDS)),
        6 => format!("{};{};{}", random.pick(&WORDS), random.pick(&WORDS), random.pick(&WORDS)),
        7 if random.one_in(8) => format!("line\n{} \"said\"", random.pick(&WORDS)),
        _ => random.pick(&WORDS).to_owned(),
    }
}

struct Made {
    text: String,
    delimiter: &'static str,
    header: bool,
    columns: usize,
    titles: usize,
}

fn made(random: &mut Random) -> Made {
    let delimiter = [",", ";", "\t", "|"][random.below(4)];
    let columns = 1 + random.below(8);
    let kinds: Vec<usize> = (0..columns).map(|_| random.below(9)).collect();
    let end = if random.one_in(3) { "\r\n" } else { "\n" };
    let quoted = |text: &str| {
        let needed = text.contains(delimiter) || text.contains(['"', '\n']);
        if needed { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    };
    let mut text = String::new();
    let titles = if columns > 1 && random.one_in(6) { 2 } else { 0 };
    if titles > 0 {
        text.push_str(&format!("Export of the {}th of May{end}{end}", 1 + random.below(30)));
    }
    // Without a header only numbers and dates tell that there is none.
    let header = !(titles == 0 && random.one_in(4) && kinds.iter().any(|kind| matches!(kind, 0 | 1 | 3)));
    if header {
        let mut names = NAMES.to_vec();
        let names: Vec<String> = (0..columns).map(|_| quoted(names.swap_remove(random.below(names.len())))).collect();
        text.push_str(&(names.join(delimiter) + end));
    }
    // Where the first row has fewer values than the others, nothing says which of them are right.
    let ragged = header && columns > 2 && random.one_in(5);
    for row in 0..5 + random.below(400) {
        let mut cells: Vec<String> = kinds.iter().map(|kind| quoted(&value(random, *kind, row))).collect();
        if ragged && random.one_in(4) {
            cells.pop();
        }
        text.push_str(&(cells.join(delimiter) + end));
    }
    Made { text, delimiter, header, columns, titles }
}

fn is_right(made: &Made, found: &Examined) -> bool {
    let Some(dialect) = &found.dialect else { return false };
    let delimiter = if dialect.delimiter == "\\t" { "\t" } else { &dialect.delimiter };
    let title = found.recognised.contains("above it skipped");
    (delimiter == made.delimiter || made.columns == 1)
        && dialect.header == made.header
        && found.columns.len() == made.columns
        && title == (made.titles > 0)
}

#[test]
fn three_hundred_files_of_known_dialects() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(16);
    let (mut right, mut asked, mut wrong) = (0, 0, Vec::new());
    for n in 0..300 {
        let made = made(&mut random);
        let path = folder.path().join(format!("{n}.csv"));
        std::fs::write(&path, &made.text).unwrap();
        match examine(&path, &Choice::default()) {
            Ok(found) if is_right(&made, &found) => right += 1,
            Err(SourceError::BadChoice(_)) => asked += 1,
            found => {
                wrong.push((n, made.text.chars().take(200).collect::<String>(), found.map(|f| (f.dialect, f.columns, f.recognised)).ok()))
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
    assert!(right >= 297, "{right} right, {asked} asked");
}

fn of(name: &str, text: &[u8], choice: &Choice) -> Result<Examined, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    examine(&path, choice).map_err(|e| e.to_string())
}

#[test]
fn the_first_row_decides() {
    let found = |text: &str| {
        let dialect = of("a.csv", text.as_bytes(), &Choice::default()).unwrap().dialect.unwrap();
        (dialect.delimiter, dialect.header)
    };
    let comma = (",".to_owned(), true);
    assert_eq!(found("id,note\n1,\"a;b;c;d\"\n2,\"a;b;c;d\"\n"), comma);
    assert_eq!(found("id,note\n1,a;b;c;d\n2,a;b;c;d\n"), comma);
    assert_eq!(found("name,tags\nAnn,a|b|c\nBob,d|e|f\n"), comma);
    assert_eq!(found("id,a\nx,1,EXTRA\ny,2\n"), comma);
    assert_eq!(found("name,tags\nAnn,a;b;c\nBob,d;e\nCid,g\n"), comma);
    let ragged: String =
        (0..99).map(|n| if n % 4 == 0 { format!("{n},Ring {n}, back yard\n") } else { format!("{n},Ring {n}\n") }).collect();
    assert_eq!(found(&format!("id,address\n{ragged}")), comma);
    let one = of("a.csv", b"name\nalpha\nbeta;gamma\n", &Choice::default()).unwrap();
    assert_eq!((one.columns, one.notes), (vec!["name".to_owned()], vec![]));
    assert_eq!(found("id;price\n1;1,50\n2;3,20\n").0, ";");
}

#[test]
fn one_column_whose_name_holds_delimiters_is_asked_about() {
    let text = "last,first\nAda\nBob\nCid\nDan\nEve\nFay\n";
    let why = of("a.csv", text.as_bytes(), &Choice::default()).unwrap_err();
    assert!(why.contains("not clear what separates"), "{why}");
    let choice = Choice { delimiter: Some(";".into()), ..Choice::default() };
    assert_eq!(of("a.csv", text.as_bytes(), &choice).unwrap().columns, ["last,first"]);
    let both = "a,b;c\nx,y;z\nu,v;w\n";
    assert!(of("a.csv", both.as_bytes(), &Choice::default()).is_err());
    // A name that is expected resolves it.
    let choice = Choice { expected: vec!["b;c".into()], ..Choice::default() };
    assert_eq!(of("a.csv", both.as_bytes(), &choice).unwrap().columns, ["a", "b;c"]);
}

#[test]
fn rows_above_the_header_are_skipped_as_chosen() {
    let text = "Report\nof,May\n\nid,n\n1,2\n";
    let choice = Choice { skip_rows: Some(3), ..Choice::default() };
    let found = of("a.csv", text.as_bytes(), &choice).unwrap();
    assert_eq!(found.columns, ["id", "n"]);
    assert!(found.recognised.contains("3 lines above it skipped"), "{}", found.recognised);
    let found = of("a.csv", b"# made manually\n# twice\nid,n\n1,2\n", &Choice::default()).unwrap();
    assert_eq!(found.columns, ["id", "n"]);
}

#[test]
fn what_stands_before_the_content_changes_nothing() {
    for before in ["\u{feff}", "\u{feff}\u{feff}", "\n\n", "\0\0", "// note\n", "\u{feff}\n \t"] {
        let text = format!("{before}{{\"a\": 1}}\n{{\"a\": 2}}\n");
        let found = of("rows.txt", text.as_bytes(), &Choice::default()).unwrap();
        assert_eq!(found.format, steward_sources::Format::Ndjson, "{before:?}");
    }
}

#[test]
fn what_holds_no_records_is_refused_by_its_name() {
    for (name, bytes, what) in [
        ("a.csv", &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "a picture"),
        ("a.json", b"<?xml version=\"1.0\"?><a/>", "XML"),
        ("a.txt", b"nothing but prose here\nand here\n", "neither JSON nor"),
    ] {
        let why = of(name, bytes, &Choice::default()).unwrap_err();
        assert!(why.contains(what) && why.contains(name), "{why}");
    }
}

#[test]
fn a_damaged_first_document_leaves_the_others() {
    let document = |n: i32| bson::doc! {"_id": n, "name": format!("record {n}")}.to_vec().unwrap();
    let mut all = [document(1), document(2), document(3)].concat();
    all[4] = 0x77;
    assert_eq!(of("dump.bson", &all, &Choice::default()).unwrap().format, steward_sources::Format::Bson);
}

#[test]
fn a_guessed_encoding_is_reported_and_short_texts_are_not_korean() {
    let found = of("a.csv", b"name,city\nJos\xe9,Stra\xdfe\n", &Choice::default()).unwrap();
    assert_eq!(found.encoding, "windows-1252");
    assert!(found.recognised.contains("windows-1252, separated by ','") && found.recognised.contains("is a guess"), "{}", found.recognised);
}
