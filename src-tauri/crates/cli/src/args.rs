//! The words of the command line.

mod backup;
mod import;
mod quarantine;
mod schema;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use backup::{Backup, Compression, CreateBackup, Restore, Restores, Schedule};
pub use import::{Choices, Import, Mapping, Mode, Reading, Validate};
pub use quarantine::{DecimalSign, Fix, Letters, Narrow, Quarantine, QuarantineFormat};
pub use schema::{AddSchema, Schema};

/// Looks after records: import, check, fix, undo; in a local file or in MongoDB.
#[derive(Debug, Parser)]
#[command(name = "steward", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// A workspace file, or a mongodb:// URI with a database name [default: default.steward in your data folder]
    #[arg(long, short, global = true, env = "STEWARD_WORKSPACE", hide_env_values = true)]
    pub workspace: Option<String>,
    /// Print one JSON object on standard output; messages and progress go to standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress, no messages beyond the result
    #[arg(long, short, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a workspace
    Init(Init),
    /// Load records from files: JSON, tables, workbooks, databases, dumps
    Import(Import),
    /// Check files, or a collection, against a schema
    Validate(Validate),
    /// How rows of other files become records
    #[command(subcommand)]
    Mapping(Mapping),
    /// Rejected rows
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Find, read and change records
    #[command(subcommand)]
    Records(Records),
    /// Import runs
    #[command(subcommand)]
    Runs(Runs),
    /// The history of the workspace
    #[command(subcommand)]
    History(History),
    /// Measure a collection against its targets
    Quality(Quality),
    /// Schema packs
    #[command(subcommand)]
    Schema(Schema),
    /// Take, verify and keep backups
    #[command(subcommand)]
    Backup(Backup),
    /// Restore records from a backup, an archive or a dump
    Restore(Restore),
    /// Restores and their undo
    #[command(subcommand)]
    Restores(Restores),
    /// What runs on a schedule while a window or the daemon runs
    #[command(subcommand)]
    Tasks(Tasks),
    /// What a workspace wants to do outside itself: destinations, schedules; agreed to on each machine
    #[command(subcommand)]
    Trust(Trust),
    /// What the workspace takes on the disk, and how long imports can be undone
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// The status of the connection to the workspace
    #[command(subcommand)]
    Connection(Connection),
    /// Serve the web interface on this machine
    Serve(Serve),
    /// What works here and what does not
    Doctor,
}

#[derive(Debug, Args)]
pub struct Init {
    /// Load the bundled careers
    #[arg(long)]
    pub sample: bool,
    /// Leave a workspace that exists as it is, and say what is in it
    #[arg(long)]
    pub if_missing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Ndjson,
    Json,
    Csv,
}

#[derive(Debug, Args)]
pub struct In {
    /// Collection [default: the only one there is]
    #[arg(long, short)]
    pub collection: Option<String>,
}

/// A figure of the quality report.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Figure {
    Completeness,
    Adherence,
    Uniqueness,
    Freshness,
}

