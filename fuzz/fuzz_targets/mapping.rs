//! Any text as a mapping.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| steward_fuzz::mapping(text));
