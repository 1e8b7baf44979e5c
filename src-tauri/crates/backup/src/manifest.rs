//! What is next to an archive: where it comes from, what is in it, and by what it is verified. JSON, never a secret.

use bson::{Bson, Document};
use serde::{Deserialize, Serialize};
use steward_store::{CollectionKind, Definition, Position, ResumeToken};
use steward_workspace::{CollectionSettings, Error, Result};

use crate::content::ContentHash;
use crate::encryption::{Compression, Encryption};

/// The format of whole backups.
pub const FORMAT: u32 = 1;
/// The format of increments, and the newest that this program reads. A newer one is refused with a word.
pub const INCREMENT_FORMAT: u32 = 2;
/// End of a manifest's file name.
pub const SUFFIX: &str = ".manifest.json";
/// End of the file name of what is known of a backup's verification.
pub const VERIFICATION_SUFFIX: &str = ".verification.json";
/// End of the file name of how far nothing happened after a backup.
pub const COVERED_UNTIL_SUFFIX: &str = ".reach.json";
/// End of the file name of a backup that is being removed: its manifest, renamed.
pub const REMOVED_SUFFIX: &str = ".removed.json";

/// A backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    pub format: u32,
    /// Name of the workspace, time, chance: sorts by time within a workspace.
    pub id: String,
    /// RFC 3339, UTC: when the snapshot was taken.
    pub made_at: String,
    pub finished_at: String,
    pub tool: String,
    pub source: Source,
    /// Why the collections are not all of one point in time; absent where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuzzy: Option<String>,
    /// What is not in it as it was, or could not come back here: sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Where the change feed was at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Of a whole backup: what increments build on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_in_time: Option<PointInTime>,
    /// What this one builds on: a backup or the increment before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// It holds changes; absent for a whole backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub increment: Option<Increment>,
    /// How far the history of the workspace went: what `history verify` holds it against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<steward_workspace::history::Anchor>,
    /// Why increments could not go on from what was there before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
    pub file: ArchiveFile,
    /// Name of the database in the archive.
    pub database: String,
    pub collections: Vec<BackedUpCollection>,
    /// Why it was taken: `manually`, `on schedule`, `before a restore`.
    pub reason: String,
    pub made_by: String,
}

/// The point in time of a whole backup. Together with `position` it is a [`Position`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PointInTime {
    pub mark: i64,
    /// Milliseconds since 1970, by the clock of the store.
    pub at: i64,
    /// What an import or a restore held next to the data then. It is not in the backup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
    /// Collections that were read some time after it: changes since then may be in them already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<String>,
}

/// What an increment holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Increment {
    /// Where the one before ended.
    pub from: Position,
    pub until: Position,
    pub changes: u64,
    /// Collections that were put in their place from next to the data, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put_in_place: Vec<(String, i64)>,
    /// Schema, key and title of people's collections at its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<CollectionSettings>,
}

/// Where the records come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Stays the same however the workspace is reached.
    pub workspace: String,
    pub name: String,
    /// Path, or hosts without credentials.
    pub address: String,
    pub server: String,
}

/// The archive's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArchiveFile {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
    pub compression: Compression,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
}

/// A collection in the archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackedUpCollection {
    pub name: String,
    /// `collection`, `view` or `timeseries`.
    pub kind: String,
    pub records: u64,
    /// BSON bytes, uncompressed.
    pub bytes: u64,
    pub content: ContentHash,
    /// Schema, key and title; absent where Steward knew nothing of the collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<CollectionSettings>,
    /// Records that broke a rule of the schema, where that was measured and nothing was written since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<u64>,
    /// Canonical Extended JSON.
    pub options: serde_json::Value,
    /// Canonical Extended JSON.
    pub indexes: Vec<serde_json::Value>,
}

impl BackedUpCollection {
    pub fn definition(&self) -> Definition {
        let document = |json: &serde_json::Value| match Bson::try_from(json.clone()) {
            Ok(Bson::Document(doc)) => doc,
            _ => Document::new(),
        };
        Definition {
            kind: CollectionKind::of(&self.kind),
            options: document(&self.options),
            indexes: self.indexes.iter().map(document).collect(),
        }
    }

    /// One of Steward's own: history, quarantine, mappings, settings.
    pub fn is_own(&self) -> bool {
        steward_store::names::is_own(&self.name)
    }
}

/// Canonical Extended JSON of a document.
pub fn json(document: &Document) -> serde_json::Value {
    Bson::Document(document.clone()).into_canonical_extjson()
}

impl Manifest {
    /// Reads a manifest, wherever it comes from.
    ///
    /// Errors: `BadRequest` where it is none, was created by a newer version of Steward, or names files outside of its folder.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let wrong = |what: &str| Error::BadRequest(format!("{name} is not the manifest of a backup: {what}"));
        let version: Version = serde_json::from_slice(bytes).map_err(|e| wrong(&e.to_string()))?;
        if version.format > INCREMENT_FORMAT {
            return Err(Error::BadRequest(format!(
                "{name} was created by a newer version of Steward (format {}). Update Steward to read it.",
                version.format
            )));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| wrong(&e.to_string()))?;
        for part in [&manifest.id, &manifest.file.name] {
            if !is_file_name(part) {
                return Err(wrong(&format!("'{part}' is not a plain name.")));
            }
        }
        Ok(manifest)
    }

    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|_| Error::Damaged("The manifest"))
    }

    /// File name of the manifest.
    pub fn name(&self) -> String {
        format!("{}{SUFFIX}", self.id)
    }

    /// Where changes go on from: the end of an increment, the point in time of a whole backup.
    pub fn end(&self) -> Option<Position> {
        match (&self.increment, &self.point_in_time, &self.position) {
            (Some(increment), ..) => Some(increment.until.clone()),
            (None, Some(point_in_time), Some(token)) => {
                Some(Position { token: ResumeToken(token.clone()), mark: point_in_time.mark, at: point_in_time.at })
            }
            _ => None,
        }
    }

    /// Name of the file that says how far nothing happened after it.
    pub fn covered_until_name(&self) -> String {
        format!("{}{COVERED_UNTIL_SUFFIX}", self.id)
    }

    pub fn removed_name(&self) -> String {
        format!("{}{REMOVED_SUFFIX}", self.id)
    }

    pub fn verification_name(&self) -> String {
        format!("{}{VERIFICATION_SUFFIX}", self.id)
    }

    /// What is to be known of it before it is trusted.
    pub fn notes(&self) -> Vec<String> {
        self.fuzzy.iter().chain(&self.notes).cloned().collect()
    }

    pub fn records(&self) -> u64 {
        self.collections.iter().filter(|c| !c.is_own()).map(|c| c.records).sum()
    }

    /// BSON bytes of everything.
    pub fn plain_bytes(&self) -> u64 {
        self.collections.iter().map(|c| c.bytes).sum()
    }

    pub fn collection(&self, name: &str) -> Option<&BackedUpCollection> {
        self.collections.iter().find(|c| c.name == name)
    }
}

/// A name that stays in its folder, on every system.
pub fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 200
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// What became of the last verification of a backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    pub at: String,
    /// Restored into a scratch workspace and compared; otherwise read and checked only.
    pub restored: bool,
    /// What is wrong; empty where it is verified.
    pub problems: Vec<String>,
    pub seconds: f64,
    /// The archive that was looked at.
    pub sha256: String,
}

impl Verification {
    pub fn passed(&self) -> bool {
        self.problems.is_empty()
    }
}
