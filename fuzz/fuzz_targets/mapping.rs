#![no_main]
//! A mapping and a row, both as JSON, with a line of `---` between them.

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use steward_mapping::{Input, Mapping, compile};

fuzz_target!(|text: &str| {
    let Some((mapping, row)) = text.split_once("\n---\n") else {
        return;
    };
    let (Ok(mapping), Ok(row)) = (Mapping::parse(mapping), serde_json::from_str::<Value>(row)) else {
        return;
    };
    let columns: Vec<String> = row.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
    if let Ok(compiled) = compile(&mapping, None, None) {
        let mut errors = Vec::new();
        compiled.apply(Input::Json(&row), &mut errors);
    }
    if let Ok(compiled) = compile(&mapping, Some(&columns), None) {
        let cells: Vec<_> = row.as_object().into_iter().flat_map(|o| o.values()).map(|v| steward_mapping::Cell::text(v.as_str().unwrap_or_default())).collect();
        compiled.apply(Input::Cells(&cells), &mut Vec::new());
    }
});
