//! The words of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use steward_domain::Duplicates;

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
    /// Rows that were kept out
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
    Changes(Changes),
    /// Measure a collection against its targets
    Quality(Quality),
    /// Schema packs
    #[command(subcommand)]
    Schema(Schema),
    /// How the connection to the workspace fares
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
    /// Leave a workspace that exists as it is, and tell what is in it
    #[arg(long)]
    pub if_missing: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Mode {
    /// Insert, or replace the record with the same key
    Upsert,
    /// Insert, or set only the fields that the row has
    Merge,
    /// Insert only; rows whose key exists go to quarantine
    Insert,
    /// The rows take the place of all records, in one step at the end
    Replace,
}

/// How files are read, where it is not to be recognised.
#[derive(Debug, Args)]
pub struct Choices {
    /// Sheet, table, collection of a dump, member of a zip file, or JSON Pointer of a list
    #[arg(long)]
    pub part: Option<String>,
    /// Encoding of the text, such as windows-1252 or utf-16le
    #[arg(long)]
    pub encoding: Option<String>,
    /// What separates values: one character, or \t
    #[arg(long)]
    pub delimiter: Option<String>,
    /// What values are quoted with; empty for nothing
    #[arg(long)]
    pub quote: Option<String>,
    /// The first row names the columns [default: recognised]
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub header: Option<bool>,
}

/// How files are read and what their rows become.
#[derive(Debug, Args)]
pub struct Reading {
    #[command(flatten)]
    pub choices: Choices,
    /// A mapping: how rows become records; a JSON file, or the name of a saved one
    #[arg(long, value_name = "FILE|NAME")]
    pub mapping: Option<String>,
}

#[derive(Debug, Args)]
pub struct Import {
    /// Files to load; - for standard input
    #[arg(required_unless_present = "resume")]
    pub files: Vec<PathBuf>,
    /// Schema pack, such as careers or careers@1.0.0 [default: recognised from the records]
    #[arg(long)]
    pub schema: Option<String>,
    /// Load without a schema
    #[arg(long, conflicts_with = "schema")]
    pub no_schema: bool,
    /// Collection to load into [default: the schema's]
    #[arg(long)]
    pub collection: Option<String>,
    /// Field that identifies a record [default: the schema's]
    #[arg(long)]
    pub key: Option<String>,
    #[command(flatten)]
    pub reading: Reading,
    #[arg(long, value_enum, default_value = "upsert")]
    pub mode: Mode,
    /// Rows that share a key: ask (later ones wait in quarantine), first, last, or newest:FIELD [default: the schema's, else ask]
    #[arg(long, value_parser = duplicates)]
    pub duplicates: Option<Duplicates>,
    /// Load into a staging collection, to be reviewed and promoted
    #[arg(long)]
    pub stage: bool,
    /// Tell what would happen and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go on with the last run of these files that was interrupted (or a run id)
    #[arg(long, num_args = 0..=1, default_missing_value = "last")]
    pub resume: Option<String>,
}

