//! Imports between crates go down only. The map is here; `cargo metadata` says what is.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand};

use crate::Chore;

/// Which crates of the workspace a crate may use. Development-only crates may use anything below `api`.
const MAP: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("schema", &["domain"]),
    ("mapping", &["domain", "schema"]),
    ("sqlite-guard", &[]),
    ("sources", &["domain", "sqlite-guard"]),
    ("store", &["domain"]),
    ("store-sqlite", &["domain", "store", "sqlite-guard"]),
    ("store-mongo", &["domain", "store"]),
    ("store-testkit", &["domain", "store"]),
    ("workspace", &["domain", "schema", "mapping", "sources", "store"]),
    ("import", &["domain", "schema", "mapping", "sources", "store", "workspace"]),
    ("quality", &["domain", "schema", "store", "workspace"]),
    ("backup", &["domain", "schema", "sources", "store", "workspace"]),
    (
        "api",
        &["domain", "schema", "mapping", "sources", "store", "store-sqlite", "store-mongo", "workspace", "import", "quality", "backup"],
    ),
    ("server", &["domain", "api"]),
    ("cli", &["domain", "api", "server"]),
    ("desktop", &["api"]),
    ("xtask", &["api", "schema", "store-testkit"]),
];

/// Libraries that only one crate may use: the adapters' drivers, and the window.
const OWNED: &[(&str, &[&str])] = &[
    ("tauri", &["desktop"]),
    ("rfd", &["desktop"]),
    ("rusqlite", &["sources", "store-sqlite", "sqlite-guard"]),
    ("mongodb", &["store-mongo", "store-testkit"]),
    ("axum", &["server"]),
];

pub fn check() -> Chore {
    let metadata = MetadataCommand::new().no_deps().exec().map_err(|e| e.to_string())?;
    let allowed: BTreeMap<&str, &[&str]> = MAP.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str().trim_start_matches("steward-");
        let Some(down) = allowed.get(name) else {
            wrong.push(format!("{name} is not on the map (xtask/src/directions.rs)."));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            if let Some(inner) = dependency.name.strip_prefix("steward-")
                && !down.contains(&inner)
            {
                wrong.push(format!("{name} may not use {inner}."));
            }
            let owners = OWNED.iter().find(|(library, _)| *library == dependency.name);
            if let Some((library, owners)) = owners
                && !owners.contains(&name)
            {
                wrong.push(format!("{name} may not use {library}; it belongs to {}.", owners.join(", ")));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}
