//! Any text as a schema document.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| steward_fuzz::schema(text));
