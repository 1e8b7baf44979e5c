//! Any text as a written filter.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| steward_fuzz::filter(text));
