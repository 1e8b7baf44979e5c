#![no_main]
//! JSON in all its layouts: lines, lists, lists inside objects.

use libfuzzer_sys::fuzz_target;
use steward_sources::Choice;

fuzz_target!(|bytes: &[u8]| {
    steward_fuzz::read("rows.ndjson", bytes, &Choice::default(), false);
    let inside = Choice { part: Some("/data".into()), ..Choice::default() };
    steward_fuzz::read("rows.json", bytes, &inside, false);
});
