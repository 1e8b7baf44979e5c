//! Cutting rows: quotation marks, line ends, oversized rows, marks inside a file.

use proptest::test_runner::{Config, TestRunner};

use super::super::*;
use super::*;
use crate::Choice;

#[test]
fn split_says_what_decoding_says() {
    let decoder = CsvDecoder::new(crate::dialect::resolve(b"a,b\n1,2\n", &Choice::default()).unwrap(), Vec::new());
    let mut scratch = decoder.scratch();
    let mut runner = TestRunner::new(Config { cases: 20_000, failure_persistence: None, ..Config::default() });
    let check = |row: String| {
        let mut cells = Vec::new();
        if decoder.split(&row, &mut cells) {
            assert_eq!(cells, decoder.cells(row.as_bytes(), &mut scratch));
        }
        Ok(())
    };
    let check = std::cell::RefCell::new(check);
    runner.run(&"[a\",,\" é\n]{0,14}", |row| (check.borrow_mut())(row)).unwrap();
}

/// Rows taken one by one, and in a batch.
#[test]
fn batches_hold_the_rows_that_reading_one_by_one_gives() {
    let mut runner = TestRunner::new(Config { cases: 2_000, failure_persistence: None, ..Config::default() });
    runner
        .run(&"[ab\",\r\n\"é]{0,40}", |body| {
            let text = format!("x,y\n{body}");
            let dialect = crate::dialect::resolve(b"x,y\n1,2\n", &Choice::default()).unwrap();
            let again = || -> Again<&[u8]> { Box::new(|_| unreachable!("no row is that large")) };
            let open = || CsvRows::new(text.as_bytes(), dialect, None, again()).unwrap().0;
            let (mut one, mut all, mut batch) = (open(), open(), Batch::default());
            while all.next_into(&mut batch).unwrap() {}
            for row in batch.iter() {
                let alone = one.next_row().unwrap();
                assert_eq!(alone.as_ref().map(|r| format!("{:?}", r.borrowed())), Some(format!("{row:?}")));
            }
            assert!(one.next_row().unwrap().is_none());
            Ok(())
        })
        .unwrap();
}

struct Read1 {
    columns: Vec<String>,
    rows: Vec<(Vec<String>, Option<Fault>)>,
    notes: Vec<String>,
}

fn read(text: &[u8]) -> Read1 {
    let dialect = crate::dialect::resolve(text, &Choice::default()).unwrap();
    let whole = text.to_vec();
    let again = move |at: u64| Ok(io::Cursor::new(whole[usize::try_from(at).unwrap()..].to_vec()));
    let input = io::Cursor::new(text.to_vec());
    let (mut rows, columns, mut notes) = CsvRows::new(input, dialect, None, Box::new(again)).unwrap();
    let decoder = CsvDecoder::new(dialect, columns.clone());
    let mut scratch = decoder.scratch();
    let mut out = Vec::new();
    while let Some(row) = rows.next_row().unwrap() {
        let cells = decoder.cells(&row.bytes, &mut scratch);
        let at = usize::try_from(row.offset).unwrap();
        assert_eq!(&text[at..at + row.bytes.len()], row.bytes);
        out.push((cells.into_iter().map(Into::into).collect(), row.fault));
    }
    notes.extend(rows.notes());
    notes.extend(rows.skipped());
    Read1 { columns, rows: out, notes }
}

#[test]
fn plain_quoted_and_embedded_newlines() {
    let found = read(b"id,text,n\r\n1,\"a, \"\"b\"\"\",2\r\n\r\n2,\"line one\nline two\",3\r\n3,,\r\n");
    assert_eq!(found.columns, ["id", "text", "n"]);
    let cells: Vec<_> = found.rows.iter().map(|r| r.0.join("|")).collect();
    assert_eq!(cells, ["1|a, \"b\"|2", "2|line one\nline two|3", "3||"]);
    assert!(found.rows.iter().all(|r| r.1.is_none()));
    assert_eq!(found.notes, ["1 blank line skipped"]);
}

#[test]
fn a_quote_left_open_swallows_no_row() {
    let found = read(b"id,text\n1,\"open\n2,fine\n3,\"also fine\"\n4,\"open at the end\n");
    let faults: Vec<_> = found.rows.iter().map(|r| r.1.clone()).collect();
    assert_eq!(faults, [Some(Fault::OpenQuote), None, None, Some(Fault::OpenQuote)]);
    assert_eq!(found.rows[1].0, ["2", "fine"]);
    assert_eq!(found.rows[2].0, ["3", "also fine"]);
}

