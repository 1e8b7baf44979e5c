//! Any text as the name of an upload.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| steward_fuzz::names(text));
