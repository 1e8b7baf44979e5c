//! The words of `backup`, `restore` and `restores`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Take a backup
    Create(CreateBackup),
    /// Take an increment: what happened since the last one
    Increment,
    /// Which points in time can be restored with --at, and where the gaps are
    Timeline,
    /// Backups at all places, newest first
    List,
    /// One backup with its collections
    Show {
        /// An id, 'latest', or the file or address of its archive or manifest
        id: String,
    },
    /// Read a backup to its end, or verify it by a test restore
    Verify {
        /// An id, 'latest', or the file or address of its archive or manifest
        id: String,
        /// Restore it into a scratch workspace and compare
        #[arg(long)]
        test_restore: bool,
    },
    /// A recovery drill: the newest backup is restored into a scratch workspace; a dated report says what was checked
    Drill {
        /// File for the report [default: a dated file here]
        #[arg(long)]
        report: Option<PathBuf>,
    },
    /// Remove what the rules of retention let go
    Prune {
        #[arg(long, hide = true)]
        dry_run: bool,
        /// Do it; without, only say what would go
        #[arg(long, conflicts_with = "dry_run")]
        yes: bool,
    },
    /// How this workspace is backed up: places, time, encryption, retention
    Schedule(Schedule),
    /// A new key pair for encrypted backups; the secret half goes into the keyring and is printed once
    Key,
    /// Records inside a backup, compared with the current ones
    Records {
        id: String,
        #[arg(long, short)]
        collection: String,
        /// Only records that hold this text
        #[arg(long)]
        text: Option<String>,
        #[arg(long, default_value_t = 20)]
        limit: i64,
        #[arg(long, default_value_t = 0)]
        skip: i64,
    },
    /// Bring one record of a backup back; an edit like any other
    BringBack {
        id: String,
        #[arg(long, short)]
        collection: String,
        /// `_id` of the record; Extended JSON where it is no text
        record: String,
        /// Only these fields
        #[arg(long)]
        field: Vec<String>,
    },
    /// What changed between two backups
    Compare { older: String, newer: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Compression {
    Zstd,
    Gzip,
    None,
}

/// What is not said is as 'backup schedule' has it.
#[derive(Debug, Args)]
pub struct CreateBackup {
    /// A folder, or s3://, az://, gs://; several times for copies
    #[arg(long, value_name = "PLACE")]
    pub to: Vec<String>,
    #[arg(long, value_enum)]
    pub compress: Option<Compression>,
    /// Encrypt with a passphrase: $STEWARD_BACKUP_PASSPHRASE, or that of the keyring
    #[arg(long, conflicts_with = "recipient")]
    pub encrypt: bool,
    /// Encrypt for a key (age1…); several times for several keys
    #[arg(long)]
    pub recipient: Vec<String>,
    /// Only this collection; several times for several
    #[arg(long, short)]
    pub collection: Vec<String>,
    /// Leave history, quarantine, mappings and settings out
    #[arg(long)]
    pub records_only: bool,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct Schedule {
    /// Places: a folder, or s3://, az://, gs://; the first is written to, the others get copies
    #[arg(long, value_name = "PLACE")]
    pub to: Vec<String>,
    /// An option of the places that are buckets, such as endpoint=http://127.0.0.1:9000
    #[arg(long, value_name = "NAME=VALUE", requires = "to")]
    pub option: Vec<String>,
    /// Save the credentials of the buckets from the environment (AWS_…, AZURE_…, GOOGLE_…) in this machine's keyring
    #[arg(long, requires = "to")]
    pub keep_credentials: bool,
    /// When: a cron expression in local time, such as '0 2 * * *'
    #[arg(long, value_name = "CRON")]
    pub at: Option<String>,
    /// Not scheduled
    #[arg(long, conflicts_with = "at")]
    pub off: bool,
    /// When the newest backup is verified by a test restore
    #[arg(long, value_name = "CRON")]
    pub verify_at: Option<String>,
    /// Take an increment every so many minutes while the window or 'steward serve' runs
    #[arg(long, value_name = "MINUTES")]
    pub increments: Option<u32>,
    /// Take no increments, and record no changes for them
    #[arg(long, conflicts_with = "increments")]
    pub no_increments: bool,
    #[arg(long, value_enum)]
    pub compress: Option<Compression>,
    /// Encrypt with the passphrase in $STEWARD_BACKUP_PASSPHRASE, which is kept in the keyring
    #[arg(long, conflicts_with_all = ["recipient", "plain"])]
    pub encrypt: bool,
    /// Encrypt for a key (age1…)
    #[arg(long, conflicts_with = "plain")]
    pub recipient: Vec<String>,
    /// Do not encrypt
    #[arg(long)]
    pub plain: bool,
    /// Keep the last so many
    #[arg(long, value_name = "N")]
    pub keep_last: Option<u32>,
    /// Keep one of each of so many days
    #[arg(long, value_name = "N")]
    pub keep_daily: Option<u32>,
    #[arg(long, value_name = "N")]
    pub keep_weekly: Option<u32>,
    #[arg(long, value_name = "N")]
    pub keep_monthly: Option<u32>,
    #[arg(long, value_name = "N")]
    pub keep_yearly: Option<u32>,
    /// Keep everything younger than so many days [default: 7]
    #[arg(long, value_name = "N")]
    pub keep_days: Option<u32>,
    /// Keep everything
    #[arg(long)]
    pub keep_all: bool,
}

/// Plans a restore, and does it with --yes. 'restores undo' undoes it.
#[derive(Debug, Args)]
pub struct Restore {
    /// Id of a backup, 'latest' (the newest that is verified, else the newest), or a manifest, archive (a file or an address) or dump folder
    #[arg(required_unless_present = "at", conflicts_with = "at")]
    pub from: Option<String>,
    /// A point in time between two backups: '2026-11-22 14:05[:30]' in local time, or RFC 3339; 'backup timeline' lists them
    #[arg(long, value_name = "TIME", conflicts_with = "database")]
    pub at: Option<String>,
    /// Only this collection; NAME=OTHER restores it as another one
    #[arg(long, short, value_name = "NAME[=OTHER]")]
    pub collection: Vec<String>,
    /// Into another workspace
    #[arg(long, value_name = "WORKSPACE")]
    pub into: Option<String>,
    /// Add and restored, but remove nothing
    #[arg(long)]
    pub merge: bool,
    /// History, quarantine, mappings and settings too
    #[arg(long)]
    pub with_history: bool,
    /// The database, where an archive or folder holds several
    #[arg(long)]
    pub database: Option<String>,
    /// Do the changes again that were made while it was dumped (mongodump --oplog)
    #[arg(long, conflicts_with = "at")]
    pub oplog_replay: bool,
    /// Restore the rest where something cannot be restored; the plan says what
    #[arg(long)]
    pub leave_out: bool,
    /// Only say what would happen (as without --yes)
    #[arg(long, conflicts_with = "yes")]
    pub plan: bool,
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum Restores {
    /// Restores of this workspace, newest first
    List,
    /// Put everything back as it was before a restore
    Undo {
        id: String,
        /// Do it; without, only say what would happen
        #[arg(long)]
        yes: bool,
    },
    /// Discard the data that a restore retains for its undo; it cannot be undone afterwards
    Discard {
        id: String,
        #[arg(long)]
        yes: bool,
    },
    /// Finish an interrupted restore
    Resume { id: String },
    /// Undo what an interrupted restore has done so far
    CleanUp { id: String },
}
