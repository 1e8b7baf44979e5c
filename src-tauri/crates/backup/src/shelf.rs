//! The backups at a place: their manifests with what is known of their proof.

use steward_pipeline::{Error, Result};

use crate::manifest::{Manifest, PROOF_SUFFIX, Proof, SUFFIX};
use crate::target::Target;

/// A backup as a list shows it.
#[derive(Debug, Clone)]
pub struct Shelved {
    pub manifest: Manifest,
    /// Where it lies, as a person wrote it.
    pub place: String,
    pub proof: Option<Proof>,
    /// Its archive is missing, or has another size.
    pub damage: Option<String>,
}

impl Shelved {
    /// The last proof was a test restore of this very file and found nothing wrong.
    pub fn is_proven(&self) -> bool {
        let good = |p: &Proof| p.passed() && p.restored && p.sha256 == self.manifest.file.sha256;
        self.damage.is_none() && self.proof.as_ref().is_some_and(good)
    }
}

/// Everything at a place, newest first, and what could not be read there.
pub async fn list(target: &dyn Target) -> Result<(Vec<Shelved>, Vec<String>)> {
    let stored = target.list().await?;
    let mut found = Vec::new();
    let mut notes = Vec::new();
    for file in stored.iter().filter(|f| f.name.ends_with(SUFFIX)) {
        let manifest = match target.read(&file.name).await.and_then(|bytes| Manifest::parse(&bytes, &file.name)) {
            Ok(manifest) if manifest.name() == file.name => manifest,
            Ok(manifest) => {
                notes.push(format!("{} is the manifest of another backup ({}).", file.name, manifest.id));
                continue;
            }
            Err(e) => {
                notes.push(e.to_string());
                continue;
            }
        };
        let archive = stored.iter().find(|f| f.name == manifest.file.name);
        let damage = match archive {
            None => Some(format!("{} is missing.", manifest.file.name)),
            Some(archive) if archive.bytes != manifest.file.bytes => {
                Some(format!("{} has {} bytes instead of {}.", archive.name, archive.bytes, manifest.file.bytes))
            }
            Some(_) => None,
        };
        let proof = match stored.iter().any(|f| f.name == manifest.proof_name()) {
            true => target.read(&manifest.proof_name()).await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()),
            false => None,
        };
        found.push(Shelved { place: target.address(), manifest, proof, damage });
    }
    found.sort_by(|a, b| b.manifest.made_at.cmp(&a.manifest.made_at).then_with(|| b.manifest.id.cmp(&a.manifest.id)));
    Ok((found, notes))
}

/// One backup by its id.
pub async fn find(target: &dyn Target, id: &str) -> Result<Shelved> {
    let (all, _) = list(target).await?;
    let found = all.into_iter().find(|s| s.manifest.id == id);
    found.ok_or_else(|| Error::NotFound(format!("There is no backup {id} in {}.", target.address())))
}

/// Notes a proof beside the backup, so that everybody who uses the place knows of it.
pub async fn note_proof(target: &dyn Target, manifest: &Manifest, proof: &Proof) -> Result<()> {
    let bytes = serde_json::to_vec_pretty(proof).map_err(|_| Error::Damaged("The proof"))?;
    target.write(&manifest.proof_name(), &bytes).await
}

/// Removes a backup: the manifest first, so that a half of it is never listed.
pub async fn remove(target: &dyn Target, manifest: &Manifest) -> Result<()> {
    target.remove(&manifest.name()).await?;
    target.remove(&format!("{}{PROOF_SUFFIX}", manifest.id)).await?;
    target.remove(&manifest.file.name).await
}