#[derive(Debug, Args)]
pub struct Validate {
    /// Files to check
    #[arg(required_unless_present = "collection")]
    pub files: Vec<PathBuf>,
    #[arg(long)]
    pub schema: Option<String>,
    #[command(flatten)]
    pub reading: Reading,
    /// Write the valid and the invalid rows of each file into this folder, as they came
    #[arg(long, value_name = "FOLDER", conflicts_with = "collection")]
    pub split: Option<PathBuf>,
    /// Write every error to this file: a .csv for spreadsheets, or one JSON object a row (.json, .ndjson)
    #[arg(long, value_name = "FILE", conflicts_with = "collection")]
    pub report: Option<PathBuf>,
    /// Check the records of a collection instead of files
    #[arg(long, conflicts_with = "files")]
    pub collection: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Mapping {
    /// Saved mappings
    List,
    /// One saved mapping, as a file holds it
    Show { name: String },
    /// Save a mapping under a name
    Save {
        name: String,
        /// JSON file; - for standard input
        file: PathBuf,
        /// Schema that its records are made for
        #[arg(long)]
        schema: Option<String>,
        /// Replace the one that has this name
        #[arg(long)]
        replace: bool,
    },
    /// Remove a saved mapping
    Remove { name: String },
    /// Suggest a mapping for a file; the document goes to standard output
    Suggest {
        file: PathBuf,
        /// Schema to map to [default: the one that fits best]
        #[arg(long)]
        schema: Option<String>,
        #[command(flatten)]
        choices: Choices,
    },
    /// What the columns of a file hold
    Profile {
        file: PathBuf,
        #[command(flatten)]
        choices: Choices,
    },
}

#[derive(Debug, Args, Default)]
pub struct Narrow {
    /// Only this rule, such as required or placeholder
    #[arg(long)]
    pub rule: Option<String>,
    /// Only this field
    #[arg(long)]
    pub field: Option<String>,
    #[arg(long)]
    pub collection: Option<String>,
    /// Only rows of this run
    #[arg(long)]
    pub run: Option<String>,
    /// Only rows of this file
    #[arg(long)]
    pub file: Option<String>,
    /// Only rows of this schema: careers, or careers@1.0.0
    #[arg(long)]
    pub schema: Option<String>,
    /// waiting, released or discarded
    #[arg(long)]
    pub status: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Quarantine {
    /// List rows
    List {
        #[command(flatten)]
        narrow: Narrow,
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// Show one row with its errors
    Show { id: String },
    /// Figures by rule, field, file and schema
    Stats,
    /// Correct a row: --set average_salary=52000
    Edit {
        id: String,
        /// FIELD=VALUE, several times; VALUE is JSON or plain text
        #[arg(long = "set", required_unless_present = "unset")]
        set: Vec<String>,
        /// Fields to remove
        #[arg(long)]
        unset: Vec<String>,
    },
    /// Try rows again
    Retry {
        ids: Vec<String>,
        /// Every waiting row that fits
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// A row whose key another record has takes its place
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        narrow: Narrow,
    },
    /// Set rows aside for good
    Discard {
        ids: Vec<String>,
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        #[command(flatten)]
        narrow: Narrow,
        /// Why; stays in the history
        #[arg(long)]
        reason: String,
    },
    /// Bring discarded rows back
    Restore {
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Change one field of many rows; shows the plan unless --yes
    Fix(Box<Fix>),
    /// Bring a corrected rows-to-correct.csv back; shows the plan unless --yes
    ImportCorrections {
        file: PathBuf,
        /// Encoding of the text, such as windows-1252
        #[arg(long)]
        encoding: Option<String>,
        /// What separates values: one character, or \\t
        #[arg(long)]
        delimiter: Option<String>,
        /// Why; stays in the history
        #[arg(long)]
        reason: Option<String>,
        /// Apply it
        #[arg(long)]
        yes: bool,
    },
    /// Write rows to a file, or all there is into a folder: quarantine.ndjson, errors.csv and rows-to-correct.csv
    Export {
        /// A folder, or a file: NDJSON with everything, or an error report when it ends in .csv
        out: PathBuf,
        #[arg(long, value_enum)]
        format: Option<QuarantineFormat>,
        #[command(flatten)]
        narrow: Narrow,
    },
}

/// What is done with the field; several that transform are done in this order.
#[derive(Debug, Args)]
pub struct Fix {
    pub ids: Vec<String>,
    /// Every waiting row that fits
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    #[command(flatten)]
    pub narrow: Narrow,
    /// The field to change, such as salary.min [default: the one of --field]
    #[arg(long, value_name = "FIELD")]
    pub path: Option<String>,
    /// Set this value: JSON or plain text
    #[arg(long, value_name = "VALUE", group = "one", allow_hyphen_values = true)]
    pub set: Option<String>,
    /// Set this value where there is none
    #[arg(long, value_name = "VALUE", group = "one", allow_hyphen_values = true)]
    pub default: Option<String>,
    /// Remove the field
    #[arg(long, group = "one")]
    pub unset: bool,
    /// Exchange a value: OLD=NEW, several times
    #[arg(long, value_name = "OLD=NEW", group = "one", allow_hyphen_values = true)]
    pub map: Vec<String>,
    /// Remove white space at the ends, and runs of it
    #[arg(long, conflicts_with = "one")]
    pub trim: bool,
    /// Replace what a regular expression finds
    #[arg(long, num_args = 2, value_names = ["PATTERN", "WITH"], conflicts_with = "one", allow_hyphen_values = true)]
    pub replace: Vec<String>,
    #[arg(long, value_enum, conflicts_with = "one")]
    pub case: Option<Letters>,
    /// Read a number: $86k, 1,234.56; with 'comma' 1.234,56
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "point", conflicts_with = "one")]
    pub number: Option<DecimalSign>,
    /// Read a date in this format, such as %d.%m.%Y; several are tried in order
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "iso", conflicts_with = "one")]
    pub date: Vec<String>,
    /// Further steps of a mapping, as a JSON list
    #[arg(long, value_name = "JSON", conflicts_with = "one")]
    pub steps: Option<String>,
    /// Load what is right then
    #[arg(long)]
    pub retry: bool,
    /// Why; stays in the history
    #[arg(long)]
    pub reason: Option<String>,
    /// Apply it
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Letters {
    Upper,
    Lower,
    Title,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DecimalSign {
    Point,
    Comma,
    Auto,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QuarantineFormat {
    /// Everything about each row
    Ndjson,
    /// CSV with one line an error
    Errors,
    /// CSV with one line a row, to be corrected and brought back with import-corrections
    Rows,
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
        /// Tell what would happen and write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Take a run back; shows the plan unless --yes
    Undo {
        id: String,
        /// Apply it
        #[arg(long)]
        yes: bool,
    },
    /// Give up the records that a run keeps so that it can be taken back; shows the plan unless --yes
    Settle {
        id: String,
        /// Apply it
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Changes {
    /// Changes, newest first
    List {
        #[arg(long)]
        collection: Option<String>,
        #[arg(long, default_value_t = 20)]
        limit: i64,
    },
    /// One change with its records
    Show { id: String },
    /// Take a change back
    Undo { id: String },
    /// Recompute the hash chain
    Verify,
}

#[derive(Debug, Args)]
pub struct Quality {
    #[command(flatten)]
    pub of: In,
    /// Show the last measurement instead of measuring now
    #[arg(long)]
    pub last: bool,
}

#[derive(Debug, Subcommand)]
pub enum Schema {
    /// Schema packs
    List,
    /// One schema: its fields and rules
    Show { id: String },
    /// Give a collection its schema ('none' takes it away)
    Assign { collection: String, schema: String },
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

fn duplicates(text: &str) -> Result<Duplicates, String> {
    Duplicates::parse(text).ok_or_else(|| "must be ask, first, last or newest:FIELD".to_owned())
}
