//! What others wrote and Steward ships: licences, where it comes from, what must not be among it, what is not looked after any more.
//! `cargo metadata` tells all of it in seconds; a tool of its own would have to be built on every machine first (docs/adr/0019).

use std::path::Path;

use cargo_metadata::{MetadataCommand, Package};

use crate::Chore;

/// Licences under which anybody may pass Steward on. MPL-2.0 asks for the source of its own files, which their makers publish.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OFL-1.1",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

/// Where crates may come from; those of the repository have no source.
const SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What must not be among the dependencies, and why.
const BANNED: &[(&str, &str)] = &[
    ("openssl-sys", "rustls with ring is the one TLS library"),
    ("native-tls", "rustls with ring is the one TLS library"),
    ("aws-lc-sys", "rustls with ring is the one TLS library"),
];

/// Crates that nobody looks after, as RustSec lists them. A new one among the dependencies needs a reason in [`KEPT`].
const UNMAINTAINED: &[&str] = &[
    "adler",
    "ansi_term",
    "async-std",
    "atk",
    "atk-sys",
    "atty",
    "backoff",
    "derivative",
    "dotenv",
    "encoding",
    "fxhash",
    "gdk",
    "gdk-sys",
    "gdkwayland-sys",
    "gdkx11",
    "gdkx11-sys",
    "gtk",
    "gtk-sys",
    "gtk3-macros",
    "instant",
    "mach",
    "number_prefix",
    "paste",
    "proc-macro-error",
    "rustls-pemfile",
    "serde_yaml",
    "stdweb",
    "term_size",
    "unic-char-property",
    "unic-char-range",
    "unic-common",
    "unic-ucd-ident",
    "unic-ucd-version",
    "yaml-rust",
];

/// Those that are there all the same, and why.
const KEPT: &[(&[&str], &str)] = &[
    (
        &["atk", "atk-sys", "gdk", "gdk-sys", "gdkwayland-sys", "gdkx11", "gdkx11-sys", "gtk", "gtk-sys", "gtk3-macros"],
        "GTK 3 is what Tauri 2 draws its window with on Linux; there is no other web view yet",
    ),
    (&["proc-macro-error"], "used while GTK 3's macros are compiled; none of it is in the program"),
];

pub fn check(root: &Path) -> Chore {
    let metadata = MetadataCommand::new().current_dir(root).other_options(vec!["--locked".into()]).exec().map_err(|e| e.to_string())?;
    let mut wrong: Vec<String> = metadata.packages.iter().flat_map(of_crate).collect();
    wrong.extend(of_npm(&root.join("ui/package-lock.json"))?);
    for (names, _) in KEPT {
        for name in names.iter().filter(|name| !metadata.packages.iter().any(|p| p.name.as_str() == **name)) {
            wrong.push(format!("{name} is not among the dependencies any more: take it off the list (xtask/src/supplies.rs)."));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn of_crate(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let mut wrong = Vec::new();
    if let Some(source) = &package.source
        && source.repr != SOURCE
    {
        wrong.push(format!("{name} comes from {source}, not from crates.io."));
    }
    match package.license.as_deref() {
        Some(licence) if may_be_shipped(licence) => {}
        Some(licence) => wrong.push(format!("{name} has the licence '{licence}', which is not on the list (xtask/src/supplies.rs).")),
        None => wrong.push(format!("{name} states no licence.")),
    }
    if let Some((_, why)) = BANNED.iter().find(|(banned, _)| *banned == name) {
        wrong.push(format!("{name} must not be used: {why}."));
    }
    if UNMAINTAINED.contains(&name) && !KEPT.iter().any(|(names, _)| names.contains(&name)) {
        wrong.push(format!("Nobody looks after {name} any more: replace it, or say why it stays (xtask/src/supplies.rs)."));
    }
    wrong
}

/// Packages of the interface, as its lock file has them.
fn of_npm(lock: &Path) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(lock).map_err(|e| format!("{}: {e}", lock.display()))?;
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", lock.display()))?;
    let packages = json.get("packages").and_then(|p| p.as_object()).ok_or_else(|| format!("{} names no packages.", lock.display()))?;
    let others = packages.iter().filter(|(path, package)| path.contains("node_modules/") && package.get("link").is_none());
    let wrong = |(path, package): (&String, &serde_json::Value)| {
        let from = package.get("resolved").and_then(|r| r.as_str());
        if let Some(from) = from.filter(|from| !from.starts_with("https://registry.npmjs.org/")) {
            return Some(format!("{path} comes from {from}, not from the npm registry."));
        }
        match package.get("license").and_then(|l| l.as_str()) {
            Some(licence) if may_be_shipped(licence) => None,
            Some(licence) => Some(format!("{path} has the licence '{licence}', which is not on the list (xtask/src/supplies.rs).")),
            None => Some(format!("{path} states no licence.")),
        }
    };
    Ok(others.filter_map(wrong).collect())
}

/// An SPDX expression that one of the listed licences fulfils. `/` is how it was written before there was `OR`.
fn may_be_shipped(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any(&words, &mut at) && at == words.len()
}

fn any(words: &[&str], at: &mut usize) -> bool {
    let mut fine = all(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        fine |= all(words, at);
    }
    fine
}

fn all(words: &[&str], at: &mut usize) -> bool {
    let mut fine = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        fine &= one(words, at);
    }
    fine
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let fine = any(words, at);
        *at += 1;
        return fine;
    }
    if words.get(*at) == Some(&"WITH") {
        let whole = format!("{word} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
        return LICENCES.contains(&whole.as_str());
    }
    LICENCES.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_fulfilled_or_not() {
        for fine in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "GPL-3.0-only OR MIT",
            "(MIT OR GPL-2.0-only) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR MIT",
        ] {
            assert!(may_be_shipped(fine), "{fine}");
        }
        for wrong in ["GPL-3.0-only", "MIT AND GPL-2.0-only", "AGPL-3.0", "", "UNLICENSED", "Apache-2.0 WITH Odd-exception", "MIT MIT"] {
            assert!(!may_be_shipped(wrong), "{wrong}");
        }
    }
}
