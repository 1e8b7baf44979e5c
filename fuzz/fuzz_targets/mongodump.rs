#![no_main]
//! Archives of mongodump, and files of BSON documents.

use libfuzzer_sys::fuzz_target;
use steward_sources::Choice;

fuzz_target!(|bytes: &[u8]| {
    steward_fuzz::read("dump.archive", bytes, &Choice::default(), true);
    steward_fuzz::read("things.bson", bytes, &Choice::default(), true);
});
