//! Backups: places, lists, verifications, retention, schedule.

use std::collections::BTreeMap;

use steward_domain::{FieldChange, Value};

use crate::dto::wire;

wire! {
    /// A destination of backups. It contains no secret.
    pub struct BackupPlace {
        /// A folder's path, or `s3://bucket/prefix`, `az://container/prefix`, `gs://bucket/prefix`.
        pub address: String,
        /// `endpoint`, `region`, `account_name`…
        #[ts(optional, as = "Option<BTreeMap<String, String>>")]
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub options: BTreeMap<String, String>,
    }

    pub enum BackupCompression { Zstd, Gzip, None }

    #[serde(tag = "kind")]
    pub enum BackupEncryption {
        None,
        Passphrase,
        /// age recipients (`age1…`).
        Recipients { recipients: Vec<String> },
    }

    /// What is kept; a backup that any rule keeps stays. The newest and the last verified one always stay.
    pub struct BackupRetention {
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub last: Option<u32>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub daily: Option<u32>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub weekly: Option<u32>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub monthly: Option<u32>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub yearly: Option<u32>,
        /// Everything younger than so many days.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub days: Option<u32>,
    }

    /// How this workspace is backed up; kept with it.
    pub struct BackupSettings {
        /// The first one is written to, the others get copies. Never empty: without any it is a folder of the user's.
        pub places: Vec<BackupPlace>,
        pub compression: BackupCompression,
        pub encryption: BackupEncryption,
        /// History, quarantine, saved mappings and settings too.
        pub own: bool,
        /// Cron expression in local time; absent: not scheduled.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schedule: Option<String>,
        /// When the newest backup is verified by a test restore.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub verification_schedule: Option<String>,
        /// Minutes between two increments, 1 to 1,440; absent: none are taken by themselves.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub increments: Option<u32>,
        pub retention: BackupRetention,
    }

    pub struct BackupSetup {
        pub settings: BackupSettings,
        /// Where backups go when nothing was chosen.
        pub usual_place: String,
        /// The keyring (or the environment) has what opens this workspace's backups.
        pub has_key: bool,
        /// When the next one is due, RFC 3339 UTC.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next_at: Option<String>,
    }

    pub struct SaveBackupSettings {
        pub settings: BackupSettings,
        /// A folder that was chosen in a dialog: it becomes one more place.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub add_folder: Option<String>,
        /// Kept in the keyring.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub passphrase: Option<String>,
        /// Secrets of places by address (`secret_access_key`, …), kept in the keyring.
        #[ts(optional, as = "Option<BTreeMap<String, BTreeMap<String, String>>>")]
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        pub secrets: BTreeMap<String, BTreeMap<String, String>>,
    }

    /// A new key pair: the identity is in the keyring, backups are encrypted to the recipient.
    pub struct BackupKey {
        pub recipient: String,
        /// To be printed and locked away; shown once.
        pub identity: String,
    }

    /// The last look at a backup.
    pub struct BackupVerification {
        pub at: String,
        /// By a test restore; otherwise it was read to its end only.
        pub restored: bool,
        pub passed: bool,
        pub problems: Vec<String>,
        pub seconds: f64,
    }

    pub struct BackupCollection {
        pub name: String,
        /// `collection`, `view` or `timeseries`.
        pub kind: String,
        pub records: i64,
        /// BSON bytes, uncompressed.
        pub bytes: i64,
        pub content: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
        /// One of Steward's own: history, quarantine, mappings, settings.
        pub own: bool,
        pub indexes: Vec<String>,
    }

    pub struct Backup {
        pub id: String,
        pub place: String,
        /// Other places that have it too.
        pub copies: Vec<String>,
        pub made_at: String,
        pub finished_at: String,
        pub made_by: String,
        pub reason: String,
        /// Name of the workspace that it is of.
        pub workspace: String,
        /// It is of the workspace that is open.
        pub of_this: bool,
        pub address: String,
        pub server: String,
        pub tool: String,
        /// Of people's collections.
        pub records: i64,
        /// On disk.
        pub bytes: i64,
        /// BSON bytes, uncompressed.
        pub plain_bytes: i64,
        pub compression: BackupCompression,
        pub encryption: BackupEncryption,
        pub file: String,
        pub sha256: String,
        /// Why the collections are not all of one point in time.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fuzzy: Option<String>,
        /// What is not in it as it was, or could not come back where it was taken.
        pub notes: Vec<String>,
        pub collections: Vec<BackupCollection>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub verification: Option<BackupVerification>,
        /// The last verification was a test restore of this very file and found nothing wrong.
        pub verified: bool,
        /// Its archive is missing, or has another size.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub damage: Option<String>,
    }

    pub struct Backups {
        /// Newest first.
        pub backups: Vec<Backup>,
        /// Places or files that could not be read.
        pub notes: Vec<String>,
        /// Of this workspace: when the newest backup that is verified was taken.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub verified_at: Option<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub newest_at: Option<String>,
    }

    /// A backup at one of the places; absent: the first place that has it.
    pub struct BackupRef {
        pub id: String,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub place: Option<String>,
    }

    /// What opens an encrypted backup; absent: that of the keyring.
    #[derive(Default)]
    pub struct BackupSecret {
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub passphrase: Option<String>,
        /// `AGE-SECRET-KEY-…`
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub identity: Option<String>,
    }

    /// Takes a backup; what is absent is as in the settings.
    #[derive(Default)]
    pub struct CreateBackup {
        #[ts(optional, as = "Option<Vec<BackupPlace>>")]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub places: Vec<BackupPlace>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub compression: Option<BackupCompression>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub encryption: Option<BackupEncryption>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub passphrase: Option<String>,
        /// All where empty.
        #[ts(optional, as = "Option<Vec<String>>")]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub collections: Vec<String>,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub own: Option<bool>,
    }

    pub struct BackupMade {
        pub backup: Backup,
        /// Places that do not have it, with why.
        pub failed: Vec<String>,
    }

    pub struct VerifyBackup {
        #[serde(flatten)]
        #[ts(flatten)]
        pub backup: BackupRef,
        pub test_restore: bool,
        #[serde(flatten)]
        #[ts(flatten)]
        pub secret: BackupSecret,
        /// Writes a dated report of the drill there.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub report: Option<String>,
    }

    pub struct BackupChecked {
        pub name: String,
        pub records: i64,
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub schema: Option<String>,
        /// Records that break a rule of their schema; absent where that was not looked at.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub invalid: Option<i64>,
    }

    pub struct BackupVerified {
        pub backup: Backup,
        pub verification: BackupVerification,
        pub collections: Vec<BackupChecked>,
        pub notes: Vec<String>,
    }

    pub struct PrunePlan {
        pub plan_id: String,
        pub keep: Vec<PruneVerdict>,
        pub remove: Vec<PruneVerdict>,
        /// Bytes that would be free.
        pub bytes: i64,
        pub notes: Vec<String>,
    }

    pub struct PruneVerdict {
        pub id: String,
        pub place: String,
        pub made_at: String,
        pub bytes: i64,
        /// Why it stays; empty where it goes.
        pub why: String,
    }

    pub struct Pruned { pub removed: i64, pub bytes: i64, pub notes: Vec<String> }

    /// Looks into a backup.
    pub struct BrowseBackup {
        #[serde(flatten)]
        #[ts(flatten)]
        pub backup: BackupRef,
        #[serde(flatten)]
        #[ts(flatten)]
        pub secret: BackupSecret,
        pub collection: String,
        /// Only records that hold this text somewhere.
        #[ts(optional)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub text: Option<String>,
        pub skip: i64,
        /// 1 to 200.
        pub limit: i64,
    }

    pub struct BackupRecords {
        pub records: Vec<BackupRecord>,
        /// There are more.
        pub more: bool,
    }

    pub struct BackupRecord {
        pub id: Value,
        pub title: String,
        pub document: Value,
        /// It is in the workspace now.
        pub exists: bool,
        /// From what is there now to what the backup has; empty where they are the same.
        pub changes: Vec<FieldChange>,
    }

    /// Brings one record back, or some of its fields; an edit like any other.
    pub struct BringBack {
        #[serde(flatten)]
        #[ts(flatten)]
        pub backup: BackupRef,
        #[serde(flatten)]
        #[ts(flatten)]
        pub secret: BackupSecret,
        pub collection: String,
        /// `_id` of the record.
        pub record: Value,
        /// Paths; the whole record where empty.
        #[ts(optional, as = "Option<Vec<String>>")]
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub fields: Vec<String>,
    }

    pub struct CompareBackups {
        pub older: BackupRef,
        pub newer: BackupRef,
        #[serde(flatten)]
        #[ts(flatten)]
        pub secret: BackupSecret,
    }

    pub struct BackupDifference {
        pub collection: String,
        pub added: i64,
        pub changed: i64,
        pub removed: i64,
        pub unchanged: i64,
    }

    pub struct BackupsCompared { pub older: String, pub newer: String, pub differences: Vec<BackupDifference> }
}
