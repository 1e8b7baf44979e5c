//! Every command that the documents print is one that the program takes.

use std::path::{Path, PathBuf};

use clap::Parser;
use steward_cli::args::{Arguments, Command, Records};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Lines of code blocks that begin with the program's name, without the explanation behind them.
fn commands(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside && line.starts_with("steward ") && !line.starts_with("steward [") {
            found.push(line.split("   ").next().unwrap_or(line).to_owned());
        }
    }
    found
}

/// Words as a shell without anything but single quotes splits them.
fn words(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for c in line.trim().chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => out.push(String::new()),
            _ => out.last_mut().unwrap().push(c),
        }
    }
    out
}

#[test]
fn the_program_takes_every_command_that_the_documents_print() {
    let guides = std::fs::read_dir(root().join("docs/guide")).unwrap().map(|entry| entry.unwrap().path());
    let mut tried = 0;
    for file in guides.chain([root().join("README.md"), root().join("docs/backup-and-restore.md")]) {
        for line in commands(&std::fs::read_to_string(&file).unwrap()) {
            let place = format!("{}: {line}", file.file_name().unwrap().to_string_lossy());
            let arguments = Arguments::try_parse_from(words(&line)).unwrap_or_else(|e| panic!("{place}\n{e}"));
            let filter = match &arguments.command {
                Command::Records(Records::Find { filter, .. } | Records::Count { filter, .. } | Records::Export { filter, .. }) => {
                    filter.clone()
                }
                Command::Records(Records::Bulk { filter, .. }) => Some(filter.clone()),
                _ => None,
            };
            if let Some(filter) = filter {
                steward_domain::filter_text::parse(&filter).unwrap_or_else(|e| panic!("{place}\n{e}"));
            }
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried}");
}
