//! The backups at a place: their manifests with what is known of their verification.

use std::collections::HashMap;

use steward_store::Position;
use steward_workspace::{Error, Result};

use crate::manifest::{Manifest, REMOVED_SUFFIX, SUFFIX, Verification};
use crate::target::Target;

/// A backup as a list shows it.
#[derive(Debug, Clone)]
pub struct ListedBackup {
    pub manifest: Manifest,
    /// Where it lies, as a person wrote it.
    pub place: String,
    pub verification: Option<Verification>,
    /// Its archive is missing, or has another size.
    pub damage: Option<String>,
    /// Up to where it is known that nothing happened after it.
    pub covered_until: Option<Position>,
}

impl ListedBackup {
    /// A new one, of which nothing more is known.
    pub fn new(manifest: Manifest, place: String) -> Self {
        Self { manifest, place, verification: None, damage: None, covered_until: None }
    }

    /// It holds changes, not records.
    pub fn is_increment(&self) -> bool {
        self.manifest.increment.is_some()
    }

    /// The last verification was a test restore of this very file and found nothing wrong.
    pub fn is_verified(&self) -> bool {
        let good = |p: &Verification| p.passed() && p.restored && p.sha256 == self.manifest.file.sha256;
        self.damage.is_none() && self.verification.as_ref().is_some_and(good)
    }
}

/// Manifests that are read at a time.
const AT_ONCE: usize = 16;

/// Everything at a place, newest first, and what could not be read there.
pub async fn list(target: &dyn Target) -> Result<(Vec<ListedBackup>, Vec<String>)> {
    let stored = target.list().await?;
    let sizes: HashMap<&str, u64> = stored.iter().map(|f| (f.name.as_str(), f.bytes)).collect();
    // What is being removed is not there any more, even where its manifest still is.
    let is_listed = |id: &str| !sizes.contains_key(format!("{id}{REMOVED_SUFFIX}").as_str());
    let names = stored.iter().filter(|f| f.name.strip_suffix(SUFFIX).is_some_and(is_listed));
    let names: Vec<&str> = names.map(|f| f.name.as_str()).collect();
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for some in names.chunks(AT_ONCE) {
        let reading: Vec<_> = some.iter().map(|name| one(target, name, &sizes)).collect();
        for one in futures::future::join_all(reading).await {
            match one {
                Ok(listed) => found.push(listed),
                Err(e) => notes.push(e.to_string()),
            }
        }
    }
    notes.sort();
    found.sort_by(|a: &ListedBackup, b| b.manifest.made_at.cmp(&a.manifest.made_at).then_with(|| b.manifest.id.cmp(&a.manifest.id)));
    Ok((found, notes))
}

async fn one(target: &dyn Target, name: &str, sizes: &HashMap<&str, u64>) -> Result<ListedBackup> {
    let manifest = Manifest::parse(&target.read(name).await?, name)?;
    if manifest.name() != name {
        return Err(Error::BadRequest(format!("{name} is the manifest of another backup ({}).", manifest.id)));
    }
    let file = &manifest.file;
    let damage = match sizes.get(file.name.as_str()) {
        None => Some(format!("{} is missing.", file.name)),
        Some(bytes) if *bytes != file.bytes => Some(format!("{} has {bytes} bytes instead of {}.", file.name, file.bytes)),
        Some(_) => None,
    };
    let verification = companion(target, &manifest.verification_name(), sizes).await;
    let covered_until = companion(target, &manifest.covered_until_name(), sizes).await;
    Ok(ListedBackup { verification, covered_until, damage, ..ListedBackup::new(manifest, target.address()) })
}

/// A small file next to a backup, where there is one that can be read.
async fn companion<T: serde::de::DeserializeOwned>(target: &dyn Target, name: &str, sizes: &HashMap<&str, u64>) -> Option<T> {
    if !sizes.contains_key(name) {
        return None;
    }
    target.read(name).await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok())
}

/// One backup by its id, or by the name of its archive or manifest.
pub async fn find(target: &dyn Target, id: &str) -> Result<ListedBackup> {
    let (all, _) = list(target).await?;
    let is = |m: &Manifest| m.id == id || m.file.name == id || m.name() == id;
    let found = all.into_iter().find(|s| is(&s.manifest));
    found.ok_or_else(|| Error::NotFound(format!("There is no backup {id} in {}.", target.address())))
}

/// Notes a verification next to the backup, so that everybody who uses the place knows of it.
pub async fn note_verification(target: &dyn Target, manifest: &Manifest, verification: &Verification) -> Result<()> {
    let bytes = serde_json::to_vec_pretty(verification).map_err(|_| Error::Damaged("The verification"))?;
    target.write(&manifest.verification_name(), &bytes).await
}

/// Notes that nothing happened after a backup, up to here.
pub async fn note_covered_until(target: &dyn Target, manifest: &Manifest, covered_until: &Position) -> Result<()> {
    let bytes = serde_json::to_vec(covered_until).map_err(|_| Error::Damaged("The position"))?;
    target.write(&manifest.covered_until_name(), &bytes).await
}

/// Removes a backup. Its manifest gets another name first: from then on the backup is not listed, and whoever is killed leaves
/// word of what is to be removed.
pub async fn remove(target: &dyn Target, manifest: &Manifest) -> Result<()> {
    target.write(&manifest.removed_name(), &manifest.to_bytes()?).await?;
    finish_removal(target, manifest).await
}

async fn finish_removal(target: &dyn Target, manifest: &Manifest) -> Result<()> {
    for name in [&manifest.name(), &manifest.verification_name(), &manifest.covered_until_name(), &manifest.file.name] {
        target.remove(name).await?;
    }
    target.remove(&manifest.removed_name()).await
}

/// Finishes removals that were interrupted.
pub async fn sweep(target: &dyn Target) -> Result<()> {
    for stored in target.list().await?.iter().filter(|f| f.name.ends_with(REMOVED_SUFFIX)) {
        let manifest = Manifest::parse(&target.read(&stored.name).await?, &stored.name)?;
        if manifest.removed_name() == stored.name {
            finish_removal(target, &manifest).await?;
        }
    }
    Ok(())
}