#[test]
fn text_behind_a_closing_quote_is_a_fault() {
    let found = read(b"id,text\n1,\"a\"b\n2,x\n");
    assert!(matches!(found.rows[0].1, Some(Fault::Junk(_))));
    assert_eq!(found.rows[1], (vec!["2".into(), "x".into()], None));
}

#[test]
fn headers_are_made_whole() {
    let found = read(b"id,name,name,\n1,a,b,c\n");
    assert_eq!(found.columns, ["id", "name", "name_2", "column_4"]);
    assert_eq!(found.notes.len(), 2);
    let found = read(b"1,5\n2,6\n");
    assert_eq!((found.columns.join(","), found.rows.len()), ("column_1,column_2".into(), 2));
}

#[test]
fn empty_files_say_so() {
    assert_eq!(read(b"").notes, ["The file is empty."]);
    assert_eq!(read(b"id,name\n").notes, ["The file has names of columns and no row."]);
}

#[test]
fn long_cells_are_kept_whole() {
    let long = "x".repeat(700_000);
    let found = read(format!("id,text\n1,\"{long}\"\n2,{long}\n").as_bytes());
    assert_eq!((found.rows[0].0[1].len(), found.rows[1].0[1].len()), (700_000, 700_000));
}

#[test]
fn carriage_returns_alone_end_lines() {
    let found = read(b"id,name\r1,Ada\r2,Bob\r");
    assert_eq!(found.rows.len(), 2);
    assert_eq!(found.rows[1].0, ["2", "Bob"]);
}

#[test]
fn a_text_of_many_lines_is_one_value() {
    let long = "line, of \"\"text\"\"\n".repeat(20_000);
    let found = read(format!("id,text\n1,\"{long}\"\n2,x\n").as_bytes());
    assert_eq!((found.rows.len(), found.rows[0].0[1].lines().count()), (2, 20_000));
    // Also where a value of its row is missing.
    let found = read(b"id,text,n\n1,\"one\ntwo, and more\nthree\"\n2,x,3\n");
    assert_eq!(found.rows.len(), 2, "{:?}", found.rows);
    assert_eq!(found.rows[0].0, ["1", "one\ntwo, and more\nthree"]);
}

#[test]
fn what_is_larger_than_a_row_is_one_fault_or_was_never_closed() {
    let line = format!("{}\n", "x,".repeat(500_000));
    let text = format!("id,text\n1,\"{}\"\n2,after\n", line.repeat(40));
    let found = read_faults(text.as_bytes());
    assert_eq!(found, [(1, Some(Fault::TooLarge)), (2, None)]);
    let rows: String = (2..2_000_000).map(|n| format!("{n},a row of text\n")).collect();
    let found = read_faults(format!("id,text\n1,\"open\n{rows}").as_bytes());
    assert_eq!((found.len(), &found[0], &found[1]), (1_999_999, &(1, Some(Fault::OpenQuote)), &(2, None)));
}

fn read_faults(text: &[u8]) -> Vec<(u64, Option<Fault>)> {
    let dialect = crate::dialect::resolve(&text[..text.len().min(1 << 18)], &Choice::default()).unwrap();
    let whole = text.to_vec();
    let again = move |at: u64| Ok(io::Cursor::new(whole[usize::try_from(at).unwrap()..].to_vec()));
    let mut rows = CsvRows::new(io::Cursor::new(text.to_vec()), dialect, None, Box::new(again)).unwrap().0;
    let mut found = Vec::new();
    while let Some(row) = rows.next_row().unwrap() {
        found.push((row.number, row.fault));
    }
    found
}

#[test]
fn rows_that_hold_nothing_are_counted_and_told() {
    let found = read(b"id,text\n\n1,a\n,\n \t,\"\"\n2,b\n\n\n");
    assert_eq!(found.rows.iter().map(|r| r.0[0].as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(found.notes, ["1 blank line skipped", "2 rows without a value skipped"]);
    // Numbers are those of the file.
    assert_eq!(read_faults(b"id,text\n\n1,a\n,\n2,b\n"), [(2, None), (4, None)]);
}

#[test]
fn marks_inside_a_file_are_faults_and_those_before_it_are_none() {
    let found = read("\u{feff}\u{feff}id,n\n1,a\n\u{feff}\"2\",b\n".as_bytes());
    assert_eq!((found.columns.join(","), found.rows[1].1.clone()), ("id,n".into(), Some(Fault::Mark)));
}

#[test]
fn damaged_bytes_in_a_header_lose_no_row() {
    let found = read(b"id,stra\xdfe\n1,\xc3\xa9\n2,b\n");
    assert_eq!((found.columns[1].as_str(), found.rows.len()), ("stra\u{fffd}e", 2));
    assert!(found.notes[0].contains("column 2"), "{:?}", found.notes);
}