#[derive(Debug, Subcommand)]
pub enum Records {
    /// Collections with their counts
    Collections,
    /// Records that fit: steward records find 'average_salary > 90000 and title contains "nurse"'
    Find {
        filter: Option<String>,
        /// Only records with these words, in a key or as a number, as far as indexes find them
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Read every record: finds the middle of words, in all fields
        #[arg(long, requires = "search", conflicts_with_all = ["failing", "sort", "after", "from"])]
        everywhere: bool,
        /// Only records that failed this figure when the collection was measured last
        #[arg(long, value_enum, value_name = "FIGURE")]
        failing: Option<Figure>,
        #[command(flatten)]
        of: In,
        /// Field to sort by; put - in front for descending
        #[arg(long, allow_hyphen_values = true)]
        sort: Option<String>,
        #[arg(long, default_value_t = 20)]
        limit: i64,
        /// Cursor of the next page
        #[arg(long)]
        after: Option<String>,
        /// Begin with this row of the order, 1 being the first
        #[arg(long, value_name = "ROW", conflicts_with = "after", value_parser = clap::value_parser!(i64).range(1..))]
        from: Option<i64>,
    },
    /// How many fit
    Count {
        filter: Option<String>,
        /// Only records that failed this figure when the collection was measured last
        #[arg(long, value_enum, value_name = "FIGURE")]
        failing: Option<Figure>,
        #[command(flatten)]
        of: In,
    },
    /// Values of a field with their counts
    Facet {
        field: String,
        filter: Option<String>,
        #[command(flatten)]
        of: In,
        #[arg(long, default_value_t = 20)]
        limit: i64,
    },
    /// One record by its key
    Get {
        key: String,
        #[command(flatten)]
        of: In,
    },
    /// Change fields: steward records set 15-1252.00 average_salary=140000
    Set {
        key: String,
        /// FIELD=VALUE; VALUE is JSON or plain text
        #[arg(required_unless_present = "unset")]
        assignments: Vec<String>,
        #[arg(long)]
        unset: Vec<String>,
        #[command(flatten)]
        of: In,
        #[arg(long)]
        reason: Option<String>,
        /// Write it although it breaks rules of the schema
        #[arg(long)]
        allow_invalid: bool,
    },
    /// Add a record, given as JSON
    Add {
        document: String,
        #[command(flatten)]
        of: In,
        #[arg(long)]
        reason: Option<String>,
        #[arg(long)]
        allow_invalid: bool,
    },
    /// Change all records that fit; shows the plan unless --yes
    Bulk {
        filter: String,
        #[command(flatten)]
        of: In,
        #[arg(long)]
        set: Option<String>,
        #[arg(long, conflicts_with = "set")]
        unset: Option<String>,
        #[arg(long, conflicts_with_all = ["set", "unset"])]
        delete: bool,
        #[arg(long)]
        reason: Option<String>,
        /// Apply it
        #[arg(long)]
        yes: bool,
    },
    /// All changes of a record
    History {
        key: String,
        #[command(flatten)]
        of: In,
    },
    /// Bring a record back to before a change
    Revert {
        key: String,
        change: String,
        #[command(flatten)]
        of: In,
    },
    /// Write records to a file
    Export {
        out: PathBuf,
        filter: Option<String>,
        /// Only records that failed this figure when the collection was measured last
        #[arg(long, value_enum, value_name = "FIGURE")]
        failing: Option<Figure>,
        #[command(flatten)]
        of: In,
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Runs {
    /// Runs, newest first
    List,
    /// One run
    Show { id: String },
    /// Load the rows of a staged run into their collection
    Promote {
        id: String,
        /// Say what would happen and write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Undo a run; shows the plan unless --yes
    Undo {
        id: String,
        /// Apply it
        #[arg(long)]
        yes: bool,
    },
    /// Roll back an interrupted undo of a replacement, while that is still possible
    GoBack { id: String },
    /// Discard the records that a run retains for its undo; shows the plan unless --yes
    Discard {
        id: String,
        /// Apply it
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum History {
    /// Changes, newest first
    List {
        #[arg(long)]
        collection: Option<String>,
        #[arg(long, default_value_t = 20)]
        limit: i64,
    },
    /// One change with its records
    Show { id: String },
    /// Undo a change
    Undo { id: String },
    /// Finish a change of many records that was interrupted
    Resume { id: String },
    /// Roll back a change of many records that was interrupted
    RollBack { id: String },
    /// Recompute the hash chain
    Verify {
        /// Hold it against the end of the history in this file, then keep its end there; made where it is not there yet
        #[arg(long, value_name = "FILE")]
        end: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub struct Quality {
    #[command(flatten)]
    pub of: In,
    /// Show the last measurement instead of measuring now
    #[arg(long)]
    pub last: bool,
    /// Show the figures of all measurements so far
    #[arg(long, conflicts_with = "last")]
    pub history: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub enum Tasks {
    /// When each task ran last, when it runs next, and how it ended
    List,
    /// Run a task now
    Run { name: String },
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Trust {
    /// What the workspace wants to do, and what of it was agreed to on this machine
    Show,
    /// Agree to all of it; shows it unless --yes
    Agree {
        /// Do it; without, only say what would be agreed to
        #[arg(long)]
        yes: bool,
    },
    /// Withdraw the agreement of this machine
    Withdraw,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum WorkspaceCommand {
    /// Disk space that it uses, and the data kept for undoing imports
    Show,
    /// How long imports can be undone; older data for undoing is discarded immediately
    Retention {
        /// Days after the end of an import
        #[arg(long)]
        days: Option<u32>,
        /// Records of all imports together, the newest first
        #[arg(long)]
        records: Option<i64>,
    },
    /// Gives free room back to the system
    Compact,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Connection {
    /// Pool, breaker and slow operations
    Status,
    /// Close the breaker and forget the slow operations
    Reset,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port on this machine; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:7377")]
    pub listen: std::net::SocketAddr,
    /// Serve the interface from this folder instead of the built-in one
    #[arg(long, hide = true)]
    pub ui: Option<PathBuf>,
}
