//! A museum of broken backups: each is refused with a sentence, and the data that is there stays untouched.

// Test code: a broken expectation is meant to panic, with the place.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::common::{all, career, fill, on_file, put, request_to};
use bson::Document;
use steward_backup::Manifest;
use steward_backup::create::{BackupRequest, create};
use steward_backup::encryption::{Compression, DecryptionKey, EncryptionKey, new_identity};
use steward_backup::read::Backup;
use steward_backup::restore::{self, Choice};
use steward_backup::target::Folder;
use steward_backup::{listing, verify};
use steward_workspace::{Silent, Workspace};

struct Museum {
    folder: tempfile::TempDir,
    workspace: Workspace,
    live: Vec<Document>,
    manifest: Manifest,
    bytes: Vec<u8>,
}

impl Museum {
    /// A backup of twelve records; a thirteenth came since, and must survive everything.
    async fn of(compression: Compression, lock: EncryptionKey) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = on_file(folder.path()).await;
        fill(&workspace, 12).await;
        let kept = folder.path().join("kept");
        let made = create(&workspace, &BackupRequest { compression, lock, own: false, ..request_to(&kept) }, &Silent).await.unwrap();
        put(&workspace, "careers", [career(40)].into_iter()).await;
        let live = all(&workspace, "careers").await;
        let bytes = std::fs::read(kept.join(&made.manifest.file.name)).unwrap();
        Self { folder, workspace, live, manifest: made.manifest, bytes }
    }

    fn kept(&self) -> PathBuf {
        self.folder.path().join("kept")
    }

    /// An archive without a manifest, as someone else's program might hand it over.
    fn bare(&self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join("bare");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Restores from a path; whatever comes of it, no record may be made up and no live one lost by a refusal.
    async fn restored(&self, path: &Path, key: &DecryptionKey) -> Result<(), String> {
        let restored = async {
            let backup = Backup::of_path(path, key.clone(), None, &Silent).await?;
            restore::apply(&self.workspace, &backup, "museum", &Choice::default(), None, &Silent).await
        };
        match restored.await {
            Err(e) => {
                assert!(!e.to_string().is_empty());
                assert_eq!(all(&self.workspace, "careers").await, self.live, "refused ({e}), and yet changed");
                let left = self.workspace.store.collections().await.unwrap();
                assert!(!left.iter().any(|c| c.starts_with("steward.incoming") || c.starts_with("steward.ready")), "{left:?}");
                Err(e.to_string())
            }
            Ok(record) => {
                for one in &record.collections {
                    let found = all(&self.workspace, &one.into).await;
                    let known = |d: &Document| self.live.contains(d) || d.get_str("text").is_ok_and(|t| t.starts_with("note "));
                    assert!(found.iter().all(known), "{one:?}: a record that never was");
                }
                restore::undo(&self.workspace, &record.id, &Silent).await.map_err(|e| e.to_string())?;
                assert_eq!(all(&self.workspace, "careers").await, self.live);
                Ok(())
            }
        }
    }
}

