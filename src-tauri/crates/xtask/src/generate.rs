//! Generated files: written, or compared with what is there. Released schemas are compared with their lock.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Chore, pack_pages};

fn files(root: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let (types, packs) = (root.join("ui/src/ipc/generated"), root.join("docs/packs"));
    let pages = pack_pages::pages().map_err(|e| e.to_string())?;
    let types = steward_api::typescript::files().into_iter().map(|(name, text)| (types.join(name), text));
    Ok(types.chain(pages.into_iter().map(|(name, text)| (packs.join(name), text))).collect())
}

pub fn write(root: &Path) -> Chore {
    for (path, text) in files(root)? {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
        }
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

pub fn check(root: &Path) -> Chore {
    for (path, text) in files(root)? {
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            return Err(format!("{} is not up to date. Run 'cargo xtask gen'.", path.display()));
        }
    }
    schemas_are_locked(root)
}

/// A released schema never changes: its hash is in `schemas/schemas.lock`.
fn schemas_are_locked(root: &Path) -> Chore {
    let folder = root.join("schemas");
    let lock = std::fs::read_to_string(folder.join("schemas.lock")).map_err(|e| format!("schemas/schemas.lock: {e}"))?;
    let mut locked = 0;
    for (line, text) in lock.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).enumerate() {
        let (hash, name) = text.split_once("  ").ok_or_else(|| format!("schemas.lock, line {}: not 'hash  file'.", line + 1))?;
        let content = std::fs::read(folder.join(name)).map_err(|e| format!("schemas/{name}: {e}"))?;
        let now: String = hex::encode(Sha256::digest(&content));
        if now != hash {
            return Err(format!("schemas/{name} was changed after its release. Make a new version instead."));
        }
        locked += 1;
    }
    let packs = std::fs::read_dir(&folder).map_err(|e| e.to_string())?.flatten().filter(|e| e.path().is_dir());
    let mut versions = 0;
    for pack in packs {
        let entries = std::fs::read_dir(pack.path()).map_err(|e| e.to_string())?.flatten();
        versions += entries.filter(|e| e.path().extension().is_some_and(|x| x == "json")).count();
    }
    if versions == locked { Ok(()) } else { Err(format!("{versions} schema versions, but {locked} lines in schemas.lock.")) }
}
