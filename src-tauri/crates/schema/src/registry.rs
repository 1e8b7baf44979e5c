//! Which packs there are: the built-in ones, embedded at build time, and a workspace's own.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};

use crate::pack::{Pack, PackError};

pub(crate) static SCHEMAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../../schemas");

/// All packs by name and version.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    packs: BTreeMap<String, Vec<Pack>>,
}

impl Registry {
    /// The packs that come with Steward.
    ///
    /// Errors: a built-in pack that cannot be read, which a test excludes.
    pub fn builtin() -> Result<Self, PackError> {
        let mut registry = Self::default();
        for folder in SCHEMAS.dirs() {
            let text_of =
                |name: &str| folder.get_file(folder.path().join(name)).and_then(|f| f.contents_utf8()).unwrap_or_default().to_owned();
            for file in folder.files().filter(|f| f.path().extension().is_some_and(|e| e == "json")) {
                let mut pack = Pack::parse(file.contents_utf8().unwrap_or_default())?;
                pack.builtin = true;
                pack.readme = text_of("README.md");
                pack.changelog = text_of("CHANGELOG.md");
                registry.add(pack);
            }
        }
        Ok(registry)
    }

    /// Adds a pack; one of the same name and version is replaced.
    pub fn add(&mut self, pack: Pack) {
        let versions = self.packs.entry(pack.id.name.clone()).or_default();
        versions.retain(|p| p.id.version != pack.id.version);
        versions.push(pack);
        versions.sort_by_key(|pack| numbers(&pack.id.version));
    }

    /// The versions of a pack, ascending.
    pub fn versions(&self, name: &str) -> &[Pack] {
        self.packs.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every pack, by name, versions ascending.
    pub fn all(&self) -> impl Iterator<Item = &Pack> {
        self.packs.values().flatten()
    }

    /// `careers` gives the newest version, `careers@1.0.0` that one.
    pub fn get(&self, id: &str) -> Result<&Pack, PackError> {
        let (name, version) = id.split_once('@').map_or((id, None), |(n, v)| (n, Some(v)));
        let versions = self.packs.get(name).map(Vec::as_slice).unwrap_or_default();
        let found = match version {
            Some(version) => versions.iter().find(|p| p.id.version == version),
            None => versions.last(),
        };
        found.ok_or_else(|| PackError::Unknown(id.to_owned()))
    }
}

/// `1.10.0` after `1.9.0`.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|p| p.parse().unwrap_or(0)).collect()
}

/// The bundled sample of a pack: (file name, content).
pub fn sample(pack: &str, file: &str) -> Option<&'static [u8]> {
    SCHEMAS.get_file(format!("{pack}/sample/{file}")).map(include_dir::File::contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_version_is_the_default() {
        let mut registry = Registry::builtin().unwrap();
        let mut next = registry.get("careers").unwrap().clone();
        next.id.version = "1.10.0".into();
        registry.add(next.clone());
        next.id.version = "1.9.0".into();
        registry.add(next);
        assert_eq!(registry.get("careers").unwrap().id.to_string(), "careers@1.10.0");
        assert_eq!(registry.get("careers@1.0.0").unwrap().id.version, "1.0.0");
        assert!(registry.get("careers@9.9.9").is_err() && registry.get("nope").is_err());
    }
}