/// About so many places in a file, its beginning and end closely.
fn places(length: usize, about: usize) -> Vec<usize> {
    let step = (length / about).max(1);
    let mut all: Vec<usize> = (0..16.min(length)).chain((0..length).step_by(step)).chain(length.saturating_sub(12)..length).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_anywhere() {
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let museum = Museum::of(compression, EncryptionKey::None).await;
        for length in places(museum.bytes.len(), 60) {
            let said = museum.restored(&museum.bare(&museum.bytes[..length]), &DecryptionKey::default()).await;
            // Without a compression whose end is marked, only the last terminator may be missing.
            let harmless = compression == Compression::None && length + 4 >= museum.bytes.len();
            assert!(said.is_err() || harmless, "{compression:?} cut at {length} of {}", museum.bytes.len());
        }
        museum.restored(&museum.bare(&museum.bytes), &DecryptionKey::default()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bit_flipped_anywhere() {
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let museum = Museum::of(compression, EncryptionKey::None).await;
        let mut refused = 0;
        let tried = places(museum.bytes.len(), 150);
        for at in &tried {
            let mut bytes = museum.bytes.clone();
            bytes[*at] ^= 1 << (at % 8);
            refused += usize::from(museum.restored(&museum.bare(&bytes), &DecryptionKey::default()).await.is_err());
            // With its manifest, every one is refused.
            std::fs::write(museum.kept().join(&museum.manifest.file.name), &bytes).unwrap();
            let said = museum.restored(&museum.kept().join(museum.manifest.name()), &DecryptionKey::default()).await.unwrap_err();
            assert!(said.contains("damaged or is not the archive"), "{said}");
        }
        assert!(refused * 10 > tried.len() * 6, "{compression:?}: {refused} of {} were noticed without a manifest", tried.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_keys() {
    let (identity, recipient) = new_identity();
    let (other, _) = new_identity();
    let museum = Museum::of(Compression::Zstd, EncryptionKey::Recipients(vec![recipient])).await;
    let path = museum.bare(&museum.bytes);
    let with = |identity: age::secrecy::SecretString| DecryptionKey { passphrase: None, identities: vec![identity] };
    assert!(museum.restored(&path, &DecryptionKey::default()).await.unwrap_err().contains("key"));
    assert!(museum.restored(&path, &with(other)).await.unwrap_err().contains("None of the keys"));
    assert!(museum.restored(&path, &with("AGE-SECRET-KEY-1NONSENSE".to_owned().into())).await.unwrap_err().contains("cannot be read"));
    for at in places(museum.bytes.len(), 60) {
        let mut bytes = museum.bytes.clone();
        bytes[at] ^= 0x10;
        assert!(museum.restored(&museum.bare(&bytes), &with(identity.clone())).await.is_err(), "changed at {at}");
    }
    museum.restored(&museum.bare(&museum.bytes), &with(identity)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn manifests_that_lie() {
    let museum = Museum::of(Compression::Zstd, EncryptionKey::None).await;
    let text = String::from_utf8(museum.manifest.to_bytes().unwrap()).unwrap();
    let file = museum.manifest.file.name.clone();
    let lies = [
        (text.replace(&file, "../../outside"), "not a plain name"),
        (text.replace(&format!("\"id\": \"{}\"", museum.manifest.id), "\"id\": \"../up\""), "not a plain name"),
        (text.replacen("\"format\": 1", "\"format\": 9", 1), "newer version of Steward"),
        (text.replacen("\"records\": 12", "\"records\": 13", 1), "but 13 in the manifest"),
        (text.replace(&museum.manifest.collection("careers").unwrap().content.0, "xxh3-128-sum:0"), "is not that of the manifest"),
        (text.replace("\"name\": \"notes\"", "\"name\": \"others\""), "does not list"),
        ("{}".to_owned(), "not the manifest"),
        (text[..text.len() / 2].to_owned(), "not the manifest"),
    ];
    let path = museum.kept().join(museum.manifest.name());
    for (lie, said) in lies {
        assert_ne!(lie, text);
        std::fs::write(&path, &lie).unwrap();
        let found = museum.restored(&path, &DecryptionKey::default()).await.unwrap_err();
        assert!(found.contains(said), "{said}: {found}");
    }
    // Another backup's manifest next to this archive.
    let second = create(&museum.workspace, &request_to(&museum.kept()), &Silent).await.unwrap();
    let mut swapped = museum.manifest.clone();
    swapped.file.name = second.manifest.file.name.clone();
    std::fs::write(&path, swapped.to_bytes().unwrap()).unwrap();
    assert!(museum.restored(&path, &DecryptionKey::default()).await.unwrap_err().contains("damaged or is not the archive"));
    std::fs::remove_file(museum.kept().join(&second.manifest.file.name)).unwrap();
    let (listed, _) = listing::list(&Folder::new(museum.kept())).await.unwrap();
    assert!(listed.iter().all(|b| b.damage.is_some()), "an archive that is missing is seen in the list");
}

/// More than the manifest reports: reading stops there, however much would follow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bomb() {
    let museum = Museum::of(Compression::Zstd, EncryptionKey::None).await;
    let plain = zstd::decode_all(museum.bytes.as_slice()).unwrap();
    let path = museum.kept().join(&museum.manifest.file.name);
    let mut encoder = zstd::Encoder::new(std::fs::File::create(&path).unwrap(), 1).unwrap();
    encoder.write_all(&plain).unwrap();
    let heading = |end: bool| bson::doc! { "db": museum.manifest.database.as_str(), "collection": "careers", "EOF": end, "CRC": 0_i64 };
    encoder.write_all(&heading(false).to_vec().unwrap()).unwrap();
    let document = bson::doc! { "_id": "x", "zeros": "0".repeat(8 << 20) }.to_vec().unwrap();
    for _ in 0..200 {
        encoder.write_all(&document).unwrap();
    }
    encoder.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let mut manifest = museum.manifest.clone();
    let checksum = steward_backup::encryption::sha256(&path, |_| Ok(())).unwrap();
    (manifest.file.bytes, manifest.file.sha256) = (checksum.bytes, checksum.sha256);
    std::fs::write(museum.kept().join(manifest.name()), manifest.to_bytes().unwrap()).unwrap();
    let said = museum.restored(&museum.kept().join(manifest.name()), &DecryptionKey::default()).await.unwrap_err();
    assert!(said.contains("more than its manifest lists"), "{said} ({} bytes for {})", bytes.len(), 200 * document.len());
    let backup = Backup::of_path(&museum.kept().join(manifest.name()), DecryptionKey::default(), None, &Silent).await.unwrap();
    assert!(!verify::verify(&museum.workspace, &backup, &Silent).await.unwrap().verification.passed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = on_file(folder.path()).await;
    fill(&workspace, 3).await;
    let file = folder.path().join("a-file");
    std::fs::write(&file, "in the way").unwrap();
    assert!(create(&workspace, &request_to(&file.join("below")), &Silent).await.is_err());
    // One place of two fails: the other has the backup, and the answer says which.
    let good = folder.path().join("good");
    let mut both = request_to(&good);
    both.targets.push(std::sync::Arc::new(Folder::new(file.join("below"))));
    let made = create(&workspace, &both, &Silent).await.unwrap();
    assert!(made.places[0].1.is_none() && made.places[1].1.is_some(), "{:?}", made.places);
    assert_eq!(std::fs::read_dir(&good).unwrap().count(), 2);
    // The disk is full in the middle.
    if Path::new("/dev/full").exists() {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut out = steward_backup::encryption::EncryptedWriter::new(full, Compression::None, &EncryptionKey::None).unwrap();
        let written = out.write_all(&[7; 1 << 20]).and_then(|()| out.finish().map(|_| ()));
        assert!(written.is_err(), "a full disk is an error, not a short file");
    }
}

/// Killed at any step of a removal, the next prune removes the rest, and the half of it is never listed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_was_cut_off_is_finished() {
    let museum = Museum::of(Compression::Zstd, EncryptionKey::None).await;
    let (target, kept) = (Folder::new(museum.kept()), museum.kept());
    let manifest = &museum.manifest;
    let all: Vec<(String, Vec<u8>)> =
        [manifest.name(), manifest.file.name.clone()].map(|name| (name.clone(), std::fs::read(kept.join(name)).unwrap())).into();
    // The steps before the kill: nothing but the word, the manifest gone, the archive gone.
    for steps in 0..3 {
        all.iter().for_each(|(name, bytes)| std::fs::write(kept.join(name), bytes).unwrap());
        std::fs::write(kept.join(manifest.removed_name()), manifest.to_bytes().unwrap()).unwrap();
        all.iter().take(steps).for_each(|(name, _)| std::fs::remove_file(kept.join(name)).unwrap());
        let (listed, notes) = listing::list(&target).await.unwrap();
        assert!(notes.is_empty() && listed.is_empty(), "{steps}: {listed:?}");
        listing::sweep(&target).await.unwrap();
        assert_eq!(std::fs::read_dir(&kept).unwrap().count(), 0, "{steps}");
    }
}
