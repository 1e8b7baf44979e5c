//! Any bytes as the XML of a workbook of OpenDocument.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| steward_fuzz::ods(bytes));
