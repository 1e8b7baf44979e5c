//! What a content is, by how it begins, whatever is before it: byte order marks, white space, NULs, comments.

use crate::bson_file::{is_readable, length_at};
use crate::window::MARK;

/// Beginnings of files that hold no records, and what they are.
const FOREIGN: [(&[u8], &str); 14] = [
    (b"\x89PNG\r\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"%PDF-", "a PDF document"),
    (b"<?xml", "XML"),
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<HTML", "a web page"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\0", "a program"),
    (b"PAR1", "a Parquet file"),
    (b"Obj\x01", "an Avro file"),
];

/// What comes behind byte order marks, white space and NULs.
pub fn start(mut bytes: &[u8]) -> &[u8] {
    loop {
        let rest = bytes.trim_ascii_start();
        let rest = rest.strip_prefix(MARK).or_else(|| rest.strip_prefix(b"\0")).unwrap_or(rest);
        if rest.len() == bytes.len() {
            return bytes;
        }
        bytes = rest;
    }
}

/// What comes behind comments too: lines that begin with `//` or `#`, and `/* … */`.
pub fn behind_comments(bytes: &[u8]) -> &[u8] {
    let mut rest = start(bytes);
    loop {
        let end = if rest.starts_with(b"//") || rest.starts_with(b"#") {
            memchr::memchr(b'\n', rest)
        } else if rest.starts_with(b"/*") {
            memchr::memmem::find(rest, b"*/").map(|at| at + 1)
        } else {
            None
        };
        let Some(end) = end else { return rest };
        rest = start(&rest[end + 1..]);
    }
}

/// The first thing in it is an object or a list.
pub fn begins_like_json(bytes: &[u8]) -> bool {
    // `[object Object],…` and `{ERROR}` begin rows of tables: what follows in JSON is known.
    let rest = behind_comments(bytes);
    let next = start(rest.get(1..).unwrap_or_default()).first();
    match rest.first() {
        Some(b'{') => next.is_none_or(|b| matches!(b, b'"' | b'}' | b'/')) || rest[1..].trim_ascii_start().starts_with(b"'"),
        Some(b'[') => next.is_none_or(|b| matches!(b, b'{' | b'[' | b']' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b',' | b'/')),
        _ => false,
    }
}

/// Some line begins as an object does.
pub fn has_json_lines(bytes: &[u8]) -> bool {
    bytes.split(|b| *b == b'\n').any(|line| start(line).starts_with(b"{"))
}

/// What a file is that holds no records; `None` where it may hold some.
pub fn foreign(bytes: &[u8]) -> Option<&'static str> {
    let known = FOREIGN.iter().find(|(begin, _)| bytes.starts_with(begin) || start(bytes).starts_with(begin));
    if let Some((_, what)) = known {
        return Some(what);
    }
    if is_utf32(bytes) {
        return Some("a text in UTF-32; save it as UTF-8");
    }
    // Text has hardly a control character, whatever its encoding; every tenth of random bytes is one.
    let controls = bytes.iter().filter(|b| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r' | 0x1b | 0)).count();
    let random = bytes.len() > 3 && controls * 33 > bytes.len() && std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_some());
    random.then_some("no text and nothing else that is known")
}

/// Three of four bytes are zero, as in text of Latin letters.
fn is_utf32(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff");
    let units = bytes[..bytes.len().min(4096)].chunks_exact(4);
    let (all, little, big) = units.fold((0, 0, 0), |(all, little, big), unit| {
        let is = |zero: &[u8], one: u8| zero.iter().all(|b| *b == 0) && one != 0;
        (all + 1, little + usize::from(is(&unit[1..], unit[0])), big + usize::from(is(&unit[..3], unit[3])))
    });
    marked || all >= 8 && (little * 10 > all * 7 || big * 10 > all * 7)
}

/// A whole document of BSON is somewhere in it.
pub fn holds_documents(bytes: &[u8]) -> bool {
    (0..bytes.len().saturating_sub(5)).any(|at| {
        let length = length_at(&bytes[at..]);
        length > 5 && bytes.get(at..at + length).is_some_and(is_readable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_content_does_not_count() {
        for before in ["", "\u{feff}", "\u{feff}\u{feff}\n", " \r\n\t", "\0\0", "// note\n", "# note\n\n", "/* a\nnote */ "] {
            for json in ["{\"a\": 1}", "[{\"a\": 1}]", "[]", "{}"] {
                assert!(begins_like_json(format!("{before}{json}").as_bytes()), "{before:?}{json}");
            }
            assert!(!begins_like_json(format!("{before}id,name\n").as_bytes()), "{before:?}");
        }
        assert!(!begins_like_json(b"[object Object],2\n") && !begins_like_json(b"{ERROR};x\n") && !begins_like_json(b""));
    }

    #[test]
    fn other_files_are_named() {
        assert_eq!(foreign(b"\x89PNG\r\n\x1a\n"), Some("a picture (PNG)"));
        assert_eq!(foreign(b"\xef\xbb\xbf<?xml version=\"1.0\"?>"), Some("XML"));
        let utf32: Vec<u8> = "id,name\n1,Ada\n".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
        assert!(foreign(&utf32).is_some_and(|what| what.contains("UTF-32")));
        let mut state = 7_u32;
        let random: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(20_000)
        .collect();
        assert!(foreign(&random).is_some());
        for text in
            ["id,name\n1,Ada\n".as_bytes(), b"a,x\0y\nb,\0\nc,z\n", b"stra\xdfe;ort\nm\xfcller;k\xf6ln\n", "数据,分析\n".as_bytes(), b""]
        {
            assert_eq!(foreign(text), None, "{text:?}");
        }
    }
}
