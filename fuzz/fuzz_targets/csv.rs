#![no_main]
//! Separated values in any encoding, with and without choices of the person's.

use libfuzzer_sys::fuzz_target;
use steward_sources::Choice;

const ENCODINGS: [&str; 4] = ["utf-8", "windows-1252", "utf-16le", "shift_jis"];
const DELIMITERS: [&str; 4] = [",", ";", "\\t", "|"];

fuzz_target!(|bytes: &[u8]| {
    steward_fuzz::read("rows.csv", bytes, &Choice::default(), false);
    if let Some((&first, rest)) = bytes.split_first() {
        let at = usize::from(first);
        let choice = Choice {
            encoding: Some(ENCODINGS[at % 4].to_owned()),
            delimiter: Some(DELIMITERS[at / 4 % 4].to_owned()),
            quote: Some(if at & 16 == 0 { "\"" } else { "" }.to_owned()),
            header: Some(at & 32 == 0),
            part: None,
        };
        steward_fuzz::read("chosen.csv", rest, &choice, false);
    }
});
