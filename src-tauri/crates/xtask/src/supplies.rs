//! What others wrote and Steward ships: licences, where it comes from, what must not be among it, what is not maintained any more,
//! and what is there in more than one version.
//! `cargo metadata` has all of it in seconds; a tool of its own would have to be built on every machine first (docs/adr/0019).

use std::collections::BTreeMap;
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

/// Crates that are not maintained, as RustSec lists them. A new one among the dependencies needs a reason in [`KEPT`].
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

/// Crates that are there in more than one version, and which of the others does not use the newest yet.
const TWICE: &[(&[&str], &str)] = &[
    (
        &[
            "aes",
            "block-buffer",
            "chacha20",
            "cipher",
            "const-oid",
            "cpufeatures",
            "crypto-common",
            "digest",
            "hkdf",
            "hmac",
            "hybrid-array",
            "inout",
            "pbkdf2",
            "rand_chacha",
            "sha2",
        ],
        "age 0.12 and its hpke use RustCrypto's earlier generation, and Steward's hashes are made with the same; mongodb and object_store \
         use the next one",
    ),
    (&["rand", "rand_core"], "age uses 0.8, bson and mongodb use 0.9, Steward's tests and others 0.10"),
    (&["getrandom", "r-efi"], "ring uses 0.2, bson and jsonschema use 0.3, others 0.4"),
    (&["base64"], "age, bson and mongodb use 0.22, as Steward does; swift-rs of Tauri uses 0.21, others 0.23"),
    (
        &["hashbrown", "indexmap", "schemars"],
        "Tauri's build describes its settings with schemars 0.8; serde_with has optional parts for all versions",
    ),
    (
        &["bitflags", "heck", "proc-macro-crate", "serde_spanned", "toml", "toml_datetime", "toml_edit", "winnow"],
        "GTK 3, WebKit and their macros are not developed further; find-crate of age's translations uses toml 0.5",
    ),
    (&["cargo-platform", "cargo_metadata"], "tauri-utils uses 0.19; xtask uses the newest"),
    (
        &[
            "jni",
            "jni-sys",
            "windows-sys",
            "windows-targets",
            "windows_aarch64_gnullvm",
            "windows_aarch64_msvc",
            "windows_i686_gnu",
            "windows_i686_msvc",
            "windows_x86_64_gnu",
            "windows_x86_64_gnullvm",
            "windows_x86_64_msvc",
        ],
        "Tauri uses jni 0.21 on Android, which uses an older windows-sys; ring uses windows-sys 0.52; none is in the program on Linux",
    ),
    (&["core-foundation"], "system-configuration, which finds the proxy on macOS, uses 0.9"),
    (&["bit-vec"], "bit-set 0.8 of a dependency of jsonschema uses 0.8"),
    (&["darling", "darling_core", "darling_macro"], "derive_builder uses 0.20 while it is compiled; nothing of it is in the program"),
    (&["syn", "synstructure"], "read while macros are compiled; nothing of it is in the program"),
    (&["thiserror", "thiserror-impl"], "GTK 3 and age's translations use 1"),
    (&["nom"], "x509-parser, which reads certificates, uses 7"),
    (&["miniz_oxide"], "png, which reads the window's icon, uses 0.8"),
    (&["phf", "phf_shared"], "chrono-tz uses 0.12; the web view's parts use 0.13"),
    (&["quick-xml"], "object_store uses 0.41; the readers of workbooks use 0.42"),
    (&["strum", "strum_macros"], "croner uses 0.27"),
    (&["zbus", "zbus_macros"], "the keyring's secret-service uses 5; the desktop's notifications use 6"),
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
    wrong.extend(versions(&metadata.packages));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Lists what is there in more than one version, with the reason; gives what is missing from the list and what is there once only.
fn versions(packages: &[Package]) -> Vec<String> {
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in packages {
        all.entry(package.name.as_str()).or_default().push(package.version.to_string());
    }
    all.retain(|_, versions| versions.len() > 1);
    let mut wrong = Vec::new();
    for (names, why) in TWICE {
        for name in *names {
            match all.remove(name) {
                Some(versions) => println!("{name} {}: {why}", versions.join(", ")),
                None => wrong.push(format!("{name} is there in one version only: take it off the list (xtask/src/supplies.rs).")),
            }
        }
    }
    let unnamed = |(name, versions): (&str, Vec<String>)| {
        format!("{name} is there in the versions {}: use one, or say why not (xtask/src/supplies.rs).", versions.join(", "))
    };
    wrong.extend(all.into_iter().map(unnamed));
    wrong
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
        wrong.push(format!("{name} is not maintained any more: replace it, or say why it stays (xtask/src/supplies.rs)."));
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
