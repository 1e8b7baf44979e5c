//! The words of `import`, `validate` and `mapping`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use steward_domain::Duplicates;

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
    /// Sheet, table, collection of a dump or database, member of a zip file, or JSON Pointer of a list
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
    /// Rows above the header that are titles or notes [default: recognised]
    #[arg(long, value_name = "N")]
    pub skip_rows: Option<u32>,
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
    /// Files to load; - for standard input; another .steward file or a mongodb:// address for records of a database
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
    /// Say what would happen and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go on with the last run of these files that was interrupted (or a run id)
    #[arg(long, num_args = 0..=1, default_missing_value = "last")]
    pub resume: Option<String>,
}

#[derive(Debug, Args)]
pub struct Validate {
    /// Files to check, or databases, as with import
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

fn duplicates(text: &str) -> Result<Duplicates, String> {
    Duplicates::parse(text).ok_or_else(|| "must be ask, first, last or newest:FIELD".to_owned())
}
