//! Every format, and in each what its makers did not think of: lengths that lie, repetitions, rows beyond any size, ends in the middle,
//! noise behind a good beginning.

use std::io::Write;
use std::path::Path;

use super::watched;
use crate::common::Place;

/// Bytes that look like anything, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

fn zipped(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A sheet of OpenDocument with this row in it.
fn sheet(row: &str) -> Vec<u8> {
    let content = format!(
        r#"<office:document-content><office:body><office:spreadsheet><table:table table:name="S">{row}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    zipped(&[("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".to_vec()), ("content.xml", content.into_bytes())])
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn lying_document(length: i32) -> Vec<u8> {
    [&length.to_le_bytes()[..], b"\x02a\0", &i32::MAX.to_le_bytes(), b"x\0\0"].concat()
}

/// Files by name, each made to do harm.
fn corpus() -> Vec<(&'static str, Vec<u8>)> {
    let wide = "x,".repeat(1 << 20);
    let long = "y".repeat(40 << 20);
    let archive = 0x8199_e26d_u32.to_le_bytes();
    let record = |kind: &[u8], content: &[u8]| [kind, &[u8::try_from(content.len()).unwrap()], content].concat();
    vec![
        ("long.ndjson", format!("{{\"k\":\"{long}\"}}\n{{\"k\":1}}\n").into_bytes()),
        ("numbers.ndjson", format!("{{\"k\":{}}}\n", "9".repeat(1 << 20)).into_bytes()),
        ("names.json", format!("[{{{}\"k\":1}}]", (0..20_000).map(|n| format!("\"{n}\":1,")).collect::<String>()).into_bytes()),
        ("same-names.json", format!("[{{{}\"k\":1}}]", "\"a\":1,".repeat(20_000)).into_bytes()),
        ("commas.json", format!("[{}]", ",".repeat(1 << 20)).into_bytes()),
        ("open.json", b"{\"data\": [{\"k\": \"".repeat(5_000)),
        ("object.json", format!("{{\"rows\":[{}", "{},".repeat(300_000)).into_bytes()),
        ("wide.csv", format!("{wide}\n{wide}\n").into_bytes()),
        ("quotes.csv", format!("a,b\n{}", "\"".repeat(3 << 20)).into_bytes()),
        ("quotes.tsv", format!("a\tb\n{}", "\"x\n".repeat(200_000)).into_bytes()),
        ("long.csv", format!("a,b\n{long},1\n").into_bytes()),
        ("nothing.csv", vec![0; 2 << 20]),
        ("noise.csv", noise(1 << 20)),
        ("utf16.csv", [&[0xff, 0xfe][..], &noise(1 << 20)].concat()),
        ("noise.xls", [&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..], &noise(1 << 16)].concat()),
        ("sectors.xls", [&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..], &[0x7f; 1 << 16]].concat()),
        ("noise.xlsx", [&b"PK\x03\x04"[..], &noise(1 << 16)].concat()),
        (
            "declared.xlsb",
            zipped(&[
                ("xl/workbook.bin", record(&[0x8f, 0x01], &[])),
                ("xl/sharedStrings.bin", record(&[0x9f, 0x01], &[0xff; 8])),
                ("xl/styles.bin", [record(&[0xe7, 0x04], &[0xff; 4]), record(&[0xe9, 0x04], &[0xff; 4])].concat()),
                ("xl/_rels/workbook.bin.rels", b"<Relationships/>".to_vec()),
            ]),
        ),
        (
            "rows.ods",
            sheet(
                r#"<table:table-row table:number-rows-repeated="2147483647"><table:table-cell office:value-type="string"><text:p>k</text:p></table:table-cell></table:table-row>"#,
            ),
        ),
        (
            "cells.ods",
            sheet(
                r#"<table:table-row><table:table-cell table:number-columns-repeated="4294967295" office:value-type="string"><text:p>k</text:p></table:table-cell></table:table-row>"#,
            ),
        ),
        ("nested.ods", sheet(&"<table:table-row><table:table-cell><text:p>".repeat(50_000))),
        (
            "entities.ods",
            sheet(
                "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]><table:table-row><table:table-cell><text:p>&b;</text:p></table:table-cell></table:table-row>",
            ),
        ),
        ("noise.db", [&b"SQLite format 3\0"[..], &noise(1 << 16)].concat()),
        ("pages.db", [&b"SQLite format 3\0\x10\x00\x01\x01\x00\x40\x20\x20"[..], &[0xff; 1 << 14]].concat()),
        ("length.bson", lying_document(i32::MAX)),
        ("negative.bson", lying_document(-1)),
        ("short.bson", lying_document(16).repeat(10_000)),
        ("length.archive", [&archive[..], &lying_document(i32::MAX)].concat()),
        ("noise.archive", [&archive[..], &noise(1 << 16)].concat()),
        ("cut.gz", gz(&noise(1 << 18))[..1 << 17].to_vec()),
        ("noise.zst", [&[0x28, 0xb5, 0x2f, 0xfd][..], &noise(1 << 16)].concat()),
        ("window.zst", vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0x01, 0x00, 0x00]),
        ("noise.bz2", [&b"BZh91AY&SY"[..], &noise(1 << 16)].concat()),
        ("noise.zip", [&b"PK\x03\x04"[..], &noise(1 << 12), b"PK\x05\x06", &noise(18)].concat()),
        ("many.zip", {
            let names: Vec<String> = (0..3_000).map(|n| format!("{n}.json")).collect();
            zipped(&names.iter().map(|name| (name.as_str(), Vec::new())).collect::<Vec<_>>())
        }),
        ("paths.zip", zipped(&[("../../../../etc/evil.json", b"[{\"k\":1}]".to_vec())])),
    ]
}

#[test]
fn every_format_refuses_what_was_made_to_do_harm() {
    let at = Place::file();
    at.json(0, &["init"]);
    for (name, bytes) in corpus() {
        let file = at.write(name, bytes);
        let said = watched(&at, &["validate", &file, "--schema", "careers"]);
        assert!(!said.out.trim().is_empty() || !said.err.trim().is_empty(), "{name}: nothing is said");
        assert!(said.code == Some(0) || said.err.contains("steward:") || !said.out.is_empty(), "{name}: {}{}", said.out, said.err);
    }
    assert!(!Path::new("/etc/evil.json").exists());
}

#[test]
fn every_format_as_a_workspace_or_a_backup_is_refused() {
    let at = Place::file();
    at.json(0, &["init"]);
    for (name, bytes) in corpus().into_iter().filter(|(_, bytes)| bytes.len() < 4 << 20) {
        let file = at.write(name, bytes);
        assert_ne!(watched(&at, &["--workspace", &file, "records", "collections"]).code, Some(0), "{name} is no workspace");
        watched(&at, &["restore", &file]);
    }
}
